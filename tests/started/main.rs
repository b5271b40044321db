//! The program as people start it: the daemon, its commands, and what is installed beside it.

#[path = "../support/mod.rs"]
mod support;

mod daemon;
mod deploy;
mod endpoint;
mod faults;
mod follow_ups;
mod pairs;
mod relay;
mod reports;
mod several_files;
mod tls;
mod unreadable;
