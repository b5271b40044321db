//! The one commit of what a check came to.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Sqlite, Transaction};

use crate::model::{ApiState, Checked, LastTold, LedgerStep, OpenFinding, OperationLabel, Surface, Validators, WatchKey, millis};

use super::claims::Claim;
use super::database::Store;
use super::error::StoreError;
use super::events::{NewEvent, event};
use super::findings::replace_findings;
use super::ledger::record;
use super::notices::{FLAPPING, NoticeStep, apply_notice_step, replace_told};
use super::rows::to_json;
use super::snapshots::{NewSnapshot, compressed, insert_snapshot};
use super::watches::{WatchId, compare_upcoming_again, give_back, make_ledger_due};

/// What a check that could read the description came to.
#[derive(Debug, Clone)]
pub struct SuccessfulCheck {
    /// What makes the next GET conditional.
    pub validators: Validators,
    /// Whether the whole document was fetched.
    pub full: bool,
    /// The document, where it is a new one.
    pub snapshot: Option<NewSnapshot>,
    /// `METHOD path` of every operation in it.
    pub operations: Option<Vec<OperationLabel>>,
    /// The new baseline, where it moves.
    pub baseline: Option<String>,
    /// All that differs from the baseline, where it was computed.
    pub findings: Option<Vec<OpenFinding>>,
    /// What was said about dates that is new.
    pub ledger: Vec<LedgerStep>,
    /// The open notice, and what each party counts as told of it under newer rules, where these have judged.
    pub rebased: Option<(String, Vec<LastTold>)>,
    /// The notice.
    pub notice: NoticeStep,
}

/// What became of the outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It is on disk.
    Recorded,
    /// What the check had read was changed meanwhile, by an answer or a reload: nothing was recorded, and the
    /// check is due again at once.
    Overtaken,
}

/// All that one check changes, committed at once.
#[derive(Debug, Clone)]
pub struct CheckCommit {
    /// The watch.
    pub watch: WatchId,
    /// Its name.
    pub key: WatchKey,
    /// What the claim said.
    pub generation: i64,
    /// Its state from now on.
    pub checked: Checked,
    /// The rule set that judged.
    pub rule_set: u32,
    /// What was read, if anything was.
    pub success: Option<SuccessfulCheck>,
    /// What an implausible document looked like, in counts, that waits for a second fetch to agree.
    pub held: Option<String>,
    /// Whether comparing the document died or took too long: that is remembered, and it is done with less.
    pub counts_as_crash: bool,
    /// Until when the provider asked not to be asked again.
    pub wait_until: Option<DateTime<Utc>>,
    /// What happened.
    pub events: Vec<NewEvent>,
}

impl CheckCommit {
    /// A check of what was claimed that read nothing, and has nothing to tell.
    pub fn of(claim: &Claim, checked: Checked) -> Self {
        Self {
            watch: claim.watch,
            key: claim.key.clone(),
            generation: claim.generation,
            checked,
            rule_set: claim.rule_set,
            success: None,
            held: None,
            counts_as_crash: false,
            wait_until: None,
            events: Vec::new(),
        }
    }
}

impl Store {
    /// Commits everything a check changes: all of it, or nothing.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn commit_check(&self, commit: CheckCommit) -> Result<Committed, StoreError> {
        let CheckCommit { watch, key, generation, checked, rule_set, success, held, counts_as_crash, wait_until, events } =
            commit;
        let snapshot = success.as_ref().and_then(|success| success.snapshot.as_ref());
        let compressed = snapshot.map(compressed).transpose()?;
        let now = millis(checked.checked_at);
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE watch SET state = $1, detail = $2, failures = $3, checked_at = $4, next_at = $5, held = $6, rule_set = $7,
               begun = CASE WHEN leased = 2 AND NOT $11 THEN 0 ELSE begun END, leased = 0, wait_until = $8
             WHERE id = $9 AND generation = $10 AND active = 1",
        )
        .bind(checked.state.name())
        .bind(&checked.detail)
        .bind(i64::from(checked.failures))
        .bind(now)
        .bind(millis(checked.next_at))
        .bind(&held)
        .bind(i64::from(rule_set))
        .bind(wait_until.map(millis))
        .bind(watch)
        .bind(generation)
        .bind(counts_as_crash)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            give_back(&mut transaction, watch, checked.checked_at).await?;
            transaction.commit().await?;
            return Ok(Committed::Overtaken);
        }
        let is_judged = success.is_some();
        if is_judged || checked.failures > 0 || checked.state == ApiState::Held {
            count_unjudged(&mut transaction, watch, now, is_judged).await?;
        }
        if let Some(success) = success
            && !record_success(&mut transaction, watch, &key, now, success, compressed).await?
        {
            // Another notice has this id: the check is done again, and makes another one.
            transaction.rollback().await?;
            // A moment later everything that is made of the time is another.
            self.release(watch, checked.checked_at + TimeDelta::milliseconds(1)).await?;
            return Ok(Committed::Overtaken);
        }
        for NewEvent { kind, text } in events {
            event(&mut transaction, now, &key, kind, &text).await?;
        }
        transaction.commit().await?;
        Ok(Committed::Recorded)
    }
}

