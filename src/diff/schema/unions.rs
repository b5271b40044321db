//! Facts about alternatives and everything compared as a whole: unions, discriminators, constraints.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::branches::match_branches;
use super::super::change::{ChangeKind, Evidence};
use super::super::flat::{FlatUnion, From};
use super::super::unchanged::same;
use super::super::walk::small;
use super::{Compare, keyword, name_of};

impl Compare<'_, '_, '_> {
    pub(super) fn unions(&mut self) {
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
}
