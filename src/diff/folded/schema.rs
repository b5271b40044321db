//! The folded form of a schema: each keyword once, with the schema it stands in.

use std::collections::BTreeMap;

use crate::model::Stability;
use crate::openapi::{Additional, Bound, Discriminator, Schema, SchemaId, TypeSet, Value};

use super::step::MultipleStep;

/// What a keyword says, and the schema it stands in.
#[derive(Debug, Clone, Copy)]
pub struct FromSchema<T> {
    pub value: T,
    pub at: SchemaId,
}

/// `oneOf` or `anyOf` that really has alternatives.
#[derive(Debug)]
pub struct FoldedUnion<'c, 'd> {
    pub exclusive: bool,
    /// Without those that are only null.
    pub branches: Vec<SchemaId>,
    /// What each is called where it is a reference.
    pub names: Vec<Option<&'d str>>,
    /// Whether null was one of the branches.
    pub null: bool,
    pub at: SchemaId,
    /// What tells them apart.
    pub discriminator: Option<FromSchema<&'c Discriminator<'d>>>,
}

/// The counts a schema may bound, in one place so that they are compared by one loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    MinProperties,
    MaxProperties,
}

impl Count {
    pub const ALL: [Self; 6] =
        [Self::MinLength, Self::MaxLength, Self::MinItems, Self::MaxItems, Self::MinProperties, Self::MaxProperties];

    pub const fn is_upper(self) -> bool {
        matches!(self, Self::MaxLength | Self::MaxItems | Self::MaxProperties)
    }

    pub fn of(self, schema: &Schema<'_>) -> Option<u64> {
        match self {
            Self::MinLength => schema.min_length,
            Self::MaxLength => schema.max_length,
            Self::MinItems => schema.min_items,
            Self::MaxItems => schema.max_items,
            Self::MinProperties => schema.min_properties,
            Self::MaxProperties => schema.max_properties,
        }
    }
}

/// How a list of one alternative under a discriminator is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListsOfOne {
    /// As that alternative.
    Opened,
    /// As a list, beside one of several.
    Kept,
}

/// A schema with its `allOf` members folded in.
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword, and one says that folding stopped")]
pub struct Folded<'c, 'd> {
    pub id: SchemaId,
    pub lists: ListsOfOne,
    pub types: TypeSet,
    /// Types that the branches of every union leave open.
    pub union_types: TypeSet,
    pub enumeration: Option<FromSchema<Vec<&'d Value>>>,
    /// Whether null is one of the values because it is meant beside them, and not because they name it.
    pub null_is_meant: bool,
    pub extensible: bool,
    /// Those that check something, each once.
    pub formats: Vec<FromSchema<&'d str>>,
    pub patterns: Vec<FromSchema<&'d str>>,
    pub minimum: Option<FromSchema<Bound<'d>>>,
    pub maximum: Option<FromSchema<Bound<'d>>>,
    pub multiple_of: Option<FromSchema<MultipleStep>>,
    pub counts: [Option<FromSchema<u64>>; 6],
    pub unique_items: Option<SchemaId>,
    /// `contentEncoding`.
    pub encodings: Vec<FromSchema<&'d str>>,
    /// `contentMediaType`.
    pub media_types: Vec<FromSchema<&'d str>>,
    pub properties: BTreeMap<&'d str, Property>,
    pub required: BTreeMap<&'d str, SchemaId>,
    pub additional: FromSchema<Additional>,
    /// Every schema for further properties.
    pub further: Vec<SchemaId>,
    pub items: Vec<SchemaId>,
    /// By place: every member of an `allOf` may say something of it.
    pub prefix_items: Vec<Vec<SchemaId>>,
    pub unions: Vec<FoldedUnion<'c, 'd>>,
    /// Those of bases that others take in, and of lists of one alternative.
    pub discriminators: Vec<FromSchema<&'c Discriminator<'d>>>,
    pub constraints: BTreeMap<&'d str, Vec<FromSchema<&'d Value>>>,
    pub default: Option<FromSchema<&'d Value>>,
    pub deprecated: Option<SchemaId>,
    /// The least stable level that any of it has.
    pub stability: Option<FromSchema<Stability>>,
    pub read_only: bool,
    pub write_only: bool,
    /// More members than are folded: what is missing is undecidable.
    pub exhausted: bool,
    /// Whether a member or an alternative stands behind a reference that leads nowhere.
    pub has_hole: bool,
}

