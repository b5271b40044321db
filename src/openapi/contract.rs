//! The normalised meaning of a description: one form for every dialect.
//!
//! Prose (descriptions, titles, examples) has no place here: it is not part of the contract. A `$ref`
//! has no place here either: it is an edge to the same [`SchemaId`], so inlining and hoisting a schema
//! mean the same thing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Number, Value};

use super::{Dialect, Oddity, PointerId, Pointers};

/// One description, normalised. Borrows from its document.
#[derive(Debug)]
pub struct Contract<'d> {
    /// The document it was lowered from.
    pub root: &'d Value,
    /// The dialect of that document.
    pub dialect: Dialect,
    /// Every operation of paths, webhooks and callbacks, in document order.
    pub operations: Vec<Operation<'d>>,
    /// Every schema; index with [`Contract::schema`].
    pub schemas: Vec<Schema<'d>>,
    /// Servers of the whole document.
    pub servers: Vec<Server<'d>>,
    /// Declared security schemes by name.
    pub schemes: Vec<SecurityScheme<'d>>,
    /// Where things stand.
    pub pointers: Pointers<'d>,
    /// Corners that could not be read as meant.
    pub oddities: Vec<Oddity>,
    /// Corners that could not be read, and references that lead nowhere: where each stands, and where it points.
    pub unread: Vec<(String, String)>,
    /// Components that inherit from a base with a `discriminator`, by the base: names and schemas, by name.
    pub heirs: BTreeMap<SchemaId, Vec<(&'d str, SchemaId)>>,
    /// Whether any message travels as XML.
    pub speaks_xml: bool,
    /// Shapes of paths whose item could not be followed: nothing is known of their operations.
    pub unknown_paths: Vec<String>,
    /// Whether the document came to more than may be held; what is missing is undecidable.
    pub exhausted: bool,
}

impl<'d> Contract<'d> {
    /// The schema `id`; an id of another contract yields the schema that accepts everything.
    pub fn schema(&self, id: SchemaId) -> &Schema<'d> {
        const FALLBACK: usize = 0;
        let index = if (id.0 as usize) < self.schemas.len() { id.0 as usize } else { FALLBACK };
        #[expect(
            clippy::indexing_slicing,
            reason = "lower() always puts the two constant schemas first, and the index was checked"
        )]
        &self.schemas[index]
    }
}

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

/// How an operation comes about, and with it which way its data flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Surface {
    /// The consumer calls the provider.
    Path,
    /// The provider calls the consumer, by arrangement outside the description.
    Webhook,
    /// The provider calls the consumer, at a URL an earlier request named.
    Callback,
}

/// One operation on one of the three surfaces.
#[derive(Debug)]
pub struct Operation<'d> {
    /// Paths, webhooks or callbacks.
    pub surface: Surface,
    /// Upper case: `GET`.
    pub method: String,
    /// Path template, webhook name, or `parent path › callback › expression`.
    pub path: Cow<'d, str>,
    /// The path with every template variable as `{}`: what two versions are matched by.
    pub shape: String,
    /// Names of the template variables in order.
    pub variables: Vec<&'d str>,
    /// `operationId`.
    pub operation_id: Option<&'d str>,
    /// `deprecated`.
    pub deprecated: bool,
    /// Path-level and operation-level parameters, merged (OpenAPI 3.1 section 4.8.9).
    pub parameters: Vec<Parameter<'d>>,
    /// The request body, if any.
    pub body: Option<Body<'d>>,
    /// Responses by status key.
    pub responses: Vec<Response<'d>>,
    /// Effective alternatives; empty means no authentication is needed.
    pub security: Vec<Requirement<'d>>,
    /// Servers of its own or of its path item, which replace those of the document.
    pub servers: Option<Vec<Server<'d>>>,
    /// Where its security stands: in itself, or in the document for all operations that say nothing else.
    pub security_at: PointerId,
    /// `tags`, sorted.
    pub tags: Vec<&'d str>,
    /// `x-stability-level`: draft, alpha, beta or stable.
    pub stability: Option<&'d str>,
    /// The operation object.
    pub value: &'d Value,
    /// Where the operation object stands.
    pub at: PointerId,
}

