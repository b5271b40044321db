//! Facts of paths, webhooks, parameters, bodies and responses.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Value as Json, json};

use crate::model::{Direction, Stability};
use crate::openapi::{
    Dialect, Location, Media, Operation, OperationKind, Parameter, PartEncoding, PointerId, RequestBody, Response, TypeSet,
};

use super::change::{ChangeKind, Evidence, Fragment, Site, Use};
use super::flat::Flat;
use super::matching::{self, How, Matching, is_respelled};
use super::servers;
use super::walk::{Fact, Walk};

/// Compares everything above the schemas and names the schema pairs to compare.
pub(super) fn document(walk: &mut Walk<'_, '_>) {
    let (before, after) = (walk.before, walk.after);
    let matching = Matching::of(before, after, walk.stop());
    let unknown = [before, after].map(|contract| contract.unknown_paths.iter().map(String::as_str).collect::<HashSet<&str>>());
    let unknown = (&unknown[0], &unknown[1]);
    servers::document(walk, &matching);
    for pair in &matching.pairs {
        if walk.is_stopped() {
            return walk.give_up();
        }
        match *pair {
            (Some(old), Some(new), how) => {
                let (here, there) = (walk.text_before(old.at), walk.text_after(new.at));
                if walk.unchanged.context() && walk.unchanged.holds(&here) && here == there {
                    continue;
                }
                let number = walk.operation(usage(old, Some(new)));
                let mut pairing = Pairing { walk, number, old, new };
                pairing.address(how);
                pairing.compare();
            }
            // What could not be followed is not gone, and what can be followed now is not new.
            (Some(old), None, _) if unknown.1.contains(old.shape.as_str()) => {}
            (None, Some(new), _) if unknown.0.contains(new.shape.as_str()) => {}
            (Some(old), None, _) => removed(walk, old),
            (None, Some(new), _) => added(walk, new),
            (None, None, _) => {}
        }
    }
}

fn usage(old: &Operation<'_>, new: Option<&Operation<'_>>) -> Use {
    let id = old.operation_id.or(new.and_then(|new| new.operation_id));
    let stability = new.map_or(old.stability, |new| new.stability);
    Use {
        method: old.method.clone(),
        path: old.path.to_string(),
        operation_id: id.map(str::to_owned),
        operation_kind: old.kind,
        stability: Stability::of(stability),
    }
}

fn removed(walk: &mut Walk<'_, '_>, old: &Operation<'_>) {
    let kind = match old.kind {
        OperationKind::Path => ChangeKind::OperationRemoved,
        OperationKind::Webhook => ChangeKind::WebhookRemoved,
        OperationKind::Callback => ChangeKind::CallbackRemoved,
    };
    let number = walk.operation(usage(old, None));
    let here = walk.text_before(old.at);
    let after = walk.after;
    let is_asked = old.kind == OperationKind::Path && walk.may_take_over();
    let mut callable = after.operations.iter().take_while(|_| walk.may_take_over()).filter(|new| new.method == old.method);
    let successor = if is_asked { callable.find(|new| matching::takes_over(after, new, old)) } else { None };
    let successor = successor.map(|new| json!(format!("{} {}", new.method, new.path)));
    let evidence = Evidence { was_deprecated: old.deprecated, shadowed: successor.is_some(), ..Evidence::default() };
    let fact = Fact {
        kind,
        direction: Direction::Neither,
        subject: format!("{} {}", old.method, old.path),
        before: None,
        after: successor,
        evidence,
        site: Site { before: here.clone(), after: parent(&here) },
        fragment: Fragment { before: Some(here), after: None },
        compared: None,
    };
    walk.state(fact, Some(number));
}

fn added(walk: &mut Walk<'_, '_>, new: &Operation<'_>) {
    let kind = match new.kind {
        OperationKind::Path => ChangeKind::OperationAdded,
        OperationKind::Webhook => ChangeKind::WebhookAdded,
        OperationKind::Callback => ChangeKind::CallbackAdded,
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
        compared: None,
    };
    walk.state(fact, Some(number));
}

fn parent(pointer: &str) -> String {
    pointer.rsplit_once('/').map_or_else(String::new, |(parent, _)| parent.to_owned())
}

/// One operation on both sides.
pub(super) struct Pairing<'w, 'o, 'c, 'd> {
    pub(super) walk: &'w mut Walk<'c, 'd>,
    pub(super) number: usize,
    pub(super) old: &'o Operation<'d>,
    pub(super) new: &'o Operation<'d>,
}

