//! What a description says about its own end: `deprecated`, and the keys by which providers tell of dates.
//!
//! The standard has a flag and no date (OpenAPI 3.1 section 4.8.10), and hardly anybody uses `x-sunset`: the keys are a
//! list, with those that were met in the wild, and a configuration can add its own. Dates are handed out as written;
//! reading them is another matter.

use std::collections::BTreeSet;

use super::document::Document;
use super::methods::{METHODS, is_method, operation_field};
use super::pointer::{escape, resolve};
use super::referrers::{Referrer, Referrers, unit_name};
use super::value::{Map, Value};

/// Longest text that is quoted, characters.
const QUOTED: usize = 300;

/// Things said about dates that one description is read for; a hostile one must not fill the ledger.
const MOST: usize = 2_000;

/// Longest name of what something is said of, bytes; what is longer is not recorded.
const LONGEST: usize = 600;

/// Operations named by all statements together, and steps of looking for them.
const MOST_LABELS: usize = 100_000;
const MOST_STEPS: usize = 2_000_000;

/// Keys that tell of dates. Dots lead into objects; `key=VALUE` asks for one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleKeys {
    /// When something ends.
    pub sunset: Vec<String>,
    /// Since when it is deprecated.
    pub deprecation: Vec<String>,
    /// That it is deprecated.
    pub deprecated: Vec<String>,
    /// Why, or what to use instead.
    pub message: Vec<String>,
}

impl Default for LifecycleKeys {
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
pub struct StatedDates {
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
pub fn stated(document: &Document, keys: &LifecycleKeys) -> Vec<StatedDates> {
    let root = &document.root;
    let mut found = Finder { keys, found: Vec::new(), root, referrers: None, labels: MOST_LABELS, steps: MOST_STEPS };
    for (place, value) in [("", Some(root)), ("/info", root.get("info"))] {
        found.read_keys(value, place, "*", Vec::new, false);
    }
    for (section, prefix, kind) in [("paths", "/paths", ""), ("webhooks", "/webhooks", "webhook ")] {
        for (path, item) in root.get(section).and_then(Value::as_object).into_iter().flatten() {
            found.item(PathLabel { kind, path }, item, &format!("{prefix}/{}", escape(path)));
        }
    }
    for (place, section) in [("/components", root.get("components")), ("/definitions", root.get("definitions"))] {
        found.walk(section, place, None);
    }
    found.found
}

/// What the operations of one path item are called.
#[derive(Clone, Copy)]
struct PathLabel<'a> {
    /// Stands before the method: `webhook `, or nothing.
    kind: &'a str,
    path: &'a str,
}

impl PathLabel<'_> {
    /// The operation of a method: `GET /doors`.
    fn of(self, method: &str) -> String {
        format!("{}{} {}", self.kind, method.to_ascii_uppercase(), self.path)
    }
}

struct Finder<'d> {
    keys: &'d LifecycleKeys,
    found: Vec<StatedDates>,
    root: &'d Value,
    /// Who refers to whom; made when the first component has a date.
    referrers: Option<Referrers>,
    labels: usize,
    steps: usize,
}

