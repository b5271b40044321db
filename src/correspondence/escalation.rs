//! Who has not answered in time, and the letter to whoever is asked next.

use tracing::info;

use crate::model::{LadderPlace, LastTold, OpenNotice, PendingAnswer, Person, Side};
use crate::notice::{MessageCard, PlannedEscalation, is_still_open, next_step};
use crate::state::{AppState, TroublePart};
use crate::store::{EscalationCommit, PlannedDelivery, StoreError, UnansweredNotice};

use super::writer::LetterWriter;

/// Takes every step that is due. Returns of how many notices some were taken.
///
/// # Errors
/// When the database does not answer.
pub async fn escalate_due(shared: &AppState) -> Result<usize, StoreError> {
    let mut taken = 0;
    let (open, mut damaged) = shared.store.unanswered_notices().await?;
    for unanswered in open {
        match escalate(shared, &unanswered).await {
            Ok(is_taken) => taken += usize::from(is_taken),
            // One damaged row costs nobody else a step.
            Err(problem) if problem.is_one_row() => damaged.push(problem.to_string()),
            Err(problem) => return Err(problem),
        }
    }
    match damaged.first() {
        Some(first) => _ = shared.trouble.set(TroublePart::Ladder, shared.clock.now(), first.clone()),
        None => _ = shared.trouble.clear(&TroublePart::Ladder),
    }
    Ok(taken)
}

/// An end that is silent, and the step that is due there.
struct SilentEnd<'s> {
    pending: &'s PendingAnswer,
    planned: PlannedEscalation,
}

/// Takes the steps of one notice that are due.
async fn escalate(shared: &AppState, unanswered: &UnansweredNotice) -> Result<bool, StoreError> {
    let active = shared.active();
    let Some((integration, api)) = active.find(&unanswered.key) else { return Ok(false) };
    let now = shared.clock.now();
    // Who was taken out of the configuration is asked nothing.
    let known = unanswered.pending.iter().filter(|pending| api.has(pending.side, &pending.party));
    let mut due: Vec<SilentEnd<'_>> =
        known.filter_map(|pending| Some(SilentEnd { pending, planned: next_step(pending, integration)? })).collect();
    due.retain(|end| end.planned.due_at <= now);
    if due.is_empty() {
        return Ok(false);
    }
    let Some(open) = shared.store.open_notice(&unanswered.notice).await? else { return Ok(false) };
    due.retain(|end| is_still_open(&open, end.pending.side, &end.pending.party));
    // Whoever has had a letter about it today is asked tomorrow.
    due.retain(|end| end.planned.person.as_ref().is_none_or(|(_, person)| !open.is_written_today(&person.email, now)));
    let writer = LetterWriter { shared, active: &active, key: &open.key, integration, api, now };
    let (mut left, next): (Vec<SilentEnd<'_>>, Vec<SilentEnd<'_>>) =
        due.into_iter().partition(|end| matches!(end.planned.place, LadderPlace::NobodyLeft(_)));
    if managers(&writer, &open).iter().any(|(.., person)| open.is_written_today(&person.email, now)) {
        left.clear();
    }
    let mut steps: Vec<EscalationCommit> = next.iter().filter_map(|end| asked(&writer, &open, end)).collect();
    // Where several ends are silent, who is told reads of all of them in one letter.
    let mut letters = nobody_left(&writer, &open, &left);
    for end in &left {
        let days = end.planned.overdue_days(now);
        let what = format!("is silent for {days} days and nobody is left to ask: the operator and the partner-managers are told");
        let theirs = letters.extract_if(.., |letter| letter.side == end.pending.side && letter.party == end.pending.party);
        let theirs: Vec<PlannedDelivery> = theirs.collect();
        steps.push(step(&writer, &open, end, theirs, &what));
    }
    if let Some(step) = steps.last_mut() {
        step.letters.append(&mut letters);
    }
    for step in &steps {
        info!(notice = step.notice, side = step.side.name(), party = step.party, step = step.place.number(), "{}", step.text);
    }
    shared.store.record_escalation(steps, now).await
}