impl Pairing<'_, '_, '_, '_> {
    fn compare(&mut self) {
        let (old, new) = (self.old, self.new);
        // A webhook's request comes from the provider; its response goes back there.
        let request = match old.kind {
            OperationKind::Path => Direction::ToProvider,
            OperationKind::Webhook | OperationKind::Callback => Direction::FromProvider,
        };
        self.lifecycle();
        self.own_servers();
        self.parameters(&old.parameters, &new.parameters, request, (old.at, new.at));
        self.body(old.body.as_ref(), new.body.as_ref(), request);
        self.responses(&old.responses, &new.responses, request.flipped());
        if old.kind == OperationKind::Path {
            self.security();
        }
    }

    pub(super) fn state(
        &mut self,
        kind: ChangeKind,
        direction: Direction,
        subject: impl Into<String>,
        at: (PointerId, PointerId),
        values: (Option<Json>, Option<Json>),
    ) {
        self.state_with(kind, direction, subject, at, values, Evidence::default());
    }

    fn state_with(
        &mut self,
        kind: ChangeKind,
        direction: Direction,
        subject: impl Into<String>,
        at: (PointerId, PointerId),
        (before, after): (Option<Json>, Option<Json>),
        evidence: Evidence,
    ) {
        let site = Site { before: self.walk.text_before(at.0), after: self.walk.text_after(at.1) };
        let fragment = Fragment { before: Some(site.before.clone()), after: Some(site.after.clone()) };
        let fact = Fact { kind, direction, subject: subject.into(), before, after, evidence, site, fragment, compared: None };
        self.walk.state(fact, Some(self.number));
    }

    /// How the operation came to be at another address, if it did.
    fn address(&mut self, how: How) {
        let (old, new) = (self.old, self.new);
        let kind = match (how, old.kind) {
            (How::SameAddress, _) => return,
            (How::Respelled, _) => ChangeKind::PathRespelled,
            (How::Moved, OperationKind::Webhook) => ChangeKind::WebhookMoved,
            (How::Moved, _) => ChangeKind::OperationMoved,
        };
        let label = |operation: &Operation<'_>| format!("{} {}", operation.method, operation.path);
        let after = if how == How::Respelled { new.path.to_string() } else { label(new) };
        let values = (Some(json!(label(old))), Some(json!(after)));
        self.state(kind, Direction::Neither, label(old), (old.at, new.at), values);
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
        let label = || format!("{} {}", old.method, old.path);
        if old.tags != new.tags {
            let show = |tags: &[&str]| (!tags.is_empty()).then(|| json!(tags));
            self.state(ChangeKind::TagsChanged, Direction::Neither, label(), at, (show(&old.tags), show(&new.tags)));
        }
        let (was, is) = (Stability::of(old.stability), Stability::of(new.stability));
        if was != is {
            let kind = if is < was { ChangeKind::StabilityLowered } else { ChangeKind::StabilityRaised };
            let show = |word: Option<&str>| Some(json!(word.unwrap_or("stable")));
            self.state(kind, Direction::Neither, label(), at, (show(old.stability), show(new.stability)));
        }
    }

