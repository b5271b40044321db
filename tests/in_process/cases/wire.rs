//! Values that travel as text, forms and their parts, and names of media types: what callers write decides.

use serde_json::{Value, json};

use super::judged;

/// A description whose `POST /items/{p}` takes these parameters.
fn taking(version: &str, parameters: &Value) -> Value {
    let dialect = if version == "2.0" { "swagger" } else { "openapi" };
    let responses = json!({"204": {"description": "done"}});
    json!({dialect: version, "info": {"title": "T", "version": "1"},
        "paths": {"/items/{p}": {"post": {"parameters": parameters, "responses": responses}}}})
}

/// The same with one parameter `p` there, of this schema.
fn one(place: &str, schema: &Value) -> Value {
    taking("3.1.0", &json!([{"name": "p", "in": place, "required": true, "schema": schema}]))
}

/// A description whose `POST /items` takes a body of this media type.
fn body(version: &str, media: &str, object: &Value) -> Value {
    json!({"openapi": version, "info": {"title": "T", "version": "1"}, "paths": {"/items": {"post": {
        "requestBody": {"content": {media: object}}, "responses": {"204": {"description": "done"}}}}}})
}

/// A description whose `GET /items` answers so.
fn answer(response: &Value) -> Value {
    let mut response = response.clone();
    response["description"] = json!("ok");
    json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/items": {"get": {"responses": {"200": response}}}}})
}

fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

#[test]
fn a_parameter_is_the_text_it_is_written_as() {
    let (text, whole, number, flag) =
        (json!({"type": "string"}), json!({"type": "integer"}), json!({"type": "number"}), json!({"type": "boolean"}));
    let cases: Vec<(&str, &str, Value, Value, &[&str])> = vec![
        ("a number is a text", "query", whole.clone(), text.clone(), &["info request-type-generalized"]),
        ("a flag is a text", "path", flag.clone(), text.clone(), &["info request-type-generalized"]),
        ("not every text is a number", "query", text.clone(), whole.clone(), &["breaking request-type-narrowed"]),
        ("a number is no flag", "query", whole.clone(), flag.clone(), &["breaking request-type-changed"]),
        ("entries of a cookie", "cookie", list(&whole), list(&text), &["info request-type-generalized"]),
        ("entries that are no texts", "header", list(&text), list(&number), &["breaking request-type-narrowed"]),
        ("listed numbers", "query", json!({"enum": [1, 2]}), json!({"enum": ["1", "2", "x"]}), &["info request-type-changed"]),
        ("one of them is gone", "query", json!({"enum": [1, 2]}), json!({"enum": ["1"]}), &["breaking request-type-changed"]),
        ("both words of a flag", "query", flag.clone(), json!({"enum": ["true", "false"]}), &["info request-type-changed"]),
        ("one word of a flag", "query", flag.clone(), json!({"enum": ["true"]}), &["breaking request-type-changed"]),
        (
            "numbers without a sign are digits",
            "query",
            json!({"type": "integer", "minimum": 0}),
            json!({"type": "string", "pattern": "^[0-9]+$"}),
            &["info request-type-changed"],
        ),
        (
            "a sign is no digit",
            "query",
            whole.clone(),
            json!({"type": "string", "pattern": "^[0-9]+$"}),
            &["breaking request-type-changed"],
        ),
        (
            "a few numbers are short",
            "path",
            json!({"type": "integer", "minimum": 1, "maximum": 9}),
            json!({"type": "string", "maxLength": 1}),
            &["info request-type-changed"],
        ),
        (
            "more numbers of three digits",
            "path",
            json!({"type": "integer", "minimum": 0, "maximum": 999}),
            json!({"type": "string", "maxLength": 3}),
            &["info request-type-changed"],
        ),
        (
            "numbers may be long",
            "path",
            whole.clone(),
            json!({"type": "string", "maxLength": 3}),
            &["breaking request-type-changed"],
        ),
        (
            "the upper bound of a text of digits",
            "query",
            json!({"type": "string", "enum": ["7", "8"]}),
            json!({"type": "integer", "minimum": 7, "maximum": 8}),
            &["info request-type-changed"],
        ),
        (
            "null is no text",
            "query",
            json!({"type": ["integer", "null"]}),
            json!({"type": ["string", "null"]}),
            &["info request-type-changed"],
        ),
    ];
    for (name, place, before, after, expected) in cases {
        assert_eq!(judged(&one(place, &before), &one(place, &after)), expected, "{name}");
    }
    let default = |kind: &str, value: Value| one("query", &json!({"type": kind, "default": value}));
    let same = judged(&default("integer", json!(1)), &default("string", json!("1")));
    assert_eq!(same, ["info request-type-changed"], "the default is the same text");
    let other = judged(&default("integer", json!(1)), &default("string", json!("2")));
    assert_eq!(other, ["warning request-default-value-changed", "info request-type-changed"]);
    let document = |schema: Value| {
        taking("3.1.0", &json!([{"name": "q", "in": "query", "content": {"application/json": {"schema": schema}}}]))
    };
    assert_eq!(judged(&document(whole.clone()), &document(text.clone())), ["breaking request-type-changed"], "JSON keeps types");
    let csv = |kind: &str| taking("2.0", &json!([{"name": "q", "in": "query", "type": "array", "items": {"type": kind}}]));
    assert_eq!(judged(&csv("number"), &csv("string")), ["info request-type-generalized"]);
    let header = |schema: &Value| answer(&json!({"headers": {"X-N": {"schema": schema}}}));
    assert_eq!(judged(&header(&text), &header(&whole)), ["info response-type-narrowed"], "a reader of texts reads numbers");
    assert_eq!(judged(&header(&whole), &header(&text)), ["breaking response-type-generalized"]);
    assert_eq!(judged(&header(&list(&whole)), &header(&list(&text))), ["breaking response-type-generalized"]);
}

