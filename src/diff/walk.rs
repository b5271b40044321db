//! The worklist: pairs of schemas, each entered once, and the facts that were found of each.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::Direction;
use crate::openapi::{Contract, PointerId, Pointers, SchemaId, Stop, Value};

use super::before_after::BeforeAfter;
use super::change::{Site, Use};
use super::delta::Budget;
use super::equivalence::{Alike, Equivalence, SchemaDocument};
use super::fact::Fact;
use super::kinds::{Kinds, KindsId};
use super::unchanged::{Sameness, Unchanged};
use super::writing::Writing;

/// Bytes of facts for each byte that their findings may come to: a fact repeats where it stands, and says what to show.
const BYTES_OF_FACT: usize = 2;

/// Parameters, media types, links and other entries that are looked at in all operations: many may refer to one long list.
const MOST_ENTRIES: usize = 4_000_000;

/// What is compared once: two schemas, the way their values travel, and how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SchemaPair {
    pub(super) schemas: BeforeAfter<SchemaId>,
    pub(super) direction: Direction,
    pub(super) writing: Writing,
    /// Two schemas beside whose alternatives these are, where they are compared together.
    pub(super) common: Option<BeforeAfter<SchemaId>>,
    /// Of which kinds the values are, where forms hold other kinds too.
    pub(super) kinds: Option<KindsId>,
}

/// A pair that was entered, and what is known of it.
pub(super) struct PairNode {
    pub(super) pair: SchemaPair,
    /// Where the two sides name it: `true` and absent schemas stand nowhere else.
    home: BeforeAfter<PointerId>,
    /// Whether it stands in parts that are equal, though not all they refer to is.
    is_same: bool,
    pub(super) facts: Vec<Fact>,
    /// The pairs it was entered from.
    pub(super) parents: Vec<usize>,
    /// The operations that name it directly.
    pub(super) roots: BTreeSet<usize>,
    /// Whether it was entered for heirs, which no schema lists.
    pub(super) is_heir: bool,
    /// The property that says which form of one side became which of the other.
    pub(super) divided_by: Option<Arc<str>>,
}

/// What an operation names directly: two schemas, where it names them, and which way their values travel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root {
    pub(super) pair: SchemaPair,
    pub(super) home: BeforeAfter<PointerId>,
    /// Its number, see [`Walk::operation`].
    pub(super) operation: usize,
}

/// Places that cannot be read of which each is named.
const MOST_UNREAD: usize = 100;

/// Names a place, unless there are many already.
pub(super) fn note(places: &mut BTreeSet<String>, place: String) {
    if places.len() < MOST_UNREAD {
        places.insert(place);
    }
}

/// The comparison as far as it has come.
pub(super) struct Walk<'c, 'd> {
    pub(super) before: &'c Contract<'d>,
    pub(super) after: &'c Contract<'d>,
    pub(super) unchanged: Unchanged,
    /// What means the same on both sides.
    equivalence: Equivalence<'d>,
    /// What means the same on the side before.
    equivalence_before: Equivalence<'d>,
    pub(super) budget: Budget,
    /// What is known of the unit at a position of the document before.
    units: FxHashMap<PointerId, Sameness>,
    pub(super) nodes: Vec<PairNode>,
    /// The kinds that pairs are compared for, by number.
    pub(super) kinds: Vec<Kinds>,
    /// Pairs that were met, and their nodes; none for those that are equal throughout.
    index: FxHashMap<SchemaPair, Option<usize>>,
    /// Facts of operations and of the whole document, with the operations they belong to.
    pub(super) document: Vec<(Fact, Vec<usize>)>,
    pub(super) uses: Vec<Use>,
    /// Facts of schemas.
    recorded: usize,
    /// Bytes of text that the findings may come to.
    pub(super) room: usize,
    /// Bytes of the facts.
    text: usize,
    /// Operations that facts of several name.
    reached: usize,
    /// Entries of operations that may still be looked at.
    entries: usize,
    pub(super) exhausted: bool,
    /// Where one side cannot be read and the other can, by the side that cannot.
    pub(super) unread: BeforeAfter<BTreeSet<String>>,
}

impl<'c, 'd> Walk<'c, 'd> {
    /// Nothing compared yet.
    pub(super) fn new(contracts: BeforeAfter<&'c Contract<'d>>, budget: Budget) -> Self {
        let BeforeAfter { before, after } = contracts;
        let documents =
            contracts.map(|contract| SchemaDocument { root: contract.root, is_json_schema: contract.dialect.is_json_schema() });
        Self {
            before,
            after,
            unchanged: Unchanged::between(before.root, after.root, before.dialect == after.dialect),
            equivalence: Equivalence::between(documents),
            equivalence_before: Equivalence::between(BeforeAfter::new(documents.before, documents.before)),
            room: budget.room(before.bytes.saturating_add(after.bytes)),
            budget,
            units: FxHashMap::default(),
            nodes: Vec::new(),
            kinds: Vec::new(),
            index: FxHashMap::default(),
            document: Vec::new(),
            uses: Vec::new(),
            recorded: 0,
            text: 0,
            reached: 0,
            entries: MOST_ENTRIES,
            exhausted: before.exhausted || after.exhausted,
            unread: BeforeAfter::default(),
        }
    }

