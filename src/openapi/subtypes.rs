//! Inheritance: components that fold a base with a `discriminator` in by `allOf`.
//!
//! Such a base stands for every one of them, though nothing refers to them (OpenAPI 3.0.3 section 4.7.25,
//! Swagger 2.0 "Composition and Inheritance").

use std::collections::{BTreeMap, BTreeSet};

use super::pointer::unit_of;
use super::value::{Map, Value};

/// The components that name a component in their `allOf`, by that component. Empty where no component has a
/// `discriminator` without alternatives of its own.
pub fn subtypes(root: &Value) -> BTreeMap<String, Vec<&str>> {
    let Some((_, schemas)) = section(root) else { return BTreeMap::new() };
    let is_base =
        |value: &Value| value.get("discriminator").is_some() && value.get("oneOf").is_none() && value.get("anyOf").is_none();
    let mut subtypes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    if !schemas.values().any(is_base) {
        return subtypes;
    }
    for (name, value) in schemas {
        let mut bases = BTreeSet::new();
        value.get("allOf").into_iter().chain(only_branch(value)).for_each(|part| bases_of(part, &mut bases));
        for base in bases {
            subtypes.entry(base).or_default().push(name);
        }
    }
    subtypes
}

/// The components that a part of a schema folds in, however they are wrapped: a list of `allOf`, or one schema.
/// Depth is bounded by reading.
fn bases_of(part: &Value, into: &mut BTreeSet<String>) {
    if let Some(members) = part.as_array() {
        return members.iter().for_each(|member| bases_of(member, into));
    }
    if let Some(reference) = part.get("$ref").and_then(Value::as_str) {
        into.extend(match unit_of(reference) {
            Some((section, _, Some(base))) if section == "components" => Some(base),
            Some((section, base, None)) if section == "definitions" => Some(base),
            _ => None,
        });
    }
    part.get("allOf").into_iter().chain(only_branch(part)).for_each(|inner| bases_of(inner, into));
}

/// A union of one is that one.
fn only_branch(schema: &Value) -> Option<&Value> {
    ["anyOf", "oneOf"].into_iter().find_map(|name| match schema.get(name)?.as_array()? {
        [only] => Some(only),
        _ => None,
    })
}

/// Where the schemas of a document have names.
pub(super) fn section(root: &Value) -> Option<(&'static [&'static str], &Map)> {
    let places: [&'static [&'static str]; 2] = [&["components", "schemas"], &["definitions"]];
    places.into_iter().find_map(|path| {
        let found = path.iter().try_fold(root, |value, token| value.get(token))?;
        Some((path, found.as_object()?))
    })
}
