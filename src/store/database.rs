//! The database file: opened, brought up to date, and never lost sight of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, Transaction};

use super::error::StoreError;

/// The database of one daemon.
#[derive(Debug, Clone)]
pub struct Store {
    file: PathBuf,
    /// Device and inode of the file that was opened.
    identity: (u64, u64),
    /// One writer: SQLite has one anyway, and waiting in our own queue beats `SQLITE_BUSY`.
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
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
        // A migration makes tables anew, and what refers to them must let go of the old ones meanwhile.
        let mut migrating = options.clone().foreign_keys(false).connect().await?;
        if !is_new {
            let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
                .fetch_one(&mut migrating)
                .await?;
            if tables == 0 {
                return Err(StoreError::NoTables(file));
            }
        }
        match sqlx::migrate!("src/store/migrations").run(&mut migrating).await {
            Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..)) => return Err(StoreError::Newer),
            done => done?,
        }
        migrating.close().await?;
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'").fetch_all(&writer).await?;
        let missing: Vec<String> = tables().into_iter().filter(|table| !names.contains(table)).collect();
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
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
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

/// Every table that stands once all migrations are done.
fn tables() -> BTreeSet<String> {
    let files = [
        include_str!("migrations/0001_start.sql"),
        include_str!("migrations/0002_bridge.sql"),
        include_str!("migrations/0003_truth.sql"),
        include_str!("migrations/0004_watch_number.sql"),
        include_str!("migrations/0005_fingerprint.sql"),
    ];
    let mut tables = BTreeSet::new();
    for line in files.into_iter().flat_map(str::lines) {
        let words: Vec<&str> = line.split([' ', '(', ';']).collect();
        match words.as_slice() {
            ["CREATE", "TABLE", table, ..] => _ = tables.insert((*table).to_owned()),
            ["DROP", "TABLE", table, ..] => _ = tables.remove(*table),
            ["ALTER", "TABLE", old, "RENAME", "TO", new, ..] => {
                tables.remove(*old);
                tables.insert((*new).to_owned());
            }
            _ => {}
        }
    }
    tables
}

/// Device and inode of a file.
fn identity(file: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(file).ok().map(|known| (known.dev(), known.ino()))
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
