//! How the document of a sender or a receiver is read: what its dialect, its direction and its authors mean.

use std::collections::BTreeSet;

use crate::openapi::{Dialect, Keywords, Map, TypeSet, Value, bare_reference, is_read_only, is_true, is_write_only, resolve};

/// References and branches that are followed to see whether a property is hidden.
pub(super) const HOPS: usize = 8;

/// Schemas that are looked at to tell one thing of a schema.
const MOST: usize = 1_000;

/// Whom the values travel to, which decides what `readOnly` and `writeOnly` hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// Nothing is hidden.
    Nothing,
    /// What is sent to the provider has no `readOnly` members (OpenAPI 3.0.3 section 4.7.24.2).
    ReadOnly,
    /// What comes from the provider has no `writeOnly` members.
    WriteOnly,
}

/// The two that a message goes between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Peer {
    /// Whose values are asked about.
    Sender,
    /// Who takes them or refuses them.
    Receiver,
}

/// One thing of the sender, and the same of the receiver.
#[derive(Debug, Clone, Copy)]
pub struct Peers<T> {
    /// The sender's.
    pub sender: T,
    /// The receiver's.
    pub receiver: T,
}

impl<T> Peers<T> {
    pub(super) const fn of(&self, peer: Peer) -> &T {
        match peer {
            Peer::Sender => &self.sender,
            Peer::Receiver => &self.receiver,
        }
    }
}

/// How a document is read.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a way of reading that is chosen by itself")]
pub struct Interpretation<'d> {
    /// The whole document: references lead into it.
    pub root: &'d Value,
    /// Its dialect.
    pub dialect: Dialect,
    /// What its direction hides.
    pub hidden: Hidden,
    /// By the letter of JSON Schema, where a format is an annotation and `properties` speaks of objects only; else as
    /// providers mean it, where it implies an object and a format is not forgotten.
    pub literal: bool,
    /// Whether an object has only the members it declares, unless it says otherwise.
    pub strict: bool,
    /// Whether `oneOf` is read as `anyOf`: many write the one and mean the other.
    pub one_is_any: bool,
    /// Whether a type list that names null means it where the values beside it do not: the other document is of a dialect
    /// that says `nullable`, and this is how it is respelt.
    pub null_beside_values: bool,
}

