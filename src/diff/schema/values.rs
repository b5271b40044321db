//! Facts about single values: enums, formats, patterns, encodings.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::model::Direction;
use crate::openapi::{TypeSet, Value};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::equality::canonical;
use super::super::fact::Difference;
use super::super::folded::{FromSchema, is_format_within};
use super::comparison::SchemaComparison;
use super::describe::plain;

/// Formats that clients act on; all others are names that few check.
const KNOWN: &[&str] =
    &["int32", "int64", "float", "double", "date", "date-time", "time", "duration", "uuid", "email", "idn-email", "ipv4", "ipv6"];

impl SchemaComparison<'_, '_, '_> {
    pub(super) fn values(&mut self) {
        use ChangeKind as K;
        self.enumeration();
        self.format();
        self.pattern();
        let (old, new) = (std::mem::take(&mut self.before.encodings), std::mem::take(&mut self.after.encodings));
        self.content(&old, &new, [K::ContentEncodingAdded, K::ContentEncodingRemoved, K::ContentEncodingChanged]);
        let (old, new) = (std::mem::take(&mut self.before.media_types), std::mem::take(&mut self.after.media_types));
        self.content(&old, &new, [K::ContentMediaTypeAdded, K::ContentMediaTypeRemoved, K::ContentMediaTypeChanged]);
    }

    /// What is packed in a text, and how.
    fn content(&mut self, old: &[FromSchema<&str>], new: &[FromSchema<&str>], [added, removed, changed]: [ChangeKind; 3]) {
        let ids = self.ids();
        for words in words_that_differ(old, new) {
            let kind = match (words.before, words.after) {
                (None, _) => added,
                (_, None) => removed,
                _ => changed,
            };
            let at = BeforeAfter {
                before: words.before.map_or(ids.before, |word| word.at),
                after: words.after.map_or(ids.after, |word| word.at),
            };
            self.state(Difference::new(kind).values(words.map(|word| word.map(|word| json!(word.value)))), at, "");
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
        let (left, right) = (std::mem::take(&mut self.before.formats), std::mem::take(&mut self.after.formats));
        for formats in words_that_differ(&left, &right) {
            let at = BeforeAfter {
                before: formats.before.map_or(ids.before, |format| format.at),
                after: formats.after.map_or(ids.after, |format| format.at),
            };
            let names = formats.map(|format| format.map(|format| format.value));
            let kind = match (names.before, names.after) {
                (None, None) => continue,
                (None, Some(_)) => ChangeKind::FormatAdded,
                (Some(_), None) => ChangeKind::FormatRemoved,
                (Some(narrow), Some(wide)) if is_format_within(narrow, wide) => ChangeKind::FormatWidened,
                (Some(wide), Some(narrow)) if is_format_within(narrow, wide) => ChangeKind::FormatNarrowed,
                _ => ChangeKind::FormatChanged,
            };
            // The types tell of it already: whole numbers of one size became numbers.
            if kind == ChangeKind::FormatChanged
                && self.before.types.without(TypeSet::NULL) != self.after.types.without(TypeSet::NULL)
            {
                continue;
            }
            let is_known = |name: Option<&str>| name.is_some_and(|name| KNOWN.contains(&name));
            let evidence = Evidence { known_format: is_known(names.before) && is_known(names.after), ..Evidence::default() };
            let values = names.map(|name| name.map(|name| json!(name)));
            self.state(Difference::new(kind).values(values).evidence(evidence), at, "format");
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

/// What went, each beside what came in its place, of words that must all hold.
fn words_that_differ<'d>(
    old: &[FromSchema<&'d str>],
    new: &[FromSchema<&'d str>],
) -> Vec<BeforeAfter<Option<FromSchema<&'d str>>>> {
    let only = |list: &[FromSchema<&'d str>], other: &[FromSchema<&'d str>]| -> Vec<FromSchema<&'d str>> {
        list.iter().filter(|word| other.iter().all(|known| known.value != word.value)).copied().collect()
    };
    let (gone, fresh) = (only(old, new), only(new, old));
    (0..gone.len().max(fresh.len())).map(|place| BeforeAfter::new(gone.get(place).copied(), fresh.get(place).copied())).collect()
}
