//! Small pairs that once were judged wrongly, here or elsewhere, and what is right.

use driftd::diff::Budget;
use driftd::openapi::{Limits, parse, read};
use driftd::rules::{Catalogue, compare};
use serde_json::{Value, json};

mod addresses;
mod kinds;
mod operations;
mod promises;
mod wire;

/// `severity rule`, one for each finding.
fn judged(before: &Value, after: &Value) -> Vec<String> {
    let catalogue = Catalogue::load().expect("the catalogue");
    let document = |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let (verdict, _) = compare(&document(before), &document(after), &catalogue, Budget::default());
    assert_eq!(verdict.undecided, None);
    verdict.findings.iter().map(|finding| format!("{} {}", finding.severity.name(), finding.rule)).collect()
}

/// A document whose `POST /items` takes and `GET /items` returns this schema.
fn exchanging(schema: &Value, components: &Value) -> Value {
    let content = json!({"application/json": {"schema": schema}});
    json!({"openapi": "3.1.0", "paths": {"/items": {
        "post": {"requestBody": {"content": content}, "responses": {"204": {"description": "done"}}},
        "get": {"responses": {"200": {"description": "ok", "content": content}}}
    }}, "components": {"schemas": components}})
}

fn operation(operation: &Value) -> Value {
    json!({"openapi": "3.1.0", "paths": {"/items": {"get": operation}}, "components": {"securitySchemes": {
        "o": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://t.example", "scopes": {"read": "", "write": ""}}}},
        "k": {"type": "apiKey", "in": "header", "name": "K"}, "l": {"type": "apiKey", "in": "header", "name": "L"}
    }}})
}

