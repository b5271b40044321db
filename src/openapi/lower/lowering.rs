//! What is known of a document while it is lowered, and how its references are followed.
//!
//! References are memoised by their text and their targets lowered from a queue, so `$ref` cycles end by themselves
//! and recursion follows only inline nesting, which reading has bounded.

use std::collections::{HashMap, HashSet, VecDeque};

use super::super::contract::SecurityScheme;
use super::super::document::{Dialect, Document};
use super::super::names::Names;
use super::super::oddity::Oddity;
use super::super::pointer::{PointerId, Pointers, resolve};
use super::super::schema::{Schema, SchemaId, TypeSet};
use super::super::value::{Map, Value};

/// How many references may lead to the next before it counts as a circle.
pub(super) const MAX_HOPS: usize = 32;

/// Schemas and operations a document may come to once its references are followed; the largest real one
/// comes to about 150,000.
const MAX_NODES: usize = 1_500_000;

/// Bytes that the places of what is odd may come to: each repeats the names above it, and names may be long.
const MOST_TEXT: usize = 32 * 1024 * 1024;

/// What schemas stand for that no document holds.
pub(super) static NULL: Value = Value::Null;

/// A value, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located<'d> {
    pub(super) value: &'d Value,
    pub(super) at: PointerId,
}

/// A document on its way into a contract.
pub(super) struct Lowering<'d> {
    pub(super) root: &'d Value,
    pub(super) dialect: Dialect,
    pub(super) schemas: Vec<Schema<'d>>,
    pub(super) schemes: Vec<SecurityScheme<'d>>,
    pub(super) pointers: Pointers<'d>,
    pub(super) by_reference: HashMap<&'d str, SchemaId>,
    names: Names<'d>,
    pub(super) queue: VecDeque<(SchemaId, &'d Value, PointerId)>,
    pub(super) oddities: Vec<Oddity>,
    told: HashSet<(PointerId, &'static str)>,
    /// Paths whose item could not be followed.
    pub(super) unknown_paths: Vec<String>,
    pub(super) unread: Vec<(String, String)>,
    /// References outside schemas that lead nowhere, of what is being read.
    holes: Vec<&'d str>,
    nodes: usize,
    /// Bytes of the places that were told of.
    text: usize,
}

impl<'d> Lowering<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
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
            holes: Vec::new(),
            nodes: 0,
            text: 0,
        }
    }

    /// Lowers what was referred to and not yet read.
    pub(super) fn drain(&mut self) {
        while let Some((id, value, at)) = self.queue.pop_front() {
            let schema = self.schema_object(value, at);
            if let Some(slot) = self.schemas.get_mut(id.0 as usize) {
                *slot = schema;
            }
        }
    }

    /// Counts schemas, operations and the entries of lists and maps around them. References multiply: a small document can
    /// come to anything.
    pub(super) fn afford(&mut self, cost: usize) -> bool {
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

    pub(super) fn odd(&mut self, at: PointerId, message: impl Into<String>) {
        let Some(pointer) = self.told_place(at) else { return };
        self.oddities.push(Oddity::new(pointer, message));
    }

    /// A corner that cannot be read: it is told, and nothing is concluded from its absence.
    pub(super) fn skip(&mut self, at: PointerId, message: impl Into<String>) {
        let Some(pointer) = self.told_place(at) else { return };
        self.unread.push((pointer.clone(), pointer.clone()));
        self.oddities.push(Oddity::new(pointer, message));
    }

    /// What a reference leads to, if it is an object; what cannot be one is skipped.
    pub(super) fn follow_object(&mut self, value: &'d Value, at: PointerId, what: &str) -> Option<(&'d Value, PointerId)> {
        let (value, at) = self.follow(value, at)?;
        if value.is_object() || value.is_null() {
            return Some((value, at));
        }
        self.skip(at, format!("{what} must be an object; it was skipped"));
        None
    }

    /// Tells one kind of oddity once for each place, however many references lead there.
    pub(super) fn odd_once(&mut self, at: PointerId, what: &'static str) {
        if self.told.insert((at, what)) {
            self.odd(at, what);
        }
    }

    /// An object member as an object; anything else there is odd.
    pub(super) fn object(&mut self, parent: &'d Value, name: &'d str, at: PointerId) -> Option<(&'d Map, PointerId)> {
        let value = parent.get(name)?;
        let here = self.pointers.child(at, name);
        let (value, here) = self.whole(value, here)?;
        match value {
            Value::Object(map) => self.afford(map.len()).then_some((map, here)),
            Value::Null => None,
            _ => {
                self.skip(here, format!("`{name}` must be an object; it was skipped"));
                None
            }
        }
    }

    /// An array member as a list; anything else there is odd.
    pub(super) fn list(&mut self, parent: &'d Value, name: &'d str, at: PointerId) -> Option<(&'d [Value], PointerId)> {
        let value = parent.get(name)?;
        let here = self.pointers.child(at, name);
        let (value, here) = self.whole(value, here)?;
        match value {
            Value::Array(list) => self.afford(list.len()).then_some((list, here)),
            Value::Null => None,
            _ => {
                self.skip(here, format!("`{name}` must be a list; it was skipped"));
                None
            }
        }
    }

    /// A map or list that is kept elsewhere as a whole: not what the specification allows, and common all the same.
    pub(super) fn whole(&mut self, value: &'d Value, at: PointerId) -> Option<(&'d Value, PointerId)> {
        match value {
            Value::Object(map) if map.len() == 1 && map.get("$ref").is_some_and(Value::is_string) => self.follow(value, at),
            _ => Some((value, at)),
        }
    }

    /// Follows a chain of references outside schemas (parameters, bodies, responses, path items).
    pub(super) fn follow(&mut self, value: &'d Value, at: PointerId) -> Option<(&'d Value, PointerId)> {
        let (mut value, mut at) = (value, at);
        for _ in 0..MAX_HOPS {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Some((value, at)) };
            let Some(found) = self.target(reference, at) else {
                self.holes.push(reference);
                return None;
            };
            (value, at) = found;
        }
        self.holes.extend(value.get("$ref").and_then(Value::as_str));
        self.skip(at, "references lead in a circle here; it was skipped");
        None
    }

    /// References that led nowhere since this was asked last, sorted.
    pub(super) fn take_holes(&mut self) -> Vec<&'d str> {
        let mut holes = std::mem::take(&mut self.holes);
        holes.sort_unstable();
        holes
    }

    /// What a reference points at and where that stands, or nothing and an oddity.
    pub(super) fn target(&mut self, reference: &'d str, at: PointerId) -> Option<(&'d Value, PointerId)> {
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
    pub(super) fn named(&mut self, reference: &'d str) -> Option<(&'d Value, PointerId)> {
        self.names.get(self.root, reference, &mut self.pointers)
    }

    /// Whether the document came to more than may be held.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.nodes > MAX_NODES
    }

    /// The entries of a list, references followed.
    pub(super) fn entries(&mut self, owner: &'d Value, name: &'d str, at: PointerId) -> Vec<Located<'d>> {
        let Some((list, here)) = self.list(owner, name, at) else { return Vec::new() };
        let mut found = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate() {
            let place = self.pointers.child(here, index.to_string());
            found.extend(self.follow(entry, place).map(|(value, at)| Located { value, at }));
        }
        found
    }
}
