//! Who is asked next, and when, on a side that has not answered.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::model::{Answer, EscalationStep, EscalationTarget, Integration, LadderPlace, PendingAnswer, Person};

/// So often the operator and the partner-managers hear that nobody is left to ask.
const AGAIN: TimeDelta = TimeDelta::days(7);

/// The next step of a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedEscalation {
    /// When the question was asked.
    pub asked_at: DateTime<Utc>,
    /// Where it is.
    pub place: LadderPlace,
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

impl PlannedEscalation {
    /// So many whole days an answer is overdue.
    pub fn overdue_days(&self, now: DateTime<Utc>) -> i64 {
        (now - self.since).num_days().max(0)
    }
}

/// The next step, whether it is due or not; none once an answer came. After the last step the operator and both
/// partner-managers are told, and then weekly: silence does not end in silence.
pub fn next_step(pending: &PendingAnswer, integration: &Integration) -> Option<PlannedEscalation> {
    let party = integration.party(&pending.party)?;
    let (_, contact) = party.owner(pending.side)?;
    let OpenQuestion { asked_at, promised, due_at: since } = open_question(pending, integration)?;
    let ladder = &integration.agreement.ladder;
    let of_this_question = pending.steps_taken.iter().filter(|step| step.asked_at == asked_at);
    // Who was named by somebody of the side is no step of its ladder.
    let taken: Vec<&EscalationStep> = of_this_question.filter(|step| !matches!(step.place, LadderPlace::Named(_))).collect();
    let numbers = taken.iter().filter_map(|step| match step.place {
        LadderPlace::Step(number) if number < ladder.len() => Some(number),
        _ => None,
    });
    let step = numbers.max().map_or(0, |number| number + 1);
    // Everybody gets the time that was promised, also after the daemon was away.
    let from = taken.iter().map(|step| step.at).max().unwrap_or(since).max(since);
    let mut asked: Vec<&Person> = vec![&contact.person];
    for earlier in ladder.iter().take(step) {
        asked.extend(party.on(pending.side, earlier.target));
    }
    let mut before: Vec<String> = Vec::new();
    for person in &asked {
        if !before.contains(&person.name) {
            before.push(person.name.clone());
        }
    }
    let (place, due_at, person) = match ladder.get(step) {
        Some(next) => {
            let person = party.on(pending.side, next.target);
            let person = person.filter(|person| !asked.iter().any(|known| known.email == person.email));
            let due_at = party.calendar.after(from, next.after);
            (LadderPlace::Step(step), due_at, person.map(|person| (next.target, person.clone())))
        }
        // Who wants nobody asked reads it on status.
        None if ladder.is_empty() => return None,
        None => {
            let times = taken.iter().filter(|step| matches!(step.place, LadderPlace::NobodyLeft(_))).count();
            let due_at = match times {
                // Whoever was asked last has as long as whoever was asked first.
                0 => party.calendar.after(from, integration.agreement.acknowledge_within),
                _ => from + AGAIN,
            };
            (LadderPlace::NobodyLeft(times), due_at, None)
        }
    };
    Some(PlannedEscalation { asked_at, place, due_at, since, promised, person, before })
}

/// The question that an end has not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuestion {
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// By when somebody had said that it would be done, where that is the question.
    pub promised: Option<NaiveDate>,
    /// When an answer is due.
    pub due_at: DateTime<Utc>,
}

/// The question that is open at an end: the first letter without an answer, or the day after the one by which it should have
/// been done, which may be to come. None where all is answered.
pub fn open_question(pending: &PendingAnswer, integration: &Integration) -> Option<OpenQuestion> {
    let first_after =
        |time: Option<DateTime<Utc>>| pending.asked.iter().find(|asked| time.is_none_or(|time| **asked > time)).copied();
    let (asked_at, promised) = match &pending.answer {
        None => (first_after(None)?, None),
        Some((answer, letter_at)) if answer.answer == Answer::Accepted => (first_after(Some(*letter_at))?, None),
        Some((answer, _)) => {
            let fix_by = answer.fix_by?;
            let next = fix_by.succ_opt()?.and_time(NaiveTime::MIN);
            let zone = integration.party(&pending.party)?.calendar.zone;
            let local = next.and_local_timezone(zone).earliest();
            (local.map_or_else(|| next.and_utc(), |local| local.to_utc()), Some(fix_by))
        }
    };
    Some(OpenQuestion { asked_at, promised, due_at: integration.answer_due(&pending.party, asked_at) })
}

/// By when a side should answer a letter that is written now, as the ladder counts it: a question that is open stays the one that
/// is to be answered, and whoever has taken it on is asked nothing until its day.
pub(super) fn answer_due(
    pending: Option<&PendingAnswer>,
    asks: bool,
    integration: &Integration,
    party: &str,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let open = pending.and_then(|pending| open_question(pending, integration)).filter(|question| question.asked_at <= now);
    let is_taken_on =
        pending.and_then(|pending| pending.answer.as_ref()).is_some_and(|(answer, _)| answer.answer == Answer::Ours);
    let due = open.map(|question| question.due_at);
    due.or_else(|| (asks && !is_taken_on).then(|| integration.answer_due(party, now)))
}
