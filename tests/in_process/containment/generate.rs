//! Random schemas, and small edits that almost change nothing.

#![expect(clippy::cast_possible_truncation, reason = "numbers around zero")]

use fastrand::Rng;
use serde_json::{Map, Value, json};

const PATTERNS: &[&str] = &["^a", "b$", "^[a-c]+$", "^x-", "[0-9]", "^(a|b)c?$", "^.{2,3}$"];
const NAMES: &[&str] = &["a", "b", "c", "x-1"];

fn pick<'a, T>(rng: &mut Rng, from: &'a [T]) -> &'a T {
    &from[rng.usize(..from.len())]
}

/// A schema; with `defs` it may refer to `#/$defs/0` and on.
pub fn schema(rng: &mut Rng, depth: usize, defs: usize) -> Value {
    if rng.u8(..40) == 0 {
        return Value::Bool(rng.bool());
    }
    if defs > 0 && rng.u8(..6) == 0 {
        return json!({"$ref": format!("#/$defs/{}", rng.usize(..defs))});
    }
    let mut map = Map::new();
    match rng.u8(..if depth == 0 { 5 } else { 12 }) {
        0 => integer(rng, &mut map),
        1 => number(rng, &mut map),
        2 => text(rng, &mut map),
        3 => listed(rng, &mut map),
        4 => {
            map.insert("type".into(), json!(pick(rng, &["boolean", "null", "string", "integer", "object", "array"])));
        }
        5 | 6 => array(rng, &mut map, depth, defs),
        7..=9 => object(rng, &mut map, depth, defs),
        _ => composed(rng, &mut map, depth, defs),
    }
    if depth > 0 && rng.u8(..8) == 0 {
        composed(rng, &mut map, depth, defs);
    }
    if let Some(kind) = map.get("type").cloned()
        && kind.is_string()
        && rng.u8(..10) == 0
    {
        map.insert("type".into(), json!([kind, "null"]));
    }
    Value::Object(map)
}

fn maybe(rng: &mut Rng) -> bool {
    rng.u8(..3) == 0
}

fn integer(rng: &mut Rng, map: &mut Map<String, Value>) {
    map.insert("type".into(), json!("integer"));
    bounds(rng, map, 1.0);
    if maybe(rng) {
        map.insert("multipleOf".into(), json!(rng.u8(1..5)));
    }
}

fn number(rng: &mut Rng, map: &mut Map<String, Value>) {
    map.insert("type".into(), json!("number"));
    bounds(rng, map, 0.5);
    if maybe(rng) {
        map.insert("multipleOf".into(), json!(pick(rng, &[0.5, 1.5, 0.25])));
    }
}

fn bounds(rng: &mut Rng, map: &mut Map<String, Value>, unit: f64) {
    for (plain, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if maybe(rng) {
            let value = f64::from(rng.i8(-6..12)) * unit;
            let name = if rng.bool() { plain } else { exclusive };
            map.insert(name.into(), if value.fract() == 0.0 { json!(value as i64) } else { json!(value) });
        }
    }
}

fn text(rng: &mut Rng, map: &mut Map<String, Value>) {
    map.insert("type".into(), json!("string"));
    for name in ["minLength", "maxLength"] {
        if maybe(rng) {
            map.insert(name.into(), json!(rng.u8(..5)));
        }
    }
    if maybe(rng) {
        map.insert("pattern".into(), json!(pick(rng, PATTERNS)));
    }
}

fn listed(rng: &mut Rng, map: &mut Map<String, Value>) {
    let values =
        [json!(1), json!("a"), json!("bc"), json!(null), json!(true), json!({"a": 1}), json!([1, 1]), json!(2.5), json!([])];
    let count = rng.usize(1..4);
    let list: Vec<Value> = (0..count).map(|_| pick(rng, &values).clone()).collect();
    if count == 1 {
        map.insert("const".into(), list[0].clone());
    } else {
        map.insert("enum".into(), Value::Array(list));
    }
}

