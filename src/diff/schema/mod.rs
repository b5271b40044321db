//! Facts of one pair of schemas. Children become pairs of their own.

mod objects;
mod unions;
mod values;

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::model::Direction;
use crate::openapi::{Additional, Contract, PointerId, SchemaId, TypeSet, Value};

use super::branches::find_alike;
use super::change::{ChangeKind, Compared, Evidence, Fragment, Site};
use super::flat::{Flat, FlatUnion, From};
use super::unchanged::same;
use super::walk::{Fact, Pair, Walk, small};

/// Compares the pair of `node`, records its facts and enters its children.
pub(super) fn compare<'d>(walk: &mut Walk<'_, 'd>, node: usize) {
    let Some(pair) = walk.pair(node) else { return };
    let (before, after) = (walk.before, walk.after);
    if walk.is_same(node) && mirror(walk, node, pair) {
        return;
    }
    let a = Flat::of(before, pair.before);
    let b = Flat::of(after, pair.after);
    if a.exhausted || b.exhausted {
        walk.give_up();
    }
    let listed = |flat: &Flat<'_, 'd>| flat.enumeration.as_ref().map(|word| word.value.clone());
    let listed = (listed(&a), listed(&b));
    let mut compare = Compare {
        walk,
        node,
        direction: pair.direction,
        branch: None,
        a,
        b,
        listed,
        lost: BTreeSet::new(),
        gained: BTreeSet::new(),
        branches: Default::default(),
    };
    if compare.wrapped() {
        return;
    }
    if compare.types() {
        compare.values();
        compare.numbers();
        compare.objects();
        compare.arrays();
        compare.unions();
    }
    compare.annotations();
}

/// Enters the children of two schemas that are written alike: no fact can be found here, only beneath.
///
/// Returns false where it cannot speak for the whole: what `allOf` folds in may have changed elsewhere.
fn mirror(walk: &mut Walk<'_, '_>, node: usize, pair: Pair) -> bool {
    let (a, b) = (walk.before.schema(pair.before), walk.after.schema(pair.after));
    // The form of a Swagger 2.0 operation is put together from parameters that may stand elsewhere.
    // A base with a discriminator stands for its subtypes as well, and what is compared as a whole has no children: what it
    // refers to may have changed.
    let is_whole = !a.all_of.is_empty() || !a.unions.is_empty() || a.discriminator.is_some() || !a.constraints.is_empty();
    if is_whole || a.value.is_null() || b.value.is_null() {
        return false;
    }
    for ((name, old), (other, new)) in a.properties.iter().zip(&b.properties) {
        // The same members in another order: let the full comparison match them.
        if name != other {
            return false;
        }
        let projected = |contract: &Contract<'_>, id: SchemaId| {
            let (read_only, write_only) = read_write(contract, id);
            match pair.direction {
                Direction::ToProvider => read_only,
                Direction::FromProvider => write_only,
                Direction::Neither => false,
            }
        };
        match (projected(walk.before, *old), projected(walk.after, *new)) {
            (true, true) => {}
            (false, false) => walk.child(node, *old, *new),
            // `readOnly` moved inside a referred schema: the full comparison tells it.
            _ => return false,
        }
    }
    if let (Additional::Schema(old), Additional::Schema(new)) = (a.additional, b.additional) {
        walk.child(node, old, new);
    }
    for (old, new) in a.items.iter().chain(&a.prefix_items).zip(b.items.iter().chain(&b.prefix_items)) {
        walk.child(node, *old, *new);
    }
    true
}

struct Compare<'w, 'c, 'd> {
    walk: &'w mut Walk<'c, 'd>,
    node: usize,
    direction: Direction,
    /// The alternative that the next fact is about.
    branch: Option<SchemaId>,
    a: Flat<'c, 'd>,
    b: Flat<'c, 'd>,
    /// The values that an enum lists, before and after.
    listed: (Option<Vec<&'d Value>>, Option<Vec<&'d Value>>),
    /// Branches of a union that are gone, by name: what else tells of them is an echo.
    lost: BTreeSet<String>,
    /// Branches that are new.
    gained: BTreeSet<String>,
    /// Components that are branches of the union, before and after.
    branches: (BTreeSet<String>, BTreeSet<String>),
}

