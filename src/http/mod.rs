//! The endpoint: four questions answered in one look, and the pages behind the links in letters.
//!
//! Is it alive? Is it checking? Is it telling? What is open, and who owns it on each side? It runs on a
//! thread of its own, so that a busy engine cannot mute it.
//!
//! Invariants: pages are rendered on the server and need no script; a strict Content-Security-Policy; what
//! a partner wrote is cleaned and escaped; the only request that changes anything is an answer, and it
//! needs the token from a letter.

mod answer;
mod api;
mod confirm;
mod feeds;
mod metrics;
mod pages;
mod router;
mod status;

pub use router::{Endpoint, serve};
pub use status::{ApiView, OpenView, SideView, StatusView, TroubleView, gather};
