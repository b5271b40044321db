//! Documents that grow in one place each.

use serde_json::{Map, Value, json};

/// Two documents of a size.
type Pair = fn(usize) -> [Value; 2];

/// What grows, half the size that it is measured up to, and how a pair of it is made.
pub const SHAPES: &[(&str, usize, Pair)] = &[
    ("paths that go, two of five", 50_000, paths_that_go),
    ("servers that move", 2_000, servers_that_move),
    ("enum values that go, half of them", 500_000, values_that_go),
    ("components broken", 30_000, components_broken),
    ("heirs of a discriminator", 500, heirs),
    ("alternatives with tags", 300, tagged_forms),
    ("mapping entries that go", 5_000, mapping_entries),
    ("members renamed", 1_000, members_renamed),
    ("members that go", 20_000, members_that_go),
    ("patterns that narrow", 500, patterns),
    ("parameters of one operation that go", 10_000, |n| parameters(n, ["old", "new"], ["query"; 2])),
    ("parameters of one operation respelled", 10_000, |n| parameters(n, ["a_b", "aB"], ["query"; 2])),
    ("parameters of one operation that move", 10_000, |n| parameters(n, ["a", "a"], ["query", "header"])),
    ("responses of one operation that go", 5_000, responses),
    ("media types of one body that go", 5_000, media_types),
    ("media types of all answers in 2.0", 1_000, media_types_of_all),
    ("headers of one response that go", 10_000, headers),
    ("ways to prove who one is", 2_000, security),
    ("scopes of one way", 10_000, scopes),
    ("flows of one scheme", 5_000, flows),
    ("schemes that nobody knows by name", 1_000, renamed_schemes),
    ("tags of one operation", 10_000, |n| in_operation(|old| json!({"tags": numbered(n, old)}))),
    ("callbacks of one operation", 5_000, callbacks),
    ("links of one response", 5_000, links),
    ("links to operations named otherwise", 2_000, links_elsewhere),
    ("parts of one form", 2_000, parts),
    ("extensions of one operation", 20_000, |n| {
        in_operation(|old| Value::Object(named(n, |at| (format!("x-{old}{at}"), json!(at)))))
    }),
    ("extensions of one schema", 20_000, |n| exchanged(|old| Value::Object(named(n, |at| (format!("x-{old}{at}"), json!(at)))))),
    ("examples of one schema", 20_000, |n| exchanged(|old| json!({"type": "string", "examples": numbered(n, old)}))),
    ("names required", 10_000, |n| exchanged(|old| json!({"type": "object", "required": numbered(n, old)}))),
    ("parts of allOf", 1_000, |n| exchanged(|old| json!({"allOf": bounded(n, old)}))),
    ("alternatives of anyOf", 500, |n| exchanged(|old| json!({"anyOf": bounded(n, old)}))),
    ("alternatives of oneOf", 500, |n| exchanged(|old| json!({"oneOf": bounded(n, old)}))),
    ("objects in oneOf", 500, |n| exchanged(|old| json!({"oneOf": objects(n, old)}))),
    ("objects in allOf", 1_000, |n| exchanged(|old| json!({"allOf": objects(n, old)}))),
    ("media types of a text in allOf", 5_000, |n| exchanged(|old| json!({"type": "string", "allOf": packed(n, old)}))),
    ("items by place", 1_000, |n| exchanged(|old| json!({"type": "array", "prefixItems": bounded(n, old)}))),
    ("patterns of names", 500, pattern_properties),
    ("operations that one broken component reaches", 20_000, operations_reached),
];

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

/// The word of the old side and of the new one.
const SIDES: [&str; 2] = ["old", "new"];

fn numbered(count: usize, word: &str) -> Vec<String> {
    (0..count).map(|at| format!("{word}{at}")).collect()
}

/// A document of one operation that says this besides, made of the word of each side.
fn in_operation(says: impl Fn(&str) -> Value) -> [Value; 2] {
    SIDES.map(|side| {
        let mut operation = json!({"responses": {"200": {"description": "ok"}}});
        if let (Value::Object(operation), Value::Object(more)) = (&mut operation, says(side)) {
            operation.extend(more);
        }
        with_paths(&named(1, |_| ("/a".to_owned(), json!({"post": operation}))))
    })
}

