//! What status and metrics read: one consistent look at everything.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

use crate::model::{ApiState, OpenFinding, OperationLabel, WatchKey, time_of};

use super::confirmations::{Confirmation, confirmations};
use super::database::Store;
use super::error::StoreError;
use super::letters::{DeliveryRow, LETTER, WRITTEN, delivery_row};
use super::notice_row::{NoticeRow, notice_row};
use super::rows::{Fields as _, as_u32, json, key_of, or_damage, parse, whole};
use super::trouble::{DeliveryTrouble, delivery_trouble};
use super::watches::WatchId;

/// A watched description as status shows it.
#[derive(Debug, Clone)]
pub struct WatchRow {
    /// Its name.
    pub key: WatchKey,
    /// Where it is.
    pub source: String,
    /// Its state.
    pub state: ApiState,
    /// Why.
    pub detail: String,
    /// Consecutive failures.
    pub failures: u32,
    /// When it was last tried.
    pub checked_at: Option<DateTime<Utc>>,
    /// When it was last read.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// When it was last found unchanged.
    pub verified_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub changed_at: Option<DateTime<Utc>>,
    /// Since when it cannot be judged, where it cannot.
    pub unjudged_since: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub next_at: DateTime<Utc>,
    /// Whether a check is under way; `next_at` is then when it should have ended.
    pub is_under_way: bool,
    /// Digest of the newest snapshot.
    pub latest: Option<String>,
    /// Digest of the baseline.
    pub baseline: Option<String>,
    /// `METHOD path` of every operation in the newest snapshot.
    pub operations: Vec<OperationLabel>,
    /// What differs, with the day each was first seen.
    pub findings: Vec<(OpenFinding, DateTime<Utc>)>,
}

/// Everything status tells.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// Every watched description.
    pub watches: Vec<WatchRow>,
    /// Every open notice, oldest first.
    pub notices: Vec<NoticeRow>,
    /// When the oldest letter that has not left was written.
    pub oldest_undelivered: Option<DateTime<Utc>>,
    /// Letters by state.
    pub deliveries: std::collections::BTreeMap<String, u64>,
    /// Tries by outcome.
    pub attempts: std::collections::BTreeMap<String, u64>,
    /// The last letters that could not be delivered at all.
    pub undeliverable: Vec<DeliveryRow>,
    /// For each address whose newest letter could not be delivered, that letter.
    pub dead: Vec<DeliveryRow>,
    /// What is known of people.
    pub confirmations: Vec<Confirmation>,
    /// What keeps letters from their readers.
    pub trouble: DeliveryTrouble,
    /// Rows that cannot be read back, in words.
    pub damage: Vec<String>,
}

/// A finding as it is stored.
#[derive(sqlx::FromRow)]
struct FindingRow {
    watch: WatchId,
    identity: String,
    body: String,
    opened_at: i64,
}

/// A watched description. Status must tell of a damaged row, not fail because of it.
fn watch_row(row: &SqliteRow, key: WatchKey, found: &[FindingRow]) -> WatchRow {
    let mut damage = None;
    let name = key.to_string();
    let findings = found.iter().map(|row| Ok((json(&row.body, "finding", &row.identity)?, time_of(row.opened_at))));
    let findings = or_damage(findings.collect::<Result<Vec<_>, StoreError>>(), &mut damage);
    let state: String = or_damage(row.field("state"), &mut damage);
    let state = parse(ApiState::named, "watch", &name, &state);
    let state = state.map_err(|problem| damage.get_or_insert(problem.to_string()).clone());
    let operations: String = or_damage(row.field("operations"), &mut damage);
    let operations = or_damage(json(&operations, "watch", &name), &mut damage);
    let mut text = |column: &str| or_damage(row.field::<Option<String>>(column), &mut damage);
    let (source, detail) = (text("source").unwrap_or_default(), text("detail").unwrap_or_default());
    let (latest, baseline) = (text("latest"), text("baseline"));
    let mut number = |column: &str| or_damage(row.field::<Option<i64>>(column), &mut damage);
    let mut time = |column: &str| number(column).map(time_of);
    let (checked_at, succeeded_at) = (time("checked_at"), time("succeeded_at"));
    let (verified_at, changed_at) = (time("verified_at"), time("changed_at"));
    let (next_at, judged_at) = (time("next_at").unwrap_or_default(), time("judged_at"));
    let unjudged_since = time("unjudged_since").filter(|_| judged_at.is_none());
    let (failures, leased) = (number("failures").unwrap_or(0), number("leased").unwrap_or(0));
    WatchRow {
        source,
        state: state.ok().filter(|_| damage.is_none()).unwrap_or(ApiState::Blind),
        detail: damage.unwrap_or(detail),
        failures: as_u32(failures),
        checked_at,
        succeeded_at,
        verified_at,
        changed_at,
        unjudged_since,
        next_at,
        is_under_way: leased != 0,
        latest,
        baseline,
        operations,
        findings,
        key,
    }
}

