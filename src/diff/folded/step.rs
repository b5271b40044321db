//! `multipleOf`, exactly, and of several members of an `allOf` together.

use num_rational::BigRational;
use num_traits::{One as _, Signed as _};
use serde_json::{Number, Value as Json, json};

use crate::openapi::{LONGEST_NUMBER, exact, is_multiple};

/// Bits of the longest step that is reasoned about: those of so many digits.
const MOST_BITS: u64 = LONGEST_NUMBER as u64 * 4;

/// The step of which every value is a whole multiple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultipleStep(BigRational);

impl MultipleStep {
    /// The step as written; none where it is no step, or too long.
    pub fn new(written: &Number) -> Option<Self> {
        exact(written).filter(BigRational::is_positive).map(Self)
    }

    /// The step of the multiples of both; none where it is too long.
    pub fn together(&self, other: &Self) -> Option<Self> {
        // x / y = p / q in lowest terms: x q = y p is the least number that both divide.
        let ratio = &self.0 / &other.0;
        let common = &self.0 * BigRational::from_integer(ratio.denom().clone());
        (common.numer().bits() <= MOST_BITS && common.denom().bits() <= MOST_BITS).then_some(Self(common))
    }

    /// What is left of it for whole numbers; none where every whole number is a multiple.
    pub fn of_whole(&self) -> Option<Self> {
        self.together(&Self(BigRational::one())).filter(|step| !step.0.is_one())
    }

    /// Whether every multiple of it is one of `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        is_multiple(&self.0, &other.0)
    }

    /// Whether all of these values that are numbers are multiples.
    pub fn divides_all(&self, values: &[&crate::openapi::Value]) -> bool {
        values
            .iter()
            .filter_map(|value| value.as_number())
            .all(|number| exact(number).is_some_and(|number| is_multiple(&number, &self.0)))
    }

    /// As a reader would write it.
    pub fn shown(&self) -> Json {
        if self.0.is_integer()
            && let Ok(whole) = i64::try_from(self.0.numer())
        {
            return json!(whole);
        }
        // A step that was written has decimals.
        let decimals = (0..u32::try_from(LONGEST_NUMBER).unwrap_or(u32::MAX)).find_map(|places| {
            let power = num_bigint::BigInt::from(10).pow(places);
            let shifted = &self.0 * BigRational::from_integer(power);
            shifted.is_integer().then(|| (shifted.to_integer().to_string(), places as usize))
        });
        let Some((digits, places)) = decimals else { return json!(self.0.to_string()) };
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        format!("{whole}.{fraction}").parse::<Number>().map_or_else(|_| json!(self.0.to_string()), Json::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> MultipleStep {
        MultipleStep::new(&text.parse().expect("a number")).expect("a step")
    }

    #[test]
    fn steps_hold_together() {
        for (one, other, both) in [("4", "6", "12"), ("0.5", "0.75", "1.5"), ("0.1", "1", "1"), ("7", "7", "7")] {
            assert_eq!(step(one).together(&step(other)), Some(step(both)), "{one} and {other}");
        }
        assert_eq!(MultipleStep::new(&"0".parse().expect("a number")), None, "no step");
        let long = |digit: &str| step(&digit.repeat(LONGEST_NUMBER - 1));
        assert_eq!(long("7").together(&step(&format!("{}3", "1".repeat(LONGEST_NUMBER - 2)))), None, "too long");
    }

    #[test]
    fn whole_numbers_have_whole_steps() {
        assert_eq!(step("0.5").of_whole(), None);
        assert_eq!(step("1.5").of_whole(), Some(step("3")));
    }

    #[test]
    fn steps_are_shown_as_written() {
        assert_eq!(["0.01", "12", "1.5", "2.50"].map(|text| step(text).shown().to_string()), ["0.01", "12", "1.5", "2.5"]);
    }
}
