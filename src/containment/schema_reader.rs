//! Schemas of a document, as they stand, into nodes.
//!
//! Read when somebody looks: a reference is a node of its own that is read on the first visit, so that a
//! question costs what it touches. What the direction of a message hides (`readOnly` in what is sent,
//! `writeOnly` in what is received) is not declared here at all.

use std::collections::BTreeSet;
use std::rc::Rc;

use num_traits::Signed;
use rustc_hash::FxHashMap;

use crate::openapi::{Map, TypeSet, Value, resolve};

use super::interpretation::{HOPS, Interpretation, Peer, Peers, bounds, branches, count, is_true, item_schemas, refers};
use super::node::{Arena, Leftover, MemberSchemas, NodeId, Part};
use super::number::exact;
use super::value::Values;

/// Both documents, as far as they were read.
pub(super) struct SchemaReader<'d> {
    pub(super) arena: Arena,
    pub(super) documents: Peers<Interpretation<'d>>,
    /// Whether a component is equal in both documents, with all it refers to.
    shared: Box<dyn Fn(&str) -> bool + 'd>,
    pending: FxHashMap<NodeId, Pending<'d>>,
    by_reference: FxHashMap<(Peer, &'d str, bool), NodeId>,
    /// Read before: the same schema is asked about often.
    by_place: FxHashMap<(Peer, *const Value), NodeId>,
}

/// What a reference leads to, until somebody looks.
struct Pending<'d> {
    peer: Peer,
    schema: &'d Value,
    is_inside: bool,
}

/// What a schema stands in.
#[derive(Clone, Copy)]
struct Around<'a, 'd> {
    /// Names that the direction hides in an object of which the schema is a part.
    hidden: &'a BTreeSet<&'d str>,
    /// Whether the schema is part of an object that is read as a whole.
    is_inside: bool,
}

const NOWHERE: Around<'static, 'static> = Around { hidden: &BTreeSet::new(), is_inside: false };

impl<'d> SchemaReader<'d> {
    pub(super) fn new(documents: Peers<Interpretation<'d>>, shared: Box<dyn Fn(&str) -> bool + 'd>) -> Self {
        Self {
            arena: Arena::new(),
            documents,
            shared,
            pending: FxHashMap::default(),
            by_reference: FxHashMap::default(),
            by_place: FxHashMap::default(),
        }
    }

    /// The node of a schema of one document.
    pub(super) fn schema(&mut self, peer: Peer, schema: &'d Value) -> NodeId {
        let key = (peer, std::ptr::from_ref(schema));
        if let Some(known) = self.by_place.get(&key) {
            return *known;
        }
        let node = self.read(peer, schema, NOWHERE);
        self.by_place.insert(key, node);
        node
    }

    /// Only what some keywords of a schema say.
    pub(super) fn keywords(&mut self, peer: Peer, map: &'d Map, wanted: &[&str]) -> NodeId {
        let parts = ObjectReader { wanted: Some(wanted), ..ObjectReader::new(self, peer, map, NOWHERE.hidden) }.read();
        self.arena.intern(parts)
    }

    /// The parts of a node, read now if nobody looked before.
    pub(super) fn parts(&mut self, id: NodeId) -> Rc<[Part]> {
        if let Some(Pending { peer, schema, is_inside }) = self.pending.remove(&id) {
            let inner = self.read(peer, schema, Around { is_inside, ..NOWHERE });
            self.arena.settle(id, vec![Part::Same(inner)]);
        }
        self.arena.get(id).map(Rc::clone).unwrap_or_default()
    }

    fn reference(&mut self, peer: Peer, to: &'d str, is_inside: bool) -> NodeId {
        let is_strict = self.documents.sender.strict || self.documents.receiver.strict;
        let peer = if peer == Peer::Receiver && !is_strict && (self.shared)(to) { Peer::Sender } else { peer };
        let key = (peer, to, is_inside);
        if let Some(known) = self.by_reference.get(&key) {
            return *known;
        }
        let document = *self.documents.of(peer);
        let id = match resolve(document.root, to) {
            Some(schema) if document.is_circular(to, schema) => {
                self.unclear("a schema refers to itself, or to very much at once")
            }
            Some(schema) => {
                let id = self.arena.reserve();
                self.pending.insert(id, Pending { peer, schema, is_inside });
                id
            }
            None => self.unclear("a reference is not followed here"),
        };
        self.by_reference.insert(key, id);
        id
    }

