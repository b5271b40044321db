//! Paths, webhooks and callbacks, OpenAPI 3.0 to 3.2.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::contract::{Location, Operation, OperationKind, Parameter, Server, UnreadParts};
use super::super::methods::{METHODS, is_method, operation_field};
use super::super::pointer::{PointerId, Pointers};
use super::super::value::{Map, Value};
use super::field::{flag, tags, text};
use super::lowering::{Located, Lowering};
use super::path::{BENEATH, shape};
use super::security::Security;

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
    let security = lowering.document_security();
    let mut operations = Vec::new();
    for (section, kind) in
        [("paths", OperationKind::Path), ("webhooks", OperationKind::Webhook), ("x-webhooks", OperationKind::Webhook)]
    {
        let Some((items, at)) = lowering.object(root, section, Pointers::ROOT) else { continue };
        for (path, item) in items {
            if path.starts_with("x-") {
                continue;
            }
            let here = lowering.pointers.child(at, path.as_str());
            let context = PathContext { kind, path: Cow::Borrowed(path), security: &security, depth: 0 };
            lowering.path_item(item, here, &context, &mut operations);
        }
    }
    let servers = lowering.servers(root, Pointers::ROOT).unwrap_or_default();
    (operations, servers)
}

/// What a path item inherits from where it stands.
struct PathContext<'a, 'd> {
    kind: OperationKind,
    path: Cow<'d, str>,
    /// What is required of every operation that says nothing else.
    security: &'a Security<'d>,
    /// How many callbacks it stands in.
    depth: usize,
}

/// A path item, with what its operations inherit.
struct PathItem<'a, 'd> {
    context: &'a PathContext<'a, 'd>,
    parameters: Vec<Located<'d>>,
    /// References of these parameters that lead nowhere.
    holes: Vec<&'d str>,
    /// The path item itself, for its servers.
    item: Located<'d>,
}

impl<'d> Lowering<'d> {
    fn path_item(&mut self, item: &'d Value, at: PointerId, context: &PathContext<'_, 'd>, into: &mut Vec<Operation<'d>>) {
        let Some((item, at)) = self.follow(item, at) else {
            self.unknown_paths.push(shape(&context.path).0);
            return;
        };
        let Value::Object(map) = item else {
            self.skip(at, "a path item must be an object; it was skipped");
            return;
        };
        self.take_holes();
        let parameters = self.entries(item, "parameters", at);
        let holes = self.take_holes();
        self.misspelt_methods(map, at);
        let whole = PathItem { context, parameters, holes, item: Located { value: item, at } };
        for method in METHODS {
            if let Some((field, value)) = operation_field(map, method) {
                let here = self.pointers.child(at, field);
                // An operation may not be a reference by the letter, and is one in many descriptions of several files.
                let Some((value, at)) = self.follow(value, here) else { continue };
                self.operation(Located { value, at }, method.to_ascii_uppercase(), &whole, into);
            }
        }
        if let Some((others, here)) = self.object(item, "additionalOperations", at) {
            for (method, value) in others {
                let place = self.pointers.child(here, method.as_str());
                let Some((value, at)) = self.follow(value, place) else { continue };
                self.operation(Located { value, at }, method.to_string(), &whole, into);
            }
        }
    }

