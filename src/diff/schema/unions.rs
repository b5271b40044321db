//! Facts about alternatives and everything compared as a whole: unions, discriminators, constraints.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::openapi::{Contract, Discriminator, SchemaId, TypeSet, Value, resolve};

use super::super::branches::match_branches;
use super::super::change::{ChangeKind, Evidence};
use super::super::flat::{Flat, FlatUnion, From};
use super::super::meaning::Alike;
use super::super::walk::small;
use super::{Compare, keyword, name_of};

/// Values that are looked at to tell whether two targets of a mapping mean the same.
const MOST_MAPPED: usize = 20_000;

/// Keywords that only ever rule out, whatever stands beside them.
const STANDS_ALONE: &[&str] = &[
    "not",
    "if",
    "contains",
    "maxContains",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
];

/// A mapping's target names a component, or is a reference (OpenAPI 3.1 section 4.8.25).
fn schema_of<'d>(root: &'d Value, target: &str) -> Option<&'d Value> {
    if target.starts_with('#') {
        return resolve(root, target);
    }
    root.get("components").and_then(|components| components.get("schemas")).and_then(|schemas| schemas.get(target))
}

/// The component a mapping's target names.
fn component(target: &str) -> &str {
    target.rsplit('/').next().unwrap_or(target)
}

/// Whether a document has a schema of this name.
fn is_component(contract: &Contract<'_>, name: &str) -> bool {
    let schemas = contract.root.get("components").and_then(|components| components.get("schemas"));
    schemas.or_else(|| contract.root.get("definitions")).is_some_and(|schemas| schemas.get(name).is_some())
}

