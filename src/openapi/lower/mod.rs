//! A document into its [`Contract`]: what every dialect shares.
//!
//! `operation` reads OpenAPI 3.x, `swagger2` the older shape, `schema` the schemas of all. References
//! are memoised by their text and their targets lowered from a queue, so `$ref` cycles end by themselves
//! and recursion follows only inline nesting, which reading has bounded.

mod heirs;
mod operation;
mod schema;
mod security;
mod swagger2;

pub use heirs::heirs;
pub(super) use operation::METHODS;
pub use schema::declared_types;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

use super::contract::{Contract, Operation, SecurityScheme, Server, Surface};
use super::names::Names;
use super::schema::{Schema, SchemaId, TypeSet};
use super::{Dialect, Document, Map, Oddity, PointerId, Pointers, Value, resolve};

/// How many references may lead to the next before it counts as a circle.
const MAX_HOPS: usize = 32;

/// Schemas and operations a document may come to once its references are followed; the largest real one
/// comes to about 150,000.
const MAX_NODES: usize = 1_500_000;

/// Bytes that the places of what is odd may come to: each repeats the names above it, and names may be long.
const MOST_TEXT: usize = 32 * 1024 * 1024;

static NULL: Value = Value::Null;

/// Gives a document its meaning. Never fails: what cannot be read becomes an [`Oddity`].
pub fn lower(document: &Document) -> Contract<'_> {
    let mut lowering = Lowering::new(document);
    let (operations, servers) = match document.dialect {
        Dialect::Swagger20 => swagger2::document(&mut lowering),
        _ => operation::document(&mut lowering),
    };
    lowering.finish(operations, servers)
}

