//! A schema with its `allOf` members folded in: what it says as a whole, each word with its origin.
//!
//! Splitting an object into `allOf` halves, wrapping a single `$ref`, or writing `nullable` as a union
//! with `null` are respellings; folding both sides first is what keeps them silent.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Number;

use crate::openapi::{Additional, Bound, Contract, Discriminator, Schema, SchemaId, TypeSet, Union, Value};

use super::unchanged::canonical;

/// A word of a schema and the schema it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct From<T> {
    pub(super) value: T,
    pub(super) at: SchemaId,
}

/// `oneOf` or `anyOf` that really has alternatives.
#[derive(Debug)]
pub(super) struct FlatUnion<'d> {
    pub(super) exclusive: bool,
    /// Without those that are only null.
    pub(super) branches: Vec<SchemaId>,
    /// What each is called where it is a reference.
    pub(super) names: Vec<Option<&'d str>>,
    /// Whether null was one of the branches.
    pub(super) null: bool,
    pub(super) at: SchemaId,
}

/// The counts a schema may bound, in one place so that they are compared by one loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    MinProperties,
    MaxProperties,
}

impl Count {
    pub(super) const ALL: [Self; 6] =
        [Self::MinLength, Self::MaxLength, Self::MinItems, Self::MaxItems, Self::MinProperties, Self::MaxProperties];

    pub(super) const fn is_upper(self) -> bool {
        matches!(self, Self::MaxLength | Self::MaxItems | Self::MaxProperties)
    }

    fn of(self, schema: &Schema<'_>) -> Option<u64> {
        match self {
            Self::MinLength => schema.min_length,
            Self::MaxLength => schema.max_length,
            Self::MinItems => schema.min_items,
            Self::MaxItems => schema.max_items,
            Self::MinProperties => schema.min_properties,
            Self::MaxProperties => schema.max_properties,
        }
    }
}

#[expect(clippy::struct_excessive_bools, reason = "each is a keyword, and one says that folding stopped")]
pub(super) struct Flat<'c, 'd> {
    pub(super) id: SchemaId,
    pub(super) types: TypeSet,
    /// Types that the branches of every union leave open.
    pub(super) union_types: TypeSet,
    pub(super) enumeration: Option<From<Vec<&'d Value>>>,
    pub(super) extensible: bool,
    pub(super) format: Option<From<&'d str>>,
    pub(super) patterns: Vec<From<&'d str>>,
    pub(super) minimum: Option<From<Bound<'d>>>,
    pub(super) maximum: Option<From<Bound<'d>>>,
    pub(super) multiple_of: Option<From<&'d Number>>,
    pub(super) counts: [Option<From<u64>>; 6],
    pub(super) unique_items: Option<SchemaId>,
    pub(super) content: From<(Option<&'d str>, Option<&'d str>)>,
    pub(super) properties: BTreeMap<&'d str, Property>,
    pub(super) required: BTreeMap<&'d str, SchemaId>,
    pub(super) additional: From<Additional>,
    /// Every schema for further properties.
    pub(super) further: Vec<SchemaId>,
    pub(super) items: Vec<SchemaId>,
    /// By place: every member of an `allOf` may say something of it.
    pub(super) prefix_items: Vec<Vec<SchemaId>>,
    pub(super) unions: Vec<FlatUnion<'d>>,
    pub(super) discriminator: Option<From<&'c Discriminator<'d>>>,
    pub(super) constraints: BTreeMap<&'d str, Vec<From<&'d Value>>>,
    pub(super) default: Option<From<&'d Value>>,
    pub(super) deprecated: Option<SchemaId>,
    pub(super) read_only: bool,
    pub(super) write_only: bool,
    /// More members than are folded: what is missing is undecidable.
    pub(super) exhausted: bool,
}

static NULL: Value = Value::Null;

/// Members of one `allOf` tree that are folded; real ones have a dozen.
const MAX_MEMBERS: usize = 500;

