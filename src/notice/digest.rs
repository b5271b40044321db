//! What happened without a letter, and what waits to be told since it breaks nothing: worth a line a week, not a letter of its own.

use chrono::{DateTime, Utc};

use crate::model::{Api, LedgerEntry, OpenFinding, OperationLabel, Side, dated_subjects, in_force};

use super::usage::{Impact, impact};

/// Lines of one kind; a digest is glanced at.
const MOST: usize = 20;

/// What is known of one API.
pub struct Week<'w> {
    /// The API.
    pub api: &'w Api,
    /// Everything that was ever said about its days.
    pub entries: &'w [LedgerEntry],
    /// Differences that nobody has to act on, with when they were seen.
    pub findings: &'w [(OpenFinding, DateTime<Utc>)],
    /// What waits to be told of open notices, by the id of each.
    pub waiting: &'w [(&'w str, Vec<&'w OpenFinding>)],
    /// When the week began: when the last digest ended.
    pub since: DateTime<Utc>,
    /// When it ended.
    pub until: DateTime<Utc>,
}

/// Lines for a party: what is new in open notices and breaks nothing, days that were put off, and differences that nobody has to
/// act on. Empty where there is nothing.
pub fn digest_lines(week: &Week<'_>, side: Side, party: &str) -> Vec<String> {
    let is_theirs = |operations: &[OperationLabel]| {
        let consumers = week.api.consumers.iter();
        let mut theirs = consumers.filter(|consumer| side == Side::Provider || consumer.party == party);
        theirs.any(|consumer| impact(operations, consumer) > Impact::NotUsed)
    };
    let mut lines: Vec<String> = Vec::new();
    for entries in dated_subjects(week.entries).values() {
        let Some(now) = in_force(entries, week.until) else { continue };
        // An earlier day was told at once: what a reader takes to be the day is the earliest that was said.
        let within = entries.iter().filter(|entry| entry.read_at > week.since && entry.read_at <= week.until);
        let said = within.filter_map(|entry| in_force(entries, entry.read_at)).chain(in_force(entries, week.since));
        let moved = said.filter_map(|entry| entry.statement.date).min().zip(now.statement.date);
        if let Some((from, to)) = moved.filter(|(from, to)| from < to && *to >= week.until.date_naive())
            && is_theirs(&now.statement.operations)
        {
            let subject = if now.statement.subject == "*" { &week.api.name } else { &now.statement.subject };
            lines.push(format!("{}: {subject} was put off from {from} to {to}", week.api.name));
        }
    }
    let is_new = |seen: &DateTime<Utc>| *seen > week.since && *seen <= week.until;
    let new = week.findings.iter().filter(|(finding, seen)| is_new(seen) && is_theirs(&finding.used_by));
    let rows = OpenFinding::rows(new.map(|(finding, _)| finding));
    let new: Vec<String> = rows.into_iter().map(|row| format!("{}: {}", week.api.name, row.message)).collect();
    let rows_of = |(notice, findings): &(&str, Vec<&OpenFinding>)| {
        let rows = OpenFinding::rows(findings.iter().copied());
        let line = |message: &str| format!("{}: {message} (to look at; new in notice {notice})", week.api.name);
        rows.iter().map(|row| line(&row.message)).collect::<Vec<_>>()
    };
    let waiting: Vec<String> = week.waiting.iter().flat_map(rows_of).collect();
    let mut all = Vec::new();
    for (kind, lines) in
        [("changes to look at", waiting), ("days that were put off", lines), ("differences that nobody has to act on", new)]
    {
        let left = lines.len().saturating_sub(MOST);
        all.extend(lines.into_iter().take(MOST));
        if left > 0 {
            all.push(format!("{}: and {left} more {kind}", week.api.name));
        }
    }
    all
}
