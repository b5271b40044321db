//! Facts of authentication: a list of alternatives is OR, a list of schemes in one of them is AND
//! (OpenAPI 3.1 section 4.8.30).

use std::collections::HashMap;

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Contract, NormalUrl, OAuthFlow, Requirement, SecurityScheme};

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::pair::OperationPair;
use super::requirements::{FreeRequirements, RequirementList, asks_no_more, name_requirement, shapes};

/// Servers of a document that a relative address is resolved against.
const MOST_BASES: usize = 16;

/// The flow field that an address of its own may be named in; where it is not, tokens are renewed where they are given.
const REFRESH: &str = "refreshUrl";

impl OperationPair<'_, '_, '_, '_> {
    /// The ways in which a request may prove who sends it.
    pub(super) fn security(&mut self) {
        let at = BeforeAfter::new(self.old.security_at, self.new.security_at);
        let asked = std::mem::take(&mut self.asked.security);
        let BeforeAfter { before: old, after: new } = asked.as_ref();
        let show = |list: &[Requirement<'_>]| Some(json!(list.iter().map(name_requirement).collect::<Vec<_>>()));
        match (old.is_empty(), new.is_empty()) {
            (true, true) => return,
            (true, false) => {
                let names = new.iter().map(name_requirement).collect::<Vec<_>>().join(" or ");
                return self.state(
                    Difference::new(ChangeKind::SecurityAdded).about(names).after(show(new)),
                    Direction::ToProvider,
                    at,
                );
            }
            (false, true) => {
                let names = old.iter().map(name_requirement).collect::<Vec<_>>().join(" or ");
                return self.state(
                    Difference::new(ChangeKind::SecurityRemoved).about(names).before(show(old)),
                    Direction::ToProvider,
                    at,
                );
            }
            (false, false) => {}
        }
        if !self.walk.affords(old.len() + new.len()) {
            return;
        }
        let (listed_before, listed_after) = (RequirementList::of(old), RequirementList::of(new));
        // Alternatives that are written alike first, then those of the same schemes, each once.
        let mut free = FreeRequirements::among(new);
        let exact: Vec<Option<&Requirement<'_>>> = old.iter().map(|left| free.written_as(left)).collect();
        let schemes = self.schemes;
        let matched: Vec<Option<&Requirement<'_>>> = old
            .iter()
            .zip(exact)
            .map(|(left, found)| {
                // The name of a scheme is not on the wire.
                let shape = || shapes(left, schemes.before);
                found.or_else(|| free.of_schemes(left)).or_else(|| free.of_shapes(&shape()?, schemes.after))
            })
            .collect();
        for (left, right) in old.iter().zip(matched) {
            // Every way of the other side with one of its schemes may have to be looked at.
            if right.is_none() && !self.walk.affords(listed_after.count_beside(left)) {
                return;
            }
            match right {
                Some(right) => self.scopes(left, right),
                // Who has every credential of the old way has those of a way that asks for fewer.
                None if listed_after.within(left).any(|right| asks_no_more(right, left)) => {}
                None => {
                    let name = name_requirement(left);
                    let value = Some(json!(name));
                    // It still counts, together with more.
                    let stricter = listed_after.beyond(left).map(|right| json!(name_requirement(right)));
                    self.state(
                        Difference::new(ChangeKind::SecurityAlternativeRemoved).about(name).before(value).after(stricter),
                        Direction::ToProvider,
                        at,
                    );
                }
            }
        }
        for right in free.left() {
            if !self.walk.affords(listed_before.count_beside(right)) {
                return;
            }
            // A way that became stricter has been reported as gone; its stricter form is not reported again.
            if listed_before.within(right).any(|left| !listed_after.names(left)) {
                continue;
            }
            let name = name_requirement(right);
            let value = Some(json!(name));
            self.state(Difference::new(ChangeKind::SecurityAlternativeAdded).about(name).after(value), Direction::ToProvider, at);
        }
    }

    fn scopes(&mut self, old: &Requirement<'_>, new: &Requirement<'_>) {
        let at = BeforeAfter::new(self.old.security_at, self.new.security_at);
        for ((scheme, left), (other, right)) in old.schemes.iter().zip(&new.schemes) {
            for scope in right.iter().filter(|scope| left.binary_search(scope).is_err()) {
                self.state(
                    Difference::new(ChangeKind::SecurityScopeAdded).about(*scope).after(json!(format!("{scheme}: {scope}"))),
                    Direction::ToProvider,
                    at,
                );
            }
            for scope in left.iter().filter(|scope| right.binary_search(scope).is_err()) {
                self.state(
                    Difference::new(ChangeKind::SecurityScopeRemoved).about(*scope).before(json!(format!("{scheme}: {scope}"))),
                    Direction::ToProvider,
                    at,
                );
            }
            if scheme == other && !self.asked.as_parameter.contains(scheme) {
                self.scheme(scheme);
            }
        }
    }

    /// How a scheme that is still asked for is met. A flow that came is one more way; one that went or moved is a change.
    fn scheme(&mut self, name: &str) {
        let (before, after) = (self.walk.before, self.walk.after);
        let Some(old) = self.schemes.before.named(name) else { return };
        let Some(new) = self.schemes.after.named(name) else {
            // Still asked for, and nobody says any more how to meet it.
            let at = BeforeAfter::new(old.at, self.new.at);
            let values = BeforeAfter::new(Some(json!(show(old))), Some(json!("nothing that is declared")));
            return self.state(
                Difference::new(ChangeKind::SecuritySchemeChanged).about(name).values(values),
                Direction::ToProvider,
                at,
            );
        };
        let at = BeforeAfter::new(old.at, new.at);
        // The addresses of a flow are resolved against each server.
        if !self.walk.affords(MOST_BASES * (old.flows.len() + new.flows.len())) {
            return;
        }
        let places = SchemeAddresses { before, after };
        let flows = BeforeAfter::new(old, new).map(flows_by_name);
        let is_found = match (old.discovery, new.discovery) {
            (Some(old), new) => new.is_some_and(|new| places.is_one(old, new)),
            (None, _) => true,
        };
        let is_kept = |flow: &OAuthFlow<'_>| {
            let others = flows.after.get(flow.name).into_iter().flatten();
            others.into_iter().any(|other| places.keeps(flow, other))
        };
        let is_met = old.shape == new.shape || is_bearer(&old.shape, &new.shape);
        if !is_met || !is_found || !old.flows.iter().all(is_kept) {
            let values = BeforeAfter::new(Some(json!(show(old))), Some(json!(show(new))));
            return self.state(
                Difference::new(ChangeKind::SecuritySchemeChanged).about(name).values(values),
                Direction::ToProvider,
                at,
            );
        }
        for flow in new.flows.iter().filter(|flow| !flows.before.contains_key(flow.name)) {
            let subject = format!("{name} ({})", flow.name);
            let value = Some(json!(subject));
            self.state(
                Difference::new(ChangeKind::SecurityAlternativeAdded).about(subject).after(value),
                Direction::ToProvider,
                at,
            );
        }
    }
}

