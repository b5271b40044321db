//! A whole message around a witness: what stands in a part is proven only by a message that is refused as a whole.

use serde_json::Value as Json;

use crate::containment::{ValuePlace, Witness};
use crate::diff::Writing;

use super::above::Above;
use super::direction::{DirectionProof, schema_of};
use super::outcome::Proof;
use super::readings::{read_as_scalar, readings};

/// What a member is called whose name is free.
const FURTHER: &str = "key";

/// Longest message that is kept, bytes.
const LONGEST_MESSAGE: usize = 8_000;

/// Operations whose messages a witness is put into, the nearest first.
const MOST_LIFTS: usize = 6;

/// A message that one side accepts and the other refuses.
pub(super) struct WholeMessage {
    /// The pair that an operation names.
    pub(super) root: usize,
    pub(super) value: Json,
}

impl DirectionProof<'_> {
    /// The proof that a witness is, with the message that shows it.
    pub(super) fn refutation(&self, witness: Witness, message: WholeMessage) -> Proof {
        let Witness { value: witness, at, keyword } = witness;
        let operation = self.pairs.get(message.root).and_then(|root| root.operations.first()).map(|usage| usage.label());
        Proof::Refuted { witness, at, keyword, message: Some(message.value), operation }
    }

    /// A message around what is refused at a pair, of the nearest operation where it is still refused.
    pub(super) fn lifted(&mut self, pair: usize, above: &Above, witness: &Json) -> Option<WholeMessage> {
        above.roots.iter().copied().take(MOST_LIFTS).find_map(|root| {
            let value = self.lifted_to(root, &above.way(pair, root)?, witness)?;
            Some(WholeMessage { root, value })
        })
    }

    fn lifted_to(&mut self, root: usize, way: &[usize], witness: &Json) -> Option<Json> {
        let [pair, ..] = way else { return None };
        let mut value = witness.clone();
        if *pair == root {
            // Here it was asked already, and as it is written.
            return (!self.is_unwritten(root, &value)).then_some(value);
        }
        for step in way.windows(2) {
            // It only grows.
            if value.to_string().len() > LONGEST_MESSAGE {
                return None;
            }
            let [inner, outer] = step else { return None };
            // What a text was found for may be sent as what it says.
            let read = value.as_str().filter(|_| inner == pair).and_then(read_as_scalar);
            value = self.put_into(*inner, *outer, &value).or_else(|| self.put_into(*inner, *outer, &read?))?;
        }
        // Nothing is left out of it any more: it could be refused for another reason then.
        (value.to_string().len() <= LONGEST_MESSAGE && self.is_refused_whole(root, &value)).then_some(value)
    }

    /// A value of an outer pair that holds one of an inner pair, at the first place where it may stand.
    fn put_into(&mut self, inner: usize, outer: usize, value: &Json) -> Option<Json> {
        let sender = schema_of(self.contracts.sender, self.ids(outer)?.sender)?;
        self.places(inner, outer)?.into_iter().find_map(|place| match place {
            ValuePlace::Itself | ValuePlace::Alternative(_) => Some(value.clone()),
            ValuePlace::OfKinds(name, kinds) => value.get(name).filter(|kind| kinds.contains(kind)).map(|_| value.clone()),
            ValuePlace::Member(name) => self.prover.around(sender, Some(name), value),
            ValuePlace::Further(_) => self.prover.around(sender, Some(FURTHER), value),
            ValuePlace::Item(_) | ValuePlace::Items(_) => self.prover.around(sender, None, value),
        })
    }

    /// Whether a message is sent and refused, as somebody else judges it, and however its texts are read.
    fn is_refused_whole(&mut self, root: usize, message: &Json) -> bool {
        self.schemas(root).is_some_and(|schemas| self.prover.is_confirmed(schemas.sender, schemas.receiver, message))
            && self.is_refused_as_written(root, message)
    }

    /// Whether a message that is refused as a value is refused too however its texts are read.
    pub(super) fn is_refused_as_written(&mut self, root: usize, message: &Json) -> bool {
        let (Some(known), Some(schemas)) = (self.pairs.get(root), self.schemas(root)) else { return false };
        let entry = match (known.writing, message) {
            (Writing::Typed, _) => return true,
            // One entry of a list is written as a single value is.
            (Writing::Text(_), Json::Array(list)) if list.len() == 1 => list.first(),
            _ => None,
        };
        let texts = readings(message).zip(entry.map_or(Some(Vec::new()), readings));
        !self.is_unwritten(root, message)
            && texts
                .is_some_and(|(whole, entry)| !whole.iter().chain(&entry).any(|text| self.prover.accepts(schemas.receiver, text)))
    }

    /// Whether a message is none: a list without entries is not written among parameters (RFC 6570 section 2.3).
    fn is_unwritten(&self, root: usize, message: &Json) -> bool {
        let is_text = self.pairs.get(root).is_some_and(|known| known.writing.is_text());
        is_text && message.as_array().is_some_and(Vec::is_empty)
    }
}
