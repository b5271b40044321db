//! What the search works with: both documents, what was found out about them, and the steps that are left.
//!
//! The files above this one add their methods to [`Prover`] and call each other through it: a value of one state needs
//! values of others, so the search as a whole goes round, and ends because steps are counted and states remembered.

use std::collections::BTreeMap;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::openapi::{Stop, TypeSet};

use super::allowance::Allowance;
use super::answer::{AskedQuestion, Containment};
use super::declaration::DeclaredBy;
use super::interpretation::{Interpretation, Peers};
use super::judges::Judges;
use super::memory::Memory;
use super::node::NodeId;
use super::pattern::{self, Patterns};
use super::schema_reader::SchemaReader;
use super::value::Values;
use super::value_size::ValueSize;

/// What a question may cost, in steps; a real one needs some hundreds.
pub const FUEL: usize = 200_000;

/// Values of the members that every object of a node has and whose values it lists.
pub(super) type DiscriminatingValues = Rc<BTreeMap<Rc<str>, Values>>;

/// Decides questions about the schemas of two documents; what was decided once is remembered.
pub struct Prover<'d> {
    pub(super) reader: SchemaReader<'d>,
    pub(super) patterns: Patterns,
    /// Whether the sender sends only names it declares.
    pub(super) is_closed: bool,
    pub(super) memory: Memory,
    pub(super) kinds: FxHashMap<NodeId, TypeSet>,
    pub(super) discriminating: FxHashMap<NodeId, DiscriminatingValues>,
    /// What the sender's schemas of a state declare: of the last that was asked about.
    pub(super) declared: Option<DeclaredBy>,
    /// What was answered.
    pub(super) answers: FxHashMap<AskedQuestion, Containment>,
    /// Choices within choices, of all states that are open.
    pub(super) levels: usize,
    /// Steps that are left for the question.
    fuel: usize,
    /// Steps that are left for all questions together.
    allowance: Allowance,
    /// Who checks witnesses.
    pub(super) judges: Judges,
    /// Set where the work is to end.
    stop: Stop,
}

impl<'d> Prover<'d> {
    /// A prover over two documents; `shared` tells whether a reference leads to the same thing in both.
    pub fn new(documents: Peers<Interpretation<'d>>, is_closed: bool, shared: Box<dyn Fn(&str) -> bool + 'd>) -> Self {
        Self {
            reader: SchemaReader::new(documents, shared),
            patterns: Patterns::default(),
            is_closed,
            memory: Memory::default(),
            kinds: FxHashMap::default(),
            discriminating: FxHashMap::default(),
            declared: None,
            answers: FxHashMap::default(),
            levels: 0,
            fuel: FUEL,
            allowance: Allowance::default(),
            judges: Judges::default(),
            stop: Stop::default(),
        }
    }

    /// The same prover, which ends what it does when it is asked to stop.
    pub fn stopped_by(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// The same prover, which shares what its questions may cost with others.
    pub fn within(mut self, allowance: Allowance) -> Self {
        self.allowance = allowance;
        self
    }

    /// Begins a question: it has the steps that one may take, and nothing is open. Returns how many steps those are.
    pub(super) fn begin_question(&mut self) -> usize {
        pattern::stop_with(&self.stop);
        self.fuel = FUEL.min(self.allowance.steps());
        self.levels = 0;
        self.memory.begin();
        self.fuel
    }

    /// Ends a question that had so many steps.
    pub(super) fn end_question(&self, given: usize) {
        self.allowance.spend(given.saturating_sub(self.fuel));
    }

    /// Takes from the steps that are left; false once none is.
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

    /// Whether any step is left.
    pub(super) const fn has_fuel(&self) -> bool {
        self.fuel > 0
    }

    /// Takes one part more into a value that grows; false where the value would be too large, or the work too much.
    pub(super) fn grow(&mut self, size: &mut ValueSize, part: &Value) -> bool {
        let steps = size.add(part);
        self.spend(steps) && !size.is_too_large()
    }
}
