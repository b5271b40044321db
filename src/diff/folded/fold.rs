//! Folding: a schema and all its `allOf` members read into one.

use std::collections::HashSet;

use crate::model::Stability;
use crate::openapi::{Additional, Bound, Contract, Schema, SchemaId, TypeSet, Union, Value};

use super::super::numbers::compare_bounds;
use super::branches::{
    MAX_MEMBERS, are_disjoint, branches_of, is_bare, is_bare_enum, is_only_null, peeled, types_of, without_covered,
};
use super::schema::{Count, Folded, FoldedUnion, FromSchema, ListsOfOne};
use super::step::MultipleStep;

static NULL: Value = Value::Null;

/// A schema that is to be folded in.
#[derive(Clone, Copy)]
struct Member {
    id: SchemaId,
    /// Whether null is meant beside it, whatever it says itself.
    or_null: bool,
    /// Whether it stands beside alternatives of which one is taken: it has nothing to choose any more.
    is_common: bool,
}

impl<'c, 'd> Folded<'c, 'd> {
    /// Folds a schema.
    pub fn of(contract: &'c Contract<'d>, id: SchemaId) -> Self {
        Self::read(contract, id, None, ListsOfOne::Opened)
    }

    /// Folds one alternative, and what its schema says beside all of them.
    pub fn together(contract: &'c Contract<'d>, id: SchemaId, common: Option<SchemaId>) -> Self {
        Self::read(contract, id, common, ListsOfOne::Opened)
    }

    /// Folds a schema, and takes a list of one alternative under a discriminator for the list that it is.
    pub fn with_lists(contract: &'c Contract<'d>, id: SchemaId, common: Option<SchemaId>) -> Self {
        Self::read(contract, id, common, ListsOfOne::Kept)
    }

    fn read(contract: &'c Contract<'d>, id: SchemaId, common: Option<SchemaId>, lists: ListsOfOne) -> Self {
        let mut folded = Self { lists, ..Self::open(id) };
        let mut seen = HashSet::new();
        let common = common.map(|id| Member { id, or_null: false, is_common: true });
        let mut pending: Vec<Member> = common.into_iter().chain([Member { id, or_null: false, is_common: false }]).collect();
        while let Some(Member { id, or_null, is_common }) = pending.pop() {
            if !seen.insert(id) {
                continue;
            }
            if seen.len() > MAX_MEMBERS {
                folded.exhausted = true;
                break;
            }
            let schema = contract.schema(id);
            folded.has_hole |= id == SchemaId::UNKNOWN;
            let member = Member { id, or_null: or_null || schema.or_null, is_common };
            folded.fold(schema, member);
            // A form that takes in the parent that lists it has been chosen.
            if !is_common && (id == folded.id || !lists_form(schema, folded.id)) {
                folded.fold_unions(contract, schema, member, &mut pending);
            }
            pending.extend(schema.all_of.iter().rev().map(|part| Member { id: *part, ..member }));
        }
        folded.join_discriminator(contract);
        folded.simplify(contract);
        folded
    }

    /// A discriminator that stands beside the member of the `allOf` that holds the alternatives.
    fn join_discriminator(&mut self, contract: &Contract<'d>) {
        if let ([union], [word]) = (self.unions.as_mut_slice(), self.discriminators.as_slice())
            && union.discriminator.is_none()
            && !contract.subtypes.contains_key(&word.at)
        {
            union.discriminator = Some(*word);
            self.discriminators.clear();
        }
    }

    /// The alternatives of one schema, and what tells them apart.
    fn fold_unions(&mut self, contract: &Contract<'d>, schema: &'c Schema<'d>, member: Member, pending: &mut Vec<Member>) {
        let known = self.unions.len();
        for union in &schema.unions {
            self.fold_union(contract, schema, union, member, pending);
        }
        let Some(value) = schema.discriminator.as_deref() else { return };
        let word = FromSchema { value, at: member.id };
        match self.unions.get_mut(known) {
            Some(union) => union.discriminator = Some(word),
            // An heir has no heirs to choose from by taking in its base.
            None if member.id != self.id && is_heir(contract, member.id, self.id) => {}
            None => self.discriminators.push(word),
        }
    }

