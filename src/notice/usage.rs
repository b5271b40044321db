//! A finding seen from one consumer: affected, not used, or unknown.

use crate::model::{Consumer, OpenFinding};

/// What a finding means for one consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Impact {
    /// The consumer declared what it uses, and this is not among it.
    NotUsed,
    /// Nobody said what the consumer uses, or the finding concerns more than operations.
    Unknown,
    /// The consumer uses an operation this reaches.
    Affected,
}

/// The impact of a finding on a consumer.
pub fn impact(finding: &OpenFinding, consumer: &Consumer) -> Impact {
    let Some(patterns) = &consumer.operations else { return Impact::Unknown };
    if finding.used_by.is_empty() {
        return Impact::Unknown;
    }
    let mut best = Impact::NotUsed;
    for label in &finding.used_by {
        // Webhooks and callbacks arrive by arrangements a list of calls does not cover.
        let reached = match label.split_once(' ') {
            Some(("webhook" | "callback", _)) => Impact::Unknown,
            Some((method, path)) if patterns.iter().any(|pattern| pattern.matches(method, path)) => Impact::Affected,
            _ => Impact::NotUsed,
        };
        best = best.max(reached);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OperationPattern;

    #[test]
    fn impact_follows_declared_usage() {
        let finding = |used_by: &[&str]| OpenFinding {
            identity: String::new(),
            content: String::new(),
            severity: "breaking".to_owned(),
            judged: "breaking".to_owned(),
            exception: None,
            consequence: "refused".to_owned(),
            stability: None,
            rule: String::new(),
            message: String::new(),
            used_by: used_by.iter().map(|label| (*label).to_owned()).collect(),
            before_pointer: String::new(),
            after_pointer: String::new(),
            proven: String::new(),
            fragment: String::new(),
            direction: String::new(),
            given: None,
            day: None,
        };
        let silent = Consumer { party: "x".to_owned(), operations: None };
        let declared = Consumer { party: "x".to_owned(), operations: OperationPattern::parse("GET /a/{id}").map(|p| vec![p]) };
        assert_eq!(impact(&finding(&["GET /a/{key}"]), &silent), Impact::Unknown);
        assert_eq!(impact(&finding(&["POST /a", "GET /a/{key}"]), &declared), Impact::Affected);
        assert_eq!(impact(&finding(&["POST /a"]), &declared), Impact::NotUsed);
        assert_eq!(impact(&finding(&[]), &declared), Impact::Unknown);
        assert_eq!(impact(&finding(&["webhook POST a.changed"]), &declared), Impact::Unknown);
    }
}
