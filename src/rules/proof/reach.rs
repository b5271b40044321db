//! In which messages a refused value can stand: a value that no message can hold proves nothing.
//!
//! Every operation that reaches a finding is asked by itself. Where it is proven that none of its messages holds what is
//! refused, the finding says nothing of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::containment::{Interpretation, Mask, Peers, Prover, Question, Reach, ValuePlace, Witness};
use crate::diff::Use;
use crate::openapi::Value;

use super::decision::HowContained;
use super::direction::DirectionProof;
use super::found::Found;
use super::outcome::Proof;

/// Schemas of operations above a finding that are asked about; any more are taken to be reached.
const MOST_ROOTS: usize = 24;

/// Pairs between a finding and the operations above it; where there are more, all of them are taken to be reached.
const MOST_BETWEEN: usize = 400;

/// Steps that questions about whole messages may take together.
const STEPS: usize = 1_500_000;

/// The pairs above a finding.
struct Above {
    /// Those that operations name, the nearest first.
    roots: Vec<usize>,
    /// Every pair on the way, with those directly beneath it that lead to the finding.
    beneath: BTreeMap<usize, Vec<usize>>,
}

impl<'d> DirectionProof<'d> {
    /// What a value that is refused at a pair comes to in the messages that can hold it.
    pub(super) fn in_messages(&mut self, pair: usize, receiver: &'d Value, question: &Question<'d>, witness: Witness) -> Found {
        let above = self.above(pair).filter(|above| !above.roots.is_empty());
        let Some(Above { roots, beneath }) = above else {
            return Found::Refuted { proof: Box::new(self.refutation(pair, witness)), roots: None };
        };
        let mut proof = self.refutation(pair, witness);
        let mut is_shown = roots.contains(&pair) || matches!(&proof, Proof::Refuted { message: Some(_), .. });
        let mut reached = BTreeSet::new();
        // The nearest is the one that the message was put together for.
        let shown = if is_shown { roots.first().copied() } else { None };
        reached.extend(shown);
        let others: Vec<usize> = roots.into_iter().filter(|root| Some(*root) != shown).collect();
        if !others.is_empty() {
            let masks = self.masks(pair, receiver, question, &beneath);
            for (count, root) in others.into_iter().enumerate() {
                let mask = masks.as_ref().and_then(|masks| masks.get(&root)).filter(|_| count < MOST_ROOTS);
                let reach = match (mask, self.schemas(root)) {
                    _ if root == pair => Reach::Unknown,
                    (Some(mask), Some(schemas)) => self.reach(schemas, *mask),
                    _ => Reach::Unknown,
                };
                match reach {
                    Reach::Never => continue,
                    Reach::Found(message) if !is_shown => {
                        if let Some(whole) = self.confirmed_message(root, &message) {
                            proof = whole;
                            is_shown = true;
                        }
                    }
                    Reach::Found(_) | Reach::Unknown => {}
                }
                reached.insert(root);
            }
        }
        if reached.is_empty() {
            return Found::Contained(HowContained::OutOfReach);
        }
        Found::Refuted { proof: Box::new(proof), roots: Some(reached) }
    }

    /// Whether any message of a root breaks a mask. Where by the letter there is no message at all, nothing is known.
    fn reach(&mut self, schemas: Peers<&'d Value>, mask: Mask) -> Reach {
        let prover = self.messages();
        match prover.reach(schemas.sender, mask) {
            Reach::Never if prover.is_empty(schemas.sender) => Reach::Unknown,
            reach => reach,
        }
    }

    /// The proof that a whole message is, as somebody else judges it.
    fn confirmed_message(&mut self, root: usize, message: &serde_json::Value) -> Option<Proof> {
        if self.pairs.get(root)?.writing.is_text() {
            return None;
        }
        let schemas = self.schemas(root)?;
        let Witness { value: witness, at, keyword } = self.messages().witness(schemas.sender, schemas.receiver, message)?;
        Some(Proof::Refuted { witness, at, keyword, message: None })
    }

    /// Who is asked about whole messages. What is sent is taken widely, so that *never* is sure: an `oneOf` that overlaps
    /// leaves nothing by the letter.
    fn messages(&mut self) -> &mut Prover<'d> {
        let Peers { sender, receiver } = self.documents;
        let stop = self.stop.clone();
        self.messages.get_or_insert_with(|| {
            let documents = Peers { sender: Interpretation { one_is_any: true, ..sender }, receiver };
            Prover::new(documents, true, Box::new(|_| false)).within(STEPS).stopped_by(stop)
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

    /// The pairs above a pair, itself among them; none where there are too many.
    fn above(&mut self, pair: usize) -> Option<Above> {
        let mut beneath: BTreeMap<usize, Vec<usize>> = BTreeMap::from([(pair, Vec::new())]);
        let mut roots = Vec::new();
        let mut pending = VecDeque::from([pair]);
        while let Some(at) = pending.pop_front() {
            let known = self.pairs.get(at)?;
            self.pairs_left = self.pairs_left.checked_sub(1)?;
            if known.is_root() {
                roots.push(at);
            }
            for parent in &known.parents {
                let is_new = !beneath.contains_key(parent);
                beneath.entry(*parent).or_default().push(at);
                if is_new {
                    pending.push_back(*parent);
                }
            }
            if beneath.len() > MOST_BETWEEN {
                return None;
            }
        }
        Some(Above { roots, beneath })
    }

    /// The operations that some pairs are named by; none where a place is reached by more than are told apart.
    pub(super) fn operations_above(&mut self, pair: usize) -> Option<BTreeSet<usize>> {
        Some(self.above(pair)?.roots.into_iter().collect())
    }

    /// The operations that name some pairs.
    pub(super) fn named_by(&self, roots: &BTreeSet<usize>) -> Vec<Arc<Use>> {
        roots.iter().filter_map(|root| self.pairs.get(*root)).flat_map(|known| known.operations.iter().cloned()).collect()
    }
}