/// A property: the schemas it must match, and the object that declares it first.
#[derive(Debug, Default)]
pub(super) struct Property {
    pub(super) schemas: Vec<SchemaId>,
    pub(super) owner: Option<SchemaId>,
}

impl<'c, 'd> Flat<'c, 'd> {
    pub(super) fn of(contract: &'c Contract<'d>, id: SchemaId) -> Self {
        let mut flat = Self {
            id,
            types: TypeSet::ALL,
            union_types: TypeSet::ALL,
            enumeration: None,
            extensible: false,
            format: None,
            patterns: Vec::new(),
            minimum: None,
            maximum: None,
            multiple_of: None,
            counts: [None; 6],
            unique_items: None,
            content: From { value: (None, None), at: id },
            properties: BTreeMap::new(),
            required: BTreeMap::new(),
            additional: From { value: Additional::Open, at: id },
            further: Vec::new(),
            items: Vec::new(),
            prefix_items: Vec::new(),
            unions: Vec::new(),
            discriminator: None,
            constraints: BTreeMap::new(),
            default: None,
            deprecated: None,
            read_only: false,
            write_only: false,
            exhausted: false,
        };
        let mut seen = HashSet::new();
        // A member with whether null is meant beside it, whatever it says itself.
        let mut pending = vec![(id, false)];
        while let Some((member, or_null)) = pending.pop() {
            if !seen.insert(member) {
                continue;
            }
            if seen.len() > MAX_MEMBERS {
                flat.exhausted = true;
                break;
            }
            let schema = contract.schema(member);
            let or_null = or_null || schema.or_null;
            flat.fold(schema, member, or_null);
            for union in &schema.unions {
                flat.fold_union(contract, schema, union, (member, or_null), &mut pending);
            }
            pending.extend(schema.all_of.iter().rev().map(|part| (*part, or_null)));
        }
        flat.settle(contract);
        flat
    }

    fn fold(&mut self, schema: &'c Schema<'d>, at: SchemaId, or_null: bool) {
        let null = if or_null { TypeSet::NULL } else { TypeSet::NONE };
        self.types = self.types.intersection(schema.types.union(null));
        if let Some(values) = &schema.enumeration {
            let mut values = values.to_vec();
            // `nullable` beside an enum, or a union of an enum with null: null is one of the values.
            if or_null && !values.iter().any(|value| value.is_null()) {
                values.push(&NULL);
            }
            self.enumeration = Some(match self.enumeration.take() {
                Some(known) => {
                    let both = known.value.into_iter().filter(|value| values.contains(value)).collect();
                    From { value: both, at: known.at }
                }
                None => From { value: values, at },
            });
        }
        self.extensible |= schema.extensible_enum;
        self.format = self.format.or(schema.format.map(|value| From { value, at }));
        self.patterns.extend(schema.pattern.map(|value| From { value, at }));
        self.minimum = tighter(self.minimum, schema.minimum.map(|value| From { value, at }), false);
        self.maximum = tighter(self.maximum, schema.maximum.map(|value| From { value, at }), true);
        self.multiple_of = self.multiple_of.or(schema.multiple_of.map(|value| From { value, at }));
        for (slot, count) in self.counts.iter_mut().zip(Count::ALL) {
            if let Some(value) = count.of(schema) {
                let better = slot.is_none_or(|known| if count.is_upper() { value < known.value } else { value > known.value });
                if better {
                    *slot = Some(From { value, at });
                }
            }
        }
        if schema.unique_items {
            self.unique_items = self.unique_items.or(Some(at));
        }
        if schema.content != (None, None) {
            self.content = From { value: schema.content, at };
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
            (_, other) => self.additional = From { value: other, at },
        }
        self.items.extend(schema.items);
        for (place, item) in schema.prefix_items.iter().enumerate() {
            match self.prefix_items.get_mut(place) {
                Some(known) => known.push(*item),
                None => self.prefix_items.push(vec![*item]),
            }
        }
        if self.discriminator.is_none() {
            self.discriminator = schema.discriminator.as_deref().map(|value| From { value, at });
        }
        for (name, value) in &schema.constraints {
            self.constraints.entry(name).or_default().push(From { value, at });
        }
        self.default = self.default.or(schema.default.map(|value| From { value, at }));
        if schema.deprecated {
            self.deprecated = self.deprecated.or(Some(at));
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
        (at, or_null): (SchemaId, bool),
        pending: &mut Vec<(SchemaId, bool)>,
    ) {
        if let [only] = union.branches.as_slice() {
            pending.push((*only, or_null));
            return;
        }
        let (branches, null) = branches_of(contract, union);
        let (nulls, others): (Vec<_>, Vec<_>) =
            branches.into_iter().partition(|(id, _)| is_only_null(contract.schema(peeled(contract, *id))));
        let others = if union.exclusive || schema.discriminator.is_some() { others } else { without_covered(contract, others) };
        let null = null || !nulls.is_empty();
        let (branches, names): (Vec<SchemaId>, Vec<Option<&'d str>>) = others.into_iter().unzip();
        if let [only] = branches.as_slice() {
            pending.push((*only, or_null || null));
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
                }
                self.types = self.types.intersection(types);
                self.enumeration = Some(From { value: values, at });
                return;
            }
        }
        if !branches.is_empty() {
            let nothing = if null || or_null { TypeSet::NULL } else { TypeSet::NONE };
            let types = branches.iter().fold(nothing, |types, branch| types.union(types_of(contract, *branch)));
            self.union_types = self.union_types.intersection(types);
            let null = types.contains(TypeSet::NULL);
            self.unions.push(FlatUnion { exclusive: union.exclusive, branches, names, null, at });
        }
    }

