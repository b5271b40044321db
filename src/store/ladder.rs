//! Which parties have not answered which open notice, and the steps of escalation that were taken.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{EventKind, LadderPlace, OpenNotice, PendingAnswer, Side, WatchKey, millis, time_of};

use super::database::Store;
use super::deliveries::{PlannedDelivery, insert_deliveries};
use super::error::StoreError;
use super::events::event;
use super::findings::findings;
use super::notices::{notice, told};
use super::pending::pending_answer;
use super::rows::{Fields as _, key_of, parse};

/// An open notice, and who has not answered it.
#[derive(Debug, Clone)]
pub struct UnansweredNotice {
    /// Its id.
    pub notice: String,
    /// The API.
    pub key: WatchKey,
    /// The parties that were told something, with what each has answered.
    pub pending: Vec<PendingAnswer>,
}

/// A step that is taken.
#[derive(Debug, Clone)]
pub struct EscalationCommit {
    /// The notice.
    pub notice: String,
    /// The API.
    pub key: WatchKey,
    /// Which end.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// When the question was asked.
    pub asked_at: DateTime<Utc>,
    /// Where on the ladder, or beside it.
    pub place: LadderPlace,
    /// The letters; none where nobody has this role.
    pub letters: Vec<PlannedDelivery>,
    /// What happened, in words.
    pub text: String,
}

impl Store {
    /// Every open notice with what its parties have answered, what it tells of is read when it is needed; and, in words, the
    /// rows that cannot be read back: they cost no other notice its steps.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unanswered_notices(&self) -> Result<(Vec<UnansweredNotice>, Vec<String>), StoreError> {
        let mut transaction = self.readers.begin().await?;
        let rows = sqlx::query(
            "SELECT n.*, w.integration, w.api, w.surface FROM notice n LEFT JOIN watch w ON w.id = n.watch
             WHERE n.closed_at IS NULL ORDER BY n.opened_at, n.id",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let (mut open, mut damaged) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in &rows {
            match unanswered(&mut transaction, row).await {
                Ok(unanswered) => open.push(unanswered),
                Err(problem) if problem.is_one_row() => damaged.push(problem.to_string()),
                Err(problem) => return Err(problem),
            }
        }
        Ok((open, damaged))
    }

    /// An open notice with all it tells of.
    ///
    /// # Errors
    /// When the database does not answer, or a row is damaged.
    pub async fn open_notice(&self, id: &str) -> Result<Option<OpenNotice>, StoreError> {
        let mut transaction = self.readers.begin().await?;
        let row = sqlx::query(
            "SELECT n.*, w.integration, w.api, w.surface FROM notice n LEFT JOIN watch w ON w.id = n.watch
             WHERE n.id = $1 AND n.closed_at IS NULL",
        )
        .bind(id)
        .fetch_optional(&mut *transaction)
        .await?;
        match row {
            Some(row) => Ok(Some(whole_notice(&mut transaction, &row).await?)),
            None => Ok(None),
        }
    }

    /// Every open notice of an integration with all it tells of, oldest first.
    ///
    /// # Errors
    /// When the database does not answer, or a row is damaged.
    pub async fn open_notices(&self, integration: &str) -> Result<Vec<OpenNotice>, StoreError> {
        let mut transaction = self.readers.begin().await?;
        let rows = sqlx::query(
            "SELECT n.*, w.integration, w.api, w.surface FROM notice n JOIN watch w ON w.id = n.watch
             WHERE w.integration = $1 AND n.closed_at IS NULL ORDER BY n.opened_at, n.id",
        )
        .bind(integration)
        .fetch_all(&mut *transaction)
        .await?;
        let mut open = Vec::with_capacity(rows.len());
        for row in &rows {
            open.push(whole_notice(&mut transaction, row).await?);
        }
        Ok(open)
    }

    /// Takes steps: each with its letters, all or none. Returns whether one was still to be taken.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn record_escalation(&self, steps: Vec<EscalationCommit>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let mut is_taken = false;
        for step in steps {
            let EscalationCommit { notice, key, side, party, asked_at, place, letters, text } = step;
            let done = sqlx::query(
                "INSERT INTO escalation (notice, side, party, asked_at, step, at)
                 SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT 1 FROM notice WHERE id = $1 AND closed_at IS NULL)
                 ON CONFLICT DO NOTHING",
            )
            .bind(&notice)
            .bind(side.name())
            .bind(&party)
            .bind(millis(asked_at))
            .bind(i64::try_from(place.number()).unwrap_or(i64::MAX))
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
            if done.rows_affected() > 0 {
                insert_deliveries(&mut transaction, &notice, millis(now), letters).await?;
                event(&mut transaction, millis(now), &key, EventKind::Escalated, &text).await?;
                is_taken = true;
            }
        }
        transaction.commit().await?;
        Ok(is_taken)
    }
}

async fn whole_notice(transaction: &mut Transaction<'_, Sqlite>, row: &SqliteRow) -> Result<OpenNotice, StoreError> {
    let notice = notice(row)?;
    let written: Vec<(String, i64)> = sqlx::query_as(
        "SELECT LOWER(recipient), MAX(created_at) FROM delivery WHERE notice = $1 AND channel IS NULL AND kind <> 'exchange'
           AND state NOT IN ('standby', 'overtaken') GROUP BY LOWER(recipient)",
    )
    .bind(&notice.id)
    .fetch_all(&mut **transaction)
    .await?;
    let seen: Vec<(String, i64)> = sqlx::query_as("SELECT identity, opened_at FROM finding WHERE watch = $1")
        .bind(row.field::<i64>("watch")?)
        .fetch_all(&mut **transaction)
        .await?;
    let times = |rows: Vec<(String, i64)>| rows.into_iter().map(|(name, at)| (name, time_of(at))).collect::<BTreeMap<_, _>>();
    Ok(OpenNotice {
        key: key_of(row)?,
        findings: findings(transaction, row.field("watch")?).await?,
        seen: times(seen),
        told: told(transaction, &notice.id).await?,
        written: times(written),
        notice,
    })
}

async fn unanswered(transaction: &mut Transaction<'_, Sqlite>, row: &SqliteRow) -> Result<UnansweredNotice, StoreError> {
    let notice: String = row.field("id")?;
    let told: Vec<(String, String)> =
        sqlx::query_as("SELECT DISTINCT side, party FROM told WHERE notice = $1 ORDER BY side, party")
            .bind(&notice)
            .fetch_all(&mut **transaction)
            .await?;
    let mut pending = Vec::with_capacity(told.len());
    for (side, party) in told {
        let side = parse(Side::named, "told", &notice, &side)?;
        pending.push(pending_answer(transaction, &notice, side, party).await?);
    }
    Ok(UnansweredNotice { key: key_of(row)?, notice, pending })
}
