//! Schemas of values that travel as text, as schemas of those texts: `type: integer` becomes the texts of whole numbers.

use serde_json::{Value as Json, json};

use crate::openapi::{Additional, Bound, Contract, Schema, SchemaId, TypeSet, Value};

/// Schemas that one schema may come to; nobody puts more into a query.
const MOST_SCHEMAS: usize = 500;

/// Schemas within schemas.
const DEEPEST: usize = 8;

/// Whole numbers that are listed rather than described.
const MOST_LISTED: i64 = 100;

const WHOLE: &str = "(0|[1-9][0-9]*)";
const FRACTION: &str = r"(\.[0-9]+)?([eE][+-]?[0-9]+)?";

/// What a receiver takes where a list may be sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Lists,
    OneValue,
}

/// Reads a schema as one of texts.
pub(super) struct TextSchemas<'c, 'd> {
    contract: &'c Contract<'d>,
    /// Schemas that may still be read.
    left: usize,
    /// Whether texts may be described that no value has: what the sender sends may be overrated, what the receiver
    /// takes may not.
    may_widen: bool,
    /// Whether null counts, which no text says.
    has_null: bool,
    /// What a list may be sent to.
    receiver_takes: Takes,
    /// Whether such texts are described.
    pub(super) is_wider: bool,
}

impl<'c, 'd> TextSchemas<'c, 'd> {
    /// Of schemas of whoever sends.
    pub(super) const fn of_sender(contract: &'c Contract<'d>) -> Self {
        Self { contract, left: MOST_SCHEMAS, may_widen: true, has_null: true, receiver_takes: Takes::Lists, is_wider: false }
    }

    /// Of schemas of whoever receives.
    pub(super) const fn of_receiver(contract: &'c Contract<'d>) -> Self {
        Self { contract, left: MOST_SCHEMAS, may_widen: false, has_null: true, receiver_takes: Takes::Lists, is_wider: false }
    }

    /// The same without null: where one value stands in a list, it is a text.
    pub(super) const fn without_null(self) -> Self {
        Self { has_null: false, ..self }
    }

    /// The same for a receiver of one value: a list of one is written as its entry, and an empty one is not written at
    /// all (RFC 6570 section 2.3).
    pub(super) const fn for_one_value(self) -> Self {
        Self { receiver_takes: Takes::OneValue, ..self }
    }

    /// The texts of the values of a schema; none where that cannot be said.
    pub(super) fn read(&mut self, id: SchemaId) -> Option<Json> {
        self.schema(id, 0)
    }

    fn schema(&mut self, id: SchemaId, depth: usize) -> Option<Json> {
        self.left = self.left.checked_sub(1)?;
        match id {
            SchemaId::ANY => return Some(json!(true)),
            SchemaId::NEVER => return Some(json!(false)),
            SchemaId::UNKNOWN => return None,
            _ if depth > DEEPEST => return None,
            _ => {}
        }
        let schema = self.contract.schema(id);
        if schema.constraints.iter().any(|(name, _)| *name != "xml") || schema.content != (None, None) {
            return None;
        }
        let own = self.own(schema, depth)?;
        if schema.all_of.is_empty() && schema.unions.is_empty() {
            return Some(own);
        }
        let mut all = vec![own];
        for part in &schema.all_of {
            all.push(self.schema(*part, depth + 1)?);
        }
        for union in &schema.unions {
            // Whoever reads a text takes it for the first form that it fits.
            let branches = union.branches.iter().map(|branch| self.schema(*branch, depth + 1)).collect::<Option<Vec<Json>>>()?;
            all.push(json!({"anyOf": branches}));
        }
        Some(json!({"allOf": all}))
    }

