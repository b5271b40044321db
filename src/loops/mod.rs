//! The loops: check what is due, deliver what is due. Periodic *and* signalled, idempotent, without input.
//!
//! A loop finds its work in the store, so there is one code path for the first run, the next, and the one after a crash. Each
//! answers for its errors itself: it says them once, keeps them for status, and tries again. What one run of a loop does is a
//! function of [`crate::check`] or [`crate::correspondence`]; here is when it does it.

mod bounces;
mod deliver;
mod digest;
mod driver;
mod escalate;
mod watch;

pub use bounces::run as bounces;
pub use deliver::{channels, deliver_due, mail};
pub use digest::run as digest;
pub use escalate::run as escalate;
pub use watch::{check_due, run as watch};
