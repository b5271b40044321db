//! What whoever sends a message has, and what whoever receives it has.

use crate::diff::{BeforeAfter, Direction};

/// A thing of the sender and its counterpart of the receiver.
#[derive(Debug, Clone, Copy)]
pub(super) struct SenderReceiver<T> {
    pub(super) sender: T,
    pub(super) receiver: T,
}

impl<T> SenderReceiver<T> {
    /// Who has which: what was sent to the provider before must be accepted after; what it sends after must have been
    /// possible before.
    pub(super) fn in_direction(direction: Direction, things: BeforeAfter<T>) -> Self {
        let BeforeAfter { before, after } = things;
        match direction {
            Direction::ToProvider => Self { sender: before, receiver: after },
            Direction::FromProvider | Direction::Neither => Self { sender: after, receiver: before },
        }
    }
}
