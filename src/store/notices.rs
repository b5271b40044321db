//! Notices: opened, told, closed, and what each party knows of them.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::model::{Fingerprint, LastTold, Notice, Severity, Side, ToldFinding, millis, stem_of, time_of};

use super::acknowledgement::acknowledgement;
use super::database::Store;
use super::deliveries::{PlannedDelivery, insert_deliveries};
use super::error::StoreError;
use super::pending::pending_answer;
use super::rows::{Fields as _, as_u32, parse};
use super::watches::WatchId;

/// A change that comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recurrence {
    /// How often it came back.
    pub times: u32,
    /// When it last came or went.
    pub at: DateTime<Utc>,
}

/// A notice that was closed because nothing differed any more.
#[derive(Debug, Clone)]
pub struct RevertedNotice {
    /// The notice.
    pub notice: Notice,
    /// How often it had come back before.
    pub times: u32,
    /// What each party was told under it.
    pub told: Vec<LastTold>,
}

/// Why a notice is closed whose change is gone.
pub const REVERTED: &str = "nothing differs from the baseline any more";

/// Why a notice is closed from the start: its letter asks nothing.
pub(super) const ASKS_NOTHING: &str = "it asks nothing";

/// A change that comes back within this time comes and goes.
pub const FLAPPING: TimeDelta = TimeDelta::hours(24);

/// What happens to the notice of a watch.
#[derive(Debug, Clone)]
pub enum NoticeStep {
    /// Nothing.
    Nothing,
    /// The change came or went once more while it comes and goes; nobody is written to again.
    CameOrWent {
        /// The notice.
        id: String,
        /// How often it came back.
        recurrence: Recurrence,
    },
    /// It is opened, or told again; also one that was closed, where its change has come back.
    Tell {
        /// The notice.
        notice: Notice,
        /// How often its change came back, if it did.
        recurrence: Option<Recurrence>,
        /// The letters.
        deliveries: Vec<PlannedDelivery>,
        /// What their readers know once they have read them.
        told: Vec<LastTold>,
    },
    /// It is over.
    Close {
        /// Its id.
        id: String,
        /// Why, in words.
        why: String,
        /// The letters.
        deliveries: Vec<PlannedDelivery>,
    },
}

/// How a notice is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeName {
    /// For people: the shortest that no other notice has.
    pub id: String,
    /// What it was made of.
    pub fingerprint: Fingerprint,
    /// Whether it was written already.
    pub is_known: bool,
}

impl NoticeName {
    /// The notice of this name.
    pub fn notice(&self, opened_at: DateTime<Utc>, told_at: DateTime<Utc>) -> Notice {
        Notice { id: self.id.clone(), fingerprint: self.fingerprint.clone(), opened_at, told_at }
    }
}

impl Store {
    /// How the notice of these facts is called, whether or not there is one already.
    ///
    /// # Errors
    /// When the database does not answer, or every id it could have is taken.
    pub async fn name_notice(&self, fingerprint: &Fingerprint) -> Result<NoticeName, StoreError> {
        let known: Option<(String, String)> = sqlx::query_as(
            // A notice of before there were fingerprints has its id for one.
            "SELECT id, fingerprint FROM notice WHERE fingerprint = $1 OR (fingerprint = $2 AND id = $2)",
        )
        .bind(fingerprint.as_str())
        .bind(fingerprint.shortest())
        .fetch_optional(&self.readers)
        .await?;
        if let Some((id, fingerprint)) = known {
            return Ok(NoticeName { id, fingerprint: Fingerprint::stored(fingerprint), is_known: true });
        }
        for id in fingerprint.ids() {
            let taken: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM notice WHERE id = $1").bind(id).fetch_one(&self.readers).await?;
            if taken == 0 {
                return Ok(NoticeName { id: id.to_owned(), fingerprint: fingerprint.clone(), is_known: false });
            }
        }
        Err(StoreError::IdTaken(fingerprint.as_str().to_owned()))
    }
}

/// Makes sure, in the transaction that writes a notice, that its id is no other's.
pub(super) async fn ensure_id_is_free(transaction: &mut Transaction<'_, Sqlite>, notice: &Notice) -> Result<(), StoreError> {
    let holder: Option<String> = sqlx::query_scalar("SELECT fingerprint FROM notice WHERE id = $1")
        .bind(&notice.id)
        .fetch_optional(&mut **transaction)
        .await?;
    match holder {
        Some(holder) if holder != notice.fingerprint.as_str() => Err(StoreError::IdTaken(notice.id.clone())),
        _ => Ok(()),
    }
}

