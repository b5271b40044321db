//! The methods of operations.

use super::value::{Map, Value};

/// Fixed fields of a path item that are operations; `query` is new in 3.2.
pub(super) const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// The field of a path item that holds the operation of a method: its name as it is written, and what it holds. The
/// specification asks for small letters, and people write `GET` all the same.
pub(super) fn operation_field<'d>(item: &'d Map, method: &str) -> Option<(&'d str, &'d Value)> {
    let exact = item.iter().find(|(name, _)| name.as_str() == method);
    let found = exact.or_else(|| item.iter().find(|(name, _)| name.eq_ignore_ascii_case(method)));
    found.map(|(name, value)| (name.as_str(), value))
}

/// Whether a field of a path item holds an operation.
pub(super) fn is_method(field: &str) -> bool {
    METHODS.iter().any(|method| method.eq_ignore_ascii_case(field))
}
