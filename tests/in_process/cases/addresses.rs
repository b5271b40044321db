//! Where an API is served, the keys it takes, and the statuses it answers with.

use serde_json::{Value, json};

use super::judged;

#[test]
fn servers_are_compared_as_they_are_written_on_the_wire() {
    let at = |url: &str| {
        json!({"openapi": "3.1.0", "servers": [{"url": url}],
        "paths": {"/a": {"get": {"responses": {"200": {"description": "ok"}}}}}})
    };
    let pairs = [
        ("https://a.example/café", "https://a.example/caf%c3%a9"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("/%7Eme", "/~me"),
    ];
    for (before, after) in pairs {
        assert_eq!(judged(&at(before), &at(after)), Vec::<String>::new(), "{before} → {after}");
        assert_eq!(judged(&at(after), &at(before)), Vec::<String>::new(), "{after} → {before}");
    }
    for (before, after) in
        [("https://a.example/cafe", "https://a.example/café"), ("https://a.example/a%2Fb", "https://a.example/a/b")]
    {
        assert_eq!(judged(&at(before), &at(after)), ["breaking server-replaced"], "{before} → {after}");
    }
}

#[test]
fn a_host_that_is_named_for_the_first_time_is_to_be_checked() {
    let ok = json!({"200": {"description": "ok"}});
    let served =
        |servers: Value, path: &str| json!({"openapi": "3.1.0", "servers": servers, "paths": {path: {"get": {"responses": ok}}}});
    let nowhere = served(json!([]), "/a");
    let named = ["warning servers-named"];
    let moved = ["breaking server-replaced"];
    assert_eq!(judged(&nowhere, &served(json!([{"url": "https://a.example/v1"}]), "/a")), moved, "the path is another");
    assert_eq!(judged(&served(json!([]), "/v1/a"), &served(json!([{"url": "https://a.example/v1"}]), "/a")), named);
    assert_eq!(judged(&nowhere, &served(json!([{"url": "https://a.example"}, {"url": "https://b.example"}]), "/a")), named);
    assert_eq!(judged(&nowhere, &served(json!([{"url": "/"}]), "/a")), Vec::<String>::new());
    assert_eq!(judged(&nowhere, &served(json!([{"url": "/v1"}]), "/a")), moved, "on the host that was meant");
    assert_eq!(judged(&served(json!([]), "/v1/a"), &served(json!([{"url": "/v1"}]), "/a")), Vec::<String>::new());
    let older = |more: Value| {
        let mut document =
            json!({"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": {"/a": {"get": {"responses": ok}}}});
        for (name, value) in more.as_object().into_iter().flatten() {
            document[name] = value.clone();
        }
        document
    };
    let host = json!({"host": "a.example", "basePath": "/v1", "schemes": ["https"]});
    assert_eq!(judged(&older(json!({})), &older(host)), moved);
    assert_eq!(judged(&older(json!({})), &older(json!({"host": "a.example", "schemes": ["https"]}))), named);
    assert_eq!(judged(&older(json!({})), &older(json!({"basePath": "/v1"}))), moved);
    assert_eq!(
        judged(&older(json!({"basePath": "/v1"})), &older(json!({"basePath": "/v1", "host": "a.example"}))),
        Vec::<String>::new()
    );
}

#[test]
fn a_key_with_a_pattern_is_a_key() {
    let with = |parameters: Value, security: Value| {
        json!({"openapi": "3.1.0", "security": security,
        "paths": {"/a": {"get": {"parameters": parameters, "responses": {"200": {"description": "ok"}}}}},
        "components": {"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}}}})
    };
    let scheme = || with(json!([]), json!([{"k": []}]));
    let parameter =
        |schema: Value| with(json!([{"name": "X-Key", "in": "header", "required": true, "schema": schema}]), json!([]));
    let pattern = || parameter(json!({"type": "string", "pattern": "^[0-9a-f]{32}$"}));
    assert_eq!(judged(&pattern(), &scheme()), ["info request-pattern-removed"]);
    assert_eq!(judged(&scheme(), &pattern()), ["breaking request-pattern-added"], "other keys were taken");
    assert_eq!(judged(&scheme(), &parameter(json!({"type": "string"}))), Vec::<String>::new());
    assert_eq!(judged(&parameter(json!({"type": "string"})), &scheme()), Vec::<String>::new());
    let listed = judged(&scheme(), &parameter(json!({"enum": ["a"]})));
    assert!(listed.contains(&"breaking new-required-request-parameter".to_owned()), "a list is no key: {listed:?}");
}

#[test]
fn a_range_in_place_of_a_status_may_be_any_of_it() {
    let answering = |status: &str, kind: &str| {
        json!({"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {status: {"description": "ok",
            "content": {"application/json": {"schema": {"type": kind}}}}}}}}})
    };
    for wide in ["default", "2XX"] {
        let widened = ["warning response-success-status-added"];
        assert_eq!(judged(&answering("200", "string"), &answering(wide, "string")), widened, "{wide}");
        let changed = ["breaking response-type-changed", "warning response-success-status-added"];
        assert_eq!(judged(&answering("200", "string"), &answering(wide, "object")), changed, "{wide}");
        assert_eq!(judged(&answering(wide, "string"), &answering("200", "string")), Vec::<String>::new(), "{wide}");
    }
}
