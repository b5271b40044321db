//! The addresses that a list of servers stands for, ready to be looked up.

use std::collections::{BTreeMap, HashMap};

use crate::openapi::{AddressVariable, NormalUrl, PointerId, Server, UrlOrigin};

/// Addresses that one server with variables is written out as; with more it is compared variable by variable only.
const MOST_ADDRESSES: usize = 64;

/// Beginnings of addresses that operations are matched by, for each list.
const MOST_BASES: usize = 16;

/// Servers beside the description that an address is looked for among; nobody names two.
const MOST_BESIDE: usize = 16;

/// A server as its callers use it.
pub(super) struct ListedServer<'c> {
    /// As it is written; a list that is not there stands for `/` (OpenAPI 3.1 section 4.8.1).
    pub(super) shown: String,
    /// Where it stands, if it does.
    pub(super) at: Option<PointerId>,
    /// Its address with `{}` for each variable.
    pub(super) template: NormalUrl,
    pub(super) variables: Vec<AddressVariable<'c>>,
    /// Every address that its callers may have configured, `{}` standing for a variable that may be anything; none
    /// where they are too many.
    pub(super) addresses: Vec<NormalUrl>,
    /// Where a client goes that sets no variable, if the description says what it leaves them at.
    pub(super) default: Option<NormalUrl>,
}

impl<'c> ListedServer<'c> {
    fn of(server: &'c Server<'_>) -> Self {
        let variables = server.address_variables();
        let template = server.address_with(variables.iter().map(|_| "{}"));
        let number = variables
            .iter()
            .try_fold(1_usize, |number, variable| number.checked_mul(variable.allowed.as_ref().map_or(1, Vec::len)))
            .filter(|number| *number <= MOST_ADDRESSES);
        let addresses = number.map_or_else(Vec::new, |number| {
            let address = |index: usize| {
                let mut index = index;
                server.address_with(variables.iter().map(move |variable| {
                    let Some(allowed) = &variable.allowed else { return "{}" };
                    let value = allowed.get(index % allowed.len().max(1)).copied().unwrap_or_default();
                    index /= allowed.len().max(1);
                    value
                }))
            };
            (0..number).map(address).collect()
        });
        let defaults: Option<Vec<&str>> = variables.iter().map(|variable| variable.default).collect();
        let default = defaults.map(|values| server.address_with(values));
        let shown = server.url.trim_end_matches('/');
        let shown = if shown.is_empty() { "/" } else { shown }.to_owned();
        Self { shown, at: Some(server.at), template, variables, addresses, default }
    }

    /// The root of the host that the description is served from.
    fn root() -> Self {
        let root = NormalUrl::of("/");
        Self {
            shown: "/".to_owned(),
            at: None,
            template: root.clone(),
            variables: Vec::new(),
            addresses: vec![root],
            default: None,
        }
    }
}

/// Where an address was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressFound {
    /// This server has it.
    Listed(usize),
    /// This server has it if the description is served from the right place, which no document tells.
    Perhaps(usize),
    /// No server has it.
    Nowhere,
}

/// The servers of one list, with the addresses they stand for.
pub(super) struct ServerList<'c> {
    pub(super) servers: Vec<ListedServer<'c>>,
    /// Whether it says more than no list would.
    pub(super) is_named: bool,
    /// Servers by origin and path, then by scheme.
    addresses: HashMap<(UrlOrigin, String), BTreeMap<Option<String>, usize>>,
    /// Servers with a host by their path.
    paths: HashMap<String, usize>,
    /// Servers beside the description, with their path.
    beside: Vec<(String, usize)>,
    /// What the addresses of operations begin with, without the scheme.
    pub(super) bases: Vec<(UrlOrigin, String)>,
}

