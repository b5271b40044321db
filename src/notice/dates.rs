//! The ledger as findings: what ends when, and where a date breaks the agreement.
//!
//! Like every finding these are a state, made anew from ledger, agreement and today's date: a reminder is the same
//! finding with another content, and a date that moved needs no event.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};

use crate::model::{
    Agreement, Api, BREAKING, DateKind, Day, Integration, LedgerEntry, NoticeGiven, OpenFinding, OperationLabel,
    OperationPattern, REMOVAL, Severity, Statement, dated_subjects, in_force,
};

use super::advice::is_about_a_promise;

/// What ended on paper and still answers is told of after so many days.
const ZOMBIE: i64 = 30;

/// Lines of a date's history that are shown, the newest.
const HISTORY: usize = 12;

/// What is known on a day.
pub struct Ledger<'l> {
    /// The integration.
    pub integration: &'l Integration,
    /// The API.
    pub api: &'l Api,
    /// Everything that was ever said.
    pub entries: &'l [LedgerEntry],
    /// `METHOD path` of every operation there is now; none where the description was never read.
    pub operations: Option<&'l [OperationLabel]>,
    /// The last day it was there, where nothing answers any more.
    pub down_since: Option<NaiveDate>,
    /// Today, in UTC: the ledger's dates are days.
    pub today: NaiveDate,
}

/// Whether there is something to say to who was told `told`. A day that moved away is none, until it is near.
pub(super) fn is_news(told: &str, content: &str) -> bool {
    if told == content {
        return false;
    }
    match (told.parse::<DayContent>(), content.parse::<DayContent>()) {
        (Ok(told), Ok(now)) => {
            now.day < told.day || (now.reminders > 0 && (now.day > told.day || now.reminders > told.reminders))
        }
        _ => true,
    }
}

/// Whether the day is another.
pub(super) fn is_moved(told: &str, content: &str) -> bool {
    matches!((told.parse::<DayContent>(), content.parse::<DayContent>()), (Ok(told), Ok(now)) if told.day != now.day)
}

/// Whether the day moved away.
pub(super) fn is_later(told: &str, content: &str) -> bool {
    matches!((told.parse::<DayContent>(), content.parse::<DayContent>()), (Ok(told), Ok(now)) if told.day < now.day)
}

/// Whether a promise that a day broke is kept now, or nobody promised it any more: the day is still to come, and what was told of
/// it under this identity is gone.
pub(super) fn is_kept_again(identity: &str, current: &[OpenFinding], today: NaiveDate) -> bool {
    let Some((rule, subject)) = identity.split_once(' ') else { return false };
    let is_of = |finding: &OpenFinding| finding.identity.split_once(' ').is_some_and(|(_, of)| of == subject);
    is_about_a_promise(rule)
        && !current.iter().any(|finding| finding.identity == identity)
        && current.iter().any(|finding| is_of(finding) && finding.day.as_ref().is_some_and(|day| day.on > today))
}

/// Whether nothing is new but that the day has come nearer.
pub(super) fn is_reminder(told: &str, content: &str) -> bool {
    matches!((told.parse::<DayContent>(), content.parse::<DayContent>()), (Ok(told), Ok(now)) if told.day == now.day)
}

/// The content of a finding about a day. As text `day 2026-06-30 2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DayContent {
    day: NaiveDate,
    /// How many reminders of it are due.
    reminders: usize,
}

impl fmt::Display for DayContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "day {} {}", self.day, self.reminders)
    }
}

/// A content that is not about a day.
struct NotDated;

impl FromStr for DayContent {
    type Err = NotDated;

    fn from_str(content: &str) -> Result<Self, NotDated> {
        let (day, reminders) = content.strip_prefix("day ").and_then(|rest| rest.split_once(' ')).ok_or(NotDated)?;
        Ok(Self { day: day.parse().map_err(|_| NotDated)?, reminders: reminders.parse().map_err(|_| NotDated)? })
    }
}

/// Every day that concerns this API, and every promise that a day breaks.
pub fn dated(ledger: &Ledger<'_>) -> Vec<OpenFinding> {
    let mut findings = Vec::new();
    for ((_, _, cohort), entries) in &dated_subjects(ledger.entries) {
        if !ledger.integration.agreement.counts_for(*cohort) {
            continue;
        }
        if let Some(current) = in_force(entries, DateTime::<Utc>::MAX_UTC) {
            Said { ledger, current, history: entries }.findings(&mut findings);
        }
    }
    findings
}

