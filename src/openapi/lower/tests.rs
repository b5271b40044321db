use serde_json::json;

use super::super::contract::{Contract, Operation};
use super::super::document::Document;
use super::super::normal_url::NormalUrl;
use super::super::{Limits, read};
use super::lower;

fn document(value: &serde_json::Value) -> Document {
    let bytes = value.to_string();
    match read(bytes.as_bytes(), &Limits::default()) {
        Ok(document) => document,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn references_and_cycles_share_one_schema() {
    let document = document(&json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a/{id}": {"get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}}}}},
        "components": {"schemas": {
            "Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Alias"}}},
            "Alias": {"$ref": "#/components/schemas/Node"},
            "Loop": {"$ref": "#/components/schemas/Loop"}
        }}
    }));
    let contract = lower(&document);
    let operation = contract.operations.first().expect("one operation");
    assert_eq!((operation.method.as_str(), operation.shape.as_str()), ("GET", "/a/{}"));
    assert_eq!(operation.variables, ["id"]);
    let root = operation.responses[0].content[0].schema;
    let node = contract.schema(root);
    assert_eq!(node.properties, [("next", root)]);
    assert_eq!(contract.pointers.text(node.at), "/components/schemas/Node");
    assert_eq!(contract.oddities, []);
}

#[test]
fn dangling_external_and_circular_references_are_oddities() {
    let document = document(&json!({
        "openapi": "3.1.0",
        "paths": {"/a": {"get": {"parameters": [{"$ref": "#/components/parameters/Gone"}], "responses": {"200": {"content": {"application/json": {"schema": {"oneOf": [
            {"$ref": "#/components/schemas/Gone"}, {"$ref": "other.yaml#/X"}, {"$ref": "#/components/schemas/Loop"}
        ]}}}}}}}},
        "components": {"schemas": {"Loop": {"$ref": "#/components/schemas/Loop"}}}
    }));
    let contract = lower(&document);
    let messages: Vec<&str> = contract.oddities.iter().map(|oddity| oddity.message.as_str()).collect();
    assert_eq!(messages.iter().filter(|message| message.contains("points at nothing")).count(), 2, "{messages:?}");
    assert!(messages.iter().any(|message| message.contains("another document")), "{messages:?}");
    assert!(messages.iter().any(|message| message.contains("circle")), "{messages:?}");
}

#[test]
fn swagger_and_openapi_lower_alike() {
    let old = document(&json!({
        "swagger": "2.0", "host": "api.example.com", "basePath": "/v1", "schemes": ["https"], "consumes": ["application/json"], "produces": ["application/json"],
        "paths": {"/doors": {"post": {
            "parameters": [{"in": "query", "name": "dry", "type": "boolean"}, {"in": "body", "name": "b", "required": true, "schema": {"$ref": "#/definitions/Door"}}],
            "responses": {"201": {"description": "", "schema": {"$ref": "#/definitions/Door"}}}}}},
        "definitions": {"Door": {"type": "object", "properties": {"w": {"type": "integer", "minimum": 0, "exclusiveMinimum": true}}}}
    }));
    let new = document(&json!({
        "openapi": "3.1.0", "servers": [{"url": "https://api.example.com/v1/"}],
        "paths": {"/doors": {"post": {
            "parameters": [{"in": "query", "name": "dry", "schema": {"type": "boolean"}}],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Door"}}}},
            "responses": {"201": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Door"}}}}}}}},
        "components": {"schemas": {"Door": {"type": "object", "properties": {"w": {"type": "integer", "exclusiveMinimum": 0}}}}}
    }));
    let (old, new) = (lower(&old), lower(&new));
    assert_eq!(NormalUrl::of(&old.servers[0].url), NormalUrl::of(&new.servers[0].url));
    let (a, b) = (&old.operations[0], &new.operations[0]);
    assert_eq!(a.parameters[0].serialization, b.parameters[0].serialization);
    assert_eq!(a.body.as_ref().map(|body| body.required), Some(true));
    let bound = |contract: &Contract<'_>, operation: &Operation<'_>| {
        let door = contract.schema(operation.responses[0].content[0].schema);
        contract.schema(door.properties[0].1).minimum.map(|bound| (bound.value.as_f64(), bound.exclusive))
    };
    assert_eq!(bound(&old, a), Some((Some(0.0), true)));
    assert_eq!(bound(&old, a), bound(&new, b));
}

#[test]
fn wrong_types_in_a_corner_cost_only_that_corner() {
    let document = document(&json!({
        "openapi": "3.0.0",
        "paths": {"/a": {"get": {"parameters": "x", "responses": {"200": {"headers": [], "content": {"application/json": {"schema": 7}}}}}, "post": []}, "/b": 3}
    }));
    let contract = lower(&document);
    assert_eq!(contract.operations.len(), 1);
    let pointers: Vec<&str> = contract.oddities.iter().map(|oddity| oddity.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/paths/~1a/get/parameters",
            "/paths/~1a/get/responses/200/content/application~1json/schema",
            "/paths/~1a/get/responses/200/headers",
            "/paths/~1a/post",
            "/paths/~1b",
        ]
    );
}