#[test]
fn one_value_and_a_list() {
    let (text, whole) = (json!({"type": "string"}), json!({"type": "integer"}));
    let styled = |schema: &Value, style: Value| {
        let mut parameter = json!({"name": "q", "in": "query", "schema": schema});
        for (name, value) in style.as_object().into_iter().flatten() {
            parameter[name] = value.clone();
        }
        taking("3.1.0", &json!([parameter]))
    };
    let joined = json!({"explode": false});
    let pipes = json!({"style": "pipeDelimited", "explode": false});
    let words = json!({"type": "string", "enum": ["red", "blue"]});
    let at_most = |number: u64| json!({"type": "array", "items": text, "maxItems": number});
    let cases: Vec<(&str, Value, Value, Value, &str)> = vec![
        ("entries by themselves", text.clone(), list(&text), json!({}), "info request-value-became-list"),
        (
            "two at least",
            text.clone(),
            json!({"type": "array", "items": text, "minItems": 2}),
            json!({}),
            "breaking request-type-changed",
        ),
        ("entries are numbers", text.clone(), list(&whole), json!({}), "breaking request-value-became-list"),
        (
            "entries are small",
            whole.clone(),
            list(&json!({"type": "integer", "maximum": 9})),
            json!({}),
            "breaking request-value-became-list",
        ),
        ("a comma may be in it", text.clone(), list(&text), joined.clone(), "warning request-value-became-list"),
        ("no comma in a number", whole.clone(), list(&text), joined.clone(), "info request-value-became-list"),
        ("no comma in these words", words.clone(), list(&text), joined.clone(), "info request-value-became-list"),
        (
            "a comma in one of them",
            json!({"enum": ["a", "b,c"]}),
            list(&text),
            joined.clone(),
            "warning request-value-became-list",
        ),
        ("one word fewer", words.clone(), list(&json!({"enum": ["red"]})), joined.clone(), "breaking request-value-became-list"),
        (
            "letters only",
            json!({"type": "string", "pattern": "^[a-z]+$"}),
            list(&text),
            joined.clone(),
            "info request-value-became-list",
        ),
        ("a bar may be in it", text.clone(), list(&text), pipes.clone(), "warning request-value-became-list"),
        ("a comma is no bar", json!({"enum": ["a", "b,c"]}), list(&text), pipes, "info request-value-became-list"),
        ("nobody knows how", text.clone(), list(&text), json!({"style": "deepObject"}), "breaking request-type-changed"),
        ("null is not sent", json!({"type": ["string", "null"]}), list(&text), json!({}), "info request-value-became-list"),
        ("several became one", list(&text), text.clone(), json!({}), "breaking request-type-changed"),
        ("one at most became one", at_most(1), text.clone(), json!({}), "info request-type-changed"),
        ("one at most, of another list", at_most(1), text.clone(), joined.clone(), "info request-type-changed"),
        ("two at most became one", at_most(2), text.clone(), json!({}), "breaking request-type-changed"),
        ("one at most is no number", at_most(1), whole.clone(), json!({}), "breaking request-type-changed"),
    ];
    for (name, before, after, style, expected) in cases {
        assert_eq!(judged(&styled(&before, style.clone()), &styled(&after, style)), [expected], "{name}");
    }
    for (place, expected) in [("path", "warning"), ("header", "warning"), ("cookie", "info")] {
        assert_eq!(
            judged(&one(place, &text), &one(place, &list(&text))),
            [format!("{expected} request-value-became-list")],
            "{place}"
        );
    }
    let header = |schema: &Value| answer(&json!({"headers": {"X-N": {"schema": schema}}}));
    assert_eq!(judged(&header(&text), &header(&list(&text))), ["breaking response-type-changed"], "who reads it finds several");
    let whole = json!({"type": "integer"});
    let two = |schema: &Value| json!({"type": "array", "items": schema, "minItems": 2});
    assert_eq!(judged(&header(&list(&whole)), &header(&whole)), ["info response-type-changed"], "one number is a list of one");
    assert_eq!(judged(&header(&two(&whole)), &header(&whole)), ["breaking response-type-changed"], "one number is no two");
    assert_eq!(judged(&header(&list(&text)), &header(&text)), ["breaking response-type-changed"], "a text may hold a comma");
    assert_eq!(judged(&header(&list(&whole)), &header(&text)), ["breaking response-type-changed"], "a text is no number");
}

