//! Fields of an object as one text by which equal meanings are equal.

use super::super::value::{Map, Text, Value};

/// Some fields of an object as one text by which equal meanings are equal.
pub(super) fn spelled(value: &Value, fields: &[&str]) -> String {
    let shown = fields.iter().filter_map(|field| {
        let found = value.get(field).filter(|found| !found.is_null())?;
        Some(match found {
            Value::String(text) => format!("{field} {text}"),
            other => format!("{field} {}", sorted(other)),
        })
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A value with its keys sorted. Depth is bounded by reading.
pub(super) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut members: Vec<(&Text, &Value)> = map.iter().filter(|(name, _)| *name != "description").collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            members.into_iter().map(|(name, inner)| (name.clone(), sorted(inner))).collect::<Map>().into()
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
