//! Paths, webhooks, callbacks and what hangs on them, OpenAPI 3.0 to 3.2.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::contract::{
    Body, Link, Location, Media, Operation, Parameter, PartEncoding, Requirement, Response, Server, ServerVariable, Surface,
};
use super::super::schema::SchemaId;
use super::super::{Dialect, Map, PointerId, Pointers, Text, Value};
use super::{Lowering, flag, text};

/// Fixed fields of a path item that are operations; `query` is new in 3.2.
pub const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// Callbacks may stand inside callbacks; deeper than this nobody publishes.
const MAX_CALLBACK_DEPTH: usize = 4;

pub(super) fn document<'d>(lowering: &mut Lowering<'d>) -> (Vec<Operation<'d>>, Vec<Server<'d>>) {
    let root = lowering.root;
    if let Some((components, at)) = root.get("components").map(|value| (value, Pointers::ROOT)) {
        let at = lowering.pointers.child(at, "components");
        if let Some((schemes, here)) = lowering.object(components, "securitySchemes", at) {
            lowering.schemes(schemes, here);
        }
    }
    let security = lowering.shared_security(root);
    let mut operations = Vec::new();
    for (section, surface) in [("paths", Surface::Path), ("webhooks", Surface::Webhook), ("x-webhooks", Surface::Webhook)] {
        let Some((items, at)) = lowering.object(root, section, Pointers::ROOT) else { continue };
        for (path, item) in items {
            if path.starts_with("x-") {
                continue;
            }
            let here = lowering.pointers.child(at, path.as_str());
            let context = Context { surface, path: Cow::Borrowed(path), security: (&security.0, security.1), depth: 0 };
            lowering.path_item(item, here, &context, &mut operations);
        }
    }
    let servers = lowering.servers(root, Pointers::ROOT).unwrap_or_default();
    (operations, servers)
}

/// Between an operation, the name of a callback, and its expression.
const BENEATH: &str = " › ";

/// What an operation inherits from where it stands.
struct Context<'a, 'd> {
    surface: Surface,
    path: Cow<'d, str>,
    /// What is required of every operation that says nothing else, and where that stands.
    security: (&'a [Requirement<'d>], Option<PointerId>),
    depth: usize,
}

