//! What the questions about a change come to: at one of its places, and for the change as a whole.

use std::collections::BTreeSet;

use super::decision::HowContained;
use super::outcome::Proof;

/// What was found at one place of a change.
pub(super) enum Found {
    Contained(HowContained),
    Refuted {
        proof: Box<Proof>,
        /// The pairs named by operations whose messages hold what is refused; none where they are not told apart.
        roots: Option<BTreeSet<usize>>,
    },
    Undecided {
        why: &'static str,
        /// As above; none where every operation that reaches it counts.
        roots: Option<BTreeSet<usize>>,
    },
}

impl Found {
    /// Nothing was decided, of any operation.
    pub(super) const fn undecided(why: &'static str) -> Self {
        Self::Undecided { why, roots: None }
    }
}

/// What is proven of a change.
pub(super) struct ProvenChange {
    pub(super) proof: Proof,
    /// The pairs named by operations of which it is true; none where it is true of all that reach the change.
    pub(super) roots: Option<BTreeSet<usize>>,
}

impl From<Proof> for ProvenChange {
    fn from(proof: Proof) -> Self {
        Self { proof, roots: None }
    }
}
