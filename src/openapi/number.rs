//! Numbers exactly as they are written: rationals, never floating point.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed as _, Zero as _};
use serde_json::Number;

use super::value::Value;

/// Digits, and powers of ten, beyond which a number is not reasoned about.
pub const LONGEST_NUMBER: usize = 400;

/// The value of a JSON number; none where it is too long to be reasoned about.
pub fn exact(number: &Number) -> Option<BigRational> {
    if let Some(whole) = number.as_i64() {
        return Some(BigRational::from_integer(whole.into()));
    }
    let text = number.to_string();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let is_long = whole.len() + fraction.len() > LONGEST_NUMBER;
    if is_long || usize::try_from(shift.unsigned_abs()).ok()? > LONGEST_NUMBER {
        return None;
    }
    let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
    let power = BigInt::from(10).pow(shift.unsigned_abs());
    Some(if shift < 0 { BigRational::new(digits, power) } else { BigRational::from_integer(digits * power) })
}

/// Whether `value` is a whole multiple of `step`; every value is one of a step that is no step.
pub fn is_multiple(value: &BigRational, step: &BigRational) -> bool {
    step.is_zero() || (value / step).is_integer()
}

/// A number as a text that equal numbers share: `1.0` as `1` (JSON Schema 2020-12 section 4.2.2).
pub fn canonical_number(number: &Number) -> String {
    if let Some(whole) = number.as_i64() {
        return whole.to_string();
    }
    exact(number).map_or_else(|| number.to_string(), |exact| exact.to_string())
}

/// How two numbers compare; those that are too long to be exact, as 64 bits hold them.
pub(super) fn compare(a: &Number, b: &Number) -> Ordering {
    match (exact(a), exact(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0)),
    }
}

/// A non-negative whole number; `1.0` is one (JSON Schema 2020-12 section 4.2.3). One that is longer than 64 bits counts
/// as the largest.
pub fn count(value: &Value) -> Option<u64> {
    let number = value.as_number()?;
    if let Some(count) = number.as_u64() {
        return Some(count);
    }
    let exact = exact(number)?;
    (exact.is_integer() && !exact.is_negative()).then(|| exact.to_integer().try_into().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().expect("a number")
    }

    #[test]
    fn numbers_are_read_exactly() {
        let exactly = |text: &str| exact(&number(text)).map(|exact| exact.to_string());
        for (text, expected) in [("0", "0"), ("-1.50", "-3/2"), ("1e3", "1000"), ("25e-4", "1/400"), ("7", "7")] {
            assert_eq!(exactly(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(exactly("1e401"), None);
    }

    #[test]
    fn multiples_of_decimals() {
        let is_multiple = |value: &str, step: &str| {
            let (value, step) = (exact(&number(value)), exact(&number(step)));
            value.zip(step).is_some_and(|(value, step)| super::is_multiple(&value, &step))
        };
        assert!(is_multiple("0.3", "0.1") && !is_multiple("0.35", "0.1"));
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        let counted = |text: &str| count(&number(text).into());
        assert_eq!(["3", "3.0", "3.5", "-1", "1e30"].map(counted), [Some(3), Some(3), None, None, Some(u64::MAX)]);
    }

    #[test]
    fn numbers_compare_exactly() {
        assert_eq!(compare(&number("9007199254740993"), &number("9007199254740992")), Ordering::Greater);
        assert_eq!(compare(&number("1.0"), &number("1")), Ordering::Equal);
    }
}
