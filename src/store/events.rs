//! What happened, in words: written beside what it tells of, and read by `driftd history`.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{EventKind, WatchKey, millis, time_of};

use super::database::Store;
use super::error::StoreError;
use super::rows::{Fields as _, parse};

/// Something that happened.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// Row number.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Integration id.
    pub integration: String,
    /// API id.
    pub api: String,
    /// What kind of thing.
    pub kind: EventKind,
    /// In words.
    pub text: String,
}

/// Something that happened, to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What kind of thing.
    pub kind: EventKind,
    /// In words.
    pub text: String,
}

impl NewEvent {
    /// An event of a kind, in words.
    pub const fn new(kind: EventKind, text: String) -> Self {
        Self { kind, text }
    }
}

/// Writes down what happened.
pub(super) async fn event(
    transaction: &mut Transaction<'_, Sqlite>,
    at: i64,
    key: &WatchKey,
    kind: EventKind,
    text: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO event (at, integration, api, kind, text) VALUES ($1, $2, $3, $4, $5)")
        .bind(at)
        .bind(&key.integration)
        .bind(&key.api)
        .bind(kind.name())
        .bind(text)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

impl Store {
    /// What happened since `since`, oldest first, at most `limit` of the newest.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM (SELECT * FROM event WHERE at >= $1 ORDER BY id DESC LIMIT $2) ORDER BY id")
            .bind(millis(since))
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        // A line that cannot be read hides no other.
        Ok(rows.iter().flat_map(event_row).collect())
    }

    /// What happened to one API since `since`, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history_of(&self, key: &WatchKey, since: DateTime<Utc>, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM event WHERE integration = $1 AND api = $2 AND at >= $3 ORDER BY id DESC LIMIT $4")
            .bind(&key.integration)
            .bind(&key.api)
            .bind(millis(since))
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        // A line that cannot be read hides no other.
        Ok(rows.iter().flat_map(event_row).collect())
    }
}

fn event_row(row: &SqliteRow) -> Result<EventRow, StoreError> {
    let id: i64 = row.field("id")?;
    Ok(EventRow {
        id,
        at: time_of(row.field("at")?),
        integration: row.field("integration")?,
        api: row.field("api")?,
        kind: parse(|name| name.parse().ok(), "event", &id.to_string(), &row.field::<String>("kind")?)?,
        text: row.field("text")?,
    })
}
