//! What callers can reach in a document, and which references lead nowhere.
//!
//! A document can be well-formed and gutted: a generator that lost its input, a file of several that did not come, a
//! merge that dropped `components`. What callers reach is counted from `paths` and `webhooks` down, each thing once,
//! and every reference on the way is asked whether anything stands where it leads.
//!
//! Examples, defaults, enums and extensions are data: what looks like a reference in them is none.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::bundle::{ROOT, SECTION, file_of, shown_pointer, target_of};
use super::document::Document;
use super::methods::{METHODS, is_method, operation_field};
use super::names::Names;
use super::pointer::{PointerId, Pointers, escape, resolve};
use super::subschema::{SubschemaKeyword, SubschemaShape};
use super::subtypes::subtypes;
use super::value::{Map, Value};

/// References that lead to nothing but the next, before it counts as a circle.
const MAX_HOPS: usize = 32;

/// Bytes of text that the list of what dangles may come to: on a hostile document that is references times the length
/// of a path.
const MOST_TEXT: usize = 16 * 1024 * 1024;

/// What callers can reach in a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reachable {
    /// Operations of paths and webhooks.
    pub operations: usize,
    /// Schemas that operations reach, each once.
    pub schemas: usize,
    /// References on the way, each once.
    pub references: usize,
    /// Every reference that leads nowhere: where it stands, as a JSON Pointer (`schemas/door.yaml#/Door` in another file),
    /// and what it names.
    pub dangling: BTreeMap<String, String>,
    /// References that lead nowhere and are not listed, since the list would take too much room.
    pub unlisted: usize,
}

/// Counts what callers can reach, in time proportional to the document.
pub fn reach(document: &Document) -> Reachable {
    let survey = Survey::of(document);
    let dangling = survey.dangling.iter().map(|found| (shown_pointer(&found.site), found.shown())).collect();
    Reachable {
        operations: survey.operations,
        schemas: survey.schemas,
        references: survey.references,
        dangling,
        unlisted: survey.unlisted,
    }
}

/// Whether anything stands where a reference leads: a local reference, a pointer, `schemas/door.yaml#/Door` in another
/// file of the set, or the name of an anchor. A reference to `null` leads nowhere.
pub fn leads_somewhere(document: &Document, target: &str) -> bool {
    is_there(&mut Names::default(), &document.root, target)
}

/// References of `after` that lead nowhere and did not before, by where they stand: what they name was there before, or
/// the place was there and had a meaning.
pub fn newly_dangling(before: &Document, after: &Document) -> Vec<(String, String)> {
    let now = Survey::of(after);
    if now.dangling.is_empty() {
        return Vec::new();
    }
    let then = Survey::of(before);
    // A list that is put in another order moves what dangled to other places: only more of them than before are new.
    let mut known: HashMap<&str, usize> = HashMap::new();
    for found in &then.dangling {
        *known.entry(&found.target).or_default() += 1;
    }
    let mut count: HashMap<&str, usize> = HashMap::new();
    for found in &now.dangling {
        *count.entry(&found.target).or_default() += 1;
    }
    let sites: HashSet<&str> = then.dangling.iter().map(|found| found.site.as_str()).collect();
    let mut names = Names::default();
    let mut found: Vec<(String, String)> = now
        .dangling
        .iter()
        .filter(|found| {
            let grew = count.get(found.target.as_str()) > known.get(found.target.as_str());
            let had_meaning = || {
                !sites.contains(found.site.as_str()) && resolve(&before.root, &found.site).is_some_and(|value| !value.is_null())
            };
            is_there(&mut names, &before.root, &found.target) || (grew && had_meaning())
        })
        .map(|found| (shown_pointer(&found.site), found.shown()))
        .collect();
    found.sort_unstable();
    found
}

/// A reference that leads nowhere.
struct Dangling {
    /// Pointer of the object that holds it, in the joined document.
    site: String,
    /// What it names: a pointer in the joined document, or the reference as it stands where it is none.
    target: String,
}