impl Compare<'_, '_, '_> {
    pub(super) fn unions(&mut self) {
        let (had, has) = (self.a.unions.is_empty(), self.b.unions.is_empty());
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
        self.subtypes();
        // Alternatives that went took with them what told them apart.
        if had == has {
            self.discriminator();
        }
        self.constraints();
    }

    fn union(&mut self, old: &FlatUnion<'_>, new: &FlatUnion<'_>) {
        let at = (old.at, new.at);
        if old.exclusive != new.exclusive {
            let kind = if old.exclusive { ChangeKind::OneOfBecameAnyOf } else { ChangeKind::AnyOfBecameOneOf };
            self.state(kind, at, "", "", (Some(json!(keyword(old))), Some(json!(keyword(new)))));
        }
        let mut matched = match_branches(self.walk.before, &old.branches, self.walk.after, &new.branches);
        // Behind a reference that leads nowhere stands one of the others, and nobody can say which.
        let is_unknown = |branches: &[SchemaId]| branches.contains(&SchemaId::UNKNOWN);
        let is_guess = is_unknown(&old.branches) || is_unknown(&new.branches);
        if is_guess {
            matched.removed.clear();
            matched.added.clear();
        }
        let named = |names: &[Option<&str>]| names.iter().flatten().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
        self.branches = (named(&old.names), named(&new.names));
        self.implied_names(old, new, &matched.pairs);
        let nullable = |flat: &Flat<'_, '_>| flat.types.contains(TypeSet::NULL);
        match (old.null && nullable(&self.a), new.null && nullable(&self.b)) {
            _ if is_guess => {}
            (false, true) => self.state(ChangeKind::BecameNullable, at, "", "null", (Some(json!(false)), Some(json!(true)))),
            (true, false) => self.state(ChangeKind::BecameNotNullable, at, "", "null", (Some(json!(true)), Some(json!(false)))),
            _ => {}
        }
        let evidence =
            Evidence { discriminated: self.a.discriminator.is_some() && self.b.discriminator.is_some(), ..Evidence::default() };
        for branch in matched.removed {
            let value = self.describe_before(branch);
            self.lost.insert(name_of(&value));
            self.branch = Some(branch);
            self.state_with(ChangeKind::VariantRemoved, at, keyword(old), name_of(&value), (Some(value), None), evidence);
        }
        for branch in matched.added {
            let value = self.describe_after(branch);
            self.gained.insert(name_of(&value));
            self.branch = Some(branch);
            self.state_with(ChangeKind::VariantAdded, at, keyword(new), name_of(&value), (None, Some(value)), evidence);
        }
        for (old, new) in matched.pairs {
            self.walk.child(self.node, old, new);
        }
    }

    /// The components that inherit from a base with a discriminator: alternatives that are not written out.
    fn subtypes(&mut self) {
        let ids = self.ids();
        let (before, after) = (self.walk.before, self.walk.after);
        let (Some(old), Some(new)) = (before.subtypes.get(&ids.0), after.subtypes.get(&ids.1)) else { return };
        let find = |list: &[(&str, SchemaId)], name: &str| {
            list.binary_search_by(|(known, _)| (*known).cmp(name)).ok().and_then(|at| list.get(at)).map(|(_, id)| *id)
        };
        let evidence = Evidence { discriminated: true, ..Evidence::default() };
        for (name, subtype) in old {
            match find(new, name) {
                Some(other) => self.walk.child(self.node, *subtype, other),
                // It is still there, with the base written out instead of referred to.
                None if is_component(after, name) => {}
                None => {
                    self.lost.insert((*name).to_owned());
                    let value = Some(json!(name));
                    self.state_with(
                        ChangeKind::VariantRemoved,
                        ids,
                        "discriminator",
                        (*name).to_owned(),
                        (value, None),
                        evidence,
                    );
                }
            }
        }
        for (name, _) in new.iter().filter(|(name, _)| find(old, name).is_none() && !is_component(before, name)) {
            self.gained.insert((*name).to_owned());
            let value = Some(json!(name));
            self.state_with(ChangeKind::VariantAdded, ids, "discriminator", (*name).to_owned(), (None, value), evidence);
        }
    }

    /// A branch that nobody mapped is known by the name of its component: renaming that changes the wire.
    fn implied_names(&mut self, before: &FlatUnion<'_>, after: &FlatUnion<'_>, pairs: &[(SchemaId, SchemaId)]) {
        let (Some(old), Some(new)) = (self.a.discriminator, self.b.discriminator) else { return };
        let is_mapped = |mapping: &[(&str, &str)], name: &str| mapping.iter().any(|(_, target)| component(target) == name);
        let name_of = |union: &FlatUnion<'_>, id: SchemaId| {
            let at = union.branches.iter().position(|branch| *branch == id)?;
            union.names.get(at).copied().flatten().map(str::to_owned)
        };
        for (left, right) in pairs {
            let (Some(was), Some(is)) = (name_of(before, *left), name_of(after, *right)) else { continue };
            if was != is && !is_mapped(&old.value.mapping, &was) && !is_mapped(&new.value.mapping, &is) {
                let values = (Some(json!(was)), Some(json!(is)));
                self.state(ChangeKind::DiscriminatorMappingRenamed, (old.at, new.at), "discriminator", was, values);
            }
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
        self.mapping(at, &old.value.mapping, &new.value.mapping);
    }

    /// Tag values are data on the wire: one that stands for the same branch under another word is renamed.
    fn mapping(&mut self, at: (SchemaId, SchemaId), old: &[(&str, &str)], new: &[(&str, &str)]) {
        let find = |mapping: &[(&str, &str)], tag: &str| {
            mapping.iter().find(|(known, _)| *known == tag).map(|(_, target)| (*target).to_owned())
        };
        let missing = |list: &[(&str, &str)], other: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter()
                .filter(|(tag, _)| find(other, tag).is_none())
                .map(|(tag, target)| ((*tag).to_owned(), (*target).to_owned()))
                .collect()
        };
        let (mut gone, mut fresh) = (missing(old, new), missing(new, old));
        // The name of a branch is understood without being written out (OpenAPI 3.1 section 4.8.25).
        // Without a union the forms are the components that build on this one.
        let is_form = |names: &BTreeSet<String>, contract: &Contract<'_>, name: &str| {
            if names.is_empty() { is_component(contract, name) } else { names.contains(name) }
        };
        let is_left = |name: &str| is_form(&self.branches.1, self.walk.after, name);
        let was_there = |name: &str| is_form(&self.branches.0, self.walk.before, name);
        gone.retain(|(tag, target)| !(tag == component(target) && is_left(tag)));
        fresh.retain(|(tag, target)| !(tag == component(target) && was_there(tag)));
        let left_over: BTreeSet<String> =
            gone.iter().map(|(_, target)| component(target)).filter(|name| is_left(name)).map(str::to_owned).collect();
        gone.retain(|(tag, target)| {
            // One branch may have several tags: only where exactly one took the place of exactly one.
            let candidates: Vec<usize> =
                fresh.iter().enumerate().filter(|(_, (_, other))| other == target).map(|(index, _)| index).collect();
            let [only] = candidates.as_slice() else { return true };
            let (renamed, _) = fresh.remove(*only);
            let values = (Some(json!(tag)), Some(json!(renamed)));
            self.state(ChangeKind::DiscriminatorMappingRenamed, at, "discriminator", tag.as_str(), values);
            false
        });
        // A tag that came or went with its branch has been told of with the branch.
        let told_of = |targets: &BTreeSet<String>, target: &str| targets.contains(component(target));
        for (tag, target) in gone {
            let has_tag =
                tag == Discriminator::EVERY_OTHER || new.iter().any(|(_, other)| component(other) == component(&target));
            if !told_of(&self.lost, &target) && !has_tag && left_over.contains(component(&target)) {
                // Without a tag of its own a branch goes by the name of its component.
                let values = (Some(json!(tag)), Some(json!(component(&target))));
                self.state(ChangeKind::DiscriminatorMappingRenamed, at, "discriminator", tag.as_str(), values);
            } else if !told_of(&self.lost, &target) {
                self.state(ChangeKind::DiscriminatorMappingRemoved, at, "discriminator", tag.as_str(), (Some(json!(tag)), None));
            }
        }
        for (tag, target) in fresh {
            if !told_of(&self.gained, &target) {
                self.state(ChangeKind::DiscriminatorMappingAdded, at, "discriminator", tag.as_str(), (None, Some(json!(tag))));
            }
        }
        for (tag, target) in old {
            let Some(other) = find(new, tag).filter(|other| other != target) else { continue };
            let (before, after) = (self.walk.before.root, self.walk.after.root);
            let is_same = match (schema_of(before, target), schema_of(after, &other)) {
                (Some(a), Some(b)) => self.walk.same_meaning(a, b, MOST_MAPPED) == Alike::Same,
                _ => component(target) == component(&other),
            };
            if !is_same {
                let values = (Some(json!(component(target))), Some(json!(component(&other))));
                self.state(ChangeKind::DiscriminatorMappingChanged, at, "discriminator", *tag, values);
            }
        }
    }

    /// How elements and attributes are written (OpenAPI 3.1 section 4.8.26). What is so anyway says nothing, and a
    /// prefix is a local name for its namespace (XML Namespaces section 3).
    fn xml(&mut self, (old, new): (&[From<&Value>], &[From<&Value>]), at: (SchemaId, SchemaId)) {
        let read = |words: &[From<&Value>], is_list: bool| {
            let map = words.first().and_then(|word| word.value.as_object());
            let mut said: BTreeMap<String, Json> =
                map.into_iter().flatten().map(|(name, value)| (name.to_string(), value.to_json())).collect();
            said.retain(|name, value| {
                !(value.is_null() || *value == json!(false) || name.starts_with("x-") || (name == "wrapped" && !is_list))
            });
            if said.contains_key("namespace") {
                said.remove("prefix");
            }
            said
        };
        let is_list = |types: TypeSet| !types.intersection(TypeSet::ARRAY).is_empty();
        let (left, right) = (read(old, is_list(self.a.types)), read(new, is_list(self.b.types)));
        let name = |contract: &Contract<'_>, id: SchemaId| {
            let place = contract.pointers.text(contract.schema(id).at);
            let (holder, name) = place.rsplit_once('/')?;
            holder.ends_with("/properties").then(|| json!(name))
        };
        let names = (name(self.walk.before, at.0), name(self.walk.after, at.1));
        let unnamed = |mut said: BTreeMap<String, Json>, name: Option<Json>| {
            if name.is_some() && said.get("name") == name.as_ref() {
                said.remove("name");
            }
            said
        };
        let (left, right) = (unnamed(left, names.0), unnamed(right, names.1));
        if left != right {
            let show = |said: BTreeMap<String, Json>| {
                let words: Vec<String> = said
                    .into_iter()
                    .map(|(name, value)| value.as_str().map_or_else(|| name.clone(), |text| format!("{name} {text}")))
                    .collect();
                Some(if words.is_empty() { json!("the default") } else { json!(words.join(", ")) })
            };
            self.state(ChangeKind::XmlChanged, at, "xml", "", (show(left), show(right)));
        }
    }

    fn constraints(&mut self) {
        let left = std::mem::take(&mut self.a.constraints);
        let right = std::mem::take(&mut self.b.constraints);
        let ids = self.ids();
        let names: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        let speaks_xml = self.walk.before.speaks_xml || self.walk.after.speaks_xml;
        for name in names {
            if name == "xml" && !speaks_xml {
                continue;
            }
            let (old, new) = (left.get(name).map_or(&[][..], Vec::as_slice), right.get(name).map_or(&[][..], Vec::as_slice));
            let mut alike = if old.len() == new.len() { Alike::Same } else { Alike::Different };
            for (a, b) in old.iter().zip(new) {
                if alike == Alike::Same {
                    alike = self.walk.same_keyword(name, a.value, b.value);
                }
            }
            match alike {
                Alike::Same => continue,
                Alike::Different => {}
                Alike::Unknown => {
                    self.walk.give_up();
                    continue;
                }
            }
            let at = (old.first().map_or(ids.0, |word| word.at), new.first().map_or(ids.1, |word| word.at));
            if name == "xml" {
                self.xml((old, new), at);
                continue;
            }
            let show = |words: &[From<&Value>]| words.first().map(|word| small(word.value).unwrap_or_else(|| json!("…")));
            let kind = match (old.is_empty(), new.is_empty()) {
                (true, _) if STANDS_ALONE.contains(&name) => ChangeKind::ConstraintAdded,
                (_, true) if STANDS_ALONE.contains(&name) => ChangeKind::ConstraintRemoved,
                // One condition, told of by its head.
                _ if matches!(name, "then" | "else") && left.contains_key("if") != right.contains_key("if") => continue,
                _ => ChangeKind::ConstraintChanged,
            };
            self.state(kind, at, name, name, (show(old), show(new)));
        }
    }
}
