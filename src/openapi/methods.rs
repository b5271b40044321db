//! The methods of operations.

/// Fixed fields of a path item that are operations; `query` is new in 3.2.
pub(super) const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
