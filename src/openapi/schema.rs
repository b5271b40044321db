//! Schemas of a contract, as written, with references resolved.

use std::ops::{Deref, DerefMut};

use serde_json::Number;
use thin_vec::ThinVec;

use super::pointer::PointerId;
use super::value::Value;

/// Names one schema of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub(super) u32);

impl SchemaId {
    /// `true`: every value.
    pub const ANY: Self = Self(0);
    /// `false`: no value.
    pub const NEVER: Self = Self(1);
    /// A reference that could not be followed: nothing is known, so nothing is judged.
    pub const UNKNOWN: Self = Self(2);

    /// Whether it stands nowhere in the document.
    pub const fn is_constant(self) -> bool {
        self.0 <= Self::UNKNOWN.0
    }
}

/// The JSON types a value may have. `number` includes `integer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypeSet(u8);

impl TypeSet {
    /// No type: no value.
    pub const NONE: Self = Self(0);
    /// `null`.
    pub const NULL: Self = Self(1);
    /// `boolean`.
    pub const BOOLEAN: Self = Self(2);
    /// `integer`.
    pub const INTEGER: Self = Self(4);
    /// Numbers that are not whole.
    pub const FRACTION: Self = Self(8);
    /// `number`: integers and all others.
    pub const NUMBER: Self = Self(4 | 8);
    /// `string`.
    pub const STRING: Self = Self(16);
    /// `array`.
    pub const ARRAY: Self = Self(32);
    /// `object`.
    pub const OBJECT: Self = Self(64);
    /// Every type.
    pub const ALL: Self = Self(127);

    /// The type a name stands for; `file` is how Swagger 2.0 spells a binary string.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" | "file" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// The type of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.is_f64() && number.as_f64().is_some_and(|f| f.fract() != 0.0) => Self(8),
            Value::Number(_) => Self::INTEGER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// Both sets together.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both sets share.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// This set without `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every type of `other` is here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is allowed.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names, as a document would write them.
    pub fn names(self) -> Vec<&'static str> {
        if self == Self::ALL {
            return vec!["any"];
        }
        let mut names = Vec::new();
        for (set, name) in [
            (Self::OBJECT, "object"),
            (Self::ARRAY, "array"),
            (Self::STRING, "string"),
            (Self::NUMBER, "number"),
            (Self::BOOLEAN, "boolean"),
            (Self::NULL, "null"),
        ] {
            if self.contains(set) {
                names.push(name);
            } else if set == Self::NUMBER && self.contains(Self::INTEGER) {
                names.push("integer");
            } else if set == Self::NUMBER && self.contains(Self::FRACTION) {
                names.push("number");
            }
        }
        if names.is_empty() { vec!["nothing"] } else { names }
    }
}

/// An upper or lower bound of a number.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'d> {
    /// The bound as written.
    pub value: &'d Number,
    /// Whether the bound itself is outside.
    pub exclusive: bool,
}

/// `additionalProperties`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Additional {
    /// Absent or `true`: any other name may appear.
    Open,
    /// `false`: no other name may appear.
    Closed,
    /// Other names must match a schema.
    Schema(SchemaId),
}

/// `oneOf` or `anyOf`.
#[derive(Debug)]
pub struct Union<'d> {
    /// `oneOf`: exactly one branch may match.
    pub exclusive: bool,
    /// The branches.
    pub branches: ThinVec<SchemaId>,
    /// What each branch is called where it is a reference: a discriminator knows it by this name.
    pub names: Vec<Option<&'d str>>,
}

/// `discriminator`; in Swagger 2.0 a bare property name.
#[derive(Debug, PartialEq, Eq)]
pub struct Discriminator<'d> {
    /// The property that tells the branches apart.
    pub property: &'d str,
    /// Tag values and what they stand for, sorted by tag.
    pub mapping: Vec<(&'d str, &'d str)>,
}

impl Discriminator<'_> {
    /// Stands among the tags for every value without one: `defaultMapping` (OpenAPI 3.2 section 4.25).
    pub const EVERY_OTHER: &'static str = "(every other value)";
}

