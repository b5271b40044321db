//! A document's schemas as JSON Schema, written for the gate from the published text alone: nothing here knows the prover.
//!
//! What OpenAPI says beyond JSON Schema is written out: references, which way a message goes, `nullable`, and the tags of
//! a discriminator.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use driftd::openapi::Dialect;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

/// Keywords that mean the same in JSON Schema.
const COPIED: &[&str] = &[
    "enum",
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
    "dependentRequired",
];

/// Keywords with one schema.
const ONE: &[&str] = &[
    "items",
    "not",
    "additionalProperties",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
];

/// Keywords with schemas by name.
const NAMED: &[&str] = &["properties", "patternProperties", "dependentSchemas"];

/// How `nullable` is read where the specification gives it no force: beside no `type`, and in OpenAPI 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Nullable {
    /// It has none (OpenAPI 3.0.3 section 4.7.24, OpenAPI 3.1 has no such keyword).
    ByTheLetter,
    /// As who writes it means it.
    AsMeant,
}

/// One document, as messages of one direction are judged by it.
pub(super) struct Published<'d> {
    pub(super) root: &'d Value,
    pub(super) dialect: Dialect,
    /// `readOnly` for what is sent to the provider, `writeOnly` for what comes from it.
    pub(super) hidden: &'static str,
    /// Whether anything in the document is hidden so.
    pub(super) hides: bool,
    pub(super) nullable: Nullable,
    /// What references lead to, as far as it was written.
    pub(super) written: &'d RefCell<HashMap<WrittenReference, Rc<WrittenTarget>>>,
}

/// The target of a reference as it is written for one direction and one reading.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct WrittenReference {
    reference: String,
    hidden: &'static str,
    nullable: Nullable,
}

/// A target with the references in it.
pub(super) struct WrittenTarget {
    schema: Value,
    referred: BTreeSet<String>,
}

