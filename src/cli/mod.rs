//! Commands. Each writes data to standard output and talk to standard error, and ends with a sysexits code:
//! 0 fine · 1 findings · 2 usage · 65 bad description · 69 unreachable · 70 a mistake in driftd · 74 IO · 75 try later ·
//! 77 permission · 78 configuration.

#[macro_use]
mod output;

mod ack;
mod announce;
mod bounce;
mod check;
mod check_config;
mod check_now;
mod colours;
mod command;
mod configuration;
mod daemon_address;
mod daemon_client;
mod demo;
mod description;
mod diff;
mod exceptions;
mod exit;
mod handover;
mod history;
mod ignore;
mod known_names;
mod ledger;
mod letters;
mod lint;
mod logs;
mod rules;
mod run_daemon;
mod status;
mod test_mail;

pub use command::{Cli, install_tracing, run};