    pub(super) fn count(&self, count: Count) -> Option<From<u64>> {
        Count::ALL.iter().position(|known| *known == count).and_then(|index| self.counts.get(index).copied().flatten())
    }

    pub(super) fn is_closed(&self) -> bool {
        self.additional.value == Additional::Closed
    }

    /// Whether it says nothing of its own besides one union and annotations.
    pub(super) fn is_only_unions(&self) -> bool {
        !self.unions.is_empty() && self.is_silent()
    }

    /// Whether it says no more than that there is text, or bytes.
    pub(super) fn is_plain(&self) -> bool {
        let text = self.types == TypeSet::STRING || self.types == TypeSet::ALL;
        text && self.unions.is_empty() && self.is_silent()
    }

    /// Whether it says no more than that there is text, or another single value.
    pub(super) fn is_plain_scalar(&self) -> bool {
        let scalar = TypeSet::NUMBER.union(TypeSet::BOOLEAN).union(TypeSet::STRING);
        self.types.contains(TypeSet::STRING) && scalar.contains(self.types) && self.unions.is_empty() && self.is_silent()
    }

    /// Whether no keyword but types and unions is there.
    fn is_silent(&self) -> bool {
        self.enumeration.is_none()
            && self.format.is_none()
            && self.patterns.is_empty()
            && self.minimum.is_none()
            && self.maximum.is_none()
            && self.multiple_of.is_none()
            && self.counts.iter().all(Option::is_none)
            && self.unique_items.is_none()
            && self.content.value == (None, None)
            && self.properties.is_empty()
            && self.required.is_empty()
            && self.additional.value == Additional::Open
            && self.items.is_empty()
            && self.prefix_items.is_empty()
            && self.discriminator.is_none()
            && self.constraints.is_empty()
            && self.default.is_none()
    }
}

/// Wrappings of one schema that say nothing are looked through, so many deep.
const MAX_WRAPS: usize = 16;

