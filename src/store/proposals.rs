//! What one side asks of the other: more time. It is a proposal until the other side has agreed or refused.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{EventKind, LedgerStep, Proposal, Side, Surface, millis};

use super::answers::{AnswerOutcome, OpenLetter, may_tell};
use super::database::Store;
use super::deliveries::{PlannedDelivery, insert_deliveries};
use super::error::StoreError;
use super::events::event;
use super::ledger::record;
use super::rows::{Fields as _, parse};

/// A request for more time.
#[derive(Debug, Clone, Copy)]
pub struct ExtensionRequest<'r> {
    /// Who asks.
    pub by: &'r str,
    /// Until when things shall stay as they are.
    pub until: NaiveDate,
    /// Why.
    pub note: &'r str,
}

/// What the other side says to a proposal.
#[derive(Debug, Clone, Copy)]
pub struct ProposalVerdict<'v> {
    /// Row number of the proposal.
    pub proposal: i64,
    /// Who says so.
    pub by: &'v str,
    /// Yes or no.
    pub agreed: bool,
}

impl Store {
    /// What was proposed under a notice, oldest first.
    ///
    /// # Errors
    /// When the database does not answer, or a row is damaged.
    pub async fn proposals(&self, notice: &str) -> Result<Vec<Proposal>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM proposal WHERE notice = $1 ORDER BY id").bind(notice).fetch_all(&self.readers).await?;
        rows.iter().map(proposal).collect()
    }

    /// Records a proposal, with the letters that tell the other side of it. A party has one open proposal under a notice: another
    /// day takes the place of the one before.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn propose(
        &self,
        letter: &OpenLetter,
        request: ExtensionRequest<'_>,
        letters: Vec<PlannedDelivery>,
        now: DateTime<Utc>,
    ) -> Result<AnswerOutcome, StoreError> {
        let ExtensionRequest { by, until, note } = request;
        let mut transaction = self.begin().await?;
        let open: Option<(i64, String)> = sqlx::query_as(
            "SELECT id, until FROM proposal WHERE notice = $1 AND side = $2 AND party = $3 AND agreed IS NULL ORDER BY id DESC",
        )
        .bind(&letter.notice)
        .bind(letter.side.name())
        .bind(&letter.party)
        .fetch_optional(&mut *transaction)
        .await?;
        match open {
            // Sent twice it is one proposal; other words about the same day are no news.
            Some((id, known)) if known == until.to_string() => {
                sqlx::query("UPDATE proposal SET by = $1, note = $2 WHERE id = $3")
                    .bind(by)
                    .bind(note)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
            open => {
                // Nothing is recorded that the other side would never hear of.
                if !may_tell(&mut transaction, &letter.notice, letter.side, now).await? {
                    return Ok(AnswerOutcome::TooOften);
                }
                if let Some((id, _)) = open {
                    // Another day is another proposal, with a number of its own: nobody agrees to a day he has not seen.
                    sqlx::query("UPDATE proposal SET agreed = 0, decided_by = $1, decided_at = $2 WHERE id = $3")
                        .bind(format!("{by}, who asks for {until} instead"))
                        .bind(millis(now))
                        .bind(id)
                        .execute(&mut *transaction)
                        .await?;
                }
                sqlx::query(
                    "INSERT INTO proposal (notice, side, party, by, until, note, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                )
                .bind(&letter.notice)
                .bind(letter.side.name())
                .bind(&letter.party)
                .bind(by)
                .bind(until.to_string())
                .bind(note)
                .bind(millis(now))
                .execute(&mut *transaction)
                .await?;
                insert_deliveries(&mut transaction, &letter.notice, millis(now), letters).await?;
                let text = format!("{by} asks for the {} for time until {until} ({})", letter.side.name(), letter.notice);
                event(&mut transaction, millis(now), &letter.key, EventKind::Proposed, &text).await?;
            }
        }
        transaction.commit().await?;
        Ok(AnswerOutcome::Recorded)
    }

    /// Records what the other side says to a proposal; what is agreed goes into the ledger with it.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn decide(
        &self,
        letter: &OpenLetter,
        verdict: ProposalVerdict<'_>,
        steps: Vec<LedgerStep>,
        letters: Vec<PlannedDelivery>,
        now: DateTime<Utc>,
    ) -> Result<AnswerOutcome, StoreError> {
        let ProposalVerdict { proposal: id, by, agreed } = verdict;
        let mut transaction = self.begin().await?;
        // Only the other side decides, and only once.
        let done = sqlx::query(
            "UPDATE proposal SET agreed = $1, decided_by = $2, decided_at = $3
             WHERE id = $4 AND notice = $5 AND side <> $6 AND agreed IS NULL",
        )
        .bind(i64::from(agreed))
        .bind(by)
        .bind(millis(now))
        .bind(id)
        .bind(&letter.notice)
        .bind(letter.side.name())
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(AnswerOutcome::Decided);
        }
        record(&mut transaction, &letter.key, millis(now), steps).await?;
        if agreed && letter.key.surface != Surface::Ledger {
            agree(&mut transaction, letter, id, by, now).await?;
        }
        insert_deliveries(&mut transaction, &letter.notice, millis(now), letters).await?;
        let text = format!("{by} {} proposal {id} ({})", if agreed { "agrees to" } else { "refuses" }, letter.notice);
        event(&mut transaction, millis(now), &letter.key, EventKind::Decided, &text).await?;
        transaction.commit().await?;
        Ok(AnswerOutcome::Recorded)
    }
}

