//! Facts about items.

use crate::openapi::{SchemaId, TypeSet};

use super::super::folded::{Count, Folded};
use super::comparison::SchemaComparison;
use super::members::zip_members;

impl SchemaComparison<'_, '_, '_> {
    pub(super) fn arrays(&mut self) {
        let arrays = self.before.types.contains(TypeSet::ARRAY) && self.after.types.contains(TypeSet::ARRAY);
        let untyped = |folded: &Folded<'_, '_>| folded.items.is_empty() && folded.prefix_items.is_empty();
        if !arrays || (untyped(&self.before) && untyped(&self.after)) {
            return;
        }
        let (left, right) = (std::mem::take(&mut self.before.items), std::mem::take(&mut self.after.items));
        let (left_prefix, right_prefix) =
            (std::mem::take(&mut self.before.prefix_items), std::mem::take(&mut self.after.prefix_items));
        let rest = |items: &[SchemaId]| items.first().copied().unwrap_or(SchemaId::ANY);
        // What would be allowed where no item can be says nothing; how many there may be is a fact of its own.
        let room = |folded: &Folded<'_, '_>, index: usize| {
            folded.count(Count::MaxItems).is_none_or(|most| usize::try_from(most.value).map_or(true, |most| most > index))
        };
        let listed = left_prefix.len().max(right_prefix.len());
        if !room(&self.before, listed) || !room(&self.after, listed) {
            // Nothing to compare behind the listed items.
        } else if left.is_empty() || right.is_empty() {
            self.within(rest(&left), rest(&right));
        } else {
            for schemas in zip_members(&left, &right) {
                self.walk.within(self.node, schemas);
            }
        }
        for index in 0..listed {
            if !room(&self.before, index) || !room(&self.after, index) {
                break;
            }
            let (old, new) = (left_prefix.get(index).unwrap_or(&left), right_prefix.get(index).unwrap_or(&right));
            for schemas in zip_members(old, new) {
                self.walk.within(self.node, schemas);
            }
        }
    }
}
