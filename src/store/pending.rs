//! What a party is asked under a notice, what it answered to that, and who was asked since.

use sqlx::{Sqlite, Transaction};

use crate::model::{EscalationStep, LadderPlace, PendingAnswer, Side, time_of};

use super::acknowledgement::acknowledgement;
use super::error::StoreError;
use super::rows::Fields as _;

pub(super) async fn pending_answer(
    transaction: &mut Transaction<'_, Sqlite>,
    notice: &str,
    side: Side,
    party: String,
) -> Result<PendingAnswer, StoreError> {
    // What was over for a party and began again begins with a new question.
    let asked: Vec<i64> = sqlx::query_scalar(
        "SELECT DISTINCT created_at FROM delivery
         WHERE notice = $1 AND side = $2 AND party = $3 AND question = 'asked'
           AND created_at > (SELECT COALESCE(MAX(r.created_at), -1) FROM delivery r
             WHERE r.notice = $1 AND r.side = $2 AND r.party = $3 AND r.question = 'nothing')
         ORDER BY created_at",
    )
    .bind(notice)
    .bind(side.name())
    .bind(&party)
    .fetch_all(&mut **transaction)
    .await?;
    let row = sqlx::query("SELECT * FROM acknowledgement WHERE notice = $1 AND side = $2 AND party = $3")
        .bind(notice)
        .bind(side.name())
        .bind(&party)
        .fetch_optional(&mut **transaction)
        .await?;
    let over: Option<i64> = sqlx::query_scalar(
        "SELECT MAX(created_at) FROM delivery WHERE notice = $1 AND side = $2 AND party = $3 AND kind = 'resolved'",
    )
    .bind(notice)
    .bind(side.name())
    .bind(&party)
    .fetch_one(&mut **transaction)
    .await?;
    let answer = match row {
        Some(row) if over.is_none_or(|over| row.field::<i64>("letter_at").is_ok_and(|at| at > over)) => {
            Some((acknowledgement(&row, notice)?, time_of(row.field("letter_at")?)))
        }
        _ => None,
    };
    let steps: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT asked_at, step, at FROM escalation WHERE notice = $1 AND side = $2 AND party = $3 ORDER BY asked_at, step",
    )
    .bind(notice)
    .bind(side.name())
    .bind(&party)
    .fetch_all(&mut **transaction)
    .await?;
    let mut steps_taken = Vec::with_capacity(steps.len());
    for (asked_at, number, at) in steps {
        let place = usize::try_from(number).ok().and_then(LadderPlace::numbered);
        let unknown =
            || StoreError::Corrupt { table: "escalation", row: notice.to_owned(), what: format!("there is no step {number}") };
        steps_taken.push(EscalationStep { asked_at: time_of(asked_at), place: place.ok_or_else(unknown)?, at: time_of(at) });
    }
    Ok(PendingAnswer { side, party, asked: asked.into_iter().map(time_of).collect(), answer, steps_taken })
}
