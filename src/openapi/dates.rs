//! What a description says about its own end: `deprecated`, and the keys by which providers tell of dates.
//!
//! The standard has a flag and no date (OpenAPI 3.1 section 4.8.10), and hardly anybody uses `x-sunset`: the keys are a
//! list, with those that were met in the wild, and a configuration can add its own. Dates are handed out as written;
//! reading them is another matter.

use std::collections::{BTreeSet, HashMap};

use super::{Document, Map, Value, escape, unit_of};

/// Longest text that is quoted, characters.
const QUOTED: usize = 300;

/// Things said about dates that one description is read for; a hostile one must not fill the ledger.
const MOST: usize = 2_000;

/// Methods of a path item.
const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// Keys that tell of dates. Dots lead into objects; `key=VALUE` asks for one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateKeys {
    /// When something ends.
    pub sunset: Vec<String>,
    /// Since when it is deprecated.
    pub deprecation: Vec<String>,
    /// That it is deprecated.
    pub deprecated: Vec<String>,
    /// Why, or what to use instead.
    pub message: Vec<String>,
}

impl Default for DateKeys {
    /// Those that were met in published descriptions, and those of tools and proposals.
    fn default() -> Self {
        let list = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        Self {
            sunset: list(&[
                "x-sunset",
                "x-sunset-date",
                "x-sunset.date",
                "x-deprecated.sunset",
                "x-deprecation.sunset",
                "x-removal-date",
                "x-end-of-life",
                "x-eol",
                "lifecycle.retired_at",
            ]),
            deprecation: list(&[
                "x-deprecated-at",
                "x-deprecated-since",
                "x-deprecation-date",
                "x-deprecation.date",
                "lifecycle.deprecated_at",
            ]),
            deprecated: list(&[
                "deprecated=true",
                "x-deprecated=true",
                // Adyen, Square, Okta.
                "x-deprecatedInVersion",
                "x-deprecation",
                "x-release-status=DEPRECATED",
                "x-okta-lifecycle.lifecycle=DEPRECATED",
                "x-stability-level=deprecated",
            ]),
            message: list(&[
                "x-deprecatedMessage",
                "x-deprecated-message",
                "x-deprecation-message",
                "x-deprecated-reason",
                "x-deprecation.message",
            ]),
        }
    }
}

/// What is said of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// An operation as `METHOD path`, a JSON Pointer, or `*` for the whole API.
    pub subject: String,
    /// Operations it concerns; empty means all.
    pub operations: Vec<String>,
    /// When it ends, as written: the key's place and its value.
    pub sunset: Option<(String, String)>,
    /// Since when it is deprecated, as written.
    pub deprecation: Option<(String, String)>,
    /// That it is deprecated: the key's place and its value.
    pub deprecated: Option<(String, String)>,
    /// Why, or what to use instead.
    pub message: String,
}

/// Everything a description says about its own end. Flags without a date count where they stand on an operation: of a
/// single property they are a difference between two descriptions, and told as such.
pub fn stated(document: &Document, keys: &DateKeys) -> Vec<Stated> {
    let mut found = Finder { keys, found: Vec::new(), root: &document.root, reach: None };
    let root = &document.root;
    for (place, value) in [("", Some(root)), ("/info", root.get("info"))] {
        found.look(value, place, "*", Vec::new, false);
    }
    for (section, prefix) in [("paths", "/paths"), ("webhooks", "/webhooks")] {
        for (path, item) in root.get(section).and_then(Value::as_object).into_iter().flatten() {
            found.item(path, item, &format!("{prefix}/{}", escape(path)));
        }
    }
    for (place, section) in [("/components", root.get("components")), ("/definitions", root.get("definitions"))] {
        found.walk(section, place, None);
    }
    found.found
}

struct Finder<'d> {
    keys: &'d DateKeys,
    found: Vec<Stated>,
    root: &'d Value,
    /// Which operations lead to a component; made when the first one has a date.
    reach: Option<HashMap<String, BTreeSet<String>>>,
}

impl<'d> Finder<'d> {
    fn item(&mut self, path: &str, item: &'d Value, place: &str) {
        let Some(members) = item.as_object() else { return };
        let labels = |members: &Map| -> Vec<String> {
            let methods = METHODS.iter().filter(|method| members.contains_key(method));
            methods.map(|method| format!("{} {path}", method.to_ascii_uppercase())).collect()
        };
        self.look(Some(item), place, place, || labels(members), false);
        for (name, value) in members {
            let here = format!("{place}/{name}");
            if METHODS.contains(&name.as_str()) {
                let label = format!("{} {path}", name.to_ascii_uppercase());
                self.look(Some(value), &here, &label, || vec![label.clone()], true);
                self.walk_members(value, &here, Some(std::slice::from_ref(&label)));
            } else {
                self.walk(Some(value), &here, Some(&labels(members)));
            }
        }
    }