impl Dangling {
    fn shown(&self) -> String {
        shown_pointer(&self.target)
    }
}

/// Whether anything stands where a reference leads; the names of a document are collected once.
fn is_there<'d>(names: &mut Names<'d>, root: &'d Value, target: &str) -> bool {
    let is_pointer = target.is_empty() || target.starts_with('/') || target == "#" || target.starts_with("#/");
    let found = if is_pointer {
        resolve(root, target)
    } else {
        // `schemas/door.yaml#/Door`, as pointers into other files are shown.
        names.get(root, target, &mut Pointers::default()).map(|(value, _)| value).or_else(|| {
            let (key, inner) = target.split_once('#').unwrap_or((target, ""));
            resolve(root.get(SECTION)?.get(key)?, inner)
        })
    };
    found.is_some_and(|value| !value.is_null())
}

/// What stands at a place of a description, as far as references and schemas can stand beneath it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ObjectKind {
    Item,
    Operation,
    Parameter,
    Body,
    Response,
    Media,
    Encoding,
    Link,
    Callback,
    Schema,
    /// Things of one kind in a list.
    List(&'static ObjectKind),
    /// Things of one kind by names that somebody chose.
    Named(&'static ObjectKind),
    /// The same, where names that begin with `x-` are extensions.
    Extensible(&'static ObjectKind),
}

impl ObjectKind {
    /// What stands at a member, if anything there can be reached.
    fn member(self, name: &str) -> Option<Self> {
        Some(match (self, name) {
            (Self::Item | Self::Operation, "parameters") => Self::List(&Self::Parameter),
            (Self::Item, "additionalOperations") => Self::Named(&Self::Operation),
            (Self::Item, field) if is_method(field) => Self::Operation,
            (Self::Operation, "requestBody") => Self::Body,
            (Self::Operation, "responses") => Self::Extensible(&Self::Response),
            (Self::Operation, "callbacks") => Self::Extensible(&Self::Callback),
            (Self::Parameter | Self::Body | Self::Response, "content") => Self::Named(&Self::Media),
            (Self::Response | Self::Encoding, "headers") => Self::Named(&Self::Parameter),
            (Self::Response, "links") => Self::Named(&Self::Link),
            (Self::Parameter | Self::Response, "schema") => Self::Schema,
            // In Swagger 2.0 a parameter outside the body is a schema of its own.
            (Self::Parameter, "items") => Self::Schema,
            (Self::Media, "schema" | "itemSchema") => Self::Schema,
            (Self::Media | Self::Encoding, "encoding") => Self::Named(&Self::Encoding),
            (Self::Media | Self::Encoding, "prefixEncoding") => Self::List(&Self::Encoding),
            (Self::Media | Self::Encoding, "itemEncoding") => Self::Encoding,
            (Self::Schema, name) => match SubschemaKeyword::named(name)?.shape() {
                SubschemaShape::One => Self::Schema,
                SubschemaShape::List | SubschemaShape::OneOrList => Self::List(&Self::Schema),
                SubschemaShape::Named | SubschemaShape::NamedOrNames => Self::Named(&Self::Schema),
                SubschemaShape::Apart => return None,
            },
            _ => return None,
        })
    }
}

/// The walk over everything that can be reached: each thing is entered once.
struct Survey<'d> {
    root: &'d Value,
    json_schema: bool,
    pointers: Pointers<'d>,
    names: Names<'d>,
    seen: HashSet<(*const Value, ObjectKind)>,
    pending: Vec<(&'d Value, PointerId, ObjectKind)>,
    targets: HashMap<&'d str, Option<(&'d Value, PointerId)>>,
    /// Components that inherit from a base, by the base.
    subtypes: BTreeMap<String, Vec<&'d str>>,
    /// Names of the components that are such bases, by their value.
    bases: HashMap<*const Value, &'d str>,
    operations: usize,
    schemas: usize,
    references: usize,
    dangling: Vec<Dangling>,
    text: usize,
    unlisted: usize,
}

impl<'d> Survey<'d> {
    fn of(document: &'d Document) -> Self {
        let root = &document.root;
        let mut survey = Self {
            root,
            json_schema: document.dialect.is_json_schema(),
            pointers: Pointers::default(),
            names: Names::default(),
            seen: HashSet::new(),
            pending: Vec::new(),
            targets: HashMap::new(),
            subtypes: subtypes(root),
            bases: HashMap::new(),
            operations: 0,
            schemas: 0,
            references: 0,
            dangling: Vec::new(),
            text: 0,
            unlisted: 0,
        };
        for (name, value) in survey.components().into_iter().flatten() {
            if survey.subtypes.contains_key(name.as_str()) {
                survey.bases.insert(std::ptr::from_ref(value), name);
            }
        }
        for section in ["paths", "webhooks", "x-webhooks"] {
            let Some(items) = root.get(section) else { continue };
            let at = survey.pointers.child(Pointers::ROOT, section);
            survey.callable(items);
            survey.pending.push((items, at, ObjectKind::Extensible(&ObjectKind::Item)));
        }
        while let Some((value, at, kind)) = survey.pending.pop() {
            if survey.seen.insert((std::ptr::from_ref(value), kind)) {
                survey.enter(value, at, kind);
            }
        }
        survey
    }

    /// Where the schemas of the document have names.
    fn components(&self) -> Option<&'d Map> {
        let section = self.root.get("components").and_then(|components| components.get("schemas"));
        section.or_else(|| self.root.get("definitions"))?.as_object()
    }

    /// Counts the operations of a map of path items: also of those that share one item.
    fn callable(&mut self, items: &'d Value) {
        let Some(items) = self.last(items) else { return };
        for (_, item) in items.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with("x-")) {
            let Some(Value::Object(item)) = self.last(item) else { continue };
            let others = item.get("additionalOperations").and_then(Value::as_object);
            let own = METHODS.iter().filter_map(|method| operation_field(item, method)).map(|(_, value)| value);
            let operations: Vec<&Value> = own.chain(others.into_iter().flat_map(Map::values)).collect();
            for operation in operations {
                let is_there = self.last(operation).is_some_and(Value::is_object);
                self.operations += usize::from(is_there);
            }
        }
    }

    /// What a chain of references ends in.
    fn last(&mut self, mut value: &'d Value) -> Option<&'d Value> {
        for _ in 0..MAX_HOPS {
            let Some(reference) = reference_of(value) else { return Some(value) };
            value = self.target(reference)?.0;
        }
        None
    }

    fn enter(&mut self, value: &'d Value, at: PointerId, kind: ObjectKind) {
        if let Some(reference) = reference_of(value) {
            self.references += 1;
            match self.target(reference) {
                Some((target, place)) if !self.is_circle(value) => self.pending.push((target, place, kind)),
                _ => self.dangles(reference, at),
            }
            // Beside a reference nothing counts, but in a schema from 3.1.
            if kind != ObjectKind::Schema || !self.json_schema {
                return;
            }
        }
        match (kind, value) {
            (ObjectKind::List(inner), Value::Array(list)) => {
                for (index, value) in list.iter().enumerate().filter(|(_, value)| value.is_object()) {
                    let here = self.pointers.child(at, index.to_string());
                    self.pending.push((value, here, *inner));
                }
            }
            // `items` holds one schema or a list.
            (ObjectKind::List(ObjectKind::Schema), Value::Object(_)) => self.pending.push((value, at, ObjectKind::Schema)),
            (ObjectKind::Named(inner) | ObjectKind::Extensible(inner), Value::Object(map)) => self.members(map, at, &|name| {
                let is_extension = matches!(kind, ObjectKind::Extensible(_)) && name.starts_with("x-");
                (!is_extension).then_some(*inner)
            }),
            // Each expression has a path item.
            (ObjectKind::Callback, Value::Object(map)) => {
                self.members(map, at, &|name| (!name.starts_with("x-")).then_some(ObjectKind::Item));
            }
            (_, Value::Object(map)) => {
                if kind == ObjectKind::Schema {
                    self.schemas += usize::from(reference_of(value).is_none() || map.len() > 1);
                    self.push_subtypes(value);
                }
                self.members(map, at, &|name| kind.member(name));
            }
            _ => {}
        }
    }

    fn members(&mut self, map: &'d Map, at: PointerId, kind: &dyn Fn(&str) -> Option<ObjectKind>) {
        for (name, value) in map {
            if let Some(inner) = kind(name).filter(|_| value.is_object() || value.is_array()) {
                let here = self.pointers.child(at, name.as_str());
                self.pending.push((value, here, inner));
            }
        }
    }

    /// A base with a `discriminator` stands for every component that folds it in.
    fn push_subtypes(&mut self, value: &'d Value) {
        let Some(base) = self.bases.get(&std::ptr::from_ref(value)) else { return };
        let home: &[&str] = if self.root.get("definitions").is_some() { &["definitions"] } else { &["components", "schemas"] };
        let subtypes = self.subtypes.get(*base).cloned().unwrap_or_default();
        let found: Vec<(&'d str, &'d Value)> =
            subtypes.into_iter().filter_map(|name| Some((name, self.components()?.get(name)?))).collect();
        for (name, subtype) in found {
            let here = self.pointers.below(Pointers::ROOT, home);
            let here = self.pointers.child(here, name);
            self.pending.push((subtype, here, ObjectKind::Schema));
        }
    }

    /// What a reference leads to and where that stands.
    fn target(&mut self, reference: &'d str) -> Option<(&'d Value, PointerId)> {
        if let Some(known) = self.targets.get(reference) {
            return *known;
        }
        let found = if reference == "#" || reference.starts_with("#/") {
            resolve(self.root, reference).map(|value| (value, self.pointers.of_reference(reference)))
        } else {
            self.names.get(self.root, reference, &mut self.pointers)
        };
        let found = found.filter(|(value, _)| !value.is_null());
        self.targets.insert(reference, found);
        found
    }

    /// Whether a reference leads to references only, round and round.
    fn is_circle(&mut self, mut value: &'d Value) -> bool {
        for _ in 0..MAX_HOPS {
            let is_bare = value.as_object().is_some_and(|map| map.len() == 1);
            let Some(reference) = reference_of(value).filter(|_| is_bare) else { return false };
            // The last of a chain is told of where it stands.
            let Some((target, _)) = self.target(reference) else { return false };
            value = target;
        }
        true
    }

    fn dangles(&mut self, reference: &'d str, at: PointerId) {
        if self.text > MOST_TEXT {
            self.unlisted += 1;
            return;
        }
        let site = self.pointers.text(at);
        let target = self.named(reference, &site);
        self.text += site.len() + target.len();
        self.dangling.push(Dangling { site, target });
    }

    /// What a reference names, spelt in one way: a pointer in the joined document wherever it can be one.
    fn named(&mut self, reference: &'d str, site: &str) -> String {
        if reference == "#" || reference.starts_with("#/") {
            let place = self.pointers.of_reference(reference);
            return self.pointers.text(place);
        }
        if reference.starts_with('#') {
            return reference.to_owned();
        }
        // A file that is not at hand, seen from the file that names it.
        match target_of(&file_of(site).0, reference) {
            Some((key, inner)) if key == ROOT => inner,
            Some((key, inner)) => format!("/{SECTION}/{}{inner}", escape(&key)),
            None => reference.to_owned(),
        }
    }
}

/// The reference that an object is, or holds.
fn reference_of(value: &Value) -> Option<&str> {
    value.as_object()?.get("$ref")?.as_str()
}

#[cfg(test)]
mod tests;