impl Store {
    /// One consistent look at everything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let mut transaction = self.readers.begin().await?;
        let rows = sqlx::query("SELECT * FROM watch WHERE active = 1 ORDER BY integration, api, surface")
            .fetch_all(&mut *transaction)
            .await?;
        // One question for all: of thousands of descriptions few differ.
        let all: Vec<FindingRow> = sqlx::query_as(
            "SELECT f.watch, f.identity, f.body, f.opened_at FROM finding f JOIN watch w ON w.id = f.watch
             WHERE w.active = 1 ORDER BY f.rowid",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut found: HashMap<WatchId, Vec<FindingRow>> = HashMap::new();
        for row in all {
            found.entry(row.watch).or_default().push(row);
        }
        let mut watches = Vec::with_capacity(rows.len());
        let mut damage: Vec<String> = Vec::new();
        for row in &rows {
            let Some(key) = whole(key_of(row), &mut damage) else { continue };
            let found = found.remove(&row.field::<WatchId>("id")?).unwrap_or_default();
            watches.push(watch_row(row, key, &found));
        }
        let open = sqlx::query(
            "SELECT n.*, w.integration, w.api, w.surface FROM notice n LEFT JOIN watch w ON w.id = n.watch
             WHERE n.closed_at IS NULL ORDER BY n.opened_at, n.id",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut notices = Vec::with_capacity(open.len());
        for row in &open {
            notices.extend(notice_row(&mut transaction, row, &mut damage).await?);
        }
        let oldest: Option<i64> = sqlx::query_scalar("SELECT MIN(CASE WHEN not_before > created_at THEN not_before ELSE created_at END) FROM delivery WHERE state = 'pending'")
            .fetch_one(&mut *transaction)
            .await?;
        let deliveries: Vec<(String, i64)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT state, COUNT(*) FROM delivery WHERE {WRITTEN} GROUP BY state")))
                .fetch_all(&mut *transaction)
                .await?;
        let attempts: Vec<(String, i64)> =
            sqlx::query_as("SELECT outcome, COUNT(*) FROM attempt WHERE outcome IS NOT NULL GROUP BY outcome")
                .fetch_all(&mut *transaction)
                .await?;
        let lost = format!("SELECT {LETTER} FROM delivery WHERE state IN ('dead-address', 'refused') ORDER BY id DESC LIMIT 20");
        let lost = sqlx::query(sqlx::AssertSqlSafe(lost)).fetch_all(&mut *transaction).await?;
        let dead = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {LETTER} FROM delivery WHERE state = 'dead-address' AND id IN
               (SELECT MAX(id) FROM delivery WHERE state IN ('sent', 'dead-address') AND channel IS NULL GROUP BY LOWER(recipient)) ORDER BY recipient",
        )))
        .fetch_all(&mut *transaction)
        .await?;
        let totals = |rows: Vec<(String, i64)>| rows.into_iter().map(|(name, n)| (name, u64::try_from(n).unwrap_or(0))).collect();
        Ok(Overview {
            watches,
            notices,
            oldest_undelivered: oldest.map(time_of),
            deliveries: totals(deliveries),
            attempts: totals(attempts),
            undeliverable: lost.iter().filter_map(|row| whole(delivery_row(row), &mut damage)).collect(),
            confirmations: confirmations(&mut transaction).await?,
            trouble: delivery_trouble(&mut transaction).await?,
            dead: dead.iter().filter_map(|row| whole(delivery_row(row), &mut damage)).collect(),
            damage,
        })
    }
}
