//! The whole edit space, enumerated from the contract model: `tests/edits.yaml` claims or waives every cell.
//!
//! The model is taken apart field by field, so a new field does not compile until it is listed here, and a
//! listed field does not pass until its edits are claimed by a rule or waived with a reason.

use std::collections::{BTreeMap, BTreeSet};

use driftd::diff::{Budget, ChangeKind};
use driftd::model::Direction;
use driftd::openapi::{
    Bound, Contract, Discriminator, Limits, Link, Media, OAuthFlow, Operation, Parameter, PartEncoding, RequestBody, Requirement,
    Response, Schema, SecurityScheme, Seldom, Server, ServerVariable, Union, read,
};
use driftd::rules::{Catalogue, Verdict, compare};
use serde_json::{Value, json};

/// The fields of an object with the edits that can happen to each: `+` add, `-` remove, `~` change.
///
/// The object is destructured in full: a field that is not listed does not compile.
macro_rules! model {
    ($all:ident, $pattern:ty, $object:ident { $($field:ident $edits:literal),* $(,)? }) => {{
        let _complete = |object: &$pattern| {
            let $object { $($field: _),* } = object;
        };
        $all.extend([$((concat!(stringify!($object), ".", stringify!($field)), $edits)),*]);
    }};
}

/// Every field of the contract model, with its edits.
fn model() -> Vec<(&'static str, &'static str)> {
    let mut all = Vec::new();
    model!(all, Contract<'_>, Contract {
        root "~", dialect "~", operations "+-~", schemas "+-~", servers "+-~", schemes "+-~", pointers "~", oddities "~",
        unread "~", subtypes "~", speaks_xml "~", unknown_paths "~", exhausted "~", bytes "~",
    });
    model!(all, Operation<'_>, Operation {
        kind "~", method "~", path "~", shape "~", variables "~", operation_id "+-~", deprecated "+-", parameters "+-~",
        body "+-~", responses "+-~", unread "~", security "+-~", authorization "+-~", security_at "~", servers "+-~", tags "+-~",
        stability "+-~", value "~", at "~",
    });
    model!(all, Parameter<'_>, Parameter {
        name "~", location "~", required "+-", deprecated "+-", stability "+-~", serialization "~", schema "~", at "~",
    });
    model!(all, RequestBody<'_>, RequestBody { required "+-", content "+-~", at "~" });
    model!(all, Media<'_>, Media { name "~", spelled "~", schema "~", encoding "+-~", at "~" });
    model!(all, Response<'_>, Response { status "~", headers "+-~", content "+-~", links "+-~", at "~" });
    model!(all, PartEncoding<'_>, PartEncoding { name "~", media_types "+-~", style "+-~", rest "+-~" });
    model!(all, Link<'_>, Link { name "~", shape "~", operation_id "~", operation_ref "~", handed "~", at "~" });
    model!(all, Requirement<'_>, Requirement { schemes "+-~" });
    model!(all, SecurityScheme<'_>, SecurityScheme { name "~", shape "~", carrier "~", discovery "~", flows "+-~", at "~" });
    model!(all, OAuthFlow<'_>, OAuthFlow { name "~", addresses "+-~" });
    model!(all, Server<'_>, Server { url "~", variables "+-~", at "~" });
    model!(all, ServerVariable<'_>, ServerVariable { name "~", default "~", allowed "+-~" });
    model!(all, Bound<'_>, Bound { value "~", exclusive "+-" });
    model!(all, Union<'_>, Union { exclusive "+-", branches "+-~", names "~" });
    model!(all, Discriminator<'_>, Discriminator { property "~", mapping "+-~" });
    model!(all, Schema<'_>, Schema {
        at "~", value "~", types "+-~", or_null "+-", format "+-~", properties "+-~", required "+-~", additional "+-~",
        items "+-~", deprecated "+-", read_only "+-", write_only "+-", seldom "~",
    });
    model!(all, Seldom<'_>, Seldom {
        enumeration "+-~", extensible_enum "+-", stability "+-~", pattern "+-~", minimum "+-~", maximum "+-~", multiple_of "+-~",
        min_length "+-~", max_length "+-~", min_items "+-~", max_items "+-~", unique_items "+-", min_properties "+-~",
        max_properties "+-~", content "+-~", prefix_items "+-~", all_of "+-~", unions "+-~", discriminator "+-~",
        constraints "+-~", default "+-~",
    });
    all
}

struct Cell {
    of: String,
    edit: String,
    kind: Option<ChangeKind>,
    waived: Option<String>,
    frame: String,
    flow: Option<String>,
    example: Option<(Value, Value)>,
}

impl Cell {
    fn name(&self) -> String {
        format!("{} {}", self.of, self.edit)
    }
}

fn cells() -> Vec<Cell> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/edits.yaml");
    let text = std::fs::read_to_string(path).expect("the cells");
    // One reader for everything: the rows are an extension of a description.
    let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let wrapped = format!("openapi: 3.1.0\npaths: {{/x: {{}}}}\nx-cells:\n{indented}");
    let document = read(wrapped.as_bytes(), &Limits::default()).unwrap_or_else(|problem| panic!("edits.yaml: {problem}"));
    let rows = document.root["x-cells"].to_json();
    let rows = rows.as_array().expect("a list");
    rows.iter()
        .map(|row| {
            let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
            let kind = text("kind").map(|name| {
                let found = ChangeKind::ALL.iter().find(|kind| kind.name() == name);
                *found.unwrap_or_else(|| panic!("{name} is no kind"))
            });
            Cell {
                of: text("of").expect("of"),
                edit: text("edit").expect("edit"),
                kind,
                waived: text("waived"),
                frame: text("frame").unwrap_or_else(|| "schema".to_owned()),
                flow: text("flow"),
                example: row.get("before").cloned().zip(row.get("after").cloned()),
            }
        })
        .collect()
}

fn document(parts: &Value) -> Value {
    let mut root = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}});
    for (name, value) in parts.as_object().into_iter().flatten() {
        root[name] = value.clone();
    }
    root
}

/// An operation as path, webhook and callback, and which way its request flows.
fn operations(operation: &Value) -> Vec<(&'static str, Value, Direction)> {
    vec![
        ("path", document(&json!({"paths": {"/a": {"post": operation}}})), Direction::ToProvider),
        ("webhook", document(&json!({"webhooks": {"w": {"post": operation}}})), Direction::FromProvider),
        (
            "callback",
            document(&json!({"paths": {"/a": {"post": {"responses": {}, "callbacks": {"c": {"{$url}": {"post": operation}}}}}}})),
            Direction::FromProvider,
        ),
    ]
}

/// Every document that a snippet stands for: position, document, direction.
fn positions(cell: &Cell, snippet: &Value) -> Vec<(String, Value, Direction)> {
    let mut all = Vec::new();
    let mut add = |what: &str, operation: Value, is_request: bool| {
        for (surface, document, request) in operations(&operation) {
            let direction = if is_request { request } else { request.flipped() };
            all.push((format!("{surface}, {what}"), document, direction));
        }
    };
    match cell.frame.as_str() {
        "schema" => {
            let content = json!({"application/json": {"schema": snippet}});
            add("body", json!({"requestBody": {"content": content}, "responses": {}}), true);
            add("parameter", json!({"parameters": [{"name": "p", "in": "query", "content": content}], "responses": {}}), true);
            add("answer", json!({"responses": {"200": {"description": "", "content": content}}}), false);
            add("header", json!({"responses": {"200": {"description": "", "headers": {"H": {"content": content}}}}}), false);
        }
        "parameter" => {
            let mut parameter = snippet.clone();
            parameter["name"] = json!("p");
            parameter["in"] = json!("header");
            add("parameter", json!({"parameters": [parameter], "responses": {}}), true);
            add("header", json!({"responses": {"200": {"description": "", "headers": {"H": snippet}}}}), false);
        }
        "operation" => add("operation", snippet.clone(), cell.flow.as_deref() != Some("response")),
        "document" => all.push(("document".to_owned(), document(snippet), Direction::ToProvider)),
        other => panic!("{}: {other} is no frame", cell.name()),
    }
    all
}

fn verdict(before: &Value, after: &Value, catalogue: &Catalogue) -> Verdict {
    let document =
        |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).unwrap_or_else(|p| panic!("{p}: {value}"));
    let (verdict, _) = compare(&document(before), &document(after), catalogue, Budget::default());
    assert_eq!(verdict.undecided, None);
    verdict
}

#[test]
fn no_cell_is_unclaimed() {
    let mut claimed: BTreeMap<(String, String), usize> = BTreeMap::new();
    for cell in cells() {
        assert!(cell.kind.is_some() != cell.waived.is_some(), "{}: either a kind or a waiver", cell.name());
        *claimed.entry((cell.of, cell.edit)).or_default() += 1;
    }
    let mut problems = Vec::new();
    let mut known = BTreeSet::new();
    for (field, edits) in model() {
        for (mark, edit) in [('+', "add"), ('-', "remove"), ('~', "change")] {
            if edits.contains(mark) {
                known.insert((field.to_owned(), edit.to_owned()));
                if !claimed.contains_key(&(field.to_owned(), edit.to_owned())) {
                    problems.push(format!("{field} {edit} is neither claimed nor waived"));
                }
            }
        }
    }
    problems.extend(claimed.keys().filter(|cell| !known.contains(*cell)).map(|(of, edit)| format!("{of} {edit} is no cell")));
    println!("{} cells of {} fields", known.len(), model().len());
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn every_cell_is_what_it_claims_in_every_position() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let mut problems = Vec::new();
    let mut seen: BTreeSet<(ChangeKind, Direction)> = BTreeSet::new();
    let mut documents = 0;
    for cell in cells() {
        let Some((before, after)) = &cell.example else {
            assert!(cell.waived.is_some(), "{} needs an example", cell.name());
            continue;
        };
        for ((position, before, direction), (_, after, _)) in positions(&cell, before).into_iter().zip(positions(&cell, after)) {
            documents += 1;
            let verdict = verdict(&before, &after, &catalogue);
            let said: Vec<(ChangeKind, Direction)> =
                verdict.findings.iter().map(|finding| (finding.change.kind, finding.change.direction)).collect();
            let expected: Vec<(ChangeKind, Direction)> = match cell.kind {
                None => Vec::new(),
                Some(kind) if kind.directions() == [Direction::Neither] => vec![(kind, Direction::Neither)],
                // What does not travel this way is no fact here.
                Some(kind) if !kind.directions().contains(&direction) => Vec::new(),
                Some(kind) => vec![(kind, direction)],
            };
            if said != expected {
                let said: Vec<&str> = verdict.findings.iter().map(|finding| finding.rule).collect();
                problems.push(format!("{} as {position}: {said:?}, expected {:?}", cell.name(), cell.kind.map(ChangeKind::name)));
            }
            seen.extend(said);
        }
    }
    for kind in ChangeKind::ALL {
        for direction in kind.directions() {
            if !seen.contains(&(*kind, *direction)) {
                problems.push(format!("no cell shows {} {}", kind.name(), direction.name()));
            }
        }
    }
    println!("{documents} pairs of documents");
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
