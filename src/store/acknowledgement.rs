//! What somebody answered, as it is stored.

use sqlx::sqlite::SqliteRow;

use crate::model::{Acknowledgement, Answer};

use super::error::StoreError;
use super::rows::{Fields as _, date, parse};

/// What a side answered.
pub(super) fn acknowledgement(row: &SqliteRow, notice: &str) -> Result<Acknowledgement, StoreError> {
    let answer: String = row.field("answer")?;
    Ok(Acknowledgement {
        owner: row.field("owner")?,
        answer: parse(Answer::named, "acknowledgement", notice, &answer)?,
        fix_by: date(row.field("fix_by")?, notice)?,
        note: row.field("note")?,
    })
}