    /// Everything below and with a value. Depth is bounded by reading.
    fn walk(&mut self, value: Option<&'d Value>, place: &str, operations: Option<&[String]>) {
        let Some(value) = value else { return };
        if value.is_object() {
            let unit = || match operations {
                Some(operations) => operations.to_vec(),
                None => Vec::new(),
            };
            let known = self.found.len();
            self.look(Some(value), place, place, unit, false);
            if operations.is_none() && self.found.len() > known {
                let reaching = self.reaching(place);
                if let Some(last) = self.found.last_mut() {
                    last.operations = reaching;
                }
            }
        }
        self.walk_members(value, place, operations);
    }

    fn walk_members(&mut self, value: &'d Value, place: &str, operations: Option<&[String]>) {
        match value {
            Value::Object(map) => {
                for (name, inner) in map.iter().filter(|(_, inner)| inner.is_object() || inner.is_array()) {
                    // Samples are not about this API.
                    if !matches!(name.as_str(), "example" | "examples" | "default" | "enum") {
                        self.walk(Some(inner), &format!("{place}/{}", escape(name)), operations);
                    }
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter().enumerate().filter(|(_, inner)| inner.is_object() || inner.is_array()) {
                    self.walk(Some(inner), &format!("{place}/{index}"), operations);
                }
            }
            _ => {}
        }
    }

    /// Takes down what one object says.
    fn look(
        &mut self,
        value: Option<&'d Value>,
        place: &str,
        subject: &str,
        operations: impl FnOnce() -> Vec<String>,
        with_flags: bool,
    ) {
        let Some(Value::Object(members)) = value else { return };
        let worth = |name: &str| name.starts_with("x-") || name == "lifecycle" || (with_flags && name == "deprecated");
        if self.found.len() >= MOST || !members.keys().any(|name| worth(name)) && !self.keys_beyond(members) {
            return;
        }
        let first = |keys: &[String]| keys.iter().find_map(|key| at(members, key).map(|text| (pointer(place, key), text)));
        let (sunset, deprecation) = (first(&self.keys.sunset), first(&self.keys.deprecation));
        let deprecated = if with_flags { first(&self.keys.deprecated) } else { None };
        if sunset.is_none() && deprecation.is_none() && deprecated.is_none() {
            return;
        }
        let message = first(&self.keys.message).map(|(_, text)| text).unwrap_or_default();
        let (subject, operations) = (subject.to_owned(), operations());
        self.found.push(Stated { subject, operations, sunset, deprecation, deprecated, message });
    }

    /// Whether a key that somebody configured stands here, though it does not look like an extension.
    fn keys_beyond(&self, members: &Map) -> bool {
        let lists = [&self.keys.sunset, &self.keys.deprecation];
        let keys = lists.into_iter().flatten().filter(|key| !key.starts_with("x-"));
        keys.into_iter().any(|key| at(members, key).is_some())
    }

    /// Operations that refer to the component a place stands in, directly or by way of others.
    fn reaching(&mut self, place: &str) -> Vec<String> {
        let root = self.root;
        let reach = self.reach.get_or_insert_with(|| reach(root));
        let Some(unit) = unit_name(place) else { return Vec::new() };
        reach.get(&unit).into_iter().flatten().cloned().collect()
    }
}

/// What stands at a key, as text; a key with a value asks for that value.
fn at(members: &Map, key: &str) -> Option<String> {
    let (path, wanted) = match key.split_once('=') {
        Some((path, wanted)) => (path, Some(wanted)),
        None => (key, None),
    };
    let mut tokens = path.split('.');
    let first = members.get(tokens.next()?)?;
    let value = tokens.try_fold(first, |value, token| value.get(token))?;
    let text = match value {
        Value::String(text) => text.to_string(),
        Value::Null => return None,
        other => other.to_string(),
    };
    if wanted.is_some_and(|wanted| wanted != text) {
        return None;
    }
    Some(text.chars().take(QUOTED).collect())
}

fn pointer(place: &str, key: &str) -> String {
    let path = key.split('=').next().unwrap_or(key);
    path.split('.').fold(place.to_owned(), |place, token| format!("{place}/{}", escape(token)))
}

/// `/components/schemas/Door` of a place in it.
fn unit_name(place: &str) -> Option<String> {
    let (section, name, third) = unit_of(place)?;
    Some(match third {
        Some(third) => format!("{section}/{name}/{third}"),
        None => format!("{section}/{name}"),
    })
}

/// The operations that lead to each component.
fn reach(root: &Value) -> HashMap<String, BTreeSet<String>> {
    let mut targets: HashMap<String, BTreeSet<String>> = HashMap::new();
    let sections = root.get("components").and_then(Value::as_object).into_iter().flatten();
    let components = sections.flat_map(|(section, members)| {
        let members = members.as_object().into_iter().flatten();
        members.map(move |(name, value)| (format!("components/{section}/{name}"), value))
    });
    let definitions = root.get("definitions").and_then(Value::as_object).into_iter().flatten();
    for (unit, value) in components.chain(definitions.map(|(name, value)| (format!("definitions/{name}"), value))) {
        references(value, targets.entry(unit).or_default());
    }
    let mut reach: HashMap<String, BTreeSet<String>> = HashMap::new();
    for (path, item) in ["paths", "webhooks"].iter().filter_map(|name| root.get(name)?.as_object()).flatten() {
        let mut shared = BTreeSet::new();
        item.get("parameters").into_iter().chain(item.get("$ref").map(|_| item)).for_each(|part| references(part, &mut shared));
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let label = format!("{} {path}", method.to_ascii_uppercase());
            let mut pending: Vec<String> = shared.iter().cloned().collect();
            let mut own = BTreeSet::new();
            references(operation, &mut own);
            pending.extend(own);
            let mut seen = BTreeSet::new();
            while let Some(unit) = pending.pop() {
                if seen.insert(unit.clone()) {
                    pending.extend(targets.get(&unit).into_iter().flatten().cloned());
                    reach.entry(unit).or_default().insert(label.clone());
                }
            }
        }
    }
    reach
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

#[cfg(test)]
mod tests {
    use super::super::{Limits, read};
    use super::*;