/// A document that takes and returns this, made of the word of each side.
fn exchanged(schema: impl Fn(&str) -> Value) -> [Value; 2] {
    SIDES.map(|side| exchanging(&reference("S"), &named(1, |_| ("S".to_owned(), schema(side)))))
}

fn longest(side: &str) -> usize {
    if side == "old" { 9 } else { 8 }
}

/// Texts of one length each, which is shorter on the new side.
fn bounded(count: usize, side: &str) -> Vec<Value> {
    (0..count).map(|at| json!({"type": "string", "maxLength": 10 * at + longest(side)})).collect()
}

/// Objects of a member each, which is shorter on the new side.
fn objects(count: usize, side: &str) -> Vec<Value> {
    let text = json!({"type": "string", "maxLength": longest(side)});
    (0..count)
        .map(|at| json!({"type": "object", "required": [format!("p{at}")], "properties": {format!("p{at}"): text}}))
        .collect()
}

/// Texts that hold something else on the new side.
fn packed(count: usize, side: &str) -> Vec<Value> {
    (0..count).map(|at| json!({"contentMediaType": format!("application/{side}{at}")})).collect()
}

fn mapping_entries(count: usize) -> [Value; 2] {
    SIDES.map(|side| {
        let form = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}});
        let mapping = named(count, |at| (format!("{side}{at}"), json!("#/components/schemas/H")));
        let union = json!({"oneOf": [reference("H")], "discriminator": {"propertyName": "kind", "mapping": mapping}});
        exchanging(&union, &named(1, |_| ("H".to_owned(), form.clone())))
    })
}

fn members_that_go(count: usize) -> [Value; 2] {
    exchanged(|side| {
        let properties = named(count, |at| (format!("{side}{at}"), json!({"type": "string"})));
        json!({"type": "object", "properties": properties})
    })
}

/// Parameters called by a word on each side, in a place on each side.
fn parameters(count: usize, words: [&str; 2], places: [&str; 2]) -> [Value; 2] {
    in_operation(|side| {
        let number = usize::from(side == "new");
        let one =
            |at: usize| json!({"name": format!("{}{at}", words[number]), "in": places[number], "schema": {"type": "string"}});
        json!({"parameters": (0..count).map(one).collect::<Vec<Value>>()})
    })
}

fn responses(count: usize) -> [Value; 2] {
    in_operation(|side| {
        let first = if side == "old" { "4" } else { "5" };
        json!({"responses": named(count, |at| (format!("{first}{at:06}"), json!({"description": "no"})))})
    })
}

fn media_types(count: usize) -> [Value; 2] {
    in_operation(|side| {
        let content = named(count, |at| (format!("application/{side}{at}"), json!({"schema": {"type": "string"}})));
        json!({"requestBody": {"content": content}, "responses": {"200": {"description": "ok", "content": content}}})
    })
}

/// Media types that are listed once for twenty answers.
fn media_types_of_all(count: usize) -> [Value; 2] {
    SIDES.map(|side| {
        let answer = json!({"description": "no", "schema": {"type": "string"}});
        let answers = named(20, |at| (format!("4{at:02}"), answer.clone()));
        let produces: Vec<String> = (0..count).map(|at| format!("application/{side}{at}")).collect();
        json!({"swagger": "2.0", "produces": produces, "paths": {"/a": {"get": {"responses": answers}}}})
    })
}

fn headers(count: usize) -> [Value; 2] {
    in_operation(|side| {
        let headers = named(count, |at| (format!("X-{side}-{at}"), json!({"schema": {"type": "string"}})));
        json!({"responses": {"200": {"description": "ok", "headers": headers}}})
    })
}

/// A document of one operation with schemes that are declared.
fn secured(security: &Value, schemes: &Map<String, Value>) -> Value {
    let [mut document, _] = in_operation(|_| json!({"security": security}));
    document["components"] = json!({"securitySchemes": schemes});
    document
}

