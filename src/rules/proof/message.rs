//! A whole message around a witness.

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use crate::openapi::{Additional, Contract, SchemaId};

use super::alternatives::MOST_ABOVE;
use super::direction::{DirectionProof, schema_of};

/// Longest message that is kept, bytes.
const LONGEST_MESSAGE: usize = 2_000;

impl DirectionProof<'_> {
    /// A message around a witness, as far as it can be put together, and still refused.
    pub(super) fn whole_message(&mut self, pair: usize, witness: &Json) -> Option<Json> {
        let way = self.way_up(pair)?;
        let mut value = witness.clone();
        for step in way.windows(2) {
            // It only grows.
            if value.to_string().len() > LONGEST_MESSAGE {
                return None;
            }
            let [inner, outer] = step else { return None };
            let sender = self.contracts.sender;
            let (inner, outer) = (self.ids(*inner)?.sender, self.ids(*outer)?.sender);
            value = match nesting(sender, outer, inner)? {
                Nesting::Itself => value,
                Nesting::Member(name) => self.prover.around(schema_of(sender, outer)?, Some(name), &value)?,
                Nesting::Item => self.prover.around(schema_of(sender, outer)?, None, &value)?,
            };
        }
        let root = *way.last()?;
        if way.len() == 1 || self.pairs.get(root)?.is_text {
            return None;
        }
        let schemas = self.schemas(root)?;
        // Nothing is left out of it any more: it could be refused for another reason then.
        (value.to_string().len() <= LONGEST_MESSAGE && self.prover.is_confirmed(schemas.sender, schemas.receiver, &value))
            .then_some(value)
    }

    /// The shortest way from a pair to one that an operation names.
    fn way_up(&self, pair: usize) -> Option<Vec<usize>> {
        let mut from: FxHashMap<usize, usize> = FxHashMap::default();
        let mut pending = VecDeque::from([pair]);
        while let Some(at) = pending.pop_front() {
            let known = self.pairs.get(at)?;
            if known.is_root {
                let mut way = vec![at];
                let mut here = at;
                while let Some(below) = from.get(&here) {
                    way.push(*below);
                    here = *below;
                }
                way.reverse();
                return Some(way);
            }
            if from.len() > MOST_ABOVE {
                return None;
            }
            for parent in &known.parents {
                if *parent != pair && !from.contains_key(parent) {
                    from.insert(*parent, at);
                    pending.push_back(*parent);
                }
            }
        }
        None
    }
}

/// How a value stands in the value around it.
enum Nesting<'d> {
    /// It is the same value: a branch, or a reference.
    Itself,
    /// As a member of this name.
    Member(&'d str),
    /// As an item.
    Item,
}

/// How a value of `inner` stands in one of `outer`, perhaps within its branches.
fn nesting<'d>(contract: &Contract<'d>, outer: SchemaId, inner: SchemaId) -> Option<Nesting<'d>> {
    let mut seen = BTreeSet::new();
    let mut pending = vec![outer];
    while let Some(at) = pending.pop() {
        if at == inner {
            return Some(Nesting::Itself);
        }
        if !seen.insert(at) {
            continue;
        }
        let schema = contract.schema(at);
        if let Some((name, _)) = schema.properties.iter().find(|(_, id)| *id == inner) {
            return Some(Nesting::Member(name));
        }
        if schema.items == Some(inner) {
            return Some(Nesting::Item);
        }
        if schema.additional == Additional::Schema(inner) {
            return Some(Nesting::Member("key"));
        }
        pending.extend(&schema.all_of);
        pending.extend(schema.unions.iter().flat_map(|union| &union.branches));
    }
    None
}