    fn found(text: &str, keys: &DateKeys) -> Vec<String> {
        let document = read(text.as_bytes(), &Limits::default()).expect("a description");
        let short = |part: &Option<(String, String)>| part.as_ref().map(|(place, text)| format!("{place}={text}"));
        let lines = stated(&document, keys).into_iter().map(|stated| {
            let parts = [short(&stated.sunset), short(&stated.deprecation), short(&stated.deprecated)];
            let said: Vec<String> = parts.into_iter().map(|part| part.unwrap_or("-".to_owned())).collect();
            format!("{} [{}] {} {}", stated.subject, stated.operations.join(", "), said.join(" "), stated.message)
        });
        lines.map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn dates_are_found_wherever_providers_put_them() {
        let text = r"
openapi: 3.0.3
info: {title: T, version: '1', x-sunset: '2030-01-01'}
paths:
  /a:
    get: {deprecated: true, x-sunset: '2027-01-31', responses: {}}
    put: {x-deprecatedInVersion: '68', x-deprecatedMessage: Use /b., responses: {}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Outer'}}}}
      responses: {}
  /b:
    x-okta-lifecycle: {lifecycle: GA}
    get:
      x-okta-lifecycle: {lifecycle: DEPRECATED}
      parameters: [{name: q, in: query, deprecated: true, x-sunset: 2027-02-01, schema: {type: string, example: {x-sunset: '1999-01-01'}}}]
      responses: {}
components:
  schemas:
    Outer: {properties: {inner: {$ref: '#/components/schemas/Inner'}}}
    Inner:
      properties:
        old: {type: string, deprecated: true, x-deprecated-at: '2026-01-01'}
        flagged: {type: string, deprecated: true}
";
        assert_eq!(
            found(text, &DateKeys::default()),
            [
                "* [] /info/x-sunset=2030-01-01 - -",
                "GET /a [GET /a] /paths/~1a/get/x-sunset=2027-01-31 - /paths/~1a/get/deprecated=true",
                "PUT /a [PUT /a] - - /paths/~1a/put/x-deprecatedInVersion=68 Use /b.",
                "GET /b [GET /b] - - /paths/~1b/get/x-okta-lifecycle/lifecycle=DEPRECATED",
                "/paths/~1b/get/parameters/0 [GET /b] /paths/~1b/get/parameters/0/x-sunset=2027-02-01 - -",
                "/components/schemas/Inner/properties/old [POST /a] - /components/schemas/Inner/properties/old/x-deprecated-at=2026-01-01 -",
            ]
        );
    }

    #[test]
    fn a_configuration_adds_its_own_keys() {
        let text = "openapi: 3.0.3\npaths: {/a: {get: {end: {on: '2027-01-31'}, state: retired, responses: {}}}}\n";
        assert_eq!(found(text, &DateKeys::default()), [""; 0]);
        let mut keys = DateKeys::default();
        keys.sunset.push("end.on".to_owned());
        keys.deprecated.push("state=retired".to_owned());
        assert_eq!(found(text, &keys), ["GET /a [GET /a] /paths/~1a/get/end/on=2027-01-31 - /paths/~1a/get/state=retired"]);
    }
}
