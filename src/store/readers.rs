//! Who was told of an open notice, and whether it reached anybody there.

use chrono::{DateTime, Utc};

use crate::model::{EventKind, Side, WatchKey, millis};

use super::database::Store;
use super::deliveries::{PlannedDelivery, insert_deliveries};
use super::error::StoreError;
use super::events::event;
use super::rows::{Fields as _, key_of, lines};

/// A party that was told of an open notice, and whom its letters went to.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The notice.
    pub notice: String,
    /// The API.
    pub key: WatchKey,
    /// Which end.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// Every address a letter of the notice was written to there, also where it did not arrive.
    pub tried: Vec<String>,
    /// Those of them to which one left, or may still leave.
    pub reached: Vec<String>,
    /// Whether the side has answered.
    pub has_answered: bool,
}

impl Reader {
    /// Whether a letter was written to an address.
    pub fn has_tried(&self, email: &str) -> bool {
        self.tried.iter().any(|address| address.eq_ignore_ascii_case(email))
    }
}

impl Store {
    /// Every party that was told of an open notice.
    ///
    /// # Errors
    /// When the database does not answer, or a row is damaged.
    pub async fn readers(&self) -> Result<Vec<Reader>, StoreError> {
        let rows = sqlx::query(
            "SELECT n.id, w.integration, w.api, w.surface, t.side, t.party,
                    (SELECT GROUP_CONCAT(d.recipient, CHAR(10)) FROM delivery d
                     WHERE d.notice = n.id AND d.side = t.side AND d.party = t.party AND d.channel IS NULL
                       AND d.state NOT IN ('standby', 'overtaken')) AS tried,
                    (SELECT GROUP_CONCAT(d.recipient, CHAR(10)) FROM delivery d
                     WHERE d.notice = n.id AND d.side = t.side AND d.party = t.party AND d.channel IS NULL
                       AND d.state IN ('pending', 'sent')) AS reached,
                    EXISTS (SELECT 1 FROM acknowledgement a WHERE a.notice = n.id AND a.side = t.side AND a.party = t.party) AS answered
             FROM notice n JOIN watch w ON w.id = n.watch
             JOIN (SELECT DISTINCT notice, side, party FROM told) t ON t.notice = n.id
             WHERE n.closed_at IS NULL ORDER BY n.opened_at, n.id, t.side, t.party",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut readers = Vec::with_capacity(rows.len());
        for row in &rows {
            let (notice, side): (String, String) = (row.field("id")?, row.field("side")?);
            // What cannot be read back is told of by status.
            let (Ok(key), Some(side)) = (key_of(row), Side::named(&side)) else { continue };
            readers.push(Reader {
                key,
                side,
                party: row.field("party")?,
                tried: lines(row.field("tried")?),
                reached: lines(row.field("reached")?),
                has_answered: row.field("answered")?,
                notice,
            });
        }
        Ok(readers)
    }

    /// Writes to somebody who was never written to about an open notice: the letter counts as written when the one was that it
    /// repeats, so that it asks nothing anew and makes no other outdated. Returns whether that was still to be done.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn write_again(
        &self,
        reader: &Reader,
        letter: PlannedDelivery,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let open: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM notice n WHERE n.id = $1 AND n.closed_at IS NULL AND NOT EXISTS (
               SELECT 1 FROM delivery d WHERE d.notice = n.id AND d.side = $2 AND d.party = $3 AND d.channel IS NULL
                 AND LOWER(d.recipient) = LOWER($4) AND d.state NOT IN ('standby', 'overtaken'))",
        )
        .bind(&reader.notice)
        .bind(reader.side.name())
        .bind(&reader.party)
        .bind(&letter.recipient)
        .fetch_one(&mut *transaction)
        .await?;
        if open == 0 {
            return Ok(false);
        }
        let key = &reader.key;
        let told_at: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(created_at) FROM delivery WHERE notice = $1 AND side = $2 AND party = $3 AND kind IN ('opened', 'updated')",
        )
        .bind(&reader.notice)
        .bind(reader.side.name())
        .bind(&reader.party)
        .fetch_one(&mut *transaction)
        .await?;
        let told_at = told_at.unwrap_or_else(|| millis(now));
        insert_deliveries(&mut transaction, &reader.notice, told_at, vec![letter]).await?;
        event(&mut transaction, millis(now), key, EventKind::WrittenAgain, text).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
