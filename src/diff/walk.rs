//! The worklist: pairs of schemas, each entered once, and the operations that reach them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use crate::model::Direction;
use crate::openapi::{Contract, PointerId, Pointers, SchemaId, Stop, Value};

use super::change::{Change, ChangeKind, Compared, Evidence, Fragment, Link, Site, Use};
use super::concealed::Concealed;
use super::meaning::{Alike, Meaning};
use super::unchanged::{Sameness, Unchanged};
use super::{operation, schema};

/// Values larger than this many nodes are shown as fragments, not repeated in a change.
const SMALL: usize = 24;

/// Bytes of text that all facts may come to: a fact repeats where it stands, and names may be long.
const MOST_TEXT: usize = 128 * 1024 * 1024;

/// Steps that the search for the operations that reach the changes may take.
const MOST_STEPS: usize = 50_000_000;

/// Pairs of operations that are looked at to see whether one takes over the requests to another.
const MOST_TAKEN_OVER: usize = 2_000_000;

/// How much work a comparison may do before it says that it cannot tell.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Pairs of schemas entered. The largest real description needs about 60,000.
    pub pairs: usize,
    /// Changes collected.
    pub changes: usize,
    /// Operations named by all changes together.
    pub uses: usize,
    /// Ends the comparison from outside. What was not reached is then *undecidable*, like what a budget leaves out.
    pub stop: Stop,
    /// Whether it is asked of each finding if a message can show it. Without, the rules' verdicts stand, and each finding
    /// says that nobody asked.
    pub proofs: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self { pairs: 400_000, changes: 50_000, uses: 1_000_000, stop: Stop::default(), proofs: true }
    }
}

/// Everything that differs between two contracts.
#[derive(Debug, Default)]
pub struct Delta {
    /// The facts, ordered by place.
    pub changes: Vec<Change>,
    /// Pairs of schemas that were compared.
    pub pairs: usize,
    /// Whether the budget ran out: what is missing is *undecidable*, not unchanged.
    pub exhausted: bool,
    /// What ends the work on what was found, too.
    pub stop: Stop,
    /// Whether it is to be asked of each finding if a message can show it.
    pub proofs: bool,
    /// Every pair of schemas that was compared.
    pub links: Vec<Link>,
    /// What is equal on both sides.
    unchanged: Option<Unchanged>,
}

impl Delta {
    /// Whether a reference leads to the same thing on both sides, with all that it refers to.
    pub fn is_unchanged(&self, reference: &str) -> bool {
        self.unchanged.as_ref().is_some_and(|unchanged| unchanged.holds(reference))
    }
}

/// States every difference between two contracts.
pub fn diff(before: &Contract<'_>, after: &Contract<'_>, budget: Budget) -> Delta {
    let unchanged = Unchanged::between(before.root, after.root, before.dialect == after.dialect);
    let left = (before.root, before.dialect.is_json_schema());
    let right = (after.root, after.dialect.is_json_schema());
    let mut walk = Walk {
        before,
        after,
        unchanged,
        meaning: Meaning::between(left, right),
        own_meaning: Meaning::between(left, left),
        budget,
        units: FxHashMap::default(),
        nodes: Vec::new(),
        index: FxHashMap::default(),
        document: Vec::new(),
        uses: Vec::new(),
        recorded: 0,
        text: 0,
        taken_over: MOST_TAKEN_OVER,
        exhausted: before.exhausted || after.exhausted,
    };
    operation::document(&mut walk);
    let mut next = 0;
    while next < walk.nodes.len() && !walk.is_stopped() {
        schema::compare(&mut walk, next);
        next += 1;
    }
    walk.finish()
}

/// What is compared once: two schemas and the way their values travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) before: SchemaId,
    pub(super) after: SchemaId,
    pub(super) direction: Direction,
}

struct Node {
    pair: Pair,
    home: (PointerId, PointerId),
    is_same: bool,
    facts: Vec<Fact>,
    parents: Vec<usize>,
    roots: BTreeSet<usize>,
    is_text: bool,
    is_body: bool,
}

/// A change before it is known who uses it.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) kind: ChangeKind,
    pub(super) direction: Direction,
    pub(super) subject: String,
    pub(super) before: Option<Json>,
    pub(super) after: Option<Json>,
    pub(super) evidence: Evidence,
    pub(super) site: Site,
    pub(super) fragment: Fragment,
    pub(super) compared: Option<Compared>,
}

