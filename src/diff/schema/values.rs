//! Facts about single values: enums, formats, patterns, encodings.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::model::Direction;
use crate::openapi::{TypeSet, Value};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::equality::canonical;
use super::super::fact::Difference;
use super::super::folded::FromSchema;
use super::comparison::SchemaComparison;
use super::describe::plain;

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

impl SchemaComparison<'_, '_, '_> {
    pub(super) fn values(&mut self) {
        self.enumeration();
        self.format();
        self.pattern();
        let (left, right) = (self.before.content, self.after.content);
        if left.value != right.value {
            let at = BeforeAfter::new(left.at, right.at);
            let ((encoding, media_type), (new_encoding, new_media_type)) = (left.value, right.value);
            let mut told = |names: BeforeAfter<Option<&str>>, [added, removed, changed]: [ChangeKind; 3]| {
                let kind = match (names.before, names.after) {
                    (old, new) if old == new => return,
                    (None, _) => added,
                    (_, None) => removed,
                    _ => changed,
                };
                self.state(
                    Difference::new(kind).before(names.before.map(|name| json!(name))).after(names.after.map(|name| json!(name))),
                    at,
                    "",
                );
            };
            let [added, removed, changed] =
                [ChangeKind::ContentEncodingAdded, ChangeKind::ContentEncodingRemoved, ChangeKind::ContentEncodingChanged];
            told(BeforeAfter::new(encoding, new_encoding), [added, removed, changed]);
            let [added, removed, changed] =
                [ChangeKind::ContentMediaTypeAdded, ChangeKind::ContentMediaTypeRemoved, ChangeKind::ContentMediaTypeChanged];
            told(BeforeAfter::new(media_type, new_media_type), [added, removed, changed]);
        }
    }

    fn enumeration(&mut self) {
        let ids = self.ids();
        let list = |values: &[&Value]| Some(Json::Array(values.iter().take(12).map(|value| value.to_json()).collect()));
        match (self.before.enumeration.take(), self.after.enumeration.take()) {
            (Some(old), Some(new)) => {
                let at = BeforeAfter::new(old.at, new.at);
                let (known, now): (BTreeSet<String>, BTreeSet<String>) = (
                    old.value.iter().map(|value| canonical(value)).collect(),
                    new.value.iter().map(|value| canonical(value)).collect(),
                );
                let removed: Vec<&Value> = old.value.iter().filter(|value| !now.contains(&canonical(value))).copied().collect();
                let added: Vec<&Value> = new.value.iter().filter(|value| !known.contains(&canonical(value))).copied().collect();
                // The provider declared the set open: growth is no news.
                let is_open = self.before.extensible && self.direction == Direction::FromProvider;
                if known.is_disjoint(&now) && !known.is_empty() && !now.is_empty() && !is_open {
                    self.state(
                        Difference::new(ChangeKind::EnumReplaced).before(list(&old.value)).after(list(&new.value)),
                        at,
                        "enum",
                    );
                    return;
                }
                for value in removed {
                    // Where the types name it on the other side too, it is the same meaning in the words of 3.1.
                    if !value.is_null() || (self.after.types.contains(TypeSet::NULL) && !self.before.null_is_meant) {
                        self.state(
                            Difference::new(ChangeKind::EnumValueRemoved).about(plain(value)).before(value.to_json()),
                            at,
                            "enum",
                        );
                    }
                }
                if self.direction == Direction::FromProvider && self.before.extensible != self.after.extensible {
                    let kind =
                        if self.after.extensible { ChangeKind::EnumBecameExtensible } else { ChangeKind::EnumNoLongerExtensible };
                    self.state(
                        Difference::new(kind).before(json!(self.before.extensible)).after(json!(self.after.extensible)),
                        at,
                        "",
                    );
                }
                if is_open {
                    return;
                }
                for value in added {
                    if !value.is_null() || (self.before.types.contains(TypeSet::NULL) && !self.after.null_is_meant) {
                        self.state(
                            Difference::new(ChangeKind::EnumValueAdded).about(plain(value)).after(value.to_json()),
                            at,
                            "enum",
                        );
                    }
                }
            }
            (None, Some(new)) => self.state(
                Difference::new(ChangeKind::BecameEnum).after(list(&new.value)),
                BeforeAfter::new(ids.before, new.at),
                "enum",
            ),
            (Some(old), None) => {
                if !(self.before.extensible && self.direction == Direction::FromProvider) {
                    self.state(
                        Difference::new(ChangeKind::NoLongerEnum).before(list(&old.value)),
                        BeforeAfter::new(old.at, ids.after),
                        "enum",
                    );
                }
            }
            (None, None) => {}
        }
    }

    fn format(&mut self) {
        let ids = self.ids();
        let value = |format: &str| Some(json!(format));
        match (self.before.format, self.after.format) {
            (Some(old), Some(new)) if old.value != new.value => {
                let kind = match (old.value, new.value) {
                    (narrow, wide) if WIDER.contains(&(narrow, wide)) => ChangeKind::FormatWidened,
                    (wide, narrow) if WIDER.contains(&(narrow, wide)) => ChangeKind::FormatNarrowed,
                    _ => ChangeKind::FormatChanged,
                };
                // The types tell of it already: whole numbers of one size became numbers.
                if kind == ChangeKind::FormatChanged
                    && self.before.types.without(TypeSet::NULL) != self.after.types.without(TypeSet::NULL)
                {
                    return;
                }
                let known_format = KNOWN.contains(&old.value) && KNOWN.contains(&new.value);
                let evidence = Evidence { known_format, ..Evidence::default() };
                self.state(
                    Difference::new(kind).before(value(old.value)).after(value(new.value)).evidence(evidence),
                    BeforeAfter::new(old.at, new.at),
                    "format",
                );
            }
            (None, Some(new)) => self.state(
                Difference::new(ChangeKind::FormatAdded).after(value(new.value)),
                BeforeAfter::new(ids.before, new.at),
                "format",
            ),
            (Some(old), None) => self.state(
                Difference::new(ChangeKind::FormatRemoved).before(value(old.value)),
                BeforeAfter::new(old.at, ids.after),
                "format",
            ),
            _ => {}
        }
    }

    fn pattern(&mut self) {
        let ids = self.ids();
        let set = |patterns: &[FromSchema<&str>]| patterns.iter().map(|p| p.value.to_owned()).collect::<BTreeSet<String>>();
        let (old, new) = (set(&self.before.patterns), set(&self.after.patterns));
        if old == new {
            return;
        }
        let show = |set: &BTreeSet<String>| match set.len() {
            0 => None,
            1 => set.first().map(|only| json!(only)),
            _ => Some(json!(set)),
        };
        let at = BeforeAfter::new(
            self.before.patterns.first().map_or(ids.before, |pattern| pattern.at),
            self.after.patterns.first().map_or(ids.after, |pattern| pattern.at),
        );
        let kind = if old.is_subset(&new) {
            ChangeKind::PatternAdded
        } else if new.is_subset(&old) {
            ChangeKind::PatternRemoved
        } else {
            ChangeKind::PatternChanged
        };
        self.state(Difference::new(kind).before(show(&old)).after(show(&new)), at, "pattern");
    }
}
