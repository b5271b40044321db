//! Fields of an object that are read the same everywhere.

use super::super::keywords::is_true;
use super::super::value::Value;

/// `deprecated: true` and the like; anything but `true` is false.
pub(super) fn flag(value: &Value, name: &str) -> bool {
    value.get(name).is_some_and(is_true)
}

/// A field that is a text.
pub(super) fn text<'d>(value: &'d Value, name: &str) -> Option<&'d str> {
    value.get(name).and_then(Value::as_str)
}

/// `tags`, sorted.
pub(super) fn tags(operation: &Value) -> Vec<&str> {
    let list = operation.get("tags").and_then(Value::as_array);
    let mut tags: Vec<&str> = list.into_iter().flatten().filter_map(Value::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}