pub(super) async fn open_notice(
    transaction: &mut Transaction<'_, Sqlite>,
    watch: WatchId,
) -> Result<Option<(Notice, Option<Recurrence>)>, StoreError> {
    let row = sqlx::query(
        "SELECT id, fingerprint, opened_at, told_at, flips, flipped_at FROM notice WHERE watch = $1 AND closed_at IS NULL",
    )
    .bind(watch)
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let times = as_u32(row.field("flips")?);
    let flipped = row.field::<Option<i64>>("flipped_at")?.filter(|_| times > 0);
    Ok(Some((notice(&row)?, flipped.map(|at| Recurrence { times, at: time_of(at) }))))
}

/// What a row says of its notice.
pub(super) fn notice(row: &SqliteRow) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: row.field("id")?,
        fingerprint: Fingerprint::stored(row.field("fingerprint")?),
        opened_at: time_of(row.field("opened_at")?),
        told_at: time_of(row.field("told_at")?),
    })
}

/// The notice that was closed last, where it was closed within a day because nothing differed any more.
pub(super) async fn gone(
    transaction: &mut Transaction<'_, Sqlite>,
    watch: WatchId,
    now: DateTime<Utc>,
) -> Result<Option<RevertedNotice>, StoreError> {
    let row = sqlx::query(
        "SELECT id, fingerprint, opened_at, told_at, flips FROM notice
         WHERE watch = $1 AND closed_why = $2 AND closed_at > $3 AND closed_at <= $4
           AND closed_at = (SELECT MAX(closed_at) FROM notice WHERE watch = $1 AND closed_why <> $5)
         ORDER BY closed_at DESC LIMIT 1",
    )
    .bind(watch)
    .bind(REVERTED)
    .bind(millis(now - FLAPPING))
    // What was closed by a clock that stood wrong tells nothing.
    .bind(millis(now))
    .bind(ASKS_NOTHING)
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let notice = notice(&row)?;
    let told = told(transaction, &notice.id).await?;
    Ok(Some(RevertedNotice { notice, times: as_u32(row.field("flips")?), told }))
}

/// What each party was last told under a notice.
pub(super) async fn told(transaction: &mut Transaction<'_, Sqlite>, notice: &str) -> Result<Vec<LastTold>, StoreError> {
    let rows: Vec<(String, String, String, String, String)> = sqlx::query_as(
        "SELECT side, party, identity, content, severity FROM told WHERE notice = $1 ORDER BY side, party, identity",
    )
    .bind(notice)
    .fetch_all(&mut **transaction)
    .await?;
    let mut told: Vec<LastTold> = Vec::new();
    for (side, party, identity, content, severity) in rows {
        let side = parse(Side::named, "told", notice, &side)?;
        let finding = ToldFinding { content, severity: parse(|name| name.parse::<Severity>().ok(), "told", notice, &severity)? };
        match told.last_mut().filter(|last| last.side == side && last.party == party) {
            Some(last) => {
                last.findings.insert(identity, finding);
            }
            None => told.push(LastTold {
                pending: Some(pending_answer(transaction, notice, side, party.clone()).await?),
                side,
                party,
                stem: None,
                answer: None,
                written_at: None,
                findings: [(identity, finding)].into(),
            }),
        }
    }
    let written: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT side, party, MAX(created_at) FROM delivery WHERE notice = $1 AND channel IS NULL AND stands_in_for IS NULL
           AND kind IN ('opened', 'updated', 'eased', 'reminder', 'resolved') GROUP BY side, party",
    )
    .bind(notice)
    .fetch_all(&mut **transaction)
    .await?;
    for (side, party, at) in written {
        if let Some(told) = told.iter_mut().find(|told| told.side.name() == side && told.party == party) {
            told.written_at = Some(time_of(at));
        }
    }
    // Mail programs keep together what has one subject: that of the first letter.
    let subjects: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT side, party, subject FROM delivery WHERE id IN (
           SELECT MIN(id) FROM delivery WHERE notice = $1 AND channel IS NULL GROUP BY side, party)",
    )
    .bind(notice)
    .fetch_all(&mut **transaction)
    .await?;
    for (side, party, subject) in subjects {
        let told = told.iter_mut().find(|told| told.side.name() == side && told.party == party);
        if let Some(told) = told {
            told.stem = stem_of(&subject).map(str::to_owned);
        }
    }
    let answers =
        sqlx::query("SELECT * FROM acknowledgement WHERE notice = $1").bind(notice).fetch_all(&mut **transaction).await?;
    for row in &answers {
        let (side, party): (String, String) = (row.field("side")?, row.field("party")?);
        if let Some(told) = told.iter_mut().find(|told| told.side.name() == side && told.party == party) {
            told.answer = Some(acknowledgement(row, notice)?);
        }
    }
    Ok(told)
}

