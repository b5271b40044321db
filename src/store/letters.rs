//! Letters as people look at them: where each stands, without its bytes.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

use crate::model::{ChannelName, DeliveryState, LetterQuestion, Side, time_of};

use super::database::Store;
use super::error::StoreError;
use super::rows::{Fields as _, as_u32, channel, parse, whole};

/// A letter as status shows it.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Row number.
    pub id: i64,
    /// What it says: opened, updated, resolved.
    pub kind: String,
    /// What it does to the question whether its side has answered.
    pub question: LetterQuestion,
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

/// What is shown of a letter: everything but its bytes, which are never needed here and may be large.
pub(super) const LETTER: &str =
    "id, kind, question, side, party, name, recipient, state, attempts, created_at, sent_at, last_reply";

/// Whoever stood by and was not needed was not written to.
pub(super) const WRITTEN: &str =
    "state <> 'standby' AND NOT (state = 'overtaken' AND attempts = 0 AND stands_in_for IS NOT NULL)";

pub(super) fn delivery_row(row: &SqliteRow) -> Result<DeliveryRow, StoreError> {
    let id: i64 = row.field("id")?;
    let (side, state, question): (String, String, String) = (row.field("side")?, row.field("state")?, row.field("question")?);
    Ok(DeliveryRow {
        id,
        kind: row.field("kind")?,
        question: parse(LetterQuestion::named, "delivery", &id.to_string(), &question)?,
        side: parse(Side::named, "delivery", &id.to_string(), &side)?,
        party: row.field("party")?,
        name: row.field("name")?,
        recipient: row.field("recipient")?,
        state: parse(DeliveryState::named, "delivery", &id.to_string(), &state)?,
        attempts: as_u32(row.field("attempts")?),
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
    pub channel: Option<ChannelName>,
    /// The letter.
    pub letter: DeliveryRow,
}

/// Letters that are listed at most.
const LISTED: u32 = 1000;

/// What a list of letters is made of.
pub(super) const LISTING: &str = "SELECT d.id, d.kind, d.question, d.side, d.party, d.name, d.recipient, d.state, d.attempts, d.created_at,
    d.sent_at, d.last_reply, d.notice, d.channel, n.closed_at IS NULL AS is_open FROM delivery d JOIN notice n ON n.id = d.notice";

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

impl Store {
    /// For each API of an integration on which a notice about days is open, the token of the newest letter to this party that
    /// can be answered.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_links(&self, integration: &str, party: &str) -> Result<Vec<(String, String)>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT w.api, d.token FROM delivery d JOIN notice n ON n.id = d.notice JOIN watch w ON w.id = n.watch
             WHERE w.integration = $1 AND w.surface = 'ledger' AND n.closed_at IS NULL AND d.id =
               (SELECT MAX(l.id) FROM delivery l WHERE l.notice = n.id AND l.party = $2 AND l.token IS NOT NULL)",
        );
        Ok(rows.bind(integration).bind(party).fetch_all(&self.readers).await?)
    }
}

pub(super) fn letter_row(row: &SqliteRow) -> Result<LetterRow, StoreError> {
    let letter = delivery_row(row)?;
    Ok(LetterRow { notice: row.field("notice")?, is_open: row.field("is_open")?, channel: channel(row, letter.id)?, letter })
}
