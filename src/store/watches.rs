//! What is watched: the descriptions of the configuration, and what moves them in time.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Sqlite, SqliteExecutor, Transaction};

use crate::model::{Surface, WatchKey, millis};

use super::database::Store;
use super::error::StoreError;

/// The number of a watch in the database: what belongs to a watch names it by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct WatchId(pub i64);

/// A description that configuration asks to watch.
#[derive(Debug, Clone)]
pub struct WatchSpec {
    /// Its name.
    pub key: WatchKey,
    /// Where it is, without secrets.
    pub source: String,
    /// How its schedule was written.
    pub schedule: String,
    /// When it is due for the first time.
    pub first_at: DateTime<Utc>,
    /// When it is due next by its schedule.
    pub planned_at: DateTime<Utc>,
}

impl Store {
    /// Makes the watched descriptions those of the configuration. What is gone is kept, but rests.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn sync_watches(&self, specs: &[WatchSpec], now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sync(&mut transaction, specs, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The same after a reload, in one step with making due at once what failed: whoever reloads has just mended something.
    /// Everything is fetched whole the next time, since it may be read for other things now, and what is under way by the old
    /// configuration is done again.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn resync_watches(&self, specs: &[WatchSpec], now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sync(&mut transaction, specs, now).await?;
        // Whoever reloads has perhaps asked the provider: what it once asked for does not count any more.
        sqlx::query("UPDATE watch SET wait_until = NULL WHERE wait_until IS NOT NULL").execute(&mut *transaction).await?;
        retry_failed(&mut transaction, now).await?;
        sqlx::query("UPDATE watch SET full_at = NULL, generation = generation + 1").execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The live baseline of an API: what its upcoming description is compared with.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn live_baseline(&self, key: &WatchKey) -> Result<Option<String>, StoreError> {
        let Some(live) = watch_id(&self.readers, &key.on(Surface::Live)).await? else { return Ok(None) };
        let baseline = sqlx::query_scalar("SELECT baseline FROM watch WHERE id = $1").bind(live).fetch_one(&self.readers).await?;
        Ok(baseline)
    }
}

async fn sync(transaction: &mut Transaction<'_, Sqlite>, specs: &[WatchSpec], now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query("UPDATE watch SET active = 0").execute(&mut **transaction).await?;
    for spec in specs {
        // Another source is another document: validators of the old one would hide it. What stays as it
        // was keeps its place in time: a restart is no reason to ask a provider that wants peace.
        sqlx::query(
            "INSERT INTO watch (integration, api, surface, source, schedule, next_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (integration, api, surface) DO UPDATE SET
               active = 1,
               etag = CASE WHEN watch.source = excluded.source THEN watch.etag END,
               last_modified = CASE WHEN watch.source = excluded.source THEN watch.last_modified END,
               parts = CASE WHEN watch.source = excluded.source THEN watch.parts ELSE '{}' END,
               wait_until = CASE WHEN watch.source = excluded.source THEN watch.wait_until END,
               next_at = CASE WHEN watch.source <> excluded.source THEN excluded.next_at
                              WHEN watch.schedule <> excluded.schedule THEN MIN(watch.next_at, $7)
                              ELSE watch.next_at END,
               source = excluded.source, schedule = excluded.schedule",
        )
        .bind(&spec.key.integration)
        .bind(&spec.key.api)
        .bind(spec.key.surface.name())
        .bind(&spec.source)
        .bind(&spec.schedule)
        .bind(millis(spec.first_at))
        .bind(millis(spec.planned_at))
        .execute(&mut **transaction)
        .await?;
    }
    // Nobody is told of an outage in the time in which nothing was watched.
    sqlx::query(
        "UPDATE watch SET unjudged_since = NULL, unjudged_from = NULL, unjudged_for = 0, unjudged_times = 0, unjudged_told_at = NULL,
           judged_at = NULL WHERE active = 0 AND unjudged_since IS NOT NULL",
    )
    .execute(&mut **transaction)
    .await?;
    // What is no longer watched can never be resolved, and what waits to be told of it is overtaken.
    sqlx::query(
        "UPDATE notice SET closed_at = $1, closed_why = 'no longer watched' WHERE closed_at IS NULL AND NOT EXISTS (
           SELECT 1 FROM watch w WHERE w.active = 1 AND w.id = notice.watch)",
    )
    .bind(millis(now))
    .execute(&mut **transaction)
    .await?;
    sqlx::query(
        "UPDATE delivery SET state = 'overtaken' WHERE state IN ('pending', 'standby')
           AND notice IN (SELECT id FROM notice WHERE closed_at = $1 AND closed_why = 'no longer watched')",
    )
    .bind(millis(now))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// What was taken is due at `next`, as if it had not been.
pub(super) async fn give_back(
    transaction: &mut Transaction<'_, Sqlite>,
    watch: WatchId,
    next: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE watch SET next_at = $1, leased = 0, begun = MAX(begun - (leased = 2), 0)
         WHERE id = $2 AND leased > 0",
    )
    .bind(millis(next))
    .bind(watch)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Makes due what failed, but not before the provider wants to be asked again.
pub(super) async fn retry_failed(transaction: &mut Transaction<'_, Sqlite>, now: DateTime<Utc>) -> Result<(), StoreError> {
    // A wish that lies further ahead than any that is respected was made by a clock that stood wrong.
    let longest = now + TimeDelta::days(1);
    sqlx::query(
        "UPDATE watch SET next_at = MIN(next_at, MAX($1, COALESCE(CASE WHEN wait_until <= $2 THEN wait_until END, $1)))
         WHERE active = 1 AND failures > 0 AND leased = 0",
    )
    .bind(millis(now))
    .bind(millis(longest))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// What is announced is counted from the live baseline: when that moves, it is compared again.
pub(super) async fn compare_upcoming_again(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    now: i64,
) -> Result<(), StoreError> {
    let Some(upcoming) = watch_id(&mut **transaction, &key.on(Surface::Upcoming)).await? else { return Ok(()) };
    sqlx::query("UPDATE watch SET next_at = MIN(next_at, $1) WHERE id = $2")
        .bind(now)
        .bind(upcoming)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Has what follows from the ledger made anew.
pub(super) async fn make_ledger_due(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    now: i64,
) -> Result<(), StoreError> {
    let Some(ledger) = watch_id(&mut **transaction, &key.on(Surface::Ledger)).await? else { return Ok(()) };
    sqlx::query("UPDATE watch SET next_at = MIN(next_at, $1), generation = generation + 1 WHERE id = $2")
        .bind(now)
        .bind(ledger)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// The number of a watch by its name; none where it was never watched.
pub(super) async fn watch_id<'e>(database: impl SqliteExecutor<'e>, key: &WatchKey) -> Result<Option<WatchId>, StoreError> {
    let id = sqlx::query_scalar("SELECT id FROM watch WHERE integration = $1 AND api = $2 AND surface = $3")
        .bind(&key.integration)
        .bind(&key.api)
        .bind(key.surface.name())
        .fetch_optional(database)
        .await?;
    Ok(id)
}
