//! When an API is checked: a plain interval, or a crontab line with a time zone.
//!
//! The `cron` crate counts days of the week from 1 = Sunday, joins both day fields by AND, and skips or
//! repeats times around a change to or from summer time. Operations people expect crontab's meaning
//! (crontab(5)): 0 and 7 are Sunday, two restricted day fields mean either, a time that falls into the
//! gap runs once at its end, a time that comes twice runs once.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use thiserror::Error;

/// When something is due.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// So long after the last time.
    Every(Duration),
    /// At the times a crontab line names.
    Cron {
        /// The line as written.
        line: String,
        /// What it means: more than one schedule where both day fields are restricted.
        schedules: Vec<cron::Schedule>,
        /// Whether it runs in every hour of the day, and so through both passes of a repeated hour.
        hourly: bool,
        /// The zone its times are in.
        zone: Tz,
    },
}

/// Why a schedule cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// Not 5 to 7 fields.
    #[error("a cron expression has 5 fields (crontab), 6 (with seconds) or 7 (with years); this has {0}")]
    Fields(usize),
    /// A field that is not understood.
    #[error("{0}")]
    Field(String),
    /// It will never be due.
    #[error("this expression names no time that ever comes")]
    Never,
}

impl Schedule {
    /// Reads a crontab line, a 6- or 7-field cron expression, or a nickname such as `@daily`.
    ///
    /// # Errors
    /// When it is not understood or never due.
    pub fn cron(line: &str, zone: Tz, now: DateTime<Utc>) -> Result<Self, ScheduleError> {
        let line = line.trim();
        let expanded = match line {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let fields: Vec<&str> = expanded.split_whitespace().collect();
        let (expressions, hour) = match fields.as_slice() {
            [minute, hour, day, month, weekday] => (crontab(minute, hour, day, month, weekday)?, *hour),
            [_, _, hour, _, _, _] | [_, _, hour, _, _, _, _] => (vec![expanded.to_owned()], *hour),
            other => return Err(ScheduleError::Fields(other.len())),
        };
        let schedules = expressions
            .iter()
            .map(|expression| cron::Schedule::from_str(expression).map_err(|error| ScheduleError::Field(error.to_string())))
            .collect::<Result<Vec<_>, _>>()?;
        let schedule = Self::Cron { line: line.to_owned(), schedules, hourly: hour == "*" || hour == "*/1", zone };
        if schedule.next_after(now).is_none() {
            return Err(ScheduleError::Never);
        }
        Ok(schedule)
    }

    /// The first time it is due after `now`; none when no such time ever comes.
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Every(interval) => Some(now + *interval),
            Self::Cron { schedules, hourly, zone, .. } => {
                let offset = now.with_timezone(zone).offset().fix();
                schedules.iter().filter_map(|schedule| next(schedule, *hourly, *zone, offset, now)).min()
            }
        }
    }

    /// How it was written.
    pub fn describe(&self) -> String {
        match self {
            Self::Every(interval) => format!("every {}", humantime::format_duration(*interval)),
            Self::Cron { line, zone, .. } => format!("{line} ({zone})"),
        }
    }
}

/// The next time of one schedule: evaluated on the zone's wall clock, never inside a change of offset.
fn next(schedule: &cron::Schedule, hourly: bool, zone: Tz, offset: FixedOffset, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wall = now.naive_utc() + TimeDelta::seconds(i64::from(offset.local_minus_utc()));
    let on_the_clock = schedule.after(&wall.and_utc()).take(64).find_map(|candidate| {
        let instant = instant_of(candidate.naive_utc(), zone, now)?;
        (instant > now).then_some(instant)
    });
    if !hourly {
        return on_the_clock;
    }
    // The second pass of a repeated hour has the same wall-clock times, and an hourly job runs in it too.
    let through_the_fold = schedule.after(&wall.and_utc()).next().map(|candidate| {
        let naive = candidate.naive_utc() - TimeDelta::seconds(i64::from(offset.local_minus_utc()));
        naive.and_utc()
    });
    on_the_clock.into_iter().chain(through_the_fold).filter(|instant| *instant > now).min()
}

fn instant_of(wall: NaiveDateTime, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&wall) {
        chrono::LocalResult::Single(instant) => Some(instant.with_timezone(&Utc)),
        chrono::LocalResult::Ambiguous(first, _) => {
            let first = first.with_timezone(&Utc);
            // It came once already.
            (first > now).then_some(first)
        }
        // The clock jumps over it: at the first quarter of an hour past the gap.
        chrono::LocalResult::None => (1..=16).find_map(|quarters| {
            let later = zone.from_local_datetime(&(wall + TimeDelta::minutes(15 * quarters))).earliest();
            later.map(|instant| instant.with_timezone(&Utc))
        }),
    }
}

/// A 5-field line in the words of the `cron` crate.
fn crontab(minute: &str, hour: &str, day: &str, month: &str, weekday: &str) -> Result<Vec<String>, ScheduleError> {
    let names = weekdays(weekday)?;
    let restricted = |field: &str| !field.starts_with('*');
    if restricted(day) && restricted(weekday) {
        // Either of the two days (crontab(5)).
        return Ok(vec![format!("0 {minute} {hour} {day} {month} *"), format!("0 {minute} {hour} * {month} {names}")]);
    }
    Ok(vec![format!("0 {minute} {hour} {day} {month} {names}")])
}

