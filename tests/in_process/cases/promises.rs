//! Objects that close, values that promise less, lists that say they are open, and what a sentence is about.

use driftd::diff::Budget;
use driftd::openapi::{Limits, read};
use driftd::rules::{Catalogue, compare};
use serde_json::{Value, json};

use super::{exchanging, judged, operation};

#[test]
fn objects_that_close_and_values_that_promise_less() {
    let object = |more: Value| {
        let mut schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        for (name, value) in more.as_object().into_iter().flatten() {
            schema[name] = value.clone();
        }
        exchanging(&json!({"$ref": "#/components/schemas/Crate"}), &json!({"Crate": schema}))
    };
    let closed = || object(json!({"additionalProperties": false}));
    let narrowed = |request: &str| {
        vec![
            format!("{request} request-additional-properties-narrowed"),
            "info response-additional-properties-narrowed".to_owned(),
        ]
    };
    assert_eq!(judged(&object(json!({})), &closed()), narrowed("warning"), "people send undeclared members");
    assert_eq!(
        judged(&object(json!({"additionalProperties": true})), &closed()),
        narrowed("breaking"),
        "they were told they may"
    );
    assert_eq!(judged(&object(json!({"additionalProperties": {"type": "string"}})), &closed()), narrowed("breaking"));
    assert_eq!(judged(&object(json!({})), &object(json!({"unevaluatedProperties": false}))), narrowed("warning"));
    assert_eq!(judged(&object(json!({})), &object(json!({"additionalProperties": true}))), Vec::<String>::new());

    let member = |level: Option<&str>| {
        let mut schema = json!({"type": "string"});
        if let Some(level) = level {
            schema["x-stability-level"] = json!(level);
        }
        exchanging(&json!({"type": "object", "properties": {"a": schema}}), &json!({}))
    };
    let told =
        |word: &str, how: &str| ["response", "request"].map(|way| format!("{word} {way}-property-stability-{how}")).to_vec();
    assert_eq!(judged(&member(Some("stable")), &member(Some("draft"))), told("warning", "decreased"));
    assert_eq!(judged(&member(None), &member(Some("beta"))), told("warning", "decreased"), "nothing said means stable");
    assert_eq!(judged(&member(Some("alpha")), &member(Some("beta"))), told("info", "increased"));
    assert_eq!(judged(&member(None), &member(Some("experimental"))), Vec::<String>::new(), "nobody knows this level");
    let parameter = |level: &str| {
        operation(
            &json!({"parameters": [{"name": "q", "in": "query", "x-stability-level": level, "schema": {"type": "string"}}], "responses": {}}),
        )
    };
    assert_eq!(judged(&parameter("stable"), &parameter("beta")), ["warning request-property-stability-decreased"]);
}

#[test]
fn an_enum_that_says_it_is_open_may_grow() {
    let values = |values: &[&str], more: (&str, Value)| {
        let mut schema = json!({"type": "string", "enum": values});
        schema[more.0] = more.1;
        answer_of(&schema)
    };
    let grown: &[&str] = &["warning response-enum-value-added"];
    for (name, value, expected) in [
        ("x-extensible-enum", json!(true), &[] as &[&str]),
        ("x-ms-enum", json!({"name": "Colour", "modelAsString": true}), &[]),
        ("x-ms-enum", json!({"name": "Colour", "modelAsString": false}), grown),
        ("x-speakeasy-unknown-values", json!("allow"), &[]),
        ("x-speakeasy-unknown-values", json!("disallow"), grown),
    ] {
        assert_eq!(
            judged(&values(&["a"], (name, value.clone())), &values(&["a", "b"], (name, value.clone()))),
            expected,
            "{name} {value}"
        );
    }
}

/// A document whose `GET /items` returns this schema.
fn answer_of(schema: &Value) -> Value {
    operation(&json!({"responses": {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}}))
}

#[test]
fn items_are_the_subject_of_what_is_said_of_them() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let read = |value: Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let said = |before: Value, after: Value| {
        let document = |schema: &Value| read(exchanging(&json!({"type": "object", "properties": {"a": schema}}), &json!({})));
        let (verdict, _) = compare(&document(&before), &document(&after), &catalogue, Budget::default());
        verdict.findings.iter().map(|finding| finding.message.clone()).collect::<Vec<String>>()
    };
    let text = || json!({"type": "string"});
    for (before, after, subject) in [
        (json!({"type": "array"}), json!({"type": "array", "items": text()}), "`a[]`"),
        (json!({"type": "array", "items": text()}), json!({"type": "array"}), "`a[]`"),
        (json!({"type": "array", "prefixItems": [text()]}), json!({"type": "array", "prefixItems": [text(), text()]}), "`a[]`"),
        (
            json!({"type": "array", "items": {"type": "array"}}),
            json!({"type": "array", "items": {"type": "array", "items": text()}}),
            "`a[][]`",
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "array"}}),
            json!({"type": "object", "additionalProperties": {"type": "array", "items": text()}}),
            "`a.*[]`",
        ),
    ] {
        let messages = said(before, after);
        let is_about = |message: &String| message.contains(&format!("of {subject} "));
        assert!(!messages.is_empty() && messages.iter().all(is_about), "{messages:?} are not about {subject}");
    }
}
