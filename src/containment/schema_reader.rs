//! Schemas of a document, as they stand, into nodes.
//!
//! Read when somebody looks: a reference is a node of its own that is read on the first visit, so that a
//! question costs what it touches. What the direction of a message hides (`readOnly` in what is sent,
//! `writeOnly` in what is received) is not declared here at all.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::rc::Rc;

use num_rational::BigRational;
use num_traits::Signed;
use rustc_hash::FxHashMap;

use crate::openapi::{
    Bound, ItemSubschemas, Keywords, Map, SubschemaKeyword as Subschema, TypeSet, Value, count, exact, resolve,
};

use super::interpretation::{HOPS, Interpretation, Peer, Peers, branches, refers};
use super::node::{Arena, Leftover, MemberSchemas, NodeId, Part};
use super::tags::BranchTags;
use super::value::Values;

/// Both documents, as far as they were read.
pub(super) struct SchemaReader<'d> {
    pub(super) arena: Arena,
    pub(super) documents: Peers<Interpretation<'d>>,
    /// Whether a component is equal in both documents, with all it refers to.
    shared: Box<dyn Fn(&str) -> bool + 'd>,
    pending: FxHashMap<NodeId, PendingSchema<'d>>,
    by_reference: FxHashMap<(Peer, &'d str, bool), NodeId>,
    /// Read before: the same schema is asked about often.
    by_place: FxHashMap<(Peer, *const Value), NodeId>,
}

/// What a reference leads to, until somebody looks.
struct PendingSchema<'d> {
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
        if let Some(PendingSchema { peer, schema, is_inside }) = self.pending.remove(&id) {
            let inner = self.read(peer, schema, Around { is_inside, ..NOWHERE });
            self.arena.define(id, vec![Part::Same(inner)]);
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
                self.pending.insert(id, PendingSchema { peer, schema, is_inside });
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
        let reference = document.bare_reference(map);
        let is_named = map.get("$id").is_some_and(Value::is_string) && !std::ptr::eq(schema, document.root);
        if is_named && (reference.is_none() || document.dialect.is_json_schema()) && refers(schema) {
            return self.unclear("`$id` changes where references lead");
        }
        if let Some(to) = reference {
            return self.reference(peer, to, around.is_inside);
        }
        let object = ObjectReader::new(self, peer, map, around.hidden);
        let is_nullable = document.is_nullable(&object.keywords);
        let mut parts = object.read();
        if document.strict
            && !around.is_inside
            && let Some(names) = document.declared_names(map)
        {
            let named: Vec<(Rc<str>, NodeId)> = names.into_iter().map(|name| (name.into(), NodeId::ANY)).collect();
            parts.push(Part::Members(MemberSchemas { named: named.into(), patterns: Rc::from([]), rest: Some(NodeId::NEVER) }));
        }
        if !is_nullable {
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
    keywords: Keywords<'d>,
    /// Names that the direction hides in an object of which this is a part.
    hidden: &'r BTreeSet<&'d str>,
    /// The keywords that are asked for; all of them where none are named.
    wanted: Option<&'r [&'r str]>,
    parts: Vec<Part>,
}

impl<'r, 'd> ObjectReader<'r, 'd> {
    fn new(reader: &'r mut SchemaReader<'d>, peer: Peer, map: &'d Map, hidden: &'r BTreeSet<&'d str>) -> Self {
        let document = *reader.documents.of(peer);
        let keywords = document.keywords(map);
        Self { reader, peer, document, map, keywords, hidden, wanted: None, parts: Vec::new() }
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.wanted.is_none_or(|wanted| wanted.contains(&name))
    }

    /// What a keyword says, if it is asked for.
    fn said<T>(&self, name: &str, said: Option<T>) -> Option<T> {
        said.filter(|_| self.is_wanted(name))
    }

