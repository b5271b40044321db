//! Whether all values that an enum lists keep a limit: then the limit says nothing beside them.

use crate::openapi::{Bound, Value};

use super::super::numbers::compare_numbers;
use super::schema::Count;

/// Whether all values that are numbers keep a bound.
pub fn all_within(values: &[&Value], bound: &Bound<'_>, upper: bool) -> bool {
    values.iter().filter_map(|value| value.as_number()).all(|number| {
        let order = compare_numbers(number, bound.value);
        let order = if upper { order.reverse() } else { order };
        if bound.exclusive { order.is_gt() } else { order.is_ge() }
    })
}

/// Whether all values that can be counted keep a bound on their count.
pub fn all_counted(values: &[&Value], count: Count, bound: u64) -> bool {
    values.iter().all(|value| {
        let size = match (count, value) {
            (Count::MinLength | Count::MaxLength, Value::String(text)) => text.chars().count(),
            (Count::MinItems | Count::MaxItems, Value::Array(items)) => items.len(),
            (Count::MinProperties | Count::MaxProperties, Value::Object(map)) => map.len(),
            _ => return true,
        };
        u64::try_from(size).is_ok_and(|size| if count.is_upper() { size <= bound } else { size >= bound })
    })
}
