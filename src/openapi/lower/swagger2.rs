//! Swagger 2.0: other places for the same facts.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::contract::{
    Location, Media, Operation, OperationKind, Parameter, PartEncoding, RequestBody, Response, Server, UnreadParts,
};
use super::super::methods::operation_field;
use super::super::pointer::{PointerId, Pointers};
use super::super::schema::{Additional, Schema, SchemaId, TypeSet};
use super::super::serialization::{Serialization, WireStyle};
use super::super::value::Value;
use super::field::{flag, tags, text};
use super::lowering::{Located, Lowering, NULL};
use super::media::media_name;
use super::message::status_key;
use super::path::shape;
use super::security::Security;

/// Fixed fields of a path item that are operations in 2.0.
const SWAGGER_METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch"];

pub(super) fn document<'d>(lowering: &mut Lowering<'d>) -> (Vec<Operation<'d>>, Vec<Server<'d>>) {
    let root = lowering.root;
    if let Some((schemes, at)) = lowering.object(root, "securityDefinitions", Pointers::ROOT) {
        lowering.schemes(schemes, at);
    }
    let security = lowering.document_security();
    let mut operations = Vec::new();
    if let Some((items, at)) = lowering.object(root, "paths", Pointers::ROOT) {
        for (path, item) in items {
            if !path.starts_with("x-") {
                let here = lowering.pointers.child(at, path.as_str());
                lowering.swagger_item(path, item, here, &security, &mut operations);
            }
        }
    }
    (operations, servers(lowering, root))
}

