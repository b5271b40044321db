//! Fetching what partners publish: politely, and with suspicion.
//!
//! Polite: conditional GET, `Retry-After` and cache lifetimes respected, few requests for one host at a
//! time, a User-Agent that says whom to ask. Suspicious: every address is checked before it is connected
//! to, on every hop; decoded bytes are counted while they stream; one deadline covers it all.
//!
//! Invariants: TLS is always verified; credentials never follow a redirect to another origin; through a proxy no
//! address goes that is known here not to be public; what is handed out is text.

mod address;
mod body;
mod charset;
mod client;
mod outcome;
mod post;
mod reply;
mod signals;
#[cfg(test)]
mod tests;
mod transport;
mod words;

pub use address::{RefusedAddress, is_public};
pub use client::{Client, ClientError, Request, Settings};
pub use outcome::{Body, Failure, FailureKind, Outcome, backoff};
pub use post::{Post, signature};
pub use words::moved;
