//! Who has not answered in time, and the letter to whoever is asked next.

use tracing::info;

use crate::model::{LadderPlace, PendingAnswer};
use crate::notice::{is_still_open, next_step};
use crate::state::AppState;
use crate::store::{EscalationCommit, StoreError, UnansweredNotice};

use super::writer::LetterWriter;

/// Takes every step that is due. Returns how many were taken.
///
/// # Errors
/// When the database does not answer.
pub async fn escalate_due(shared: &AppState) -> Result<usize, StoreError> {
    let mut taken = 0;
    let (silences, mut damaged) = shared.store.silences().await?;
    for silent in silences {
        for silence in &silent.silences {
            match climb(shared, &silent, silence).await {
                Ok(is_taken) => taken += usize::from(is_taken),
                // One damaged row costs nobody else a step.
                Err(problem) if problem.is_one_row() => damaged.push(problem.to_string()),
                Err(problem) => return Err(problem),
            }
        }
    }
    match damaged.first() {
        Some(first) => _ = shared.trouble.set("ladder", shared.clock.now(), first.clone()),
        None => _ = shared.trouble.clear("ladder"),
    }
    Ok(taken)
}

async fn climb(shared: &AppState, silent: &UnansweredNotice, silence: &PendingAnswer) -> Result<bool, StoreError> {
    let active = shared.active();
    let Some((integration, api)) = active.find(&silent.key) else { return Ok(false) };
    // Who was taken out of the configuration is asked nothing.
    if !api.has(silence.side, &silence.party) {
        return Ok(false);
    }
    let now = shared.clock.now();
    let Some(rise) = next_step(silence, integration).filter(|rise| rise.due_at <= now) else { return Ok(false) };
    let Some(standing) = shared.store.standing(&silent.notice).await? else { return Ok(false) };
    if !is_still_open(&standing, silence.side, &silence.party) {
        return Ok(false);
    }
    let name = integration.party(&silence.party).map_or(silence.party.as_str(), |party| party.name.as_str());
    let text = match &rise.person {
        Some((rung, person)) => {
            format!("{name} is silent about notice {}: {} ({}) is asked", standing.notice.id, person.name, rung.name())
        }
        None => format!("{name} is silent about notice {}: nobody new is on the next step", standing.notice.id),
    };
    info!(notice = standing.notice.id, side = silence.side.name(), party = silence.party, step = rise.step, "{text}");
    let writer = LetterWriter { shared, active: &active, key: &standing.key, integration, api, now };
    let delivery = match &rise.person {
        Some(_) => {
            let Some(letter) = writer.escalated(&standing, silence, &rise) else { return Ok(false) };
            Some(letter)
        }
        None => None,
    };
    let step = EscalationCommit {
        notice: standing.notice.id.clone(),
        key: standing.key.clone(),
        side: silence.side,
        party: silence.party.clone(),
        asked_at: rise.asked_at,
        place: LadderPlace::Rung(rise.step),
        delivery,
        text,
    };
    shared.store.climb(step, now).await
}
