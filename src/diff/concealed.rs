//! What a reference leads to in vain, or what cannot be read, cannot be judged: that it "went" or "came" is not known.

use std::collections::HashSet;

use crate::openapi::Contract;

use super::change::ChangeKind;
use super::fact::Fact;

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

    /// Whether a fact speaks of something that the other side only refers to, with nothing behind the reference.
    pub(super) fn hides(&self, fact: &Fact) -> bool {
        if self.before.is_empty() && self.after.is_empty() {
            return false;
        }
        if matches!(fact.difference.kind, ChangeKind::ResponsesDescribed | ChangeKind::ResponsesNoLongerDescribed) {
            let beneath = |places: &HashSet<&str>, operation: &str| {
                let responses = format!("{operation}/responses/");
                places.iter().any(|place| place.starts_with(&responses))
            };
            return beneath(&self.before, &fact.site.before) || beneath(&self.after, &fact.site.after);
        }
        if matches!(fact.difference.kind, ChangeKind::PropertyBecameOptional | ChangeKind::PropertyBecameRequired) {
            let list = |property: &str| {
                property.rfind("/properties/").and_then(|end| property.get(..end)).map(|object| format!("{object}/required"))
            };
            let is_unread =
                |places: &HashSet<&str>, property: &str| list(property).is_some_and(|list| places.contains(list.as_str()));
            if is_unread(&self.before, &fact.site.before) || is_unread(&self.after, &fact.site.after) {
                return true;
            }
        }
        holds(&self.after, &fact.site.before) || holds(&self.before, &fact.site.after)
    }
}

/// Whether one of the places is `pointer`, or holds it.
fn holds(places: &HashSet<&str>, pointer: &str) -> bool {
    let ends = pointer.match_indices('/').map(|(end, _)| end).chain([pointer.len()]);
    ends.filter(|end| *end > 0).any(|end| pointer.get(..end).is_some_and(|prefix| places.contains(prefix)))
}
