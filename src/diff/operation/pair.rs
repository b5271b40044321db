//! One operation on both sides, and how a fact about it is stated.

use std::collections::HashSet;

use crate::model::Direction;
use crate::openapi::{Operation, PointerId};

use super::super::before_after::BeforeAfter;
use super::super::change::Fragment;
use super::super::fact::{Difference, Fact};
use super::super::walk::{Root, SchemaPair, Walk};
use super::credentials::{Credentials, Schemes};
use super::link_targets::LinkTargets;

/// One operation on both sides.
pub(super) struct OperationPair<'w, 'o, 'c, 'd> {
    pub(super) walk: &'w mut Walk<'c, 'd>,
    /// Its number in the walk.
    pub(super) number: usize,
    pub(super) old: &'o Operation<'d>,
    pub(super) new: &'o Operation<'d>,
    /// What both sides ask for as credentials; nothing where the provider is the one who calls.
    pub(super) asked: Credentials<'d>,
    /// Where links lead.
    pub(super) targets: &'w LinkTargets<'c, 'd>,
    /// The schemes that both documents declare.
    pub(super) schemes: BeforeAfter<&'w Schemes<'c, 'd>>,
    /// The media types of all responses, where that was needed.
    pub(super) answered: Option<BeforeAfter<HashSet<&'o str>>>,
}

impl OperationPair<'_, '_, '_, '_> {
    /// Where the operation itself stands.
    pub(super) const fn home(&self) -> BeforeAfter<PointerId> {
        BeforeAfter::new(self.old.at, self.new.at)
    }

    /// Notes where one side refers to what is not there and the other does not.
    pub(super) fn unread_parts(&mut self) {
        let (left, right) = (&self.old.unread, &self.new.unread);
        for (before, after) in
            [(&left.parameters, &right.parameters), (&left.body, &right.body), (&left.responses, &right.responses)]
        {
            if after.iter().any(|target| !before.contains(target)) {
                self.walk.unread_after(self.walk.text_after(self.new.at));
            } else if before != after {
                self.walk.unread_before(self.walk.text_before(self.old.at));
            }
        }
    }

    /// A fact about what stands at a place of each document.
    pub(super) fn state(&mut self, difference: Difference, direction: Direction, at: BeforeAfter<PointerId>) {
        if self.walk.is_full() {
            return;
        }
        let site = self.walk.site(at);
        let fragment = Fragment { before: Some(site.before.clone()), after: Some(site.after.clone()) };
        let fact = Fact { difference, direction, site, fragment, compared: None };
        self.walk.state(fact, self.number);
    }

    /// Compares two schemas that the operation names at these places.
    pub(super) fn root(&mut self, pair: SchemaPair, home: BeforeAfter<PointerId>) {
        self.walk.root(Root { pair, home, operation: self.number });
    }
}

/// `GET /doors`: what people call an operation.
pub(super) fn label(operation: &Operation<'_>) -> String {
    format!("{} {}", operation.method, operation.path)
}