#[test]
fn marks_count_where_they_mean_something() {
    let marked = |version: &str, place: &str, kind: &str, mark: &str| {
        let mut parameter = json!({"name": "p", "in": place, "required": true});
        if version == "2.0" {
            parameter["type"] = json!(kind);
        } else {
            parameter["schema"] = json!({"type": kind});
        }
        let plain = taking(version, &json!([parameter]));
        parameter[mark] = json!(true);
        (taking(version, &json!([parameter])), plain)
    };
    let breaks = ["breaking request-parameter-serialization-changed"];
    for (version, place, kind, mark, counts) in [
        ("3.0.3", "query", "string", "allowReserved", true),
        ("3.0.3", "query", "integer", "allowReserved", false),
        ("3.0.3", "path", "string", "allowReserved", false),
        ("3.1.0", "cookie", "string", "allowReserved", false),
        ("3.2.0", "path", "string", "allowReserved", true),
        ("3.2.0", "path", "boolean", "allowReserved", false),
        ("3.2.0", "header", "string", "allowReserved", false),
        ("3.1.0", "query", "boolean", "allowEmptyValue", true),
        ("3.1.0", "header", "string", "allowEmptyValue", false),
        ("2.0", "query", "string", "allowEmptyValue", true),
        ("2.0", "path", "string", "allowEmptyValue", false),
    ] {
        let (with, without) = marked(version, place, kind, mark);
        let expected: &[&str] = if counts { &breaks } else { &[] };
        assert_eq!(judged(&with, &without), expected, "{mark} of {kind} in {place}, {version}");
        assert_eq!(judged(&without, &with), Vec::<String>::new(), "{mark} of {kind} in {place}, {version}, allowed now");
    }
    let form = |mark: bool| taking("2.0", &json!([{"name": "f", "in": "formData", "type": "string", "allowEmptyValue": mark}]));
    assert_eq!(judged(&form(true), &form(false)), ["breaking request-body-encoding-changed"]);
    assert_eq!(judged(&form(false), &form(true)), Vec::<String>::new());
}

