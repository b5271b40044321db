//! The report as JSON.

use serde_json::Value;

use super::super::clean::escaped_json;
use super::view::Report;

/// The report as one documented JSON object.
///
/// # Errors
/// Never for what a report holds; the signature is that of the serialiser.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(report).map(|text| escaped_json(&text) + "\n")
}

/// A value as indented JSON, for formats that are JSON themselves.
pub(super) fn pretty(value: &Value) -> String {
    escaped_json(&serde_json::to_string_pretty(value).unwrap_or_default()) + "\n"
}
