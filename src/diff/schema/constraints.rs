//! Facts about keywords that are compared as a whole: conditions, and how values are written in XML.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::openapi::{Contract, SchemaId, TypeSet, Value};

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::equivalence::Alike;
use super::super::fact::{Difference, small};
use super::super::folded::FromSchema;
use super::comparison::SchemaComparison;

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

impl SchemaComparison<'_, '_, '_> {
    /// How elements and attributes are written (OpenAPI 3.1 section 4.8.26). What is so anyway says nothing, and a
    /// prefix is a local name for its namespace (XML Namespaces section 3).
    fn xml(&mut self, old: &[FromSchema<&Value>], new: &[FromSchema<&Value>], at: BeforeAfter<SchemaId>) {
        let read = |words: &[FromSchema<&Value>], is_list: bool| {
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
        let (left, right) = (read(old, is_list(self.before.types)), read(new, is_list(self.after.types)));
        let name = |contract: &Contract<'_>, id: SchemaId| {
            let place = contract.pointers.text(contract.schema(id).at);
            let (holder, name) = place.rsplit_once('/')?;
            holder.ends_with("/properties").then(|| json!(name))
        };
        let names = BeforeAfter::new(name(self.walk.before, at.before), name(self.walk.after, at.after));
        let unnamed = |mut said: BTreeMap<String, Json>, name: Option<Json>| {
            if name.is_some() && said.get("name") == name.as_ref() {
                said.remove("name");
            }
            said
        };
        let (left, right) = (unnamed(left, names.before), unnamed(right, names.after));
        if left != right {
            let show = |said: BTreeMap<String, Json>| {
                let words: Vec<String> = said
                    .into_iter()
                    .map(|(name, value)| value.as_str().map_or_else(|| name.clone(), |text| format!("{name} {text}")))
                    .collect();
                Some(if words.is_empty() { json!("the default") } else { json!(words.join(", ")) })
            };
            self.state(Difference::new(ChangeKind::XmlChanged).before(show(left)).after(show(right)), at, "xml");
        }
    }

    /// All keywords that are compared as a whole.
    pub(super) fn constraints(&mut self) {
        let left = std::mem::take(&mut self.before.constraints);
        let right = std::mem::take(&mut self.after.constraints);
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
            let at =
                BeforeAfter::new(old.first().map_or(ids.before, |word| word.at), new.first().map_or(ids.after, |word| word.at));
            if name == "xml" {
                self.xml(old, new, at);
                continue;
            }
            let show = |words: &[FromSchema<&Value>]| words.first().map(|word| small(word.value).unwrap_or_else(|| json!("…")));
            let kind = match (old.is_empty(), new.is_empty()) {
                (true, _) if STANDS_ALONE.contains(&name) => ChangeKind::ConstraintAdded,
                (_, true) if STANDS_ALONE.contains(&name) => ChangeKind::ConstraintRemoved,
                // One condition, reported by its `if`.
                _ if matches!(name, "then" | "else") && left.contains_key("if") != right.contains_key("if") => continue,
                _ => ChangeKind::ConstraintChanged,
            };
            self.state(Difference::new(kind).about(name).before(show(old)).after(show(new)), at, name);
        }
    }
}
