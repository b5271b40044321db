//! What was promised for what a letter tells of, what was given of it, and whether its side is asked.

use chrono::NaiveDate;

use crate::model::{Agreement, BREAKING, LetterQuestion, NoticeGiven, NoticeKind, OpenFinding, Period, Severity};

use super::super::decide::PartyMessage;
use super::super::given;

/// The change that was given the least notice.
pub fn least_notice<'f>(findings: &[&'f OpenFinding]) -> Option<&'f NoticeGiven> {
    let given = findings.iter().filter_map(|finding| finding.given.as_ref());
    given.min_by_key(|given| (std::cmp::Reverse(given.short), given.given))
}

/// What the agreement promises for these findings, and the class of change it promises it for: of the change that was given the
/// least notice, or the longest promise of those that break.
pub(super) fn promise<'a>(agreement: &Agreement, findings: &[&'a OpenFinding], on: NaiveDate) -> (Period, &'a str) {
    let measured = least_notice(findings).map(|given| given.class.as_str()).filter(|class| !class.is_empty());
    let breaking = findings.iter().filter(|finding| finding.severity == Severity::Breaking);
    let classes = breaking.map(|finding| given::class(agreement, finding));
    let promises = measured.map_or_else(|| classes.collect(), |measured| vec![measured]);
    let promises = promises.into_iter().filter_map(|class| Some((agreement.period(class)?, class)));
    let longest = promises.max_by_key(|(period, _)| period.after(on));
    longest.unwrap_or((agreement.period(BREAKING).unwrap_or(Period::Days(0)), BREAKING))
}

/// What a letter does to the question whether its side has answered. A day that keeps its promise is no alarm: its reminders
/// are enough.
pub(super) fn question(message: &PartyMessage<'_>) -> LetterQuestion {
    let is_calm = message.findings.iter().all(|finding| finding.day.is_some());
    match message.kind {
        NoticeKind::Resolved => LetterQuestion::Nothing,
        NoticeKind::Opened | NoticeKind::Updated | NoticeKind::Eased if is_calm => LetterQuestion::Nothing,
        NoticeKind::Opened | NoticeKind::Updated => LetterQuestion::Asked,
        _ => LetterQuestion::AsBefore,
    }
}
