//! Facts about objects and arrays: properties, what is required, what else may appear, items.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Additional, SchemaId, TypeSet, Value, escape};

use super::super::change::{ChangeKind, Evidence};
use super::super::flat::{Count, Flat, Property};
use super::super::matching::is_respelled;
use super::super::meaning::Alike;
use super::{Compare, read_write};

/// Pairs of a property that went and one that came which are held against each other.
const MOST_RENAMED: usize = 400;

/// Values that are looked at to tell whether two properties have the same shape.
const RENAME_STEPS: usize = 2_000;

impl Compare<'_, '_, '_> {
    pub(super) fn objects(&mut self) {
        let left = std::mem::take(&mut self.a.properties);
        let right = std::mem::take(&mut self.b.properties);
        let names: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        let renamed = self.renamed(&left, &right);
        for name in names {
            match (left.get(name), right.get(name)) {
                (Some(old), Some(new)) => self.property(name, old, new),
                _ if renamed.values().any(|new| *new == name) => {}
                (Some(old), None) => match renamed.get(name).and_then(|to| right.get(to).map(|new| (to, new))) {
                    Some((to, new)) => self.property_renamed(name, to, old, new),
                    None => self.property_removed(name, old),
                },
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

    /// Properties that are gone under one name and new under another: the same shape, and either the same name
    /// but for how its words are joined, or the only one of its shape that came and went.
    fn renamed<'n>(
        &mut self,
        left: &BTreeMap<&'n str, Property>,
        right: &BTreeMap<&'n str, Property>,
    ) -> BTreeMap<&'n str, &'n str> {
        let gone: Vec<(&'n str, &Property)> = left
            .iter()
            .filter(|(name, old)| !right.contains_key(*name) && !self.projected_out(old, true))
            .map(|(n, p)| (*n, p))
            .collect();
        let fresh: Vec<(&'n str, &Property)> = right
            .iter()
            .filter(|(name, new)| !left.contains_key(*name) && !self.projected_out(new, false))
            .map(|(n, p)| (*n, p))
            .collect();
        let mut renamed = BTreeMap::new();
        if gone.is_empty() || fresh.is_empty() || gone.len() * fresh.len() > MOST_RENAMED {
            return renamed;
        }
        for (name, old) in &gone {
            if let Some((to, _)) = fresh.iter().find(|(to, new)| is_respelled(name, to) && self.same_shape(old, new)) {
                renamed.insert(*name, *to);
            }
        }
        for (name, old) in &gone {
            if renamed.contains_key(name) || !self.tells_something(old) {
                continue;
            }
            let open = |to: &str| !renamed.values().any(|taken| *taken == to);
            let twins: Vec<&str> =
                fresh.iter().filter(|(to, new)| open(to) && self.same_shape(old, new)).map(|(to, _)| *to).collect();
            let siblings =
                gone.iter().filter(|(other, property)| !renamed.contains_key(other) && self.same_side(old, property)).count();
            if let ([only], 1) = (twins.as_slice(), siblings) {
                renamed.insert(*name, *only);
            }
        }
        renamed
    }

    fn same_shape(&mut self, old: &Property, new: &Property) -> bool {
        let (Some(a), Some(b)) = (old.schemas.first(), new.schemas.first()) else { return false };
        let (before, after) = (self.walk.before.schema(*a).value, self.walk.after.schema(*b).value);
        old.schemas.len() == new.schemas.len() && self.walk.same_meaning(before, after, RENAME_STEPS) == Alike::Same
    }

    fn same_side(&mut self, one: &Property, other: &Property) -> bool {
        let (Some(a), Some(b)) = (one.schemas.first(), other.schemas.first()) else { return false };
        let (left, right) = (self.walk.before.schema(*a).value, self.walk.before.schema(*b).value);
        a == b || self.walk.same_before(left, right, RENAME_STEPS) == Alike::Same
    }

    /// Whether a property's schema is more than a bare type: many properties are just texts.
    fn tells_something(&self, property: &Property) -> bool {
        property.schemas.first().is_some_and(|id| {
            let schema = self.walk.before.schema(*id);
            !schema.properties.is_empty()
                || schema.enumeration.is_some()
                || !schema.all_of.is_empty()
                || !schema.unions.is_empty()
        })
    }

    fn property_renamed(&mut self, name: &str, to: &str, old: &Property, new: &Property) {
        let at = (old.owner.unwrap_or(self.a.id), new.owner.unwrap_or(self.b.id));
        let evidence = Evidence { is_required: self.b.required.contains_key(to), ..self.evidence(name) };
        let values = (Some(json!(name)), Some(json!(to)));
        self.state_at(
            ChangeKind::PropertyRenamed,
            at,
            (&format!("properties/{}", escape(name)), &format!("properties/{}", escape(to))),
            name,
            values,
            evidence,
        );
    }

    fn property_removed(&mut self, name: &str, old: &Property) {
        if self.projected_out(old, true) {
            return;
        }
        let at = (old.owner.unwrap_or(self.a.id), self.b.id);
        // What is sent under the name from now on is one of the further properties.
        if let Additional::Schema(rest) = self.b.additional.value {
            for id in &old.schemas {
                self.walk.child(self.node, *id, rest);
            }
        }
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
        // What was sent under the name until now was one of the further properties.
        if let Additional::Schema(rest) = self.a.additional.value {
            for id in &new.schemas {
                self.walk.child(self.node, rest, *id);
            }
        }
        let evidence = self.evidence(name);
        let kind = if evidence.is_required { ChangeKind::RequiredPropertyAdded } else { ChangeKind::OptionalPropertyAdded };
        let at = (self.a.id, new.owner.unwrap_or(self.b.id));
        let value = new.schemas.first().map(|id| self.describe_after(*id));
        self.state_with(kind, at, &format!("properties/{}", escape(name)), name, (None, value), evidence);
    }

    /// Names that are required without being declared as properties.
    fn required_undeclared(&mut self, left: &BTreeMap<&str, Property>, right: &BTreeMap<&str, Property>) {
        let names: BTreeSet<String> =
            self.a.required.keys().chain(self.b.required.keys()).map(|name| (*name).to_owned()).collect();
        for name in names {
            // A property that is there now, or that went with its requirement, has been told of.
            let went = left.contains_key(name.as_str()) && !self.b.required.contains_key(name.as_str());
            if right.contains_key(name.as_str()) || went {
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
            (Additional::Open, Additional::Open)
            | (Additional::Closed, Additional::Closed)
            | (Additional::Schema(_), Additional::Schema(_)) => {
                let (left, right) = (std::mem::take(&mut self.a.further), std::mem::take(&mut self.b.further));
                for (old, new) in zip_members(&left, &right) {
                    self.walk.child(self.node, old, new);
                }
                return;
            }
            (Additional::Open, _) | (Additional::Schema(_), Additional::Closed) => ChangeKind::AdditionalPropertiesNarrowed,
            (_, Additional::Open) | (Additional::Closed, Additional::Schema(_)) => ChangeKind::AdditionalPropertiesWidened,
        };
        let was_map = matches!((old.value, new.value), (Additional::Schema(_), Additional::Open));
        let evidence = Evidence { was_map, ..Evidence::default() };
        let written = |schema: &Value| {
            let keywords = ["additionalProperties", "unevaluatedProperties"];
            keywords.into_iter().find(|name| schema.get(name).is_some()).unwrap_or(keywords[0])
        };
        let keywords = (written(self.walk.before.schema(at.0).value), written(self.walk.after.schema(at.1).value));
        self.state_at(kind, at, keywords, "", (Some(show(old.value)), Some(show(new.value))), evidence);
    }

    pub(super) fn arrays(&mut self) {
        let arrays = self.a.types.contains(TypeSet::ARRAY) && self.b.types.contains(TypeSet::ARRAY);
        let untyped = |flat: &Flat<'_, '_>| flat.items.is_empty() && flat.prefix_items.is_empty();
        if !arrays || (untyped(&self.a) && untyped(&self.b)) {
            return;
        }
        let (left, right) = (std::mem::take(&mut self.a.items), std::mem::take(&mut self.b.items));
        let (left_prefix, right_prefix) = (std::mem::take(&mut self.a.prefix_items), std::mem::take(&mut self.b.prefix_items));
        let rest = |items: &[SchemaId]| items.first().copied().unwrap_or(SchemaId::ANY);
        // Where no item can follow the listed ones, what would be allowed there says nothing.
        let ends = |flat: &Flat<'_, '_>, prefix: usize| {
            flat.count(Count::MaxItems).is_some_and(|most| usize::try_from(most.value).is_ok_and(|most| most <= prefix))
        };
        if ends(&self.a, left_prefix.len()) && ends(&self.b, right_prefix.len()) {
            // Nothing to compare behind the listed items.
        } else if left.is_empty() || right.is_empty() {
            self.walk.child(self.node, rest(&left), rest(&right));
        } else {
            for (old, new) in zip_members(&left, &right) {
                self.walk.child(self.node, old, new);
            }
        }
        // An item that only one side has room for is told of by the number of items.
        let room = |flat: &Flat<'_, '_>, prefix: usize, index: usize| index < prefix || !ends(flat, index);
        for index in 0..left_prefix.len().max(right_prefix.len()) {
            if !room(&self.a, left_prefix.len(), index) || !room(&self.b, right_prefix.len(), index) {
                continue;
            }
            let (old, new) = (left_prefix.get(index).unwrap_or(&left), right_prefix.get(index).unwrap_or(&right));
            for (old, new) in zip_members(old, new) {
                self.walk.child(self.node, old, new);
            }
        }
    }
}

/// Members of `allOf` that constrain one property, paired in order; a missing one accepts anything.
fn zip_members(old: &[SchemaId], new: &[SchemaId]) -> Vec<(SchemaId, SchemaId)> {
    (0..old.len().max(new.len()))
        .map(|index| (old.get(index).copied().unwrap_or(SchemaId::ANY), new.get(index).copied().unwrap_or(SchemaId::ANY)))
        .collect()
}