/// The step to whoever is next on the ladder; none where the letter could not be written, which status then says.
fn asked(writer: &LetterWriter<'_>, open: &OpenNotice, end: &SilentEnd<'_>) -> Option<EscalationCommit> {
    let Some((target, person)) = &end.planned.person else {
        return Some(step(writer, open, end, Vec::new(), "is silent: nobody new is on the next step"));
    };
    let letter = writer.escalated(open, end.pending, &end.planned)?;
    Some(step(writer, open, end, vec![letter], &format!("is silent: {} ({}) is asked", person.name, target.name())))
}

fn step(
    writer: &LetterWriter<'_>,
    open: &OpenNotice,
    end: &SilentEnd<'_>,
    letters: Vec<PlannedDelivery>,
    what: &str,
) -> EscalationCommit {
    let SilentEnd { pending, planned } = end;
    EscalationCommit {
        notice: open.notice.id.clone(),
        key: open.key.clone(),
        side: pending.side,
        party: pending.party.clone(),
        asked_at: planned.asked_at,
        place: planned.place,
        letters,
        text: format!("{} {what} ({})", writer.integration.name_of(&pending.party), open.notice.id),
    }
}

/// To the operator and to whoever speaks for each end: who is silent, since when, and who was asked at the reader's own end.
fn nobody_left(writer: &LetterWriter<'_>, open: &OpenNotice, silent: &[SilentEnd<'_>]) -> Vec<PlannedDelivery> {
    let Some(first) = silent.first() else { return Vec::new() };
    let operator = (first.pending.side, first.pending.party.as_str(), writer.active.operator());
    let managers = managers(writer, open);
    let mut written: Vec<String> = Vec::new();
    let mut letters = Vec::new();
    for (side, party, person) in managers.into_iter().chain([operator]) {
        let address = person.email.to_ascii_lowercase();
        if !written.contains(&address) {
            let is_operator = address == writer.active.config.mail.operator.to_ascii_lowercase();
            let card = silence(writer, silent, |end| is_operator || end.pending.party == party);
            letters.extend(writer.message_to_counterpart(open, side, party, &person, card));
            written.push(address);
        }
    }
    letters
}

/// Whoever speaks for each end that was told of a notice.
fn managers<'o>(writer: &LetterWriter<'_>, open: &'o OpenNotice) -> Vec<(Side, &'o str, Person)> {
    let manager = |told: &'o LastTold| {
        let manager = writer.integration.party(&told.party)?.manager(told.side)?;
        Some((told.side, told.party.as_str(), manager.clone()))
    };
    open.told.iter().filter_map(manager).collect()
}

/// What is told of silent ends; who was asked there is for their own eyes and the operator's.
fn silence(writer: &LetterWriter<'_>, silent: &[SilentEnd<'_>], sees: impl Fn(&SilentEnd<'_>) -> bool) -> MessageCard {
    let names: Vec<&str> = silent.iter().map(|end| writer.integration.name_of(&end.pending.party)).collect();
    let longest = silent.iter().map(|end| end.planned.overdue_days(writer.now)).max().unwrap_or_default();
    let days = if longest == 1 { "1 day".to_owned() } else { format!("{longest} days") };
    let mut lines: Vec<String> = Vec::new();
    for (end, name) in silent.iter().zip(&names) {
        lines.push(match end.planned.promised {
            Some(day) => format!("{name}: it was to be done by {day}, and is still open."),
            None => format!("{name}: an answer was due on {}.", end.planned.since.date_naive()),
        });
        if sees(end) {
            lines.push(format!("Asked at {name} without an answer: {}.", end.planned.before.join(", ")));
        }
    }
    lines.push(
        "Speak to each other; the people to call stand below. This is told again each week until somebody answers or the change \
         is gone."
            .to_owned(),
    );
    let has = if names.len() == 1 { "has" } else { "have" };
    let heading = format!("{} {has} not answered, {days} overdue, and nobody is left to ask", names.join(" and "));
    MessageCard { tag: "no answer", heading, lines, asks: false }
}
