//! What is different since the last letter.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::{NoticeKind, OneCause, OpenFinding, Severity};

use super::super::decide::{PartyMessage, Since};

/// What is different since the last letter.
#[derive(Debug, Clone, Serialize)]
pub struct SinceCard {
    /// In a sentence or two.
    pub words: String,
    /// What is gone, in a line each, as far as it is known.
    pub gone: Vec<String>,
    /// How much is gone.
    pub gone_count: usize,
}

/// What is different since the last letter, in numbers.
pub(super) fn since_in_words(new: &[OneCause<&OpenFinding>], since: &Since<'_>, still_open: usize) -> String {
    let eased = since.eased;
    let gone = since.gone_count.saturating_sub(eased.count());
    let is_moved = |row: &&OneCause<&OpenFinding>| since.moved.iter().any(|moved| moved.identity == row.first.identity);
    let (moved, new): (Vec<_>, Vec<_>) = new.iter().partition(is_moved);
    let mut words = match (counted(new), moved.len()) {
        (counts, 0) if counts.is_empty() => "Nothing is new since the last letter.".to_owned(),
        (counts, 0) => format!("New since the last letter: {counts}."),
        (counts, moved) if counts.is_empty() => format!("Days that moved since the last letter: {moved}."),
        (counts, moved) => format!("New since the last letter: {counts}. Days that moved: {moved}."),
    };
    if eased.promises > 0 {
        words.push_str(&format!(" Promises that are kept again: {}.", eased.promises));
    }
    if eased.findings > 0 {
        words.push_str(&format!(" Breaks nothing any more: {}.", eased.findings));
    }
    if gone > 0 {
        words.push_str(&format!(" Gone since: {gone}."));
    }
    if still_open > 0 {
        words.push_str(&format!(" Told before and still open: {still_open}."));
    }
    words
}

/// `3 breaking, 1 to look at`.
pub(super) fn counted<'r>(rows: impl IntoIterator<Item = &'r OneCause<&'r OpenFinding>>) -> String {
    let (breaking, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| breaks(row));
    let counts = [(breaking.len(), Severity::Breaking.name()), (others.len(), "to look at")];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    counts.join(", ")
}

/// Whether a row breaks something.
pub(super) fn breaks(row: &OneCause<&OpenFinding>) -> bool {
    row.first.severity == Severity::Breaking
}

/// What is news in a letter that is not the first, in a word or two.
pub(super) fn news(message: &PartyMessage<'_>) -> String {
    let (Some(since), called_off) = (&message.since, &message.called_off) else { return String::new() };
    let moved: BTreeSet<NaiveDate> = since.moved.iter().filter_map(|finding| finding.day.as_ref()).map(|day| day.on).collect();
    if message.kind == NoticeKind::Eased {
        return match (moved.first(), since.eased.promises) {
            (Some(day), 1..) if moved.len() == 1 => format!("moved to {day}, promise kept"),
            (_, 1..) => "promise kept".to_owned(),
            _ => "no longer breaks".to_owned(),
        };
    }
    match (moved.first(), moved.len(), since.new.len(), called_off.len()) {
        (Some(day), 1, _, _) => format!("moved to {day}"),
        (Some(_), ..) => "days moved".to_owned(),
        (None, _, 0, 0) => String::new(),
        (None, _, 0, _) => "called off".to_owned(),
        (None, _, new, _) => format!("{new} new"),
    }
}