impl<'d> Finder<'d> {
    fn item(&mut self, label: PathLabel<'_>, item: &'d Value, place: &str) {
        // A path item may be kept elsewhere (OpenAPI 3.1 section 4.8.9).
        let elsewhere = item.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(self.root, reference));
        let Some(members) = elsewhere.unwrap_or(item).as_object() else { return };
        let labels = |members: &Map| -> Vec<String> {
            let methods = METHODS.iter().filter(|method| operation_field(members, method).is_some());
            methods.map(|method| label.of(method)).collect()
        };
        self.read_keys(elsewhere.or(Some(item)), place, place, || labels(members), false);
        for (name, value) in members {
            let here = format!("{place}/{name}");
            if is_method(name) {
                let operation = label.of(name);
                self.read_keys(Some(value), &here, &operation, || vec![operation.clone()], true);
                self.walk_members(value, &here, Some(std::slice::from_ref(&operation)));
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
            self.read_keys(Some(value), place, place, unit, false);
            if operations.is_none() && self.found.len() > known {
                let reaching = self.reaching(place);
                match self.found.last_mut() {
                    // What no operation leads to concerns nobody.
                    _ if reaching.is_empty() => self.found.truncate(known),
                    Some(last) => last.operations = reaching,
                    None => {}
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

    /// Records what one object says.
    fn read_keys(
        &mut self,
        value: Option<&'d Value>,
        place: &str,
        subject: &str,
        operations: impl FnOnce() -> Vec<String>,
        with_flags: bool,
    ) {
        let Some(Value::Object(members)) = value else { return };
        let worth = |name: &str| name.starts_with("x-") || name == "lifecycle" || (with_flags && name == "deprecated");
        let is_long = place.len() > LONGEST || subject.len() > LONGEST;
        if is_long || self.found.len() >= MOST || !members.keys().any(|name| worth(name)) && !self.keys_beyond(members) {
            return;
        }
        let first = |keys: &[String]| keys.iter().find_map(|key| at(members, key).map(|text| (pointer(place, key), text)));
        // Of several keys the one that holds something like a date; objects are led into by dots.
        let dated = |keys: &[String]| {
            let texts = || keys.iter().filter_map(|key| Some((pointer(place, key), scalar_at(members, key)?)));
            let looks_dated = |(_, text): &(String, String)| text.bytes().filter(u8::is_ascii_digit).count() >= 6;
            texts().find(looks_dated).or_else(|| texts().next())
        };
        let (sunset, deprecation) = (dated(&self.keys.sunset), dated(&self.keys.deprecation));
        let deprecated = if with_flags { first(&self.keys.deprecated) } else { None };
        if sunset.is_none() && deprecation.is_none() && deprecated.is_none() {
            return;
        }
        let message = first(&self.keys.message).map(|(_, text)| text).unwrap_or_default();
        let (subject, operations) = (subject.to_owned(), operations());
        let Some(left) = self.labels.checked_sub(operations.len()) else { return };
        self.labels = left;
        self.found.push(StatedDates { subject, operations, sunset, deprecation, deprecated, message });
    }

    /// Whether a key that somebody configured stands here, though it does not look like an extension.
    fn keys_beyond(&self, members: &Map) -> bool {
        let lists = [&self.keys.sunset, &self.keys.deprecation];
        let keys = lists.into_iter().flatten().filter(|key| !key.starts_with("x-"));
        keys.into_iter().any(|key| at(members, key).is_some())
    }

    /// Operations that refer to the component a place stands in, directly or by way of others; none where there are
    /// too many to tell.
    fn reaching(&mut self, place: &str) -> Vec<String> {
        let Some(unit) = unit_name(place) else { return Vec::new() };
        let root = self.root;
        let graph = self.referrers.get_or_insert_with(|| Referrers::new(root));
        let mut operations: BTreeSet<usize> = BTreeSet::new();
        let (mut seen, mut pending) = (BTreeSet::from([unit.clone()]), vec![unit]);
        while let Some(unit) = pending.pop() {
            for referrer in graph.of(&unit) {
                match self.steps.checked_sub(1) {
                    Some(left) => self.steps = left,
                    None => return Vec::new(),
                }
                match referrer {
                    Referrer::Operation(number) => _ = operations.insert(*number),
                    Referrer::Unit(name) if !seen.contains(name) => {
                        seen.insert(name.clone());
                        pending.push(name.clone());
                    }
                    Referrer::Unit(_) => {}
                }
            }
        }
        match self.labels.checked_sub(operations.len()) {
            Some(left) => self.labels = left,
            None => return Vec::new(),
        }
        operations.into_iter().filter_map(|number| graph.label(number)).collect()
    }
}

/// What stands at a key where that is neither an object nor a list.
fn scalar_at(members: &Map, key: &str) -> Option<String> {
    at(members, key).filter(|text| !text.starts_with(['{', '[']))
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

#[cfg(test)]
mod tests {
    use super::super::{Limits, read};
    use super::*;

    const NOTHING: [&str; 0] = [];

    fn found(text: &str, keys: &LifecycleKeys) -> Vec<String> {
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
            found(text, &LifecycleKeys::default()),
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
    fn path_items_kept_elsewhere_webhooks_and_what_nobody_reaches() {
        let text = r"
openapi: 3.1.0
info: {title: T, version: '1', x-sunset: {date: '2030-01-01'}}
paths:
  /a: {$ref: '#/components/pathItems/A'}
webhooks:
  gone: {post: {deprecated: true, responses: {}}}
components:
  pathItems:
    A: {get: {x-sunset: soon, x-removal-date: '2027-01-31', responses: {}}}
  schemas:
    Alone: {x-sunset: '2027-01-31'}
";
        assert_eq!(
            found(text, &LifecycleKeys::default()),
            [
                "* [] /info/x-sunset/date=2030-01-01 - -",
                "GET /a [GET /a] /paths/~1a/get/x-removal-date=2027-01-31 - -",
                "webhook POST gone [webhook POST gone] - - /webhooks/gone/post/deprecated=true",
            ]
        );
    }

    #[test]
    fn a_hostile_description_says_only_so_much() {
        let mut text = String::from("{\"openapi\":\"3.1.0\",\"paths\":{");
        for index in 0..2_000 {
            let comma = if index == 0 { "" } else { "," };
            text.push_str(&format!(
                "{comma}\"/p{index}\":{{\"get\":{{\"responses\":{{\"200\":{{\"$ref\":\"#/components/schemas/S0\"}}}}}}}}"
            ));
        }
        text.push_str("},\"components\":{\"schemas\":{");
        for index in 0..2_000 {
            let comma = if index == 0 { "" } else { "," };
            let next = index + 1;
            text.push_str(&format!(
                "{comma}\"S{index}\":{{\"x-sunset\":\"2027-01-31\",\"$ref\":\"#/components/schemas/S{next}\"}}"
            ));
        }
        text.push_str("}}}");
        let document = read(text.as_bytes(), &Limits::default()).expect("a description");
        let said = stated(&document, &LifecycleKeys::default());
        let labels: usize = said.iter().map(|said| said.operations.len()).sum();
        assert!(!said.is_empty() && said.len() <= MOST && labels <= MOST_LABELS, "{} {labels}", said.len());
        let long = format!(
            "{{\"openapi\":\"3.1.0\",\"paths\":{{\"/{}\":{{\"get\":{{\"x-sunset\":\"2027-01-31\"}}}}}}}}",
            "a".repeat(5_000)
        );
        let document = read(long.as_bytes(), &Limits::default()).expect("a description");
        assert_eq!(stated(&document, &LifecycleKeys::default()), []);
    }

    #[test]
    fn a_configuration_adds_its_own_keys() {
        let text = "openapi: 3.0.3\npaths: {/a: {get: {end: {on: '2027-01-31'}, state: retired, responses: {}}}}\n";
        assert_eq!(found(text, &LifecycleKeys::default()), NOTHING);
        let mut keys = LifecycleKeys::default();
        keys.sunset.push("end.on".to_owned());
        keys.deprecated.push("state=retired".to_owned());
        assert_eq!(found(text, &keys), ["GET /a [GET /a] /paths/~1a/get/end/on=2027-01-31 - /paths/~1a/get/state=retired"]);
    }
}