    /// What a schema says by itself.
    fn own(&mut self, schema: &Schema<'_>, depth: usize) -> Option<Json> {
        if let Some(values) = &schema.enumeration {
            let says_more = schema.pattern.is_some()
                || schema.min_length.is_some()
                || schema.max_length.is_some()
                || schema.minimum.is_some()
                || schema.maximum.is_some()
                || schema.multiple_of.is_some();
            self.widen(says_more)?;
            let types = if self.has_null { schema.types } else { schema.types.without(TypeSet::NULL) };
            let listed = values.iter().filter(|value| types.contains(TypeSet::of(value)));
            let texts = listed.map(|value| text_of(value)).collect::<Option<Vec<Json>>>()?;
            return Some(json!({"enum": texts}));
        }
        let is_bare = schema.is_leaf() && schema.seldom.is_none() && schema.required.is_empty();
        if schema.types == TypeSet::ALL && schema.format.is_none() && is_bare && schema.additional == Additional::Open {
            return Some(json!(true));
        }
        let mut forms = Vec::new();
        let has = |types: TypeSet| schema.types.contains(types);
        if has(TypeSet::STRING) {
            forms.push(string(schema));
        }
        if has(TypeSet::NUMBER) || has(TypeSet::INTEGER) {
            forms.push(self.number(schema)?);
        }
        if has(TypeSet::BOOLEAN) {
            forms.push(json!({"enum": ["true", "false"]}));
        }
        if has(TypeSet::NULL) && self.has_null {
            forms.push(json!({"type": "null"}));
        }
        if has(TypeSet::ARRAY) {
            let mut list = self.list(schema, depth)?;
            if self.receiver_takes == Takes::OneValue && depth == 0 && schema.prefix_items.is_empty() {
                add(&mut list, "minItems", Some(schema.min_items.map_or(2, |least| least.max(2))));
                let may_be_one = schema.min_items.is_none_or(|least| least <= 1) && schema.max_items.is_none_or(|most| most >= 1);
                if may_be_one {
                    forms.push(self.schema(schema.items.unwrap_or(SchemaId::ANY), depth + 1)?);
                }
            }
            forms.push(list);
        }
        if has(TypeSet::OBJECT) {
            forms.push(self.object(schema, depth)?);
        }
        Some(json!({"anyOf": forms}))
    }

    /// Says that more is described than there is; none where that may not be.
    fn widen(&mut self, does: bool) -> Option<()> {
        self.is_wider |= does;
        (!does || self.may_widen).then_some(())
    }

    fn number(&mut self, schema: &Schema<'_>) -> Option<Json> {
        let is_whole = !schema.types.contains(TypeSet::NUMBER);
        let (least, most) = (schema.minimum.and_then(least), schema.maximum.and_then(most));
        if let (true, Some(least), Some(most), None) = (is_whole, least, most, schema.multiple_of)
            && most.checked_sub(least).is_some_and(|range| range < MOST_LISTED)
        {
            return Some(json!({"enum": (least..=most).map(|number| number.to_string()).collect::<Vec<String>>()}));
        }
        // A sign is all that a lower bound says of the letters.
        let is_unsigned = is_whole && least.is_some_and(|least| least >= 0);
        let is_described = schema.minimum.is_none() || (is_unsigned && least == Some(0));
        self.widen(!is_described || schema.maximum.is_some() || schema.multiple_of.is_some())?;
        let sign = if is_unsigned { "" } else { "-?" };
        let fraction = if is_whole { "" } else { FRACTION };
        let digits = match (is_whole, least, most) {
            (true, Some(least), Some(most)) => up_to(least.unsigned_abs().max(most.unsigned_abs())),
            _ => WHOLE.to_owned(),
        };
        let mut form = json!({"type": "string", "pattern": format!("^{sign}{digits}{fraction}$")});
        add(&mut form, "format", schema.format);
        Some(form)
    }

    fn list(&mut self, schema: &Schema<'_>, depth: usize) -> Option<Json> {
        let mut form = json!({"type": "array"});
        if let Some(items) = schema.items {
            add(&mut form, "items", Some(self.schema(items, depth + 1)?));
        }
        if !schema.prefix_items.is_empty() {
            let first = schema.prefix_items.iter().map(|item| self.schema(*item, depth + 1)).collect::<Option<Vec<Json>>>()?;
            add(&mut form, "prefixItems", Some(first));
        }
        add(&mut form, "minItems", schema.min_items);
        add(&mut form, "maxItems", schema.max_items);
        add(&mut form, "uniqueItems", Some(schema.unique_items));
        Some(form)
    }

    fn object(&mut self, schema: &Schema<'_>, depth: usize) -> Option<Json> {
        let mut properties = serde_json::Map::new();
        for (name, property) in &schema.properties {
            properties.insert((*name).to_owned(), self.schema(*property, depth + 1)?);
        }
        let mut form = json!({"type": "object", "properties": properties, "required": schema.required.to_vec()});
        let further = match schema.additional {
            Additional::Open => None,
            Additional::Closed => Some(json!(false)),
            Additional::Schema(further) => Some(self.schema(further, depth + 1)?),
        };
        add(&mut form, "additionalProperties", further);
        add(&mut form, "minProperties", schema.min_properties);
        add(&mut form, "maxProperties", schema.max_properties);
        Some(form)
    }
}