#[test]
fn a_document_that_is_written_as_the_plain_value() {
    let plain = |kind: &str| taking("3.1.0", &json!([{"name": "q", "in": "query", "schema": {"type": kind}}]));
    let document = |media: &str, kind: &str| {
        taking("3.1.0", &json!([{"name": "q", "in": "query", "content": {media: {"schema": {"type": kind}}}}]))
    };
    let changed: &[&str] = &["breaking request-parameter-serialization-changed"];
    for (media, kind, expected) in [
        ("text/plain", "string", &[] as &[&str]),
        ("text/plain; charset=UTF-8", "integer", &[]),
        ("text/plain; charset=utf-16", "string", changed),
        ("application/json", "integer", &[]),
        ("application/json", "boolean", &[]),
        ("application/json", "string", changed),
        ("application/json", "array", changed),
    ] {
        assert_eq!(judged(&document(media, kind), &plain(kind)), expected, "{kind} as {media}");
        assert_eq!(judged(&plain(kind), &document(media, kind)), expected, "{kind} as {media}, the other way");
    }
}

#[test]
fn an_exploded_object_is_its_members() {
    let object = |name: &str, more: Value| {
        let mut parameter = json!({"name": name, "in": "query",
            "schema": {"type": "object", "properties": {"row": {"type": "integer"}, "sort": {"type": "string"}}}});
        for (field, value) in more.as_object().into_iter().flatten() {
            parameter[field] = value.clone();
        }
        taking("3.1.0", &json!([parameter]))
    };
    let members = |row: &str| {
        taking(
            "3.1.0",
            &json!([{"name": "row", "in": "query", "schema": {"type": row}}, {"name": "sort", "in": "query", "schema": {"type": "string"}}]),
        )
    };
    let whole = || object("f", json!({}));
    assert_eq!(judged(&whole(), &members("integer")), Vec::<String>::new());
    assert_eq!(judged(&members("integer"), &whole()), Vec::<String>::new());
    assert_eq!(judged(&whole(), &object("g", json!({}))), Vec::<String>::new(), "its own name is not on the wire");
    assert_eq!(judged(&whole(), &members("boolean")), ["breaking request-type-changed"]);
    assert_eq!(judged(&whole(), &members("string")), ["info request-type-generalized"]);
    let sort = taking("3.1.0", &json!([{"name": "sort", "in": "query", "schema": {"type": "string"}}]));
    assert_eq!(judged(&whole(), &sort), ["warning request-parameter-removed"], "one of two is gone");
    let joined = object("f", json!({"explode": false}));
    assert_eq!(judged(&joined, &members("integer")).first().map(String::as_str), Some("warning request-parameter-removed"));
    let named = judged(&object("f", json!({"style": "deepObject"})), &object("g", json!({"style": "deepObject"})));
    assert!(named.iter().any(|finding| !finding.starts_with("info")), "with deepObject the name is on the wire: {named:?}");
    let needed = |required: bool| {
        let schema = json!({"type": "object", "required": ["row"], "properties": {"row": {"type": "integer"}}});
        taking("3.1.0", &json!([{"name": "f", "in": "query", "required": required, "schema": schema}]))
    };
    let row = |required: bool| {
        taking("3.1.0", &json!([{"name": "row", "in": "query", "required": required, "schema": {"type": "integer"}}]))
    };
    assert_eq!(judged(&needed(true), &row(true)), Vec::<String>::new());
    assert_eq!(judged(&row(false), &needed(true)), ["breaking request-parameter-became-required"]);
    let apart = ["warning request-parameter-removed", "info new-optional-request-parameter"];
    assert_eq!(judged(&row(false), &needed(false)), apart, "a member that is needed where others are sent");
}

