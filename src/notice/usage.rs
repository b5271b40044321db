//! A finding seen from one consumer: affected, not used, or unknown.

use crate::model::{Api, Consumer, OpenFinding, OperationLabel, Side};

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

/// The impact on a consumer of what reaches these operations; where it names none, it concerns the whole description.
pub fn impact(used_by: &[OperationLabel], consumer: &Consumer) -> Impact {
    let Some(patterns) = &consumer.operations else { return Impact::Unknown };
    if used_by.is_empty() {
        return Impact::Unknown;
    }
    let mut best = Impact::NotUsed;
    for label in used_by {
        let reached = match label.call() {
            // Webhooks and callbacks arrive by arrangements that a list of calls does not cover.
            None => Impact::Unknown,
            Some((method, path)) if patterns.iter().any(|pattern| pattern.matches(method, path)) => Impact::Affected,
            Some(_) => Impact::NotUsed,
        };
        best = best.max(reached);
    }
    best
}

/// The findings that somebody has to hear of and that concern any of these consumers.
pub fn concerning<'f>(findings: &'f [OpenFinding], consumers: &[Consumer]) -> Vec<&'f OpenFinding> {
    let concerns = |finding: &&OpenFinding| {
        finding.needs_notice() && consumers.iter().any(|consumer| impact(&finding.used_by, consumer) > Impact::NotUsed)
    };
    findings.iter().filter(concerns).collect()
}

/// The consumers by whose calls it is decided what concerns a party: itself, or for the provider all of them.
pub(super) fn callers<'a>(api: &'a Api, side: Side, party: &str) -> &'a [Consumer] {
    match side {
        Side::Provider => &api.consumers,
        Side::Consumer => {
            let own = api.consumers.iter().find(|consumer| consumer.party == party);
            own.map_or(&[], std::slice::from_ref)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OperationPattern;

    #[test]
    fn impact_follows_declared_usage() {
        let silent = Consumer { party: "x".to_owned(), operations: None };
        let declared = Consumer { party: "x".to_owned(), operations: OperationPattern::parse("GET /a/{id}").map(|p| vec![p]) };
        let get = || OperationLabel::called_by_consumer("GET", "/a/{key}");
        let post = || OperationLabel::called_by_consumer("POST", "/a");
        assert_eq!(impact(&[get()], &silent), Impact::Unknown);
        assert_eq!(impact(&[post(), get()], &declared), Impact::Affected);
        assert_eq!(impact(&[post()], &declared), Impact::NotUsed);
        assert_eq!(impact(&[], &declared), Impact::Unknown);
        assert_eq!(impact(&[OperationLabel::webhook("POST", "a.changed")], &declared), Impact::Unknown);
    }
}
