//! What readers answer: the letter a link belongs to, and what its answer leads to.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::model::{Acknowledgement, Answer, EventKind, Side, Surface, WatchKey, millis, time_of};

use super::acknowledgement::acknowledgement;
use super::database::Store;
use super::deliveries::{PlannedDelivery, insert_deliveries};
use super::error::StoreError;
use super::events::event;
use super::findings::forget_findings;
use super::notices::close_notice;
use super::rows::{Fields as _, key_of, parse};
use super::watches::{WatchId, compare_upcoming_again};

/// A letter that its reader can answer.
#[derive(Debug, Clone)]
pub struct OpenLetter {
    /// The notice.
    pub notice: String,
    /// Number of the watch.
    pub watch: WatchId,
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
pub enum AnswerOutcome {
    /// It was recorded.
    Recorded,
    /// It was recorded, and with it everyone who is affected has accepted: the baseline moves.
    BaselineMoved,
    /// There is no such letter.
    Unknown,
    /// The notice is closed already.
    Closed,
    /// The API, or the reader's party, is not in the configuration any more.
    NotWatched,
    /// Nobody new holds the role that was named.
    NobodyThere,
    /// There is no such proposal of the other side, or it was decided already.
    Decided,
    /// It accepts less than what is known by now: a later letter tells more, and is to be answered instead.
    Outdated,
    /// It accepts what differs no more at the moment, and may come back.
    Gone,
    /// Nothing was recorded: the other side was written to so often today that it would not hear of it.
    TooOften,
}

/// What follows where everybody has accepted.
#[derive(Debug, Clone)]
pub struct Closing<'c> {
    /// The last letters.
    pub letters: Vec<PlannedDelivery>,
    /// Keys of the parties that call the API by the active configuration: who was taken out is not waited for.
    pub consumers: Vec<&'c str>,
}

impl Store {
    /// The letter an answer link belongs to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn letter(&self, token: &str) -> Result<Option<OpenLetter>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        open_letter(&mut reader, token).await
    }

    /// Records an answer, with the letters that follow from it. When every consumer that was written to has accepted, the
    /// latest description becomes the baseline and the notice is closed with the letters `closing`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn acknowledge(
        &self,
        token: &str,
        answer: &Acknowledgement,
        letters: Vec<PlannedDelivery>,
        closing: Closing<'_>,
        now: DateTime<Utc>,
    ) -> Result<AnswerOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        // Read where it is written: a notice that is closed meanwhile takes no answer.
        let Some(letter) = open_letter(&mut transaction, token).await? else { return Ok(AnswerOutcome::Unknown) };
        if letter.closed_at.is_some() {
            return Ok(AnswerOutcome::Closed);
        }
        if letter.is_outdated && answer.answer == Answer::Accepted {
            return Ok(AnswerOutcome::Outdated);
        }
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
        .bind(millis(letter.written_at))
        .bind(millis(now))
        .execute(&mut *transaction)
        .await?;
        let by = answer.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default();
        let words = match answer.answer {
            Answer::Ours => format!("{} answered for the {}: ours{by} ({})", answer.owner, letter.side.name(), letter.notice),
            Answer::Accepted => format!("{} answered for the {}: accepted ({})", answer.owner, letter.side.name(), letter.notice),
        };
        event(&mut transaction, millis(now), &letter.key, EventKind::Answered, &words).await?;
        // Sent twice it is one answer, and the letters about it are one.
        let is_news = letter.answered.as_ref() != Some(answer);
        if is_news && may_tell(&mut transaction, &letter.notice, letter.side, now).await? {
            insert_deliveries(&mut transaction, &letter.notice, millis(now), letters).await?;
        }
        // Nobody is asked any more why nobody answered.
        sqlx::query(
            "UPDATE delivery SET state = 'overtaken' WHERE notice = $1 AND side = $2 AND party = $3 AND kind = 'escalated'
               AND state IN ('pending', 'standby')",
        )
        .bind(&letter.notice)
        .bind(letter.side.name())
        .bind(&letter.party)
        .execute(&mut *transaction)
        .await?;
        let may_move = answer.answer == Answer::Accepted && letter.key.surface == Surface::Live;
        let moved = may_move && everyone_accepted(&mut transaction, &letter.notice, closing.consumers).await?;
        if moved {
            accept(&mut transaction, &letter, closing.letters, now).await?;
        }
        transaction.commit().await?;
        Ok(if moved { AnswerOutcome::BaselineMoved } else { AnswerOutcome::Recorded })
    }
}