impl<'c> ServerList<'c> {
    pub(super) fn of(servers: &'c [Server<'_>]) -> Self {
        let listed = if servers.is_empty() { vec![ListedServer::root()] } else { servers.iter().map(ListedServer::of).collect() };
        let mut list = Self {
            is_named: listed.iter().any(|server| server.template != NormalUrl::of("/")),
            servers: Vec::new(),
            addresses: HashMap::new(),
            paths: HashMap::new(),
            beside: Vec::new(),
            bases: Vec::new(),
        };
        for (number, server) in listed.into_iter().enumerate() {
            for address in server.addresses.iter().chain(&server.default) {
                list.add(address, number);
            }
            list.servers.push(server);
        }
        list
    }

    /// Addresses that comparing it looks up.
    pub(super) fn size(&self) -> usize {
        self.servers.iter().map(|server| server.addresses.len() + 1).sum()
    }

    fn add(&mut self, address: &NormalUrl, number: usize) {
        let base = (address.origin.clone(), address.path.clone());
        if self.bases.len() < MOST_BASES && !self.bases.contains(&base) {
            self.bases.push(base.clone());
        }
        match address.origin {
            UrlOrigin::Host(_) => {
                self.paths.entry(address.path.clone()).or_insert(number);
            }
            UrlOrigin::DescriptionFolder if self.beside.len() < MOST_BESIDE => self.beside.push((address.path.clone(), number)),
            UrlOrigin::DescriptionFolder | UrlOrigin::DescriptionHost => {}
        }
        self.addresses.entry(base).or_default().entry(address.scheme.clone()).or_insert(number);
    }

    /// Which server has an address.
    pub(super) fn find(&self, address: &NormalUrl) -> AddressFound {
        if let Some(schemes) = self.addresses.get(&(address.origin.clone(), address.path.clone())) {
            let server = match &address.scheme {
                None => schemes.values().next(),
                Some(_) => schemes.get(&address.scheme).or_else(|| schemes.get(&None)),
            };
            if let Some(server) = server {
                return AddressFound::Listed(*server);
            }
        }
        let perhaps = match address.origin {
            UrlOrigin::Host(_) => self.find_schemeless(UrlOrigin::DescriptionHost, &address.path),
            UrlOrigin::DescriptionHost => self.paths.get(&address.path).copied(),
            UrlOrigin::DescriptionFolder => self
                .find_schemeless(UrlOrigin::DescriptionHost, &address.path)
                .or_else(|| self.paths.get(&address.path).copied())
                .or_else(|| address.path.is_empty().then_some(0)),
        };
        let beside = || self.beside.iter().find(|(path, _)| address.path.ends_with(path.as_str())).map(|(_, number)| *number);
        perhaps.or_else(beside).map_or(AddressFound::Nowhere, AddressFound::Perhaps)
    }

    fn find_schemeless(&self, origin: UrlOrigin, path: &str) -> Option<usize> {
        self.addresses.get(&(origin, path.to_owned()))?.values().next().copied()
    }
}

/// A part of the address that stands before the path of an operation on one side, and in the path on the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shift {
    /// What the path before has more than the path after.
    pub(super) before: String,
    /// What the path after has more than the path before.
    pub(super) after: String,
}

impl Shift {
    /// What one path has more than the other in front; nothing where they end differently.
    pub(super) fn between(before: &str, after: &str) -> Self {
        let more = |long: &str, short: &str| long.strip_suffix(short).unwrap_or_default().to_owned();
        Self { before: more(before, after), after: more(after, before) }
    }

    /// The same seen from the other side.
    pub(super) fn reversed(self) -> Self {
        Self { before: self.after, after: self.before }
    }

    /// The server that has this address when what moved stands in the path after; none where it would have to end there.
    pub(super) fn apply(&self, address: &NormalUrl) -> Option<NormalUrl> {
        let path = format!("{}{}", address.path, self.before);
        let path = path.strip_suffix(self.after.as_str())?.to_owned();
        Some(NormalUrl { path, ..address.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_into_the_path_is_counted_on_both_sides() {
        let shift = Shift::between("/boats", "/v2/boats");
        let apply = |url: &str| shift.apply(&NormalUrl::of(url)).map(|url| url.to_string());
        assert_eq!(apply("https://a.example/v2").as_deref(), Some("https://a.example"));
        assert_eq!(apply("https://a.example/api/v2").as_deref(), Some("https://a.example/api"));
        assert_eq!(apply("https://a.example/v1"), None);
        let back = shift.reversed().apply(&NormalUrl::of("https://a.example"));
        assert_eq!(back, Some(NormalUrl::of("https://a.example/v2")));
        assert_eq!(Shift::between("/boats", "/crew"), Shift::default());
    }
}