/// A property: the schemas it must match, and the object that declares it first.
#[derive(Debug, Default)]
pub struct Property {
    pub schemas: Vec<SchemaId>,
    pub owner: Option<SchemaId>,
}

impl<'d> Folded<'_, 'd> {
    /// The schema that says nothing, under the id it is folded for.
    pub(super) fn open(id: SchemaId) -> Self {
        Self {
            id,
            lists: ListsOfOne::Opened,
            types: TypeSet::ALL,
            union_types: TypeSet::ALL,
            enumeration: None,
            null_is_meant: false,
            extensible: false,
            formats: Vec::new(),
            patterns: Vec::new(),
            minimum: None,
            maximum: None,
            multiple_of: None,
            counts: [None; 6],
            unique_items: None,
            encodings: Vec::new(),
            media_types: Vec::new(),
            properties: BTreeMap::new(),
            required: BTreeMap::new(),
            additional: FromSchema { value: Additional::Open, at: id },
            further: Vec::new(),
            items: Vec::new(),
            prefix_items: Vec::new(),
            unions: Vec::new(),
            discriminators: Vec::new(),
            constraints: BTreeMap::new(),
            default: None,
            deprecated: None,
            stability: None,
            read_only: false,
            write_only: false,
            exhausted: false,
            has_hole: false,
        }
    }

    pub fn count(&self, count: Count) -> Option<FromSchema<u64>> {
        Count::ALL.iter().position(|known| *known == count).and_then(|index| self.counts.get(index).copied().flatten())
    }

    /// How a text is packed, and what it holds: the first of several of each.
    pub fn content(&self) -> (Option<&'d str>, Option<&'d str>) {
        let first = |words: &[FromSchema<&'d str>]| words.first().map(|word| word.value);
        (first(&self.encodings), first(&self.media_types))
    }

    pub fn is_closed(&self) -> bool {
        self.additional.value == Additional::Closed
    }

    /// Whether its only condition is that no member is one that neither it nor its alternatives know.
    pub fn is_closed_as_a_whole(&self) -> bool {
        let words = self.constraints.get("unevaluatedProperties").filter(|_| self.constraints.len() == 1);
        words.is_some_and(|words| words.iter().all(|word| *word.value == Value::Bool(false)))
    }

    /// Whether it says nothing of its own besides one union and annotations.
    pub fn is_only_unions(&self) -> bool {
        !self.unions.is_empty() && self.says_nothing_else()
    }

    /// Whether it says no more than that there is text, or bytes.
    pub fn is_plain(&self) -> bool {
        let text = self.types == TypeSet::STRING || self.types == TypeSet::ALL;
        text && self.unions.is_empty() && self.says_nothing_else()
    }

    /// Whether it says no more than that there is text, or another single value.
    pub fn is_plain_scalar(&self) -> bool {
        let scalar = TypeSet::NUMBER.union(TypeSet::BOOLEAN).union(TypeSet::STRING);
        self.types.contains(TypeSet::STRING) && scalar.contains(self.types) && self.unions.is_empty() && self.says_nothing_else()
    }

    /// Whether no keyword but types and unions is there.
    fn says_nothing_else(&self) -> bool {
        self.enumeration.is_none()
            && self.formats.is_empty()
            && self.patterns.is_empty()
            && self.minimum.is_none()
            && self.maximum.is_none()
            && self.multiple_of.is_none()
            && self.counts.iter().all(Option::is_none)
            && self.unique_items.is_none()
            && self.encodings.is_empty()
            && self.media_types.is_empty()
            && self.properties.is_empty()
            && self.required.is_empty()
            && self.additional.value == Additional::Open
            && self.items.is_empty()
            && self.prefix_items.is_empty()
            && self.discriminators.is_empty()
            && self.constraints.is_empty()
            && self.default.is_none()
    }

    /// Only whole numbers, perhaps null.
    pub fn is_whole(&self) -> bool {
        self.types.without(TypeSet::NULL) == TypeSet::INTEGER
    }
}