/// Since when it was known that something may be on a day or before: the first of the last words that all said so.
/// `history` is all that was said of it, oldest first.
pub(super) fn known_since(history: &[&LedgerEntry], day: NaiveDate) -> Option<NaiveDate> {
    let is_within = |entry: &&&LedgerEntry| entry.statement.date.is_some_and(|date| date <= day) && !entry.statement.paused;
    let first = history.iter().rev().take_while(is_within).last();
    first.map(|entry| entry.read_at.date_naive())
}

/// One day and how it came about.
struct Said<'s> {
    ledger: &'s Ledger<'s>,
    current: &'s LedgerEntry,
    /// All that was said of it, oldest first.
    history: &'s [&'s LedgerEntry],
}

impl Said<'_> {
    fn statement(&self) -> &Statement {
        &self.current.statement
    }

    fn agreement(&self) -> &Agreement {
        &self.ledger.integration.agreement
    }

    fn findings(&self, into: &mut Vec<OpenFinding>) {
        let statement = self.statement();
        let Some(day) = statement.date.filter(|_| !statement.paused) else { return };
        let left = (day - self.ledger.today).num_days();
        let is_there = self.is_there();
        // What had passed before anybody here read of it is history.
        let in_time = |entry: &&LedgerEntry| entry.statement.date.is_some_and(|date| entry.read_at.date_naive() <= date);
        let was_known = self.history.iter().any(in_time);
        if left > 0 && !is_there {
            into.push(self.gone(day));
            return;
        }
        if left <= -ZOMBIE && is_there && was_known && statement.mark == DateKind::Sunset {
            into.push(self.zombie(day));
            return;
        }
        // A day that has passed is over where nothing answers any more; a change cannot be seen from here.
        if !was_known || (left <= 0 && !is_there) || left <= -ZOMBIE {
            return;
        }
        into.push(self.announced(day, left));
        // A day that was pulled in to one that has passed was given no notice at all.
        if left >= 0 || self.current.read_at.date_naive() > day {
            into.extend(self.too_short(day));
            into.extend(self.overlap_too_short(day));
            into.extend(self.unfree(day));
        }
    }

    /// Whether what it is about is there now. What is no operation is as much there as the API.
    fn is_there(&self) -> bool {
        // Where nothing answers since a day, what was to end by then has ended.
        if self
            .ledger
            .down_since
            .is_some_and(|last| self.statement().date.is_some_and(|date| date <= self.ledger.today && last <= date))
        {
            return false;
        }
        let Some(operations) = self.ledger.operations else { return true };
        let about = &self.statement().operations;
        about.is_empty() || about.iter().any(|operation| is_among(operation, operations))
    }

    /// Since when it is known that it may be on this day or before.
    fn told_on(&self, day: NaiveDate) -> NaiveDate {
        known_since(self.history, day).unwrap_or_else(|| self.current.read_at.date_naive())
    }

    /// The date before this one, where it was another.
    fn moved_from(&self) -> Option<NaiveDate> {
        let others = self.history.iter().rev().filter(|entry| entry.id != self.current.id);
        let before = others.filter(|entry| entry.read_at <= self.current.read_at).find_map(|entry| entry.statement.date);
        before.filter(|before| Some(*before) != self.statement().date)
    }

    fn label(&self) -> String {
        let statement = self.statement();
        match statement.subject.as_str() {
            "*" => format!("The whole {}", self.ledger.api.name),
            subject if subject.starts_with('/') || statement.operations.iter().any(|label| label.as_str() == subject) => {
                format!("`{subject}`")
            }
            subject if statement.title.is_empty() => subject.to_owned(),
            _ => statement.title.clone(),
        }
    }

    fn announced(&self, day: NaiveDate, left: i64) -> OpenFinding {
        let label = self.label();
        let moved = match self.moved_from() {
            Some(before) if before > day => format!(" (brought forward from {before})"),
            Some(before) => format!(" (put off from {before})"),
            None => String::new(),
        };
        let (rule, mut message) = match (self.statement().mark, left > 0) {
            (DateKind::Sunset, true) => ("end-announced", format!("{label} ends on {day}{moved}")),
            (DateKind::Sunset, false) => ("end-announced", format!("{label} was to end on {day}{moved} and still answers")),
            (_, true) => ("change-announced", format!("{label}: takes effect on {day}{moved}")),
            (_, false) => ("change-announced", format!("{label}: in effect since {day}{moved}")),
        };
        if left > 0 {
            let days = if left == 1 { "tomorrow".to_owned() } else { format!("in {left} days") };
            message.push_str(&format!(", {days}"));
            if self.statement().mark == DateKind::Sunset
                && let Some(after) = self.agreement().after
            {
                message.push_str(&format!("; {}", after.meaning()));
            }
        }
        let reminders = self.agreement().reminders_due(left);
        let title = if rule == "end-announced" { format!("{label} ends") } else { label };
        let cohort = self.statement().cohort.as_ref().map(|cohort| format!(" {cohort}")).unwrap_or_default();
        let id = short_id(&format!("{rule} {}{cohort}", self.statement().subject));
        // Grows with everything that is said or taken back.
        let steps = self.history.iter().map(|entry| 1 + i64::from(entry.ended_at.is_some())).sum();
        let subject = self.statement().subject.clone();
        let day = Day { on: day, revision: steps, id, subject, title };
        let content = DayContent { day: day.on, reminders }.to_string();
        let given = self.given(day.on);
        OpenFinding { day: Some(day), given, ..self.finding(rule, Severity::Breaking, message, content) }
    }

    /// The notice that was given of a day, held against the promise of its class.
    fn given(&self, day: NaiveDate) -> Option<NoticeGiven> {
        let told = self.told_on(day);
        let measured = self.agreement().measure(self.class(), told, day)?;
        Some(NoticeGiven {
            class: self.class().to_owned(),
            told_on: Some(told),
            given: measured.given,
            promised: measured.promised.to_string(),
            short: measured.short,
        })
    }

    fn class(&self) -> &str {
        let class = self.statement().class.as_str();
        match (class, self.statement().mark) {
            ("", DateKind::Sunset) if self.agreement().notice.contains_key(REMOVAL) => REMOVAL,
            ("", _) => BREAKING,
            (class, _) => class,
        }
    }

    fn too_short(&self, day: NaiveDate) -> Option<OpenFinding> {
        let told = self.told_on(day);
        let measured = self.agreement().measure(self.class(), told, day).filter(|measured| measured.short > 0)?;
        let message = format!(
            "{}: {} of notice, {} promised, {} short; told on {told}, it keeps the promise from {} on",
            self.label(),
            days(measured.given),
            measured.promised,
            days(measured.short),
            measured.earliest
        );
        Some(self.finding("notice-too-short", Severity::Warning, message, DayContent { day, reminders: 0 }.to_string()))
    }

    /// The old and the new are there together from the day the old one is deprecated to the day it ends.
    fn overlap_too_short(&self, day: NaiveDate) -> Option<OpenFinding> {
        let overlap = self.agreement().overlap.filter(|_| self.statement().mark == DateKind::Sunset)?;
        let since = self.ledger.entries.iter().filter(|entry| entry.ended_at.is_none()).find_map(|entry| {
            let is_same = entry.statement.mark == DateKind::Deprecation && entry.statement.subject == self.statement().subject;
            entry.statement.date.filter(|_| is_same)
        })?;
        let until = overlap.after(since);
        if day < since {
            let message =
                format!("{} is to end on {day}, before it is deprecated on {since}: one of the two is wrong", self.label());
            return Some(self.finding(
                "overlap-too-short",
                Severity::Warning,
                message,
                DayContent { day, reminders: 0 }.to_string(),
            ));
        }
        let short = (until - day).num_days();
        let message = format!(
            "{}: deprecated on {since}, so it is due until {until} ({overlap} side by side); {} short",
            self.label(),
            days(short)
        );
        (short > 0)
            .then(|| self.finding("overlap-too-short", Severity::Warning, message, DayContent { day, reminders: 0 }.to_string()))
    }

    fn unfree(&self, day: NaiveDate) -> Option<OpenFinding> {
        let agreement = self.agreement();
        let api = self.ledger.api;
        let parties: Vec<&str> =
            api.consumers.iter().map(|consumer| consumer.party.as_str()).chain([api.provider.as_str()]).collect();
        let free = || {
            let first = agreement.first_free(day, &parties);
            first.map_or_else(String::new, |free| format!("; the first free day is {free}"))
        };
        if let Some(freeze) = agreement.frozen(day, &parties).next() {
            let party = freeze.party.as_ref().and_then(|key| self.ledger.integration.party(key));
            let whose = party.map_or_else(|| "the freeze".to_owned(), |party| format!("the freeze of {}", party.name));
            let message = format!("{}: {day} lies in {whose}, {} to {}{}", self.label(), freeze.from, freeze.to, free());
            return Some(self.finding(
                "date-in-freeze",
                Severity::Warning,
                message,
                DayContent { day, reminders: 0 }.to_string(),
            ));
        }
        (!agreement.is_allowed(day)).then(|| {
            let message = format!("{}: the agreement does not allow {day}{}", self.label(), free());
            self.finding("date-not-allowed", Severity::Warning, message, DayContent { day, reminders: 0 }.to_string())
        })
    }

    fn gone(&self, day: NaiveDate) -> OpenFinding {
        let message = format!("{} is gone, and was to be there until {day}", self.label());
        self.finding("gone-before-its-date", Severity::Breaking, message, "gone".to_owned())
    }

    fn zombie(&self, day: NaiveDate) -> OpenFinding {
        let message = format!("{} was to end on {day} and still answers", self.label());
        self.finding("alive-after-its-end", Severity::Warning, message, "alive".to_owned())
    }

    fn finding(&self, rule: &str, severity: Severity, message: String, content: String) -> OpenFinding {
        let statement = self.statement();
        let cohort = statement.cohort.as_deref().unwrap_or_default();
        let identity = format!("{rule} {} {} {cohort}", statement.mark.name(), statement.subject);
        OpenFinding {
            content,
            used_by: statement.operations.clone(),
            after_pointer: statement.place.clone(),
            fragment: self.told_so_far(),
            ..OpenFinding::new(identity, rule, severity, message)
        }
    }

    /// Every date with the day it was read, and what was written there.
    fn told_so_far(&self) -> String {
        let skipped = self.history.len().saturating_sub(HISTORY);
        let lines = self.history.iter().skip(skipped).map(|entry| {
            let statement = &entry.statement;
            let mark = if entry.id == self.current.id { '+' } else { '-' };
            let date = match statement.date {
                _ if statement.paused => "put off".to_owned(),
                Some(date) => date.to_string(),
                None => "no date".to_owned(),
            };
            let odd = statement.odd.as_ref().map(|odd| format!(" ({odd})")).unwrap_or_default();
            format!("{mark}{date}  read on {}: {}{odd}", entry.read_at.date_naive(), statement.verbatim)
        });
        let mut lines: Vec<String> = lines.collect();
        let statement = self.statement();
        if !statement.title.is_empty() {
            lines.push(format!(" {}", statement.title));
        }
        lines.extend(statement.link.as_ref().map(|link| format!(" more at {link}")));
        lines.join("\n")
    }
}

