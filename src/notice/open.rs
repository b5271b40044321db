//! Findings as they are stored and told: without the documents they were found in.

use crate::model::OpenFinding;
use crate::model::Severity;
use crate::rules::{Fragments, JsonFinding, Verdict};

/// The findings of a verdict with the fragments that show them. What nobody is told needs no fragment.
pub fn open_findings(verdict: &Verdict, mut fragments: Fragments<'_>) -> Vec<OpenFinding> {
    verdict
        .findings
        .iter()
        .map(|finding| {
            let json = JsonFinding::from(finding);
            let fragment = match finding.severity {
                Severity::Info => String::new(),
                _ => fragments.of(&finding.change),
            };
            OpenFinding {
                identity: json.identity,
                content: json.content,
                severity: finding.severity,
                judged: finding.severity,
                exception: None,
                consequence: finding.consequence,
                stability: finding.change.stability(),
                rule: json.rule,
                message: json.message,
                value: finding.value.clone(),
                used_by: json.used_by,
                before_pointer: json.pointer.before,
                after_pointer: json.pointer.after,
                proven: finding.proof.sentence(finding.change.direction).unwrap_or_default(),
                fragment,
                direction: json.direction,
                given: None,
                day: None,
            }
        })
        .collect()
}