/// Numbers 0 to 7 as names, which mean the same everywhere; ranges are written out.
fn weekdays(field: &str) -> Result<String, ScheduleError> {
    const NAMES: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    if field == "*" {
        return Ok("*".to_owned());
    }
    let refuse = || ScheduleError::Field(format!("the day of week {field:?} is not understood: use 0-7 or SUN-SAT"));
    let number = |text: &str| -> Result<usize, ScheduleError> {
        let by_name = NAMES.iter().position(|name| name.eq_ignore_ascii_case(text));
        by_name.or_else(|| text.parse::<usize>().ok().filter(|n| *n <= 7)).ok_or_else(refuse)
    };
    let mut days = [false; 7];
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|step| *step > 0).ok_or_else(refuse)?),
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (0, 6),
            Some((first, last)) => {
                let (first, last) = (number(first)?, number(last)?);
                // FRI-MON and 5-1 wrap around the week, SUN may be its last day.
                (first, if last < first { last + 7 } else { last })
            }
            None => (number(range)?, number(range)?),
        };
        for day in (first..=last).step_by(step) {
            if let Some(slot) = days.get_mut(day % 7) {
                *slot = true;
            }
        }
    }
    let chosen: Vec<&str> = NAMES.iter().zip(days).filter(|(_, chosen)| *chosen).map(|(name, _)| *name).collect();
    if chosen.len() == 7 { Ok("*".to_owned()) } else { Ok(chosen.join(",")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn runs(line: &str, zone: Tz, from: &str, count: usize) -> Vec<String> {
        let mut at = utc(from);
        let schedule = Schedule::cron(line, zone, at).expect("a schedule");
        (0..count)
            .map(|_| {
                let next = schedule.next_after(at).expect("a next time");
                assert!(next > at, "{line}: {next} is not after {at}");
                at = next;
                next.with_timezone(&zone).format("%a %d %H:%M %Z").to_string()
            })
            .collect()
    }

    #[test]
    fn weekdays_are_crontabs() {
        let from = "2026-03-01T12:00:00Z"; // a Sunday
        assert_eq!(
            runs("30 9 * * 1-5", Tz::UTC, from, 6),
            [
                "Mon 02 09:30 UTC",
                "Tue 03 09:30 UTC",
                "Wed 04 09:30 UTC",
                "Thu 05 09:30 UTC",
                "Fri 06 09:30 UTC",
                "Mon 09 09:30 UTC"
            ]
        );
        assert_eq!(runs("0 6 * * 0", Tz::UTC, from, 1), ["Sun 08 06:00 UTC"]);
        assert_eq!(runs("0 6 * * 7", Tz::UTC, from, 1), ["Sun 08 06:00 UTC"]);
        assert_eq!(
            runs("0 6 * * FRI-MON", Tz::UTC, from, 4),
            ["Mon 02 06:00 UTC", "Fri 06 06:00 UTC", "Sat 07 06:00 UTC", "Sun 08 06:00 UTC"]
        );
        assert_eq!(runs("0 6 13 * 5", Tz::UTC, from, 3), ["Fri 06 06:00 UTC", "Fri 13 06:00 UTC", "Fri 20 06:00 UTC"]);
    }

    #[test]
    fn summer_time_runs_each_time_once() {
        let berlin = Tz::Europe__Berlin;
        // 29 March 2026: 02:00 becomes 03:00.
        assert_eq!(
            runs("30 2 * * *", berlin, "2026-03-28T00:00:00Z", 3),
            ["Sat 28 02:30 CET", "Sun 29 03:00 CEST", "Mon 30 02:30 CEST"]
        );
        // 25 October 2026: 03:00 becomes 02:00.
        assert_eq!(
            runs("30 2 * * *", berlin, "2026-10-24T00:00:00Z", 3),
            ["Sat 24 02:30 CEST", "Sun 25 02:30 CEST", "Mon 26 02:30 CET"]
        );
        assert_eq!(
            runs("0 * * * *", berlin, "2026-10-24T23:30:00Z", 4),
            ["Sun 25 02:00 CEST", "Sun 25 02:00 CET", "Sun 25 03:00 CET", "Sun 25 04:00 CET"]
        );
        let mut at = utc("2026-10-31T22:00:00Z");
        let schedule = Schedule::cron("*/15 * * * *", Tz::America__New_York, at).expect("a schedule");
        for _ in 0..40 {
            let next = schedule.next_after(at).expect("a next time");
            assert_eq!((next - at).num_minutes(), 15, "{at}");
            at = next;
        }
    }

    #[test]
    fn what_cannot_be_followed_says_why() {
        let now = utc("2026-01-01T00:00:00Z");
        let error = |line: &str| Schedule::cron(line, Tz::UTC, now).expect_err("an error").to_string();
        assert!(error("* * *").contains("5 fields"));
        assert!(error("0 0 30 2 *").contains("no time that ever comes"));
        assert!(error("0 0 * * 8").contains("day of week"));
        assert!(Schedule::cron("99 * * * *", Tz::UTC, now).is_err());
    }
}
