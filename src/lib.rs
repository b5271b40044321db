//! driftd watches the bridge between two companies and writes to both sides before it breaks.

#[cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::todo))]
pub mod diff;
#[cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::todo))]
pub mod openapi;
#[cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::todo))]
pub mod rules;
pub mod config;
pub mod model;
pub mod fetch;
pub mod mail;
pub mod store;
pub mod notice;
pub mod render;
pub mod lifecycle;
pub mod tasks;
pub mod http;
pub mod cli;
pub mod daemon;
