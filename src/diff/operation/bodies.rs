//! Facts of bodies: whether one is needed, its media types, and how its parts are written.

use std::collections::HashSet;

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Dialect, Media, Operation, OperationKind, PointerId, RequestBody};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::fact::Difference;
use super::super::folded::Folded;
use super::super::walk::SchemaPair;
use super::super::writing::Writing;
use super::media_list::MediaList;
use super::media_type::is_structured;
use super::pair::OperationPair;

impl OperationPair<'_, '_, '_, '_> {
    /// The body of a request.
    pub(super) fn body(&mut self, old: Option<&RequestBody<'_>>, new: Option<&RequestBody<'_>>, direction: Direction) {
        let names =
            |body: &RequestBody<'_>| Some(json!(body.content.iter().map(|media| media.name.as_str()).collect::<Vec<_>>()));
        match (old, new) {
            (Some(old), Some(new)) => {
                let at = BeforeAfter::new(old.at, new.at);
                let flags = BeforeAfter::new(Some(json!(old.required)), Some(json!(new.required)));
                match (old.required, new.required) {
                    (false, true) => self.state(Difference::new(ChangeKind::BodyBecameRequired).values(flags), direction, at),
                    (true, false) => self.state(Difference::new(ChangeKind::BodyBecameOptional).values(flags), direction, at),
                    _ => {}
                }
                self.content(&old.content, &new.content, direction, at);
            }
            // The one behind a reference that leads nowhere is neither gone nor new; in Swagger 2.0 it is a parameter.
            (None, _) | (_, None)
                if self.old.unread.body != self.new.unread.body || self.old.unread.parameters != self.new.unread.parameters => {}
            (None, Some(new)) => {
                let kind = if new.required { ChangeKind::RequiredBodyAdded } else { ChangeKind::OptionalBodyAdded };
                self.state(Difference::new(kind).after(names(new)), direction, BeforeAfter::new(self.old.at, new.at));
            }
            (Some(old), None) => self.state(
                Difference::new(ChangeKind::BodyRemoved).before(names(old)),
                direction,
                BeforeAfter::new(old.at, self.new.at),
            ),
            (None, None) => {}
        }
    }

    /// What a body may hold, by media type.
    pub(super) fn content(&mut self, old: &[Media<'_>], new: &[Media<'_>], direction: Direction, home: BeforeAfter<PointerId>) {
        if !self.walk.affords(old.len() + new.len()) {
            return;
        }
        // Nothing is left to be written in: the answer to a webhook lost its body.
        if direction == Direction::ToProvider && new.is_empty() && !old.is_empty() {
            // Or what it may be written in stands behind a reference that leads nowhere.
            if self.old.unread != self.new.unread {
                return;
            }
            let names = old.iter().map(|media| media.name.as_str()).collect::<Vec<_>>();
            return self.state(Difference::new(ChangeKind::BodyRemoved).before(json!(names)), direction, home);
        }
        // Who calls chooses by `Accept`; who is called takes what comes.
        let pushed =
            matches!(self.old.kind, OperationKind::Webhook | OperationKind::Callback) && direction == Direction::FromProvider;
        let evidence = Evidence { pushed, ..Evidence::default() };
        // A range that was accepted is more than one of its types; one that is sent promises no single type.
        let narrowed = |range: &Media<'_>, others: &MediaList<'_, '_>| {
            direction == Direction::ToProvider && !others.has(&range.name) && !others.covers(&range.name)
        };
        let (listed_before, listed_after) = (MediaList::of(old), MediaList::of(new));
        for left in old {
            if self.walk.is_stopped() {
                return self.walk.give_up();
            }
            let exact = listed_after.counterpart(left);
            // What comes in one form less is not read otherwise.
            if direction == Direction::FromProvider
                && exact.is_some_and(|right| {
                    right.spelled != left.spelled
                        && listed_before.counterpart(right).is_some_and(|own| own.spelled == right.spelled)
                })
            {
                continue;
            }
            if narrowed(left, &listed_after) && listed_after.is_met_by(&left.name) {
                let name = left.name.clone();
                let value = Some(json!(name));
                self.state(
                    Difference::new(ChangeKind::MediaTypeRemoved).about(name).before(value).evidence(evidence),
                    direction,
                    BeforeAfter::new(left.at, home.after),
                );
            }
            if let Some(right) = exact.or_else(|| listed_after.overlapping(&left.name)) {
                self.encoding(left, right, direction);
                // "Bytes", "text" and nothing at all are one, where the media type itself says what it is.
                let is_plain = |contract, id| Folded::of(contract, id).is_plain();
                if !is_structured(&left.name)
                    && is_plain(self.walk.before, left.schema)
                    && is_plain(self.walk.after, right.schema)
                {
                    continue;
                }
                self.values_of(left, right, direction);
            } else if !self.is_spread(&left.name, direction) {
                let name = left.name.clone();
                let value = Some(json!(name));
                self.state(
                    Difference::new(ChangeKind::MediaTypeRemoved).about(name).before(value).evidence(evidence),
                    direction,
                    BeforeAfter::new(left.at, home.after),
                );
            }
        }
        for right in new {
            if self.walk.is_stopped() {
                return self.walk.give_up();
            }
            // One more form of a media type that could come: it is read as the one that is known.
            if direction == Direction::FromProvider
                && let Some(left) = listed_before.counterpart(right)
                && left.spelled != right.spelled
                && listed_after.counterpart(left).is_some_and(|own| own.spelled == left.spelled)
            {
                self.values_of(left, right, direction);
            }
            if narrowed(right, &listed_before) && listed_before.is_met_by(&right.name) {
                let name = right.name.clone();
                let value = Some(json!(name));
                self.state(
                    Difference::new(ChangeKind::MediaTypeAdded).about(name).after(value).evidence(evidence),
                    direction,
                    BeforeAfter::new(home.before, right.at),
                );
            }
            if !listed_before.has(&right.name)
                && listed_before.overlapping(&right.name).is_none()
                && !self.is_spread(&right.name, direction)
            {
                let name = right.name.clone();
                let value = Some(json!(name));
                self.state(
                    Difference::new(ChangeKind::MediaTypeAdded).about(name).after(value).evidence(evidence),
                    direction,
                    BeforeAfter::new(home.before, right.at),
                );
            }
        }
    }

    /// Compares the values of two bodies.
    fn values_of(&mut self, old: &Media<'_>, new: &Media<'_>, direction: Direction) {
        let schemas = BeforeAfter::new(old.schema, new.schema);
        let writing = Writing::of_body(old, new);
        self.root(SchemaPair { schemas, direction, writing, common: None, kinds: None }, BeforeAfter::new(old.at, new.at));
    }

    /// Swagger 2.0 lists media types for all responses together: beside another dialect, which response a type
    /// stands in says nothing.
    fn is_spread(&mut self, name: &str, direction: Direction) -> bool {
        let (old, new) = (self.walk.before.dialect, self.walk.after.dialect);
        let is_mixed = old != new && (old == Dialect::Swagger20 || new == Dialect::Swagger20);
        if !is_mixed || direction == Direction::ToProvider {
            return false;
        }
        let operations = BeforeAfter::new(self.old, self.new);
        let BeforeAfter { before, after } = self.answered.get_or_insert_with(|| operations.map(media_types_of_answers));
        before.contains(name) && after.contains(name)
    }
}

/// The media types of all responses of an operation.
fn media_types_of_answers<'o>(operation: &'o Operation<'_>) -> HashSet<&'o str> {
    let content = operation.responses.iter().flat_map(|response| &response.content);
    content.map(|media| media.name.as_str()).collect()
}