    /// Parameters of a request, or headers of a response: named values outside the body.
    fn parameters(&mut self, old: &[Parameter<'_>], new: &[Parameter<'_>], direction: Direction, home: (PointerId, PointerId)) {
        // Response headers hang on a response, everything else on the operation.
        let is_response = home.0 != self.old.at;
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
        let (mut gone, mut fresh): (Vec<&Parameter<'_>>, Vec<&Parameter<'_>>) = (Vec::new(), Vec::new());
        for (key, at) in &before {
            let Some(left) = old.get(*at) else { continue };
            match after.get(key).and_then(|at| new.get(*at)) {
                Some(right) => self.parameter(left, right, direction),
                None => gone.push(left),
            }
        }
        fresh.extend(after.iter().filter(|(key, _)| !before.contains_key(key)).filter_map(|(_, at)| new.get(*at)));
        // A variable of the path is filled in, whether somebody declares it or not.
        let same_variables = self.old.variables.len() == self.new.variables.len();
        fresh.retain(|right| right.location != Location::Path || !same_variables);
        gone.retain(|left| left.location != Location::Path || !same_variables);
        // One edit is one finding: what went from the query to a header is not one removed and one added.
        gone.retain(|left| {
            if self.walk.is_stopped() {
                self.walk.give_up();
                return false;
            }
            let twin = fresh.iter().position(|right| is_moved(left, right) || is_renamed(left, right));
            let Some(right) = twin.map(|at| fresh.remove(at)) else { return true };
            let evidence = Evidence {
                was_required: left.required,
                is_required: right.required,
                was_deprecated: left.deprecated,
                ..Evidence::default()
            };
            let (kind, values) = if left.location == right.location {
                (ChangeKind::ParameterRenamed, (Some(json!(left.name)), Some(json!(right.name))))
            } else {
                let place = |parameter: &Parameter<'_>| Some(json!(label(parameter.location, is_response)));
                (ChangeKind::ParameterMoved, (place(left), place(right)))
            };
            self.state_with(kind, direction, left.name, (left.at, right.at), values, evidence);
            self.walk.text_root((left.schema, right.schema), (left.at, right.at), direction, self.number);
            false
        });
        for left in gone {
            let evidence = Evidence { was_required: left.required, was_deprecated: left.deprecated, ..Evidence::default() };
            let label = Some(json!(label(left.location, is_response)));
            self.state_with(ChangeKind::ParameterRemoved, direction, left.name, (left.at, home.1), (label, None), evidence);
        }
        for right in fresh {
            let kind = if right.required { ChangeKind::RequiredParameterAdded } else { ChangeKind::OptionalParameterAdded };
            let evidence = Evidence { is_required: right.required, ..Evidence::default() };
            let label = Some(json!(label(right.location, is_response)));
            self.state_with(kind, direction, right.name, (home.0, right.at), (None, label), evidence);
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
        // Who may also leave the value out, or write more characters as they are, writes it as before.
        let allows_more = new
            .serialization
            .strip_prefix(old.serialization.as_str())
            .is_some_and(|more| more.starts_with(", reserved") || more.starts_with(", no value"));
        if old.serialization != new.serialization && !(allows_more && direction == Direction::ToProvider) {
            let values = (Some(json!(old.serialization)), Some(json!(new.serialization)));
            self.state(ChangeKind::ParameterSerializationChanged, direction, old.name, at, values);
        }
        match (old.deprecated, new.deprecated) {
            (false, true) => self.state(ChangeKind::ParameterDeprecated, direction, old.name, at, (None, Some(json!(true)))),
            (true, false) => self.state(ChangeKind::ParameterReactivated, direction, old.name, at, (Some(json!(true)), None)),
            _ => {}
        }
        // Outside a body every scalar is written as text.
        let is_document = |parameter: &Parameter<'_>| parameter.serialization.contains('/');
        if direction == Direction::ToProvider && !is_document(old) && !is_document(new) {
            let (a, b) = (Flat::of(self.walk.before, old.schema), Flat::of(self.walk.after, new.schema));
            // Where any text was and is accepted, other types say nothing.
            if a.is_plain_scalar() && b.is_plain_scalar() {
                return;
            }
            if became_text(&a, &b) {
                let values = (Some(json!(a.types.names())), Some(json!(b.types.names())));
                return self.state(ChangeKind::TypesWidened, direction, "", at, values);
            }
        }
        self.walk.text_root((old.schema, new.schema), (old.at, new.at), direction, self.number);
    }

    fn body(&mut self, old: Option<&RequestBody<'_>>, new: Option<&RequestBody<'_>>, direction: Direction) {
        let names =
            |body: &RequestBody<'_>| Some(json!(body.content.iter().map(|media| media.name.as_str()).collect::<Vec<_>>()));
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

    fn content(&mut self, old: &[Media<'_>], new: &[Media<'_>], direction: Direction, home: (PointerId, PointerId)) {
        // Nothing is left to be written in: the answer to a webhook lost its body.
        if direction == Direction::ToProvider && new.is_empty() && !old.is_empty() {
            let names = old.iter().map(|media| media.name.as_str()).collect::<Vec<_>>();
            return self.state(ChangeKind::BodyRemoved, direction, "", home, (Some(json!(names)), None));
        }
        // Who calls chooses by `Accept`; who is called takes what comes.
        let pushed = self.old.kind != OperationKind::Path && direction == Direction::FromProvider;
        let evidence = Evidence { pushed, ..Evidence::default() };
        // A range that was accepted is more than one of its types; one that is sent promises no single type.
        let narrowed = |range: &Media<'_>, others: &[Media<'_>]| {
            direction == Direction::ToProvider
                && is_range(&range.name)
                && !others.iter().any(|other| other.name == range.name || covers(&other.name, &range.name))
        };
        for left in old {
            if self.walk.is_stopped() {
                return self.walk.give_up();
            }
            let exact = new.iter().find(|right| right.name == left.name);
            if narrowed(left, new) && new.iter().any(|right| covers(&left.name, &right.name)) {
                let name = left.name.clone();
                let value = Some(json!(name));
                self.state_with(ChangeKind::MediaTypeRemoved, direction, name, (left.at, home.1), (value, None), evidence);
            }
            if let Some(right) =
                exact.or_else(|| new.iter().find(|right| covers(&right.name, &left.name) || covers(&left.name, &right.name)))
            {
                self.encoding(left, right, direction);
                // "Bytes", "text" and nothing at all are one, where the media type itself says what it is.
                let is_plain = |contract, id| Flat::of(contract, id).is_plain();
                if !is_structured(&left.name)
                    && is_plain(self.walk.before, left.schema)
                    && is_plain(self.walk.after, right.schema)
                {
                    continue;
                }
                self.walk.root((left.schema, right.schema), (left.at, right.at), direction, self.number);
            } else if !self.is_spread(&left.name, direction) {
                let name = left.name.clone();
                let value = Some(json!(name));
                self.state_with(ChangeKind::MediaTypeRemoved, direction, name, (left.at, home.1), (value, None), evidence);
            }
        }
        for right in new {
            if self.walk.is_stopped() {
                return self.walk.give_up();
            }
            if narrowed(right, old) && old.iter().any(|left| covers(&right.name, &left.name)) {
                let name = right.name.clone();
                let value = Some(json!(name));
                self.state_with(ChangeKind::MediaTypeAdded, direction, name, (home.0, right.at), (None, value), evidence);
            }
            if !old
                .iter()
                .any(|left| left.name == right.name || covers(&left.name, &right.name) || covers(&right.name, &left.name))
                && !self.is_spread(&right.name, direction)
            {
                let name = right.name.clone();
                let value = Some(json!(name));
                self.state_with(ChangeKind::MediaTypeAdded, direction, name, (home.0, right.at), (None, value), evidence);
            }
        }
    }

    /// Swagger 2.0 lists media types for all responses together: beside another dialect, which response a type
    /// stands in says nothing.
    fn is_spread(&self, name: &str, direction: Direction) -> bool {
        let dialects = (self.walk.before.dialect, self.walk.after.dialect);
        let is_mixed = dialects.0 != dialects.1 && (dialects.0 == Dialect::Swagger20 || dialects.1 == Dialect::Swagger20);
        let lists = |operation: &Operation<'_>| {
            operation.responses.iter().any(|response| response.content.iter().any(|media| media.name == name))
        };
        is_mixed && direction == Direction::FromProvider && lists(self.old) && lists(self.new)
    }

