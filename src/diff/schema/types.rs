//! Facts about types and nullability.

use serde_json::json;

use crate::openapi::{TypeSet, Value};

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::super::folded::Folded;
use super::comparison::SchemaComparison;

impl SchemaComparison<'_, '_, '_> {
    /// Types and nullability. Returns whether both sides still speak of the same kind of value.
    pub(super) fn types(&mut self) -> bool {
        // What alternatives have in common may stand beside them or in each of them. Where it stands alike on both
        // sides, the alternatives that came and went are reported by themselves.
        let effective = |folded: &Folded<'_, '_>| folded.types.intersection(folded.union_types);
        let alike = self.before.types == self.after.types && self.before.unions.is_empty() == self.after.unions.is_empty();
        let (a, b) =
            if alike { (self.before.types, self.after.types) } else { (effective(&self.before), effective(&self.after)) };
        let any = TypeSet::ALL;
        let ids = self.ids();
        let names = |set: TypeSet| Some(json!(set.names()));
        let strip = |set: TypeSet| if a != any && b != any { set.without(TypeSet::NULL) } else { set };
        let (plain_a, plain_b) = (strip(a), strip(b));
        if plain_a != plain_b && !plain_a.contains(plain_b) && !plain_b.contains(plain_a) {
            // Whether null is one of the old or new types is part of the same fact.
            self.state(Difference::new(ChangeKind::TypeChanged).before(names(a)).after(names(b)), ids, "type");
            return !plain_a.intersection(plain_b).is_empty();
        }
        if plain_a.is_empty() != plain_b.is_empty() && !a.is_empty() && !b.is_empty() {
            // Only null on one side.
            let kind = match (a.contains(b), b.contains(a)) {
                (true, _) => ChangeKind::TypesNarrowed,
                (_, true) => ChangeKind::TypesWidened,
                _ => ChangeKind::TypeChanged,
            };
            self.state(Difference::new(kind).before(names(a)).after(names(b)), ids, "type");
            return kind != ChangeKind::TypeChanged;
        }
        if a != any && b != any {
            match (a.contains(TypeSet::NULL), b.contains(TypeSet::NULL)) {
                (false, true) => self.state(
                    Difference::new(ChangeKind::BecameNullable).about("null").before(names(a)).after(names(b)),
                    ids,
                    "",
                ),
                (true, false) => self.state(
                    Difference::new(ChangeKind::BecameNotNullable).about("null").before(names(a)).after(names(b)),
                    ids,
                    "",
                ),
                _ => {}
            }
        }
        // Where both list their values, and each list keeps to its types, the values that came and went are reported instead.
        let keep = |values: &[&Value], types: TypeSet| values.iter().all(|v| v.is_null() || types.contains(TypeSet::of(v)));
        if let BeforeAfter { before: Some(old), after: Some(new) } = &self.listed
            && keep(old, a)
            && keep(new, b)
        {
            return true;
        }
        let values = BeforeAfter::new(names(plain_a), names(plain_b));
        if plain_a != plain_b && plain_a.contains(plain_b) {
            self.state(Difference::new(ChangeKind::TypesNarrowed).values(values), ids, "type");
        } else if plain_a != plain_b {
            self.state(Difference::new(ChangeKind::TypesWidened).values(values), ids, "type");
        }
        true
    }
}
