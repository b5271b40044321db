//! Schemas written out as JSON Schema 2020-12, straight from their documents and not from the nodes the search goes by.
//!
//! What cannot apply to the values they are written for (schemas of members that these do not have) is left out, which changes
//! nothing for them and keeps recursive schemas finite.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use serde_json::{Map as JsonMap, Value as Json, json};

use crate::openapi::{ItemSubschemas, Keywords, Map, SubschemaKeyword as Subschema, TypeSet, Value, count, resolve};

use super::interpretation::{Interpretation, branches};

/// Schemas within schemas that are written out.
const DEEPEST: usize = 100;

/// Members of one schema that count as one more schema: each is looked at.
const MEMBERS: usize = 32;

/// How null is read where the specification says otherwise than people mean: `nullable` without a `type` beside it, beside
/// values that do not list null, and what is left of it in 3.1 (OpenAPI 3.0.3 section 4.7.24).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NullReading {
    AsMeant,
    ByTheLetter,
}

/// How many values a list holds, and what is no list.
fn listed(value: &Value) -> usize {
    value.as_array().map_or(1, <[Value]>::len)
}

/// Whether null is refused by more than a `type`, which `nullable` speaks of alone.
fn says_more_than_type(map: &Map) -> bool {
    let lists_null = |list: &Value| list.as_array().is_some_and(|list| list.iter().any(Value::is_null));
    ["allOf", "anyOf", "oneOf", "not", "const", "$ref"].iter().any(|name| map.contains_key(name))
        || map.get("enum").is_some_and(|list| !lists_null(list))
}

/// Writes a schema out for some values; none where it cannot be followed.
pub(super) struct Export<'d> {
    document: Interpretation<'d>,
    null: NullReading,
    /// Whether the two readings of null may judge the values differently.
    pub(super) is_null_doubtful: bool,
    left: usize,
    /// Values of the document that were copied: of lists of values, mostly.
    copied: usize,
    /// Targets of references that were written, and their places among the definitions.
    written: FxHashMap<WrittenTarget, usize>,
    /// None where one is still being written.
    definitions: Vec<Option<Json>>,
}

/// The target of a reference, as it is written for some values.
#[derive(PartialEq, Eq, Hash)]
struct WrittenTarget {
    schema: *const Value,
    samples: Vec<*const Json>,
}

impl<'d> Export<'d> {
    /// An export that writes so many schemas at most.
    pub(super) fn new(document: Interpretation<'d>, null: NullReading, left: usize) -> Self {
        Self { document, null, is_null_doubtful: false, left, copied: 0, written: FxHashMap::default(), definitions: Vec::new() }
    }

    /// What was written, of the number of schemas that it began with: schemas, and values that were copied.
    pub(super) const fn cost(&self, most: usize) -> usize {
        most.saturating_sub(self.left).saturating_add(self.copied)
    }

    /// A schema with all that it refers to, as far as it says anything of a value that looks like this one.
    pub(super) fn whole(&mut self, schema: &'d Value, value: &Json) -> Option<Json> {
        let mut whole = self.schema(schema, &[value], &BTreeSet::new(), 0)?;
        if let Json::Object(whole) = &mut whole {
            let definitions = std::mem::take(&mut self.definitions).into_iter().enumerate();
            let named = definitions.filter_map(|(name, written)| Some((name.to_string(), written?)));
            whole.insert("$defs".to_owned(), Json::Object(named.collect()));
        }
        Some(whole)
    }

    fn schema(&mut self, schema: &'d Value, samples: &[&Json], outer: &BTreeSet<&'d str>, depth: usize) -> Option<Json> {
        self.left = self.left.checked_sub(1)?;
        if depth > DEEPEST {
            return None;
        }
        let map = match schema {
            Value::Bool(_) => return Some(schema.to_json()),
            Value::Object(map) => map,
            _ => return None,
        };
        if self.document.bare_reference(map).is_some() {
            return self.target(map, samples, depth);
        }
        let count = |name: &str| map.get(name).map_or(0, |value| value.as_object().map_or(0, Map::len));
        let members = count("properties") + count("dependentRequired") + map.get("required").map_or(0, listed);
        self.left = self.left.checked_sub(members / MEMBERS)?;
        self.copied +=
            members + ["enum", "x-extensible-enum", "const"].iter().filter_map(|name| map.get(name)).map(listed).sum::<usize>();
        let keywords = self.document.keywords(map);
        let plain = self.object(map, &keywords, samples, outer, depth)?;
        if !self.document.is_nullable(&keywords) {
            return Some(plain);
        }
        let is_doubtful = self.document.dialect.is_json_schema() || keywords.types.is_none() || says_more_than_type(map);
        self.is_null_doubtful |= is_doubtful && samples.iter().any(|sample| sample.is_null());
        if is_doubtful && self.null == NullReading::ByTheLetter {
            return Some(plain);
        }
        Some(json!({"anyOf": [plain, {"type": "null"}]}))
    }

