//! Is there a value that satisfies some nodes and falsifies others?
//!
//! Nodes that one value must satisfy or falsify at once are a state. Every state is decided once, one kind of value after
//! the other.

use crate::openapi::TypeSet;

use super::constraint::{NodeConstraint, Polarity, State};
use super::node::{NodeId, Part};
use super::prover::Prover;
use super::solution::{Solution, TOO_MUCH_WORK};
use super::value::kind_of;

/// How deep states nest: deeper values are not looked for.
const DEEPEST: usize = 48;

const TOO_DEEP: &str = "the values nest too deeply";

impl Prover<'_> {
    /// A value that satisfies every positive node and falsifies every negative one, as a question of its own.
    pub(super) fn ask(&mut self, constraints: Vec<NodeConstraint>) -> Solution {
        let given = self.begin_question();
        let solution = self.inhabit(constraints);
        self.end_question(given);
        solution
    }

    /// A value that satisfies every positive node and falsifies every negative one, as a part of the question at hand.
    pub(super) fn inhabit(&mut self, mut nodes: Vec<NodeConstraint>) -> Solution {
        nodes.retain(|constraint| constraint.node != NodeId::ANY || !constraint.polarity.is_positive());
        nodes.sort_unstable();
        nodes.dedup();
        // One schema that is both sent and kept is sent.
        nodes.dedup_by(|next, first| next.node == first.node && next.polarity.is_positive() && first.polarity.is_positive());
        let never = |constraint: &NodeConstraint| match constraint.polarity {
            Polarity::Refused => constraint.node == NodeId::ANY,
            _ => constraint.node == NodeId::NEVER,
        };
        // Sorted by node: both polarities of one stand side by side.
        let clash = |pair: &[NodeConstraint]| matches!(pair, [a, b] if a.node == b.node);
        if nodes.iter().any(never) || nodes.windows(2).any(clash) {
            return Solution::Empty;
        }
        let state: State = nodes.into();
        if let Some(known) = self.memory.recall(&state) {
            return known;
        }
        if self.memory.depth() >= DEEPEST {
            return Solution::Unknown(TOO_DEEP);
        }
        if !self.spend(5) {
            return Solution::Unknown(TOO_MUCH_WORK);
        }
        self.decide(&state)
    }

    fn decide(&mut self, state: &State) -> Solution {
        let opened = self.memory.open(state);
        let mut kinds = TypeSet::ALL;
        for constraint in state.iter().filter(|constraint| constraint.polarity.is_positive()) {
            kinds = kinds.intersection(self.kinds_of(constraint.node, 0));
        }
        let mut solution = Solution::Empty;
        for kind in [TypeSet::NULL, TypeSet::BOOLEAN, TypeSet::NUMBER, TypeSet::STRING, TypeSet::ARRAY, TypeSet::OBJECT] {
            if kinds.intersection(kind).is_empty() {
                continue;
            }
            match self.solve(state, kind) {
                Solution::Empty => {}
                value @ Solution::Value(_) => {
                    solution = value;
                    break;
                }
                unknown @ Solution::Unknown(_) => solution = unknown,
            }
        }
        let is_final = self.has_fuel() && !matches!(solution, Solution::Unknown(TOO_DEEP));
        self.memory.close(opened, &solution, is_final);
        solution
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
        let parts = self.reader.parts(node);
        let mut kinds = TypeSet::ALL;
        for part in parts.iter() {
            let here = match part {
                Part::Kinds(types) => *types,
                Part::OneOfValues(values) => {
                    let kind = |value: &serde_json::Value| if value.is_number() { TypeSet::NUMBER } else { kind_of(value) };
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
