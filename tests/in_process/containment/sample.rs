//! Values near the borders of a schema, made without any of the prover's code.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers around zero")]

use fastrand::Rng;
use serde_json::{Map, Value, json};

const TEXTS: &[&str] = &["", "a", "b", "ab", "abc", "ac", "bc", "abcd", "aaaaa", "x-1", "x-", "0", "a1b", "bb", "é", "zzzzzz"];
const NAMES: &[&str] = &["a", "b", "c", "x-1", "z", "ab", "x-y"];

/// Values around two schemas that are each a document of their own.
pub fn messages(rng: &mut Rng, (one, other): (&Value, &Value), count: usize) -> Vec<Value> {
    let of = |at: usize| if at.is_multiple_of(2) { one } else { other };
    (0..count).map(|at| value(rng, of(at), of(at), 4)).collect()
}

/// A value that often fits `schema`, and often just does not.
pub fn value(rng: &mut Rng, root: &Value, schema: &Value, depth: usize) -> Value {
    if depth == 0 || rng.u8(..20) == 0 {
        return anything(rng, 1);
    }
    let Value::Object(map) = schema else { return anything(rng, 2) };
    if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        return value(rng, root, target, depth - 1);
    }
    if let Some(constant) = map.get("const") {
        return constant.clone();
    }
    if let Some(Value::Array(list)) = map.get("enum")
        && !list.is_empty()
        && rng.u8(..10) > 0
    {
        return list[rng.usize(..list.len())].clone();
    }
    let mut made = base(rng, root, map, depth);
    for keyword in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(list)) = map.get(keyword)
            && !list.is_empty()
        {
            let branch = &list[rng.usize(..list.len())];
            let other = value(rng, root, branch, depth - 1);
            made = joined(rng, made, other, map.contains_key("type"));
        }
    }
    for keyword in ["not", "if", "then", "else"] {
        if let Some(branch) = map.get(keyword)
            && rng.u8(..3) == 0
        {
            let other = value(rng, root, branch, depth - 1);
            made = joined(rng, made, other, map.contains_key("type"));
        }
    }
    made
}

fn joined(rng: &mut Rng, made: Value, other: Value, is_typed: bool) -> Value {
    match (made, other) {
        (Value::Object(mut made), Value::Object(other)) => {
            made.extend(other);
            Value::Object(made)
        }
        (made, other) => {
            if is_typed && rng.bool() {
                made
            } else {
                other
            }
        }
    }
}

fn base(rng: &mut Rng, root: &Value, map: &Map<String, Value>, depth: usize) -> Value {
    let kind = match map.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) if !kinds.is_empty() => kinds[rng.usize(..kinds.len())].as_str().unwrap_or("null").to_owned(),
        _ if map.contains_key("properties") || map.contains_key("required") => "object".to_owned(),
        _ if map.contains_key("items") || map.contains_key("prefixItems") => "array".to_owned(),
        _ => return anything(rng, 2),
    };
    let bound = |name: &str| map.get(name).and_then(Value::as_f64);
    match kind.as_str() {
        "null" => Value::Null,
        "boolean" => json!(rng.bool()),
        "integer" | "number" => {
            let anchors: Vec<f64> = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
                .iter()
                .filter_map(|name| bound(name))
                .chain([0.0, f64::from(rng.i8(-9..15))])
                .collect();
            let anchor = anchors[rng.usize(..anchors.len())];
            let unit = bound("multipleOf").unwrap_or(1.0);
            let offsets = [0.0, 1.0, -1.0, 0.5, -0.5, unit, -unit, 0.25];
            let number = anchor + offsets[rng.usize(..offsets.len())];
            let number = if kind == "integer" { number.round() } else { number };
            if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
        }
        "string" => {
            let length = ["minLength", "maxLength"].iter().find_map(|name| bound(name));
            match length {
                Some(length) if rng.bool() => {
                    let length = (length + f64::from(rng.i8(-1..2))).max(0.0) as usize;
                    json!(["a", "b", "0"][rng.usize(..3)].repeat(length))
                }
                _ => json!(TEXTS[rng.usize(..TEXTS.len())]),
            }
        }
        "array" => {
            let around = bound(if rng.bool() { "minItems" } else { "maxItems" }).unwrap_or(f64::from(rng.u8(..4)));
            let length = (around + f64::from(rng.i8(-1..2))).clamp(0.0, 6.0) as usize;
            let first = map.get("prefixItems").and_then(Value::as_array);
            let mut list: Vec<Value> = Vec::new();
            for index in 0..length {
                let item = first.and_then(|first| first.get(index)).or(map.get("items"));
                let wanted = map.get("contains").filter(|_| rng.bool()).or(item).unwrap_or(&Value::Bool(true));
                list.push(value(rng, root, wanted, depth - 1));
            }
            if list.len() > 1 && rng.u8(..4) == 0 {
                list[0] = list[1].clone();
            }
            Value::Array(list)
        }
        _ => {
            let mut made = Map::new();
            let members = map.get("properties").and_then(Value::as_object);
            let required: Vec<&str> =
                map.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
            for (name, schema) in members.into_iter().flatten() {
                if required.contains(&name.as_str()) && rng.u8(..12) > 0 || rng.bool() {
                    made.insert(name.clone(), value(rng, root, schema, depth - 1));
                }
            }
            for name in required {
                if !made.contains_key(name) && rng.u8(..12) > 0 {
                    made.insert(name.to_owned(), anything(rng, 1));
                }
            }
            if rng.u8(..3) == 0 {
                let extra = map.get("additionalProperties").or(map
                    .get("patternProperties")
                    .and_then(|patterns| patterns.as_object().and_then(|patterns| patterns.values().next())));
                let member = value(rng, root, extra.unwrap_or(&Value::Bool(true)), depth - 1);
                made.insert(NAMES[rng.usize(..NAMES.len())].to_owned(), member);
            }
            Value::Object(made)
        }
    }
}

fn anything(rng: &mut Rng, depth: usize) -> Value {
    match rng.u8(..if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i8(-3..8)),
        3 => json!(f64::from(rng.i8(-9..9)) / 2.0),
        4 => json!(TEXTS[rng.usize(..TEXTS.len())]),
        5 => Value::Array((0..rng.usize(..3)).map(|_| anything(rng, depth - 1)).collect()),
        _ => {
            let names = (0..rng.usize(..3)).map(|_| NAMES[rng.usize(..NAMES.len())].to_owned());
            let names: Vec<String> = names.collect();
            Value::Object(names.into_iter().map(|name| (name, anything(rng, depth - 1))).collect())
        }
    }
}
