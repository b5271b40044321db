//! Alternatives that a discriminating property tells apart: a name that both require, with values of which none is in both.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::openapi::TypeSet;

use super::node::{NodeId, Part};
use super::prover::{DiscriminatingValues, Prover};
use super::value::Values;

/// References and branches of `allOf` that are followed.
const HOPS: usize = 6;

impl Prover<'_> {
    /// Whether one value of the kind may satisfy both; never a wrong no.
    pub(super) fn may_both_be_satisfied(&mut self, first: NodeId, second: NodeId, kind: TypeSet) -> bool {
        let shared = self.kinds_of(first, 0).intersection(self.kinds_of(second, 0)).intersection(kind);
        if shared.is_empty() {
            return false;
        }
        if kind != TypeSet::OBJECT {
            return true;
        }
        let (first, second) = (self.discriminating_values(first), self.discriminating_values(second));
        !first.iter().any(|(name, values)| second.get(name).is_some_and(|others| values.is_disjoint(others)))
    }

    fn discriminating_values(&mut self, node: NodeId) -> DiscriminatingValues {
        if let Some(known) = self.discriminating.get(&node) {
            return Rc::clone(known);
        }
        let mut required: Vec<Rc<str>> = Vec::new();
        let mut listed: BTreeMap<Rc<str>, Values> = BTreeMap::new();
        let mut pending = vec![(node, 0)];
        while let Some((node, hops)) = pending.pop() {
            for part in self.reader.parts(node).iter() {
                match part {
                    Part::Same(inner) if hops < HOPS => pending.push((*inner, hops + 1)),
                    Part::Required(name) => required.push(Rc::clone(name)),
                    Part::Members(members) => {
                        for (name, member) in members.named.iter() {
                            if let Some(values) = self.listed_values(*member) {
                                listed.entry(Rc::clone(name)).or_insert(values);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        listed.retain(|name, _| required.contains(name));
        let found = Rc::new(listed);
        self.discriminating.insert(node, Rc::clone(&found));
        found
    }

    fn listed_values(&mut self, node: NodeId) -> Option<Values> {
        let mut node = node;
        for _ in 0..HOPS {
            let parts = self.reader.parts(node);
            let values = parts.iter().find_map(|part| match part {
                Part::OneOfValues(values) => Some(values.clone()),
                _ => None,
            });
            match (values, parts.as_ref()) {
                (Some(values), _) => return Some(values),
                (None, [Part::Same(inner)]) => node = *inner,
                _ => return None,
            }
        }
        None
    }
}
