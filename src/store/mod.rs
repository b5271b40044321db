//! What is remembered, in SQLite: one method for each use case, one transaction for each method.
//!
//! Invariants: knows only the model; validators are committed with the snapshot they belong to; nothing is
//! mailed that is not first a row here; what cannot be read back is an error that names table and row,
//! never a silent default.

mod checks;
mod claims;
mod confirmations;
mod digests;
mod ladder;
mod ledger;
mod outbox;
mod overview;
mod proposals;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};
use thiserror::Error;

use crate::model::millis;

pub use checks::{CheckCommit, Committed, NewSnapshot, NoticeStep, PlannedDelivery, Success, WatchSpec};
pub use claims::Claim;
pub use confirmations::Confirmation;
pub use digests::KEPT;
pub use ladder::{Climb, Silent, Standing};
pub use ledger::Announced;
pub use outbox::{Answered, Bounced, Finished, OpenLetter};
pub use overview::{AnswerRow, DeliveryRow, EventRow, NoticeRow, Overview, WatchRow};

/// Why the store did not do what it was asked to.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database did not answer as it should: full disk, locked file, broken file.
    #[error("the database at work: {0}")]
    Unavailable(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database cannot be brought up to date by this version of driftd")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value is not what was written.
    #[error("the row {row} of table {table} cannot be read: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row.
        row: String,
        /// What is wrong with it.
        what: String,
    },
}

/// The database of one daemon.
#[derive(Debug, Clone)]
pub struct Store {
    /// One writer: SQLite has one anyway, and waiting in our own queue beats `SQLITE_BUSY`.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens the database in `state_dir`, creating and migrating it as needed.
    ///
    /// # Errors
    /// When the folder cannot be written, or the database is of a newer version or damaged.
    pub async fn open(state_dir: &Path) -> Result<Self, StoreError> {
        let file = state_dir.join("driftd.sqlite");
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A lost commit would be a lost notice: a power cut must not undo one.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        sqlx::migrate!("src/store/migrations").run(&writer).await?;
        let readers = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
        Ok(Self { writer, readers })
    }

    /// Begins a write, taking SQLite's one write lock at once rather than half-way.
    ///
    /// After an I/O error SQLite rolls back by itself and the pooled connection no longer knows where it
    /// stands; such a connection is closed and a new one begins.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        const BEGIN: &str = "BEGIN IMMEDIATE";
        match self.writer.begin_with(BEGIN).await {
            Ok(transaction) => Ok(transaction),
            Err(_) => {
                self.writer.acquire().await?.close().await?;
                Ok(self.writer.begin_with(BEGIN).await?)
            }
        }
    }

    /// Closes every connection; what was committed is on disk.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// The secret this state directory signs links with; made by `make` the first time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn link_key(&self, make: impl FnOnce() -> String + Send) -> Result<String, StoreError> {
        let mut transaction = self.begin().await?;
        let known: Option<String> =
            sqlx::query_scalar("SELECT value FROM meta WHERE name = 'link-key'").fetch_optional(&mut *transaction).await?;
        let key = match known {
            Some(key) => key,
            None => {
                let key = make();
                sqlx::query("INSERT INTO meta (name, value) VALUES ('link-key', $1)")
                    .bind(&key)
                    .execute(&mut *transaction)
                    .await?;
                key
            }
        };
        transaction.commit().await?;
        Ok(key)
    }
}

/// A stored word as the type it stands for.
fn word<T>(found: Option<T>, table: &'static str, row: &str, text: &str) -> Result<T, StoreError> {
    found.ok_or_else(|| StoreError::Corrupt { table, row: row.to_owned(), what: format!("{text:?} is not a known word") })
}

fn stored(time: DateTime<Utc>) -> i64 {
    millis(time)
}

/// A small unsigned number stored as BIGINT; negative ones read as zero.
fn count(stored: i64) -> u32 {
    u32::try_from(stored.max(0)).unwrap_or(u32::MAX)
}

fn json<T: serde::de::DeserializeOwned>(text: &str, table: &'static str, row: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt { table, row: row.to_owned(), what: error.to_string() })
}

/// Dates are stored as `YYYY-MM-DD`.
fn date(text: Option<String>, row: &str) -> Result<Option<chrono::NaiveDate>, StoreError> {
    text.map(|text| {
        chrono::NaiveDate::from_str(&text).map_err(|error| StoreError::Corrupt {
            table: "acknowledgement",
            row: row.to_owned(),
            what: error.to_string(),
        })
    })
    .transpose()
}
