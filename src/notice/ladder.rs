//! Silence climbs: who is asked next, and when, on a side that has not answered.

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
    /// Who is asked; nobody where the rung is empty or was asked already.
    pub person: Option<(EscalationTarget, Person)>,
    /// Who was asked before.
    pub before: Vec<String>,
}

/// The next step, whether it is due or not; none once all were taken or an answer came.
pub fn next_step(silence: &PendingAnswer, integration: &Integration) -> Option<PlannedEscalation> {
    let party = integration.party(&silence.party)?;
    let (_, contact) = party.owner(silence.side)?;
    let (asked_at, promised) = question(silence, &party.calendar)?;
    let since = integration.answer_due(&silence.party, asked_at);
    // Who was named by somebody of the side is no step of its ladder.
    let rung_of = |climbed: &EscalationStep| match climbed.place {
        LadderPlace::Rung(rung) if climbed.asked_at == asked_at && rung < integration.agreement.ladder.len() => Some(rung),
        LadderPlace::Rung(_) | LadderPlace::Named(_) => None,
    };
    let taken: Vec<&EscalationStep> = silence.climbed.iter().filter(|climbed| rung_of(climbed).is_some()).collect();
    let step = taken.iter().filter_map(|climbed| rung_of(climbed)).max().map_or(0, |rung| rung + 1);
    let rung = integration.agreement.ladder.get(step)?;
    // Everybody gets the time that was promised, also after the daemon was away.
    let from = taken.iter().map(|climbed| climbed.at).max().unwrap_or(since).max(since);
    let mut asked: Vec<&Person> = vec![&contact.person];
    for earlier in integration.agreement.ladder.iter().take(step) {
        asked.extend(party.on(silence.side, earlier.rung));
    }
    let person = party.on(silence.side, rung.rung).filter(|person| !asked.iter().any(|known| known.email == person.email));
    let mut before: Vec<String> = Vec::new();
    for person in &asked {
        if !before.contains(&person.name) {
            before.push(person.name.clone());
        }
    }
    Some(PlannedEscalation {
        asked_at,
        step,
        due_at: party.calendar.after(from, rung.after),
        since,
        promised,
        person: person.map(|person| (rung.rung, person.clone())),
        before,
    })
}

/// The question that is open, and since when: the first letter without an answer, or the day after the one by
/// which it should have been done.
fn question(silence: &PendingAnswer, calendar: &Calendar) -> Option<(DateTime<Utc>, Option<NaiveDate>)> {
    let first_after =
        |time: Option<DateTime<Utc>>| silence.asked.iter().find(|asked| time.is_none_or(|time| **asked > time)).copied();
    match &silence.answer {
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