impl<'d> Interpretation<'d> {
    /// What a schema object of the document says by its keywords.
    pub(super) fn keywords(&self, map: &'d Map) -> Keywords<'d> {
        Keywords::read(map, self.dialect)
    }

    /// Whether null is meant beside what the schema says.
    pub(super) fn is_nullable(&self, keywords: &Keywords<'_>) -> bool {
        let is_respelt = || self.null_beside_values && keywords.names_null_beside_values();
        !self.literal && (keywords.or_null || is_respelt())
    }

    /// The declared types; where there are none, those that the other keywords can only mean.
    pub(super) fn types(&self, keywords: &Keywords<'_>) -> TypeSet {
        match keywords.types {
            Some(types) => types,
            None if self.literal || keywords.lists_values => TypeSet::ALL,
            None => keywords.implied_types(),
        }
    }

    /// Whether a branch of a union is null and nothing else: generators write `{nullable: true}` for it, which by the
    /// letter would be anything.
    pub(super) fn is_only_null(&self, branch: &Value) -> bool {
        let Value::Object(map) = branch else { return false };
        !self.literal && map.len() == 1 && self.dialect == Dialect::OpenApi30 && map.get("nullable").is_some_and(is_true)
    }

    /// Whether a schema refers to itself without going into the value, or to very much: it says nothing then (JSON
    /// Schema 2020-12 core section 9.4.1).
    pub(super) fn is_circular(&self, reference: &str, schema: &'d Value) -> bool {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut pending = vec![schema];
        let mut left = MOST;
        while let Some(schema) = pending.pop() {
            let Value::Object(map) = schema else { continue };
            // So long a way is no better than a circle.
            let Some(rest) = left.checked_sub(1) else { return true };
            left = rest;
            if let Some(to) = map.get("$ref").and_then(Value::as_str) {
                if to == reference {
                    return true;
                }
                if seen.insert(to) {
                    pending.extend(resolve(self.root, to));
                }
            }
            if self.bare_reference(map).is_some() {
                continue;
            }
            pending.extend(["allOf", "anyOf", "oneOf"].into_iter().flat_map(|name| branches(map, name)));
            pending.extend(["not", "if", "then", "else"].into_iter().filter_map(|name| map.get(name)));
            pending.extend(map.get("dependentSchemas").and_then(Value::as_object).into_iter().flat_map(Map::values));
        }
        false
    }

    /// Names an object declares, with those of its `allOf` and of its alternatives; none where any name may come.
    pub(super) fn declared_names(&self, map: &'d Map) -> Option<BTreeSet<&'d str>> {
        let mut names = BTreeSet::new();
        let mut pending = vec![(map, 0)];
        let mut left = MOST;
        while let Some((map, hops)) = pending.pop() {
            left = left.checked_sub(1)?;
            let is_open = map.get("additionalProperties").is_some_and(|value| value != &Value::Bool(false));
            if is_open || map.contains_key("patternProperties") || hops > HOPS {
                return None;
            }
            let members = map.get("properties").and_then(Value::as_object);
            names.extend(members.into_iter().flatten().map(|(name, _)| name.as_str()));
            let target = map.get("$ref").and_then(Value::as_str).and_then(|to| resolve(self.root, to));
            let parts = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|name| branches(map, name));
            pending.extend(parts.chain(target).filter_map(Value::as_object).map(|inner| (inner, hops + 1)));
        }
        (!names.is_empty()).then_some(names)
    }

    /// The reference that a schema object is, where nothing beside it counts.
    pub(super) fn bare_reference(&self, map: &'d Map) -> Option<&'d str> {
        bare_reference(map, self.dialect)
    }

    /// Whether the direction hides a property of this schema: the flag is seen through references and `allOf`.
    pub(super) fn hides(&self, schema: &'d Value) -> bool {
        let is_hidden = match self.hidden {
            Hidden::Nothing => return false,
            Hidden::ReadOnly => is_read_only,
            Hidden::WriteOnly => is_write_only,
        };
        // Most schemas lead nowhere.
        match schema {
            Value::Object(map) if ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|name| map.contains_key(name)) => {}
            Value::Object(map) => return is_hidden(map),
            _ => return false,
        }
        let mut pending = vec![(schema, 0)];
        let mut seen = BTreeSet::new();
        let mut left = MOST;
        while let Some((schema, hops)) = pending.pop() {
            let Value::Object(map) = schema else { continue };
            let Some(rest) = left.checked_sub(1) else { return false };
            left = rest;
            if hops > HOPS || !seen.insert(std::ptr::from_ref(map)) {
                continue;
            }
            if let Some(target) = map.get("$ref").and_then(Value::as_str).and_then(|to| resolve(self.root, to)) {
                pending.push((target, hops + 1));
            }
            if self.bare_reference(map).is_some() {
                continue;
            }
            if is_hidden(map) {
                return true;
            }
            pending.extend(branches(map, "allOf").map(|branch| (branch, hops + 1)));
            for union in ["anyOf", "oneOf"] {
                let mut others = branches(map, union)
                    .filter(|branch| branch.get("type").is_none_or(|kind| !kind.is_null() && kind.as_str() != Some("null")));
                if let (Some(only), None) = (others.next(), others.next()) {
                    pending.push((only, hops + 1));
                }
            }
        }
        false
    }

    /// Names of the object that the direction hides, its own and those of its `allOf`.
    pub(super) fn hidden_names(&self, map: &'d Map) -> BTreeSet<&'d str> {
        let mut names = BTreeSet::new();
        if self.hidden == Hidden::Nothing {
            return names;
        }
        let mut pending = vec![(map, 0)];
        let mut seen = BTreeSet::new();
        let mut left = MOST;
        while let Some((map, hops)) = pending.pop() {
            let Some(rest) = left.checked_sub(1) else { return names };
            left = rest;
            if !seen.insert(std::ptr::from_ref(map)) {
                continue;
            }
            for (name, schema) in map.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if self.hides(schema) {
                    names.insert(name.as_str());
                }
            }
            if hops < HOPS {
                let target = map.get("$ref").and_then(Value::as_str).and_then(|to| resolve(self.root, to));
                let more = branches(map, "allOf").chain(target).filter_map(Value::as_object);
                pending.extend(more.map(|inner| (inner, hops + 1)));
            }
        }
        names
    }
}

/// Whether anything beneath refers to another place.
pub(super) fn refers(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(name, value)| matches!(name.as_str(), "$ref" | "$dynamicRef") || refers(value)),
        Value::Array(list) => list.iter().any(refers),
        _ => false,
    }
}

pub(super) fn branches<'d>(map: &'d Map, name: &str) -> impl Iterator<Item = &'d Value> {
    map.get(name).and_then(Value::as_array).into_iter().flatten()
}