    /// What stands beneath a keyword that holds schemas, if it is asked for.
    fn get(&self, keyword: Subschema) -> Option<&'d Value> {
        self.said(keyword.name(), self.keywords.subschema(keyword))
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
            let types = self.document.types(&self.keywords);
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
        self.unevaluated(Subschema::UnevaluatedItems, Leftover::Items);
        self.unevaluated(Subschema::UnevaluatedProperties, Leftover::Members);
        self.parts
    }

    fn values(&mut self) {
        let lists = [
            self.said("enum", self.keywords.enumeration),
            self.said("const", self.keywords.constant).map(std::slice::from_ref),
            self.said("x-extensible-enum", self.keywords.extensible_values),
        ];
        for list in lists.into_iter().flatten() {
            self.parts.push(Part::OneOfValues(Values::new(list.iter().map(Value::to_json).collect())));
        }
    }

    fn numbers(&mut self) {
        let keywords = &self.keywords;
        let lower = [keywords.minimum, keywords.exclusive_minimum].map(|bound| self.said("minimum", bound));
        let upper = [keywords.maximum, keywords.exclusive_maximum].map(|bound| self.said("maximum", bound));
        self.bounds(lower, Part::Least);
        self.bounds(upper, Part::Most);
        if let Some(step) = self.said("multipleOf", self.keywords.multiple_of) {
            match exact(step) {
                Some(step) if step.is_positive() => self.parts.push(Part::Multiple(step)),
                _ => self.push_unclear("a step is too long, or none"),
            }
        }
    }

    fn bounds(&mut self, bounds: [Option<Bound<'d>>; 2], part: fn(BigRational, bool) -> Part) {
        for bound in bounds.into_iter().flatten() {
            match exact(bound.value) {
                Some(value) => self.parts.push(part(value, bound.exclusive)),
                None => self.push_unclear("a bound is too long"),
            }
        }
    }

    fn texts(&mut self) {
        let keywords = &self.keywords;
        let mut parts = Vec::new();
        parts.extend(self.said("minLength", keywords.min_length).map(Part::MinLength));
        parts.extend(self.said("maxLength", keywords.max_length).map(Part::MaxLength));
        parts.extend(self.said("pattern", keywords.pattern).map(|text| Part::Pattern(text.into())));
        if !self.document.literal {
            let media = keywords.media_type.filter(|name| *name != "application/octet-stream");
            let formats = [
                self.said("format", keywords.format),
                keywords.encoding.filter(|_| self.is_wanted("contentEncoding") || self.is_wanted("format")),
                self.said("contentMediaType", media),
            ];
            parts.extend(formats.into_iter().flatten().map(|name| Part::Format(name.into())));
        }
        self.parts.extend(parts);
    }

    fn array(&mut self) {
        let ItemSubschemas { first, rest } = self.keywords.items();
        let first = first.and_then(|(keyword, list)| self.said(keyword.name(), Some(list)));
        let rest = rest.and_then(|(keyword, schema)| self.said(keyword.name(), Some(schema)));
        let first: Vec<NodeId> = first.into_iter().flatten().map(|schema| self.below(schema)).collect();
        let rest = rest.map(|schema| self.below(schema));
        if !first.is_empty() || rest.is_some() {
            self.parts.push(Part::Items(first.into(), rest));
        }
        let least = self.said("minItems", self.keywords.min_items);
        let most = self.said("maxItems", self.keywords.max_items);
        self.parts.extend(least.map(Part::MinItems).into_iter().chain(most.map(Part::MaxItems)));
        if self.keywords.unique_items && self.is_wanted("uniqueItems") {
            self.parts.push(Part::Unique);
        }
        if let Some(schema) = self.get(Subschema::Contains) {
            let node = self.below(schema);
            let (least, most) = (self.keywords.min_contains.and_then(count), self.keywords.max_contains.and_then(count));
            self.parts.push(Part::Contains(node, least.unwrap_or(1), most));
        }
    }

    fn members(&mut self) {
        if [Subschema::Properties, Subschema::PatternProperties, Subschema::AdditionalProperties]
            .iter()
            .any(|keyword| self.get(*keyword).is_some())
        {
            let named = self.properties();
            let patterns = self.get(Subschema::PatternProperties).and_then(Value::as_object);
            let mut patterns: Vec<(Rc<str>, NodeId)> =
                patterns.into_iter().flatten().map(|(name, schema)| (name.as_str().into(), self.below(schema))).collect();
            patterns.sort_by(|(a, _), (b, _)| a.cmp(b));
            let rest =
                self.get(Subschema::AdditionalProperties).filter(|schema| !schema.is_null()).map(|schema| self.below(schema));
            self.parts.push(Part::Members(MemberSchemas { named: named.into(), patterns: patterns.into(), rest }));
        }
        if self.is_wanted("required") {
            let names: BTreeSet<&str> = self.keywords.required_names().collect();
            let hidden = if names.is_empty() { BTreeSet::new() } else { self.document.hidden_names(self.map) };
            let shown = names.into_iter().filter(|name| !hidden.contains(name) && !self.hidden.contains(name));
            self.parts.extend(shown.map(|name| Part::Required(name.into())));
        }
        let least = self.said("minProperties", self.keywords.min_properties);
        let most = self.said("maxProperties", self.keywords.max_properties);
        self.parts.extend(least.map(Part::MinProperties).into_iter().chain(most.map(Part::MaxProperties)));
        if let Some(schema) = self.get(Subschema::PropertyNames) {
            let node = self.below(schema);
            self.parts.push(Part::Names(node));
        }
        let dependent = [
            self.said("dependentRequired", self.keywords.dependent_required),
            self.get(Subschema::DependentSchemas),
            self.get(Subschema::Dependencies),
        ];
        for needs in dependent {
            for (name, needs) in needs.and_then(Value::as_object).into_iter().flatten() {
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
        match self.get(Subschema::Properties) {
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
        if let Some(to) = self.said("$ref", self.keywords.reference) {
            let node = self.reader.reference(self.peer, to, self.document.strict);
            self.parts.push(Part::Same(node));
        }
        let dynamic = self.said("$dynamicRef", self.keywords.dynamic_reference);
        if dynamic.or(self.said("$recursiveRef", self.keywords.recursive_reference)).is_some() {
            self.push_unclear("`$dynamicRef` is not followed");
        }
        if let Some(Value::Array(list)) = self.get(Subschema::AllOf) {
            let mut hidden = self.document.hidden_names(self.map);
            hidden.extend(self.hidden);
            for branch in list {
                let around = Around { hidden: &hidden, is_inside: self.document.strict };
                let node = self.reader.read(self.peer, branch, around);
                self.parts.push(Part::Same(node));
            }
        }
        self.union(Subschema::AnyOf);
        self.union(Subschema::OneOf);
        if let Some(schema) = self.get(Subschema::Not) {
            let node = self.beside(schema);
            self.parts.push(Part::Not(node));
        }
        if let Some(schema) = self.get(Subschema::If) {
            let condition = self.beside(schema);
            let mut branch = |keyword| {
                let schema = self.keywords.subschema(keyword);
                schema.map_or(NodeId::ANY, |schema| self.beside(schema))
            };
            let (then, otherwise) = (branch(Subschema::Then), branch(Subschema::Else));
            self.parts.push(Part::If(condition, then, otherwise));
        }
    }

    fn union(&mut self, keyword: Subschema) {
        let Some(Value::Array(list)) = self.get(keyword) else { return };
        // Beside members of its own, an alternative is a part of the object.
        let has_members = ["properties", "allOf", "$ref"].iter().any(|name| self.map.contains_key(name));
        let is_inside = self.document.strict && has_members;
        let mut nodes: Vec<NodeId> = Vec::with_capacity(list.len());
        for branch in list {
            nodes.push(if self.document.is_only_null(branch) {
                self.reader.arena.intern(vec![Part::Kinds(TypeSet::NULL)])
            } else {
                self.reader.read(self.peer, branch, Around { is_inside, ..NOWHERE })
            });
        }
        if let Some(tags) = self.document.union_tags(self.map, list) {
            for (node, told) in nodes.iter_mut().zip(&tags.of_branch) {
                *node = self.tagged(*node, tags.property, told);
            }
        }
        match nodes.as_slice() {
            [] => {}
            [only] => self.parts.push(Part::Same(*only)),
            _ if keyword == Subschema::OneOf && !self.document.one_is_any => self.parts.push(Part::One(nodes.into())),
            _ => self.parts.push(Part::Any(nodes.into())),
        }
    }

    /// The node of an alternative that is taken under its tags only.
    fn tagged(&mut self, node: NodeId, property: &str, tags: &BranchTags<'d>) -> NodeId {
        let property: Rc<str> = property.into();
        let arena = &mut self.reader.arena;
        let mut named = |tags: &[Cow<'d, str>]| {
            let values = arena.intern_values(tags.iter().map(|tag| tag.as_ref().into()).collect());
            let members = MemberSchemas { named: [(Rc::clone(&property), values)].into(), patterns: Rc::from([]), rest: None };
            vec![Part::Kinds(TypeSet::OBJECT), Part::Members(members), Part::Required(Rc::clone(&property))]
        };
        let parts = match tags {
            BranchTags::Free => return node,
            BranchTags::Listed(tags) => [vec![Part::Same(node)], named(tags)].concat(),
            BranchTags::AllBut(tags) => {
                let others = named(tags);
                vec![Part::Same(node), Part::Not(arena.intern(others))]
            }
        };
        arena.intern(parts)
    }

    fn unevaluated(&mut self, keyword: Subschema, of: Leftover) {
        let Some(schema) = self.get(keyword).filter(|schema| !schema.is_null()) else { return };
        // Where every item is looked at, or nothing else looks at any, it was read with the items.
        if of == Leftover::Items && self.keywords.items().rest.is_some() {
            return;
        }
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
        let rest = self.keywords.subschema(Subschema::UnevaluatedProperties).map(|schema| self.below(schema));
        self.parts.push(Part::Members(MemberSchemas { named: any(named).into(), patterns: any(patterns).into(), rest }));
        true
    }
}
