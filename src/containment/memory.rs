//! What was decided about states, and what of it still rests on states that are open.
//!
//! A state that is met while it is being decided counts as empty, since a smallest value never needs itself. What
//! rests on that is provisional until the state it leaned on has closed.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::constraint::State;
use super::solution::Solution;

/// What is remembered of states.
#[derive(Debug, Default)]
pub(super) struct Memory {
    decided: FxHashMap<State, Solution>,
    /// States that are being decided, with the depth of each.
    open: FxHashMap<State, usize>,
    /// Empty as long as the state at that depth turns out to be.
    provisional: FxHashMap<State, usize>,
    /// Provisional states in the order they were found.
    leaning: Vec<State>,
    /// The lowest open state that the work at hand has leaned on.
    low: usize,
    depth: usize,
}

/// A state that is being decided, and what [`Memory`] needs to close it.
pub(super) struct OpenState {
    state: State,
    depth: usize,
    /// What the state around it had leaned on until then.
    outer_low: usize,
    /// How many provisional states there were.
    leaning: usize,
}

impl Memory {
    /// Begins a question: nothing is open.
    pub(super) fn begin(&mut self) {
        self.low = usize::MAX;
        self.depth = 0;
        self.open.clear();
        self.provisional.clear();
        self.leaning.clear();
    }

    /// What is known of a state.
    pub(super) fn recall(&mut self, state: &State) -> Option<Solution> {
        if let Some(known) = self.decided.get(state) {
            return Some(known.clone());
        }
        if let Some(depth) = self.open.get(state) {
            self.low = self.low.min(*depth);
            return Some(Solution::Empty);
        }
        if let Some(depth) = self.provisional.get(state) {
            self.low = self.low.min(*depth);
            return Some(Solution::Empty);
        }
        None
    }

    /// How many states are open.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    /// Opens a state within those that are open.
    pub(super) fn open(&mut self, state: &State) -> OpenState {
        let depth = self.depth;
        let outer_low = std::mem::replace(&mut self.low, usize::MAX);
        self.open.insert(Rc::clone(state), depth);
        self.depth += 1;
        OpenState { state: Rc::clone(state), depth, outer_low, leaning: self.leaning.len() }
    }

    /// Keeps what was found, and settles what leaned on it. `is_final` tells whether what is unknown would be so again.
    pub(super) fn close(&mut self, opened: OpenState, solution: &Solution, is_final: bool) {
        let OpenState { state, depth, outer_low, leaning } = opened;
        self.depth = depth;
        self.open.remove(&state);
        let low = std::mem::replace(&mut self.low, outer_low);
        let leant: Vec<State> = self.leaning.drain(leaning..).collect();
        match solution {
            Solution::Empty if low >= depth => {
                for known in leant {
                    self.provisional.remove(&known);
                    self.decided.insert(known, Solution::Empty);
                }
                self.decided.insert(state, Solution::Empty);
            }
            Solution::Empty => {
                self.low = self.low.min(low);
                for known in leant.into_iter().chain([state]) {
                    self.provisional.entry(Rc::clone(&known)).and_modify(|at| *at = low.min(*at)).or_insert(low);
                    self.leaning.push(known);
                }
            }
            // It was not empty after all: nothing that leaned on it stands.
            Solution::Value(_) => {
                for known in leant {
                    self.provisional.remove(&known);
                }
                self.decided.insert(state, solution.clone());
            }
            Solution::Unknown(_) => {
                for known in leant {
                    self.provisional.remove(&known);
                }
                // Whoever asked has leaned on what this leaned on; that only makes it more careful.
                self.low = self.low.min(if low < depth { low } else { usize::MAX });
                if is_final {
                    self.decided.insert(state, solution.clone());
                }
            }
        }
    }
}
