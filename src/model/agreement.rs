//! What the parties promised each other: notice, days that are allowed, who is asked when nobody answers.
//!
//! All of it is counted in calendar days. A promise in months is a promise in months: half a year from 31 August ends
//! on the last day of February.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Tz;

use super::EscalationTarget;

/// A length of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// So many days.
    Days(u32),
    /// So many months of the calendar.
    Months(u32),
}

impl Period {
    /// Reads `90 days`, `20 weeks`, `6 months`, `2 years`; at most ten years.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.trim().split_once(char::is_whitespace)?;
        let count = count.parse::<u32>().ok().filter(|count| (1..=3650).contains(count))?;
        let period = match unit.trim().strip_suffix('s').unwrap_or_else(|| unit.trim()) {
            "day" => Self::Days(count),
            "week" => Self::Days(count.checked_mul(7)?),
            "month" => Self::Months(count),
            "year" => Self::Months(count.checked_mul(12)?),
            _ => return None,
        };
        matches!(period, Self::Days(..=3650) | Self::Months(..=120)).then_some(period)
    }

    /// The day that lies so much later.
    pub fn after(self, date: NaiveDate) -> NaiveDate {
        let later = match self {
            Self::Days(days) => date.checked_add_days(Days::new(u64::from(days))),
            Self::Months(months) => date.checked_add_months(Months::new(months)),
        };
        later.unwrap_or(NaiveDate::MAX)
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (count, unit) = match self {
            Self::Days(days) => (days, "day"),
            Self::Months(months) => (months, "month"),
        };
        write!(formatter, "{count} {unit}{}", if *count == 1 { "" } else { "s" })
    }
}

/// How long somebody may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// So many times 24 hours.
    Days(u32),
    /// So many working days of whoever is waited for.
    BusinessDays(u32),
}

impl Wait {
    /// Reads `3 days`, `2 business days`.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.trim().split_once(char::is_whitespace)?;
        let count = count.parse::<u32>().ok().filter(|count| *count <= 365)?;
        let words: Vec<&str> = unit.split_whitespace().collect();
        match words.as_slice() {
            ["day" | "days"] => Some(Self::Days(count)),
            ["business", "day" | "days"] => Some(Self::BusinessDays(count)),
            _ => None,
        }
    }
}

impl std::fmt::Display for Wait {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (count, unit) = match self {
            Self::Days(days) => (days, "day"),
            Self::BusinessDays(days) => (days, "business day"),
        };
        write!(formatter, "{count} {unit}{}", if *count == 1 { "" } else { "s" })
    }
}

/// When a party works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Its time zone.
    pub zone: Tz,
    /// Days of the week off.
    pub weekend: Vec<Weekday>,
    /// Other days off.
    pub holidays: BTreeSet<NaiveDate>,
    /// From when until when it does not want to hear of what can wait, by its clocks.
    pub quiet: Option<(NaiveTime, NaiveTime)>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { zone: Tz::UTC, weekend: vec![Weekday::Sat, Weekday::Sun], holidays: BTreeSet::new(), quiet: None }
    }
}

impl Calendar {
    /// Whether the party works on this day.
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        !self.weekend.contains(&date.weekday()) && !self.holidays.contains(&date)
    }

    /// The day it is there.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.zone).date_naive()
    }

    /// When the quiet hours end, where these are some.
    pub fn quiet_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (from, to) = self.quiet?;
        let local = now.with_timezone(&self.zone);
        let (date, time) = (local.date_naive(), local.time());
        let is_overnight = to <= from;
        let end = match () {
            () if is_overnight && time >= from => date.succ_opt()?,
            () if (is_overnight || time >= from) && time < to => date,
            () => return None,
        };
        Some(self.instant(end, to)).filter(|end| *end > now)
    }

    /// When a wait that begins at `from` is over. One in business days that begins on a day off begins with the next
    /// working day.
    pub fn after(&self, from: DateTime<Utc>, wait: Wait) -> DateTime<Utc> {
        let days = match wait {
            Wait::Days(days) => return from.checked_add_signed(TimeDelta::days(i64::from(days))).unwrap_or(from),
            Wait::BusinessDays(days) => days,
        };
        let local = from.with_timezone(&self.zone);
        let (mut date, mut time) = (local.date_naive(), local.time());
        if !self.is_business_day(date) {
            date = self.next_business_day(date);
            time = NaiveTime::MIN;
        }
        for _ in 0..days {
            date = self.next_business_day(date);
        }
        self.instant(date, time)
    }

    /// The next working day; the day after where a calendar has none within a year.
    fn next_business_day(&self, date: NaiveDate) -> NaiveDate {
        let later = date.iter_days().skip(1);
        later.take(366).find(|day| self.is_business_day(*day)).or_else(|| date.succ_opt()).unwrap_or(date)
    }

    /// A time of the party's clocks; the first of two, and an hour later where a clock was put forward past it.
    fn instant(&self, date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        let local = date.and_time(time);
        let found = self.zone.from_local_datetime(&local).earliest();
        let found = found.or_else(|| {
            local.checked_add_signed(TimeDelta::hours(1)).and_then(|local| self.zone.from_local_datetime(&local).earliest())
        });
        found.map_or_else(|| local.and_utc(), |found| found.with_timezone(&Utc))
    }
}