pub(super) struct Walk<'c, 'd> {
    pub(super) before: &'c Contract<'d>,
    pub(super) after: &'c Contract<'d>,
    pub(super) unchanged: Unchanged,
    /// What means the same on both sides.
    meaning: Meaning<'d>,
    /// What means the same on the side before.
    own_meaning: Meaning<'d>,
    budget: Budget,
    /// What is known of the unit at a position of the document before.
    units: FxHashMap<PointerId, Sameness>,
    nodes: Vec<Node>,
    /// Pairs that were met, and their nodes; none for those that are equal throughout.
    index: FxHashMap<Pair, Option<usize>>,
    /// Facts of operations and of the whole document, with the operation they belong to.
    document: Vec<(Fact, Option<usize>)>,
    uses: Vec<Use>,
    recorded: usize,
    /// Bytes of the facts.
    text: usize,
    taken_over: usize,
    exhausted: bool,
}

impl<'d> Walk<'_, 'd> {
    /// Registers an operation; facts and roots refer to it by the number returned.
    pub(super) fn operation(&mut self, operation: Use) -> usize {
        self.uses.push(operation);
        self.uses.len() - 1
    }

    /// A fact about an operation, or about the whole document.
    pub(super) fn state(&mut self, fact: Fact, operation: Option<usize>) {
        if self.document.len() >= self.budget.changes || !self.has_room(&fact) {
            self.exhausted = true;
            return;
        }
        self.document.push((fact, operation));
    }

    /// Compares two schemas that an operation names directly.
    ///
    /// `home` is where the two sides name them: `true` and absent schemas stand nowhere else.
    pub(super) fn root(
        &mut self,
        (before, after): (SchemaId, SchemaId),
        home: (PointerId, PointerId),
        direction: Direction,
        operation: usize,
    ) -> Option<usize> {
        let at = self.enter_root(Pair { before, after, direction }, home, operation)?;
        self.nodes.get_mut(at)?.is_body = true;
        Some(at)
    }

    fn enter_root(&mut self, pair: Pair, home: (PointerId, PointerId), operation: usize) -> Option<usize> {
        let at = self.enter(pair, home)?;
        self.nodes.get_mut(at)?.roots.insert(operation);
        Some(at)
    }

    /// Compares the schemas of two values outside a body.
    pub(super) fn text_root(
        &mut self,
        pair: (SchemaId, SchemaId),
        home: (PointerId, PointerId),
        direction: Direction,
        operation: usize,
    ) {
        if let Some(at) = self.enter_root(Pair { before: pair.0, after: pair.1, direction }, home, operation)
            && let Some(node) = self.nodes.get_mut(at)
        {
            node.is_text = true;
        }
    }

    /// Compares two schemas beneath the pair of `parent`.
    pub(super) fn child(&mut self, parent: usize, before: SchemaId, after: SchemaId) {
        let Some(direction) = self.nodes.get(parent).map(|node| node.pair.direction) else { return };
        let home = self.places(parent);
        if let Some(child) = self.enter(Pair { before, after, direction }, home)
            && child != parent
            && let Some(node) = self.nodes.get_mut(child)
            && node.parents.last() != Some(&parent)
        {
            node.parents.push(parent);
        }
    }

    /// Where the two schemas of a node stand; a constant stands where it is named.
    pub(super) fn places(&self, node: usize) -> (PointerId, PointerId) {
        let Some(node) = self.nodes.get(node) else { return (Pointers::ROOT, Pointers::ROOT) };
        let before = if node.pair.before.is_constant() { node.home.0 } else { self.before.schema(node.pair.before).at };
        let after = if node.pair.after.is_constant() { node.home.1 } else { self.after.schema(node.pair.after).at };
        (before, after)
    }

    fn enter(&mut self, pair: Pair, home: (PointerId, PointerId)) -> Option<usize> {
        if let Some(known) = self.index.get(&pair) {
            return *known;
        }
        let sameness = self.sameness(pair);
        // Most schemas are equal and lead nowhere: nothing is kept of them, and few are met twice.
        if sameness == Sameness::Itself && self.before.schema(pair.before).is_leaf() {
            return None;
        }
        if sameness == Sameness::Throughout {
            self.index.insert(pair, None);
            return None;
        }
        if self.nodes.len() >= self.budget.pairs {
            self.exhausted = true;
            return None;
        }
        let id = self.nodes.len();
        let is_same = sameness == Sameness::Itself;
        self.nodes.push(Node {
            pair,
            home,
            is_same,
            facts: Vec::new(),
            parents: Vec::new(),
            roots: BTreeSet::new(),
            is_text: false,
            is_body: false,
        });
        self.index.insert(pair, Some(id));
        Some(id)
    }

    fn sameness(&mut self, pair: Pair) -> Sameness {
        let unknown = pair.before == SchemaId::UNKNOWN || pair.after == SchemaId::UNKNOWN;
        if unknown || (pair.before == pair.after && pair.before.is_constant()) {
            return Sameness::Throughout;
        }
        let (here, there) = (self.before.schema(pair.before).at, self.after.schema(pair.after).at);
        let Some(unit) = self.before.pointers.unit(here) else { return Sameness::Unknown };
        let sameness = match self.units.get(&unit) {
            Some(known) => *known,
            None => {
                let sameness = self.unchanged.of(&self.before.pointers.text(unit));
                self.units.insert(unit, sameness);
                sameness
            }
        };
        if sameness != Sameness::Unknown && self.before.pointers.same(here, &self.after.pointers, there) {
            sameness
        } else {
            Sameness::Unknown
        }
    }

    /// Whether the pair of a node stands in parts that are equal, though not all they refer to is.
    pub(super) fn is_same(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| node.is_same)
    }

    pub(super) fn pair(&self, node: usize) -> Option<Pair> {
        self.nodes.get(node).map(|node| node.pair)
    }

    /// Whether what two schemas say by a keyword means the same.
    pub(super) fn same_keyword(&mut self, keyword: &str, before: &'d Value, after: &'d Value) -> Alike {
        self.meaning.of_keyword(keyword, before, after, Some(&self.unchanged))
    }

    /// Whether two schemas mean the same, as far as so many steps tell.
    pub(super) fn same_meaning(&mut self, before: &'d Value, after: &'d Value, most: usize) -> Alike {
        self.meaning.of_schemas(before, after, most, Some(&self.unchanged))
    }

    /// Whether two schemas of the side before mean the same, as far as so many steps tell.
    pub(super) fn same_before(&mut self, one: &'d Value, other: &'d Value, most: usize) -> Alike {
        self.own_meaning.of_schemas(one, other, most, None)
    }

    /// What ends the comparison from outside.
    pub(super) fn stop(&self) -> &Stop {
        &self.budget.stop
    }

    /// Whether the comparison was asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.budget.stop.is_asked()
    }

    /// Whether one more pair of operations may be looked at.
    pub(super) fn may_take_over(&mut self) -> bool {
        self.taken_over = self.taken_over.saturating_sub(1);
        self.taken_over > 0
    }

    /// Counts the text of one more fact.
    fn has_room(&mut self, fact: &Fact) -> bool {
        let fragment = [&fact.fragment.before, &fact.fragment.after];
        let fragment: usize = fragment.into_iter().flatten().map(String::len).sum();
        self.text += fact.site.before.len() + fact.site.after.len() + fact.subject.len() + fragment;
        self.text <= MOST_TEXT
    }

    /// Says that the work was too much; what is missing is undecidable.
    pub(super) fn give_up(&mut self) {
        self.exhausted = true;
    }

    pub(super) fn record(&mut self, node: usize, fact: Fact) {
        self.recorded += 1;
        if self.recorded > self.budget.changes || !self.has_room(&fact) {
            self.exhausted = true;
            return;
        }
        if let Some(node) = self.nodes.get_mut(node) {
            node.facts.push(fact);
        }
    }

    pub(super) fn text_before(&self, at: PointerId) -> String {
        self.before.pointers.text(at)
    }

    pub(super) fn text_after(&self, at: PointerId) -> String {
        self.after.pointers.text(at)
    }

    fn finish(self) -> Delta {
        // Two routes to one edit (a base schema folded into each child) are one fact.
        type Key = (String, ChangeKind, Direction, String, String, Evidence);
        let mut merged: BTreeMap<Key, (Fact, BTreeSet<usize>, Vec<Compared>)> = BTreeMap::new();
        let concealed = Concealed::new(self.before, self.after);
        let mut add = |fact: Fact, operations: BTreeSet<usize>| {
            if concealed.hides(&fact) {
                return;
            }
            let values = format!("{:?} {:?}", fact.before, fact.after);
            let place = if fact.kind.name().ends_with("Added") { fact.site.after.clone() } else { fact.site.before.clone() };
            let key = (place, fact.kind, fact.direction, fact.subject.clone(), values, fact.evidence);
            match merged.get_mut(&key) {
                Some((known_fact, known, compared)) => {
                    known.extend(operations);
                    compared.extend(fact.compared);
                    // Which route came first must not show: documents are reordered.
                    if fact.site < known_fact.site {
                        *known_fact = fact;
                    }
                }
                None => {
                    let compared = fact.compared.into_iter().collect();
                    merged.insert(key, (fact, operations, compared));
                }
            }
        };
        let mut reach = Reach { nodes: &self.nodes, left: MOST_STEPS, stop: &self.budget.stop };
        let with_facts: Vec<usize> =
            (0..self.nodes.len()).filter(|at| self.nodes.get(*at).is_some_and(|n| !n.facts.is_empty())).collect();
        let reached: Vec<BTreeSet<usize>> = reach.operations_of(&with_facts);
        let pairs = self.nodes.len();
        let mut reached = reached.into_iter();
        let mut exhausted = self.exhausted || reach.left == 0 || self.budget.stop.is_asked();
        // Uses are copied into every change: on a hostile document that is operations times changes.
        let mut left = self.budget.uses;
        let mut links = Vec::with_capacity(self.nodes.len());
        for node in self.nodes {
            links.push(Link {
                pair: (node.pair.before, node.pair.after),
                is_root: !node.roots.is_empty(),
                is_text: node.is_text && !node.is_body && node.parents.is_empty(),
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
        for (fact, operation) in self.document {
            add(fact, operation.into_iter().collect());
        }
        // Shortest path first: it is the one a reader recognises. Ranked once, not for every change.
        let mut uses: Vec<(usize, Arc<Use>)> = self.uses.into_iter().map(Arc::new).enumerate().collect();
        uses.sort_by(|(_, a), (_, b)| (a.path.len(), &a.path, &a.method).cmp(&(b.path.len(), &b.path, &b.method)));
        let mut ranks = vec![0; uses.len()];
        for (rank, (number, _)) in uses.iter().enumerate() {
            if let Some(slot) = ranks.get_mut(*number) {
                *slot = rank;
            }
        }
        let mut changes: Vec<Change> = merged
            .into_values()
            .map(|(fact, operations, compared)| {
                let mut numbers: Vec<usize> = operations.iter().filter_map(|number| ranks.get(*number).copied()).collect();
                numbers.sort_unstable();
                let used_by = numbers.iter().filter_map(|rank| uses.get(*rank)).map(|(_, usage)| Arc::clone(usage)).collect();
                Change {
                    kind: fact.kind,
                    direction: fact.direction,
                    subject: fact.subject,
                    before: fact.before,
                    after: fact.after,
                    evidence: fact.evidence,
                    site: fact.site,
                    fragment: fact.fragment,
                    used_by,
                    compared,
                }
            })
            .collect();
        changes.sort_by(|a, b| (&a.site, a.kind, a.direction, &a.subject).cmp(&(&b.site, b.kind, b.direction, &b.subject)));
        Delta {
            changes,
            pairs,
            exhausted,
            stop: self.budget.stop,
            proofs: self.budget.proofs,
            links,
            unchanged: Some(self.unchanged),
        }
    }
}

/// Reverse reachability: which operations lead to a node.
struct Reach<'n> {
    nodes: &'n [Node],
    /// Steps that are left; none once it was stopped.
    left: usize,
    stop: &'n Stop,
}

impl Reach<'_> {
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

/// A copy of a value, if it is small enough to be read in a sentence.
pub(super) fn small(value: &Value) -> Option<Json> {
    fn count(value: &Value, left: usize) -> Option<usize> {
        let left = left.checked_sub(1)?;
        match value {
            Value::Array(list) => list.iter().try_fold(left, |left, inner| count(inner, left)),
            Value::Object(map) => map.values().try_fold(left, |left, inner| count(inner, left)),
            _ => Some(left),
        }
    }
    count(value, SMALL).map(|_| value.to_json())
}