    fn unclear(&mut self, why: &'static str) -> NodeId {
        let part = self.arena.unclear(why);
        self.arena.intern(vec![part])
    }

    fn read(&mut self, peer: Peer, schema: &'d Value, around: Around<'_, 'd>) -> NodeId {
        let document = *self.documents.of(peer);
        let map = match schema {
            Value::Bool(true) => return NodeId::ANY,
            Value::Bool(false) => return NodeId::NEVER,
            Value::Object(map) => map,
            _ => return self.unclear("this is no schema"),
        };
        if document.is_bare_reference(map) {
            let to = map.get("$ref").and_then(Value::as_str);
            return to.map_or(NodeId::ANY, |to| self.reference(peer, to, around.is_inside));
        }
        let is_root = std::ptr::eq(schema, document.root);
        if map.get("$id").is_some_and(Value::is_string) && !is_root && refers(schema) {
            return self.unclear("`$id` changes where references lead");
        }
        let mut parts = ObjectReader::new(self, peer, map, around.hidden).read();
        if document.strict
            && !around.is_inside
            && let Some(names) = document.declared_names(map)
        {
            let named: Vec<(Rc<str>, NodeId)> = names.into_iter().map(|name| (name.into(), NodeId::ANY)).collect();
            parts.push(Part::Members(MemberSchemas { named: named.into(), patterns: Rc::from([]), rest: Some(NodeId::NEVER) }));
        }
        if !document.is_nullable(map) {
            return self.arena.intern(parts);
        }
        let depends = parts.iter().any(|part| {
            use Part as P;
            matches!(part, P::OneOfValues(_) | P::Same(_) | P::Any(_) | P::One(_) | P::Not(_) | P::If(..) | P::Unclear(..))
        });
        if depends {
            let plain = self.arena.intern(parts);
            let null = self.arena.intern(vec![Part::Kinds(TypeSet::NULL)]);
            return self.arena.intern(vec![Part::Any([plain, null].into())]);
        }
        for part in &mut parts {
            if let Part::Kinds(types) = part {
                *types = types.union(TypeSet::NULL);
            }
        }
        self.arena.intern(parts)
    }
}

/// One schema object on its way into the parts of a node.
struct ObjectReader<'r, 'd> {
    reader: &'r mut SchemaReader<'d>,
    peer: Peer,
    document: Interpretation<'d>,
    map: &'d Map,
    /// Names that the direction hides in an object of which this is a part.
    hidden: &'r BTreeSet<&'d str>,
    /// The keywords that are asked for; all of them where none are named.
    wanted: Option<&'r [&'r str]>,
    parts: Vec<Part>,
}

impl<'r, 'd> ObjectReader<'r, 'd> {
    fn new(reader: &'r mut SchemaReader<'d>, peer: Peer, map: &'d Map, hidden: &'r BTreeSet<&'d str>) -> Self {
        let document = *reader.documents.of(peer);
        Self { reader, peer, document, map, hidden, wanted: None, parts: Vec::new() }
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.wanted.is_none_or(|wanted| wanted.contains(&name))
    }

