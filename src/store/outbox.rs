//! The outbox: which letter is due, how each try went, and what its readers answered.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::model::{Acknowledgement, Answer, AttemptOutcome, Delivery, DeliveryState, Side, Surface, WatchKey, time_of};

use super::checks::{PlannedDelivery, compare_upcoming_again, event, forget_findings, insert_deliveries, key_of};
use super::{Store, StoreError, count, stored, word};

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

/// A letter that its reader can answer.
#[derive(Debug, Clone)]
pub struct OpenLetter {
    /// The notice.
    pub notice: String,
    /// The API.
    pub key: WatchKey,
    /// Which end the reader is on.
    pub side: Side,
    /// Key of the reader's party.
    pub party: String,
    /// Name of the reader.
    pub name: String,
    /// Subject of the letter.
    pub subject: String,
    /// When the notice was closed, if it was.
    pub closed_at: Option<DateTime<Utc>>,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// Whether a later letter told its reader's side more.
    pub is_outdated: bool,
    /// What this side answered last.
    pub answered: Option<Acknowledgement>,
}

/// What an answer led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It was taken down.
    Recorded,
    /// It was taken down, and with it everyone who is affected has accepted: the baseline moves.
    BaselineMoved,
    /// There is no such letter.
    Unknown,
    /// The notice is closed already.
    Closed,
    /// It accepts less than what is known by now: a later letter tells more, and is to be answered instead.
    Outdated,
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

