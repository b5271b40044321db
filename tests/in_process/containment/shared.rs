//! Components that several operations share, with different pasts: a finding names the operations of which it is true when
//! each is compared alone, and whatever breaks alone is told of the operation that it breaks.

use std::collections::BTreeMap;

use driftd::model::Severity;
use driftd::rules::{Catalogue, Finding};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::generate;
use super::messages::{findings, matters, pairs, seed};

/// Pairs in a plain run.
const PAIRS: usize = 150;

/// How the schema stands in the messages of an operation.
#[derive(Debug, Clone, Copy)]
enum Place {
    Whole,
    Member,
    Entry,
    /// Nothing can stand there.
    NoEntry,
}

/// An operation, and how its messages hold the schema.
#[derive(Debug, Clone, Copy)]
struct Holder {
    place: Place,
    is_request: bool,
}

impl Holder {
    fn random(rng: &mut Rng) -> Self {
        let place = match rng.u8(..8) {
            0..=2 => Place::Whole,
            3 | 4 => Place::Member,
            5 | 6 => Place::Entry,
            _ => Place::NoEntry,
        };
        Self { place, is_request: rng.bool() }
    }

    fn operation(self, schema: &Value) -> Value {
        let message = match self.place {
            Place::Whole => schema.clone(),
            Place::Member => json!({"type": "object", "required": ["m"], "properties": {"m": schema}}),
            Place::Entry => json!({"type": "array", "items": schema}),
            Place::NoEntry => json!({"type": "array", "items": schema, "enum": [[]]}),
        };
        let content = json!({"application/json": {"schema": message}});
        if self.is_request {
            json!({"requestBody": {"required": true, "content": content}, "responses": {"204": {"description": "done"}}})
        } else {
            json!({"responses": {"200": {"description": "ok", "content": content}}})
        }
    }
}

/// Objects with a few members of their own.
fn object(rng: &mut Rng) -> Value {
    let mut members = Map::new();
    for name in ["a", "b", "c"] {
        if rng.u8(..4) > 0 {
            members.insert(name.to_owned(), generate::schema(rng, 0, 0));
        }
    }
    let required: Vec<String> = members.keys().filter(|_| rng.u8(..3) == 0).cloned().collect();
    json!({"type": "object", "properties": members, "required": required})
}

/// A description of all operations, or of one; the schemas of some stand inline, those of the others in components.
fn description(holders: &[Holder], schemas: &[(Option<&str>, &Value)], only: Option<usize>) -> Value {
    let (mut paths, mut components) = (Map::new(), Map::new());
    for (at, (holder, (name, schema))) in holders.iter().zip(schemas).enumerate() {
        let stands = match name {
            Some(name) => {
                components.insert((*name).to_owned(), (*schema).clone());
                json!({"$ref": format!("#/components/schemas/{name}")})
            }
            None => (*schema).clone(),
        };
        if only.is_none_or(|only| only == at) {
            paths.insert(path(at), json!({"post": holder.operation(&stands)}));
        }
    }
    json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, "components": {"schemas": components}})
}

fn path(at: usize) -> String {
    format!("/operations/{at}")
}

/// What a finding is, wherever it is told.
fn said(finding: &Finding) -> (Severity, &'static str) {
    (finding.severity, finding.rule)
}

#[test]
fn findings_name_the_operations_of_which_they_are_true_alone() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let mut rng = Rng::with_seed(seed(20_261_204));
    let (mut problems, mut named, mut shared, mut broken) = (Vec::new(), 0, 0, 0);
    for _ in 0..pairs(PAIRS) {
        let holders: Vec<Holder> = (0..rng.usize(2..5)).map(|_| Holder::random(&mut rng)).collect();
        let base = object(&mut rng);
        let common = generate::near(&mut rng, &base);
        let in_components = rng.u8(..3) > 0;
        // Two at most where they are components: some operations share one on both sides.
        let pasts: Vec<Value> = (0..if in_components { 2 } else { holders.len() })
            .map(|_| if rng.u8(..3) == 0 { base.clone() } else { generate::near(&mut rng, &base) })
            .collect();
        let names: Vec<String> = (0..pasts.len()).map(|past| format!("Own{past}")).collect();
        let past = |at: usize| at % pasts.len();
        let apart: Vec<(Option<&str>, &Value)> =
            (0..holders.len()).map(|at| (in_components.then_some(names[past(at)].as_str()), &pasts[past(at)])).collect();
        let gathered: Vec<(Option<&str>, &Value)> = holders.iter().map(|_| (Some("Common"), &common)).collect();
        let (before, after) = if rng.bool() { (apart, gathered) } else { (gathered, apart) };
        let compared = |only: Option<usize>| {
            findings(&description(&holders, &before, only), &description(&holders, &after, only), &catalogue)
        };
        let whole = compared(None);
        let alone: BTreeMap<String, Vec<Finding>> = (0..holders.len()).map(|at| (path(at), compared(Some(at)))).collect();
        let mut told = |what: String| {
            let documents = (description(&holders, &before, None), description(&holders, &after, None));
            problems.push(format!("{what}: {} and {}", documents.0, documents.1));
        };
        for finding in whole.iter().filter(|finding| matters(finding)) {
            shared += usize::from(finding.change.used_by.len() > 1);
            for operation in &finding.change.used_by {
                named += 1;
                let here = &alone[&operation.path];
                if !here.iter().any(|other| said(other) == said(finding)) {
                    let here: Vec<_> = here.iter().map(said).collect();
                    told(format!("{:?} names {}, which alone has {here:?}", said(finding), operation.path));
                }
            }
        }
        let breaks = |finding: &&Finding| finding.severity == Severity::Breaking;
        for (path, _) in alone.iter().filter(|(_, found)| found.iter().any(|finding| breaks(&finding))) {
            broken += 1;
            if !whole.iter().filter(breaks).any(|finding| finding.change.used_by.iter().any(|usage| usage.path == *path)) {
                told(format!("{path} breaks alone, and among the others it does not"));
            }
        }
    }
    eprintln!("{named} operations named, {shared} findings of several, {broken} operations broken alone");
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems[..problems.len().min(6)].join("\n"));
    assert!(named > 100 && shared > 20 && broken > 50, "the pairs show nothing");
}
