//! Facts about limits: bounds on numbers and counts, steps, unique items.

use std::cmp::Ordering;

use serde_json::{Value as Json, json};

use crate::openapi::{Bound, Value};

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::super::folded::{Count, FromSchema, MultipleStep, all_counted, all_within};
use super::super::numbers::{compare_bounds, compare_whole_bounds};
use super::comparison::SchemaComparison;

impl SchemaComparison<'_, '_, '_> {
    /// Whether a bound that came rules out none of the values that were listed before, or one that went lets in
    /// none of the values that are listed now.
    fn is_kept_by_listed(&self, came: bool, all_keep: impl Fn(&[&Value]) -> bool) -> bool {
        let values = if came { &self.listed.before } else { &self.listed.after };
        values.as_ref().is_some_and(|values| !values.is_empty() && all_keep(values))
    }

    pub(super) fn numbers(&mut self) {
        let bounds = [
            (
                self.before.minimum,
                self.after.minimum,
                false,
                "minimum",
                ChangeKind::MinimumTightened,
                ChangeKind::MinimumLoosened,
            ),
            (self.before.maximum, self.after.maximum, true, "maximum", ChangeKind::MaximumTightened, ChangeKind::MaximumLoosened),
        ];
        let ids = self.ids();
        let order = if self.before.is_whole() && self.after.is_whole() { compare_whole_bounds } else { compare_bounds };
        for (old, new, upper, keyword, tightened, loosened) in bounds {
            let kind = match (&old, &new) {
                (Some(old), Some(new)) => match order(&old.value, &new.value, upper) {
                    Ordering::Equal => continue,
                    Ordering::Less => tightened,
                    Ordering::Greater => loosened,
                },
                (None, Some(_)) => tightened,
                (Some(_), None) => loosened,
                (None, None) => continue,
            };
            let keeps = |values: &[&Value], bound: Option<FromSchema<Bound<'_>>>| {
                bound.is_none_or(|bound| all_within(values, &bound.value, upper))
            };
            if self.is_kept_by_listed(kind == tightened, |values| keeps(values, if kind == tightened { new } else { old })) {
                continue;
            }
            let exclusive = |bound: bool| {
                if bound && upper {
                    "below "
                } else if bound {
                    "above "
                } else {
                    ""
                }
            };
            let show = |bound: Option<FromSchema<Bound<'_>>>| {
                bound.map(|bound| match exclusive(bound.value.exclusive) {
                    "" => Json::Number(bound.value.value.clone()),
                    word => json!(format!("{word}{}", bound.value.value)),
                })
            };
            let at = BeforeAfter::new(old.map_or(ids.before, |bound| bound.at), new.map_or(ids.after, |bound| bound.at));
            self.state(Difference::new(kind).before(show(old)).after(show(new)), at, keyword);
        }
        for count in Count::ALL {
            self.count(count);
        }
        self.multiple_of();
        match (self.before.unique_items, self.after.unique_items) {
            (None, Some(new)) => {
                self.state(
                    Difference::new(ChangeKind::UniqueItemsAdded).after(json!(true)),
                    BeforeAfter::new(ids.before, new),
                    "uniqueItems",
                );
            }
            (Some(old), None) => {
                self.state(
                    Difference::new(ChangeKind::UniqueItemsRemoved).before(json!(true)),
                    BeforeAfter::new(old, ids.after),
                    "uniqueItems",
                );
            }
            _ => {}
        }
    }

    fn count(&mut self, count: Count) {
        let (old, new) = (self.before.count(count), self.after.count(count));
        let tighter = match (old, new) {
            (Some(old), Some(new)) if old.value == new.value => return,
            (Some(old), Some(new)) => (new.value < old.value) == count.is_upper(),
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => return,
        };
        let (keyword, tightened, loosened) = match count {
            Count::MinLength => ("minLength", ChangeKind::MinLengthTightened, ChangeKind::MinLengthLoosened),
            Count::MaxLength => ("maxLength", ChangeKind::MaxLengthTightened, ChangeKind::MaxLengthLoosened),
            Count::MinItems => ("minItems", ChangeKind::MinItemsTightened, ChangeKind::MinItemsLoosened),
            Count::MaxItems => ("maxItems", ChangeKind::MaxItemsTightened, ChangeKind::MaxItemsLoosened),
            Count::MinProperties => ("minProperties", ChangeKind::MinPropertiesTightened, ChangeKind::MinPropertiesLoosened),
            Count::MaxProperties => ("maxProperties", ChangeKind::MaxPropertiesTightened, ChangeKind::MaxPropertiesLoosened),
        };
        let bound = if tighter { new } else { old };
        if self.is_kept_by_listed(tighter, |values| bound.is_none_or(|bound| all_counted(values, count, bound.value))) {
            return;
        }
        let ids = self.ids();
        let at = BeforeAfter::new(old.map_or(ids.before, |count| count.at), new.map_or(ids.after, |count| count.at));
        let show = |count: Option<FromSchema<u64>>| count.map(|count| json!(count.value));
        self.state(Difference::new(if tighter { tightened } else { loosened }).before(show(old)).after(show(new)), at, keyword);
    }

    fn multiple_of(&mut self) {
        let ids = self.ids();
        let (old, new) = (self.before.multiple_of.take(), self.after.multiple_of.take());
        let kind = match (&old, &new) {
            (Some(old), Some(new)) if old.value == new.value => return,
            (Some(old), Some(new)) if new.value.is_within(&old.value) => ChangeKind::MultipleOfTightened,
            (Some(old), Some(new)) if old.value.is_within(&new.value) => ChangeKind::MultipleOfLoosened,
            (Some(_), Some(_)) => ChangeKind::MultipleOfChanged,
            (None, Some(_)) => ChangeKind::MultipleOfTightened,
            (Some(_), None) => ChangeKind::MultipleOfLoosened,
            (None, None) => return,
        };
        let keeps = |values: &[&Value], step: &Option<FromSchema<MultipleStep>>| {
            step.as_ref().is_none_or(|step| step.value.divides_all(values))
        };
        match kind {
            ChangeKind::MultipleOfTightened if self.is_kept_by_listed(true, |values| keeps(values, &new)) => return,
            ChangeKind::MultipleOfLoosened if self.is_kept_by_listed(false, |values| keeps(values, &old)) => return,
            _ => {}
        }
        let place = |step: &Option<FromSchema<MultipleStep>>, id| step.as_ref().map_or(id, |step| step.at);
        let at = BeforeAfter::new(place(&old, ids.before), place(&new, ids.after));
        let show = |step: Option<FromSchema<MultipleStep>>| step.map(|step| step.value.shown());
        self.state(Difference::new(kind).before(show(old)).after(show(new)), at, "multipleOf");
    }
}