/// What is asked, the media type, a part's schema and encoding before and after, and what is found.
type PartCase<'c> = (&'c str, &'c str, Value, Value, Value, Value, &'c [&'c str]);

#[test]
fn parts_of_a_form() {
    let form = |media: &str, properties: Value, encoding: Value| {
        body("3.1.0", media, &json!({"schema": {"type": "object", "properties": properties}, "encoding": encoding}))
    };
    let (text, file) = (json!({"type": "string"}), json!({"type": "string", "format": "binary"}));
    let lists = list(&text);
    let (web, parts) = ("application/x-www-form-urlencoded", "multipart/form-data");
    let changed: &[&str] = &["breaking request-body-encoding-changed"];
    let cases: Vec<PartCase<'_>> = vec![
        ("a style of a text", web, text.clone(), json!({}), text.clone(), json!({"style": "deepObject"}), &[]),
        ("a list is joined", web, lists.clone(), json!({}), lists.clone(), json!({"explode": false}), changed),
        ("a list of parts is joined", parts, lists.clone(), json!({}), lists.clone(), json!({"style": "pipeDelimited"}), changed),
        ("defaults spelled out", web, lists.clone(), json!({}), lists.clone(), json!({"style": "form", "explode": true}), &[]),
        (
            "reserved characters may not stand there",
            web,
            text.clone(),
            json!({"allowReserved": true}),
            text.clone(),
            json!({}),
            changed,
        ),
        ("reserved characters may stand there", web, text.clone(), json!({}), text.clone(), json!({"allowReserved": true}), &[]),
        ("headers where there are none", web, text.clone(), json!({}), text.clone(), json!({"headers": {"H": {}}}), &[]),
        ("headers", parts, text.clone(), json!({}), text.clone(), json!({"headers": {"H": {}}}), changed),
        (
            "text said to be text",
            parts,
            text.clone(),
            json!({}),
            text.clone(),
            json!({"contentType": "text/plain; charset=utf-8"}),
            &[],
        ),
        (
            "text said to be JSON",
            parts,
            text.clone(),
            json!({}),
            text.clone(),
            json!({"contentType": "application/json"}),
            changed,
        ),
        (
            "bytes said to be bytes",
            parts,
            file.clone(),
            json!({}),
            file.clone(),
            json!({"contentType": "application/octet-stream"}),
            &[],
        ),
        (
            "an object said to be JSON",
            parts,
            json!({"type": "object"}),
            json!({}),
            json!({"type": "object"}),
            json!({"contentType": "application/json"}),
            &[],
        ),
        ("a text becomes a file", parts, text.clone(), json!({}), file.clone(), json!({}), changed),
        ("a file becomes a text", parts, file.clone(), json!({}), text.clone(), json!({}), changed),
        ("texts become files", parts, lists.clone(), json!({}), list(&file), json!({}), changed),
        (
            "a number becomes a text",
            parts,
            json!({"type": "integer"}),
            json!({}),
            text.clone(),
            json!({}),
            &["info request-type-generalized"],
        ),
        (
            "the same in the other form",
            web,
            json!({"type": "integer"}),
            json!({}),
            text.clone(),
            json!({}),
            &["info request-type-generalized"],
        ),
        (
            "a text becomes a number",
            web,
            text.clone(),
            json!({}),
            json!({"type": "integer"}),
            json!({}),
            &["breaking request-type-narrowed"],
        ),
        (
            "numbers become texts",
            web,
            list(&json!({"type": "integer"})),
            json!({}),
            lists.clone(),
            json!({}),
            &["info request-type-generalized"],
        ),
        ("a text becomes a list", web, text.clone(), json!({}), lists.clone(), json!({}), &["info request-value-became-list"]),
        (
            "a number in JSON becomes a text in JSON",
            parts,
            json!({"type": "integer"}),
            json!({"contentType": "application/json"}),
            text.clone(),
            json!({"contentType": "application/json"}),
            &["breaking request-type-changed"],
        ),
        (
            "within an object, which is sent as JSON",
            parts,
            json!({"type": "object", "properties": {"n": {"type": "integer"}}}),
            json!({}),
            json!({"type": "object", "properties": {"n": {"type": "string"}}}),
            json!({}),
            &["breaking request-type-changed"],
        ),
    ];
    for (name, media, before, written, after, writes, expected) in cases {
        let old = form(media, json!({"a": before}), json!({"a": written}));
        let new = form(media, json!({"a": after}), json!({"a": writes}));
        assert_eq!(judged(&old, &new), expected, "{name}");
    }
    let png = json!({"b": {"contentType": "image/png"}});
    let (one, two) = (json!({"a": text}), json!({"a": text, "b": file}));
    let fresh = judged(&form(parts, one.clone(), json!({})), &form(parts, two.clone(), png.clone()));
    assert_eq!(fresh, ["info new-optional-request-property"]);
    let gone = judged(&form(parts, two.clone(), png.clone()), &form(parts, one.clone(), json!({})));
    assert_eq!(gone, ["warning request-property-removed"]);
    assert_eq!(judged(&form(parts, one.clone(), json!({})), &form(parts, one, png.clone())), Vec::<String>::new(), "nobody's");
    assert_eq!(judged(&form(parts, two.clone(), json!({})), &form(parts, two, png)), changed, "somebody's");
    let old_dialect = |style: Value| {
        let schema = json!({"type": "object", "properties": {"a": lists}});
        body("3.0.3", parts, &json!({"schema": schema, "encoding": {"a": style}}))
    };
    let silent = judged(&old_dialect(json!({})), &old_dialect(json!({"explode": false})));
    assert_eq!(silent, Vec::<String>::new(), "up to 3.0 parts have no style");
    let kept = |written: Value| {
        let schema = json!({"allOf": [{"type": "object", "properties": {"a": lists}}]});
        body("3.1.0", web, &json!({"schema": schema, "encoding": {"a": written}}))
    };
    assert_eq!(judged(&kept(json!({})), &kept(json!({"explode": false}))), changed, "a property of a part of the schema");
    let data = |kind: &str| taking("2.0", &json!([{"name": "f", "in": "formData", "type": kind}]));
    assert_eq!(judged(&data("integer"), &data("string")), ["info request-type-generalized"]);
    assert_eq!(judged(&data("string"), &data("integer")), ["breaking request-type-narrowed"]);
}