/// Where a named value outside the body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// In the path template.
    Path,
    /// In the query.
    Query,
    /// A header of the request, or of a response.
    Header,
    /// A cookie.
    Cookie,
    /// The whole query string as one value (OpenAPI 3.2).
    QueryString,
}

impl Location {
    /// The word the specification uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::QueryString => "querystring",
        }
    }
}

/// A named value outside the body: a parameter, or a response header.
#[derive(Debug)]
pub struct Parameter<'d> {
    /// As written; header names compare without case.
    pub name: &'d str,
    /// Where it travels.
    pub location: Location,
    /// Whether it must be present.
    pub required: bool,
    /// `deprecated`.
    pub deprecated: bool,
    /// How the value is written on the wire.
    pub serialization: String,
    /// Its values.
    pub schema: SchemaId,
    /// Where it stands.
    pub at: PointerId,
}

impl Parameter<'_> {
    /// What two versions are matched by.
    pub fn key(&self) -> (Location, String) {
        let name = if self.location == Location::Header { self.name.to_ascii_lowercase() } else { self.name.to_owned() };
        (self.location, name)
    }
}

/// A request body, or the payload of a webhook.
#[derive(Debug)]
pub struct Body<'d> {
    /// Whether it must be present.
    pub required: bool,
    /// One entry for each media type.
    pub content: Vec<Media<'d>>,
    /// Where it stands.
    pub at: PointerId,
}

/// A media type and the values sent in it.
#[derive(Debug)]
pub struct Media<'d> {
    /// Type, subtype and parameters in lower case, without `charset` and `boundary` (RFC 9110 section 8.3).
    pub name: String,
    /// Its values.
    pub schema: SchemaId,
    /// How single properties of a form or multipart body are written, by property.
    pub encoding: Vec<PartEncoding<'d>>,
    /// Where it stands.
    pub at: PointerId,
}

/// How one part of a form or multipart body is written (OpenAPI 3.1 section 4.8.15).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartEncoding<'d> {
    /// The property.
    pub name: &'d str,
    /// The media types it may have, sorted; none where nothing but the default is said.
    pub media_types: Vec<&'d str>,
    /// Everything else, in one comparable text.
    pub style: String,
}

impl fmt::Display for PartEncoding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = self.media_types.join(", ");
        match (self.style.as_str(), types.as_str()) {
            (style, "") => f.write_str(style),
            ("", types) => write!(f, "contentType {types}"),
            (style, types) => write!(f, "{style}, contentType {types}"),
        }
    }
}

/// One entry of `responses`.
#[derive(Debug)]
pub struct Response<'d> {
    /// `200`, `2XX` or `default`; letters in upper case except `default`.
    pub status: String,
    /// Headers it carries, without `Content-Type` (OpenAPI 3.1 section 4.8.17).
    pub headers: Vec<Parameter<'d>>,
    /// One entry for each media type.
    pub content: Vec<Media<'d>>,
    /// Where its values lead to, by name.
    pub links: Vec<Link<'d>>,
    /// Where it stands.
    pub at: PointerId,
}

/// A link from a response to another operation.
#[derive(Debug)]
pub struct Link<'d> {
    /// Its name.
    pub name: &'d str,
    /// What a client follows: target, parameters and body, in one comparable text.
    pub shape: String,
    /// The operation by its `operationId`.
    pub operation_id: Option<&'d str>,
    /// The operation by a reference.
    pub operation_ref: Option<&'d str>,
    /// What is handed over, in one text; a parameter is named without its place.
    pub handed: String,
    /// Where it stands.
    pub at: PointerId,
}

impl Response<'_> {
    /// Whether the status says that the request succeeded.
    pub fn is_success(&self) -> bool {
        self.status.starts_with('2')
    }
}

/// One way to authenticate: every scheme of it is needed at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement<'d> {
    /// Scheme names with the scopes asked for, sorted.
    pub schemes: Vec<(&'d str, Vec<&'d str>)>,
}

/// A declared way to authenticate.
#[derive(Debug)]
pub struct SecurityScheme<'d> {
    /// Its name under `components.securitySchemes`.
    pub name: &'d str,
    /// Everything about it that a client must follow, in one comparable text.
    pub shape: String,
    /// The OAuth flows it offers, by name, each as one comparable text.
    pub flows: Vec<(String, String)>,
    /// Where it stands.
    pub at: PointerId,
}

