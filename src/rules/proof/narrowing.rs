//! Changes that widen where they stand and may still narrow the whole.

use crate::diff::{Change, ChangeKind};

use super::direction::DirectionProof;

impl DirectionProof<'_> {
    /// Whether a change that widens where it stands may narrow the whole: a name that an alternative declared is now
    /// declared otherwise, or what evaluated a member goes, and `unevaluatedProperties` refuses what is left over.
    pub(super) fn may_narrow(&self, change: &Change) -> bool {
        use ChangeKind as K;
        let pairs = || change.compared.iter().map(|compared| compared.pair);
        match change.kind {
            K::OptionalPropertyAdded => self.is_to_provider() && pairs().any(|pair| self.is_sender_composed(pair)),
            K::PropertyRemoved | K::ConstraintRemoved => {
                self.is_to_provider() && pairs().any(|pair| self.refuses_unevaluated(pair))
            }
            _ => false,
        }
    }

    fn is_sender_composed(&self, pair: usize) -> bool {
        self.ids(pair).is_some_and(|ids| {
            let schema = self.contracts.sender.schema(ids.sender);
            !schema.unions.is_empty() || !schema.constraints.is_empty()
        })
    }

    /// Whether the receiver refuses, or limits, what nothing else has evaluated.
    fn refuses_unevaluated(&self, pair: usize) -> bool {
        self.ids(pair).is_some_and(|ids| {
            let schema = self.contracts.receiver.schema(ids.receiver).value;
            ["unevaluatedProperties", "unevaluatedItems"].iter().any(|name| schema.get(name).is_some())
        })
    }
}
