//! Facts of named values outside the body: parameters of a request, headers of a response.

use std::collections::BTreeMap;

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Location, Parameter, PointerId, TypeSet};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::fact::Difference;
use super::super::folded::Folded;
use super::super::names::is_respelled;
use super::pair::OperationPair;

impl OperationPair<'_, '_, '_, '_> {
    /// Parameters of a request, or headers of a response: named values outside the body.
    pub(super) fn parameters(
        &mut self,
        old: &[Parameter<'_>],
        new: &[Parameter<'_>],
        direction: Direction,
        home: BeforeAfter<PointerId>,
    ) {
        // Response headers hang on a response, everything else on the operation.
        let is_response = home.before != self.old.at;
        // What one path has more in front than the other is a matter of the servers.
        let (shape, other) = (&self.old.shape, &self.new.shape);
        let is_shifted = shape.ends_with(other.as_str()) || other.ends_with(shape.as_str());
        let most = self.old.variables.len().max(self.new.variables.len());
        let key = |parameter: &Parameter<'_>, variables: &[&str]| {
            // A path variable is known by its position: its name is not on the wire.
            match variables.iter().position(|name| *name == parameter.name) {
                Some(position) if parameter.location == Location::Path => {
                    let in_front = if is_shifted { most - variables.len() } else { 0 };
                    (Location::Path, format!("#{}", in_front + position))
                }
                _ => parameter.key(),
            }
        };
        let index = |list: &[Parameter<'_>], variables: &[&str]| -> BTreeMap<(Location, String), usize> {
            list.iter().enumerate().map(|(at, parameter)| (key(parameter, variables), at)).collect()
        };
        let mut before = index(old, &self.old.variables);
        let mut after = index(new, &self.new.variables);
        // What a security scheme of the other side carries is asked for there.
        if !is_response {
            before.retain(|key, _| !self.asked.as_scheme.before.contains(key));
            after.retain(|key, _| !self.asked.as_scheme.after.contains(key));
        }
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
        let same_variables = is_shifted || self.old.variables.len() == self.new.variables.len();
        fresh.retain(|right| right.location != Location::Path || !same_variables);
        gone.retain(|left| left.location != Location::Path || !same_variables);
        // One edit is one finding: what went from the query to a header is not one removed and one added.
        gone.retain(|left| {
            if self.walk.is_stopped() {
                self.walk.give_up();
                return false;
            }
            let counterpart = fresh.iter().position(|right| is_moved(left, right) || is_renamed(left, right));
            let Some(right) = counterpart.map(|at| fresh.remove(at)) else { return true };
            let evidence = Evidence {
                was_required: left.required,
                is_required: right.required,
                was_deprecated: left.deprecated,
                ..Evidence::default()
            };
            let difference = if left.location == right.location {
                Difference::new(ChangeKind::ParameterRenamed).before(json!(left.name)).after(json!(right.name))
            } else {
                let place = |parameter: &Parameter<'_>| json!(label(parameter.location, is_response));
                Difference::new(ChangeKind::ParameterMoved).before(place(left)).after(place(right))
            };
            let (schemas, home) = (BeforeAfter::new(left.schema, right.schema), BeforeAfter::new(left.at, right.at));
            self.state(difference.about(left.name).evidence(evidence), direction, home);
            self.walk.text_root(self.root(schemas, home, direction));
            false
        });
        // What stands behind a reference that leads nowhere may be any of them.
        if !is_response && self.old.unread.parameters != self.new.unread.parameters {
            return;
        }
        for left in gone {
            let evidence = Evidence { was_required: left.required, was_deprecated: left.deprecated, ..Evidence::default() };
            let label = Some(json!(label(left.location, is_response)));
            self.state(
                Difference::new(ChangeKind::ParameterRemoved).about(left.name).before(label).evidence(evidence),
                direction,
                BeforeAfter::new(left.at, home.after),
            );
        }
        for right in fresh {
            let kind = if right.required { ChangeKind::RequiredParameterAdded } else { ChangeKind::OptionalParameterAdded };
            let evidence = Evidence { is_required: right.required, ..Evidence::default() };
            let label = Some(json!(label(right.location, is_response)));
            self.state(
                Difference::new(kind).about(right.name).after(label).evidence(evidence),
                direction,
                BeforeAfter::new(home.before, right.at),
            );
        }
    }

    fn parameter(&mut self, old: &Parameter<'_>, new: &Parameter<'_>, direction: Direction) {
        let at = BeforeAfter::new(old.at, new.at);
        let flags = BeforeAfter::new(Some(json!(old.required)), Some(json!(new.required)));
        match (old.required, new.required) {
            (false, true) => {
                self.state(Difference::new(ChangeKind::ParameterBecameRequired).about(old.name).values(flags), direction, at);
            }
            (true, false) => {
                self.state(Difference::new(ChangeKind::ParameterBecameOptional).about(old.name).values(flags), direction, at);
            }
            _ => {}
        }
        // Who may also leave the value out, or write more characters as they are, writes it as before.
        let allows_more = new
            .serialization
            .strip_prefix(old.serialization.as_str())
            .is_some_and(|more| more.starts_with(", reserved") || more.starts_with(", no value"));
        if old.serialization != new.serialization && !(allows_more && direction == Direction::ToProvider) {
            let values = BeforeAfter::new(Some(json!(old.serialization)), Some(json!(new.serialization)));
            self.state(Difference::new(ChangeKind::ParameterSerializationChanged).about(old.name).values(values), direction, at);
        }
        match (old.deprecated, new.deprecated) {
            (false, true) => {
                self.state(Difference::new(ChangeKind::ParameterDeprecated).about(old.name).after(json!(true)), direction, at);
            }
            (true, false) => {
                self.state(Difference::new(ChangeKind::ParameterReactivated).about(old.name).before(json!(true)), direction, at);
            }
            _ => {}
        }
        // Outside a body every scalar is written as text.
        let is_document = |parameter: &Parameter<'_>| parameter.serialization.contains('/');
        if direction == Direction::ToProvider && !is_document(old) && !is_document(new) {
            let (a, b) = (Folded::of(self.walk.before, old.schema), Folded::of(self.walk.after, new.schema));
            // Where any text was and is accepted, other types say nothing.
            if a.is_plain_scalar() && b.is_plain_scalar() {
                return;
            }
            if became_text(&a, &b) {
                let values = BeforeAfter::new(Some(json!(a.types.names())), Some(json!(b.types.names())));
                return self.state(Difference::new(ChangeKind::TypesWidened).values(values), direction, at);
            }
        }
        self.walk.text_root(self.root(BeforeAfter::new(old.schema, new.schema), at, direction));
    }
}

/// A number where any text is accepted is still accepted.
fn became_text(a: &Folded<'_, '_>, b: &Folded<'_, '_>) -> bool {
    let written = TypeSet::NUMBER.union(TypeSet::BOOLEAN);
    let was_scalar = !a.types.is_empty() && written.contains(a.types) && a.unions.is_empty();
    was_scalar && b.types == TypeSet::STRING && b.is_plain()
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
