//! SARIF 2.1.0 (OASIS), which code scanning services read.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use url::Url;

use crate::model::Severity;
use crate::rules::Catalogue;

use super::json::pretty;
use super::view::{Report, ReportFinding};

/// What stands for itself in a relative path (RFC 3986 section 3.3); a colon could be taken for that of a scheme.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The rule of the result that says that a comparison is incomplete.
const UNDECIDED: &str = "comparison-undecided";

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Breaking => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A file or URL as a URI reference (RFC 3986 section 4.1): relative as it is named, `file:///` where it is absolute.
fn uri(file: &str) -> String {
    if let Ok(url) = Url::parse(file)
        && matches!(url.scheme(), "http" | "https" | "file")
    {
        return url.into();
    }
    let path = utf8_percent_encode(file, PATH).to_string();
    if file.starts_with('/') { format!("file://{path}") } else { path }
}

fn result(row: &ReportFinding) -> Value {
    let mut result = json!({
        "ruleId": row.finding.rule,
        "level": level(row.finding.severity),
        "message": {"text": format!("{} ({}). {} {} {}", row.finding.message, row.reach(), row.proven, row.hurt, row.remedy)},
        "partialFingerprints": {"driftdIdentity/v1": row.finding.identity},
        "properties": {"consequence": row.finding.consequence, "direction": row.finding.direction, "usedBy": row.finding.used_by, "proof": row.finding.proof},
    });
    if let Some(line) = row.line() {
        result["locations"] = json!([{
            "physicalLocation": {"artifactLocation": {"uri": uri(&line.file)}, "region": {"startLine": line.line}},
            "logicalLocations": [{"fullyQualifiedName": row.pointer()}],
        }]);
    }
    if let Some(note) = &row.exception {
        result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": note.reason}]);
    }
    result
}

/// The report as SARIF.
pub fn sarif(report: &Report, catalogue: &Catalogue) -> String {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    for row in &report.findings {
        if let Some(rule) = catalogue.get(&row.finding.rule) {
            rules.entry(rule.id).or_insert_with(|| {
                json!({
                    "id": rule.id,
                    "shortDescription": {"text": rule.page.title},
                    "fullDescription": {"text": rule.page.hurt},
                    "help": {"text": rule.page.remedy.to_string(), "markdown": rule.page.body},
                    "defaultConfiguration": {"level": level(rule.severity)},
                })
            });
        }
    }
    // A notification alone is shown by few services.
    let undecided = report.undecided.as_ref().map(|why| {
        let title = "The comparison is incomplete";
        rules.insert(
            UNDECIDED,
            json!({"id": UNDECIDED, "shortDescription": {"text": title}, "defaultConfiguration": {"level": "error"}}),
        );
        json!({"ruleId": UNDECIDED, "level": "error", "message": {"text": format!("{title}: {why}")}})
    });
    let driver = json!({
        "name": "driftd",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": rules.into_values().collect::<Vec<_>>(),
    });
    let mut run = json!({
        "tool": {"driver": driver},
        "results": undecided.into_iter().chain(report.findings.iter().map(result)).collect::<Vec<_>>(),
    });
    let complete = report.undecided.is_none();
    let notifications: Vec<Value> =
        report.undecided.iter().map(|why| json!({"level": "error", "message": {"text": why}})).collect();
    run["invocations"] = json!([{"executionSuccessful": complete, "toolExecutionNotifications": notifications}]);
    pretty(&json!({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}))
}
