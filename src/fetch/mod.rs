//! Fetching what partners publish, and handing notices to programs: politely, and with suspicion.
//!
//! Polite: conditional GET, `Retry-After` and cache lifetimes respected, few requests for one host at a
//! time, a User-Agent that says whom to ask. Suspicious: every address is checked before it is connected
//! to, on every hop; decoded bytes are counted while they stream; one deadline covers it all.
//!
//! Invariants: TLS is always verified; credentials never follow a redirect to another origin; through a proxy no
//! address goes that is known here not to be public; what is handed out is text.

mod address;
mod body;
mod channel_reply;
mod charset;
mod client;
mod credentials;
mod denied;
mod file;
mod outcome;
mod patience;
mod post;
mod probe;
mod quote;
mod redirects;
mod request_error;
mod signals;
#[cfg(test)]
mod tests;
mod transport;
mod validators;

pub use address::{RefusedAddress, is_public};
pub use client::{Client, Request, Settings};
pub use outcome::{FailureKind, FetchFailure, FetchOutcome, FetchedBody, moved};
pub use patience::backoff;
pub use post::{Post, signature};
pub use probe::ProbeAnswer;
pub use transport::ClientError;
