//! What status, history and metrics read: one consistent look at everything.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

use crate::model::{Acknowledgement, ApiState, DeliveryState, OpenFinding, OperationLabel, Side, WatchKey, time_of};

use super::answers::acknowledgement;
use super::checks::key_of;
use super::confirmations::{Confirmation, confirmations};
use super::trouble::{DeliveryTrouble, delivery_trouble};
use super::{Fields, Store, StoreError, count, json, or_damage, stored, word};

/// A watched description as status shows it.
#[derive(Debug, Clone)]
pub struct WatchRow {
    /// Its name.
    pub key: WatchKey,
    /// Where it is.
    pub source: String,
    /// Its state.
    pub state: ApiState,
    /// Why.
    pub detail: String,
    /// Consecutive failures.
    pub failures: u32,
    /// When it was last tried.
    pub checked_at: Option<DateTime<Utc>>,
    /// When it was last read.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// When it was last found unchanged.
    pub verified_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub changed_at: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub next_at: DateTime<Utc>,
    /// Whether a check is under way; `next_at` is then when it should have ended.
    pub is_under_way: bool,
    /// Digest of the newest snapshot.
    pub latest: Option<String>,
    /// Digest of the baseline.
    pub baseline: Option<String>,
    /// `METHOD path` of every operation in the newest snapshot.
    pub operations: Vec<OperationLabel>,
    /// What differs, with the day each was first seen.
    pub findings: Vec<(OpenFinding, DateTime<Utc>)>,
}

/// A notice as status shows it.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    /// Its id.
    pub id: String,
    /// The API.
    pub key: WatchKey,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Its letters.
    pub deliveries: Vec<DeliveryRow>,
    /// What was answered.
    pub answers: Vec<AnswerRow>,
}

/// An answer as status shows it.
#[derive(Debug, Clone)]
pub struct AnswerRow {
    /// Which end.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// What was said.
    pub acknowledgement: Acknowledgement,
    /// When the letter was written that was answered.
    pub letter_at: DateTime<Utc>,
}

/// A letter as status shows it.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Row number.
    pub id: i64,
    /// What it says: opened, updated, resolved.
    pub kind: String,
    /// Which end it goes to.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// Name of the recipient.
    pub name: String,
    /// Address of the recipient.
    pub recipient: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries so far.
    pub attempts: u32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When a server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// What the server said last.
    pub last_reply: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// Row number.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Integration id.
    pub integration: String,
    /// API id.
    pub api: String,
    /// What kind of thing.
    pub kind: String,
    /// In words.
    pub text: String,
}

/// Everything status tells.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// Every watched description.
    pub watches: Vec<WatchRow>,
    /// Every open notice, oldest first.
    pub notices: Vec<NoticeRow>,
    /// When the oldest letter that has not left was written.
    pub oldest_undelivered: Option<DateTime<Utc>>,
    /// Letters by state.
    pub deliveries: std::collections::BTreeMap<String, u64>,
    /// Tries by outcome.
    pub attempts: std::collections::BTreeMap<String, u64>,
    /// The last letters that could not be delivered at all.
    pub undeliverable: Vec<DeliveryRow>,
    /// For each address whose newest letter could not be delivered, that letter.
    pub dead: Vec<DeliveryRow>,
    /// What is known of people.
    pub confirmations: Vec<Confirmation>,
    /// What keeps letters from their readers.
    pub trouble: DeliveryTrouble,
    /// Rows that cannot be read back, in words.
    pub damage: Vec<String>,
}

/// A row that can be read back; one that cannot is told of, and hides no other.
fn whole<T>(read: Result<T, StoreError>, damage: &mut Vec<String>) -> Option<T> {
    read.map_err(|problem| damage.push(problem.to_string())).ok()
}

/// A watched description. Status must tell of a damaged row, not fail because of it.
fn watch_row(row: &SqliteRow, key: WatchKey, found: &[(String, String, i64)]) -> WatchRow {
    let mut damage = None;
    let name = key.to_string();
    let findings = found.iter().map(|(identity, body, opened)| Ok((json(body, "finding", identity)?, time_of(*opened))));
    let findings = or_damage(findings.collect::<Result<Vec<_>, StoreError>>(), &mut damage);
    let state: String = or_damage(row.field("state"), &mut damage);
    let state = word(ApiState::named(&state), "watch", &name, &state);
    let state = state.map_err(|problem| damage.get_or_insert(problem.to_string()).clone());
    let operations: String = or_damage(row.field("operations"), &mut damage);
    let operations = or_damage(json(&operations, "watch", &name), &mut damage);
    let mut text = |column: &str| or_damage(row.field::<Option<String>>(column), &mut damage);
    let (source, detail) = (text("source").unwrap_or_default(), text("detail").unwrap_or_default());
    let (latest, baseline) = (text("latest"), text("baseline"));
    let mut number = |column: &str| or_damage(row.field::<Option<i64>>(column), &mut damage);
    let mut time = |column: &str| number(column).map(time_of);
    let (checked_at, succeeded_at) = (time("checked_at"), time("succeeded_at"));
    let (verified_at, changed_at) = (time("verified_at"), time("changed_at"));
    let next_at = time("next_at").unwrap_or_default();
    let (failures, leased) = (number("failures").unwrap_or(0), number("leased").unwrap_or(0));
    WatchRow {
        source,
        state: state.ok().filter(|_| damage.is_none()).unwrap_or(ApiState::Blind),
        detail: damage.unwrap_or(detail),
        failures: count(failures),
        checked_at,
        succeeded_at,
        verified_at,
        changed_at,
        next_at,
        is_under_way: leased != 0,
        latest,
        baseline,
        operations,
        findings,
        key,
    }
}

