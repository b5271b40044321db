//! Schemas of all dialects into one form.

use serde_json::Number;
use thin_vec::{ThinVec, thin_vec};

use super::super::document::Dialect;
use super::super::pointer::PointerId;
use super::super::schema::{Additional, Bound, Discriminator, Schema, SchemaId, TypeSet, Union};
use super::super::subschema::SubschemaKeyword;
use super::super::value::{Map, Value};
use super::field::text;
use super::lowering::{Lowering, MAX_HOPS};

/// Keywords that do not change which values are valid, nor anything a client may rely on.
const ANNOTATIONS: &[&str] = &[
    "$ref",
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "externalDocs",
    "$comment",
    "$id",
    "$schema",
    "$anchor",
    "$dynamicAnchor",
    "$vocabulary",
    "$defs",
    "definitions",
];

/// Keywords that need each other to be understood, as they stand in the document.
#[derive(Default)]
struct Words<'d> {
    types: Option<&'d Value>,
    reference: Option<&'d str>,
    dynamic_reference: Option<&'d str>,
    constant: Option<&'d Value>,
    minimum: Option<&'d Value>,
    exclusive_minimum: Option<&'d Value>,
    maximum: Option<&'d Value>,
    exclusive_maximum: Option<&'d Value>,
    nullable: bool,
}