/// Both documents, for what their addresses are relative to.
struct SchemeAddresses<'c, 'd> {
    before: &'c Contract<'d>,
    after: &'c Contract<'d>,
}

impl SchemeAddresses<'_, '_> {
    /// Whether two addresses are one; a relative one is resolved against the servers (OpenAPI 3.1 section 4.6).
    fn is_one(&self, old: &str, new: &str) -> bool {
        let resolved = |contract: &Contract<'_>, reference: &str| -> Vec<NormalUrl> {
            let servers = contract.servers.iter().take(MOST_BASES);
            let bases = servers.map(|server| {
                let variables = server.address_variables();
                server.address_with(variables.iter().map(|variable| variable.default.unwrap_or("{}")))
            });
            // Whether a server ends in a slash, which is what a bare name is resolved by, most people leave to chance.
            let folders = bases.flat_map(|base| [NormalUrl { path: format!("{}/", base.path), ..base.clone() }, base]);
            folders.map(|base| base.resolve(reference)).chain([NormalUrl::of(reference)]).collect()
        };
        let theirs = resolved(self.after, new);
        resolved(self.before, old).iter().any(|address| theirs.contains(address))
    }

    /// Whether whoever uses the old flow can go on with the new one.
    fn keeps(&self, old: &OAuthFlow<'_>, new: &OAuthFlow<'_>) -> bool {
        let find = |flow: &OAuthFlow<'_>, field: &str| {
            flow.addresses.iter().find(|(name, _)| *name == field).map(|(_, address)| (*address).to_owned())
        };
        let is_same = |field: &str| match (find(old, field), find(new, field)) {
            (Some(old), Some(new)) => self.is_one(&old, &new),
            (old, new) => old == new,
        };
        let renewal = |flow: &OAuthFlow<'_>| find(flow, REFRESH).or_else(|| find(flow, "tokenUrl"));
        let is_renewed = match find(old, REFRESH) {
            Some(old) => renewal(new).is_some_and(|new| self.is_one(&old, &new)),
            None => true,
        };
        let fields = old.addresses.iter().chain(&new.addresses).map(|(field, _)| *field);
        old.name == new.name && is_renewed && fields.filter(|field| *field != REFRESH).all(is_same)
    }
}

/// Everything about a scheme that a client must follow, in one text.
fn show(scheme: &SecurityScheme<'_>) -> String {
    let flows = scheme.flows.iter().map(|flow| {
        let addresses = flow.addresses.iter().map(|(field, address)| format!(" {field}={address}"));
        addresses.fold(flow.name.to_owned(), |text, address| text + &address)
    });
    let parts = [scheme.shape.clone()].into_iter().chain(scheme.discovery.map(str::to_owned)).chain(flows);
    parts.collect::<Vec<String>>().join(" ")
}

/// Swagger 2.0 can say "bearer" only as an API key in the header that bearer tokens travel in.
fn is_bearer(one: &str, other: &str) -> bool {
    let spelt = ["http bearer", "apiKey header authorization"];
    spelt.contains(&one) && spelt.contains(&other)
}

/// The flows of a scheme by name; of each name there is one, but for what Swagger 2.0 adds.
fn flows_by_name<'s, 'd>(scheme: &'s SecurityScheme<'d>) -> HashMap<&'d str, Vec<&'s OAuthFlow<'d>>> {
    let mut flows: HashMap<&str, Vec<&OAuthFlow<'_>>> = HashMap::new();
    for flow in &scheme.flows {
        flows.entry(flow.name).or_default().push(flow);
    }
    flows
}
