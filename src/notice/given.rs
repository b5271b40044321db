//! How much notice a change was given, by the day it was seen.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::model::{Agreement, BREAKING, LedgerEntry, NoticeGiven, OpenFinding, REMOVAL, Severity, dated_subjects};

use super::dates::known_since;

/// What the rules about operations that are gone begin with.
const GONE: &str = "api-removed";

/// The class of what is not stable yet.
const BETA: &str = "beta";

/// The class of the agreement that a change belongs to.
pub(super) fn class<'a>(agreement: &Agreement, finding: &'a OpenFinding) -> &'a str {
    let has = |class: &str| agreement.notice.contains_key(class);
    match &finding.given {
        Some(given) if !given.class.is_empty() => &given.class,
        _ if finding.stability.is_some() && has(BETA) => BETA,
        _ if finding.rule.starts_with(GONE) && has(REMOVAL) => REMOVAL,
        _ => BREAKING,
    }
}

/// What is known of the time before a change was seen.
pub struct Before<'b> {
    /// What was promised.
    agreement: &'b Agreement,
    /// All that was ever said of each thing, oldest first.
    histories: Vec<Vec<&'b LedgerEntry>>,
    /// When each finding was first seen in the upcoming description, by identity.
    upcoming: &'b HashMap<String, DateTime<Utc>>,
    /// The day the change was seen.
    seen_on: NaiveDate,
}

impl<'b> Before<'b> {
    /// `entries` is everything that was ever announced, `upcoming` tells when each finding was first seen in the upcoming
    /// description, by identity, and `seen_on` is the day the change was seen.
    pub fn new(
        agreement: &'b Agreement,
        entries: &'b [LedgerEntry],
        upcoming: &'b HashMap<String, DateTime<Utc>>,
        seen_on: NaiveDate,
    ) -> Self {
        Self { agreement, histories: dated_subjects(entries).into_values().collect(), upcoming, seen_on }
    }

    /// Holds a change that is live against what was promised; none for what breaks nothing.
    pub fn given(&self, finding: &OpenFinding) -> Option<NoticeGiven> {
        if finding.judged != Severity::Breaking {
            return None;
        }
        let class = class(self.agreement, finding);
        let shown = self.upcoming.get(&finding.identity).map(DateTime::date_naive);
        let announcing = self.histories.iter().filter(|history| history.iter().any(|entry| self.announces(entry, finding)));
        let said = announcing.filter_map(|history| known_since(history, self.seen_on));
        let told_on = said.chain(shown).min().filter(|day| *day <= self.seen_on);
        let measured = self.agreement.measure(class, told_on.unwrap_or(self.seen_on), self.seen_on)?;
        Some(NoticeGiven {
            class: class.to_owned(),
            told_on,
            given: measured.given,
            promised: measured.promised.to_string(),
            short: measured.short,
        })
    }

