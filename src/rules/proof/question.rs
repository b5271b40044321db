//! What is asked about a finding.

use serde_json::Value as Json;

use crate::containment::{Peers, Question};
use crate::diff::{BeforeAfter, Change, ChangeKind, ComparedSchemas};
use crate::openapi::{SchemaId, TypeSet, Value};

use super::direction::{DirectionProof, schema_of};

impl<'d> DirectionProof<'d> {
    /// What to ask; none where a message cannot show it.
    pub(super) fn question(&self, change: &Change, compared: &ComparedSchemas) -> Option<Question<'d>> {
        let pair = self.pairs.get(compared.pair)?;
        // Which kinds there are is a question about the objects of these kinds.
        if let (Some(property), ChangeKind::EnumValueAdded | ChangeKind::EnumValueRemoved) = (&pair.divided_by, change.kind) {
            let value = change.before.as_ref().or(change.after.as_ref())?;
            return Some(of_kinds(Question::Whole, property, std::slice::from_ref(value)));
        }
        Some(self.for_kinds(compared.pair, self.question_of_all(change, compared)?))
    }

    /// A question, asked of the kinds only that a pair is about.
    pub(super) fn for_kinds(&self, pair: usize, question: Question<'d>) -> Question<'d> {
        match self.pairs.get(pair).and_then(|pair| pair.kinds.as_ref()) {
            Some(kinds) => of_kinds(question, &kinds.property, &kinds.values),
            None => question,
        }
    }

    fn question_of_all(&self, change: &Change, compared: &ComparedSchemas) -> Option<Question<'d>> {
        use ChangeKind as K;
        let holder = self.ordered(compared.holders).receiver;
        let map = schema_of(self.contracts.receiver, holder).and_then(Value::as_object);
        // What the receiver does not say itself is asked of the whole.
        let keywords = |wanted: &[&'static str]| match map {
            Some(map) if wanted.iter().any(|name| map.contains_key(name)) => Question::Keywords(map, wanted.to_vec()),
            _ => Question::Whole,
        };
        let received = self.ordered(BeforeAfter::new(&change.before, &change.after)).receiver;
        Some(match change.kind {
            K::TypesNarrowed | K::TypesWidened => {
                let types = types_named(received.as_ref()?)?;
                // Whether null may be sent is a fact of its own, but where anything may.
                let is_any = |names: &Option<Json>| names.as_ref().and_then(types_named) == Some(TypeSet::ALL);
                let is_told = !is_any(&change.before) && !is_any(&change.after);
                Question::Types(if is_told { types.union(TypeSet::NULL) } else { types })
            }
            // A list of values may keep to a type and hold none of those that are sent.
            K::TypeChanged if map.is_some_and(|map| ["enum", "const"].iter().any(|name| map.contains_key(name))) => {
                Question::Whole
            }
            K::TypeChanged => Question::Types(types_named(received.as_ref()?)?),
            K::BecameNullable | K::BecameNotNullable => Question::Types(TypeSet::ALL.without(TypeSet::NULL)),
            // Between `nullable` and a type list null is read as meant, which says nothing of where it is written out.
            K::EnumValueAdded | K::EnumValueRemoved
                if self.is_respelt() && change.before.as_ref().or(change.after.as_ref()).is_some_and(Json::is_null) =>
            {
                return None;
            }
            K::EnumValueAdded => Question::Value(change.after.clone()?),
            K::EnumValueRemoved => Question::Value(change.before.clone()?),
            K::EnumReplaced | K::BecameEnum | K::NoLongerEnum => keywords(&["enum", "const", "x-extensible-enum"]),
            K::PatternAdded | K::PatternRemoved | K::PatternChanged | K::PatternTightened | K::PatternLoosened => {
                keywords(&["pattern"])
            }
            K::MinimumTightened | K::MinimumLoosened => keywords(&["minimum", "exclusiveMinimum"]),
            K::MaximumTightened | K::MaximumLoosened => keywords(&["maximum", "exclusiveMaximum"]),
            K::MinLengthTightened | K::MinLengthLoosened => keywords(&["minLength"]),
            K::MaxLengthTightened | K::MaxLengthLoosened => keywords(&["maxLength"]),
            K::MinItemsTightened | K::MinItemsLoosened => keywords(&["minItems"]),
            // Where items are listed by place, what is behind them may end the list as well.
            K::MaxItemsTightened | K::MaxItemsLoosened if self.lists_items(holder) => Question::Whole,
            K::MaxItemsTightened | K::MaxItemsLoosened => keywords(&["maxItems"]),
            K::MinPropertiesTightened | K::MinPropertiesLoosened => keywords(&["minProperties"]),
            K::MaxPropertiesTightened | K::MaxPropertiesLoosened => keywords(&["maxProperties"]),
            K::MultipleOfTightened | K::MultipleOfLoosened | K::MultipleOfChanged => keywords(&["multipleOf"]),
            K::UniqueItemsAdded | K::UniqueItemsRemoved => keywords(&["uniqueItems"]),
            K::AdditionalPropertiesNarrowed | K::AdditionalPropertiesWidened => match map {
                Some(map) if map.contains_key("additionalProperties") => {
                    Question::Keywords(map, vec!["properties", "patternProperties", "additionalProperties"])
                }
                _ => Question::Whole,
            },
            K::RequiredPropertyAdded | K::PropertyBecameRequired if self.is_to_provider() => {
                Question::Required(change.subject.clone())
            }
            K::PropertyBecameOptional if !self.is_to_provider() => Question::Required(change.subject.clone()),
            K::PropertyRemoved if !self.is_to_provider() && change.evidence.was_required => {
                Question::Required(change.subject.clone())
            }
            K::OptionalPropertyAdded if self.is_to_provider() => Question::With(change.subject.clone()),
            K::PropertyRemoved if self.is_to_provider() && (change.evidence.is_closed || self.may_narrow(change)) => {
                Question::With(change.subject.clone())
            }
            K::OptionalPropertyAdded | K::RequiredPropertyAdded if !self.is_to_provider() && change.evidence.was_closed => {
                Question::With(change.subject.clone())
            }
            // Asked of what the consumer sends by `overlap`: there a branch that came is the receiver's.
            K::VariantRemoved | K::VariantAdded => {
                match compared.branch.and_then(|branch| schema_of(self.contracts.sender, branch)) {
                    Some(branch) => Question::Branch(branch),
                    None => return None,
                }
            }
            K::OneOfBecameAnyOf | K::AnyOfBecameOneOf => keywords(&["oneOf", "anyOf"]),
            K::CompositionAdded | K::CompositionRemoved => Question::Whole,
            K::ConstraintAdded | K::ConstraintRemoved | K::ConstraintChanged => match change.subject.as_str() {
                "xml" | "contentSchema" => return None,
                "if" | "then" | "else" => keywords(&["if", "then", "else"]),
                "contains" | "minContains" | "maxContains" => keywords(&["contains", "minContains", "maxContains"]),
                "not" => keywords(&["not"]),
                "propertyNames" => keywords(&["propertyNames"]),
                _ => Question::Whole,
            },
            _ => return None,
        })
    }
}

impl DirectionProof<'_> {
    /// Whether one document says `nullable` where the other lists types.
    fn is_respelt(&self) -> bool {
        let Peers { sender, receiver } = self.contracts;
        sender.dialect.is_json_schema() != receiver.dialect.is_json_schema()
    }

    /// Whether the receiver speaks of items by place, or of none.
    fn lists_items(&self, holder: SchemaId) -> bool {
        let schema = self.contracts.receiver.schema(holder);
        !schema.prefix_items.is_empty() || schema.max_items == Some(0)
    }
}

fn of_kinds<'d>(question: Question<'d>, property: &str, values: &[Json]) -> Question<'d> {
    Question::OfKinds(Box::new(question), property.to_owned(), values.to_vec())
}

/// The types a list of names stands for.
fn types_named(names: &Json) -> Option<TypeSet> {
    names.as_array()?.iter().try_fold(TypeSet::NONE, |types, name| {
        let one = match name.as_str()? {
            "any" => TypeSet::ALL,
            "nothing" => TypeSet::NONE,
            name => TypeSet::named(name)?,
        };
        Some(types.union(one))
    })
}
