//! One edit that reaches several operations is one finding with all of them.

use driftd::diff::Budget;
use driftd::openapi::{Limits, read};
use driftd::rules::{Catalogue, Verdict, compare};
use serde_json::{Value, json};

fn verdict(before: &Value, after: &Value) -> Verdict {
    let catalogue = Catalogue::load().expect("the catalogue");
    let document = |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    compare(&document(before), &document(after), &catalogue, Budget::default()).0
}

/// `severity rule: operations`, one for each finding.
fn told(before: &Value, after: &Value) -> Vec<String> {
    let told = verdict(before, after).findings.into_iter().map(|finding| {
        let operations: Vec<String> = finding.change.used_by.iter().map(|usage| usage.label().to_string()).collect();
        format!("{} {}: {}", finding.severity.name(), finding.rule, operations.join(", "))
    });
    told.collect()
}

/// A description of `GET` on these paths, each with what it says beside its responses.
fn document(root: &Value, paths: &[(&str, Value)]) -> Value {
    let mut document = json!({"openapi": "3.1.0", "paths": {}, "components": {"securitySchemes": {
        "k": {"type": "apiKey", "in": "header", "name": "K"}, "l": {"type": "apiKey", "in": "header", "name": "L"}
    }}});
    for (name, value) in root.as_object().into_iter().flatten() {
        document[name] = value.clone();
    }
    for (path, own) in paths {
        let mut operation = json!({"responses": {"200": {"description": "ok"}}});
        for (name, value) in own.as_object().into_iter().flatten() {
            operation[name] = value.clone();
        }
        document["paths"][*path] = json!({"get": operation});
    }
    document
}

#[test]
fn what_operations_ask_for_is_told_once_wherever_it_is_said() {
    let own = |name: &str| json!({"security": [{name: []}]});
    let nothing = document(&json!({}), &[("/a", json!({})), ("/b", json!({})), ("/c", json!({}))]);
    let everywhere = document(&json!({"security": [{"k": []}]}), &[("/a", json!({})), ("/b", json!({})), ("/c", json!({}))]);
    let each = document(&json!({}), &[("/a", own("k")), ("/b", own("k")), ("/c", own("k"))]);
    let mixed =
        document(&json!({"security": [{"k": []}]}), &[("/a", own("k")), ("/b", json!({})), ("/c", json!({"security": []}))]);
    let two = document(&json!({"security": [{"k": []}]}), &[("/a", json!({})), ("/b", own("l")), ("/c", json!({}))]);
    for after in [&everywhere, &each] {
        assert_eq!(told(&nothing, after), ["breaking api-security-required: GET /a, GET /b, GET /c"]);
        assert_eq!(told(after, &nothing), ["info api-security-dropped: GET /a, GET /b, GET /c"]);
    }
    assert_eq!(told(&everywhere, &each), Vec::<String>::new());
    assert_eq!(told(&nothing, &mixed), ["breaking api-security-required: GET /a, GET /b"]);
    assert_eq!(
        told(&nothing, &two),
        ["breaking api-security-required: GET /a, GET /c", "breaking api-security-required: GET /b"],
        "two keys are two causes"
    );
}

#[test]
fn one_more_operation_is_the_same_finding_and_speaks_again() {
    let own = json!({"security": [{"k": []}]});
    let with = |paths: [(&str, Value); 3]| document(&json!({}), &paths);
    let nothing = with([("/a", json!({})), ("/b", json!({})), ("/c", json!({}))]);
    let last = with([("/a", json!({})), ("/b", json!({})), ("/c", own.clone())]);
    let first_too = with([("/a", own.clone()), ("/b", json!({})), ("/c", own)]);
    let (one, two) = (verdict(&nothing, &last), verdict(&nothing, &first_too));
    let (one, two) = (&one.findings[0], &two.findings[0]);
    assert_eq!(one.identity, two.identity, "it does not depend on which operation comes first");
    assert_ne!(one.content, two.content, "whoever calls the other has not been told");
}