#[test]
fn entries_of_one_media_type() {
    let whole = json!({"schema": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}});
    let loose = json!({"schema": {"type": "object", "properties": {"a": {"type": "string"}}}});
    let answers = |content: Value| answer(&json!({"content": content}));
    let two = |one: &Value, other: &Value| json!({"application/json": one, "application/json; charset=utf-8": other});
    let optional = ["breaking response-property-became-optional"];
    assert_eq!(judged(&answers(two(&whole, &whole)), &answers(two(&whole, &loose))), optional, "the second is compared");
    assert_eq!(judged(&answers(two(&whole, &whole)), &answers(two(&loose, &whole))), optional, "the first is compared");
    assert_eq!(judged(&answers(two(&whole, &loose)), &answers(two(&whole, &loose))), Vec::<String>::new());
    let one = |schema: &Value| json!({"application/json": schema});
    assert_eq!(judged(&answers(one(&whole)), &answers(two(&whole, &loose))), optional, "it may come in the new form");
    assert_eq!(judged(&answers(two(&whole, &loose)), &answers(one(&whole))), Vec::<String>::new(), "one form less may come");
    let text = json!({"schema": {"type": "string"}});
    let sends = |media: &str| body("3.1.0", media, &text);
    for (before, after, expected) in [
        ("text/csv", "text/csv; charset=utf-8", &[] as &[&str]),
        ("text/csv; charset=UTF8", "text/csv;charset=\"utf-8\"", &[]),
        ("application/json", "application/json; charset=iso-8859-1", &[]),
        ("multipart/mixed; boundary=a", "multipart/mixed; boundary=b", &[]),
        (
            "text/csv",
            "text/csv; charset=latin1",
            &["breaking request-body-media-type-removed", "info request-body-media-type-added"],
        ),
        ("text/csv; charset=us-ascii", "text/csv", &["info request-body-media-type-added"]),
        ("text/csv", "text/csv; charset=us-ascii", &["breaking request-body-media-type-removed"]),
    ] {
        assert_eq!(judged(&sends(before), &sends(after)), expected, "{before} → {after}");
    }
    let number = |media: &str, kind: &str| body("3.1.0", media, &json!({"schema": {"type": kind}}));
    assert_eq!(judged(&number("text/plain", "integer"), &number("text/plain", "string")), ["info request-type-generalized"]);
    assert_eq!(
        judged(&number("application/json", "integer"), &number("application/json", "string")),
        ["breaking request-type-changed"]
    );
}

