//! The ledger: what was announced, and when it was read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{Sqlite, Transaction};

use crate::model::{ApiState, EventKind, LedgerEntry, LedgerStep, OperationLabel, Statement, Surface, WatchKey, millis, time_of};

use super::database::Store;
use super::error::StoreError;
use super::events::event;
use super::rows::{Fields as _, json, to_json};
use super::watches::{make_ledger_due, watch_id};

/// What an announcement led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// It is in the ledger.
    Recorded,
    /// The ledger says the same already.
    Known,
    /// It was taken back.
    Withdrawn,
    /// Nothing of this name is announced.
    Unknown,
}

/// Operations of a live description, and when it was last read, where it is down.
type LiveOperations = (Option<Vec<OperationLabel>>, Option<DateTime<Utc>>);

impl Store {
    /// Everything that was ever said about an API, oldest first.
    ///
    /// # Errors
    /// When the database does not answer, or a row is damaged.
    pub async fn ledger(&self, integration: &str, api: &str) -> Result<Vec<LedgerEntry>, StoreError> {
        let rows = sqlx::query("SELECT * FROM ledger WHERE integration = $1 AND api = $2 ORDER BY id")
            .bind(integration)
            .bind(api)
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                let id: i64 = row.field("id")?;
                Ok(LedgerEntry {
                    id,
                    statement: json(row.field("body")?, "ledger", &id.to_string())?,
                    read_at: time_of(row.field("read_at")?),
                    ended_at: row.field::<Option<i64>>("ended_at")?.map(time_of),
                    replaced: row.field::<i64>("replaced")? != 0,
                })
            })
            .collect()
    }

    /// `METHOD path` of every operation of the live description, none where it was never read; and when it was last
    /// read, where it is down.
    ///
    /// # Errors
    /// When the database does not answer, or the row is damaged.
    pub async fn live_operations(&self, key: &WatchKey) -> Result<LiveOperations, StoreError> {
        let Some(live) = watch_id(&self.readers, &key.on(Surface::Live)).await? else { return Ok((None, None)) };
        let row = sqlx::query("SELECT latest, operations, state, succeeded_at FROM watch WHERE id = $1")
            .bind(live)
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row.filter(|row| row.field::<Option<String>>("latest").is_ok_and(|latest| latest.is_some())) else {
            return Ok((None, None));
        };
        let operations = json(row.field("operations")?, "watch", &key.to_string())?;
        let is_down = row.field::<String>("state")? == ApiState::Down.name();
        let last = row.field::<Option<i64>>("succeeded_at")?.map(time_of).filter(|_| is_down);
        Ok((Some(operations), last))
    }

    /// When each finding of the upcoming description was first seen, by identity.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn seen_upcoming(&self, key: &WatchKey) -> Result<HashMap<String, DateTime<Utc>>, StoreError> {
        let Some(upcoming) = watch_id(&self.readers, &key.on(Surface::Upcoming)).await? else { return Ok(HashMap::new()) };
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT identity, opened_at FROM finding WHERE watch = $1")
            .bind(upcoming)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.into_iter().map(|(identity, at)| (identity, time_of(at))).collect())
    }

    /// Records what a person announced, or that it was taken back, and has the ledger looked at at once.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn announce(
        &self,
        key: &WatchKey,
        statement: &Statement,
        withdrawn: bool,
        now: DateTime<Utc>,
    ) -> Result<Announced, StoreError> {
        let entries = self.ledger(&key.integration, &key.api).await?;
        let known = entries.iter().find(|entry| entry.ended_at.is_none() && entry.statement.is_about(statement));
        let (step, outcome, what) = match known {
            Some(entry) if withdrawn => (LedgerStep::Withdrawn(entry.id), Announced::Withdrawn, "takes back"),
            None if withdrawn => return Ok(Announced::Unknown),
            Some(entry) if entry.statement == *statement => return Ok(Announced::Known),
            Some(entry) => (LedgerStep::Replaced(entry.id, statement.clone()), Announced::Recorded, "moves"),
            None => (LedgerStep::Read(statement.clone()), Announced::Recorded, "announces"),
        };
        let mut transaction = self.begin().await?;
        let text = format!("{} {what} {}: {}", statement.place, statement.subject, statement.verbatim);
        event(&mut transaction, millis(now), key, EventKind::Announced, &text).await?;
        record(&mut transaction, key, millis(now), vec![step]).await?;
        transaction.commit().await?;
        Ok(outcome)
    }
}

/// Writes steps into the ledger, and has what follows from them made anew.
pub(super) async fn record(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    now: i64,
    steps: Vec<LedgerStep>,
) -> Result<(), StoreError> {
    if steps.is_empty() {
        return Ok(());
    }
    for step in steps {
        let (ended, replaced, said) = match step {
            LedgerStep::Read(statement) => (None, false, Some(statement)),
            LedgerStep::Replaced(id, statement) => (Some(id), true, Some(statement)),
            LedgerStep::Withdrawn(id) => (Some(id), false, None),
        };
        if let Some(id) = ended {
            sqlx::query("UPDATE ledger SET ended_at = $1, replaced = $2 WHERE id = $3 AND ended_at IS NULL")
                .bind(now)
                .bind(i64::from(replaced))
                .bind(id)
                .execute(&mut **transaction)
                .await?;
        }
        let Some(statement) = said else { continue };
        let body = to_json(&statement, "ledger", &statement.subject)?;
        sqlx::query(
            "INSERT INTO ledger (integration, api, subject, mark, origin, cohort, body, read_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&key.integration)
        .bind(&key.api)
        .bind(&statement.subject)
        .bind(statement.mark.name())
        .bind(statement.origin.name())
        .bind(statement.cohort.as_deref().unwrap_or_default())
        .bind(body)
        .bind(now)
        .execute(&mut **transaction)
        .await?;
    }
    make_ledger_due(transaction, key, now).await
}
