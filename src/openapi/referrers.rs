//! Which operations and components refer to a component.

use std::collections::{BTreeSet, HashMap};

use super::methods::{METHODS, operation_field};
use super::pointer::{resolve, unit_of};
use super::value::Value;

/// `/components/schemas/Door` of a place in it.
pub(super) fn unit_name(place: &str) -> Option<String> {
    let (section, name, third) = unit_of(place)?;
    Some(match third {
        Some(third) => format!("{section}/{name}/{third}"),
        None => format!("{section}/{name}"),
    })
}

/// Who refers to a component.
pub(super) enum Referrer {
    /// An operation, by its number.
    Operation(usize),
    /// Another component.
    Unit(String),
}

/// Operations and components, from what is referred to to what refers.
pub(super) struct Referrers {
    labels: Vec<String>,
    by_unit: HashMap<String, Vec<Referrer>>,
}

impl Referrers {
    pub(super) fn new(root: &Value) -> Self {
        let mut graph = Self { labels: Vec::new(), by_unit: HashMap::new() };
        let sections = root.get("components").and_then(Value::as_object).into_iter().flatten();
        let components = sections.flat_map(|(section, members)| {
            let members = members.as_object().into_iter().flatten();
            members.map(move |(name, value)| (format!("components/{section}/{name}"), value))
        });
        let definitions = root.get("definitions").and_then(Value::as_object).into_iter().flatten();
        for (unit, value) in components.chain(definitions.map(|(name, value)| (format!("definitions/{name}"), value))) {
            let mut targets = BTreeSet::new();
            references(value, &mut targets);
            for target in targets {
                graph.by_unit.entry(target).or_default().push(Referrer::Unit(unit.clone()));
            }
        }
        for (section, kind) in [("paths", ""), ("webhooks", "webhook ")] {
            for (path, item) in root.get(section).and_then(Value::as_object).into_iter().flatten() {
                let elsewhere = item.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(root, reference));
                let item = elsewhere.unwrap_or(item);
                let mut shared = BTreeSet::new();
                item.get("parameters").into_iter().for_each(|part| references(part, &mut shared));
                for method in METHODS {
                    let Some((_, operation)) = item.as_object().and_then(|item| operation_field(item, method)) else { continue };
                    let number = graph.labels.len();
                    graph.labels.push(format!("{kind}{} {path}", method.to_ascii_uppercase()));
                    let mut targets = shared.clone();
                    references(operation, &mut targets);
                    for target in targets {
                        graph.by_unit.entry(target).or_default().push(Referrer::Operation(number));
                    }
                }
            }
        }
        graph
    }

    /// What refers to a component.
    pub(super) fn of(&self, unit: &str) -> &[Referrer] {
        self.by_unit.get(unit).map_or(&[], Vec::as_slice)
    }

    /// The operation of this number, as `METHOD path`.
    pub(super) fn label(&self, number: usize) -> Option<String> {
        self.labels.get(number).cloned()
    }
}

/// Components that a value refers to. Depth is bounded by reading.
fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match inner {
                    Value::String(text) if name == "$ref" => into.extend(unit_name(text)),
                    _ => references(inner, into),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, into)),
        _ => {}
    }
}
