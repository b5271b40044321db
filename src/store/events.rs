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

/// What is asked of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// From when on.
    pub since: DateTime<Utc>,
    /// Until when, exclusive.
    pub until: DateTime<Utc>,
    /// Of which integration; none for all.
    pub integration: Option<String>,
    /// Of which API; none for all.
    pub api: Option<String>,
    /// Which kind of thing; none for all.
    pub kind: Option<EventKind>,
}

impl EventQuery {
    /// Everything since a moment.
    pub const fn since(since: DateTime<Utc>) -> Self {
        Self { since, until: DateTime::<Utc>::MAX_UTC, integration: None, api: None, kind: None }
    }
}

/// Which part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPage {
    /// From 1, the newest first.
    pub number: u32,
    /// How many one holds.
    pub size: u32,
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
    /// What happened, newest first: one page of it, and how much there is in all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history(&self, asked: &EventQuery, page: EventPage) -> Result<(Vec<EventRow>, u64), StoreError> {
        const MATCHES: &str = "FROM event WHERE at >= $1 AND at < $2 AND ($3 IS NULL OR integration = $3)
            AND ($4 IS NULL OR api = $4) AND ($5 IS NULL OR kind = $5)";
        let kind = asked.kind.map(EventKind::name);
        let mut transaction = self.readers.begin().await?;
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT * {MATCHES} ORDER BY id DESC LIMIT $6 OFFSET $7")))
            .bind(millis(asked.since))
            .bind(millis(asked.until))
            .bind(&asked.integration)
            .bind(&asked.api)
            .bind(kind)
            .bind(i64::from(page.size))
            .bind(i64::from(page.size).saturating_mul(i64::from(page.number.saturating_sub(1))))
            .fetch_all(&mut *transaction)
            .await?;
        let all: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) {MATCHES}")))
            .bind(millis(asked.since))
            .bind(millis(asked.until))
            .bind(&asked.integration)
            .bind(&asked.api)
            .bind(kind)
            .fetch_one(&mut *transaction)
            .await?;
        // A line that cannot be read hides no other.
        Ok((rows.iter().flat_map(event_row).collect(), u64::try_from(all).unwrap_or(0)))
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