    fn branch(&mut self, branch: &'d Value, samples: &[&Json], depth: usize) -> Option<Json> {
        if self.document.is_only_null(branch) {
            self.is_null_doubtful = true;
            // By the letter it says nothing.
            return Some(if self.null == NullReading::AsMeant { json!({"type": "null"}) } else { Json::Bool(true) });
        }
        match self.document.refusal(branch, samples) {
            Some(refusal) => {
                self.left = self.left.checked_sub(1)?;
                Some(refusal)
            }
            None => self.schema(branch, samples, &BTreeSet::new(), depth + 1),
        }
    }

    /// What a reference leads to, written once for the same values.
    fn target(&mut self, map: &'d Map, samples: &[&Json], depth: usize) -> Option<Json> {
        let target = resolve(self.document.root, map.get("$ref")?.as_str()?)?;
        if matches!(target, Value::Bool(_)) {
            return Some(target.to_json());
        }
        let samples_at = samples.iter().map(|sample| std::ptr::from_ref(*sample)).collect();
        let asked = WrittenTarget { schema: std::ptr::from_ref(target), samples: samples_at };
        let name = match self.written.get(&asked) {
            Some(known) => *known,
            None => {
                let name = self.definitions.len();
                self.definitions.push(None);
                self.written.insert(asked, name);
                let written = self.schema(target, samples, &BTreeSet::new(), depth + 1)?;
                *self.definitions.get_mut(name)? = Some(written);
                name
            }
        };
        // One that is still being written leads to itself without an end.
        self.definitions.get(name)?.as_ref()?;
        Some(json!({"$ref": format!("#/$defs/{name}")}))
    }

    fn object(
        &mut self,
        map: &'d Map,
        keywords: &Keywords<'d>,
        samples: &[&Json],
        outer: &BTreeSet<&'d str>,
        depth: usize,
    ) -> Option<Json> {
        if keywords.dynamic_reference.or(keywords.recursive_reference).is_some() {
            return None;
        }
        let mut out = self.plain(keywords);
        self.array(keywords, samples, depth, &mut out)?;
        self.members(map, samples, depth, &mut out)?;
        self.required(map, keywords, outer, &mut out);
        self.composition(map, samples, outer, depth, &mut out)?;
        Some(Json::Object(out))
    }

    /// The keywords that hold no other schemas.
    fn plain(&self, keywords: &Keywords<'d>) -> JsonMap<String, Json> {
        let mut out = JsonMap::new();
        let types = self.document.types(keywords);
        if types != TypeSet::ALL {
            out.insert("type".into(), json!(types.names()));
        }
        if let Some(list) = keywords.enumeration.or(keywords.extensible_values) {
            out.insert("enum".into(), list.iter().map(Value::to_json).collect());
        }
        if let Some(value) = keywords.constant {
            out.insert("const".into(), value.to_json());
        }
        for (bound, plain, exclusive) in [
            (keywords.minimum, "minimum", "exclusiveMinimum"),
            (keywords.exclusive_minimum, "minimum", "exclusiveMinimum"),
            (keywords.maximum, "maximum", "exclusiveMaximum"),
            (keywords.exclusive_maximum, "maximum", "exclusiveMaximum"),
        ] {
            if let Some(bound) = bound {
                out.insert(if bound.exclusive { exclusive } else { plain }.into(), Json::Number(bound.value.clone()));
            }
        }
        if let Some(step) = keywords.multiple_of.filter(|step| step.as_f64().is_some_and(|step| step > 0.0)) {
            out.insert("multipleOf".into(), Json::Number(step.clone()));
        }
        for (name, count) in [
            ("minLength", keywords.min_length),
            ("maxLength", keywords.max_length),
            ("minItems", keywords.min_items),
            ("maxItems", keywords.max_items),
            ("minProperties", keywords.min_properties),
            ("maxProperties", keywords.max_properties),
            ("minContains", keywords.min_contains.and_then(count)),
            ("maxContains", keywords.max_contains.and_then(count)),
        ] {
            if let Some(count) = count {
                out.insert(name.into(), count.into());
            }
        }
        if let Some(pattern) = keywords.pattern {
            out.insert("pattern".into(), pattern.into());
        }
        if keywords.unique_items {
            out.insert("uniqueItems".into(), Json::Bool(true));
        }
        if let Some(names) = keywords.dependent_required.filter(|names| names.is_object()) {
            out.insert("dependentRequired".into(), names.to_json());
        }
        out
    }

