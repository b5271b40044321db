//! Who has not answered in time, and the letter to whoever is asked next.

use tracing::info;

use crate::model::{LadderPlace, PendingAnswer};
use crate::notice::{is_still_open, next_step};
use crate::state::{AppState, TroublePart};
use crate::store::{EscalationCommit, StoreError, UnansweredNotice};

use super::writer::LetterWriter;

/// Takes every step that is due. Returns how many were taken.
///
/// # Errors
/// When the database does not answer.
pub async fn escalate_due(shared: &AppState) -> Result<usize, StoreError> {
    let mut taken = 0;
    let (open, mut damaged) = shared.store.unanswered_notices().await?;
    for unanswered in open {
        for pending in &unanswered.pending {
            match escalate(shared, &unanswered, pending).await {
                Ok(is_taken) => taken += usize::from(is_taken),
                // One damaged row costs nobody else a step.
                Err(problem) if problem.is_one_row() => damaged.push(problem.to_string()),
                Err(problem) => return Err(problem),
            }
        }
    }
    match damaged.first() {
        Some(first) => _ = shared.trouble.set(TroublePart::Ladder, shared.clock.now(), first.clone()),
        None => _ = shared.trouble.clear(&TroublePart::Ladder),
    }
    Ok(taken)
}

async fn escalate(shared: &AppState, unanswered: &UnansweredNotice, pending: &PendingAnswer) -> Result<bool, StoreError> {
    let active = shared.active();
    let Some((integration, api)) = active.find(&unanswered.key) else { return Ok(false) };
    // Who was taken out of the configuration is asked nothing.
    if !api.has(pending.side, &pending.party) {
        return Ok(false);
    }
    let now = shared.clock.now();
    let Some(planned) = next_step(pending, integration).filter(|planned| planned.due_at <= now) else { return Ok(false) };
    let Some(open) = shared.store.open_notice(&unanswered.notice).await? else { return Ok(false) };
    if !is_still_open(&open, pending.side, &pending.party) {
        return Ok(false);
    }
    let name = integration.party(&pending.party).map_or(pending.party.as_str(), |party| party.name.as_str());
    let text = match &planned.person {
        Some((target, person)) => {
            format!("{name} is silent about notice {}: {} ({}) is asked", open.notice.id, person.name, target.name())
        }
        None => format!("{name} is silent about notice {}: nobody new is on the next step", open.notice.id),
    };
    info!(notice = open.notice.id, side = pending.side.name(), party = pending.party, step = planned.step, "{text}");
    let writer = LetterWriter { shared, active: &active, key: &open.key, integration, api, now };
    let delivery = match &planned.person {
        Some(_) => {
            let Some(letter) = writer.escalated(&open, pending, &planned) else { return Ok(false) };
            Some(letter)
        }
        None => None,
    };
    let step = EscalationCommit {
        notice: open.notice.id.clone(),
        key: open.key.clone(),
        side: pending.side,
        party: pending.party.clone(),
        asked_at: planned.asked_at,
        place: LadderPlace::Step(planned.step),
        delivery,
        text,
    };
    shared.store.record_escalation(step, now).await
}
