//! Facts of one pair of schemas. Children become pairs of their own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::openapi::{Additional, PointerId, SchemaId, TypeSet, escape};

use super::change::{ChangeKind, Direction, Evidence, Fragment, Site};
use super::flat::{Count, Flat, FlatUnion, From, Property, compare_bounds, compare_numbers};
use super::unchanged::same;
use super::union::{find_alike, match_branches};
use super::walk::{Fact, Pair, Walk, small};

/// Compares the pair of `node`, records its facts and enters its children.
pub(super) fn compare(walk: &mut Walk<'_, '_>, node: usize) {
    let Some(pair) = walk.pair(node) else { return };
    let (before, after) = (walk.before, walk.after);
    if walk.is_same(node) && mirror(walk, node, pair) {
        return;
    }
    let a = Flat::of(before, pair.before);
    let b = Flat::of(after, pair.after);
    let mut compare = Compare { walk, node, direction: pair.direction, a, b };
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
    if !a.all_of.is_empty() || !a.unions.is_empty() {
        return false;
    }
    for ((name, old), (other, new)) in a.properties.iter().zip(&b.properties) {
        // The same members in another order: let the full comparison match them.
        if name != other {
            return false;
        }
        let projected = |contract: &crate::openapi::Contract<'_>, id: SchemaId| {
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
    a: Flat<'c, 'd>,
    b: Flat<'c, 'd>,
}

impl Compare<'_, '_, '_> {
    fn at_before(&self, id: SchemaId) -> PointerId {
        self.walk.before.schema(id).at
    }

    fn at_after(&self, id: SchemaId) -> PointerId {
        self.walk.after.schema(id).at
    }

    /// A fact about `keyword` in the schemas that hold it; an empty keyword means the schema itself.
    fn state(
        &mut self,
        kind: ChangeKind,
        at: (SchemaId, SchemaId),
        keyword: &str,
        subject: impl Into<String>,
        values: (Option<Value>, Option<Value>),
    ) {
        self.state_with(kind, at, keyword, subject, values, Evidence::default());
    }

    fn state_with(
        &mut self,
        kind: ChangeKind,
        at: (SchemaId, SchemaId),
        keyword: &str,
        subject: impl Into<String>,
        (before, after): (Option<Value>, Option<Value>),
        evidence: Evidence,
    ) {
        let object_before = self.walk.text_before(self.at_before(at.0));
        let object_after = self.walk.text_after(self.at_after(at.1));
        let below = |object: &str| if keyword.is_empty() { object.to_owned() } else { format!("{object}/{keyword}") };
        let site = Site {
            before: if before.is_some() || keyword.is_empty() { below(&object_before) } else { object_before.clone() },
            after: if after.is_some() || keyword.is_empty() { below(&object_after) } else { object_after.clone() },
        };
        let fact = Fact {
            kind,
            direction: self.direction,
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
                self.state(ChangeKind::VariantAdded, ids, keyword, name_of(&value), (None, Some(value)));
            }
            self.walk.child(self.node, self.a.id, alike);
        } else {
            let ids = self.ids();
            for branch in others {
                let value = self.describe_before(branch);
                self.state(ChangeKind::VariantRemoved, ids, keyword, name_of(&value), (Some(value), None));
            }
            self.walk.child(self.node, alike, self.b.id);
        }
        true
    }

    /// Types and nullability. Returns whether both sides still speak of the same kind of value.
    fn types(&mut self) -> bool {
        let (a, b) = (self.a.types, self.b.types);
        let any = TypeSet::ALL;
        let ids = self.ids();
        let names = |set: TypeSet| Some(json!(set.names()));
        if a != any && b != any {
            match (a.contains(TypeSet::NULL), b.contains(TypeSet::NULL)) {
                (false, true) => self.state(ChangeKind::BecameNullable, ids, "", "null", (names(a), names(b))),
                (true, false) => self.state(ChangeKind::BecameNotNullable, ids, "", "null", (names(a), names(b))),
                _ => {}
            }
        }
        let strip = |set: TypeSet| if a != any && b != any { set.without(TypeSet::NULL) } else { set };
        let (a, b) = (strip(a), strip(b));
        if a == b {
            return true;
        }
        if a.is_empty() || b.is_empty() {
            // One side is only null: the nullability fact has told it all.
            return false;
        }
        let values = (names(a), names(b));
        if a.contains(b) {
            self.state(ChangeKind::TypesNarrowed, ids, "type", "", values);
        } else if b.contains(a) {
            self.state(ChangeKind::TypesWidened, ids, "type", "", values);
        } else {
            self.state(ChangeKind::TypeChanged, ids, "type", "", values);
            return !a.intersection(b).is_empty();
        }
        true
    }

    fn values(&mut self) {
        self.enumeration();
        self.format();
        self.pattern();
        let (left, right) = (self.a.content, self.b.content);
        if left.value != right.value {
            let show = |(encoding, media): (Option<&str>, Option<&str>)| {
                let parts: Vec<&str> = [encoding, media].into_iter().flatten().collect();
                (!parts.is_empty()).then(|| json!(parts.join(" ")))
            };
            let at = (left.at, right.at);
            self.state(ChangeKind::ContentEncodingChanged, at, "", "", (show(left.value), show(right.value)));
        }
    }

    fn enumeration(&mut self) {
        let ids = self.ids();
        let list = |values: &[&Value]| Some(Value::Array(values.iter().take(12).map(|value| (*value).clone()).collect()));
        match (self.a.enumeration.take(), self.b.enumeration.take()) {
            (Some(old), Some(new)) => {
                let at = (old.at, new.at);
                let removed: Vec<&Value> = old.value.iter().filter(|value| !new.value.contains(value)).copied().collect();
                let added: Vec<&Value> = new.value.iter().filter(|value| !old.value.contains(value)).copied().collect();
                for value in removed {
                    if !value.is_null() || self.b.types.contains(TypeSet::NULL) {
                        self.state(ChangeKind::EnumValueRemoved, at, "enum", plain(value), (Some(value.clone()), None));
                    }
                }
                // The provider declared the set open: growth is no news.
                if self.a.extensible && self.direction == Direction::FromProvider {
                    return;
                }
                for value in added {
                    if !value.is_null() || self.a.types.contains(TypeSet::NULL) {
                        self.state(ChangeKind::EnumValueAdded, at, "enum", plain(value), (None, Some(value.clone())));
                    }
                }
            }
            (None, Some(new)) => self.state(ChangeKind::BecameEnum, (ids.0, new.at), "enum", "", (None, list(&new.value))),
            (Some(old), None) => {
                if !(self.a.extensible && self.direction == Direction::FromProvider) {
                    self.state(ChangeKind::NoLongerEnum, (old.at, ids.1), "enum", "", (list(&old.value), None));
                }
            }
            (None, None) => {}
        }
    }

    fn format(&mut self) {
        let ids = self.ids();
        let value = |format: &str| Some(json!(format));
        match (self.a.format, self.b.format) {
            (Some(old), Some(new)) if old.value != new.value => {
                let kind = match (old.value, new.value) {
                    ("int32", "int64") | ("float", "double") => ChangeKind::FormatWidened,
                    ("int64", "int32") | ("double", "float") => ChangeKind::FormatNarrowed,
                    _ => ChangeKind::FormatChanged,
                };
                self.state(kind, (old.at, new.at), "format", "", (value(old.value), value(new.value)));
            }
            (None, Some(new)) => self.state(ChangeKind::FormatAdded, (ids.0, new.at), "format", "", (None, value(new.value))),
            (Some(old), None) => self.state(ChangeKind::FormatRemoved, (old.at, ids.1), "format", "", (value(old.value), None)),
            _ => {}
        }
    }

    fn pattern(&mut self) {
        let ids = self.ids();
        let set = |patterns: &[From<&str>]| patterns.iter().map(|p| p.value.to_owned()).collect::<BTreeSet<String>>();
        let (old, new) = (set(&self.a.patterns), set(&self.b.patterns));
        if old == new {
            return;
        }
        let show =
            |set: &BTreeSet<String>| (!set.is_empty()).then(|| json!(set.iter().cloned().collect::<Vec<_>>().join(" and ")));
        let at = (
            self.a.patterns.first().map_or(ids.0, |pattern| pattern.at),
            self.b.patterns.first().map_or(ids.1, |pattern| pattern.at),
        );
        let kind = if old.is_subset(&new) {
            ChangeKind::PatternAdded
        } else if new.is_subset(&old) {
            ChangeKind::PatternRemoved
        } else {
            ChangeKind::PatternChanged
        };
        self.state(kind, at, "pattern", "", (show(&old), show(&new)));
    }

    fn numbers(&mut self) {
        let bounds = [
            (self.a.minimum, self.b.minimum, false, "minimum", ChangeKind::MinimumTightened, ChangeKind::MinimumLoosened),
            (self.a.maximum, self.b.maximum, true, "maximum", ChangeKind::MaximumTightened, ChangeKind::MaximumLoosened),
        ];
        let ids = self.ids();
        for (old, new, upper, keyword, tightened, loosened) in bounds {
            let kind = match (&old, &new) {
                (Some(old), Some(new)) => match compare_bounds(&old.value, &new.value, upper) {
                    std::cmp::Ordering::Equal => continue,
                    std::cmp::Ordering::Less => tightened,
                    std::cmp::Ordering::Greater => loosened,
                },
                (None, Some(_)) => tightened,
                (Some(_), None) => loosened,
                (None, None) => continue,
            };
            let exclusive = |bound: bool| {
                if bound && upper {
                    "below "
                } else if bound {
                    "above "
                } else {
                    ""
                }
            };
            let show = |bound: Option<From<crate::openapi::Bound<'_>>>| {
                bound.map(|bound| match exclusive(bound.value.exclusive) {
                    "" => Value::Number(bound.value.value.clone()),
                    word => json!(format!("{word}{}", bound.value.value)),
                })
            };
            let at = (old.map_or(ids.0, |bound| bound.at), new.map_or(ids.1, |bound| bound.at));
            self.state(kind, at, keyword, "", (show(old), show(new)));
        }
        for count in Count::ALL {
            self.count(count);
        }
        self.multiple_of();
        match (self.a.unique_items, self.b.unique_items) {
            (None, Some(new)) => {
                self.state(ChangeKind::UniqueItemsAdded, (ids.0, new), "uniqueItems", "", (None, Some(json!(true))));
            }
            (Some(old), None) => {
                self.state(ChangeKind::UniqueItemsRemoved, (old, ids.1), "uniqueItems", "", (Some(json!(true)), None));
            }
            _ => {}
        }
    }

    fn count(&mut self, count: Count) {
        let (old, new) = (self.a.count(count), self.b.count(count));
        let tighter = match (old, new) {
            (Some(old), Some(new)) if old.value == new.value => return,
            (Some(old), Some(new)) => (new.value < old.value) == count.is_upper(),
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => return,
        };
        let (keyword, tightened, loosened) = match count {
            Count::MinLength => ("minLength", ChangeKind::MinLengthTightened, ChangeKind::MinLengthLoosened),
            Count::MaxLength => ("maxLength", ChangeKind::MaxLengthTightened, ChangeKind::MaxLengthLoosened),
            Count::MinItems => ("minItems", ChangeKind::MinItemsTightened, ChangeKind::MinItemsLoosened),
            Count::MaxItems => ("maxItems", ChangeKind::MaxItemsTightened, ChangeKind::MaxItemsLoosened),
            Count::MinProperties => ("minProperties", ChangeKind::MinPropertiesTightened, ChangeKind::MinPropertiesLoosened),
            Count::MaxProperties => ("maxProperties", ChangeKind::MaxPropertiesTightened, ChangeKind::MaxPropertiesLoosened),
        };
        let ids = self.ids();
        let at = (old.map_or(ids.0, |count| count.at), new.map_or(ids.1, |count| count.at));
        let show = |count: Option<From<u64>>| count.map(|count| json!(count.value));
        self.state(if tighter { tightened } else { loosened }, at, keyword, "", (show(old), show(new)));
    }

    fn multiple_of(&mut self) {
        let ids = self.ids();
        let divides = |step: &serde_json::Number, of: &serde_json::Number| {
            let (step, of) = (step.as_f64().unwrap_or(0.0), of.as_f64().unwrap_or(0.0));
            step != 0.0 && ((of / step) - (of / step).round()).abs() < 1e-9
        };
        let kind = match (self.a.multiple_of, self.b.multiple_of) {
            (Some(old), Some(new)) if compare_numbers(old.value, new.value).is_eq() => return,
            (Some(old), Some(new)) if divides(old.value, new.value) => ChangeKind::MultipleOfTightened,
            (Some(old), Some(new)) if divides(new.value, old.value) => ChangeKind::MultipleOfLoosened,
            (Some(_), Some(_)) => ChangeKind::MultipleOfChanged,
            (None, Some(_)) => ChangeKind::MultipleOfTightened,
            (Some(_), None) => ChangeKind::MultipleOfLoosened,
            (None, None) => return,
        };
        let (old, new) = (self.a.multiple_of, self.b.multiple_of);
        let at = (old.map_or(ids.0, |step| step.at), new.map_or(ids.1, |step| step.at));
        let show = |step: Option<From<&serde_json::Number>>| step.map(|step| Value::Number(step.value.clone()));
        self.state(kind, at, "multipleOf", "", (show(old), show(new)));
    }

    fn objects(&mut self) {
        let left = std::mem::take(&mut self.a.properties);
        let right = std::mem::take(&mut self.b.properties);
        let names: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        for name in names {
            match (left.get(name), right.get(name)) {
                (Some(old), Some(new)) => self.property(name, old, new),
                (Some(old), None) => self.property_removed(name, old),
                (None, Some(new)) => self.property_added(name, new),
                (None, None) => {}
            }
        }
        self.required_undeclared(&left, &right);
        self.additional();
    }

    /// Whether a property does not travel in this direction (OpenAPI 3.0.3 section 4.7.24.2).
    fn projected_out(&self, property: &Property, is_before: bool) -> bool {
        let contract = if is_before { self.walk.before } else { self.walk.after };
        property.schemas.iter().any(|id| {
            let (read_only, write_only) = read_write(contract, *id);
            match self.direction {
                Direction::ToProvider => read_only,
                Direction::FromProvider => write_only,
                Direction::Neither => false,
            }
        })
    }

    fn evidence(&self, name: &str) -> Evidence {
        Evidence {
            was_required: self.a.required.contains_key(name),
            is_required: self.b.required.contains_key(name),
            was_closed: self.a.is_closed(),
            is_closed: self.b.is_closed(),
            ..Evidence::default()
        }
    }

    fn property(&mut self, name: &str, old: &Property, new: &Property) {
        let (gone_before, gone_after) = (self.projected_out(old, true), self.projected_out(new, false));
        let at = (old.owner.unwrap_or(self.a.id), new.owner.unwrap_or(self.b.id));
        let keyword = format!("properties/{}", escape(name));
        let evidence = self.evidence(name);
        let both = (Some(json!(true)), Some(json!(true)));
        match (gone_before, gone_after, self.direction) {
            (true, true, _) => return,
            (false, true, Direction::ToProvider) => {
                self.state_with(ChangeKind::ReadOnlyAdded, at, &keyword, name, both, evidence);
                return;
            }
            (true, false, Direction::ToProvider) => {
                self.state_with(ChangeKind::ReadOnlyRemoved, at, &keyword, name, both, evidence);
                return;
            }
            (false, true, _) => {
                self.state_with(ChangeKind::WriteOnlyAdded, at, &keyword, name, both, evidence);
                return;
            }
            (true, false, _) => {
                self.state_with(ChangeKind::WriteOnlyRemoved, at, &keyword, name, both, evidence);
                return;
            }
            (false, false, _) => {}
        }
        match (evidence.was_required, evidence.is_required) {
            (false, true) => self.state_with(ChangeKind::PropertyBecameRequired, at, &keyword, name, both, evidence),
            (true, false) => self.state_with(ChangeKind::PropertyBecameOptional, at, &keyword, name, both, evidence),
            _ => {}
        }
        for (old, new) in zip_members(&old.schemas, &new.schemas) {
            self.walk.child(self.node, old, new);
        }
    }

    fn property_removed(&mut self, name: &str, old: &Property) {
        if self.projected_out(old, true) {
            return;
        }
        let at = (old.owner.unwrap_or(self.a.id), self.b.id);
        let value = old.schemas.first().map(|id| self.describe_before(*id));
        self.state_with(
            ChangeKind::PropertyRemoved,
            at,
            &format!("properties/{}", escape(name)),
            name,
            (value, None),
            self.evidence(name),
        );
    }

    fn property_added(&mut self, name: &str, new: &Property) {
        if self.projected_out(new, false) {
            return;
        }
        let evidence = self.evidence(name);
        let kind = if evidence.is_required { ChangeKind::RequiredPropertyAdded } else { ChangeKind::OptionalPropertyAdded };
        let at = (self.a.id, new.owner.unwrap_or(self.b.id));
        let value = new.schemas.first().map(|id| self.describe_after(*id));
        self.state_with(kind, at, &format!("properties/{}", escape(name)), name, (None, value), evidence);
    }

    /// Names that are required without being declared as properties.
    fn required_undeclared(
        &mut self,
        left: &std::collections::BTreeMap<&str, Property>,
        right: &std::collections::BTreeMap<&str, Property>,
    ) {
        let names: BTreeSet<String> =
            self.a.required.keys().chain(self.b.required.keys()).map(|name| (*name).to_owned()).collect();
        for name in names {
            if left.contains_key(name.as_str()) || right.contains_key(name.as_str()) {
                continue;
            }
            let evidence = self.evidence(&name);
            let at = (
                self.a.required.get(name.as_str()).copied().unwrap_or(self.a.id),
                self.b.required.get(name.as_str()).copied().unwrap_or(self.b.id),
            );
            match (evidence.was_required, evidence.is_required) {
                (false, true) => {
                    self.state_with(
                        ChangeKind::PropertyBecameRequired,
                        at,
                        "required",
                        name,
                        (None, Some(json!(true))),
                        evidence,
                    );
                }
                (true, false) => {
                    self.state_with(
                        ChangeKind::PropertyBecameOptional,
                        at,
                        "required",
                        name,
                        (Some(json!(true)), None),
                        evidence,
                    );
                }
                _ => {}
            }
        }
    }

    fn additional(&mut self) {
        if !self.a.types.contains(TypeSet::OBJECT) || !self.b.types.contains(TypeSet::OBJECT) {
            return;
        }
        let (old, new) = (self.a.additional, self.b.additional);
        let at = (old.at, new.at);
        let show = |additional: Additional| match additional {
            Additional::Open => json!(true),
            Additional::Closed => json!(false),
            Additional::Schema(_) => json!("a schema"),
        };
        let kind = match (old.value, new.value) {
            (Additional::Open, Additional::Open) | (Additional::Closed, Additional::Closed) => return,
            (Additional::Schema(old), Additional::Schema(new)) => return self.walk.child(self.node, old, new),
            (Additional::Open, _) | (Additional::Schema(_), Additional::Closed) => ChangeKind::AdditionalPropertiesNarrowed,
            (_, Additional::Open) | (Additional::Closed, Additional::Schema(_)) => ChangeKind::AdditionalPropertiesWidened,
        };
        self.state(kind, at, "additionalProperties", "", (Some(show(old.value)), Some(show(new.value))));
    }

    fn arrays(&mut self) {
        let arrays = self.a.types.contains(TypeSet::ARRAY) && self.b.types.contains(TypeSet::ARRAY);
        let untyped = |flat: &Flat<'_, '_>| flat.items.is_empty() && flat.prefix_items.is_empty();
        if !arrays || (untyped(&self.a) && untyped(&self.b)) {
            return;
        }
        let (left, right) = (std::mem::take(&mut self.a.items), std::mem::take(&mut self.b.items));
        let (left_prefix, right_prefix) = (std::mem::take(&mut self.a.prefix_items), std::mem::take(&mut self.b.prefix_items));
        let rest = |items: &[SchemaId]| items.first().copied().unwrap_or(SchemaId::ANY);
        if left.is_empty() || right.is_empty() {
            self.walk.child(self.node, rest(&left), rest(&right));
        } else {
            for (old, new) in zip_members(&left, &right) {
                self.walk.child(self.node, old, new);
            }
        }
        for index in 0..left_prefix.len().max(right_prefix.len()) {
            let old = left_prefix.get(index).copied().unwrap_or_else(|| rest(&left));
            let new = right_prefix.get(index).copied().unwrap_or_else(|| rest(&right));
            self.walk.child(self.node, old, new);
        }
    }

    fn unions(&mut self) {
        let mut left = std::mem::take(&mut self.a.unions).into_iter();
        let mut right = std::mem::take(&mut self.b.unions).into_iter();
        loop {
            match (left.next(), right.next()) {
                (Some(old), Some(new)) => self.union(&old, &new),
                (Some(old), None) => {
                    let at = (old.at, self.b.id);
                    self.state(ChangeKind::CompositionRemoved, at, keyword(&old), "", (Some(json!(old.branches.len())), None));
                }
                (None, Some(new)) => {
                    let at = (self.a.id, new.at);
                    self.state(ChangeKind::CompositionAdded, at, keyword(&new), "", (None, Some(json!(new.branches.len()))));
                }
                (None, None) => break,
            }
        }
        self.discriminator();
        self.constraints();
    }

    fn union(&mut self, old: &FlatUnion, new: &FlatUnion) {
        let at = (old.at, new.at);
        if old.exclusive != new.exclusive {
            let values = (Some(json!(keyword(old))), Some(json!(keyword(new))));
            self.state(ChangeKind::CompositionChanged, at, "", "", values);
        }
        let matched = match_branches(self.walk.before, &old.branches, self.walk.after, &new.branches);
        let evidence =
            Evidence { discriminated: self.a.discriminator.is_some() && self.b.discriminator.is_some(), ..Evidence::default() };
        for branch in matched.removed {
            let value = self.describe_before(branch);
            self.state_with(ChangeKind::VariantRemoved, at, keyword(old), name_of(&value), (Some(value), None), evidence);
        }
        for branch in matched.added {
            let value = self.describe_after(branch);
            self.state_with(ChangeKind::VariantAdded, at, keyword(new), name_of(&value), (None, Some(value)), evidence);
        }
        for (old, new) in matched.pairs {
            self.walk.child(self.node, old, new);
        }
    }

    fn discriminator(&mut self) {
        let ids = self.ids();
        let (old, new) = match (self.a.discriminator, self.b.discriminator) {
            (Some(old), Some(new)) => (old, new),
            (None, Some(new)) => {
                let value = Some(json!(new.value.property));
                return self.state(
                    ChangeKind::DiscriminatorAdded,
                    (ids.0, new.at),
                    "discriminator",
                    new.value.property,
                    (None, value),
                );
            }
            (Some(old), None) => {
                let value = Some(json!(old.value.property));
                return self.state(
                    ChangeKind::DiscriminatorRemoved,
                    (old.at, ids.1),
                    "discriminator",
                    old.value.property,
                    (value, None),
                );
            }
            (None, None) => return,
        };
        let at = (old.at, new.at);
        if old.value.property != new.value.property {
            let values = (Some(json!(old.value.property)), Some(json!(new.value.property)));
            self.state(ChangeKind::DiscriminatorPropertyChanged, at, "discriminator", old.value.property, values);
        }
        let tags = |mapping: &[(&str, &str)]| mapping.iter().map(|(tag, _)| (*tag).to_owned()).collect::<BTreeSet<String>>();
        let (before, after) = (tags(&old.value.mapping), tags(&new.value.mapping));
        for tag in before.difference(&after) {
            self.state(ChangeKind::DiscriminatorMappingRemoved, at, "discriminator", tag, (Some(json!(tag)), None));
        }
        for tag in after.difference(&before) {
            self.state(ChangeKind::DiscriminatorMappingAdded, at, "discriminator", tag, (None, Some(json!(tag))));
        }
    }

    fn constraints(&mut self) {
        let left = std::mem::take(&mut self.a.constraints);
        let right = std::mem::take(&mut self.b.constraints);
        let ids = self.ids();
        let names: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        for name in names {
            let (old, new) = (left.get(name).map_or(&[][..], Vec::as_slice), right.get(name).map_or(&[][..], Vec::as_slice));
            if old.len() == new.len() && old.iter().zip(new).all(|(a, b)| same(a.value, b.value)) {
                continue;
            }
            let at = (old.first().map_or(ids.0, |word| word.at), new.first().map_or(ids.1, |word| word.at));
            let show = |words: &[From<&Value>]| words.first().map(|word| small(word.value).unwrap_or_else(|| json!("…")));
            self.state(ChangeKind::ConstraintChanged, at, name, name, (show(old), show(new)));
        }
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
    fn describe_before(&self, id: SchemaId) -> Value {
        describe(self.walk.before, id)
    }

    fn describe_after(&self, id: SchemaId) -> Value {
        describe(self.walk.after, id)
    }
}

