//! Descriptions nobody would write: thousands of mutations of a good one, and shapes made to hurt.
//!
//! Seeds are fixed and printed on failure, so that a failure can be repeated.

use std::time::{Duration, Instant};

use driftd::diff::Budget;
use driftd::model::Severity;
use driftd::openapi::{Document, Limits, read};
use driftd::rules::{Catalogue, Fragments, JsonReport, Proof, compare};
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
        // What a mutation damaged may be unreadable on one side; nothing else is left out.
        let is_judged = |report: &JsonReport| report.undecided.as_ref().is_none_or(|why| why.contains(" cannot be read at "));
        assert!(is_judged(&there), "seed {seed}: {:?}", there.undecided);
        assert!(is_judged(&back), "seed {seed}: {:?}", back.undecided);
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

/// A body that is sent, before and after, in a document of a few hundred bytes.
fn sent(before: &Value, after: &Value) -> (Document, Document) {
    let one = |schema: &Value| document(&with_schemas(&json!({"S": schema}), "S")).expect("a description");
    (one(before), one(after))
}

/// How many values a JSON value holds.
fn nodes(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(nodes).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(nodes).sum::<usize>(),
        Value::String(text) => 1 + text.len() / 16,
        _ => 1,
    }
}

/// A few letters ask for a value of any size: none that is too large to be read is put together, and the rule's verdict
/// stands.
#[test]
fn small_documents_that_ask_for_large_values() {
    let catalogue = catalogue();
    let array = |items: &Value| json!({"type": "array", "items": items, "minItems": 300});
    let cube = |leaf: &Value, levels: usize| (0..levels).fold(leaf.clone(), |inner, _| array(&inner));
    let names: Vec<String> = (0..3_000).map(|at| format!("name{at}")).collect();
    let object = |inner: &Value| json!({"type": "object", "minProperties": 300, "additionalProperties": inner});
    let mut tower = json!({"type": "string", "maxLength": 9});
    let mut shorter = json!({"type": "string", "maxLength": 8});
    for _ in 0..3 {
        (tower, shorter) = (object(&tower), object(&shorter));
    }
    let with = |schema: Value, name: &str, value: Value| {
        let mut schema = schema;
        schema[name] = value;
        schema
    };
    let long = json!({"type": "string", "minLength": 20_000});
    let listed: Vec<Value> = (0..4).map(|at| json!(format!("{at:0>1000}"))).collect();
    let cases: Vec<(&str, Value, Value)> = vec![
        ("lists of lists of lists", cube(&json!({"type": "string"}), 3), cube(&json!({"type": "integer"}), 3)),
        ("ten levels of lists", cube(&json!({"maxLength": 9}), 10), cube(&json!({"maxLength": 8}), 10)),
        (
            "lists that must differ",
            with(cube(&json!({}), 2), "uniqueItems", json!(true)),
            with(cube(&json!({}), 2), "maxItems", json!(299)),
        ),
        ("long texts in lists", cube(&long, 2), cube(&with(long.clone(), "maxLength", json!(20_001)), 2)),
        (
            "a text beyond reason",
            json!({"type": "string", "minLength": 2_000_000_000}),
            json!({"type": "string", "minLength": 2_000_000_001_u64}),
        ),
        ("objects of objects of objects", tower, shorter),
        (
            "thousands of required names",
            json!({"type": "object", "required": names, "additionalProperties": {"maxLength": 9}}),
            json!({"type": "object", "required": names, "additionalProperties": {"maxLength": 8}}),
        ),
        (
            "many required names in lists",
            cube(&json!({"type": "object", "required": &names[..300]}), 2),
            with(cube(&json!({"type": "object", "required": &names[..300]}), 2), "maxItems", json!(310)),
        ),
        (
            "a step beyond reason",
            json!({"type": "number", "multipleOf": 1e-300, "minimum": 1e300}),
            json!({"type": "number", "multipleOf": 1e300, "minimum": 1e300}),
        ),
        (
            "a pattern that repeats",
            json!({"type": "string", "pattern": "^(a{1000}){1000}$"}),
            json!({"type": "string", "pattern": "^(a{1000}){999}$"}),
        ),
        (
            "a long pattern in lists",
            cube(&json!({"type": "string", "pattern": "^a{1500}$"}), 2),
            cube(&json!({"type": "string", "pattern": "^a{1501}$"}), 2),
        ),
        (
            "listed items by place",
            json!({"type": "array", "minItems": 300, "prefixItems": vec![json!({"enum": listed}); 300]}),
            json!({"type": "array", "minItems": 300, "prefixItems": vec![json!({"enum": &listed[1..]}); 300]}),
        ),
        (
            "a large constant in lists",
            cube(&json!({"const": vec![json!(["x"]); 1_000]}), 2),
            cube(&json!({"const": vec![json!(["y"]); 1_000]}), 2),
        ),
        (
            "many that must occur",
            json!({"type": "array", "contains": cube(&json!({}), 2), "minContains": 300}),
            json!({"type": "array", "contains": cube(&json!({}), 2), "minContains": 301}),
        ),
    ];
    for (what, before, after) in cases {
        let start = Instant::now();
        let (old, new) = sent(&before, &after);
        for (from, to) in [(&old, &new), (&new, &old)] {
            let report = report(from, to, &catalogue);
            assert!(!report.findings.is_empty() || report.undecided.is_some(), "{what}: nothing was found");
            for finding in &report.findings {
                if let Proof::Refuted { witness, message, .. } = &finding.proof {
                    let size = nodes(witness) + message.as_ref().map_or(0, nodes);
                    assert!(size < 8_000, "{what}: a witness of {size} values");
                }
            }
        }
        println!("{what}: {:?}", start.elapsed());
    }
    // What is small is still proven.
    let (old, new) = sent(&cube(&json!({"type": "string"}), 1), &cube(&json!({"type": "integer"}), 1));
    let report = report(&old, &new, &catalogue);
    let refuted = report.findings.iter().filter(|finding| matches!(finding.proof, Proof::Refuted { .. })).count();
    assert_eq!(refuted, 2, "{:?}", report.findings);
}

