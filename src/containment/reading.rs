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

use super::node::{Arena, Members, NodeId, Part, Values};
use super::number::exact;
use super::side::{HOPS, Side, bounds, branches, count, is_true, item_schemas, refers};
use super::unevaluated::Rest;

/// Both documents, as far as they were read.
pub(super) struct Reading<'d> {
    pub(super) arena: Arena,
    pub(super) sides: [Side<'d>; 2],
    /// Whether a component is equal on both sides, with all it refers to.
    shared: Box<dyn Fn(&str) -> bool + 'd>,
    pending: FxHashMap<NodeId, (usize, &'d Value, bool)>,
    by_reference: FxHashMap<(usize, &'d str, bool), NodeId>,
    /// Read before: the same schema is asked about often.
    by_place: FxHashMap<(usize, *const Value), NodeId>,
    /// Whether what is read next is part of an object that is read as a whole.
    is_inside: bool,
}

impl<'d> Reading<'d> {
    pub(super) fn new(sides: [Side<'d>; 2], shared: Box<dyn Fn(&str) -> bool + 'd>) -> Self {
        Self {
            arena: Arena::new(),
            sides,
            shared,
            pending: FxHashMap::default(),
            by_reference: FxHashMap::default(),
            by_place: FxHashMap::default(),
            is_inside: false,
        }
    }

    /// The node of a schema of one side.
    pub(super) fn schema(&mut self, side: usize, value: &'d Value) -> NodeId {
        let key = (side, std::ptr::from_ref(value));
        if let Some(known) = self.by_place.get(&key) {
            return *known;
        }
        let node = self.read(side, value, &BTreeSet::new());
        self.by_place.insert(key, node);
        node
    }

    /// Only what some keywords of a schema say.
    pub(super) fn keywords(&mut self, side: usize, map: &'d Map, wanted: &[&str]) -> NodeId {
        let Some(place) = self.sides.get(side).copied() else { return NodeId::ANY };
        let mut parts = Vec::new();
        self.object(side, place, map, &BTreeSet::new(), &|name| wanted.contains(&name), &mut parts);
        self.arena.intern(parts)
    }

    /// The parts of a node, read now if nobody looked before.
    pub(super) fn parts(&mut self, id: NodeId) -> Rc<[Part]> {
        if let Some((side, value, is_inside)) = self.pending.remove(&id) {
            self.is_inside = is_inside;
            let inner = self.read(side, value, &BTreeSet::new());
            self.arena.settle(id, vec![Part::Same(inner)]);
        }
        self.arena.get(id).map(|node| Rc::clone(&node.parts)).unwrap_or_default()
    }

    fn reference(&mut self, side: usize, to: &'d str) -> NodeId {
        let is_inside = std::mem::take(&mut self.is_inside);
        let is_strict = self.sides.iter().any(|place| place.strict);
        let side = if side == 1 && !is_strict && (self.shared)(to) { 0 } else { side };
        let key = (side, to, is_inside);
        if let Some(known) = self.by_reference.get(&key) {
            return *known;
        }
        let place = self.sides.get(side).copied();
        let target = place.and_then(|place| Some((place, resolve(place.root, to)?)));
        let id = match target {
            Some((place, value)) if place.is_circular(to, value) => {
                self.unclear("a schema refers to itself, or to very much at once")
            }
            Some((_, value)) => {
                let id = self.arena.reserve();
                self.pending.insert(id, (side, value, is_inside));
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

    fn read(&mut self, side: usize, value: &'d Value, outer: &BTreeSet<&'d str>) -> NodeId {
        let Some(place) = self.sides.get(side).copied() else { return NodeId::ANY };
        let is_inside = std::mem::take(&mut self.is_inside);
        let map = match value {
            Value::Bool(true) => return NodeId::ANY,
            Value::Bool(false) => return NodeId::NEVER,
            Value::Object(map) => map,
            _ => return self.unclear("this is no schema"),
        };
        if place.is_bare_reference(map) {
            self.is_inside = is_inside;
            return map.get("$ref").and_then(Value::as_str).map_or(NodeId::ANY, |to| self.reference(side, to));
        }
        let is_root = std::ptr::eq(value, place.root);
        if map.get("$id").is_some_and(Value::is_string) && !is_root && refers(value) {
            return self.unclear("`$id` changes where references lead");
        }
        let mut parts = Vec::new();
        self.object(side, place, map, outer, &|_| true, &mut parts);
        self.is_inside = false;
        if place.strict
            && !is_inside
            && let Some(names) = place.declared_names(map)
        {
            let named: Vec<(Rc<str>, NodeId)> = names.into_iter().map(|name| (name.into(), NodeId::ANY)).collect();
            parts.push(Part::Members(Members { named: named.into(), patterns: Rc::from([]), rest: Some(NodeId::NEVER) }));
        }
        if !place.is_nullable(map) {
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

    /// The parts of a schema object, of the keywords that are wanted.
    fn object(
        &mut self,
        side: usize,
        place: Side<'d>,
        map: &'d Map,
        outer: &BTreeSet<&'d str>,
        wanted: &dyn Fn(&str) -> bool,
        parts: &mut Vec<Part>,
    ) {
        let get = |name: &str| map.get(name).filter(|_| wanted(name));
        let counted = |name: &str| count(get(name));
        if wanted("type") {
            let types = place.types(map);
            if types != TypeSet::ALL {
                parts.push(Part::Kinds(types));
            }
        }
        Self::values(place, map, &get, parts);
        let number = |name: &str| get(name).and_then(Value::as_number);
        if wanted("minimum") {
            for (bound, out) in bounds(map, "minimum", "exclusiveMinimum") {
                let part = exact(bound).map(|bound| Part::Least(bound, out));
                parts.push(part.unwrap_or_else(|| self.arena.unclear("a bound is too long")));
            }
        }
        if wanted("maximum") {
            for (bound, out) in bounds(map, "maximum", "exclusiveMaximum") {
                let part = exact(bound).map(|bound| Part::Most(bound, out));
                parts.push(part.unwrap_or_else(|| self.arena.unclear("a bound is too long")));
            }
        }
        if let Some(step) = number("multipleOf") {
            match exact(step) {
                Some(step) if step.is_positive() => parts.push(Part::Multiple(step)),
                _ => parts.push(self.arena.unclear("a step is too long, or none")),
            }
        }
        parts.extend(counted("minLength").filter(|least| *least > 0).map(Part::MinLength));
        parts.extend(counted("maxLength").map(Part::MaxLength));
        parts.extend(get("pattern").and_then(Value::as_str).map(|text| Part::Pattern(text.into())));
        if !place.literal {
            let format = get("format").and_then(Value::as_str);
            let encoding = get("contentEncoding").and_then(Value::as_str);
            // Up to 3.0 a format says how bytes travel, from 3.1 a keyword of its own.
            let format = match format {
                Some("byte") => Some("base64"),
                Some("binary") => None,
                other => other,
            };
            parts.extend(format.into_iter().chain(encoding).map(|name| Part::Format(name.into())));
            let media = get("contentMediaType").and_then(Value::as_str).filter(|name| *name != "application/octet-stream");
            parts.extend(media.map(|name| Part::Format(name.into())));
        }
        self.array(side, map, &get, parts);
        self.members(side, place, map, outer, &get, parts);
        self.composition(side, place, map, outer, &get, parts);
        // They see what every other keyword here has looked at, also where it asked nothing of it.
        for (keyword, of) in [("unevaluatedItems", Rest::Items), ("unevaluatedProperties", Rest::Members)] {
            let Some(schema) = get(keyword).filter(|value| !value.is_null()) else { continue };
            if schema == &Value::Bool(true) {
                parts.push(Part::Unevaluated(of, NodeId::ANY, NodeId::ANY));
                continue;
            }
            if of == Rest::Members && self.unevaluated_properties(side, place, map, parts) {
                continue;
            }
            // What was read until here is what they look behind; read again, it would double at every level.
            let base = self.arena.intern(parts.clone());
            let rest = self.read(side, schema, &BTreeSet::new());
            parts.push(Part::Unevaluated(of, base, rest));
        }
    }

    fn values(place: Side<'d>, map: &'d Map, get: &dyn Fn(&str) -> Option<&'d Value>, parts: &mut Vec<Part>) {
        if let Some(Value::Array(list)) = get("enum") {
            parts.push(Part::OneOfValues(Values::new(list.iter().map(Value::to_json).collect())));
        }
        if let Some(value) = get("const").filter(|_| place.dialect.is_json_schema()) {
            parts.push(Part::OneOfValues(Values::new(vec![value.to_json()])));
        }
        // Zalando's spelling lists the values here; an `enum` beside it says more exactly what is valid.
        if let (Some(Value::Array(list)), false) =
            (get("x-extensible-enum"), map.contains_key("enum") || map.contains_key("const"))
        {
            parts.push(Part::OneOfValues(Values::new(list.iter().map(Value::to_json).collect())));
        }
    }

    fn array(&mut self, side: usize, map: &'d Map, get: &dyn Fn(&str) -> Option<&'d Value>, parts: &mut Vec<Part>) {
        let child = |this: &mut Self, value: &'d Value| this.read(side, value, &BTreeSet::new());
        let (first, rest) = item_schemas(get);
        let first: Vec<NodeId> = first.into_iter().flatten().map(|value| child(self, value)).collect();
        let rest = rest.filter(|value| !value.is_null()).map(|value| child(self, value));
        if !first.is_empty() || rest.is_some() {
            parts.push(Part::Items(first.into(), rest));
        }
        parts.extend(count(get("minItems")).filter(|least| *least > 0).map(Part::MinItems));
        parts.extend(count(get("maxItems")).map(Part::MaxItems));
        if is_true(get("uniqueItems")) {
            parts.push(Part::Unique);
        }
        if let Some(value) = get("contains") {
            let node = child(self, value);
            let (least, most) = (count(map.get("minContains")).unwrap_or(1), count(map.get("maxContains")));
            parts.push(Part::Contains(node, least, most));
        }
    }

    fn members(
        &mut self,
        side: usize,
        place: Side<'d>,
        map: &'d Map,
        outer: &BTreeSet<&'d str>,
        get: &dyn Fn(&str) -> Option<&'d Value>,
        parts: &mut Vec<Part>,
    ) {
        let none = BTreeSet::new();
        let has_members =
            get("properties").is_some() || get("patternProperties").is_some() || get("additionalProperties").is_some();
        if has_members {
            let mut named: Vec<(Rc<str>, NodeId)> = Vec::new();
            match get("properties") {
                Some(Value::Object(members)) if !members.get("$ref").is_some_and(Value::is_string) => {
                    for (name, schema) in members {
                        if !place.hides(schema) {
                            let node = self.read(side, schema, &none);
                            named.push((name.as_str().into(), node));
                        }
                    }
                }
                Some(Value::Object(_)) => parts.push(self.arena.unclear("`properties` is a reference")),
                _ => {}
            }
            named.sort_by(|(a, _), (b, _)| a.cmp(b));
            let patterns = get("patternProperties").and_then(Value::as_object);
            let mut patterns: Vec<(Rc<str>, NodeId)> = patterns
                .into_iter()
                .flatten()
                .map(|(name, schema)| (name.as_str().into(), self.read(side, schema, &none)))
                .collect();
            patterns.sort_by(|(a, _), (b, _)| a.cmp(b));
            let rest = get("additionalProperties").filter(|value| !value.is_null()).map(|value| self.read(side, value, &none));
            parts.push(Part::Members(Members { named: named.into(), patterns: patterns.into(), rest }));
        }
        if let Some(Value::Array(names)) = get("required") {
            let hidden = place.hidden_names(map);
            let names: BTreeSet<&str> = names.iter().filter_map(Value::as_str).collect();
            let shown = names.into_iter().filter(|name| !hidden.contains(name) && !outer.contains(name));
            parts.extend(shown.map(|name| Part::Required(name.into())));
        }
        parts.extend(count(get("minProperties")).filter(|least| *least > 0).map(Part::MinProperties));
        parts.extend(count(get("maxProperties")).map(Part::MaxProperties));
        if let Some(value) = get("propertyNames") {
            let node = self.read(side, value, &none);
            parts.push(Part::Names(node));
        }
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for (name, needs) in get(keyword).and_then(Value::as_object).into_iter().flatten() {
                match needs {
                    Value::Array(names) => {
                        let names: Vec<Rc<str>> = names.iter().filter_map(Value::as_str).map(Rc::from).collect();
                        parts.push(Part::NeedsNames(name.as_str().into(), names.into()));
                    }
                    schema => {
                        let node = self.read(side, schema, &none);
                        parts.push(Part::NeedsSchema(name.as_str().into(), node));
                    }
                }
            }
        }
    }

    /// `unevaluatedProperties` where only `allOf` and references could have looked at a member; says whether it is so.
    fn unevaluated_properties(&mut self, side: usize, place: Side<'d>, map: &'d Map, parts: &mut Vec<Part>) -> bool {
        let mut named: BTreeSet<&'d str> = BTreeSet::new();
        let mut patterns: BTreeSet<&'d str> = BTreeSet::new();
        let mut pending = vec![(map, 0)];
        while let Some((map, hops)) = pending.pop() {
            let unclear = ["$dynamicRef", "anyOf", "oneOf", "if", "dependentSchemas", "not"];
            let nested = hops > 0 && map.contains_key("unevaluatedProperties");
            if hops > HOPS || pending.len() > 1_000 || nested || unclear.iter().any(|name| map.contains_key(name)) {
                return false;
            }
            if map.get("additionalProperties").is_some_and(|value| !value.is_null()) {
                // It has looked at every member.
                return true;
            }
            let members = |name: &str| map.get(name).and_then(Value::as_object).into_iter().flatten();
            named.extend(members("properties").filter(|(_, schema)| !place.hides(schema)).map(|(name, _)| name.as_str()));
            patterns.extend(members("patternProperties").map(|(name, _)| name.as_str()));
            if let Some(to) = map.get("$ref").and_then(Value::as_str) {
                let Some(target) = resolve(place.root, to).and_then(Value::as_object) else {
                    return false;
                };
                pending.push((target, hops + 1));
            }
            pending.extend(branches(map, "allOf").filter_map(Value::as_object).map(|inner| (inner, hops + 1)));
        }
        let any = |names: BTreeSet<&str>| -> Vec<(Rc<str>, NodeId)> {
            names.into_iter().map(|name| (name.into(), NodeId::ANY)).collect()
        };
        let rest = map.get("unevaluatedProperties").map(|value| self.read(side, value, &BTreeSet::new()));
        parts.push(Part::Members(Members { named: any(named).into(), patterns: any(patterns).into(), rest }));
        true
    }

    fn composition(
        &mut self,
        side: usize,
        place: Side<'d>,
        map: &'d Map,
        outer: &BTreeSet<&'d str>,
        get: &dyn Fn(&str) -> Option<&'d Value>,
        parts: &mut Vec<Part>,
    ) {
        let none = BTreeSet::new();
        if let Some(to) = get("$ref").and_then(Value::as_str) {
            self.is_inside = place.strict;
            parts.push(Part::Same(self.reference(side, to)));
        }
        if get("$dynamicRef").is_some() || get("$recursiveRef").is_some() {
            parts.push(self.arena.unclear("`$dynamicRef` is not followed"));
        }
        if let Some(Value::Array(list)) = get("allOf") {
            let mut hidden = place.hidden_names(map);
            hidden.extend(outer);
            for branch in list {
                self.is_inside = place.strict;
                parts.push(Part::Same(self.read(side, branch, &hidden)));
            }
        }
        for (keyword, exclusive) in [("anyOf", false), ("oneOf", true)] {
            if let Some(Value::Array(list)) = get(keyword).filter(|value| value.as_array().is_some_and(|list| !list.is_empty())) {
                // Beside members of its own, an alternative is a part of the object.
                let is_part = place.strict && ["properties", "allOf", "$ref"].iter().any(|name| map.contains_key(name));
                let nodes: Rc<[NodeId]> = list
                    .iter()
                    .map(|branch| {
                        if place.is_only_null(branch) {
                            return self.arena.intern(vec![Part::Kinds(TypeSet::NULL)]);
                        }
                        self.is_inside = is_part;
                        self.read(side, branch, &none)
                    })
                    .collect();
                match nodes.as_ref() {
                    [only] => parts.push(Part::Same(*only)),
                    _ if exclusive && !place.one_is_any => parts.push(Part::One(nodes)),
                    _ => parts.push(Part::Any(nodes)),
                }
            }
        }
        if let Some(value) = get("not") {
            self.is_inside = place.strict;
            parts.push(Part::Not(self.read(side, value, &none)));
        }
        if let Some(value) = get("if") {
            self.is_inside = place.strict;
            let condition = self.read(side, value, &none);
            let mut branch = |name: &str| {
                self.is_inside = place.strict;
                map.get(name).map_or(NodeId::ANY, |value| self.read(side, value, &none))
            };
            let (then, otherwise) = (branch("then"), branch("else"));
            parts.push(Part::If(condition, then, otherwise));
        }
    }
}
