//! What one format says beside another.

use super::schema::FromSchema;

/// Formats whose values are all values of the other.
const WIDER: &[(&str, &str)] = &[
    ("int32", "int64"),
    ("float", "double"),
    ("email", "idn-email"),
    ("hostname", "idn-hostname"),
    ("uri", "uri-reference"),
    ("uri", "iri"),
    ("iri", "iri-reference"),
    ("uri-reference", "iri-reference"),
];

/// Formats that only tell an input field how to show itself (OpenAPI 3.0.3 section 4.4).
const HINTS: &[&str] = &["password"];

/// Whether every value of `narrow` is one of `wide`.
pub fn is_within(narrow: &str, wide: &str) -> bool {
    WIDER.contains(&(narrow, wide))
}

/// Takes away hints, and what a narrower format beside it says anyway.
pub(super) fn simplify(formats: &mut Vec<FromSchema<&str>>) {
    formats.retain(|format| !HINTS.contains(&format.value));
    let all: Vec<&str> = formats.iter().map(|format| format.value).collect();
    formats.retain(|format| !all.iter().any(|narrow| is_within(narrow, format.value)));
}
