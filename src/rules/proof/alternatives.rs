//! Whether what one alternative refuses is taken by another one: beside it, or by a pair above it.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::containment::{Peers, Question};
use crate::openapi::{Contract, SchemaId, Value};

use super::direction::{DirectionProof, ReceiverMembers, Taken, schema_of};

/// Schemas of one value that are looked through for its choices.
const MOST_PARTS: usize = 40;

/// Pairs above a finding that are followed.
pub(super) const MOST_ABOVE: usize = 2_000;

impl<'d> DirectionProof<'d> {
    /// Whether the alternatives of both sides are the same in other words. Of alternatives of which several may fit, one more
    /// may be told apart by its names only: that they fit the same values says nothing of it.
    pub(super) fn is_same_in_other_words(&mut self, pair: usize, schemas: Peers<&'d Value>) -> bool {
        let Peers { sender, receiver } = self.contracts;
        self.ids(pair).is_some_and(|ids| chooses_one(sender, ids.sender) && chooses_one(receiver, ids.receiver))
            && self.are_same_values(schemas)
    }

    /// Whether everything this pair is an alternative of takes a value.
    pub(super) fn is_taken_beside(&mut self, pair: usize, value: &Json) -> bool {
        let (Some(known), Some(inner)) = (self.pairs.get(pair), self.ids(pair)) else { return false };
        let outer: Vec<SchemaId> = known.parents.iter().filter_map(|at| Some(self.ids(*at)?.receiver)).collect();
        let receiver = self.contracts.receiver;
        let is_branch = |id: &SchemaId| receiver.schema(*id).unions.iter().any(|union| union.branches.contains(&inner.receiver));
        !known.is_root()
            && !outer.is_empty()
            && outer.iter().all(is_branch)
            && outer.iter().all(|id| schema_of(receiver, *id).is_some_and(|schema| self.prover.accepts(schema, value)))
    }

    /// Whether every message that holds what is refused here is taken by an alternative above.
    pub(super) fn taken_above(&mut self, pair: usize) -> Taken {
        let mut seen: BTreeSet<usize> = BTreeSet::from([pair]);
        let mut pending = vec![pair];
        let mut taken = Taken::Strictly;
        while let Some(at) = pending.pop() {
            let Some(known) = self.pairs.get(at) else { return Taken::Not };
            let here = if at == pair { Taken::Not } else { self.taken_by(at) };
            if here != Taken::Not {
                taken = taken.min(here);
                continue;
            }
            if known.is_root() || known.parents.is_empty() || seen.len() > MOST_ABOVE {
                return Taken::Not;
            }
            // What a base holds is not in its schema: nobody can say that another heir takes it.
            if known.is_heir {
                return Taken::Not;
            }
            pending.extend(known.parents.iter().copied().filter(|parent| seen.insert(*parent)));
        }
        taken
    }

    /// Whether a pair with alternatives takes everything that is sent; any other refuses what its members refuse.
    fn taken_by(&mut self, pair: usize) -> Taken {
        if let Some(known) = self.taken.get(&pair) {
            return *known;
        }
        let Some(ids) = self.ids(pair) else { return Taken::Not };
        let is_composed = |contract: &Contract<'_>, id| {
            let schema = contract.schema(id);
            !schema.unions.is_empty() || !schema.all_of.is_empty()
        };
        let mut taken = Taken::Not;
        if (is_composed(self.contracts.sender, ids.sender) || is_composed(self.contracts.receiver, ids.receiver))
            && let Some(schemas) = self.schemas(pair)
            && self.prover.is_contained(schemas.sender, schemas.receiver, &Question::Whole)
        {
            // By the letter nothing may be sent at all: what is meant decides.
            if self.is_contained_as_meant(schemas, &Question::Whole, ReceiverMembers::Declared) {
                taken = Taken::Strictly;
            } else if !self.prover.is_empty(schemas.sender)
                || self.is_contained_as_meant(schemas, &Question::Whole, ReceiverMembers::Open)
            {
                taken = Taken::Loosely;
            }
        }
        self.taken.insert(pair, taken);
        taken
    }
}

/// Whether every choice within a schema of one value is one of exactly one.
fn chooses_one(contract: &Contract<'_>, id: SchemaId) -> bool {
    let mut seen = BTreeSet::from([id]);
    let mut pending = vec![id];
    while let Some(at) = pending.pop().filter(|_| seen.len() <= MOST_PARTS) {
        let schema = contract.schema(at);
        if schema.unions.iter().any(|union| !union.exclusive) {
            return false;
        }
        let parts = schema.all_of.iter().chain(schema.unions.iter().flat_map(|union| &union.branches));
        pending.extend(parts.take(MOST_PARTS).copied().filter(|part| seen.insert(*part)));
    }
    seen.len() <= MOST_PARTS
}
