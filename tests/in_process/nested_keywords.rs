//! An edit beneath any keyword that holds a schema is seen, at any depth and however it is referred to.
//!
//! The keywords come from the list that the reader of schemas goes by: a new one does not compile here until it is said
//! how a schema stands beneath it.

use driftd::diff::Budget;
use driftd::openapi::{Document, Limits, SubschemaKeyword, SubschemaShape, read};
use driftd::rules::{Catalogue, Verdict, compare};
use serde_json::{Value, json};

/// A schema that holds `inner` beneath a keyword, with what the keyword needs beside it to say anything.
fn holding(keyword: SubschemaKeyword, inner: &Value, at: &str) -> Value {
    let name = keyword.name();
    match keyword {
        SubschemaKeyword::Properties => json!({"type": "object", name: {"x": inner}}),
        // A name that is prose elsewhere is a name like any other here.
        SubschemaKeyword::PatternProperties => json!({"type": "object", name: {"example": inner}}),
        SubschemaKeyword::AdditionalProperties | SubschemaKeyword::PropertyNames | SubschemaKeyword::UnevaluatedProperties => {
            json!({"type": "object", name: inner})
        }
        SubschemaKeyword::DependentSchemas | SubschemaKeyword::Dependencies => json!({"type": "object", name: {"title": inner}}),
        SubschemaKeyword::Items | SubschemaKeyword::Contains | SubschemaKeyword::UnevaluatedItems => {
            json!({"type": "array", name: inner})
        }
        SubschemaKeyword::PrefixItems => json!({"type": "array", name: [{"type": "null"}, inner]}),
        SubschemaKeyword::AdditionalItems => json!({"type": "array", "items": [{"type": "null"}], name: inner}),
        SubschemaKeyword::AllOf => json!({name: [inner]}),
        SubschemaKeyword::AnyOf | SubschemaKeyword::OneOf => {
            json!({name: [inner, {"type": "array", "items": {"type": "boolean"}}]})
        }
        SubschemaKeyword::Not => json!({name: inner}),
        SubschemaKeyword::If => json!({name: inner, "then": {"minLength": 1}}),
        SubschemaKeyword::Then | SubschemaKeyword::Else => json!({"if": {"minLength": 1}, name: inner}),
        SubschemaKeyword::ContentSchema => json!({"type": "string", "contentMediaType": "application/json", name: inner}),
        SubschemaKeyword::Defs | SubschemaKeyword::Definitions => {
            json!({name: {"d": inner}, "properties": {"x": {"$ref": format!("{at}/{name}/d")}}})
        }
    }
}

/// Where a schema is put together from the one that is edited.
type Place = fn(Value) -> Value;

/// What stands between the operation and the keyword, around it.
const AROUND: &[(&str, Place)] = &[
    ("at the top", |inner| inner),
    ("in a property", |inner| json!({"type": "object", "properties": {"p": inner}})),
    ("in items", |inner| json!({"type": "array", "items": inner})),
    ("in allOf", |inner| json!({"allOf": [{"description": "d"}, inner]})),
    ("beside a member of allOf that says the same", |inner| {
        let short = json!({"maxLength": 1000});
        let first = json!({"properties": {"x": short}, "additionalProperties": short, "prefixItems": [short, short, short], "items": short,
            "contains": {}, "not": {"const": 7}, "propertyNames": short, "patternProperties": {"^y": short}});
        json!({"allOf": [first, inner]})
    }),
    ("in a further property", |inner| json!({"type": "object", "additionalProperties": inner})),
    ("beneath a condition", |inner| json!({"not": {"properties": {"description": {"items": [inner]}}}})),
];

/// How the edited schema is written beneath the keyword, with the components that this takes.
fn referred(how: usize, edited: &Value, is_json_schema: bool) -> Option<(&'static str, Value, Value)> {
    let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    Some(match how {
        0 => ("inline", edited.clone(), json!({})),
        1 => ("by a reference", to("A"), json!({"A": edited})),
        2 => ("by two references", to("A"), json!({"A": to("B"), "B": edited})),
        3 => (
            "in a property behind two references",
            to("A"),
            json!({"A": {"type": "object", "properties": {"title": to("B")}}, "B": edited}),
        ),
        4 => (
            "behind a circle of references",
            to("A"),
            json!({"A": {"type": "object", "properties": {"a": to("A"), "b": {"type": "array", "items": to("B")}}},
                "B": {"allOf": [to("A"), {"properties": {"z": edited}}]}}),
        ),
        5 if is_json_schema => ("by an anchor", json!({"$ref": "#edited"}), {
            let mut named = edited.clone();
            named["$anchor"] = json!("edited");
            json!({"A": named})
        }),
        6 if is_json_schema => ("by an address", json!({"$ref": "https://a.example/s"}), {
            let mut named = edited.clone();
            named["$id"] = json!("https://a.example/s");
            json!({"A": named})
        }),
        7 if is_json_schema => ("beside a reference", merged(to("A"), edited), json!({"A": {"title": "nothing"}})),
        8 if is_json_schema => {
            ("behind a reference with siblings", merged(to("A"), &json!({"minLength": 1})), json!({"A": edited}))
        }
        9 => (
            "in a component with a name to be escaped",
            json!({"$ref": "#/components/schemas/a%20b~1c"}),
            json!({"a b/c": edited}),
        ),
        10 => ("in an unusual place", json!({"$ref": "#/x-shared/deep/A"}), json!({"x": edited})),
        _ => return None,
    })
}