    /// What stands at a keyword that is asked for.
    fn get(&self, name: &str) -> Option<&'d Value> {
        self.map.get(name).filter(|_| self.is_wanted(name))
    }

    fn count(&self, name: &str) -> Option<u64> {
        count(self.get(name))
    }

    /// The node of a schema below this one that speaks of another value.
    fn below(&mut self, schema: &'d Value) -> NodeId {
        self.reader.read(self.peer, schema, NOWHERE)
    }

    /// The node of a schema below this one that speaks of the same value.
    fn beside(&mut self, schema: &'d Value) -> NodeId {
        self.reader.read(self.peer, schema, Around { is_inside: self.document.strict, ..NOWHERE })
    }

    fn push_unclear(&mut self, why: &'static str) {
        let part = self.reader.arena.unclear(why);
        self.parts.push(part);
    }

    fn read(mut self) -> Vec<Part> {
        if self.is_wanted("type") {
            let types = self.document.types(self.map);
            if types != TypeSet::ALL {
                self.parts.push(Part::Kinds(types));
            }
        }
        self.values();
        self.numbers();
        self.texts();
        self.array();
        self.members();
        self.composition();
        // They see what every other keyword here has looked at, also where it asked nothing of it.
        self.unevaluated("unevaluatedItems", Leftover::Items);
        self.unevaluated("unevaluatedProperties", Leftover::Members);
        self.parts
    }

    fn values(&mut self) {
        let mut lists: Vec<Vec<serde_json::Value>> = Vec::new();
        if let Some(Value::Array(list)) = self.get("enum") {
            lists.push(list.iter().map(Value::to_json).collect());
        }
        if let Some(value) = self.get("const").filter(|_| self.document.dialect.is_json_schema()) {
            lists.push(vec![value.to_json()]);
        }
        // Zalando's spelling lists the values here; an `enum` beside it says more exactly what is valid.
        if let (Some(Value::Array(list)), false) =
            (self.get("x-extensible-enum"), self.map.contains_key("enum") || self.map.contains_key("const"))
        {
            lists.push(list.iter().map(Value::to_json).collect());
        }
        self.parts.extend(lists.into_iter().map(|list| Part::OneOfValues(Values::new(list))));
    }

    fn numbers(&mut self) {
        if self.is_wanted("minimum") {
            for (bound, out) in bounds(self.map, "minimum", "exclusiveMinimum") {
                match exact(bound) {
                    Some(bound) => self.parts.push(Part::Least(bound, out)),
                    None => self.push_unclear("a bound is too long"),
                }
            }
        }
        if self.is_wanted("maximum") {
            for (bound, out) in bounds(self.map, "maximum", "exclusiveMaximum") {
                match exact(bound) {
                    Some(bound) => self.parts.push(Part::Most(bound, out)),
                    None => self.push_unclear("a bound is too long"),
                }
            }
        }
        if let Some(step) = self.get("multipleOf").and_then(Value::as_number) {
            match exact(step) {
                Some(step) if step.is_positive() => self.parts.push(Part::Multiple(step)),
                _ => self.push_unclear("a step is too long, or none"),
            }
        }
    }

    fn texts(&mut self) {
        let lengths = [
            self.count("minLength").filter(|least| *least > 0).map(Part::MinLength),
            self.count("maxLength").map(Part::MaxLength),
        ];
        let text = |name: &str| self.get(name).and_then(Value::as_str);
        let pattern = text("pattern").map(|text| Part::Pattern(text.into()));
        let mut formats = Vec::new();
        if !self.document.literal {
            // Up to 3.0 a format says how bytes travel, from 3.1 a keyword of its own.
            formats.extend(match text("format") {
                Some("byte") => Some("base64"),
                Some("binary") => None,
                other => other,
            });
            formats.extend(text("contentEncoding"));
            formats.extend(text("contentMediaType").filter(|name| *name != "application/octet-stream"));
        }
        self.parts.extend(lengths.into_iter().flatten().chain(pattern));
        self.parts.extend(formats.into_iter().map(|name| Part::Format(name.into())));
    }

    fn array(&mut self) {
        let (first, rest) = item_schemas(&|name| self.get(name));
        let first: Vec<NodeId> = first.into_iter().flatten().map(|schema| self.below(schema)).collect();
        let rest = rest.filter(|schema| !schema.is_null()).map(|schema| self.below(schema));
        if !first.is_empty() || rest.is_some() {
            self.parts.push(Part::Items(first.into(), rest));
        }
        let least = self.count("minItems").filter(|least| *least > 0);
        let most = self.count("maxItems");
        self.parts.extend(least.map(Part::MinItems).into_iter().chain(most.map(Part::MaxItems)));
        if is_true(self.get("uniqueItems")) {
            self.parts.push(Part::Unique);
        }
        if let Some(schema) = self.get("contains") {
            let node = self.below(schema);
            let (least, most) = (count(self.map.get("minContains")).unwrap_or(1), count(self.map.get("maxContains")));
            self.parts.push(Part::Contains(node, least, most));
        }
    }

    fn members(&mut self) {
        if ["properties", "patternProperties", "additionalProperties"].iter().any(|name| self.get(name).is_some()) {
            let named = self.properties();
            let patterns = self.get("patternProperties").and_then(Value::as_object);
            let mut patterns: Vec<(Rc<str>, NodeId)> =
                patterns.into_iter().flatten().map(|(name, schema)| (name.as_str().into(), self.below(schema))).collect();
            patterns.sort_by(|(a, _), (b, _)| a.cmp(b));
            let rest = self.get("additionalProperties").filter(|schema| !schema.is_null()).map(|schema| self.below(schema));
            self.parts.push(Part::Members(MemberSchemas { named: named.into(), patterns: patterns.into(), rest }));
        }
        if let Some(Value::Array(names)) = self.get("required") {
            let hidden = self.document.hidden_names(self.map);
            let names: BTreeSet<&str> = names.iter().filter_map(Value::as_str).collect();
            let shown = names.into_iter().filter(|name| !hidden.contains(name) && !self.hidden.contains(name));
            self.parts.extend(shown.map(|name| Part::Required(name.into())));
        }
        let least = self.count("minProperties").filter(|least| *least > 0);
        let most = self.count("maxProperties");
        self.parts.extend(least.map(Part::MinProperties).into_iter().chain(most.map(Part::MaxProperties)));
        if let Some(schema) = self.get("propertyNames") {
            let node = self.below(schema);
            self.parts.push(Part::Names(node));
        }
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for (name, needs) in self.get(keyword).and_then(Value::as_object).into_iter().flatten() {
                let part = match needs {
                    Value::Array(names) => {
                        let names: Vec<Rc<str>> = names.iter().filter_map(Value::as_str).map(Rc::from).collect();
                        Part::NeedsNames(name.as_str().into(), names.into())
                    }
                    schema => Part::NeedsSchema(name.as_str().into(), self.below(schema)),
                };
                self.parts.push(part);
            }
        }
    }

    /// The members that `properties` declares, sorted.
    fn properties(&mut self) -> Vec<(Rc<str>, NodeId)> {
        let mut named: Vec<(Rc<str>, NodeId)> = Vec::new();
        match self.get("properties") {
            Some(Value::Object(members)) if !members.get("$ref").is_some_and(Value::is_string) => {
                for (name, schema) in members {
                    if !self.document.hides(schema) {
                        named.push((name.as_str().into(), self.below(schema)));
                    }
                }
            }
            Some(Value::Object(_)) => self.push_unclear("`properties` is a reference"),
            _ => {}
        }
        named.sort_by(|(a, _), (b, _)| a.cmp(b));
        named
    }

    fn composition(&mut self) {
        if let Some(to) = self.get("$ref").and_then(Value::as_str) {
            let node = self.reader.reference(self.peer, to, self.document.strict);
            self.parts.push(Part::Same(node));
        }
        if self.get("$dynamicRef").is_some() || self.get("$recursiveRef").is_some() {
            self.push_unclear("`$dynamicRef` is not followed");
        }
        if let Some(Value::Array(list)) = self.get("allOf") {
            let mut hidden = self.document.hidden_names(self.map);
            hidden.extend(self.hidden);
            for branch in list {
                let around = Around { hidden: &hidden, is_inside: self.document.strict };
                let node = self.reader.read(self.peer, branch, around);
                self.parts.push(Part::Same(node));
            }
        }
        self.union("anyOf");
        self.union("oneOf");
        if let Some(schema) = self.get("not") {
            let node = self.beside(schema);
            self.parts.push(Part::Not(node));
        }
        if let Some(schema) = self.get("if") {
            let condition = self.beside(schema);
            let mut branch = |name: &str| self.map.get(name).map_or(NodeId::ANY, |schema| self.beside(schema));
            let (then, otherwise) = (branch("then"), branch("else"));
            self.parts.push(Part::If(condition, then, otherwise));
        }
    }

    fn union(&mut self, keyword: &str) {
        let Some(Value::Array(list)) = self.get(keyword) else { return };
        // Beside members of its own, an alternative is a part of the object.
        let is_inside = self.document.strict && ["properties", "allOf", "$ref"].iter().any(|name| self.map.contains_key(name));
        let mut nodes: Vec<NodeId> = Vec::with_capacity(list.len());
        for branch in list {
            nodes.push(if self.document.is_only_null(branch) {
                self.reader.arena.intern(vec![Part::Kinds(TypeSet::NULL)])
            } else {
                self.reader.read(self.peer, branch, Around { is_inside, ..NOWHERE })
            });
        }
        match nodes.as_slice() {
            [] => {}
            [only] => self.parts.push(Part::Same(*only)),
            _ if keyword == "oneOf" && !self.document.one_is_any => self.parts.push(Part::One(nodes.into())),
            _ => self.parts.push(Part::Any(nodes.into())),
        }
    }

    fn unevaluated(&mut self, keyword: &str, of: Leftover) {
        let Some(schema) = self.get(keyword).filter(|schema| !schema.is_null()) else { return };
        if schema == &Value::Bool(true) {
            self.parts.push(Part::Unevaluated(of, NodeId::ANY, NodeId::ANY));
            return;
        }
        if of == Leftover::Members && self.unevaluated_properties() {
            return;
        }
        // What was read until here is what they look behind; read again, it would double at every level.
        let base = self.reader.arena.intern(self.parts.clone());
        let rest = self.below(schema);
        self.parts.push(Part::Unevaluated(of, base, rest));
    }

    /// `unevaluatedProperties` where only `allOf` and references could have looked at a member; says whether it is so.
    fn unevaluated_properties(&mut self) -> bool {
        let mut named: BTreeSet<&'d str> = BTreeSet::new();
        let mut patterns: BTreeSet<&'d str> = BTreeSet::new();
        let mut pending = vec![(self.map, 0)];
        while let Some((map, hops)) = pending.pop() {
            let unclear = ["$dynamicRef", "anyOf", "oneOf", "if", "dependentSchemas", "not"];
            let nested = hops > 0 && map.contains_key("unevaluatedProperties");
            if hops > HOPS || pending.len() > 1_000 || nested || unclear.iter().any(|name| map.contains_key(name)) {
                return false;
            }
            if map.get("additionalProperties").is_some_and(|schema| !schema.is_null()) {
                // It has looked at every member.
                return true;
            }
            let members = |name: &str| map.get(name).and_then(Value::as_object).into_iter().flatten();
            let shown = members("properties").filter(|(_, schema)| !self.document.hides(schema));
            named.extend(shown.map(|(name, _)| name.as_str()));
            patterns.extend(members("patternProperties").map(|(name, _)| name.as_str()));
            if let Some(to) = map.get("$ref").and_then(Value::as_str) {
                let Some(target) = resolve(self.document.root, to).and_then(Value::as_object) else {
                    return false;
                };
                pending.push((target, hops + 1));
            }
            pending.extend(branches(map, "allOf").filter_map(Value::as_object).map(|inner| (inner, hops + 1)));
        }
        let any = |names: BTreeSet<&str>| -> Vec<(Rc<str>, NodeId)> {
            names.into_iter().map(|name| (name.into(), NodeId::ANY)).collect()
        };
        let rest = self.map.get("unevaluatedProperties").map(|schema| self.below(schema));
        self.parts.push(Part::Members(MemberSchemas { named: any(named).into(), patterns: any(patterns).into(), rest }));
        true
    }
}