/// The name of a component, else the title, else the types.
fn describe(contract: &crate::openapi::Contract<'_>, id: SchemaId) -> Value {
    let schema = contract.schema(id);
    let pointer = contract.pointers.text(schema.at);
    let component = ["/components/schemas/", "/definitions/"].iter().find_map(|prefix| pointer.strip_prefix(prefix));
    if let Some(name) = component.filter(|name| !name.contains('/')) {
        return json!(name);
    }
    if let Some(title) = schema.value.get("title").and_then(Value::as_str) {
        return json!(title);
    }
    json!(Flat::of(contract, id).types.names().join(" or "))
}

fn name_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

const fn keyword(union: &FlatUnion) -> &'static str {
    if union.exclusive { "oneOf" } else { "anyOf" }
}

/// Members of `allOf` that constrain one property, paired in order; a missing one accepts anything.
fn zip_members(old: &[SchemaId], new: &[SchemaId]) -> Vec<(SchemaId, SchemaId)> {
    (0..old.len().max(new.len()))
        .map(|index| (old.get(index).copied().unwrap_or(SchemaId::ANY), new.get(index).copied().unwrap_or(SchemaId::ANY)))
        .collect()
}

/// `readOnly` and `writeOnly` of a schema, looking through `allOf`.
fn read_write(contract: &crate::openapi::Contract<'_>, id: SchemaId) -> (bool, bool) {
    let schema = contract.schema(id);
    let mut flags = (schema.read_only, schema.write_only);
    if schema.all_of.is_empty() {
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
        }
    }
    flags
}
