//! What the page of the history shows.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::render::{clean, without_credentials};
use crate::store::EventRow;

/// An event as it is told.
#[derive(Debug, Serialize)]
pub(super) struct EventView {
    at: DateTime<Utc>,
    integration: String,
    api: String,
    kind: &'static str,
    text: String,
}

impl EventView {
    pub(super) fn of(row: EventRow) -> Self {
        let text = clean(&without_credentials(&row.text), 1000);
        Self { at: row.at, integration: row.integration, api: row.api, kind: row.kind.name(), text }
    }
}

/// What the page shows.
#[derive(Debug, Serialize)]
pub(in crate::http) struct HistoryPage {
    pub(super) events: Vec<EventView>,
    /// When it was asked for.
    pub(super) now: DateTime<Utc>,
    pub(super) total: u64,
    pub(super) page: u32,
    pub(super) pages: u64,
    /// The filter, as an address says it.
    pub(super) query: String,
    pub(super) api: String,
    pub(super) kind: String,
    pub(super) kinds: Vec<&'static str>,
    pub(super) since: String,
    pub(super) until: String,
    /// Where nobody said from which day on: how far back it goes.
    pub(super) from: NaiveDate,
}
