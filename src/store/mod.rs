//! What is remembered, in SQLite: one method for each use case, one transaction for each method.
//!
//! Invariants: knows only the model; validators are committed with the snapshot they belong to; nothing is
//! mailed that is not first a row here; what cannot be read back is an error that names table and row,
//! never a silent default.

mod answers;
mod checks;
mod claims;
mod confirmations;
mod digests;
mod ladder;
mod ledger;
mod outages;
mod outbox;
mod overview;
mod proposals;
mod trouble;
mod watches;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row as _, Sqlite, Transaction};
use thiserror::Error;

use crate::model::millis;

pub use answers::{AnswerOutcome, Closing, OpenLetter};
pub use checks::{CheckCommit, Committed, NewSnapshot, NoticeStep, PlannedDelivery, SuccessfulCheck};
pub use claims::{Claim, FLAPPING, Flaps, Gone, REVERTED};
pub use confirmations::Confirmation;
pub use digests::KEPT;
pub use ladder::{EscalationCommit, OpenNotice, Reader, UnansweredNotice};
pub use ledger::Announced;
pub use outages::Outage;
pub use outbox::{Bounced, Finished, LONGEST_PAUSE, Resend};
pub use overview::{AnswerRow, DeliveryRow, EventRow, LetterRow, NoticeRow, Overview, WatchRow};
pub use trouble::{ChannelTrouble, DeliveryTrouble, MailTrouble, Unreached};
pub use watches::WatchSpec;

/// Why the store did not do what it was asked to.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database did not answer as it should: full disk, locked file, broken file.
    #[error("database error: {0}")]
    Unavailable(sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database cannot be brought up to date by this version of driftd")]
    Migration(#[from] MigrateError),
    /// Its schema is of a later version.
    #[error(
        "the database was written by a newer version of driftd; install that one, or put back the backup of before the upgrade"
    )]
    Newer,
    /// Tables are gone.
    #[error("the database {} lacks the tables {}; put its backup back (docs/operating.md)", .0.display(), .1.join(", "))]
    TablesMissing(PathBuf, Vec<String>),
    /// The file of the database is not the one that was opened: what is written now would be lost.
    #[error("the database {} is gone or was replaced while driftd was running; put it back, or stop driftd and start it again", .0.display())]
    Vanished(PathBuf),
    /// There is a file, and no table in it.
    #[error(
        "the database {} holds no tables; was it copied without its file -wal? Copy both, or move it away to start with nothing",
        .0.display()
    )]
    NoTables(PathBuf),
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

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let corrupt = |row: String, what: String| Self::Corrupt { table: "database", row, what };
        match error {
            sqlx::Error::ColumnDecode { index, source } => corrupt(index, source.to_string()),
            sqlx::Error::Decode(source) => corrupt("of a query".to_owned(), source.to_string()),
            // What a row refers to is gone, or what must be there is not.
            sqlx::Error::Database(source) if is_about_a_row(&source.kind()) => {
                corrupt("that was to be written".to_owned(), source.message().to_owned())
            }
            other => Self::Unavailable(other),
        }
    }
}

fn is_about_a_row(kind: &sqlx::error::ErrorKind) -> bool {
    use sqlx::error::ErrorKind;
    matches!(kind, ErrorKind::ForeignKeyViolation | ErrorKind::CheckViolation | ErrorKind::NotNullViolation)
}

/// A column of a row. A value of another type than its column is damage of this row, not the end of the process.
trait Fields {
    /// # Errors
    /// When the value is not of this type.
    fn field<'r, T>(&'r self, name: &str) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>;
}

impl Fields for sqlx::sqlite::SqliteRow {
    fn field<'r, T>(&'r self, name: &str) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
    {
        Ok(self.try_get(name)?)
    }
}

impl StoreError {
    /// Whether one row is damaged, and the rest of the database works.
    pub const fn is_one_row(&self) -> bool {
        matches!(self, Self::Corrupt { .. })
    }
}

/// The database of one daemon.
#[derive(Debug, Clone)]
pub struct Store {
    file: PathBuf,
    /// Device and inode of the file that was opened.
    identity: (u64, u64),
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
        let is_new = std::fs::metadata(&file).map_or(true, |known| known.len() == 0);
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A lost commit would be a lost notice: a power cut must not undo one.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        if !is_new {
            let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
                .fetch_one(&writer)
                .await?;
            if tables == 0 {
                return Err(StoreError::NoTables(file));
            }
        }
        match sqlx::migrate!("src/store/migrations").run(&writer).await {
            Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..)) => return Err(StoreError::Newer),
            done => done?,
        }
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'").fetch_all(&writer).await?;
        let missing: Vec<String> = tables().filter(|table| !names.iter().any(|name| name == table)).map(str::to_owned).collect();
        if !missing.is_empty() {
            return Err(StoreError::TablesMissing(file, missing));
        }
        let readers = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
        let identity = identity(&file).ok_or_else(|| StoreError::Vanished(file.clone()))?;
        Ok(Self { file, identity, writer, readers })
    }

    /// Whether the file of the database is still the one that was opened. SQLite goes on with a file that nobody can
    /// find any more, and what it commits there is gone at the next start.
    ///
    /// # Errors
    /// When it is not.
    pub fn is_there(&self) -> Result<(), StoreError> {
        if identity(&self.file) == Some(self.identity) { Ok(()) } else { Err(StoreError::Vanished(self.file.clone())) }
    }

    /// Begins a write, taking SQLite's one write lock at once rather than half-way.
    ///
    /// After an I/O error SQLite rolls back by itself and the pooled connection no longer knows where it
    /// stands; such a connection is closed and a new one begins.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        const BEGIN: &str = "BEGIN IMMEDIATE";
        self.is_there()?;
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

/// Every table that the migrations make.
fn tables() -> impl Iterator<Item = &'static str> {
    let files = [
        include_str!("migrations/0001_start.sql"),
        include_str!("migrations/0002_bridge.sql"),
        include_str!("migrations/0003_truth.sql"),
    ];
    let made = files.into_iter().flat_map(str::lines).filter_map(|line| line.strip_prefix("CREATE TABLE "));
    made.filter_map(|rest| rest.split([' ', '(']).next())
}

/// Device and inode of a file.
fn identity(file: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(file).ok().map(|known| (known.dev(), known.ino()))
}

/// What could be read; where it could not, nothing, and what is wrong for status to say. The first damage is what is told.
fn or_damage<T: Default>(found: Result<T, StoreError>, damage: &mut Option<String>) -> T {
    found.unwrap_or_else(|problem| {
        damage.get_or_insert_with(|| problem.to_string());
        T::default()
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_committed_outlives_a_power_cut() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).await.expect("a store");
        // 2 is FULL: the log is on the disk before a commit returns. With 1, NORMAL, the last ones may be lost.
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.expect("a number");
        assert_eq!(synchronous, 2);
    }
}
