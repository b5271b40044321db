//! Facts of authentication: a list of alternatives is OR, a list of schemes in one of them is AND
//! (OpenAPI 3.1 section 4.8.30).

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Requirement, SecurityScheme};

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::pair::OperationPair;

impl OperationPair<'_, '_, '_, '_> {
    /// The ways in which a request may prove who sends it.
    pub(super) fn security(&mut self) {
        let (old, new) = (self.old, self.new);
        let at = BeforeAfter::new(old.security_at, new.security_at);
        let show = |list: &[Requirement<'_>]| Some(json!(list.iter().map(name_requirement).collect::<Vec<_>>()));
        match (old.security.is_empty(), new.security.is_empty()) {
            (true, true) => return,
            (true, false) => {
                let names = new.security.iter().map(name_requirement).collect::<Vec<_>>().join(" or ");
                return self.state(
                    Difference::new(ChangeKind::SecurityAdded).about(names).after(show(&new.security)),
                    Direction::ToProvider,
                    at,
                );
            }
            (false, true) => {
                let names = old.security.iter().map(name_requirement).collect::<Vec<_>>().join(" or ");
                return self.state(
                    Difference::new(ChangeKind::SecurityRemoved).about(names).before(show(&old.security)),
                    Direction::ToProvider,
                    at,
                );
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
            .map(|(left, found)| {
                found
                    .or_else(|| take(&|right| names(right) == names(left)))
                    // The name of a scheme is not on the wire.
                    .or_else(|| {
                        let wanted = shapes(left, &self.walk.before.schemes)?;
                        take(&|right| shapes(right, &self.walk.after.schemes).as_ref() == Some(&wanted))
                    })
            })
            .collect();
        for (left, right) in old.security.iter().zip(matched) {
            // Who has every credential of the old way has those of a way that asks for fewer.
            let asks_no_more = |(name, scopes): &(&str, Vec<&str>)| {
                left.schemes.iter().any(|(known, held)| known == name && scopes.iter().all(|scope| held.contains(scope)))
            };
            let covered = || new.security.iter().any(|right| right.schemes.iter().all(asks_no_more));
            match right {
                Some(right) => self.scopes(left, right),
                None if covered() => {}
                None => {
                    let name = name_requirement(left);
                    let value = Some(json!(name));
                    // It still counts, together with more.
                    let asks_more = |right: &&Requirement<'_>| names(left).iter().all(|name| names(right).contains(name));
                    let stricter = new.security.iter().find(asks_more).map(|right| json!(name_requirement(right)));
                    self.state(
                        Difference::new(ChangeKind::SecurityAlternativeRemoved).about(name).before(value).after(stricter),
                        Direction::ToProvider,
                        at,
                    );
                }
            }
        }
        // A way that became stricter has been reported as gone; its stricter form is not reported again.
        let stricter = |right: &Requirement<'_>| {
            let lost = old.security.iter().filter(|left| !new.security.iter().any(|kept| names(kept) == names(left)));
            lost.into_iter().any(|left| names(left).iter().all(|name| names(right).contains(name)))
        };
        for right in free.into_iter().filter(|right| !stricter(right)) {
            let name = name_requirement(right);
            let value = Some(json!(name));
            self.state(Difference::new(ChangeKind::SecurityAlternativeAdded).about(name).after(value), Direction::ToProvider, at);
        }
    }

    fn scopes(&mut self, old: &Requirement<'_>, new: &Requirement<'_>) {
        let at = BeforeAfter::new(self.old.security_at, self.new.security_at);
        for ((scheme, left), (other, right)) in old.schemes.iter().zip(&new.schemes) {
            for scope in right.iter().filter(|scope| !left.contains(scope)) {
                self.state(
                    Difference::new(ChangeKind::SecurityScopeAdded).about(*scope).after(json!(format!("{scheme}: {scope}"))),
                    Direction::ToProvider,
                    at,
                );
            }
            for scope in left.iter().filter(|scope| !right.contains(scope)) {
                self.state(
                    Difference::new(ChangeKind::SecurityScopeRemoved).about(*scope).before(json!(format!("{scheme}: {scope}"))),
                    Direction::ToProvider,
                    at,
                );
            }
            if scheme == other {
                self.scheme(scheme);
            }
        }
    }

    /// How a scheme that is still asked for is met. A flow that came is one more way; one that went or moved is a change.
    fn scheme(&mut self, name: &str) {
        let find = |list: &[SecurityScheme<'_>]| {
            let scheme = list.iter().find(|known| known.name == name)?;
            Some((scheme.shape.clone(), scheme.flows.clone(), scheme.at))
        };
        let Some((shape, flows, here)) = find(&self.walk.before.schemes) else { return };
        let show = |shape: &str, flows: &[(String, String)]| {
            let parts: Vec<&str> = std::iter::once(shape).chain(flows.iter().map(|(_, flow)| flow.as_str())).collect();
            Some(json!(parts.join(" ")))
        };
        let before = show(&shape, &flows);
        let Some((new_shape, new_flows, there)) = find(&self.walk.after.schemes) else {
            // Still asked for, and nobody says any more how to meet it.
            let at = BeforeAfter::new(here, self.new.at);
            let values = BeforeAfter::new(before, Some(json!("nothing that is declared")));
            return self.state(
                Difference::new(ChangeKind::SecuritySchemeChanged).about(name).values(values),
                Direction::ToProvider,
                at,
            );
        };
        if (shape != new_shape && !is_bearer(&shape, &new_shape)) || flows.iter().any(|flow| !new_flows.contains(flow)) {
            let values = BeforeAfter::new(before, show(&new_shape, &new_flows));
            return self.state(
                Difference::new(ChangeKind::SecuritySchemeChanged).about(name).values(values),
                Direction::ToProvider,
                BeforeAfter::new(here, there),
            );
        }
        for (flow, _) in new_flows.iter().filter(|flow| !flows.contains(flow)) {
            let subject = format!("{name} ({flow})");
            let value = Some(json!(subject));
            self.state(
                Difference::new(ChangeKind::SecurityAlternativeAdded).about(subject).after(value),
                Direction::ToProvider,
                BeforeAfter::new(here, there),
            );
        }
    }
}

/// Swagger 2.0 can say "bearer" only as an API key in the header that bearer tokens travel in.
fn is_bearer(one: &str, other: &str) -> bool {
    let spelt = ["http bearer", "apiKey header authorization"];
    spelt.contains(&one) && spelt.contains(&other)
}

fn name_requirement(requirement: &Requirement<'_>) -> String {
    requirement.schemes.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" and ")
}

/// What a requirement asks for, by what each scheme is instead of what it is called; none where one is not declared.
fn shapes(requirement: &Requirement<'_>, schemes: &[SecurityScheme<'_>]) -> Option<Vec<(String, Vec<String>)>> {
    let mut shapes = Vec::new();
    for (name, scopes) in &requirement.schemes {
        let scheme = schemes.iter().find(|known| known.name == *name)?;
        shapes.push((scheme.shape.clone(), scopes.iter().map(|scope| (*scope).to_owned()).collect()));
    }
    shapes.sort_unstable();
    Some(shapes)
}
