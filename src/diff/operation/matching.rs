//! Which operation became which: by the whole address, by its path, by name, by content.
//!
//! Matched first, compared second: a rename must not hide what changed beneath it.

use std::collections::{BTreeMap, HashMap};

use crate::openapi::{Contract, Operation, OperationKind, Stop, UrlOrigin};

use super::super::before_after::BeforeAfter;
use super::super::equality::same_but_prose;
use super::served::Served;

/// How two operations were recognised as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// By their address.
    SameAddress,
    /// By an address that differs in a trailing slash.
    Respelled,
    /// By their `operationId`, or by being otherwise identical.
    Moved,
}

/// What became of one operation.
#[derive(Clone, Copy)]
pub(super) enum MatchedOperation<'o, 'd> {
    /// It is still there.
    Both { old: &'o Operation<'d>, new: &'o Operation<'d>, how: How },
    /// It went.
    Gone(&'o Operation<'d>),
    /// It came.
    New(&'o Operation<'d>),
}

impl MatchedOperation<'_, '_> {
    /// What kind of operation it is.
    pub(super) const fn kind(&self) -> OperationKind {
        match self {
            Self::Both { old: operation, .. } | Self::Gone(operation) | Self::New(operation) => operation.kind,
        }
    }
}

/// Every pair of what went and what came is a comparison: more than this many nobody moves at once.
const MOST_MOVED: usize = 200;

/// Whole addresses that the operations of a document are found by.
const MOST_ADDRESSES: usize = 500_000;

/// What became of every operation.
pub(super) struct Matching<'o, 'd> {
    pub(super) operations: Vec<MatchedOperation<'o, 'd>>,
}

/// What operations are found by.
#[derive(PartialEq, Eq, Hash)]
struct OperationKey<'o> {
    kind: OperationKind,
    method: &'o str,
    /// An address, as far as it is compared.
    address: String,
}

impl<'o> OperationKey<'o> {
    fn of(operation: &'o Operation<'_>, address: String) -> Self {
        Self { kind: operation.kind, method: operation.method.as_str(), address }
    }
}

struct Matcher<'o, 'd> {
    before: &'o [Operation<'d>],
    after: &'o [Operation<'d>],
    found: Vec<Option<(usize, How)>>,
    taken: Vec<bool>,
}

impl<'o, 'd> Matching<'o, 'd> {
    pub(super) fn of(before: &'o Contract<'d>, after: &'o Contract<'d>, served: BeforeAfter<&Served<'_>>, stop: &Stop) -> Self {
        let (old, new) = (&before.operations, &after.operations);
        let mut matcher = Matcher { before: old, after: new, found: vec![None; old.len()], taken: vec![false; new.len()] };
        let has_moved = !served.before.is_one(served.after);
        let most = MOST_ADDRESSES.checked_div(old.len().max(new.len())).unwrap_or(MOST_ADDRESSES).max(1);
        // A part of the address that moved between the servers and the path leaves it what it was.
        if has_moved {
            let whole = |served: &Served<'_>, operation: &Operation<'_>| {
                let at = |(origin, base): &(UrlOrigin, String)| format!("{origin:?} {base}{}", operation.shape);
                let bases = served.bases(operation).iter().take(most).filter(|_| operation.kind == OperationKind::Path);
                bases.map(at).collect()
            };
            matcher.by(How::SameAddress, |old| whole(served.before, old), |new| whole(served.after, new));
        }
        let path = |operation: &Operation<'_>| vec![operation.path.to_string()];
        matcher.by(How::SameAddress, path, path);
        let shape = |operation: &Operation<'_>| vec![operation.shape.clone()];
        matcher.by(How::SameAddress, shape, shape);
        // The same on another host.
        if has_moved {
            let below = |served: &Served<'_>, operation: &Operation<'_>| {
                let bases = served.bases(operation).iter().take(most);
                bases.filter_map(|(_, base)| below_host(base, operation)).collect()
            };
            matcher.by(How::SameAddress, |old| below(served.before, old), |new| below(served.after, new));
        }
        let slashless = |operation: &Operation<'_>| vec![operation.shape.trim_end_matches('/').to_owned()];
        matcher.by(How::Respelled, slashless, slashless);
        matcher.moved(stop);
        Self { operations: matcher.operations() }
    }
}

