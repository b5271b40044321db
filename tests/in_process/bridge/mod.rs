//! The bridge end to end: what is published and announced on which day, and which letters that leads to.

mod answers;
mod channels;
mod contacts;
mod contract;
mod escalation;
mod fetches;
mod harness;
mod histories;
mod kept;
mod listings;
mod measured;
mod notice_page;
mod pages;
mod policies;
mod refusals;
mod scenarios;
mod silence;
mod status_page;
mod telling;
mod timing;
mod two;
mod whole;