impl Compare<'_, '_, '_> {
    fn at_before(&self, id: SchemaId) -> PointerId {
        if id.is_constant() { self.walk.places(self.node).0 } else { self.walk.before.schema(id).at }
    }

    fn at_after(&self, id: SchemaId) -> PointerId {
        if id.is_constant() { self.walk.places(self.node).1 } else { self.walk.after.schema(id).at }
    }

    /// A fact about `keyword` in the schemas that hold it; an empty keyword means the schema itself.
    fn state(
        &mut self,
        kind: ChangeKind,
        at: (SchemaId, SchemaId),
        keyword: &str,
        subject: impl Into<String>,
        values: (Option<Json>, Option<Json>),
    ) {
        self.state_with(kind, at, keyword, subject, values, Evidence::default());
    }

    fn state_with(
        &mut self,
        kind: ChangeKind,
        at: (SchemaId, SchemaId),
        keyword: &str,
        subject: impl Into<String>,
        values: (Option<Json>, Option<Json>),
        evidence: Evidence,
    ) {
        self.state_at(kind, at, (keyword, keyword), subject, values, evidence);
    }

    /// A fact about a keyword of each side.
    fn state_at(
        &mut self,
        kind: ChangeKind,
        at: (SchemaId, SchemaId),
        keywords: (&str, &str),
        subject: impl Into<String>,
        (before, after): (Option<Json>, Option<Json>),
        evidence: Evidence,
    ) {
        let object_before = self.walk.text_before(self.at_before(at.0));
        let object_after = self.walk.text_after(self.at_after(at.1));
        let place = |object: &str, keyword: &str, is_there: bool| match keyword {
            "" => object.to_owned(),
            _ if !is_there => object.to_owned(),
            keyword => format!("{object}/{keyword}"),
        };
        let site = Site {
            before: place(&object_before, keywords.0, before.is_some()),
            after: place(&object_after, keywords.1, after.is_some()),
        };
        let branch = self.branch.take();
        let fact = Fact {
            kind,
            direction: self.direction,
            compared: Some(Compared { link: self.node, holders: at, branch }),
            subject: subject.into(),
            before,
            after,
            evidence,
            site,
            fragment: Fragment { before: Some(object_before), after: Some(object_after) },
        };
        self.walk.record(self.node, fact);
    }

    const fn ids(&self) -> (SchemaId, SchemaId) {
        (self.a.id, self.b.id)
    }

    /// A plain schema that became a branch of a union, or the reverse: one branch more or fewer.
    fn wrapped(&mut self) -> bool {
        let (walk, a, b) = (&*self.walk, &self.a, &self.b);
        let (union, alike, grew) = match (a.unions.as_slice(), b.unions.as_slice()) {
            ([], [union]) if b.is_only_unions() => (union, find_alike(walk.before, a.id, walk.after, &union.branches), true),
            ([union], []) if a.is_only_unions() => (union, find_alike(walk.after, b.id, walk.before, &union.branches), false),
            _ => return false,
        };
        let Some(alike) = alike else { return false };
        let others: Vec<SchemaId> = union.branches.iter().copied().filter(|branch| *branch != alike).collect();
        let keyword = if union.exclusive { "oneOf" } else { "anyOf" };
        if grew {
            let ids = self.ids();
            for branch in others {
                let value = self.describe_after(branch);
                self.branch = Some(branch);
                self.state(ChangeKind::VariantAdded, ids, keyword, name_of(&value), (None, Some(value)));
            }
            self.walk.child(self.node, self.a.id, alike);
        } else {
            let ids = self.ids();
            for branch in others {
                let value = self.describe_before(branch);
                self.branch = Some(branch);
                self.state(ChangeKind::VariantRemoved, ids, keyword, name_of(&value), (Some(value), None));
            }
            self.walk.child(self.node, alike, self.b.id);
        }
        true
    }

    /// Types and nullability. Returns whether both sides still speak of the same kind of value.
    fn types(&mut self) -> bool {
        // What alternatives have in common may stand beside them or in each of them. Where it stands alike on both
        // sides, the alternatives that came and went are told of by themselves.
        let effective = |flat: &Flat<'_, '_>| flat.types.intersection(flat.union_types);
        let alike = self.a.types == self.b.types && self.a.unions.is_empty() == self.b.unions.is_empty();
        let (a, b) = if alike { (self.a.types, self.b.types) } else { (effective(&self.a), effective(&self.b)) };
        let any = TypeSet::ALL;
        let ids = self.ids();
        let names = |set: TypeSet| Some(json!(set.names()));
        let strip = |set: TypeSet| if a != any && b != any { set.without(TypeSet::NULL) } else { set };
        let (plain_a, plain_b) = (strip(a), strip(b));
        if plain_a != plain_b && !plain_a.contains(plain_b) && !plain_b.contains(plain_a) {
            // Whether null is one of the old or new types is part of the same fact.
            self.state(ChangeKind::TypeChanged, ids, "type", "", (names(a), names(b)));
            return !plain_a.intersection(plain_b).is_empty();
        }
        if plain_a.is_empty() != plain_b.is_empty() && !a.is_empty() && !b.is_empty() {
            // Only null on one side.
            let kind = match (a.contains(b), b.contains(a)) {
                (true, _) => ChangeKind::TypesNarrowed,
                (_, true) => ChangeKind::TypesWidened,
                _ => ChangeKind::TypeChanged,
            };
            self.state(kind, ids, "type", "", (names(a), names(b)));
            return kind != ChangeKind::TypeChanged;
        }
        if a != any && b != any {
            match (a.contains(TypeSet::NULL), b.contains(TypeSet::NULL)) {
                (false, true) => self.state(ChangeKind::BecameNullable, ids, "", "null", (names(a), names(b))),
                (true, false) => self.state(ChangeKind::BecameNotNullable, ids, "", "null", (names(a), names(b))),
                _ => {}
            }
        }
        // Where both list their values, and each list keeps to its types, the values that came and went tell of it.
        let keep = |values: &[&Value], types: TypeSet| values.iter().all(|v| v.is_null() || types.contains(TypeSet::of(v)));
        if let (Some(old), Some(new)) = &self.listed
            && keep(old, a)
            && keep(new, b)
        {
            return true;
        }
        let values = (names(plain_a), names(plain_b));
        if plain_a != plain_b && plain_a.contains(plain_b) {
            self.state(ChangeKind::TypesNarrowed, ids, "type", "", values);
        } else if plain_a != plain_b {
            self.state(ChangeKind::TypesWidened, ids, "type", "", values);
        }
        true
    }

    fn annotations(&mut self) {
        let ids = self.ids();
        let (old, new) = (self.a.default, self.b.default);
        let show = |word: Option<From<&Value>>| word.map(|word| small(word.value).unwrap_or_else(|| json!("…")));
        let equal = match (&old, &new) {
            (Some(a), Some(b)) => same(a.value, b.value),
            (None, None) => true,
            _ => false,
        };
        if !equal {
            let at = (old.map_or(ids.0, |word| word.at), new.map_or(ids.1, |word| word.at));
            self.state(ChangeKind::DefaultChanged, at, "default", "", (show(old), show(new)));
        }
        match (self.a.deprecated, self.b.deprecated) {
            (None, Some(new)) => {
                self.state(ChangeKind::SchemaDeprecated, (ids.0, new), "deprecated", "", (None, Some(json!(true))));
            }
            (Some(old), None) => {
                self.state(ChangeKind::SchemaReactivated, (old, ids.1), "deprecated", "", (Some(json!(true)), None));
            }
            _ => {}
        }
    }

    /// What a schema is, in a word or two.
    fn describe_before(&self, id: SchemaId) -> Json {
        describe(self.walk.before, id)
    }

    fn describe_after(&self, id: SchemaId) -> Json {
        describe(self.walk.after, id)
    }
}