/// A day of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearDay {
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

impl YearDay {
    /// Reads `11-15`.
    pub fn parse(text: &str) -> Option<Self> {
        let (month, day) = text.trim().split_once('-')?;
        let found = Self { month: month.parse().ok()?, day: day.parse().ok()? };
        // A leap year knows every day there is.
        NaiveDate::from_ymd_opt(2024, found.month, found.day).map(|_| found)
    }

    const fn of(month: u32, day: u32) -> Self {
        Self { month, day }
    }
}

impl std::fmt::Display for YearDay {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:02}-{:02}", self.month, self.day)
    }
}

/// A time of every year in which a party takes no changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Key of the party; none for all.
    pub party: Option<String>,
    /// Its first day.
    pub from: YearDay,
    /// Its last day; before `from` where it lasts over the turn of the year.
    pub to: YearDay,
}

impl Freeze {
    /// Whether it covers a day.
    pub fn covers(&self, date: NaiveDate) -> bool {
        let day = YearDay::of(date.month(), date.day());
        if self.from <= self.to { (self.from..=self.to).contains(&day) } else { day >= self.from || day <= self.to }
    }
}

/// What happens to calls after the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// They find nothing: 404 or 410.
    Gone,
    /// They are refused: 400, 403, 426.
    Rejected,
    /// Another version answers them, and nothing says so.
    FallsForward,
}

impl After {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Gone, Self::Rejected, Self::FallsForward];

    /// The word in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Rejected => "rejected",
            Self::FallsForward => "falls-forward",
        }
    }

    /// In a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Gone => "calls find nothing after that",
            Self::Rejected => "calls are refused after that",
            Self::FallsForward => "another version answers after that, and no error tells of it",
        }
    }
}

/// One step of the ladder that silence climbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Who is asked.
    pub target: EscalationTarget,
    /// How long after the step before; the first counts from the day an answer was due.
    pub after: Wait,
}

/// The class of a change that nobody has said more about.
pub const BREAKING: &str = "breaking";

/// The class of what ends: from the word that it will to the day that it does.
pub const REMOVAL: &str = "removal";

/// What the parties promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Notice by class of change: `breaking`, `removal`, `security`, `beta`, or a word of their own.
    pub notice: BTreeMap<String, Period>,
    /// How soon each side answers a notice.
    pub acknowledge_within: Wait,
    /// Who is asked when it does not.
    pub ladder: Vec<Step>,
    /// The only days of the year on which changes take effect; empty for any.
    pub only_on: Vec<YearDay>,
    /// How long the old and the new are there together.
    pub overlap: Option<Period>,
    /// When changes are not taken.
    pub freezes: Vec<Freeze>,
    /// Classes that need no notice: recorded, never a breach.
    pub exempt: BTreeSet<String>,
    /// What happens to calls after the date, where it was said.
    pub after: Option<After>,
    /// Which of several dates of an announcement counts here: `new` or `existing` customers.
    pub cohort: Option<String>,
    /// Days before a date on which it is told again, most first.
    pub reminders: Vec<u32>,
    /// The day of the week on which each party reads what happened without a letter; none for never.
    pub digest: Option<Weekday>,
    /// How long a contact counts as confirmed; none where nobody is asked.
    pub confirm_every: Option<Period>,
    /// Whether the API itself may be asked for the headers of operations. Terms of use often forbid it.
    pub may_probe: bool,
}

/// A date held against the agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// What was promised.
    pub promised: Period,
    /// Days from the word to the date.
    pub given: i64,
    /// The first day that keeps the promise.
    pub earliest: NaiveDate,
    /// Days that lack; none where the class is exempt.
    pub short: i64,
}

impl Agreement {
    /// Notice periods and the time to answer in, and nothing else.
    pub fn promising(notice: BTreeMap<String, Period>, acknowledge_within: Wait) -> Self {
        Self {
            notice,
            acknowledge_within,
            ladder: Vec::new(),
            only_on: Vec::new(),
            overlap: None,
            freezes: Vec::new(),
            exempt: BTreeSet::new(),
            after: None,
            cohort: None,
            reminders: Vec::new(),
            digest: None,
            confirm_every: None,
            may_probe: false,
        }
    }

