//! Keywords that rule nothing out, taken away from a folded schema: to write them is no change.
//!
//! A bound on numbers says nothing of a text, `multipleOf: 1` nothing of an integer, a longest length nothing
//! beside an enum whose values are all shorter. Only what can be told from one schema alone is taken away here.

use crate::openapi::{Additional, Bound, Contract, Map, SchemaId, TypeSet, Value};

use super::formats;
use super::limits::{all_counted, all_within};
use super::schema::{Count, Folded, FromSchema};

/// Patterns that are found in every text.
const EVERY_TEXT: &[&str] = &["", "^", "$", ".*", "^.*", ".*$"];

/// Largest and smallest values of the integer formats (OpenAPI 3.0.3 section 4.4).
const INTEGERS: &[(&str, i128, i128)] =
    &[("int32", i32::MIN as i128, i32::MAX as i128), ("int64", i64::MIN as i128, i64::MAX as i128)];

/// Characters of a UUID as text (RFC 9562 section 4).
const UUID_LENGTH: u64 = 36;

impl<'d> Folded<'_, 'd> {
    /// Takes away what rules nothing out.
    pub(super) fn simplify(&mut self, contract: &Contract<'d>) {
        self.simplify_constraints();
        self.simplify_additional(contract);
        self.simplify_enumeration();
        self.simplify_by_type();
        self.simplify_by_format();
        self.simplify_by_enumeration();
        self.patterns.retain(|pattern| !EVERY_TEXT.contains(&pattern.value));
        let named = u64::try_from(self.required.len()).unwrap_or(u64::MAX);
        self.drop_count(Count::MinProperties, |least| least <= named);
    }

    fn drop_count(&mut self, count: Count, says_nothing: impl Fn(u64) -> bool) {
        for (slot, known) in self.counts.iter_mut().zip(Count::ALL) {
            if known == count && slot.is_some_and(|bound| says_nothing(bound.value)) {
                *slot = None;
            }
        }
    }

    /// Every boolean, or only null: the type says it.
    fn simplify_enumeration(&mut self) {
        let Some(values) = self.enumeration.as_ref().map(|word| &word.value) else { return };
        let (plain, null) = (self.types.without(TypeSet::NULL), self.types.contains(TypeSet::NULL));
        let has = |wanted: &Value| values.contains(&wanted);
        if !values.is_empty() && null && values.iter().all(|value| value.is_null()) {
            self.types = TypeSet::NULL;
            self.enumeration = None;
        } else if plain == TypeSet::BOOLEAN && has(&Value::Bool(true)) && has(&Value::Bool(false)) && (!null || has(&Value::Null))
        {
            self.enumeration = None;
        }
    }

    /// Whether a value of the type can occur at all.
    fn may_be(&self, types: TypeSet) -> bool {
        !self.types.intersection(types).is_empty()
    }

    /// Keywords for one type say nothing of others (JSON Schema 2020-12 validation section 6).
    fn simplify_by_type(&mut self) {
        if !self.may_be(TypeSet::NUMBER.union(TypeSet::INTEGER)) {
            (self.minimum, self.maximum, self.multiple_of) = (None, None, None);
        }
        if self.is_whole() {
            self.multiple_of =
                self.multiple_of.take().and_then(|step| Some(FromSchema { value: step.value.of_whole()?, at: step.at }));
        }
        if !self.may_be(TypeSet::STRING) {
            self.patterns.clear();
            self.drop_count(Count::MinLength, |_| true);
            self.drop_count(Count::MaxLength, |_| true);
        }
        if !self.may_be(TypeSet::ARRAY) {
            self.unique_items = None;
            self.drop_count(Count::MinItems, |_| true);
            self.drop_count(Count::MaxItems, |_| true);
        }
        if !self.may_be(TypeSet::OBJECT) {
            self.drop_count(Count::MinProperties, |_| true);
            self.drop_count(Count::MaxProperties, |_| true);
        }
        for count in [Count::MinLength, Count::MinItems, Count::MinProperties] {
            self.drop_count(count, |least| least == 0);
        }
    }

    /// Bounds that the formats have anyway.
    fn simplify_by_format(&mut self) {
        formats::simplify(&mut self.formats);
        for format in self.formats.iter().map(|word| word.value).collect::<Vec<_>>() {
            self.simplify_by_one_format(format);
        }
    }

    fn simplify_by_one_format(&mut self, format: &str) {
        if let Some((_, least, most)) = INTEGERS.iter().find(|(name, ..)| *name == format && self.is_whole()) {
            let whole = |bound: &FromSchema<Bound<'_>>| bound.value.value.as_i128();
            self.minimum = self.minimum.filter(|bound| whole(bound).is_none_or(|value| value > *least));
            self.maximum = self.maximum.filter(|bound| whole(bound).is_none_or(|value| value < *most));
        }
        if format == "uuid" {
            self.drop_count(Count::MinLength, |least| least <= UUID_LENGTH);
            self.drop_count(Count::MaxLength, |most| most >= UUID_LENGTH);
        }
    }

    /// Bounds that every listed value keeps.
    fn simplify_by_enumeration(&mut self) {
        let Some(values) = self.enumeration.as_ref().map(|word| word.value.clone()).filter(|values| !values.is_empty()) else {
            return;
        };
        self.minimum = self.minimum.filter(|bound| !all_within(&values, &bound.value, false));
        self.maximum = self.maximum.filter(|bound| !all_within(&values, &bound.value, true));
        self.multiple_of = self.multiple_of.take().filter(|step| !step.value.divides_all(&values));
        for count in Count::ALL {
            self.drop_count(count, |bound| all_counted(&values, count, bound));
        }
    }

    /// Conditions that hold for everything, or only beside another that is not there.
    fn simplify_constraints(&mut self) {
        if self.constraints.is_empty() {
            return;
        }
        for (name, words) in &mut self.constraints {
            match *name {
                "not" => {
                    if words.iter().any(|word| accepts_all(word.value)) {
                        self.types = TypeSet::NONE;
                        words.clear();
                    }
                    words.retain(|word| !accepts_none(word.value));
                }
                "propertyNames" | "unevaluatedProperties" | "unevaluatedItems" => words.retain(|word| !accepts_all(word.value)),
                "patternProperties" => words.retain(|word| word.value.as_object().is_none_or(|map| !map.is_empty())),
                "dependentSchemas" => {
                    words.retain(|word| word.value.as_object().is_none_or(|map| !map.values().all(accepts_all)));
                }
                "dependentRequired" => words.retain(|word| {
                    let is_empty = |names: &Value| names.as_array().is_some_and(<[Value]>::is_empty);
                    word.value.as_object().is_none_or(|map| !map.values().all(is_empty))
                }),
                "minContains" => words.retain(|word| word.value.as_u64() != Some(1)),
                _ => {}
            }
        }
        self.constraints.retain(|_, words| !words.is_empty());
        let has = |folded: &Self, name: &str| folded.constraints.contains_key(name);
        if !has(self, "if") || !(has(self, "then") || has(self, "else")) {
            self.constraints.retain(|name, _| !matches!(*name, "if" | "then" | "else"));
        }
        self.simplify_contains();
        self.simplify_unevaluated();
    }

    /// Items that need not be there, and counts beside no `contains`. Each member of an `allOf` counts its own.
    fn simplify_contains(&mut self) {
        let said = |folded: &Self, name: &str| -> Vec<(SchemaId, Option<u64>)> {
            let words = folded.constraints.get(name).into_iter().flatten();
            words.map(|word| (word.at, word.value.as_u64())).collect()
        };
        let (least, most) = (said(self, "minContains"), said(self, "maxContains"));
        let is_optional = |at: SchemaId| least.contains(&(at, Some(0))) && !most.iter().any(|(known, _)| *known == at);
        if let Some(words) = self.constraints.get_mut("contains") {
            words.retain(|word| !is_optional(word.at));
        }
        let held: Vec<SchemaId> = said(self, "contains").into_iter().map(|(at, _)| at).collect();
        for name in ["minContains", "maxContains"] {
            if let Some(words) = self.constraints.get_mut(name) {
                words.retain(|word| held.contains(&word.at));
            }
        }
        self.constraints.retain(|_, words| !words.is_empty());
    }

    /// Where nothing but what was folded in evaluates members, `unevaluated…: false` closes the schema as the
    /// older keywords do (JSON Schema 2020-12 core section 11).
    fn simplify_unevaluated(&mut self) {
        const OTHERS: &[&str] = &["if", "dependentSchemas", "patternProperties", "contains", "$dynamicRef"];
        if !self.unions.is_empty() || self.constraints.keys().any(|name| OTHERS.contains(name)) {
            return;
        }
        let closing = |folded: &Self, name: &str| {
            folded.constraints.get(name).and_then(|words| words.iter().find(|word| accepts_none(word.value))).map(|word| word.at)
        };
        if let Some(at) = closing(self, "unevaluatedProperties") {
            if self.additional.value == Additional::Open {
                self.additional = FromSchema { value: Additional::Closed, at };
            }
            self.constraints.remove("unevaluatedProperties");
        }
        if let Some(at) = closing(self, "unevaluatedItems").filter(|_| self.items.is_empty()) {
            let value = u64::try_from(self.prefix_items.len()).unwrap_or(u64::MAX);
            for (slot, count) in self.counts.iter_mut().zip(Count::ALL) {
                if count == Count::MaxItems && slot.is_none_or(|known| known.value > value) {
                    *slot = Some(FromSchema { value, at });
                }
            }
            self.constraints.remove("unevaluatedItems");
        }
    }

    /// A schema for further properties that nothing matches.
    fn simplify_additional(&mut self, contract: &Contract<'d>) {
        if let Additional::Schema(id) = self.additional.value {
            let schema = contract.schema(id);
            let never =
                schema.types.is_empty() || schema.constraints.iter().any(|(name, value)| *name == "not" && accepts_all(value));
            if never {
                self.additional.value = Additional::Closed;
                self.further.retain(|further| *further != id);
            }
        }
    }
}

fn accepts_all(schema: &Value) -> bool {
    *schema == Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}

fn accepts_none(schema: &Value) -> bool {
    *schema == Value::Bool(false) || schema.get("not").is_some_and(accepts_all)
}
