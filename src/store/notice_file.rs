//! Everything that is known of one notice, open or closed: what its page shows.

use chrono::{DateTime, Utc};

use crate::model::{LastTold, OpenFinding, time_of};

use super::database::Store;
use super::error::StoreError;
use super::findings::findings;
use super::notice_row::{NoticeRow, notice_row};
use super::notices::told;
use super::rows::Fields as _;

/// A notice with all that belongs to it. Rows that cannot be read back are left out: status tells of them.
#[derive(Debug, Clone)]
pub struct NoticeFile {
    /// Its letters, and what was said.
    pub row: NoticeRow,
    /// When it was closed and why, if it was.
    pub closed: Option<(DateTime<Utc>, String)>,
    /// What differs now; nothing once it is closed.
    pub findings: Vec<OpenFinding>,
    /// What each party was told.
    pub told: Vec<LastTold>,
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
        Ok(Some(NoticeFile { row: notice, closed, findings, told }))
    }
}