#[test]
fn two_things_that_operations_ask_for_are_two_identities() {
    let with = |first: Value, second: Value| {
        document(&json!({}), &[("/a", json!({"security": first})), ("/b", json!({"security": second}))])
    };
    let before = with(json!([{"k": []}]), json!([{"k": []}]));
    let after = with(json!([{"k": [], "l": []}]), json!([{"l": []}]));
    let findings = verdict(&before, &after).findings;
    let lost: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.rule == "api-security-removed")
        .map(|finding| finding.identity.as_str())
        .collect();
    assert!(matches!(lost.as_slice(), [one, other] if one != other), "more is asked for, and something else: {lost:?}");
}

#[test]
fn a_server_is_missed_by_those_who_called_it() {
    let root = |url: &str| json!({"servers": [{"url": url}]});
    let own = json!({"servers": [{"url": "https://own.example"}]});
    let (a, b) = (root("https://a.example"), root("https://b.example"));
    let before = document(&a, &[("/a", json!({})), ("/b", own.clone()), ("/c", json!({}))]);
    let after = document(&b, &[("/a", json!({})), ("/b", own), ("/c", json!({}))]);
    assert_eq!(told(&before, &after), ["breaking server-replaced: GET /a, GET /c"]);
    let all = |root: &Value| document(root, &[("/a", json!({})), ("/b", json!({}))]);
    assert_eq!(told(&all(&a), &all(&b)), ["breaking server-replaced: "], "of the whole description");
}

#[test]
fn one_path_that_is_left_behind_by_a_prefix_is_alone() {
    let before = document(&json!({"servers": [{"url": "https://a.example/v2"}]}), &[("/a", json!({})), ("/alive", json!({}))]);
    let after = document(&json!({"servers": [{"url": "https://a.example"}]}), &[("/v2/a", json!({})), ("/alive", json!({}))]);
    assert_eq!(told(&before, &after), ["breaking server-replaced: GET /alive"]);
}

#[test]
fn a_whole_address_outranks_a_path_that_is_spelt_alike() {
    let answering = |kind: &str| json!({"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": kind}}}}}});
    let before = document(&json!({"servers": [{"url": "https://a.example/v1"}]}), &[("/a", answering("string"))]);
    let after = document(
        &json!({"servers": [{"url": "https://a.example"}]}),
        &[("/a", answering("integer")), ("/v1/a", answering("string"))],
    );
    assert_eq!(told(&before, &after), ["info endpoint-added: GET /a"]);
    let swapped = document(
        &json!({"servers": [{"url": "https://a.example"}]}),
        &[("/a", answering("string")), ("/v1/a", answering("integer"))],
    );
    assert_eq!(told(&before, &swapped), ["breaking response-type-changed: GET /a", "info endpoint-added: GET /a"]);
}

#[test]
fn what_is_gone_is_still_routed_below_its_own_server() {
    let root = |url: &str| json!({"servers": [{"url": url}]});
    let (before, after) = (root("https://a.example"), root("https://a.example/v1"));
    let two = document(&before, &[("/v1/a", json!({})), ("/a", json!({"summary": "another"}))]);
    let one = document(&after, &[("/a", json!({}))]);
    assert_eq!(told(&two, &one), ["breaking api-removed-without-deprecation: GET /a"], "the path is below another prefix");
    let named = document(&before, &[("/v1/a/{id}", json!({})), ("/v1/a/mine", json!({}))]);
    let template = document(&after, &[("/a/{id}", json!({}))]);
    assert_eq!(told(&named, &template), ["warning api-removed-but-still-routed: GET /v1/a/mine"], "the prefix moved");
}

#[test]
fn many_servers_and_operations_are_compared() {
    let servers = |number: usize| json!({"servers": (0..number).map(|at| json!({"url": format!("https://s{at}.example")})).collect::<Vec<_>>()});
    let paths: Vec<String> = (0..1000).map(|at| format!("/{at}/x")).collect();
    let paths: Vec<(&str, Value)> = paths.iter().map(|path| (path.as_str(), json!({}))).collect();
    assert_eq!(told(&document(&servers(1000), &paths), &document(&servers(999), &paths)), ["breaking server-removed: "]);
    let fewer = verdict(&document(&json!({}), &paths), &document(&json!({}), paths.get(..500).expect("half")));
    assert_eq!((fewer.findings.len(), fewer.undecided), (500, None));
}
