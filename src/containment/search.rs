//! Is there a value that satisfies some nodes and falsifies others?
//!
//! A state is a set of signed nodes that one value must satisfy or falsify at once. Every state is decided once.
//! A state that is met while it is being decided counts as empty, since a smallest value never needs itself;
//! what rests on that is provisional until the state it leaned on has closed.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::openapi::{Stop, TypeSet};

use super::confirm::ALL_CHECKS;
use super::node::{NodeId, Part};
use super::pattern::Patterns;
use super::reading::Reading;
use super::side::Side;

/// How deep states nest: deeper values are not looked for.
const DEEPEST: usize = 48;

const TOO_DEEP: &str = "the values nest too deeply";

/// What a question may cost, in steps; a real one needs some hundreds.
pub const FUEL: usize = 200_000;

/// What all questions of one comparison may cost.
const ALL_FUEL: usize = 5_000_000;

/// What a node is to the value that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Polarity {
    /// The sender's schema: the value satisfies it, and has the names it declares.
    Sent,
    /// The value satisfies it.
    Kept,
    /// The value falsifies it.
    Refused,
}

impl Polarity {
    pub(super) const fn is_positive(self) -> bool {
        !matches!(self, Self::Refused)
    }
}

/// A node with its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Signed {
    pub(super) node: NodeId,
    pub(super) sign: Polarity,
}

impl Signed {
    pub(super) const fn new(node: NodeId, sign: Polarity) -> Self {
        Self { node, sign }
    }

    pub(super) const fn refused(node: NodeId) -> Self {
        Self::new(node, Polarity::Refused)
    }
}

/// Whether a state has a value.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// No value does it.
    Empty,
    /// This one does.
    Value(Rc<Value>),
    /// It cannot be said, and why.
    Unknown(&'static str),
}

pub(super) type State = Rc<[Signed]>;

/// Decides questions about the schemas of two documents; what was decided once is remembered.
pub struct Prover<'d> {
    pub(super) reading: Reading<'d>,
    pub(super) patterns: Patterns,
    /// Whether the sender sends only names it declares.
    pub(super) is_closed: bool,
    decided: FxHashMap<State, Outcome>,
    open: FxHashMap<State, usize>,
    /// Empty as long as the state at that depth turns out to be.
    provisional: FxHashMap<State, usize>,
    /// Provisional states in the order they were found.
    leaning: Vec<State>,
    kinds: FxHashMap<NodeId, TypeSet>,
    pub(super) tags: FxHashMap<NodeId, super::tags::Tags>,
    /// The lowest open state that the work at hand has leaned on.
    low: usize,
    depth: usize,
    pub(super) levels: usize,
    fuel: usize,
    /// Steps of all questions together.
    spent: usize,
    /// What is left for checking witnesses.
    pub(super) checks: usize,
    /// Set where the work is to end.
    stop: Stop,
}

impl<'d> Prover<'d> {
    /// A prover over two documents; `shared` tells whether a reference leads to the same thing in both.
    pub fn new(sides: [Side<'d>; 2], is_closed: bool, shared: Box<dyn Fn(&str) -> bool + 'd>) -> Self {
        Self {
            reading: Reading::new(sides, shared),
            patterns: Patterns::default(),
            is_closed,
            decided: FxHashMap::default(),
            open: FxHashMap::default(),
            provisional: FxHashMap::default(),
            leaning: Vec::new(),
            kinds: FxHashMap::default(),
            tags: FxHashMap::default(),
            low: usize::MAX,
            depth: 0,
            levels: 0,
            fuel: FUEL,
            spent: 0,
            checks: ALL_CHECKS,
            stop: Stop::default(),
        }
    }

    /// The same prover, which ends what it does when it is asked to stop.
    pub fn stopped_by(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// A value that satisfies every positive node and falsifies every negative one.
    pub(super) fn ask(&mut self, nodes: Vec<Signed>) -> Outcome {
        super::pattern::stop_with(&self.stop);
        self.fuel = FUEL.min(ALL_FUEL.saturating_sub(self.spent));
        let given = self.fuel;
        self.low = usize::MAX;
        self.depth = 0;
        self.levels = 0;
        self.open.clear();
        self.provisional.clear();
        self.leaning.clear();
        let outcome = self.inhabit(nodes);
        self.spent += given - self.fuel;
        outcome
    }

    /// Takes from what is left; false once nothing is.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        match self.fuel.checked_sub(steps) {
            Some(left) if !self.stop.is_asked() => {
                self.fuel = left;
                true
            }
            _ => {
                self.fuel = 0;
                false
            }
        }
    }