pub(super) async fn replace_told(
    transaction: &mut Transaction<'_, Sqlite>,
    notice: &str,
    told: LastTold,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM told WHERE notice = $1 AND side = $2 AND party = $3")
        .bind(notice)
        .bind(told.side.name())
        .bind(&told.party)
        .execute(&mut **transaction)
        .await?;
    add_told(transaction, notice, told).await
}

/// Adds to what a party was told.
pub(super) async fn add_told(transaction: &mut Transaction<'_, Sqlite>, notice: &str, told: LastTold) -> Result<(), StoreError> {
    for (identity, ToldFinding { content, severity }) in told.findings {
        sqlx::query(
            "INSERT INTO told (notice, side, party, identity, content, severity) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (notice, side, party, identity) DO UPDATE SET content = excluded.content, severity = excluded.severity",
        )
        .bind(notice)
        .bind(told.side.name())
        .bind(&told.party)
        .bind(identity)
        .bind(content)
        .bind(severity.name())
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

/// What happens to a notice. Returns whether it could; it cannot where another notice has its id.
pub(super) async fn apply_notice_step(
    transaction: &mut Transaction<'_, Sqlite>,
    watch: WatchId,
    step: NoticeStep,
    now: i64,
) -> Result<bool, StoreError> {
    match step {
        NoticeStep::Nothing => {}
        NoticeStep::CameOrWent { id, recurrence } => {
            sqlx::query("UPDATE notice SET flips = $1, flipped_at = $2 WHERE id = $3")
                .bind(i64::from(recurrence.times))
                .bind(millis(recurrence.at))
                .bind(&id)
                .execute(&mut **transaction)
                .await?;
        }
        NoticeStep::Tell { notice, recurrence, deliveries, told } => {
            match ensure_id_is_free(transaction, &notice).await {
                Err(StoreError::IdTaken(_)) => return Ok(false),
                is_free => is_free?,
            }
            let done = sqlx::query(
                "INSERT INTO notice (id, fingerprint, watch, opened_at, told_at, flips, flipped_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (fingerprint) DO UPDATE SET told_at = excluded.told_at, closed_at = NULL, closed_why = NULL,
                   flips = excluded.flips, flipped_at = excluded.flipped_at
                 WHERE watch = excluded.watch AND (closed_at IS NULL OR (closed_why = $8 AND excluded.flips > 0))",
            )
            .bind(&notice.id)
            .bind(notice.fingerprint.as_str())
            .bind(watch)
            .bind(millis(notice.opened_at))
            .bind(now)
            .bind(recurrence.map_or(0, |recurrence| i64::from(recurrence.times)))
            .bind(recurrence.map(|recurrence| millis(recurrence.at)))
            .bind(REVERTED)
            .execute(&mut **transaction)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            insert_deliveries(transaction, &notice.id, now, deliveries).await?;
            for told in told {
                replace_told(transaction, &notice.id, told).await?;
            }
        }
        NoticeStep::Close { id, why, deliveries } => close_notice(transaction, &id, now, &why, deliveries).await?,
    }
    Ok(true)
}

/// Closes a notice with its last letters. What waits to be told of it is overtaken by that.
pub(super) async fn close_notice(
    transaction: &mut Transaction<'_, Sqlite>,
    id: &str,
    now: i64,
    why: &str,
    deliveries: Vec<PlannedDelivery>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE notice SET closed_at = $1, closed_why = $2 WHERE id = $3")
        .bind(now)
        .bind(why)
        .bind(id)
        .execute(&mut **transaction)
        .await?;
    sqlx::query(
        "UPDATE delivery SET state = 'overtaken' WHERE notice = $1 AND state IN ('pending', 'standby') AND kind <> 'resolved'",
    )
    .bind(id)
    .execute(&mut **transaction)
    .await?;
    insert_deliveries(transaction, id, now, deliveries).await
}
