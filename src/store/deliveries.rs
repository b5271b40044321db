//! Letters that are ready to go, written with what they tell of.

use chrono::{DateTime, Utc};
use sqlx::{Sqlite, Transaction};

use crate::model::{ChannelName, LetterQuestion, NoticeKind, Side, millis};

use super::error::StoreError;

/// A letter that is ready to go, and who stands in for its reader.
#[derive(Debug, Clone)]
pub struct PlannedDelivery {
    /// What it says.
    pub kind: NoticeKind,
    /// What it does to the question whether its side has answered.
    pub question: LetterQuestion,
    /// Which end it goes to.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// Name of the recipient.
    pub name: String,
    /// The one envelope recipient.
    pub recipient: String,
    /// Envelope sender.
    pub sender: String,
    /// Its subject.
    pub subject: String,
    /// Final RFC 5322 bytes.
    pub message: Vec<u8>,
    /// What its answer link carries; none where no answer is expected.
    pub token: Option<String>,
    /// Who is written to if this address is dead, in order.
    pub stand_ins: Vec<PlannedDelivery>,
    /// The channel it goes through, where that is not mail.
    pub channel: Option<ChannelName>,
    /// Until when it waits for the end of its reader's quiet hours.
    pub not_before: Option<DateTime<Utc>>,
}

/// Writes letters into the outbox, each with whoever stands in for its reader, and takes back what they overtake.
pub(super) async fn insert_deliveries(
    transaction: &mut Transaction<'_, Sqlite>,
    notice: &str,
    now: i64,
    deliveries: Vec<PlannedDelivery>,
) -> Result<(), StoreError> {
    for delivery in deliveries {
        if delivery.kind == NoticeKind::Resolved && delivery.channel.is_none() {
            // What this party was still to be told is over before it left.
            sqlx::query(
                "UPDATE delivery SET state = 'overtaken' WHERE notice = $1 AND side = $2 AND party = $3 AND state IN ('pending', 'standby')
                   AND kind <> 'resolved'",
            )
            .bind(notice)
            .bind(delivery.side.name())
            .bind(&delivery.party)
            .execute(&mut **transaction)
            .await?;
        }
        if delivery.not_before.is_none() {
            // What cannot wait for the end of quiet hours waits for nothing that does: they leave in order, now.
            sqlx::query("UPDATE delivery SET not_before = NULL WHERE notice = $1 AND recipient = $2 AND state = 'pending'")
                .bind(notice)
                .bind(&delivery.recipient)
                .execute(&mut **transaction)
                .await?;
        }
        let mut previous: Option<i64> = None;
        let mut first = delivery;
        let stand_ins = std::mem::take(&mut first.stand_ins);
        for letter in std::iter::once(first).chain(stand_ins) {
            let state = if previous.is_none() { "pending" } else { "standby" };
            let id: Option<i64> = sqlx::query_scalar(
                "INSERT INTO delivery (notice, kind, side, party, name, recipient, sender, subject, message, stands_in_for, token, state, next_at, created_at, channel, not_before, question)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, $16)
                 ON CONFLICT (token) WHERE token IS NOT NULL DO NOTHING RETURNING id",
            )
            .bind(notice)
            .bind(letter.kind.name())
            .bind(letter.side.name())
            .bind(&letter.party)
            .bind(&letter.name)
            .bind(&letter.recipient)
            .bind(&letter.sender)
            .bind(&letter.subject)
            .bind(&letter.message)
            .bind(previous)
            .bind(&letter.token)
            .bind(state)
            .bind(now)
            .bind(letter.channel.as_ref().map(ToString::to_string))
            .bind(letter.not_before.map(millis))
            .bind(letter.question.name())
            .fetch_optional(&mut **transaction)
            .await?;
            // The token is made of all that a letter says: two people who answer the same in one moment lead to one letter.
            if id.is_none() {
                break;
            }
            previous = id;
        }
    }
    Ok(())
}
