//! Which operation takes the requests to an address that is gone: the paths as a tree of their segments.

use std::collections::{BTreeSet, HashMap};

use crate::openapi::{Contract, Location, Operation, OperationKind, Parameter, TypeSet};

use super::super::before_after::BeforeAfter;
use super::served::Served;

/// Branches that are tried for one address. Each variable beside a word is one more; nobody has a dozen on one route.
const MOST_STEPS: usize = 512;

/// Operations of one address and method that are asked; a real description has one.
const MOST_ALIKE: usize = 8;

/// Beginnings of addresses that are looked for; a real description has one or two.
const MOST_BASES: usize = 16;

/// A segment of a variable alone.
const VARIABLE: &str = "{}";

#[derive(Default)]
struct Node<'o> {
    /// What the next segment leads to.
    next: HashMap<&'o str, usize>,
    /// The operations whose path ends here, in document order.
    ends: Vec<usize>,
}

/// The paths of a document, segment by segment.
pub(super) struct Routes<'o, 'd> {
    contract: &'o Contract<'d>,
    nodes: Vec<Node<'o>>,
    served: BeforeAfter<&'o Served<'o>>,
    /// Whether one list of servers holds for all operations of both documents.
    is_one: bool,
    /// What stands between the host and the paths of this document.
    bases: BTreeSet<&'o str>,
}

impl<'o, 'd> Routes<'o, 'd> {
    pub(super) fn of(contract: &'o Contract<'d>, served: BeforeAfter<&'o Served<'o>>) -> Self {
        let bases = contract.operations.iter().flat_map(|operation| served.after.bases(operation));
        let mut routes = Self {
            contract,
            nodes: vec![Node::default()],
            served,
            is_one: served.before.is_one(served.after),
            bases: BTreeSet::new(),
        };
        for (_, base) in bases {
            if routes.bases.len() < MOST_BASES {
                routes.bases.insert(base);
            }
        }
        for (number, operation) in contract.operations.iter().enumerate() {
            if operation.kind == OperationKind::Path {
                routes.add(number, operation);
            }
        }
        routes
    }

    fn add(&mut self, number: usize, operation: &'o Operation<'d>) {
        let mut at = 0;
        for segment in operation.shape.split('/') {
            let fresh = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            at = *node.next.entry(segment).or_insert(fresh);
            if at == fresh {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.ends.push(number);
        }
    }

    /// The first operation that requests to `old`, which is gone, still reach, on whichever host.
    pub(super) fn successor(&self, old: &Operation<'_>) -> Option<&'o Operation<'d>> {
        let bases = self.served.before.bases(old);
        if bases.is_empty() || self.is_one {
            return self.below(None, &old.shape, &old.method);
        }
        bases.iter().map(|(_, base)| format!("{base}{}", old.shape)).find_map(|address| {
            self.bases.iter().find_map(|base| self.below(Some(base), address.strip_prefix(base)?, &old.method))
        })
    }

    /// The first operation that takes requests to a path, below this part of the address if one is named.
    fn below(&self, base: Option<&str>, path: &str, method: &str) -> Option<&'o Operation<'d>> {
        let is_below =
            |new: &Operation<'_>| base.is_none_or(|base| self.served.after.bases(new).iter().any(|(_, other)| other == base));
        let segments: Vec<&str> = path.split('/').collect();
        let mut pending = vec![(0, 0)];
        let mut found: Option<usize> = None;
        for _ in 0..MOST_STEPS {
            let Some((at, depth)) = pending.pop() else { break };
            let Some(node) = self.nodes.get(at) else { continue };
            let Some(segment) = segments.get(depth) else {
                let takes = |number: &usize| {
                    let new = self.contract.operations.get(*number);
                    new.is_some_and(|new| new.method == method && is_below(new) && self.takes_over(new, path))
                };
                let first = node.ends.iter().copied().take(MOST_ALIKE).find(takes);
                found = [found, first].into_iter().flatten().min();
                continue;
            };
            pending.extend(node.next.get(VARIABLE).filter(|_| *segment != VARIABLE).map(|next| (*next, depth + 1)));
            pending.extend(node.next.get(segment).map(|next| (*next, depth + 1)));
        }
        found.and_then(|number| self.contract.operations.get(number))
    }

    /// Whether each variable of `new` may be the word that stands in its place in a path.
    fn takes_over(&self, new: &Operation<'_>, path: &str) -> bool {
        let mut variables = new.variables.iter();
        let mut takes = |mine: &str, theirs: &str| {
            if mine != VARIABLE {
                // Variables that are only a part of a segment.
                variables.by_ref().take(mine.matches(VARIABLE).count()).for_each(drop);
                return true;
            }
            let name = variables.next();
            let is_here = |parameter: &&Parameter<'_>| parameter.location == Location::Path && Some(&parameter.name) == name;
            let types = new.parameters.iter().find(is_here).map(|parameter| self.contract.schema(parameter.schema).types);
            let is_number = theirs.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && theirs.parse::<f64>().is_ok();
            let is_word = theirs != VARIABLE && !is_number;
            !is_word || types.is_none_or(|types| types.contains(TypeSet::STRING))
        };
        new.shape.split('/').zip(path.split('/')).all(|(mine, theirs)| takes(mine, theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::{Limits, lower, read};
    use serde_json::json;

    #[test]
    fn the_first_template_that_takes_the_address_takes_over() {
        let operation = json!({"responses": {"200": {"description": ""}}});
        let paths = |paths: &[&str]| {
            let items = paths.iter().map(|path| ((*path).to_owned(), json!({"get": operation})));
            let document = json!({"openapi": "3.1.0", "paths": items.collect::<serde_json::Map<_, _>>()});
            read(document.to_string().as_bytes(), &Limits::default())
        };
        let (Ok(after), Ok(before)) = (
            paths(&["/{a}/{b}/{c}", "/boats/{id}", "/{kind}/mine", "/boats/{id}/{part}"]),
            paths(&["/boats/mine", "/boats/1/x/y", "/crew/mine", "/boats/1/sail", "/boats"]),
        ) else {
            panic!("descriptions");
        };
        let (after, before) = (lower(&after), lower(&before));
        let served = BeforeAfter::new(Served::of(&before), Served::of(&after));
        let routes = Routes::of(&after, BeforeAfter::new(&served.before, &served.after));
        let found: Vec<Option<&str>> =
            before.operations.iter().map(|old| routes.successor(old).map(|new| new.path.as_ref())).collect();
        assert_eq!(found, [Some("/boats/{id}"), None, Some("/{kind}/mine"), Some("/{a}/{b}/{c}"), None]);
    }
}
