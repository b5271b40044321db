//! The outbox: which letter is due, and how each try went.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{AttemptOutcome, Delivery, DeliveryState, EventKind, Lane, Side, millis, time_of};

use super::database::Store;
use super::error::StoreError;
use super::events::event;
use super::letters::{LISTING, LetterRow, letter_row};
use super::rows::{Fields as _, as_u32, channel, key_of, parse};

/// What finishing an attempt led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// The letter is where it should be, or waits for its next try.
    Settled,
    /// Somebody else was written to instead.
    StandInCalled,
    /// There is nobody left to write to.
    NobodyLeft,
}

/// What a delivery report led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounced {
    /// It is about no letter of ours.
    NotOurs,
    /// The letter may still arrive.
    Noted,
    /// It was known already.
    Known,
    /// Somebody else is written to instead.
    StandInCalled,
    /// There is nobody left to write to.
    NobodyLeft,
}

/// The longest pause between two tries; what lies further ahead was planned by a clock that stood wrong.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(2 * 3600);

/// A letter that may be tried: nothing to the same reader about the same notice waits before it.
const NEXT_IN_ORDER: &str = "state = 'pending' AND (channel IS NOT NULL) = $1 AND NOT EXISTS (
       SELECT 1 FROM delivery e WHERE e.notice = delivery.notice AND e.recipient = delivery.recipient AND e.id < delivery.id
         AND e.state = 'pending' AND (e.channel IS NOT NULL) = $1)";

/// So long a letter is tried whose server refuses it, before whoever stands in is written to as well.
const REFUSED_FOR: TimeDelta = TimeDelta::days(1);

/// So long a letter is worth trying that belongs to a closed notice (RFC 5321 section 4.5.4.1).
const CLOSED_FOR: TimeDelta = TimeDelta::days(5);

