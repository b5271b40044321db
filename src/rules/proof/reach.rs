//! In which messages a refused value can stand: a value that no message can hold proves nothing.
//!
//! Every operation that reaches a finding is asked by itself. Where it is proven that none of its messages holds what is
//! refused, the finding says nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::containment::{Interpretation, Mask, Peers, Prover, Question, Reach, ValuePlace, Witness};
use crate::openapi::Value;

use super::decision::HowContained;
use super::direction::{DirectionProof, another};
use super::found::Found;
use super::message::WholeMessage;

/// Schemas of operations above a finding that are asked about; any more are taken to be reached.
const MOST_ROOTS: usize = 24;

/// Why what is refused where a change stands proves nothing.
const NOT_SHOWN: &str = "no whole message could be put together that holds a value refused here and is refused itself";

impl<'d> DirectionProof<'d> {
    /// What a value that is refused at a pair comes to in the messages that can hold it.
    pub(super) fn in_messages(&mut self, pair: usize, receiver: &'d Value, question: &Question<'d>, witness: Witness) -> Found {
        let above = self.above(pair);
        let mut shown = self.lifted(pair, &above, &witness.value).map(|message| (witness, message));
        let mut reached: BTreeSet<usize> = shown.iter().map(|(_, message)| message.root).collect();
        let others: Vec<usize> = above.roots.iter().copied().filter(|root| !reached.contains(root)).collect();
        // Where not all are known, a message is all that is asked for.
        if !others.is_empty() && (above.is_complete || shown.is_none()) {
            let masks = self.masks(pair, receiver, question, &above.beneath);
            for (count, root) in others.into_iter().enumerate() {
                let mask = masks.as_ref().and_then(|masks| masks.get(&root)).filter(|_| count < MOST_ROOTS);
                let (Some(mask), Some(schemas)) = (mask, self.schemas(root)) else {
                    reached.insert(root);
                    continue;
                };
                match self.reach(schemas, *mask) {
                    Reach::Never => continue,
                    reach if shown.is_none() => shown = self.shown_at(root, *mask, reach),
                    _ => {}
                }
                reached.insert(root);
            }
        }
        if reached.is_empty() && above.is_complete && !above.roots.is_empty() {
            return Found::Contained(HowContained::OutOfReach);
        }
        let roots = above.is_complete.then_some(reached);
        match shown {
            Some((witness, message)) => Found::Refuted { proof: Box::new(self.refutation(witness, message)), roots },
            None => Found::Undecided { why: NOT_SHOWN, roots },
        }
    }

    /// What a value comes to that is refused where it travels by itself, or not at all.
    pub(super) fn shown_alone(&mut self, pair: usize, witness: Witness) -> Found {
        let above = self.above(pair);
        let shown = self.lifted(pair, &above, &witness.value);
        let roots = above.is_complete.then(|| above.roots.iter().copied().collect());
        match shown {
            Some(message) => Found::Refuted { proof: Box::new(self.refutation(witness, message)), roots },
            None => Found::Undecided { why: NOT_SHOWN, roots },
        }
    }

    /// Whether any message of a root breaks a mask. Where by the letter there is no message at all, nothing is known.
    fn reach(&mut self, schemas: Peers<&'d Value>, mask: Mask) -> Reach {
        let prover = self.messages();
        match prover.reach(schemas.sender, mask) {
            Reach::Never if prover.is_empty(schemas.sender) => Reach::Unknown,
            reach => reach,
        }
    }

    /// A message of a root that breaks a mask and is refused, as somebody else judges it: the one that was reached, or
    /// another one, since an alternative of the receiver may take what its neighbour refuses.
    fn shown_at(&mut self, root: usize, mask: Mask, reach: Reach) -> Option<(Witness, WholeMessage)> {
        let schemas = self.schemas(root)?;
        let found = match reach {
            Reach::Found(message) => self.confirmed_at(root, &message, mask),
            Reach::Never | Reach::Unknown => None,
        };
        found.or_else(|| match self.messages().reach_refused(schemas, mask) {
            Reach::Found(message) => self.confirmed_at(root, &message, mask),
            Reach::Never | Reach::Unknown => None,
        })
    }

    /// The witness that a whole message is.
    fn confirmed_at(&mut self, root: usize, message: &Json, mask: Mask) -> Option<(Witness, WholeMessage)> {
        let schemas = self.schemas(root)?;
        let witness = self.messages().witness(schemas, message, mask)?;
        let value = witness.value.clone();
        self.is_refused_as_written(root, &value).then_some((witness, WholeMessage { root, value }))
    }

    /// Who is asked about whole messages. What is sent is taken widely, so that *never* is sure: an `oneOf` that overlaps
    /// leaves nothing by the letter.
    fn messages(&mut self) -> &mut Prover<'d> {
        let Peers { sender, receiver } = self.documents;
        let (allowance, stop) = (&self.allowance, &self.stop);
        self.messages.get_or_insert_with(|| {
            let documents = Peers { sender: Interpretation { one_is_any: true, ..sender }, receiver };
            another(documents, allowance, stop)
        })
    }

    /// A mask for every pair above a finding; none where it is not known how one stands in another.
    fn masks(
        &mut self,
        pair: usize,
        receiver: &'d Value,
        question: &Question<'d>,
        beneath: &BTreeMap<usize, Vec<usize>>,
    ) -> Option<BTreeMap<usize, Mask>> {
        let mut places: Vec<(usize, Vec<(ValuePlace<'d>, usize)>)> = Vec::with_capacity(beneath.len());
        for (outer, inner) in beneath {
            let mut here = Vec::new();
            for inner in inner {
                here.extend(self.places(*inner, *outer)?.into_iter().map(|place| (place, *inner)));
            }
            places.push((*outer, here));
        }
        let prover = self.messages();
        let own = prover.mask(receiver, question);
        let masks: BTreeMap<usize, Mask> = beneath.keys().map(|at| (*at, prover.open_mask())).collect();
        for (outer, places) in places {
            let mut known: Vec<(ValuePlace<'d>, Mask)> =
                places.into_iter().filter_map(|(place, inner)| Some((place, *masks.get(&inner)?))).collect();
            if outer == pair {
                known.push((ValuePlace::Itself, own));
            }
            prover.close_mask(*masks.get(&outer)?, known);
        }
        Some(masks)
    }
}
