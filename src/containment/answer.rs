//! What a question comes to, and by what it is known again.

use crate::openapi::Value;

use super::confirm::Witness;
use super::constraint::State;

/// Whether every value of the sender is one of the receiver.
#[derive(Debug, Clone, PartialEq)]
pub enum Containment {
    /// It is: proven.
    Contained,
    /// It is not: this one is sent and refused, and somebody else confirms it.
    Refuted(Witness),
    /// It cannot be said, and why.
    Undecided(&'static str),
}

/// A question that was answered: findings share what stands above them, and each asks about it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct AskedQuestion {
    pub(super) nodes: State,
    /// The sender's schema and the receiver's, against which a witness is checked.
    pub(super) schemas: [*const Value; 2],
}
