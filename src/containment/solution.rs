//! What a search comes to.

use std::rc::Rc;

use serde_json::Value;

/// Why a question stays open whose steps are spent.
pub(super) const TOO_MUCH_WORK: &str = "the question takes too much work";

/// Whether a state has a value.
#[derive(Debug, Clone)]
pub(super) enum Solution {
    /// No value does it.
    Empty,
    /// This one does.
    Value(Rc<Value>),
    /// It cannot be said, and why.
    Unknown(&'static str),
}
