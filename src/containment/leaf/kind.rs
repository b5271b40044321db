//! A value of one kind, whichever it is.

use std::rc::Rc;

use serde_json::Value;

use crate::openapi::TypeSet;

use super::super::constraints::Constraints;
use super::super::prover::Prover;
use super::super::solution::Solution;
use super::number;

impl Prover<'_> {
    /// A value of `kind` that meets every constraint; *empty* only where that is proven.
    pub(in super::super) fn leaf(&mut self, kind: TypeSet, constraints: &Constraints) -> Solution {
        match kind {
            TypeSet::NULL => first_of(&[Value::Null], constraints),
            TypeSet::BOOLEAN => first_of(&[Value::Bool(false), Value::Bool(true)], constraints),
            TypeSet::NUMBER => number::leaf(constraints),
            TypeSet::STRING => self.text(constraints),
            TypeSet::ARRAY => self.array(constraints),
            _ => self.object(constraints),
        }
    }
}

fn first_of(values: &[Value], constraints: &Constraints) -> Solution {
    let free = values.iter().find(|value| !constraints.exclude(value));
    free.map_or(Solution::Empty, |value| Solution::Value(Rc::new(value.clone())))
}