    fn fold(&mut self, schema: &'c Schema<'d>, member: Member) {
        let Member { id: at, or_null, .. } = member;
        let null = if or_null { TypeSet::NULL } else { TypeSet::NONE };
        self.types = self.types.intersection(schema.types.union(null));
        if let Some(values) = &schema.enumeration {
            let mut values = values.to_vec();
            // `nullable` beside an enum, or a union of an enum with null: null is one of the values.
            if or_null && !values.iter().any(|value| value.is_null()) {
                values.push(&NULL);
                self.null_is_meant = true;
            }
            self.fold_values(values, at);
        }
        self.extensible |= schema.extensible_enum;
        fold_word(&mut self.formats, schema.format, at);
        self.patterns.extend(schema.pattern.map(|value| FromSchema { value, at }));
        self.minimum = tighter(self.minimum, schema.minimum.map(|value| FromSchema { value, at }), false);
        self.maximum = tighter(self.maximum, schema.maximum.map(|value| FromSchema { value, at }), true);
        self.fold_step(schema, at);
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
        let (encoding, media_type) = schema.content;
        fold_word(&mut self.encodings, encoding, at);
        fold_word(&mut self.media_types, media_type, at);
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

    /// Listed values, each of which must be in every other list.
    fn fold_values(&mut self, values: Vec<&'d Value>, at: SchemaId) {
        self.enumeration = Some(match self.enumeration.take() {
            Some(known) => {
                let both = known.value.into_iter().filter(|value| values.contains(value)).collect();
                FromSchema { value: both, at: known.at }
            }
            None => FromSchema { value: values, at },
        });
    }

    /// A multiple of two steps is one of their least common multiple; what has none that is small enough to be
    /// counted is compared as a whole.
    fn fold_step(&mut self, schema: &'c Schema<'d>, at: SchemaId) {
        let Some(written) = schema.multiple_of else { return };
        let step = MultipleStep::new(written).and_then(|step| match &self.multiple_of {
            Some(known) => known.value.together(&step).map(|value| FromSchema { value, at: known.at }),
            None => Some(FromSchema { value: step, at }),
        });
        match (step, schema.value.get("multipleOf")) {
            (Some(step), _) => self.multiple_of = Some(step),
            (None, Some(value)) => self.constraints.entry("multipleOf").or_default().push(FromSchema { value, at }),
            (None, None) => {}
        }
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
        let Member { id: at, or_null, .. } = member;
        self.has_hole |= union.branches.contains(&SchemaId::UNKNOWN);
        let is_kept = self.lists == ListsOfOne::Kept && schema.discriminator.is_some();
        if let [only] = union.branches.as_slice()
            && !is_kept
        {
            pending.push(Member { id: *only, ..member });
            return;
        }
        let (branches, null) = branches_of(contract, union);
        let (nulls, others): (Vec<_>, Vec<_>) =
            branches.into_iter().partition(|branch| is_only_null(contract.schema(peeled(contract, branch.id))));
        let others = if union.exclusive || schema.discriminator.is_some() { others } else { without_covered(contract, others) };
        let null = null || !nulls.is_empty();
        let (branches, names): (Vec<SchemaId>, Vec<Option<&'d str>>) =
            others.into_iter().map(|branch| (branch.id, branch.name)).unzip();
        if let [only] = branches.as_slice()
            && !is_kept
        {
            pending.push(Member { id: *only, or_null: or_null || null, ..member });
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
                self.fold_values(values, at);
                return;
            }
        }
        if !branches.is_empty() {
            let nothing = if null || or_null { TypeSet::NULL } else { TypeSet::NONE };
            let types = branches.iter().fold(nothing, |types, branch| types.union(types_of(contract, *branch)));
            self.union_types = self.union_types.intersection(types);
            let null = types.contains(TypeSet::NULL);
            self.unions.push(FoldedUnion { exclusive: union.exclusive, branches, names, null, at, discriminator: None });
        }
    }
}

/// Whether a schema lists another as one of its alternatives.
fn lists_form(schema: &Schema<'_>, form: SchemaId) -> bool {
    schema.unions.iter().any(|union| union.branches.contains(&form))
}

fn is_heir(contract: &Contract<'_>, base: SchemaId, id: SchemaId) -> bool {
    contract.subtypes.get(&base).is_some_and(|heirs| heirs.iter().any(|(_, heir)| *heir == id))
}

/// One more word that must hold; it counts once, however often it is said.
fn fold_word<'d>(words: &mut Vec<FromSchema<&'d str>>, word: Option<&'d str>, at: SchemaId) {
    if let Some(value) = word.filter(|value| words.iter().all(|known| known.value != *value)) {
        words.push(FromSchema { value, at });
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
