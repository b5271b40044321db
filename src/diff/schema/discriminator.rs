//! Facts about discriminators: the property that tells alternatives apart, its values, and the subtypes of a base.

use std::collections::BTreeSet;

use serde_json::json;

use crate::openapi::{Contract, Discriminator, SchemaId, Value, resolve};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::equivalence::Alike;
use super::super::fact::Difference;
use super::super::folded::FoldedUnion;
use super::comparison::SchemaComparison;

/// Values that are compared to tell whether two targets of a mapping mean the same.
const MOST_MAPPED: usize = 20_000;

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

impl SchemaComparison<'_, '_, '_> {
    /// The components that inherit from a base with a discriminator: alternatives that are not written out.
    pub(super) fn subtypes(&mut self) {
        let ids = self.ids();
        let (before, after) = (self.walk.before, self.walk.after);
        let (Some(old), Some(new)) = (before.subtypes.get(&ids.before), after.subtypes.get(&ids.after)) else { return };
        let find = |list: &[(&str, SchemaId)], name: &str| {
            list.binary_search_by(|(known, _)| (*known).cmp(name)).ok().and_then(|at| list.get(at)).map(|(_, id)| *id)
        };
        let evidence = Evidence { discriminated: true, ..Evidence::default() };
        for (name, subtype) in old {
            match find(new, name) {
                Some(other) => self.beside(*subtype, other),
                // It is still there, with the base written out instead of referred to.
                None if is_component(after, name) => {}
                None => {
                    self.lost.insert((*name).to_owned());
                    let value = Some(json!(name));
                    self.state(
                        Difference::new(ChangeKind::VariantRemoved).about((*name).to_owned()).before(value).evidence(evidence),
                        ids,
                        "discriminator",
                    );
                }
            }
        }
        for (name, _) in new.iter().filter(|(name, _)| find(old, name).is_none() && !is_component(before, name)) {
            self.gained.insert((*name).to_owned());
            let value = Some(json!(name));
            self.state(
                Difference::new(ChangeKind::VariantAdded).about((*name).to_owned()).after(value).evidence(evidence),
                ids,
                "discriminator",
            );
        }
    }

    /// A branch that nobody mapped is known by the name of its component: renaming that changes the wire.
    pub(super) fn implied_names(&mut self, before: &FoldedUnion<'_>, after: &FoldedUnion<'_>, pairs: &[BeforeAfter<SchemaId>]) {
        let (Some(old), Some(new)) = (self.before.discriminator, self.after.discriminator) else { return };
        let is_mapped = |mapping: &[(&str, &str)], name: &str| mapping.iter().any(|(_, target)| component(target) == name);
        let name_of = |union: &FoldedUnion<'_>, id: SchemaId| {
            let at = union.branches.iter().position(|branch| *branch == id)?;
            union.names.get(at).copied().flatten().map(str::to_owned)
        };
        for pair in pairs {
            let (Some(was), Some(is)) = (name_of(before, pair.before), name_of(after, pair.after)) else { continue };
            if was != is && !is_mapped(&old.value.mapping, &was) && !is_mapped(&new.value.mapping, &is) {
                let values = BeforeAfter::new(Some(json!(was)), Some(json!(is)));
                self.state(
                    Difference::new(ChangeKind::DiscriminatorMappingRenamed).about(was).values(values),
                    BeforeAfter::new(old.at, new.at),
                    "discriminator",
                );
            }
        }
    }

    /// The property itself, and what its values stand for.
    pub(super) fn discriminator(&mut self) {
        let ids = self.ids();
        let (old, new) = match (self.before.discriminator, self.after.discriminator) {
            (Some(old), Some(new)) => (old, new),
            (None, Some(new)) => {
                let value = Some(json!(new.value.property));
                return self.state(
                    Difference::new(ChangeKind::DiscriminatorAdded).about(new.value.property).after(value),
                    BeforeAfter::new(ids.before, new.at),
                    "discriminator",
                );
            }
            (Some(old), None) => {
                let value = Some(json!(old.value.property));
                return self.state(
                    Difference::new(ChangeKind::DiscriminatorRemoved).about(old.value.property).before(value),
                    BeforeAfter::new(old.at, ids.after),
                    "discriminator",
                );
            }
            (None, None) => return,
        };
        let at = BeforeAfter::new(old.at, new.at);
        if old.value.property != new.value.property {
            let values = BeforeAfter::new(Some(json!(old.value.property)), Some(json!(new.value.property)));
            self.state(
                Difference::new(ChangeKind::DiscriminatorPropertyChanged).about(old.value.property).values(values),
                at,
                "discriminator",
            );
        }
        self.mapping(at, old.value, new.value);
    }

    /// Tag values are data on the wire: one that stands for the same branch under another word is renamed.
    fn mapping(&mut self, at: BeforeAfter<SchemaId>, old: &Discriminator<'_>, new: &Discriminator<'_>) {
        let (old, new) = (&old.mapping, &new.mapping);
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
        let is_left = |name: &str| is_form(&self.branches.after, self.walk.after, name);
        let was_there = |name: &str| is_form(&self.branches.before, self.walk.before, name);
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
            let values = BeforeAfter::new(Some(json!(tag)), Some(json!(renamed)));
            self.state(
                Difference::new(ChangeKind::DiscriminatorMappingRenamed).about(tag.as_str()).values(values),
                at,
                "discriminator",
            );
            false
        });
        // A tag that came or went with its branch has been reported with the branch.
        let is_reported = |targets: &BTreeSet<String>, target: &str| targets.contains(component(target));
        for (tag, target) in gone {
            let has_tag =
                tag == Discriminator::EVERY_OTHER || new.iter().any(|(_, other)| component(other) == component(&target));
            if !is_reported(&self.lost, &target) && !has_tag && left_over.contains(component(&target)) {
                // Without a tag of its own a branch goes by the name of its component.
                let values = BeforeAfter::new(Some(json!(tag)), Some(json!(component(&target))));
                self.state(
                    Difference::new(ChangeKind::DiscriminatorMappingRenamed).about(tag.as_str()).values(values),
                    at,
                    "discriminator",
                );
            } else if !is_reported(&self.lost, &target) {
                self.state(
                    Difference::new(ChangeKind::DiscriminatorMappingRemoved).about(tag.as_str()).before(json!(tag)),
                    at,
                    "discriminator",
                );
            }
        }
        for (tag, target) in fresh {
            if !is_reported(&self.gained, &target) {
                self.state(
                    Difference::new(ChangeKind::DiscriminatorMappingAdded).about(tag.as_str()).after(json!(tag)),
                    at,
                    "discriminator",
                );
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
                let values = BeforeAfter::new(Some(json!(component(target))), Some(json!(component(&other))));
                self.state(
                    Difference::new(ChangeKind::DiscriminatorMappingChanged).about(*tag).values(values),
                    at,
                    "discriminator",
                );
            }
        }
    }
}
