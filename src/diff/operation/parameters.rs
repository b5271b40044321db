//! Facts of named values outside the body: parameters of a request, headers of a response.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::model::{Direction, Stability};
use crate::openapi::{Contract, Location, Parameter, PointerId, TypeSet};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::fact::Difference;
use super::super::folded::Folded;
use super::super::walk::SchemaPair;
use super::super::writing::Writing;
use super::counterparts::Counterparts;
use super::members::read_as_members;
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
        if !self.walk.affords(old.len() + new.len()) {
            return;
        }
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
        let members = read_as_members(BeforeAfter::new(self.walk.before, self.walk.after), BeforeAfter::new(old, new));
        let mut before: BTreeMap<_, _> = members.before.of(old).map(|left| (key(left, &self.old.variables), left)).collect();
        let mut after: BTreeMap<_, _> = members.after.of(new).map(|right| (key(right, &self.new.variables), right)).collect();
        // What a security scheme of the other side carries is asked for there.
        if !is_response {
            self.patterns_of_credentials(&before, &after, direction, home);
            before.retain(|key, _| !self.asked.as_scheme.before.contains(key));
            after.retain(|key, _| !self.asked.as_scheme.after.contains(key));
        }
        let mut gone: Vec<&Parameter<'_>> = Vec::new();
        for (key, left) in &before {
            match after.get(key) {
                Some(right) => self.parameter(left, right, direction),
                None => gone.push(left),
            }
        }
        let mut fresh: Vec<&Parameter<'_>> =
            after.iter().filter(|(key, _)| !before.contains_key(key)).map(|(_, right)| *right).collect();
        // A variable of the path is filled in, whether somebody declares it or not.
        let same_variables = is_shifted || self.old.variables.len() == self.new.variables.len();
        fresh.retain(|right| right.location != Location::Path || !same_variables);
        gone.retain(|left| left.location != Location::Path || !same_variables);
        // One edit is one finding: what went from the query to a header is not one removed and one added.
        let mut counterparts = Counterparts::among(fresh);
        gone.retain(|left| {
            if self.walk.is_stopped() {
                self.walk.give_up();
                return false;
            }
            let Some(right) = counterparts.take(left) else { return true };
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
            self.state(difference.about(left.name).evidence(evidence), direction, BeforeAfter::new(left.at, right.at));
            self.values(left, right, direction);
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
        for right in counterparts.left() {
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

    /// The patterns that a parameter asks of credentials, which a security scheme takes as they are.
    fn patterns_of_credentials(
        &mut self,
        before: &BTreeMap<(Location, String), &Parameter<'_>>,
        after: &BTreeMap<(Location, String), &Parameter<'_>>,
        direction: Direction,
        home: BeforeAfter<PointerId>,
    ) {
        let patterns = |contract: &Contract<'_>, parameter: &Parameter<'_>| -> Vec<Json> {
            Folded::of(contract, parameter.schema).patterns.iter().map(|pattern| json!(pattern.value)).collect()
        };
        for (key, left) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
            for pattern in patterns(self.walk.before, left) {
                if self.asked.as_scheme.before.contains(key) {
                    let difference = Difference::new(ChangeKind::PatternRemoved).about(left.name).before(pattern);
                    self.state(difference, direction, BeforeAfter::new(left.at, home.after));
                }
            }
        }
        for (key, right) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
            for pattern in patterns(self.walk.after, right) {
                if self.asked.as_scheme.after.contains(key) {
                    let difference = Difference::new(ChangeKind::PatternAdded).about(right.name).after(pattern);
                    self.state(difference, direction, BeforeAfter::new(home.before, right.at));
                }
            }
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
        let (left, right) = (&old.serialization, &new.serialization);
        let is_taken = match direction {
            Direction::ToProvider => left.allows_no_more_than(right),
            _ => right.allows_no_more_than(left),
        };
        let is_one = is_list_of_one(self.walk.before, old) && is_list_of_one(self.walk.after, new);
        let is_alike = left.is_alike(right) || (is_one && left.is_alike_for_one(right));
        if !(is_alike && is_taken) {
            let values = BeforeAfter::new(Some(json!(left.to_string())), Some(json!(right.to_string())));
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
        let (was, is) = (Stability::of(old.stability), Stability::of(new.stability));
        if was != is {
            let kind = if is < was { ChangeKind::SchemaStabilityLowered } else { ChangeKind::SchemaStabilityRaised };
            let levels = Difference::new(kind).before(json!(was.name())).after(json!(is.name()));
            self.state(levels.about(old.name), direction, at);
        }
        self.values(old, new, direction);
    }

    /// Compares the values of two parameters.
    fn values(&mut self, old: &Parameter<'_>, new: &Parameter<'_>, direction: Direction) {
        let schemas = BeforeAfter::new(old.schema, new.schema);
        let writing = Writing::of_parameter(&old.serialization, &new.serialization);
        self.root(SchemaPair { schemas, direction, writing, common: None, kinds: None }, BeforeAfter::new(old.at, new.at));
    }
}

/// Whether only lists of at most one entry are meant.
fn is_list_of_one(contract: &Contract<'_>, parameter: &Parameter<'_>) -> bool {
    let schema = contract.schema(parameter.schema);
    schema.types == TypeSet::ARRAY && schema.max_items.is_some_and(|most| most <= 1)
}

/// What people call a named value that travels there.
fn label(location: Location, is_response: bool) -> String {
    if is_response { "response header".to_owned() } else { format!("{} parameter", location.name()) }
}