/// Whether an operation is among others; names of variables do not matter.
fn is_among(label: &OperationLabel, operations: &[OperationLabel]) -> bool {
    operations.contains(label)
        || OperationPattern::parse(label.as_str())
            .is_some_and(|pattern| operations.iter().any(|known| pattern.matches_label(known)))
}

/// An id that can stand in an address: from what a day is about, not from the day.
fn short_id(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn days(count: i64) -> String {
    format!("{count} {}", if count == 1 { "day" } else { "days" })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use chrono::{DateTime, Utc};

    use super::*;
    use crate::model::{
        After, Auth, Calendar, Consumer, DateKeys, Freeze, Origin, Party, Period, Schedule, Source, Wait, YearDay,
    };

    const NOTHING: [&str; 0] = [];

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn integration(change: impl FnOnce(&mut Agreement)) -> Integration {
        let mut agreement = Agreement {
            reminders: vec![30, 14, 7, 1],
            ..Agreement::promising(BTreeMap::from([(BREAKING.to_owned(), Period::Days(90))]), Wait::Days(3))
        };
        change(&mut agreement);
        let party = |id: &str, name: &str| {
            let party = Party {
                id: id.to_owned(),
                name: name.to_owned(),
                contacts: BTreeMap::new(),
                calendar: Calendar::default(),
                channels: Vec::new(),
            };
            (id.to_owned(), party)
        };
        let api = Api {
            id: "a".to_owned(),
            name: "Door API".to_owned(),
            provider: "p".to_owned(),
            consumers: vec![Consumer { party: "c".to_owned(), operations: None }],
            live: Source::File("a.yaml".into()),
            upcoming: None,
            schedule: Schedule::Every(Duration::from_secs(60)),
            auth: Auth::None,
            tell_operator_after: None,
            tls: None,
            date_keys: DateKeys::default(),
            probes: Vec::new(),
        };
        let parties = BTreeMap::from([party("p", "Maker"), party("c", "User")]);
        let (id, name) = ("i".to_owned(), "I".to_owned());
        Integration { id, name, agreement, parties, apis: vec![api], overrides: Vec::new() }
    }

    /// A ledger in short: what was said on which day, `date`, `-` for taken back, `paused`.
    fn ledger(subject: &str, mark: DateKind, said: &[(&str, &str)]) -> Vec<LedgerEntry> {
        let mut entries: Vec<LedgerEntry> = Vec::new();
        for (read, date) in said {
            let read_at: DateTime<Utc> = format!("{read}T08:00:00Z").parse().expect("a time");
            if let Some(last) = entries.last_mut().filter(|last| last.ended_at.is_none()) {
                last.ended_at = Some(read_at);
                last.replaced = *date != "-";
            }
            if *date == "-" {
                continue;
            }
            let statement = Statement {
                place: "/x-sunset".to_owned(),
                verbatim: (*date).to_owned(),
                paused: *date == "paused",
                ..Statement::new(subject, mark, date.parse().ok(), Origin::Description)
            };
            let id = i64::try_from(entries.len()).expect("few");
            entries.push(LedgerEntry { id, statement, read_at, ended_at: None, replaced: false });
        }
        entries
    }

    fn messages(
        integration: &Integration,
        entries: &[LedgerEntry],
        operations: Option<&[OperationLabel]>,
        today: &str,
    ) -> Vec<String> {
        let ledger = Ledger { integration, api: &integration.apis[0], entries, operations, down_since: None, today: day(today) };
        dated(&ledger).into_iter().map(|finding| format!("{} {}: {}", finding.severity, finding.rule, finding.message)).collect()
    }

    #[test]
    fn a_day_lives_from_the_word_to_the_end() {
        let plain = integration(|_| {});
        let entries = ledger("GET /a", DateKind::Sunset, &[("2026-01-10", "2026-06-30")]);
        let there = [OperationLabel::called_by_consumer("GET", "/a")];
        let on = |today: &str, operations: &[OperationLabel]| messages(&plain, &entries, Some(operations), today);
        assert_eq!(on("2026-01-10", &there), ["breaking end-announced: `GET /a` ends on 2026-06-30, in 171 days"]);
        assert_eq!(on("2026-06-29", &there), ["breaking end-announced: `GET /a` ends on 2026-06-30, tomorrow"]);
        assert_eq!(on("2026-06-30", &there), ["breaking end-announced: `GET /a` was to end on 2026-06-30 and still answers"]);
        assert_eq!(on("2026-06-30", &[]), NOTHING, "as announced");
        assert_eq!(
            on("2026-06-01", &[]),
            ["breaking gone-before-its-date: `GET /a` is gone, and was to be there until 2026-06-30"]
        );
        assert_eq!(
            on("2026-07-30", &there),
            ["warning alive-after-its-end: `GET /a` was to end on 2026-06-30 and still answers"]
        );
        assert_eq!(messages(&plain, &entries, None, "2026-06-01").len(), 1, "never read is not gone");
        let old = ledger("GET /a", DateKind::Sunset, &[("2026-01-10", "2024-06-30")]);
        assert_eq!(messages(&plain, &old, Some(&there), "2026-01-10"), NOTHING, "history at first sight");
    }

    #[test]
    fn what_lacks_is_counted_from_the_day_it_was_said() {
        let plain = integration(|_| {});
        let on = |said: &[(&str, &str)], today: &str| messages(&plain, &ledger("*", DateKind::Sunset, said), None, today);
        assert_eq!(
            on(&[("2026-03-01", "2026-04-11")], "2026-03-01"),
            [
                "breaking end-announced: The whole Door API ends on 2026-04-11, in 41 days",
                "warning notice-too-short: The whole Door API: 41 days of notice, 90 days promised, 49 days short; told on 2026-03-01, it keeps the promise from 2026-05-30 on"
            ]
        );
        // Brought forward: the new day counts from the day it was said. Put off: it was known all the time.
        let forward = on(&[("2026-01-01", "2026-12-01"), ("2026-05-01", "2026-06-01")], "2026-05-01");
        assert!(
            forward[0].contains("(brought forward from 2026-12-01)")
                && forward[1].contains("31 days of notice, 90 days promised"),
            "{forward:?}"
        );
        let back = on(&[("2026-01-01", "2026-03-01"), ("2026-02-20", "2026-05-01")], "2026-02-20");
        assert_eq!(back, ["breaking end-announced: The whole Door API ends on 2026-05-01 (put off from 2026-03-01), in 70 days"]);
        assert_eq!(on(&[("2026-01-01", "2026-03-01"), ("2026-02-20", "paused")], "2026-02-20"), NOTHING);
        assert_eq!(on(&[("2026-01-01", "2026-03-01"), ("2026-02-20", "-")], "2026-02-20"), NOTHING);
    }

    #[test]
    fn freezes_allowed_days_and_overlap() {
        let winter =
            Freeze { party: Some("c".to_owned()), from: YearDay { month: 11, day: 15 }, to: YearDay { month: 1, day: 5 } };
        let frozen = integration(|agreement| {
            agreement.freezes.push(winter);
            agreement.after = Some(After::FallsForward);
        });
        let entries = ledger("*", DateKind::Sunset, &[("2026-01-10", "2026-12-20")]);
        assert_eq!(
            messages(&frozen, &entries, None, "2026-01-10"),
            [
                "breaking end-announced: The whole Door API ends on 2026-12-20, in 344 days; another version answers after that, and no error tells of it",
                "warning date-in-freeze: The whole Door API: 2026-12-20 lies in the freeze of User, 11-15 to 01-05; the first free day is 2027-01-06"
            ]
        );
        let quarters = integration(|agreement| agreement.only_on = vec![YearDay { month: 4, day: 1 }]);
        let said = messages(&quarters, &entries, None, "2026-01-10");
        assert!(said[1].ends_with("the agreement does not allow 2026-12-20; the first free day is 2027-04-01"), "{said:?}");
        let side_by_side = integration(|agreement| agreement.overlap = Some(Period::Months(9)));
        let mut entries = ledger("*", DateKind::Sunset, &[("2026-01-10", "2026-07-01")]);
        let deprecated = ledger("*", DateKind::Deprecation, &[("2026-01-10", "2026-01-01")]);
        entries.extend(deprecated.into_iter().map(|entry| LedgerEntry { id: 9, ..entry }));
        let said = messages(&side_by_side, &entries, None, "2026-01-10");
        assert!(said[1].contains("due until 2026-10-01 (9 months side by side); 92 days short"), "{said:?}");
        entries[1].statement.date = Some(day("2026-08-01"));
        let said = messages(&side_by_side, &entries, None, "2026-01-10");
        assert!(said[1].contains("before it is deprecated on 2026-08-01"), "{said:?}");
        entries[1].ended_at = Some(entries[1].read_at);
        assert_eq!(messages(&side_by_side, &entries, None, "2026-01-10").len(), 1, "a deprecation that was taken back is none");
    }

    #[test]
    fn what_is_news() {
        let at = |text: &str, reminders: usize| DayContent { day: day(text), reminders }.to_string();
        let first = at("2026-06-30", 0);
        assert!(!is_news(&first, &first));
        assert!(is_news(&first, &at("2026-06-29", 0)), "brought forward");
        assert!(!is_news(&first, &at("2026-07-30", 0)), "put off");
        assert!(is_news(&first, &at("2026-06-30", 1)) && is_reminder(&first, &at("2026-06-30", 1)));
        assert!(!is_news(&at("2026-06-30", 2), &at("2026-06-30", 1)), "a clock set back");
        assert!(is_news(&at("2026-06-30", 4), &at("2026-07-10", 2)), "put off by a few days");
        assert!(!is_news(&at("2026-06-30", 4), &at("2026-09-30", 0)), "put off for long");
        assert!(is_news(&first, "gone") && is_news("alive", &first) && !is_news("gone", "gone"));
    }
}