/// What is shown of a letter: everything but its bytes, which are never needed here and may be large.
const LETTER: &str = "id, kind, side, party, name, recipient, state, attempts, created_at, sent_at, last_reply";

/// Whoever stood by and was not needed was not written to.
const WRITTEN: &str = "state <> 'standby' AND NOT (state = 'overtaken' AND attempts = 0 AND stands_in_for IS NOT NULL)";

impl Store {
    /// One consistent look at everything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let mut transaction = self.readers.begin().await?;
        let rows = sqlx::query("SELECT * FROM watch WHERE active = 1 ORDER BY integration, api, surface")
            .fetch_all(&mut *transaction)
            .await?;
        let mut watches = Vec::with_capacity(rows.len());
        let mut damage: Vec<String> = Vec::new();
        for row in &rows {
            let Some(key) = whole(key_of(row), &mut damage) else { continue };
            let found: Vec<(String, String, i64)> = sqlx::query_as(
                "SELECT identity, body, opened_at FROM finding WHERE integration = $1 AND api = $2 AND surface = $3 ORDER BY rowid",
            )
            .bind(&key.integration)
            .bind(&key.api)
            .bind(key.surface.name())
            .fetch_all(&mut *transaction)
            .await?;
            watches.push(watch_row(row, key, &found));
        }
        let open = sqlx::query("SELECT * FROM notice WHERE closed_at IS NULL ORDER BY opened_at, id")
            .fetch_all(&mut *transaction)
            .await?;
        let mut notices = Vec::with_capacity(open.len());
        for row in &open {
            let id: String = row.field("id")?;
            let letters = sqlx::query(sqlx::AssertSqlSafe(format!(
                "SELECT {LETTER} FROM delivery WHERE notice = $1 AND {WRITTEN} ORDER BY id"
            )))
            .bind(&id)
            .fetch_all(&mut *transaction)
            .await?;
            let said = sqlx::query("SELECT * FROM acknowledgement WHERE notice = $1 ORDER BY side, party")
                .bind(&id)
                .fetch_all(&mut *transaction)
                .await?;
            let answer = |row: &SqliteRow| -> Result<AnswerRow, StoreError> {
                let side: String = row.field("side")?;
                Ok(AnswerRow {
                    side: word(Side::named(&side), "acknowledgement", &id, &side)?,
                    party: row.field("party")?,
                    acknowledgement: acknowledgement(row, &id)?,
                    letter_at: time_of(row.field("letter_at")?),
                })
            };
            let Some(key) = whole(key_of(row), &mut damage) else { continue };
            let Some(opened_at) = whole(row.field("opened_at"), &mut damage) else { continue };
            let answers = said.iter().filter_map(|row| whole(answer(row), &mut damage)).collect();
            notices.push(NoticeRow {
                key,
                opened_at: time_of(opened_at),
                deliveries: letters.iter().filter_map(|row| whole(delivery_row(row), &mut damage)).collect(),
                answers,
                id,
            });
        }
        let oldest: Option<i64> = sqlx::query_scalar("SELECT MIN(CASE WHEN not_before > created_at THEN not_before ELSE created_at END) FROM delivery WHERE state = 'pending'")
            .fetch_one(&mut *transaction)
            .await?;
        let deliveries: Vec<(String, i64)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT state, COUNT(*) FROM delivery WHERE {WRITTEN} GROUP BY state")))
                .fetch_all(&mut *transaction)
                .await?;
        let attempts: Vec<(String, i64)> =
            sqlx::query_as("SELECT outcome, COUNT(*) FROM attempt WHERE outcome IS NOT NULL GROUP BY outcome")
                .fetch_all(&mut *transaction)
                .await?;
        let lost = format!("SELECT {LETTER} FROM delivery WHERE state IN ('dead-address', 'refused') ORDER BY id DESC LIMIT 20");
        let lost = sqlx::query(sqlx::AssertSqlSafe(lost)).fetch_all(&mut *transaction).await?;
        let dead = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {LETTER} FROM delivery WHERE state = 'dead-address' AND id IN
               (SELECT MAX(id) FROM delivery WHERE state IN ('sent', 'dead-address') AND channel IS NULL GROUP BY LOWER(recipient)) ORDER BY recipient",
        )))
        .fetch_all(&mut *transaction)
        .await?;
        let totals = |rows: Vec<(String, i64)>| rows.into_iter().map(|(name, n)| (name, u64::try_from(n).unwrap_or(0))).collect();
        Ok(Overview {
            watches,
            notices,
            oldest_undelivered: oldest.map(time_of),
            deliveries: totals(deliveries),
            attempts: totals(attempts),
            undeliverable: lost.iter().filter_map(|row| whole(delivery_row(row), &mut damage)).collect(),
            confirmations: confirmations(&mut transaction).await?,
            trouble: delivery_trouble(&mut transaction).await?,
            dead: dead.iter().filter_map(|row| whole(delivery_row(row), &mut damage)).collect(),
            damage,
        })
    }

    /// What happened since `since`, oldest first, at most `limit` of the newest.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM (SELECT * FROM event WHERE at >= $1 ORDER BY id DESC LIMIT $2) ORDER BY id")
            .bind(stored(since))
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        // A line that cannot be read hides no other.
        Ok(rows.iter().flat_map(event_row).collect())
    }

    /// What happened to one API since `since`, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history_of(&self, key: &WatchKey, since: DateTime<Utc>, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM event WHERE integration = $1 AND api = $2 AND at >= $3 ORDER BY id DESC LIMIT $4")
            .bind(&key.integration)
            .bind(&key.api)
            .bind(stored(since))
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        // A line that cannot be read hides no other.
        Ok(rows.iter().flat_map(event_row).collect())
    }
}

