//! Folding: a schema and all its `allOf` members read into one.

use std::collections::HashSet;

use crate::model::Stability;
use crate::openapi::{Additional, Bound, Contract, Schema, SchemaId, TypeSet, Union, Value};

use super::super::numbers::compare_bounds;
use super::branches::{
    MAX_MEMBERS, are_disjoint, branches_of, is_bare, is_bare_enum, is_only_null, peeled, types_of, without_covered,
};
use super::schema::{Count, Folded, FoldedUnion, FromSchema};

static NULL: Value = Value::Null;

/// A schema that is to be folded in.
#[derive(Clone, Copy)]
struct Member {
    id: SchemaId,
    /// Whether null is meant beside it, whatever it says itself.
    or_null: bool,
}

impl<'c, 'd> Folded<'c, 'd> {
    /// Folds a schema.
    pub fn of(contract: &'c Contract<'d>, id: SchemaId) -> Self {
        let mut folded = Self::open(id);
        let mut seen = HashSet::new();
        let mut pending = vec![Member { id, or_null: false }];
        while let Some(Member { id, or_null }) = pending.pop() {
            if !seen.insert(id) {
                continue;
            }
            if seen.len() > MAX_MEMBERS {
                folded.exhausted = true;
                break;
            }
            let schema = contract.schema(id);
            folded.has_hole |= id == SchemaId::UNKNOWN;
            let or_null = or_null || schema.or_null;
            folded.fold(schema, Member { id, or_null });
            for union in &schema.unions {
                folded.fold_union(contract, schema, union, Member { id, or_null }, &mut pending);
            }
            pending.extend(schema.all_of.iter().rev().map(|part| Member { id: *part, or_null }));
        }
        folded.simplify(contract);
        folded
    }

    fn fold(&mut self, schema: &'c Schema<'d>, member: Member) {
        let Member { id: at, or_null } = member;
        let null = if or_null { TypeSet::NULL } else { TypeSet::NONE };
        self.types = self.types.intersection(schema.types.union(null));
        if let Some(values) = &schema.enumeration {
            let mut values = values.to_vec();
            // `nullable` beside an enum, or a union of an enum with null: null is one of the values.
            if or_null && !values.iter().any(|value| value.is_null()) {
                values.push(&NULL);
                self.null_is_meant = true;
            }
            self.enumeration = Some(match self.enumeration.take() {
                Some(known) => {
                    let both = known.value.into_iter().filter(|value| values.contains(value)).collect();
                    FromSchema { value: both, at: known.at }
                }
                None => FromSchema { value: values, at },
            });
        }
        self.extensible |= schema.extensible_enum;
        self.format = self.format.or(schema.format.map(|value| FromSchema { value, at }));
        self.patterns.extend(schema.pattern.map(|value| FromSchema { value, at }));
        self.minimum = tighter(self.minimum, schema.minimum.map(|value| FromSchema { value, at }), false);
        self.maximum = tighter(self.maximum, schema.maximum.map(|value| FromSchema { value, at }), true);
        self.multiple_of = self.multiple_of.or(schema.multiple_of.map(|value| FromSchema { value, at }));
        for (slot, count) in self.counts.iter_mut().zip(Count::ALL) {
            if let Some(value) = count.of(schema) {
                let better = slot.is_none_or(|known| if count.is_upper() { value < known.value } else { value > known.value });
                if better {
                    *slot = Some(FromSchema { value, at });
                }
            }
        }
        if schema.unique_items {
            self.unique_items = self.unique_items.or(Some(at));
        }
        if schema.content != (None, None) {
            self.content = FromSchema { value: schema.content, at };
        }
        for (name, property) in &schema.properties {
            let known = self.properties.entry(name).or_default();
            if !known.schemas.contains(property) {
                known.schemas.push(*property);
            }
            known.owner = known.owner.or(Some(at));
        }
        for name in &schema.required {
            self.required.entry(name).or_insert(at);
        }
        if let Additional::Schema(further) = schema.additional {
            self.further.push(further);
        }
        match (self.additional.value, schema.additional) {
            (_, Additional::Open) | (Additional::Closed, _) => {}
            (_, other) => self.additional = FromSchema { value: other, at },
        }
        self.items.extend(schema.items);
        for (place, item) in schema.prefix_items.iter().enumerate() {
            match self.prefix_items.get_mut(place) {
                Some(known) => known.push(*item),
                None => self.prefix_items.push(vec![*item]),
            }
        }
        if self.discriminator.is_none() {
            self.discriminator = schema.discriminator.as_deref().map(|value| FromSchema { value, at });
        }
        for (name, value) in &schema.constraints {
            self.constraints.entry(name).or_default().push(FromSchema { value, at });
        }
        self.default = self.default.or(schema.default.map(|value| FromSchema { value, at }));
        if schema.deprecated {
            self.deprecated = self.deprecated.or(Some(at));
        }
        if let Some(value) = schema.stability.map(|level| Stability::of(Some(level)))
            && self.stability.is_none_or(|known| value < known.value)
        {
            self.stability = Some(FromSchema { value, at });
        }
        self.read_only |= schema.read_only;
        self.write_only |= schema.write_only;
    }

