//! The loops: check what is due, deliver what is due. Periodic *and* signalled, idempotent, without input.
//!
//! A loop finds its work in the store, so there is one code path for the first run, the next, and the one
//! after a crash. Each answers for its errors itself: it says them once, keeps them for status, and tries
//! again.

mod answer;
mod attest;
mod bounces;
mod check;
mod compare;
mod deliver;
mod digest;
mod escalate;
mod gather;
mod ledger;
mod letters;
mod outage;
mod retell;
mod trouble;
mod watch;

pub use answer::answer;
pub use attest::{attest_due, silent_people};
pub use bounces::{LARGEST as LARGEST_MAIL, bounced, run as bounces};
pub use check::check;
pub use deliver::{channels, deliver_due, mail};
pub use digest::{Done as DigestsDone, digest_due, run as digest};
pub use escalate::{escalate_due, run as escalate};
pub use gather::{Gathered, Known, gather};
pub use letters::calendar_token;
pub use outage::outages_due;
pub use retell::retell_due;
pub use trouble::troubles;
pub use watch::{check_due, run as watch};
