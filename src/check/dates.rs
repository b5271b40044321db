//! Days that a description names for its own end, on their way into the ledger.

use chrono::NaiveDate;

use crate::model::{DateKeys, DateKind, OpenFinding, OperationLabel, Origin, Severity, Statement, read_date};
use crate::openapi::{self, StatedDates};

/// The rule that tells of an operation that was deprecated.
const DEPRECATED: &str = "endpoint-deprecated";

/// The keys a description is read for: those that are known, and those of the configuration.
pub(super) fn date_keys(own: &DateKeys) -> openapi::LifecycleKeys {
    let known = openapi::LifecycleKeys::default();
    let with = |own: &[String], known: Vec<String>| own.iter().cloned().chain(known).collect();
    openapi::LifecycleKeys {
        sunset: with(&own.sunset, known.sunset),
        deprecation: with(&own.deprecation, known.deprecation),
        deprecated: with(&own.deprecated, known.deprecated),
        message: with(&own.message, known.message),
    }
}

/// The operations of a description, and what it says about their end.
pub(super) struct DescribedDates {
    pub(super) operations: Vec<OperationLabel>,
    pub(super) stated: Vec<StatedDates>,
}

/// What a description says about its own end, as the ledger records it.
pub(super) fn statements(stated: Vec<StatedDates>) -> Vec<Statement> {
    let mut statements = Vec::new();
    for StatedDates { subject, operations, sunset, deprecation, deprecated, message } in stated {
        let statement =
            |mark: DateKind, (place, verbatim): (String, String), date: Option<NaiveDate>, odd: Option<String>| Statement {
                subject: subject.clone(),
                mark,
                date,
                operations: operations.iter().filter_map(|label| OperationLabel::parse(label)).collect(),
                class: String::new(),
                cohort: None,
                title: message.clone(),
                origin: Origin::Description,
                place,
                verbatim,
                link: None,
                odd,
                paused: false,
            };
        let dated = |(place, verbatim): (String, String), mark: DateKind| {
            let date = read_date(&verbatim);
            let odd = date.is_none().then(|| "no date can be read in it; write 2027-01-31".to_owned());
            statement(mark, (place, verbatim), date, odd)
        };
        let flag = deprecated.map(|found| statement(DateKind::Deprecation, found, None, None));
        statements.extend(deprecation.map(|found| dated(found, DateKind::Deprecation)).or(flag));
        statements.extend(sunset.map(|found| dated(found, DateKind::Sunset)));
    }
    statements
}

/// A deprecation whose end has a day is told with its day, not a second time as a difference.
pub(super) fn deprecations_told_by_their_day(findings: &mut [OpenFinding], stated: &[StatedDates], today: NaiveDate) {
    // A day that has passed is told nowhere else.
    let day_of = |said: &StatedDates| said.sunset.as_ref().and_then(|(_, text)| read_date(text)).filter(|day| *day > today);
    let has_day = |label: &OperationLabel| stated.iter().any(|said| said.subject == label.as_str() && day_of(said).is_some());
    for finding in findings.iter_mut().filter(|finding| finding.rule == DEPRECATED) {
        if !finding.used_by.is_empty() && finding.used_by.iter().all(has_day) {
            finding.severity = Severity::Info;
            finding.judged = Severity::Info;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deprecation_is_told_as_a_difference_where_no_day_to_come_tells_of_all_of_it() {
        let today = "2026-03-02".parse().expect("a day");
        let said = |operation: &str, sunset: Option<&str>| StatedDates {
            subject: operation.to_owned(),
            operations: vec![operation.to_owned()],
            sunset: sunset.map(|date| ("/x-sunset".to_owned(), date.to_owned())),
            deprecation: None,
            deprecated: Some(("/deprecated".to_owned(), "true".to_owned())),
            message: String::new(),
        };
        let severity = |rule: &str, used_by: &[&str], stated: &[StatedDates]| {
            let finding = OpenFinding {
                used_by: used_by.iter().filter_map(|label| OperationLabel::parse(label)).collect(),
                ..OpenFinding::new("i".to_owned(), rule, Severity::Warning, String::new())
            };
            let mut findings = [finding];
            deprecations_told_by_their_day(&mut findings, stated, today);
            assert_eq!(findings[0].severity, findings[0].judged);
            findings[0].severity
        };
        let (to_come, passed) = (said("GET /a", Some("2026-03-03")), said("GET /a", Some("2026-03-02")));
        for (used_by, stated, expected) in [
            (&["GET /a"][..], vec![to_come.clone()], Severity::Info),
            (&["GET /a"], vec![passed], Severity::Warning),
            (&["GET /a"], vec![said("GET /a", None)], Severity::Warning),
            (&["GET /a"], vec![said("GET /a", Some("soon"))], Severity::Warning),
            (&["GET /a"], vec![said("GET /b", Some("2026-03-03"))], Severity::Warning),
            (&["GET /a", "GET /b"], vec![to_come.clone(), said("GET /b", None)], Severity::Warning),
            (&["GET /a", "GET /b"], vec![to_come.clone(), said("GET /b", Some("2027-01-31"))], Severity::Info),
            (&[], vec![to_come.clone()], Severity::Warning),
        ] {
            assert_eq!(severity(DEPRECATED, used_by, &stated), expected, "{used_by:?}: {stated:?}");
        }
        assert_eq!(
            severity("api-removed-without-deprecation", &["GET /a"], &[to_come]),
            Severity::Warning,
            "nothing else is lowered"
        );
    }
}