/// `schemes` of the document or of an operation, with `host` and `basePath`, as the URLs they stand for.
fn servers<'d>(lowering: &mut Lowering<'d>, owner: &'d Value) -> Vec<Server<'d>> {
    let root = lowering.root;
    let base = text(root, "basePath").unwrap_or_default().trim_matches('/');
    let base = if base.is_empty() { String::new() } else { format!("/{base}") };
    let Some(host) = text(root, "host") else {
        let at = lowering.pointers.child(Pointers::ROOT, "basePath");
        return if base.is_empty() { Vec::new() } else { vec![Server { url: Cow::Owned(base), variables: Vec::new(), at }] };
    };
    let at = lowering.pointers.child(Pointers::ROOT, "host");
    let schemes: Vec<&str> =
        owner.get("schemes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    // No scheme means that of the description itself (Swagger 2.0, Swagger Object).
    let urls: Vec<String> = if schemes.is_empty() {
        vec![format!("//{host}{base}")]
    } else {
        schemes.into_iter().map(|scheme| format!("{scheme}://{host}{base}")).collect()
    };
    urls.into_iter().map(|url| Server { url: Cow::Owned(url), variables: Vec::new(), at }).collect()
}

impl<'d> Lowering<'d> {
    fn swagger_item(
        &mut self,
        path: &'d str,
        item: &'d Value,
        at: PointerId,
        security: &Security<'d>,
        into: &mut Vec<Operation<'d>>,
    ) {
        let Some((item, at)) = self.follow(item, at) else {
            self.unknown_paths.push(shape(&Cow::Borrowed(path)).0);
            return;
        };
        self.take_holes();
        let shared = self.entries(item, "parameters", at);
        let holes = self.take_holes();
        let Value::Object(map) = item else {
            self.skip(at, "a path item must be an object; it was skipped");
            return;
        };
        self.misspelt_methods(map, at);
        self.repeated_parameters(&shared);
        for method in SWAGGER_METHODS {
            let Some((field, value)) = operation_field(map, method).filter(|_| self.afford(1)) else { continue };
            let here = self.pointers.child(at, field);
            let Some((value, here)) = self.follow(value, here) else { continue };
            if !value.is_object() {
                self.skip(here, "an operation must be an object; it was skipped");
                continue;
            }
            self.take_holes();
            let own = self.entries(value, "parameters", here);
            let mut unread = UnreadParts { parameters: [self.take_holes(), holes.clone()].concat(), ..UnreadParts::default() };
            unread.parameters.sort_unstable();
            self.repeated_parameters(&own);
            // The operation's own come first, and the first of a name counts.
            let mut known = HashSet::new();
            let mut entries = [own.as_slice(), shared.as_slice()].concat();
            entries.retain(|entry| known.insert((text(entry.value, "in"), text(entry.value, "name"))));
            let consumes = self.media_types(value, "consumes");
            let produces = self.media_types(value, "produces");
            let parameters = entries.iter().filter_map(|entry| self.swagger_parameter(entry.value, entry.at)).collect();
            let body = self.swagger_body(&entries, &consumes, here);
            let responses = self.swagger_responses(value, here, &produces);
            unread.responses = self.take_holes();
            let (security, security_at) = self.operation_security(value, here, security);
            // An operation may be called by other schemes than the document says (Swagger 2.0, Operation Object).
            let servers = value.get("schemes").map(|_| servers(self, value));
            let (shape, variables) = shape(&Cow::Borrowed(path));
            into.push(Operation {
                kind: OperationKind::Path,
                method: method.to_ascii_uppercase(),
                path: Cow::Borrowed(path),
                shape,
                variables,
                operation_id: text(value, "operationId"),
                deprecated: flag(value, "deprecated"),
                parameters,
                body,
                responses,
                unread,
                security,
                // In 2.0 it is a parameter like any other.
                authorization: None,
                security_at,
                servers,
                tags: tags(value),
                stability: text(value, "x-stability-level"),
                value,
                at: here,
            });
        }
    }

    /// `consumes` or `produces`, the operation's own before the document's, each once.
    fn media_types(&mut self, operation: &'d Value, name: &str) -> Vec<String> {
        let list = operation.get(name).or_else(|| self.root.get(name)).and_then(Value::as_array).unwrap_or_default();
        if !self.afford(list.len()) {
            return Vec::new();
        }
        // Sloppy documents list header lines here.
        let names = list.iter().filter_map(Value::as_str).filter(|name| name.contains('/')).map(media_name);
        let mut known = HashSet::new();
        names.filter(|name| known.insert(name.clone())).collect()
    }

    fn swagger_parameter(&mut self, value: &'d Value, at: PointerId) -> Option<Parameter<'d>> {
        let location = match text(value, "in") {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            Some("body" | "formData") => return None,
            _ => {
                self.skip(at, "a parameter needs `in`: path, query, header, body or formData; it was skipped");
                return None;
            }
        };
        let name = text(value, "name")?;
        Some(self.swagger_value(value, at, name, location))
    }

    /// A parameter or header whose schema is the object itself.
    fn swagger_value(&mut self, value: &'d Value, at: PointerId, name: &'d str, location: Location) -> Parameter<'d> {
        let schema = self.schema_object(value, at);
        let mut schema = Schema { deprecated: false, ..schema };
        // What stands in the parameter is said of it.
        if schema.stability.is_some() {
            schema.stability = None;
        }
        let schema = self.push(schema);
        let plain = if matches!(location, Location::Path | Location::Header) { "simple" } else { "form" };
        // Without a list there is nothing to separate.
        let style = match text(value, "type") {
            Some("array") => collection_style(text(value, "collectionFormat"), plain),
            _ => WireStyle::scalar(plain),
        };
        // It means something in a query only (Swagger 2.0, Parameter Object).
        let empty = flag(value, "allowEmptyValue") && location == Location::Query;
        Parameter {
            name,
            location,
            required: flag(value, "required") || location == Location::Path,
            deprecated: flag(value, "x-deprecated"),
            stability: text(value, "x-stability-level"),
            serialization: Serialization::Styled(WireStyle { empty, ..style }),
            schema,
            at,
        }
    }

    fn swagger_body(&mut self, entries: &[Located<'d>], consumes: &[String], at: PointerId) -> Option<RequestBody<'d>> {
        let is = |place: &'static str| move |entry: &&Located<'d>| text(entry.value, "in") == Some(place);
        if let Some(Located { value, at }) = entries.iter().find(is("body")).copied() {
            let here = self.pointers.child(at, "schema");
            let schema = value.get("schema").map_or(SchemaId::ANY, |schema| self.schema(schema, here));
            let content = media(consumes, "application/json", schema, here);
            return Some(RequestBody { required: flag(value, "required"), content, at });
        }
        let fields: Vec<Located<'d>> = entries.iter().filter(is("formData")).copied().collect();
        if fields.is_empty() {
            return None;
        }
        let mut form = Schema { types: TypeSet::OBJECT, additional: Additional::Open, ..Schema::any(at, &NULL) };
        let mut has_file = false;
        let mut encoding: Vec<PartEncoding<'_>> = Vec::new();
        for Located { value, at } in fields {
            let Some(name) = text(value, "name") else { continue };
            has_file |= text(value, "type") == Some("file");
            // As 3.x spells it in an encoding; `multi` is what it means by default.
            let style = match text(value, "type") {
                Some("array") => collection_style(text(value, "collectionFormat"), "form"),
                _ => WireStyle::form(),
            };
            let style = WireStyle { empty: flag(value, "allowEmptyValue"), ..style };
            if style != WireStyle::form() {
                encoding.push(PartEncoding { name, media_types: Vec::new(), style, rest: String::new() });
            }
            let schema = self.schema_object(value, at);
            let schema = self.push(schema);
            form.properties.push((name, schema));
            if flag(value, "required") {
                form.required.push(name);
            }
        }
        encoding.sort_unstable();
        let required = !form.required.is_empty();
        let schema = self.push(form);
        let default = if has_file { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
        let forms: Vec<String> =
            consumes.iter().filter(|name| name.starts_with("multipart/") || name.ends_with("urlencoded")).cloned().collect();
        if !self.afford(forms.len() * (1 + encoding.len())) {
            return None;
        }
        let mut content = media(&forms, default, schema, at);
        for media in &mut content {
            media.encoding.clone_from(&encoding);
        }
        Some(RequestBody { required, content, at })
    }

    fn swagger_responses(&mut self, operation: &'d Value, at: PointerId, produces: &[String]) -> Vec<Response<'d>> {
        let Some((map, here)) = self.object(operation, "responses", at) else { return Vec::new() };
        let mut responses = Vec::with_capacity(map.len());
        for (status, value) in map {
            if status.starts_with("x-") {
                continue;
            }
            let place = self.pointers.child(here, status.as_str());
            let Some((value, place)) = self.follow_object(value, place, "a response") else { continue };
            let content = match value.get("schema") {
                // What is listed for all responses is read for each.
                Some(schema) if self.afford(produces.len()) => {
                    let spot = self.pointers.child(place, "schema");
                    let schema = self.schema(schema, spot);
                    let is_file = value.get("schema").and_then(|schema| text(schema, "type")) == Some("file");
                    let default = if is_file { "application/octet-stream" } else { "application/json" };
                    media(produces, default, schema, spot)
                }
                _ => Vec::new(),
            };
            let mut headers = Vec::new();
            if let Some((map, spot)) = self.object(value, "headers", place) {
                for (name, header) in map {
                    let at = self.pointers.child(spot, name.as_str());
                    headers.push(self.swagger_value(header, at, name, Location::Header));
                }
            }
            responses.push(Response { status: status_key(status), headers, content, links: Vec::new(), at: place });
        }
        responses
    }
}

/// How `collectionFormat` writes a list, as 3.x spells it; by default with commas.
fn collection_style(format: Option<&str>, plain: &str) -> WireStyle {
    let joined = |name: &str| WireStyle { exploded: Some(false), ..WireStyle::scalar(name) };
    match format {
        Some("multi") => WireStyle::form(),
        Some("ssv") => joined("spaceDelimited"),
        Some("pipes") => joined("pipeDelimited"),
        Some("tsv") => joined("tabDelimited"),
        _ if plain == "simple" => WireStyle::scalar(plain),
        _ => joined(plain),
    }
}

fn media<'d>(names: &[String], default: &str, schema: SchemaId, at: PointerId) -> Vec<Media<'d>> {
    if names.is_empty() {
        return vec![Media { name: default.to_owned(), spelled: default.to_owned(), schema, encoding: Vec::new(), at }];
    }
    let media = |name: &String| Media { name: name.clone(), spelled: name.clone(), schema, encoding: Vec::new(), at };
    names.iter().map(media).collect()
}
