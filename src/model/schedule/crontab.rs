//! A crontab line as sets of numbers, and the wall-clock times it names (crontab(5)).
//!
//! Read here and not by a crate, because operations people expect crontab's meaning to the letter: 0 and 7 are Sunday,
//! two restricted day fields mean either, and what is refused says which field, why, and what to write.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::ScheduleError;

/// How far ahead a time is looked for: 29 February on one weekday comes every 28 years, and 40 around 2100.
const YEARS_AHEAD: i32 = 41;

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// One field of a line: its name, its numbers, and the names for them.
struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    names: &'static [&'static str],
    /// Whether a range may run over the end, as FRI-MON does, and one more than the last is the first.
    wraps: bool,
}

const SECOND: Field = Field { name: "second", first: 0, last: 59, names: &[], wraps: false };
const MINUTE: Field = Field { name: "minute", ..SECOND };
const HOUR: Field = Field { name: "hour", last: 23, ..SECOND };
const DAY: Field = Field { name: "day of month", first: 1, last: 31, ..SECOND };
const MONTH: Field = Field { name: "month", first: 1, last: 12, names: &MONTHS, wraps: false };
const WEEKDAY: Field = Field { name: "day of week", first: 0, last: 6, names: &WEEKDAYS, wraps: true };
const YEAR: Field = Field { name: "year", first: 1970, last: 2200, ..SECOND };

/// The times a line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crontab {
    seconds: Vec<u32>,
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Vec<u32>,
    years: Vec<u32>,
    /// Whether a day needs only one of the two day fields: both are restricted.
    either_day: bool,
}

impl Crontab {
    /// Reads 5 fields, 6 with seconds before them, or 7 with years after them.
    pub(super) fn read(fields: &[&str]) -> Result<Self, ScheduleError> {
        let (second, rest, year) = match fields {
            rest @ [_, _, _, _, _] => ("0", rest, "*"),
            [second, rest @ ..] if rest.len() == 5 => (*second, rest, "*"),
            [second, rest @ .., year] if rest.len() == 5 => (*second, rest, *year),
            other => return Err(ScheduleError::Fields(other.len())),
        };
        let [minute, hour, day, month, weekday] = rest else { return Err(ScheduleError::Fields(fields.len())) };
        // A step over everything (`*/2`) counts as unrestricted, as in crontab(5).
        let is_restricted = |field: &str| !field.starts_with('*');
        Ok(Self {
            seconds: SECOND.read(second)?,
            minutes: MINUTE.read(minute)?,
            hours: HOUR.read(hour)?,
            days: DAY.read(day)?,
            months: MONTH.read(month)?,
            weekdays: WEEKDAY.read(weekday)?,
            years: YEAR.read(year)?,
            either_day: is_restricted(day) && is_restricted(weekday),
        })
    }

    /// Whether it names times in every hour of the day.
    pub(super) const fn is_hourly(&self) -> bool {
        self.hours.len() == 24
    }

    /// The first time on the clock after `wall`.
    pub(super) fn after(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let from = wall.with_nanosecond(0)?.checked_add_signed(chrono::TimeDelta::seconds(1))?;
        let mut day = from.date();
        if self.names_day(day)
            && let Some(time) = self.time_from(from.time())
        {
            return Some(day.and_time(time));
        }
        let last = from.year() + YEARS_AHEAD;
        loop {
            day = self.next_day(day)?;
            if day.year() > last {
                return None;
            }
            if self.names_day(day) {
                return self.time_from(NaiveTime::MIN).map(|time| day.and_time(time));
            }
        }
    }

    /// The day after, or the first of the next month where this one is not named at all.
    fn next_day(&self, day: NaiveDate) -> Option<NaiveDate> {
        let next = day.checked_add_days(Days::new(1))?;
        if self.months.contains(&next.month()) {
            return Some(next);
        }
        next.with_day(1)?.checked_add_months(chrono::Months::new(1))
    }

    fn names_day(&self, day: NaiveDate) -> bool {
        let by_date = self.days.contains(&day.day());
        let by_weekday = self.weekdays.contains(&day.weekday().num_days_from_sunday());
        let named = if self.either_day { by_date || by_weekday } else { by_date && by_weekday };
        let year = u32::try_from(day.year()).unwrap_or_default();
        named && self.months.contains(&day.month()) && self.years.contains(&year)
    }

    /// The first time of a day that is not before `from`.
    fn time_from(&self, from: NaiveTime) -> Option<NaiveTime> {
        let at_least = |numbers: &[u32], least: u32| numbers.iter().copied().find(|number| *number >= least);
        let (first_minute, first_second) = (*self.minutes.first()?, *self.seconds.first()?);
        let hour = at_least(&self.hours, from.hour())?;
        if hour == from.hour() {
            if self.minutes.contains(&from.minute())
                && let Some(second) = at_least(&self.seconds, from.second())
            {
                return NaiveTime::from_hms_opt(hour, from.minute(), second);
            }
            if let Some(minute) = at_least(&self.minutes, from.minute() + 1) {
                return NaiveTime::from_hms_opt(hour, minute, first_second);
            }
            let later = at_least(&self.hours, hour + 1)?;
            return NaiveTime::from_hms_opt(later, first_minute, first_second);
        }
        NaiveTime::from_hms_opt(hour, first_minute, first_second)
    }
}

