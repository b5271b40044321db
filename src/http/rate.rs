//! How often an answer may be sent: a link can leak, and each answer may write letters to the other company.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// What is counted is forgotten after this long.
const WINDOW: TimeDelta = TimeDelta::hours(1);

/// Answers by one link in an hour.
const BY_LINK: usize = 20;

/// Answers for one side of a notice in an hour, by all its links together.
const BY_SIDE: usize = 60;

/// Names that are remembered before those without a recent answer are dropped.
const REMEMBERED: usize = 1000;

/// When answers came, by what they were counted for. It is kept in memory: a restart forgives.
#[derive(Debug, Default)]
pub(super) struct Rates {
    came: Mutex<HashMap<String, VecDeque<DateTime<Utc>>>>,
}

impl Rates {
    /// Counts an answer. None: it may go on; otherwise, when to come back.
    pub(super) fn count(&self, token: &str, notice: &str, side: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        if came.len() > REMEMBERED {
            came.values_mut().for_each(|times| forget(times, now));
            came.retain(|_, times| !times.is_empty());
        }
        let names = [(format!("link {token}"), BY_LINK), (format!("side {notice} {side}"), BY_SIDE)];
        let mut wait = None;
        for (name, most) in &names {
            let times = came.entry(name.clone()).or_default();
            forget(times, now);
            if times.len() >= *most {
                let next = times.front().map_or(WINDOW, |first| *first + WINDOW - now);
                wait = wait.max(Some(next));
            }
        }
        if wait.is_none() {
            for (name, _) in names {
                came.entry(name).or_default().push_back(now);
            }
        }
        wait
    }
}

/// Drops what is no longer counted, and what a clock that was set back puts into the future.
fn forget(times: &mut VecDeque<DateTime<Utc>>, now: DateTime<Utc>) {
    times.retain(|at| *at <= now && now - *at < WINDOW);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_and_a_side_have_limits_that_pass() {
        let rates = Rates::default();
        let start = DateTime::UNIX_EPOCH;
        for link in ["a", "b", "c"] {
            for _ in 0..20 {
                assert_eq!(rates.count(link, "N-1", "consumer", start), None);
            }
        }
        let later = start + TimeDelta::seconds(30);
        assert_eq!(rates.count("a", "N-1", "consumer", later), Some(TimeDelta::seconds(3570)));
        assert_eq!(rates.count("d", "N-1", "consumer", later), Some(TimeDelta::seconds(3570)), "the side's own limit");
        assert_eq!(rates.count("e", "N-1", "provider", later), None, "the other side is not held");
        assert_eq!(rates.count("a", "N-1", "consumer", start + TimeDelta::seconds(3605)), None);
    }
}
