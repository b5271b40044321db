//! Rational numbers as JSON numbers, and what the search asks of them.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed};
use serde_json::Number;

use crate::openapi::LONGEST_NUMBER;

/// The JSON number of a value, if it has a finite decimal form.
pub(super) fn written(value: &BigRational) -> Option<Number> {
    let mut places = 0;
    let mut scaled = value.clone();
    while !scaled.is_integer() {
        places += 1;
        if places > LONGEST_NUMBER {
            return None;
        }
        scaled *= BigInt::from(10);
    }
    let digits = scaled.to_integer().abs().to_string();
    let sign = if value.is_negative() { "-" } else { "" };
    let text = if places == 0 {
        format!("{sign}{digits}")
    } else {
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at_checked(padded.len() - places)?;
        format!("{sign}{whole}.{fraction}")
    };
    text.parse().ok()
}

/// The smallest positive number that both divide.
pub(super) fn common_multiple(a: &BigRational, b: &BigRational) -> BigRational {
    let (left, right) = (a.numer() * b.denom(), b.numer() * a.denom());
    BigRational::new(num_integer::lcm(left, right), a.denom() * b.denom())
}

/// The smallest whole number that is not below `value`.
pub(super) fn ceiling(value: &BigRational) -> BigInt {
    value.ceil().to_integer()
}

/// One.
pub(super) fn one() -> BigRational {
    BigRational::one()
}

#[cfg(test)]
mod tests {
    use crate::openapi::exact;

    use super::*;

    fn read(text: &str) -> BigRational {
        exact(&text.parse().expect("a number")).expect("short enough")
    }

    #[test]
    fn written_as_read() {
        for (text, expected) in [
            ("0", "0"),
            ("-1.50", "-1.5"),
            ("1e3", "1000"),
            ("25e-4", "0.0025"),
            ("-9223372036854775809", "-9223372036854775809"),
        ] {
            assert_eq!(written(&read(text)).map(|number| number.to_string()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(written(&(read("1") / read("3"))), None);
    }

    #[test]
    fn multiples_of_decimals() {
        assert_eq!(common_multiple(&read("0.6"), &read("0.4")), read("1.2"));
    }
}
