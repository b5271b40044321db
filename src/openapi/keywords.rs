//! The keywords of one schema object, read for its dialect.
//!
//! The contract and the prover are both made of this, so that a keyword means the same to both: what is nullable, which
//! of two spellings of a bound is meant, which types are named or can only be meant. Schemas below a schema stay as they
//! stand in the document. What cannot be read is a [`KeywordProblem`], and says nothing.

use serde_json::Number;
use thin_vec::ThinVec;

use super::document::Dialect;
use super::number::{compare, count};
use super::schema::{Bound, TypeSet};
use super::subschema::SubschemaKeyword;
use super::value::{Map, Value};

/// Keywords that do not change which values are valid, nor anything a client may rely on.
const ANNOTATIONS: &[&str] = &[
    "$ref",
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "externalDocs",
    "$comment",
    "$id",
    "$schema",
    "$anchor",
    "$dynamicAnchor",
    "$vocabulary",
    "$defs",
    "definitions",
];

/// Extensions that do.
const MEANT_EXTENSIONS: &[&str] =
    &["x-extensible-enum", "x-ms-enum", "x-speakeasy-unknown-values", "x-stability-level", "x-writeOnly"];

/// Whether a keyword changes neither which values are valid nor anything a client may rely on.
fn is_annotation(name: &str) -> bool {
    ANNOTATIONS.contains(&name) || (name.starts_with("x-") && !MEANT_EXTENSIONS.contains(&name))
}

/// The reference that a schema object is, where nothing beside it counts: up to 3.0 nothing ever does, from 3.1 all but
/// prose does.
pub fn bare_reference(schema: &Map, dialect: Dialect) -> Option<&str> {
    let reference = schema.get("$ref")?.as_str()?;
    let has_siblings = schema.len() > 1 && schema.keys().any(|name| !is_annotation(name));
    (!dialect.is_json_schema() || !has_siblings).then_some(reference)
}

/// Whether what is sent to the provider does not have it (OpenAPI 3.0.3 section 4.7.24.2).
pub fn is_read_only(schema: &Map) -> bool {
    schema.get("readOnly").is_some_and(is_true)
}

/// Whether what comes from the provider does not have it.
pub fn is_write_only(schema: &Map) -> bool {
    ["writeOnly", "x-writeOnly"].iter().any(|name| schema.get(name).is_some_and(is_true))
}

/// A keyword that cannot be read as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeywordProblem {
    /// `minimum` or `maximum` that is no number.
    Bound,
    /// A length or count that is none.
    Count,
    /// A type of another language, read as the one that is meant.
    MisspeltType,
    /// A type of nobody.
    UnknownType,
    /// `type` that is neither a name nor a list.
    Types,
    /// `type: null` without quotes, which is YAML's null, read as the type of that name.
    NullType,
    /// A flag written as a text, read as the flag.
    Flag,
    /// `enum` that is no list.
    Enum,
    /// `required` that is no list.
    Required,
}

