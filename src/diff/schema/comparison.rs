//! One pair of schemas while it is compared, and how a fact about it is stated.

use crate::model::Direction;
use crate::openapi::{PointerId, SchemaId, Value};

use super::super::before_after::BeforeAfter;
use super::super::change::{ComparedSchemas, Fragment, Site};
use super::super::fact::{Difference, Fact};
use super::super::folded::Folded;
use super::super::kinds::Kinds;
use super::super::walk::{SchemaPair, Walk};
use super::super::writing::Writing;

/// One pair of schemas while it is compared.
pub(super) struct SchemaComparison<'w, 'c, 'd> {
    pub(super) walk: &'w mut Walk<'c, 'd>,
    /// The pair's number in the walk.
    pub(super) node: usize,
    pub(super) direction: Direction,
    pub(super) before: Folded<'c, 'd>,
    pub(super) after: Folded<'c, 'd>,
    /// The values that an enum lists.
    pub(super) listed: BeforeAfter<Option<Vec<&'d Value>>>,
    pub(super) had_unions: bool,
    pub(super) has_unions: bool,
    /// What stands beside the two where they are alternatives that are compared with it.
    pub(super) common: Option<BeforeAfter<SchemaId>>,
    /// Of which kinds the values are, where forms hold other kinds too.
    pub(super) kinds: Option<Kinds>,
    /// Whether members moved between the alternatives and what stands beside them.
    pub(super) is_spread: bool,
}

impl<'w, 'c, 'd> SchemaComparison<'w, 'c, 'd> {
    /// Nothing compared yet.
    pub(super) fn new(walk: &'w mut Walk<'c, 'd>, node: usize, pair: SchemaPair, folded: BeforeAfter<Folded<'c, 'd>>) -> Self {
        let BeforeAfter { before, after } = folded;
        let kinds = pair.kinds.and_then(|id| walk.kinds_at(id).cloned());
        let listed = |folded: &Folded<'_, 'd>| folded.enumeration.as_ref().map(|values| values.value.clone());
        Self {
            walk,
            node,
            direction: pair.direction,
            listed: BeforeAfter::new(listed(&before), listed(&after)),
            had_unions: !before.unions.is_empty(),
            has_unions: !after.unions.is_empty(),
            before,
            after,
            common: pair.common,
            kinds,
            is_spread: false,
        }
    }

    /// Where a schema of each side stands; a constant stands where it is named.
    fn places(&self, at: BeforeAfter<SchemaId>) -> BeforeAfter<PointerId> {
        let named = self.walk.places(self.node);
        BeforeAfter {
            before: if at.before.is_constant() { named.before } else { self.walk.before.schema(at.before).at },
            after: if at.after.is_constant() { named.after } else { self.walk.after.schema(at.after).at },
        }
    }

    /// A fact about `keyword` in the schemas that hold it; an empty keyword means the schema itself.
    pub(super) fn state(&mut self, difference: Difference, at: BeforeAfter<SchemaId>, keyword: &str) {
        self.state_at(difference, at, BeforeAfter::new(keyword, keyword));
    }

    /// A fact about a keyword of each side.
    pub(super) fn state_at(&mut self, difference: Difference, at: BeforeAfter<SchemaId>, keywords: BeforeAfter<&str>) {
        if self.walk.is_full() {
            return;
        }
        let object = self.walk.site(self.places(at));
        let place = |object: &str, keyword: &str, is_there: bool| match keyword {
            "" => object.to_owned(),
            _ if !is_there => object.to_owned(),
            keyword => format!("{object}/{keyword}"),
        };
        let site = Site {
            before: place(&object.before, keywords.before, difference.values.before.is_some()),
            after: place(&object.after, keywords.after, difference.values.after.is_some()),
        };
        let compared = ComparedSchemas { pair: self.node, holders: at, branch: difference.alternative };
        let fact = Fact {
            difference,
            direction: self.direction,
            site,
            fragment: Fragment { before: Some(object.before), after: Some(object.after) },
            compared: Some(compared),
        };
        self.walk.record(self.node, fact);
    }

    /// The two schemas themselves.
    pub(super) const fn ids(&self) -> BeforeAfter<SchemaId> {
        BeforeAfter::new(self.before.id, self.after.id)
    }

    /// Compares two schemas of the same values.
    pub(super) fn beside(&mut self, before: SchemaId, after: SchemaId) {
        self.walk.beside(self.node, BeforeAfter::new(before, after));
    }

    /// Compares two schemas of what stands within these values.
    pub(super) fn within(&mut self, before: SchemaId, after: SchemaId) {
        self.walk.within(self.node, BeforeAfter::new(before, after));
    }

    /// How the values are written.
    pub(super) fn writing(&self) -> Writing {
        self.walk.pair(self.node).map_or(Writing::Typed, |pair| pair.writing)
    }
}
