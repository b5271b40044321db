//! Numbers and bounds on them, compared by value.

use std::cmp::Ordering;

use serde_json::Number;

use crate::openapi::Bound;

/// `Greater` when `a` is the tighter bound on whole numbers: below 11 is at most 10.
pub(super) fn compare_whole_bounds(a: &Bound<'_>, b: &Bound<'_>, upper: bool) -> Ordering {
    let last = |bound: &Bound<'_>| -> Option<i128> {
        let step = i128::from(bound.exclusive);
        match bound.value.as_i128() {
            Some(value) => Some(if upper { value - step } else { value + step }),
            None => {
                let value = bound.value.as_f64().filter(|value| value.abs() < 1e15)?;
                let whole = if upper { value.floor() } else { value.ceil() };
                let is_edge = i128::from(bound.exclusive && value.fract() == 0.0);
                #[expect(clippy::cast_possible_truncation, reason = "whole, and small")]
                let whole = whole as i128;
                Some(if upper { whole - is_edge } else { whole + is_edge })
            }
        }
    };
    match (last(a), last(b)) {
        (Some(a), Some(b)) if upper => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        _ => compare_bounds(a, b, upper),
    }
}

/// `Greater` when `a` is the tighter bound.
pub(super) fn compare_bounds(a: &Bound<'_>, b: &Bound<'_>, upper: bool) -> Ordering {
    let order = compare_numbers(a.value, b.value);
    let order = if upper { order.reverse() } else { order };
    order.then(a.exclusive.cmp(&b.exclusive))
}

/// Exact for integers, by value for all others.
pub(super) fn compare_numbers(a: &Number, b: &Number) -> Ordering {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0)),
    }
}