/// What one schema object says by its keywords.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword of its own in the specification")]
pub struct Keywords<'d> {
    /// `$ref`.
    pub reference: Option<&'d str>,
    /// `$dynamicRef`.
    pub dynamic_reference: Option<&'d Value>,
    /// `$recursiveRef`, how drafts before 2020-12 wrote `$dynamicRef`.
    pub recursive_reference: Option<&'d Value>,
    /// The types that `type` names, as people mean it; none where it names none.
    pub types: Option<TypeSet>,
    /// Whether null is meant beside what else is said: `nullable`, in Swagger 2.0 `x-nullable`.
    pub or_null: bool,
    /// `enum`.
    pub enumeration: Option<&'d [Value]>,
    /// `const`, which is a keyword from OpenAPI 3.1.
    pub constant: Option<&'d Value>,
    /// The values that `x-extensible-enum` lists (Zalando's spelling), where nothing else lists them.
    pub extensible_values: Option<&'d [Value]>,
    /// `x-extensible-enum`, or `modelAsString` of `x-ms-enum`: values may be added without notice.
    pub extensible_enum: bool,
    /// `x-stability-level`: draft, alpha, beta or stable.
    pub stability: Option<&'d str>,
    /// Whether `enum` or `const` stands here, whatever it says.
    pub lists_values: bool,
    /// `minimum`, with the flag `exclusiveMinimum` beside it up to 3.0.
    pub minimum: Option<Bound<'d>>,
    /// `exclusiveMinimum` as a bound of its own, from 3.1.
    pub exclusive_minimum: Option<Bound<'d>>,
    /// `maximum`, with the flag `exclusiveMaximum` beside it up to 3.0.
    pub maximum: Option<Bound<'d>>,
    /// `exclusiveMaximum` as a bound of its own, from 3.1.
    pub exclusive_maximum: Option<Bound<'d>>,
    /// `multipleOf`.
    pub multiple_of: Option<&'d Number>,
    /// `minLength`, where it asks for anything.
    pub min_length: Option<u64>,
    /// `maxLength`.
    pub max_length: Option<u64>,
    /// `minItems`, where it asks for anything.
    pub min_items: Option<u64>,
    /// `maxItems`.
    pub max_items: Option<u64>,
    /// `minProperties`, where it asks for anything.
    pub min_properties: Option<u64>,
    /// `maxProperties`.
    pub max_properties: Option<u64>,
    /// `minContains`.
    pub min_contains: Option<&'d Value>,
    /// `maxContains`.
    pub max_contains: Option<&'d Value>,
    /// `uniqueItems`.
    pub unique_items: bool,
    /// `pattern`.
    pub pattern: Option<&'d str>,
    /// `format`, without those that say how bytes travel.
    pub format: Option<&'d str>,
    /// `contentEncoding`; up to 3.0 the format `byte` says the same.
    pub encoding: Option<&'d str>,
    /// `contentMediaType`.
    pub media_type: Option<&'d str>,
    /// `required`.
    pub required: Option<&'d [Value]>,
    /// `dependentRequired`.
    pub dependent_required: Option<&'d Value>,
    /// `discriminator`.
    pub discriminator: Option<&'d Value>,
    /// `default`.
    pub default: Option<&'d Value>,
    /// `xml`.
    pub xml: Option<&'d Value>,
    /// `deprecated` or `x-deprecated`.
    pub deprecated: bool,
    /// `readOnly`.
    pub read_only: bool,
    /// `writeOnly` or `x-writeOnly`.
    pub write_only: bool,
    /// Keywords that hold other schemas, with what they hold, in document order.
    pub subschemas: ThinVec<(SubschemaKeyword, &'d Value)>,
    /// What cannot be read.
    pub problems: ThinVec<KeywordProblem>,
}

/// Keywords that need each other to be understood, as they stand in the document.
#[derive(Default)]
struct Paired<'d> {
    types: Option<&'d Value>,
    minimum: Option<&'d Value>,
    exclusive_minimum: Option<&'d Value>,
    maximum: Option<&'d Value>,
    exclusive_maximum: Option<&'d Value>,
    extensible: Option<&'d [Value]>,
    is_nullable: bool,
}

impl<'d> Keywords<'d> {
    /// Reads a schema object in one pass over its members.
    pub fn read(map: &'d Map, dialect: Dialect) -> Self {
        let mut words = Self::default();
        let mut paired = Paired::default();
        let nullable = if dialect == Dialect::Swagger20 { "x-nullable" } else { "nullable" };
        for (name, value) in map {
            if let Some(keyword) = SubschemaKeyword::named(name) {
                words.subschemas.push((keyword, value));
                continue;
            }
            match name.as_str() {
                "type" => paired.types = Some(value),
                "$ref" => words.reference = value.as_str(),
                "$dynamicRef" => words.dynamic_reference = Some(value),
                "$recursiveRef" => words.recursive_reference = Some(value),
                "format" => words.format = value.as_str(),
                "pattern" => words.pattern = value.as_str(),
                "enum" => {
                    words.lists_values = true;
                    words.enumeration = words.list(value, KeywordProblem::Enum);
                }
                "const" => {
                    words.lists_values = true;
                    words.constant = Some(value).filter(|_| dialect.is_json_schema());
                }
                "x-extensible-enum" => {
                    words.extensible_enum |= value.is_array() || is_true(value);
                    paired.extensible = value.as_array();
                }
                // The same as AutoRest and Speakeasy spell it.
                "x-ms-enum" => words.extensible_enum |= value.get("modelAsString").is_some_and(is_true),
                "x-speakeasy-unknown-values" => words.extensible_enum |= value.as_str() == Some("allow"),
                "x-stability-level" => words.stability = value.as_str(),
                "contentEncoding" => words.encoding = value.as_str(),
                "contentMediaType" => words.media_type = value.as_str(),
                "minimum" => paired.minimum = Some(value),
                "exclusiveMinimum" => paired.exclusive_minimum = Some(value),
                "maximum" => paired.maximum = Some(value),
                "exclusiveMaximum" => paired.exclusive_maximum = Some(value),
                "multipleOf" => words.multiple_of = value.as_number(),
                "minLength" => words.min_length = words.count(value).filter(|count| *count > 0),
                "maxLength" => words.max_length = words.count(value),
                "minItems" => words.min_items = words.count(value).filter(|count| *count > 0),
                "maxItems" => words.max_items = words.count(value),
                "minProperties" => words.min_properties = words.count(value).filter(|count| *count > 0),
                "maxProperties" => words.max_properties = words.count(value),
                "minContains" => words.min_contains = Some(value),
                "maxContains" => words.max_contains = Some(value),
                "uniqueItems" => words.unique_items = words.flag(value),
                // A flag of the member itself: see `required_names`. Swagger 2.0 parameters have it too.
                "required" if is_flag(value) => {}
                "required" => words.required = words.list(value, KeywordProblem::Required),
                "dependentRequired" => words.dependent_required = Some(value),
                "discriminator" => words.discriminator = Some(value),
                "default" => words.default = Some(value),
                "xml" => words.xml = Some(value),
                "deprecated" | "x-deprecated" => words.deprecated |= words.flag(value),
                "readOnly" => words.read_only = words.flag(value),
                "writeOnly" | "x-writeOnly" => words.write_only |= words.flag(value),
                other if other == nullable => paired.is_nullable = words.flag(value),
                _ => {}
            }
        }
        words.finish(&paired, dialect);
        words
    }

