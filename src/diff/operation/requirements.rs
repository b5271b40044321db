//! The ways to prove who one is by the schemes they ask for, so that many cost no more than few.

use std::collections::{HashMap, HashSet};

use crate::openapi::{NormalUrl, Requirement};

use super::credentials::Schemes;
use super::free::FreeByKey;

/// What a scheme asks for instead of what it is called, with the scopes.
type Shape = (String, Vec<String>);

/// What a requirement is called.
pub(super) fn name_requirement(requirement: &Requirement<'_>) -> String {
    names(requirement).join(" and ")
}

fn names<'d>(requirement: &Requirement<'d>) -> Vec<&'d str> {
    requirement.schemes.iter().map(|(name, _)| *name).collect()
}

/// Whether whoever has all that `held` asks for has what `asking` does. Both are sorted.
pub(super) fn asks_no_more(asking: &Requirement<'_>, held: &Requirement<'_>) -> bool {
    asking.schemes.iter().all(|(name, scopes)| {
        let known = held.schemes.binary_search_by(|(known, _)| known.cmp(name)).ok().and_then(|at| held.schemes.get(at));
        known.is_some_and(|(_, held)| scopes.iter().all(|scope| held.binary_search(scope).is_ok()))
    })
}

/// Whether every scheme of one requirement is one of another.
fn is_within(requirement: &Requirement<'_>, other: &Requirement<'_>) -> bool {
    let has = |name: &str| other.schemes.binary_search_by(|(known, _)| (*known).cmp(name)).is_ok();
    requirement.schemes.iter().all(|(name, _)| has(name))
}

/// What a requirement asks for, by what each scheme is instead of what it is called; none where one is not declared.
pub(super) fn shapes(requirement: &Requirement<'_>, schemes: &Schemes<'_, '_>) -> Option<Vec<Shape>> {
    let plain = |address: &str| NormalUrl::of(address).to_string();
    let mut shapes = Vec::new();
    for (name, scopes) in &requirement.schemes {
        let scheme = schemes.named(name)?;
        let mut shape = scheme.shape.clone();
        shape.extend(scheme.discovery.map(plain));
        for flow in &scheme.flows {
            shape.push_str(flow.name);
            shape.extend(flow.addresses.iter().map(|(field, address)| format!(" {field}={}", plain(address))));
        }
        shapes.push((shape, scopes.iter().map(|scope| (*scope).to_owned()).collect()));
    }
    shapes.sort_unstable();
    Some(shapes)
}

/// The ways of one side by the schemes they name.
pub(super) struct RequirementList<'r, 'd> {
    all: &'r [Requirement<'d>],
    named: HashSet<Vec<&'d str>>,
    /// Those that name a scheme first.
    first: HashMap<&'d str, Vec<usize>>,
    /// Those that name a scheme at all.
    naming: HashMap<&'d str, Vec<usize>>,
}

impl<'r, 'd> RequirementList<'r, 'd> {
    pub(super) fn of(all: &'r [Requirement<'d>]) -> Self {
        let mut list = Self { all, named: HashSet::new(), first: HashMap::new(), naming: HashMap::new() };
        for (number, requirement) in all.iter().enumerate() {
            let names = names(requirement);
            for (place, name) in names.iter().enumerate() {
                if place == 0 {
                    list.first.entry(name).or_default().push(number);
                }
                list.naming.entry(name).or_default().push(number);
            }
            list.named.insert(names);
        }
        list
    }

    /// Whether a way of the same schemes is listed.
    pub(super) fn names(&self, requirement: &Requirement<'d>) -> bool {
        self.named.contains(&names(requirement))
    }

    /// How many names of schemes are looked at by the other questions about a requirement.
    pub(super) fn count_beside(&self, requirement: &Requirement<'_>) -> usize {
        let count = |(name, _): &(&str, Vec<&str>)| self.naming.get(name).map_or(0, Vec::len);
        let others: usize = requirement.schemes.iter().map(count).sum();
        others.saturating_mul(requirement.schemes.len())
    }

    /// Those whose schemes are all among those of a requirement: the first of them is.
    pub(super) fn within<'s>(&'s self, requirement: &'s Requirement<'d>) -> impl Iterator<Item = &'r Requirement<'d>> + 's {
        let numbers = requirement.schemes.iter().filter_map(|(name, _)| self.first.get(name)).flatten();
        numbers.filter_map(|number| self.all.get(*number)).filter(|other| is_within(other, requirement))
    }

    /// The first that names every scheme of a requirement, and so the first of them.
    pub(super) fn beyond(&self, requirement: &Requirement<'d>) -> Option<&'r Requirement<'d>> {
        let Some((name, _)) = requirement.schemes.first() else { return self.all.first() };
        let numbers = self.naming.get(name).into_iter().flatten();
        numbers.filter_map(|number| self.all.get(*number)).find(|other| is_within(requirement, other))
    }
}

/// The ways that came, each taken once at most.
pub(super) struct FreeRequirements<'r, 'd> {
    all: &'r [Requirement<'d>],
    is_taken: Vec<bool>,
    written: FreeByKey<&'r Requirement<'d>>,
    named: FreeByKey<Vec<&'d str>>,
    /// Made when it is asked for.
    shaped: Option<FreeByKey<Vec<Shape>>>,
}

impl<'r, 'd> FreeRequirements<'r, 'd> {
    pub(super) fn among(all: &'r [Requirement<'d>]) -> Self {
        Self {
            all,
            is_taken: vec![false; all.len()],
            written: FreeByKey::of(all.iter().map(Some)),
            named: FreeByKey::of(all.iter().map(|requirement| Some(names(requirement)))),
            shaped: None,
        }
    }

    /// The first that is written alike.
    pub(super) fn written_as(&mut self, old: &'r Requirement<'d>) -> Option<&'r Requirement<'d>> {
        let number = self.written.take(&old, &mut self.is_taken)?;
        self.all.get(number)
    }

    /// The first that names the same schemes.
    pub(super) fn of_schemes(&mut self, old: &Requirement<'d>) -> Option<&'r Requirement<'d>> {
        let number = self.named.take(&names(old), &mut self.is_taken)?;
        self.all.get(number)
    }

    /// The first that asks for the same, whatever the schemes are called.
    pub(super) fn of_shapes(&mut self, wanted: &Vec<Shape>, schemes: &Schemes<'_, '_>) -> Option<&'r Requirement<'d>> {
        let shaped = self.shaped.get_or_insert_with(|| FreeByKey::of(self.all.iter().map(|right| shapes(right, schemes))));
        let number = shaped.take(wanted, &mut self.is_taken)?;
        self.all.get(number)
    }

    /// Those that nobody took, in order.
    pub(super) fn left(self) -> impl Iterator<Item = &'r Requirement<'d>> {
        self.all.iter().zip(self.is_taken).filter(|(_, is_taken)| !is_taken).map(|(requirement, _)| requirement)
    }
}
