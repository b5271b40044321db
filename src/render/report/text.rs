//! For a terminal: the verdict first, then one operation after the other.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::model::Severity;

use super::super::clean::{clean, without_commands};
use super::view::{Report, ReportFinding, by_operation, count_oddities};

/// How a terminal wants its text.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether colours are understood.
    pub colour: bool,
    /// Columns; longer lines are wrapped.
    pub width: usize,
}

/// How far the body of a finding stands in.
const INDENT: usize = 9;

/// Oddities that are listed; the others are counted.
const LISTED: usize = 20;

impl Style {
    fn with(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn severity(self, severity: Severity) -> String {
        let code = match severity {
            Severity::Breaking => "1;31",
            Severity::Warning => "1;33",
            Severity::Info => "2",
        };
        self.with(code, &format!("{:<8}", severity.name().to_uppercase()))
    }

    /// Words in lines of at most the terminal's width, the first after `indent` columns that are taken.
    fn wrapped(self, text: &str, indent: usize) -> Vec<String> {
        let room = self.width.saturating_sub(indent).max(20);
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
        lines
    }
}

/// The report for a terminal.
pub fn text(report: &Report, style: Style) -> String {
    let mut out = format!("{}\n", style.with("1", &report.headline));
    if let Some(undecided) = &report.undecided {
        let _ = writeln!(out, "{} {}", style.with("1;35", "UNDECIDED"), clean(undecided, 600));
    }
    let (told, rest) = report.parted();
    // What two findings share is printed once.
    let mut explained: HashSet<&str> = HashSet::new();
    let mut shown: HashSet<&str> = HashSet::new();
    for (name, rows) in by_operation(&told) {
        let _ = writeln!(out, "\n{}", style.with("1;4", &clean(&name, 300)));
        for row in rows {
            let is_new = explained.insert(&row.finding.rule);
            let fragment = if shown.insert(&row.fragment) { row.fragment.as_str() } else { "" };
            finding(&mut out, row, style, is_new, fragment);
        }
    }
    if !rest.is_empty() {
        out.push('\n');
    }
    for row in rest {
        let reach = format!("({})", row.reach());
        let proven = if row.proven.is_empty() { String::new() } else { format!(". {}", clean(&row.proven, 500)) };
        let line = format!("{} {}{}", clean(&row.finding.message, 400), reach, proven);
        let lines = style.wrapped(&line, INDENT);
        for (index, line) in lines.iter().enumerate() {
            let head = if index == 0 { style.severity(row.finding.severity) } else { " ".repeat(INDENT - 1) };
            let _ = writeln!(out, "{head} {line}");
        }
        if let Some(excuse) = row.excuse() {
            let _ = writeln!(out, "{}{}", " ".repeat(INDENT), style.with("2", &excuse));
        }
    }
    if !report.oddities.is_empty() {
        let count = count_oddities(report.oddities.len());
        let _ = writeln!(out, "\n{count} could not be read as the specification means it; the rest was compared:");
        for oddity in report.oddities.iter().take(LISTED) {
            let _ = writeln!(out, "  {}: {}", clean(&oddity.pointer, 300), clean(&oddity.message, 300));
        }
        if report.oddities.len() > LISTED {
            let _ = writeln!(out, "  and {} more (--format json lists all)", report.oddities.len() - LISTED);
        }
    }
    without_commands(&out)
}

fn finding(out: &mut String, row: &ReportFinding, style: Style, is_new: bool, fragment: &str) {
    let margin = " ".repeat(INDENT);
    for (index, line) in style.wrapped(&clean(&row.finding.message, 400), INDENT).iter().enumerate() {
        let head = if index == 0 { format!("{} ", style.severity(row.finding.severity)) } else { margin.clone() };
        let _ = writeln!(out, "{head}{}", style.with("1", line));
    }
    let way = format!("{} ({})", row.way(), row.finding.consequence.name());
    let _ = writeln!(out, "{margin}{}", style.with("2", way.trim_start()));
    if !row.proven.is_empty() {
        for line in style.wrapped(&clean(&row.proven, 500), INDENT) {
            let _ = writeln!(out, "{margin}{}", style.with("36", &line));
        }
    }
    if is_new {
        for line in style.wrapped(&row.hurt, INDENT) {
            let _ = writeln!(out, "{margin}{line}");
        }
        for line in style.wrapped(&format!("What to do: {}", row.remedy), INDENT) {
            let _ = writeln!(out, "{margin}{line}");
        }
    }
    for line in fragment.lines() {
        let code = match line.chars().next() {
            Some('-') => "31",
            Some('+') => "32",
            _ => "2",
        };
        let _ = writeln!(out, "{margin}  {}", style.with(code, &clean(line, 200)));
    }
    let place = match (&row.location.before, &row.location.after) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(one), None) | (None, Some(one)) => one.to_string(),
        (None, None) => clean(row.pointer(), 300),
    };
    let _ = writeln!(out, "{margin}{}", style.with("2", &format!("{} at {place}", row.finding.rule)));
    if let Some(excuse) = row.excuse() {
        let _ = writeln!(out, "{margin}{}", style.with("2", &excuse));
    }
}
