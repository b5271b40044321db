//! driftd watches the bridge between two companies and writes to both sides before it breaks.
//!
//! # A bird's eye view
//!
//! One loop finds descriptions that are due, fetches and reads them, compares them with what the
//! integration last accepted, judges what differs, and commits snapshot, findings, notice and finished
//! letters in **one transaction**. Two loops hand letters over until each was taken: one to a mail server,
//! one envelope for each, and one to programs. Three more ask whoever is next where nobody answers and tell of
//! outages, read mail that came back, and write digests and questions to people. An endpoint on a thread of its own tells what
//! is known, and takes answers.
//!
//! ```text
//! claim due → fetch → read → lower → diff(baseline, latest) → judge → decide → write → COMMIT → deliver
//!             fetch   openapi         diff                    rules   notice   render   store    mail
//! ```
//!
//! # Modules, in reading order
//!
//! | module | what it does | it knows nothing of |
//! |---|---|---|
//! | [`model`] | the words: parties, agreements, schedules, deliveries, time | everybody else |
//! | [`openapi`] | bytes into one normalised contract, and what was odd about them | clocks, files, networks |
//! | [`containment`] | whether every value of one schema is one of another: proven, or refuted with a witness | contracts |
//! | [`diff`] | what differs, as facts with a direction, over a worklist of schema pairs | verdicts |
//! | [`rules`] | facts into findings: one law, and pages with reasoned exceptions | parties |
//! | [`notice`] | findings into what each side is told, days and promises, who is asked next | formatting |
//! | [`render`] | letters into subject, text and HTML; a comparison into every report format | transport |
//! | [`fetch`] | polite and suspicious requests | documents |
//! | [`mail`] | final bytes, and one honest try at sending them | notices |
//! | [`config`] | files into types that cannot be wrong, every mistake at once | work |
//! | [`store`] | one method for each use case, one transaction for what it changes | rules |
//! | [`state`] | what the loops and the endpoint share, and the configuration that is active | what is done with it |
//! | [`correspondence`] | what is written to people, and what follows from their answers | when |
//! | [`check`] | one check from fetch to commit | when |
//! | [`lifecycle`] | signals, systemd, the watchdog | what is done |
//! | [`loops`] | when: six loops, by time or because they were woken | pages |
//! | [`http`] | status, answers, metrics, rule pages, feeds, the API for programs | fetching |
//! | [`daemon`] | putting it all together, and the reload | pages |
//! | [`cli`] | commands | |
//!
//! Imports go down only; `tests/in_process/layers/` holds them to it.
//!
//! # Invariants, mostly absences
//!
//! - Nothing is mailed that was not first a row, and nothing is mailed inside a transaction.
//! - A letter is composed once: every try has the same Message-ID, Date and body, also after a crash. Only the sender follows
//!   the configuration.
//! - *Changed*, *down*, *undecidable* and *blind* are never confused: what cannot be read is never
//!   "everything was removed".
//! - Open findings are a state, `diff(baseline, latest)`, not a stream of events: a crash re-derives them,
//!   a revert closes its own notice.
//! - No partner's document can make the engine panic, recurse without bound or run for ever.
//! - The engine reads no clock and does no IO.

pub mod check;
pub mod cli;
pub mod config;
#[cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::todo))]
pub mod containment;
pub mod correspondence;
pub mod daemon;
#[cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::todo))]
pub mod diff;
pub mod fetch;
pub mod http;
pub mod lifecycle;
pub mod loops;
pub mod mail;
pub mod model;
pub mod notice;
#[cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::todo))]
pub mod openapi;
pub mod render;
#[cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::todo))]
pub mod rules;
pub mod state;
pub mod store;
