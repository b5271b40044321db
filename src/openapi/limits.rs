//! How much of a document is read.

use crate::model::USUAL_BYTES;

/// How much of a partner's document is read before it counts as hostile.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the decoded document.
    pub bytes: usize,
    /// Nesting depth of values. Real descriptions stay below 32.
    pub depth: usize,
    /// Values in the document with aliases written out. Real descriptions have one for each 15 bytes and more.
    pub nodes: usize,
}

/// The least number of bytes that a value takes on average, where more than the usual number of values is read.
const BYTES_PER_NODE: usize = 6;

impl Limits {
    /// Limits for documents of up to so many bytes: who reads larger ones reads more values too.
    pub fn of_bytes(bytes: usize) -> Self {
        let usual = Self::default();
        Self { bytes, nodes: usual.nodes.max(bytes / BYTES_PER_NODE), ..usual }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: USUAL_BYTES, depth: 120, nodes: 5_000_000 }
    }
}
