//! Messages as final bytes, and one honest try at handing one over.
//!
//! A message is composed once and stored; every try has the same Message-ID, Date and body, also after a crash.
//! Only the sender, in the envelope and in `From`, is always the one that is configured now. One envelope
//! recipient for each message: one refused address must not cost another its notice.

mod address;
mod bounce;
mod hello;
mod message;
mod reply;
mod transport;

pub use address::{LONGEST_BOUNCES, masked, needs_smtputf8, wire, wire_domain};
pub use bounce::{Bounce, LARGEST_BOUNCE, bounce_address, bounce_token, envelope_sender, read_bounce};
pub use hello::is_hello;
pub use message::{CalendarPart, ComposeError, Letter, NamedAddress, compose, domain_of, sent_from};
pub use reply::{Class, Stage, classify};
pub use transport::{Attempt, CompletedStage, Protection, SmtpServer, Transport, check_authorities};