    fn finish(&mut self, paired: &Paired<'d>, dialect: Dialect) {
        self.types = paired.types.and_then(|declared| self.declared_types(declared));
        // Gone in 3.1, yet sloppy upgrades leave `nullable` behind and mean it.
        self.or_null = paired.is_nullable && (!dialect.is_json_schema() || paired.types.is_some());
        // Zalando's spelling lists the values here; an `enum` beside it says more exactly what is valid.
        self.extensible_values = paired.extensible.filter(|_| !self.lists_values);
        self.minimum = self.bound(paired.minimum, paired.exclusive_minimum);
        self.maximum = self.bound(paired.maximum, paired.exclusive_maximum);
        self.exclusive_minimum = own_bound(paired.exclusive_minimum);
        self.exclusive_maximum = own_bound(paired.exclusive_maximum);
        // Up to 3.0 a format says how bytes travel, from 3.1 a keyword of its own; `binary` says only that they are
        // bytes, as Swagger 2.0 did by a type.
        match self.format {
            Some("byte") => {
                self.format = None;
                self.encoding = self.encoding.or(Some("base64"));
            }
            Some("binary") => self.format = None,
            _ => {}
        }
    }

    fn flag(&mut self, value: &Value) -> bool {
        if value.is_string() && is_flag(value) {
            self.problems.push(KeywordProblem::Flag);
        }
        is_true(value)
    }

    fn list(&mut self, value: &'d Value, problem: KeywordProblem) -> Option<&'d [Value]> {
        if !value.is_array() && !value.is_null() {
            self.problems.push(problem);
        }
        value.as_array()
    }

    fn count(&mut self, value: &Value) -> Option<u64> {
        let count = count(value);
        if count.is_none() && !value.is_null() {
            self.problems.push(KeywordProblem::Count);
        }
        count
    }

    /// A bound that may have a flag beside it.
    fn bound(&mut self, plain: Option<&'d Value>, exclusive: Option<&'d Value>) -> Option<Bound<'d>> {
        let plain = plain.filter(|value| !value.is_null())?;
        let Some(value) = plain.as_number() else {
            self.problems.push(KeywordProblem::Bound);
            return None;
        };
        Some(Bound { value, exclusive: exclusive.is_some_and(is_true) })
    }