impl Store {
    /// Takes letters of a lane that are due, oldest first and in order for each reader and notice, and records that a try
    /// begins.
    ///
    /// The try is a row before a byte is sent: after a crash it shows as begun and never finished, and the
    /// same bytes are sent again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn start_attempts(
        &self,
        lane: Lane,
        now: DateTime<Utc>,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<(Delivery, i64)>, StoreError> {
        let mut transaction = self.begin().await?;
        // A set-back clock must not hold mail: nothing waits longer than its longest pause, two hours, or a night.
        let query = format!(
            "UPDATE delivery SET next_at = $2, attempts = attempts + 1 WHERE id IN (
               SELECT id FROM delivery WHERE {NEXT_IN_ORDER} AND (next_at <= $3 OR next_at > $4)
                 AND (not_before IS NULL OR not_before <= $3 OR not_before > $6) ORDER BY next_at, id LIMIT $5
             ) RETURNING *"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(lane == Lane::Channels)
            .bind(millis(now + lease))
            .bind(millis(now))
            .bind(millis(now + LONGEST_PAUSE))
            .bind(i64::from(limit))
            .bind(millis(now + Duration::from_secs(24 * 3600)))
            .fetch_all(&mut *transaction)
            .await?;
        let mut started = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: i64 = row.field("id")?;
            let delivery = match delivery(row, id) {
                Ok(delivery) => delivery,
                // One damaged row is shown, and stops nobody else.
                Err(problem) => {
                    sqlx::query("UPDATE delivery SET state = 'refused', attempts = 1, last_reply = $1 WHERE id = $2")
                        .bind(problem.to_string())
                        .bind(id)
                        .execute(&mut *transaction)
                        .await?;
                    continue;
                }
            };
            let attempt: i64 = sqlx::query_scalar("INSERT INTO attempt (delivery, started_at) VALUES ($1, $2) RETURNING id")
                .bind(id)
                .bind(millis(now))
                .fetch_one(&mut *transaction)
                .await?;
            started.push((delivery, attempt));
        }
        started.sort_by_key(|(delivery, _)| delivery.id);
        transaction.commit().await?;
        Ok(started)
    }

    /// A letter leaves with this envelope sender from now on: reports about it come back there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn send_from(&self, delivery: i64, sender: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE delivery SET sender = $1 WHERE id = $2")
            .bind(sender)
            .bind(delivery)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// No letter by mail is tried before `until`: the server takes none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn postpone_mail(&self, until: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE delivery SET next_at = $1 WHERE state = 'pending' AND channel IS NULL AND next_at < $1")
            .bind(millis(until))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The server takes letters again: what waited for that is due. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wake_mail(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let woken = wake_mail(&mut transaction, now).await?;
        transaction.commit().await?;
        Ok(woken)
    }

    /// Whoever starts again or reloads has perhaps mended an address, a server or what it knows of its users: what waits for
    /// that is due, what programs refused of open notices is tried again, and where nobody of a party was reached the letters
    /// are given up, to be written anew by the active configuration. The operator, who stands in last, is nobody of a
    /// party.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn try_again(&self, operator: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        wake_mail(&mut transaction, now).await?;
        sqlx::query(
            "UPDATE delivery SET state = 'pending', next_at = $1 WHERE state = 'refused' AND channel IS NOT NULL
               AND notice IN (SELECT id FROM notice WHERE closed_at IS NULL)",
        )
        .bind(millis(now))
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "UPDATE delivery SET state = 'overtaken' WHERE state IN ('dead-address', 'refused') AND channel IS NULL
               AND kind IN ('opened', 'updated') AND notice IN (SELECT id FROM notice WHERE closed_at IS NULL)
               AND NOT EXISTS (SELECT 1 FROM delivery r WHERE r.notice = delivery.notice AND r.side = delivery.side
                 AND r.party = delivery.party AND r.channel IS NULL AND r.kind IN ('opened', 'updated')
                 AND r.state IN ('pending', 'sent') AND LOWER(r.recipient) <> LOWER($1))",
        )
        .bind(operator)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Makes letters due again whose try was cut off by the end of the process.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recover_attempts(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let cut_off = "SELECT delivery FROM attempt WHERE finished_at IS NULL";
        let query = format!("UPDATE delivery SET next_at = $1 WHERE state = 'pending' AND id IN ({cut_off})");
        let done = sqlx::query(sqlx::AssertSqlSafe(query)).bind(millis(now)).execute(&mut *transaction).await?;
        sqlx::query("UPDATE attempt SET finished_at = $1, outcome = 'ambiguous', reply = 'driftd stopped before the server answered' WHERE finished_at IS NULL")
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }

    /// When the next letter of a lane is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_delivery(&self, lane: Lane) -> Result<Option<DateTime<Utc>>, StoreError> {
        let query = format!(
            "SELECT MIN(CASE WHEN not_before > next_at THEN not_before ELSE next_at END) FROM delivery WHERE {NEXT_IN_ORDER}"
        );
        let next: Option<i64> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(lane == Lane::Channels).fetch_one(&self.readers).await?;
        Ok(next.map(time_of))
    }

    /// Records how a try went, and calls whoever stands in where it can never go well, or did not for a day.
    ///
    /// # Errors
    /// When the database does not answer; the try then counts as cut off.
    pub async fn finish_attempt(
        &self,
        delivery: i64,
        attempt: i64,
        outcome: &AttemptOutcome,
        retry_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Finished, StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE attempt SET finished_at = $1, outcome = $2, reply = $3 WHERE id = $4")
            .bind(millis(now))
            .bind(outcome.name())
            .bind(outcome.reply())
            .bind(attempt)
            .execute(&mut *transaction)
            .await?;
        let row = sqlx::query(
            "SELECT d.state, d.refused_since, d.created_at, n.closed_at FROM delivery d JOIN notice n ON n.id = d.notice WHERE d.id = $1",
        )
        .bind(delivery)
        .fetch_one(&mut *transaction)
        .await?;
        let is_refused = matches!(outcome, AttemptOutcome::OurTrouble(_) | AttemptOutcome::MailboxFull(_));
        let refused_since = row.field::<Option<i64>>("refused_since")?.map(time_of).or_else(|| is_refused.then_some(now));
        let is_stale = row.field::<Option<i64>>("closed_at")?.is_some() && now - time_of(row.field("created_at")?) > CLOSED_FOR;
        let is_overtaken = row.field::<String>("state")? == DeliveryState::Overtaken.name();
        let state = match outcome {
            AttemptOutcome::Sent(_) => DeliveryState::Sent,
            AttemptOutcome::DeadAddress(_) => DeliveryState::DeadAddress,
            AttemptOutcome::Refused(_) => DeliveryState::Refused,
            // Nobody waits for the end of what is over, unless no server was there to ask.
            AttemptOutcome::NoServer(_) | AttemptOutcome::Ambiguous(_) if !is_overtaken => DeliveryState::Pending,
            _ if is_stale => DeliveryState::Refused,
            // What was overtaken while it was tried is not tried again.
            _ if is_overtaken => DeliveryState::Overtaken,
            _ => DeliveryState::Pending,
        };
        sqlx::query(
            "UPDATE delivery SET state = $1, next_at = $2, last_reply = $3, sent_at = $4, outcome = $5, refused_since = $6 WHERE id = $7",
        )
        .bind(state.name())
        .bind(millis(retry_at))
        .bind(outcome.reply())
        .bind((state == DeliveryState::Sent).then(|| millis(now)))
        .bind(outcome.name())
        .bind(refused_since.filter(|_| state == DeliveryState::Pending).map(millis))
        .bind(delivery)
        .execute(&mut *transaction)
        .await?;
        let finished = match state {
            DeliveryState::DeadAddress | DeliveryState::Refused => {
                call_stand_in(&mut transaction, delivery, outcome, now).await?
            }
            DeliveryState::Pending if refused_since.is_some_and(|since| now - since >= REFUSED_FOR) => {
                call_after_a_day(&mut transaction, delivery, outcome, refused_since.unwrap_or(now), now).await?
            }
            _ => Finished::Settled,
        };
        transaction.commit().await?;
        Ok(finished)
    }

    /// Records that a letter came back to its envelope sender, and calls whoever stands in. A second report is none. `outcome`
    /// is what the report says of the letter; none where it may still arrive.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn bounced(
        &self,
        sender: &str,
        outcome: Option<&AttemptOutcome>,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<Bounced, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "SELECT d.id, d.state, d.name, d.recipient, w.integration, w.api, w.surface
             FROM delivery d JOIN notice n ON n.id = d.notice JOIN watch w ON w.id = n.watch
             WHERE LOWER(d.sender) = LOWER($1) AND d.state <> 'standby'",
        )
        .bind(sender)
        .fetch_all(&mut *transaction)
        .await?;
        // A sender that several letters share is no letter's own address.
        let [row] = row.as_slice() else { return Ok(Bounced::NotOurs) };
        let (id, state): (i64, String) = (row.field("id")?, row.field("state")?);
        if state == DeliveryState::DeadAddress.name() || state == DeliveryState::Refused.name() {
            return Ok(Bounced::Known);
        }
        let Some(outcome) = outcome else {
            let (name, recipient): (String, String) = (row.field("name")?, row.field("recipient")?);
            let text = format!("{name} <{recipient}>: {text}");
            event(&mut transaction, millis(now), &key_of(row)?, EventKind::Delayed, &text).await?;
            transaction.commit().await?;
            return Ok(Bounced::Noted);
        };
        // Whoever sent it on has given up; only some reports say that nobody is there.
        let is_dead = matches!(outcome, AttemptOutcome::DeadAddress(_));
        let state = if is_dead { DeliveryState::DeadAddress } else { DeliveryState::Refused };
        sqlx::query("UPDATE delivery SET state = $1, last_reply = $2, outcome = $3 WHERE id = $4")
            .bind(state.name())
            .bind(text)
            .bind(outcome.name())
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        let called = call_stand_in(&mut transaction, id, outcome, now).await?;
        transaction.commit().await?;
        Ok(match called {
            Finished::StandInCalled => Bounced::StandInCalled,
            Finished::NobodyLeft => Bounced::NobodyLeft,
            Finished::Settled => Bounced::Known,
        })
    }
}