    /// Says that the side before cannot be read at a place, where the other can.
    pub(super) fn unread_before(&mut self, place: impl Into<String>) {
        note(&mut self.unread.before, place.into());
    }

    /// The same of the side after.
    pub(super) fn unread_after(&mut self, place: impl Into<String>) {
        note(&mut self.unread.after, place.into());
    }

    /// Registers an operation; facts and roots refer to it by the number returned.
    pub(super) fn operation(&mut self, operation: Use) -> usize {
        self.uses.push(operation);
        self.uses.len() - 1
    }

    /// A fact about an operation.
    pub(super) fn state(&mut self, fact: Fact, operation: usize) {
        self.state_of(fact, &[operation]);
    }

    /// A fact about these operations; about the whole document where there is none.
    pub(super) fn state_of(&mut self, fact: Fact, operations: &[usize]) {
        self.reached += operations.len();
        let has_room = self.document.len() < self.budget.changes && self.reached <= self.budget.uses;
        if !has_room || !self.has_room(&fact) {
            self.exhausted = true;
            return;
        }
        self.document.push((fact, operations.to_vec()));
    }

    /// Compares two schemas that an operation names.
    pub(super) fn root(&mut self, root: Root) {
        if let Some(node) = self.enter(root.pair, root.home).and_then(|at| self.nodes.get_mut(at)) {
            node.roots.insert(root.operation);
        }
    }

    /// Compares two schemas of the same values as the pair of `parent`.
    pub(super) fn beside(&mut self, parent: usize, schemas: BeforeAfter<SchemaId>) {
        self.alternative(parent, schemas, None);
    }

    /// Compares two schemas of what stands within the values of the pair of `parent`.
    pub(super) fn within(&mut self, parent: usize, schemas: BeforeAfter<SchemaId>) {
        if let Some(SchemaPair { direction, writing, .. }) = self.pair(parent) {
            let writing = writing.within(BeforeAfter::new(self.before, self.after), schemas);
            self.enter_below(parent, SchemaPair { schemas, direction, writing, common: None, kinds: None });
        }
    }

    /// Compares two schemas that take in the bases of the pair of `parent`, which do not list them.
    pub(super) fn heir(&mut self, parent: usize, schemas: BeforeAfter<SchemaId>) {
        if let Some(at) = self.alternative(parent, schemas, None)
            && let Some(node) = self.nodes.get_mut(at)
        {
            node.is_heir = true;
        }
    }

    /// Compares two alternatives, perhaps together with what stands beside all of them. Returns their node.
    pub(super) fn alternative(
        &mut self,
        parent: usize,
        schemas: BeforeAfter<SchemaId>,
        common: Option<BeforeAfter<SchemaId>>,
    ) -> Option<usize> {
        // Kinds are of the value, and this is the same value.
        let SchemaPair { direction, writing, kinds, .. } = self.pair(parent)?;
        self.enter_below(parent, SchemaPair { schemas, direction, writing, common, kinds })
    }

    /// The same for values of some kinds only.
    pub(super) fn of_kinds(
        &mut self,
        parent: usize,
        schemas: BeforeAfter<SchemaId>,
        common: Option<BeforeAfter<SchemaId>>,
        kinds: KindsId,
    ) {
        if let Some(SchemaPair { direction, writing, .. }) = self.pair(parent) {
            self.enter_below(parent, SchemaPair { schemas, direction, writing, common, kinds: Some(kinds) });
        }
    }

    /// Registers kinds; pairs refer to them by the number returned.
    pub(super) fn register_kinds(&mut self, kinds: Kinds) -> KindsId {
        self.kinds.push(kinds);
        KindsId(self.kinds.len() - 1)
    }

    /// The kinds of a number.
    pub(super) fn kinds_at(&self, id: KindsId) -> Option<&Kinds> {
        self.kinds.get(id.0)
    }