impl<'o, 'd> Matcher<'o, 'd> {
    /// Matches what is left by any of its keys, in document order.
    fn by(&mut self, how: How, old: impl Fn(&Operation<'_>) -> Vec<String>, new: impl Fn(&Operation<'_>) -> Vec<String>) {
        if self.found.iter().all(Option::is_some) || self.taken.iter().all(|taken| *taken) {
            return;
        }
        let mut free: HashMap<OperationKey<'_>, Vec<usize>> = HashMap::new();
        for (index, operation) in self.after.iter().enumerate().rev().filter(|(index, _)| self.taken.get(*index) == Some(&false))
        {
            for address in new(operation) {
                free.entry(OperationKey::of(operation, address)).or_default().push(index);
            }
        }
        for (operation, slot) in self.before.iter().zip(&mut self.found).filter(|(_, slot)| slot.is_none()) {
            for address in old(operation) {
                let Some(candidates) = free.get_mut(&OperationKey::of(operation, address)) else { continue };
                // One that was found by another of its keys is free no more.
                while slot.is_none()
                    && let Some(index) = candidates.pop()
                {
                    if let Some(taken) = self.taken.get_mut(index).filter(|taken| !**taken) {
                        *taken = true;
                        *slot = Some((index, how));
                    }
                }
            }
        }
    }

    /// Matches what is left by `operationId`, then by content; only where there is one candidate.
    fn moved(&mut self, stop: &Stop) {
        let gone: Vec<usize> = (0..self.before.len()).filter(|index| self.found.get(*index) == Some(&None)).collect();
        let fresh: Vec<usize> = (0..self.after.len()).filter(|index| self.taken.get(*index) == Some(&false)).collect();
        if gone.is_empty() || fresh.is_empty() {
            return;
        }
        let (old, new) = (self.before, self.after);
        let named = |operation: &Operation<'_>| operation.operation_id.map(|id| (operation.kind, id.to_owned()));
        self.unique(&gone, &fresh, named);
        let open = |list: &[usize], taken: &dyn Fn(usize) -> bool| list.iter().copied().filter(|index| !taken(*index)).collect();
        let gone: Vec<usize> = open(&gone, &|index| self.found.get(index) != Some(&None));
        let fresh: Vec<usize> = open(&fresh, &|index| self.taken.get(index) != Some(&false));
        if gone.len() > MOST_MOVED || fresh.len() > MOST_MOVED {
            return;
        }
        for left in gone.iter().take_while(|_| !stop.is_asked()) {
            let Some(operation) = old.get(*left) else { continue };
            let alike = |other: &Operation<'_>| {
                operation.kind == other.kind
                    && operation.method == other.method
                    && operation.variables.len() == other.variables.len()
                    && tells_something(operation)
                    && same_but_prose(operation.value, other.value)
            };
            let candidates: Vec<usize> = fresh
                .iter()
                .copied()
                .filter(|right| self.taken.get(*right) == Some(&false) && new.get(*right).is_some_and(alike))
                .collect();
            let siblings = gone.iter().filter(|other| {
                old.get(**other).is_some_and(|other| other.kind == operation.kind && same_but_prose(other.value, operation.value))
            });
            if let ([only], 1) = (candidates.as_slice(), siblings.count()) {
                self.pair(*left, *only);
            }
        }
    }

    fn unique(&mut self, gone: &[usize], fresh: &[usize], key: impl Fn(&Operation<'_>) -> Option<(OperationKind, String)>) {
        let index = |list: &[usize], operations: &[Operation<'_>]| {
            let mut map: BTreeMap<(OperationKind, String), Vec<usize>> = BTreeMap::new();
            for at in list {
                if let Some(key) = operations.get(*at).and_then(&key) {
                    map.entry(key).or_default().push(*at);
                }
            }
            map
        };
        let (left, right) = (index(gone, self.before), index(fresh, self.after));
        for (key, old) in &left {
            if let ([old], Some([new])) = (old.as_slice(), right.get(key).map(Vec::as_slice)) {
                self.pair(*old, *new);
            }
        }
    }

    fn pair(&mut self, old: usize, new: usize) {
        if let (Some(slot), Some(taken)) = (self.found.get_mut(old), self.taken.get_mut(new)) {
            *slot = Some((new, How::Moved));
            *taken = true;
        }
    }

    fn operations(self) -> Vec<MatchedOperation<'o, 'd>> {
        let after = self.after;
        let old = self.before.iter().zip(self.found).map(|(old, found)| {
            match found.and_then(|(index, how)| Some((after.get(index)?, how))) {
                Some((new, how)) => MatchedOperation::Both { old, new, how },
                None => MatchedOperation::Gone(old),
            }
        });
        let fresh = after.iter().zip(self.taken).filter(|(_, taken)| !taken).map(|(new, _)| MatchedOperation::New(new));
        old.chain(fresh).collect()
    }
}

/// Whether there is enough in an operation to know it again by.
fn tells_something(operation: &Operation<'_>) -> bool {
    operation.body.is_some()
        || !operation.parameters.is_empty()
        || operation.responses.iter().any(|response| !response.content.is_empty())
}

/// The path below its host; of a callback, that of the operation that asks for it.
fn below_host(base: &str, operation: &Operation<'_>) -> Option<String> {
    match operation.kind {
        OperationKind::Path => Some(format!("{base}{}", operation.shape)),
        OperationKind::Callback => operation.shape.split_once(' ').map(|(method, rest)| format!("{method} {base}{rest}")),
        OperationKind::Webhook | OperationKind::Component => None,
    }
}
