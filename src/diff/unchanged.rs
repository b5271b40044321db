//! Which parts are equal on both sides together with everything they refer to.
//!
//! Units (path items, components, 2.0 definitions) are compared as raw values; a unit that reaches a
//! changed one is not clean. Most publications touch a few units, so this is where a diff of two large
//! documents mostly ends.

use std::collections::{BTreeMap, HashMap};

use crate::openapi::{SECTION, Value, escape, subtypes, unit_of};

use super::equality::same;

/// Parts of a document that every operation depends on.
const CONTEXT: &[&str] = &["security", "securityDefinitions", "consumes", "produces", "swagger"];

/// Parts of a document whose members are units.
const SECTIONS: &[&str] = &["paths", "webhooks", "x-webhooks", "definitions", "parameters", "responses", SECTION];

/// How far two parts are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sameness {
    /// Nothing is known.
    Unknown,
    /// They are, but something they refer to is not.
    Itself,
    /// They are, with all they refer to.
    Throughout,
}

/// The units of two documents that are equal.
#[derive(Debug)]
pub(super) struct Unchanged {
    units: HashMap<String, Sameness>,
    context: bool,
}

struct Unit<'d> {
    before: &'d Value,
    clean: bool,
    /// Units that refer to this one.
    referrers: Vec<usize>,
}

impl Unchanged {
    pub(super) fn between(before: &Value, after: &Value, same_dialect: bool) -> Self {
        let schemes = |root: &Value| root.get("components").and_then(|c| c.get("securitySchemes")).cloned();
        let context = same_dialect
            && CONTEXT.iter().all(|name| match (before.get(name), after.get(name)) {
                (Some(a), Some(b)) => same(a, b),
                (None, None) => true,
                _ => false,
            })
            && schemes(before) == schemes(after);
        if !same_dialect {
            return Self { units: HashMap::new(), context };
        }
        let mut index: HashMap<String, usize> = HashMap::new();
        let mut units: Vec<Unit<'_>> = Vec::new();
        for UnitPair { pointer, before, after } in pairs_of_units(before, after) {
            let clean = after.is_some_and(|after| same(before, after));
            index.insert(pointer, units.len());
            units.push(Unit { before, clean, referrers: Vec::new() });
        }
        let mut dirty: Vec<usize> = Vec::new();
        let mut targets_of: HashMap<&str, Option<usize>> = HashMap::new();
        for at in 0..units.len() {
            let Some(unit) = units.get(at) else { continue };
            let mut targets = Vec::new();
            references(unit.before, &mut targets);
            let mut clean = unit.clean;
            for reference in targets {
                // The same few thousand references stand in a large document tens of thousands of times.
                let target = *targets_of
                    .entry(reference)
                    .or_insert_with(|| unit_pointer(reference).and_then(|pointer| index.get(&pointer).copied()));
                match target {
                    Some(target) => {
                        if let Some(target) = units.get_mut(target) {
                            target.referrers.push(at);
                        }
                    }
                    // Dangling, external or unusual: nothing is known about it, so nothing is skipped.
                    None => clean = false,
                }
            }
            if !clean {
                dirty.push(at);
            }
        }
        // A base stands for its subtypes: what changes in one of them changes what the base means.
        let (left, right) = (subtypes(before), subtypes(after));
        for base_name in left.keys().chain(right.keys()) {
            let place = |name: &str| {
                ["/components/schemas", "/definitions"].iter().find_map(|home| index.get(&format!("{home}/{}", escape(name))))
            };
            let Some(base) = place(base_name).copied() else { continue };
            let (mine, theirs) = (names_of(&left, base_name), names_of(&right, base_name));
            let mut differ = mine.len() != theirs.len();
            for name in mine {
                differ |= !theirs.contains(name);
                if let Some(subtype) = place(name).and_then(|subtype| units.get_mut(*subtype)) {
                    subtype.referrers.push(base);
                }
            }
            if differ {
                dirty.push(base);
            }
        }
        let mut is_dirty = vec![false; units.len()];
        while let Some(at) = dirty.pop() {
            let Some(mark) = is_dirty.get_mut(at) else { continue };
            if !std::mem::replace(mark, true)
                && let Some(unit) = units.get(at)
            {
                dirty.extend(&unit.referrers);
            }
        }
        let sameness = |at: usize| match (is_dirty.get(at), units.get(at)) {
            (Some(false), _) => Sameness::Throughout,
            (_, Some(unit)) if unit.clean => Sameness::Itself,
            _ => Sameness::Unknown,
        };
        let units = index.into_iter().map(|(pointer, at)| (pointer, sameness(at))).collect();
        Self { units, context }
    }

