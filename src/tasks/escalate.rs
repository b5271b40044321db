//! The escalating loop: who has not answered in time, and who is asked next.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::lifecycle::Heart;
use crate::model::{LadderPlace, Notice, NoticeKind, OpenFinding, PendingAnswer, Side};
use crate::notice::{Decision, EscalationCard, PartyMessage, PlannedEscalation, next_step};
use crate::store::{EscalationCommit, OpenNotice, StoreError, UnansweredNotice};

use super::letters::LetterWriter;
use super::outage::outages_due;
use super::retell::retell_due;
use crate::state::AppState;

/// Steps are days apart; a few seconds do not matter.
const NAP: Duration = Duration::from_secs(20);

/// Climbs until the daemon stops.
pub async fn run(shared: Arc<AppState>, heart: Heart, stopping: CancellationToken) {
    loop {
        heart.beat("escalate");
        let roused = shared.wake_escalate.notified();
        let due = async {
            Ok::<_, StoreError>(escalate_due(&shared).await? + retell_due(&shared).await? + outages_due(&shared).await?)
        };
        match due.await {
            Ok(0) => {}
            Ok(_) => shared.wake_lanes(),
            Err(problem) => {
                if shared.trouble.set("ladder", shared.clock.now(), problem.to_string()) {
                    error!(%problem, "who has not answered cannot be looked up");
                }
            }
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = roused => {}
            () = tokio::time::sleep(NAP) => {}
        }
    }
}

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
    if !is_there(&standing, (silence.side, &silence.party)) {
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

/// The words for whoever is asked next: what their side was told and is still open.
pub(super) fn words<'s>(standing: &'s OpenNotice, silence: &PendingAnswer, rise: &PlannedEscalation) -> Decision<'s> {
    // What was asked for counts from the day it was asked.
    about(standing, (silence.side, &silence.party), NoticeKind::Escalated, rise.asked_at)
}

/// Whether anything of what a party was told differs now: a change that comes and goes may be gone at the moment, and then
/// nobody is asked about it.
pub(super) fn is_there(standing: &OpenNotice, party: (Side, &str)) -> bool {
    let decision = about(standing, party, NoticeKind::Escalated, standing.notice.told_at);
    decision.words.iter().any(|word| !word.findings.is_empty())
}

/// What a party was told and is still open.
pub(super) fn about<'s>(
    standing: &'s OpenNotice,
    (side, party): (Side, &str),
    kind: NoticeKind,
    told_at: DateTime<Utc>,
) -> Decision<'s> {
    let told = standing.told.iter().find(|told| told.side == side && told.party == party);
    let is_theirs = |finding: &&OpenFinding| told.is_some_and(|told| told.findings.contains_key(&finding.identity));
    let findings = standing.findings.iter().filter(is_theirs).collect();
    let word = PartyMessage { side, party: party.to_owned(), kind, findings, called_off: Vec::new() };
    let notice = Notice { told_at, ..standing.notice.clone() };
    Decision { notice, words: vec![word], closes: false }
}

/// Why the reader is asked.
pub(super) fn card(rise: &PlannedEscalation) -> Option<EscalationCard> {
    let (rung, _) = rise.person.as_ref()?;
    Some(EscalationCard {
        since: rise.since.date_naive(),
        promised: rise.promised,
        rung: rung.name().to_owned(),
        asked: rise.before.join(", "),
    })
}
