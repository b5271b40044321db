//! The facts of all pairs as changes: what was met on two routes once, and with each the operations it reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::Direction;
use crate::openapi::{Contract, SECTION, Stop, Value};

use super::before_after::BeforeAfter;
use super::change::{Change, ChangeKind, ComparedPair, ComparedSchemas, Evidence, Use};
use super::concealed::{Concealed, ConcealedSide};
use super::delta::Delta;
use super::equality::same;
use super::fact::{Difference, Fact};
use super::walk::{PairNode, Walk, note};

/// Steps that the search for the operations that reach the changes may take.
const MOST_STEPS: usize = 50_000_000;

/// What a description may hold for others beside schemas (OpenAPI 3.2, Components Object).
const OTHER_COMPONENTS: [&str; 8] =
    ["responses", "parameters", "requestBodies", "headers", "links", "callbacks", "pathItems", "mediaTypes"];

/// By what facts are one: two routes to one edit (a base schema folded into each child) lead to the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct FactKey {
    place: String,
    kind: ChangeKind,
    direction: Direction,
    subject: String,
    values: String,
    evidence: Evidence,
}

impl FactKey {
    fn of(fact: &Fact) -> Self {
        let Difference { kind, subject, values, evidence, alternative: _ } = &fact.difference;
        let place = match kind {
            // What operations ask for may be said once, or in each of them: it is one edit.
            kind if kind.is_demand() => "",
            kind if kind.name().ends_with("Added") => &fact.site.after,
            _ => &fact.site.before,
        };
        Self {
            place: place.to_owned(),
            kind: *kind,
            direction: fact.direction,
            subject: subject.clone(),
            values: format!("{:?} {:?}", values.before, values.after),
            evidence: *evidence,
        }
    }
}

/// A fact with the operations it reaches, by number, and all schemas it was found between.
struct Merged {
    fact: Fact,
    operations: BTreeSet<usize>,
    compared: Vec<ComparedSchemas>,
}

/// Everything that was found, each fact once, with the operations it reaches.
pub(super) fn merged(mut walk: Walk<'_, '_>) -> Delta {
    let mut merged: BTreeMap<FactKey, Merged> = BTreeMap::new();
    let concealed = Concealed::new(walk.before, walk.after);
    let mut unread = std::mem::take(&mut walk.unread);
    let libraries_differ = libraries_differ(walk.before, walk.after);
    let mut add = |fact: Fact, operations: BTreeSet<usize>| {
        match concealed.hides(&fact) {
            Some(ConcealedSide::Before) => return note(&mut unread.before, fact.site.after),
            Some(ConcealedSide::After) => return note(&mut unread.after, fact.site.before),
            None => {}
        }
        let key = FactKey::of(&fact);
        match merged.get_mut(&key) {
            Some(known) => {
                known.operations.extend(operations);
                known.compared.extend(fact.compared);
                // Which route came first must not show: documents are reordered.
                if fact.site < known.fact.site {
                    known.fact = fact;
                }
            }
            None => {
                let compared = fact.compared.into_iter().collect();
                merged.insert(key, Merged { fact, operations, compared });
            }
        }
    };
    let mut search = OperationSearch { nodes: &walk.nodes, left: MOST_STEPS, stop: &walk.budget.stop };
    let with_facts: Vec<usize> =
        (0..walk.nodes.len()).filter(|at| walk.nodes.get(*at).is_some_and(|n| !n.facts.is_empty())).collect();
    let reached: Vec<BTreeSet<usize>> = search.operations_of(&with_facts);
    let mut reached = reached.into_iter();
    let mut exhausted = walk.exhausted || search.left == 0 || walk.budget.stop.is_asked();
    // Uses are copied into every change: on a hostile document that is operations times changes.
    let mut left = walk.budget.uses;
    let uses = Uses::ranked(walk.uses);
    let kinds = walk.kinds;
    let mut pairs = Vec::with_capacity(walk.nodes.len());
    for node in walk.nodes {
        pairs.push(ComparedPair {
            // An alternative that is compared with what stands beside it says nothing by itself.
            schemas: node.pair.common.unwrap_or(node.pair.schemas),
            operations: uses.of(&node.roots),
            writing: node.pair.writing,
            is_heir: node.is_heir,
            kinds: node.pair.kinds.and_then(|id| kinds.get(id.0).cloned()),
            divided_by: node.divided_by,
            parents: node.parents,
        });
        if node.facts.is_empty() {
            continue;
        }
        let operations = reached.next().unwrap_or_default();
        for fact in node.facts {
            let Some(rest) = left.checked_sub(operations.len()) else {
                exhausted = true;
                break;
            };
            left = rest;
            add(fact, operations.clone());
        }
    }
    for (fact, operations) in walk.document {
        add(fact, operations.into_iter().collect());
    }
    let mut changes: Vec<Change> = merged
        .into_values()
        .map(|Merged { fact, operations, compared }| {
            let used_by = uses.of(&operations);
            let Fact { difference, direction, site, fragment, compared: _ } = fact;
            let Difference { kind, subject, values, evidence, alternative: _ } = difference;
            let BeforeAfter { before, after } = values;
            Change { kind, direction, subject, before, after, evidence, site, fragment, used_by, compared }
        })
        .collect();
    changes.sort_by(|a, b| (&a.site, a.kind, a.direction, &a.subject).cmp(&(&b.site, b.kind, b.direction, &b.subject)));
    Delta {
        changes,
        pairs,
        exhausted,
        unread,
        libraries_differ,
        stop: walk.budget.stop,
        proofs: walk.budget.proofs,
        room: walk.room,
        unchanged: Some(walk.unchanged),
    }
}

