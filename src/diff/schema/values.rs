//! Facts about single values: enums, formats, patterns, encodings, bounds.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::model::Direction;
use crate::openapi::{TypeSet, Value};

use super::super::change::{ChangeKind, Evidence};
use super::super::flat::{Count, From, compare_bounds, compare_numbers, compare_whole_bounds};
use super::super::settle::{all_counted, all_multiples, all_within, is_multiple};
use super::super::unchanged::canonical;
use super::{Compare, plain};

/// Formats that clients act on; all others are names that few check.
const KNOWN: &[&str] = &["int32", "int64", "float", "double", "date", "date-time", "time", "duration", "uuid"];

/// Formats whose values are all values of the other.
const WIDER: &[(&str, &str)] = &[
    ("int32", "int64"),
    ("float", "double"),
    ("email", "idn-email"),
    ("hostname", "idn-hostname"),
    ("uri", "uri-reference"),
    ("uri", "iri"),
    ("iri", "iri-reference"),
    ("uri-reference", "iri-reference"),
];

impl Compare<'_, '_, '_> {
    pub(super) fn values(&mut self) {
        self.enumeration();
        self.format();
        self.pattern();
        let (left, right) = (self.a.content, self.b.content);
        if left.value != right.value {
            let at = (left.at, right.at);
            let ((packing, media), (new_packing, new_media)) = (left.value, right.value);
            let mut told = |pair: (Option<&str>, Option<&str>), [added, removed, changed]: [ChangeKind; 3]| {
                let kind = match pair {
                    (old, new) if old == new => return,
                    (None, _) => added,
                    (_, None) => removed,
                    _ => changed,
                };
                self.state(kind, at, "", "", (pair.0.map(|word| json!(word)), pair.1.map(|word| json!(word))));
            };
            let [added, removed, changed] =
                [ChangeKind::ContentEncodingAdded, ChangeKind::ContentEncodingRemoved, ChangeKind::ContentEncodingChanged];
            told((packing, new_packing), [added, removed, changed]);
            let [added, removed, changed] =
                [ChangeKind::ContentMediaTypeAdded, ChangeKind::ContentMediaTypeRemoved, ChangeKind::ContentMediaTypeChanged];
            told((media, new_media), [added, removed, changed]);
        }
    }

    /// Whether a bound that came rules out none of the values that were listed before, or one that went lets in
    /// none of the values that are listed now.
    fn listed(&self, came: bool, all_keep: impl Fn(&[&Value]) -> bool) -> bool {
        let values = if came { &self.listed.0 } else { &self.listed.1 };
        values.as_ref().is_some_and(|values| !values.is_empty() && all_keep(values))
    }

    fn enumeration(&mut self) {
        let ids = self.ids();
        let list = |values: &[&Value]| Some(Json::Array(values.iter().take(12).map(|value| value.to_json()).collect()));
        match (self.a.enumeration.take(), self.b.enumeration.take()) {
            (Some(old), Some(new)) => {
                let at = (old.at, new.at);
                let (known, now): (BTreeSet<String>, BTreeSet<String>) = (
                    old.value.iter().map(|value| canonical(value)).collect(),
                    new.value.iter().map(|value| canonical(value)).collect(),
                );
                let removed: Vec<&Value> = old.value.iter().filter(|value| !now.contains(&canonical(value))).copied().collect();
                let added: Vec<&Value> = new.value.iter().filter(|value| !known.contains(&canonical(value))).copied().collect();
                // The provider declared the set open: growth is no news.
                let is_open = self.a.extensible && self.direction == Direction::FromProvider;
                if known.is_disjoint(&now) && !known.is_empty() && !now.is_empty() && !is_open {
                    self.state(ChangeKind::EnumReplaced, at, "enum", "", (list(&old.value), list(&new.value)));
                    return;
                }
                for value in removed {
                    if !value.is_null() || self.b.types.contains(TypeSet::NULL) {
                        self.state(ChangeKind::EnumValueRemoved, at, "enum", plain(value), (Some(value.to_json()), None));
                    }
                }
                if self.direction == Direction::FromProvider && self.a.extensible != self.b.extensible {
                    let kind =
                        if self.b.extensible { ChangeKind::EnumBecameExtensible } else { ChangeKind::EnumNoLongerExtensible };
                    self.state(kind, at, "", "", (Some(json!(self.a.extensible)), Some(json!(self.b.extensible))));
                }
                if is_open {
                    return;
                }
                for value in added {
                    if !value.is_null() || self.a.types.contains(TypeSet::NULL) {
                        self.state(ChangeKind::EnumValueAdded, at, "enum", plain(value), (None, Some(value.to_json())));
                    }
                }
            }
            (None, Some(new)) => self.state(ChangeKind::BecameEnum, (ids.0, new.at), "enum", "", (None, list(&new.value))),
            (Some(old), None) => {
                if !(self.a.extensible && self.direction == Direction::FromProvider) {
                    self.state(ChangeKind::NoLongerEnum, (old.at, ids.1), "enum", "", (list(&old.value), None));
                }
            }
            (None, None) => {}
        }
    }

    fn format(&mut self) {
        let ids = self.ids();
        let value = |format: &str| Some(json!(format));
        match (self.a.format, self.b.format) {
            (Some(old), Some(new)) if old.value != new.value => {
                let kind = match (old.value, new.value) {
                    (narrow, wide) if WIDER.contains(&(narrow, wide)) => ChangeKind::FormatWidened,
                    (wide, narrow) if WIDER.contains(&(narrow, wide)) => ChangeKind::FormatNarrowed,
                    _ => ChangeKind::FormatChanged,
                };
                // The types tell of it already: whole numbers of one size became numbers.
                if kind == ChangeKind::FormatChanged && self.a.types.without(TypeSet::NULL) != self.b.types.without(TypeSet::NULL)
                {
                    return;
                }
                let known_format = KNOWN.contains(&old.value) && KNOWN.contains(&new.value);
                let evidence = Evidence { known_format, ..Evidence::default() };
                self.state_with(kind, (old.at, new.at), "format", "", (value(old.value), value(new.value)), evidence);
            }
            (None, Some(new)) => self.state(ChangeKind::FormatAdded, (ids.0, new.at), "format", "", (None, value(new.value))),
            (Some(old), None) => self.state(ChangeKind::FormatRemoved, (old.at, ids.1), "format", "", (value(old.value), None)),
            _ => {}
        }
    }

    fn pattern(&mut self) {
        let ids = self.ids();
        let set = |patterns: &[From<&str>]| patterns.iter().map(|p| p.value.to_owned()).collect::<BTreeSet<String>>();
        let (old, new) = (set(&self.a.patterns), set(&self.b.patterns));
        if old == new {
            return;
        }
        let show = |set: &BTreeSet<String>| match set.len() {
            0 => None,
            1 => set.first().map(|only| json!(only)),
            _ => Some(json!(set)),
        };
        let at = (
            self.a.patterns.first().map_or(ids.0, |pattern| pattern.at),
            self.b.patterns.first().map_or(ids.1, |pattern| pattern.at),
        );
        let kind = if old.is_subset(&new) {
            ChangeKind::PatternAdded
        } else if new.is_subset(&old) {
            ChangeKind::PatternRemoved
        } else {
            ChangeKind::PatternChanged
        };
        self.state(kind, at, "pattern", "", (show(&old), show(&new)));
    }

    pub(super) fn numbers(&mut self) {
        let bounds = [
            (self.a.minimum, self.b.minimum, false, "minimum", ChangeKind::MinimumTightened, ChangeKind::MinimumLoosened),
            (self.a.maximum, self.b.maximum, true, "maximum", ChangeKind::MaximumTightened, ChangeKind::MaximumLoosened),
        ];
        let ids = self.ids();
        let order = if self.a.is_whole() && self.b.is_whole() { compare_whole_bounds } else { compare_bounds };
        for (old, new, upper, keyword, tightened, loosened) in bounds {
            let kind = match (&old, &new) {
                (Some(old), Some(new)) => match order(&old.value, &new.value, upper) {
                    std::cmp::Ordering::Equal => continue,
                    std::cmp::Ordering::Less => tightened,
                    std::cmp::Ordering::Greater => loosened,
                },
                (None, Some(_)) => tightened,
                (Some(_), None) => loosened,
                (None, None) => continue,
            };
            let keeps = |values: &[&Value], bound: Option<From<crate::openapi::Bound<'_>>>| {
                bound.is_none_or(|bound| all_within(values, &bound.value, upper))
            };
            if self.listed(kind == tightened, |values| keeps(values, if kind == tightened { new } else { old })) {
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
            let show = |bound: Option<From<crate::openapi::Bound<'_>>>| {
                bound.map(|bound| match exclusive(bound.value.exclusive) {
                    "" => Json::Number(bound.value.value.clone()),
                    word => json!(format!("{word}{}", bound.value.value)),
                })
            };
            let at = (old.map_or(ids.0, |bound| bound.at), new.map_or(ids.1, |bound| bound.at));
            self.state(kind, at, keyword, "", (show(old), show(new)));
        }
        for count in Count::ALL {
            self.count(count);
        }
        self.multiple_of();
        match (self.a.unique_items, self.b.unique_items) {
            (None, Some(new)) => {
                self.state(ChangeKind::UniqueItemsAdded, (ids.0, new), "uniqueItems", "", (None, Some(json!(true))));
            }
            (Some(old), None) => {
                self.state(ChangeKind::UniqueItemsRemoved, (old, ids.1), "uniqueItems", "", (Some(json!(true)), None));
            }
            _ => {}
        }
    }

    fn count(&mut self, count: Count) {
        let (old, new) = (self.a.count(count), self.b.count(count));
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
        if self.listed(tighter, |values| bound.is_none_or(|bound| all_counted(values, count, bound.value))) {
            return;
        }
        let ids = self.ids();
        let at = (old.map_or(ids.0, |count| count.at), new.map_or(ids.1, |count| count.at));
        let show = |count: Option<From<u64>>| count.map(|count| json!(count.value));
        self.state(if tighter { tightened } else { loosened }, at, keyword, "", (show(old), show(new)));
    }

    fn multiple_of(&mut self) {
        let ids = self.ids();
        let kind = match (self.a.multiple_of, self.b.multiple_of) {
            (Some(old), Some(new)) if compare_numbers(old.value, new.value).is_eq() => return,
            (Some(old), Some(new)) if is_multiple(new.value, old.value) => ChangeKind::MultipleOfTightened,
            (Some(old), Some(new)) if is_multiple(old.value, new.value) => ChangeKind::MultipleOfLoosened,
            (Some(_), Some(_)) => ChangeKind::MultipleOfChanged,
            (None, Some(_)) => ChangeKind::MultipleOfTightened,
            (Some(_), None) => ChangeKind::MultipleOfLoosened,
            (None, None) => return,
        };
        let (old, new) = (self.a.multiple_of, self.b.multiple_of);
        let keeps = |values: &[&Value], step: Option<From<&serde_json::Number>>| {
            step.is_none_or(|step| all_multiples(values, step.value))
        };
        match kind {
            ChangeKind::MultipleOfTightened if self.listed(true, |values| keeps(values, new)) => return,
            ChangeKind::MultipleOfLoosened if self.listed(false, |values| keeps(values, old)) => return,
            _ => {}
        }
        let at = (old.map_or(ids.0, |step| step.at), new.map_or(ids.1, |step| step.at));
        let show = |step: Option<From<&serde_json::Number>>| step.map(|step| Json::Number(step.value.clone()));
        self.state(kind, at, "multipleOf", "", (show(old), show(new)));
    }
}