    /// Whether the unit that holds `pointer` is equal on both sides, with all it refers to.
    pub(super) fn holds(&self, pointer: &str) -> bool {
        self.of(pointer) == Sameness::Throughout
    }

    /// How far the unit that holds `pointer` is equal on both sides.
    pub(super) fn of(&self, pointer: &str) -> Sameness {
        unit_pointer(pointer).and_then(|unit| self.units.get(&unit).copied()).unwrap_or(Sameness::Unknown)
    }

    /// Whether what all operations inherit is equal on both sides.
    pub(super) const fn context(&self) -> bool {
        self.context
    }
}

fn names_of<'m, 'd>(subtypes: &'m BTreeMap<String, Vec<&'d str>>, base: &str) -> &'m [&'d str] {
    subtypes.get(base).map_or(&[], Vec::as_slice)
}

fn unit_pointer(reference: &str) -> Option<String> {
    let (section, name, third) = unit_of(reference)?;
    Some(match third {
        Some(third) => format!("/{section}/{}/{}", escape(&name), escape(&third)),
        None => format!("/{section}/{}", escape(&name)),
    })
}

/// A unit of the document before, and what stands in its place after.
struct UnitPair<'d> {
    pointer: String,
    before: &'d Value,
    after: Option<&'d Value>,
}

fn pairs_of_units<'d>(before: &'d Value, after: &'d Value) -> Vec<UnitPair<'d>> {
    let mut units = Vec::new();
    let mut section = |prefix: String, before: Option<&'d Value>, after: Option<&'d Value>| {
        let others = after.and_then(Value::as_object);
        for (name, before) in before.and_then(Value::as_object).into_iter().flatten() {
            let pointer = format!("{prefix}/{}", escape(name));
            units.push(UnitPair { pointer, before, after: others.and_then(|others| others.get(name)) });
        }
    };
    for name in SECTIONS {
        section(format!("/{name}"), before.get(name), after.get(name));
    }
    let others = after.get("components").and_then(Value::as_object);
    for (kind, members) in before.get("components").and_then(Value::as_object).into_iter().flatten() {
        section(format!("/components/{}", escape(kind)), Some(members), others.and_then(|others| others.get(kind)));
    }
    units
}

/// Every local reference beneath a value. Depth is bounded by reading.
fn references<'d>(value: &'d Value, into: &mut Vec<&'d str>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match inner {
                    Value::String(text) if name == "$ref" || name == "$dynamicRef" => into.push(text),
                    Value::Object(_) | Value::Array(_) => references(inner, into),
                    _ => {}
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dirt_travels_up_references() {
        let before = json!({"components": {"schemas": {
            "A": {"$ref": "#/components/schemas/B"}, "B": {"properties": {"c": {"$ref": "#/components/schemas/C"}}},
            "C": {"type": "string"}, "D": {"type": "object", "title": "x"}, "E": {"$ref": "#/components/schemas/E"}, "F": {"$ref": "x.yaml"}
        }}});
        let mut after = before.clone();
        after["components"]["schemas"]["C"] = json!({"type": "integer"});
        after["components"]["schemas"]["D"] = json!({"title": "x", "type": "object"});
        let unchanged = Unchanged::between(&before.into(), &after.into(), true);
        let clean = |name: &str| unchanged.holds(&format!("#/components/schemas/{name}/properties/x"));
        assert_eq!(["A", "B", "C", "D", "E", "F"].map(clean), [false, false, false, true, true, false]);
        assert!(unchanged.context());
    }
}
