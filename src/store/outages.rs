//! Descriptions that cannot be judged: since when, how often within a day, and whether people know.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{ApiState, EventKind, Notice, WatchKey, millis, time_of};

use super::database::Store;
use super::deliveries::{PlannedDelivery, insert_deliveries};
use super::error::StoreError;
use super::events::event;
use super::notices::{ASKS_NOTHING, ensure_id_is_free};
use super::rows::{Fields as _, as_u32, key_of};
use super::watches::WatchId;

/// A description that cannot be judged, or could not until a moment ago.
#[derive(Debug, Clone)]
pub struct Outage {
    /// Number of the watch.
    pub watch: WatchId,
    /// Its name.
    pub key: WatchKey,
    /// Its state.
    pub state: ApiState,
    /// Why.
    pub detail: String,
    /// Since when it could not be judged.
    pub since: DateTime<Utc>,
    /// How often that began, each within a day of the last.
    pub times: u32,
    /// When the last of these times began.
    pub from: DateTime<Utc>,
    /// How long those that are over were together.
    pub before: TimeDelta,
    /// When people were told last.
    pub told_at: Option<DateTime<Utc>>,
    /// Since when it can be judged again.
    pub judged_at: Option<DateTime<Utc>>,
    /// When it was last read.
    pub succeeded_at: Option<DateTime<Utc>>,
}

impl Outage {
    /// How long it could not be judged, all these times together.
    pub fn lasted(&self, now: DateTime<Utc>) -> TimeDelta {
        let current = if self.judged_at.is_some() { TimeDelta::zero() } else { (now - self.from).max(TimeDelta::zero()) };
        self.before + current
    }
}

fn outage(row: &SqliteRow) -> Result<Outage, StoreError> {
    let time = |name: &str| Ok::<_, StoreError>(row.field::<Option<i64>>(name)?.map(time_of));
    let state: String = row.field("state")?;
    Ok(Outage {
        watch: row.field("id")?,
        key: key_of(row)?,
        state: ApiState::named(&state).unwrap_or(ApiState::Blind),
        detail: row.field("detail")?,
        since: time("unjudged_since")?.unwrap_or_default(),
        times: as_u32(row.field("unjudged_times")?),
        from: time("unjudged_from")?.unwrap_or_default(),
        before: TimeDelta::milliseconds(row.field("unjudged_for")?),
        told_at: time("unjudged_told_at")?,
        judged_at: time("judged_at")?,
        succeeded_at: time("succeeded_at")?,
    })
}

impl Store {
    /// Every outage that is going on, or that ended less than a day ago.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outages(&self) -> Result<Vec<Outage>, StoreError> {
        let rows = sqlx::query("SELECT * FROM watch WHERE active = 1 AND unjudged_since IS NOT NULL ORDER BY unjudged_since, id")
            .fetch_all(&self.readers)
            .await?;
        // Damage is what the check itself tells of.
        Ok(rows.iter().flat_map(outage).collect())
    }

    /// Tells people of an outage: the letters, and that they were written. The letters of one outage share a notice that
    /// nobody has to answer. Returns whether it was still to be told.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn tell_outage(
        &self,
        outage: &Outage,
        notice: &Notice,
        letters: Vec<PlannedDelivery>,
        text: &str,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let now = millis(notice.told_at);
        // Whoever looked at the same moment has told it.
        let done = sqlx::query(
            "UPDATE watch SET unjudged_told_at = $1 WHERE id = $2 AND unjudged_since = $3 AND unjudged_told_at IS $4",
        )
        .bind(now)
        .bind(outage.watch)
        .bind(millis(outage.since))
        .bind(outage.told_at.map(millis))
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.write_outage(&mut transaction, outage, notice, letters).await?;
        event(&mut transaction, now, &outage.key, EventKind::Outage, text).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// An outage is over, with the letters that say so; none where nobody had heard of it.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn end_outage(
        &self,
        outage: &Outage,
        notice: &Notice,
        letters: Vec<PlannedDelivery>,
        text: &str,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE watch SET unjudged_since = NULL, unjudged_from = NULL, unjudged_for = 0, unjudged_times = 0, unjudged_told_at = NULL, judged_at = NULL
             WHERE id = $1 AND unjudged_since = $2 AND judged_at IS NOT NULL",
        )
        .bind(outage.watch)
        .bind(millis(outage.since))
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        if !letters.is_empty() {
            // What was still to be told of it is over before it left.
            sqlx::query("UPDATE delivery SET state = 'overtaken' WHERE notice = $1 AND state IN ('pending', 'standby')")
                .bind(&notice.id)
                .execute(&mut *transaction)
                .await?;
            self.write_outage(&mut transaction, outage, notice, letters).await?;
            event(&mut transaction, millis(notice.told_at), &outage.key, EventKind::Outage, text).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn write_outage(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        outage: &Outage,
        notice: &Notice,
        letters: Vec<PlannedDelivery>,
    ) -> Result<(), StoreError> {
        ensure_id_is_free(transaction, notice).await?;
        sqlx::query(
            "INSERT INTO notice (id, fingerprint, watch, opened_at, told_at, closed_at, closed_why)
             VALUES ($1, $2, $3, $4, $5, $4, $6) ON CONFLICT (fingerprint) DO UPDATE SET told_at = excluded.told_at",
        )
        .bind(&notice.id)
        .bind(notice.fingerprint.as_str())
        .bind(outage.watch)
        .bind(millis(notice.opened_at))
        .bind(millis(notice.told_at))
        .bind(ASKS_NOTHING)
        .execute(&mut **transaction)
        .await?;
        insert_deliveries(transaction, &notice.id, millis(notice.told_at), letters).await
    }
}
