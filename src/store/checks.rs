//! Checks: what is due, what was known, and the one commit of what a check came to.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{
    ApiState, Checked, LastTold, LedgerStep, Notice, NoticeKind, OpenFinding, OperationLabel, Side, Surface, Validators, WatchKey,
};

use super::claims::{Claim, FLAPPING, Flaps, REVERTED, give_back};
use super::digests::{drop_from_digest, forget_quiet, keep_for_digest};
use super::watches::compare_upcoming_again;
use super::{Fields, Store, StoreError, json, ledger, stored, word};

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

/// A letter that is ready to go, and who stands in for its reader.
#[derive(Debug, Clone)]
pub struct PlannedDelivery {
    /// What it says.
    pub kind: NoticeKind,
    /// Which end it goes to.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// Name of the recipient.
    pub name: String,
    /// The one envelope recipient.
    pub recipient: String,
    /// Envelope sender.
    pub sender: String,
    /// Its subject.
    pub subject: String,
    /// Final RFC 5322 bytes.
    pub message: Vec<u8>,
    /// What its answer link carries; none where no answer is expected.
    pub token: Option<String>,
    /// Who is written to if this address is dead, in order.
    pub stand_ins: Vec<PlannedDelivery>,
    /// The channel it goes through, where that is not mail.
    pub channel: Option<String>,
    /// Until when it waits for the end of its reader's quiet hours.
    pub not_before: Option<DateTime<Utc>>,
}

/// What happens to the notice of a watch.
#[derive(Debug, Clone)]
pub enum NoticeStep {
    /// Nothing.
    Keep,
    /// The change came or went once more while it comes and goes; nobody is written to again.
    Flipped {
        /// The notice.
        id: String,
        /// How often it came back.
        flaps: Flaps,
    },
    /// It is opened, or told again; also one that was closed, where its change has come back.
    Tell {
        /// The notice.
        notice: Notice,
        /// How often its change came back, if it did.
        flaps: Option<Flaps>,
        /// The letters.
        deliveries: Vec<PlannedDelivery>,
        /// What their readers know once they have read them.
        told: Vec<LastTold>,
    },
    /// It is over.
    Close {
        /// Its id.
        id: String,
        /// Why, in words.
        why: String,
        /// The letters.
        deliveries: Vec<PlannedDelivery>,
    },
}

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
    pub key: WatchKey,
    /// What the claim said.
    pub generation: i64,
    /// Its state from now on.
    pub checked: Checked,
    /// The rule set that judged.
    pub rule_set: u32,
    /// What was read, if anything was.
    pub success: Option<SuccessfulCheck>,
    /// An implausible document that waits for a second fetch to agree.
    pub held: Option<String>,
    /// Whether comparing the document died or took too long: that is remembered, and it is done with less.
    pub is_deadly: bool,
    /// Until when the provider asked not to be asked again.
    pub wait_until: Option<DateTime<Utc>>,
    /// What happened, in words: kind and text.
    pub events: Vec<(&'static str, String)>,
}

impl CheckCommit {
    /// A check of what was claimed that read nothing, and has nothing to tell.
    pub fn of(claim: &Claim, checked: Checked) -> Self {
        Self {
            key: claim.key.clone(),
            generation: claim.generation,
            checked,
            rule_set: claim.rule_set,
            success: None,
            held: None,
            is_deadly: false,
            wait_until: None,
            events: Vec::new(),
        }
    }
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