/// What a commit does to the time in which nothing could be judged. One that begins within a day of the last is the same,
/// once more.
async fn count_unjudged(
    transaction: &mut Transaction<'_, Sqlite>,
    watch: WatchId,
    now: i64,
    is_judged: bool,
) -> Result<(), StoreError> {
    // It goes on, or it ended so lately that what begins now is the same once more.
    let is_same = "(unjudged_since IS NOT NULL AND (judged_at IS NULL OR judged_at > $3))";
    let query = if is_judged {
        "UPDATE watch SET judged_at = COALESCE(judged_at, $1),
           unjudged_for = unjudged_for + CASE WHEN judged_at IS NULL THEN MAX($1 - unjudged_from, 0) ELSE 0 END
         WHERE id = $2 AND unjudged_since IS NOT NULL"
            .to_owned()
    } else {
        format!(
            "UPDATE watch SET
               unjudged_told_at = CASE WHEN {is_same} THEN unjudged_told_at END,
               unjudged_for = CASE WHEN {is_same} THEN unjudged_for ELSE 0 END,
               unjudged_from = CASE WHEN {is_same} AND judged_at IS NULL THEN unjudged_from ELSE $1 END,
               unjudged_times = CASE WHEN NOT {is_same} THEN 1 WHEN judged_at IS NULL THEN unjudged_times ELSE unjudged_times + 1 END,
               unjudged_since = CASE WHEN {is_same} THEN unjudged_since ELSE $1 END,
               judged_at = NULL
             WHERE id = $2"
        )
    };
    let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(now).bind(watch);
    let query = if is_judged { query } else { query.bind(now - FLAPPING.num_milliseconds()) };
    query.execute(&mut **transaction).await?;
    Ok(())
}

async fn record_success(
    transaction: &mut Transaction<'_, Sqlite>,
    watch: WatchId,
    key: &WatchKey,
    now: i64,
    success: SuccessfulCheck,
    compressed: Option<Vec<u8>>,
) -> Result<bool, StoreError> {
    let SuccessfulCheck { validators, full, snapshot, operations, baseline, findings, ledger, rebased, notice } = success;
    let is_new = snapshot.is_some() && key.surface == Surface::Live;
    let operations = operations.map(|operations| serde_json::json!(operations).to_string());
    let parts = to_json(&validators.parts, "watch", &key.to_string())?;
    if let (Some(snapshot), Some(body)) = (&snapshot, compressed) {
        insert_snapshot(transaction, snapshot, body, now).await?;
    }
    sqlx::query(
        "UPDATE watch SET succeeded_at = $1,
           verified_at = CASE WHEN $2 IS NULL THEN $1 ELSE verified_at END,
           changed_at = CASE WHEN $2 IS NULL THEN changed_at ELSE $1 END,
           full_at = CASE WHEN $3 = 1 THEN $1 ELSE full_at END,
           etag = $4, last_modified = $5, latest = COALESCE($2, latest), baseline = COALESCE($6, baseline),
           operations = COALESCE($7, operations), parts = $8
         WHERE id = $9",
    )
    .bind(now)
    .bind(snapshot.as_ref().map(|snapshot| snapshot.digest.clone()))
    .bind(i64::from(full))
    .bind(&validators.etag)
    .bind(&validators.last_modified)
    .bind(&baseline)
    .bind(&operations)
    .bind(parts)
    .bind(watch)
    .execute(&mut **transaction)
    .await?;
    if baseline.is_some() && key.surface == Surface::Live {
        compare_upcoming_again(transaction, key, now).await?;
    }
    if let Some(findings) = findings {
        replace_findings(transaction, watch, key, now, &findings).await?;
    }
    record(transaction, key, now, ledger).await?;
    if is_new {
        // What ended as announced, and what went before its day, shows in what there is.
        make_ledger_due(transaction, key, now).await?;
    }
    if let Some((notice, told)) = rebased {
        for told in told {
            replace_told(transaction, &notice, told).await?;
        }
    }
    apply_notice_step(transaction, watch, notice, now).await
}
