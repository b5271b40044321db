//! Steps of an escalation: on the ladder of the agreement, and beside it.

use super::{EscalationTarget, Role};

/// Where a step was taken: on the ladder, or for somebody who was named by somebody of the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LadderPlace {
    /// Its number on the ladder, from 0.
    Step(usize),
    /// "Not us, ask ...": whoever was named, each once for each letter.
    Named(EscalationTarget),
    /// Nobody is left to ask: the operator and the partner-managers of both ends are told, for this time after the first.
    NobodyLeft(usize),
}

/// The number of the first who can be named: no ladder has so many steps.
const NAMED: usize = 1000;

/// The number of the first time that nobody is left to ask.
const NOBODY_LEFT: usize = 2000;

impl LadderPlace {
    /// The number in storage, in which a step is taken once.
    pub fn number(self) -> usize {
        match self {
            Self::Step(step) => step.min(NAMED - 1),
            Self::Named(EscalationTarget::Deputy) => NAMED,
            Self::Named(EscalationTarget::Role(role)) => {
                NAMED + 1 + Role::ALL.iter().position(|known| *known == role).unwrap_or_default()
            }
            Self::NobodyLeft(times) => NOBODY_LEFT + times,
        }
    }

    /// The place that a stored number stands for.
    pub fn numbered(number: usize) -> Option<Self> {
        if let Some(times) = number.checked_sub(NOBODY_LEFT) {
            return Some(Self::NobodyLeft(times));
        }
        match number.checked_sub(NAMED) {
            None => Some(Self::Step(number)),
            Some(0) => Some(Self::Named(EscalationTarget::Deputy)),
            Some(place) => Role::ALL.get(place - 1).map(|role| Self::Named(EscalationTarget::Role(*role))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_number_of_its_own() {
        let named = Role::ALL.map(EscalationTarget::Role).into_iter().chain([EscalationTarget::Deputy]);
        let left = [0, 7].map(LadderPlace::NobodyLeft);
        for place in named.map(LadderPlace::Named).chain([0, 1, 999].map(LadderPlace::Step)).chain(left) {
            assert_eq!(LadderPlace::numbered(place.number()), Some(place));
        }
        assert_eq!(LadderPlace::Named(EscalationTarget::Deputy).number(), 1000);
        assert_eq!(LadderPlace::numbered(1999), None);
    }
}
