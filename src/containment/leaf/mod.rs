//! A value of one kind that meets every demand, or the proof that there is none.

mod array;
mod number;
mod object;
mod text;

use std::rc::Rc;

use serde_json::Value;

use crate::openapi::TypeSet;

use super::demands::Demands;
use super::node::{Values, canonical};
use super::search::{Outcome, Prover};

impl Prover<'_> {
    /// A value of `kind`; *empty* only where that is proven.
    pub(super) fn leaf(&mut self, kind: TypeSet, demands: &Demands) -> Outcome {
        match kind {
            TypeSet::NULL => listed(&[Value::Null], demands),
            TypeSet::BOOLEAN => listed(&[Value::Bool(false), Value::Bool(true)], demands),
            TypeSet::NUMBER => number::leaf(demands),
            TypeSet::STRING => self.text(demands),
            TypeSet::ARRAY => self.array(demands),
            _ => self.object(demands),
        }
    }
}

fn listed(values: &[Value], demands: &Demands) -> Outcome {
    let free = values.iter().find(|value| !is_excluded(value, &demands.not_values));
    free.map_or(Outcome::Empty, |value| Outcome::Value(Rc::new(value.clone())))
}

/// Whether the value stands in a list it must not stand in.
fn is_excluded(value: &Value, lists: &[Values]) -> bool {
    let text = canonical(value);
    lists.iter().any(|values| values.has(&text))
}
