//! How a compared schema stands in one above it.

use std::collections::BTreeSet;

use crate::containment::ValuePlace;
use crate::openapi::{Additional, Contract, SchemaId};

use super::direction::{DirectionProof, schema_of};

/// Schemas that one value is made of, by `allOf` and alternatives, which are looked through.
const MOST_PARTS: usize = 500;

impl<'d> DirectionProof<'d> {
    /// Every place at which values of a pair stand in values of a pair above it; none where that is not known.
    pub(super) fn places(&self, inner: usize, outer: usize) -> Option<Vec<ValuePlace<'d>>> {
        let (pair, inner, outer) = (inner, self.ids(inner)?, self.ids(outer)?);
        // What is not written down on one side stands wherever the other side names it.
        let mut found = if !inner.sender.is_constant() {
            places(self.contracts.sender, outer.sender, inner.sender)?
        } else if !inner.receiver.is_constant() || inner.receiver == SchemaId::NEVER {
            let mut found = places(self.contracts.receiver, outer.receiver, inner.receiver)?;
            // Which alternative is sent is the sender's to say.
            for place in &mut found {
                if matches!(place, ValuePlace::Alternative(_)) {
                    *place = ValuePlace::Itself;
                }
            }
            found
        } else {
            return None;
        };
        if let Some(kinds) = self.pairs.get(pair).and_then(|pair| pair.kinds.as_ref()) {
            for place in &mut found {
                if matches!(place, ValuePlace::Itself | ValuePlace::Alternative(_)) {
                    *place = ValuePlace::OfKinds(&kinds.property, &kinds.values);
                }
            }
        }
        (!found.is_empty()).then_some(found)
    }
}

/// Every place of `inner` in `outer`, within its branches too.
fn places<'d>(contract: &'d Contract<'d>, outer: SchemaId, inner: SchemaId) -> Option<Vec<ValuePlace<'d>>> {
    if outer == inner {
        return Some(vec![ValuePlace::Itself]);
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut pending = vec![outer];
    while let Some(at) = pending.pop() {
        if !seen.insert(at) {
            continue;
        }
        if seen.len() > MOST_PARTS {
            return None;
        }
        let schema = contract.schema(at);
        let names = schema.properties.iter();
        found.extend(names.clone().filter(|(_, id)| *id == inner).map(|(name, _)| ValuePlace::Member(name)));
        if schema.additional == Additional::Schema(inner) || (schema.additional == Additional::Closed && inner == SchemaId::NEVER)
        {
            found.push(ValuePlace::Further(names.map(|(name, _)| *name).collect()));
        }
        let listed = schema.prefix_items.iter().enumerate();
        found.extend(listed.filter(|(_, id)| **id == inner).map(|(index, _)| ValuePlace::Item(index)));
        if schema.items == Some(inner) {
            found.push(ValuePlace::Items(schema.prefix_items.len()));
        }
        for part in &schema.all_of {
            if *part == inner { found.push(ValuePlace::Itself) } else { pending.push(*part) }
        }
        for branch in schema.unions.iter().flat_map(|union| &union.branches) {
            if *branch == inner {
                found.push(schema_of(contract, inner).map_or(ValuePlace::Itself, ValuePlace::Alternative));
            } else {
                pending.push(*branch);
            }
        }
    }
    Some(found)
}
