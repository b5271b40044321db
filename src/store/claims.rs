//! Claims: which descriptions and ledgers are due, with everything that is known of each.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{ApiState, LastTold, Notice, OpenFinding, Validators, WatchKey, millis, time_of};

use super::database::Store;
use super::error::StoreError;
use super::findings::findings;
use super::notices::{Recurrence, RevertedNotice, gone, open_notice, told};
use super::rows::{Fields as _, as_u32, json, key_of, or_damage, parse};
use super::watches::{WatchId, give_back, retry_failed};

/// A description that is due, and what is known of it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Its number.
    pub watch: WatchId,
    /// Its name.
    pub key: WatchKey,
    /// Where it is, by the configuration that was recorded last.
    pub source: String,
    /// Its state after the last check.
    pub state: ApiState,
    /// Why.
    pub detail: String,
    /// What makes the next GET conditional.
    pub validators: Validators,
    /// When the whole document was last fetched.
    pub full_at: Option<DateTime<Utc>>,
    /// Consecutive failures.
    pub failures: u32,
    /// Digest of the newest snapshot.
    pub latest: Option<String>,
    /// Digest of the snapshot that changes are counted from.
    pub baseline: Option<String>,
    /// What an implausible document looked like, in counts, that waits for a second fetch to agree; empty where none can.
    pub held: Option<String>,
    /// Rule set of the stored findings.
    pub rule_set: u32,
    /// What differs now.
    pub findings: Vec<OpenFinding>,
    /// The notice that tells of it.
    pub notice: Option<Notice>,
    /// What each party was told under it.
    pub told: Vec<LastTold>,
    /// How many notices there were before.
    pub notices: i64,
    /// Moves when something else than a check changes what stands here.
    pub generation: i64,
    /// Comparisons of one document that began and came to nothing, and its name: driftd died of them, or took too long.
    pub begun: (u32, Option<String>),
    /// What cannot be read back of what is known; then nothing can be compared.
    pub damage: Option<String>,
    /// How often the open notice came back after it had gone, if it did.
    pub recurrence: Option<Recurrence>,
    /// A notice that was closed within the last day because nothing differed any more, with what each party was told.
    pub gone: Option<RevertedNotice>,
}

impl Store {
    /// Takes descriptions that are due and keeps others from taking them until `lease` has passed.
    ///
    /// A clock that was set back must not silence anything: what was checked "in the future" is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_due(&self, now: DateTime<Utc>, lease: Duration, limit: u32) -> Result<Vec<Claim>, StoreError> {
        let mut transaction = self.begin().await?;
        let tolerance = 60_000;
        let rows = sqlx::query(
            "UPDATE watch SET next_at = $1, leased = 1 WHERE id IN (
               SELECT id FROM watch WHERE active = 1 AND (next_at <= $2 OR (checked_at > $3 AND leased = 0))
               ORDER BY next_at LIMIT $4
             ) RETURNING *",
        )
        .bind(millis(now + lease))
        .bind(millis(now))
        .bind(millis(now) + tolerance)
        .bind(i64::from(limit))
        .fetch_all(&mut *transaction)
        .await?;
        let mut claims = Vec::with_capacity(rows.len());
        for row in &rows {
            match claimed(&mut transaction, row, now).await {
                Ok(claim) => claims.push(claim),
                // A row without a name is nobody's; status tells of it.
                Err(problem) if problem.is_one_row() => {}
                Err(problem) => return Err(problem),
            }
        }
        // The lease is also a "checked" mark, or a set-back clock would claim the same rows again at once.
        for claim in &claims {
            sqlx::query("UPDATE watch SET checked_at = $1 WHERE id = $2 AND checked_at > $1")
                .bind(millis(now))
                .bind(claim.watch)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(claims)
    }

    /// Makes due again what was under way when the process or the database stopped, and what had failed: whoever starts
    /// again has perhaps just mended something. What the provider asked for is respected.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_leases(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query("UPDATE watch SET next_at = $1, leased = 0 WHERE leased > 0")
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
        retry_failed(&mut transaction, now).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }

    /// Gives back a description that was taken and whose check was not recorded; it is due at `next`. The process has
    /// survived a comparison that began.
    ///
    /// # Errors
    /// When the database does not answer; then its lease ends by itself.
    pub async fn release(&self, watch: WatchId, next: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        give_back(&mut transaction, watch, next).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Remembers that a document is about to be compared, by which version of driftd: should the process die of it, the
    /// next one knows.
    ///
    /// # Errors
    /// When the database does not answer; then it must not be compared.
    pub async fn begin_comparison(&self, watch: WatchId, document: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "UPDATE watch SET begun = CASE WHEN begun_of = $1 THEN begun + 1 ELSE 1 END, begun_of = $1, leased = 2
             WHERE id = $2",
        )
        .bind(document)
        .bind(watch)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What is under way when driftd is asked to stop is cut off, and is nobody's fault.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forgive_cut_off(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE watch SET begun = MAX(begun - 1, 0) WHERE leased = 2").execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// When the next description is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let next: Option<i64> =
            sqlx::query_scalar("SELECT MIN(next_at) FROM watch WHERE active = 1").fetch_one(&self.readers).await?;
        Ok(next.map(time_of))
    }

    /// Makes descriptions due at once: those of one API, by integration and API, or all. Returns each, and whether its check is
    /// under way already.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn check_now(&self, api: Option<(&str, &str)>, now: DateTime<Utc>) -> Result<Vec<(WatchKey, bool)>, StoreError> {
        let mut transaction = self.begin().await?;
        let (integration, api) = api.unzip();
        let rows = sqlx::query(
            "SELECT integration, api, surface, leased FROM watch WHERE active = 1
               AND ($1 IS NULL OR integration = $1) AND ($2 IS NULL OR api = $2) ORDER BY integration, api, surface",
        )
        .bind(integration)
        .bind(api)
        .fetch_all(&mut *transaction)
        .await?;
        let found = rows.iter().map(|row| Ok((key_of(row)?, row.field("leased")?))).collect::<Result<Vec<_>, StoreError>>()?;
        sqlx::query(
            "UPDATE watch SET next_at = $3 WHERE active = 1 AND leased = 0
               AND ($1 IS NULL OR integration = $1) AND ($2 IS NULL OR api = $2)",
        )
        .bind(integration)
        .bind(api)
        .bind(millis(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(found)
    }
}

