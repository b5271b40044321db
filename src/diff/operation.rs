//! Facts of paths, webhooks, parameters, bodies, responses, security and servers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::openapi::{Body, Location, Media, Operation, Parameter, PointerId, Requirement, Response, Surface};

use super::change::{ChangeKind, Direction, Evidence, Fragment, Site, Use};
use super::walk::{Fact, Walk};

/// Compares everything above the schemas and names the schema pairs to compare.
pub(super) fn document(walk: &mut Walk<'_, '_>) {
    servers(walk);
    let (before, after) = (walk.before, walk.after);
    let matched = match_operations(&before.operations, &after.operations);
    for (old, new) in matched {
        match (old, new) {
            (Some(old), Some(new)) => {
                let (here, there) = (walk.text_before(old.at), walk.text_after(new.at));
                if walk.unchanged.context() && walk.unchanged.holds(&here) && here == there {
                    continue;
                }
                let number = walk.operation(usage(old, Some(new)));
                Pairing { walk, number, old, new }.compare();
            }
            // What could not be followed is not gone, and what can be followed now is not new.
            (Some(old), None) if after.unknown_paths.contains(&old.shape) => {}
            (None, Some(new)) if before.unknown_paths.contains(&new.shape) => {}
            (Some(old), None) => removed(walk, old),
            (None, Some(new)) => added(walk, new),
            (None, None) => {}
        }
    }
}

fn usage(old: &Operation<'_>, new: Option<&Operation<'_>>) -> Use {
    let id = old.operation_id.or(new.and_then(|new| new.operation_id));
    Use { method: old.method.to_string(), path: old.path.to_string(), operation_id: id.map(str::to_owned), surface: old.surface }
}

type Pairs<'o, 'd> = Vec<(Option<&'o Operation<'d>>, Option<&'o Operation<'d>>)>;

/// Operations by exact path first, then by shape: `/doors/{id}` and `/doors/{door}` are one path.
fn match_operations<'o, 'd>(before: &'o [Operation<'d>], after: &'o [Operation<'d>]) -> Pairs<'o, 'd> {
    type Key<'k> = (Surface, &'k str, &'k str);
    let mut exact: HashMap<Key<'_>, usize> = HashMap::new();
    let mut shapes: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
    for (index, operation) in after.iter().enumerate() {
        exact.entry((operation.surface, &operation.method, &operation.path)).or_insert(index);
        shapes.entry((operation.surface, &operation.method, &operation.shape)).or_default().push(index);
    }
    let mut taken = vec![false; after.len()];
    let mut found: Vec<Option<usize>> = before
        .iter()
        .map(|operation| {
            let index = exact.get(&(operation.surface, operation.method.as_ref(), operation.path.as_ref())).copied();
            let slot = index.and_then(|index| taken.get_mut(index))?;
            if std::mem::replace(slot, true) { None } else { index }
        })
        .collect();
    for (operation, slot) in before.iter().zip(&mut found) {
        if slot.is_none() {
            let candidates = shapes.get(&(operation.surface, operation.method.as_ref(), operation.shape.as_str()));
            *slot = candidates.into_iter().flatten().copied().find(|index| taken.get(*index) == Some(&false));
            if let Some(taken) = slot.and_then(|index| taken.get_mut(index)) {
                *taken = true;
            }
        }
    }
    let mut pairs: Pairs<'o, 'd> =
        before.iter().zip(found).map(|(operation, index)| (Some(operation), index.and_then(|index| after.get(index)))).collect();
    pairs.extend(after.iter().zip(taken).filter(|(_, taken)| !taken).map(|(operation, _)| (None, Some(operation))));
    pairs
}

fn removed(walk: &mut Walk<'_, '_>, old: &Operation<'_>) {
    let kind = match old.surface {
        Surface::Path => ChangeKind::OperationRemoved,
        Surface::Webhook => ChangeKind::WebhookRemoved,
        Surface::Callback => ChangeKind::CallbackRemoved,
    };
    let number = walk.operation(usage(old, None));
    let here = walk.text_before(old.at);
    let evidence = Evidence { was_deprecated: old.deprecated, ..Evidence::default() };
    let fact = Fact {
        kind,
        direction: Direction::Neither,
        subject: format!("{} {}", old.method, old.path),
        before: None,
        after: None,
        evidence,
        site: Site { before: here.clone(), after: parent(&here) },
        fragment: Fragment { before: Some(here), after: None },
    };
    walk.state(fact, Some(number));
}