/// Alternatives that overlap in every combination: as much work as a question may be.
fn slow() -> (Document, Document) {
    let pair = |at: usize| json!({"oneOf": [{"required": [format!("a{at}")]}, {"required": [format!("b{at}")]}, {"required": [format!("c{at}")]}]});
    let schemas = |less: usize| {
        let all: serde_json::Map<String, Value> = (0..200)
            .map(|n| {
                let ways: Vec<Value> = (0..40 - less).map(|at| pair(at + n)).collect();
                (
                    format!("S{n}"),
                    json!({"type": "object", "allOf": ways, "properties": {"a": {"type": "string", "maxLength": 9 - less}}}),
                )
            })
            .collect();
        let refs: serde_json::Map<String, Value> =
            all.keys().map(|name| (name.clone(), json!({"$ref": format!("#/components/schemas/{name}")}))).collect();
        let mut all = all;
        all.insert("Root".to_owned(), json!({"type": "object", "properties": refs}));
        document(&with_schemas(&Value::Object(all), "Root")).expect("a description")
    };
    (schemas(0), schemas(1))
}

#[test]
fn a_comparison_that_was_stopped_says_so() {
    let (before, after) = slow();
    let budget = Budget::default();
    budget.stop.ask();
    let (verdict, _) = compare(&before, &after, &catalogue(), budget);
    assert!(verdict.undecided.is_some_and(|why| why.starts_with("stopped: it took longer than it may")));
    assert!(verdict.findings.is_empty(), "nothing was looked at");
}

#[test]
fn a_comparison_ends_soon_after_it_is_stopped() {
    let (before, after) = slow();
    let (budget, catalogue) = (Budget::default(), catalogue());
    let stop = budget.stop.clone();
    let (asked, ended) = std::thread::scope(|scope| {
        let work = scope.spawn(move || {
            let (verdict, _) = compare(&before, &after, &catalogue, budget);
            (verdict.undecided, Instant::now())
        });
        std::thread::sleep(Duration::from_millis(400));
        let is_over = work.is_finished();
        let asked = Instant::now();
        stop.ask();
        let (undecided, ended) = work.join().expect("no panic");
        assert!(is_over || undecided.is_some_and(|why| why.starts_with("stopped")), "it was stopped and says otherwise");
        (asked, ended)
    });
    let took = ended.saturating_duration_since(asked);
    assert!(took < Duration::from_secs(10), "it went on for {took:?}");
}

