//! For a pull request or a ticket. A partner's text cannot break out of it.

use std::fmt::Write as _;

use super::super::clean::{clean, clean_lines, without_commands};
use super::view::{Report, count_oddities};

/// Longest line of a fragment, characters.
const LONGEST_LINE: usize = 1000;

/// Characters that mean something to Markdown within a line.
const MEANING: [char; 6] = ['\\', '[', '*', '_', '~', '&'];

/// A sentence with its code spans, in which everything stands for itself (CommonMark 6.1). A lone backtick would take in
/// whatever follows: then there are none.
fn escaped(text: &str) -> String {
    let text = clean(text, 400);
    if text.matches('`').count() % 2 == 1 || text.contains("``") {
        return literal(&text.replace('`', "'"));
    }
    let part = |(at, part): (usize, &str)| if at % 2 == 1 { format!("`{part}`") } else { literal(part) };
    text.split('`').enumerate().map(part).collect()
}

/// A text without code spans.
fn plain(text: &str) -> String {
    literal(&clean(text, 400).replace('`', "'"))
}

/// A text in which every character stands for itself (CommonMark 2.4).
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut last = ' ';
    while let Some(character) = characters.next() {
        // Within a word it stands for itself anyway (CommonMark 6.2), and reads better.
        let is_in_word = last.is_alphanumeric() && characters.peek().is_some_and(|next| next.is_alphanumeric());
        last = character;
        match character {
            '<' => out.push_str("&lt;"),
            '_' if is_in_word => out.push('_'),
            _ if MEANING.contains(&character) => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    out
}

fn code(text: &str) -> String {
    clean(text, 300).replace('`', "'")
}

/// The report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = format!("**{}**\n", plain(&report.headline));
    if let Some(undecided) = &report.undecided {
        let _ = writeln!(out, "\n**Undecided:** {}", plain(undecided));
    }
    let (told, rest) = report.parted();
    for row in told {
        let _ =
            writeln!(out, "\n### {}: {}\n\n{}", row.finding.severity.name(), escaped(&row.finding.message), plain(&row.reach()));
        if !row.proven.is_empty() {
            let _ = writeln!(out, "\n{}", plain(&row.proven));
        }
        let _ = writeln!(out, "\n{}\n\n*What to do:* {}", row.hurt, row.remedy);
        let fragment = clean_lines(&row.fragment, LONGEST_LINE).replace("```", "'''");
        if !fragment.is_empty() {
            let _ = writeln!(out, "\n```diff\n{fragment}\n```");
        }
        let line = row.line().map(|line| format!(", `{}`", code(&line.to_string()))).unwrap_or_default();
        let _ = writeln!(out, "\n`{}` at `{}`{line}", row.finding.rule, code(row.pointer()));
    }
    if !rest.is_empty() {
        out.push_str("\n### info\n\n");
        for row in rest {
            let excuse = row.excuse().map(|excuse| format!("; {}", plain(&excuse))).unwrap_or_default();
            let proven = if row.proven.is_empty() { String::new() } else { format!(". {}", plain(&row.proven)) };
            let _ = writeln!(out, "- {} ({}){excuse}{proven}", escaped(&row.finding.message), plain(&row.reach()));
        }
    }
    if !report.oddities.is_empty() {
        let _ = writeln!(out, "\n### {} not judged\n", count_oddities(report.oddities.len()));
        for oddity in &report.oddities {
            let _ = writeln!(out, "- `{}`: {}", code(&oddity.pointer), plain(&oddity.message));
        }
    }
    without_commands(&out)
}
