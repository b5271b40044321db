//! What kind of thing happened: the word before each line of the history.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::ApiState;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A description came into this state.
    State(ApiState),
    /// It can be read again, and is as it was.
    Recovered,
    /// A first description became the baseline.
    Baseline,
    /// One difference, of several that a check found.
    Finding,
    /// Something is said of a day.
    Date,
    /// Letters of a notice were written.
    Notice,
    /// What a notice tells of came or went once more.
    Flapping,
    /// A notice is over.
    Resolved,
    /// Somebody answered.
    Answered,
    /// Every consumer has accepted, and the baseline has moved.
    Accepted,
    /// Somebody announced a date.
    Announced,
    /// Nobody has answered, and somebody else is asked.
    Escalated,
    /// Somebody was written to who had no letter of an open notice.
    WrittenAgain,
    /// People were told that a description cannot be judged, or can be again.
    Outage,
    /// A letter has not arrived yet, and may still.
    Delayed,
    /// A letter cannot be delivered.
    Undeliverable,
    /// One side asked for time.
    Proposed,
    /// The other side has decided about that.
    Decided,
}

/// A word that names no kind of event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no kind of event")]
pub struct UnknownEventKind(String);

impl EventKind {
    /// Every kind that is not a state.
    const OTHERS: [Self; 17] = [
        Self::Recovered,
        Self::Baseline,
        Self::Finding,
        Self::Date,
        Self::Notice,
        Self::Flapping,
        Self::Resolved,
        Self::Answered,
        Self::Accepted,
        Self::Announced,
        Self::Escalated,
        Self::WrittenAgain,
        Self::Outage,
        Self::Delayed,
        Self::Undeliverable,
        Self::Proposed,
        Self::Decided,
    ];

    /// Every kind there is: what happens to notices and people, then the states of descriptions.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::OTHERS.into_iter().chain(ApiState::ALL.map(Self::State))
    }

    /// The word in storage and in the history.
    pub const fn name(self) -> &'static str {
        match self {
            Self::State(state) => state.name(),
            Self::Recovered => "recovered",
            Self::Baseline => "baseline",
            Self::Finding => "finding",
            Self::Date => "date",
            Self::Notice => "notice",
            Self::Flapping => "flapping",
            Self::Resolved => "resolved",
            Self::Answered => "answered",
            Self::Accepted => "accepted",
            Self::Announced => "announced",
            Self::Escalated => "escalated",
            Self::WrittenAgain => "written again",
            Self::Outage => "outage",
            Self::Delayed => "delayed",
            Self::Undeliverable => "undeliverable",
            Self::Proposed => "proposed",
            Self::Decided => "decided",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for EventKind {
    type Err = UnknownEventKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let other = || Self::OTHERS.into_iter().find(|kind| kind.name() == name);
        ApiState::named(name).map(Self::State).or_else(other).ok_or_else(|| UnknownEventKind(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_as_what_it_is() {
        for kind in EventKind::all() {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("gone fishing".parse::<EventKind>().is_err());
    }
}