    pub(super) fn inhabit(&mut self, mut nodes: Vec<Signed>) -> Outcome {
        nodes.retain(|signed| signed.node != NodeId::ANY || !signed.sign.is_positive());
        nodes.sort_unstable();
        nodes.dedup();
        // One schema that is both sent and kept is sent.
        nodes.dedup_by(|next, first| next.node == first.node && next.sign.is_positive() && first.sign.is_positive());
        let never = |signed: &Signed| match signed.sign {
            Polarity::Refused => signed.node == NodeId::ANY,
            _ => signed.node == NodeId::NEVER,
        };
        // Sorted by node: both signs of one stand side by side.
        let clash = |pair: &[Signed]| matches!(pair, [a, b] if a.node == b.node);
        if nodes.iter().any(never) || nodes.windows(2).any(clash) {
            return Outcome::Empty;
        }
        let state: State = nodes.into();
        if let Some(known) = self.decided.get(&state) {
            return known.clone();
        }
        if let Some(depth) = self.open.get(&state) {
            self.low = self.low.min(*depth);
            return Outcome::Empty;
        }
        if let Some(depth) = self.provisional.get(&state) {
            self.low = self.low.min(*depth);
            return Outcome::Empty;
        }
        if self.depth >= DEEPEST {
            return Outcome::Unknown(TOO_DEEP);
        }
        if !self.spend(5) {
            return Outcome::Unknown("the question takes too much work");
        }
        self.decide(state)
    }

    fn decide(&mut self, state: State) -> Outcome {
        let depth = self.depth;
        let outer = std::mem::replace(&mut self.low, usize::MAX);
        let first = self.leaning.len();
        self.open.insert(Rc::clone(&state), depth);
        self.depth += 1;
        let mut kinds = TypeSet::ALL;
        for signed in state.iter().filter(|signed| signed.sign.is_positive()) {
            kinds = kinds.intersection(self.kinds_of(signed.node, 0));
        }
        let mut outcome = Outcome::Empty;
        for kind in [TypeSet::NULL, TypeSet::BOOLEAN, TypeSet::NUMBER, TypeSet::STRING, TypeSet::ARRAY, TypeSet::OBJECT] {
            if kinds.intersection(kind).is_empty() {
                continue;
            }
            match self.solve(&state, kind) {
                Outcome::Empty => {}
                value @ Outcome::Value(_) => {
                    outcome = value;
                    break;
                }
                unknown @ Outcome::Unknown(_) => outcome = unknown,
            }
        }
        self.depth = depth;
        self.open.remove(&state);
        let low = std::mem::replace(&mut self.low, outer);
        self.close(state, &outcome, depth, low, first);
        outcome
    }

    /// Keeps what was found, and settles what leaned on it.
    fn close(&mut self, state: State, outcome: &Outcome, depth: usize, low: usize, first: usize) {
        let leant: Vec<State> = self.leaning.drain(first..).collect();
        match outcome {
            Outcome::Empty if low >= depth => {
                for known in leant {
                    self.provisional.remove(&known);
                    self.decided.insert(known, Outcome::Empty);
                }
                self.decided.insert(state, Outcome::Empty);
            }
            Outcome::Empty => {
                self.low = self.low.min(low);
                for known in leant.into_iter().chain([state]) {
                    self.provisional.entry(Rc::clone(&known)).and_modify(|at| *at = low.min(*at)).or_insert(low);
                    self.leaning.push(known);
                }
            }
            // It was not empty after all: nothing that leaned on it stands.
            Outcome::Value(_) => {
                for known in leant {
                    self.provisional.remove(&known);
                }
                self.decided.insert(state, outcome.clone());
            }
            Outcome::Unknown(_) => {
                for known in leant {
                    self.provisional.remove(&known);
                }
                // Whoever asked has leaned on what this leaned on; that only makes it more careful.
                self.low = self.low.min(if low < depth { low } else { usize::MAX });
                if self.fuel > 0 && !matches!(outcome, Outcome::Unknown(TOO_DEEP)) {
                    self.decided.insert(state, outcome.clone());
                }
            }
        }
    }

    /// Kinds a node may have values of: never too few.
    pub(super) fn kinds_of(&mut self, node: NodeId, hops: usize) -> TypeSet {
        if let Some(known) = self.kinds.get(&node) {
            return *known;
        }
        if hops > DEEPEST {
            return TypeSet::ALL;
        }
        // What is met again while it is being looked at says nothing new.
        self.kinds.insert(node, TypeSet::ALL);
        let parts = self.reading.parts(node);
        let mut kinds = TypeSet::ALL;
        for part in parts.iter() {
            let here = match part {
                Part::Kinds(types) => *types,
                Part::OneOfValues(values) => {
                    let kind = |value: &Value| if value.is_number() { TypeSet::NUMBER } else { super::holds::kind_of(value) };
                    values.list.iter().fold(TypeSet::NONE, |kinds, value| kinds.union(kind(value)))
                }
                Part::Same(node) => self.kinds_of(*node, hops + 1),
                Part::Any(nodes) | Part::One(nodes) => {
                    nodes.iter().fold(TypeSet::NONE, |kinds, node| kinds.union(self.kinds_of(*node, hops + 1)))
                }
                _ => TypeSet::ALL,
            };
            kinds = kinds.intersection(here);
        }
        self.kinds.insert(node, kinds);
        kinds
    }
}