impl Published<'_> {
    /// Who judges values of a schema.
    pub(super) fn validator(&self, schema: &Value) -> Validator {
        let mut pending = BTreeSet::new();
        let mut whole = json!({"allOf": [self.schema(schema, &BTreeSet::new(), &mut pending)]});
        let mut definitions = Map::new();
        while let Some(reference) = pending.pop_first() {
            let target = self.target(&reference);
            definitions.insert(plain(&reference), target.schema.clone());
            pending.extend(target.referred.iter().filter(|name| !definitions.contains_key(&plain(name))).cloned());
        }
        whole["$defs"] = Value::Object(definitions);
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::fancy_regex())
            .build(&whole)
            .unwrap_or_else(|error| panic!("{error}: {schema}"))
    }

    fn target(&self, reference: &str) -> Rc<WrittenTarget> {
        let known = WrittenReference { reference: reference.to_owned(), hidden: self.hidden, nullable: self.nullable };
        let write = || {
            let mut referred = BTreeSet::new();
            let target = self.at(reference).unwrap_or(&Value::Bool(true));
            Rc::new(WrittenTarget { schema: self.schema(target, &BTreeSet::new(), &mut referred), referred })
        };
        Rc::clone(self.written.borrow_mut().entry(known).or_insert_with(write))
    }

    /// What a reference leads to.
    fn at(&self, reference: &str) -> Option<&Value> {
        let mut pointer = String::new();
        let mut rest = reference.strip_prefix('#')?;
        while let Some((before, after)) = rest.split_once('%') {
            pointer.push_str(before);
            let code = after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()).filter(u8::is_ascii);
            match code {
                Some(code) => pointer.push(char::from(code)),
                None => return self.root.pointer(reference.strip_prefix('#')?),
            }
            rest = after.get(2..)?;
        }
        pointer.push_str(rest);
        self.root.pointer(&pointer)
    }

    /// The object behind references.
    fn behind<'v>(&'v self, schema: &'v Value) -> &'v Value {
        let mut at = schema;
        for _ in 0..32 {
            match at.get("$ref").and_then(Value::as_str).and_then(|reference| self.at(reference)) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// The schema and the members of its `allOf`, through references.
    fn parts<'v>(&'v self, schema: &'v Value) -> Vec<&'v Value> {
        let mut parts = vec![schema];
        let mut next = 0;
        while let Some(part) = parts.get(next).copied().filter(|_| next < 200) {
            next += 1;
            let target = part.get("$ref").and_then(Value::as_str).and_then(|reference| self.at(reference));
            parts.extend(target.into_iter().chain(part["allOf"].as_array().into_iter().flatten()));
        }
        parts
    }

    fn is_hidden(&self, schema: &Value) -> bool {
        self.hides && self.parts(schema).iter().any(|part| part[self.hidden] == true)
    }

    /// One schema; `outer` are names that a schema around it hides.
    fn schema(&self, schema: &Value, outer: &BTreeSet<String>, referred: &mut BTreeSet<String>) -> Value {
        let Value::Object(map) = schema else { return schema.clone() };
        let reference = map.get("$ref").and_then(Value::as_str).map(|reference| {
            referred.insert(reference.to_owned());
            json!({"$ref": format!("#/$defs/{}", plain(reference))})
        });
        match reference {
            Some(reference) if !self.dialect.is_json_schema() => reference,
            reference => {
                let mut written = self.object(map, outer, referred);
                if let (Some(reference), Value::Object(written)) = (reference, &mut written) {
                    let all = written.entry("allOf").or_insert_with(|| json!([]));
                    all.as_array_mut().expect("a list").push(reference);
                }
                self.with_null(map, written)
            }
        }
    }

    /// What `nullable` adds.
    fn with_null(&self, map: &Map<String, Value>, written: Value) -> Value {
        let keyword = if self.dialect == Dialect::Swagger20 { "x-nullable" } else { "nullable" };
        if map.get(keyword) != Some(&Value::Bool(true)) {
            return written;
        }
        let is_said = !self.dialect.is_json_schema() && map.get("type").is_some();
        match self.nullable {
            Nullable::AsMeant if map.len() == 1 && !self.dialect.is_json_schema() => json!({"type": "null"}),
            Nullable::AsMeant if !self.dialect.is_json_schema() || map.contains_key("type") => {
                json!({"anyOf": [written, {"type": "null"}]})
            }
            Nullable::ByTheLetter if is_said => {
                let mut written = written;
                if let Some(kind) = written["type"].as_str() {
                    written["type"] = json!([kind, "null"]);
                }
                written
            }
            _ => written,
        }
    }

    fn object(&self, map: &Map<String, Value>, outer: &BTreeSet<String>, referred: &mut BTreeSet<String>) -> Value {
        let none = BTreeSet::new();
        let mut out = Map::new();
        // YAML's null where the name of the type was meant.
        if map.len() == 1 && map.get("type") == Some(&Value::Null) {
            return json!({"type": "null"});
        }
        // A list of nothing is written where there was nothing to list; JSON Schema has none.
        let says = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
        for (name, value) in map.iter().filter(|(_, value)| says(value)) {
            match name.as_str() {
                "type" => drop(out.insert("type".to_owned(), if value == "file" { json!("string") } else { value.clone() })),
                "const" if self.dialect.is_json_schema() => drop(out.insert(name.clone(), value.clone())),
                known if COPIED.contains(&known) => drop(out.insert(name.clone(), value.clone())),
                "prefixItems" => {
                    let list = value.as_array().into_iter().flatten().map(|item| self.schema(item, &none, referred));
                    out.insert(name.clone(), list.collect());
                }
                known if ONE.contains(&known) && (value.is_object() || value.is_boolean()) => {
                    out.insert(name.clone(), self.schema(value, &none, referred));
                }
                known if NAMED.contains(&known) => {
                    let members = value.as_object().into_iter().flatten().filter(|(_, member)| !self.is_hidden(member));
                    out.insert(
                        name.clone(),
                        members.map(|(name, member)| (name.clone(), self.schema(member, &none, referred))).collect(),
                    );
                }
                _ => {}
            }
        }
        bounds(map, &mut out);
        let hidden = self.hidden_names(map, outer);
        if let Some(names) = map.get("required").and_then(Value::as_array) {
            let kept = names.iter().filter(|name| name.as_str().is_some_and(|name| !hidden.contains(name)));
            out.insert("required".to_owned(), kept.cloned().collect());
        }
        let list_of = |name: &str| map.get(name).and_then(Value::as_array).filter(|list| !list.is_empty());
        if let Some(list) = list_of("allOf") {
            out.insert("allOf".to_owned(), list.iter().map(|part| self.schema(part, &hidden, referred)).collect());
        }
        for name in ["anyOf", "oneOf"] {
            if let Some(list) = list_of(name) {
                let tagged = list.iter().map(|form| {
                    let written = self.schema(form, &none, referred);
                    match self.tags(map, form) {
                        Some(tag) => json!({"allOf": [written, tag]}),
                        None => written,
                    }
                });
                out.insert(name.to_owned(), tagged.collect());
            }
        }
        if map.get("type").is_none_or(Value::is_null)
            && !map.contains_key("enum")
            && !map.contains_key("const")
            && let Some(kind) = implied(map)
        {
            out.insert("type".to_owned(), json!(kind));
        }
        Value::Object(out)
    }

    fn hidden_names(&self, map: &Map<String, Value>, outer: &BTreeSet<String>) -> BTreeSet<String> {
        let mut hidden = outer.clone();
        if !self.hides {
            return hidden;
        }
        let whole = Value::Object(map.clone());
        for part in self.parts(&whole) {
            let members = part.get("properties").and_then(Value::as_object).into_iter().flatten();
            hidden.extend(members.filter(|(_, member)| self.is_hidden(member)).map(|(name, _)| name.clone()));
        }
        hidden
    }

    /// What the tag of a form asks of its values (OpenAPI 3.1 section 4.8.25); nothing where the form lists other tags itself.
    fn tags(&self, map: &Map<String, Value>, form: &Value) -> Option<Value> {
        let discriminator = map.get("discriminator")?;
        let property = discriminator.as_str().or_else(|| discriminator["propertyName"].as_str())?;
        let target = form["$ref"].as_str()?;
        let name = target.rsplit('/').next().unwrap_or(target);
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        let leads_here =
            |to: &str| to == target || to == name || std::ptr::eq(self.behind(&json!({"$ref": to})), self.behind(form));
        let mapped = mapping.into_iter().flatten().filter(|(_, to)| to.as_str().is_some_and(leads_here));
        let mut tags: BTreeSet<String> = mapped.map(|(tag, _)| tag.clone()).collect();
        if tags.is_empty() {
            tags.insert(name.to_owned());
        }
        for part in self.parts(form) {
            let Some(own) = part.get("properties").and_then(|members| members.get(property)) else { continue };
            let own = self.behind(own);
            let listed: Vec<&Value> = own["enum"].as_array().into_iter().flatten().chain(own.get("const")).collect();
            if !listed.is_empty() {
                tags.retain(|tag| listed.iter().any(|value| *value == tag));
            }
        }
        (!tags.is_empty()).then(|| json!({"type": "object", "required": [property], "properties": {property: {"enum": tags}}}))
    }
}

/// Up to 3.0 `exclusiveMinimum` says how `minimum` is meant.
fn bounds(map: &Map<String, Value>, out: &mut Map<String, Value>) {
    for (plain, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        match map.get(exclusive) {
            Some(Value::Bool(true)) => {
                if let Some(bound) = out.remove(plain) {
                    out.insert(exclusive.to_owned(), bound);
                }
            }
            Some(bound @ Value::Number(_)) => drop(out.insert(exclusive.to_owned(), bound.clone())),
            _ => {}
        }
    }
}

/// The type that the other keywords can only mean, where they speak of members or of items and no type is said.
fn implied(map: &Map<String, Value>) -> Option<&'static str> {
    let has = |name: &str| map.get(name).is_some_and(|value| !value.is_null());
    let closes = match map.get("additionalProperties") {
        Some(Value::Bool(open)) => !open,
        Some(Value::Object(inner)) => !inner.is_empty(),
        _ => false,
    };
    let members = map.get("properties").and_then(Value::as_object).is_some_and(|members| !members.is_empty());
    match (closes || members, has("items") || has("prefixItems")) {
        (true, false) => Some("object"),
        (false, true) => Some("array"),
        _ => None,
    }
}

/// A name among the definitions that is no pointer.
fn plain(reference: &str) -> String {
    reference
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("_{byte:x}") })
        .collect()
}
