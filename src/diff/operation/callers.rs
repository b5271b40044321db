//! Who calls which servers: every operation with the list that holds for it, and the lists compared once.

use std::collections::BTreeMap;

use crate::model::Direction;
use crate::openapi::{Operation, OperationKind, PointerId};

use super::super::before_after::BeforeAfter;
use super::super::change::{Fragment, Site};
use super::super::fact::Fact;
use super::super::walk::Walk;
use super::matching::How;
use super::served::{DOCUMENT, Served};
use super::server_list::Shift;
use super::servers::{ServerDifference, ServerLists};

/// Addresses that are looked up in one comparison.
const MOST_ADDRESSES: usize = 1_000_000;

/// Two lists, and what of the addresses moved between them and the paths.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Lists {
    numbers: BeforeAfter<usize>,
    shift: Shift,
}

/// The operations of both documents by the lists of servers that hold for them.
pub(super) struct Callers<'s, 'c> {
    served: BeforeAfter<&'s Served<'c>>,
    operations: BTreeMap<Lists, Vec<usize>>,
}

impl<'s, 'c> Callers<'s, 'c> {
    pub(super) const fn new(served: BeforeAfter<&'s Served<'c>>) -> Self {
        Self { served, operations: BTreeMap::new() }
    }

    /// Notes an operation that is there on both sides.
    pub(super) fn note(&mut self, number: usize, old: &Operation<'_>, new: &Operation<'_>, how: How) {
        // Who is called back has an address of their own; only what both sides name for it is compared.
        if old.kind != OperationKind::Path && (old.servers.is_none() || new.servers.is_none()) {
            return;
        }
        let numbers = BeforeAfter::new(self.served.before.number(old), self.served.after.number(new));
        let is_shifted = old.kind == OperationKind::Path && how == How::SameAddress;
        let shift = if is_shifted { Shift::between(&old.shape, &new.shape) } else { Shift::default() };
        self.operations.entry(Lists { numbers, shift }).or_default().push(number);
    }

    /// States what differs between the lists, each edit once with the operations it reaches.
    pub(super) fn compare(self, walk: &mut Walk<'_, '_>) {
        let is_everywhere = self.operations.len() == 1;
        let mut left = MOST_ADDRESSES;
        for (Lists { numbers, shift }, operations) in self.operations {
            let (Some(before), Some(after)) = (self.served.before.list(numbers.before), self.served.after.list(numbers.after))
            else {
                continue;
            };
            let Some(rest) = left.checked_sub(before.size() + after.size()).filter(|_| !walk.is_stopped()) else {
                return walk.give_up();
            };
            left = rest;
            let home = Site { before: self.served.before.home(numbers.before), after: self.served.after.home(numbers.after) };
            let is_document = numbers == BeforeAfter::new(DOCUMENT, DOCUMENT);
            let reached = if is_everywhere && is_document { &[] } else { operations.as_slice() };
            for found in (ServerLists { lists: BeforeAfter::new(before, after), shift }).compare() {
                let fact = server_fact(walk, &home, found);
                walk.state_of(fact, reached);
            }
        }
    }
}

fn server_fact(walk: &Walk<'_, '_>, home: &Site, found: ServerDifference) -> Fact {
    let ServerDifference { difference, at } = found;
    let place = |at: Option<PointerId>, home: &str, text: &dyn Fn(PointerId) -> String| at.map_or_else(|| home.to_owned(), text);
    let site = Site {
        before: place(at.before, &home.before, &|at| walk.text_before(at)),
        after: place(at.after, &home.after, &|at| walk.text_after(at)),
    };
    let fragment = Fragment { before: Some(home.before.clone()), after: Some(home.after.clone()) };
    Fact { difference, direction: Direction::Neither, site, fragment, compared: None }
}
