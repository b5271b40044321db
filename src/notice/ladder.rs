//! Who is asked next, and when, on a side that has not answered.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::model::{Answer, Calendar, EscalationStep, EscalationTarget, Integration, LadderPlace, PendingAnswer, Person};

/// The next step of a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedEscalation {
    /// When the question was asked.
    pub asked_at: DateTime<Utc>,
    /// Its number on the ladder.
    pub step: usize,
    /// When it is due.
    pub due_at: DateTime<Utc>,
    /// When an answer was due.
    pub since: DateTime<Utc>,
    /// By when somebody had said that it would be done, where that is what did not happen.
    pub promised: Option<NaiveDate>,
    /// Who is asked; nobody where the role is empty or was asked already.
    pub person: Option<(EscalationTarget, Person)>,
    /// Who was asked before.
    pub before: Vec<String>,
}

/// The next step, whether it is due or not; none once all were taken or an answer came.
pub fn next_step(pending: &PendingAnswer, integration: &Integration) -> Option<PlannedEscalation> {
    let party = integration.party(&pending.party)?;
    let (_, contact) = party.owner(pending.side)?;
    let (asked_at, promised) = question(pending, &party.calendar)?;
    let since = integration.answer_due(&pending.party, asked_at);
    // Who was named by somebody of the side is no step of its ladder.
    let number_of = |step: &EscalationStep| match step.place {
        LadderPlace::Step(number) if step.asked_at == asked_at && number < integration.agreement.ladder.len() => Some(number),
        LadderPlace::Step(_) | LadderPlace::Named(_) => None,
    };
    let taken: Vec<&EscalationStep> = pending.steps_taken.iter().filter(|step| number_of(step).is_some()).collect();
    let step = taken.iter().filter_map(|step| number_of(step)).max().map_or(0, |number| number + 1);
    let next = integration.agreement.ladder.get(step)?;
    // Everybody gets the time that was promised, also after the daemon was away.
    let from = taken.iter().map(|step| step.at).max().unwrap_or(since).max(since);
    let mut asked: Vec<&Person> = vec![&contact.person];
    for earlier in integration.agreement.ladder.iter().take(step) {
        asked.extend(party.on(pending.side, earlier.target));
    }
    let person = party.on(pending.side, next.target).filter(|person| !asked.iter().any(|known| known.email == person.email));
    let mut before: Vec<String> = Vec::new();
    for person in &asked {
        if !before.contains(&person.name) {
            before.push(person.name.clone());
        }
    }
    Some(PlannedEscalation {
        asked_at,
        step,
        due_at: party.calendar.after(from, next.after),
        since,
        promised,
        person: person.map(|person| (next.target, person.clone())),
        before,
    })
}

/// The question that is open, and since when: the first letter without an answer, or the day after the one by
/// which it should have been done.
fn question(pending: &PendingAnswer, calendar: &Calendar) -> Option<(DateTime<Utc>, Option<NaiveDate>)> {
    let first_after =
        |time: Option<DateTime<Utc>>| pending.asked.iter().find(|asked| time.is_none_or(|time| **asked > time)).copied();
    match &pending.answer {
        None => first_after(None).map(|asked| (asked, None)),
        Some((answer, letter_at)) if answer.answer == Answer::Accepted => {
            first_after(Some(*letter_at)).map(|asked| (asked, None))
        }
        Some((answer, _)) => {
            let fix_by = answer.fix_by?;
            let next = fix_by.succ_opt()?.and_time(NaiveTime::MIN);
            let local = next.and_local_timezone(calendar.zone).earliest();
            Some((local.map_or_else(|| next.and_utc(), |local| local.to_utc()), Some(fix_by)))
        }
    }
}