#[test]
fn without_proofs_the_law_stands_and_nobody_was_asked() {
    let (before, after) = sent(&json!({"type": "string", "maxLength": 9}), &json!({"type": "string", "maxLength": 8}));
    let (verdict, _) = compare(&before, &after, &catalogue(), Budget { proofs: false, ..Budget::default() });
    assert_eq!(verdict.undecided, None);
    let breaking: Vec<_> = verdict.findings.iter().filter(|finding| finding.severity == Severity::Breaking).collect();
    assert_eq!(breaking.len(), 1);
    for finding in breaking {
        assert_eq!(finding.proof, Proof::Undecided { reason: "not asked".to_owned() });
    }
}

/// Places repeat the names above them: many references that lead nowhere beneath one long name are not all told of.
#[test]
fn many_odd_places_beneath_a_long_name_are_bounded() {
    let properties: serde_json::Map<String, Value> =
        (0..4_000).map(|at| (format!("p{at}"), json!({"$ref": format!("#/components/schemas/Lost{at}")}))).collect();
    let long = "n".repeat(100_000);
    let value = with_schemas(&json!({"S": {"properties": {long: {"type": "object", "properties": properties}}}}), "S");
    let before = document(&value).expect("a description");
    let report = report(&before, &before, &catalogue());
    let told: usize = report.oddities.iter().map(|odd| odd.pointer.len()).sum();
    assert!(told < 150_000_000, "{told} bytes");
    assert!(report.undecided.is_some(), "it is said that something is missing");
}

/// Inputs whose parts are held against each other, pair by pair.
#[test]
fn what_is_compared_pair_by_pair_is_bounded() {
    let catalogue = catalogue();
    let paths = |prefix: &str| {
        let items: serde_json::Map<String, Value> = (0..20_000)
            .map(|at| (format!("/{prefix}{at}/{{id}}/a/{{b}}"), json!({"get": {"responses": {"200": {"description": "ok"}}}})))
            .collect();
        document(&json!({"openapi": "3.1.0", "paths": items})).expect("a description")
    };
    let all = report(&paths("a"), &paths("b"), &catalogue);
    assert_eq!(all.summary.breaking + all.summary.warning, 20_000, "every operation is gone");

    let values = |from: usize, to: usize| {
        let values: Vec<String> = (from..to).map(|at| format!("value{at}")).collect();
        document(&with_schemas(&json!({"S": {"type": "string", "enum": values}}), "S")).expect("a description")
    };
    let report = report(&values(0, 6_000), &values(3_000, 9_000), &catalogue);
    let values: usize = report.findings.iter().map(|row| 1 + row.same_cause.len()).sum();
    assert!(values >= 6_000 || report.undecided.is_some(), "{:?}", report.summary);
    assert!(report.findings.len() < 10, "values of one list are one row");
}

/// Documents of a schema that `operations` operations take, and bytes of the larger one.
fn taken_by(operations: usize, schemas: [&Value; 2]) -> ([Document; 2], usize) {
    let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/S"}}});
    let paths: serde_json::Map<String, Value> = (0..operations)
        .map(|at| (format!("/p{at}"), json!({"post": {"requestBody": {"content": content}, "responses": {}}})))
        .collect();
    let documents = schemas.map(|schema| json!({"openapi": "3.1.0", "paths": paths, "components": {"schemas": {"S": schema}}}));
    let bytes = documents.iter().map(|document| document.to_string().len()).max().unwrap_or_default();
    (documents.map(|document| self::document(&document).expect("a description")), bytes)
}

/// An object of many texts, each of so many letters at most.
fn texts(count: usize, longest: usize) -> Value {
    let properties: serde_json::Map<String, Value> =
        (0..count).map(|at| (format!("p{at}"), json!({"type": "string", "maxLength": longest}))).collect();
    json!({"type": "object", "properties": properties})
}

/// Bytes of a report that a document of so many bytes may come to.
const fn most_written(bytes: usize) -> usize {
    100 * bytes + 8_000_000
}

