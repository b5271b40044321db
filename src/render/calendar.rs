//! Days as calendar entries (RFC 5545), for a letter's attachment and for a feed.

use chrono::{DateTime, Duration, Utc};
use icalendar::{Alarm, Calendar, Component, Event, EventLike as _, EventStatus, Property};

use crate::model::{Day, WatchKey};

use super::clean::clean;

/// Longest summary, characters.
const SUMMARY: usize = 120;

/// Days before, on which a calendar reminds.
const ALARMS: [i64; 3] = [30, 7, 1];

/// A day in a calendar.
#[derive(Debug, Clone)]
pub struct Appointment<'a> {
    /// The API.
    pub key: &'a WatchKey,
    /// What people call it.
    pub api: &'a str,
    /// The day.
    pub day: &'a Day,
    /// In a sentence.
    pub message: &'a str,
    /// Whether it was called off.
    pub is_cancelled: bool,
}

/// A calendar of these days. `domain` ends the ids, which stay the same when a day moves; `at` is when it was made.
pub fn calendar(appointments: &[Appointment<'_>], domain: &str, at: DateTime<Utc>) -> String {
    let is_cancelled = !appointments.is_empty() && appointments.iter().all(|appointment| appointment.is_cancelled);
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//driftd//ledger//EN"));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    // RFC 5546: what is published is changed or cancelled by whoever published it.
    calendar.append_property(Property::new("METHOD", if is_cancelled { "CANCEL" } else { "PUBLISH" }));
    for appointment in appointments {
        let Appointment { key, api, day, message, is_cancelled } = appointment;
        let summary = clean(&format!("{api}: {}", day.title), SUMMARY);
        let mut event = Event::new();
        event
            .uid(&format!("{}.{}.{}@{domain}", slug(&key.integration), slug(&key.api), day.id))
            .sequence(u32::try_from(day.revision * 2 + i64::from(*is_cancelled)).unwrap_or(u32::MAX))
            .timestamp(at)
            .starts(day.on)
            .ends(day.on.succ_opt().unwrap_or(day.on))
            .summary(&summary)
            .description(&clean(message, 500))
            .add_property("TRANSP", "TRANSPARENT")
            .status(if *is_cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
        if !is_cancelled {
            for before in ALARMS {
                let mut alarm = Alarm::display(&summary, -Duration::days(before));
                alarm.uid(&format!("{}.{before}@{domain}", day.id)).timestamp(at);
                event.alarm(alarm);
            }
        }
        calendar.push(event.done());
    }
    calendar.to_string()
}

fn slug(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Surface;

    #[test]
    fn a_day_keeps_its_id_and_counts_its_moves() {
        let key = WatchKey { integration: "shop".to_owned(), api: "pay".to_owned(), surface: Surface::Ledger };
        let day = |on: &str, revision: i64| Day {
            on: on.parse().expect("a day"),
            revision,
            id: "0123abcd".to_owned(),
            subject: "GET /a".to_owned(),
            title: "`GET /a` ends\r\nBEGIN:VALARM".to_owned(),
        };
        let write = |day: &Day, is_cancelled: bool| {
            let appointment = Appointment { key: &key, api: "Pay API", day, message: "soon, very soon; so", is_cancelled };
            calendar(&[appointment], "driftd.example", DateTime::UNIX_EPOCH)
        };
        let first = write(&day("2027-01-31", 3), false);
        for line in [
            "METHOD:PUBLISH",
            "UID:shop.pay.0123abcd@driftd.example",
            "SEQUENCE:6",
            "DTSTAMP:19700101T000000Z",
            "DTSTART;VALUE=DATE:20270131",
            "STATUS:CONFIRMED",
            "TRANSP:TRANSPARENT",
            "DTEND;VALUE=DATE:20270201",
            "TRIGGER:-PT2592000S",
        ] {
            assert!(first.lines().any(|known| known.trim_end() == line), "{line} is missing in\n{first}");
        }
        let alarms = first.lines().filter(|line| line.trim_end() == "BEGIN:VALARM").count();
        assert_eq!(alarms, 3, "what a title says is text\n{first}");
        assert!(first.lines().all(|line| line.len() <= 76), "{first}");
        assert_eq!(first, write(&day("2027-01-31", 3), false), "the same bytes each time");
        let cancelled = write(&day("2027-01-31", 3), true);
        for line in ["METHOD:CANCEL", "SEQUENCE:7", "STATUS:CANCELLED"] {
            assert!(cancelled.lines().any(|known| known.trim_end() == line), "{line} is missing in\n{cancelled}");
        }
    }
}
