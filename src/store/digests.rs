//! Notices that ask nothing and are closed from the start: digests, and questions whether somebody is still there.

use chrono::{DateTime, Utc};
use sqlx::{Sqlite, Transaction};

use crate::model::{LastTold, Notice, NoticeKind, WatchKey, millis, time_of};

use super::database::Store;
use super::deliveries::{PlannedDelivery, insert_deliveries};
use super::error::StoreError;
use super::notices::{ASKS_NOTHING, add_told, ensure_id_is_free};
use super::watches::watch_id;

impl Store {
    /// Until when a party's last digest told.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_digest(&self, integration: &str, party: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let at: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(notice.told_at) FROM notice JOIN delivery ON delivery.notice = notice.id JOIN watch ON watch.id = notice.watch
             WHERE watch.integration = $1 AND delivery.party = $2 AND delivery.kind = $3",
        )
        .bind(integration)
        .bind(party)
        .bind(NoticeKind::Digest.name())
        .fetch_one(&self.readers)
        .await?;
        Ok(at.map(time_of))
    }

    /// Writes a digest: a notice that nobody answers and that is closed from the start. What it tells of open notices counts as
    /// told. Returns whether it is new.
    ///
    /// # Errors
    /// When the database does not answer, or another notice has the id; then nothing has changed.
    pub async fn write_digest(
        &self,
        key: &WatchKey,
        notice: &Notice,
        letter: PlannedDelivery,
        told: Vec<(String, LastTold)>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let is_new = insert_digest(&mut transaction, key, notice, letter).await?;
        if is_new {
            for (notice, told) in told {
                // A check that began before is done again: it would tell the same.
                let done = sqlx::query(
                    "UPDATE watch SET generation = generation + 1 WHERE id = (SELECT watch FROM notice WHERE id = $1 AND closed_at IS NULL)",
                )
                .bind(&notice)
                .execute(&mut *transaction)
                .await?;
                if done.rows_affected() > 0 {
                    add_told(&mut transaction, &notice, told).await?;
                }
            }
        }
        transaction.commit().await?;
        Ok(is_new)
    }
}

/// Writes a notice that is closed from the start, with its letter. Returns whether it is new.
///
/// # Errors
/// When the database does not answer, or another notice has its id; then nothing is written.
pub(super) async fn insert_digest(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    notice: &Notice,
    letter: PlannedDelivery,
) -> Result<bool, StoreError> {
    let unknown = || StoreError::Corrupt { table: "watch", row: key.to_string(), what: "it is missing".to_owned() };
    let watch = watch_id(&mut **transaction, key).await?.ok_or_else(unknown)?;
    let now = millis(notice.opened_at);
    let known: Option<String> = sqlx::query_scalar("SELECT id FROM notice WHERE fingerprint = $1")
        .bind(notice.fingerprint.as_str())
        .fetch_optional(&mut **transaction)
        .await?;
    if known.is_some() {
        return Ok(false);
    }
    ensure_id_is_free(transaction, notice).await?;
    sqlx::query(
        "INSERT INTO notice (id, fingerprint, watch, opened_at, told_at, closed_at, closed_why) VALUES ($1, $2, $3, $4, $5, $4, $6)",
    )
    .bind(&notice.id)
    .bind(notice.fingerprint.as_str())
    .bind(watch)
    .bind(now)
    .bind(millis(notice.told_at))
    .bind(ASKS_NOTHING)
    .execute(&mut **transaction)
    .await?;
    insert_deliveries(transaction, &notice.id, now, vec![letter]).await?;
    Ok(true)
}
