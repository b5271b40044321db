//! What happened without a letter: worth a line a week, not a letter of its own.

use chrono::{DateTime, Utc};

use crate::model::{Api, Entry, Mark, OpenFinding, Side};

use super::usage::{Impact, impact};

/// Lines of one kind; a digest is glanced at.
const MOST: usize = 20;

/// What is known of one API.
pub struct Week<'w> {
    /// The API.
    pub api: &'w Api,
    /// Everything that was ever said about its days.
    pub entries: &'w [Entry],
    /// What differs, with when it was first seen.
    pub findings: &'w [(OpenFinding, DateTime<Utc>)],
    /// When the week began.
    pub since: DateTime<Utc>,
}

/// Lines for a party: days that were put off, and differences that nobody has to act on. Empty where there is nothing.
pub fn quiet_lines(week: &Week<'_>, side: Side, party: &str) -> Vec<String> {
    let is_theirs = |finding: &OpenFinding| {
        let consumers = week.api.consumers.iter();
        let mut theirs = consumers.filter(|consumer| side == Side::Provider || consumer.party == party);
        theirs.any(|consumer| impact(finding, consumer) > Impact::NotUsed)
    };
    let about = |entry: &Entry| OpenFinding { used_by: entry.statement.operations.clone(), ..OpenFinding::default() };
    let mut lines: Vec<String> = Vec::new();
    let is_new = |entry: &&Entry| entry.ended_at.is_none() && entry.read_at > week.since;
    for entry in week.entries.iter().filter(is_new).filter(|entry| entry.statement.mark != Mark::Deprecation) {
        let before = week.entries.iter().rfind(|known| known.id < entry.id && known.statement.is_about(&entry.statement));
        let moved = before.and_then(|before| Some((before.statement.date?, entry.statement.date?)));
        if let Some((from, to)) = moved.filter(|(from, to)| from < to)
            && is_theirs(&about(entry))
        {
            let subject = if entry.statement.subject == "*" { &week.api.name } else { &entry.statement.subject };
            lines.push(format!("{}: {subject} was put off from {from} to {to}", week.api.name));
        }
    }
    let new = week.findings.iter().filter(|(finding, seen)| *seen > week.since && !finding.is_told() && is_theirs(finding));
    let new: Vec<String> = new.map(|(finding, _)| format!("{}: {}", week.api.name, finding.message)).collect();
    let left = new.len().saturating_sub(MOST);
    lines.truncate(MOST);
    lines.extend(new.into_iter().take(MOST));
    if left > 0 {
        lines.push(format!("{}: and {left} more differences that nobody has to act on", week.api.name));
    }
    lines
}
