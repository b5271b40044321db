//! For a pull request or a ticket. A partner's text cannot break out of it.

use std::fmt::Write as _;

use super::super::clean::{clean, clean_lines, without_commands};
use super::view::{Report, count_oddities};

/// Longest line of a fragment, characters.
const LONGEST_LINE: usize = 1000;

fn escaped(text: &str) -> String {
    clean(text, 400).replace('\\', "\\\\").replace('<', "&lt;").replace('[', "\\[").replace('|', "\\|")
}

/// The same without code spans: a lone backtick would take in whatever follows.
fn plain(text: &str) -> String {
    escaped(&text.replace('`', "'"))
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
