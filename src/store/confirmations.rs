//! Whether the people in the configuration are still there.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{Notice, WatchKey, millis, time_of};

use super::database::Store;
use super::deliveries::PlannedDelivery;
use super::digests::insert_digest;
use super::error::StoreError;
use super::rows::Fields as _;

/// What is known of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The address, in lower case.
    pub address: String,
    /// When it was first known.
    pub known_at: DateTime<Utc>,
    /// When somebody was last asked whether he is there.
    pub asked_at: Option<DateTime<Utc>>,
    /// When somebody last said that he is.
    pub confirmed_at: Option<DateTime<Utc>>,
}

impl Store {
    /// What is known of an address; from now on it is known.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn confirmation(&self, address: &str, token: &str, now: DateTime<Utc>) -> Result<Confirmation, StoreError> {
        let address = address.to_ascii_lowercase();
        let known = "SELECT * FROM confirmation WHERE address = $1";
        // Looked at often, written once.
        if let Some(row) = sqlx::query(known).bind(&address).fetch_optional(&self.readers).await? {
            return confirmation(&row);
        }
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO confirmation (address, token, known_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(&address)
            .bind(token)
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
        let row = sqlx::query(known).bind(&address).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        confirmation(&row)
    }

    /// Asks somebody whether he is there: the letter, and that it was written. Returns whether it is new.
    ///
    /// # Errors
    /// When the database does not answer; then nothing has changed.
    pub async fn ask(&self, key: &WatchKey, notice: &Notice, address: &str, letter: PlannedDelivery) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if !insert_digest(&mut transaction, key, notice, letter).await? {
            return Ok(false);
        }
        sqlx::query("UPDATE confirmation SET asked_at = $1 WHERE address = $2")
            .bind(millis(notice.opened_at))
            .bind(address.to_ascii_lowercase())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Addresses that letters come back from: the address in lower case, the first of those letters since one arrived
    /// there, and what one of them was answered.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unreachable(&self) -> Result<Vec<(String, i64, String)>, StoreError> {
        let rows = sqlx::query_as(
            "SELECT LOWER(recipient), MIN(id), COALESCE(MAX(last_reply), '') FROM delivery AS failed
             WHERE state = 'dead-address' AND channel IS NULL AND id >
               (SELECT COALESCE(MAX(id), 0) FROM delivery WHERE LOWER(recipient) = LOWER(failed.recipient) AND state = 'sent' AND channel IS NULL)
             GROUP BY LOWER(recipient) ORDER BY 1",
        );
        Ok(rows.fetch_all(&self.readers).await?)
    }

    /// The address a link was sent to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn asked(&self, token: &str) -> Result<Option<Confirmation>, StoreError> {
        let row = sqlx::query("SELECT * FROM confirmation WHERE token = $1").bind(token).fetch_optional(&self.readers).await?;
        row.as_ref().map(confirmation).transpose()
    }

    /// Somebody is there. Saying it twice is the same as saying it once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn confirm(&self, token: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE confirmation SET confirmed_at = $1 WHERE token = $2")
            .bind(millis(now))
            .bind(token)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }
}

/// Everything that is known of addresses.
pub(super) async fn confirmations(transaction: &mut Transaction<'_, Sqlite>) -> Result<Vec<Confirmation>, StoreError> {
    let rows = sqlx::query("SELECT * FROM confirmation ORDER BY address").fetch_all(&mut **transaction).await?;
    // What cannot be read of an address is not known of it.
    Ok(rows.iter().flat_map(confirmation).collect())
}

fn confirmation(row: &SqliteRow) -> Result<Confirmation, StoreError> {
    let time = |name: &str| Ok::<_, StoreError>(row.field::<Option<i64>>(name)?.map(time_of));
    Ok(Confirmation {
        address: row.field("address")?,
        known_at: time_of(row.field("known_at")?),
        asked_at: time("asked_at")?,
        confirmed_at: time("confirmed_at")?,
    })
}