impl<'d> Lowering<'d> {
    /// The id of the schema `value` at `at`; a reference yields the id of its target.
    pub(super) fn schema(&mut self, value: &'d Value, at: PointerId) -> SchemaId {
        if self.is_exhausted() {
            return SchemaId::UNKNOWN;
        }
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
                self.skip(at, "a schema must be an object or a boolean; it was skipped");
                SchemaId::UNKNOWN
            }
        }
    }

    /// A keyword of a schema that cannot be read.
    fn skip_member(&mut self, at: PointerId, keyword: &'static str, message: &'static str) {
        let here = self.pointers.child(at, keyword);
        self.skip(here, message);
    }

    pub(super) fn push(&mut self, schema: Schema<'d>) -> SchemaId {
        if !self.afford(1 + schema.properties.len()) {
            return SchemaId::UNKNOWN;
        }
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
        let mut found = SchemaId::UNKNOWN;
        let mut here = at;
        while let Some(last) = passed.last().copied() {
            let Some((target, place)) = self.target(last, here) else { break };
            match target {
                Value::Object(map) => match map.get("$ref").and_then(Value::as_str) {
                    Some(next) if !(self.dialect.is_json_schema() && has_siblings(map)) => {
                        if let Some(known) = self.by_reference.get(next) {
                            found = *known;
                            break;
                        }
                        if passed.contains(&next) || passed.len() > MAX_HOPS {
                            self.odd(place, "references lead in a circle here; what it should say is not judged");
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

    /// Reads one schema object in one pass over its members. In Swagger 2.0 a parameter is one too.
    pub(super) fn schema_object(&mut self, value: &'d Value, at: PointerId) -> Schema<'d> {
        let mut schema = Schema::any(at, value);
        let Value::Object(map) = value else { return schema };
        let json_schema = self.dialect.is_json_schema();
        let mut words = Words::default();
        let is_true = |value: &Value| value.as_bool().unwrap_or(false);
        for (name, value) in map {
            if let Some(keyword) = SubschemaKeyword::named(name) {
                self.keyword(&mut schema, keyword, value, at);
                continue;
            }
            match name.as_str() {
                "type" => words.types = Some(value),
                "$ref" if json_schema => words.reference = value.as_str(),
                "$dynamicRef" if json_schema => words.dynamic_reference = value.as_str(),
                "format" => schema.format = value.as_str(),
                "pattern" => schema.pattern = value.as_str(),
                "enum" => match value {
                    Value::Array(list) => schema.enumeration = Some(list.iter().collect()),
                    Value::Null => {}
                    _ => self.skip_member(at, "enum", "`enum` must be a list; it was skipped"),
                },
                "const" if json_schema => words.constant = Some(value),
                "x-extensible-enum" => {
                    schema.extensible_enum = value.is_array() || is_true(value);
                    // Zalando's spelling lists the values here; an `enum` beside it says more exactly what is valid.
                    if let (Value::Array(list), None) = (value, map.get("enum").or_else(|| map.get("const"))) {
                        schema.enumeration = Some(list.iter().collect());
                    }
                }
                "contentEncoding" => schema.content.0 = value.as_str(),
                "contentMediaType" => schema.content.1 = value.as_str(),
                "minimum" => words.minimum = Some(value),
                "exclusiveMinimum" => words.exclusive_minimum = Some(value),
                "maximum" => words.maximum = Some(value),
                "exclusiveMaximum" => words.exclusive_maximum = Some(value),
                "multipleOf" => schema.multiple_of = value.as_number(),
                "minLength" => schema.min_length = self.count(value, at).filter(|count| *count > 0),
                "maxLength" => schema.max_length = self.count(value, at),
                "minItems" => schema.min_items = self.count(value, at).filter(|count| *count > 0),
                "maxItems" => schema.max_items = self.count(value, at),
                "minProperties" => schema.min_properties = self.count(value, at).filter(|count| *count > 0),
                "maxProperties" => schema.max_properties = self.count(value, at),
                "uniqueItems" => schema.unique_items = is_true(value),
                "required" => match value {
                    Value::Array(list) => schema.required = list.iter().filter_map(Value::as_str).collect(),
                    // Swagger 2.0 parameters and OpenAPI headers carry a flag of this name.
                    Value::Bool(_) | Value::Null => {}
                    _ => self.skip_member(at, "required", "`required` must be a list of names; it was skipped"),
                },
                "discriminator" => schema.discriminator = discriminator(value).map(Box::new),
                // Compared as a whole, like what `keyword` keeps so. `xml` names elements and attributes on the wire, where
                // XML is what travels.
                "minContains" | "maxContains" | "dependentRequired" | "xml" => schema.constraints.push((name, value)),
                "default" => schema.default = Some(value),
                "deprecated" | "x-deprecated" => schema.deprecated |= is_true(value),
                "readOnly" => schema.read_only = is_true(value),
                "writeOnly" | "x-writeOnly" => schema.write_only |= is_true(value),
                "nullable" if self.dialect != Dialect::Swagger20 => words.nullable = is_true(value),
                "x-nullable" if self.dialect == Dialect::Swagger20 => words.nullable = is_true(value),
                _ => {}
            }
        }
        // Both hold, whichever is written first (JSON Schema 2020-12 validation section 6.1).
        if let Some(constant) = words.constant {
            let is_listed = schema.enumeration.as_ref().is_none_or(|list| list.contains(&constant));
            schema.enumeration = Some(if is_listed { thin_vec![constant] } else { ThinVec::new() });
        }
        for reference in [words.dynamic_reference, words.reference].into_iter().flatten() {
            let target = self.reference(reference, at);
            schema.all_of.insert(0, target);
        }
        // `items: false` behind listed items is how many there may be.
        if schema.items == Some(SchemaId::NEVER) {
            let listed = u64::try_from(schema.prefix_items.len()).unwrap_or(u64::MAX);
            schema.max_items = Some(schema.max_items.map_or(listed, |most| most.min(listed)));
            schema.items = None;
        }
        if let Some(bound) = self.bound(words.minimum, words.exclusive_minimum, at, |plain, exclusive| exclusive >= plain) {
            schema.minimum = Some(bound);
        }
        if let Some(bound) = self.bound(words.maximum, words.exclusive_maximum, at, |plain, exclusive| exclusive <= plain) {
            schema.maximum = Some(bound);
        }
        // Gone in 3.1, yet sloppy upgrades leave `nullable` behind and mean it.
        schema.or_null = words.nullable && (!json_schema || words.types.is_some());
        schema.types = self.types(&schema, words.types, at);
        // Up to 3.0 a format says how bytes travel, from 3.1 a keyword of its own; `binary` says only that they are
        // bytes, as Swagger 2.0 did by a type.
        match schema.format {
            Some("byte") => {
                schema.format = None;
                schema.content.0 = schema.content.0.or(Some("base64"));
            }
            Some("binary") => schema.format = None,
            _ => {}
        }
        if schema.content == (None, Some("application/octet-stream")) {
            schema.content.1 = None;
        }
        schema.properties.shrink_to_fit();
        schema
    }

    /// Reads a keyword that holds other schemas.
    fn keyword(&mut self, schema: &mut Schema<'d>, keyword: SubschemaKeyword, value: &'d Value, at: PointerId) {
        match keyword {
            SubschemaKeyword::Properties => self.properties(schema, value, at),
            SubschemaKeyword::AdditionalProperties => schema.additional = self.additional(value, at),
            SubschemaKeyword::Items => match value {
                // An array of schemas is how drafts before 2020-12 wrote `prefixItems`.
                Value::Array(list) => schema.prefix_items = self.branches(list, "items", at),
                Value::Null => {}
                _ => {
                    let here = self.pointers.child(at, "items");
                    schema.items = Some(self.schema(value, here));
                }
            },
            SubschemaKeyword::PrefixItems => schema.prefix_items = self.branch_list(value, "prefixItems", at),
            SubschemaKeyword::AllOf => schema.all_of = self.branch_list(value, "allOf", at),
            SubschemaKeyword::OneOf => self.union(schema, value, "oneOf", at),
            SubschemaKeyword::AnyOf => self.union(schema, value, "anyOf", at),
            // Compared as a whole: an edit beneath them is a fact the document's reader must weigh.
            SubschemaKeyword::Not
            | SubschemaKeyword::If
            | SubschemaKeyword::Then
            | SubschemaKeyword::Else
            | SubschemaKeyword::Contains
            | SubschemaKeyword::DependentSchemas
            | SubschemaKeyword::Dependencies
            | SubschemaKeyword::PatternProperties
            | SubschemaKeyword::PropertyNames
            | SubschemaKeyword::UnevaluatedItems
            | SubschemaKeyword::UnevaluatedProperties
            | SubschemaKeyword::ContentSchema
            | SubschemaKeyword::AdditionalItems => schema.constraints.push((keyword.name(), value)),
            // They say nothing until something refers to them.
            SubschemaKeyword::Defs | SubschemaKeyword::Definitions => {}
        }
    }

    /// `exclusiveMinimum` is a flag beside `minimum` up to 3.0 and a number of its own from 3.1.
    fn bound(
        &mut self,
        plain: Option<&'d Value>,
        exclusive: Option<&'d Value>,
        at: PointerId,
        tighter: fn(f64, f64) -> bool,
    ) -> Option<Bound<'d>> {
        if plain.is_some_and(|value| !value.is_number() && !value.is_null()) {
            self.odd_once(at, "a bound must be a number; it was skipped");
        }
        match (plain.and_then(Value::as_number), exclusive) {
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
    fn count(&mut self, value: &Value, at: PointerId) -> Option<u64> {
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

    fn properties(&mut self, schema: &mut Schema<'d>, value: &'d Value, at: PointerId) {
        let here = self.pointers.child(at, "properties");
        let Some((value, here)) = self.whole(value, here) else { return };
        match value {
            Value::Object(properties) => {
                schema.properties.reserve(properties.len());
                for (name, value) in properties {
                    let place = self.pointers.child(here, name.as_str());
                    let id = self.schema(value, place);
                    schema.properties.push((name, id));
                }
            }
            Value::Null => {}
            _ => self.skip(here, "`properties` must be an object; it was skipped"),
        }
    }

    fn additional(&mut self, value: &'d Value, at: PointerId) -> Additional {
        match value {
            Value::Bool(true) | Value::Null => Additional::Open,
            Value::Bool(false) => Additional::Closed,
            Value::Object(inner) if inner.keys().all(|name| name != "$ref" && is_annotation(name)) => Additional::Open,
            _ => {
                let here = self.pointers.child(at, "additionalProperties");
                Additional::Schema(self.schema(value, here))
            }
        }
    }

    fn union(&mut self, schema: &mut Schema<'d>, value: &'d Value, name: &'static str, at: PointerId) {
        let branches = self.branch_list(value, name, at);
        if !branches.is_empty() {
            let reference = |branch: &'d Value| text(branch, "$ref").and_then(|reference| reference.rsplit('/').next());
            let names = value.as_array().into_iter().flatten().map(reference).collect();
            let union = Union { exclusive: name == "oneOf", branches, names };
            // `oneOf` first, whatever the order of the document.
            let index = if union.exclusive { 0 } else { schema.unions.len() };
            schema.unions.insert(index, union);
        }
    }

    fn branch_list(&mut self, value: &'d Value, name: &'static str, at: PointerId) -> ThinVec<SchemaId> {
        match value {
            Value::Array(list) => self.branches(list, name, at),
            Value::Null => ThinVec::new(),
            Value::Object(map) if map.get("$ref").is_some_and(Value::is_string) => {
                let here = self.pointers.child(at, name);
                match self.follow(value, here) {
                    Some((Value::Array(list), _)) => self.branches(list, name, at),
                    _ => ThinVec::new(),
                }
            }
            _ => {
                let here = self.pointers.child(at, name);
                self.skip(here, format!("`{name}` must be a list; it was skipped"));
                ThinVec::new()
            }
        }
    }

    fn branches(&mut self, list: &'d [Value], name: &'static str, at: PointerId) -> ThinVec<SchemaId> {
        let here = self.pointers.child(at, name);
        let mut branches = ThinVec::with_capacity(list.len());
        for (index, branch) in list.iter().enumerate() {
            let place = self.pointers.child(here, index.to_string());
            branches.push(self.schema(branch, place));
        }
        branches
    }

    /// Declared types; where none are declared, those that the other keywords can only mean.
    ///
    /// `properties` without `type` accepts any non-object by the letter of JSON Schema. No provider means
    /// that, and adding the forgotten `type: object` must not read as a break.
    fn types(&mut self, schema: &Schema<'d>, declared: Option<&Value>, at: PointerId) -> TypeSet {
        let mut types = TypeSet::NONE;
        match declared {
            Some(Value::String(name)) => match TypeSet::named(name) {
                Some(set) => types = set,
                None => match misspelt(name) {
                    Some(set) => {
                        types = set;
                        self.odd_once(at, "this type is none of JSON's; it was read as the one that is meant");
                    }
                    None => self.odd_once(at, "this type is none of JSON's; it was read as any type"),
                },
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

/// The types that a `type` names, as people mean it; every type where it names none.
pub fn declared_types(declared: &Value) -> TypeSet {
    let named = |name: &str| TypeSet::named(name).or_else(|| misspelt(name));
    let types = match declared {
        Value::String(name) => named(name).unwrap_or(TypeSet::NONE),
        Value::Array(list) => list.iter().fold(TypeSet::NONE, |types, name| {
            let one = if name.is_null() { Some(TypeSet::NULL) } else { name.as_str().and_then(TypeSet::named) };
            types.union(one.unwrap_or(TypeSet::NONE))
        }),
        _ => TypeSet::NONE,
    };
    if types.is_empty() { TypeSet::ALL } else { types }
}

/// What people mean by the types of other languages.
fn misspelt(name: &str) -> Option<TypeSet> {
    Some(match name.to_ascii_lowercase().as_str() {
        "float" | "double" | "decimal" => TypeSet::NUMBER,
        "int" | "int32" | "int64" | "long" => TypeSet::INTEGER,
        "str" | "text" | "date" | "datetime" | "date-time" | "uuid" | "enum" | "binary" => TypeSet::STRING,
        "bool" => TypeSet::BOOLEAN,
        "list" => TypeSet::ARRAY,
        "map" | "dict" | "hash" => TypeSet::OBJECT,
        other => return TypeSet::named(other).filter(|_| other != name),
    })
}

fn has_siblings(map: &Map) -> bool {
    map.len() > 1 && map.keys().any(|name| !is_annotation(name))
}

fn is_annotation(name: &str) -> bool {
    ANNOTATIONS.contains(&name) || name.starts_with("x-")
}

/// In Swagger 2.0 a bare property name.
fn discriminator(value: &Value) -> Option<Discriminator<'_>> {
    match value {
        Value::String(property) => Some(Discriminator { property, mapping: Vec::new() }),
        Value::Object(_) => text(value, "propertyName").map(|property| {
            let mapping = value.get("mapping").and_then(Value::as_object);
            let mut mapping: Vec<(&str, &str)> =
                mapping.into_iter().flatten().filter_map(|(tag, target)| Some((tag.as_str(), target.as_str()?))).collect();
            // 3.2: what a value without a mapping stands for (OpenAPI 3.2 section 4.25).
            mapping.extend(text(value, "defaultMapping").map(|target| (Discriminator::EVERY_OTHER, target)));
            mapping.sort_unstable();
            Discriminator { property, mapping }
        }),
        _ => None,
    }
}

fn as_f64(number: &Number) -> f64 {
    number.as_f64().unwrap_or(0.0)
}