/// A place the API is served from.
#[derive(Debug)]
pub struct Server<'d> {
    /// Its URL, variables as written, without a trailing slash.
    pub url: Cow<'d, str>,
    /// Its variables: name, default, allowed values.
    pub variables: Vec<ServerVariable<'d>>,
    /// Where it stands.
    pub at: PointerId,
}

impl Server<'_> {
    /// The URL with every variable at its default: where a client that sets nothing goes.
    pub fn resolved(&self) -> String {
        let mut url = self.url.to_string();
        for variable in &self.variables {
            url = url.replace(&format!("{{{}}}", variable.name), variable.default);
        }
        url
    }

    /// Whether both lead to the same place: default ports and the case of hosts aside (RFC 3986 section 6.2), and
    /// with any scheme where one says none.
    pub fn leads_where(&self, other: &Server<'_>) -> bool {
        let canonical = |server: &Server<'_>| {
            let resolved = server.resolved();
            url::Url::parse(&resolved).map_or(resolved, |url| url.as_str().trim_end_matches('/').to_owned())
        };
        let (mine, theirs) = (canonical(self), canonical(other));
        let bare = |url: &str| url.split_once("//").map_or_else(|| url.to_owned(), |(_, rest)| rest.to_ascii_lowercase());
        mine == theirs || ((mine.starts_with("//") || theirs.starts_with("//")) && bare(&mine) == bare(&theirs))
    }
}

/// A variable in a server's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVariable<'d> {
    /// Its name.
    pub name: &'d str,
    /// What it is when nobody sets it.
    pub default: &'d str,
    /// What it may be, sorted; empty when anything.
    pub allowed: Vec<&'d str>,
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
    pub branches: Vec<SchemaId>,
    /// What each branch is called where it is a reference: a discriminator knows it by this name.
    pub names: Vec<Option<&'d str>>,
}

/// `discriminator`; in Swagger 2.0 a bare property name.
#[derive(Debug)]
pub struct Discriminator<'d> {
    /// The property that tells the branches apart.
    pub property: &'d str,
    /// Tag values and what they stand for, sorted by tag.
    pub mapping: Vec<(&'d str, &'d str)>,
}

/// One schema as written, references resolved to ids.
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
    /// `enum`, or `const` as an enum of one.
    pub enumeration: Option<Vec<&'d Value>>,
    /// `x-extensible-enum`: values may be added without notice.
    pub extensible_enum: bool,
    /// `format`.
    pub format: Option<&'d str>,
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
    /// `properties`, in document order.
    pub properties: Vec<(&'d str, SchemaId)>,
    /// `required`.
    pub required: Vec<&'d str>,
    /// `additionalProperties`.
    pub additional: Additional,
    /// `items`.
    pub items: Option<SchemaId>,
    /// `prefixItems`.
    pub prefix_items: Vec<SchemaId>,
    /// `allOf`.
    pub all_of: Vec<SchemaId>,
    /// `oneOf` and `anyOf`.
    pub unions: Vec<Union<'d>>,
    /// `discriminator`.
    pub discriminator: Option<Discriminator<'d>>,
    /// Keywords compared as a whole: `not`, `if`, `contains`, `patternProperties`, …
    pub constraints: Vec<(&'d str, &'d Value)>,
    /// `default`.
    pub default: Option<&'d Value>,
    /// `deprecated`.
    pub deprecated: bool,
    /// `readOnly`.
    pub read_only: bool,
    /// `writeOnly`.
    pub write_only: bool,
}

impl<'d> Schema<'d> {
    /// The schema that says nothing, and so accepts everything.
    pub(super) fn any(at: PointerId, value: &'d Value) -> Self {
        Self {
            at,
            value,
            types: TypeSet::ALL,
            or_null: false,
            enumeration: None,
            extensible_enum: false,
            format: None,
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
            properties: Vec::new(),
            required: Vec::new(),
            additional: Additional::Open,
            items: None,
            prefix_items: Vec::new(),
            all_of: Vec::new(),
            unions: Vec::new(),
            discriminator: None,
            constraints: Vec::new(),
            default: None,
            deprecated: false,
            read_only: false,
            write_only: false,
        }
    }
}