    fn declared_types(&mut self, declared: &Value) -> Option<TypeSet> {
        let mut types = TypeSet::NONE;
        match declared {
            Value::String(name) => match (TypeSet::named(name), misspelt(name)) {
                (Some(set), _) => types = set,
                (None, Some(set)) => {
                    types = set;
                    self.problems.push(KeywordProblem::MisspeltType);
                }
                (None, None) => self.problems.push(KeywordProblem::UnknownType),
            },
            Value::Array(list) => {
                for name in list {
                    match name.as_str().and_then(TypeSet::named) {
                        Some(set) => types = types.union(set),
                        None if name.is_null() => {
                            types = types.union(TypeSet::NULL);
                            self.problems.push(KeywordProblem::NullType);
                        }
                        None => self.problems.push(KeywordProblem::UnknownType),
                    }
                }
            }
            // Programs that leave nothing out write a null for no type at all.
            Value::Null if self.speaks_of_more_than_null() => {}
            Value::Null => {
                types = TypeSet::NULL;
                self.problems.push(KeywordProblem::NullType);
            }
            _ => self.problems.push(KeywordProblem::Types),
        }
        (!types.is_empty()).then_some(types)
    }

    /// Whether any keyword but `type` speaks of values that are not null.
    fn speaks_of_more_than_null(&self) -> bool {
        let counts = [self.min_length, self.max_length, self.min_items, self.max_items, self.min_properties, self.max_properties];
        let texts = [self.reference, self.pattern, self.format, self.encoding, self.media_type];
        let mut values =
            self.enumeration.into_iter().flatten().chain(self.constant).chain(self.extensible_values.into_iter().flatten());
        self.subschemas.iter().any(|(_, value)| !value.is_null())
            || counts.iter().any(Option::is_some)
            || texts.iter().any(Option::is_some)
            || self.required.is_some()
            || self.multiple_of.is_some()
            || values.any(|value| !value.is_null())
    }

    /// Whether a type allows null and the list of values beside it does not name it. By the letter null is not valid then;
    /// who writes `nullable` in 3.1's words means that it is.
    pub fn names_null_beside_values(&self) -> bool {
        let mut values = self.enumeration.into_iter().flatten().chain(self.constant);
        !self.or_null
            && self.lists_values
            && self.types.is_some_and(|types| types.contains(TypeSet::NULL))
            && values.all(|value| !value.is_null())
    }

    /// Names of the members that an object must have: those that `required` lists, and those that carry the flag
    /// themselves, as the drafts before 4 of JSON Schema had it and parameters have.
    pub fn required_names(&self) -> impl Iterator<Item = &'d str> {
        let members = self.subschema(SubschemaKeyword::Properties).and_then(Value::as_object);
        let flagged = members.into_iter().flatten().filter(|(_, schema)| is_flagged_required(schema));
        let listed = self.required.into_iter().flatten().filter_map(Value::as_str);
        listed.chain(flagged.map(|(name, _)| name.as_str()))
    }

    /// What stands beneath a keyword that holds schemas.
    pub fn subschema(&self, keyword: SubschemaKeyword) -> Option<&'d Value> {
        self.subschemas.iter().find(|(known, _)| *known == keyword).map(|(_, value)| *value)
    }

    /// The types that the other keywords can only mean, where none are declared.
    ///
    /// `properties` without `type` accepts any non-object by the letter of JSON Schema. No provider means
    /// that, and adding the forgotten `type: object` must not read as a break.
    pub fn implied_types(&self) -> TypeSet {
        let members = self.subschema(SubschemaKeyword::Properties).and_then(Value::as_object);
        let is_closed = match self.subschema(SubschemaKeyword::AdditionalProperties) {
            Some(Value::Bool(open)) => !open,
            Some(Value::Object(inner)) => says_something(inner),
            _ => false,
        };
        let has = |keyword| self.subschema(keyword).is_some_and(|value| !value.is_null());
        let is_array = has(SubschemaKeyword::Items) || has(SubschemaKeyword::PrefixItems);
        match (is_closed || members.is_some_and(|members| !members.is_empty()), is_array) {
            (true, false) => TypeSet::OBJECT,
            (false, true) => TypeSet::ARRAY,
            _ => TypeSet::ALL,
        }
    }

    /// The tighter of the two bounds from below.
    pub fn lower_bound(&self) -> Option<Bound<'d>> {
        match (self.minimum, self.exclusive_minimum) {
            (Some(plain), Some(own)) => Some(if compare(own.value, plain.value).is_ge() { own } else { plain }),
            (plain, own) => plain.or(own),
        }
    }

    /// The tighter of the two bounds from above.
    pub fn upper_bound(&self) -> Option<Bound<'d>> {
        match (self.maximum, self.exclusive_maximum) {
            (Some(plain), Some(own)) => Some(if compare(own.value, plain.value).is_le() { own } else { plain }),
            (plain, own) => plain.or(own),
        }
    }

    /// Schemas of the first items, by place, and of all behind them, with the keywords that say so.
    ///
    /// A list under `items` is how drafts before 2020-12 wrote `prefixItems`, and `additionalItems` is what is behind them.
    /// `unevaluatedItems` says the same where nothing beside it looks at items (JSON Schema 2020-12 core section 11.2).
    pub fn items(&self) -> ItemSubschemas<'d> {
        use SubschemaKeyword as S;
        let get = |keyword| self.subschema(keyword).filter(|value| !value.is_null());
        let list = |keyword| Some((keyword, get(keyword)?.as_array()?));
        let one = |keyword| Some((keyword, get(keyword)?));
        let first = list(S::Items).or_else(|| list(S::PrefixItems));
        let rest = match first {
            Some((S::Items, _)) => one(S::AdditionalItems),
            Some(_) => one(S::Items).or_else(|| one(S::AdditionalItems)),
            None => one(S::Items),
        };
        let rest = rest.or_else(|| one(S::UnevaluatedItems).filter(|_| !self.may_look_at_items()));
        ItemSubschemas { first, rest }
    }

    /// Whether anything but the keywords for items themselves may look at items.
    fn may_look_at_items(&self) -> bool {
        use SubschemaKeyword as S;
        let others = [S::AllOf, S::AnyOf, S::OneOf, S::If, S::Then, S::Else, S::DependentSchemas, S::Dependencies, S::Contains];
        self.reference.is_some()
            || self.dynamic_reference.is_some()
            || self.recursive_reference.is_some()
            || others.into_iter().any(|keyword| self.subschema(keyword).is_some_and(|value| !value.is_null()))
            // A list that stands elsewhere.
            || self.subschema(S::PrefixItems).is_some_and(Value::is_object)
    }
}

