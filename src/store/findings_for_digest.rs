//! Differences that nobody has to act on: kept for digests after the baseline has moved over them.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Sqlite, Transaction};

use crate::model::{OpenFinding, WatchKey, time_of};

use super::database::Store;
use super::error::StoreError;
use super::rows::json;

/// What no digest told in this time is told by none: a digest waits a week, and for a daemon that was away.
pub const KEPT_FOR_DIGEST: TimeDelta = TimeDelta::days(92);

impl Store {
    /// Differences that nobody has to act on, with when they were seen.
    ///
    /// # Errors
    /// When the database does not answer, or a row is damaged.
    pub async fn findings_for_digest(
        &self,
        integration: &str,
        api: &str,
    ) -> Result<Vec<(OpenFinding, DateTime<Utc>)>, StoreError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT identity, body, seen_at FROM quiet WHERE integration = $1 AND api = $2 ORDER BY seen_at, rowid",
        )
        .bind(integration)
        .bind(api)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|(identity, body, at)| Ok((json(body, "quiet", identity)?, time_of(*at)))).collect()
    }
}

/// Keeps a difference for the digest: the baseline moves over what nobody has to act on. After a quarter it is forgotten.
pub(super) async fn keep_for_digest(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    identity: &str,
    body: &str,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO quiet (integration, api, identity, body, seen_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (integration, api, identity) DO UPDATE SET body = excluded.body, seen_at = excluded.seen_at",
    )
    .bind(&key.integration)
    .bind(&key.api)
    .bind(identity)
    .bind(body)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// A difference is told in a letter, and so in no digest.
pub(super) async fn drop_from_digest(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    identity: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM quiet WHERE integration = $1 AND api = $2 AND identity = $3")
        .bind(&key.integration)
        .bind(&key.api)
        .bind(identity)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Forgets what was kept for digests longer than any of them waits.
pub(super) async fn forget_old(transaction: &mut Transaction<'_, Sqlite>, key: &WatchKey, now: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM quiet WHERE integration = $1 AND api = $2 AND seen_at < $3")
        .bind(&key.integration)
        .bind(&key.api)
        .bind(now - KEPT_FOR_DIGEST.num_milliseconds())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