fn string(schema: &Schema<'_>) -> Json {
    let mut form = json!({"type": "string"});
    add(&mut form, "format", schema.format);
    add(&mut form, "pattern", schema.pattern);
    add(&mut form, "minLength", schema.min_length);
    add(&mut form, "maxLength", schema.max_length);
    form
}

/// Adds a keyword, where something is said by it.
fn add(form: &mut Json, keyword: &str, value: Option<impl Into<Json>>) {
    if let (Some(map), Some(value)) = (form.as_object_mut(), value) {
        map.insert(keyword.to_owned(), value.into());
    }
}

/// The text of a single value; none where it is none.
fn text_of(value: &Value) -> Option<Json> {
    match value {
        Value::Null => Some(Json::Null),
        Value::String(text) => Some(json!(text.as_str())),
        Value::Bool(_) | Value::Number(_) => Some(Json::String(value.to_json().to_string())),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The digits of whole numbers that are no longer than this one.
fn up_to(most: u64) -> String {
    let further = most.checked_ilog10().unwrap_or_default();
    format!("(0|[1-9][0-9]{{0,{further}}})")
}

/// The least whole number above a bound.
fn least(bound: Bound<'_>) -> Option<i64> {
    bound.value.as_i64()?.checked_add(i64::from(bound.exclusive))
}

/// The greatest whole number below a bound.
fn most(bound: Bound<'_>) -> Option<i64> {
    bound.value.as_i64()?.checked_sub(i64::from(bound.exclusive))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::{Limits, lower, read};

    /// The texts of a query parameter's schema, and whether more is described than there is.
    fn texts(schema: &Json, may_widen: bool) -> (Option<Json>, bool) {
        let parameter = json!({"name": "q", "in": "query", "schema": schema});
        let document = json!({"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": [parameter], "responses": {}}}}});
        let document = read(document.to_string().as_bytes(), &Limits::default()).expect("a description");
        let contract = lower(&document);
        let id = contract.operations.first().and_then(|operation| operation.parameters.first()).expect("it").schema;
        let mut reader = TextSchemas { may_widen, ..TextSchemas::of_sender(&contract) };
        (reader.read(id), reader.is_wider)
    }

    fn fits(schema: &Json, value: &Json) -> bool {
        let (Some(texts), _) = texts(schema, true) else { panic!("{schema} has no texts") };
        jsonschema::is_valid(&texts, value)
    }

    #[test]
    fn a_value_is_described_by_its_text() {
        for (schema, yes, no) in [
            (json!({"type": "integer"}), json!("-12"), json!("1.5")),
            (json!({"type": "integer", "minimum": 0}), json!("12"), json!("-12")),
            (json!({"type": "integer", "minimum": 1, "maximum": 9}), json!("9"), json!("10")),
            (json!({"type": "integer", "exclusiveMinimum": 1, "maximum": 9}), json!("2"), json!("1")),
            (json!({"type": "integer", "minimum": -1, "maximum": 999}), json!("999"), json!("1000")),
            (json!({"type": "number"}), json!("1.5e3"), json!("red")),
            (json!({"type": "boolean"}), json!("true"), json!(true)),
            (json!({"enum": [1, "two", false]}), json!("false"), json!("2")),
            (json!({"type": ["integer", "null"]}), json!(null), json!("null")),
            (json!({"type": "array", "items": {"type": "integer"}, "maxItems": 2}), json!(["1", "2"]), json!(["1", "x"])),
            (json!({"type": "object", "properties": {"a": {"type": "integer"}}}), json!({"a": "1"}), json!({"a": "x"})),
            (json!({"oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]}), json!("1"), json!("xy")),
            (json!({"allOf": [{"type": "string"}, {"maxLength": 1}]}), json!("x"), json!("xy")),
        ] {
            assert!(fits(&schema, &yes), "{yes} is a text of {schema}");
            assert!(!fits(&schema, &no), "{no} is no text of {schema}");
        }
    }

    #[test]
    fn the_receiver_is_never_overrated() {
        let bounded = json!({"type": "integer", "maximum": 1_000_000});
        assert_eq!(texts(&bounded, false).0, None, "no pattern says how large a number is");
        assert!(matches!(texts(&bounded, true), (Some(_), true)));
        let listed = json!({"type": "string", "enum": ["ab", "abc"], "maxLength": 2});
        assert_eq!(texts(&listed, false).0, None);
        assert_eq!(texts(&json!({"not": {"type": "string"}}), true).0, None);
        assert_eq!(texts(&json!({"type": "string", "contentEncoding": "base64"}), true).0, None);
    }
}
