//! Parameters, bodies, responses and headers, OpenAPI 3.0 to 3.2.

use std::collections::HashSet;

use super::super::contract::{Link, Location, Media, Parameter, RequestBody, Response};
use super::super::document::Dialect;
use super::super::pointer::{PointerId, resolve};
use super::super::schema::SchemaId;
use super::super::serialization::{Serialization, WireStyle};
use super::super::value::{Map, Text, Value};
use super::encoding::encoding;
use super::field::{flag, text};
use super::lowering::Lowering;
use super::media::{is_form, media_name, spelled_media};
use super::spelled::{sorted, spelled};

impl<'d> Lowering<'d> {
    /// A parameter; none where it cannot be read, or says nothing.
    pub(super) fn parameter(&mut self, value: &'d Value, at: PointerId) -> Option<Parameter<'d>> {
        let location = match text(value, "in") {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            Some("cookie") => Location::Cookie,
            Some("querystring") => Location::QueryString,
            _ => {
                self.skip(at, "a parameter needs `in`: path, query, header, cookie or querystring; it was skipped");
                return None;
            }
        };
        let Some(name) = text(value, "name") else {
            self.skip(at, "a parameter needs a name; it was skipped");
            return None;
        };
        // OpenAPI 3.1 section 4.8.12.2.1: header parameters of these names are ignored; see `Operation::authorization`.
        let reserved = ["accept", "content-type"];
        if location == Location::Header && reserved.contains(&name.to_ascii_lowercase().as_str()) {
            return None;
        }
        Some(self.named_value(value, at, name, location))
    }

    /// What parameters and headers share.
    fn named_value(&mut self, value: &'d Value, at: PointerId, name: &'d str, location: Location) -> Parameter<'d> {
        let default = if matches!(location, Location::Path | Location::Header) { "simple" } else { "form" };
        let (schema, serialization) =
            if let Some((media, object)) = value.get("content").and_then(Value::as_object).and_then(|map| map.iter().next()) {
                let here = self.pointers.below(at, &["content", media]);
                let described = object.get("schema").or_else(|| object.get("itemSchema"));
                (self.media_schema(object, here), document(self.root, default, &media_name(media), described))
            } else {
                let schema = match value.get("schema") {
                    Some(schema) => {
                        let here = self.pointers.child(at, "schema");
                        self.schema(schema, here)
                    }
                    None => SchemaId::ANY,
                };
                (schema, self.styled(value, default, location))
            };
        Parameter {
            name,
            location,
            required: flag(value, "required") || location == Location::Path,
            deprecated: flag(value, "deprecated"),
            stability: text(value, "x-stability-level"),
            serialization,
            schema,
            at,
        }
    }

    /// How a value without a media type is written.
    fn styled(&self, value: &'d Value, default: &str, location: Location) -> Serialization {
        let schema = value.get("schema");
        let style = text(value, "style").unwrap_or(default);
        if schema.is_some_and(|schema| is_scalar(self.root, schema, MAX_WRAPS)) {
            // Styles that separate say nothing of a single value (OpenAPI 3.1 section 4.8.12.3).
            let is_several = matches!(style, "spaceDelimited" | "pipeDelimited" | "deepObject");
            let name = if is_several { default } else { style };
            let is_word = schema.is_some_and(|schema| has_no_reserved(self.root, schema));
            let reserved = flag(value, "allowReserved") && self.may_be_reserved(location) && !is_word;
            let empty = flag(value, "allowEmptyValue") && location == Location::Query;
            return Serialization::Styled(WireStyle { reserved, empty, ..WireStyle::scalar(name) });
        }
        // A simple list is one however it is exploded, and `deepObject` is written in one way only.
        let is_list = || schema.is_some_and(|schema| is_list(self.root, schema, MAX_WRAPS));
        let is_fixed = style == "deepObject" || (style == "simple" && is_list());
        let explode = value.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
        Serialization::Styled(WireStyle {
            name: style.to_owned(),
            exploded: Some(explode).filter(|_| !is_fixed),
            reserved: flag(value, "allowReserved") && self.may_be_reserved(location),
            empty: flag(value, "allowEmptyValue") && location == Location::Query,
        })
    }

