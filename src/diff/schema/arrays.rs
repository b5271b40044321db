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
        // Where no item can follow the listed ones, what would be allowed there says nothing.
        let ends = |folded: &Folded<'_, '_>, prefix: usize| {
            folded.count(Count::MaxItems).is_some_and(|most| usize::try_from(most.value).is_ok_and(|most| most <= prefix))
        };
        if ends(&self.before, left_prefix.len()) && ends(&self.after, right_prefix.len()) {
            // Nothing to compare behind the listed items.
        } else if left.is_empty() || right.is_empty() {
            self.child(rest(&left), rest(&right));
        } else {
            for schemas in zip_members(&left, &right) {
                self.walk.child(self.node, schemas);
            }
        }
        // An item that only one side has room for is reported by the number of items.
        let room = |folded: &Folded<'_, '_>, prefix: usize, index: usize| index < prefix || !ends(folded, index);
        for index in 0..left_prefix.len().max(right_prefix.len()) {
            if !room(&self.before, left_prefix.len(), index) || !room(&self.after, right_prefix.len(), index) {
                continue;
            }
            let (old, new) = (left_prefix.get(index).unwrap_or(&left), right_prefix.get(index).unwrap_or(&right));
            for schemas in zip_members(old, new) {
                self.walk.child(self.node, schemas);
            }
        }
    }
}