fn security(count: usize) -> [Value; 2] {
    SIDES.map(|side| {
        let schemes = named(count, |at| {
            (format!("{side}{at}"), json!({"type": "apiKey", "in": "header", "name": format!("X-{side}{at}")}))
        });
        let ways: Vec<Value> = schemes.keys().map(|name| json!({name: []})).collect();
        secured(&json!(ways), &schemes)
    })
}

fn renamed_schemes(count: usize) -> [Value; 2] {
    SIDES.map(|side| {
        let schemes =
            named(count, |at| (format!("{side}{at}"), json!({"type": "apiKey", "in": "header", "name": format!("X-{at}")})));
        let ways: Vec<Value> = schemes.keys().map(|name| json!({name: []})).collect();
        secured(&json!(ways), &schemes)
    })
}

fn oauth(flows: &Value) -> Map<String, Value> {
    named(1, |_| ("o".to_owned(), json!({"type": "oauth2", "flows": flows})))
}

fn scopes(count: usize) -> [Value; 2] {
    SIDES.map(|side| {
        let flows = json!({"clientCredentials": {"tokenUrl": "https://a.example/t", "scopes": {}}});
        secured(&json!([{"o": numbered(count, side)}]), &oauth(&flows))
    })
}

fn flows(count: usize) -> [Value; 2] {
    SIDES.map(|side| {
        let flows = named(count, |at| (format!("{side}{at}"), json!({"tokenUrl": "https://a.example/t", "scopes": {}})));
        secured(&json!([{"o": []}]), &oauth(&json!(flows)))
    })
}

fn callbacks(count: usize) -> [Value; 2] {
    in_operation(|side| {
        let call = json!({"{$request.query.url}": {"post": {"responses": {"200": {"description": "ok"}}}}});
        json!({"callbacks": named(count, |at| (format!("{side}{at}"), call.clone()))})
    })
}

fn links(count: usize) -> [Value; 2] {
    in_operation(|side| {
        let links = named(count, |at| (format!("{side}{at}"), json!({"operationId": "a"})));
        json!({"responses": {"200": {"description": "ok", "links": links}}})
    })
}

/// Links that lead to the same operations, by name on one side and by reference on the other.
fn links_elsewhere(count: usize) -> [Value; 2] {
    SIDES.map(|side| {
        let link = |at: usize| {
            if side == "old" {
                json!({"operationId": format!("o{at}")})
            } else {
                json!({"operationRef": format!("#/paths/~1p{at}/get")})
            }
        };
        let links = named(count, |at| (format!("l{at}"), link(at)));
        let mut paths =
            named(count, |at| (format!("/p{at}"), json!({"get": {"operationId": format!("o{at}"), "responses": {}}})));
        paths.insert("/a".to_owned(), json!({"get": {"responses": {"200": {"description": "ok", "links": links}}}}));
        with_paths(&paths)
    })
}

fn parts(count: usize) -> [Value; 2] {
    in_operation(|side| {
        let properties = named(count, |at| (format!("p{at}"), json!({"type": "string"})));
        let encoding = named(count, |at| (format!("p{at}"), json!({"contentType": format!("text/{side}")})));
        let schema = json!({"type": "object", "properties": properties});
        json!({"requestBody": {"content": {"multipart/form-data": {"schema": schema, "encoding": encoding}}}})
    })
}

fn pattern_properties(count: usize) -> [Value; 2] {
    exchanged(|side| {
        let patterns = named(count, |at| (format!("^{side}{at}"), json!({"type": "string"})));
        json!({"type": "object", "patternProperties": patterns})
    })
}

fn operations_reached(count: usize) -> [Value; 2] {
    SIDES.map(|side| {
        let content = json!({"application/json": {"schema": reference("S")}});
        let path = |at| (format!("/p{at}"), json!({"post": {"requestBody": {"content": content}, "responses": {}}}));
        let mut document = with_paths(&named(count, path));
        document["components"] = json!({"schemas": {"S": {"type": "string", "maxLength": longest(side)}}});
        document
    })
}