    /// Whether an entry of the ledger said that this would happen by now.
    fn announces(&self, entry: &LedgerEntry, finding: &OpenFinding) -> bool {
        let statement = &entry.statement;
        let is_due = statement.date.is_some_and(|date| date <= self.seen_on) && !statement.paused;
        // What was put off or taken back before is no word of this.
        let stands = entry.ended_at.is_none_or(|at| at.date_naive() >= self.seen_on);
        let is_ours = self.agreement.counts_for(statement.cohort.as_deref());
        let concerns =
            statement.operations.is_empty() || finding.used_by.iter().any(|label| statement.operations.contains(label));
        is_due && stands && is_ours && concerns
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{DateKind, OperationLabel, Origin, Period, Stability, Statement, Wait};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn finding(severity: Severity) -> OpenFinding {
        let used_by = vec![OperationLabel::called_by_consumer("GET", "/a")];
        OpenFinding { used_by, ..OpenFinding::new("i".to_owned(), "r", severity, String::new()) }
    }

    fn entry(operation: &str, date: &str, read_on: &str) -> LedgerEntry {
        let statement = Statement::new(operation, DateKind::Sunset, date.parse().ok(), Origin::Description);
        let read_at = format!("{read_on}T08:00:00Z").parse().expect("a time");
        LedgerEntry { id: 1, statement, read_at, ended_at: None, replaced: false }
    }

    #[test]
    fn each_change_is_held_against_the_promise_of_its_class() {
        let notice = [(BREAKING, 30), (REMOVAL, 180), (BETA, 7)].map(|(class, days)| (class.to_owned(), Period::Days(days)));
        let agreement = Agreement::promising(BTreeMap::from(notice), Wait::Days(3));
        let nothing_more = Agreement::promising(BTreeMap::from([(BREAKING.to_owned(), Period::Days(30))]), Wait::Days(3));
        let upcoming = HashMap::new();
        for (rule, stability, promised) in [
            ("request-max-length-decreased", None, "30 days"),
            ("api-removed-without-deprecation", None, "180 days"),
            ("request-max-length-decreased", Some(Stability::Beta), "7 days"),
            ("api-removed-with-deprecation", Some(Stability::Alpha), "7 days"),
        ] {
            let finding = OpenFinding { rule: rule.to_owned(), stability, ..finding(Severity::Breaking) };
            let by = |agreement| {
                let given = Before::new(agreement, &[], &upcoming, day("2026-06-01")).given(&finding);
                given.map(|given| given.promised)
            };
            assert_eq!(by(&agreement).as_deref(), Some(promised), "{rule} {stability:?}");
            assert_eq!(by(&nothing_more).as_deref(), Some("30 days"), "{rule} {stability:?}: nothing more was promised");
        }
    }

    #[test]
    fn what_others_were_told_is_no_notice() {
        let said = |cohort: Option<&str>| {
            let mut entry = entry("GET /a", "2026-06-01", "2026-01-01");
            entry.statement.cohort = cohort.map(str::to_owned);
            entry
        };
        let promised = Agreement::promising(BTreeMap::from([(BREAKING.to_owned(), Period::Days(90))]), Wait::Days(3));
        let agreement = Agreement { cohort: Some("existing".to_owned()), ..promised };
        for (cohort, given) in [(None, 151), (Some("existing"), 151), (Some("new"), 0)] {
            let (entries, upcoming) = ([said(cohort)], HashMap::new());
            let before = Before::new(&agreement, &entries, &upcoming, day("2026-06-01"));
            assert_eq!(before.given(&finding(Severity::Breaking)).map(|given| given.given), Some(given), "{cohort:?}");
        }
    }

    #[test]
    fn notice_counts_from_the_first_word_that_came_true() {
        let agreement = Agreement::promising(BTreeMap::from([(BREAKING.to_owned(), Period::Days(90))]), Wait::Days(3));
        let given = |entries: &[LedgerEntry], upcoming: &[(&str, &str)], judged: Severity| {
            let upcoming = upcoming
                .iter()
                .map(|(identity, on)| ((*identity).to_owned(), format!("{on}T08:00:00Z").parse().expect("a time")))
                .collect();
            let before = Before::new(&agreement, entries, &upcoming, day("2026-06-01"));
            before.given(&finding(judged)).map(|given| (given.given, given.short))
        };
        assert_eq!(given(&[], &[], Severity::Breaking), Some((0, 90)));
        assert_eq!(given(&[], &[], Severity::Warning), None);
        assert_eq!(given(&[], &[("i", "2026-04-21")], Severity::Breaking), Some((41, 49)));
        assert_eq!(given(&[], &[("other", "2026-04-21")], Severity::Breaking), Some((0, 90)));
        assert_eq!(given(&[entry("GET /a", "2026-06-01", "2026-01-01")], &[], Severity::Breaking), Some((151, 0)));
        assert_eq!(given(&[entry("GET /b", "2026-06-01", "2026-01-01")], &[], Severity::Breaking), Some((0, 90)));
        assert_eq!(
            given(&[entry("GET /a", "2026-12-01", "2026-01-01")], &[], Severity::Breaking),
            Some((0, 90)),
            "before its day"
        );
        let put_off = LedgerEntry {
            ended_at: Some("2026-02-01T08:00:00Z".parse().expect("a time")),
            replaced: true,
            ..entry("GET /a", "2026-03-01", "2026-01-01")
        };
        assert_eq!(
            given(&[put_off, LedgerEntry { id: 2, ..entry("GET /a", "2026-09-01", "2026-02-01") }], &[], Severity::Breaking),
            Some((0, 90))
        );
    }
}