fn array(rng: &mut Rng, map: &mut Map<String, Value>, depth: usize, defs: usize) {
    map.insert("type".into(), json!("array"));
    let child = |rng: &mut Rng| schema(rng, depth - 1, defs);
    if rng.bool() {
        map.insert("items".into(), child(rng));
    }
    if maybe(rng) {
        let list: Vec<Value> = (0..rng.usize(1..3)).map(|_| child(rng)).collect();
        map.insert("prefixItems".into(), Value::Array(list));
    }
    for name in ["minItems", "maxItems"] {
        if maybe(rng) {
            map.insert(name.into(), json!(rng.u8(..4)));
        }
    }
    if rng.u8(..5) == 0 {
        map.insert("uniqueItems".into(), json!(true));
    }
    if rng.u8(..4) == 0 {
        map.insert("contains".into(), child(rng));
        for name in ["minContains", "maxContains"] {
            if rng.bool() {
                map.insert(name.into(), json!(rng.u8(..3)));
            }
        }
    }
}

fn object(rng: &mut Rng, map: &mut Map<String, Value>, depth: usize, defs: usize) {
    map.insert("type".into(), json!("object"));
    let child = |rng: &mut Rng| schema(rng, depth - 1, defs);
    let mut members = Map::new();
    for name in NAMES {
        if rng.bool() {
            members.insert((*name).into(), child(rng));
        }
    }
    if !members.is_empty() {
        map.insert("properties".into(), Value::Object(members));
    }
    let required: Vec<&str> = NAMES.iter().copied().filter(|_| rng.u8(..4) == 0).collect();
    if !required.is_empty() {
        map.insert("required".into(), json!(required));
    }
    match rng.u8(..6) {
        0 | 1 => {
            map.insert("additionalProperties".into(), json!(false));
        }
        2 => {
            map.insert("additionalProperties".into(), child(rng));
        }
        _ => {}
    }
    if rng.u8(..6) == 0 {
        map.insert("patternProperties".into(), json!({*pick(rng, PATTERNS): child(rng)}));
    }
    if rng.u8(..8) == 0 {
        let mut names = Map::new();
        text(rng, &mut names);
        map.insert("propertyNames".into(), Value::Object(names));
    }
    for name in ["minProperties", "maxProperties"] {
        if rng.u8(..5) == 0 {
            map.insert(name.into(), json!(rng.u8(..4)));
        }
    }
    if rng.u8(..8) == 0 {
        map.insert("dependentRequired".into(), json!({*pick(rng, NAMES): [pick(rng, NAMES)]}));
    }
    if rng.u8(..10) == 0 {
        map.insert("dependentSchemas".into(), json!({*pick(rng, NAMES): child(rng)}));
    }
    if rng.u8(..12) == 0 {
        map.insert("unevaluatedProperties".into(), json!(false));
    }
}

/// Objects that a tag tells apart, or nearly.
fn tagged(rng: &mut Rng, map: &mut Map<String, Value>) {
    let branch = |rng: &mut Rng| {
        let tags: Vec<&str> = (0..rng.usize(1..3)).map(|_| *pick(rng, &["a", "b", "bc"])).collect();
        let mut branch = json!({"type": "object", "properties": {"a": {"enum": tags}}});
        if rng.u8(..4) > 0 {
            branch["required"] = json!(["a"]);
        }
        if maybe(rng) {
            branch["properties"]["b"] = schema(rng, 0, 0);
        }
        branch
    };
    let list: Vec<Value> = (0..rng.usize(2..4)).map(|_| branch(rng)).collect();
    map.insert((*pick(rng, &["oneOf", "oneOf", "anyOf"])).into(), Value::Array(list));
}

/// One kind of value, and members of an `allOf` that each say something of it by the same keywords.
pub fn repeated(rng: &mut Rng) -> Value {
    let kind = rng.u8(..5);
    let member = |rng: &mut Rng| {
        let mut map = Map::new();
        match kind {
            0 => integer(rng, &mut map),
            1 => number(rng, &mut map),
            2 => text(rng, &mut map),
            3 => {
                map.insert("type".into(), json!("object"));
                map.insert("additionalProperties".into(), schema(rng, 0, 0));
            }
            _ => {
                map.insert("type".into(), json!("array"));
                map.insert("prefixItems".into(), json!([schema(rng, 0, 0)]));
            }
        }
        Value::Object(map)
    };
    json!({"allOf": (0..rng.usize(2..4)).map(|_| member(rng)).collect::<Vec<Value>>()})
}

