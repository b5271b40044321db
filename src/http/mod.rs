//! The endpoint: four questions answered in one look, the pages behind the links in letters, feeds, and an API for programs.
//!
//! Is it alive? Is it checking? Is it telling? What is open, and who owns it on each side? It runs on a
//! thread of its own, so that a busy engine cannot mute it.
//!
//! Invariants: pages are rendered on the server and need no script; a strict Content-Security-Policy; what
//! a partner wrote is cleaned and escaped; what changes anything needs the token from a letter or the one in
//! the state directory, which programs show before a body is read; no client can take all connections.

mod answer;
mod api;
mod app;
mod confirm;
mod connections;
mod feeds;
mod history;
mod metrics;
mod notice;
mod operate;
mod pages;
mod rate;
mod router;
mod rules;
mod status;
mod trouble;
mod views;

pub use router::{Endpoint, serve};
pub use status::{
    ApiView, ContactView, LetterStatus, LoopView, OpenView, Sections, SideView, StatusExtent, StatusFilter, StatusQuery,
    StatusState, StatusView, Tile, TroubleView, current_status, status_page,
};