/// The letter an answer link belongs to, as this connection sees it.
async fn open_letter(connection: &mut SqliteConnection, token: &str) -> Result<Option<OpenLetter>, StoreError> {
    let row = sqlx::query(
"SELECT d.notice, d.side, d.party, d.name, d.subject, d.created_at, n.watch, w.integration, w.api, w.surface, n.closed_at,
                    EXISTS (SELECT 1 FROM delivery l WHERE l.notice = d.notice AND l.side = d.side AND l.party = d.party
                            AND l.kind IN ('opened', 'updated') AND l.created_at > d.created_at) AS outdated,
                    a.owner, a.answer, a.fix_by, a.note
             FROM delivery d JOIN notice n ON n.id = d.notice JOIN watch w ON w.id = n.watch
             LEFT JOIN acknowledgement a ON a.notice = d.notice AND a.side = d.side AND a.party = d.party
             WHERE d.token = $1",
        )
        .bind(token)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let notice: String = row.field("notice")?;
    let side: String = row.field("side")?;
    let answered = match row.field::<Option<String>>("answer")? {
        Some(_) => Some(acknowledgement(&row, &notice)?),
        None => None,
    };
    Ok(Some(OpenLetter {
        watch: row.field("watch")?,
        key: key_of(&row)?,
        side: parse(Side::named, "delivery", &notice, &side)?,
        party: row.field("party")?,
        name: row.field("name")?,
        subject: row.field("subject")?,
        closed_at: row.field::<Option<i64>>("closed_at")?.map(time_of),
        written_at: time_of(row.field("created_at")?),
        is_outdated: row.field("outdated")?,
        answered,
        notice,
    }))
}

/// Whether every consumer that the notice concerns has accepted all it was told.
async fn everyone_accepted(
    transaction: &mut Transaction<'_, Sqlite>,
    notice: &str,
    consumers: Vec<&str>,
) -> Result<bool, StoreError> {
    let open: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT DISTINCT party FROM told WHERE notice = $1 AND side = 'consumer') p
         WHERE p.party IN (SELECT value FROM json_each($2)) AND NOT EXISTS (SELECT 1 FROM acknowledgement a
           WHERE a.notice = $1 AND a.side = 'consumer' AND a.party = p.party AND a.answer = 'accepted'
             AND a.letter_at >= (SELECT MAX(d.created_at) FROM delivery d
               WHERE d.notice = $1 AND d.side = 'consumer' AND d.party = p.party AND d.kind IN ('opened', 'updated')))",
    )
    .bind(notice)
    .bind(serde_json::Value::from(consumers).to_string())
    .fetch_one(&mut **transaction)
    .await?;
    Ok(open == 0)
}

async fn accept(
    transaction: &mut Transaction<'_, Sqlite>,
    letter: &OpenLetter,
    closing: Vec<PlannedDelivery>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let key = &letter.key;
    sqlx::query(
        "UPDATE watch SET baseline = latest, generation = generation + 1,
           detail = CASE WHEN state = 'changed' THEN 'accepted as the new baseline' ELSE detail END,
           state = CASE WHEN state = 'changed' THEN 'verified' ELSE state END
         WHERE id = $1",
    )
    .bind(letter.watch)
    .execute(&mut **transaction)
    .await?;
    forget_findings(transaction, letter.watch).await?;
    compare_upcoming_again(transaction, key, millis(now)).await?;
    close_notice(transaction, &letter.notice, millis(now), "accepted by every consumer", closing).await?;
    let text = format!("the latest description is the new baseline: accepted by every consumer ({})", letter.notice);
    event(transaction, millis(now), key, EventKind::Accepted, &text).await
}

/// On so many occasions a day the other side hears what one side says: whoever holds a link must not be able to flood it.
const TOLD_A_DAY: i64 = 3;

/// Whether the other side may be written to about what `side` says. Letters in which the other side names somebody of its own
/// are steps of its ladder, and do not count.
pub(super) async fn may_tell(
    transaction: &mut Transaction<'_, Sqlite>,
    notice: &str,
    side: Side,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let told: i64 = sqlx::query_scalar(
        "SELECT COUNT(DISTINCT created_at) FROM delivery
         WHERE notice = $1 AND kind = 'exchange' AND side <> $2 AND created_at > $3 AND created_at <= $4
           AND NOT EXISTS (SELECT 1 FROM escalation e WHERE e.notice = $1 AND e.side <> $2 AND e.at = delivery.created_at)",
    )
    .bind(notice)
    .bind(side.name())
    .bind(millis(now - TimeDelta::days(1)))
    .bind(millis(now))
    .fetch_one(&mut **transaction)
    .await?;
    Ok(told < TOLD_A_DAY)
}
