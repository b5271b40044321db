//! The pass that asks of each finding about a schema whether anything that is sent is refused.
//!
//! A finding that is refuted carries its witness. One that is contained is lowered, with the reason: the fact is
//! there, and no message is hurt by it. What containment cannot see (a member that readers relied on, a default,
//! the meaning of a format) is a promise, and the rule's verdict stands as it is.
//!
//! What is asked and what the answer does to a finding is one table, [`decision`]; everything else puts the questions
//! to the prover.

mod above;
mod alternatives;
mod change;
mod decision;
mod direction;
mod found;
mod message;
mod narrowing;
mod outcome;
mod overlap;
mod peers;
mod places;
mod prove;
mod question;
mod reach;
mod readings;
mod text_schema;
mod wire;

pub use outcome::Proof;
pub(super) use prove::prove;
