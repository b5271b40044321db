use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::super::{Bundle, Limits, read};
use super::*;

fn document(value: &Json) -> Document {
    read(value.to_string().as_bytes(), &Limits::default()).unwrap_or_else(|problem| panic!("{problem}"))
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(site, target)| ((*site).to_owned(), (*target).to_owned())).collect()
}

/// One operation that answers with a schema.
fn answering(schema: &Json, components: &Json) -> Json {
    json!({
        "openapi": "3.1.0",
        "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}}},
        "components": {"schemas": components}
    })
}

const SCHEMA: &str = "/paths/~1a/get/responses/200/content/application~1json/schema";

#[test]
fn what_is_reached_is_counted_once() {
    let reached = reach(&document(&answering(
        &json!({"type": "array", "items": {"$ref": "#/components/schemas/A"}}),
        &json!({
            "A": {"properties": {"b": {"$ref": "#/components/schemas/B"}, "c": {"$ref": "#/components/schemas/B"}, "$ref": {"type": "null"}}},
            "B": {"properties": {"a": {"$ref": "#/components/schemas/A"}}},
            "Unused": {"$ref": "#/components/schemas/Nowhere"}
        }),
    )));
    // The array, A, B and the property that is called `$ref`.
    assert_eq!((reached.operations, reached.schemas, reached.references, reached.dangling.len()), (1, 4, 4, 0));
}

