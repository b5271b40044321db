//! The ledger: every date that was ever announced, with where it was read.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{OperationLabel, OperationPattern};

/// What a date says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateKind {
    /// Since then it should not be used any more; it works as before (RFC 9745).
    Deprecation,
    /// From then on it is expected not to answer (RFC 8594).
    Sunset,
    /// From then on it is different.
    Change,
}

impl DateKind {
    /// Every mark.
    pub const ALL: [Self; 3] = [Self::Deprecation, Self::Sunset, Self::Change];

    /// The word in storage and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deprecation => "deprecation",
            Self::Sunset => "sunset",
            Self::Change => "change",
        }
    }

    /// The mark a word stands for.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.name() == name)
    }
}

/// Where a date was read. What stands last in this list counts before what stands earlier: a person's word before
/// the description's, that before a header's; what both sides agreed on before all that was said until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A header of a response.
    Header,
    /// The description itself.
    Description,
    /// Somebody announced it.
    Person,
    /// Both sides agreed on it.
    Agreement,
}

impl Origin {
    /// The word in storage and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Description => "description",
            Self::Person => "person",
            Self::Agreement => "agreement",
        }
    }

    /// The origin a word stands for.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Header, Self::Description, Self::Person, Self::Agreement].into_iter().find(|origin| origin.name() == name)
    }
}

/// One date, as it was said in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it is about: an operation as `METHOD path`, a JSON Pointer, `*` for the whole API, or the name that a
    /// person gave it.
    pub subject: String,
    /// What the date says.
    pub mark: DateKind,
    /// The day; none where only the fact was said.
    pub date: Option<NaiveDate>,
    /// Operations it concerns; empty means all.
    pub operations: Vec<OperationLabel>,
    /// The class of change by the agreement; empty where nobody said.
    pub class: String,
    /// The customers it is for, where others have another date.
    pub cohort: Option<String>,
    /// What will be different or what to use instead, as it was said.
    pub title: String,
    /// Where it was read.
    pub origin: Origin,
    /// Where exactly: a JSON Pointer, a header and its address, or who said it.
    pub place: String,
    /// The words themselves.
    pub verbatim: String,
    /// Where more is written about it.
    pub link: Option<String>,
    /// What about the form was wrong and had to be guessed.
    pub odd: Option<String>,
    /// Whether it was put off without a new date.
    pub paused: bool,
}

impl Statement {
    /// A date, with nothing more said about it. A subject that is an operation is the operation it concerns.
    pub fn new(subject: &str, mark: DateKind, date: Option<NaiveDate>, origin: Origin) -> Self {
        Self {
            subject: subject.to_owned(),
            mark,
            date,
            operations: OperationPattern::parse(subject).map(|pattern| pattern.label()).into_iter().collect(),
            class: String::new(),
            cohort: None,
            title: String::new(),
            origin,
            place: String::new(),
            verbatim: String::new(),
            link: None,
            odd: None,
            paused: false,
        }
    }

    /// What it is said of, wherever it is said.
    pub fn about(&self) -> (&str, DateKind, Option<&str>) {
        (&self.subject, self.mark, self.cohort.as_deref())
    }

    /// Whether the same is said of the same thing in the same kind of place.
    pub fn is_about(&self, other: &Self) -> bool {
        (self.mark, self.origin) == (other.mark, other.origin) && self.subject == other.subject && self.cohort == other.cohort
    }
}

/// A statement in the ledger. Nothing is ever taken out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Row number.
    pub id: i64,
    /// What was said.
    pub statement: Statement,
    /// When it was first read.
    pub read_at: DateTime<Utc>,
    /// When it ceased to be said: another date took its place, or it was taken back.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether another date took its place.
    pub replaced: bool,
}

/// What one look at a source changes in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerStep {
    /// Something was said for the first time, or again.
    Read(Statement),
    /// Another date took the place of the one in this row.
    Replaced(i64, Statement),
    /// The statement in this row is not made any more.
    Withdrawn(i64),
}

