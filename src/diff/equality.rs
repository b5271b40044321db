//! When two JSON values are equal: by value, and but for prose.

use crate::openapi::{Map, Value, canonical_number};

use super::numbers::compare_numbers;

/// Equality of JSON values: `Value`'s own, without hashing a key as long as both sides keep its order.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => a.len() == b.len() && same_members(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        _ => same_scalar(a, b),
    }
}

/// `1` and `1.0` are one number (JSON Schema 2020-12 section 4.2.2).
fn same_scalar(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || compare_numbers(a, b).is_eq(),
        _ => a == b,
    }
}

fn same_members(a: &Map, b: &Map) -> bool {
    let mut in_step = true;
    let mut others = b.iter();
    a.iter().all(|(name, value)| {
        if in_step {
            match others.next() {
                Some((other, counterpart)) if other == name => return same(value, counterpart),
                _ => in_step = false,
            }
        }
        b.get(name).is_some_and(|counterpart| same(value, counterpart))
    })
}

/// Prose: what no program acts on.
pub(super) const PROSE: &[&str] =
    &["description", "summary", "title", "example", "examples", "externalDocs", "$comment", "operationId", "tags"];

/// Whether two operations or schemas are equal but for their prose and names for people.
pub(super) fn same_but_prose(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let told = |map: &Map| map.keys().filter(|name| !PROSE.contains(&name.as_str())).count();
            told(a) == told(b)
                && a.iter()
                    .filter(|(name, _)| !PROSE.contains(&name.as_str()))
                    .all(|(name, value)| b.get(name).is_some_and(|other| same_but_prose(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_but_prose(a, b)),
        _ => same_scalar(a, b),
    }
}

/// A value as text by which equal values are equal: `1` and `1.0` are one number (JSON Schema 2020-12
/// section 4.2.2).
pub(super) fn canonical(value: &Value) -> String {
    value.as_number().map_or_else(|| value.to_string(), canonical_number)
}
