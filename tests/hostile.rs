//! Descriptions nobody would write: thousands of mutations of a good one, and shapes made to hurt.
//!
//! Seeds are fixed and printed on failure, so that a failure can be repeated.

use std::time::{Duration, Instant};

use driftd::diff::Budget;
use driftd::openapi::{Document, Limits, read};
use driftd::rules::{Catalogue, JsonReport, compare};
use serde_json::{Value, json};

fn catalogue() -> Catalogue {
    Catalogue::load().unwrap_or_else(|error| panic!("{error:?}"))
}

fn document(value: &Value) -> Option<Document> {
    read(value.to_string().as_bytes(), &Limits::default()).ok()
}

fn report(before: &Document, after: &Document, catalogue: &Catalogue) -> JsonReport {
    let (verdict, oddities) = compare(before, after, catalogue, Budget::default());
    JsonReport::new(&verdict, oddities)
}

/// Values that stand where none of them belongs.
fn nonsense(random: &mut fastrand::Rng) -> Value {
    match random.u8(..14) {
        0 => json!(null),
        1 => json!(true),
        2 => json!(-1),
        3 => json!(1e308),
        4 => json!(""),
        5 => json!([]),
        6 => json!({}),
        7 => json!({"$ref": "#/components/schemas/Invoice"}),
        8 => json!({"$ref": "#"}),
        9 => json!({"$ref": "#/paths"}),
        10 => json!([{"$ref": 7}, null, "x"]),
        11 => json!({"type": ["string", 3, null], "allOf": [{"$ref": "#/components/schemas/Money"}], "oneOf": [true, false]}),
        12 => {
            json!({"allOf": [{"$ref": "#/components/schemas/Shipment"}, {"$ref": "#/components/schemas/Address"}], "nullable": true})
        }
        _ => json!("\u{202e}#/components/~2/%zz"),
    }
}

/// Replaces, removes or copies one value somewhere in the document.
fn mutate(root: &mut Value, random: &mut fastrand::Rng) {
    // Below `paths` or `components`: without `openapi` or any path it is no description at all.
    let Some(mut at) = root.get_mut(if random.bool() { "paths" } else { "components" }) else { return };
    for _ in 0..random.usize(1..14) {
        let is_leaf = match at {
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => true,
        };
        if is_leaf {
            break;
        }
        at = match at {
            Value::Object(map) => {
                let index = random.usize(..map.len());
                let name = map.keys().nth(index).expect("a name").clone();
                if random.u8(..40) == 0 {
                    map.remove(&name);
                    return;
                }
                map.get_mut(&name).expect("a member")
            }
            Value::Array(list) => {
                let index = random.usize(..list.len());
                if random.u8(..10) == 0 {
                    let copy = list[index].clone();
                    list.push(copy);
                    return;
                }
                &mut list[index]
            }
            _ => return,
        };
    }
    *at = nonsense(random);
}

#[test]
fn mutations_neither_panic_nor_differ_from_themselves() {
    let catalogue = catalogue();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/history/quayside/2026-04-20.yaml");
    let original = read(&std::fs::read(path).expect("a fixture"), &Limits::default()).expect("a description");
    let mut read_back = 0;
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut mutant = original.root.to_json();
        for _ in 0..random.usize(1..12) {
            mutate(&mut mutant, &mut random);
        }
        let Some(mutated) = document(&mutant) else { continue };
        read_back += 1;
        let there = report(&original, &mutated, &catalogue);
        let back = report(&mutated, &original, &catalogue);
        assert_eq!(there.undecided, None, "seed {seed}");
        assert_eq!(back.undecided, None, "seed {seed}");
        assert_eq!(there.findings, report(&original, &mutated, &catalogue).findings, "seed {seed} differs between two runs");
        let itself = report(&mutated, &document(&mutant).expect("read before"), &catalogue);
        assert!(itself.findings.is_empty(), "seed {seed}: against itself: {:?}", itself.findings.first());
    }
    assert!(read_back > 150, "only {read_back} mutants were descriptions");
}

fn with_schemas(schemas: &Value, root: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{root}")});
    json!({
        "openapi": "3.1.0",
        "paths": {"/a": {"post": {
            "requestBody": {"content": {"application/json": {"schema": schema}}},
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
        }}},
        "components": {"schemas": schemas}
    })
}