/// Each finding names each operation, or a place that repeats a long name: what is written is bounded by what was read, and
/// what is left out is said.
#[test]
fn small_documents_that_ask_for_large_reports() {
    let long = "n".repeat(20_000);
    let named = |longest: usize| json!({"type": "object", "properties": {long.as_str(): texts(1_000, longest)}});
    let pattern = |end: &str| format!("^{}{end}$", "a".repeat(10_000));
    let heirs = |end: &str| {
        let parts: serde_json::Map<String, Value> = (0..2_000)
            .map(|at| (format!("p{at}"), json!({"allOf": [{"$ref": "#/components/schemas/S/x-base"}, {"minLength": at}]})))
            .collect();
        json!({"type": "object", "properties": parts, "x-base": {"type": "string", "pattern": pattern(end)}})
    };
    let cases = [
        ("operations × properties", taken_by(500, [&texts(500, 9), &texts(500, 8)])),
        ("places below a long name", taken_by(1, [&named(9), &named(8)])),
        ("a long pattern in many schemas", taken_by(1, [&heirs("a"), &heirs("b")])),
    ];
    for (what, ([before, after], bytes)) in cases {
        let report = report(&before, &after, &catalogue());
        let written = serde_json::to_string(&report).expect("JSON").len();
        assert!(written < most_written(bytes), "{what}: {written} bytes of {bytes}");
        assert!(!report.findings.is_empty(), "{what}");
        println!("{what}: {} findings, {written} bytes of {bytes}, {:?}", report.findings.len(), report.undecided);
    }
}

/// What is left out of a report for want of room is counted, and what breaks is told first.
#[test]
fn what_matters_most_is_told_where_not_all_can_be() {
    let mut before = texts(40, 8);
    let mut after = texts(40, 9);
    before["properties"]["z"] = json!({"type": "string", "maxLength": 9});
    after["properties"]["z"] = json!({"type": "string", "maxLength": 8});
    let ([before, after], _) = taken_by(1, [&before, &after]);
    let (all, _) = compare(&before, &after, &catalogue(), Budget::default());
    assert_eq!((all.findings.len(), all.undecided), (41, None));
    let (some, _) = compare(&before, &after, &catalogue(), Budget { bytes: 6_000, ..Budget::default() });
    let undecided = some.undecided.expect("something is left out");
    assert!(undecided.starts_with("the findings come to more text than may be written"), "{undecided}");
    assert!(some.findings.len() < 41, "{}", some.findings.len());
    assert_eq!(some.findings.first().map(|finding| finding.severity), Some(Severity::Breaking));
}

/// Every finding shows what changed in its object, which may be one long list: all fragments together are bounded.
#[test]
fn fragments_of_all_findings_are_bounded() {
    let names: Vec<String> = (0..400).map(|at| format!("{at:0>300}")).collect();
    let texts: serde_json::Map<String, Value> = names.iter().map(|name| (name.clone(), json!({"type": "string"}))).collect();
    let inner = |required: &[String]| json!({"type": "object", "properties": texts, "required": required});
    let outer = |required: &[String]| {
        let parts: serde_json::Map<String, Value> = (0..5).map(|at| (format!("p{at}"), inner(required))).collect();
        json!({"type": "object", "properties": parts})
    };
    let ([before, after], _) = taken_by(1, [&outer(&[]), &outer(&names)]);
    let (verdict, _) = compare(&before, &after, &catalogue(), Budget { proofs: false, ..Budget::default() });
    let mut fragments = Fragments::new(&before.root, &after.root);
    let shown: Vec<usize> = verdict.findings.iter().map(|finding| fragments.of(&finding.change).len()).collect();
    assert_eq!(shown.len(), 2_000);
    assert!(shown.first().is_some_and(|length| *length > 10_000), "the first are shown: {:?}", shown.first());
    let all = shown.iter().sum::<usize>();
    assert!((10_000_000..=16 * 1024 * 1024).contains(&all), "{all} bytes");
}

/// Every operation has a copy of the credentials that the whole document asks for. What they are held against is small: that
/// they are too many is seen before.
#[test]
fn credentials_of_many_operations_are_bounded() {
    let ways: Vec<Value> = (0..3_000).map(|at| json!({format!("way{at}"): []})).collect();
    let secured = |operations: usize| {
        let paths: serde_json::Map<String, Value> =
            (0..operations).map(|at| (format!("/p{at}"), json!({"get": {"responses": {}}}))).collect();
        document(&json!({"openapi": "3.1.0", "security": ways, "paths": paths})).expect("a description")
    };
    let catalogue = catalogue();
    assert!(report(&secured(510), &secured(1), &catalogue).undecided.is_some(), "1.5 million ways are too many");
    assert!(report(&secured(40), &secured(1), &catalogue).undecided.is_none(), "120 thousand are not");
}
