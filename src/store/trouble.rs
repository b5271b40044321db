//! What keeps letters from their readers, made anew from what is on disk: it survives a restart, and goes when what it
//! tells of goes.

use chrono::{DateTime, Utc};
use sqlx::{Sqlite, Transaction};

use crate::model::{ChannelName, DeliveryState, Side, time_of};

use super::error::StoreError;
use super::rows::{Fields as _, lines, parse};

/// Tries after which a letter that merely was not taken yet is trouble: greylisting is over by then.
const MANY_TRIES: i64 = 5;

/// Letters by mail that wait because of us or our server.
#[derive(Debug, Clone)]
pub struct MailTrouble {
    /// When the oldest of them was written.
    pub since: DateTime<Utc>,
    /// How many wait.
    pub count: u64,
    /// What was answered last.
    pub reply: String,
}

/// A party where an address could not be written to about an open notice.
#[derive(Debug, Clone)]
pub struct Unreached {
    /// The notice.
    pub notice: String,
    /// Integration id.
    pub integration: String,
    /// API id.
    pub api: String,
    /// Which end.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Addresses that were written to in their place, and took it or may still.
    pub instead: Vec<String>,
    /// What was answered last.
    pub reply: String,
}

/// A program that does not take what it was sent last.
#[derive(Debug, Clone)]
pub struct ChannelTrouble {
    /// Its name in the outbox.
    pub channel: ChannelName,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether it refused for good, or is tried again.
    pub is_final: bool,
    /// What was answered last.
    pub reply: String,
}

/// Everything that keeps letters from their readers.
#[derive(Debug, Clone, Default)]
pub struct DeliveryTrouble {
    /// By mail.
    pub mail: Option<MailTrouble>,
    /// Parties of open notices with an address that cannot be written to.
    pub unreached: Vec<Unreached>,
    /// Programs.
    pub channels: Vec<ChannelTrouble>,
}

/// A letter by mail that does not leave: the server refuses us, or it was tried so often that it is no greylisting.
const STUCK: &str =
    "(outcome IN ('no-server', 'our-trouble') OR (outcome IS NOT NULL AND outcome <> 'mailbox-full' AND attempts >= $1))";

/// Everything that keeps letters from their readers now.
pub(super) async fn delivery_trouble(transaction: &mut Transaction<'_, Sqlite>) -> Result<DeliveryTrouble, StoreError> {
    let (mail, unreached) = (mail(transaction).await?, unreached(transaction).await?);
    let rows = sqlx::query(
        "SELECT id, channel, state, created_at, COALESCE(last_reply, '') AS reply FROM delivery
         WHERE id IN (SELECT MAX(id) FROM delivery WHERE channel IS NOT NULL AND outcome IS NOT NULL GROUP BY channel)
           AND state IN ('pending', 'refused') ORDER BY channel",
    )
    .fetch_all(&mut **transaction)
    .await?;
    let channels = rows.iter().map(|row| {
        Ok::<_, StoreError>(ChannelTrouble {
            channel: parse(
                |name| name.parse().ok(),
                "delivery",
                &row.field::<i64>("id")?.to_string(),
                &row.field::<String>("channel")?,
            )?,
            since: time_of(row.field("created_at")?),
            is_final: row.field::<String>("state")? == DeliveryState::Refused.name(),
            reply: row.field("reply")?,
        })
    });
    // Status tells of damaged rows by themselves.
    Ok(DeliveryTrouble { mail, unreached, channels: channels.flatten().collect() })
}

async fn mail(transaction: &mut Transaction<'_, Sqlite>) -> Result<Option<MailTrouble>, StoreError> {
    // Where no server takes letters, one asks for all of them: those that only wait for it do not leave either.
    let waiting = "state = 'pending' AND channel IS NULL";
    let query = format!(
        "SELECT MIN(created_at) AS since, COUNT(*) AS waiting,
                (SELECT last_reply FROM delivery WHERE {waiting} AND {STUCK}
                 ORDER BY (SELECT MAX(finished_at) FROM attempt WHERE attempt.delivery = delivery.id) DESC LIMIT 1) AS reply
         FROM delivery WHERE {waiting} AND ({STUCK}
           OR (COALESCE(outcome, '') <> 'mailbox-full' AND next_at > created_at
               AND EXISTS (SELECT 1 FROM delivery s WHERE s.state = 'pending' AND s.channel IS NULL AND s.outcome = 'no-server')))"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(query)).bind(MANY_TRIES).fetch_one(&mut **transaction).await?;
    let since: Option<i64> = row.field("since")?;
    let (count, reply): (i64, Option<String>) = (row.field("waiting")?, row.field("reply")?);
    Ok(since.map(|since| MailTrouble {
        since: time_of(since),
        count: u64::try_from(count).unwrap_or(0),
        reply: reply.unwrap_or_default(),
    }))
}

/// Parties to whom the newest that they were to be told could not be told at every address.
async fn unreached(transaction: &mut Transaction<'_, Sqlite>) -> Result<Vec<Unreached>, StoreError> {
    let rows = sqlx::query(
        "WITH told AS (SELECT d.*, w.integration, w.api,
             MAX(d.created_at) OVER (PARTITION BY d.notice, d.side, d.party) AS newest
           FROM delivery d JOIN notice n ON n.id = d.notice JOIN watch w ON w.id = n.watch
           WHERE n.closed_at IS NULL AND d.channel IS NULL AND d.kind IN ('opened', 'updated'))
         SELECT notice, side, party, integration, api, MIN(created_at) AS since,
           GROUP_CONCAT(CASE WHEN state IN ('pending', 'sent') THEN recipient END, CHAR(10)) AS instead,
           (SELECT COALESCE(l.last_reply, '') FROM delivery l WHERE l.notice = told.notice AND l.side = told.side
              AND l.party = told.party AND l.state IN ('dead-address', 'refused') ORDER BY l.id DESC LIMIT 1) AS reply
         FROM told WHERE created_at = newest
         GROUP BY notice, side, party
         HAVING SUM(CASE WHEN state IN ('dead-address', 'refused') THEN 1 ELSE 0 END) > 0
         ORDER BY since, notice",
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut unreached = Vec::with_capacity(rows.len());
    for row in &rows {
        let (notice, side): (String, String) = (row.field("notice")?, row.field("side")?);
        unreached.push(Unreached {
            side: parse(Side::named, "delivery", &notice, &side)?,
            notice,
            integration: row.field("integration")?,
            api: row.field("api")?,
            party: row.field("party")?,
            since: time_of(row.field("since")?),
            instead: lines(row.field("instead")?),
            reply: row.field::<Option<String>>("reply")?.unwrap_or_default(),
        });
    }
    Ok(unreached)
}