    /// A union with `null` is nullability; a union of one is that one; a union of plain types is a type
    /// list; a union of enums is one enum. What remains has real alternatives.
    fn fold_union(
        &mut self,
        contract: &Contract<'d>,
        schema: &Schema<'d>,
        union: &Union<'d>,
        member: Member,
        pending: &mut Vec<Member>,
    ) {
        let Member { id: at, or_null } = member;
        self.has_hole |= union.branches.contains(&SchemaId::UNKNOWN);
        if let [only] = union.branches.as_slice() {
            pending.push(Member { id: *only, or_null });
            return;
        }
        let (branches, null) = branches_of(contract, union);
        let (nulls, others): (Vec<_>, Vec<_>) =
            branches.into_iter().partition(|branch| is_only_null(contract.schema(peeled(contract, branch.id))));
        let others = if union.exclusive || schema.discriminator.is_some() { others } else { without_covered(contract, others) };
        let null = null || !nulls.is_empty();
        let (branches, names): (Vec<SchemaId>, Vec<Option<&'d str>>) =
            others.into_iter().map(|branch| (branch.id, branch.name)).unzip();
        if let [only] = branches.as_slice() {
            pending.push(Member { id: *only, or_null: or_null || null });
            return;
        }
        if branches.is_empty() && null {
            self.types = self.types.intersection(TypeSet::NULL);
            return;
        }
        let all: Vec<&Schema<'d>> = branches.iter().map(|id| contract.schema(peeled(contract, *id))).collect();
        // `oneOf` refuses what fits two of its branches.
        let is_told_apart = !union.exclusive || are_disjoint(contract, union);
        if !all.is_empty() && schema.discriminator.is_none() && is_told_apart {
            let nothing = if null || or_null { TypeSet::NULL } else { TypeSet::NONE };
            let types = all.iter().fold(nothing, |types, branch| types.union(branch.types));
            if all.iter().all(|branch| is_bare(branch)) {
                self.types = self.types.intersection(types);
                return;
            }
            if all.iter().all(|branch| is_bare_enum(branch)) {
                let mut values: Vec<&'d Value> =
                    all.iter().filter_map(|branch| branch.enumeration.as_ref()).flatten().copied().collect();
                if (null || or_null) && !values.iter().any(|value| value.is_null()) {
                    values.push(&NULL);
                    self.null_is_meant = true;
                }
                self.types = self.types.intersection(types);
                self.enumeration = Some(FromSchema { value: values, at });
                return;
            }
        }
        if !branches.is_empty() {
            let nothing = if null || or_null { TypeSet::NULL } else { TypeSet::NONE };
            let types = branches.iter().fold(nothing, |types, branch| types.union(types_of(contract, *branch)));
            self.union_types = self.union_types.intersection(types);
            let null = types.contains(TypeSet::NULL);
            self.unions.push(FoldedUnion { exclusive: union.exclusive, branches, names, null, at });
        }
    }
}

fn tighter<'d>(
    known: Option<FromSchema<Bound<'d>>>,
    new: Option<FromSchema<Bound<'d>>>,
    upper: bool,
) -> Option<FromSchema<Bound<'d>>> {
    match (known, new) {
        (Some(known), Some(new)) => {
            let order = compare_bounds(&known.value, &new.value, upper);
            Some(if order == std::cmp::Ordering::Greater { known } else { new })
        }
        (known, new) => known.or(new),
    }
}