fn merged(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().expect("an object") {
        base[name] = value.clone();
    }
    base
}

/// What is edited: before, and after.
fn edits() -> [(Value, Value); 2] {
    [
        (json!({"type": "string"}), json!({"type": "integer"})),
        (json!({"type": "string", "maxLength": 9}), json!({"type": "string", "maxLength": 8})),
    ]
}

fn document(version: &str, is_request: bool, is_component: bool, schema: &Value, components: Value) -> Document {
    let mut components = components;
    let unusual = components.as_object_mut().and_then(|map| map.remove("x")).unwrap_or_default();
    let used = if is_component { json!({"$ref": "#/components/schemas/Outer"}) } else { schema.clone() };
    if is_component {
        components["Outer"] = schema.clone();
    }
    let content = json!({"content": {"application/json": {"schema": used}}});
    let ok = json!({"description": "ok"});
    let operation = if is_request {
        json!({"requestBody": content, "responses": {"200": ok}})
    } else {
        json!({"responses": {"200": merged(content, &ok)}})
    };
    let root = json!({
        "openapi": version, "info": {"title": "t", "version": "1"}, "paths": {"/a": {"post": operation}},
        "components": {"schemas": components}, "x-shared": {"deep": {"A": unusual}}
    });
    read(root.to_string().as_bytes(), &Limits::default()).expect("a description")
}

/// Keywords of schemas in OpenAPI 3.0 that hold schemas.
const OLD: &[SubschemaKeyword] = &[
    SubschemaKeyword::Properties,
    SubschemaKeyword::AdditionalProperties,
    SubschemaKeyword::Items,
    SubschemaKeyword::AllOf,
    SubschemaKeyword::AnyOf,
    SubschemaKeyword::OneOf,
    SubschemaKeyword::Not,
];

#[test]
fn an_edit_beneath_every_keyword_is_seen() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let (mut missed, mut tried) = (Vec::new(), 0);
    for keyword in SubschemaKeyword::ALL {
        for version in ["3.0.3", "3.1.0"] {
            let is_json_schema = version == "3.1.0";
            if !is_json_schema && !OLD.contains(keyword) {
                continue;
            }
            for (around, place) in AROUND {
                for how in 0..11 {
                    for (is_request, is_component) in [(true, true), (false, true), (true, false), (false, false)] {
                        if is_request != is_component && *around != "at the top" {
                            continue;
                        }
                        for (before, after) in edits() {
                            // Only what stands at a known pointer can be referred to from itself.
                            if keyword.shape() == SubschemaShape::Apart && (*around != "at the top" || !is_component) {
                                continue;
                            }
                            let build = |edited: &Value| {
                                let (name, inner, components) = referred(how, edited, is_json_schema)?;
                                let schema = place(holding(*keyword, &inner, "#/components/schemas/Outer"));
                                Some((name, document(version, is_request, is_component, &schema, components)))
                            };
                            let (Some((name, old)), Some((_, new))) = (build(&before), build(&after)) else { continue };
                            for (from, to) in [(&old, &new), (&new, &old)] {
                                tried += 1;
                                let (Verdict { findings, undecided, .. }, _) = compare(from, to, &catalogue, Budget::default());
                                if findings.is_empty() || undecided.is_some() {
                                    let side = if is_request { "request" } else { "response" };
                                    let home = if is_component { "a component" } else { "the operation" };
                                    missed.push(format!(
                                        "{version} {} {name}, {around} of {home}, {side}: {before}",
                                        keyword.name()
                                    ));
                                }
                            }
                            let (itself, _) = compare(&old, &old, &catalogue, Budget::default());
                            assert!(itself.findings.is_empty(), "{version} {} {name}, {around}", keyword.name());
                        }
                    }
                }
            }
        }
    }
    missed.dedup();
    assert!(missed.is_empty(), "{} of {tried} edits were not seen:\n{}", missed.len(), missed.join("\n"));
    assert!(tried > 8_000, "only {tried} edits were tried");
}