#[test]
fn schemas() {
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let cases: Vec<(&str, Value, Value, &[&str])> = vec![
        (
            "string to null alone",
            json!({"type": "string"}),
            json!({"type": "null"}),
            &["breaking request-type-changed", "breaking response-type-changed"],
        ),
        (
            "a property nobody may send any more",
            object(json!({"a": {"type": "string"}})),
            object(json!({"a": false})),
            &["breaking request-type-narrowed", "info response-type-narrowed"],
        ),
        (
            "a name is required beside a new union",
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            json!({"oneOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "array"}], "required": ["a"]}),
            &[],
        ),
        (
            "prose in a branch without a type",
            json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            json!({"oneOf": [{"required": ["a"]}, {"required": ["b"], "description": "prose"}]}),
            &["silent"],
        ),
        (
            "an enum with null as a union",
            json!({"type": ["string", "null"], "enum": ["a", "b", null]}),
            json!({"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}),
            &["silent"],
        ),
        ("the same number, spelt otherwise", json!({"enum": [1, 2]}), json!({"enum": [1.0, 2]}), &["silent"]),
        (
            "an annotation where names are open",
            json!({"type": "object"}),
            json!({"type": "object", "additionalProperties": {"description": "anything"}}),
            &["silent"],
        ),
    ];
    let mut problems = Vec::new();
    for (what, before, after, expected) in cases {
        let mut found = judged(&exchanging(&before, &json!({})), &exchanging(&after, &json!({})));
        found.sort();
        let mut expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        expected.sort();
        let right = match expected.as_slice() {
            // Which findings is another test's matter; that there is a breaking one is this one's.
            [] => found.iter().any(|line| line.starts_with("breaking request")),
            [only] if only == "silent" => found.is_empty(),
            _ => found == expected,
        };
        if !right {
            problems.push(format!("{what}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_break_is_found_whatever_the_order_of_paths() {
    let document = |order: [&str; 2], base: Value, required: Value| {
        let mut paths = serde_json::Map::new();
        for path in order {
            let name = if path == "/a" { "A" } else { "B" };
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            paths.insert(
                path.to_owned(),
                json!({"get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}}),
            );
        }
        json!({"openapi": "3.1.0", "paths": paths, "components": {"schemas": {
            "Base": {"type": "object", "properties": base},
            "A": {"allOf": [{"$ref": "#/components/schemas/Base"}], "required": required},
            "B": {"allOf": [{"$ref": "#/components/schemas/Base"}]}
        }}})
    };
    for order in [["/a", "/b"], ["/b", "/a"]] {
        let before = document(order, json!({"x": {"type": "string"}, "y": {"type": "string"}}), json!(["x"]));
        let after = document(order, json!({"y": {"type": "string"}}), json!([]));
        assert_eq!(
            judged(&before, &after),
            ["breaking response-required-property-removed", "warning response-optional-property-removed"],
            "{order:?}"
        );
    }
}

#[test]
fn one_schema_that_became_two_is_two_findings_of_their_own() {
    let document = |first: &str, second: &str| {
        let get = |name: &str| json!({"get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}}}}}});
        json!({"openapi": "3.1.0", "paths": {"/a": get(first), "/b": get(second)}, "components": {"schemas": {
            "D": {"type": "object", "properties": {"x": {"type": "string"}}},
            "D1": {"type": "object", "properties": {"x": {"type": "integer"}}},
            "D2": {"type": "object", "properties": {"x": {"type": "boolean"}}}
        }}})
    };
    let catalogue = Catalogue::load().expect("the catalogue");
    let read = |value: Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let (verdict, _) = compare(&read(document("D", "D")), &read(document("D1", "D2")), &catalogue, Budget::default());
    let identities: std::collections::BTreeSet<&str> = verdict.findings.iter().map(|finding| finding.identity.as_str()).collect();
    assert_eq!((verdict.findings.len(), identities.len()), (2, 2));
}

#[test]
fn absent_schemas_stand_where_they_are_named() {
    let document = |items: Option<Value>| {
        let mut list = json!({"type": "array"});
        if let Some(items) = items {
            list["items"] = items;
        }
        exchanging(&json!({"type": "object", "properties": {"a": list, "b": list}}), &json!({}))
    };
    let catalogue = Catalogue::load().expect("the catalogue");
    let read = |value: Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let (verdict, _) =
        compare(&read(document(None)), &read(document(Some(json!({"type": "string"})))), &catalogue, Budget::default());
    let messages: Vec<&str> =
        verdict.findings.iter().filter(|f| f.severity.name() == "breaking").map(|f| f.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "The type of `a[]` in the request body narrowed from any to string",
            "The type of `b[]` in the request body narrowed from any to string"
        ]
    );
}

#[test]
fn security_and_responses() {
    let ok = json!({"200": {"description": "ok"}});
    let secured = |security: Value| operation(&json!({"security": security, "responses": ok}));
    let same = secured(json!([{"o": ["read"]}, {"o": ["write"]}]));
    let mut reworded = same.clone();
    reworded["paths"]["/items"]["get"]["summary"] = json!("reworded");
    assert_eq!(judged(&same, &reworded), Vec::<String>::new());
    assert_eq!(judged(&secured(json!([{"k": [], "l": []}])), &secured(json!([{"k": []}]))), ["info api-security-added"]);
    assert_eq!(
        judged(&secured(json!([{"k": []}])), &secured(json!([{"k": [], "l": []}]))),
        ["breaking api-security-removed"],
        "one cause, one finding"
    );

    let body = |kind: &str| json!({"description": "", "content": {"application/json": {"schema": {"type": kind}}}});
    let answering = |key: &str, kind: &str| {
        let mut responses = ok.clone();
        responses[key] = body(kind);
        operation(&json!({"responses": responses}))
    };
    for (before, after) in [("404", "4XX"), ("4XX", "404"), ("404", "default")] {
        assert_eq!(judged(&answering(before, "string"), &answering(after, "string")), Vec::<String>::new(), "{before} → {after}");
        assert_eq!(
            judged(&answering(before, "string"), &answering(after, "integer")),
            ["breaking response-type-changed"],
            "{before} → {after}"
        );
    }
}

#[test]
fn documents() {
    let cases = parse(include_bytes!("../documents.yaml"), &Limits::default(), &mut Vec::new()).expect("the pairs").to_json();
    let cases = cases.as_array().expect("a list of pairs");
    assert!(cases.len() > 30, "only {}", cases.len());
    for case in cases {
        assert_eq!(json!(judged(&case["before"], &case["after"])), case["findings"], "{}", case["name"]);
    }
}

#[test]
fn a_form_of_swagger_2_sees_its_shared_parameters() {
    let document = |required: bool| {
        json!({"swagger": "2.0", "paths": {"/items": {"post": {
            "parameters": [{"in": "formData", "name": "a", "type": "string", "required": true}, {"$ref": "#/parameters/P"}],
            "responses": {"200": {"description": "ok"}}}}},
            "parameters": {"P": {"in": "formData", "name": "f", "type": "string", "required": required}}})
    };
    assert_eq!(judged(&document(false), &document(true)), ["breaking request-property-became-required"]);
}

/// The worst that is found in what is sent and in what comes, between two schemas of two dialects: every severity has its
/// first letter, and `-` is silence.
fn worst(before: (&str, &Value), after: (&str, &Value)) -> String {
    let document = |(version, schema): (&str, &Value)| {
        let mut document = exchanging(schema, &json!({"Mood": {"type": "string", "enum": ["a", "b"]}}));
        document["openapi"] = json!(version);
        document
    };
    let found = judged(&document(before), &document(after));
    ["request", "response"]
        .iter()
        .map(|way| {
            let of = |severity: &str| found.iter().any(|line| line.starts_with(&format!("{severity} {way}-")));
            ["breaking", "warning", "info"].into_iter().find(|severity| of(severity)).map_or("-", |severity| &severity[..1])
        })
        .collect()
}

#[test]
fn null_beside_listed_values_in_two_dialects() {
    let values = |kinds: Value, listed: Value| json!({"type": kinds, "enum": listed});
    let nullable = json!({"type": "string", "nullable": true, "enum": ["a", "b"]});
    let with_null = json!({"type": "string", "nullable": true, "enum": ["a", "b", null]});
    let listed = values(json!(["string", "null"]), json!(["a", "b"]));
    let listed_with_null = values(json!(["string", "null"]), json!(["a", "b", null]));
    let plain = values(json!("string"), json!(["a", "b"]));
    let list_of = |items: &Value| json!({"type": "array", "items": items});
    let (old, new) = ("3.0.3", "3.1.0");
    for (what, before, after, expected) in [
        ("respelt", (old, &nullable), (new, &listed), "--"),
        ("respelt backwards", (new, &listed), (old, &nullable), "--"),
        ("respelt for 3.2", (old, &nullable), ("3.2.0", &listed), "--"),
        ("in a list", (old, &list_of(&nullable)), (new, &list_of(&listed)), "--"),
        ("null is written out now", (old, &nullable), (new, &listed_with_null), "--"),
        ("null was written out", (new, &listed_with_null), (old, &nullable), "--"),
        ("written out on both sides", (old, &with_null), (new, &listed_with_null), "--"),
        (
            "one value",
            (old, &json!({"type": "string", "nullable": true, "enum": ["a"]})),
            (new, &json!({"type": ["string", "null"], "const": "a"})),
            "--",
        ),
        (
            "a wrapped list",
            (old, &json!({"nullable": true, "allOf": [{"$ref": "#/components/schemas/Mood"}]})),
            (new, &json!({"oneOf": [{"$ref": "#/components/schemas/Mood"}, {"type": "null"}]})),
            "--",
        ),
        ("null was written out and is not any more", (old, &with_null), (new, &listed), "bi"),
        ("null was not written out and is", (new, &listed), (old, &with_null), "iw"),
        ("null was struck", (old, &nullable), (new, &plain), "bi"),
        ("null came", (new, &plain), (old, &nullable), "ib"),
        ("null was struck in one dialect", (old, &nullable), (old, &plain), "bi"),
        ("written out in one dialect", (new, &listed), (new, &listed_with_null), "iw"),
        ("a form more beside it", (old, &nullable), (new, &json!({"anyOf": [listed, {"type": "integer"}]})), "ib"),
        ("another value goes with it", (old, &nullable), (new, &values(json!(["string", "null"]), json!(["a"]))), "bi"),
    ] {
        assert_eq!(worst(before, after), expected, "{what}");
    }
}

/// A description whose one operation takes and gives this schema, written in YAML.
fn yaml(schema: &str) -> String {
    format!(
        "openapi: 3.1.0\npaths:\n  /items:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}\n      \
         responses: {{'200': {{description: ok, content: {{application/json: {{schema: {schema}}}}}}}}}\n"
    )
}

/// What is found between two texts, worst first, and what is odd about the one before.
fn read_and_judged(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let catalogue = Catalogue::load().expect("the catalogue");
    let document = |text: &str| read(text.as_bytes(), &Limits::default()).expect("a description");
    let (verdict, oddities) = compare(&document(before), &document(after), &catalogue, Budget::default());
    let found = verdict.findings.iter().map(|finding| format!("{} {}", finding.severity.name(), finding.rule)).collect();
    (found, oddities.into_iter().filter(|odd| odd.pointer.starts_with("before:")).map(|odd| odd.message).collect())
}

#[test]
fn what_is_misspelt_is_odd_and_read_as_it_is_meant() {
    for (what, before, after, expected, odd) in [
        ("null gets its quotes", "{type: null}", "{type: 'null'}", &[][..], "without quotes"),
        ("null in a list gets its quotes", "{type: [string, null]}", "{type: [string, 'null']}", &[], "without quotes"),
        (
            "the form beside null is another",
            "{oneOf: [{type: string}, {type: null}]}",
            "{oneOf: [{type: boolean}, {type: null}]}",
            &["breaking request-type-changed", "breaking response-type-changed"],
            "without quotes",
        ),
        (
            "what is written for no type at all",
            "{type: null, properties: {a: {type: string}}, items: null}",
            "{properties: {a: {type: string}}}",
            &[],
            "",
        ),
        (
            "a flag in quotes",
            "{type: object, properties: {a: {type: string, readOnly: 'true'}}}",
            "{type: object, properties: {a: {type: string, readOnly: true}}}",
            &[],
            "without quotes",
        ),
        (
            "a flag in quotes goes",
            "{type: string, nullable: 'true'}",
            "{type: string}",
            &["breaking request-became-not-nullable", "info response-became-not-nullable"],
            "without quotes",
        ),
        (
            "a member that says itself that it is required",
            "{type: object, properties: {a: {type: string, required: true}}}",
            "{type: object, required: [a], properties: {a: {type: string}}}",
            &[],
            "`required` is a list",
        ),
        (
            "and does not any more",
            "{type: object, properties: {a: {type: string, required: true}}}",
            "{type: object, properties: {a: {type: string, required: false}}}",
            &["breaking response-property-became-optional", "info request-property-became-optional"],
            "`required` is a list",
        ),
    ] {
        let (found, oddities) = read_and_judged(&yaml(before), &yaml(after));
        assert_eq!(found, expected, "{what}");
        let is_told = if odd.is_empty() { oddities.is_empty() } else { oddities.iter().any(|message| message.contains(odd)) };
        assert!(is_told, "{what}: {oddities:?}");
    }
}

#[test]
fn a_method_in_capitals_and_a_parameter_that_stands_twice() {
    let document = |paths: &str| format!("openapi: 3.0.3\npaths: {paths}\n");
    let plain = document("{/a: {get: {responses: {'200': {description: ok}}}}}");
    let capitals = document("{/a: {GET: {responses: {'200': {description: ok}}}}}");
    let (found, oddities) = read_and_judged(&capitals, &plain);
    assert!(found.is_empty() && oddities.iter().any(|message| message.contains("small letters")), "{found:?} {oddities:?}");
    let gone = document("{/b: {post: {responses: {'200': {description: ok}}}}}");
    assert_eq!(read_and_judged(&capitals, &gone).0, ["breaking api-removed-without-deprecation", "info endpoint-added"]);
    let parameters =
        |list: &str| document(&format!("{{/a: {{get: {{parameters: [{list}], responses: {{'200': {{description: ok}}}}}}}}}}"));
    let (once, twice) =
        ("{name: q, in: query, schema: {type: string}}", "{name: q, in: query, required: true, schema: {type: string}}");
    let (found, oddities) = read_and_judged(&parameters(&format!("{once}, {twice}")), &parameters(once));
    assert!(found.is_empty() && oddities.iter().any(|message| message.contains("stands twice")), "{found:?} {oddities:?}");
}

/// Operations that take these bodies.
fn taking(bodies: &[(&str, Value)], component: &Value) -> Value {
    let paths: serde_json::Map<String, Value> = bodies
        .iter()
        .map(|(path, schema)| {
            let body = json!({"required": true, "content": {"application/json": {"schema": schema}}});
            ((*path).to_owned(), json!({"post": {"requestBody": body, "responses": {"204": {"description": "done"}}}}))
        })
        .collect();
    json!({"openapi": "3.1.0", "paths": paths, "components": {"schemas": {"Name": component}}})
}

/// The same operations, which give what the others take.
fn giving(bodies: &[(&str, Value)], component: &Value) -> Value {
    let mut document = taking(bodies, component);
    for (path, schema) in bodies {
        let response = json!({"description": "ok", "content": {"application/json": {"schema": schema}}});
        document["paths"][path] = json!({"post": {"responses": {"200": response}}});
    }
    document
}

/// The worst finding: its severity, and the paths it names.
fn reaching(before: &Value, after: &Value) -> String {
    let catalogue = Catalogue::load().expect("the catalogue");
    let document = |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let (verdict, _) = compare(&document(before), &document(after), &catalogue, Budget::default());
    let Some(worst) = verdict.findings.first() else { return "-".to_owned() };
    let paths: Vec<&str> = worst.change.used_by.iter().map(|usage| usage.path.as_str()).collect();
    format!("{} {}", worst.severity.name(), paths.join(" "))
}

#[test]
fn a_finding_is_told_where_a_message_can_hold_it() {
    let name = json!({"$ref": "#/components/schemas/Name"});
    let object = |members: Value| json!({"type": "object", "properties": members});
    let holder = object(json!({"n": name}));
    let also = |keywords: Value| {
        let mut schema = holder.clone();
        schema.as_object_mut().expect("an object").extend(keywords.as_object().expect("an object").clone());
        schema
    };
    let list = |keywords: Value| {
        let mut schema = json!({"type": "array", "items": name});
        schema.as_object_mut().expect("an object").extend(keywords.as_object().expect("an object").clone());
        schema
    };
    let tagged = |tag: &str, members: Value| {
        let mut members = members;
        members["k"] = json!({"const": tag});
        json!({"type": "object", "required": ["k"], "properties": members})
    };
    let one = |schema: &Value| vec![("/a", schema.clone())];
    let beside = |schema: &Value| vec![("/a", schema.clone()), ("/b", holder.clone())];
    for (what, bodies, expected) in [
        ("whole values are listed", one(&also(json!({"enum": [{"n": "x"}, {}]}))), "info /a"),
        ("whole values are listed, and elsewhere any are sent", beside(&also(json!({"enum": [{"n": "x"}]}))), "breaking /b"),
        ("one of the listed values is too long", beside(&also(json!({"enum": [{"n": "x"}, {"n": "xxxx"}]}))), "breaking /a /b"),
        (
            "another member of `allOf` lists the values",
            beside(&json!({"allOf": [holder, object(json!({"n": {"enum": ["x"]}}))]})),
            "breaking /b",
        ),
        ("there is no room for a member", beside(&also(json!({"maxProperties": 0}))), "breaking /b"),
        ("there is no room for an item", beside(&list(json!({"maxItems": 0}))), "breaking /b"),
        (
            "there is room behind the first item",
            one(&list(json!({"prefixItems": [{"type": "integer"}], "maxItems": 2}))),
            "breaking /a",
        ),
        (
            "there is no room behind the first item",
            one(&list(json!({"prefixItems": [{"type": "integer"}], "maxItems": 1}))),
            "info /a",
        ),
        (
            "an item by its place",
            one(&json!({"type": "array", "prefixItems": [{"type": "integer"}, name], "items": false})),
            "breaking /a",
        ),
        (
            "of two places one is open",
            one(&json!({"allOf": [object(json!({"n": name, "m": name})), object(json!({"n": {"const": "x"}}))]})),
            "breaking /a",
        ),
        (
            "a member of any name",
            one(&json!({"type": "object", "properties": {"k": {"type": "integer"}}, "additionalProperties": name})),
            "breaking /a",
        ),
        (
            "names are too few for a further member",
            beside(
                &json!({"type": "object", "properties": {"k": {"type": "integer"}}, "additionalProperties": name, "propertyNames": {"const": "k"}}),
            ),
            "breaking /b",
        ),
        (
            "within an alternative",
            one(&json!({"oneOf": [tagged("a", json!({"n": name})), tagged("b", json!({}))]})),
            "breaking /a",
        ),
        (
            "alternatives that overlap by the letter",
            one(&object(json!({"z": {"oneOf": [holder, also(json!({"title": "the same"}))]}}))),
            "breaking /a",
        ),
        ("a list of lists", one(&json!({"type": "array", "items": list(json!({}))})), "breaking /a"),
        ("a list of lists without room", beside(&json!({"type": "array", "items": list(json!({"maxItems": 0}))})), "breaking /b"),
    ] {
        let (wide, narrow) = (json!({"type": "string"}), json!({"type": "string", "maxLength": 3}));
        assert_eq!(reaching(&taking(&bodies, &wide), &taking(&bodies, &narrow)), expected, "{what}");
        let mirrored = expected.replace("breaking", "warning");
        assert_eq!(reaching(&giving(&bodies, &narrow), &giving(&bodies, &wide)), mirrored, "{what}, given");
    }
    // A schema within itself is found however deep it stands.
    let tree = |value: Value| object(json!({"next": name, "value": value}));
    let (before, after) = (tree(json!({"type": "integer"})), tree(json!({"type": "integer", "maximum": 5})));
    assert_eq!(reaching(&taking(&one(&name), &before), &taking(&one(&name), &after)), "breaking /a");
}

#[test]
fn what_takes_the_place_of_two_is_told_where_it_is_felt() {
    let name = json!({"$ref": "#/components/schemas/Name"});
    let gathered = [("/a", name.clone()), ("/b", name)];
    for (first, second, component, expected) in [
        (json!({"maxLength": 20}), json!({}), json!({"maxLength": 50}), "breaking /b"),
        (json!({"enum": ["x", "y"]}), json!({}), json!({"not": {"const": "z"}}), "breaking /b"),
        (json!({"pattern": "^[a-z]$"}), json!({"minLength": 1}), json!({"pattern": "^[a-z]{1,9}$"}), "breaking /b"),
        (json!({}), json!({}), json!({"maxLength": 50}), "breaking /a /b"),
    ] {
        let text = |schema: &Value| {
            let mut schema = schema.clone();
            schema["type"] = json!("string");
            schema
        };
        let inline = [("/a", text(&first)), ("/b", text(&second))];
        let (before, after) = (taking(&inline, &json!({})), taking(&gathered, &text(&component)));
        let catalogue = Catalogue::load().expect("the catalogue");
        let document = |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
        let (verdict, _) = compare(&document(&before), &document(&after), &catalogue, Budget::default());
        let breaking = verdict.findings.iter().filter(|finding| finding.severity.name() == "breaking");
        let paths: std::collections::BTreeSet<&str> =
            breaking.flat_map(|finding| finding.change.used_by.iter().map(|usage| usage.path.as_str())).collect();
        let paths: Vec<&str> = paths.into_iter().collect();
        assert_eq!(format!("breaking {}", paths.join(" ")), expected, "{component}");
    }
}

/// What is found between two descriptions, and why not all of it.
fn judged_as_far_as_read(before: &Value, after: &Value) -> (Vec<String>, Option<String>) {
    let catalogue = Catalogue::load().expect("the catalogue");
    let document = |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let (verdict, _) = compare(&document(before), &document(after), &catalogue, Budget::default());
    (verdict.findings.iter().map(|finding| format!("{} {}", finding.severity.name(), finding.rule)).collect(), verdict.undecided)
}

#[test]
fn what_cannot_be_read_on_one_side_is_neither_gone_nor_the_same() {
    let hole = || json!({"$ref": "#/components/nothing/Here"});
    let ok = json!({"200": {"description": "ok"}});
    let text = json!({"type": "string"});
    let content = |schema: &Value| json!({"application/json": {"schema": schema}});
    let path = |item: Value| json!({"openapi": "3.1.0", "paths": {"/items": item, "/other": {"get": {"responses": ok}}}});
    let get = |operation: Value| path(json!({"get": operation}));
    let query = json!({"name": "q", "in": "query", "required": true, "schema": text});
    let post = |body: Value| path(json!({"post": {"requestBody": body, "responses": ok}}));
    let answering = |response: Value| get(json!({"responses": {"200": response}}));
    let giving = |schema: &Value| answering(json!({"description": "ok", "content": content(schema)}));
    let object = |member: Value| giving(&json!({"type": "object", "properties": {"a": member}}));
    for (what, whole, holed) in [
        ("a path item", path(json!({"get": {"responses": ok}})), path(json!({"$ref": "paths/items.yaml"}))),
        ("an operation", path(json!({"get": {"responses": ok}})), path(json!({"get": {"$ref": "get.yaml"}}))),
        (
            "a parameter",
            get(json!({"parameters": [query], "responses": ok})),
            get(json!({"parameters": [hole()], "responses": ok})),
        ),
        (
            "a parameter of the path item",
            path(json!({"parameters": [query], "get": {"responses": ok}})),
            path(json!({"parameters": [hole()], "get": {"responses": ok}})),
        ),
        ("a body", post(json!({"content": content(&text)})), post(hole())),
        ("a media type", post(json!({"content": content(&text)})), post(json!({"content": {"application/json": hole()}}))),
        ("a response", answering(json!({"description": "ok"})), answering(hole())),
        (
            "a header",
            answering(json!({"description": "ok", "headers": {"X": {"schema": text}}})),
            answering(json!({"description": "ok", "headers": {"X": hole()}})),
        ),
        ("a schema", giving(&text), giving(&hole())),
        ("a schema in another file", giving(&text), giving(&json!({"$ref": "schemas/text.yaml"}))),
        ("an anchor", giving(&text), giving(&json!({"$ref": "#text"}))),
        ("a property", object(text.clone()), object(hole())),
        ("items", giving(&json!({"type": "array", "items": text})), giving(&json!({"type": "array", "items": hole()}))),
        (
            "the names of required members",
            giving(&json!({"type": "object", "required": ["a"], "properties": {"a": text}})),
            giving(&json!({"type": "object", "required": "a", "properties": {"a": text}})),
        ),
        ("an alternative", giving(&json!({"oneOf": [text, {"type": "integer"}]})), giving(&json!({"oneOf": [text, hole()]}))),
        ("a member of `allOf`", giving(&json!({"allOf": [text, {"maxLength": 3}]})), giving(&json!({"allOf": [text, hole()]}))),
    ] {
        for (before, after, side) in [(&whole, &holed, "after"), (&holed, &whole, "before")] {
            let (found, undecided) = judged_as_far_as_read(before, after);
            assert!(found.iter().all(|line| line.starts_with("info")), "{what}: {found:?}");
            assert!(
                undecided.as_ref().is_some_and(|why| why.contains(&format!("the description {side} cannot be read at"))),
                "{what}: {undecided:?}"
            );
        }
        assert_eq!(judged_as_far_as_read(&holed, &holed), (Vec::new(), None), "{what}: the same hole");
    }
    // The same hole on both sides hides nothing beside it.
    let beside = |kind: &str| {
        let mut document = object(hole());
        document["paths"]["/other"]["get"]["responses"]["200"]["content"] = content(&json!({"type": kind}));
        document
    };
    assert_eq!(
        judged_as_far_as_read(&beside("string"), &beside("integer")),
        (vec!["breaking response-type-changed".to_owned()], None)
    );
    // What is new promised nothing before.
    let mut more = path(json!({"get": {"responses": ok}}));
    more["paths"]["/new"] = json!({"get": {"parameters": [hole()], "responses": {"200": hole()}}});
    assert_eq!(
        judged_as_far_as_read(&path(json!({"get": {"responses": ok}})), &more),
        (vec!["info endpoint-added".to_owned()], None)
    );
}

#[test]
fn two_libraries_are_never_said_to_be_equal_where_they_differ() {
    let library = |version: &str, kind: &str| {
        let schemas = json!({"Amount": {"type": kind}});
        let mut document = if version == "2.0" {
            json!({"swagger": version, "definitions": schemas})
        } else {
            json!({"openapi": version, "components": {"schemas": schemas}})
        };
        document["paths"] = json!({});
        document
    };
    for version in ["2.0", "3.0.3", "3.1.0", "3.2.0"] {
        // Others may send its values, and receive them.
        let both = ["breaking request-type-changed", "breaking response-type-changed"].map(str::to_owned).to_vec();
        assert_eq!(judged_as_far_as_read(&library(version, "number"), &library(version, "string")), (both, None), "{version}");
        let mut gone = library(version, "number");
        for section in ["components", "definitions"] {
            gone.as_object_mut().expect("an object").remove(section);
        }
        let lost = vec!["breaking api-schema-removed".to_owned()];
        assert_eq!(judged_as_far_as_read(&library(version, "number"), &gone), (lost, None), "{version}");
        if version != "2.0" {
            // One library in two versions of the specification is one.
            let respelt = (Vec::new(), None);
            assert_eq!(judged_as_far_as_read(&library("2.0", "number"), &library(version, "number")), respelt, "{version}");
            let mut other = library(version, "number");
            other["components"]["responses"] = json!({"Gone": {"description": "it is not there"}});
            let undecided = judged_as_far_as_read(&library(version, "number"), &other).1;
            assert!(undecided.is_some_and(|why| why.contains("who refers to it")), "{version}");
        }
        assert_eq!(
            judged_as_far_as_read(&library(version, "number"), &library(version, "number")),
            (Vec::new(), None),
            "{version}"
        );
    }
}

#[test]
fn a_document_that_names_itself_refers_to_itself() {
    let document = |own: &str, reference: &str, kind: &str| {
        let content = json!({"application/json": {"schema": {"$ref": format!("{reference}#/components/schemas/A")}}});
        json!({"openapi": "3.2.0", "$self": own, "paths": {"/a": {"get": {"responses": {"200": {"description": "ok", "content": content}}}}},
            "components": {"schemas": {"A": {"type": kind}}}})
    };
    let absolute = "https://api.example/desc/openapi.yaml";
    for (own, reference) in [
        (absolute, absolute),
        (absolute, "openapi.yaml"),
        (absolute, "/desc/openapi.yaml"),
        ("openapi.yaml", "openapi.yaml"),
        ("/desc/openapi.yaml", "./openapi.yaml"),
        (absolute, ""),
    ] {
        let found = judged_as_far_as_read(&document(own, reference, "string"), &document(own, reference, "integer"));
        assert_eq!(found, (vec!["breaking response-type-changed".to_owned()], None), "{own} {reference}");
    }
    let elsewhere = judged_as_far_as_read(
        &document(absolute, absolute, "string"),
        &document(absolute, "https://api.example/other.yaml", "string"),
    );
    assert!(elsewhere.1.is_some(), "another address is another document");
}

#[test]
fn a_member_that_is_described_at_last_reaches_every_operation() {
    let with = |schema: Value| {
        let body = |schema: Value| json!({"requestBody": {"required": true, "content": {"application/json": {"schema": schema}}}, "responses": {}});
        let held = json!({"$ref": "#/components/schemas/Held"});
        json!({"openapi": "3.0.3", "paths": {
            "/near": {"put": body(json!({"type": "object", "properties": {"held": held}}))},
            "/far": {"post": body(json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "held": held}}))}
        }, "components": {"schemas": {"Held": schema}}})
    };
    // It was asked for before, and could be anything.
    let before = with(json!({"required": ["code"], "properties": {"note": {"type": "string"}}}));
    let after = with(json!({"required": ["code"], "properties": {"note": {"type": "string"}, "code": {"type": "string"}}}));
    let document = |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let catalogue = Catalogue::load().expect("the catalogue");
    let (verdict, _) = compare(&document(&before), &document(&after), &catalogue, Budget::default());
    let [finding] = verdict.findings.as_slice() else { panic!("{:?}", verdict.findings) };
    let reached: Vec<String> = finding.change.used_by.iter().map(|usage| usage.label().to_string()).collect();
    assert_eq!((finding.severity.name(), reached), ("breaking", vec!["POST /far".to_owned(), "PUT /near".to_owned()]));
}
