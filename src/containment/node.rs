//! Schemas as sets of small conditions, each kept once.
//!
//! A node is the conjunction of its parts. Equal nodes share one id, in whichever document they stand, so that
//! what is equal on both sides is seen to be equal by comparing two numbers.

use std::rc::Rc;

use num_rational::BigRational;
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::openapi::TypeSet;

use super::value::Values;

/// One schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) u32);

impl NodeId {
    /// The schema of every value.
    pub(super) const ANY: Self = Self(0);
    /// The schema of no value.
    pub(super) const NEVER: Self = Self(1);
}

/// The members of an object that `properties`, `patternProperties` and `additionalProperties` speak of together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct MemberSchemas {
    /// Declared names, sorted.
    pub(super) named: Rc<[(Rc<str>, NodeId)]>,
    /// Patterns of names.
    pub(super) patterns: Rc<[(Rc<str>, NodeId)]>,
    /// What every other member must be; none where nothing is said of them.
    pub(super) rest: Option<NodeId>,
}

impl MemberSchemas {
    pub(super) fn named(&self, name: &str) -> Option<NodeId> {
        let at = self.named.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok()?;
        self.named.get(at).map(|(_, node)| *node)
    }
}

/// Of what `unevaluatedProperties` or `unevaluatedItems` speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Leftover {
    /// Members that no other keyword has looked at.
    Members,
    /// Items that no other keyword has looked at.
    Items,
}

/// One condition on a value. Conditions on one kind of value hold for all others (JSON Schema 2020-12 core 7.6.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// `type`.
    Kinds(TypeSet),
    /// `enum`, `const`.
    OneOfValues(Values),
    /// `minimum`; whether the bound itself is out.
    Least(BigRational, bool),
    /// `maximum`; whether the bound itself is out.
    Most(BigRational, bool),
    /// `multipleOf`.
    Multiple(BigRational),
    /// `minLength`.
    MinLength(u64),
    /// `maxLength`.
    MaxLength(u64),
    /// `pattern`.
    Pattern(Rc<str>),
    /// `format`, which has no force of its own but is not forgotten either.
    Format(Rc<str>),
    /// `prefixItems` and `items`.
    Items(Rc<[NodeId]>, Option<NodeId>),
    /// `minItems`.
    MinItems(u64),
    /// `maxItems`.
    MaxItems(u64),
    /// `uniqueItems`.
    Unique,
    /// `contains` with `minContains` and `maxContains`.
    Contains(NodeId, u64, Option<u64>),
    /// `properties`, `patternProperties`, `additionalProperties`.
    Members(MemberSchemas),
    /// One name of `required`.
    Required(Rc<str>),
    /// `minProperties`.
    MinProperties(u64),
    /// `maxProperties`.
    MaxProperties(u64),
    /// `propertyNames`.
    Names(NodeId),
    /// `dependentRequired` of one name.
    NeedsNames(Rc<str>, Rc<[Rc<str>]>),
    /// `dependentSchemas` of one name.
    NeedsSchema(Rc<str>, NodeId),
    /// A branch of `allOf`, or what a reference leads to.
    Same(NodeId),
    /// `anyOf`.
    Any(Rc<[NodeId]>),
    /// `oneOf`.
    One(Rc<[NodeId]>),
    /// `not`.
    Not(NodeId),
    /// `if`, `then`, `else`.
    If(NodeId, NodeId, NodeId),
    /// `unevaluatedProperties` or `unevaluatedItems`: what the first node leaves over satisfies the second.
    Unevaluated(Leftover, NodeId, NodeId),
    /// Something that is not reasoned about, and why; each is a thing of its own.
    Unclear(&'static str, u32),
}

/// Every node that was met, each once.
#[derive(Debug)]
pub(super) struct Arena {
    /// The parts of each; none where it was not read yet.
    nodes: Vec<Option<Rc<[Part]>>>,
    index: FxHashMap<Rc<[Part]>, NodeId>,
    unclear: u32,
}

impl Arena {
    pub(super) fn new() -> Self {
        let mut arena = Self { nodes: Vec::new(), index: FxHashMap::default(), unclear: 0 };
        arena.intern(Vec::new());
        arena.intern(vec![Part::Kinds(TypeSet::NONE)]);
        arena
    }

    /// The id of the conjunction of `parts`.
    pub(super) fn intern(&mut self, mut parts: Vec<Part>) -> NodeId {
        if let [Part::Same(node)] = parts.as_slice() {
            return *node;
        }
        parts.retain(|part| !matches!(part, Part::Same(NodeId::ANY) | Part::Kinds(TypeSet::ALL)));
        let parts: Rc<[Part]> = parts.into();
        if let Some(known) = self.index.get(&parts) {
            return *known;
        }
        let id = self.next_id();
        self.nodes.push(Some(Rc::clone(&parts)));
        self.index.insert(parts, id);
        id
    }

    /// The id of the node of exactly these values.
    pub(super) fn intern_values(&mut self, values: Vec<Value>) -> NodeId {
        self.intern(vec![Part::OneOfValues(Values::new(values))])
    }

    /// A part that is not reasoned about, unlike every other.
    pub(super) const fn unclear(&mut self, why: &'static str) -> Part {
        self.unclear += 1;
        Part::Unclear(why, self.unclear)
    }

    /// An id for a node that is read when somebody looks at it.
    pub(super) fn reserve(&mut self) -> NodeId {
        let id = self.next_id();
        self.nodes.push(None);
        id
    }

    /// Says what a reserved node is.
    pub(super) fn define(&mut self, id: NodeId, parts: Vec<Part>) {
        if let Some(slot) = self.nodes.get_mut(id.0 as usize) {
            *slot = Some(parts.into());
        }
    }

    /// The parts of a node, if it was read yet.
    pub(super) fn get(&self, id: NodeId) -> Option<&Rc<[Part]>> {
        self.nodes.get(id.0 as usize)?.as_ref()
    }

    fn next_id(&self) -> NodeId {
        NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX))
    }
}