/// The schemas of items.
#[derive(Debug, Clone, Copy)]
pub struct ItemSubschemas<'d> {
    /// Of the first items, by place.
    pub first: Option<(SubschemaKeyword, &'d [Value])>,
    /// Of all behind them.
    pub rest: Option<(SubschemaKeyword, &'d Value)>,
}

/// Whether a schema object says more than prose.
pub(super) fn says_something(schema: &Map) -> bool {
    schema.keys().any(|name| name == "$ref" || !is_annotation(name))
}

/// Whether a flag is set, be it written as a text.
pub fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")))
}

/// Whether a value is a flag, be it written as a text.
pub(super) fn is_flag(value: &Value) -> bool {
    value.is_boolean() || is_true(value) || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false"))
}

/// Whether a member says of itself that its object must have it.
pub(super) fn is_flagged_required(schema: &Value) -> bool {
    schema.get("required").is_some_and(is_true)
}

/// `exclusiveMinimum` or `exclusiveMaximum` as a bound of its own.
fn own_bound(value: Option<&Value>) -> Option<Bound<'_>> {
    Some(Bound { value: value?.as_number()?, exclusive: true })
}

/// What people mean by the types of other languages.
fn misspelt(name: &str) -> Option<TypeSet> {
    Some(match name.to_ascii_lowercase().as_str() {
        "float" | "double" | "decimal" => TypeSet::NUMBER,
        "int" | "int32" | "int64" | "long" => TypeSet::INTEGER,
        "str" | "text" | "date" | "datetime" | "date-time" | "uuid" | "enum" | "binary" => TypeSet::STRING,
        "bool" => TypeSet::BOOLEAN,
        "list" => TypeSet::ARRAY,
        "map" | "dict" | "hash" => TypeSet::OBJECT,
        other => return TypeSet::named(other).filter(|_| other != name),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OLD: [Dialect; 2] = [Dialect::Swagger20, Dialect::OpenApi30];
    const NEW: [Dialect; 2] = [Dialect::OpenApi31, Dialect::OpenApi32];

    /// What a schema says in each of some dialects, which must be the same.
    fn each<T: PartialEq + std::fmt::Debug>(
        dialects: impl IntoIterator<Item = Dialect>,
        schema: &serde_json::Value,
        said: impl Fn(&Keywords<'_>) -> T,
        expected: &T,
    ) {
        let schema = Value::from(schema.clone());
        for dialect in dialects {
            let keywords = Keywords::read(schema.as_object().expect("an object"), dialect);
            assert_eq!(said(&keywords), *expected, "{schema} in {}", dialect.name());
        }
    }

    #[test]
    fn a_bound_has_two_spellings() {
        let lower = |keywords: &Keywords<'_>| keywords.lower_bound().map(|bound| (bound.value.to_string(), bound.exclusive));
        let all = || OLD.into_iter().chain(NEW);
        each(all(), &json!({"minimum": 1, "exclusiveMinimum": true}), lower, &Some(("1".to_owned(), true)));
        each(all(), &json!({"exclusiveMinimum": 1}), lower, &Some(("1".to_owned(), true)));
        each(all(), &json!({"minimum": 1, "exclusiveMinimum": 1}), lower, &Some(("1".to_owned(), true)));
        each(all(), &json!({"minimum": 2, "exclusiveMinimum": 1}), lower, &Some(("2".to_owned(), false)));
        each(all(), &json!({"minimum": "1"}), |keywords| keywords.problems.to_vec(), &vec![KeywordProblem::Bound]);
    }

    #[test]
    fn null_is_meant_as_each_dialect_says_it() {
        let or_null = |keywords: &Keywords<'_>| keywords.or_null;
        each([Dialect::OpenApi30], &json!({"nullable": true}), or_null, &true);
        each([Dialect::Swagger20], &json!({"nullable": true}), or_null, &false);
        each([Dialect::Swagger20], &json!({"x-nullable": true}), or_null, &true);
        // Left behind by an upgrade, it is meant where a type stands beside it.
        each(NEW, &json!({"nullable": true}), or_null, &false);
        each(NEW, &json!({"nullable": true, "type": "string"}), or_null, &true);
    }

    #[test]
    fn types_are_named_misspelt_or_implied() {
        let all = || OLD.into_iter().chain(NEW);
        let types = |keywords: &Keywords<'_>| keywords.types;
        each(all(), &json!({"type": ["string", null]}), types, &Some(TypeSet::STRING.union(TypeSet::NULL)));
        each(all(), &json!({"type": "Double"}), types, &Some(TypeSet::NUMBER));
        each(all(), &json!({"type": "Double"}), |keywords| keywords.problems.to_vec(), &vec![KeywordProblem::MisspeltType]);
        each(all(), &json!({"type": "door"}), types, &None);
        let implied = |keywords: &Keywords<'_>| keywords.implied_types();
        each(all(), &json!({"properties": {"a": true}}), implied, &TypeSet::OBJECT);
        each(all(), &json!({"additionalProperties": {"description": "prose"}}), implied, &TypeSet::ALL);
        each(all(), &json!({"items": {}}), implied, &TypeSet::ARRAY);
        each(all(), &json!({"items": {}, "additionalProperties": false}), implied, &TypeSet::ALL);
    }

    #[test]
    fn values_and_formats_have_older_spellings() {
        let all = || OLD.into_iter().chain(NEW);
        let count = |keywords: &Keywords<'_>| (keywords.enumeration.map(<[_]>::len), keywords.extensible_values.map(<[_]>::len));
        each(all(), &json!({"x-extensible-enum": ["a", "b"]}), count, &(None, Some(2)));
        each(all(), &json!({"x-extensible-enum": ["a", "b"], "enum": ["a"]}), count, &(Some(1), None));
        each(OLD, &json!({"const": 1}), |keywords| keywords.constant.is_some(), &false);
        each(NEW, &json!({"const": 1}), |keywords| keywords.constant.is_some(), &true);
        let bytes = |keywords: &Keywords<'_>| (keywords.format.map(str::to_owned), keywords.encoding.map(str::to_owned));
        each(all(), &json!({"format": "byte"}), bytes, &(None, Some("base64".to_owned())));
        each(all(), &json!({"format": "binary"}), bytes, &(None, None));
    }

    #[test]
    fn a_reference_hides_what_stands_beside_it() {
        let reference = |schema: serde_json::Value, dialect| {
            let schema = Value::from(schema);
            bare_reference(schema.as_object().expect("an object"), dialect).is_some()
        };
        for dialect in NEW {
            assert!(reference(json!({"$ref": "#/a", "description": "prose"}), dialect));
            assert!(!reference(json!({"$ref": "#/a", "minLength": 1}), dialect));
            assert!(!reference(json!({"$ref": "#/a", "x-stability-level": "draft"}), dialect));
        }
        for dialect in OLD {
            assert!(reference(json!({"$ref": "#/a", "minLength": 1}), dialect));
        }
    }
}