impl Store {
    /// Takes letters that are due, oldest first, and records that a try begins.
    ///
    /// The try is a row before a byte is sent: after a crash it shows as begun and never finished, and the
    /// same bytes are sent again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn start_attempts(
        &self,
        now: DateTime<Utc>,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<(Delivery, i64)>, StoreError> {
        let mut transaction = self.begin().await?;
        // A set-back clock must not hold mail: nothing waits longer than its longest pause, two hours, or a night.
        let rows = sqlx::query(
            "UPDATE delivery SET next_at = $1, attempts = attempts + 1 WHERE id IN (
               SELECT id FROM delivery WHERE state = 'pending' AND (next_at <= $2 OR next_at > $3)
                 AND (not_before IS NULL OR not_before <= $2 OR not_before > $5) ORDER BY next_at, id LIMIT $4
             ) RETURNING *",
        )
        .bind(stored(now + lease))
        .bind(stored(now))
        .bind(stored(now + Duration::from_secs(2 * 3600)))
        .bind(i64::from(limit))
        .bind(stored(now + Duration::from_secs(24 * 3600)))
        .fetch_all(&mut *transaction)
        .await?;
        let mut started = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: i64 = row.get("id");
            let side: String = row.get("side");
            let delivery = Delivery {
                id,
                notice: row.get("notice"),
                side: word(Side::named(&side), "delivery", &id.to_string(), &side)?,
                recipient: row.get("recipient"),
                sender: row.get("sender"),
                message: row.get("message"),
                channel: row.get("channel"),
                attempts: count(row.get("attempts")),
            };
            let attempt: i64 = sqlx::query_scalar("INSERT INTO attempt (delivery, started_at) VALUES ($1, $2) RETURNING id")
                .bind(id)
                .bind(stored(now))
                .fetch_one(&mut *transaction)
                .await?;
            started.push((delivery, attempt));
        }
        started.sort_by_key(|(delivery, _)| delivery.id);
        transaction.commit().await?;
        Ok(started)
    }

    /// Makes letters due again whose try was cut off by the end of the process.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recover_attempts(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let cut_off = "SELECT delivery FROM attempt WHERE finished_at IS NULL";
        let query = format!("UPDATE delivery SET next_at = $1 WHERE state = 'pending' AND id IN ({cut_off})");
        let done = sqlx::query(sqlx::AssertSqlSafe(query)).bind(stored(now)).execute(&mut *transaction).await?;
        sqlx::query("UPDATE attempt SET finished_at = $1, outcome = 'ambiguous', reply = 'driftd stopped before the server answered' WHERE finished_at IS NULL")
            .bind(stored(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }

    /// When the next letter is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let next: Option<i64> = sqlx::query_scalar(
            "SELECT MIN(CASE WHEN not_before > next_at THEN not_before ELSE next_at END) FROM delivery WHERE state = 'pending'",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(next.map(time_of))
    }

    /// Records how a try went, and calls whoever stands in where it can never go well.
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
            .bind(stored(now))
            .bind(outcome.name())
            .bind(outcome.reply())
            .bind(attempt)
            .execute(&mut *transaction)
            .await?;
        let state = match outcome {
            AttemptOutcome::Sent(_) => DeliveryState::Sent,
            AttemptOutcome::Retry(_)
            | AttemptOutcome::Later(..)
            | AttemptOutcome::Ambiguous(_)
            | AttemptOutcome::NoServer(_)
            | AttemptOutcome::OurTrouble(_)
            | AttemptOutcome::MailboxFull(_) => DeliveryState::Pending,
            AttemptOutcome::DeadAddress(_) => DeliveryState::DeadAddress,
            AttemptOutcome::Refused(_) => DeliveryState::Refused,
        };
        sqlx::query("UPDATE delivery SET state = $1, next_at = $2, last_reply = $3, sent_at = $4 WHERE id = $5")
            .bind(state.name())
            .bind(stored(retry_at))
            .bind(outcome.reply())
            .bind((state == DeliveryState::Sent).then(|| stored(now)))
            .bind(delivery)
            .execute(&mut *transaction)
            .await?;
        let finished = match state {
            DeliveryState::DeadAddress | DeliveryState::Refused => {
                call_stand_in(&mut transaction, delivery, outcome, now).await?
            }
            _ => Finished::Settled,
        };
        transaction.commit().await?;
        Ok(finished)
    }

    /// Records that a letter came back to its envelope sender, and calls whoever stands in. A second report is none.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn bounced(&self, sender: &str, is_final: bool, text: &str, now: DateTime<Utc>) -> Result<Bounced, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "SELECT d.id, d.state, d.name, d.recipient, n.integration, n.api FROM delivery d JOIN notice n ON n.id = d.notice
             WHERE d.sender = $1 AND d.state <> 'standby'",
        )
        .bind(sender)
        .fetch_all(&mut *transaction)
        .await?;
        // A sender that several letters share is no letter's own address.
        let [row] = row.as_slice() else { return Ok(Bounced::NotOurs) };
        let (id, state): (i64, String) = (row.get("id"), row.get("state"));
        if state == DeliveryState::DeadAddress.name() || state == DeliveryState::Refused.name() {
            return Ok(Bounced::Known);
        }
        if !is_final {
            let (name, recipient): (String, String) = (row.get("name"), row.get("recipient"));
            let text = format!("{name} <{recipient}>: {text}");
            event(&mut transaction, stored(now), row.get("integration"), row.get("api"), "delayed", &text).await?;
            transaction.commit().await?;
            return Ok(Bounced::Noted);
        }
        sqlx::query("UPDATE delivery SET state = $1, last_reply = $2 WHERE id = $3")
            .bind(DeliveryState::DeadAddress.name())
            .bind(text)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        let outcome = AttemptOutcome::DeadAddress(text.to_owned());
        let called = call_stand_in(&mut transaction, id, &outcome, now).await?;
        transaction.commit().await?;
        Ok(if called == Finished::StandInCalled { Bounced::StandInCalled } else { Bounced::NobodyLeft })
    }

    /// The letter an answer link belongs to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn letter(&self, token: &str) -> Result<Option<OpenLetter>, StoreError> {
        let row = sqlx::query(
            "SELECT d.notice, d.side, d.party, d.name, d.subject, d.created_at, n.integration, n.api, n.surface, n.closed_at,
                    EXISTS (SELECT 1 FROM delivery l WHERE l.notice = d.notice AND l.side = d.side AND l.party = d.party
                            AND l.kind IN ('opened', 'updated') AND l.created_at > d.created_at) AS outdated,
                    a.owner, a.answer, a.fix_by, a.note
             FROM delivery d JOIN notice n ON n.id = d.notice
             LEFT JOIN acknowledgement a ON a.notice = d.notice AND a.side = d.side AND a.party = d.party
             WHERE d.token = $1",
        )
        .bind(token)
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let notice: String = row.get("notice");
        let side: String = row.get("side");
        let answered = match row.get::<Option<String>, _>("answer") {
            Some(_) => Some(acknowledgement(&row, &notice)?),
            None => None,
        };
        Ok(Some(OpenLetter {
            key: key_of(&row)?,
            side: word(Side::named(&side), "delivery", &notice, &side)?,
            party: row.get("party"),
            name: row.get("name"),
            subject: row.get("subject"),
            closed_at: row.get::<Option<i64>, _>("closed_at").map(time_of),
            written_at: time_of(row.get("created_at")),
            is_outdated: row.get("outdated"),
            answered,
            notice,
        }))
    }

    /// Takes down an answer, with the letters that follow from it. When every consumer that was written to has accepted, the latest description
    /// becomes the baseline and the notice is closed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn acknowledge(
        &self,
        token: &str,
        answer: &Acknowledgement,
        letters: Vec<PlannedDelivery>,
        now: DateTime<Utc>,
    ) -> Result<Answered, StoreError> {
        let Some(letter) = self.letter(token).await? else { return Ok(Answered::Unknown) };
        if letter.closed_at.is_some() {
            return Ok(Answered::Closed);
        }
        if letter.is_outdated && answer.answer == Answer::Accepted {
            return Ok(Answered::Outdated);
        }
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO acknowledgement (notice, side, party, owner, answer, fix_by, note, letter_at, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (notice, side, party) DO UPDATE SET
               owner = excluded.owner, answer = excluded.answer, fix_by = excluded.fix_by, note = excluded.note,
               letter_at = excluded.letter_at, at = excluded.at",
        )
        .bind(&letter.notice)
        .bind(letter.side.name())
        .bind(&letter.party)
        .bind(&answer.owner)
        .bind(answer.answer.name())
        .bind(answer.fix_by.map(|date| date.to_string()))
        .bind(&answer.note)
        .bind(stored(letter.written_at))
        .bind(stored(now))
        .execute(&mut *transaction)
        .await?;
        let by = answer.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default();
        let words = match answer.answer {
            Answer::Ours => format!("{} answered for the {}: ours{by} ({})", answer.owner, letter.side.name(), letter.notice),
            Answer::Accepted => format!("{} answered for the {}: accepted ({})", answer.owner, letter.side.name(), letter.notice),
        };
        event(&mut transaction, stored(now), &letter.key.integration, &letter.key.api, "answered", &words).await?;
        // Sent twice it is one answer, and the letters about it are one.
        if letter.answered.as_ref() != Some(answer) {
            insert_deliveries(&mut transaction, &letter.notice, stored(now), letters).await?;
        }
        let moved = letter.key.surface == Surface::Live && everyone_accepted(&mut transaction, &letter.notice).await?;
        if moved {
            accept(&mut transaction, &letter, now).await?;
        }
        transaction.commit().await?;
        Ok(if moved { Answered::BaselineMoved } else { Answered::Recorded })
    }
}