    /// Whether `allowReserved` means something there: in a query, from 3.2 wherever characters are escaped (OpenAPI 3.0
    /// and 3.1 section 4.8.12.2, 3.2 section 4.12.2).
    fn may_be_reserved(&self, location: Location) -> bool {
        let is_escaped = matches!(location, Location::Path | Location::Cookie) && self.dialect == Dialect::OpenApi32;
        location == Location::Query || is_escaped
    }

    /// The body of a request.
    pub(super) fn body(&mut self, value: &'d Value, at: PointerId) -> Option<RequestBody<'d>> {
        let (value, at) = self.follow_object(value, at, "a request body")?;
        let content = self.content(value, at, true);
        Some(RequestBody { required: flag(value, "required"), content, at })
    }

    fn content(&mut self, value: &'d Value, at: PointerId, is_request: bool) -> Vec<Media<'d>> {
        let Some((map, here)) = self.object(value, "content", at) else { return Vec::new() };
        let mut content: Vec<Media<'d>> = Vec::with_capacity(map.len());
        let mut known: HashSet<String> = HashSet::new();
        for (written, object) in map {
            let place = self.pointers.child(here, written.as_str());
            // 3.2 lets a media type object stand under `components.mediaTypes`.
            let Some((object, place)) = self.follow_object(object, place, "a media type") else { continue };
            if !written.contains('/') {
                self.odd_once(place, "this is no media type, which is written `type/subtype`; it was skipped");
                continue;
            }
            let (name, spelled) = (media_name(written), spelled_media(written));
            let schema = self.media_schema(object, place);
            // Up to 3.1 the encoding of a response is to be ignored (OpenAPI 3.1 section 4.8.14).
            let counts = is_form(&name) && (is_request || self.dialect == Dialect::OpenApi32);
            let encoding = if counts { encoding(object) } else { Vec::new() };
            if known.insert(spelled.clone()) {
                content.push(Media { name, spelled, schema, encoding, at: place });
            }
        }
        content
    }

    fn media_schema(&mut self, media: &'d Value, at: PointerId) -> SchemaId {
        // 3.2 describes a stream by the schema of one item.
        for name in ["schema", "itemSchema"] {
            if let Some(schema) = media.get(name) {
                let here = self.pointers.child(at, name);
                return self.schema(schema, here);
            }
        }
        SchemaId::ANY
    }

    /// The responses of an operation.
    pub(super) fn responses(&mut self, operation: &'d Value, at: PointerId) -> Vec<Response<'d>> {
        let Some((map, here)) = self.object(operation, "responses", at) else { return Vec::new() };
        let mut responses = Vec::with_capacity(map.len());
        for (status, value) in map {
            if status.starts_with("x-") {
                continue;
            }
            let place = self.pointers.child(here, status.as_str());
            let Some((value, place)) = self.follow_object(value, place, "a response") else { continue };
            let headers = self.headers(value, place);
            let content = self.content(value, place, false);
            let links = self.links(value, place);
            responses.push(Response { status: status_key(status), headers, content, links, at: place });
        }
        responses
    }

    fn links(&mut self, response: &'d Value, at: PointerId) -> Vec<Link<'d>> {
        let Some((map, here)) = self.object(response, "links", at) else { return Vec::new() };
        let mut links = Vec::with_capacity(map.len());
        for (name, value) in map {
            let place = self.pointers.child(here, name.as_str());
            if let Some((value, at)) = self.follow_object(value, place, "a link") {
                let shape = spelled(value, &["operationId", "operationRef", "parameters", "requestBody", "server"]);
                let (operation_id, operation_ref) = (text(value, "operationId"), text(value, "operationRef"));
                links.push(Link { name, shape, operation_id, operation_ref, handed: handed(value), at });
            }
        }
        links
    }

    fn headers(&mut self, response: &'d Value, at: PointerId) -> Vec<Parameter<'d>> {
        let Some((map, here)) = self.object(response, "headers", at) else { return Vec::new() };
        let mut headers = Vec::with_capacity(map.len());
        for (name, value) in map {
            if name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            let place = self.pointers.child(here, name.as_str());
            if let Some((value, place)) = self.follow_object(value, place, "a header") {
                headers.push(self.named_value(value, place, name, Location::Header));
            }
        }
        headers
    }
}

/// Wrappings that are looked through to see whether a parameter is a scalar.
const MAX_WRAPS: usize = 8;

/// Whether only a single text, number or flag is meant, whatever it is wrapped in.
fn is_scalar(root: &Value, schema: &Value, wraps: usize) -> bool {
    let Some(wraps) = wraps.checked_sub(1) else { return false };
    match schema.get("type") {
        Some(Value::String(kind)) => return matches!(kind.as_str(), "string" | "number" | "integer" | "boolean"),
        Some(Value::Array(kinds)) => {
            return kinds.iter().all(|kind| !matches!(kind.as_str(), Some("array" | "object")));
        }
        _ => {}
    }
    if let Some(reference) = text(schema, "$ref") {
        return resolve(root, reference).is_some_and(|target| is_scalar(root, target, wraps));
    }
    ["allOf", "anyOf", "oneOf"]
        .iter()
        .filter_map(|name| schema.get(name)?.as_array())
        .any(|branches| !branches.is_empty() && branches.iter().all(|branch| is_scalar(root, branch, wraps)))
}

/// Whether a schema is an array, however it is wrapped.
fn is_list(root: &Value, schema: &Value, wraps: usize) -> bool {
    let Some(wraps) = wraps.checked_sub(1) else { return false };
    if let Some(kind) = text(schema, "type") {
        return kind == "array";
    }
    if let Some(reference) = text(schema, "$ref") {
        return resolve(root, reference).is_some_and(|target| is_list(root, target, wraps));
    }
    ["allOf", "anyOf", "oneOf"]
        .iter()
        .filter_map(|name| schema.get(name)?.as_array())
        .any(|branches| !branches.is_empty() && branches.iter().all(|branch| is_list(root, branch, wraps)))
}

/// How a value with a media type is written: a single value as plain text is what it would be without one.
fn document(root: &Value, default: &str, media: &str, schema: Option<&Value>) -> Serialization {
    let is_plain = |schema: &Value| {
        is_scalar(root, schema, MAX_WRAPS)
            && (media == "text/plain" || (media == "application/json" && is_written_alike_in_json(root, schema)))
    };
    let plain = schema.is_some_and(is_plain).then(|| WireStyle::scalar(default));
    Serialization::Document { media: media.to_owned(), plain }
}

/// Whether only numbers and flags are meant: JSON writes them as a text does, without quotes.
fn is_written_alike_in_json(root: &Value, schema: &Value) -> bool {
    let schema = followed(root, schema);
    let is_bare = |kind: &Value| matches!(kind.as_str(), Some("number" | "integer" | "boolean"));
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().all(is_bare),
        kind => kind.is_some_and(is_bare),
    }
}

/// Whether no value holds a character that is escaped in an address (RFC 3986 section 2.3).
fn has_no_reserved(root: &Value, schema: &Value) -> bool {
    let is_word = |value: &Value| {
        value.as_str().is_none_or(|text| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')))
    };
    let values = followed(root, schema).get("enum").and_then(Value::as_array);
    values.is_some_and(|values| values.iter().all(is_word)) || is_written_alike_in_json(root, schema)
}

/// A schema, one reference followed.
fn followed<'d>(root: &'d Value, schema: &'d Value) -> &'d Value {
    text(schema, "$ref").and_then(|reference| resolve(root, reference)).unwrap_or(schema)
}

/// What a link hands over; `path.id` is the parameter `id` (OpenAPI 3.1 section 4.8.20).
fn handed(link: &Value) -> String {
    let plain = |name: &str| -> Text {
        let place = name.split_once('.').filter(|(place, _)| ["path", "query", "header", "cookie"].contains(place));
        place.map_or(name, |(_, name)| name).into()
    };
    let parameters = link.get("parameters").and_then(Value::as_object).into_iter().flatten();
    let parameters: Map = parameters.map(|(name, value)| (plain(name), value.clone())).collect();
    format!("{} {}", sorted(&Value::Object(parameters)), spelled(link, &["requestBody", "server"]))
}

/// `5xx` and `5XX` are one key; sloppy documents write both.
pub(super) fn status_key(status: &str) -> String {
    if status.eq_ignore_ascii_case("default") { "default".to_owned() } else { status.to_ascii_uppercase() }
}
