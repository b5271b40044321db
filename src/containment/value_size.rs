//! How large a value is, counted while it grows.
//!
//! A few letters of a document ask for values of any size: a list of 300 lists of 300 lists. What is put together is
//! measured before it is copied, and measuring costs steps like all other work.

use serde_json::Value;

/// The reason of what is not written.
pub(super) const TOO_LARGE: &str = "the value would be too large to be written";

/// Largest value that is written as a witness.
const LARGEST: usize = 6_000;

/// Bytes of text that count as one value.
const BYTES: usize = 16;

/// Steps that measuring and copying one value takes.
const COST: usize = 2;

/// The size of a value: its values, and its text.
pub(super) fn size_of_value(value: &Value) -> usize {
    let text = |text: &str| text.len() / BYTES;
    match value {
        Value::Array(list) => 1 + list.iter().map(size_of_value).sum::<usize>(),
        Value::Object(map) => 1 + map.iter().map(|(name, value)| text(name) + size_of_value(value)).sum::<usize>(),
        Value::String(string) => 1 + text(string),
        _ => 1,
    }
}

/// The size of a value that grows.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct ValueSize(usize);

impl ValueSize {
    /// Adds one part; returns the steps it costs.
    pub(super) fn add(&mut self, part: &Value) -> usize {
        let more = size_of_value(part);
        self.0 = self.0.saturating_add(more);
        more.saturating_mul(COST)
    }

    /// Whether the value is too large to be written.
    pub(super) const fn is_too_large(self) -> bool {
        self.0 > LARGEST
    }
}
