//! What a reference leads to in vain, or what cannot be read, cannot be judged: that it "went" or "came" is not known.

use std::collections::HashSet;

use crate::openapi::Contract;

use super::change::ChangeKind;
use super::fact::Fact;

/// A side that cannot be read at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConcealedSide {
    Before,
    After,
}

/// The places of both documents that the other side names and does not show.
pub(super) struct Concealed<'c> {
    before: HashSet<&'c str>,
    after: HashSet<&'c str>,
}

impl<'c> Concealed<'c> {
    pub(super) fn new(before: &'c Contract<'_>, after: &'c Contract<'_>) -> Self {
        let places = |contract: &'c Contract<'_>| {
            contract.unread.iter().flat_map(|(place, target)| [place.as_str(), target.as_str()]).collect()
        };
        Self { before: places(before), after: places(after) }
    }

    /// The side that only refers to what a fact speaks of, with nothing behind the reference; none where both show it.
    pub(super) fn hides(&self, fact: &Fact) -> Option<ConcealedSide> {
        if self.before.is_empty() && self.after.is_empty() {
            return None;
        }
        let side = |before: bool, after: bool| match (before, after) {
            (_, true) => Some(ConcealedSide::After),
            (true, false) => Some(ConcealedSide::Before),
            (false, false) => None,
        };
        if matches!(fact.difference.kind, ChangeKind::ResponsesDescribed | ChangeKind::ResponsesNoLongerDescribed) {
            let beneath = |places: &HashSet<&str>, operation: &str| {
                let responses = format!("{operation}/responses/");
                places.iter().any(|place| place.starts_with(&responses))
            };
            return side(beneath(&self.before, &fact.site.before), beneath(&self.after, &fact.site.after));
        }
        if matches!(fact.difference.kind, ChangeKind::PropertyBecameOptional | ChangeKind::PropertyBecameRequired) {
            let list = |property: &str| {
                property.rfind("/properties/").and_then(|end| property.get(..end)).map(|object| format!("{object}/required"))
            };
            let is_unread =
                |places: &HashSet<&str>, property: &str| list(property).is_some_and(|list| places.contains(list.as_str()));
            let hidden = side(is_unread(&self.before, &fact.site.before), is_unread(&self.after, &fact.site.after));
            if hidden.is_some() {
                return hidden;
            }
        }
        side(holds(&self.before, &fact.site.after), holds(&self.after, &fact.site.before))
    }
}

/// Whether one of the places is `pointer`, or holds it.
fn holds(places: &HashSet<&str>, pointer: &str) -> bool {
    let ends = pointer.match_indices('/').map(|(end, _)| end).chain([pointer.len()]);
    ends.filter(|end| *end > 0).any(|end| pointer.get(..end).is_some_and(|prefix| places.contains(prefix)))
}
