//! Days as calendar entries (RFC 5545), for a letter's attachment and for a feed.

use chrono::{DateTime, Duration, Utc};
use icalendar::{Alarm, Calendar, Component, Event, EventLike as _, EventStatus, Property};

use crate::model::{Day, WatchKey};

use super::clean::clean;

/// Longest summary, characters.
const SUMMARY: usize = 120;

/// Days before, on which a calendar reminds.
const ALARMS: [i64; 3] = [30, 7, 1];

/// How often a program may ask for a feed again.
const REFRESH: &str = "PT6H";

/// A day in a calendar.
#[derive(Debug, Clone)]
pub struct Appointment<'a> {
    /// The API.
    pub key: &'a WatchKey,
    /// What people call it.
    pub api: &'a str,
    /// The day.
    pub day: &'a Day,
    /// The page that says more, where the reader may see one.
    pub page: Option<&'a str>,
    /// Whether it was called off.
    pub is_cancelled: bool,
}

/// Whose calendar it is, and when it was made.
#[derive(Debug, Clone, Copy)]
pub struct Publisher<'p> {
    /// The mail address that publishes.
    pub address: &'p str,
    /// Its domain as it is written on the wire: it ends the ids, which stay the same when a day moves.
    pub domain: &'p str,
    /// What a program calls the calendar that it has subscribed to; none for what is attached to a letter.
    pub feed: Option<&'p str>,
    /// When it was made.
    pub at: DateTime<Utc>,
}

/// A calendar of these days. Nothing in it is true only today: programs keep it for months.
pub fn calendar(appointments: &[Appointment<'_>], publisher: &Publisher<'_>) -> String {
    let Publisher { address, domain, feed, at } = *publisher;
    let is_cancelled = !appointments.is_empty() && appointments.iter().all(|appointment| appointment.is_cancelled);
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//driftd//ledger//EN"));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    // RFC 5546: what is published is changed or cancelled by whoever published it.
    calendar.append_property(Property::new("METHOD", if is_cancelled { "CANCEL" } else { "PUBLISH" }));
    if let Some(name) = feed {
        // RFC 7986 sections 5.1 and 5.7; the second names are what programs knew before it.
        let name = clean(name, SUMMARY);
        calendar.append_property(Property::new("NAME", &name));
        calendar.append_property(Property::new("X-WR-CALNAME", &name));
        calendar.append_property(Property::new("REFRESH-INTERVAL", REFRESH).add_parameter("VALUE", "DURATION").done());
        calendar.append_property(Property::new("X-PUBLISHED-TTL", REFRESH));
    }
    for appointment in appointments {
        let Appointment { key, api, day, page, is_cancelled } = appointment;
        let summary = clean(&format!("{api}: {}", day.title), SUMMARY);
        let mut event = Event::new();
        event
            .uid(&format!("{}.{}.{}@{domain}", slug(&key.integration), slug(&key.api), day.id))
            .sequence(u32::try_from(day.revision * 2 + i64::from(*is_cancelled)).unwrap_or(u32::MAX))
            .timestamp(at)
            .starts(day.on)
            .ends(day.on.succ_opt().unwrap_or(day.on))
            .summary(&summary)
            .description(&clean(&format!("{} on {}", day.title, day.on), 500))
            // RFC 5546 sections 3.2.1 and 3.2.5 ask for one in both methods.
            .add_property("ORGANIZER", format!("mailto:{}", bare(address)))
            .add_property("TRANSP", "TRANSPARENT")
            .status(if *is_cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
        if let Some(page) = page {
            event.url(page);
        }
        if !is_cancelled {
            for before in ALARMS {
                let mut alarm = Alarm::display(&summary, -Duration::days(before));
                // A day before is the same hour of that day, also where the clocks change between (RFC 5545 section 3.3.6).
                alarm.add_property("TRIGGER", format!("-P{before}D"));
                alarm.uid(&format!("{}.{before}@{domain}", day.id)).timestamp(at);
                event.alarm(alarm);
            }
        }
        calendar.push(event.done());
    }
    calendar.to_string()
}

/// The address without a name beside it.
fn bare(address: &str) -> &str {
    address.rsplit_once('<').map_or(address, |(_, bare)| bare.trim_end_matches('>')).trim()
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
            let page = Some("https://driftd.example/answer/0123");
            let appointment = Appointment { key: &key, api: "Pay API", day, page, is_cancelled };
            let (address, domain, feed) = ("driftd <d@driftd.example>", "driftd.example", Some("Days"));
            let publisher = Publisher { address, domain, feed, at: DateTime::UNIX_EPOCH };
            calendar(&[appointment], &publisher)
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
            "TRIGGER:-P30D",
            "ORGANIZER:mailto:d@driftd.example",
            "URL:https://driftd.example/answer/0123",
            "NAME:Days",
            "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
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
