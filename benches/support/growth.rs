//! How the cost of a diff grows with a document: time at twice the size, as a ratio to time at the size itself.
//!
//! Two is linear. Each kind is a shape that once cost the square of its size.

use std::time::{Duration, Instant};

use driftd::diff::Budget;
use driftd::openapi::{Limits, read};
use driftd::rules::{Catalogue, JsonReport, compare};
use serde_json::{Map, Value, json};

/// Two documents of a size.
type Pair = fn(usize) -> [Value; 2];

/// What grows, up to which size, and how a pair of it is made.
const KINDS: [(&str, usize, Pair); 8] = [
    ("paths that go, two of five", 40_000, paths_that_go),
    ("servers that move", 2_000, servers_that_move),
    ("enum values that go, half of them", 40_000, values_that_go),
    ("components broken", 5_000, components_broken),
    ("heirs of a discriminator", 500, heirs),
    ("alternatives with tags", 300, tagged_forms),
    ("members renamed", 1_000, members_renamed),
    ("patterns that narrow", 500, patterns),
];

/// Prints the table.
pub fn print() {
    println!("\n{:<36} {:>8} {:>12} {:>12} {:>8}", "what grows", "n", "at n", "at 2n", "ratio");
    for (name, size, pair) in KINDS {
        let (once, twice) = (time(&pair(size)), time(&pair(2 * size)));
        let ratio = twice.as_secs_f64() / once.as_secs_f64();
        println!("{name:<36} {size:>8} {:>12} {:>12} {ratio:>8.2}", format!("{once:.1?}"), format!("{twice:.1?}"));
    }
}

/// The best of three.
fn time(pair: &[Value; 2]) -> Duration {
    let catalogue = Catalogue::load().unwrap_or_else(|error| panic!("{error}"));
    let [before, after] = pair
        .each_ref()
        .map(|value| read(value.to_string().as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}")));
    let run = || {
        let start = Instant::now();
        let (verdict, oddities) = compare(&before, &after, &catalogue, Budget::default());
        std::hint::black_box(JsonReport::new(&verdict, oddities));
        start.elapsed()
    };
    (0..3).map(|_| run()).min().unwrap_or_default()
}

fn named(count: usize, of: impl Fn(usize) -> (String, Value)) -> Map<String, Value> {
    (0..count).map(of).collect()
}

fn with_paths(paths: &Map<String, Value>) -> Value {
    json!({"openapi": "3.1.0", "info": {"title": "Growing", "version": "1"}, "paths": paths})
}

/// A document that takes and returns `schema`.
fn exchanging(schema: &Value, schemas: &Map<String, Value>) -> Value {
    let content = json!({"application/json": {"schema": schema}});
    let operation = json!({"requestBody": {"content": content}, "responses": {"200": {"description": "ok", "content": content}}});
    let mut document = with_paths(&named(1, |_| ("/a".to_owned(), json!({"post": operation}))));
    document["components"] = json!({"schemas": schemas});
    document
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn paths_that_go(count: usize) -> [Value; 2] {
    let path = |at| (format!("/p{at}/{{id}}/x"), json!({"get": {"responses": {"200": {"description": "ok"}}}}));
    [with_paths(&named(count, path)), with_paths(&(0..count).filter(|at| at % 5 > 1).map(path).collect())]
}

fn servers_that_move(count: usize) -> [Value; 2] {
    ["a", "b"].map(|host| {
        let mut document = with_paths(&named(1, |_| ("/a".to_owned(), json!({"get": {"responses": {}}}))));
        document["servers"] = (0..count).map(|at| json!({"url": format!("https://{host}{at}.example/v1")})).collect();
        document
    })
}

fn values_that_go(count: usize) -> [Value; 2] {
    [0, count / 2].map(|first| {
        let values: Vec<String> = (first..count).map(|at| format!("value{at}")).collect();
        exchanging(&reference("E"), &named(1, |_| ("E".to_owned(), json!({"type": "string", "enum": values}))))
    })
}

fn components_broken(count: usize) -> [Value; 2] {
    [9, 8].map(|longest| {
        let text = json!({"type": "string", "maxLength": longest});
        let schemas = named(count, |at| (format!("S{at}"), json!({"type": "object", "properties": {"a": text}})));
        let properties = named(count, |at| (format!("p{at}"), reference(&format!("S{at}"))));
        exchanging(&json!({"type": "object", "properties": properties}), &schemas)
    })
}

fn heirs(count: usize) -> [Value; 2] {
    [9, 8].map(|longest| {
        let own = json!({"type": "object", "properties": {"a": {"type": "string", "maxLength": longest}}});
        let mut schemas = named(count, |at| (format!("H{at}"), json!({"allOf": [reference("Base"), own]})));
        schemas.insert(
            "Base".to_owned(),
            json!({"type": "object", "required": ["kind"], "discriminator": {"propertyName": "kind"}, "properties": {"kind": {"type": "string"}}}),
        );
        exchanging(&reference("Base"), &schemas)
    })
}

fn tagged_forms(count: usize) -> [Value; 2] {
    [9, 8].map(|longest| {
        let form = |at: usize| {
            json!({"type": "object", "required": ["kind"], "properties": {"kind": {"const": format!("h{at}")}, "a": {"type": "string", "maxLength": longest}}})
        };
        let mut schemas = named(count, |at| (format!("H{at}"), form(at)));
        let forms: Vec<Value> = (0..count).map(|at| reference(&format!("H{at}"))).collect();
        schemas.insert("U".to_owned(), json!({"oneOf": forms, "discriminator": {"propertyName": "kind"}}));
        exchanging(&reference("U"), &schemas)
    })
}

fn members_renamed(count: usize) -> [Value; 2] {
    ["old", "new"].map(|name| {
        let properties = named(count, |at| (format!("{name}{at}"), json!({"type": "string", "maxLength": at + 1})));
        exchanging(&json!({"type": "object", "properties": properties}), &Map::new())
    })
}

fn patterns(count: usize) -> [Value; 2] {
    [1, 2].map(|least| {
        let pattern = |at: usize| json!({"type": "string", "pattern": format!("^x{at}-[a-z]{{{least},9}}$")});
        let properties = named(count, |at| (format!("p{at}"), pattern(at)));
        exchanging(&json!({"type": "object", "properties": properties}), &Map::new())
    })
}
