//! A notice with all that was written and said under it, as status and its own page show it.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::model::{Acknowledgement, LadderPlace, Proposal, Side, WatchKey, time_of};

use super::acknowledgement::acknowledgement;
use super::error::StoreError;
use super::letters::{DeliveryRow, LETTER, WRITTEN, delivery_row};
use super::proposals::proposal;
use super::rows::{Fields as _, key_of, parse, whole};

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
    /// What one side asked of the other, oldest first.
    pub proposals: Vec<ProposalRow>,
    /// Steps of the ladder that were taken, oldest first.
    pub steps: Vec<StepRow>,
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
    /// When it was said.
    pub at: DateTime<Utc>,
}

/// A request for time, with when it was made and answered.
#[derive(Debug, Clone)]
pub struct ProposalRow {
    /// The request.
    pub proposal: Proposal,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// When it was answered.
    pub decided_at: Option<DateTime<Utc>>,
}

/// A step of the ladder.
#[derive(Debug, Clone)]
pub struct StepRow {
    /// Which end.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// Which step.
    pub place: LadderPlace,
    /// When it was taken.
    pub at: DateTime<Utc>,
}

/// A notice with what belongs to it; none where the row itself is damaged. Other rows that cannot be read back are told of in
/// `damage`, and left out.
pub(super) async fn notice_row(
    connection: &mut SqliteConnection,
    row: &SqliteRow,
    damage: &mut Vec<String>,
) -> Result<Option<NoticeRow>, StoreError> {
    let id: String = row.field("id")?;
    let letters = format!("SELECT {LETTER} FROM delivery WHERE notice = $1 AND {WRITTEN} ORDER BY id");
    let mut rows = async |query: &str| {
        let query = sqlx::query(sqlx::AssertSqlSafe(query.to_owned())).bind(&id);
        query.fetch_all(&mut *connection).await
    };
    let letters = rows(&letters).await?;
    let said = rows("SELECT * FROM acknowledgement WHERE notice = $1 ORDER BY side, party").await?;
    let proposals = rows("SELECT * FROM proposal WHERE notice = $1 ORDER BY id").await?;
    let steps = rows("SELECT * FROM escalation WHERE notice = $1 ORDER BY at, step").await?;
    let Some(key) = whole(key_of(row), damage) else { return Ok(None) };
    let Some(opened_at) = whole(row.field("opened_at"), damage) else { return Ok(None) };
    Ok(Some(NoticeRow {
        key,
        opened_at: time_of(opened_at),
        deliveries: letters.iter().filter_map(|row| whole(delivery_row(row), damage)).collect(),
        answers: said.iter().filter_map(|row| whole(answer_row(row, &id), damage)).collect(),
        proposals: proposals.iter().filter_map(|row| whole(proposal_row(row), damage)).collect(),
        steps: steps.iter().filter_map(|row| whole(step_row(row), damage)?).collect(),
        id,
    }))
}

fn answer_row(row: &SqliteRow, notice: &str) -> Result<AnswerRow, StoreError> {
    let side: String = row.field("side")?;
    Ok(AnswerRow {
        side: parse(Side::named, "acknowledgement", notice, &side)?,
        party: row.field("party")?,
        acknowledgement: acknowledgement(row, notice)?,
        letter_at: time_of(row.field("letter_at")?),
        at: time_of(row.field("at")?),
    })
}

fn proposal_row(row: &SqliteRow) -> Result<ProposalRow, StoreError> {
    Ok(ProposalRow {
        proposal: proposal(row)?,
        at: time_of(row.field("at")?),
        decided_at: row.field::<Option<i64>>("decided_at")?.map(time_of),
    })
}

fn step_row(row: &SqliteRow) -> Result<Option<StepRow>, StoreError> {
    let (notice, side): (String, String) = (row.field("notice")?, row.field("side")?);
    let place = usize::try_from(row.field::<i64>("step")?).ok().and_then(LadderPlace::numbered);
    let Some(place) = place else { return Ok(None) };
    let side = parse(Side::named, "escalation", &notice, &side)?;
    Ok(Some(StepRow { side, party: row.field("party")?, place, at: time_of(row.field("at")?) }))
}