impl Field {
    /// The numbers a field names, sorted.
    fn read(&self, text: &str) -> Result<Vec<u32>, ScheduleError> {
        let mut numbers = std::collections::BTreeSet::new();
        for part in text.split(',') {
            self.add(text, part, &mut numbers)?;
        }
        Ok(numbers.into_iter().collect())
    }

    fn add(&self, text: &str, part: &str, numbers: &mut std::collections::BTreeSet<u32>) -> Result<(), ScheduleError> {
        if part.is_empty() {
            return self.refuse(text, "has an empty place in its list: remove the comma");
        }
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(self.step(text, step)?)),
            None => (part, None),
        };
        let (first, last) = if range == "*" {
            (self.first, self.last)
        } else if let Some((first, last)) = range.split_once('-') {
            let (first, last) = (self.number(text, first)?, self.number(text, last)?);
            match (first <= last, self.wraps) {
                (true, _) => (first, last),
                (false, true) => (first, last + 7),
                (false, false) => {
                    let why = format!("the range {range} runs backwards: write {first}-{},{}-{last}", self.last, self.first);
                    return self.refuse(text, &why);
                }
            }
        } else {
            let first = self.number(text, range)?;
            // `5/15` is 5-59/15.
            (first, if step.is_some() { self.last.max(first) } else { first })
        };
        let size = self.last - self.first + 1;
        for number in (first..=last).step_by(step.unwrap_or(1)) {
            numbers.insert(if self.wraps { number % size } else { number });
        }
        Ok(())
    }

    fn step(&self, text: &str, step: &str) -> Result<usize, ScheduleError> {
        let size = self.last - self.first + 1;
        match step.parse::<u32>() {
            Ok(0) => self.refuse(text, "a step of 0 never moves on: write 1 or more"),
            Ok(step) if step > size => {
                let every =
                    if matches!(self.name, "second" | "minute" | "hour") { ", or every = \"90m\" for an interval" } else { "" };
                self.refuse(
                    text,
                    &format!(
                        "the step {step} is larger than the field, which has {size} values: write a step up to {size}{every}"
                    ),
                )
            }
            Ok(step) => Ok(usize::try_from(step).unwrap_or(1)),
            Err(_) => self.refuse(text, &format!("the step {step:?} is not a number")),
        }
    }

    fn number(&self, text: &str, word: &str) -> Result<u32, ScheduleError> {
        if let Some(why) = foreign(word) {
            return self.refuse(text, why);
        }
        let lower = word.to_ascii_lowercase();
        let is_name = |name: &&&str| lower.len() >= 3 && (**name == lower || name.get(..3) == Some(lower.as_str()));
        if let Some(name) = self.names.iter().find(is_name) {
            let index = self.names.iter().position(|known| known == name).and_then(|index| u32::try_from(index).ok());
            return Ok(self.first + index.unwrap_or_default());
        }
        let last = if self.wraps { self.last + 1 } else { self.last };
        let allowed = match self.names {
            [first, .., last_name] => {
                let short = |name: &str| name.get(..3).unwrap_or(name).to_ascii_uppercase();
                format!("{}-{last} or {}-{}", self.first, short(first), short(last_name))
            }
            _ => format!("{}-{last}", self.first),
        };
        match word.parse::<u32>() {
            Ok(number) if (self.first..=last).contains(&number) => Ok(number),
            Ok(number) => self.refuse(text, &format!("{number} is out of range: write {allowed}")),
            Err(_) if word.is_empty() => self.refuse(text, &format!("a number is missing: write {allowed}")),
            Err(_) => self.refuse(text, &format!("{word:?} is not understood: write {allowed}")),
        }
    }

    fn refuse<T>(&self, text: &str, why: &str) -> Result<T, ScheduleError> {
        Err(ScheduleError::Field(format!("the {} {text:?}: {why}", self.name)))
    }
}

/// Signs that other schedulers know and crontab does not.
fn foreign(word: &str) -> Option<&'static str> {
    let upper = word.to_ascii_uppercase();
    if upper.contains('?') {
        Some("`?` is not part of crontab: write *")
    } else if upper.contains('#') {
        Some("`#` is not part of crontab: for the second Tuesday write every Tuesday, or the days 8-14")
    } else if upper == "L" || upper.starts_with("L-") || (upper.ends_with('L') && upper.len() < 3) {
        Some("`L` is not part of crontab: for the last days of a month write 28-31")
    } else if upper == "LW"
        || (upper.ends_with('W') && upper.len() < 4 && upper.starts_with(|c: char| c.is_ascii_digit()))
        || upper == "W"
    {
        Some("`W` is not part of crontab: write the weekdays, 1-5, or the day itself")
    } else {
        None
    }
}
