//! Messages as final bytes, and one honest try at handing one over.
//!
//! A message is composed once and stored; every try sends the same bytes, so a re-send after a crash has
//! the same Message-ID, Date and body. One envelope recipient for each message: one refused address must
//! not cost another its notice.

mod bounce;
mod message;
mod transport;

pub use bounce::{Bounce, bounce_address, read_bounce};
pub use message::{ComposeError, Letter, compose, domain_of};
pub use transport::{Connection, Protection, Transport};
