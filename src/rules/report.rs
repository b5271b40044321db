//! The documented JSON object of a comparison.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Consequence, Direction, OneCause, OperationLabel, Severity, by_cause};
use crate::openapi::{Oddity, shown_pointer};

use super::finding::{Finding, Verdict};
use super::proof::Proof;

/// The result of a comparison, as `driftd diff --format json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct JsonReport {
    /// Counts by severity.
    pub summary: Summary,
    /// Most severe first.
    pub findings: Vec<JsonFinding>,
    /// Parts of either document that could not be read as meant; `pointer` is prefixed with the side.
    pub oddities: Vec<Oddity>,
    /// Why the comparison is incomplete, if it is.
    pub undecided: Option<String>,
}

/// Counts by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Findings that break a client.
    pub breaking: usize,
    /// Findings that may break a client.
    pub warning: usize,
    /// Findings nobody has to act on.
    pub info: usize,
}

impl Summary {
    /// Counts severities.
    pub fn of(severities: impl Iterator<Item = Severity>) -> Self {
        let mut summary = Self::default();
        for severity in severities {
            match severity {
                Severity::Breaking => summary.breaking += 1,
                Severity::Warning => summary.warning += 1,
                Severity::Info => summary.info += 1,
            }
        }
        summary
    }
}

/// One finding, for machines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JsonFinding {
    /// Rule id; `driftd rules ID` explains it.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it does to the party it hurts.
    pub consequence: Consequence,
    /// Which way the data flows.
    pub direction: Direction,
    /// Method of the first operation it reaches; null when it concerns the whole document.
    pub method: Option<String>,
    /// Path of that operation.
    pub path: Option<String>,
    /// Where it stands in both documents.
    pub pointer: JsonPointer,
    /// What stood there, where it is small.
    pub before: Option<Value>,
    /// What stands there now, where it is small.
    pub after: Option<Value>,
    /// One sentence, of this finding and of those in `same_cause`.
    pub message: String,
    /// What stands behind the verdict: `promise`, `contained`, `refuted` with its witness, or `undecided`.
    #[serde(default)]
    pub proof: Proof,
    /// Every operation it reaches.
    pub used_by: Vec<OperationLabel>,
    /// Keeps its value while the finding stays the same one.
    pub identity: String,
    /// Changes when what is to be said changes.
    pub content: String,
    /// Findings that the sentence tells too: other values of the same list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_cause: Vec<SameCause>,
}

/// A finding that is told with another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SameCause {
    /// As of a finding that is told alone.
    pub identity: String,
    /// As of a finding that is told alone.
    pub content: String,
    /// What stood there, where it is small.
    pub before: Option<Value>,
    /// What stands there now, where it is small.
    pub after: Option<Value>,
    /// What stands behind the verdict.
    pub proof: Proof,
}

impl From<&Finding> for SameCause {
    fn from(finding: &Finding) -> Self {
        Self {
            identity: finding.identity.clone(),
            content: finding.content.clone(),
            before: finding.change.before.clone(),
            after: finding.change.after.clone(),
            proof: finding.proof.clone(),
        }
    }
}

/// JSON Pointers of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonPointer {
    /// In the document before.
    pub before: String,
    /// In the document after.
    pub after: String,
}

impl From<&Finding> for JsonFinding {
    fn from(finding: &Finding) -> Self {
        let change = &finding.change;
        let first = change.used_by.first();
        Self {
            rule: finding.rule.to_owned(),
            severity: finding.severity,
            consequence: finding.consequence,
            direction: change.direction,
            method: first.map(|first| first.method.clone()),
            path: first.map(|first| first.path.clone()),
            pointer: JsonPointer { before: shown_pointer(&change.site.before), after: shown_pointer(&change.site.after) },
            before: change.before.clone(),
            after: change.after.clone(),
            message: finding.message.clone(),
            proof: finding.proof.clone(),
            used_by: change.used_by.iter().map(|usage| usage.label()).collect(),
            identity: finding.identity.clone(),
            content: finding.content.clone(),
            same_cause: Vec::new(),
        }
    }
}

impl JsonFinding {
    /// One row for all findings of a cause.
    pub fn of_cause(cause: &OneCause<&Finding>) -> Self {
        let same_cause = cause.others.iter().map(|other| SameCause::from(*other)).collect();
        Self { message: cause.message.clone(), same_cause, ..Self::from(cause.first) }
    }
}

impl JsonReport {
    /// The report of a verdict with the oddities of both documents.
    pub fn new(verdict: &Verdict, oddities: Vec<Oddity>) -> Self {
        let rows = by_cause(&verdict.findings, Finding::cause);
        let findings: Vec<JsonFinding> = rows.iter().map(JsonFinding::of_cause).collect();
        Self {
            summary: Summary::of(findings.iter().map(|finding| finding.severity)),
            findings,
            oddities,
            undecided: verdict.undecided.clone(),
        }
    }
}