/// One schema as written, references resolved to ids.
///
/// Most schemas of a large description are a type and a sentence: what few of them say is kept apart, and read as if
/// it stood here.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword of its own in the specification")]
pub struct Schema<'d> {
    /// Where it stands.
    pub at: PointerId,
    /// The raw schema.
    pub value: &'d Value,
    /// Declared or implied types.
    pub types: TypeSet,
    /// `nullable` on a schema whose types come from elsewhere (`allOf`, a union): null is meant as well.
    pub or_null: bool,
    /// `format`.
    pub format: Option<&'d str>,
    /// `properties`, in document order.
    pub properties: ThinVec<(&'d str, SchemaId)>,
    /// `required`.
    pub required: ThinVec<&'d str>,
    /// `additionalProperties`.
    pub additional: Additional,
    /// `items`.
    pub items: Option<SchemaId>,
    /// `deprecated`.
    pub deprecated: bool,
    /// `readOnly`.
    pub read_only: bool,
    /// `writeOnly`.
    pub write_only: bool,
    /// Everything else; none where it says nothing of it.
    pub seldom: Option<Box<Seldom<'d>>>,
}

/// What few schemas say.
#[derive(Debug, Default)]
pub struct Seldom<'d> {
    /// `enum`, or `const` as an enum of one.
    pub enumeration: Option<ThinVec<&'d Value>>,
    /// `x-extensible-enum` and the like: values may be added without notice.
    pub extensible_enum: bool,
    /// `x-stability-level`: draft, alpha, beta or stable.
    pub stability: Option<&'d str>,
    /// `pattern`.
    pub pattern: Option<&'d str>,
    /// `minimum` or `exclusiveMinimum`, the tighter.
    pub minimum: Option<Bound<'d>>,
    /// `maximum` or `exclusiveMaximum`, the tighter.
    pub maximum: Option<Bound<'d>>,
    /// `multipleOf`.
    pub multiple_of: Option<&'d Number>,
    /// `minLength`, characters.
    pub min_length: Option<u64>,
    /// `maxLength`, characters.
    pub max_length: Option<u64>,
    /// `minItems`.
    pub min_items: Option<u64>,
    /// `maxItems`.
    pub max_items: Option<u64>,
    /// `uniqueItems`.
    pub unique_items: bool,
    /// `minProperties`.
    pub min_properties: Option<u64>,
    /// `maxProperties`.
    pub max_properties: Option<u64>,
    /// `contentEncoding` and `contentMediaType`.
    pub content: (Option<&'d str>, Option<&'d str>),
    /// `prefixItems`.
    pub prefix_items: ThinVec<SchemaId>,
    /// `allOf`.
    pub all_of: ThinVec<SchemaId>,
    /// `oneOf` and `anyOf`.
    pub unions: ThinVec<Union<'d>>,
    /// `discriminator`.
    pub discriminator: Option<Box<Discriminator<'d>>>,
    /// Keywords compared as a whole: `not`, `if`, `contains`, `patternProperties`, …
    pub constraints: ThinVec<(&'d str, &'d Value)>,
    /// `default`.
    pub default: Option<&'d Value>,
}

static NOTHING: Seldom<'static> = Seldom {
    enumeration: None,
    extensible_enum: false,
    stability: None,
    pattern: None,
    minimum: None,
    maximum: None,
    multiple_of: None,
    min_length: None,
    max_length: None,
    min_items: None,
    max_items: None,
    unique_items: false,
    min_properties: None,
    max_properties: None,
    content: (None, None),
    prefix_items: ThinVec::new(),
    all_of: ThinVec::new(),
    unions: ThinVec::new(),
    discriminator: None,
    constraints: ThinVec::new(),
    default: None,
};

impl<'d> Deref for Schema<'d> {
    type Target = Seldom<'d>;

    fn deref(&self) -> &Seldom<'d> {
        self.seldom.as_deref().unwrap_or(&NOTHING)
    }
}

impl<'d> DerefMut for Schema<'d> {
    fn deref_mut(&mut self) -> &mut Seldom<'d> {
        self.seldom.get_or_insert_default()
    }
}

impl<'d> Schema<'d> {
    /// Whether it leads to no other schema.
    pub fn is_leaf(&self) -> bool {
        let lists_none = self.properties.is_empty() && self.items.is_none() && !matches!(self.additional, Additional::Schema(_));
        let leads_none = |more: &Seldom<'_>| {
            more.prefix_items.is_empty()
                && more.all_of.is_empty()
                && more.unions.is_empty()
                && more.discriminator.is_none()
                && more.constraints.is_empty()
        };
        lists_none && self.seldom.as_deref().is_none_or(leads_none)
    }

    /// The schema that says nothing, and so accepts everything.
    pub(super) const fn any(at: PointerId, value: &'d Value) -> Self {
        Self {
            at,
            value,
            types: TypeSet::ALL,
            or_null: false,
            format: None,
            properties: ThinVec::new(),
            required: ThinVec::new(),
            additional: Additional::Open,
            items: None,
            deprecated: false,
            read_only: false,
            write_only: false,
            seldom: None,
        }
    }
}