struct Lowering<'d> {
    root: &'d Value,
    dialect: Dialect,
    schemas: Vec<Schema<'d>>,
    schemes: Vec<SecurityScheme<'d>>,
    pointers: Pointers<'d>,
    by_reference: HashMap<&'d str, SchemaId>,
    names: Names<'d>,
    queue: VecDeque<(SchemaId, &'d Value, PointerId)>,
    oddities: Vec<Oddity>,
    told: HashSet<(PointerId, &'static str)>,
    /// Paths whose item could not be followed.
    unknown_paths: Vec<String>,
    unread: Vec<(String, String)>,
    nodes: usize,
    /// Bytes of the places that were told of.
    text: usize,
}

impl<'d> Lowering<'d> {
    fn new(document: &'d Document) -> Self {
        let at = Pointers::ROOT;
        // Room that is not used costs nothing; a list that grows is held twice.
        let objects = document.root.objects();
        let mut schemas = Vec::with_capacity(objects + 3);
        let any = Schema::any(at, &NULL);
        let unknown = Schema::any(at, &NULL);
        let never = Schema { types: TypeSet::NONE, ..Schema::any(at, &NULL) };
        schemas.extend([any, never, unknown]);
        Self {
            root: &document.root,
            dialect: document.dialect,
            schemas,
            schemes: Vec::new(),
            pointers: Pointers::with_capacity(2 * objects),
            by_reference: HashMap::new(),
            names: Names::default(),
            queue: VecDeque::new(),
            oddities: document.oddities.clone(),
            told: HashSet::new(),
            unknown_paths: Vec::new(),
            unread: Vec::new(),
            nodes: 0,
            text: 0,
        }
    }

    fn finish(mut self, operations: Vec<Operation<'d>>, servers: Vec<Server<'d>>) -> Contract<'d> {
        self.drain();
        let heirs = self.heirs();
        self.duplicates(&operations);
        let media = operations.iter().flat_map(|operation| {
            let bodies = operation.body.iter().map(|body| &body.content);
            bodies.chain(operation.responses.iter().map(|response| &response.content)).flatten()
        });
        let speaks_xml = media.into_iter().any(|media| media.name.contains("xml") || media.name.ends_with("/*"));
        self.oddities.sort();
        self.oddities.dedup();
        Contract {
            root: self.root,
            dialect: self.dialect,
            operations,
            schemas: self.schemas,
            servers,
            schemes: self.schemes,
            pointers: self.pointers,
            oddities: self.oddities,
            unknown_paths: self.unknown_paths,
            unread: self.unread,
            speaks_xml,
            heirs,
            exhausted: self.nodes > MAX_NODES,
        }
    }

    /// Lowers what was referred to and not yet read.
    fn drain(&mut self) {
        while let Some((id, value, at)) = self.queue.pop_front() {
            let schema = self.schema_object(value, at);
            if let Some(slot) = self.schemas.get_mut(id.0 as usize) {
                *slot = schema;
            }
        }
    }

    /// Tells of two paths that match the same requests; both are compared.
    fn duplicates(&mut self, operations: &[Operation<'d>]) {
        let mut seen: HashMap<(&str, &str), &str> = HashMap::new();
        for operation in operations.iter().filter(|operation| operation.surface != Surface::Callback) {
            let key = (operation.method.as_str(), operation.shape.as_str());
            if let Some(first) = seen.insert(key, operation.path.as_ref())
                && first != operation.path.as_ref()
            {
                let message = format!("this path and {first} match the same requests (OpenAPI 3.1 section 4.8.8.2)");
                self.oddities.push(Oddity::new(self.pointers.text(operation.at), message));
            }
        }
    }

    /// Counts one more schema or operation. References multiply: a small document can come to anything.
    fn afford(&mut self, cost: usize) -> bool {
        self.nodes = self.nodes.saturating_add(cost);
        self.nodes <= MAX_NODES
    }

    /// Where something stands that is told of; none where all of them together are too long: the document then counts as
    /// one that came to more than may be held.
    fn told_place(&mut self, at: PointerId) -> Option<String> {
        if self.text > MOST_TEXT {
            self.nodes = MAX_NODES + 1;
            return None;
        }
        let pointer = self.pointers.text(at);
        self.text += pointer.len();
        Some(pointer)
    }

    fn odd(&mut self, at: PointerId, message: impl Into<String>) {
        let Some(pointer) = self.told_place(at) else { return };
        self.oddities.push(Oddity::new(pointer, message));
    }

    /// A corner that cannot be read: it is told, and nothing is concluded from its absence.
    fn skip(&mut self, at: PointerId, message: impl Into<String>) {
        let Some(pointer) = self.told_place(at) else { return };
        self.unread.push((pointer.clone(), pointer.clone()));
        self.oddities.push(Oddity::new(pointer, message));
    }

    /// What a reference leads to, if it is an object; what cannot be one is skipped.
    fn follow_object(&mut self, value: &'d Value, at: PointerId, what: &str) -> Option<(&'d Value, PointerId)> {
        let (value, at) = self.follow(value, at)?;
        if value.is_object() || value.is_null() {
            return Some((value, at));
        }
        self.skip(at, format!("{what} must be an object; it was skipped"));
        None
    }

    /// Tells one kind of oddity once for each place, however many references lead there.
    fn odd_once(&mut self, at: PointerId, what: &'static str) {
        if self.told.insert((at, what)) {
            self.odd(at, what);
        }
    }

    /// An object member as an object; anything else there is odd.
    fn object(&mut self, parent: &'d Value, name: &'d str, at: PointerId) -> Option<(&'d Map, PointerId)> {
        let value = parent.get(name)?;
        let here = self.pointers.child(at, name);
        let (value, here) = self.whole(value, here)?;
        match value {
            Value::Object(map) => Some((map, here)),
            Value::Null => None,
            _ => {
                self.skip(here, format!("`{name}` must be an object; it was skipped"));
                None
            }
        }
    }

    /// An array member as a list; anything else there is odd.
    fn list(&mut self, parent: &'d Value, name: &'d str, at: PointerId) -> Option<(&'d [Value], PointerId)> {
        let value = parent.get(name)?;
        let here = self.pointers.child(at, name);
        let (value, here) = self.whole(value, here)?;
        match value {
            Value::Array(list) => Some((list, here)),
            Value::Null => None,
            _ => {
                self.skip(here, format!("`{name}` must be a list; it was skipped"));
                None
            }
        }
    }

    /// A map or list that is kept elsewhere as a whole: not what the specification allows, and common all the same.
    fn whole(&mut self, value: &'d Value, at: PointerId) -> Option<(&'d Value, PointerId)> {
        match value {
            Value::Object(map) if map.len() == 1 && map.get("$ref").is_some_and(Value::is_string) => self.follow(value, at),
            _ => Some((value, at)),
        }
    }

    /// Follows a chain of references outside schemas (parameters, bodies, responses, path items).
    fn follow(&mut self, value: &'d Value, at: PointerId) -> Option<(&'d Value, PointerId)> {
        let (mut value, mut at) = (value, at);
        for _ in 0..MAX_HOPS {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Some((value, at)) };
            (value, at) = self.target(reference, at)?;
        }
        self.skip(at, "references lead in a circle here; it was skipped");
        None
    }

    /// What a reference points at and where that stands, or nothing and an oddity.
    fn target(&mut self, reference: &'d str, at: PointerId) -> Option<(&'d Value, PointerId)> {
        if reference == "#" || reference.starts_with("#/") {
            if let Some(target) = resolve(self.root, reference) {
                let place = self.pointers.of_reference(reference);
                return Some((target, place));
            }
        } else if let Some(found) = self.named(reference) {
            return Some(found);
        }
        let here = self.pointers.child(at, "$ref");
        let why = if reference.starts_with('#') {
            format!("{reference:?} points at nothing; what it should say is not judged")
        } else {
            format!("{reference:?} points into another document, which is not at hand; what stands there is not judged")
        };
        self.odd(here, why);
        if let Some(place) = self.told_place(at) {
            self.unread.push((place, reference.trim_start_matches('#').to_owned()));
        }
        None
    }

    /// A schema by its `$anchor`, `$dynamicAnchor` or `$id` (JSON Schema 2020-12 section 8.2).
    ///
    /// `$dynamicRef` is read as what it means where nothing overrides it: the anchor in this document.
    fn named(&mut self, reference: &'d str) -> Option<(&'d Value, PointerId)> {
        self.names.get(self.root, reference, &mut self.pointers)
    }
}

/// Every schema with a name of its own. Depth is bounded by reading.
pub(super) fn collect_names<'d>(
    value: &'d Value,
    at: PointerId,
    pointers: &mut Pointers<'d>,
    names: &mut HashMap<Cow<'d, str>, (&'d Value, PointerId)>,
) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match (name.as_str(), inner) {
                    ("$anchor" | "$dynamicAnchor", Value::String(anchor)) => {
                        names.entry(Cow::Owned(format!("#{anchor}"))).or_insert((value, at));
                    }
                    ("$id", Value::String(id)) => {
                        names.entry(Cow::Borrowed(id.trim_end_matches('#'))).or_insert((value, at));
                    }
                    (_, Value::Object(_) | Value::Array(_)) => {
                        let here = pointers.child(at, name.as_str());
                        collect_names(inner, here, pointers, names);
                    }
                    _ => {}
                }
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate().filter(|(_, inner)| inner.is_object() || inner.is_array()) {
                let here = pointers.child(at, index.to_string());
                collect_names(inner, here, pointers, names);
            }
        }
        _ => {}
    }
}

/// `deprecated: true` and the like; anything but `true` is false.
fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn text<'d>(value: &'d Value, name: &str) -> Option<&'d str> {
    value.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