    /// Whether a day that was named for some customers counts here.
    pub fn counts_for(&self, cohort: Option<&str>) -> bool {
        cohort.is_none() || self.cohort.is_none() || self.cohort.as_deref() == cohort
    }

    /// The notice that a class of change needs; one that nobody named counts as breaking.
    pub fn period(&self, class: &str) -> Option<Period> {
        self.notice.get(class).or_else(|| self.notice.get(BREAKING)).copied()
    }

    /// Holds a date against what was promised. A change told of on `told` takes effect on `effective`.
    pub fn measure(&self, class: &str, told: NaiveDate, effective: NaiveDate) -> Option<Measured> {
        let promised = self.period(class)?;
        let earliest = promised.after(told);
        let short = if self.exempt.contains(class) { 0 } else { (earliest - effective).num_days().max(0) };
        Some(Measured { promised, given: (effective - told).num_days().max(0), earliest, short })
    }

    /// The freezes a day lies in, of those that bind any of these parties.
    pub fn frozen<'a>(&'a self, date: NaiveDate, parties: &'a [&str]) -> impl Iterator<Item = &'a Freeze> {
        let binds = |freeze: &&Freeze| freeze.party.as_ref().is_none_or(|party| parties.contains(&party.as_str()));
        self.freezes.iter().filter(binds).filter(move |freeze| freeze.covers(date))
    }

    /// Whether changes may take effect on a day of the year like this.
    pub fn is_allowed(&self, date: NaiveDate) -> bool {
        self.only_on.is_empty() || self.only_on.contains(&YearDay::of(date.month(), date.day()))
    }

    /// The first day from `date` on that is allowed and in no freeze of these parties; none within two years.
    pub fn first_free(&self, date: NaiveDate, parties: &[&str]) -> Option<NaiveDate> {
        date.iter_days().take(731).find(|day| self.is_allowed(*day) && self.frozen(*day, parties).next().is_none())
    }

