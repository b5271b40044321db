//! Values that one alternative of a `oneOf` took, and that fit another one as well now: `oneOf` takes what fits one only.

use std::collections::BTreeSet;

use crate::containment::{Containment, Question};
use crate::diff::{Change, ChangeKind, ComparedSchemas, Effect};
use crate::openapi::{SchemaId, Value};

use super::change::MOST_PLACES;
use super::direction::{DirectionProof, NEVER, Taken, schema_of};
use super::found::{Found, ProvenChange};
use super::outcome::Proof;

/// Pairs above a change that are looked through for alternatives.
const MOST_LOOKED_THROUGH: usize = 40;

/// An alternative that takes more than it did.
struct WiderForm {
    /// The pair of the alternative.
    form: usize,
    /// The pair whose `oneOf` it belongs to.
    whole: usize,
}

impl<'d> DirectionProof<'d> {
    /// Whether what widens where it stands may let values fit two alternatives.
    pub(super) fn may_overlap(&self, change: &Change) -> bool {
        let compared = || change.compared.iter().take(MOST_PLACES);
        self.is_to_provider()
            && change.kind.effect() == Effect::Widens
            && compared().any(|compared| !self.wider_forms(compared.pair).is_empty())
    }

    /// A value that was sent before and fits a new or a wider alternative as well as another one.
    pub(super) fn overlap(&mut self, change: &Change) -> Option<ProvenChange> {
        let mut suspected = None;
        for compared in change.compared.iter().take(MOST_PLACES) {
            for (whole, branch, before) in self.grown_forms(change, compared) {
                match self.taken_twice(whole, branch, before) {
                    Some(found) if matches!(found.proof, Proof::Refuted { .. }) => return Some(found),
                    found => suspected = suspected.or(found),
                }
            }
        }
        suspected
    }

    /// The alternatives that came or grew by a change at one of its places: the pair whose `oneOf` counts each, its schema, and
    /// the one it had before.
    fn grown_forms(&self, change: &Change, compared: &ComparedSchemas) -> Vec<(usize, &'d Value, Option<&'d Value>)> {
        if change.kind == ChangeKind::VariantAdded {
            // A tag says which form is meant: what has the tag of the new one was never meant for another.
            if self.is_tagged(compared) {
                return Vec::new();
            }
            let branch = compared.branch.and_then(|branch| schema_of(self.contracts.receiver, branch));
            return branch.map(|branch| (compared.pair, branch, None)).into_iter().collect();
        }
        let wider = self.wider_forms(compared.pair).into_iter();
        let read = |WiderForm { form, whole }| self.schemas(form).map(|known| (whole, known.receiver, Some(known.sender)));
        wider.filter_map(read).collect()
    }

    /// Whether a discriminator tells apart the alternatives among which a new one came.
    fn is_tagged(&self, compared: &ComparedSchemas) -> bool {
        let receiver = self.contracts.receiver;
        let is_told_apart = |holder: SchemaId| {
            let holder = receiver.schema(holder);
            let lists = |id: SchemaId| holder.unions.iter().any(|union| union.branches.contains(&id));
            holder.discriminator.is_some() && compared.branch.is_some_and(lists)
        };
        self.ids(compared.pair).is_some_and(|ids| is_told_apart(ids.receiver))
            || is_told_apart(self.ordered(compared.holders).receiver)
    }

    /// A value that an alternative takes as well as another one, and that it did not take before. Where the receiver takes
    /// only members it declares there is none, the alternatives are told apart as people mean them.
    fn taken_twice(&mut self, pair: usize, branch: &'d Value, before: Option<&'d Value>) -> Option<ProvenChange> {
        let ids = self.ids(pair)?;
        let schemas = self.schemas(pair)?;
        let question = Question::Taken(branch);
        let Containment::Refuted(witness) = self.contains(schemas, &question) else { return None };
        // Beside members of its own, an alternative declares only a part of the object.
        let whole = self.contracts.receiver.schema(ids.receiver);
        let is_part = !whole.properties.is_empty() || !whole.all_of.is_empty();
        let is_refused = witness.keyword == "oneOf"
            && (is_part || matches!(self.contains_strictly(schemas, &question), Containment::Refuted(_)));
        // What it took before is no news of it.
        let is_news = |proofs: &mut Self, before: &'d Value| {
            let value = Question::Value(witness.value.clone());
            proofs.prover.contains(before, &NEVER, &value) == Containment::Contained
        };
        if !is_refused || before.is_some_and(|before| !is_news(self, before)) || self.taken_above(pair) != Taken::Not {
            return None;
        }
        match self.in_messages(pair, schemas.receiver, &question, witness) {
            Found::Refuted { proof, roots } => Some(ProvenChange { proof: *proof, roots }),
            Found::Undecided { why, roots } => Some(ProvenChange { proof: Proof::Undecided { reason: why.to_owned() }, roots }),
            Found::Contained(_) => None,
        }
    }

    /// The alternatives above a pair, itself among them, that a `oneOf` of the receiver counts and no tag tells apart.
    fn wider_forms(&self, pair: usize) -> Vec<WiderForm> {
        let mut found = Vec::new();
        let mut seen: BTreeSet<usize> = BTreeSet::from([pair]);
        let mut pending = vec![pair];
        while let Some(form) = pending.pop() {
            let (Some(known), Some(ids)) = (self.pairs.get(form), self.ids(form)) else { continue };
            for whole in known.parents.iter().take(MOST_LOOKED_THROUGH) {
                if self.ids(*whole).is_some_and(|outer| self.counts(outer.receiver, ids.receiver)) {
                    found.push(WiderForm { form, whole: *whole });
                }
                if seen.len() < MOST_LOOKED_THROUGH && seen.insert(*whole) {
                    pending.push(*whole);
                }
            }
        }
        found
    }

    /// Whether a `oneOf` without a tag counts an alternative.
    fn counts(&self, whole: SchemaId, form: SchemaId) -> bool {
        let schema = self.contracts.receiver.schema(whole);
        schema.discriminator.is_none() && schema.unions.iter().any(|union| union.exclusive && union.branches.contains(&form))
    }
}