    /// Says by which property the forms of a node were divided.
    pub(super) fn divide_by(&mut self, node: usize, property: &Arc<str>) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.divided_by = Some(Arc::clone(property));
        }
    }

    fn enter_below(&mut self, parent: usize, pair: SchemaPair) -> Option<usize> {
        let home = self.places(parent);
        let child = self.enter(pair, home)?;
        if child != parent
            && let Some(node) = self.nodes.get_mut(child)
            && node.parents.last() != Some(&parent)
        {
            node.parents.push(parent);
        }
        Some(child)
    }

    /// Where the two schemas of a node stand; a constant stands where it is named.
    pub(super) fn places(&self, node: usize) -> BeforeAfter<PointerId> {
        let Some(PairNode { pair: SchemaPair { schemas, .. }, home, .. }) = self.nodes.get(node) else {
            return BeforeAfter::new(Pointers::ROOT, Pointers::ROOT);
        };
        BeforeAfter {
            before: if schemas.before.is_constant() { home.before } else { self.before.schema(schemas.before).at },
            after: if schemas.after.is_constant() { home.after } else { self.after.schema(schemas.after).at },
        }
    }

    fn enter(&mut self, pair: SchemaPair, home: BeforeAfter<PointerId>) -> Option<usize> {
        if let Some(known) = self.index.get(&pair) {
            return *known;
        }
        match (pair.schemas.before == SchemaId::UNKNOWN, pair.schemas.after == SchemaId::UNKNOWN) {
            (true, false) => self.unread_before(self.text_before(home.before)),
            (false, true) => self.unread_after(self.text_after(home.after)),
            _ => {}
        }
        let sameness = self.sameness(pair);
        // Most schemas are equal and lead nowhere: nothing is kept of them, and few are met twice.
        if sameness == Sameness::Itself && self.before.schema(pair.schemas.before).is_leaf() {
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
        self.nodes.push(PairNode {
            pair,
            home,
            is_same,
            facts: Vec::new(),
            parents: Vec::new(),
            roots: BTreeSet::new(),
            is_heir: false,
            divided_by: None,
        });
        self.index.insert(pair, Some(id));
        Some(id)
    }

    fn sameness(&mut self, pair: SchemaPair) -> Sameness {
        let SchemaPair { schemas, common, kinds, .. } = pair;
        let unknown = schemas.before == SchemaId::UNKNOWN || schemas.after == SchemaId::UNKNOWN;
        // What stands beside an alternative is another on the two sides, and so are forms that share some kinds.
        if (common.is_some() || kinds.is_some()) && !unknown {
            return Sameness::Unknown;
        }
        if unknown || (schemas.before == schemas.after && schemas.before.is_constant()) {
            return Sameness::Throughout;
        }
        let (here, there) = (self.before.schema(schemas.before).at, self.after.schema(schemas.after).at);
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

    /// Whether a node stands within the values of another one, and no operation names it.
    pub(super) fn is_within(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| node.roots.is_empty() && !node.parents.is_empty())
    }

    /// The pair of a node.
    pub(super) fn pair(&self, node: usize) -> Option<SchemaPair> {
        self.nodes.get(node).map(|node| node.pair)
    }

    /// Whether what two schemas say by a keyword means the same.
    pub(super) fn same_keyword(&mut self, keyword: &str, before: &'d Value, after: &'d Value) -> Alike {
        self.equivalence.of_keyword(keyword, before, after, Some(&self.unchanged))
    }

    /// Whether two schemas mean the same, as far as so many steps tell.
    pub(super) fn same_meaning(&mut self, before: &'d Value, after: &'d Value, most: usize) -> Alike {
        self.equivalence.of_schemas(before, after, most, Some(&self.unchanged))
    }

    /// Whether two schemas of the side before mean the same, as far as so many steps tell.
    pub(super) fn same_before(&mut self, one: &'d Value, other: &'d Value, most: usize) -> Alike {
        self.equivalence_before.of_schemas(one, other, most, None)
    }

    /// What ends the comparison from outside.
    pub(super) fn stop(&self) -> &Stop {
        &self.budget.stop
    }

    /// Whether the comparison was asked to stop, or nothing more could be told.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_full() || self.budget.stop.is_asked()
    }

    /// Whether no fact has room any more: not even where it stands is worth writing out.
    pub(super) const fn is_full(&self) -> bool {
        self.text > self.room.saturating_mul(BYTES_OF_FACT)
    }

    /// Counts the text of one more fact.
    fn has_room(&mut self, fact: &Fact) -> bool {
        self.text += fact.size();
        !self.is_full()
    }

    /// Counts entries of an operation that are to be looked at; false where that is too much, which is then said.
    pub(super) fn affords(&mut self, entries: usize) -> bool {
        let left = self.entries.checked_sub(entries);
        self.entries = left.unwrap_or_default();
        if left.is_none() {
            self.give_up();
        }
        left.is_some()
    }

    /// Says that the work was too much; what is missing is undecidable.
    pub(super) fn give_up(&mut self) {
        self.exhausted = true;
    }

    /// A fact about the pair of a node.
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

    /// The JSON Pointers of a place in both documents.
    pub(super) fn site(&self, at: BeforeAfter<PointerId>) -> Site {
        Site { before: self.text_before(at.before), after: self.text_after(at.after) }
    }

    pub(super) fn text_before(&self, at: PointerId) -> String {
        self.before.pointers.text(at)
    }

    pub(super) fn text_after(&self, at: PointerId) -> String {
        self.after.pointers.text(at)
    }
}