/// What changes in the ledger when `said` is all that certain sources say now.
///
/// `known` is what the ledger holds as current. `can_withdraw` tells whether silence about an entry means that it was
/// taken back: a source that was not read says nothing, and what has gone itself has no date to take back.
pub fn follow(known: &[LedgerEntry], said: Vec<Statement>, can_withdraw: impl Fn(&Statement) -> bool) -> Vec<LedgerStep> {
    let current = || known.iter().filter(|entry| entry.ended_at.is_none());
    let mut steps = Vec::new();
    for entry in current() {
        if !said.iter().any(|statement| statement.is_about(&entry.statement)) && can_withdraw(&entry.statement) {
            steps.push(LedgerStep::Withdrawn(entry.id));
        }
    }
    let mut taken: Vec<Statement> = Vec::new();
    for statement in said {
        // Said twice in one place it is said once: the first counts.
        if taken.iter().any(|known| known.is_about(&statement)) {
            continue;
        }
        taken.push(statement.clone());
        match current().find(|entry| entry.statement.is_about(&statement)) {
            Some(entry) if entry.statement == statement => {}
            Some(entry) => steps.push(LedgerStep::Replaced(entry.id, statement)),
            None => steps.push(LedgerStep::Read(statement)),
        }
    }
    steps
}

/// What was said of days, by what it is said of, oldest first. Where something is only deprecated no day is meant.
pub fn dated_subjects(entries: &[LedgerEntry]) -> BTreeMap<(&str, DateKind, Option<&str>), Vec<&LedgerEntry>> {
    let mut subjects: BTreeMap<(&str, DateKind, Option<&str>), Vec<&LedgerEntry>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.statement.mark != DateKind::Deprecation) {
        subjects.entry(entry.statement.about()).or_default().push(entry);
    }
    for said in subjects.values_mut() {
        said.sort_by_key(|entry| (entry.read_at, entry.id));
    }
    subjects
}

/// What counts of all that was said of one thing until a moment: a person's word before the description's, that before
/// a header's; what both sides agreed on before them all, until what would count without it names a day that nobody had
/// named before, or is called off.
pub fn in_force<'e>(entries: &[&'e LedgerEntry], at: DateTime<Utc>) -> Option<&'e LedgerEntry> {
    let is_current =
        |entry: &LedgerEntry, at: DateTime<Utc>| entry.read_at <= at && entry.ended_at.is_none_or(|ended| ended > at);
    let (agreements, said): (Vec<&LedgerEntry>, Vec<&LedgerEntry>) =
        entries.iter().copied().partition(|entry| entry.statement.origin == Origin::Agreement);
    let now = said.iter().copied().filter(|entry| is_current(entry, at)).max_by_key(|entry| entry.statement.origin);
    let Some(agreed) = agreements.into_iter().find(|entry| is_current(entry, at)) else { return now };
    let Some(now) = now else {
        let mut ends = said.iter().filter(|entry| !entry.replaced).filter_map(|entry| entry.ended_at);
        return if ends.any(|ended| ended > agreed.read_at && ended <= at) { None } else { Some(agreed) };
    };
    let named = |entry: &LedgerEntry| (entry.statement.date, entry.statement.paused);
    let mut before = said.iter().filter(|entry| is_current(entry, agreed.read_at));
    let is_new = now.read_at > agreed.read_at && !before.any(|entry| named(entry) == named(now));
    Some(if is_new { now } else { agreed })
}

/// The years in which a date can be meant. Further out no calendar of people reaches.
pub const YEARS: std::ops::RangeInclusive<i32> = 1970..=2199;

