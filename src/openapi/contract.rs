//! The normalised meaning of a description: one form for every dialect.
//!
//! Prose (descriptions, titles, examples) has no place here: it is not part of the contract. A `$ref`
//! has no place here either: it is an edge to the same [`SchemaId`], so inlining and hoisting a schema
//! mean the same thing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::model::OperationLabel;

use super::document::Dialect;
use super::oddity::Oddity;
use super::pointer::{PointerId, Pointers};
use super::schema::{Schema, SchemaId};
use super::serialization::{Serialization, WireStyle};
use super::value::Value;

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
    pub subtypes: BTreeMap<SchemaId, Vec<(&'d str, SchemaId)>>,
    /// Whether any message travels as XML.
    pub speaks_xml: bool,
    /// Shapes of paths whose item could not be followed: nothing is known of their operations.
    pub unknown_paths: Vec<String>,
    /// Whether the document came to more than may be held; what is missing is undecidable.
    pub exhausted: bool,
    /// Bytes of the document.
    pub bytes: usize,
}

impl<'d> Contract<'d> {
    /// The operations that somebody calls.
    pub fn called(&self) -> impl Iterator<Item = &Operation<'d>> {
        self.operations.iter().filter(|operation| operation.kind != OperationKind::Component)
    }

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

/// How an operation comes about, and with it which way its data flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationKind {
    /// The consumer calls the provider.
    Path,
    /// The provider calls the consumer, by arrangement outside the description.
    Webhook,
    /// The provider calls the consumer, at a URL an earlier request named.
    Callback,
    /// Nobody calls: a named schema of a document without operations, as others may send and receive its values.
    Component,
}

impl OperationKind {
    /// An operation of this kind, as people read it.
    pub fn label(self, method: &str, path: &str) -> OperationLabel {
        match self {
            Self::Path => OperationLabel::called_by_consumer(method, path),
            Self::Webhook => OperationLabel::webhook(method, path),
            Self::Component => OperationLabel::component(method, path),
            Self::Callback => OperationLabel::callback(method, path),
        }
    }
}

impl Operation<'_> {
    /// As people read it.
    pub fn label(&self) -> OperationLabel {
        self.kind.label(&self.method, &self.path)
    }
}

/// References of one operation that lead nowhere, by what stands behind them, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct UnreadParts<'d> {
    /// Parameters; in Swagger 2.0 the body too.
    pub parameters: Vec<&'d str>,
    /// The body, or a part of it.
    pub body: Vec<&'d str>,
    /// Responses, or parts of them.
    pub responses: Vec<&'d str>,
}

/// One operation of a path, a webhook or a callback.
#[derive(Debug)]
pub struct Operation<'d> {
    /// Paths, webhooks or callbacks, or what stands for them.
    pub kind: OperationKind,
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
    pub body: Option<RequestBody<'d>>,
    /// Responses by status key.
    pub responses: Vec<Response<'d>>,
    /// References of its parameters, body and responses that lead nowhere.
    pub unread: UnreadParts<'d>,
    /// Effective alternatives; empty means no authentication is needed.
    pub security: Vec<Requirement<'d>>,
    /// Servers of its own or of its path item, which replace those of the document.
    pub servers: Option<Vec<Server<'d>>>,
    /// A header parameter `Authorization`. It says nothing by itself (OpenAPI 3.1 section 4.8.12.2.1), but who asks for
    /// the header that way asks for credentials.
    pub authorization: Option<Parameter<'d>>,
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
    /// Every place.
    pub const ALL: [Self; 5] = [Self::Path, Self::Query, Self::Header, Self::Cookie, Self::QueryString];

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
    /// `x-stability-level`: draft, alpha, beta or stable.
    pub stability: Option<&'d str>,
    /// How the value is written on the wire.
    pub serialization: Serialization,
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
pub struct RequestBody<'d> {
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
    /// Type, subtype and the parameters that tell it from others: `charset` of a text that is not UTF-8, never
    /// `boundary` (RFC 9110 section 8.3).
    pub name: String,
    /// The same with every parameter, in one spelling.
    pub spelled: String,
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
    /// `contentType`: the media types it may have, sorted; none where nothing is said.
    pub media_types: Vec<String>,
    /// `style`, `explode` and `allowReserved`.
    pub style: WireStyle,
    /// `headers`, and the `encoding` of its own parts, in one comparable text.
    pub rest: String,
}

impl fmt::Display for PartEncoding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WireStyle { name, exploded, reserved, empty } = &self.style;
        let mut said = Vec::new();
        if name != "form" {
            said.push(format!("style {name}"));
        }
        said.extend(exploded.filter(|exploded| *exploded != (name == "form")).map(|exploded| format!("explode {exploded}")));
        if *reserved {
            said.push("allowReserved true".to_owned());
        }
        if *empty {
            said.push("no value allowed".to_owned());
        }
        if !self.rest.is_empty() {
            said.push(self.rest.clone());
        }
        if !self.media_types.is_empty() {
            said.push(format!("contentType {}", self.media_types.join(", ")));
        }
        f.write_str(&said.join(", "))
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requirement<'d> {
    /// Scheme names with the scopes asked for, sorted.
    pub schemes: Vec<(&'d str, Vec<&'d str>)>,
}

/// A declared way to authenticate.
#[derive(Debug)]
pub struct SecurityScheme<'d> {
    /// Its name under `components.securitySchemes`.
    pub name: &'d str,
    /// Everything about it that a client must follow, in one comparable text; its addresses aside.
    pub shape: String,
    /// What carries its credentials: a location and a name, in lower case for a header.
    pub carrier: Option<(Location, String)>,
    /// Where its flows are looked up, as written: `openIdConnectUrl`, or `oauth2MetadataUrl` of OpenAPI 3.2.
    pub discovery: Option<&'d str>,
    /// The OAuth flows it offers, sorted by name.
    pub flows: Vec<OAuthFlow<'d>>,
    /// Where it stands.
    pub at: PointerId,
}

/// A way to get a token (OpenAPI 3.1 section 4.8.29).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OAuthFlow<'d> {
    /// Its name in OpenAPI 3.
    pub name: &'d str,
    /// Its addresses as written, by field.
    pub addresses: Vec<(&'static str, &'d str)>,
}

/// A place the API is served from.
#[derive(Debug)]
pub struct Server<'d> {
    /// Its URL as written, with its variables.
    pub url: Cow<'d, str>,
    /// Its variables: name, default, allowed values.
    pub variables: Vec<ServerVariable<'d>>,
    /// Where it stands.
    pub at: PointerId,
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