#[test]
fn operations_that_share_an_item_are_each_one() {
    let reached = reach(&document(&json!({
        "openapi": "3.1.0",
        "paths": {"/a": {"$ref": "#/components/pathItems/P"}, "/b": {"$ref": "#/components/pathItems/P"}, "/c": {"$ref": "#/no"}, "x-d": {"get": {}}},
        "webhooks": {"w": {"post": {}, "additionalOperations": {"COPY": {}}}},
        "components": {"pathItems": {"P": {"get": {}, "put": {"$ref": "#/components/gone"}, "parameters": []}}}
    })));
    assert_eq!(reached.operations, 4);
    let expected = pairs(&[("/components/pathItems/P/put", "/components/gone"), ("/paths/~1c", "/no")]);
    assert_eq!(reached.dangling.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn every_keyword_that_holds_a_schema_is_entered() {
    for keyword in SubschemaKeyword::ALL {
        let lost = json!({"$ref": "#/components/schemas/Lost%20one"});
        let inner = match keyword.shape() {
            SubschemaShape::One => lost,
            SubschemaShape::List | SubschemaShape::OneOrList => json!([lost]),
            SubschemaShape::Named | SubschemaShape::NamedOrNames | SubschemaShape::Apart => json!({"example": lost}),
        };
        let reached = reach(&document(&answering(&json!({keyword.name(): inner}), &json!({}))));
        let expected = usize::from(keyword.shape() != SubschemaShape::Apart);
        assert_eq!(reached.dangling.len(), expected, "{}", keyword.name());
        assert!(reached.dangling.values().all(|target| target == "/components/schemas/Lost one"), "{}", keyword.name());
    }
}

#[test]
fn data_holds_no_references() {
    let lost = json!({"$ref": "#/lost"});
    let mut value = answering(
        &json!({"example": lost, "examples": [lost], "default": lost, "const": lost, "enum": [lost], "x-a": lost, "$defs": {"a": lost}}),
        &json!({}),
    );
    value["paths"]["/a"]["get"]["x-a"] = lost.clone();
    value["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]["examples"] = json!({"a": lost});
    let reached = reach(&document(&value));
    assert_eq!((reached.references, reached.dangling.len()), (0, 0));
}

#[test]
fn circles_and_null_lead_nowhere_and_anchors_lead_somewhere() {
    let value = answering(
        &json!({"allOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/Empty"}, {"$ref": "#here"}, {"$ref": "#gone"},
            {"$ref": "https://a.example/s#/$defs/t"}]}),
        &json!({"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}, "Empty": null,
            "H": {"$anchor": "here", "type": "string"}, "I": {"$id": "https://a.example/s", "$defs": {"t": {"type": "null"}}}}),
    );
    let document = document(&value);
    let mut targets: Vec<String> = reach(&document).dangling.into_values().collect();
    targets.sort();
    assert_eq!(targets, ["#gone", "/components/schemas/A", "/components/schemas/Empty"]);
    let known = [
        "#here",
        "/components/schemas/H",
        "#/components/schemas/H",
        "",
        "#",
        "https://a.example/s",
        "https://a.example/s#/$defs/t",
    ];
    assert!(known.iter().all(|target| leads_somewhere(&document, target)));
    assert!(
        !["#gone", "/components/schemas/Empty", "#/x", "x.yaml", "x.yaml#/A"]
            .iter()
            .any(|target| leads_somewhere(&document, target))
    );
}

#[test]
fn subtypes_of_a_base_are_reached() {
    let value = answering(
        &json!({"$ref": "#/components/schemas/Base"}),
        &json!({
            "Base": {"type": "object", "discriminator": {"propertyName": "kind"}},
            "Heir": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"a": {"$ref": "#/components/schemas/Lost"}}}]}
        }),
    );
    let dangling = reach(&document(&value)).dangling;
    let expected = pairs(&[("/components/schemas/Heir/allOf/1/properties/a", "/components/schemas/Lost")]);
    assert_eq!(dangling.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn what_dangles_since_yesterday() {
    let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let before = document(&answering(
        &json!({"properties": {"a": to("A"), "old": to("Never"), "inline": {"type": "string"}}, "allOf": [to("A"), to("Never")]}),
        &json!({"A": {"type": "string"}}),
    ));
    assert!(newly_dangling(&before, &before).is_empty(), "what dangled before is not new");
    let after = document(&answering(
        &json!({"properties": {"a": to("A"), "old": to("Never"), "inline": to("Elsewhere"), "new": to("Unheard")}, "allOf": [to("Never"), to("A")]}),
        &json!({}),
    ));
    let at = |rest: &str| format!("{SCHEMA}/{rest}");
    let expected = [
        (at("allOf/1"), "/components/schemas/A".to_owned()),
        (at("properties/a"), "/components/schemas/A".to_owned()),
        (at("properties/inline"), "/components/schemas/Elsewhere".to_owned()),
    ];
    assert_eq!(newly_dangling(&before, &after), expected);
}

#[test]
fn one_more_place_that_leads_where_another_dangled_is_new() {
    let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let components = json!({"A": {"type": "string"}});
    let before = document(&answering(&json!({"properties": {"a": to("A"), "b": to("Never")}}), &components));
    let after = document(&answering(&json!({"properties": {"a": to("Never"), "b": to("Never")}}), &components));
    let new: Vec<String> = newly_dangling(&before, &after).into_iter().map(|(site, _)| site).collect();
    assert_eq!(new, [format!("{SCHEMA}/properties/a")]);
}

#[test]
fn files_of_a_set_are_one_document() {
    let root = json!({"openapi": "3.1.0", "paths": {"/a": {"$ref": "paths/a.yaml"}}}).to_string();
    let path = json!({"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "../schemas/door.yaml#/Door"}}}}}}});
    let door = json!({"Door": {"type": "object"}}).to_string();
    let set = |files: &[(&str, &str)]| {
        let files: BTreeMap<String, String> = files.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        read(&Bundle { files }.to_bytes(), &Limits::default()).unwrap_or_else(|problem| panic!("{problem}"))
    };
    let path = path.to_string();
    let before = set(&[("", &root), ("paths/a.yaml", &path), ("schemas/door.yaml", &door)]);
    assert!(reach(&before).dangling.is_empty() && leads_somewhere(&before, "schemas/door.yaml#/Door"));
    let expected = pairs(&[("paths/a.yaml#/get/responses/200/content/application~1json/schema", "schemas/door.yaml#/Door")]);
    for after in [
        set(&[("", &root), ("paths/a.yaml", &path)]),
        set(&[("", &root), ("paths/a.yaml", &path), ("schemas/door.yaml", "{\"Gate\": {}}")]),
        set(&[("", &root), ("paths/a.yaml", &path), ("schemas/door.yaml", "Door:\n")]),
    ] {
        assert_eq!(newly_dangling(&before, &after), expected);
        assert!(!leads_somewhere(&after, "schemas/door.yaml#/Door"));
    }
    let after = set(&[("", &root), ("paths/a.yaml", "get: {responses: {}")]);
    assert_eq!(newly_dangling(&before, &after), pairs(&[("/paths/~1a", "paths/a.yaml")]));
    assert_eq!(reach(&after).operations, 0);
}

#[test]
fn swagger_2_is_read_too() {
    let value = json!({
        "swagger": "2.0",
        "paths": {"/a": {"post": {
            "parameters": [{"in": "body", "schema": {"$ref": "#/definitions/A"}}, {"$ref": "#/parameters/gone"}],
            "responses": {"200": {"schema": {"$ref": "#/definitions/B"}}}
        }}},
        "definitions": {"A": {"type": "object"}}
    });
    let dangling = reach(&document(&value)).dangling;
    let expected = pairs(&[
        ("/paths/~1a/post/parameters/1", "/parameters/gone"),
        ("/paths/~1a/post/responses/200/schema", "/definitions/B"),
    ]);
    assert_eq!(dangling.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn the_list_is_bounded_where_names_are_long() {
    let properties: serde_json::Map<String, Json> = (0..200).map(|at| (format!("p{at}"), json!({"$ref": "#/lost"}))).collect();
    let long = "a".repeat(200_000);
    let value = answering(&json!({"properties": {long: {"properties": properties}}}), &json!({}));
    let reached = reach(&document(&value));
    assert_eq!(reached.dangling.len() + reached.unlisted, 200);
    assert!(reached.dangling.len() < 100, "{}", reached.dangling.len());
}