/// What the row itself says. What cannot be read back is damage, and stands as if it were not there.
fn claim(row: &SqliteRow) -> Result<Claim, StoreError> {
    let key = key_of(row)?;
    let name = key.to_string();
    let mut damage = None;
    let mut text = |column: &str| or_damage(row.field::<Option<String>>(column), &mut damage);
    let (named, detail, source) = (text("state"), text("detail"), text("source"));
    let (etag, last_modified, parts) = (text("etag"), text("last_modified"), text("parts"));
    let (latest, baseline, held, begun_of) = (text("latest"), text("baseline"), text("held"), text("begun_of"));
    let mut number = |column: &str| or_damage(row.field::<Option<i64>>(column), &mut damage);
    let full_at = number("full_at").map(time_of);
    let (failures, rule_set, begun) = (number("failures"), number("rule_set"), number("begun"));
    let generation = number("generation").unwrap_or_default();
    let named = named.unwrap_or_default();
    let state = parse(ApiState::named, "watch", &name, &named);
    let state = state.unwrap_or_else(|problem| {
        damage.get_or_insert(problem.to_string());
        ApiState::Blind
    });
    let parts = or_damage(json(&parts.unwrap_or_default(), "watch", &name), &mut damage);
    Ok(Claim {
        watch: row.field("id")?,
        state,
        detail: detail.unwrap_or_default(),
        source: source.unwrap_or_default(),
        validators: Validators { etag, last_modified, parts },
        full_at,
        failures: as_u32(failures.unwrap_or(0)),
        latest,
        baseline,
        held,
        rule_set: as_u32(rule_set.unwrap_or(0)),
        findings: Vec::new(),
        notice: None,
        told: Vec::new(),
        notices: 0,
        generation,
        begun: (as_u32(begun.unwrap_or(0)), begun_of),
        damage,
        recurrence: None,
        gone: None,
        key,
    })
}

/// A claim with everything that belongs to it. One damaged row is this claim's trouble and nobody else's.
async fn claimed(transaction: &mut Transaction<'_, Sqlite>, row: &SqliteRow, now: DateTime<Utc>) -> Result<Claim, StoreError> {
    let mut claim = claim(row)?;
    match complete(transaction, &mut claim, now).await {
        Ok(()) => {}
        Err(problem) if problem.is_one_row() => claim.damage = claim.damage.or_else(|| Some(problem.to_string())),
        Err(problem) => return Err(problem),
    }
    Ok(claim)
}

async fn complete(transaction: &mut Transaction<'_, Sqlite>, claim: &mut Claim, now: DateTime<Utc>) -> Result<(), StoreError> {
    claim.notices = sqlx::query_scalar("SELECT COUNT(*) FROM notice WHERE watch = $1")
        .bind(claim.watch)
        .fetch_one(&mut **transaction)
        .await?;
    match open_notice(transaction, claim.watch).await? {
        Some((notice, recurrence)) => {
            claim.told = told(transaction, &notice.id).await?;
            claim.recurrence = recurrence;
            claim.notice = Some(notice);
        }
        None => claim.gone = gone(transaction, claim.watch, now).await?,
    }
    claim.findings = findings(transaction, claim.watch).await?;
    Ok(())
}