/// Objects of which nothing tells one from another, as many forms are written.
fn overlapping(rng: &mut Rng, map: &mut Map<String, Value>) {
    let form = |rng: &mut Rng| {
        let name = *pick(rng, NAMES);
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, name: schema(rng, 0, 0)}})
    };
    let list: Vec<Value> = (0..rng.usize(2..4)).map(|_| form(rng)).collect();
    map.insert("oneOf".into(), Value::Array(list));
}

fn composed(rng: &mut Rng, map: &mut Map<String, Value>, depth: usize, defs: usize) {
    let child = |rng: &mut Rng| schema(rng, depth - 1, defs);
    match rng.u8(..12) {
        8 | 9 => tagged(rng, map),
        10 => overlapping(rng, map),
        11 => {
            if let Value::Object(all) = repeated(rng) {
                map.extend(all);
            }
        }
        0 => {
            map.insert("not".into(), child(rng));
        }
        1 => {
            map.insert("if".into(), child(rng));
            map.insert("then".into(), child(rng));
            if rng.bool() {
                map.insert("else".into(), child(rng));
            }
        }
        _ => {
            let list: Vec<Value> = (0..rng.usize(1..4)).map(|_| child(rng)).collect();
            map.insert((*pick(rng, &["allOf", "anyOf", "oneOf"])).into(), Value::Array(list));
        }
    }
    for name in ["unevaluatedProperties", "unevaluatedItems"] {
        if rng.u8(..12) == 0 {
            let rest = if rng.bool() { Value::Bool(rng.u8(..4) == 0) } else { child(rng) };
            map.insert(name.into(), rest);
        }
    }
}

/// A document with schemas that refer to each other.
pub fn document(rng: &mut Rng, depth: usize, defs: usize) -> Value {
    let mut root = schema(rng, depth, defs);
    if defs > 0 {
        let definitions: Map<String, Value> = (0..defs).map(|at| (at.to_string(), schema(rng, 2, defs))).collect();
        if !root.is_object() || root.get("$ref").is_some() {
            root = json!({"allOf": [root]});
        }
        root["$defs"] = Value::Object(definitions);
    }
    root
}

/// A document of small objects that lead to each other, as lists and trees do.
pub fn linked(rng: &mut Rng, defs: usize) -> Value {
    let link = |rng: &mut Rng| {
        let to = json!({"$ref": format!("#/$defs/{}", rng.usize(..defs))});
        match rng.u8(..4) {
            0 => to,
            1 => json!({"type": "array", "items": to}),
            _ => json!({"anyOf": [to, {"type": "null"}]}),
        }
    };
    let definitions: Map<String, Value> = (0..defs)
        .map(|at| {
            let mut members = Map::new();
            // Links stand before and behind the leaf: which is looked at first must not matter.
            for name in ["a", "c", "x-1"] {
                if rng.bool() {
                    members.insert(name.into(), link(rng));
                }
            }
            if rng.bool() {
                members.insert("b".into(), schema(rng, 0, 0));
            }
            let mut object = json!({"type": "object", "properties": members});
            let required: Vec<&str> = NAMES.iter().copied().filter(|_| rng.u8(..4) == 0).collect();
            if !required.is_empty() {
                object["required"] = json!(required);
            }
            (at.to_string(), object)
        })
        .collect();
    json!({"$ref": "#/$defs/0", "$defs": definitions})
}

/// The document with one or two keywords edited.
pub fn near(rng: &mut Rng, document: &Value) -> Value {
    let mut edited = document.clone();
    for _ in 0..rng.usize(1..3) {
        let mut places: Vec<String> = Vec::new();
        schemas(&edited, "", &mut places);
        if places.is_empty() {
            return schema(rng, 1, 0);
        }
        let place = pick(rng, &places).clone();
        if let Some(Value::Object(map)) = edited.pointer_mut(&place) {
            edit(rng, map);
        }
    }
    edited
}

/// Pointers of every schema.
fn schemas(schema: &Value, at: &str, into: &mut Vec<String>) {
    let Value::Object(map) = schema else { return };
    into.push(at.to_owned());
    for (name, value) in map {
        let here = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        match (name.as_str(), value) {
            ("properties" | "patternProperties" | "$defs" | "dependentSchemas", Value::Object(members)) => {
                for (member, value) in members {
                    schemas(value, &format!("{here}/{}", member.replace('~', "~0").replace('/', "~1")), into);
                }
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                for (index, value) in list.iter().enumerate() {
                    schemas(value, &format!("{here}/{index}"), into);
                }
            }
            ("const" | "enum", _) => {}
            (_, Value::Object(_)) => schemas(value, &here, into),
            _ => {}
        }
    }
}

