//! What happened to a notice, and what is to come, in the order of time; drawn as marks on a line.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveTime, Utc};
use serde::Serialize;

use crate::model::{Integration, LadderPlace, NoticeKind, OpenFinding};
use crate::render::clean;
use crate::store::NoticeFile;

/// Width of the drawing, in units of its own, and the margin at both ends.
const WIDTH: i64 = 1000;
const MARGIN: i64 = 20;

/// Days of a ledger that are shown; the calendar has them all.
const DAYS: usize = 12;

/// What a moment is: its colour on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MomentKind {
    Seen,
    Told,
    Asked,
    Answered,
    Closed,
    Due,
    Day,
}

/// Something that happened, or will.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Moment {
    pub(super) at: DateTime<Utc>,
    pub(super) kind: MomentKind,
    pub(super) what: String,
    /// Whether it is still to come.
    pub(super) to_come: bool,
    /// Where on the line.
    pub(super) x: i64,
}

/// What the moments of a notice are read from.
pub(super) struct Sources<'s> {
    pub(super) file: &'s NoticeFile,
    /// What differs now.
    pub(super) findings: &'s [&'s OpenFinding],
    pub(super) integration: Option<&'s Integration>,
    /// When an answer is due; none where none is.
    pub(super) due: Option<DateTime<Utc>>,
    pub(super) now: DateTime<Utc>,
}

/// The moments of a notice that a reader may see.
pub(super) fn timeline(sources: &Sources<'_>, may_see: impl Fn(&str) -> bool) -> Vec<Moment> {
    let Sources { file, findings, integration, due, now } = sources;
    let name = |key: &str| integration.map_or(key, |integration| integration.name_of(key)).to_owned();
    let mut said: BTreeSet<(DateTime<Utc>, MomentKind, String)> = BTreeSet::new();
    said.insert((file.row.opened_at, MomentKind::Seen, "seen for the first time".to_owned()));
    for letter in file.row.deliveries.iter().filter(|letter| may_see(&letter.party)) {
        if let Some(what) = told(&letter.kind) {
            said.insert((letter.created_at, MomentKind::Told, format!("{} {what}", name(&letter.party))));
        }
    }
    for step in file.row.steps.iter().filter(|step| may_see(&step.party)) {
        let ladder = integration.map(|integration| integration.agreement.ladder.as_slice()).unwrap_or_default();
        let what = match step.place {
            LadderPlace::Step(number) => {
                let who = ladder.get(number).map_or("the next step", |step| step.target.name());
                format!("{who} is asked, since nobody answered")
            }
            LadderPlace::Named(target) => format!("{} was named and is asked", target.name()),
            LadderPlace::NobodyLeft(_) => "nobody is left to ask: the operator and the partner-managers are told".to_owned(),
        };
        said.insert((step.at, MomentKind::Asked, format!("{}: {what}", name(&step.party))));
    }
    for row in file.row.answers.iter().filter(|row| may_see(&row.party)) {
        said.insert((row.at, MomentKind::Answered, clean(&row.acknowledgement.in_words(&name(&row.party)), 200)));
    }
    for row in file.row.proposals.iter().filter(|row| may_see(&row.proposal.party)) {
        let until = row.proposal.until;
        said.insert((row.at, MomentKind::Asked, format!("{} asks for time until {until}", name(&row.proposal.party))));
        if let (Some(at), Some((agreed, by))) = (row.decided_at, &row.proposal.decided) {
            let word = if *agreed { "agrees" } else { "does not agree" };
            said.insert((at, MomentKind::Answered, format!("{} {word} to {until}", clean(by, 80))));
        }
    }
    if let Some((at, why)) = &file.closed {
        said.insert((*at, MomentKind::Closed, format!("closed: {}", clean(why, 200))));
    }
    if let Some(due) = due {
        said.insert((*due, MomentKind::Due, "an answer is due".to_owned()));
    }
    let days: BTreeSet<(DateTime<Utc>, MomentKind, String)> = findings
        .iter()
        .filter_map(|finding| finding.day.as_ref())
        .map(|day| (day.on.and_time(NaiveTime::MIN).and_utc(), MomentKind::Day, clean(&day.title, 120)))
        .collect();
    said.extend(days.into_iter().take(DAYS));
    placed(said, *now)
}

/// What a letter of this kind means to its party; none for those about what the other moments say.
fn told(kind: &str) -> Option<&'static str> {
    let words = [
        (NoticeKind::Opened, "is told"),
        (NoticeKind::Updated, "is told what is new"),
        (NoticeKind::Eased, "hears that an alarm is taken back"),
        (NoticeKind::Reminder, "is reminded"),
        (NoticeKind::Resolved, "hears that it is over"),
    ];
    words.into_iter().find(|(known, _)| known.name() == kind).map(|(_, words)| words)
}

fn placed(said: BTreeSet<(DateTime<Utc>, MomentKind, String)>, now: DateTime<Utc>) -> Vec<Moment> {
    let first = said.first().map_or(now, |(at, ..)| *at);
    let last = said.last().map_or(now, |(at, ..)| *at).max(now);
    let span = (last - first).num_seconds().max(1);
    let x = |at: DateTime<Utc>| MARGIN + (at - first).num_seconds().saturating_mul(WIDTH - 2 * MARGIN) / span;
    said.into_iter().map(|(at, kind, what)| Moment { x: x(at), to_come: at > now, at, kind, what }).collect()
}