    /// Commits everything a check changes: all of it, or nothing.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn commit_check(&self, commit: CheckCommit) -> Result<Committed, StoreError> {
        let CheckCommit { key, generation, checked, rule_set, success, held, is_deadly, wait_until, events } = commit;
        let compressed = match success.as_ref().and_then(|success| success.snapshot.as_ref()) {
            Some(snapshot) => {
                let body = zstd::bulk::compress(&snapshot.bytes, COMPRESSION);
                Some(body.map_err(|error| StoreError::Unavailable(sqlx::Error::Io(error)))?)
            }
            None => None,
        };
        let now = stored(checked.checked_at);
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE watch SET state = $1, detail = $2, failures = $3, checked_at = $4, next_at = $5, held = $6, rule_set = $7,
               begun = CASE WHEN leased = 2 AND NOT $13 THEN 0 ELSE begun END, leased = 0, wait_until = $8
             WHERE integration = $9 AND api = $10 AND surface = $11 AND generation = $12 AND active = 1",
        )
        .bind(checked.state.name())
        .bind(&checked.detail)
        .bind(i64::from(checked.failures))
        .bind(now)
        .bind(stored(checked.next_at))
        .bind(&held)
        .bind(i64::from(rule_set))
        .bind(wait_until.map(stored))
        .bind(&key.integration)
        .bind(&key.api)
        .bind(key.surface.name())
        .bind(generation)
        .bind(is_deadly)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            give_back(&mut transaction, &key, checked.checked_at).await?;
            transaction.commit().await?;
            return Ok(Committed::Overtaken);
        }
        let is_judged = success.is_some();
        if is_judged || checked.failures > 0 || checked.state == ApiState::Held {
            count_unjudged(&mut transaction, &key, now, is_judged).await?;
        }
        if let Some(success) = success
            && !record_success(&mut transaction, &key, now, success, compressed).await?
        {
            // Another notice has this id: the check is done again, and makes another one.
            transaction.rollback().await?;
            // A moment later everything that is made of the time is another.
            self.release(&key, checked.checked_at + TimeDelta::milliseconds(1)).await?;
            return Ok(Committed::Overtaken);
        }
        for (kind, text) in events {
            event(&mut transaction, now, &key.integration, &key.api, kind, &text).await?;
        }
        transaction.commit().await?;
        Ok(Committed::Recorded)
    }
}

/// What a commit does to the time in which nothing could be judged. One that begins within a day of the last is the same,
/// once more.
async fn count_unjudged(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    now: i64,
    is_judged: bool,
) -> Result<(), StoreError> {
    // It goes on, or it ended so lately that what begins now is the same once more.
    let is_same = "(unjudged_since IS NOT NULL AND (judged_at IS NULL OR judged_at > $5))";
    let query = if is_judged {
        "UPDATE watch SET judged_at = COALESCE(judged_at, $1),
           unjudged_for = unjudged_for + CASE WHEN judged_at IS NULL THEN MAX($1 - unjudged_from, 0) ELSE 0 END
         WHERE integration = $2 AND api = $3 AND surface = $4 AND unjudged_since IS NOT NULL"
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
             WHERE integration = $2 AND api = $3 AND surface = $4"
        )
    };
    let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(now).bind(&key.integration).bind(&key.api).bind(key.surface.name());
    let query = if is_judged { query } else { query.bind(now - FLAPPING.num_milliseconds()) };
    query.execute(&mut **transaction).await?;
    Ok(())
}

async fn record_success(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    now: i64,
    success: SuccessfulCheck,
    compressed: Option<Vec<u8>>,
) -> Result<bool, StoreError> {
    let SuccessfulCheck { validators, full, snapshot, operations, baseline, findings, ledger, notice } = success;
    let is_new = snapshot.is_some() && key.surface == Surface::Live;
    let operations = operations.map(|operations| serde_json::json!(operations).to_string());
    let parts = serde_json::to_string(&validators.parts).map_err(|error| StoreError::Corrupt {
        table: "watch",
        row: key.to_string(),
        what: error.to_string(),
    })?;
    if let (Some(snapshot), Some(body)) = (&snapshot, compressed) {
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
    }
    sqlx::query(
        "UPDATE watch SET succeeded_at = $1,
           verified_at = CASE WHEN $2 IS NULL THEN $1 ELSE verified_at END,
           changed_at = CASE WHEN $2 IS NULL THEN changed_at ELSE $1 END,
           full_at = CASE WHEN $3 = 1 THEN $1 ELSE full_at END,
           etag = $4, last_modified = $5, latest = COALESCE($2, latest), baseline = COALESCE($6, baseline),
           operations = COALESCE($7, operations), parts = $8
         WHERE integration = $9 AND api = $10 AND surface = $11",
    )
    .bind(now)
    .bind(snapshot.as_ref().map(|snapshot| snapshot.digest.clone()))
    .bind(i64::from(full))
    .bind(&validators.etag)
    .bind(&validators.last_modified)
    .bind(&baseline)
    .bind(&operations)
    .bind(parts)
    .bind(&key.integration)
    .bind(&key.api)
    .bind(key.surface.name())
    .execute(&mut **transaction)
    .await?;
    if baseline.is_some() && key.surface == Surface::Live {
        compare_upcoming_again(transaction, key, now).await?;
    }
    if let Some(findings) = findings {
        replace_findings(transaction, key, now, &findings).await?;
    }
    ledger::record(transaction, key, now, ledger).await?;
    if is_new {
        // What ended as announced, and what went before its day, shows in what there is.
        ledger::look_at_ledger(transaction, key, now).await?;
    }
    match notice {
        NoticeStep::Keep => {}
        NoticeStep::Flipped { id, flaps } => {
            sqlx::query("UPDATE notice SET flips = $1, flipped_at = $2 WHERE id = $3")
                .bind(i64::from(flaps.times))
                .bind(stored(flaps.at))
                .bind(&id)
                .execute(&mut **transaction)
                .await?;
        }
        NoticeStep::Tell { notice, flaps, deliveries, told } => {
            let done = sqlx::query(
                "INSERT INTO notice (id, integration, api, surface, opened_at, told_at, flips, flipped_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (id) DO UPDATE SET told_at = excluded.told_at, closed_at = NULL, closed_why = NULL,
                   flips = excluded.flips, flipped_at = excluded.flipped_at
                 WHERE integration = excluded.integration AND api = excluded.api AND surface = excluded.surface
                   AND (closed_at IS NULL OR (closed_why = $9 AND excluded.flips > 0))",
            )
            .bind(&notice.id)
            .bind(&key.integration)
            .bind(&key.api)
            .bind(key.surface.name())
            .bind(stored(notice.opened_at))
            .bind(now)
            .bind(flaps.map_or(0, |flaps| i64::from(flaps.times)))
            .bind(flaps.map(|flaps| stored(flaps.at)))
            .bind(REVERTED)
            .execute(&mut **transaction)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            insert_deliveries(transaction, &notice.id, now, deliveries).await?;
            for told in told {
                replace_told(transaction, &notice.id, told).await?;
            }
        }
        NoticeStep::Close { id, why, deliveries } => close_notice(transaction, &id, now, &why, deliveries).await?,
    }
    Ok(true)
}