#[test]
fn paths_are_compared_as_they_are_written_on_the_wire() {
    let at = |path: &str| json!({"openapi": "3.1.0", "paths": {path: {"get": {"responses": {"200": {"description": "ok"}}}}}});
    for (before, after) in [("/caf%C3%A9", "/café"), ("/a%20b", "/a b"), ("/%7Eme", "/~me"), ("/%c3%a9/{id}", "/é/{nr}")] {
        assert_eq!(judged(&at(before), &at(after)), Vec::<String>::new(), "{before} → {after}");
        assert_eq!(judged(&at(after), &at(before)), Vec::<String>::new(), "{after} → {before}");
    }
    for (before, after) in [("/a%2Fb", "/a/b"), ("/cafe", "/café"), ("/a%3Fb", "/a?b")] {
        let expected = ["breaking api-removed-without-deprecation", "info endpoint-added"];
        assert_eq!(judged(&at(before), &at(after)), expected, "{before} → {after}");
    }
}

#[test]
fn a_whole_query_is_its_members() {
    let members = |kind: &str| {
        json!([{"name": "a", "in": "query", "required": true, "schema": {"type": "string"}},
        {"name": "n", "in": "query", "schema": {"type": kind}}])
    };
    let query = |media: &str, more: Value| {
        let mut object = json!({"schema": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "n": {"type": "integer"}}}});
        for (name, value) in more.as_object().into_iter().flatten() {
            object[name] = value.clone();
        }
        taking("3.2.0", &json!([{"name": "q", "in": "querystring", "required": true, "content": {media: object}}]))
    };
    let form = || query("application/x-www-form-urlencoded", json!({}));
    let listed = |kind: &str| taking("3.2.0", &members(kind));
    assert_eq!(judged(&form(), &listed("integer")), Vec::<String>::new());
    assert_eq!(judged(&listed("integer"), &form()), Vec::<String>::new());
    assert_eq!(judged(&form(), &listed("boolean")), ["breaking request-type-changed"]);
    let others = [
        query("application/json", json!({})),
        query("application/x-www-form-urlencoded", json!({"encoding": {"a": {"contentType": "application/json"}}})),
    ];
    for other in others {
        let told = judged(&other, &listed("integer"));
        assert!(told.iter().any(|finding| !finding.starts_with("info")), "it is written in another way: {told:?}");
    }
}

#[test]
fn a_list_within_an_object_outside_a_body_is_written_as_nobody_says() {
    let deep = |schema: Value| {
        let object = json!({"type": "object", "properties": {"b": schema}});
        taking("3.1.0", &json!([{"name": "a", "in": "query", "style": "deepObject", "explode": true, "schema": object}]))
    };
    let text = || deep(json!({"type": "string"}));
    assert_eq!(judged(&text(), &deep(list(&json!({"type": "string"})))), ["warning request-value-became-list"]);
    assert_eq!(
        judged(&text(), &deep(list(&json!({"enum": ["x"]})))),
        ["breaking request-value-became-list"],
        "no entry is any text"
    );
    assert_eq!(
        judged(&text(), &deep(json!({"type": "array", "items": {"type": "string"}, "minItems": 2}))),
        ["breaking request-type-changed"],
        "one is too few"
    );
}