fn event_row(row: &SqliteRow) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        id: row.field("id")?,
        at: time_of(row.field("at")?),
        integration: row.field("integration")?,
        api: row.field("api")?,
        kind: row.field("kind")?,
        text: row.field("text")?,
    })
}

fn delivery_row(row: &SqliteRow) -> Result<DeliveryRow, StoreError> {
    let id: i64 = row.field("id")?;
    let (side, state): (String, String) = (row.field("side")?, row.field("state")?);
    Ok(DeliveryRow {
        id,
        kind: row.field("kind")?,
        side: word(Side::named(&side), "delivery", &id.to_string(), &side)?,
        party: row.field("party")?,
        name: row.field("name")?,
        recipient: row.field("recipient")?,
        state: word(DeliveryState::named(&state), "delivery", &id.to_string(), &state)?,
        attempts: count(row.field("attempts")?),
        created_at: time_of(row.field("created_at")?),
        sent_at: row.field::<Option<i64>>("sent_at")?.map(time_of),
        last_reply: row.field("last_reply")?,
    })
}

/// A letter in the list of all.
#[derive(Debug, Clone)]
pub struct LetterRow {
    /// The notice it tells of.
    pub notice: String,
    /// Whether that is open.
    pub is_open: bool,
    /// The channel it goes through, where that is not mail.
    pub channel: Option<String>,
    /// The letter.
    pub letter: DeliveryRow,
}

/// Letters that are listed at most.
const LISTED: u32 = 1000;

impl Store {
    /// The newest letters, newest first; those that could not be delivered, or all. And, in words, the rows that cannot be
    /// read back: they hide no other.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn letters(&self, is_failed: bool) -> Result<(Vec<LetterRow>, Vec<String>), StoreError> {
        let states = if is_failed { "d.state IN ('dead-address', 'refused')" } else { "d.state <> 'standby'" };
        let query = format!("{LISTING} WHERE {states} ORDER BY d.id DESC LIMIT {LISTED}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(&self.readers).await?;
        let mut damage = Vec::new();
        let letters = rows.iter().filter_map(|row| whole(letter_row(row), &mut damage)).collect();
        Ok((letters, damage))
    }
}

/// What a list of letters is made of.
pub(super) const LISTING: &str = "SELECT d.id, d.kind, d.side, d.party, d.name, d.recipient, d.state, d.attempts, d.created_at,
    d.sent_at, d.last_reply, d.notice, d.channel, n.closed_at IS NULL AS is_open FROM delivery d JOIN notice n ON n.id = d.notice";

pub(super) fn letter_row(row: &SqliteRow) -> Result<LetterRow, StoreError> {
    Ok(LetterRow {
        notice: row.field("notice")?,
        is_open: row.field("is_open")?,
        channel: row.field("channel")?,
        letter: delivery_row(row)?,
    })
}
