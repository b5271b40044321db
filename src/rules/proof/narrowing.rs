//! Changes that widen where they stand and may still narrow the whole.

use crate::diff::{Change, ChangeKind};
use crate::openapi::SchemaId;

use super::direction::DirectionProof;

impl DirectionProof<'_> {
    /// Whether a change that widens where it stands may narrow the whole: a name that an alternative declared, or that a
    /// listed value has, is now declared otherwise, or what evaluated a member or an item goes, and what is left over is
    /// refused or limited.
    pub(super) fn may_narrow(&self, change: &Change) -> bool {
        use ChangeKind as K;
        let pairs = || change.compared.iter().map(|compared| compared.pair);
        match change.kind {
            K::OptionalPropertyAdded => self.is_to_provider() && pairs().any(|pair| self.may_name_more(pair)),
            K::PropertyRemoved | K::ConstraintRemoved => {
                self.is_to_provider() && pairs().any(|pair| self.refuses_unevaluated(pair))
            }
            _ => pairs().any(|pair| self.left_over_above(pair).is_some()),
        }
    }

    /// The pair above one whose receiver has no schema for it any more, where that limits what nothing has evaluated: what was
    /// the value of an item is left over.
    pub(super) fn left_over_above(&self, pair: usize) -> Option<usize> {
        let is_gone = self.ids(pair)?.receiver == SchemaId::ANY;
        let parents = self.pairs.get(pair)?.parents.iter().filter(|_| is_gone);
        parents.copied().find(|above| self.refuses_unevaluated(*above))
    }

    /// Whether the sender may send names that it does not declare as members.
    fn may_name_more(&self, pair: usize) -> bool {
        self.ids(pair).is_some_and(|ids| {
            let schema = self.contracts.sender.schema(ids.sender);
            let lists_objects = || schema.enumeration.iter().flatten().any(|value| value.is_object());
            !schema.unions.is_empty() || !schema.constraints.is_empty() || lists_objects()
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
