//! Security schemes and requirements of all dialects.

use std::collections::HashSet;

use super::super::contract::{Location, OAuthFlow, Requirement, SecurityScheme};
use super::super::pointer::{PointerId, Pointers};
use super::super::value::{Map, Value};
use super::field::text;
use super::lowering::Lowering;

/// What is required to be called, and where that stands.
#[derive(Debug, Default)]
pub(super) struct Security<'d> {
    /// The alternatives; empty means that nothing is needed.
    pub(super) requirements: Vec<Requirement<'d>>,
    /// None where nobody says it.
    pub(super) at: Option<PointerId>,
}

impl<'d> Lowering<'d> {
    /// Reads the declared schemes into the contract.
    pub(super) fn schemes(&mut self, map: &'d Map, at: PointerId) {
        for (name, value) in map {
            let here = self.pointers.child(at, name.as_str());
            if let Some((value, at)) = self.follow_object(value, here, "a security scheme") {
                self.schemes.push(SecurityScheme {
                    name,
                    shape: shape(value),
                    carrier: carrier(value),
                    discovery: text(value, "openIdConnectUrl").or_else(|| text(value, "oauth2MetadataUrl")),
                    flows: flows(value),
                    at,
                });
            }
        }
    }

    /// What the whole document requires of operations that say nothing else.
    pub(super) fn document_security(&mut self) -> Security<'d> {
        let Some(value) = self.root.get("security") else { return Security::default() };
        let at = self.pointers.child(Pointers::ROOT, "security");
        Security { requirements: self.requirements(value, at), at: Some(at) }
    }

    /// What an operation requires, and where that stands: its own, or what holds for all of them.
    pub(super) fn operation_security(
        &mut self,
        operation: &'d Value,
        at: PointerId,
        shared: &Security<'d>,
    ) -> (Vec<Requirement<'d>>, PointerId) {
        match operation.get("security") {
            Some(own) => {
                let here = self.pointers.child(at, "security");
                (self.requirements(own, here), here)
            }
            // Each operation has a copy of its own.
            None if !self.afford(shared.requirements.len()) => (Vec::new(), shared.at.unwrap_or(at)),
            None => (shared.requirements.clone(), shared.at.unwrap_or(at)),
        }
    }

    /// The alternatives of a `security` list. `{}` among them means that none is needed.
    fn requirements(&mut self, value: &'d Value, at: PointerId) -> Vec<Requirement<'d>> {
        let Value::Array(list) = value else {
            self.skip(at, "`security` must be a list; it was skipped");
            return Vec::new();
        };
        let (mut alternatives, mut known) = (Vec::new(), HashSet::new());
        for entry in list {
            if !self.afford(1) {
                break;
            }
            let Value::Object(map) = entry else { continue };
            if map.is_empty() {
                return Vec::new();
            }
            let mut schemes: Vec<(&str, Vec<&str>)> = Vec::new();
            for (name, scopes) in map {
                let mut scopes: Vec<&str> = scopes.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                scopes.sort_unstable();
                scopes.dedup();
                schemes.push((name, scopes));
            }
            schemes.sort_unstable();
            let requirement = Requirement { schemes };
            if known.insert(requirement.clone()) {
                alternatives.push(requirement);
            }
        }
        alternatives
    }
}

/// What a client must follow to use a scheme: not its description, and not the full list of scopes.
fn shape(value: &Value) -> String {
    let mut parts = vec![text(value, "type").unwrap_or("?").to_owned()];
    // Swagger 2.0 spells HTTP basic as a type of its own and an OAuth flow as one field.
    if parts == ["basic"] {
        return "http basic".to_owned();
    }
    for field in ["scheme", "in", "name"] {
        if let Some(found) = text(value, field) {
            let found = if field == "scheme" || text(value, "in") == Some("header") {
                found.to_ascii_lowercase()
            } else {
                found.to_owned()
            };
            parts.push(found);
        }
    }
    parts.join(" ")
}

/// What carries the credentials of a scheme: all but an API key travel in the header that HTTP has for them
/// (RFC 9110 section 11.6.2); a certificate is no part of the request.
fn carrier(value: &Value) -> Option<(Location, String)> {
    match text(value, "type")? {
        "apiKey" => {
            let name = text(value, "name")?;
            match text(value, "in")? {
                "header" => Some((Location::Header, name.to_ascii_lowercase())),
                "query" => Some((Location::Query, name.to_owned())),
                "cookie" => Some((Location::Cookie, name.to_owned())),
                _ => None,
            }
        }
        "mutualTLS" => None,
        _ => Some((Location::Header, "authorization".to_owned())),
    }
}

/// The OAuth flows of a scheme, sorted; Swagger 2.0 has one, under an older name.
fn flows(value: &Value) -> Vec<OAuthFlow<'_>> {
    let map = value.get("flows").and_then(Value::as_object).into_iter().flatten();
    let mut flows: Vec<OAuthFlow<'_>> = map.map(|(name, flow)| OAuthFlow { name, addresses: addresses(flow) }).collect();
    if let Some(flow) = text(value, "flow") {
        let name = match flow {
            "application" => "clientCredentials",
            "accessCode" => "authorizationCode",
            other => other,
        };
        flows.push(OAuthFlow { name, addresses: addresses(value) });
    }
    flows.sort_unstable();
    flows
}

fn addresses(flow: &Value) -> Vec<(&'static str, &str)> {
    let fields = ["authorizationUrl", "tokenUrl", "deviceAuthorizationUrl", "refreshUrl"];
    fields.into_iter().filter_map(|field| Some((field, text(flow, field)?))).collect()
}
