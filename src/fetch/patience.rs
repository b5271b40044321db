//! When to ask again: what a provider says of it, and how long to wait after failures.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{self, HeaderMap, HeaderName};

/// No answer of a provider keeps driftd away for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// How long a provider asks to be left alone (`Retry-After`): seconds or a date (RFC 9110 section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        // A date that has passed is a wish all the same: their clock may be behind ours.
        Err(_) => (date(text)? - now).to_std().unwrap_or_default(),
    };
    Some(wait.min(LONGEST_PAUSE))
}

/// How long a provider says that its answer stays fresh: `max-age`, less `Age`; else `Expires` (RFC 9111 section 4.2).
pub(super) fn fresh_for(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // One list, also where it is written in several lines (RFC 9110 section 5.3).
    let lines = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<String> = lines.flat_map(|line| line.split(',')).map(|part| part.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|directive| directive == "no-cache" || directive == "no-store") {
        return None;
    }
    let max_age = directives.iter().find_map(|directive| directive.strip_prefix("max-age=")?.parse::<u64>().ok());
    let age = text(header::AGE).and_then(|age| age.parse::<u64>().ok()).unwrap_or(0);
    let fresh = match max_age {
        Some(seconds) => Duration::from_secs(seconds.saturating_sub(age)),
        None => (date(text(header::EXPIRES)?)? - now).to_std().ok()?,
    };
    (!fresh.is_zero()).then(|| fresh.min(LONGEST_PAUSE))
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::<Utc>::from(httpdate::parse_http_date(text).ok()?))
}

/// How long to wait after so many failures in a row: `first`, doubled each time, at most `longest`, and less by up to a
/// quarter so that many APIs of one host do not return in step. It never gives up.
pub fn backoff(failures: u32, first: Duration, longest: Duration, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(1_u32 << failures.saturating_sub(1).min(20)).min(longest);
    doubled.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_the_longest_and_stays() {
        let hours = Duration::from_secs(6 * 3600);
        let seconds = |failures| backoff(failures, Duration::from_secs(60), hours, 0.0).as_secs();
        assert_eq!([1, 2, 3, 9, 10, 4_000_000_000].map(seconds), [60, 120, 240, 15_360, 21_600, 21_600]);
        assert_eq!(backoff(9, Duration::from_secs(60), Duration::from_secs(300), 1.0), Duration::from_secs(225));
    }
}