async fn wake_mail(transaction: &mut Transaction<'_, Sqlite>, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "UPDATE delivery SET next_at = $1 WHERE state = 'pending' AND channel IS NULL AND next_at > $1
           AND (outcome IS NULL OR outcome NOT IN ('mailbox-full', 'later'))
           AND id NOT IN (SELECT delivery FROM attempt WHERE finished_at IS NULL)",
    )
    .bind(millis(now))
    .execute(&mut **transaction)
    .await?;
    Ok(done.rows_affected())
}

/// A letter that is to be sent.
fn delivery(row: &SqliteRow, id: i64) -> Result<Delivery, StoreError> {
    let named: String = row.field("side")?;
    Ok(Delivery {
        id,
        notice: row.field("notice")?,
        side: parse(Side::named, "delivery", &id.to_string(), &named)?,
        recipient: row.field("recipient")?,
        sender: row.field("sender")?,
        message: row.field("message")?,
        channel: channel(row, id)?,
        attempts: as_u32(row.field("attempts")?),
    })
}

async fn call_stand_in(
    transaction: &mut Transaction<'_, Sqlite>,
    delivery: i64,
    outcome: &AttemptOutcome,
    now: DateTime<Utc>,
) -> Result<Finished, StoreError> {
    // Two people may have the same to stand in for them: a letter of one moment is written to nobody twice.
    sqlx::query(
        "UPDATE delivery SET state = 'overtaken' WHERE stands_in_for = $1 AND state = 'standby' AND EXISTS (
           SELECT 1 FROM delivery o WHERE o.notice = delivery.notice AND o.side = delivery.side AND o.party = delivery.party
             AND o.kind = delivery.kind AND o.created_at = delivery.created_at AND o.channel IS NULL
             AND LOWER(o.recipient) = LOWER(delivery.recipient) AND o.state IN ('pending', 'sent'))",
    )
    .bind(delivery)
    .execute(&mut **transaction)
    .await?;
    let called =
        sqlx::query("UPDATE delivery SET state = 'pending', next_at = $1 WHERE stands_in_for = $2 AND state = 'standby'")
            .bind(millis(now))
            .bind(delivery)
            .execute(&mut **transaction)
            .await?;
    let row = sqlx::query(
        "SELECT d.name, d.recipient, w.integration, w.api, w.surface
         FROM delivery d JOIN notice n ON n.id = d.notice JOIN watch w ON w.id = n.watch WHERE d.id = $1",
    )
    .bind(delivery)
    .fetch_one(&mut **transaction)
    .await?;
    let (name, recipient): (String, String) = (row.field("name")?, row.field("recipient")?);
    let standing_in: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM delivery WHERE stands_in_for = $1")
        .bind(delivery)
        .fetch_one(&mut **transaction)
        .await?;
    let (finished, what) = match (called.rows_affected(), standing_in) {
        (0, 0) => (Finished::NobodyLeft, "nobody stands in"),
        (0, _) => (Finished::Settled, "whoever stands in was written to before"),
        _ => (Finished::StandInCalled, "whoever stands in is written to"),
    };
    let text = format!("{name} <{recipient}> cannot be written to ({}); {what}", outcome.reply());
    event(transaction, millis(now), &key_of(&row)?, EventKind::Undeliverable, &text).await?;
    Ok(finished)
}

