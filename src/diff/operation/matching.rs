//! Which operation became which: by address, by the whole URL, by name, by content.
//!
//! Matched first, compared second: a rename must not hide what changed beneath it.

use std::collections::{BTreeMap, HashMap};

use crate::openapi::{Contract, Location, Operation, OperationKind, Parameter, Server, Stop, TypeSet};

use super::super::equality::same_but_prose;

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

/// Every pair of what went and what came is a comparison: more than this many nobody moves at once.
const MOST_MOVED: usize = 200;

/// What became of every operation.
pub(super) struct Matching<'o, 'd> {
    pub(super) operations: Vec<MatchedOperation<'o, 'd>>,
    /// Whether a common prefix moved between the servers and the paths.
    pub(super) is_shifted: bool,
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
    pub(super) fn of(before: &'o Contract<'d>, after: &'o Contract<'d>, stop: &Stop) -> Self {
        let (old, new) = (&before.operations, &after.operations);
        let mut matcher = Matcher { before: old, after: new, found: vec![None; old.len()], taken: vec![false; new.len()] };
        matcher.by(How::SameAddress, |operation| Some(operation.path.to_string()), |operation| Some(operation.path.to_string()));
        let exact = matcher.count();
        matcher.by(How::SameAddress, |operation| Some(operation.shape.clone()), |operation| Some(operation.shape.clone()));
        let mut is_shifted = false;
        if let Some((left, right)) = shift(&before.servers, &after.servers) {
            let known = matcher.count();
            matcher.by(How::SameAddress, |old| prefixed(&left, old), |new| prefixed(&right, new));
            is_shifted = exact == 0 && matcher.count() > known;
        }
        let slashless = |operation: &Operation<'_>| Some(operation.shape.trim_end_matches('/').to_owned());
        matcher.by(How::Respelled, slashless, slashless);
        matcher.moved(stop);
        Self { operations: matcher.operations(), is_shifted }
    }
}

impl<'o, 'd> Matcher<'o, 'd> {
    fn count(&self) -> usize {
        self.found.iter().flatten().count()
    }

    /// Matches what is left by a key, in document order.
    fn by(&mut self, how: How, old: impl Fn(&Operation<'_>) -> Option<String>, new: impl Fn(&Operation<'_>) -> Option<String>) {
        if self.found.iter().all(Option::is_some) || self.taken.iter().all(|taken| *taken) {
            return;
        }
        let mut free: HashMap<OperationKey<'_>, Vec<usize>> = HashMap::new();
        for (index, operation) in self.after.iter().enumerate().rev().filter(|(index, _)| self.taken.get(*index) == Some(&false))
        {
            if let Some(address) = new(operation) {
                free.entry(OperationKey::of(operation, address)).or_default().push(index);
            }
        }
        for (operation, slot) in self.before.iter().zip(&mut self.found).filter(|(_, slot)| slot.is_none()) {
            let Some(address) = old(operation) else { continue };
            let index = free.get_mut(&OperationKey::of(operation, address)).and_then(Vec::pop);
            if let Some(index) = index
                && let Some(taken) = self.taken.get_mut(index)
            {
                *taken = true;
                *slot = Some((index, how));
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

/// The path of a server's URL, without a trailing slash, and what stands before it.
fn split(server: &Server<'_>) -> (String, String) {
    let url = server.resolved();
    let start = url.find("://").map_or(0, |at| at + 3);
    let path = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| start + at);
    (url.get(..path).unwrap_or_default().to_owned(), url.get(path..).unwrap_or_default().trim_end_matches('/').to_owned())
}

/// The prefixes of both sides, where the servers differ in nothing but their path.
fn shift(before: &[Server<'_>], after: &[Server<'_>]) -> Option<(String, String)> {
    let ((host, left), (other, right)) = (split(before.first()?), split(after.first()?));
    let agree = |servers: &[Server<'_>], path: &str| servers.iter().all(|server| split(server).1 == path);
    (host == other && left != right && agree(before, &left) && agree(after, &right)).then_some((left, right))
}

fn prefixed(prefix: &str, operation: &Operation<'_>) -> Option<String> {
    (operation.kind == OperationKind::Path && operation.servers.is_none()).then(|| format!("{prefix}{}", operation.shape))
}

/// Whether requests to `old`, which is gone, still reach `new`: each of its segments is the same, or a variable that
/// a word may stand in for.
pub(super) fn takes_over(contract: &Contract<'_>, new: &Operation<'_>, old: &Operation<'_>) -> bool {
    let (mine, theirs): (Vec<&str>, Vec<&str>) = (new.shape.split('/').collect(), old.shape.split('/').collect());
    let mut variables = new.variables.iter();
    let mut takes = |mine: &str, theirs: &str| {
        if mine != "{}" {
            // Variables that are only a part of a segment.
            variables.by_ref().take(mine.matches("{}").count()).for_each(drop);
            return mine == theirs;
        }
        let name = variables.next();
        let is_here = |parameter: &&Parameter<'_>| parameter.location == Location::Path && Some(&parameter.name) == name;
        let types = new.parameters.iter().find(is_here).map(|parameter| contract.schema(parameter.schema).types);
        let is_number = theirs.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && theirs.parse::<f64>().is_ok();
        let is_word = theirs != "{}" && !is_number;
        !is_word || types.is_none_or(|types| types.contains(TypeSet::STRING))
    };
    new.kind == OperationKind::Path
        && new.method == old.method
        && mine.len() == theirs.len()
        && mine.iter().zip(&theirs).all(|(mine, theirs)| takes(mine, theirs))
}
