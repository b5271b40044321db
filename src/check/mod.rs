//! One check of one description: fetched whole, compared with what stands, decided, committed.
//!
//! [`check`] does the IO and hands what came to `outcome`, which is a function of what was known and what came now. A ledger
//! has a check of its own, which reads nothing but what was announced.
//!
//! Invariants: every way out is a commit, a release of the claim, or an error after which the loop releases it; what was not read whole is compared with nothing and never
//! becomes a baseline; down, undecidable and blind are never confused with changed.

mod compare;
mod dates;
mod doubt;
mod evidence;
mod gather;
mod ledger;
mod outcome;
mod run;

pub use gather::{Gathered, Known, WholeDescription, gather};
pub use outcome::soon;
pub use run::{check, died};