/// What a path item hands down to its operations.
struct Shared<'d> {
    parameters: Vec<(&'d Value, PointerId)>,
    /// The path item itself, for its servers.
    item: (&'d Value, PointerId),
}

impl<'d> Lowering<'d> {
    /// The servers of a document, path item or operation, where it names any.
    fn servers(&mut self, owner: &'d Value, at: PointerId) -> Option<Vec<Server<'d>>> {
        let (list, at) = self.list(owner, "servers", at)?;
        let mut servers = Vec::new();
        for (index, server) in list.iter().enumerate() {
            let at = self.pointers.child(at, index.to_string());
            match text(server, "url") {
                Some(url) => {
                    let url = Cow::Borrowed(url.trim_end_matches('/'));
                    servers.push(Server { url, variables: variables(server), at });
                }
                None => self.odd(at, "a server needs a URL; it was skipped"),
            }
        }
        (!servers.is_empty()).then_some(servers)
    }

    fn path_item(&mut self, item: &'d Value, at: PointerId, context: &Context<'_, 'd>, into: &mut Vec<Operation<'d>>) {
        let Some((item, at)) = self.follow(item, at) else {
            self.unknown_paths.push(shape(&context.path).0);
            return;
        };
        let Value::Object(map) = item else {
            self.skip(at, "a path item must be an object; it was skipped");
            return;
        };
        let shared = Shared { parameters: self.parameters(item, at), item: (item, at) };
        for method in METHODS {
            if let Some(value) = map.get(method) {
                let here = self.pointers.child(at, *method);
                // An operation may not be a reference by the letter, and is one in many descriptions of several files.
                let Some((value, here)) = self.follow(value, here) else { continue };
                self.operation(value, here, method.to_ascii_uppercase(), &shared, context, into);
            }
        }
        if let Some((others, here)) = self.object(item, "additionalOperations", at) {
            for (method, value) in others {
                let place = self.pointers.child(here, method.as_str());
                let Some((value, place)) = self.follow(value, place) else { continue };
                self.operation(value, place, method.to_string(), &shared, context, into);
            }
        }
    }

    fn operation(
        &mut self,
        value: &'d Value,
        at: PointerId,
        method: String,
        shared: &Shared<'d>,
        context: &Context<'_, 'd>,
        into: &mut Vec<Operation<'d>>,
    ) {
        if !self.afford(1) {
            return;
        }
        if !value.is_object() {
            self.skip(at, "an operation must be an object; it was skipped");
            return;
        }
        let mut parameters: Vec<Parameter<'d>> = Vec::new();
        let mut known = HashSet::new();
        let own = self.parameters(value, at);
        for (value, at) in own.iter().chain(&shared.parameters) {
            if let Some(parameter) = self.parameter(value, *at)
                && known.insert(parameter.key())
            {
                parameters.push(parameter);
            }
        }
        let body = value.get("requestBody").and_then(|body| {
            let here = self.pointers.child(at, "requestBody");
            self.body(body, here)
        });
        let responses = self.responses(value, at);
        let (security, security_at) = match value.get("security") {
            Some(own) => {
                let here = self.pointers.child(at, "security");
                (self.requirements(own, here), here)
            }
            None => (context.security.0.to_vec(), context.security.1.unwrap_or(at)),
        };
        let servers = match self.servers(value, at) {
            Some(own) => Some(own),
            None => self.servers(shared.item.0, shared.item.1),
        };
        let (shape, variables) = shape(&context.path);
        let parent = format!("{method} {}", context.path);
        into.push(Operation {
            surface: context.surface,
            method,
            path: context.path.clone(),
            shape,
            variables,
            operation_id: text(value, "operationId"),
            deprecated: flag(value, "deprecated"),
            parameters,
            body,
            responses,
            security,
            security_at,
            servers,
            tags: tags(value),
            stability: text(value, "x-stability-level"),
            value,
            at,
        });
        if context.depth < MAX_CALLBACK_DEPTH {
            self.callbacks(value, at, (&parent, context.depth), into);
        }
    }

    fn callbacks(&mut self, value: &'d Value, at: PointerId, (parent, depth): (&str, usize), into: &mut Vec<Operation<'d>>) {
        let Some((callbacks, here)) = self.object(value, "callbacks", at) else { return };
        for (name, callback) in callbacks {
            let place = self.pointers.child(here, name.as_str());
            let Some((callback, place)) = self.follow_object(callback, place, "a callback") else { continue };
            for (expression, item) in callback.as_object().into_iter().flatten() {
                if expression.starts_with("x-") {
                    continue;
                }
                let path = Cow::Owned(format!("{parent}{BENEATH}{name}{BENEATH}{expression}"));
                let inner = Context { surface: Surface::Callback, path, security: (&[], None), depth: depth + 1 };
                let spot = self.pointers.child(place, expression.as_str());
                self.path_item(item, spot, &inner, into);
            }
        }
    }

    /// The parameter objects of a path item or operation, references followed.
    fn parameters(&mut self, value: &'d Value, at: PointerId) -> Vec<(&'d Value, PointerId)> {
        let Some((list, here)) = self.list(value, "parameters", at) else { return Vec::new() };
        let mut found = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate() {
            let place = self.pointers.child(here, index.to_string());
            found.extend(self.follow(entry, place));
        }
        found
    }

    fn parameter(&mut self, value: &'d Value, at: PointerId) -> Option<Parameter<'d>> {
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
        // OpenAPI 3.1 section 4.8.12.2.1: header parameters of these names are ignored.
        let reserved = ["accept", "content-type", "authorization"];
        if location == Location::Header && reserved.contains(&name.to_ascii_lowercase().as_str()) {
            return None;
        }
        Some(self.named_value(value, at, name, location))
    }

    /// Security of the whole document, and where it stands.
    pub(super) fn shared_security(&mut self, root: &'d Value) -> (Vec<Requirement<'d>>, Option<PointerId>) {
        match root.get("security") {
            Some(value) => {
                let at = self.pointers.child(Pointers::ROOT, "security");
                (self.requirements(value, at), Some(at))
            }
            None => (Vec::new(), None),
        }
    }

    /// What parameters and headers share.
    fn named_value(&mut self, value: &'d Value, at: PointerId, name: &'d str, location: Location) -> Parameter<'d> {
        let (schema, serialization) =
            if let Some((media, object)) = value.get("content").and_then(Value::as_object).and_then(|map| map.iter().next()) {
                let here = self.pointers.below(at, &["content", media]);
                (self.media_schema(object, here), media_name(media))
            } else {
                let default = if matches!(location, Location::Path | Location::Header) { "simple" } else { "form" };
                let style = text(value, "style").unwrap_or(default);
                // A scalar is written the same, exploded or not (OpenAPI 3.1 section 4.8.12.4).
                let is_scalar = value.get("schema").is_some_and(|schema| is_scalar(self.root, schema, MAX_WRAPS));
                let default_explode = style == "form";
                // A simple list is one however it is exploded, and `deepObject` is written in one way only.
                let is_list = || value.get("schema").is_some_and(|schema| is_list(self.root, schema, MAX_WRAPS));
                let is_fixed = is_scalar || style == "deepObject" || (style == "simple" && is_list());
                let explode = value.get("explode").and_then(Value::as_bool).filter(|_| !is_fixed).unwrap_or(default_explode);
                let reserved = match (flag(value, "allowReserved"), flag(value, "allowEmptyValue")) {
                    (true, true) => ", reserved characters and no value allowed",
                    (true, false) => ", reserved characters allowed",
                    (false, true) => ", no value allowed",
                    (false, false) => "",
                };
                let schema = match value.get("schema") {
                    Some(schema) => {
                        let here = self.pointers.child(at, "schema");
                        self.schema(schema, here)
                    }
                    None => SchemaId::ANY,
                };
                let exploded = if explode { ", exploded" } else { "" };
                (schema, format!("{style}{exploded}{reserved}"))
            };
        Parameter {
            name,
            location,
            required: flag(value, "required") || location == Location::Path,
            deprecated: flag(value, "deprecated"),
            serialization,
            schema,
            at,
        }
    }

    fn body(&mut self, value: &'d Value, at: PointerId) -> Option<Body<'d>> {
        let (value, at) = self.follow_object(value, at, "a request body")?;
        let content = self.content(value, at, true);
        Some(Body { required: flag(value, "required"), content, at })
    }

    fn content(&mut self, value: &'d Value, at: PointerId, is_request: bool) -> Vec<Media<'d>> {
        let Some((map, here)) = self.object(value, "content", at) else { return Vec::new() };
        let mut content: Vec<Media<'d>> = Vec::with_capacity(map.len());
        let mut known: HashSet<String> = HashSet::new();
        for (name, object) in map {
            let place = self.pointers.child(here, name.as_str());
            // 3.2 lets a media type object stand under `components.mediaTypes`.
            let Some((object, place)) = self.follow_object(object, place, "a media type") else { continue };
            if !name.contains('/') {
                self.odd_once(place, "this is no media type, which is written `type/subtype`; it was skipped");
                continue;
            }
            let name = media_name(name);
            let schema = self.media_schema(object, place);
            // Up to 3.1 the encoding of a response is to be ignored (OpenAPI 3.1 section 4.8.14).
            let counts = is_form(&name) && (is_request || self.dialect == Dialect::OpenApi32);
            let encoding = if counts { encoding(self.root, object) } else { Vec::new() };
            if known.insert(name.clone()) {
                content.push(Media { name, schema, encoding, at: place });
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

    fn responses(&mut self, operation: &'d Value, at: PointerId) -> Vec<Response<'d>> {
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

    pub(super) fn headers(&mut self, response: &'d Value, at: PointerId) -> Vec<Parameter<'d>> {
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

/// `tags`, sorted.
pub(super) fn tags(operation: &Value) -> Vec<&str> {
    let list = operation.get("tags").and_then(Value::as_array);
    let mut tags: Vec<&str> = list.into_iter().flatten().filter_map(Value::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
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
        return super::super::resolve(root, reference).is_some_and(|target| is_scalar(root, target, wraps));
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
        return super::super::resolve(root, reference).is_some_and(|target| is_list(root, target, wraps));
    }
    ["allOf", "anyOf", "oneOf"]
        .iter()
        .filter_map(|name| schema.get(name)?.as_array())
        .any(|branches| !branches.is_empty() && branches.iter().all(|branch| is_list(root, branch, wraps)))
}

/// The variables of a server.
fn variables(server: &Value) -> Vec<ServerVariable<'_>> {
    let map = server.get("variables").and_then(Value::as_object).into_iter().flatten();
    map.map(|(name, variable)| {
        let mut allowed: Vec<&str> =
            variable.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        allowed.sort_unstable();
        ServerVariable { name, default: text(variable, "default").unwrap_or_default(), allowed }
    })
    .collect()
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

/// The media types whose parts have an encoding (OpenAPI 3.1 section 4.8.15).
fn is_form(name: &str) -> bool {
    name.starts_with("multipart/") || name == "application/x-www-form-urlencoded"
}

/// What parts are called that have a place instead of a name.
const PLACES: &[&str] = &["1st part", "2nd part", "3rd part", "4th part", "5th part", "6th part", "7th part", "8th part"];

/// What the parts behind those are called.
const EACH: &str = "each further part";

/// How the parts of a form are written, by property. What the specification says anyway is left out, so that
/// writing a default down is no change (OpenAPI 3.1 section 4.8.15.1).
fn encoding<'d>(root: &'d Value, media: &'d Value) -> Vec<PartEncoding<'d>> {
    let named = media.get("encoding").and_then(Value::as_object).into_iter().flatten();
    // 3.2 writes parts without names by their place (OpenAPI 3.2 section 4.14.4).
    let places = media.get("prefixEncoding").and_then(Value::as_array).into_iter().flatten();
    let placed = PLACES.iter().copied().zip(places).chain(media.get("itemEncoding").map(|part| (EACH, part)));
    let mut parts: Vec<PartEncoding<'d>> = named
        .map(|(name, part)| (name.as_str(), part))
        .chain(placed)
        .map(|(name, part)| {
            let mut fields = vec!["headers", "encoding"];
            let style = text(part, "style").unwrap_or("form");
            if style != "form" {
                fields.push("style");
            }
            if part.get("explode").and_then(Value::as_bool).is_some_and(|explode| explode != (style == "form")) {
                fields.push("explode");
            }
            if flag(part, "allowReserved") {
                fields.push("allowReserved");
            }
            let property = media.get("schema").and_then(|schema| property(root, schema, name));
            let said = text(part, "contentType").filter(|said| Some(*said) != property.map(default_content_type));
            let mut media_types: Vec<&str> = said.into_iter().flat_map(|said| said.split(',')).map(str::trim).collect();
            media_types.sort_unstable();
            PartEncoding { name, media_types, style: spelled(part, &fields) }
        })
        .collect();
    parts.sort_unstable();
    parts.retain(|part| !(part.style.is_empty() && part.media_types.is_empty()));
    parts
}

/// The schema of a property, one reference followed on the way to it and one at its end.
fn property<'d>(root: &'d Value, schema: &'d Value, name: &str) -> Option<&'d Value> {
    followed(root, followed(root, schema).get("properties")?.get(name)?).into()
}

fn followed<'d>(root: &'d Value, value: &'d Value) -> &'d Value {
    text(value, "$ref").and_then(|reference| super::super::resolve(root, reference)).unwrap_or(value)
}

/// What a part is sent as when nobody says (OpenAPI 3.1 section 4.8.15.1).
fn default_content_type(schema: &Value) -> &'static str {
    match (text(schema, "type"), text(schema, "format")) {
        (Some("string"), Some("binary")) | (None, _) => "application/octet-stream",
        (Some("object"), _) => "application/json",
        (Some("array"), _) => schema.get("items").map_or("application/octet-stream", |items| match text(items, "type") {
            Some("array") => "application/json",
            _ => default_content_type(items),
        }),
        _ => "text/plain",
    }
}

/// Some fields of an object as one text by which equal meanings are equal.
fn spelled(value: &Value, fields: &[&str]) -> String {
    let shown = fields.iter().filter_map(|field| {
        let found = value.get(field).filter(|found| !found.is_null())?;
        Some(match found {
            Value::String(text) => format!("{field} {text}"),
            other => format!("{field} {}", sorted(other)),
        })
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A value with its keys sorted. Depth is bounded by reading.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut members: Vec<(&Text, &Value)> = map.iter().filter(|(name, _)| *name != "description").collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            members.into_iter().map(|(name, inner)| (name.clone(), sorted(inner))).collect::<Map>().into()
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// `5xx` and `5XX` are one key; sloppy documents write both.
pub(super) fn status_key(status: &str) -> String {
    if status.eq_ignore_ascii_case("default") { "default".to_owned() } else { status.to_ascii_uppercase() }
}

/// Type, subtype and parameters in lower case and one order; `charset` and `boundary` are how a text is
/// written, not another media type (RFC 9110 section 8.3).
pub(super) fn media_name(name: &str) -> String {
    let mut parts = name.split(';').map(|part| part.trim().to_ascii_lowercase());
    let mut media = parts.next().unwrap_or_default();
    let mut parameters: Vec<String> = parts
        .filter(|part| !part.is_empty() && !part.starts_with("charset=") && !part.starts_with("boundary="))
        .map(|part| part.replace([' ', '"'], ""))
        .collect();
    parameters.sort_unstable();
    for parameter in parameters {
        media.push(';');
        media.push_str(&parameter);
    }
    media
}

/// The path with its variables blanked, and their names: `/doors/{id}` is matched as `/doors/{}`.
///
/// A callback is known by the operation that asks for it and by its runtime expression, which is no template;
/// the name between them is not on the wire (OpenAPI 3.0.3 section 4.7.18).
pub(super) fn shape<'d>(path: &Cow<'d, str>) -> (String, Vec<&'d str>) {
    if let Cow::Owned(path) = path {
        let mut parts = path.split(BENEATH);
        let mut shape = shape(&Cow::Borrowed(parts.next().unwrap_or_default())).0;
        for expression in parts.skip(1).step_by(2) {
            shape.push_str(BENEATH);
            shape.push_str(expression);
        }
        return (shape, Vec::new());
    }
    let mut shape = String::with_capacity(path.len());
    let mut variables = Vec::new();
    let mut rest: &str = path.as_ref();
    let mut offset = 0;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest.get(open..).and_then(|tail| tail.find('}')) else { break };
        shape.push_str(rest.get(..open).unwrap_or_default());
        shape.push_str("{}");
        if let Cow::Borrowed(whole) = path
            && let Some(name) = whole.get(offset + open + 1..offset + open + length)
        {
            variables.push(name);
        }
        offset += open + length + 1;
        rest = rest.get(open + length + 1..).unwrap_or_default();
    }
    shape.push_str(rest);
    (shape, variables)
}