/// The schema inside `allOf`, `anyOf` and `oneOf` of one, where nothing else is said.
fn peeled(contract: &Contract<'_>, id: SchemaId) -> SchemaId {
    let mut at = id;
    for _ in 0..MAX_WRAPS {
        let schema = contract.schema(at);
        let only = match (schema.all_of.as_slice(), schema.unions.as_slice()) {
            ([only], []) => *only,
            ([], [union]) => match union.branches.as_slice() {
                [only] => *only,
                _ => return at,
            },
            _ => return at,
        };
        if schema.or_null || schema.types != TypeSet::ALL || schema.enumeration.is_some() || !says_nothing_itself(schema) {
            return at;
        }
        at = only;
    }
    at
}

/// The branches of a union with those of unions that are nothing but a branch of it: alternatives among
/// alternatives are alternatives. And whether null was meant beside one of those.
fn branches_of<'d>(contract: &Contract<'d>, union: &Union<'d>) -> (Vec<(SchemaId, Option<&'d str>)>, bool) {
    let mut found = Vec::with_capacity(union.branches.len());
    let mut pending: Vec<(SchemaId, Option<&'d str>)> =
        union.branches.iter().copied().zip(union.names.iter().copied()).rev().collect();
    let (mut opened, mut null) = (0, false);
    while let Some((id, name)) = pending.pop() {
        let schema = contract.schema(peeled(contract, id));
        let nested = match schema.unions.as_slice() {
            [nested] if schema.types == TypeSet::ALL && schema.enumeration.is_none() && schema.all_of.is_empty() => Some(nested),
            _ => None,
        };
        match nested.filter(|_| opened < MAX_WRAPS && says_nothing_itself(schema)) {
            Some(nested) => {
                opened += 1;
                null |= schema.or_null;
                pending.extend(nested.branches.iter().copied().zip(nested.names.iter().copied()).rev());
            }
            None => found.push((id, name)),
        }
    }
    (found, null)
}

/// The branches of an `anyOf` without those that a bare scalar type beside them covers: a list of known texts
/// beside any text is any text.
fn without_covered<'d>(contract: &Contract<'d>, branches: Vec<(SchemaId, Option<&'d str>)>) -> Vec<(SchemaId, Option<&'d str>)> {
    let scalar = TypeSet::STRING.union(TypeSet::NUMBER).union(TypeSet::BOOLEAN).union(TypeSet::NULL);
    let bare = |id: SchemaId| {
        let schema = contract.schema(peeled(contract, id));
        (is_bare(schema) && scalar.contains(schema.types)).then_some(schema.types)
    };
    let any: TypeSet = branches.iter().filter_map(|(id, _)| bare(*id)).fold(TypeSet::NONE, TypeSet::union);
    if any.is_empty() {
        return branches;
    }
    branches.into_iter().filter(|(id, _)| bare(*id).is_some() || !any.contains(types_of(contract, *id))).collect()
}

/// The types a schema leaves open with everything that `allOf` adds to it.
fn types_of(contract: &Contract<'_>, id: SchemaId) -> TypeSet {
    let mut types = TypeSet::ALL;
    let mut seen = HashSet::new();
    let mut pending = vec![peeled(contract, id)];
    while let Some(member) = pending.pop() {
        if seen.len() > MAX_MEMBERS || !seen.insert(member) {
            continue;
        }
        let schema = contract.schema(member);
        types = types.intersection(schema.types);
        pending.extend(&schema.all_of);
    }
    types
}

fn is_only_null(schema: &Schema<'_>) -> bool {
    schema.types == TypeSet::NULL
        || schema.enumeration.as_ref().is_some_and(|values| !values.is_empty() && values.iter().all(|value| value.is_null()))
}

/// Only a type, nothing else.
fn is_bare(schema: &Schema<'_>) -> bool {
    schema.enumeration.is_none() && schema.types != TypeSet::ALL && says_nothing_else(schema)
}

/// Whether no value can fit two branches, as far as their types and listed values tell.
fn are_disjoint(contract: &Contract<'_>, union: &Union<'_>) -> bool {
    let mut types = TypeSet::NONE;
    let (mut listed, mut values) = (TypeSet::NONE, BTreeSet::new());
    union.branches.iter().all(|id| {
        let branch = contract.schema(peeled(contract, *id));
        let Some(list) = &branch.enumeration else {
            let is_new = types.union(listed).intersection(branch.types).is_empty();
            types = types.union(branch.types);
            return is_new;
        };
        let kinds = list.iter().fold(TypeSet::NONE, |kinds, value| kinds.union(TypeSet::of(value)));
        listed = listed.union(kinds);
        let known = values.len();
        let own: BTreeSet<String> = list.iter().map(|value| canonical(value)).collect();
        values.extend(own.iter().cloned());
        types.intersection(kinds).is_empty() && values.len() == known + own.len()
    })
}

/// Only an enum, perhaps with its type.
fn is_bare_enum(schema: &Schema<'_>) -> bool {
    schema.enumeration.is_some() && says_nothing_else(schema)
}

fn says_nothing_else(schema: &Schema<'_>) -> bool {
    schema.all_of.is_empty() && schema.unions.is_empty() && says_nothing_itself(schema)
}

/// No keyword but types, enums, and what it is made of.
fn says_nothing_itself(schema: &Schema<'_>) -> bool {
    schema.format.is_none()
        && schema.pattern.is_none()
        && schema.minimum.is_none()
        && schema.maximum.is_none()
        && schema.multiple_of.is_none()
        && Count::ALL.iter().all(|count| count.of(schema).is_none())
        && !schema.unique_items
        && schema.content == (None, None)
        && schema.properties.is_empty()
        && schema.required.is_empty()
        && schema.additional == Additional::Open
        && schema.items.is_none()
        && schema.prefix_items.is_empty()
        && schema.constraints.is_empty()
        && schema.default.is_none()
        && schema.discriminator.is_none()
        && !(schema.read_only || schema.write_only || schema.deprecated)
}

fn tighter<'d>(known: Option<From<Bound<'d>>>, new: Option<From<Bound<'d>>>, upper: bool) -> Option<From<Bound<'d>>> {
    match (known, new) {
        (Some(known), Some(new)) => {
            let order = compare_bounds(&known.value, &new.value, upper);
            Some(if order == std::cmp::Ordering::Greater { known } else { new })
        }
        (known, new) => known.or(new),
    }
}

/// `Greater` when `a` is the tighter bound on whole numbers: below 11 is at most 10.
pub(super) fn compare_whole_bounds(a: &Bound<'_>, b: &Bound<'_>, upper: bool) -> std::cmp::Ordering {
    let last = |bound: &Bound<'_>| -> Option<i128> {
        let step = i128::from(bound.exclusive);
        match bound.value.as_i128() {
            Some(value) => Some(if upper { value - step } else { value + step }),
            None => {
                let value = bound.value.as_f64().filter(|value| value.abs() < 1e15)?;
                let whole = if upper { value.floor() } else { value.ceil() };
                let is_edge = i128::from(bound.exclusive && value.fract() == 0.0);
                #[expect(clippy::cast_possible_truncation, reason = "whole, and small")]
                let whole = whole as i128;
                Some(if upper { whole - is_edge } else { whole + is_edge })
            }
        }
    };
    match (last(a), last(b)) {
        (Some(a), Some(b)) if upper => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        _ => compare_bounds(a, b, upper),
    }
}

/// `Greater` when `a` is the tighter bound.
pub(super) fn compare_bounds(a: &Bound<'_>, b: &Bound<'_>, upper: bool) -> std::cmp::Ordering {
    let order = compare_numbers(a.value, b.value);
    let order = if upper { order.reverse() } else { order };
    order.then(a.exclusive.cmp(&b.exclusive))
}

/// Exact for integers, by value for all others.
pub(super) fn compare_numbers(a: &Number, b: &Number) -> std::cmp::Ordering {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0)),
    }
}