fn edit(rng: &mut Rng, map: &mut Map<String, Value>) {
    let names: Vec<String> = map.keys().filter(|name| *name != "$defs").cloned().collect();
    if names.is_empty() || rng.u8(..6) == 0 {
        // One condition more.
        let mut more = Map::new();
        match rng.u8(..4) {
            0 => integer(rng, &mut more),
            1 => text(rng, &mut more),
            2 => array(rng, &mut more, 1, 0),
            _ => object(rng, &mut more, 1, 0),
        }
        let kind = map.get("type").cloned();
        for (name, value) in more {
            map.entry(name).or_insert(value);
        }
        match kind {
            Some(kind) => map.insert("type".into(), kind),
            None => map.remove("type"),
        };
        return;
    }
    let name = pick(rng, &names).clone();
    let renamed = |from: &str| {
        Some(match from {
            "minimum" => "exclusiveMinimum",
            "exclusiveMinimum" => "minimum",
            "maximum" => "exclusiveMaximum",
            "exclusiveMaximum" => "maximum",
            "anyOf" => "oneOf",
            "oneOf" => "anyOf",
            "allOf" => "anyOf",
            _ => return None,
        })
    };
    match (name.as_str(), map.get(&name).cloned()) {
        (from, Some(value)) if renamed(from).is_some() && rng.bool() => {
            map.remove(from);
            map.insert(renamed(from).unwrap_or(from).into(), value);
        }
        ("type", Some(Value::String(kind))) => {
            let other = match kind.as_str() {
                "integer" => json!("number"),
                "number" => json!("integer"),
                kind => json!([kind, "null"]),
            };
            map.insert(name, other);
        }
        ("pattern", _) => {
            map.insert(name, json!(pick(rng, PATTERNS)));
        }
        (_, Some(Value::Number(number))) => {
            let step = if number.is_f64() { 0.5 } else { 1.0 };
            let moved = number.as_f64().unwrap_or(0.0) + if rng.bool() { step } else { -step };
            let floor = if name.starts_with("min") || name.starts_with("max") { 0.0 } else { 0.25 };
            let is_count =
                name.ends_with("Length") || name.ends_with("Items") || name.ends_with("ties") || name.ends_with("Contains");
            let moved = if is_count || name == "multipleOf" { moved.max(if is_count { 0.0 } else { floor }) } else { moved };
            map.insert(name, if moved.fract() == 0.0 { json!(moved as i64) } else { json!(moved) });
        }
        ("required", Some(Value::Array(mut list))) => {
            let member = json!(pick(rng, NAMES));
            match list.iter().position(|known| *known == member) {
                Some(at) => {
                    list.remove(at);
                }
                None => list.push(member),
            }
            map.insert(name, Value::Array(list));
        }
        ("enum", Some(Value::Array(mut list))) => {
            if list.len() > 1 && rng.bool() {
                list.remove(rng.usize(..list.len()));
            } else {
                list.push(pick(rng, &[json!(3), json!("a"), json!("z"), json!(false)]).clone());
            }
            map.insert(name, Value::Array(list));
        }
        ("properties" | "patternProperties", Some(Value::Object(mut members))) => {
            let keys: Vec<String> = members.keys().cloned().collect();
            if !keys.is_empty() && rng.bool() {
                members.remove(pick(rng, &keys));
            } else {
                members.insert((*pick(rng, NAMES)).into(), schema(rng, 1, 0));
            }
            map.insert(name, Value::Object(members));
        }
        ("allOf" | "anyOf" | "oneOf" | "prefixItems", Some(Value::Array(mut list))) => {
            match rng.u8(..3) {
                0 if list.len() > 1 => {
                    list.remove(rng.usize(..list.len()));
                }
                1 => list.reverse(),
                _ => list.push(schema(rng, 1, 0)),
            }
            map.insert(name, Value::Array(list));
        }
        (_, Some(Value::Bool(flag))) => {
            map.insert(name, Value::Bool(!flag));
        }
        _ => {
            map.remove(&name);
        }
    }
}
