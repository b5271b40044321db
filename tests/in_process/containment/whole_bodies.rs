//! The containment suite once more, each question as the whole body of a request and of a response: nothing that its word
//! says to be refused is called harmless, and nothing that it says to be taken has a witness.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use driftd::containment::Containment;
use driftd::model::Direction;
use driftd::openapi::Dialect;
use driftd::rules::{Catalogue, Finding, Proof};
use jsonschema::Draft;
use serde_json::{Value, json};

use super::ask_as;
use super::meant::{one_as_any, typed};
use super::messages::{exchanging, findings, matters};

/// Wrong verdicts that are shown.
const SHOWN: usize = 60;

/// Why a row says nothing of whole bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    /// A body is a schema within a larger document: names of its own would be names of another document.
    NamesItself,
    /// Draft 4 says it, and OpenAPI 3.0 has no such keyword.
    NotOpenApi30,
    /// What is refused has members that the sender does not declare, and so does not send.
    OnlyUndeclared,
    /// A reader takes what fits two alternatives of a `oneOf` for one of them.
    FitsTwo,
}

/// Whether a schema names itself or what it is read by.
fn names_itself(schema: &Value) -> bool {
    const NAMES: &[&str] = &["$id", "id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$schema", "$vocabulary"];
    match schema {
        Value::Object(map) => {
            map.iter().any(|(name, inner)| (NAMES.contains(&name.as_str()) && inner.is_string()) || names_itself(inner))
        }
        Value::Array(list) => list.iter().any(names_itself),
        _ => false,
    }
}

/// The schema as it reads below `components`: its references begin at the document it stands in.
fn placed(schema: &mut Value, at: &str) {
    match schema {
        Value::Object(map) => {
            for (name, inner) in map {
                match inner {
                    Value::String(target) if name == "$ref" => {
                        if let Some(path) = target.strip_prefix('#') {
                            *inner = json!(format!("#{at}{path}"));
                        }
                    }
                    _ if name == "enum" || name == "const" => {}
                    _ => placed(inner, at),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| placed(inner, at)),
        _ => {}
    }
}

/// The values of a schema that lists them.
fn listed(schema: &Value) -> Option<Vec<&Value>> {
    let map = schema.as_object().filter(|map| map.len() == 1)?;
    if let Some(one) = map.get("const") {
        return Some(vec![one]);
    }
    if let Some(list) = map.get("enum") {
        return Some(list.as_array()?.iter().collect());
    }
    let lists: Option<Vec<_>> = map.get("anyOf")?.as_array()?.iter().map(listed).collect();
    Some(lists?.concat())
}

fn description(version: &str, schema: &Value) -> Value {
    let mut body = schema.clone();
    placed(&mut body, "/components/schemas/Body");
    exchanging(version, &json!({"$ref": "#/components/schemas/Body"}), &json!({"Body": body}))
}

/// What a comparison says of the messages that travel one way, against the word of the suite.
fn contradiction(found: &[Finding], direction: Direction, is_contained: bool) -> Option<String> {
    let mut here = found.iter().filter(|finding| finding.change.direction == direction);
    if is_contained {
        let refuted = here.find(|finding| matches!(finding.proof, Proof::Refuted { .. }))?;
        return Some(format!("{} has a witness: {:?}", refuted.rule, refuted.proof));
    }
    if here.clone().any(matters) {
        return None;
    }
    Some(format!("harmless: {:?}", here.map(|finding| (finding.rule, &finding.proof)).collect::<Vec<_>>()))
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn whole_bodies_are_judged_as_the_suite_does() {
    let corpus = std::env::var_os("DRIFTD_CORPUS").map(PathBuf::from).expect("DRIFTD_CORPUS names the corpus");
    let catalogue = Catalogue::load().expect("the catalogue");
    let mut problems: Vec<String> = Vec::new();
    for (file, version, dialect) in
        [("draft4.jsonl", "3.0.3", Dialect::OpenApi30), ("draft2020-12.jsonl", "3.1.0", Dialect::OpenApi31)]
    {
        let (mut rows, mut retyped, mut told, mut wrong) = (0, 0, 0, Vec::new());
        let mut left: BTreeMap<Left, usize> = BTreeMap::new();
        for line in fs::read_to_string(corpus.join("containment").join(file)).expect("the suite").lines() {
            let row: Value = serde_json::from_str(line).expect("a row");
            let flag = |name: &str| row[name].as_bool().unwrap_or(false);
            let Some(expected) = row["clean_expected"].as_bool().filter(|_| !flag("optional") && !flag("remote")) else {
                continue;
            };
            let (sub, sup) = (&row["sub"], &row["sup"]);
            let why = if names_itself(sub) || names_itself(sup) {
                Some(Left::NamesItself)
            } else if dialect == Dialect::OpenApi30 && !flag("oas30") {
                Some(Left::NotOpenApi30)
            } else if !expected && ask_as((sub, sup), dialect, true) == Containment::Contained {
                Some(Left::OnlyUndeclared)
            } else {
                None
            };
            if let Some(why) = why {
                *left.entry(why).or_default() += 1;
                continue;
            }
            rows += 1;
            let draft = if dialect == Dialect::OpenApi30 { Draft::Draft4 } else { Draft::Draft202012 };
            let takes_all = |schema: &Value| {
                let validator = jsonschema::options().with_draft(draft).build(schema).ok()?;
                Some(listed(sub)?.into_iter().all(|value| validator.is_valid(value)))
            };
            let meant = takes_all(&typed(sup)).unwrap_or(expected);
            retyped += usize::from(meant != expected);
            let expected = meant;
            let documents = (description(version, sub), description(version, sup));
            for (direction, before, after) in
                [(Direction::ToProvider, &documents.0, &documents.1), (Direction::FromProvider, &documents.1, &documents.0)]
            {
                if direction == Direction::FromProvider && !expected && takes_all(&one_as_any(&typed(sup))) == Some(true) {
                    *left.entry(Left::FitsTwo).or_default() += 1;
                    continue;
                }
                let found = findings(before, after, &catalogue);
                told += usize::from(found.iter().any(matters));
                if let Some(what) = contradiction(&found, direction, expected) {
                    wrong.push(format!("{} {direction:?}: {sub} in {sup}, expected {expected}: {what}", row["id"]));
                }
            }
        }
        eprintln!(
            "{file}: {rows} rows both ways, {told} times something is told; {retyped} read with the type they mean, left out {left:?}; {} wrong",
            wrong.len()
        );
        problems.extend(wrong);
    }
    assert!(problems.is_empty(), "{} wrong:\n{}", problems.len(), problems[..problems.len().min(SHOWN)].join("\n"));
}
