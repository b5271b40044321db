//! Credentials that one side asks for as a parameter and the other as a security scheme: on the wire they are one.

use std::collections::{BTreeSet, HashMap};

use crate::openapi::{Contract, Location, Operation, Parameter, Requirement, SecurityScheme, TypeSet};

use super::super::before_after::BeforeAfter;
use super::super::folded::Folded;

/// Names in a `security` list that are read for what they carry; nobody writes more.
const MOST_NAMES: usize = 64;

/// What carries credentials: a location and a name.
type Carrier = (Location, String);

/// What an operation asks for, however it is written.
#[derive(Debug, Default)]
pub(super) struct Credentials<'d> {
    /// Parameters that a security scheme of the other side stands for.
    pub(super) as_scheme: BeforeAfter<BTreeSet<Carrier>>,
    /// Schemes that one side asks for only by a parameter: how to meet them is said there.
    pub(super) as_parameter: BTreeSet<&'d str>,
    /// The effective alternatives, with the schemes that required parameters stand for.
    pub(super) security: BeforeAfter<Vec<Requirement<'d>>>,
}

/// The header that HTTP has for credentials (RFC 9110 section 11.6.2).
fn authorization() -> Carrier {
    (Location::Header, "authorization".to_owned())
}

/// The declared schemes of a document by name.
pub(super) struct Schemes<'s, 'd>(HashMap<&'d str, &'s SecurityScheme<'d>>);

impl<'s, 'd> Schemes<'s, 'd> {
    pub(super) fn of(contract: &'s Contract<'d>) -> Self {
        Self(contract.schemes.iter().map(|scheme| (scheme.name, scheme)).collect())
    }

    /// The scheme of a name.
    pub(super) fn named(&self, name: &str) -> Option<&'s SecurityScheme<'d>> {
        self.0.get(name).copied()
    }
}

/// One side of an operation.
pub(super) struct AskingOperation<'s, 'd> {
    pub(super) contract: &'s Contract<'d>,
    pub(super) schemes: &'s Schemes<'s, 'd>,
    pub(super) operation: &'s Operation<'d>,
}

impl<'s, 'd> AskingOperation<'s, 'd> {
    /// The parameters, with the one that the specification lets no description say anything of.
    fn parameters(&self) -> impl Iterator<Item = &'s Parameter<'d>> {
        let carried =
            |parameter: &&Parameter<'_>| matches!(parameter.location, Location::Query | Location::Header | Location::Cookie);
        self.operation.parameters.iter().filter(carried).chain(&self.operation.authorization)
    }

    /// The declared schemes that its `security` names, those of a list that may be left out too.
    fn schemes(&self) -> Vec<&'s SecurityScheme<'d>> {
        let list = self.operation.value.get("security").or_else(|| self.contract.root.get("security"));
        let entries = list.and_then(|list| list.as_array()).into_iter().flatten().filter_map(|entry| entry.as_object());
        let names = entries.flat_map(|entry| entry.iter().map(|(name, _)| name)).take(MOST_NAMES);
        names.filter_map(|name| self.schemes.named(name)).collect()
    }

    fn has(&self, carrier: &Carrier) -> bool {
        self.parameters().any(|parameter| parameter.key() == *carrier)
    }

    /// Whether a parameter takes any credentials that a scheme would.
    fn is_free(&self, parameter: &Parameter<'_>) -> bool {
        let folded = Folded::of(self.contract, parameter.schema);
        folded.enumeration.is_none() && (folded.types.is_empty() || folded.types.contains(TypeSet::STRING))
    }
}

impl<'d> Credentials<'d> {
    /// What both sides ask for.
    pub(super) fn between(sides: BeforeAfter<AskingOperation<'_, 'd>>) -> Self {
        let BeforeAfter { before, after } = sides;
        let (old, new) = (&before.operation.security, &after.operation.security);
        let mut found = Credentials { security: BeforeAfter::new(old.clone(), new.clone()), ..Credentials::default() };
        if before.parameters().next().is_none() && after.parameters().next().is_none() {
            return found;
        }
        // What OpenAPI 3 lets nobody say of the header says nothing beside what Swagger 2.0 says of it.
        let header = authorization();
        let is_mute = before.operation.authorization.is_some() || after.operation.authorization.is_some();
        if is_mute && before.has(&header) && after.has(&header) {
            found.as_scheme.before.insert(header.clone());
            found.as_scheme.after.insert(header);
        }
        let schemes = BeforeAfter::new(before.schemes(), after.schemes());
        let both = [schemes.before, schemes.after].concat();
        for parameter in before.parameters() {
            let Some(scheme) = carrying(&both, &parameter.key()) else { continue };
            if parameter.required {
                demand(&mut found.security.before, scheme, new, before.schemes);
                found.as_parameter.extend((!names(old, scheme)).then_some(scheme.name));
            }
            if !after.has(&parameter.key()) {
                found.as_scheme.before.insert(parameter.key());
            }
        }
        for parameter in after.parameters() {
            let Some(scheme) = carrying(&both, &parameter.key()) else { continue };
            // What is asked of its value, a scheme did not ask.
            if !before.has(&parameter.key()) && !after.is_free(parameter) {
                continue;
            }
            if parameter.required {
                demand(&mut found.security.after, scheme, old, after.schemes);
                found.as_parameter.extend((!names(new, scheme)).then_some(scheme.name));
            }
            if !before.has(&parameter.key()) {
                found.as_scheme.after.insert(parameter.key());
            }
        }
        found
    }
}

fn carrying<'s, 'd>(schemes: &[&'s SecurityScheme<'d>], carrier: &Carrier) -> Option<&'s SecurityScheme<'d>> {
    schemes.iter().find(|scheme| scheme.carrier.as_ref() == Some(carrier)).copied()
}

fn names(security: &[Requirement<'_>], scheme: &SecurityScheme<'_>) -> bool {
    security.iter().flat_map(|requirement| &requirement.schemes).any(|(name, _)| *name == scheme.name)
}

/// Adds a scheme to every alternative that carries nothing in its place, with the scopes that the other side asks for.
fn demand<'d>(
    security: &mut Vec<Requirement<'d>>,
    scheme: &SecurityScheme<'d>,
    other: &[Requirement<'d>],
    schemes: &Schemes<'_, 'd>,
) {
    let asked = other.iter().flat_map(|requirement| &requirement.schemes).find(|(name, _)| *name == scheme.name);
    let entry = (scheme.name, asked.map(|(_, scopes)| scopes.clone()).unwrap_or_default());
    if security.is_empty() {
        return security.push(Requirement { schemes: vec![entry] });
    }
    for requirement in security {
        let carries = |(name, _): &(&str, Vec<&str>)| {
            let known = schemes.named(name);
            *name == scheme.name || known.is_some_and(|known| known.carrier == scheme.carrier)
        };
        if !requirement.schemes.iter().any(carries) {
            requirement.schemes.push(entry.clone());
            requirement.schemes.sort_unstable();
        }
    }
}
