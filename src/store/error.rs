//! Why the store did not do what it was asked to.

use std::path::PathBuf;

use sqlx::migrate::MigrateError;
use thiserror::Error;

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
    /// Another notice has the id already: nothing was written, and with a longer one it can be.
    #[error("the id {0} is that of another notice; it is written under a longer one at the next look")]
    IdTaken(String),
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

impl StoreError {
    /// Whether only one row is concerned, and the rest of the database works.
    pub const fn is_one_row(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::IdTaken(_))
    }
}
