//! Workflow commands that GitHub shows beside the lines of a pull request.

use crate::model::Severity;

use super::super::clean::{clean, without_commands};
use super::view::{Report, ReportFinding};

/// Text after `::`, escaped as the runner reads it.
fn data(text: &str) -> String {
    without_commands(&clean(text, 2000)).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn command(row: &ReportFinding) -> &'static str {
    match row.finding.severity {
        _ if !row.matters() => "notice",
        Severity::Breaking => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    }
}

/// One command a line, and the verdict last.
pub fn github(report: &Report) -> String {
    let mut out = String::new();
    for row in &report.findings {
        let place = row.line().map(|line| format!("file={},line={},", property(&line.file), line.line)).unwrap_or_default();
        let title = property(&format!("{}: {}", row.finding.severity.name(), row.finding.rule));
        let proven = if row.proven.is_empty() { String::new() } else { format!(". {}", row.proven) };
        let message = data(&format!("{} ({}){proven}", row.finding.message, row.reach()));
        out.push_str(&format!("::{} {place}title={title}::{message}\n", command(row)));
    }
    if let Some(undecided) = &report.undecided {
        out.push_str(&format!("::error title=undecided::{}\n", data(undecided)));
    }
    out.push_str(&format!("{}\n", without_commands(&clean(&report.headline, 400))));
    out
}