/// Shapes that make a careless engine recurse, branch or multiply. The limit is for broken builds, not for timing.
#[test]
fn shapes_made_to_hurt_end() {
    let catalogue = catalogue();
    let changed = |value: &Value| {
        let text = value.to_string().replacen("\"maxLength\":9", "\"maxLength\":8", 1);
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let mut cases: Vec<(&str, Value)> = Vec::new();
    let mutual: serde_json::Map<String, Value> = (0..300)
        .map(|i| {
            let properties: serde_json::Map<String, Value> = (0..20)
                .map(|j| (format!("p{j}"), json!({"$ref": format!("#/components/schemas/S{}", (i * 7 + j * 13) % 300)})))
                .collect();
            let mut schema = json!({"type": "object", "properties": properties});
            if i == 0 {
                schema["properties"]["x"] = json!({"type": "string", "maxLength": 9});
            }
            (format!("S{i}"), schema)
        })
        .collect();
    cases.push(("300 mutually recursive schemas", with_schemas(&Value::Object(mutual), "S1")));
    let chain: serde_json::Map<String, Value> = (0..5000)
        .map(|i| {
            let next = if i == 4999 {
                json!({"type": "string", "maxLength": 9})
            } else {
                json!({"allOf": [{"$ref": format!("#/components/schemas/S{}", i + 1)}, {"description": "d"}]})
            };
            (format!("S{i}"), next)
        })
        .collect();
    cases.push(("an allOf chain of 5,000", with_schemas(&Value::Object(chain), "S0")));
    let wide: Vec<Value> = (0..400).map(|i| json!({"type": "object", "properties": {"a": {"type": "string", "maxLength": 9}, format!("b{i}"): {"type": "string"}}})).collect();
    cases.push(("a oneOf of 400 inline branches", with_schemas(&json!({"S": {"oneOf": wide}}), "S")));
    let doubling: serde_json::Map<String, Value> = (0..40)
        .map(|i| {
            let next = json!({"$ref": format!("#/components/schemas/S{}", i + 1)});
            let schema = if i == 39 {
                json!({"type": "string", "maxLength": 9})
            } else {
                json!({"anyOf": [{"type": "object", "properties": {"l": next, "r": next}}, {"type": "array", "items": next}]})
            };
            (format!("S{i}"), schema)
        })
        .collect();
    cases.push(("a union tree that doubles 40 times", with_schemas(&Value::Object(doubling), "S0")));
    for (what, before) in cases {
        let after = changed(&before);
        assert_ne!(before, after, "{what}");
        let (before, after) = (document(&before).expect(what), document(&after).expect(what));
        let start = Instant::now();
        let report = report(&before, &after, &catalogue);
        assert!(start.elapsed() < Duration::from_secs(60), "{what} took {:?}", start.elapsed());
        assert!(!report.findings.is_empty() || report.undecided.is_some(), "{what}: the change was not seen");
    }
}

#[test]
fn a_budget_that_runs_out_says_so() {
    let properties: serde_json::Map<String, Value> =
        (0..50).map(|i| (format!("p{i}"), json!({"type": "object", "properties": {"x": {"type": "string"}}}))).collect();
    let before = with_schemas(&json!({"S": {"type": "object", "properties": properties}}), "S");
    let text = before.to_string().replace("\"string\"", "\"integer\"");
    let after: Value = serde_json::from_str(&text).expect("JSON");
    let (before, after) = (document(&before).expect("a description"), document(&after).expect("a description"));
    let (verdict, _) = compare(&before, &after, &catalogue(), Budget { pairs: 10, ..Budget::default() });
    assert!(verdict.undecided.is_some_and(|why| why.contains("stopped after 10 pairs")));
}

/// Small documents that come to a lot once references and anchors are followed.
#[test]
fn small_documents_that_multiply_are_bounded() {
    let catalogue = catalogue();
    let callback = |n: usize, summary: &str| {
        let callbacks: serde_json::Map<String, Value> =
            (0..n).map(|i| (format!("c{i}"), json!({"$ref": "#/components/callbacks/C"}))).collect();
        json!({"openapi": "3.0.0", "paths": {"/a": {"post": {"summary": summary, "callbacks": callbacks, "responses": {}}}},
            "components": {"callbacks": {"C": {"{$url}": {"post": {"callbacks": callbacks, "responses": {"200": {"description": "ok"}}}}}}}})
    };
    let (before, after) =
        (document(&callback(300, "a")).expect("a description"), document(&callback(300, "b")).expect("a description"));
    assert!(report(&before, &after, &catalogue).undecided.is_some(), "27 million operations are too many");

    let mut anchors = String::from("openapi: 3.0.0\npaths: {/a: {}}\nx: ");
    for level in 0..100 {
        anchors.push_str(&format!("&a{level} ["));
    }
    anchors.push_str(&vec!["x"; 100_000].join(","));
    anchors.push_str(&"]".repeat(100));
    assert!(read(anchors.as_bytes(), &Limits::default()).is_err(), "each anchor holds it all once more");

    let array = format!("{{\"openapi\":\"3.0.0\",\"paths\":{{\"/a\":{{}}}},\"x\":[{}1]}}", "1,".repeat(6_000_000));
    assert!(read(array.as_bytes(), &Limits::default()).is_err(), "more values than a description has");

    let enumeration = |skip: usize| {
        let values: Vec<String> = (0..60_000).filter(|i| *i != skip).map(|i| format!("value{i}")).collect();
        with_schemas(&json!({"S": {"type": "string", "enum": values}}), "S")
    };
    let (before, after) =
        (document(&enumeration(60_001)).expect("a description"), document(&enumeration(7)).expect("a description"));
    assert_eq!(report(&before, &after, &catalogue).summary.breaking, 1);
}