/// The name of a component, else the title, else the types.
fn describe(contract: &Contract<'_>, id: SchemaId) -> Json {
    let schema = contract.schema(id);
    if let Some(name) = component_name(contract, id) {
        return json!(name);
    }
    if let Some(title) = schema.value.get("title").and_then(Value::as_str) {
        return json!(title);
    }
    let flat = Flat::of(contract, id);
    let types = flat.types.names().join(" or ");
    // Two of three branches may be objects: what one must have tells it from the others.
    let required: Vec<&str> = flat.required.keys().copied().take(2).collect();
    if required.is_empty() { json!(types) } else { json!(format!("{types} with {}", required.join(" and "))) }
}

/// The name of a component, if that is what a schema is.
fn component_name(contract: &Contract<'_>, id: SchemaId) -> Option<String> {
    let pointer = contract.pointers.text(contract.schema(id).at);
    let name = ["/components/schemas/", "/definitions/"].iter().find_map(|prefix| pointer.strip_prefix(prefix))?;
    (!name.contains('/') && !id.is_constant()).then(|| name.replace("~1", "/").replace("~0", "~"))
}

fn name_of(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

const fn keyword(union: &FlatUnion<'_>) -> &'static str {
    if union.exclusive { "oneOf" } else { "anyOf" }
}

/// `readOnly` and `writeOnly` of a schema, looking through `allOf` and through a union of one.
fn read_write(contract: &Contract<'_>, id: SchemaId) -> (bool, bool) {
    let schema = contract.schema(id);
    let mut flags = (schema.read_only, schema.write_only);
    if schema.all_of.is_empty() && schema.unions.is_empty() {
        return flags;
    }
    let mut seen = BTreeSet::new();
    let mut pending = vec![id];
    while let Some(at) = pending.pop() {
        if seen.insert(at) {
            let schema = contract.schema(at);
            flags.0 |= schema.read_only;
            flags.1 |= schema.write_only;
            pending.extend(&schema.all_of);
            for union in &schema.unions {
                let mut branches = union.branches.iter().filter(|id| contract.schema(**id).types != TypeSet::NULL);
                if let (Some(only), None) = (branches.next(), branches.next()) {
                    pending.push(*only);
                }
            }
        }
    }
    flags
}
