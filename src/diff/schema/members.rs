//! Schemas that together constrain one member.

use crate::openapi::SchemaId;

use super::super::before_after::BeforeAfter;

/// Members of `allOf` that constrain one property, paired in order; a missing one accepts anything.
pub(super) fn zip_members(old: &[SchemaId], new: &[SchemaId]) -> Vec<BeforeAfter<SchemaId>> {
    (0..old.len().max(new.len()))
        .map(|index| {
            let member = |list: &[SchemaId]| list.get(index).copied().unwrap_or(SchemaId::ANY);
            BeforeAfter::new(member(old), member(new))
        })
        .collect()
}
