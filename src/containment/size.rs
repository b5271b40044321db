//! How large a value is, counted while it grows.
//!
//! A few letters of a document ask for values of any size: a list of 300 lists of 300 lists. What is put together is
//! weighed before it is copied, and weighing costs steps like all other work.

use serde_json::Value;

use super::search::Prover;

/// The reason of what is not written.
pub(super) const TOO_LARGE: &str = "the value would be too large to be written";

/// Heaviest value that is written as a witness.
pub(super) const HEAVIEST: usize = 6_000;

/// Bytes of text that weigh as much as one value.
const BYTES: usize = 16;

/// Steps that weighing and copying one value takes.
const COST: usize = 2;

/// The weight of a value: its values, and its text.
pub(super) fn weight(value: &Value) -> usize {
    let text = |text: &str| text.len() / BYTES;
    match value {
        Value::Array(list) => 1 + list.iter().map(weight).sum::<usize>(),
        Value::Object(map) => 1 + map.iter().map(|(name, value)| text(name) + weight(value)).sum::<usize>(),
        Value::String(string) => 1 + text(string),
        _ => 1,
    }
}

/// The weight of a value that grows.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Weight(usize);

impl Prover<'_> {
    /// Takes one part more into a value that grows; false where the value would be too large, or the work too much.
    pub(super) fn take(&mut self, total: &mut Weight, part: &Value) -> bool {
        self.copy(total, part, 1)
    }

    /// The same for several copies of one part.
    pub(super) fn copy(&mut self, total: &mut Weight, part: &Value, times: usize) -> bool {
        let more = weight(part).saturating_mul(times);
        total.0 = total.0.saturating_add(more);
        self.spend(more.saturating_mul(COST)) && total.0 <= HEAVIEST
    }
}
