//! Snapshots: the bytes of descriptions as they were fetched, named by their digest.

use sqlx::{Sqlite, Transaction};

use super::database::Store;
use super::error::StoreError;
use super::rows::Fields as _;

/// zstd level of stored snapshots: 4 MB of description become 200 kB in 50 ms.
const COMPRESSION: i32 = 9;

/// A document worth keeping.
#[derive(Debug, Clone)]
pub struct NewSnapshot {
    /// SHA-256 of the bytes, hexadecimal.
    pub digest: String,
    /// As fetched.
    pub bytes: Vec<u8>,
    /// Where it came from after all redirects.
    pub from: String,
}

impl Store {
    /// The bytes of a snapshot.
    ///
    /// # Errors
    /// When the database does not answer, there is no such snapshot, or its bytes are damaged.
    pub async fn snapshot(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        let corrupt = |what: String| StoreError::Corrupt { table: "snapshot", row: digest.to_owned(), what };
        let row =
            sqlx::query("SELECT size, body FROM snapshot WHERE digest = $1").bind(digest).fetch_optional(&self.readers).await?;
        let row = row.ok_or_else(|| corrupt("it is missing".to_owned()))?;
        let size = usize::try_from(row.field::<i64>("size")?).unwrap_or(0);
        let body: Vec<u8> = row.field("body")?;
        zstd::bulk::decompress(&body, size).map_err(|error| corrupt(error.to_string()))
    }
}

/// The bytes as they are stored. Done before a transaction begins: it takes a while.
pub(super) fn compressed(snapshot: &NewSnapshot) -> Result<Vec<u8>, StoreError> {
    zstd::bulk::compress(&snapshot.bytes, COMPRESSION).map_err(|error| StoreError::Unavailable(sqlx::Error::Io(error)))
}

/// Writes a snapshot; one that is known already stays as it is.
pub(super) async fn insert_snapshot(
    transaction: &mut Transaction<'_, Sqlite>,
    snapshot: &NewSnapshot,
    body: Vec<u8>,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO snapshot (digest, size, body, fetched_at, fetched_from) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (digest) DO NOTHING",
    )
    .bind(&snapshot.digest)
    .bind(i64::try_from(snapshot.bytes.len()).unwrap_or(i64::MAX))
    .bind(body)
    .bind(now)
    .bind(&snapshot.from)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