    /// How many of the reminders are due so many days before a date.
    pub fn reminders_due(&self, days_left: i64) -> usize {
        self.reminders.iter().filter(|before| days_left <= i64::from(**before)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn periods_and_waits_are_read_as_people_write_them() {
        let read = |text: &str| Period::parse(text).map(|period| period.to_string());
        assert_eq!(read("90 days").as_deref(), Some("90 days"));
        assert_eq!(read("1 day").as_deref(), Some("1 day"));
        assert_eq!(read("20 weeks").as_deref(), Some("140 days"));
        assert_eq!(read("2 years").as_deref(), Some("24 months"));
        for wrong in ["90", "days", "0 days", "-1 days", "90 hours", "4000 days", "11 years"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(Wait::parse("2 business days"), Some(Wait::BusinessDays(2)));
        assert_eq!(Wait::parse("3 days"), Some(Wait::Days(3)));
        assert_eq!(Wait::parse("3 weeks"), None);
    }

    #[test]
    fn months_are_months() {
        assert_eq!(Period::Months(6).after(day("2026-08-31")), day("2027-02-28"));
        assert_eq!(Period::Months(12).after(day("2028-02-29")), day("2029-02-28"));
        assert_eq!(Period::Days(90).after(day("2026-12-01")), day("2027-03-01"));
    }

    #[test]
    fn business_days_are_those_of_the_party() {
        let berlin = Calendar { zone: Tz::Europe__Berlin, holidays: [day("2026-12-25")].into(), ..Calendar::default() };
        // Thursday at noon, one day on: Friday is a holiday, then comes the weekend.
        assert_eq!(berlin.after(time("2026-12-24T11:00:00Z"), Wait::BusinessDays(1)), time("2026-12-28T11:00:00Z"));
        // Saturday: the wait begins on Monday, at midnight in Berlin.
        assert_eq!(berlin.after(time("2026-11-28T15:00:00Z"), Wait::BusinessDays(1)), time("2026-11-30T23:00:00Z"));
        // Late on Friday in UTC is Saturday in Auckland already.
        let auckland = Calendar { zone: Tz::Pacific__Auckland, ..Calendar::default() };
        assert_eq!(auckland.after(time("2026-11-27T20:00:00Z"), Wait::BusinessDays(0)), time("2026-11-29T11:00:00Z"));
        // Friday 02:30 and then a Monday; the clocks were put forward on the Sunday between.
        assert_eq!(berlin.after(time("2026-03-27T01:30:00Z"), Wait::BusinessDays(1)), time("2026-03-30T00:30:00Z"));
        // The hour that does not exist.
        let night = |from: &str, to: &str| {
            let time = |text: &str| text.parse::<NaiveTime>().expect("a time");
            Calendar { zone: Tz::Europe__Berlin, quiet: Some((time(from), time(to))), ..Calendar::default() }
        };
        let until = |calendar: &Calendar, now: &str| {
            calendar.quiet_until(now.parse().expect("a time")).map(|end| end.format("%dT%H:%M").to_string())
        };
        let nights = night("20:00:00", "07:00:00");
        assert_eq!(until(&nights, "2026-01-10T18:59:00Z"), None);
        assert_eq!(until(&nights, "2026-01-10T19:00:00Z").as_deref(), Some("11T06:00"));
        assert_eq!(until(&nights, "2026-01-11T05:59:00Z").as_deref(), Some("11T06:00"));
        assert_eq!(until(&nights, "2026-01-11T06:00:00Z"), None);
        assert_eq!(until(&night("12:00:00", "14:00:00"), "2026-01-11T11:30:00Z").as_deref(), Some("11T13:00"));
        assert_eq!(until(&night("12:00:00", "14:00:00"), "2026-01-11T13:30:00Z"), None);
        assert_eq!(until(&Calendar::default(), "2026-01-11T13:30:00Z"), None);
        let always = Calendar { zone: Tz::Europe__Berlin, weekend: Vec::new(), ..Calendar::default() };
        assert_eq!(always.after(time("2026-03-28T01:30:00Z"), Wait::BusinessDays(1)), time("2026-03-29T01:30:00Z"));
        let never = Calendar { weekend: (0..7).map(|n| Weekday::try_from(n).expect("a day")).collect(), ..Calendar::default() };
        assert!(never.after(time("2026-03-28T01:30:00Z"), Wait::BusinessDays(3)) > time("2026-03-28T01:30:00Z"));
    }

    fn agreement() -> Agreement {
        Agreement {
            reminders: vec![30, 14, 7, 1],
            ..Agreement::promising(
                BTreeMap::from([(BREAKING.to_owned(), Period::Days(90)), (REMOVAL.to_owned(), Period::Months(12))]),
                Wait::BusinessDays(2),
            )
        }
    }

    #[test]
    fn notice_is_counted_in_days_and_what_lacks_is_said() {
        let agreement = agreement();
        let measured = agreement.measure(BREAKING, day("2026-03-01"), day("2026-04-11")).expect("a promise");
        assert_eq!((measured.given, measured.short, measured.earliest), (41, 49, day("2026-05-30")));
        let kept = agreement.measure(BREAKING, day("2026-03-01"), day("2026-05-30")).expect("a promise");
        assert_eq!(kept.short, 0);
        let removal = agreement.measure(REMOVAL, day("2026-03-01"), day("2027-02-28")).expect("a promise");
        assert_eq!(removal.short, 1);
        let past = agreement.measure("something else", day("2026-03-01"), day("2026-02-01")).expect("a promise");
        assert_eq!((past.given, past.short), (0, 118));
        let exempt = Agreement { exempt: ["security".to_owned()].into(), ..agreement };
        assert_eq!(exempt.measure("security", day("2026-03-01"), day("2026-03-02")).map(|measured| measured.short), Some(0));
    }

    #[test]
    fn a_freeze_may_last_over_the_turn_of_the_year() {
        let winter = Freeze { party: None, from: YearDay::of(11, 15), to: YearDay::of(1, 5) };
        let covered = ["2026-11-14", "2026-11-15", "2026-12-31", "2027-01-05", "2027-01-06"].map(|text| winter.covers(day(text)));
        assert_eq!(covered, [false, true, true, true, false]);
        let agreement = Agreement { freezes: vec![winter], ..agreement() };
        assert_eq!(agreement.first_free(day("2026-12-24"), &[]), Some(day("2027-01-06")));
        let quarters = [(1, 1), (4, 1), (7, 1), (10, 1)].map(|(month, day)| YearDay::of(month, day)).to_vec();
        let agreement = Agreement { only_on: quarters, ..agreement };
        assert_eq!(agreement.first_free(day("2026-12-24"), &[]), Some(day("2027-04-01")));
        assert!(agreement.is_allowed(day("2027-04-01")) && !agreement.is_allowed(day("2027-04-02")));
        assert_eq!(YearDay::parse("02-30"), None);
        assert_eq!(YearDay::parse("02-29"), Some(YearDay::of(2, 29)));
    }

    #[test]
    fn reminders_add_up_towards_the_day() {
        let due = [40, 30, 15, 14, 1, 0, -5].map(|left| agreement().reminders_due(left));
        assert_eq!(due, [0, 1, 1, 2, 4, 4, 4]);
    }
}
