//! Where the message of a finding travels, and whether each side judges it as the finding says.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use driftd::model::{Direction, OperationLabel};
use driftd::openapi::{Contract, Document, Location, Media, Operation, OperationKind, SchemaId, lower};
use driftd::rules::{Finding, Proof};
use jsonschema::Validator;
use serde_json::{Map, Value};

use super::published::{Nullable, Published, WrittenReference, WrittenTarget};

/// What travels at one place of an operation.
struct Place {
    /// By what the places of both sides are matched.
    key: String,
    schema: SchemaId,
    is_text: bool,
}

/// A schema, what its direction hides, and how null is read.
type JudgedSchema = (SchemaId, &'static str, Nullable);

struct Side<'d> {
    contract: Contract<'d>,
    root: Value,
    /// Members with the value `true` anywhere in the document, as far as they matter here.
    flags: BTreeSet<&'static str>,
    written: RefCell<HashMap<WrittenReference, Rc<WrittenTarget>>>,
    validators: RefCell<HashMap<JudgedSchema, Rc<Validator>>>,
}

/// Both documents of a comparison.
pub(super) struct Judge<'d> {
    before: Side<'d>,
    after: Side<'d>,
}

impl<'d> Side<'d> {
    fn new(document: &'d Document) -> Self {
        let root = document.root.to_json();
        let text = root.to_string();
        let flags = ["readOnly", "writeOnly", "nullable", "x-nullable"];
        let flags = flags.into_iter().filter(|flag| text.contains(&format!("\"{flag}\":true"))).collect();
        Self { contract: lower(document), root, flags, written: RefCell::default(), validators: RefCell::default() }
    }

    fn named(&self, label: &OperationLabel) -> Option<&Operation<'d>> {
        self.contract.operations.iter().find(|operation| operation.label() == *label)
    }

    /// The operation that one of the other side is matched with: by its shape, with or without what the address begins with, or
    /// by its name where it moved.
    fn like(&self, other: &Operation<'_>) -> Option<&Operation<'d>> {
        let alike = |operation: &&Operation<'_>| operation.kind == other.kind && operation.method == other.method;
        let same = || self.contract.operations.iter().filter(alike);
        same().find(|operation| operation.shape == other.shape).or_else(|| {
            let is_within = |one: &str, other: &str| one.ends_with(other) || other.ends_with(one);
            same().find(|operation| is_within(&operation.shape, &other.shape)).or_else(|| {
                same().find(|operation| operation.operation_id.is_some() && operation.operation_id == other.operation_id)
            })
        })
    }

    /// Whether a schema takes a value, however its texts are read and whichever way `nullable` is.
    fn takes(&self, place: &Place, value: &Value, hidden: &'static str, nullable: Nullable) -> Option<bool> {
        // Where nothing is nullable both readings are one.
        let is_one = !self.flags.contains("nullable") && !self.flags.contains("x-nullable");
        let nullable = if is_one { Nullable::AsMeant } else { nullable };
        let known = (place.schema, hidden, nullable);
        let validator = self.validators.borrow().get(&known).cloned();
        let validator = match validator {
            Some(validator) => validator,
            None => {
                let schema = match place.schema {
                    SchemaId::ANY => Value::Bool(true),
                    SchemaId::NEVER => Value::Bool(false),
                    SchemaId::UNKNOWN => return None,
                    id => Some(self.contract.schema(id).value.to_json()).filter(|schema| !schema.is_null())?,
                };
                let hides = self.flags.contains(hidden);
                let (root, dialect, written) = (&self.root, self.contract.dialect, &self.written);
                let published = Published { root, dialect, hidden, hides, nullable, written };
                let validator = Rc::new(published.validator(&schema));
                self.validators.borrow_mut().insert(known, Rc::clone(&validator));
                validator
            }
        };
        let mut readings = if place.is_text { readings(value) } else { vec![value.clone()] };
        if let (true, Some([entry])) = (place.is_text, value.as_array().map(Vec::as_slice)) {
            readings.extend(self::readings(entry));
        }
        Some(readings.iter().any(|value| validator.is_valid(value)))
    }
}

impl<'d> Judge<'d> {
    pub(super) fn new(before: &'d Document, after: &'d Document) -> Self {
        Self { before: Side::new(before), after: Side::new(after) }
    }

    /// What is wrong with the message of a finding; none where it shows none.
    pub(super) fn judge(&self, finding: &Finding) -> Option<Result<(), String>> {
        let Proof::Refuted { message, operation, .. } = &finding.proof else { return None };
        let (Some(message), Some(operation)) = (message, operation) else {
            return Some(Err("a witness without its message".to_owned()));
        };
        if !finding.change.used_by.iter().any(|usage| usage.label() == *operation) {
            return Some(Err(format!("{operation} is none of those that use it")));
        }
        Some(self.shown(message, operation, finding.change.direction))
    }

