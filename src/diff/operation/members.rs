//! Exploded objects among parameters: their members are on the wire, and their own names are not.

use std::collections::BTreeSet;

use crate::openapi::{Additional, Contract, Location, Parameter, Serialization, TypeSet, WireStyle, resolve};

use super::super::before_after::BeforeAfter;
use super::super::folded::{Folded, Property};

/// Members that an object among parameters may have to be read so: every operation that names it is.
const MOST_MEMBERS: usize = 64;

/// What a parameter is known by.
type Key = (Location, String);

/// An object that is written as its members.
struct ExplodedObject<'d> {
    key: Key,
    members: Vec<Parameter<'d>>,
}

/// Which objects of one side are read as their members.
#[derive(Default)]
pub(super) struct ReadAsMembers<'d> {
    objects: BTreeSet<Key>,
    members: Vec<Parameter<'d>>,
}

impl<'d> ReadAsMembers<'d> {
    /// The parameters, with the members of these objects in their places.
    pub(super) fn of<'a>(&'a self, parameters: &'a [Parameter<'d>]) -> impl Iterator<Item = &'a Parameter<'d>> {
        parameters.iter().filter(|parameter| !self.objects.contains(&parameter.key())).chain(&self.members)
    }
}

/// Objects of one side whose name is not on the other, where the other side has any of their members: by `style: form`
/// and `explode` an object is written as its members (OpenAPI 3.1 section 4.8.12.4).
pub(super) fn read_as_members<'d>(
    contracts: BeforeAfter<&Contract<'d>>,
    parameters: BeforeAfter<&[Parameter<'d>]>,
) -> BeforeAfter<ReadAsMembers<'d>> {
    let names = parameters.map(|list| list.iter().map(Parameter::key).collect::<BTreeSet<Key>>());
    let old = exploded(contracts.before, parameters.before, &names.after);
    let new = exploded(contracts.after, parameters.after, &names.before);
    let written = |own: BTreeSet<Key>, objects: &[ExplodedObject<'d>]| -> BTreeSet<Key> {
        own.into_iter().chain(objects.iter().flat_map(|object| &object.members).map(Parameter::key)).collect()
    };
    let (before, after) = (written(names.before, &old), written(names.after, &new));
    BeforeAfter::new(known_by(old, &after), known_by(new, &before))
}

/// The objects that share a member with the other side.
fn known_by<'d>(objects: Vec<ExplodedObject<'d>>, others: &BTreeSet<Key>) -> ReadAsMembers<'d> {
    let mut read = ReadAsMembers::default();
    for object in objects {
        if object.members.iter().any(|member| others.contains(&member.key())) {
            read.objects.insert(object.key);
            read.members.extend(object.members);
        }
    }
    read
}

/// The exploded objects of a list whose names the other side does not have.
fn exploded<'d>(contract: &Contract<'d>, list: &[Parameter<'d>], others: &BTreeSet<Key>) -> Vec<ExplodedObject<'d>> {
    let is_exploded = |parameter: &&Parameter<'d>| {
        let style = parameter.serialization.style();
        let is_styled = matches!(parameter.location, Location::Query | Location::Cookie)
            && style.is_some_and(|style| style.name == "form" && style.exploded == Some(true));
        (is_styled || is_form(contract, parameter)) && !others.contains(&parameter.key())
    };
    list.iter().filter(is_exploded).filter_map(|parameter| members_of(contract, parameter)).collect()
}

/// Whether a parameter is a whole query, written as a form writes its members where nothing else is said of them
/// (OpenAPI 3.2 section 4.12.1).
fn is_form(contract: &Contract<'_>, parameter: &Parameter<'_>) -> bool {
    let Serialization::Document { media, .. } = &parameter.serialization else { return false };
    let written = resolve(contract.root, &format!("#{}", contract.pointers.text(parameter.at)));
    let media_type = written.and_then(|parameter| parameter.get("content")?.as_object()?.values().next());
    parameter.location == Location::QueryString
        && media == "application/x-www-form-urlencoded"
        && media_type.is_some_and(|media_type| media_type.get("encoding").is_none() && media_type.get("$ref").is_none())
}

/// The members of an object that says nothing of itself as a whole.
fn members_of<'d>(contract: &Contract<'d>, parameter: &Parameter<'d>) -> Option<ExplodedObject<'d>> {
    let schema = contract.schema(parameter.schema);
    if schema.properties.len() > MOST_MEMBERS || !schema.all_of.is_empty() || !schema.unions.is_empty() {
        return None;
    }
    let folded = Folded::of(contract, parameter.schema);
    let is_plain = folded.types == TypeSet::OBJECT
        && !matches!(folded.additional.value, Additional::Schema(_))
        && (parameter.required || folded.required.is_empty())
        && folded.constraints.is_empty()
        && folded.counts.iter().all(Option::is_none);
    if !is_plain {
        return None;
    }
    let (location, style) = match parameter.location {
        Location::QueryString => (Location::Query, WireStyle::form()),
        location => (location, WireStyle::scalar("form")),
    };
    let member = |(name, property): (&&'d str, &Property)| {
        let [schema] = property.schemas.as_slice() else { return None };
        Some(Parameter {
            name,
            location,
            required: folded.required.contains_key(name),
            deprecated: false,
            stability: None,
            serialization: Serialization::Styled(style.clone()),
            schema: *schema,
            at: contract.schema(*schema).at,
        })
    };
    let members: Vec<Parameter<'d>> = folded.properties.iter().map(member).collect::<Option<_>>()?;
    Some(ExplodedObject { key: parameter.key(), members })
}