/// What a side answered.
pub(super) fn acknowledgement(row: &SqliteRow, notice: &str) -> Result<Acknowledgement, StoreError> {
    let answer: String = row.get("answer");
    Ok(Acknowledgement {
        owner: row.get("owner"),
        answer: word(Answer::named(&answer), "acknowledgement", notice, &answer)?,
        fix_by: super::date(row.get("fix_by"), notice)?,
        note: row.get("note"),
    })
}

async fn call_stand_in(
    transaction: &mut Transaction<'_, Sqlite>,
    delivery: i64,
    outcome: &AttemptOutcome,
    now: DateTime<Utc>,
) -> Result<Finished, StoreError> {
    let called =
        sqlx::query("UPDATE delivery SET state = 'pending', next_at = $1 WHERE stands_in_for = $2 AND state = 'standby'")
            .bind(stored(now))
            .bind(delivery)
            .execute(&mut **transaction)
            .await?;
    let row = sqlx::query(
        "SELECT d.name, d.recipient, n.integration, n.api FROM delivery d JOIN notice n ON n.id = d.notice WHERE d.id = $1",
    )
    .bind(delivery)
    .fetch_one(&mut **transaction)
    .await?;
    let (name, recipient): (String, String) = (row.get("name"), row.get("recipient"));
    let (integration, api): (String, String) = (row.get("integration"), row.get("api"));
    let stood_in = called.rows_affected() > 0;
    let what = if stood_in { "whoever stands in is written to" } else { "nobody stands in" };
    let text = format!("{name} <{recipient}> cannot be written to ({}); {what}", outcome.reply());
    event(transaction, stored(now), &integration, &api, "undeliverable", &text).await?;
    Ok(if stood_in { Finished::StandInCalled } else { Finished::NobodyLeft })
}

/// Whether every consumer that the notice concerns has accepted all it was told.
async fn everyone_accepted(transaction: &mut Transaction<'_, Sqlite>, notice: &str) -> Result<bool, StoreError> {
    let open: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT DISTINCT party FROM told WHERE notice = $1 AND side = 'consumer') p
         WHERE NOT EXISTS (SELECT 1 FROM acknowledgement a
           WHERE a.notice = $1 AND a.side = 'consumer' AND a.party = p.party AND a.answer = 'accepted'
             AND a.letter_at >= (SELECT MAX(d.created_at) FROM delivery d
               WHERE d.notice = $1 AND d.side = 'consumer' AND d.party = p.party AND d.kind IN ('opened', 'updated')))",
    )
    .bind(notice)
    .fetch_one(&mut **transaction)
    .await?;
    Ok(open == 0)
}

async fn accept(transaction: &mut Transaction<'_, Sqlite>, letter: &OpenLetter, now: DateTime<Utc>) -> Result<(), StoreError> {
    let key = &letter.key;
    sqlx::query(
        "UPDATE watch SET baseline = latest, state = 'verified', detail = 'accepted as the new baseline', generation = generation + 1
         WHERE integration = $1 AND api = $2 AND surface = $3",
    )
        .bind(&key.integration)
        .bind(&key.api)
        .bind(key.surface.name())
        .execute(&mut **transaction)
        .await?;
    forget_findings(transaction, key).await?;
    compare_upcoming_again(transaction, key, stored(now)).await?;
    sqlx::query("UPDATE notice SET closed_at = $1, closed_why = 'accepted by every consumer' WHERE id = $2")
        .bind(stored(now))
        .bind(&letter.notice)
        .execute(&mut **transaction)
        .await?;
    let text = format!("the latest description is the new baseline: accepted by every consumer ({})", letter.notice);
    event(transaction, stored(now), &key.integration, &key.api, "accepted", &text).await
}
