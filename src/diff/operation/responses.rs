//! Facts of responses: which status became which, and what each carries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::model::Direction;
use crate::openapi::Response;

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::pair::{OperationPair, label};
use super::statuses::Statuses;

impl OperationPair<'_, '_, '_, '_> {
    /// All responses of the operation.
    pub(super) fn responses(&mut self, old: &[Response<'_>], new: &[Response<'_>], direction: Direction) {
        if !self.walk.affords(old.len() + new.len()) {
            return;
        }
        let home = self.home();
        // From 3.1 an operation need not describe its responses: then nothing is known of them.
        let are_read = self.old.unread.responses == self.new.unread.responses;
        if old.is_empty() != new.is_empty() && !are_read {
            return;
        }
        if old.is_empty() != new.is_empty() {
            let label = label(self.old);
            let kind = if new.is_empty() { ChangeKind::ResponsesNoLongerDescribed } else { ChangeKind::ResponsesDescribed };
            return self.state(
                Difference::new(kind).about(label).before(json!(old.len())).after(json!(new.len())),
                Direction::Neither,
                home,
            );
        }
        let statuses = Statuses::of(old, new);
        let (mut told, mut widened) = (BTreeSet::new(), BTreeMap::new());
        let mut gone: Vec<&Response<'_>> = Vec::new();
        for left in old {
            match statuses.after(left) {
                Some(at) => {
                    told.insert(at);
                    if let Some(right) = new.get(at) {
                        self.response(left, right, direction);
                        // Who answers a webhook may no longer choose among the codes of a range.
                        if direction == Direction::ToProvider && statuses.is_several(left) && is_code(&right.status) {
                            gone.push(left);
                        }
                        // Who reads answers may now meet any code of the range.
                        if direction == Direction::FromProvider && statuses.is_several(right) && is_code(&left.status) {
                            widened.entry(at).or_insert_with(Vec::new).push(left.status.as_str());
                        }
                    }
                }
                None => gone.push(left),
            }
        }
        let is_fresh = |(at, right): &(usize, &Response<'_>)| !told.contains(at) && statuses.before(right).is_none();
        let mut fresh: Vec<&Response<'_>> = new.iter().enumerate().filter(is_fresh).map(|(_, right)| right).collect();
        // A code that was part of a range, or of `default`, and now stands by itself.
        for (_, right) in new.iter().enumerate().filter(|(at, _)| !told.contains(at)) {
            if let Some(left) = statuses.before(right).and_then(|at| old.get(at)) {
                self.response(left, right, direction);
            }
        }
        // What stands behind a reference that leads nowhere may be any of them.
        if !are_read {
            return;
        }
        // One success status in place of one other is a move: clients that branch on the exact code miss it.
        let successes = |list: &[&Response<'_>]| -> Vec<usize> {
            list.iter().enumerate().filter(|(_, response)| statuses.is_success(response)).map(|(at, _)| at).collect()
        };
        if let ([left], [right]) = (successes(&gone).as_slice(), successes(&fresh).as_slice()) {
            let (left, right) = (gone.remove(*left), fresh.remove(*right));
            let values = BeforeAfter::new(Some(json!(left.status)), Some(json!(right.status)));
            self.state(
                Difference::new(ChangeKind::SuccessStatusChanged).about(left.status.clone()).values(values),
                direction,
                BeforeAfter::new(left.at, right.at),
            );
            self.response(left, right, direction);
        }
        for left in gone {
            let kind = if statuses.is_success(left) { ChangeKind::SuccessStatusRemoved } else { ChangeKind::ErrorStatusRemoved };
            let value = Some(json!(left.status));
            self.state(
                Difference::new(kind).about(left.status.clone()).before(value),
                direction,
                BeforeAfter::new(left.at, home.after),
            );
        }
        for (at, codes) in widened {
            let is_told = |right: &&Response<'_>| statuses.is_success(right) && !statuses.stood_before(&right.status);
            let Some(right) = new.get(at).filter(is_told) else { continue };
            let values = BeforeAfter::new(Some(json!(codes.join(", "))), Some(json!(right.status)));
            self.state(
                Difference::new(ChangeKind::SuccessStatusAdded).about(right.status.clone()).values(values),
                direction,
                BeforeAfter::new(home.before, right.at),
            );
        }
        for right in fresh {
            let kind = if statuses.is_success(right) { ChangeKind::SuccessStatusAdded } else { ChangeKind::ErrorStatusAdded };
            let value = Some(json!(right.status));
            self.state(
                Difference::new(kind).about(right.status.clone()).after(value),
                direction,
                BeforeAfter::new(home.before, right.at),
            );
        }
    }

    fn response(&mut self, old: &Response<'_>, new: &Response<'_>, direction: Direction) {
        let home = BeforeAfter::new(old.at, new.at);
        self.parameters(&old.headers, &new.headers, direction, home);
        self.content(&old.content, &new.content, direction, home);
        self.links(old, new);
    }
}

/// A status by itself, neither a range nor `default`.
fn is_code(status: &str) -> bool {
    status.bytes().all(|byte| byte.is_ascii_digit())
}
