//! Texts and numbers that stand for something: lengths of time, addresses, time zones, operations.

use std::time::Duration;

use chrono_tz::Tz;
use url::Url;

use crate::mail::needs_smtputf8;
use crate::model::OperationPattern;

use super::reader::{At, Invalid, Problems, Table};

/// A length of time: a second or more.
pub(super) fn duration(text: &str) -> Result<Duration, Invalid> {
    let help = "write \"30s\", \"15m\", \"1h 30m\" or \"2 days\"";
    match humantime::parse_duration(text) {
        Ok(duration) if duration >= Duration::from_secs(1) => Ok(duration),
        Ok(_) => Err(Invalid::new("must be at least one second", help)),
        Err(error) => Err(Invalid::new(format!("{text:?} is not a length of time: {error}"), help)),
    }
}

/// An address over http or https.
pub(super) fn web_url(text: &str) -> Result<Url, Invalid> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        Ok(url) => Err(Invalid::new(format!("{:?} is not http or https", url.scheme()), "write \"https://…\"")),
        Err(error) => Err(Invalid::new(format!("{text:?} is not a URL: {error}"), "write \"https://…\"")),
    }
}

/// The name of a time zone.
pub(super) fn time_zone(text: &str) -> Result<Tz, Invalid> {
    text.parse().map_err(|_| Invalid::new(format!("{text:?} is not a time zone"), "write \"Europe/Berlin\" or \"UTC\""))
}

/// A bare address such as `ops@example.com`.
pub(super) fn check_address(address: &At<String>, problems: &mut Problems<'_>) {
    if address.value.parse::<lettre::Address>().is_err() {
        address.wrong(format!("{:?} is not a mail address", address.value), "write \"name@example.com\"", problems);
        return;
    }
    warn_of_smtputf8(address, problems);
}

/// Only a mail server with SMTPUTF8 can carry letters beyond ASCII before the `@`; which it is shows in use.
pub(super) fn warn_of_smtputf8(address: &At<String>, problems: &mut Problems<'_>) {
    if needs_smtputf8(address.value.trim_end_matches('>')) {
        address.unwise(
            format!(
                "{:?} has letters beyond ASCII before the @: only a mail server with SMTPUTF8 (RFC 6531) can carry it",
                address.value
            ),
            "find out with `driftd test-mail ADDRESS`, or write down an ASCII address of the same person",
            problems,
        );
    }
}

/// A number within bounds, both of which are allowed.
pub(super) fn in_range(number: &At<i64>, least: i64, most: i64, problems: &mut Problems<'_>) -> Option<usize> {
    if (least..=most).contains(&number.value) {
        return usize::try_from(number.value).ok();
    }
    number.wrong(format!("{} is out of range", number.value), format!("write a number from {least} to {most}"), problems);
    None
}

/// `operations`: those that are used, or that an exception is for.
pub(super) fn operations(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Vec<OperationPattern>> {
    let written = table.texts("operations", problems)?;
    let patterns = written.into_iter().filter_map(|text| {
        let pattern = OperationPattern::parse(&text.value);
        if pattern.is_none() {
            text.wrong(
                format!("{:?} is not an operation", text.value),
                "write \"GET /v1/doors/{id}\"; `*` stands for any method or segment, a last `**` for all below",
                problems,
            );
        }
        pattern
    });
    Some(patterns.collect())
}
