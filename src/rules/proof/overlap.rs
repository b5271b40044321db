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
    rivals: Rivals,
}

/// An alternative that came or grew.
struct GrownForm<'d> {
    /// The pair whose `oneOf` counts it.
    whole: usize,
    schema: &'d Value,
    /// What it was before, if it was there.
    before: Option<&'d Value>,
    rivals: Rivals,
}

/// The alternatives that a `oneOf` counts beside one.
#[derive(Default)]
struct Rivals {
    others: Vec<SchemaId>,
    /// Whether an alternative declares only a part of the object: more is declared beside the `oneOf`.
    is_part: bool,
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
            for form in self.grown_forms(change, compared) {
                match self.taken_twice(&form) {
                    Some(found) if matches!(found.proof, Proof::Refuted { .. }) => return Some(found),
                    found => suspected = suspected.or(found),
                }
            }
        }
        suspected
    }

    /// The alternatives that came or grew by a change at one of its places.
    fn grown_forms(&self, change: &Change, compared: &ComparedSchemas) -> Vec<GrownForm<'d>> {
        if change.kind == ChangeKind::VariantAdded {
            // A tag says which form is meant: what has the tag of the new one was never meant for another.
            if self.is_tagged(compared) {
                return Vec::new();
            }
            let whole = compared.pair;
            let grown = |branch| {
                let schema = schema_of(self.contracts.receiver, branch)?;
                let rivals = self.rivals(self.ids(whole)?.receiver, branch).unwrap_or_default();
                Some(GrownForm { whole, schema, before: None, rivals })
            };
            return compared.branch.and_then(grown).into_iter().collect();
        }
        let wider = self.wider_forms(compared.pair).into_iter();
        let read = |WiderForm { form, whole, rivals }| {
            let schemas = self.schemas(form)?;
            Some(GrownForm { whole, schema: schemas.receiver, before: Some(schemas.sender), rivals })
        };
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
    fn taken_twice(&mut self, form: &GrownForm<'d>) -> Option<ProvenChange> {
        let GrownForm { whole: pair, schema, before, ref rivals } = *form;
        let schemas = self.schemas(pair)?;
        let question = Question::Taken(schema);
        let Containment::Refuted(witness) = self.contains(schemas, &question) else { return None };
        let receiver = self.contracts.receiver;
        let mut others = rivals.others.iter().filter_map(|other| schema_of(receiver, *other));
        // Beneath other alternatives none of them takes it, whatever is said of the innermost.
        let is_counted = witness.keyword == "oneOf" || others.any(|other| self.prover.accepts(other, &witness.value));
        let is_refused =
            is_counted && (rivals.is_part || matches!(self.contains_strictly(schemas, &question), Containment::Refuted(_)));
        // What it took before is no news of it.
        let is_news = |proofs: &mut Self, before: &'d Value| {
            let value = Question::Value(witness.value.clone());
            proofs.prover.is_contained(before, &NEVER, &value)
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
                if let Some(rivals) = self.ids(*whole).and_then(|outer| self.rivals(outer.receiver, ids.receiver)) {
                    found.push(WiderForm { form, whole: *whole, rivals });
                }
                if seen.len() < MOST_LOOKED_THROUGH && seen.insert(*whole) {
                    pending.push(*whole);
                }
            }
        }
        found
    }

    /// The alternatives that a `oneOf` without a tag counts beside one, wherever in the schema of a value it stands; none where
    /// none counts it.
    fn rivals(&self, whole: SchemaId, form: SchemaId) -> Option<Rivals> {
        let mut seen = BTreeSet::from([whole]);
        let mut pending = vec![(whole, false)];
        while let Some((at, is_part)) = pending.pop() {
            let schema = self.contracts.receiver.schema(at);
            // More is declared beside, or may be.
            let is_part = is_part || !schema.properties.is_empty() || schema.all_of.len() + schema.unions.len() > 1;
            let mut counting = schema.unions.iter().filter(|union| union.exclusive && union.branches.contains(&form));
            if let Some(union) = counting.next().filter(|_| schema.discriminator.is_none()) {
                let others = union.branches.iter().copied().filter(|other| *other != form).collect();
                return Some(Rivals { others, is_part });
            }
            for inner in schema.all_of.iter().chain(schema.unions.iter().flat_map(|union| &union.branches)) {
                if seen.len() < MOST_LOOKED_THROUGH && seen.insert(*inner) {
                    pending.push((*inner, is_part));
                }
            }
        }
        None
    }
}
