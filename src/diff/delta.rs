//! What a comparison may cost, and what it comes to.

use std::collections::BTreeSet;

use crate::openapi::Stop;

use super::before_after::BeforeAfter;
use super::change::{Change, ComparedPair};
use super::unchanged::Unchanged;

/// How much work a comparison may do before it says that it cannot tell.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Pairs of schemas entered. The largest real description needs about 60,000.
    pub pairs: usize,
    /// Changes collected.
    pub changes: usize,
    /// Operations named by all changes together.
    pub uses: usize,
    /// Bytes of text that all findings may come to, with the operations they name; of small documents less, see
    /// [`Budget::room`].
    pub bytes: usize,
    /// Ends the comparison from outside. What was not reached is then *undecidable*, like what a budget leaves out.
    pub stop: Stop,
    /// Whether it is asked of each finding if a message can show it. Without, the rules' verdicts stand, and each finding
    /// says that nobody asked.
    pub proofs: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self { pairs: 400_000, changes: 50_000, uses: 1_000_000, bytes: MOST_BYTES, stop: Stop::default(), proofs: true }
    }
}

/// Bytes of text that all findings may come to where nobody says otherwise.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Bytes that the findings of the smallest documents may come to.
const FEWEST_BYTES: usize = 4 * 1024 * 1024;

/// Bytes that the findings may come to for each byte of the documents: a few letters could ask for any number of pages.
const BYTES_PER_BYTE: usize = 32;

impl Budget {
    /// Bytes of text that the findings of documents of so many bytes may come to.
    pub(super) fn room(&self, documents: usize) -> usize {
        self.bytes.min(FEWEST_BYTES.saturating_add(documents.saturating_mul(BYTES_PER_BYTE)))
    }
}

/// Everything that differs between two contracts.
#[derive(Debug, Default)]
pub struct Delta {
    /// The facts, ordered by place.
    pub changes: Vec<Change>,
    /// Whether the budget ran out: what is missing is *undecidable*, not unchanged.
    pub exhausted: bool,
    /// Where one side cannot be read and the other can, by the side that cannot: what changed there is *undecidable*.
    pub unread: BeforeAfter<BTreeSet<String>>,
    /// Whether neither side can be called and what they hold for others to refer to differs: who uses it is not known.
    pub libraries_differ: bool,
    /// What ends the work on what was found, too.
    pub stop: Stop,
    /// Whether it is to be asked of each finding if a message can show it.
    pub proofs: bool,
    /// Bytes of text that the findings may come to.
    pub room: usize,
    /// Every pair of schemas that was compared.
    pub pairs: Vec<ComparedPair>,
    /// What is equal on both sides.
    pub(super) unchanged: Option<Unchanged>,
}

impl Delta {
    /// Whether a reference leads to the same thing on both sides, with all that it refers to.
    pub fn is_unchanged(&self, reference: &str) -> bool {
        self.unchanged.as_ref().is_some_and(|unchanged| unchanged.holds(reference))
    }
}
