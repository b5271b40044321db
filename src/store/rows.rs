//! How rows are read back: a column, a word, a number, JSON. What is not what was written is an error that names table and row.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite};

use crate::model::{ChannelName, Surface, WatchKey};

use super::error::StoreError;

/// A column of a row. A value of another type than its column is damage of this row, not the end of the process.
pub(super) trait Fields {
    /// # Errors
    /// When the value is not of this type.
    fn field<'r, T>(&'r self, name: &str) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>;
}

impl Fields for SqliteRow {
    fn field<'r, T>(&'r self, name: &str) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
    {
        Ok(self.try_get(name)?)
    }
}

/// What could be read; where it could not, nothing, and what is wrong for status to say. The first damage is what is told.
pub(super) fn or_damage<T: Default>(found: Result<T, StoreError>, damage: &mut Option<String>) -> T {
    found.unwrap_or_else(|problem| {
        damage.get_or_insert_with(|| problem.to_string());
        T::default()
    })
}

/// A row that can be read back; one that cannot is told of, and hides no other.
pub(super) fn whole<T>(read: Result<T, StoreError>, damage: &mut Vec<String>) -> Option<T> {
    read.map_err(|problem| damage.push(problem.to_string())).ok()
}

/// What a stored word stands for.
pub(super) fn parse<T>(
    named: impl FnOnce(&str) -> Option<T>,
    table: &'static str,
    row: &str,
    text: &str,
) -> Result<T, StoreError> {
    named(text).ok_or_else(|| StoreError::Corrupt { table, row: row.to_owned(), what: format!("{text:?} is not a known word") })
}

/// A count stored as BIGINT; negative ones read as zero.
pub(super) fn as_u32(stored: i64) -> u32 {
    u32::try_from(stored.max(0)).unwrap_or(u32::MAX)
}

/// A value that was stored as JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(text: &str, table: &'static str, row: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt { table, row: row.to_owned(), what: error.to_string() })
}

fn surface_named(name: &str) -> Option<Surface> {
    Surface::ALL.into_iter().find(|known| known.name() == name)
}

/// Dates are stored as `YYYY-MM-DD`.
pub(super) fn date(text: Option<String>, row: &str) -> Result<Option<chrono::NaiveDate>, StoreError> {
    text.map(|text| {
        text.parse::<chrono::NaiveDate>().map_err(|error| StoreError::Corrupt {
            table: "acknowledgement",
            row: row.to_owned(),
            what: error.to_string(),
        })
    })
    .transpose()
}

/// The lines of a list that the query made one text of.
pub(super) fn lines(text: Option<String>) -> Vec<String> {
    text.unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The name of the watch a row is about.
pub(super) fn key_of(row: &SqliteRow) -> Result<WatchKey, StoreError> {
    let surface: String = row.field("surface")?;
    let integration: String = row.field("integration")?;
    let api: String = row.field("api")?;
    let surface = parse(surface_named, "watch", &format!("{integration}/{api}"), &surface)?;
    Ok(WatchKey { integration, api, surface })
}

/// A value as JSON, to be stored.
pub(super) fn to_json(value: &impl serde::Serialize, table: &'static str, row: &str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt { table, row: row.to_owned(), what: error.to_string() })
}

/// The channel of a letter, where it goes through one.
pub(super) fn channel(row: &SqliteRow, id: i64) -> Result<Option<ChannelName>, StoreError> {
    let name: Option<String> = row.field("channel")?;
    name.map(|name| parse(|name| name.parse().ok(), "delivery", &id.to_string(), &name)).transpose()
}