/// The answer of one side that an agreement makes.
struct Agreed<'a> {
    side: Side,
    party: &'a str,
    owner: &'a str,
    note: String,
}

/// What is agreed is a plan of both sides: things stay as they are until that day. Until then nobody is asked again, and if
/// the day passes and the notice is still open, both are.
async fn agree(
    transaction: &mut Transaction<'_, Sqlite>,
    letter: &OpenLetter,
    id: i64,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT * FROM proposal WHERE id = $1").bind(id).fetch_one(&mut **transaction).await?;
    let proposal = proposal(&row)?;
    let asker = Agreed {
        side: proposal.side,
        party: &proposal.party,
        owner: &proposal.by,
        note: format!("agreed with {by}: as it is until then"),
    };
    let decider = Agreed {
        side: letter.side,
        party: &letter.party,
        owner: by,
        note: format!("agreed to what {} asked for: as it is until then", proposal.by),
    };
    for Agreed { side, party, owner, note } in [asker, decider] {
        sqlx::query(
            "INSERT INTO acknowledgement (notice, side, party, owner, answer, fix_by, note, letter_at, at)
             VALUES ($1, $2, $3, $4, 'ours', $5, $6,
               COALESCE((SELECT MAX(created_at) FROM delivery WHERE notice = $1 AND side = $2 AND party = $3 AND kind IN ('opened', 'updated')), $7), $7)
             ON CONFLICT (notice, side, party) DO UPDATE SET fix_by = excluded.fix_by, note = excluded.note, letter_at = excluded.letter_at,
               at = excluded.at WHERE acknowledgement.answer = 'ours'",
        )
        .bind(&letter.notice)
        .bind(side.name())
        .bind(party)
        .bind(owner)
        .bind(proposal.until.to_string())
        .bind(&note)
        .bind(millis(now))
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

pub(super) fn proposal(row: &SqliteRow) -> Result<Proposal, StoreError> {
    let id: i64 = row.field("id")?;
    let (side, until): (String, String) = (row.field("side")?, row.field("until")?);
    let corrupt = |what: String| StoreError::Corrupt { table: "proposal", row: id.to_string(), what };
    Ok(Proposal {
        id,
        side: parse(Side::named, "proposal", &id.to_string(), &side)?,
        party: row.field("party")?,
        by: row.field("by")?,
        until: until.parse().map_err(|error: chrono::ParseError| corrupt(error.to_string()))?,
        note: row.field("note")?,
        decided: match (row.field::<Option<i64>>("agreed")?, row.field::<Option<String>>("decided_by")?) {
            (Some(agreed), Some(by)) => Some((agreed != 0, by)),
            _ => None,
        },
    })
}