/// A mailbox that stays full, or a server that takes letters for others and not this one: after a day whoever stands in is
/// written to as well, also of what waits behind this letter. The first reader is still tried.
async fn call_after_a_day(
    transaction: &mut Transaction<'_, Sqlite>,
    delivery: i64,
    outcome: &AttemptOutcome,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Finished, StoreError> {
    // A server that refuses everybody would refuse whoever stands in.
    let takes_others: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM delivery WHERE channel IS NULL AND sent_at > $1")
        .bind(millis(since))
        .fetch_one(&mut **transaction)
        .await?;
    if !matches!(outcome, AttemptOutcome::MailboxFull(_)) && takes_others == 0 {
        return Ok(Finished::Settled);
    }
    let waiting: Vec<i64> = sqlx::query_scalar(
        "SELECT w.id FROM delivery w JOIN delivery d ON d.id = $1 AND d.notice = w.notice AND d.recipient = w.recipient
         WHERE w.state = 'pending' AND w.channel IS NULL
           AND EXISTS (SELECT 1 FROM delivery s WHERE s.stands_in_for = w.id AND s.state = 'standby') ORDER BY w.id",
    )
    .bind(delivery)
    .fetch_all(&mut **transaction)
    .await?;
    let mut finished = Finished::Settled;
    for letter in waiting {
        finished = call_stand_in(transaction, letter, outcome, now).await?;
    }
    Ok(finished)
}

/// Which letters are sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resend {
    /// This one, whatever became of it.
    Letter(i64),
    /// Those of an open notice that could not be delivered, by its id or its fingerprint.
    Notice(String),
    /// Those of every open notice.
    All,
}

impl Store {
    /// Makes letters due at once, with the bytes they have. Returns each as it was before.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn resend(&self, which: &Resend, now: DateTime<Utc>) -> Result<Vec<LetterRow>, StoreError> {
        const FAILED: &str = "d.state IN ('dead-address', 'refused') AND (n.closed_at IS NULL OR (d.kind = 'outage' AND EXISTS (
               SELECT 1 FROM watch w WHERE w.id = n.watch AND w.unjudged_since = n.opened_at AND w.judged_at IS NULL)))";
        let mut transaction = self.begin().await?;
        let (id, notice) = match which {
            Resend::Letter(id) => (Some(*id), None),
            Resend::Notice(notice) => (None, Some(notice.as_str())),
            Resend::All => (None, None),
        };
        let query = format!(
            "{LISTING} WHERE CASE WHEN $1 IS NULL THEN {FAILED} AND ($2 IS NULL OR n.id = $2 OR n.fingerprint = $2)
               ELSE d.id = $1 AND d.state <> 'standby' END ORDER BY d.id"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).bind(id).bind(notice).fetch_all(&mut *transaction).await?;
        let letters: Vec<LetterRow> = rows.iter().map(letter_row).collect::<Result<_, _>>()?;
        for row in &letters {
            sqlx::query("UPDATE delivery SET state = 'pending', next_at = $1, not_before = NULL, sent_at = NULL WHERE id = $2")
                .bind(millis(now))
                .bind(row.letter.id)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(letters)
    }
}