    fn encoding(&mut self, old: &Media<'_>, new: &Media<'_>, direction: Direction) {
        if old.encoding == new.encoding {
            return;
        }
        let names: BTreeSet<&str> = old.encoding.iter().chain(&new.encoding).map(|part| part.name).collect();
        for name in names {
            let before = old.encoding.iter().find(|part| part.name == name);
            let after = new.encoding.iter().find(|part| part.name == name);
            if before == after {
                continue;
            }
            let kind = match (before, after) {
                (Some(left), Some(right)) if left.style == right.style => {
                    let within = |one: &PartEncoding<'_>, other: &PartEncoding<'_>| {
                        let taken = |name: &&str| other.media_types.iter().any(|known| known == name || covers(known, name));
                        !one.media_types.is_empty() && one.media_types.iter().all(taken)
                    };
                    match (within(left, right), within(right, left)) {
                        (true, true) => continue,
                        (true, false) => ChangeKind::EncodingWidened,
                        (false, true) => ChangeKind::EncodingNarrowed,
                        (false, false) => ChangeKind::EncodingChanged,
                    }
                }
                _ => ChangeKind::EncodingChanged,
            };
            let show =
                |part: Option<&PartEncoding<'_>>| Some(json!(part.map_or_else(|| "the default".to_owned(), ToString::to_string)));
            self.state(kind, direction, name, (old.at, new.at), (show(before), show(after)));
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
        // From 3.1 an operation need not describe its responses: then nothing is known of them.
        if old.is_empty() != new.is_empty() {
            let label = format!("{} {}", self.old.method, self.old.path);
            let kind = if new.is_empty() { ChangeKind::ResponsesNoLongerDescribed } else { ChangeKind::ResponsesDescribed };
            return self.state(kind, Direction::Neither, label, home, (Some(json!(old.len())), Some(json!(new.len()))));
        }
        let (mut told, mut widened) = (BTreeSet::new(), BTreeSet::new());
        let mut gone: Vec<&Response<'_>> = Vec::new();
        for left in old {
            match counterpart(&left.status, new) {
                Some(at) => {
                    told.insert(at);
                    if let Some(right) = new.get(at) {
                        self.response(left, right, direction);
                        // Who answers a webhook may no longer choose among the codes of a range.
                        if direction == Direction::ToProvider && left.status.ends_with("XX") && is_code(&right.status) {
                            gone.push(left);
                        }
                        // Who reads answers may now meet any code of the range.
                        if direction == Direction::FromProvider && right.status.ends_with("XX") && is_code(&left.status) {
                            widened.insert(at);
                        }
                    }
                }
                None => gone.push(left),
            }
        }
        let is_fresh = |(at, right): &(usize, &Response<'_>)| !told.contains(at) && counterpart(&right.status, old).is_none();
        let mut fresh: Vec<&Response<'_>> = new.iter().enumerate().filter(is_fresh).map(|(_, right)| right).collect();
        // A code that was part of a range, or of `default`, and now stands by itself.
        for (_, right) in new.iter().enumerate().filter(|(at, _)| !told.contains(at)) {
            if let Some(left) = counterpart(&right.status, old).and_then(|at| old.get(at)) {
                self.response(left, right, direction);
            }
        }
        // One success status in place of one other is a move: clients that branch on the exact code miss it.
        let successes = |list: &[&Response<'_>]| -> Vec<usize> {
            list.iter().enumerate().filter(|(_, response)| response.is_success()).map(|(at, _)| at).collect()
        };
        if let ([left], [right]) = (successes(&gone).as_slice(), successes(&fresh).as_slice()) {
            let (left, right) = (gone.remove(*left), fresh.remove(*right));
            let values = (Some(json!(left.status)), Some(json!(right.status)));
            self.state(ChangeKind::SuccessStatusChanged, direction, left.status.clone(), (left.at, right.at), values);
            self.response(left, right, direction);
        }
        for left in gone {
            let kind = if left.is_success() { ChangeKind::SuccessStatusRemoved } else { ChangeKind::ErrorStatusRemoved };
            let value = Some(json!(left.status));
            self.state(kind, direction, left.status.clone(), (left.at, home.1), (value, None));
        }
        let stood_before = |right: &&Response<'_>| !old.iter().any(|left| left.status == right.status);
        fresh.extend(widened.iter().filter_map(|at| new.get(*at)).filter(|right| right.is_success()).filter(stood_before));
        for right in fresh {
            let kind = if right.is_success() { ChangeKind::SuccessStatusAdded } else { ChangeKind::ErrorStatusAdded };
            let value = Some(json!(right.status));
            self.state(kind, direction, right.status.clone(), (home.0, right.at), (None, value));
        }
    }

    fn response(&mut self, old: &Response<'_>, new: &Response<'_>, direction: Direction) {
        self.parameters(&old.headers, &new.headers, direction, (old.at, new.at));
        self.content(&old.content, &new.content, direction, (old.at, new.at));
        self.links(old, new);
    }
}

/// A number where any text is accepted is still accepted.
fn became_text(a: &Flat<'_, '_>, b: &Flat<'_, '_>) -> bool {
    let written = TypeSet::NUMBER.union(TypeSet::BOOLEAN);
    let was_scalar = !a.types.is_empty() && written.contains(a.types) && a.unions.is_empty();
    was_scalar && b.types == TypeSet::STRING && b.is_plain()
}

/// A status by itself, neither a range nor `default`.
fn is_code(status: &str) -> bool {
    status.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether values of a media type have a structure that a schema describes.
fn is_structured(name: &str) -> bool {
    let essence = name.split(';').next().unwrap_or(name);
    ["json", "xml", "yaml", "urlencoded"].iter().any(|kind| essence.ends_with(kind))
        || essence.starts_with("text/")
        || essence.starts_with("multipart/")
}

/// The same name in another place.
fn is_moved(old: &Parameter<'_>, new: &Parameter<'_>) -> bool {
    old.location != new.location && old.name.eq_ignore_ascii_case(new.name)
}

/// The same place, and a name that is the same but for how its words are joined.
fn is_renamed(old: &Parameter<'_>, new: &Parameter<'_>) -> bool {
    old.location == new.location && old.location != Location::Path && is_respelled(old.name, new.name)
}

/// What people call a named value that travels there.
fn label(location: Location, is_response: bool) -> String {
    if is_response { "response header".to_owned() } else { format!("{} parameter", location.name()) }
}

/// Whether a media type stands for several (RFC 9110 section 12.5.1).
fn is_range(name: &str) -> bool {
    name.ends_with("/*")
}

/// Whether a media range such as `application/*` takes in a media type (RFC 9110 section 12.5.1).
fn covers(range: &str, name: &str) -> bool {
    range == "*/*" && name != "*/*"
        || range.strip_suffix("/*").is_some_and(|kind| kind != "*" && name != range && name.split('/').next() == Some(kind))
}