fn added(walk: &mut Walk<'_, '_>, new: &Operation<'_>) {
    let kind = match new.surface {
        Surface::Path => ChangeKind::OperationAdded,
        Surface::Webhook => ChangeKind::WebhookAdded,
        Surface::Callback => ChangeKind::CallbackAdded,
    };
    let number = walk.operation(usage(new, None));
    let here = walk.text_after(new.at);
    let fact = Fact {
        kind,
        direction: Direction::Neither,
        subject: format!("{} {}", new.method, new.path),
        before: None,
        after: None,
        evidence: Evidence::default(),
        site: Site { before: parent(&here), after: here.clone() },
        fragment: Fragment { before: None, after: Some(here) },
    };
    walk.state(fact, Some(number));
}

fn parent(pointer: &str) -> String {
    pointer.rsplit_once('/').map_or_else(String::new, |(parent, _)| parent.to_owned())
}

fn servers(walk: &mut Walk<'_, '_>) {
    let (before, after) = (walk.before, walk.after);
    // No server means "where the description is served" (OpenAPI 3.1 section 4.8.1): nothing to compare.
    if before.servers.is_empty() || after.servers.is_empty() {
        return;
    }
    for server in &before.servers {
        if !after.servers.iter().any(|other| other.url == server.url) {
            let here = walk.text_before(server.at);
            let fact = Fact {
                kind: ChangeKind::ServerRemoved,
                direction: Direction::Neither,
                subject: server.url.to_string(),
                before: Some(json!(server.url)),
                after: None,
                evidence: Evidence::default(),
                site: Site { before: here, after: "/servers".to_owned() },
                fragment: Fragment { before: Some("/servers".to_owned()), after: Some("/servers".to_owned()) },
            };
            walk.state(fact, None);
        }
    }
    for server in &after.servers {
        if !before.servers.iter().any(|other| other.url == server.url) {
            let here = walk.text_after(server.at);
            let fact = Fact {
                kind: ChangeKind::ServerAdded,
                direction: Direction::Neither,
                subject: server.url.to_string(),
                before: None,
                after: Some(json!(server.url)),
                evidence: Evidence::default(),
                site: Site { before: "/servers".to_owned(), after: here },
                fragment: Fragment { before: Some("/servers".to_owned()), after: Some("/servers".to_owned()) },
            };
            walk.state(fact, None);
        }
    }
}

/// One operation on both sides.
struct Pairing<'w, 'o, 'c, 'd> {
    walk: &'w mut Walk<'c, 'd>,
    number: usize,
    old: &'o Operation<'d>,
    new: &'o Operation<'d>,
}

impl Pairing<'_, '_, '_, '_> {
    fn compare(&mut self) {
        let (old, new) = (self.old, self.new);
        // A webhook's request comes from the provider; its response goes back there.
        let request = match old.surface {
            Surface::Path => Direction::ToProvider,
            Surface::Webhook | Surface::Callback => Direction::FromProvider,
        };
        self.lifecycle();
        self.parameters(&old.parameters, &new.parameters, request, (old.at, new.at));
        self.body(old.body.as_ref(), new.body.as_ref(), request);
        self.responses(&old.responses, &new.responses, request.flipped());
        if old.surface == Surface::Path {
            self.security();
        }
    }

    fn state(
        &mut self,
        kind: ChangeKind,
        direction: Direction,
        subject: impl Into<String>,
        at: (PointerId, PointerId),
        values: (Option<Value>, Option<Value>),
    ) {
        self.state_with(kind, direction, subject, at, values, Evidence::default());
    }

    fn state_with(
        &mut self,
        kind: ChangeKind,
        direction: Direction,
        subject: impl Into<String>,
        at: (PointerId, PointerId),
        (before, after): (Option<Value>, Option<Value>),
        evidence: Evidence,
    ) {
        let site = Site { before: self.walk.text_before(at.0), after: self.walk.text_after(at.1) };
        let fragment = Fragment { before: Some(site.before.clone()), after: Some(site.after.clone()) };
        let fact = Fact { kind, direction, subject: subject.into(), before, after, evidence, site, fragment };
        self.walk.state(fact, Some(self.number));
    }

