//! Claims: which descriptions are due, with everything that is known of each.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::model::{ApiState, Notice, OpenFinding, Side, Told, Validators, WatchKey, time_of};

use super::checks::key_of;
use super::{Store, StoreError, count, json, stored, word};

/// A description that is due, and what is known of it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Its name.
    pub key: WatchKey,
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
    /// Digest of an implausible document that waits for a second fetch to agree.
    pub held: Option<String>,
    /// Rule set of the stored findings.
    pub rule_set: u32,
    /// What differs now.
    pub findings: Vec<OpenFinding>,
    /// The notice that tells of it.
    pub notice: Option<Notice>,
    /// What each party was told under it.
    pub told: Vec<Told>,
    /// How many notices there were before.
    pub notices: i64,
    /// Moves when something else than a check changes what stands here.
    pub generation: i64,
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
            "UPDATE watch SET next_at = $1, leased = 1 WHERE rowid IN (
               SELECT rowid FROM watch WHERE active = 1 AND (next_at <= $2 OR checked_at > $3) ORDER BY next_at LIMIT $4
             ) RETURNING *",
        )
        .bind(stored(now + lease))
        .bind(stored(now))
        .bind(stored(now) + tolerance)
        .bind(i64::from(limit))
        .fetch_all(&mut *transaction)
        .await?;
        let mut claims = Vec::with_capacity(rows.len());
        for row in &rows {
            match claimed(&mut transaction, row).await {
                Ok(claim) => claims.push(claim),
                // One damaged row must not stop the others: it is shown, and tried again when its lease ends.
                Err(problem @ StoreError::Corrupt { .. }) => {
                    sqlx::query(
                        "UPDATE watch SET state = 'blind', detail = $1, failures = failures + 1, checked_at = $2, leased = 0
                         WHERE integration = $3 AND api = $4 AND surface = $5",
                    )
                    .bind(problem.to_string())
                    .bind(stored(now))
                    .bind(row.get::<String, _>("integration"))
                    .bind(row.get::<String, _>("api"))
                    .bind(row.get::<String, _>("surface"))
                    .execute(&mut *transaction)
                    .await?;
                }
                Err(problem) => return Err(problem),
            }
        }
        // The lease is also a "checked" mark, or a set-back clock would claim the same rows again at once.
        for claim in &claims {
            sqlx::query(
                "UPDATE watch SET checked_at = $1 WHERE integration = $2 AND api = $3 AND surface = $4 AND checked_at > $1",
            )
            .bind(stored(now))
            .bind(&claim.key.integration)
            .bind(&claim.key.api)
            .bind(claim.key.surface.name())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(claims)
    }

    /// Makes due again what was under way when the process or the database stopped.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_leases(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query("UPDATE watch SET next_at = $1, leased = 0 WHERE leased = 1")
            .bind(stored(now))
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected())
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
}

fn claim(row: &SqliteRow) -> Result<Claim, StoreError> {
    let key = key_of(row)?;
    let state: String = row.get("state");
    Ok(Claim {
        state: word(ApiState::named(&state), "watch", &key.to_string(), &state)?,
        detail: row.get("detail"),
        validators: Validators {
            etag: row.get("etag"),
            last_modified: row.get("last_modified"),
            parts: json(row.get("parts"), "watch", &key.to_string())?,
        },
        full_at: row.get::<Option<i64>, _>("full_at").map(time_of),
        failures: count(row.get("failures")),
        latest: row.get("latest"),
        baseline: row.get("baseline"),
        held: row.get("held"),
        rule_set: count(row.get("rule_set")),
        findings: Vec::new(),
        notice: None,
        told: Vec::new(),
        notices: 0,
        generation: row.get("generation"),
        key,
    })
}

/// A claim with everything that belongs to it.
async fn claimed(transaction: &mut Transaction<'_, Sqlite>, row: &SqliteRow) -> Result<Claim, StoreError> {
    let mut claim = claim(row)?;
    claim.findings = findings(transaction, &claim.key).await?;
    claim.notice = open_notice(transaction, &claim.key).await?;
    claim.notices = sqlx::query_scalar("SELECT COUNT(*) FROM notice WHERE integration = $1 AND api = $2 AND surface = $3")
        .bind(&claim.key.integration)
        .bind(&claim.key.api)
        .bind(claim.key.surface.name())
        .fetch_one(&mut **transaction)
        .await?;
    if let Some(notice) = &claim.notice {
        claim.told = told(transaction, &notice.id).await?;
    }
    Ok(claim)
}

pub(super) async fn told(transaction: &mut Transaction<'_, Sqlite>, notice: &str) -> Result<Vec<Told>, StoreError> {
    let rows: Vec<(String, String, String, String)> =
        sqlx::query_as("SELECT side, party, identity, content FROM told WHERE notice = $1 ORDER BY side, party, identity")
            .bind(notice)
            .fetch_all(&mut **transaction)
            .await?;
    let mut told: Vec<Told> = Vec::new();
    for (side, party, identity, content) in rows {
        let side = word(Side::named(&side), "told", notice, &side)?;
        match told.last_mut().filter(|last| last.side == side && last.party == party) {
            Some(last) => {
                last.findings.insert(identity, content);
            }
            None => told.push(Told { side, party, findings: [(identity, content)].into() }),
        }
    }
    Ok(told)
}

pub(super) async fn findings(transaction: &mut Transaction<'_, Sqlite>, key: &WatchKey) -> Result<Vec<OpenFinding>, StoreError> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT identity, body FROM finding WHERE integration = $1 AND api = $2 AND surface = $3 ORDER BY rowid")
            .bind(&key.integration)
            .bind(&key.api)
            .bind(key.surface.name())
            .fetch_all(&mut **transaction)
            .await?;
    rows.iter().map(|(identity, body)| json(body, "finding", identity)).collect()
}

async fn open_notice(transaction: &mut Transaction<'_, Sqlite>, key: &WatchKey) -> Result<Option<Notice>, StoreError> {
    let row: Option<(String, i64, i64)> = sqlx::query_as(
        "SELECT id, opened_at, told_at FROM notice WHERE integration = $1 AND api = $2 AND surface = $3 AND closed_at IS NULL",
    )
    .bind(&key.integration)
    .bind(&key.api)
    .bind(key.surface.name())
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row.map(|(id, opened, told)| Notice { id, opened_at: time_of(opened), told_at: time_of(told) }))
}
