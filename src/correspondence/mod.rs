//! What driftd writes to people, and what it makes of what they answer.
//!
//! Each file but `writer` is one reason to write: changes that a check found, an answer, an escalation, an outage, a digest, a question
//! whether somebody is still there, a letter that somebody missed, a letter that came back. All of them write by
//! [`LetterWriter`].
//!
//! Invariants: nothing is sent from here; a letter is a row in the outbox, in the same transaction as what it tells of; whoever
//! has no letter that stands to be sent does not count as told.

mod answer;
mod bounce;
mod changes;
mod confirmation;
mod digest;
mod escalation;
mod missed;
mod one_row;
mod outage;
mod writer;

pub use answer::answer;
pub use bounce::bounced;
pub use confirmation::{confirmations_due, silent_people};
pub use digest::{WrittenDigests, digest_due};
pub use escalation::escalate_due;
pub use missed::{is_reached, missed_letters_due};
pub use outage::outages_due;
pub(crate) use writer::LetterWriter;
pub use writer::calendar_token;
