//! Facts about the types of values that are written as text: a number or a flag is the text it is written as.

use serde_json::json;

use crate::model::Direction;
use crate::openapi::TypeSet;

use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::super::folded::{Count, Folded};
use super::super::writing::{ListWriting, SINGLE, Writing};
use super::comparison::SchemaComparison;

impl SchemaComparison<'_, '_, '_> {
    /// What values written as text became, where their types differ. Returns whether that says all there is.
    pub(super) fn written_as_text(&mut self) -> bool {
        let Writing::Text(list) = self.writing() else { return false };
        // Where any text was and is accepted, other types say nothing.
        if self.before.is_plain_scalar() && self.after.is_plain_scalar() {
            return true;
        }
        let types = |folded: &Folded<'_, '_>| folded.types.intersection(folded.union_types);
        let (a, b) = (types(&self.before), types(&self.after));
        let is_single = |types: TypeSet| !types.is_empty() && SINGLE.contains(types);
        let kind = if is_single(a) && is_single(b) {
            let is_comparable = a.contains(b) || b.contains(a);
            match (self.before.is_plain_scalar(), self.after.is_plain_scalar()) {
                _ if a == b => return false,
                (false, true) => ChangeKind::TypesWidened,
                (true, false) if !is_comparable => ChangeKind::TypesNarrowed,
                _ if is_comparable => return false,
                _ => ChangeKind::TypeChanged,
            }
        } else if is_single(a.without(TypeSet::NULL)) && b.without(TypeSet::NULL) == TypeSet::ARRAY && self.takes_one(list) {
            ChangeKind::BecameList
        } else {
            return false;
        };
        let ids = self.ids();
        let names = |types: TypeSet| Some(json!(types.names()));
        self.state(Difference::new(kind).before(names(a)).after(names(b)), ids, "type");
        true
    }

    /// Whether one value, as it was sent, may still be read as a list of one.
    fn takes_one(&self, list: ListWriting) -> bool {
        let takes = |count: Count, one: fn(u64) -> bool| self.after.count(count).is_none_or(|count| one(count.value));
        // How a list is written within an object outside a body nobody says (OpenAPI 3.1 section 4.8.12.4).
        let is_within = self.walk.is_within(self.node);
        self.direction == Direction::ToProvider
            && (list != ListWriting::Unknown || is_within)
            && takes(Count::MinItems, |least| least <= 1)
            && takes(Count::MaxItems, |most| most >= 1)
    }
}
