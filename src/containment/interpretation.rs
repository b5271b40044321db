//! How the document of a sender or a receiver is read: what its dialect, its direction and its authors mean.

use std::collections::BTreeSet;

use num_traits::Signed;

use crate::openapi::{Dialect, Map, TypeSet, Value, declared_types, resolve};

use super::number::exact;

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
}

impl<'d> Interpretation<'d> {
    /// Whether null is meant beside what the schema says.
    pub(super) fn is_nullable(&self, map: &Map) -> bool {
        let name = if self.dialect == Dialect::Swagger20 { "x-nullable" } else { "nullable" };
        // Gone in 3.1, yet sloppy upgrades leave it behind and mean it.
        is_true(map.get(name)) && !self.literal && (!self.dialect.is_json_schema() || map.contains_key("type"))
    }

    /// The declared types; where there are none, those that the other keywords can only mean.
    pub(super) fn types(&self, map: &Map) -> TypeSet {
        let declared = map.get("type").map_or(TypeSet::ALL, declared_types);
        if declared != TypeSet::ALL || self.literal || map.contains_key("enum") || map.contains_key("const") {
            return declared;
        }
        let has = |name: &str| map.get(name).is_some_and(|value| !value.is_null());
        let members = map.get("properties").and_then(Value::as_object).is_some_and(|members| !members.is_empty());
        let closed = match map.get("additionalProperties") {
            Some(Value::Bool(open)) => !open,
            Some(Value::Object(inner)) => !inner.is_empty(),
            _ => false,
        };
        match (members || closed, has("items") || has("prefixItems")) {
            (true, false) => TypeSet::OBJECT,
            (false, true) => TypeSet::ARRAY,
            _ => TypeSet::ALL,
        }
    }

    /// Whether a branch of a union is null and nothing else: generators write `{nullable: true}` for it, which by the
    /// letter would be anything.
    pub(super) fn is_only_null(&self, branch: &Value) -> bool {
        let Value::Object(map) = branch else { return false };
        !self.literal && map.len() == 1 && self.dialect == Dialect::OpenApi30 && is_true(map.get("nullable"))
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
            if self.is_bare_reference(map) {
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

    /// Whether a reference hides what stands beside it.
    pub(super) fn is_bare_reference(&self, map: &Map) -> bool {
        map.get("$ref").is_some_and(Value::is_string) && (map.len() == 1 || !self.dialect.is_json_schema())
    }

    /// Whether the direction hides a property of this schema: the flag is seen through references and `allOf`.
    pub(super) fn hides(&self, schema: &'d Value) -> bool {
        let flag = match self.hidden {
            Hidden::Nothing => return false,
            Hidden::ReadOnly => "readOnly",
            Hidden::WriteOnly => "writeOnly",
        };
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
            if self.is_bare_reference(map) {
                continue;
            }
            if is_true(map.get(flag)) || (flag == "writeOnly" && is_true(map.get("x-writeOnly"))) {
                return true;
            }
            pending.extend(branches(map, "allOf").map(|branch| (branch, hops + 1)));
            for union in ["anyOf", "oneOf"] {
                let mut others =
                    branches(map, union).filter(|branch| branch.get("type").is_none_or(|kind| kind.as_str() != Some("null")));
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

pub(super) fn is_true(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool).unwrap_or(false)
}

pub(super) fn branches<'d>(map: &'d Map, name: &str) -> impl Iterator<Item = &'d Value> {
    map.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// A non-negative whole number; `1.0` is one (JSON Schema 2020-12 section 4.2.3).
pub(super) fn count(value: Option<&Value>) -> Option<u64> {
    let number = value?.as_number()?;
    let exact = exact(number)?;
    (exact.is_integer() && !exact.is_negative()).then(|| exact.to_integer().try_into().unwrap_or(u64::MAX))
}

/// The two bounds of one end: number, and whether it is out.
pub(super) fn bounds<'d>(map: &'d Map, plain: &str, exclusive: &str) -> Vec<(&'d serde_json::Number, bool)> {
    let number = |name: &str| map.get(name).and_then(Value::as_number);
    let mut found: Vec<(&serde_json::Number, bool)> = Vec::new();
    // A flag beside the bound up to 3.0, a bound of its own from 3.1.
    found.extend(number(plain).map(|bound| (bound, is_true(map.get(exclusive)))));
    found.extend(number(exclusive).map(|bound| (bound, true)));
    found
}

/// Schemas of the first items, by place, and of all behind them. A list under `items` is how drafts before 2020-12
/// wrote `prefixItems`.
pub(super) fn item_schemas<'d>(get: &dyn Fn(&str) -> Option<&'d Value>) -> (Option<&'d [Value]>, Option<&'d Value>) {
    match (get("prefixItems"), get("items")) {
        (_, Some(Value::Array(list))) => (Some(list), get("additionalItems")),
        (Some(Value::Array(list)), rest) => (Some(list), rest),
        (_, rest) => (None, rest),
    }
}
