//! Corners of a document that could not be read as the specification means them.

use serde::Serialize;

/// One corner of a document that was skipped or read leniently, and where it stands.
///
/// An oddity never stops the rest of the document from being compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Oddity {
    /// JSON Pointer (RFC 6901) of the odd value.
    pub pointer: String,
    /// What is odd and what was done about it, in one sentence.
    pub message: String,
}

impl Oddity {
    /// An oddity at `pointer`.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}
