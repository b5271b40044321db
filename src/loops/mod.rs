//! The six loops: when something is done, by time or because a loop was woken.
//!
//! All but one find their work in the store, and `bounces` in a Maildir, so there is one code path for the first run, the next,
//! and the one after a crash. Each answers for its errors itself: it says them once, keeps them for status, and tries again.
//! What is done is a function of [`crate::check`] or [`crate::correspondence`]; handing a letter over is here, in `deliver`.

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
