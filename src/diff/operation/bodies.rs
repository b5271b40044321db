//! Facts of bodies: whether one is needed, its media types, and how its parts are written.

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Dialect, Media, Operation, OperationKind, PointerId, RequestBody};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::fact::Difference;
use super::super::folded::Folded;
use super::super::walk::SchemaPair;
use super::super::writing::Writing;
use super::media_type::{covers, is_structured};
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
        let narrowed = |range: &Media<'_>, others: &[Media<'_>]| {
            direction == Direction::ToProvider
                && !others.iter().any(|other| other.name == range.name || covers(&other.name, &range.name))
        };
        for left in old {
            if self.walk.is_stopped() {
                return self.walk.give_up();
            }
            let exact = counterpart(left, new);
            // What comes in one form less is not read otherwise.
            if direction == Direction::FromProvider
                && exact.is_some_and(|right| {
                    right.spelled != left.spelled && counterpart(right, old).is_some_and(|own| own.spelled == right.spelled)
                })
            {
                continue;
            }
            if narrowed(left, new) && new.iter().any(|right| covers(&left.name, &right.name)) {
                let name = left.name.clone();
                let value = Some(json!(name));
                self.state(
                    Difference::new(ChangeKind::MediaTypeRemoved).about(name).before(value).evidence(evidence),
                    direction,
                    BeforeAfter::new(left.at, home.after),
                );
            }
            if let Some(right) =
                exact.or_else(|| new.iter().find(|right| covers(&right.name, &left.name) || covers(&left.name, &right.name)))
            {
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
                && let Some(left) = counterpart(right, old)
                && left.spelled != right.spelled
                && counterpart(left, new).is_some_and(|own| own.spelled == left.spelled)
            {
                self.values_of(left, right, direction);
            }
            if narrowed(right, old) && old.iter().any(|left| covers(&right.name, &left.name)) {
                let name = right.name.clone();
                let value = Some(json!(name));
                self.state(
                    Difference::new(ChangeKind::MediaTypeAdded).about(name).after(value).evidence(evidence),
                    direction,
                    BeforeAfter::new(home.before, right.at),
                );
            }
            if !old
                .iter()
                .any(|left| left.name == right.name || covers(&left.name, &right.name) || covers(&right.name, &left.name))
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
        self.root(SchemaPair { schemas, direction, writing, common: None }, BeforeAfter::new(old.at, new.at));
    }

    /// Swagger 2.0 lists media types for all responses together: beside another dialect, which response a type
    /// stands in says nothing.
    fn is_spread(&self, name: &str, direction: Direction) -> bool {
        let (old, new) = (self.walk.before.dialect, self.walk.after.dialect);
        let is_mixed = old != new && (old == Dialect::Swagger20 || new == Dialect::Swagger20);
        let lists = |operation: &Operation<'_>| {
            operation.responses.iter().any(|response| response.content.iter().any(|media| media.name == name))
        };
        is_mixed && direction == Direction::FromProvider && lists(self.old) && lists(self.new)
    }
}

/// The entry of the other side that is spelled alike, else the first of the same media type.
fn counterpart<'m, 'd>(media: &Media<'_>, others: &'m [Media<'d>]) -> Option<&'m Media<'d>> {
    let first = || others.iter().find(|other| other.name == media.name);
    others.iter().find(|other| other.spelled == media.spelled).or_else(first)
}
