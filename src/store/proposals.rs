//! What one side asks of the other: more time. It is a proposal until the other side has agreed or refused.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::model::{LedgerStep, Proposal, Side};

use super::checks::{PlannedDelivery, event, insert_deliveries};
use super::outbox::{Answered, OpenLetter};
use super::{Store, StoreError, ledger, stored, word};

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

    /// Takes a proposal down, with the letters that tell the other side of it.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn propose(
        &self,
        letter: &OpenLetter,
        (by, until, note): (&str, NaiveDate, &str),
        letters: Vec<PlannedDelivery>,
        now: DateTime<Utc>,
    ) -> Result<Answered, StoreError> {
        let mut transaction = self.begin().await?;
        // Sent twice it is one proposal.
        let done = sqlx::query(
            "INSERT INTO proposal (notice, side, party, by, until, note, at)
             SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (
               SELECT 1 FROM proposal WHERE notice = $1 AND side = $2 AND party = $3 AND until = $5 AND agreed IS NULL)",
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
        if done.rows_affected() > 0 {
            insert_deliveries(&mut transaction, &letter.notice, stored(now), letters).await?;
            let text = format!("{by} asks for the {} for time until {until} ({})", letter.side.name(), letter.notice);
            event(&mut transaction, stored(now), &letter.key.integration, &letter.key.api, "proposed", &text).await?;
        }
        transaction.commit().await?;
        Ok(Answered::Recorded)
    }

    /// Takes down what the other side says to a proposal; what is agreed goes into the ledger with it.
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
    ) -> Result<Answered, StoreError> {
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
            return Ok(Answered::Unknown);
        }
        ledger::record(&mut transaction, &letter.key, stored(now), steps).await?;
        insert_deliveries(&mut transaction, &letter.notice, stored(now), letters).await?;
        let text = format!("{by} {} proposal {id} ({})", if agreed { "agrees to" } else { "refuses" }, letter.notice);
        event(&mut transaction, stored(now), &letter.key.integration, &letter.key.api, "decided", &text).await?;
        transaction.commit().await?;
        Ok(Answered::Recorded)
    }
}

fn proposal(row: &SqliteRow) -> Result<Proposal, StoreError> {
    let id: i64 = row.get("id");
    let (side, until): (String, String) = (row.get("side"), row.get("until"));
    let corrupt = |what: String| StoreError::Corrupt { table: "proposal", row: id.to_string(), what };
    Ok(Proposal {
        id,
        side: word(Side::named(&side), "proposal", &id.to_string(), &side)?,
        party: row.get("party"),
        by: row.get("by"),
        until: until.parse().map_err(|error: chrono::ParseError| corrupt(error.to_string()))?,
        note: row.get("note"),
        decided: match (row.get::<Option<i64>, _>("agreed"), row.get::<Option<String>, _>("decided_by")) {
            (Some(agreed), Some(by)) => Some((agreed != 0, by)),
            _ => None,
        },
    })
}