    fn array(&mut self, keywords: &Keywords<'d>, samples: &[&Json], depth: usize, out: &mut JsonMap<String, Json>) -> Option<()> {
        let items: Vec<&Json> = samples.iter().filter_map(|value| value.as_array()).flatten().collect();
        let contains = keywords.subschema(Subschema::Contains);
        if items.is_empty() {
            // Only `contains` speaks of lists without items.
            if contains.is_some() && keywords.min_contains.and_then(count) != Some(0) {
                out.insert("contains".into(), Json::Bool(true));
            }
            return Some(());
        }
        let ItemSubschemas { first, rest } = keywords.items();
        if let Some((_, list)) = first {
            let list: Option<Vec<Json>> =
                list.iter().map(|schema| self.schema(schema, &items, &BTreeSet::new(), depth + 1)).collect();
            out.insert("prefixItems".into(), Json::Array(list?));
        }
        let unevaluated = keywords.subschema(Subschema::UnevaluatedItems).filter(|_| rest.is_none());
        for (name, schema) in
            [("items", rest.map(|(_, schema)| schema)), ("contains", contains), ("unevaluatedItems", unevaluated)]
        {
            if let Some(schema) = schema.filter(|schema| !schema.is_null()) {
                out.insert(name.into(), self.schema(schema, &items, &BTreeSet::new(), depth + 1)?);
            }
        }
        Some(())
    }

    fn members(&mut self, map: &'d Map, samples: &[&Json], depth: usize, out: &mut JsonMap<String, Json>) -> Option<()> {
        let none = BTreeSet::new();
        let objects: Vec<&JsonMap<String, Json>> = samples.iter().filter_map(|value| value.as_object()).collect();
        let all: Vec<&Json> = objects.iter().flat_map(|object| object.values()).collect();
        if let Some(Value::Object(properties)) = map.get("properties") {
            let mut kept = JsonMap::new();
            for (name, schema) in properties {
                let values: Vec<&Json> = objects.iter().filter_map(|object| object.get(name.as_str())).collect();
                if !values.is_empty() && !self.document.hides(schema) {
                    kept.insert(name.to_string(), self.schema(schema, &values, &none, depth + 1)?);
                }
            }
            out.insert("properties".into(), Json::Object(kept));
        }
        for name in ["additionalProperties", "unevaluatedProperties"] {
            if let Some(schema) = map.get(name).filter(|schema| !schema.is_null() && !all.is_empty()) {
                out.insert(name.into(), self.schema(schema, &all, &none, depth + 1)?);
            }
        }
        if let Some(Value::Object(patterns)) = map.get("patternProperties").filter(|_| !all.is_empty()) {
            let mut kept = JsonMap::new();
            for (name, schema) in patterns {
                kept.insert(name.to_string(), self.schema(schema, &all, &none, depth + 1)?);
            }
            out.insert("patternProperties".into(), Json::Object(kept));
        }
        if let Some(schema) = map.get("propertyNames") {
            out.insert("propertyNames".into(), self.schema(schema, &[], &none, depth + 1)?);
        }
        for name in ["dependentSchemas", "dependencies"] {
            for (property, needs) in map.get(name).and_then(Value::as_object).into_iter().flatten() {
                let keyword = if needs.is_array() { "dependentRequired" } else { "dependentSchemas" };
                let needs = if needs.is_array() { needs.to_json() } else { self.schema(needs, samples, &none, depth + 1)? };
                if let Json::Object(known) = out.entry(keyword).or_insert_with(|| json!({})) {
                    known.insert(property.to_string(), needs);
                }
            }
        }
        Some(())
    }

    fn required(&self, map: &'d Map, keywords: &Keywords<'d>, outer: &BTreeSet<&'d str>, out: &mut JsonMap<String, Json>) {
        let mut names: BTreeSet<&str> = keywords.required_names().filter(|name| !outer.contains(name)).collect();
        if !names.is_empty() {
            let hidden = self.document.hidden_names(map);
            names.retain(|name| !hidden.contains(name));
            out.insert("required".into(), json!(names));
        }
    }

    fn composition(
        &mut self,
        map: &'d Map,
        samples: &[&Json],
        outer: &BTreeSet<&'d str>,
        depth: usize,
        out: &mut JsonMap<String, Json>,
    ) -> Option<()> {
        let none = BTreeSet::new();
        let mut all: Vec<Json> = Vec::new();
        if map.get("$ref").is_some_and(Value::is_string) {
            all.push(self.target(map, samples, depth)?);
        }
        if map.contains_key("allOf") {
            let mut hidden = self.document.hidden_names(map);
            hidden.extend(outer);
            for branch in branches(map, "allOf") {
                all.push(self.schema(branch, samples, &hidden, depth + 1)?);
            }
        }
        if !all.is_empty() {
            out.insert("allOf".into(), Json::Array(all));
        }
        for name in ["anyOf", "oneOf"] {
            let Some(Value::Array(known)) = map.get(name) else { continue };
            let list: Option<Vec<Json>> = known.iter().map(|branch| self.branch(branch, samples, depth)).collect();
            let mut list = list?;
            if let Some(tags) = self.document.union_tags(map, known) {
                list = list.into_iter().enumerate().map(|(at, branch)| tags.tagged(at, branch)).collect();
            }
            if !list.is_empty() {
                out.insert(name.into(), Json::Array(list));
            }
        }
        for name in ["not", "if", "then", "else"] {
            if let Some(schema) = map.get(name) {
                out.insert(name.into(), self.schema(schema, samples, &none, depth + 1)?);
            }
        }
        Some(())
    }
}
