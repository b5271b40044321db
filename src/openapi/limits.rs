//! How much of a document is read.

/// How much of a partner's document is read before it counts as hostile.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the decoded document.
    pub bytes: usize,
    /// Nesting depth of values. Real descriptions stay below 32.
    pub depth: usize,
    /// Values in the document with aliases written out. Real descriptions stay below 600,000.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 32 * 1024 * 1024, depth: 120, nodes: 5_000_000 }
    }
}
