//! Everything that is known of one notice, open or closed: what its page shows.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

use crate::model::{LadderPlace, LastTold, OpenFinding, Proposal, Side, time_of};

use super::database::Store;
use super::error::StoreError;
use super::findings::findings;
use super::notices::told;
use super::overview::{NoticeRow, notice_row};
use super::proposals::proposal;
use super::rows::{Fields as _, parse, whole};

/// A notice with all that belongs to it. Rows that cannot be read back are left out: status tells of them.
#[derive(Debug, Clone)]
pub struct NoticeFile {
    /// Its letters and answers.
    pub row: NoticeRow,
    /// When it was closed and why, if it was.
    pub closed: Option<(DateTime<Utc>, String)>,
    /// What differs now; nothing once it is closed.
    pub findings: Vec<OpenFinding>,
    /// What each party was told.
    pub told: Vec<LastTold>,
    /// What one side asked of the other, oldest first.
    pub proposals: Vec<ProposalRow>,
    /// Steps of the ladder that were taken, oldest first.
    pub steps: Vec<StepRow>,
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

impl Store {
    /// All that is known of a notice; none where there is no such notice.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn notice_file(&self, id: &str) -> Result<Option<NoticeFile>, StoreError> {
        let mut transaction = self.readers.begin().await?;
        let row = sqlx::query(
            "SELECT n.*, w.integration, w.api, w.surface FROM notice n LEFT JOIN watch w ON w.id = n.watch WHERE n.id = $1",
        )
        .bind(id)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut damage = Vec::new();
        let closed = match row.field::<Option<i64>>("closed_at")? {
            Some(at) => Some((time_of(at), row.field::<Option<String>>("closed_why")?.unwrap_or_default())),
            None => None,
        };
        let findings = match closed {
            Some(_) => Vec::new(),
            None => findings(&mut transaction, row.field("watch")?).await?,
        };
        let Some(notice) = notice_row(&mut transaction, &row, &mut damage).await? else { return Ok(None) };
        let told = told(&mut transaction, id).await?;
        let proposals =
            sqlx::query("SELECT * FROM proposal WHERE notice = $1 ORDER BY id").bind(id).fetch_all(&mut *transaction).await?;
        let steps = sqlx::query("SELECT * FROM escalation WHERE notice = $1 ORDER BY at, step")
            .bind(id)
            .fetch_all(&mut *transaction)
            .await?;
        Ok(Some(NoticeFile {
            row: notice,
            closed,
            findings,
            told,
            proposals: proposals.iter().filter_map(|row| whole(proposal_row(row), &mut damage)).collect(),
            steps: steps.iter().filter_map(|row| whole(step_row(row), &mut damage)?).collect(),
        }))
    }
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
