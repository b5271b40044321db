//! Schemas made to hurt: every question ends, within its steps, and never with a panic.

use std::time::{Duration, Instant};

use driftd::containment::Containment;
use driftd::openapi::Dialect;
use serde_json::{Value, json};

use super::ask;

/// Far more than any of these takes in a release build, and far less than a hang.
const LONG: Duration = Duration::from_secs(60);

fn ends(name: &str, sub: &Value, sup: &Value) -> Containment {
    let start = Instant::now();
    let answer = ask(sub, sup, Dialect::OpenApi31);
    let took = start.elapsed();
    eprintln!("{name}: {took:?} {}", format!("{answer:?}").chars().take(100).collect::<String>());
    assert!(took < LONG, "{name} took {took:?}");
    answer
}

fn recursive(count: usize, leaf: &Value) -> Value {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut defs = serde_json::Map::new();
    for at in 0..count {
        let mut member = || json!({"anyOf": [{"$ref": format!("#/$defs/{}", rng.usize(..count))}, {"type": "null"}]});
        let (a, b, c, d) = (member(), member(), member(), member());
        let union = json!({"oneOf": [{"$ref": format!("#/$defs/{}", (at * 7 + 1) % count)}, {"$ref": format!("#/$defs/{}", (at * 3 + 2) % count)}]});
        let kind = json!({"const": format!("kind{at}")});
        defs.insert(
            at.to_string(),
            json!({"type": "object", "required": ["kind"], "properties": {
                "kind": kind, "a": a, "b": b, "c": c, "d": {"type": "array", "items": d}, "e": union
            }}),
        );
    }
    defs["3"]["properties"]["leaf"] = leaf.clone();
    json!({"$ref": "#/$defs/0", "$defs": defs})
}

#[test]
fn five_hundred_schemas_that_refer_to_each_other() {
    let (before, after) =
        (recursive(500, &json!({"type": "string"})), recursive(500, &json!({"type": "string", "maxLength": 5})));
    assert!(matches!(ends("one leaf is tighter", &before, &after), Containment::Refuted(_) | Containment::Undecided(_)));
    assert!(!matches!(ends("the same", &before, &before), Containment::Refuted(_)));
    assert!(!matches!(ends("one leaf is looser", &after, &before), Containment::Refuted(_)));
}

#[test]
fn a_hundred_thousand_conditions_at_once() {
    let all: Vec<Value> = (0..100_000).map(|at| json!({"maxLength": 200_000 - at})).collect();
    let wide = json!({"type": "string", "allOf": all});
    let answer = ends("allOf of 100,000", &json!({"type": "string"}), &wide);
    assert!(!matches!(answer, Containment::Contained), "{answer:?}");
    assert!(!matches!(ends("the other way", &wide, &json!({"type": "string"})), Containment::Refuted(_)));
}

#[test]
fn a_hundred_thousand_references_in_a_row() {
    let mut defs = serde_json::Map::new();
    for at in 0..100_000 {
        defs.insert(at.to_string(), json!({"$ref": format!("#/$defs/{}", at + 1)}));
    }
    defs.insert("100000".into(), json!({"type": "string"}));
    let chain = json!({"allOf": [{"$ref": "#/$defs/0"}], "$defs": defs});
    assert!(!matches!(ends("a chain", &chain, &json!({"type": "string"})), Containment::Refuted(_)));
    assert!(!matches!(ends("a chain of another type", &json!({"type": "integer"}), &chain), Containment::Contained));
}

#[test]
fn alternatives_that_multiply() {
    let pair = |at: usize| json!({"oneOf": [{"required": [format!("a{at}")]}, {"required": [format!("b{at}")]}, {"required": [format!("c{at}")]}]});
    let all: Vec<Value> = (0..40).map(pair).collect();
    let less: Vec<Value> = (0..39).map(pair).collect();
    let (all, less) = (json!({"type": "object", "allOf": all}), json!({"type": "object", "allOf": less}));
    assert!(!matches!(ends("3 to the 40th, the narrower first", &all, &less), Containment::Refuted(_)));
    assert!(!matches!(ends("3 to the 40th, the wider first", &less, &all), Containment::Contained));
    let overlapping: Vec<Value> =
        (0..300).map(|at| json!({"type": "object", "properties": {"a": {"type": "integer", "minimum": at}}})).collect();
    let union = json!({"oneOf": overlapping});
    ends("oneOf of 300 that overlap", &union, &json!({"anyOf": overlapping}));
    ends("and back", &json!({"anyOf": overlapping}), &union);
}

#[test]
fn numbers_and_sizes_beyond_reason() {
    let any = json!({});
    for schema in [
        json!({"type": "string", "minLength": 4_000_000_000_u64}),
        json!({"type": "array", "minItems": 4_000_000_000_u64, "uniqueItems": true}),
        json!({"type": "object", "minProperties": 4_000_000_000_u64}),
        json!({"type": "array", "contains": {"type": "null"}, "minContains": 4_000_000_000_u64}),
        json!({"type": "number", "multipleOf": 1e-300, "minimum": 1e300}),
        json!({"type": "integer", "minimum": 1e308, "maximum": 1.1e308}),
        json!({"type": "string", "pattern": "^(a?){200}(.*x){30}$"}),
        json!({"type": "string", "pattern": "((((((((a+)+)+)+)+)+)+)+)+b"}),
        json!({"patternProperties": {"^(a|b)*a(a|b){12}$": {"type": "null"}, "^(x+x+)+y$": false}}),
    ] {
        let name = schema.to_string();
        ends(&name, &schema, &json!({"not": any}));
        ends(&name, &any, &schema);
    }
}

#[test]
fn what_is_left_over_at_every_level() {
    let nested = |required: bool| {
        (0..40).fold(json!({"type": "string"}), |inner, level| {
            let mut schema = json!({
                "type": "object", "properties": {"a": inner}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
                "unevaluatedProperties": false
            });
            if required && level == 39 {
                schema["required"] = json!(["a"]);
            }
            schema
        })
    };
    let answer = ends("nested unevaluatedProperties", &nested(true), &nested(false));
    assert!(!matches!(answer, Containment::Refuted(_)), "{answer:?}");
    ends("the other way", &nested(false), &nested(true));
}
