//! What the questions of one comparison may cost together.

use std::cell::Cell;
use std::rc::Rc;

/// Steps of all searches.
const STEPS: usize = 10_000_000;

/// Steps that are left for the questions of one comparison, whichever prover they are put to.
#[derive(Debug, Clone)]
pub struct Allowance(Rc<Cell<usize>>);

impl Default for Allowance {
    fn default() -> Self {
        Self::of_steps(STEPS)
    }
}

impl Allowance {
    /// So many steps.
    pub fn of_steps(steps: usize) -> Self {
        Self(Rc::new(Cell::new(steps)))
    }

    /// Steps that are left.
    pub(super) fn steps(&self) -> usize {
        self.0.get()
    }

    /// Takes steps that were done.
    pub(super) fn spend(&self, steps: usize) {
        self.0.set(self.0.get().saturating_sub(steps));
    }
}
