//! Texts of a length, with and without patterns.

use std::rc::Rc;

use serde_json::Value;

use super::super::constraints::Constraints;
use super::super::pattern::steps_spent;
use super::super::prover::Prover;
use super::super::solution::{Solution, TOO_MUCH_WORK};
use super::super::value::canonical;

/// Longest text that is written as a witness, characters.
const LONGEST: u64 = 20_000;

/// Letters of a text that are one step to write.
const LETTERS: usize = 16;

/// What texts of the common formats look like (RFC 3339, RFC 9562, RFC 5321, RFC 3986).
const SAMPLES: &[(&str, &str)] = &[
    ("date-time", "2026-01-01T00:00:00Z"),
    ("date", "2026-01-01"),
    ("time", "00:00:00Z"),
    ("duration", "P1D"),
    ("uuid", "00000000-0000-4000-8000-000000000000"),
    ("email", "a@example.com"),
    ("uri", "https://example.com/"),
    ("url", "https://example.com/"),
    ("hostname", "example.com"),
    ("ipv4", "192.0.2.1"),
    ("ipv6", "2001:db8::1"),
    ("base64", "YQ=="),
];

/// Texts that are tried first: short, and unlike each other.
const POOL: &[&str] = &["", "a", "0", "A", " ", "ab", "a0", "aa", "A0", "_", "-", "1", "abc", "é", "\n"];

impl Prover<'_> {
    pub(super) fn text(&mut self, constraints: &Constraints) -> Solution {
        let most = constraints.max.unwrap_or(u64::MAX);
        let least = constraints.min;
        if least > LONGEST {
            return Solution::Unknown("the texts are too long to be written");
        }
        if !self.spend(usize::try_from(least).unwrap_or(usize::MAX) / LETTERS) {
            return Solution::Unknown(TOO_MUCH_WORK);
        }
        let samples = constraints
            .formats
            .iter()
            .filter_map(|format| SAMPLES.iter().find(|(name, _)| *name == format.as_ref()).map(|(_, sample)| *sample));
        let padded = pad(least, most);
        let mut unsure = false;
        for text in samples.chain(POOL.iter().copied()).map(str::to_owned).chain(padded) {
            let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
            if length < least || length > most {
                continue;
            }
            match self.fits(constraints, &text) {
                Some(true) => {
                    let value = Value::String(text);
                    if !constraints.exclude(&value) {
                        return Solution::Value(Rc::new(value));
                    }
                }
                Some(false) => {}
                None => unsure = true,
            }
        }
        if constraints.patterns.is_empty() && constraints.not_patterns.is_empty() {
            return self.without_patterns(constraints, least, most);
        }
        if unsure {
            return Solution::Unknown("a pattern is not regular");
        }
        let excluded: Vec<String> = constraints
            .not_values
            .iter()
            .flat_map(|values| values.list.iter())
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect();
        let before = steps_spent();
        let found = self.patterns.find(&constraints.patterns, &constraints.not_patterns, &excluded, least, constraints.max);
        // A step on an automaton is a small one.
        let spent = usize::try_from((steps_spent() - before) / 10).unwrap_or(usize::MAX);
        if !self.spend(spent) {
            return Solution::Unknown("the patterns take too much work");
        }
        match found {
            Ok(Some(text)) => Solution::Value(Rc::new(Value::String(text))),
            Ok(None) => Solution::Empty,
            Err(why) => Solution::Unknown(why),
        }
    }

    /// Whether a text has what the patterns ask for; none where one of them is not regular.
    fn fits(&mut self, constraints: &Constraints, text: &str) -> Option<bool> {
        let mut sure = true;
        for (patterns, wanted) in [(&constraints.patterns, true), (&constraints.not_patterns, false)] {
            for pattern in patterns {
                match self.patterns.matches(pattern, text) {
                    Some(found) if found != wanted => return Some(false),
                    Some(_) => {}
                    None => sure = false,
                }
            }
        }
        sure.then_some(true)
    }

    /// Texts of a length, less some that are listed.
    fn without_patterns(&mut self, constraints: &Constraints, least: u64, most: u64) -> Solution {
        let listed: usize = constraints.not_values.iter().map(|values| values.list.len()).sum();
        if most == 0 {
            // Only the empty text, and it was tried.
            return Solution::Empty;
        }
        let length = usize::try_from(least.max(1)).unwrap_or(usize::MAX);
        let texts = (0..=listed).filter_map(|at| char::from_u32(0x4e00 + u32::try_from(at).ok()?)).map(|last| {
            let mut text = "a".repeat(length.saturating_sub(1));
            text.push(last);
            Value::String(text)
        });
        // One more than may be excluded.
        for value in texts {
            if !self.spend(1 + length / LETTERS) {
                return Solution::Unknown(TOO_MUCH_WORK);
            }
            let text = canonical(&value);
            if !constraints.not_values.iter().any(|values| values.has(&text)) {
                return Solution::Value(Rc::new(value));
            }
        }
        Solution::Unknown("too many texts are listed")
    }
}

/// Texts of the shortest length that is allowed.
fn pad(least: u64, most: u64) -> impl Iterator<Item = String> {
    let length = usize::try_from(least.clamp(1, LONGEST).min(most)).unwrap_or(1);
    ["a", "0", "A", "é"].into_iter().map(move |letter| letter.repeat(length))
}
