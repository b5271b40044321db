//! The keywords of a schema that hold other schemas, in one place.
//!
//! The reader of schemas matches on [`SubschemaKeyword`] in full, so a keyword that is added here does not compile until
//! it is read; what callers reach and the tests of the comparison go by the same list.

/// What stands beneath a keyword that holds schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubschemaShape {
    /// One schema.
    One,
    /// One schema, or a list of them (before JSON Schema 2020-12).
    OneOrList,
    /// A list of schemas.
    List,
    /// Schemas by names that somebody chose.
    Named,
    /// The same, and lists of names among them.
    NamedOrNames,
    /// Schemas by name which say nothing until something refers to them.
    Apart,
}

macro_rules! subschema_keywords {
    ($($keyword:ident $name:literal $shape:ident),* $(,)?) => {
        /// A keyword of a schema that holds other schemas.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SubschemaKeyword {
            $(#[doc = concat!("`", $name, "`.")] $keyword),*
        }

        impl SubschemaKeyword {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$keyword),*];

            /// The keyword of this name, if it holds schemas.
            pub fn named(name: &str) -> Option<Self> {
                Some(match name {
                    $($name => Self::$keyword,)*
                    _ => return None,
                })
            }

            /// As it is written.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$keyword => $name),*
                }
            }

            /// What stands beneath it.
            pub const fn shape(self) -> SubschemaShape {
                match self {
                    $(Self::$keyword => SubschemaShape::$shape),*
                }
            }
        }
    };
}

subschema_keywords! {
    Properties "properties" Named,
    PatternProperties "patternProperties" Named,
    AdditionalProperties "additionalProperties" One,
    PropertyNames "propertyNames" One,
    DependentSchemas "dependentSchemas" Named,
    Dependencies "dependencies" NamedOrNames,
    Items "items" OneOrList,
    PrefixItems "prefixItems" List,
    AdditionalItems "additionalItems" One,
    Contains "contains" One,
    UnevaluatedItems "unevaluatedItems" One,
    UnevaluatedProperties "unevaluatedProperties" One,
    AllOf "allOf" List,
    AnyOf "anyOf" List,
    OneOf "oneOf" List,
    Not "not" One,
    If "if" One,
    Then "then" One,
    Else "else" One,
    ContentSchema "contentSchema" One,
    Defs "$defs" Apart,
    Definitions "definitions" Apart,
}
