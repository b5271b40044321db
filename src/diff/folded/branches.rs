//! What branches of a union come to: which are one schema wrapped, which only a type, which cannot overlap.

use std::collections::{BTreeSet, HashSet};

use crate::openapi::{Additional, Contract, Schema, SchemaId, TypeSet, Union};

use super::super::equality::canonical;
use super::schema::Count;

/// Members of one `allOf` tree that are folded; real ones have a dozen.
pub(super) const MAX_MEMBERS: usize = 500;

/// A branch of a union, and what it is called where it is a reference.
pub(super) struct NamedBranch<'d> {
    pub(super) id: SchemaId,
    pub(super) name: Option<&'d str>,
}

impl<'d> NamedBranch<'d> {
    fn all<'u>(union: &'u Union<'d>) -> impl DoubleEndedIterator<Item = Self> + use<'u, 'd> {
        union.branches.iter().zip(&union.names).map(|(id, name)| Self { id: *id, name: *name })
    }
}

/// Schemas around one schema that say nothing themselves are passed over, so many deep.
const MAX_WRAPS: usize = 16;

/// The schema inside `allOf`, `anyOf` and `oneOf` of one, where nothing else is said.
pub(super) fn peeled(contract: &Contract<'_>, id: SchemaId) -> SchemaId {
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
pub(super) fn branches_of<'d>(contract: &Contract<'d>, union: &Union<'d>) -> (Vec<NamedBranch<'d>>, bool) {
    let mut found = Vec::with_capacity(union.branches.len());
    let mut pending: Vec<NamedBranch<'d>> = NamedBranch::all(union).rev().collect();
    let (mut opened, mut null) = (0, false);
    while let Some(branch) = pending.pop() {
        let schema = contract.schema(peeled(contract, branch.id));
        let nested = match schema.unions.as_slice() {
            [nested] if schema.types == TypeSet::ALL && schema.enumeration.is_none() && schema.all_of.is_empty() => Some(nested),
            _ => None,
        };
        match nested.filter(|_| opened < MAX_WRAPS && says_nothing_itself(schema)) {
            Some(nested) => {
                opened += 1;
                null |= schema.or_null;
                pending.extend(NamedBranch::all(nested).rev());
            }
            None => found.push(branch),
        }
    }
    (found, null)
}

/// The branches of an `anyOf` without those that a bare scalar type beside them covers: a list of known texts
/// beside any text is any text.
pub(super) fn without_covered<'d>(contract: &Contract<'d>, branches: Vec<NamedBranch<'d>>) -> Vec<NamedBranch<'d>> {
    let scalar = TypeSet::STRING.union(TypeSet::NUMBER).union(TypeSet::BOOLEAN).union(TypeSet::NULL);
    let bare = |id: SchemaId| {
        let schema = contract.schema(peeled(contract, id));
        (is_bare(schema) && scalar.contains(schema.types)).then_some(schema.types)
    };
    let any: TypeSet = branches.iter().filter_map(|branch| bare(branch.id)).fold(TypeSet::NONE, TypeSet::union);
    if any.is_empty() {
        return branches;
    }
    branches.into_iter().filter(|branch| bare(branch.id).is_some() || !any.contains(types_of(contract, branch.id))).collect()
}

/// The types a schema leaves open with everything that `allOf` adds to it.
pub(super) fn types_of(contract: &Contract<'_>, id: SchemaId) -> TypeSet {
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

pub(super) fn is_only_null(schema: &Schema<'_>) -> bool {
    schema.types == TypeSet::NULL
        || schema.enumeration.as_ref().is_some_and(|values| !values.is_empty() && values.iter().all(|value| value.is_null()))
}

/// Only a type, nothing else.
pub(super) fn is_bare(schema: &Schema<'_>) -> bool {
    schema.enumeration.is_none() && schema.types != TypeSet::ALL && says_nothing_else(schema)
}

/// Whether no value can fit two branches, as far as their types and listed values tell.
pub(super) fn are_disjoint(contract: &Contract<'_>, union: &Union<'_>) -> bool {
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
pub(super) fn is_bare_enum(schema: &Schema<'_>) -> bool {
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