    fn shown(&self, message: &Value, label: &OperationLabel, direction: Direction) -> Result<(), String> {
        let pair = match (self.before.named(label), self.after.named(label)) {
            (Some(old), Some(new)) => Some((old, new)),
            (Some(old), None) => self.after.like(old).map(|new| (old, new)),
            (None, Some(new)) => self.before.like(new).map(|old| (old, new)),
            (None, None) => None,
        };
        let (old, new) = pair.ok_or_else(|| format!("{label} is not on both sides"))?;
        let to_provider = direction == Direction::ToProvider;
        let hidden = if to_provider { "readOnly" } else { "writeOnly" };
        let (sender, receiver) = if to_provider { (&self.before, &self.after) } else { (&self.after, &self.before) };
        let (sent, taken) = (places(old, direction), places(new, direction));
        let (sent, taken) = if to_provider { (sent, taken) } else { (taken, sent) };
        let mut seen = Vec::new();
        for from in &sent {
            for to in taken.iter().filter(|to| is_same_place(&from.key, &to.key)) {
                let judged: Vec<_> = [Nullable::AsMeant, Nullable::ByTheLetter]
                    .into_iter()
                    .map(|nullable| {
                        (sender.takes(from, message, hidden, nullable), receiver.takes(to, message, hidden, nullable))
                    })
                    .collect();
                if judged.iter().all(|judged| *judged == (Some(true), Some(false))) {
                    return Ok(());
                }
                seen.push(format!("{} → {}: {judged:?}", from.key, to.key));
            }
        }
        Err(format!("{label} {message}: sent and taken, as meant and by the letter: {seen:?}"))
    }
}

/// Whether what travels at one place is what travels at the other: a status may move to `default`.
fn is_same_place(from: &str, to: &str) -> bool {
    from == to || (from.starts_with("response") && to.starts_with("response"))
}

/// Every place of an operation where messages of a direction travel.
fn places(operation: &Operation<'_>, direction: Direction) -> Vec<Place> {
    let body = |key: String, media: &Media<'_>| {
        let is_text = media.name.starts_with("text/") && !media.name.contains("json") && !media.name.contains("xml");
        let is_form = media.name.contains("form-urlencoded") || media.name.contains("form-data");
        // A part with a media type of its own is a document, and keeps its types.
        let has_documents = media.encoding.iter().flat_map(|part| &part.media_types).any(|name| !name.starts_with("text/"));
        Place { key, schema: media.schema, is_text: is_text || is_form && !has_documents }
    };
    let mut requests: Vec<Place> = Vec::new();
    for parameter in &operation.parameters {
        let (location, name) = parameter.key();
        // What a variable of a path is called does not matter, only where it stands.
        let at = operation.variables.iter().position(|variable| location == Location::Path && *variable == name);
        let key = at.map_or(format!("{} {name}", location.name()), |at| format!("path {at}"));
        requests.push(Place { key, schema: parameter.schema, is_text: parameter.serialization.style().is_some() });
    }
    requests.extend(operation.body.iter().flat_map(|request| &request.content).map(|media| body("body".to_owned(), media)));
    let mut responses = Vec::new();
    for response in &operation.responses {
        responses.extend(response.content.iter().map(|media| body(format!("response {}", response.status), media)));
        for header in &response.headers {
            let key = format!("header {} {}", response.status, header.name.to_ascii_lowercase());
            responses.push(Place { key, schema: header.schema, is_text: true });
        }
    }
    match (operation.kind, direction) {
        (OperationKind::Component, _) => requests.into_iter().chain(responses).collect(),
        (OperationKind::Path, Direction::ToProvider) => requests,
        (OperationKind::Path, _) => responses,
        (_, Direction::ToProvider) => responses,
        _ => requests,
    }
}

/// Parts of one value that may be read in two ways; one with more is taken as it is.
const MOST_AMBIGUOUS: usize = 8;

/// How many parts of a value may be read in two ways.
fn ambiguous(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => {
            usize::from(serde_json::from_str::<Value>(text).is_ok_and(|read| read.is_number() || read.is_boolean()))
        }
        Value::Array(list) => list.iter().map(ambiguous).sum(),
        Value::Object(map) => map.values().map(ambiguous).sum(),
    }
}

/// Every way to read a value that is written as text.
fn readings(value: &Value) -> Vec<Value> {
    if ambiguous(value) > MOST_AMBIGUOUS {
        return vec![value.clone()];
    }
    let with = |begun: Vec<Value>, parts: Vec<Value>, add: &dyn Fn(&mut Value, Value)| {
        let each = begun.iter().flat_map(|one| parts.iter().map(move |part| (one.clone(), part.clone())));
        each.map(|(mut one, part)| {
            add(&mut one, part);
            one
        })
        .collect()
    };
    match value {
        Value::Null => vec![Value::Null],
        Value::Bool(_) | Value::Number(_) => vec![value.clone(), Value::String(value.to_string())],
        Value::String(text) => {
            let read = serde_json::from_str(text).ok().filter(|read: &Value| read.is_number() || read.is_boolean());
            [value.clone()].into_iter().chain(read).collect()
        }
        Value::Array(list) => list.iter().fold(vec![Value::Array(Vec::new())], |begun, item| {
            with(begun, readings(item), &|list, item| list.as_array_mut().expect("a list").push(item))
        }),
        Value::Object(map) => map.iter().fold(vec![Value::Object(Map::new())], |begun, (name, member)| {
            with(begun, readings(member), &|map, member| map[name] = member)
        }),
    }
}
