//! A whole message around a witness.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use crate::containment::ValuePlace;

use super::alternatives::MOST_ABOVE;
use super::direction::{DirectionProof, schema_of};

/// What a member is called whose name is free.
const FURTHER: &str = "key";

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
            let sender = schema_of(self.contracts.sender, self.ids(*outer)?.sender)?;
            value = match self.places(*inner, *outer)?.first()? {
                ValuePlace::Itself | ValuePlace::Alternative(_) => value,
                ValuePlace::Member(name) => self.prover.around(sender, Some(name), &value)?,
                ValuePlace::Further(_) => self.prover.around(sender, Some(FURTHER), &value)?,
                ValuePlace::Item(_) | ValuePlace::Items(_) => self.prover.around(sender, None, &value)?,
            };
        }
        let root = *way.last()?;
        if way.len() == 1 || self.pairs.get(root)?.writing.is_text() {
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
            if known.is_root() {
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
