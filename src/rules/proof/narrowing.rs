//! Changes that widen where they stand and may still narrow the whole.

use std::collections::BTreeSet;

use crate::containment::{Containment, Question, ValuePlace};
use crate::diff::{Change, ChangeKind};
use crate::openapi::{SchemaId, Value};

use super::change::MOST_PLACES;
use super::direction::DirectionProof;

impl<'d> DirectionProof<'d> {
    /// Whether a change that widens where it stands may narrow the whole: a name that an alternative declared, or that a
    /// listed value has, is now declared otherwise, or what evaluated a member or an item goes, and what is left over is
    /// refused or limited.
    pub(super) fn may_narrow(&self, change: &Change) -> bool {
        use ChangeKind as K;
        let pairs = || change.compared.iter().take(MOST_PLACES).map(|compared| compared.pair);
        match change.kind {
            K::OptionalPropertyAdded if self.is_to_provider() => {
                pairs().any(|pair| self.may_name_more(pair) || !self.around(pair).is_empty())
            }
            _ if self.is_new_name(change) => pairs().any(|pair| !self.around(pair).is_empty()),
            K::PropertyRemoved | K::ConstraintRemoved if self.is_to_provider() => {
                pairs().any(|pair| self.refuses_unevaluated(pair) || self.left_over_above(pair).is_some())
            }
            _ => pairs().any(|pair| self.left_over_above(pair).is_some()),
        }
    }

    /// The pair above one whose receiver has no schema for it any more, where that limits what nothing has evaluated: what was
    /// the value of an item is left over.
    pub(super) fn left_over_above(&self, pair: usize) -> Option<usize> {
        let is_gone = self.ids(pair)?.receiver == SchemaId::ANY;
        let parents = self.pairs.get(pair)?.parents.iter().filter(|_| is_gone);
        parents.copied().find(|above| self.refuses_unevaluated(*above))
    }

    /// The pair that a pair is an alternative of, where a name that is new in it came already and is not taken now, and what is
    /// asked there: of further names the one around the alternatives speaks.
    pub(super) fn named_around(&mut self, change: &Change, pair: usize) -> Option<(usize, Question<'d>)> {
        if !self.is_new_name(change) {
            return None;
        }
        let form = self.schemas(pair)?.sender;
        let question = Question::Within(form, Box::new(Question::With(change.subject.clone())));
        self.around(pair).into_iter().find_map(|around| {
            let schemas = self.schemas(around)?;
            matches!(self.contains(schemas, &question), Containment::Refuted(_)).then(|| (around, question.clone()))
        })
    }

    /// Whether a member may come, or is looked at, that nobody declared there before. What is asked for is a fact of its own.
    fn is_new_name(&self, change: &Change) -> bool {
        match change.kind {
            ChangeKind::OptionalPropertyAdded => true,
            ChangeKind::RequiredPropertyAdded => !self.is_to_provider(),
            _ => false,
        }
    }

    /// The pairs of which a pair is an alternative, or a member of their `allOf`, and that say what further members are: those
    /// that come, or those that are taken.
    fn around(&self, pair: usize) -> Vec<usize> {
        let says_more = |at: &usize| if self.is_to_provider() { self.names_more(*at) } else { self.refuses_unevaluated(*at) };
        let is_part = |inner: usize, outer: usize| {
            let of_value = |place: &ValuePlace<'_>| matches!(place, ValuePlace::Itself | ValuePlace::Alternative(_));
            self.places(inner, outer).is_some_and(|places| places.iter().any(of_value))
        };
        let mut found: BTreeSet<usize> = [pair].into_iter().filter(says_more).collect();
        let mut pending = vec![pair];
        while let Some(at) = pending.pop().filter(|_| found.len() < MOST_PLACES) {
            let parents = self.pairs.get(at).into_iter().flat_map(|known| &known.parents).take(MOST_PLACES);
            for outer in parents.copied().filter(says_more).filter(|outer| is_part(at, *outer)) {
                if found.insert(outer) {
                    pending.push(outer);
                }
            }
        }
        found.into_iter().collect()
    }

    /// Whether the sender says that names come which no keyword beside has looked at.
    fn names_more(&self, pair: usize) -> bool {
        self.ids(pair).is_some_and(|ids| {
            let further = self.contracts.sender.schema(ids.sender).value.get("unevaluatedProperties");
            further.is_some_and(|further| *further != Value::Bool(false))
        })
    }

    /// Whether the sender may send names that it does not declare as members.
    fn may_name_more(&self, pair: usize) -> bool {
        self.ids(pair).is_some_and(|ids| {
            let schema = self.contracts.sender.schema(ids.sender);
            let lists_objects = || schema.enumeration.iter().flatten().any(|value| value.is_object());
            !schema.unions.is_empty() || !schema.constraints.is_empty() || lists_objects()
        })
    }

    /// Whether the receiver refuses, or limits, what nothing else has evaluated.
    fn refuses_unevaluated(&self, pair: usize) -> bool {
        self.ids(pair).is_some_and(|ids| {
            let schema = self.contracts.receiver.schema(ids.receiver).value;
            ["unevaluatedProperties", "unevaluatedItems"].iter().any(|name| schema.get(name).is_some())
        })
    }
}