/// A date as people write it: RFC 3339, an HTTP date, or RFC 2822. A time counts by its day in UTC.
pub fn read_date(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let day = |time: DateTime<Utc>| time.date_naive();
    let plain = || text.parse::<NaiveDate>().ok();
    let rfc3339 = || DateTime::parse_from_rfc3339(text).ok().map(|time| day(time.to_utc()));
    let local = || text.parse::<chrono::NaiveDateTime>().ok().map(|time| time.date());
    let http = || httpdate::parse_http_date(text).ok().map(|time| day(time.into()));
    let mail = || DateTime::parse_from_rfc2822(text).ok().map(|time| day(time.to_utc()));
    let read = plain().or_else(rfc3339).or_else(local).or_else(http).or_else(mail);
    read.filter(|date| YEARS.contains(&date.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(subject: &str, date: &str) -> Statement {
        Statement {
            place: "/x-sunset".to_owned(),
            verbatim: date.to_owned(),
            ..Statement::new(subject, DateKind::Sunset, date.parse().ok(), Origin::Description)
        }
    }

    fn entry(id: i64, subject: &str, date: &str, is_current: bool) -> LedgerEntry {
        let read_at = DateTime::UNIX_EPOCH;
        let ended_at = (!is_current).then_some(read_at);
        LedgerEntry { id, statement: statement(subject, date), read_at, ended_at, replaced: !is_current }
    }

    #[test]
    fn every_date_is_a_step_and_silence_is_one_where_it_was_listened_to() {
        let known = [
            entry(1, "GET /a", "2027-01-01", false),
            entry(2, "GET /a", "2027-02-01", true),
            entry(3, "GET /b", "2027-01-01", true),
        ];
        let same = vec![statement("GET /a", "2027-02-01"), statement("GET /b", "2027-01-01")];
        assert_eq!(follow(&known, same, |_| true), []);
        let moved = vec![statement("GET /a", "2027-01-01"), statement("GET /c", "2027-01-01")];
        assert_eq!(
            follow(&known, moved.clone(), |_| true),
            [
                LedgerStep::Withdrawn(3),
                LedgerStep::Replaced(2, statement("GET /a", "2027-01-01")),
                LedgerStep::Read(statement("GET /c", "2027-01-01"))
            ]
        );
        assert_eq!(follow(&known, moved, |statement| statement.subject != "GET /b").len(), 2);
    }

    #[test]
    fn what_was_agreed_counts_until_somebody_says_otherwise() {
        let at = |day: i64| DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day);
        let said = |id: i64, origin: Origin, date: &str, from: i64, until: Option<i64>| LedgerEntry {
            id,
            statement: Statement { origin, ..statement("GET /a", date) },
            read_at: at(from),
            ended_at: until.map(at),
            replaced: false,
        };
        let (plain, agreed) =
            (said(1, Origin::Description, "2027-01-01", 1, None), said(2, Origin::Agreement, "2027-03-01", 5, None));
        let counts = |entries: &[&LedgerEntry], day: i64| in_force(entries, at(day)).map(|entry| entry.id);
        assert_eq!(counts(&[&plain, &agreed], 4), Some(1));
        assert_eq!(counts(&[&plain, &agreed], 6), Some(2));
        let moved = said(3, Origin::Description, "2027-09-01", 8, None);
        let over = LedgerEntry { replaced: true, ..said(1, Origin::Description, "2027-01-01", 1, Some(8)) };
        assert_eq!(counts(&[&over, &agreed, &moved], 7), Some(2));
        assert_eq!(counts(&[&over, &agreed, &moved], 9), Some(3), "another day was said since");
        let worded = said(3, Origin::Description, "2027-01-01", 8, None);
        assert_eq!(counts(&[&over, &agreed, &worded], 9), Some(2), "the same day in other words is no other day");
        let (person, header) = (said(1, Origin::Person, "2027-01-01", 1, None), said(3, Origin::Header, "2027-02-01", 8, None));
        assert_eq!(counts(&[&person, &agreed, &header], 9), Some(2), "a header does not speak for a person");
        let dropped = said(1, Origin::Description, "2027-01-01", 1, Some(8));
        assert_eq!(counts(&[&dropped, &agreed], 7), Some(2));
        assert_eq!(counts(&[&dropped, &agreed], 9), None, "who had said it called it off");
        let earlier = said(1, Origin::Description, "2027-01-01", 1, Some(3));
        assert_eq!(counts(&[&earlier, &agreed], 9), Some(2), "what had ended before does not matter");
    }

    #[test]
    fn dates_are_read_as_they_are_met() {
        let read = |text: &str| read_date(text).map(|date| date.to_string());
        for text in [
            "2027-01-31",
            "2027-01-31T23:59:59Z",
            "2027-02-01T00:30:00+01:00",
            "2027-01-31T10:00:00",
            "Sun, 31 Jan 2027 23:59:59 GMT",
        ] {
            assert_eq!(read(text).as_deref(), Some("2027-01-31"), "{text}");
        }
        for text in ["+262142-12-30", "0001-01-01", "", "soon", "Q1 2027", "2027-02-30", "31.01.2027"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
