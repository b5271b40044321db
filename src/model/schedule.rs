//! When an API is checked: a plain interval, or a crontab line with a time zone.
//!
//! Around a change to or from summer time each time runs once, as operations people expect:
//!
//! - A line that names certain hours runs by the clock on the wall: a time that falls into the gap runs once, at the
//!   gap's end; a time that comes twice runs the first time. A daily job runs once on every day.
//! - A line that runs in every hour follows elapsed time: through both passes of a repeated hour, and on without a pause
//!   over a gap. Where clocks move by half an hour (Lord Howe Island) the minute on the wall stays, so that two runs are
//!   once half an hour closer, or farther apart.

mod crontab;
mod error;

pub use error::ScheduleError;

use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crontab::Crontab;

/// Nicknames, and what they stand for.
const NICKNAMES: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// When something is due.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// So long after the last time.
    Every(Duration),
    /// At the times a crontab line names.
    Cron {
        /// The line as written.
        line: String,
        /// What it means.
        times: Crontab,
        /// The zone its times are in.
        zone: Tz,
    },
}

impl Schedule {
    /// Reads a crontab line, a 6- or 7-field cron expression, or a nickname such as `@daily`.
    ///
    /// # Errors
    /// When it is not understood or never due.
    pub fn cron(line: &str, zone: Tz, now: DateTime<Utc>) -> Result<Self, ScheduleError> {
        let line = line.trim();
        let expanded = match NICKNAMES.iter().find(|(name, _)| *name == line) {
            Some((_, expanded)) => expanded,
            None if line.starts_with('@') => return Err(ScheduleError::Nickname(line.to_owned())),
            None => line,
        };
        let fields: Vec<&str> = expanded.split_whitespace().collect();
        let schedule = Self::Cron { line: line.to_owned(), times: Crontab::read(&fields)?, zone };
        if schedule.next_after(now).is_none() {
            return Err(ScheduleError::Never);
        }
        Ok(schedule)
    }