/// Whether neither side can be called, and what they hold for others beside schemas is not the same.
fn libraries_differ(before: &Contract<'_>, after: &Contract<'_>) -> bool {
    let is_library = |contract: &Contract<'_>| contract.unknown_paths.is_empty() && contract.called().next().is_none();
    let differ = |a: Option<&Value>, b: Option<&Value>| match (a, b) {
        (Some(a), Some(b)) => !same(a, b),
        (a, b) => a.is_some() != b.is_some(),
    };
    let components = BeforeAfter::new(before.root.get("components"), after.root.get("components"));
    let other = |name: &&str| {
        let BeforeAfter { before, after } = components.map(|components| components.and_then(|known| known.get(name)));
        differ(before, after)
    };
    is_library(before)
        && is_library(after)
        && (["parameters", "responses", SECTION].iter().any(|name| differ(before.root.get(name), after.root.get(name)))
            || OTHER_COMPONENTS.iter().any(other))
}

/// Every operation once, in the order in which they are named.
struct Uses {
    ranked: Vec<Arc<Use>>,
    /// By the number of the operation in the walk.
    ranks: Vec<usize>,
}

impl Uses {
    /// Shortest path first: it is the one a reader recognises. Ranked once, not for every change.
    fn ranked(uses: Vec<Use>) -> Self {
        let mut numbered: Vec<(usize, Use)> = uses.into_iter().enumerate().collect();
        numbered.sort_by(|(_, a), (_, b)| (a.path.len(), &a.path, &a.method).cmp(&(b.path.len(), &b.path, &b.method)));
        let mut ranks = vec![0; numbered.len()];
        for (rank, (number, _)) in numbered.iter().enumerate() {
            if let Some(slot) = ranks.get_mut(*number) {
                *slot = rank;
            }
        }
        Self { ranked: numbered.into_iter().map(|(_, usage)| Arc::new(usage)).collect(), ranks }
    }

    /// The operations of these numbers.
    fn of(&self, numbers: &BTreeSet<usize>) -> Vec<Arc<Use>> {
        let mut ranks: Vec<usize> = numbers.iter().filter_map(|number| self.ranks.get(*number).copied()).collect();
        ranks.sort_unstable();
        ranks.into_iter().filter_map(|rank| self.ranked.get(rank).cloned()).collect()
    }
}

/// Reverse reachability: which operations lead to a node.
struct OperationSearch<'n> {
    nodes: &'n [PairNode],
    /// Steps that are left; none once it was stopped.
    left: usize,
    stop: &'n Stop,
}

impl OperationSearch<'_> {
    fn operations_of(&mut self, targets: &[usize]) -> Vec<BTreeSet<usize>> {
        let mut stamp = vec![usize::MAX; self.nodes.len()];
        targets
            .iter()
            .map(|target| {
                let mut operations = BTreeSet::new();
                let mut pending = vec![*target];
                while let Some(at) = pending.pop() {
                    self.left = if self.stop.is_asked() { 0 } else { self.left.saturating_sub(1) };
                    if self.left == 0 {
                        break;
                    }
                    let (Some(mark), Some(node)) = (stamp.get_mut(at), self.nodes.get(at)) else { continue };
                    if std::mem::replace(mark, *target) != *target {
                        operations.extend(&node.roots);
                        pending.extend(&node.parents);
                    }
                }
                operations
            })
            .collect()
    }
}
