//! How long ago, how many, and when: in the words that every page uses.

use chrono::{DateTime, TimeDelta, Utc};

/// `1 letter`, `3 letters`.
pub(super) fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// `3 h`, `2 d`: how long ago, in the largest unit that says something.
pub(in crate::http) fn ago(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `3 h ago, 2026-03-02 11:00 UTC`, or `in 3 h, …`: a time for people, with the one that all of them share.
pub(in crate::http) fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let stamp = at.format("%Y-%m-%d %H:%M UTC");
    if at > now { format!("in {}, {stamp}", ago(at - now)) } else { format!("{} ago, {stamp}", ago(now - at)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_from_now_and_by_the_clock_of_all() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let moments = [-3 * 86_400, -3 * 3600, -90, 45 * 60].map(|seconds| moment(now + TimeDelta::seconds(seconds), now));
        let expected = [
            "3 d ago, 1969-12-30 00:00 UTC",
            "3 h ago, 1970-01-01 21:00 UTC",
            "90 s ago, 1970-01-01 23:58 UTC",
            "in 45 min, 1970-01-02 00:45 UTC",
        ];
        assert_eq!(moments, expected);
    }
}
