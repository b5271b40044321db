//! Pairs of schemas in every position: what a change does to who sends, and to who receives.

use driftd::diff::Budget;
use driftd::model::Direction;
use driftd::model::Severity;
use driftd::openapi::{Limits, parse, read};
use driftd::rules::{Catalogue, compare};
use serde_json::{Value, json};

/// Where the values of a schema travel: called, pushed by a webhook, or pushed by a callback.
const POSITIONS: [&str; 3] = ["path", "webhook", "callback"];

/// A document that sends the schema both ways.
fn document(case: &Value, side: usize, position: &str) -> Value {
    let schema = &case[if side == 0 { "before" } else { "after" }];
    let content = json!({"application/json": {"schema": schema}});
    let takes = json!({"requestBody": {"required": true, "content": content}, "responses": {"204": {"description": "done"}}});
    let gives = json!({"responses": {"200": {"description": "ok", "content": content}}});
    let items = json!({"/take": {"post": takes}, "/give": {"post": gives}});
    let version = case["openapi"].as_str().unwrap_or("3.1.0");
    let components = case["components"].get(side).cloned().unwrap_or_else(|| json!({}));
    let mut document =
        json!({"openapi": version, "info": {"title": "T", "version": "1"}, "paths": {}, "components": {"schemas": components}});
    match position {
        "path" => document["paths"] = items,
        "webhook" => document["webhooks"] = json!({"take": items["/take"], "give": items["/give"]}),
        _ => {
            document["paths"] = json!({"/subscribe": {"post": {"responses": {"204": {"description": "done"}}, "callbacks": {"c": {
                "{$request.body#/take}": items["/take"], "{$request.body#/give}": items["/give"]
            }}}}});
        }
    }
    document
}

#[test]
fn each_pair_is_judged_for_who_sends_and_for_who_receives() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let cases = parse(include_bytes!("../schemas.yaml"), &Limits::default(), &mut Vec::new()).expect("the pairs").to_json();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases.as_array().expect("a list of pairs") {
        for position in POSITIONS {
            let [before, after] = [0, 1].map(|side| {
                let text = document(case, side, position).to_string();
                read(text.as_bytes(), &Limits::default()).expect("a description")
            });
            let (verdict, _) = compare(&before, &after, &catalogue, Budget::default());
            let worst = |direction| {
                let findings = verdict.findings.iter().filter(|finding| finding.change.direction == direction);
                findings.map(|finding| finding.severity).max().map_or("none", Severity::name)
            };
            let found = (worst(Direction::ToProvider), worst(Direction::FromProvider));
            let expected = (case["sent"].as_str().unwrap_or("?"), case["received"].as_str().unwrap_or("?"));
            if found != expected || verdict.undecided.is_some() {
                wrong.push(format!("{} as {position}: {found:?}, expected {expected:?}", case["name"]));
            }
            count += 1;
        }
    }
    assert!(count > 900, "only {count}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
