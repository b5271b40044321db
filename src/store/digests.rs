//! Digests: what is kept for them, and notices that are closed from the start.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Sqlite, Transaction};

use crate::model::{Notice, NoticeKind, OpenFinding, WatchKey, time_of};

use super::checks::{PlannedDelivery, insert_deliveries};
use super::claims::ASKS_NOTHING;
use super::{Store, StoreError, json, stored};

/// What no digest told in this time is told by none: a digest waits a week, and for a daemon that was away.
pub const KEPT: TimeDelta = TimeDelta::days(92);

impl Store {
    /// Differences that nobody has to act on, with when they were seen.
    ///
    /// # Errors
    /// When the database does not answer, or a row is damaged.
    pub async fn quiet(&self, integration: &str, api: &str) -> Result<Vec<(OpenFinding, DateTime<Utc>)>, StoreError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT identity, body, seen_at FROM quiet WHERE integration = $1 AND api = $2 ORDER BY seen_at, rowid",
        )
        .bind(integration)
        .bind(api)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|(identity, body, at)| Ok((json(body, "quiet", identity)?, time_of(*at)))).collect()
    }

    /// Until when a party's last digest told.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_digest(&self, integration: &str, party: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let at: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(notice.told_at) FROM notice JOIN delivery ON delivery.notice = notice.id
             WHERE notice.integration = $1 AND delivery.party = $2 AND delivery.kind = $3",
        )
        .bind(integration)
        .bind(party)
        .bind(NoticeKind::Digest.name())
        .fetch_one(&self.readers)
        .await?;
        Ok(at.map(time_of))
    }

    /// Writes a digest: a notice that nobody answers and that is closed from the start. Returns whether it is new.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn write_digest(&self, key: &WatchKey, notice: &Notice, letter: PlannedDelivery) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let is_new = insert_digest(&mut transaction, key, notice, letter).await?;
        transaction.commit().await?;
        Ok(is_new)
    }
}

/// Writes a notice that is closed from the start, with its letter. Returns whether it is new.
pub(super) async fn insert_digest(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    notice: &Notice,
    letter: PlannedDelivery,
) -> Result<bool, StoreError> {
    let now = stored(notice.opened_at);
    let done = sqlx::query(
        "INSERT INTO notice (id, integration, api, surface, opened_at, told_at, closed_at, closed_why)
         VALUES ($1, $2, $3, $4, $5, $6, $5, $7) ON CONFLICT DO NOTHING",
    )
    .bind(&notice.id)
    .bind(&key.integration)
    .bind(&key.api)
    .bind(key.surface.name())
    .bind(now)
    .bind(stored(notice.told_at))
    .bind(ASKS_NOTHING)
    .execute(&mut **transaction)
    .await?;
    let is_new = done.rows_affected() > 0;
    if is_new {
        insert_deliveries(transaction, &notice.id, now, vec![letter]).await?;
    }
    Ok(is_new)
}

/// Keeps a difference for the digest: the baseline moves over what nobody has to act on. After a quarter it is forgotten.
pub(super) async fn keep_for_digest(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    now: i64,
    (identity, body): (&str, &str),
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
pub(super) async fn forget_quiet(transaction: &mut Transaction<'_, Sqlite>, key: &WatchKey, now: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM quiet WHERE integration = $1 AND api = $2 AND seen_at < $3")
        .bind(&key.integration)
        .bind(&key.api)
        .bind(now - KEPT.num_milliseconds())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
