//! Open findings: a state, replaced as a whole by each check.

use std::collections::HashMap;

use sqlx::{Sqlite, Transaction};

use crate::model::{OpenFinding, Surface, WatchKey};

use super::error::StoreError;
use super::findings_for_digest::{drop_from_digest, forget_old, keep_for_digest};
use super::rows::{json, to_json};
use super::watches::WatchId;

pub(super) async fn findings(transaction: &mut Transaction<'_, Sqlite>, watch: WatchId) -> Result<Vec<OpenFinding>, StoreError> {
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT identity, body FROM finding WHERE watch = $1 ORDER BY rowid")
        .bind(watch)
        .fetch_all(&mut **transaction)
        .await?;
    rows.iter().map(|(identity, body)| json(body, "finding", identity)).collect()
}

/// Open findings are a state: gone ones go, known ones keep the day they were first seen.
pub(super) async fn replace_findings(
    transaction: &mut Transaction<'_, Sqlite>,
    watch: WatchId,
    key: &WatchKey,
    now: i64,
    findings: &[OpenFinding],
) -> Result<(), StoreError> {
    let known: Vec<(String, i64, String)> = sqlx::query_as("SELECT identity, opened_at, body FROM finding WHERE watch = $1")
        .bind(watch)
        .fetch_all(&mut **transaction)
        .await?;
    let mut was: HashMap<String, (i64, String)> = HashMap::new();
    for (identity, opened_at, body) in known {
        let finding: OpenFinding = json(&body, "finding", &identity)?;
        was.insert(identity, (opened_at, finding.content));
    }
    forget_findings(transaction, watch).await?;
    forget_old(transaction, key, now).await?;
    for finding in findings {
        let body = to_json(finding, "finding", &finding.identity)?;
        sqlx::query(
            "INSERT INTO finding (watch, identity, severity, body, opened_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (watch, identity) DO NOTHING",
        )
        .bind(watch)
        .bind(&finding.identity)
        .bind(finding.severity.name())
        .bind(&body)
        .bind(was.get(&finding.identity).map_or(now, |(opened_at, _)| *opened_at))
        .execute(&mut **transaction)
        .await?;
        if key.surface != Surface::Live {
            continue;
        }
        // What was told in a letter is no line in a digest; what moved on is one again.
        if finding.needs_notice() {
            drop_from_digest(transaction, key, &finding.identity).await?;
        } else if was.get(&finding.identity).is_none_or(|(_, content)| *content != finding.content) {
            keep_for_digest(transaction, key, &finding.identity, &body, now).await?;
        }
    }
    Ok(())
}

/// Removes every finding of a watch.
pub(super) async fn forget_findings(transaction: &mut Transaction<'_, Sqlite>, watch: WatchId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM finding WHERE watch = $1").bind(watch).execute(&mut **transaction).await?;
    Ok(())
}
