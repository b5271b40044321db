//! Schemas as people mean them, where that is not what JSON Schema says by its letter.

use serde_json::{Map, Value, json};

use super::near_miss::closed;

/// The schema with the types that its keywords can only mean where it names neither types nor values: members are those of
/// objects, items those of lists, whatever the letter says of other values.
pub fn typed(schema: &Value) -> Value {
    let Value::Object(map) = schema else { return schema.clone() };
    let mut typed: Map<String, Value> = Map::new();
    for (name, inner) in map {
        let inner = match (name.as_str(), inner) {
            ("enum" | "const" | "default", inner) => inner.clone(),
            ("properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas", Value::Object(members)) => {
                members.iter().map(|(name, member)| (name.clone(), typed_inner(member))).collect()
            }
            (_, inner) => typed_inner(inner),
        };
        typed.insert(name.clone(), inner);
    }
    let has = |name: &str| map.get(name).is_some_and(|inner| !inner.is_null());
    let declares = map.get("properties").and_then(Value::as_object).is_some_and(|members| !members.is_empty());
    let is_object = declares || map.get("additionalProperties").is_some_and(is_closing);
    let is_list = has("items") || has("prefixItems");
    let is_told = ["type", "enum", "const", "$ref"].into_iter().any(|name| map.contains_key(name));
    if !is_told && is_object != is_list {
        typed.insert("type".to_owned(), json!(if is_object { "object" } else { "array" }));
    }
    Value::Object(typed)
}

fn typed_inner(inner: &Value) -> Value {
    match inner {
        Value::Array(list) => list.iter().map(typed).collect(),
        inner => typed(inner),
    }
}

/// Whether a schema of further members says something of them.
fn is_closing(further: &Value) -> bool {
    further == false || further.as_object().is_some_and(|schema| !schema.is_empty())
}

/// Every `oneOf` as an `anyOf`, but within what is negated or only asked.
pub fn one_as_any(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let read = |(name, inner): (&String, &Value)| match name.as_str() {
                "oneOf" => ("anyOf".to_owned(), one_as_any(inner)),
                "not" | "if" => (name.clone(), inner.clone()),
                _ => (name.clone(), one_as_any(inner)),
            };
            // What stands beside it counts as well.
            if map.contains_key("oneOf") && map.contains_key("anyOf") {
                let mut rest = map.clone();
                let one = rest.remove("oneOf").unwrap_or_default();
                return json!({"allOf": [one_as_any(&json!({"anyOf": one})), one_as_any(&Value::Object(rest))]});
            }
            map.iter().map(read).collect()
        }
        Value::Array(list) => list.iter().map(one_as_any).collect(),
        other => other.clone(),
    }
}

/// The schema with the alternatives of every `oneOf` told apart by the members they declare, but within what is negated or
/// only asked.
pub fn told_apart(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let read = |(name, inner): (&String, &Value)| {
                let inner = match (name.as_str(), inner) {
                    ("oneOf", Value::Array(forms)) => forms.iter().map(|form| closed(&told_apart(form))).collect(),
                    ("not" | "if", inner) => inner.clone(),
                    (_, inner) => told_apart(inner),
                };
                (name.clone(), inner)
            };
            map.iter().map(read).collect()
        }
        Value::Array(list) => list.iter().map(told_apart).collect(),
        other => other.clone(),
    }
}