/// Closes a notice with its last letters. What waits to be told of it is overtaken by that.
pub(super) async fn close_notice(
    transaction: &mut Transaction<'_, Sqlite>,
    id: &str,
    now: i64,
    why: &str,
    deliveries: Vec<PlannedDelivery>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE notice SET closed_at = $1, closed_why = $2 WHERE id = $3")
        .bind(now)
        .bind(why)
        .bind(id)
        .execute(&mut **transaction)
        .await?;
    sqlx::query(
        "UPDATE delivery SET state = 'overtaken' WHERE notice = $1 AND state IN ('pending', 'standby') AND kind <> 'resolved'",
    )
    .bind(id)
    .execute(&mut **transaction)
    .await?;
    insert_deliveries(transaction, id, now, deliveries).await
}

async fn replace_told(transaction: &mut Transaction<'_, Sqlite>, notice: &str, told: LastTold) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM told WHERE notice = $1 AND side = $2 AND party = $3")
        .bind(notice)
        .bind(told.side.name())
        .bind(&told.party)
        .execute(&mut **transaction)
        .await?;
    for (identity, content) in told.findings {
        sqlx::query("INSERT INTO told (notice, side, party, identity, content) VALUES ($1, $2, $3, $4, $5)")
            .bind(notice)
            .bind(told.side.name())
            .bind(&told.party)
            .bind(identity)
            .bind(content)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// Open findings are a state: gone ones go, known ones keep the day they were first seen.
async fn replace_findings(
    transaction: &mut Transaction<'_, Sqlite>,
    key: &WatchKey,
    now: i64,
    findings: &[OpenFinding],
) -> Result<(), StoreError> {
    let known: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT identity, opened_at, body FROM finding WHERE integration = $1 AND api = $2 AND surface = $3")
            .bind(&key.integration)
            .bind(&key.api)
            .bind(key.surface.name())
            .fetch_all(&mut **transaction)
            .await?;
    let mut was: HashMap<String, (i64, String)> = HashMap::new();
    for (identity, opened_at, body) in known {
        let finding: OpenFinding = json(&body, "finding", &identity)?;
        was.insert(identity, (opened_at, finding.content));
    }
    forget_findings(transaction, key).await?;
    forget_quiet(transaction, key, now).await?;
    for finding in findings {
        let body = serde_json::to_string(finding).map_err(|error| StoreError::Corrupt {
            table: "finding",
            row: finding.identity.clone(),
            what: error.to_string(),
        })?;
        sqlx::query(
            "INSERT INTO finding (integration, api, surface, identity, severity, body, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (integration, api, surface, identity) DO NOTHING",
        )
        .bind(&key.integration)
        .bind(&key.api)
        .bind(key.surface.name())
        .bind(&finding.identity)
        .bind(finding.severity.name())
        .bind(&body)
        .bind(was.get(&finding.identity).map_or(now, |(opened_at, _)| *opened_at))
        .execute(&mut **transaction)
        .await?;
        if key.surface != Surface::Live {
            continue;
        }
        // What was told in a letter is no line in a digest; what moved on is one again.
        if finding.needs_notice() {
            drop_from_digest(transaction, key, &finding.identity).await?;
        } else if was.get(&finding.identity).is_none_or(|(_, content)| *content != finding.content) {
            keep_for_digest(transaction, key, now, (&finding.identity, &body)).await?;
        }
    }
    Ok(())
}

/// Removes every finding of a watch.
pub(super) async fn forget_findings(transaction: &mut Transaction<'_, Sqlite>, key: &WatchKey) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM finding WHERE integration = $1 AND api = $2 AND surface = $3")
        .bind(&key.integration)
        .bind(&key.api)
        .bind(key.surface.name())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

pub(super) async fn insert_deliveries(
    transaction: &mut Transaction<'_, Sqlite>,
    notice: &str,
    now: i64,
    deliveries: Vec<PlannedDelivery>,
) -> Result<(), StoreError> {
    for delivery in deliveries {
        if delivery.kind == NoticeKind::Resolved && delivery.channel.is_none() {
            // What this party was still to be told is over before it left.
            sqlx::query(
                "UPDATE delivery SET state = 'overtaken' WHERE notice = $1 AND side = $2 AND party = $3 AND state IN ('pending', 'standby')
                   AND kind <> 'resolved'",
            )
            .bind(notice)
            .bind(delivery.side.name())
            .bind(&delivery.party)
            .execute(&mut **transaction)
            .await?;
        }
        if delivery.not_before.is_none() {
            // What cannot wait for the end of quiet hours waits for nothing that does: they leave in order, now.
            sqlx::query("UPDATE delivery SET not_before = NULL WHERE notice = $1 AND recipient = $2 AND state = 'pending'")
                .bind(notice)
                .bind(&delivery.recipient)
                .execute(&mut **transaction)
                .await?;
        }
        let mut previous: Option<i64> = None;
        let mut first = delivery;
        let stand_ins = std::mem::take(&mut first.stand_ins);
        for letter in std::iter::once(first).chain(stand_ins) {
            let state = if previous.is_none() { "pending" } else { "standby" };
            let id: Option<i64> = sqlx::query_scalar(
                "INSERT INTO delivery (notice, kind, side, party, name, recipient, sender, subject, message, stands_in_for, token, state, next_at, created_at, channel, not_before)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15)
                 ON CONFLICT (token) WHERE token IS NOT NULL DO NOTHING RETURNING id",
            )
            .bind(notice)
            .bind(letter.kind.name())
            .bind(letter.side.name())
            .bind(&letter.party)
            .bind(&letter.name)
            .bind(&letter.recipient)
            .bind(&letter.sender)
            .bind(&letter.subject)
            .bind(&letter.message)
            .bind(previous)
            .bind(&letter.token)
            .bind(state)
            .bind(now)
            .bind(&letter.channel)
            .bind(letter.not_before.map(stored))
            .fetch_optional(&mut **transaction)
            .await?;
            // The token is made of all that a letter says: two people who answer the same in one moment lead to one letter.
            if id.is_none() {
                break;
            }
            previous = id;
        }
    }
    Ok(())
}

pub(super) async fn event(
    transaction: &mut Transaction<'_, Sqlite>,
    at: i64,
    integration: &str,
    api: &str,
    kind: &str,
    text: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO event (at, integration, api, kind, text) VALUES ($1, $2, $3, $4, $5)")
        .bind(at)
        .bind(integration)
        .bind(api)
        .bind(kind)
        .bind(text)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

pub(super) fn key_of(row: &SqliteRow) -> Result<WatchKey, StoreError> {
    let surface: String = row.field("surface")?;
    let integration: String = row.field("integration")?;
    let api: String = row.field("api")?;
    let known = Surface::ALL.into_iter().find(|known| known.name() == surface);
    let surface = word(known, "watch", &format!("{integration}/{api}"), &surface)?;
    Ok(WatchKey { integration, api, surface })
}
