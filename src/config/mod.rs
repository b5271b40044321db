//! From files to a [`Config`] that cannot be wrong.
//!
//! Passes: read every file, collect every mistake with file, line, key and what to write instead, and only
//! hand out a configuration when there is none. Unknown keys are mistakes. Secrets come from files,
//! systemd credentials or the environment, never from the configuration itself.
//!
//! Invariants: nothing is bound, fetched or written here; `Debug` of a configuration shows no secret.

mod agreement;
mod daemon;
mod environment;
mod fetch;
mod http;
mod integration;
mod load;
mod mail;
mod overrides;
mod reader;
mod secret;
#[cfg(test)]
mod tests;
mod tls;
mod values;

pub use environment::Environment;
pub use fetch::{FetchConfig, environment_proxies};
pub use http::HttpConfig;
pub use load::{Config, load};
pub use mail::MailConfig;
pub use overrides::load_overrides;
pub use reader::Problem;