    /// Tells of parameters that one list holds twice (OpenAPI 3.1 section 4.8.10.1: a list holds none twice).
    pub(super) fn repeated_parameters(&mut self, entries: &[Located<'d>]) {
        let mut known = HashSet::new();
        for Located { value, at } in entries.iter().copied() {
            let place = text(value, "in");
            let name =
                text(value, "name").map(|name| if place == Some("header") { name.to_ascii_lowercase() } else { name.to_owned() });
            if place.is_some() && name.is_some() && !known.insert((place, name)) {
                self.odd_once(at, "this parameter stands twice in one list; the first one was read");
            }
        }
    }

    /// Tells of methods that are not written in small letters (OpenAPI 3.1 section 4.8.9.1).
    pub(super) fn misspelt_methods(&mut self, item: &'d Map, at: PointerId) {
        for field in item.keys().filter(|field| is_method(field) && !METHODS.contains(&field.as_str())) {
            let here = self.pointers.child(at, field.as_str());
            self.odd_once(here, "methods are written in small letters; it was read as the method, unless that stands here too");
        }
    }

    /// One operation, and those of its callbacks.
    fn operation(&mut self, found: Located<'d>, method: String, item: &PathItem<'_, 'd>, into: &mut Vec<Operation<'d>>) {
        let Located { value, at } = found;
        let context = item.context;
        // What stands beside the methods is read for each of them.
        if !self.afford(1 + item.parameters.len()) {
            return;
        }
        if !value.is_object() {
            self.skip(at, "an operation must be an object; it was skipped");
            return;
        }
        let mut parameters: Vec<Parameter<'d>> = Vec::new();
        let mut known = HashSet::new();
        self.take_holes();
        let own = self.entries(value, "parameters", at);
        let mut unread = UnreadParts { parameters: [self.take_holes(), item.holes.clone()].concat(), ..UnreadParts::default() };
        unread.parameters.sort_unstable();
        for entry in own.iter().chain(&item.parameters) {
            if let Some(parameter) = self.parameter(entry.value, entry.at)
                && known.insert(parameter.key())
            {
                parameters.push(parameter);
            }
        }
        self.repeated_parameters(&own);
        self.repeated_parameters(&item.parameters);
        let is_authorization = |parameter: &Parameter<'_>| {
            parameter.location == Location::Header && parameter.name.eq_ignore_ascii_case("authorization")
        };
        let authorization = parameters.iter().position(is_authorization).map(|at| parameters.remove(at));
        let body = value.get("requestBody").and_then(|body| {
            let here = self.pointers.child(at, "requestBody");
            self.body(body, here)
        });
        unread.body = self.take_holes();
        let responses = self.responses(value, at);
        unread.responses = self.take_holes();
        let (security, security_at) = self.operation_security(value, at, context.security);
        let servers = match self.servers(value, at) {
            Some(own) => Some(own),
            None => self.servers(item.item.value, item.item.at),
        };
        let (shape, variables) = shape(&context.path);
        let parent = format!("{method} {}", context.path);
        into.push(Operation {
            kind: context.kind,
            method,
            path: context.path.clone(),
            shape,
            variables,
            operation_id: text(value, "operationId"),
            deprecated: flag(value, "deprecated"),
            parameters,
            body,
            responses,
            unread,
            security,
            authorization,
            security_at,
            servers,
            tags: tags(value),
            stability: text(value, "x-stability-level"),
            value,
            at,
        });
        if context.depth < MAX_CALLBACK_DEPTH {
            self.callbacks(found, &parent, context.depth, into);
        }
    }

    /// The operations that an operation, called `parent`, asks to be called back with.
    fn callbacks(&mut self, operation: Located<'d>, parent: &str, depth: usize, into: &mut Vec<Operation<'d>>) {
        let Some((callbacks, here)) = self.object(operation.value, "callbacks", operation.at) else { return };
        // The document's security speaks of calls to the provider.
        let security = Security::default();
        for (name, callback) in callbacks {
            let place = self.pointers.child(here, name.as_str());
            let Some((callback, place)) = self.follow_object(callback, place, "a callback") else { continue };
            for (expression, item) in callback.as_object().into_iter().flatten() {
                if expression.starts_with("x-") {
                    continue;
                }
                let path = Cow::Owned(format!("{parent}{BENEATH}{name}{BENEATH}{expression}"));
                let inner = PathContext { kind: OperationKind::Callback, path, security: &security, depth: depth + 1 };
                let spot = self.pointers.child(place, expression.as_str());
                self.path_item(item, spot, &inner, into);
            }
        }
    }
}
