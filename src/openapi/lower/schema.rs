//! Schemas of all dialects into one form.

use serde_json::{Map, Number, Value};

use super::super::contract::{Additional, Bound, Discriminator, Schema, SchemaId, TypeSet, Union};
use super::super::{Dialect, PointerId};
use super::{Lowering, MAX_HOPS, flag, text};

/// Keywords that do not change which values are valid, nor anything a client may rely on.
const ANNOTATIONS: &[&str] =
    &["$ref", "description", "summary", "title", "example", "examples", "externalDocs", "$comment", "xml"];

/// Keywords compared as a whole: any edit beneath them is a fact the document's reader must weigh.
const CONSTRAINTS: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "contains",
    "minContains",
    "maxContains",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "patternProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
    "additionalItems",
];

impl<'d> Lowering<'d> {
    /// The id of the schema `value` at `at`; a reference yields the id of its target.
    pub(super) fn schema(&mut self, value: &'d Value, at: PointerId) -> SchemaId {
        match value {
            Value::Bool(true) => SchemaId::ANY,
            Value::Bool(false) => SchemaId::NEVER,
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                    let siblings = self.dialect.is_json_schema() && has_siblings(map);
                    if !siblings {
                        return self.reference(reference, at);
                    }
                }
                let schema = self.schema_object(value, at);
                self.push(schema)
            }
            _ => {
                self.odd_once(at, "a schema must be an object or a boolean; it was read as accepting anything");
                SchemaId::ANY
            }
        }
    }

    fn push(&mut self, schema: Schema<'d>) -> SchemaId {
        let id = SchemaId(u32::try_from(self.schemas.len()).unwrap_or(0));
        self.schemas.push(schema);
        id
    }

    /// Resolves a chain of references to one schema, lowered once however often it is named.
    fn reference(&mut self, reference: &'d str, at: PointerId) -> SchemaId {
        if let Some(known) = self.by_reference.get(reference) {
            return *known;
        }
        let mut passed = vec![reference];
        let mut found = SchemaId::ANY;
        let mut here = at;
        while let Some(last) = passed.last().copied() {
            let Some(target) = self.target(last, here) else { break };
            let place = self.pointers.of_reference(last);
            match target {
                Value::Object(map) => match map.get("$ref").and_then(Value::as_str) {
                    Some(next) if !(self.dialect.is_json_schema() && has_siblings(map)) => {
                        if let Some(known) = self.by_reference.get(next) {
                            found = *known;
                            break;
                        }
                        if passed.contains(&next) || passed.len() > MAX_HOPS {
                            self.odd(place, "references lead in a circle here; it was read as accepting anything");
                            break;
                        }
                        passed.push(next);
                        here = place;
                        continue;
                    }
                    _ => {
                        found = self.push(Schema::any(place, target));
                        self.queue.push_back((found, target, place));
                    }
                },
                other => found = self.schema(other, place),
            }
            break;
        }
        for name in passed {
            self.by_reference.insert(name, found);
        }
        found
    }

    /// Reads one schema object. In Swagger 2.0 a non-body parameter is one too.
    pub(super) fn schema_object(&mut self, value: &'d Value, at: PointerId) -> Schema<'d> {
        let mut schema = Schema::any(at, value);
        let Value::Object(map) = value else { return schema };
        if let Some(reference) = map.get("$ref").and_then(Value::as_str)
            && self.dialect.is_json_schema()
        {
            let target = self.reference(reference, at);
            schema.all_of.push(target);
        }
        self.values(&mut schema, map, at);
        self.numbers(&mut schema, map, at);
        self.objects(&mut schema, map, at);
        self.arrays(&mut schema, map, at);
        self.compositions(&mut schema, map, at);
        self.annotations(&mut schema, map);
        schema.types = self.types(&schema, map, at);
        schema
    }

    fn values(&mut self, schema: &mut Schema<'d>, map: &'d Map<String, Value>, at: PointerId) {
        match map.get("enum") {
            Some(Value::Array(list)) => schema.enumeration = Some(list.iter().collect()),
            Some(Value::Null) | None => {}
            Some(_) => self.odd_once(at, "`enum` must be a list; it was skipped"),
        }
        if let Some(value) = map.get("const")
            && self.dialect.is_json_schema()
        {
            schema.enumeration = Some(vec![value]);
        }
        schema.extensible_enum = match map.get("x-extensible-enum") {
            Some(Value::Array(list)) => {
                schema.enumeration.get_or_insert_with(|| list.iter().collect());
                true
            }
            Some(Value::Bool(value)) => *value,
            _ => false,
        };
        schema.format = map.get("format").and_then(Value::as_str);
        schema.pattern = map.get("pattern").and_then(Value::as_str);
        schema.content =
            (map.get("contentEncoding").and_then(Value::as_str), map.get("contentMediaType").and_then(Value::as_str));
    }

    fn numbers(&mut self, schema: &mut Schema<'d>, map: &'d Map<String, Value>, at: PointerId) {
        schema.minimum = self.bound(map, "minimum", "exclusiveMinimum", at, |plain, exclusive| exclusive >= plain);
        schema.maximum = self.bound(map, "maximum", "exclusiveMaximum", at, |plain, exclusive| exclusive <= plain);
        schema.multiple_of = map.get("multipleOf").and_then(Value::as_number);
        schema.min_length = self.count(map, "minLength", at).filter(|count| *count > 0);
        schema.max_length = self.count(map, "maxLength", at);
        schema.min_items = self.count(map, "minItems", at).filter(|count| *count > 0);
        schema.max_items = self.count(map, "maxItems", at);
        schema.min_properties = self.count(map, "minProperties", at).filter(|count| *count > 0);
        schema.max_properties = self.count(map, "maxProperties", at);
        schema.unique_items = map.get("uniqueItems").and_then(Value::as_bool).unwrap_or(false);
    }

    /// `exclusiveMinimum` is a flag beside `minimum` up to 3.0 and a number of its own from 3.1.
    fn bound(
        &mut self,
        map: &'d Map<String, Value>,
        plain: &'static str,
        exclusive: &'static str,
        at: PointerId,
        tighter: fn(f64, f64) -> bool,
    ) -> Option<Bound<'d>> {
        let number = |name: &str| map.get(name).and_then(Value::as_number);
        if map.get(plain).is_some_and(|value| !value.is_number() && !value.is_null()) {
            self.odd_once(at, "a bound must be a number; it was skipped");
        }
        match (number(plain), map.get(exclusive)) {
            (Some(value), Some(Value::Bool(exclusive))) => Some(Bound { value, exclusive: *exclusive }),
            (Some(value), Some(Value::Number(other))) => {
                let other_wins = tighter(as_f64(value), as_f64(other));
                Some(if other_wins { Bound { value: other, exclusive: true } } else { Bound { value, exclusive: false } })
            }
            (Some(value), _) => Some(Bound { value, exclusive: false }),
            (None, Some(Value::Number(value))) => Some(Bound { value, exclusive: true }),
            (None, _) => None,
        }
    }

    /// A non-negative whole number; `1.0` is one (JSON Schema 2020-12 section 4.2.3).
    fn count(&mut self, map: &Map<String, Value>, name: &'static str, at: PointerId) -> Option<u64> {
        let value = map.get(name)?;
        let count = value.as_u64().or_else(|| {
            let float = value.as_f64()?;
            let whole = float.fract() == 0.0 && (0.0..9e15).contains(&float);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
            whole.then_some(float as u64)
        });
        if count.is_none() && !value.is_null() {
            self.odd_once(at, "a length or count must be a non-negative whole number; it was skipped");
        }
        count
    }

    fn objects(&mut self, schema: &mut Schema<'d>, map: &'d Map<String, Value>, at: PointerId) {
        if let Some((properties, here)) = self.object(schema.value, "properties", at) {
            schema.properties.reserve(properties.len());
            for (name, value) in properties {
                let place = self.pointers.child(here, name.as_str());
                let id = self.schema(value, place);
                schema.properties.push((name, id));
            }
        }
        match map.get("required") {
            Some(Value::Array(list)) => schema.required = list.iter().filter_map(Value::as_str).collect(),
            // Swagger 2.0 parameters and OpenAPI headers carry a flag of this name.
            Some(Value::Bool(_) | Value::Null) | None => {}
            Some(_) => self.odd_once(at, "`required` must be a list of names; it was skipped"),
        }
        schema.additional = match map.get("additionalProperties") {
            None | Some(Value::Bool(true) | Value::Null) => Additional::Open,
            Some(Value::Bool(false)) => Additional::Closed,
            Some(Value::Object(inner)) if inner.is_empty() => Additional::Open,
            Some(value) => {
                let here = self.pointers.child(at, "additionalProperties");
                Additional::Schema(self.schema(value, here))
            }
        };
    }

    fn arrays(&mut self, schema: &mut Schema<'d>, map: &'d Map<String, Value>, at: PointerId) {
        match map.get("items") {
            // An array of schemas is how drafts before 2020-12 wrote `prefixItems`.
            Some(Value::Array(list)) => self.prefix(schema, list, "items", at),
            Some(value) if !value.is_null() => {
                let here = self.pointers.child(at, "items");
                schema.items = Some(self.schema(value, here));
            }
            _ => {}
        }
        if let Some(Value::Array(list)) = map.get("prefixItems") {
            self.prefix(schema, list, "prefixItems", at);
        }
    }

    fn prefix(&mut self, schema: &mut Schema<'d>, list: &'d [Value], name: &'static str, at: PointerId) {
        let here = self.pointers.child(at, name);
        for (index, value) in list.iter().enumerate() {
            let place = self.pointers.child(here, index.to_string());
            let id = self.schema(value, place);
            schema.prefix_items.push(id);
        }
    }

    fn compositions(&mut self, schema: &mut Schema<'d>, map: &'d Map<String, Value>, at: PointerId) {
        let all = self.branches(schema.value, "allOf", at);
        schema.all_of.extend(all);
        for (name, exclusive) in [("oneOf", true), ("anyOf", false)] {
            let branches = self.branches(schema.value, name, at);
            if !branches.is_empty() {
                schema.unions.push(Union { exclusive, branches });
            }
        }
        schema.discriminator = match map.get("discriminator") {
            Some(Value::String(property)) => Some(Discriminator { property, mapping: Vec::new() }),
            Some(value @ Value::Object(_)) => text(value, "propertyName").map(|property| {
                let mapping = value.get("mapping").and_then(Value::as_object);
                let mut mapping: Vec<(&str, &str)> =
                    mapping.into_iter().flatten().filter_map(|(tag, target)| Some((tag.as_str(), target.as_str()?))).collect();
                mapping.sort_unstable();
                Discriminator { property, mapping }
            }),
            _ => None,
        };
        schema.constraints = CONSTRAINTS.iter().filter_map(|name| Some((*name, map.get(*name)?))).collect();
    }

    fn branches(&mut self, value: &'d Value, name: &'static str, at: PointerId) -> Vec<SchemaId> {
        let Some((list, here)) = self.list(value, name, at) else { return Vec::new() };
        let mut branches = Vec::with_capacity(list.len());
        for (index, branch) in list.iter().enumerate() {
            let place = self.pointers.child(here, index.to_string());
            branches.push(self.schema(branch, place));
        }
        branches
    }

    fn annotations(&mut self, schema: &mut Schema<'d>, map: &'d Map<String, Value>) {
        schema.default = map.get("default");
        schema.deprecated = flag(schema.value, "deprecated") || flag(schema.value, "x-deprecated");
        schema.read_only = flag(schema.value, "readOnly");
        schema.write_only = flag(schema.value, "writeOnly") || flag(schema.value, "x-writeOnly");
        let nullable = match self.dialect {
            Dialect::Swagger20 => flag(schema.value, "x-nullable"),
            Dialect::OpenApi30 => flag(schema.value, "nullable"),
            // Gone in 3.1, yet sloppy upgrades leave it behind and mean it.
            Dialect::OpenApi31 | Dialect::OpenApi32 => map.contains_key("type") && flag(schema.value, "nullable"),
        };
        schema.or_null = nullable;
    }

    /// Declared types; where none are declared, those that the other keywords can only mean.
    ///
    /// `properties` without `type` accepts any non-object by the letter of JSON Schema. No provider means
    /// that, and adding the forgotten `type: object` must not read as a break.
    fn types(&mut self, schema: &Schema<'d>, map: &Map<String, Value>, at: PointerId) -> TypeSet {
        let mut types = TypeSet::NONE;
        match map.get("type") {
            Some(Value::String(name)) => match TypeSet::named(name) {
                Some(set) => types = set,
                None => self.odd_once(at, "this type is none of JSON's; it was read as any type"),
            },
            Some(Value::Array(list)) => {
                for name in list {
                    match name.as_str().and_then(TypeSet::named) {
                        Some(set) => types = types.union(set),
                        None if name.is_null() => types = types.union(TypeSet::NULL),
                        None => self.odd_once(at, "this type is none of JSON's; it was read as any type"),
                    }
                }
            }
            Some(Value::Null) | None => {}
            Some(_) => self.odd_once(at, "`type` must be a name or a list of names; it was read as any type"),
        }
        if types.is_empty() {
            let object = !schema.properties.is_empty() || schema.additional != Additional::Open;
            let array = schema.items.is_some() || !schema.prefix_items.is_empty();
            types = match (&schema.enumeration, object, array) {
                (Some(values), _, _) if !values.is_empty() => {
                    values.iter().fold(TypeSet::NONE, |set, value| set.union(TypeSet::of(value)))
                }
                (_, true, false) => TypeSet::OBJECT,
                (_, false, true) => TypeSet::ARRAY,
                _ => TypeSet::ALL,
            };
        }
        if schema.or_null { types.union(TypeSet::NULL) } else { types }
    }
}

fn has_siblings(map: &Map<String, Value>) -> bool {
    map.len() > 1 && map.keys().any(|name| !ANNOTATIONS.contains(&name.as_str()) && !name.starts_with("x-"))
}

fn as_f64(number: &Number) -> f64 {
    number.as_f64().unwrap_or(0.0)
}