    /// The first time it is due after `now`; none when no such time ever comes.
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Every(interval) => Some(now + *interval),
            Self::Cron { times, zone, .. } if times.is_hourly() => next_elapsed(times, *zone, now),
            Self::Cron { times, zone, .. } => next_on_the_wall(times, *zone, now),
        }
    }

    /// The zone its times are in; none for an interval.
    pub const fn zone(&self) -> Option<Tz> {
        match self {
            Self::Every(_) => None,
            Self::Cron { zone, .. } => Some(*zone),
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

fn offset(zone: Tz, at: DateTime<Utc>) -> FixedOffset {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix()
}

fn wall(at: DateTime<Utc>, offset: FixedOffset) -> NaiveDateTime {
    at.naive_utc() + TimeDelta::seconds(i64::from(offset.local_minus_utc()))
}

fn instant(wall: NaiveDateTime, offset: FixedOffset) -> DateTime<Utc> {
    (wall - TimeDelta::seconds(i64::from(offset.local_minus_utc()))).and_utc()
}

/// The next instant for a line that names certain hours. Times on the wall and their instants have the same order, so
/// the first time whose instant is still to come is the next; those in a repeated hour that are over are passed by.
fn next_on_the_wall(times: &Crontab, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut at = wall(now, offset(zone, now));
    loop {
        at = times.after(at)?;
        let due = match zone.from_local_datetime(&at) {
            chrono::LocalResult::Single(due) | chrono::LocalResult::Ambiguous(due, _) => due.with_timezone(&Utc),
            chrono::LocalResult::None => end_of_gap(zone, at),
        };
        if due > now {
            return Some(due);
        }
    }
}

/// The first instant after the gap that a time on the wall falls into.
fn end_of_gap(zone: Tz, at: NaiveDateTime) -> DateTime<Utc> {
    // Both are on their side of the change: no clock is moved by more than a day.
    let (before, after) = (at.and_utc() - TimeDelta::hours(26), at.and_utc() + TimeDelta::hours(26));
    // The change around the time itself: a gap's times are read as before it or as after it.
    let (early, late) = (instant(at, offset(zone, after)), instant(at, offset(zone, before)));
    first_change(zone, early.min(late) - TimeDelta::seconds(1), early.max(late))
}

/// The first instant after `from`, up to `to`, at which the zone's offset is another than at `from`.
fn first_change(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
    let known = offset(zone, from);
    let (mut before, mut after) = (from, to);
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if offset(zone, middle) == known {
            before = middle;
        } else {
            after = middle;
        }
    }
    after
}

/// The next instant for a line that runs in every hour: the next at which the wall shows one of its times.
fn next_elapsed(times: &Crontab, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // `current` holds from `start` on, and the wall is read from `from` on.
    let (mut start, mut from, mut current) = (now, now, offset(zone, now));
    // Each turn passes one change of offset.
    for _ in 0..1000 {
        let due = instant(times.after(wall(from, current))?, current);
        if offset(zone, due) == current {
            return Some(due);
        }
        // The clock is moved before then, and shows other times from that instant on.
        start = first_change(zone, start, due);
        from = start - TimeDelta::seconds(1);
        current = offset(zone, start);
    }
    None
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
    fn six_and_seven_fields_mean_the_same_days() {
        let from = "2026-03-01T12:00:00Z"; // a Sunday
        for (five, six) in [
            ("30 9 * * 1-5", "0 30 9 * * 1-5"),
            ("0 6 * * 0", "0 0 6 * * 0 *"),
            ("0 6 * * 7", "0 0 6 * * 7 2026-2030"),
            ("0 6 * * FRI-MON", "0 0 6 * * fri-monday"),
            ("0 6 * * 5-1", "0 0 6 * * 5-1"),
            ("0 6 13 * 5", "0 0 6 13 * 5"),
            ("0 6 13 * */2", "0 0 6 13 * */2"),
            ("0 6 1,15 JAN-DEC/2 *", "0 0 6 1,15 january-december/2 *"),
        ] {
            assert_eq!(runs(five, Tz::UTC, from, 20), runs(six, Tz::UTC, from, 20), "{five}");
        }
        assert_eq!(runs("0 0 6 * * 2", Tz::UTC, from, 1), ["Tue 03 06:00 UTC"]);
        assert_eq!(runs("*/20 59 23 31 12 *", Tz::UTC, from, 3), ["Thu 31 23:59 UTC"; 3]);
        assert_eq!(runs("5/20 8 * * *", Tz::UTC, from, 3), ["Mon 02 08:05 UTC", "Mon 02 08:25 UTC", "Mon 02 08:45 UTC"]);
        let leap = Schedule::cron("0 0 29 2 *", Tz::UTC, utc(from)).expect("a schedule");
        assert_eq!(leap.next_after(utc(from)), Some(utc("2028-02-29T00:00:00Z")));
        // `*` and its steps restrict nothing (crontab(5)), so both must hold: the next 29 February on a Sunday.
        let rare = Schedule::cron("0 0 */28 2 SUN", Tz::UTC, utc("2029-03-01T00:00:00Z")).expect("a schedule");
        assert_eq!(rare.next_after(utc("2029-03-01T00:00:00Z")), Some(utc("2032-02-01T00:00:00Z")));
    }

    #[test]
    fn what_cannot_be_followed_says_why() {
        let now = utc("2026-01-01T00:00:00Z");
        for (line, words) in [
            ("* * *", "has 5 fields"),
            ("* * * * * * * *", "this has 8"),
            ("0 0 30 2 *", "no time that ever comes"),
            ("0 0 0 1 1 * 2020", "no time that ever comes"),
            ("0 0 * * 8", "the day of week \"8\": 8 is out of range: write 0-7 or SUN-SAT"),
            ("99 * * * *", "the minute \"99\": 99 is out of range: write 0-59"),
            ("60 * * * *", "the minute \"60\": 60 is out of range: write 0-59"),
            ("0 24 * * *", "the hour \"24\": 24 is out of range: write 0-23"),
            ("0 0 0 * *", "the day of month \"0\": 0 is out of range: write 1-31"),
            ("0 0 1 13 *", "the month \"13\": 13 is out of range: write 1-12 or JAN-DEC"),
            ("*/90 * * * *", "the minute \"*/90\": the step 90 is larger than the field, which has 60 values"),
            ("*/0 * * * *", "a step of 0 never moves on"),
            ("*/x * * * *", "the step \"x\" is not a number"),
            ("0 0 L * *", "`L` is not part of crontab"),
            ("0 0 * * 5L", "`L` is not part of crontab"),
            ("0 0 15W * *", "`W` is not part of crontab"),
            ("0 0 LW * *", "`W` is not part of crontab"),
            ("0 0 * * 2#2", "`#` is not part of crontab"),
            ("0 0 ? * *", "`?` is not part of crontab: write *"),
            ("0 0 0 ? * MON", "the day of month \"?\": `?` is not part of crontab: write *"),
            ("1,,2 * * * *", "the minute \"1,,2\": has an empty place in its list"),
            (", * * * *", "has an empty place in its list"),
            ("1- * * * *", "a number is missing"),
            ("0 22-2 * * *", "the range 22-2 runs backwards: write 22-23,0-2"),
            ("0 0 * FEBR *", "\"FEBR\" is not understood: write 1-12 or JAN-DEC"),
            ("-5 * * * *", "a number is missing"),
            ("@reboot", "\"@reboot\" is not a nickname"),
        ] {
            let error = Schedule::cron(line, Tz::UTC, now).expect_err(line).to_string();
            assert!(error.contains(words), "{line}: {error}");
        }
    }

    /// Every change of offset in three years.
    fn changes(zone: Tz) -> Vec<DateTime<Utc>> {
        let step = TimeDelta::hours(6);
        let mut at = utc("2026-01-01T00:00:00Z");
        let mut found = Vec::new();
        while at < utc("2029-01-01T00:00:00Z") {
            if offset(zone, at) != offset(zone, at + step) {
                found.push(first_change(zone, at, at + step));
            }
            at += step;
        }
        found
    }

    /// What is due around a change, with the time on the wall.
    fn around(line: &str, zone: Tz, change: DateTime<Utc>) -> Vec<(DateTime<Utc>, NaiveDateTime)> {
        let (mut at, end) = (change - TimeDelta::days(3), change + TimeDelta::days(3));
        let schedule = Schedule::cron(line, zone, at).expect("a schedule");
        let mut due = Vec::new();
        while let Some(next) = schedule.next_after(at).filter(|next| *next < end) {
            assert!(next > at, "{zone} {line}: {next} is not after {at}");
            // Nothing is passed by when it is asked at another time.
            let between = at + (next - at) / 2;
            assert_eq!(schedule.next_after(between), Some(next), "{zone} {line}: asked at {between}");
            assert_eq!(schedule.next_after(next - TimeDelta::seconds(1)), Some(next), "{zone} {line}: asked just before");
            at = next;
            due.push((next, next.with_timezone(&zone).naive_local()));
        }
        due
    }

    #[test]
    fn around_every_change_of_every_zone_each_day_and_each_hour_has_its_run() {
        let mut seen = std::collections::BTreeSet::new();
        let mut checked = 0;
        for zone in chrono_tz::TZ_VARIANTS {
            let changes = changes(zone);
            let rules: Vec<_> = changes.iter().map(|change| (*change, offset(zone, *change).local_minus_utc())).collect();
            if !seen.insert(rules) {
                continue;
            }
            // The first of each kind: three years have the same rules.
            for change in changes.into_iter().take(4) {
                checked += 1;
                let before = offset(zone, change - TimeDelta::seconds(1)).local_minus_utc();
                let shift = offset(zone, change).local_minus_utc() - before;
                // A time in a gap that ends at midnight (Greenland) runs on the next day, and is the run of its own.
                let day_of = |line: &str, at: NaiveDateTime| {
                    let number = |field: usize| line.split(' ').nth(field).and_then(|text| text.parse().ok()).expect("a number");
                    let named = chrono::NaiveTime::from_hms_opt(number(1), number(0), 0).expect("a time");
                    if named > at.time() { at.date() - TimeDelta::days(1) } else { at.date() }
                };
                for line in ["0 0 * * *", "30 0 * * *", "15 1 * * *", "30 2 * * *", "0 3 * * *", "30 23 * * *"] {
                    let due = around(line, zone, change);
                    let mut days = std::collections::BTreeMap::<_, usize>::new();
                    for (_, wall) in &due {
                        *days.entry(day_of(line, *wall)).or_default() += 1;
                    }
                    assert!(days.values().all(|runs| *runs == 1), "{zone} {line}: {due:?}");
                    let (first, last) = (*days.keys().next().expect("a day"), *days.keys().last().expect("a day"));
                    assert_eq!((last - first).num_days() + 1, i64::try_from(days.len()).expect("few"), "{zone} {line}: {due:?}");
                    assert!(days.len() >= 5, "{zone} {line}: {due:?}");
                }
                for (line, every) in [("0 * * * *", 60), ("30 * * * *", 60), ("*/15 * * * *", 15), ("*/30 0-23 * * *", 30)] {
                    let due = around(line, zone, change);
                    let gaps: Vec<i64> = due.windows(2).map(|pair| (pair[1].0 - pair[0].0).num_minutes()).collect();
                    let odd = gaps.iter().filter(|gap| **gap != every).count();
                    let is_whole = shift % (i32::try_from(every).expect("small") * 60) == 0;
                    assert!(
                        if is_whole { odd == 0 } else { odd == 1 && gaps.iter().all(|gap| (30..=90).contains(gap)) },
                        "{zone} {line}: {due:?}"
                    );
                }
            }
        }
        assert!(seen.len() > 20 && checked > 60, "{} rules, {checked} changes", seen.len());
    }
}
