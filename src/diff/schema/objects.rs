//! Facts about objects: properties, what is required, what else may appear.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Additional, Contract, TypeSet, Value, escape};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::equivalence::Alike;
use super::super::fact::Difference;
use super::super::folded::Property;
use super::super::names::is_respelled;
use super::comparison::SchemaComparison;
use super::describe::describe;
use super::members::zip_members;
use super::visibility::Visibility;

/// Pairs of a property that went and one that came that are compared with each other.
const MOST_RENAMED: usize = 400;

/// Values that are compared to tell whether two properties have the same shape.
const RENAME_STEPS: usize = 2_000;

impl SchemaComparison<'_, '_, '_> {
    pub(super) fn objects(&mut self) {
        let left = std::mem::take(&mut self.before.properties);
        let right = std::mem::take(&mut self.after.properties);
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

    /// Whether a property does not travel in this direction.
    fn is_hidden(&self, contract: &Contract<'_>, property: &Property) -> bool {
        property.schemas.iter().any(|id| Visibility::of(contract, *id).is_hidden(self.direction))
    }

    fn evidence(&self, name: &str) -> Evidence {
        Evidence {
            was_required: self.before.required.contains_key(name),
            is_required: self.after.required.contains_key(name),
            was_closed: self.before.is_closed(),
            is_closed: self.after.is_closed(),
            ..Evidence::default()
        }
    }

    fn property(&mut self, name: &str, old: &Property, new: &Property) {
        let (gone_before, gone_after) = (self.is_hidden(self.walk.before, old), self.is_hidden(self.walk.after, new));
        let at = BeforeAfter::new(old.owner.unwrap_or(self.before.id), new.owner.unwrap_or(self.after.id));
        let keyword = format!("properties/{}", escape(name));
        let evidence = self.evidence(name);
        let both = BeforeAfter::new(Some(json!(true)), Some(json!(true)));
        match (gone_before, gone_after, self.direction) {
            (true, true, _) => return,
            (false, true, Direction::ToProvider) => {
                self.state(Difference::new(ChangeKind::ReadOnlyAdded).about(name).values(both).evidence(evidence), at, &keyword);
                return;
            }
            (true, false, Direction::ToProvider) => {
                self.state(
                    Difference::new(ChangeKind::ReadOnlyRemoved).about(name).values(both).evidence(evidence),
                    at,
                    &keyword,
                );
                return;
            }
            (false, true, _) => {
                self.state(Difference::new(ChangeKind::WriteOnlyAdded).about(name).values(both).evidence(evidence), at, &keyword);
                return;
            }
            (true, false, _) => {
                self.state(
                    Difference::new(ChangeKind::WriteOnlyRemoved).about(name).values(both).evidence(evidence),
                    at,
                    &keyword,
                );
                return;
            }
            (false, false, _) => {}
        }
        match (evidence.was_required, evidence.is_required) {
            (false, true) => self.state(
                Difference::new(ChangeKind::PropertyBecameRequired).about(name).values(both).evidence(evidence),
                at,
                &keyword,
            ),
            (true, false) => self.state(
                Difference::new(ChangeKind::PropertyBecameOptional).about(name).values(both).evidence(evidence),
                at,
                &keyword,
            ),
            _ => {}
        }
        for schemas in zip_members(&old.schemas, &new.schemas) {
            self.walk.within(self.node, schemas);
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
            .filter(|(name, old)| !right.contains_key(*name) && !self.is_hidden(self.walk.before, old))
            .map(|(n, p)| (*n, p))
            .collect();
        let fresh: Vec<(&'n str, &Property)> = right
            .iter()
            .filter(|(name, new)| !left.contains_key(*name) && !self.is_hidden(self.walk.after, new))
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
            let candidates: Vec<&str> =
                fresh.iter().filter(|(to, new)| open(to) && self.same_shape(old, new)).map(|(to, _)| *to).collect();
            let siblings =
                gone.iter().filter(|(other, property)| !renamed.contains_key(other) && self.same_side(old, property)).count();
            if let ([only], 1) = (candidates.as_slice(), siblings) {
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
        let at = BeforeAfter::new(old.owner.unwrap_or(self.before.id), new.owner.unwrap_or(self.after.id));
        let evidence = Evidence { is_required: self.after.required.contains_key(to), ..self.evidence(name) };
        let values = BeforeAfter::new(Some(json!(name)), Some(json!(to)));
        self.state_at(
            Difference::new(ChangeKind::PropertyRenamed).about(name).values(values).evidence(evidence),
            at,
            BeforeAfter::new(&format!("properties/{}", escape(name)), &format!("properties/{}", escape(to))),
        );
    }

    fn property_removed(&mut self, name: &str, old: &Property) {
        if self.is_hidden(self.walk.before, old) {
            return;
        }
        let at = BeforeAfter::new(old.owner.unwrap_or(self.before.id), self.after.id);
        // What is sent under the name from now on is one of the further properties.
        if let Additional::Schema(rest) = self.after.additional.value {
            for id in &old.schemas {
                self.within(*id, rest);
            }
        }
        if self.is_for_other_kinds(name, true) {
            return;
        }
        let value = old.schemas.first().map(|id| describe(self.walk.before, *id));
        self.state(
            Difference::new(ChangeKind::PropertyRemoved).about(name).before(value).evidence(self.evidence(name)),
            at,
            &format!("properties/{}", escape(name)),
        );
    }

    fn property_added(&mut self, name: &str, new: &Property) {
        if self.is_hidden(self.walk.after, new) {
            return;
        }
        // What was sent under the name until now was one of the further properties.
        if let Additional::Schema(rest) = self.before.additional.value {
            for id in &new.schemas {
                self.within(rest, *id);
            }
        }
        if self.is_for_other_kinds(name, false) {
            return;
        }
        let evidence = self.evidence(name);
        let kind = if evidence.is_required { ChangeKind::RequiredPropertyAdded } else { ChangeKind::OptionalPropertyAdded };
        let at = BeforeAfter::new(self.before.id, new.owner.unwrap_or(self.after.id));
        // It was always there without being described.
        if evidence.was_required && !evidence.is_required {
            let both = BeforeAfter::new(Some(json!(true)), Some(json!(true)));
            let fact = Difference::new(ChangeKind::PropertyBecameOptional).about(name).values(both).evidence(evidence);
            self.state_at(fact, at, BeforeAfter::new("required", &format!("properties/{}", escape(name))));
        }
        let value = new.schemas.first().map(|id| describe(self.walk.after, *id));
        self.state(
            Difference::new(kind).about(name).after(value).evidence(evidence),
            at,
            &format!("properties/{}", escape(name)),
        );
    }

    /// Names that are required without being declared as properties.
    fn required_undeclared(&mut self, left: &BTreeMap<&str, Property>, right: &BTreeMap<&str, Property>) {
        let names: BTreeSet<String> =
            self.before.required.keys().chain(self.after.required.keys()).map(|name| (*name).to_owned()).collect();
        for name in names {
            // A property that is there now, or that went with its requirement, has been reported.
            let went = left.contains_key(name.as_str()) && !self.after.required.contains_key(name.as_str());
            if right.contains_key(name.as_str()) || went {
                continue;
            }
            let evidence = self.evidence(&name);
            let at = BeforeAfter::new(
                self.before.required.get(name.as_str()).copied().unwrap_or(self.before.id),
                self.after.required.get(name.as_str()).copied().unwrap_or(self.after.id),
            );
            match (evidence.was_required, evidence.is_required) {
                (false, true) => {
                    self.state(
                        Difference::new(ChangeKind::PropertyBecameRequired).about(name).after(json!(true)).evidence(evidence),
                        at,
                        "required",
                    );
                }
                (true, false) => {
                    self.state(
                        Difference::new(ChangeKind::PropertyBecameOptional).about(name).before(json!(true)).evidence(evidence),
                        at,
                        "required",
                    );
                }
                _ => {}
            }
        }
    }

    fn additional(&mut self) {
        if !self.before.types.contains(TypeSet::OBJECT) || !self.after.types.contains(TypeSet::OBJECT) {
            return;
        }
        let (old, new) = (self.before.additional, self.after.additional);
        let at = BeforeAfter::new(old.at, new.at);
        let show = |additional: Additional| match additional {
            Additional::Open => json!(true),
            Additional::Closed => json!(false),
            Additional::Schema(_) => json!("a schema"),
        };
        let kind = match (old.value, new.value) {
            (Additional::Open, Additional::Open)
            | (Additional::Closed, Additional::Closed)
            | (Additional::Schema(_), Additional::Schema(_)) => {
                let (left, right) = (std::mem::take(&mut self.before.further), std::mem::take(&mut self.after.further));
                for schemas in zip_members(&left, &right) {
                    self.walk.within(self.node, schemas);
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
        let keywords = BeforeAfter {
            before: written(self.walk.before.schema(at.before).value),
            after: written(self.walk.after.schema(at.after).value),
        };
        self.state_at(Difference::new(kind).before(show(old.value)).after(show(new.value)).evidence(evidence), at, keywords);
    }
}