    fn lifecycle(&mut self) {
        let (old, new) = (self.old, self.new);
        let at = (old.at, new.at);
        let label = format!("{} {}", old.method, old.path);
        match (old.deprecated, new.deprecated) {
            (false, true) => {
                self.state(ChangeKind::OperationDeprecated, Direction::Neither, label, at, (None, Some(json!(true))));
            }
            (true, false) => {
                self.state(ChangeKind::OperationReactivated, Direction::Neither, label, at, (Some(json!(true)), None));
            }
            _ => {}
        }
        if old.operation_id != new.operation_id {
            let value = |id: Option<&str>| id.map(|id| json!(id));
            let name = old.operation_id.or(new.operation_id).unwrap_or_default();
            self.state(
                ChangeKind::OperationIdChanged,
                Direction::Neither,
                name,
                at,
                (value(old.operation_id), value(new.operation_id)),
            );
        }
    }

    /// Parameters of a request, or headers of a response: named values outside the body.
    fn parameters(&mut self, old: &[Parameter<'_>], new: &[Parameter<'_>], direction: Direction, home: (PointerId, PointerId)) {
        let key = |parameter: &Parameter<'_>, variables: &[&str]| {
            // A path variable is known by its position: its name is not on the wire.
            match variables.iter().position(|name| *name == parameter.name) {
                Some(position) if parameter.location == Location::Path => (Location::Path, format!("#{position}")),
                _ => parameter.key(),
            }
        };
        let index = |list: &[Parameter<'_>], variables: &[&str]| -> BTreeMap<(Location, String), usize> {
            list.iter().enumerate().map(|(at, parameter)| (key(parameter, variables), at)).collect()
        };
        let before = index(old, &self.old.variables);
        let after = index(new, &self.new.variables);
        for (key, at) in &before {
            let Some(left) = old.get(*at) else { continue };
            if let Some(right) = after.get(key).and_then(|at| new.get(*at)) {
                self.parameter(left, right, direction);
            } else {
                let evidence = Evidence { was_required: left.required, was_deprecated: left.deprecated, ..Evidence::default() };
                let label = Some(json!(label(left.location, direction)));
                self.state_with(ChangeKind::ParameterRemoved, direction, left.name, (left.at, home.1), (label, None), evidence);
            }
        }
        for (key, at) in &after {
            let Some(right) = new.get(*at) else { continue };
            if !before.contains_key(key) {
                let kind = if right.required { ChangeKind::RequiredParameterAdded } else { ChangeKind::OptionalParameterAdded };
                let evidence = Evidence { is_required: right.required, ..Evidence::default() };
                let label = Some(json!(label(right.location, direction)));
                self.state_with(kind, direction, right.name, (home.0, right.at), (None, label), evidence);
            }
        }
    }

    fn parameter(&mut self, old: &Parameter<'_>, new: &Parameter<'_>, direction: Direction) {
        let at = (old.at, new.at);
        let flags = (Some(json!(old.required)), Some(json!(new.required)));
        match (old.required, new.required) {
            (false, true) => self.state(ChangeKind::ParameterBecameRequired, direction, old.name, at, flags),
            (true, false) => self.state(ChangeKind::ParameterBecameOptional, direction, old.name, at, flags),
            _ => {}
        }
        if old.serialization != new.serialization {
            let values = (Some(json!(old.serialization)), Some(json!(new.serialization)));
            self.state(ChangeKind::ParameterSerializationChanged, direction, old.name, at, values);
        }
        match (old.deprecated, new.deprecated) {
            (false, true) => self.state(ChangeKind::ParameterDeprecated, direction, old.name, at, (None, Some(json!(true)))),
            (true, false) => self.state(ChangeKind::ParameterReactivated, direction, old.name, at, (Some(json!(true)), None)),
            _ => {}
        }
        self.walk.root((old.schema, new.schema), (old.at, new.at), direction, self.number);
    }

    fn body(&mut self, old: Option<&Body>, new: Option<&Body>, direction: Direction) {
        let names = |body: &Body| Some(json!(body.content.iter().map(|media| media.name.as_str()).collect::<Vec<_>>()));
        match (old, new) {
            (Some(old), Some(new)) => {
                let at = (old.at, new.at);
                let flags = (Some(json!(old.required)), Some(json!(new.required)));
                match (old.required, new.required) {
                    (false, true) => self.state(ChangeKind::BodyBecameRequired, direction, "", at, flags),
                    (true, false) => self.state(ChangeKind::BodyBecameOptional, direction, "", at, flags),
                    _ => {}
                }
                self.content(&old.content, &new.content, direction, at);
            }
            (None, Some(new)) => {
                let kind = if new.required { ChangeKind::RequiredBodyAdded } else { ChangeKind::OptionalBodyAdded };
                self.state(kind, direction, "", (self.old.at, new.at), (None, names(new)));
            }
            (Some(old), None) => self.state(ChangeKind::BodyRemoved, direction, "", (old.at, self.new.at), (names(old), None)),
            (None, None) => {}
        }
    }

    fn content(&mut self, old: &[Media], new: &[Media], direction: Direction, home: (PointerId, PointerId)) {
        for left in old {
            let exact = new.iter().find(|right| right.name == left.name);
            if let Some(right) =
                exact.or_else(|| new.iter().find(|right| covers(&right.name, &left.name) || covers(&left.name, &right.name)))
            {
                self.walk.root((left.schema, right.schema), (left.at, right.at), direction, self.number);
            } else {
                let name = left.name.clone();
                let value = Some(json!(name));
                self.state(ChangeKind::MediaTypeRemoved, direction, name, (left.at, home.1), (value, None));
            }
        }
        for right in new {
            if !old
                .iter()
                .any(|left| left.name == right.name || covers(&left.name, &right.name) || covers(&right.name, &left.name))
            {
                let name = right.name.clone();
                let value = Some(json!(name));
                self.state(ChangeKind::MediaTypeAdded, direction, name, (home.0, right.at), (None, value));
            }
        }
    }

    fn responses(&mut self, old: &[Response<'_>], new: &[Response<'_>], direction: Direction) {
        // Exact code, then its range, then `default` for what is no success (OpenAPI 3.1 section 4.8.16.2);
        // a range that became one of its codes is looked up the same way round.
        let counterpart = |status: &str, list: &'_ [Response<'_>]| {
            let class = status.get(..1).unwrap_or_default();
            let range = format!("{class}XX");
            let by = |wanted: &dyn Fn(&str) -> bool| list.iter().position(|other| wanted(&other.status));
            by(&|other| other == status)
                .or_else(|| by(&|other| other == range))
                .or_else(|| if status == range { by(&|other| other.starts_with(class)) } else { None })
                .or_else(|| if class == "2" { None } else { by(&|other| other == "default") })
        };
        let home = (self.old.at, self.new.at);
        let mut told = BTreeSet::new();
        for left in old {
            if let Some(at) = counterpart(&left.status, new)
                && let Some(right) = new.get(at)
            {
                told.insert(at);
                self.parameters(&left.headers, &right.headers, direction, (left.at, right.at));
                self.content(&left.content, &right.content, direction, (left.at, right.at));
            } else {
                let kind = if left.is_success() { ChangeKind::SuccessStatusRemoved } else { ChangeKind::ErrorStatusRemoved };
                let value = Some(json!(left.status));
                self.state(kind, direction, left.status.clone(), (left.at, home.1), (value, None));
            }
        }
        for (at, right) in new.iter().enumerate() {
            if told.contains(&at) || counterpart(&right.status, old).is_some() {
                continue;
            }
            let kind = if right.is_success() { ChangeKind::SuccessStatusAdded } else { ChangeKind::ErrorStatusAdded };
            let value = Some(json!(right.status));
            self.state(kind, direction, right.status.clone(), (home.0, right.at), (None, value));
        }
    }

    /// A list of alternatives is OR, a list of schemes in one of them is AND (OpenAPI 3.1 section 4.8.30).
    fn security(&mut self) {
        let (old, new) = (self.old, self.new);
        let at = (old.at, new.at);
        let show = |list: &[Requirement<'_>]| Some(json!(list.iter().map(name_requirement).collect::<Vec<_>>()));
        match (old.security.is_empty(), new.security.is_empty()) {
            (true, true) => return,
            (true, false) => {
                let names = new.security.iter().map(name_requirement).collect::<Vec<_>>().join(" or ");
                return self.state(ChangeKind::SecurityAdded, Direction::ToProvider, names, at, (None, show(&new.security)));
            }
            (false, true) => {
                let names = old.security.iter().map(name_requirement).collect::<Vec<_>>().join(" or ");
                return self.state(ChangeKind::SecurityRemoved, Direction::ToProvider, names, at, (show(&old.security), None));
            }
            (false, false) => {}
        }
        let names =
            |requirement: &Requirement<'_>| requirement.schemes.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
        // Alternatives that are written alike first, then those of the same schemes, each once.
        let mut free: Vec<&Requirement<'_>> = new.security.iter().collect();
        let mut take = |wanted: &dyn Fn(&Requirement<'_>) -> bool| {
            let at = free.iter().position(|right| wanted(right))?;
            Some(free.remove(at))
        };
        let exact: Vec<Option<&Requirement<'_>>> = old.security.iter().map(|left| take(&|right| right == left)).collect();
        let matched: Vec<Option<&Requirement<'_>>> = old
            .security
            .iter()
            .zip(exact)
            .map(|(left, found)| found.or_else(|| take(&|right| names(right) == names(left))))
            .collect();
        for (left, right) in old.security.iter().zip(matched) {
            // Who has every credential of the old way has those of a way that asks for fewer.
            let covered = || new.security.iter().any(|right| names(right).iter().all(|name| names(left).contains(name)));
            match right {
                Some(right) => self.scopes(left, right),
                None if covered() => {}
                None => {
                    let name = name_requirement(left);
                    let value = Some(json!(name));
                    self.state(ChangeKind::SecurityAlternativeRemoved, Direction::ToProvider, name, at, (value, None));
                }
            }
        }
        for right in free {
            let name = name_requirement(right);
            let value = Some(json!(name));
            self.state(ChangeKind::SecurityAlternativeAdded, Direction::ToProvider, name, at, (None, value));
        }
    }

    fn scopes(&mut self, old: &Requirement<'_>, new: &Requirement<'_>) {
        let at = (self.old.at, self.new.at);
        for ((scheme, left), (_, right)) in old.schemes.iter().zip(&new.schemes) {
            for scope in right.iter().filter(|scope| !left.contains(scope)) {
                self.state(
                    ChangeKind::SecurityScopeAdded,
                    Direction::ToProvider,
                    *scope,
                    at,
                    (None, Some(json!(format!("{scheme}: {scope}")))),
                );
            }
            for scope in left.iter().filter(|scope| !right.contains(scope)) {
                self.state(
                    ChangeKind::SecurityScopeRemoved,
                    Direction::ToProvider,
                    *scope,
                    at,
                    (Some(json!(format!("{scheme}: {scope}"))), None),
                );
            }
            let find = |list: &[crate::openapi::SecurityScheme<'_>]| {
                list.iter().find(|known| known.name == *scheme).map(|known| (known.shape.clone(), known.at))
            };
            if let (Some((before, here)), Some((after, there))) =
                (find(&self.walk.before.schemes), find(&self.walk.after.schemes))
                && before != after
            {
                let values = (Some(json!(before)), Some(json!(after)));
                self.state(ChangeKind::SecuritySchemeChanged, Direction::ToProvider, *scheme, (here, there), values);
            }
        }
    }
}

/// What people call a named value that travels this way.
fn label(location: Location, direction: Direction) -> String {
    match (location, direction) {
        (Location::Header, Direction::FromProvider) => "response header".to_owned(),
        _ => format!("{} parameter", location.name()),
    }
}

fn name_requirement(requirement: &Requirement<'_>) -> String {
    requirement.schemes.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" and ")
}

/// Whether a media range such as `application/*` takes in a media type (RFC 9110 section 12.5.1).
fn covers(range: &str, name: &str) -> bool {
    range == "*/*" && name != "*/*"
        || range.strip_suffix("/*").is_some_and(|kind| kind != "*" && name != range && name.split('/').next() == Some(kind))
}
