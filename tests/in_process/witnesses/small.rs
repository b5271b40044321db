//! Small pairs whose witness is in a whole message, or in none.

use driftd::diff::Budget;
use driftd::openapi::{Limits, read};
use driftd::rules::{Catalogue, Proof, compare};
use serde_json::{Value, json};

fn document(version: &str, paths: &Value, schemas: &Value) -> Value {
    json!({"openapi": version, "info": {"title": "T", "version": "1"}, "paths": paths, "components": {"schemas": schemas}})
}

/// `GET /items` with one required query parameter.
fn asking(schema: &Value) -> Value {
    let parameter = json!({"name": "q", "in": "query", "required": true, "schema": schema});
    document(
        "3.0.3",
        &json!({"/items": {"get": {"parameters": [parameter], "responses": {"204": {"description": ""}}}}}),
        &json!({}),
    )
}

fn post(schema: &Value) -> Value {
    json!({"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": {"204": {"description": ""}}}})
}

/// `POST /items` with one member.
fn sending(member: &Value) -> Value {
    let body = json!({"type": "object", "properties": {"d": member}});
    document("3.0.3", &json!({"/items": post(&body)}), &json!({}))
}

/// The messages that are shown with their operations; `undecided` where none is.
fn shown(before: &Value, after: &Value) -> Vec<String> {
    let catalogue = Catalogue::load().expect("the catalogue");
    let document = |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let (verdict, _) = compare(&document(before), &document(after), &catalogue, Budget::default());
    let proofs = verdict.findings.iter().map(|finding| &finding.proof);
    let mut shown: Vec<String> = proofs
        .filter_map(|proof| match proof {
            Proof::Refuted { message: Some(message), operation: Some(operation), .. } => Some(format!("{operation} {message}")),
            Proof::Refuted { .. } => Some("refuted without a message".to_owned()),
            Proof::Undecided { .. } => Some("undecided".to_owned()),
            Proof::Contained { .. } | Proof::Promise => None,
        })
        .collect();
    shown.sort();
    shown
}

#[test]
fn a_witness_is_shown_in_a_whole_message_or_not_at_all() {
    let least = |other: Value, minimum: Option<i64>| {
        let number = minimum.map_or(json!({"type": "integer"}), |minimum| json!({"type": "integer", "minimum": minimum}));
        asking(&json!({"anyOf": [number, other]}))
    };
    let (text, flag) = (json!({"type": "string"}), json!({"type": "boolean"}));
    let listed = |values: Value| asking(&json!({"type": "array", "items": {"type": "string", "enum": values}}));
    let entries = |least: u64| json!({"type": "array", "items": {"type": "string", "enum": ["a"]}, "minItems": least});
    let null = |is_nullable: bool| json!({"type": "string", "nullable": is_nullable});
    let listed_null = |is_nullable: bool| json!({"type": "string", "enum": ["a"], "nullable": is_nullable});
    let shared = |values: Value| {
        let whole = json!({"$ref": "#/components/schemas/S"});
        let only = json!({"allOf": [whole], "enum": [{"k": "x"}]});
        document(
            "3.1.0",
            &json!({"/a": post(&only), "/bb": post(&json!({"type": "array", "items": whole}))}),
            &json!({"S": {"type": "object", "properties": {"k": {"enum": values}}, "required": ["k"]}}),
        )
    };
    for (what, before, after, expected) in [
        ("the text of the number is taken as a text", least(text.clone(), None), least(text, Some(0)), vec!["undecided"]),
        ("it is no flag", least(flag.clone(), None), least(flag, Some(0)), vec!["GET /items -1"]),
        ("an entry in its list", listed(json!(["a", "b"])), listed(json!(["a"])), vec![r#"GET /items ["b"]"#]),
        ("a list without entries is not written", asking(&entries(0)), asking(&entries(1)), vec!["undecided"]),
        ("one with an entry is", asking(&entries(1)), asking(&entries(2)), vec![r#"GET /items ["a"]"#]),
        ("in a body it is", sending(&entries(0)), sending(&entries(1)), vec![r#"POST /items {"d":[]}"#]),
        ("null beside values", sending(&listed_null(true)), sending(&listed_null(false)), vec!["undecided"]),
        ("null beside a type", sending(&null(true)), sending(&null(false)), vec![r#"POST /items {"d":null}"#]),
        ("of an operation that can hold it", shared(json!(["x", "y"])), shared(json!(["x"])), vec![r#"POST /bb [{"k":"y"}]"#]),
    ] {
        assert_eq!(shown(&before, &after), expected, "{what}");
    }
}
