//! From what is read to the ledger, and from the ledger to letters.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::model::{
    ApiState, Checked, DateKeys, DateKind, OpenFinding, OperationLabel, Origin, Severity, Statement, Validators, read_date,
};
use crate::notice::{Ledger, dated};
use crate::openapi::{self, StatedDates};
use crate::rules::RULE_SET;
use crate::store::{CheckCommit, Claim, StoreError, SuccessfulCheck};

use super::check::{describe, said};
use super::letters::LetterWriter;

/// Ledgers are not all looked at in the same second after midnight.
const SPREAD: Duration = Duration::from_secs(300);

/// The rule that tells of an operation that was deprecated.
const DEPRECATED: &str = "endpoint-deprecated";

/// The keys a description is read for: those that are known, and those of the configuration.
pub(super) fn keys(own: &DateKeys) -> openapi::DateKeys {
    let known = openapi::DateKeys::default();
    let with = |own: &[String], known: Vec<String>| own.iter().cloned().chain(known).collect();
    openapi::DateKeys {
        sunset: with(&own.sunset, known.sunset),
        deprecation: with(&own.deprecation, known.deprecation),
        deprecated: with(&own.deprecated, known.deprecated),
        message: with(&own.message, known.message),
    }
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
pub(super) fn told_by_their_day(findings: &mut [OpenFinding], stated: &[StatedDates], today: NaiveDate) {
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

/// Makes anew what follows from the ledger today, and has it told.
pub(super) async fn look(writer: &LetterWriter<'_>, claim: &Claim) -> Result<CheckCommit, StoreError> {
    let store = &writer.shared.store;
    let entries = store.ledger(&claim.key.integration, &claim.key.api).await?;
    let (operations, down_since) = store.live_operations(&claim.key).await?;
    let ledger = Ledger {
        integration: writer.integration,
        api: writer.api,
        entries: &entries,
        operations: operations.as_deref(),
        down_since: down_since.map(|last| last.date_naive()),
        today: writer.now.date_naive(),
    };
    let findings = writer.with_overrides(dated(&ledger));
    let notice = writer.tell(claim, &claim.told, (&claim.findings, &findings), None);
    let needs_notice = findings.iter().any(OpenFinding::needs_notice);
    let current = entries.iter().filter(|entry| entry.ended_at.is_none() && entry.statement.date.is_some()).count();
    let (state, detail) = match (needs_notice, current) {
        (true, _) => (ApiState::Changed, describe(&findings)),
        (false, 0) => (ApiState::Verified, "no date is announced".to_owned()),
        (false, _) => (ApiState::Verified, "every date that is announced has passed or was called off".to_owned()),
    };
    let mut events: Vec<(&'static str, String)> = findings
        .iter()
        .filter(|finding| {
            !claim.findings.iter().any(|known| known.identity == finding.identity && known.content == finding.content)
        })
        .map(|finding| ("date", format!("{}: {}", claim.key, finding.message)))
        .collect();
    events.extend(said(&claim.key, &notice));
    let next_at = tomorrow(writer.now) + SPREAD.mul_f64(writer.shared.jitter());
    Ok(CheckCommit {
        rule_set: RULE_SET,
        success: Some(SuccessfulCheck {
            validators: Validators::default(),
            full: false,
            snapshot: None,
            operations: None,
            baseline: None,
            findings: (findings != claim.findings).then_some(findings),
            ledger: Vec::new(),
            notice,
        }),
        events,
        ..CheckCommit::of(claim, Checked { state, detail, checked_at: writer.now, next_at, failures: 0 })
    })
}

/// The ledger's days are days in UTC.
fn tomorrow(now: DateTime<Utc>) -> DateTime<Utc> {
    let day = now.date_naive().succ_opt().unwrap_or(NaiveDate::MAX);
    day.and_time(NaiveTime::MIN).and_utc()
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
            told_by_their_day(&mut findings, stated, today);
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
