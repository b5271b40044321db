//! What one party was told of an open notice, and of that what still differs: the words of every later letter about it.

use chrono::{DateTime, Utc};

use crate::model::{Notice, NoticeKind, OpenFinding, OpenNotice, PendingAnswer, Side};

use super::decide::{Decision, PartyMessage, answers_of_others};
use super::ladder::PlannedEscalation;
use super::letter::EscalationCard;

/// One more letter to a party about what it was told and is still open.
pub fn restated<'s>(open: &'s OpenNotice, side: Side, party: &str, kind: NoticeKind, told_at: DateTime<Utc>) -> Decision<'s> {
    let told = open.told_to(side, party);
    let is_theirs = |finding: &&OpenFinding| told.is_some_and(|told| told.findings.contains_key(&finding.identity));
    let findings = open.findings.iter().filter(is_theirs).collect();
    let stem = told.and_then(|told| told.stem.clone());
    let answers = answers_of_others(&open.told, side);
    let pending = told.and_then(|told| told.pending.clone());
    let message = PartyMessage { stem, pending, answers, ..PartyMessage::about(side, party, kind, findings) };
    let notice = Notice { told_at, ..open.notice.clone() };
    Decision { notice, messages: vec![message], closes: false }
}

/// Whether anything of what a party was told differs now: a change that comes and goes may be gone at the moment, and then
/// nobody is asked about it.
pub fn is_still_open(open: &OpenNotice, side: Side, party: &str) -> bool {
    let decision = restated(open, side, party, NoticeKind::Escalated, open.notice.told_at);
    decision.messages.iter().any(|message| !message.findings.is_empty())
}

/// The letter to whoever is asked next. What was asked for counts from the day it was asked.
pub fn restated_to_next<'s>(open: &'s OpenNotice, pending: &PendingAnswer, step: &PlannedEscalation) -> Decision<'s> {
    restated(open, pending.side, &pending.party, NoticeKind::Escalated, step.asked_at)
}

/// Why whoever is asked next is asked; none where nobody new is.
pub fn escalation_card(step: &PlannedEscalation) -> Option<EscalationCard> {
    let (target, _) = step.person.as_ref()?;
    Some(EscalationCard {
        since: step.since.date_naive(),
        promised: step.promised,
        target: target.name().to_owned(),
        asked: step.before.join(", "),
    })
}
