//! What one side asks of the other: more time. It is a proposal until the other side has agreed or refused.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{LedgerStep, Proposal, Side, Surface};

use super::answers::{AnswerOutcome, OpenLetter};
use super::checks::{PlannedDelivery, event, insert_deliveries};
use super::{Fields, Store, StoreError, ledger, stored, word};

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
        (by, until, note): (&str, NaiveDate, &str),
        letters: Vec<PlannedDelivery>,
        now: DateTime<Utc>,
    ) -> Result<AnswerOutcome, StoreError> {
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
                        .bind(stored(now))
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
                .bind(stored(now))
                .execute(&mut *transaction)
                .await?;
                insert_deliveries(&mut transaction, &letter.notice, stored(now), letters).await?;
                let text = format!("{by} asks for the {} for time until {until} ({})", letter.side.name(), letter.notice);
                event(&mut transaction, stored(now), &letter.key.integration, &letter.key.api, "proposed", &text).await?;
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
        (id, by, agreed): (i64, &str, bool),
        steps: Vec<LedgerStep>,
        letters: Vec<PlannedDelivery>,
        now: DateTime<Utc>,
    ) -> Result<AnswerOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        // Only the other side decides, and only once.
        let done = sqlx::query(
            "UPDATE proposal SET agreed = $1, decided_by = $2, decided_at = $3
             WHERE id = $4 AND notice = $5 AND side <> $6 AND agreed IS NULL",
        )
        .bind(i64::from(agreed))
        .bind(by)
        .bind(stored(now))
        .bind(id)
        .bind(&letter.notice)
        .bind(letter.side.name())
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(AnswerOutcome::Decided);
        }
        ledger::record(&mut transaction, &letter.key, stored(now), steps).await?;
        if agreed && letter.key.surface != Surface::Ledger {
            agree(&mut transaction, letter, (id, by), now).await?;
        }
        insert_deliveries(&mut transaction, &letter.notice, stored(now), letters).await?;
        let text = format!("{by} {} proposal {id} ({})", if agreed { "agrees to" } else { "refuses" }, letter.notice);
        event(&mut transaction, stored(now), &letter.key.integration, &letter.key.api, "decided", &text).await?;
        transaction.commit().await?;
        Ok(AnswerOutcome::Recorded)
    }
}

/// What is agreed is a plan of both sides: things stay as they are until that day. Until then nobody is asked again, and if
/// the day passes and the notice is still open, both are.
async fn agree(
    transaction: &mut Transaction<'_, Sqlite>,
    letter: &OpenLetter,
    (id, by): (i64, &str),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT * FROM proposal WHERE id = $1").bind(id).fetch_one(&mut **transaction).await?;
    let proposal = proposal(&row)?;
    let asker =
        (proposal.side.name(), proposal.party.as_str(), proposal.by.as_str(), format!("agreed with {by}: as it is until then"));
    let decider =
        (letter.side.name(), letter.party.as_str(), by, format!("agreed to what {} asked for: as it is until then", proposal.by));
    for (side, party, owner, note) in [asker, decider] {
        sqlx::query(
            "INSERT INTO acknowledgement (notice, side, party, owner, answer, fix_by, note, letter_at, at)
             VALUES ($1, $2, $3, $4, 'ours', $5, $6,
               COALESCE((SELECT MAX(created_at) FROM delivery WHERE notice = $1 AND side = $2 AND party = $3 AND kind IN ('opened', 'updated')), $7), $7)
             ON CONFLICT (notice, side, party) DO UPDATE SET fix_by = excluded.fix_by, note = excluded.note, letter_at = excluded.letter_at,
               at = excluded.at WHERE acknowledgement.answer = 'ours'",
        )
        .bind(&letter.notice)
        .bind(side)
        .bind(party)
        .bind(owner)
        .bind(proposal.until.to_string())
        .bind(&note)
        .bind(stored(now))
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

fn proposal(row: &SqliteRow) -> Result<Proposal, StoreError> {
    let id: i64 = row.field("id")?;
    let (side, until): (String, String) = (row.field("side")?, row.field("until")?);
    let corrupt = |what: String| StoreError::Corrupt { table: "proposal", row: id.to_string(), what };
    Ok(Proposal {
        id,
        side: word(Side::named(&side), "proposal", &id.to_string(), &side)?,
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
    .bind(stored(now - TimeDelta::days(1)))
    .bind(stored(now))
    .fetch_one(&mut **transaction)
    .await?;
    Ok(told < TOLD_A_DAY)
}
