//! Facts of responses: which status became which, and what each carries.

use std::collections::BTreeSet;

use serde_json::json;

use crate::model::Direction;
use crate::openapi::Response;

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::pair::{OperationPair, label};

impl OperationPair<'_, '_, '_, '_> {
    /// All responses of the operation.
    pub(super) fn responses(&mut self, old: &[Response<'_>], new: &[Response<'_>], direction: Direction) {
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
        let (mut told, mut widened) = (BTreeSet::new(), BTreeSet::new());
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
                            widened.insert(at);
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
        let stood_before = |right: &&Response<'_>| !old.iter().any(|left| left.status == right.status);
        fresh
            .extend(widened.iter().filter_map(|at| new.get(*at)).filter(|right| statuses.is_success(right)).filter(stood_before));
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

/// The statuses of both sides, and which of them answers for which.
struct Statuses<'r, 'd> {
    old: &'r [Response<'d>],
    new: &'r [Response<'d>],
    /// The side whose `default` stands for the success, because it lists none and the other side does.
    by_default: Option<&'r Response<'d>>,
}

impl<'r, 'd> Statuses<'r, 'd> {
    fn of(old: &'r [Response<'d>], new: &'r [Response<'d>]) -> Self {
        let default = |list: &'r [Response<'d>]| list.iter().find(|response| response.status == "default");
        let lists_success = |list: &[Response<'_>]| list.iter().any(Response::is_success);
        let stands = |one: &'r [Response<'d>], other: &'r [Response<'d>]| {
            let found = default(one).filter(|_| !lists_success(one) && lists_success(other))?;
            // Where nothing but the other `default` carries a body, this one was always about failures.
            let is_carried = other.iter().any(|response| response.is_success() && !response.content.is_empty());
            (is_carried || found.content.is_empty() || default(other).is_none()).then_some(found)
        };
        Self { old, new, by_default: stands(old, new).or_else(|| stands(new, old)) }
    }

    fn stands_for_success(&self, response: &Response<'_>) -> bool {
        self.by_default.is_some_and(|default| std::ptr::eq(default, response))
    }

    fn is_success(&self, response: &Response<'_>) -> bool {
        response.is_success() || self.stands_for_success(response)
    }

    /// Whether it is not about one status alone.
    fn is_several(&self, response: &Response<'_>) -> bool {
        response.status.ends_with("XX") || self.stands_for_success(response)
    }

    /// What answers now for an old response.
    fn after(&self, old: &Response<'_>) -> Option<usize> {
        self.counterpart(old, self.new)
    }

    /// What answered before for a new response.
    fn before(&self, new: &Response<'_>) -> Option<usize> {
        self.counterpart(new, self.old)
    }

    /// Exact code, then its range, then `default` for what is no success (OpenAPI 3.1 section 4.8.16.2); a range that
    /// became one of its codes is found the same way round.
    fn counterpart(&self, response: &Response<'_>, list: &[Response<'_>]) -> Option<usize> {
        let status = response.status.as_str();
        let class = status.get(..1).unwrap_or_default();
        let range = format!("{class}XX");
        let by = |wanted: &dyn Fn(&Response<'_>) -> bool| list.iter().position(wanted);
        if self.stands_for_success(response) {
            return by(&|other| other.is_success());
        }
        by(&|other| other.status == status && !self.stands_for_success(other))
            .or_else(|| by(&|other| other.status == range))
            .or_else(|| if status == range { by(&|other| other.status.starts_with(class)) } else { None })
            .or_else(|| by(&|other| other.status == "default" && self.stands_for_success(other) == response.is_success()))
    }
}

/// A status by itself, neither a range nor `default`.
fn is_code(status: &str) -> bool {
    status.bytes().all(|byte| byte.is_ascii_digit())
}
