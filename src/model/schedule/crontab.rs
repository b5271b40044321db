//! A crontab line in the words of the `cron` crate (crontab(5)).
//!
//! Operations people expect crontab's meaning to the letter: 0 and 7 are Sunday, two restricted day fields mean either, and
//! what is refused says which field, why, and what to write. The crate counts days of the week from 1 and joins the day
//! fields by AND. So a line is read into its numbers here, and the crate finds the times that those numbers name.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use chrono::NaiveDateTime;

use super::error::ScheduleError;

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
const YEAR: Field = Field { name: "year", first: 1970, last: 2100, ..SECOND };

/// The times a line names.
#[derive(Debug, Clone)]
pub struct Crontab {
    /// Two where both day fields are restricted: a day needs only one of them.
    schedules: Vec<cron::Schedule>,
    is_hourly: bool,
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
        // The crate's own numbers: its week begins with 1.
        let weekdays = WEEKDAY.read(weekday)?.into_iter().map(|number| number + 1).collect();
        let (days, weekdays) = (DAY.list(&DAY.read(day)?), Field { first: 1, last: 7, ..WEEKDAY }.list(&weekdays));
        let hours = HOUR.read(hour)?;
        let time = [SECOND.list(&SECOND.read(second)?), MINUTE.list(&MINUTE.read(minute)?), HOUR.list(&hours)].join(" ");
        let (month, year) = (MONTH.list(&MONTH.read(month)?), YEAR.list(&YEAR.read(year)?));
        // A step over everything (`*/2`) counts as unrestricted, as in crontab(5).
        let is_restricted = |field: &str| !field.starts_with('*');
        let either = [(days.as_str(), "*"), ("*", weekdays.as_str())];
        let both = [(days.as_str(), weekdays.as_str())];
        let ways = if is_restricted(day) && is_restricted(weekday) { either.as_slice() } else { both.as_slice() };
        let schedules = ways.iter().map(|(day, weekday)| {
            let expression = format!("{time} {day} {month} {weekday} {year}");
            cron::Schedule::from_str(&expression).map_err(|error| ScheduleError::Field(error.to_string()))
        });
        Ok(Self { schedules: schedules.collect::<Result<_, _>>()?, is_hourly: hours.len() == 24 })
    }

    /// Whether it names times in every hour of the day.
    pub(super) const fn is_hourly(&self) -> bool {
        self.is_hourly
    }

    /// The first time on the clock after `wall`.
    pub(super) fn after(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        // Read as UTC, which has no summer time: what the zone makes of it is decided by the caller.
        let next = self.schedules.iter().filter_map(|schedule| schedule.after(&wall.and_utc()).next()).min();
        next.map(|next| next.naive_utc())
    }
}

impl Field {
    /// The numbers a field names.
    fn read(&self, text: &str) -> Result<BTreeSet<u32>, ScheduleError> {
        let mut numbers = BTreeSet::new();
        for part in text.split(',') {
            self.add(text, part, &mut numbers)?;
        }
        Ok(numbers)
    }

    /// Numbers of this field as the crate reads them.
    fn list(&self, numbers: &BTreeSet<u32>) -> String {
        if numbers.len() > usize::try_from(self.last - self.first).unwrap_or(usize::MAX) {
            return "*".to_owned();
        }
        numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
    }

    fn add(&self, text: &str, part: &str, numbers: &mut BTreeSet<u32>) -> Result<(), ScheduleError> {
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
