//! Facts of two lists of servers: which addresses a caller loses, and by what edit.
//!
//! What counts is the set of full addresses. Where a part of them moved between the servers and the paths, it is
//! counted on both sides before they are compared.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value as Json, json};

use crate::openapi::{AddressVariable, NormalUrl, PointerId, UrlOrigin};

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::server_list::{AddressFound, ListedServer, ServerList, Shift};

/// A difference between two lists, and the servers it is about.
pub(super) struct ServerDifference {
    pub(super) difference: Difference,
    pub(super) at: BeforeAfter<Option<PointerId>>,
}

/// Two lists of servers that the same operations use.
pub(super) struct ServerLists<'l, 'c> {
    pub(super) lists: BeforeAfter<&'l ServerList<'c>>,
    pub(super) shift: Shift,
}

/// What the new list has of a server of the old one.
#[derive(Default)]
struct Kept {
    /// The server that still has one of its addresses.
    by: Option<usize>,
    /// A server that may have one of them.
    perhaps: Option<usize>,
    /// Whether one of them is nowhere.
    is_missed: bool,
}

impl<'c> ServerLists<'_, 'c> {
    /// Everything that differs.
    pub(super) fn compare(&self) -> Vec<ServerDifference> {
        let BeforeAfter { before, after } = self.lists;
        let kept: Vec<Kept> = before.servers.iter().map(|server| self.kept(server)).collect();
        let mut found = Vec::new();
        if !after.is_named && before.is_named {
            // That the address went is known, where it leads now is not: the list may only have been left out.
            let unsure = before.servers.iter().zip(&kept).find(|(_, kept)| kept.is_missed || kept.perhaps.is_some());
            found.extend(unsure.map(|(server, _)| no_longer_named(server, None)));
            return found;
        }
        // Which host was called until now nobody said: a host that is named now may be that one, or another. Its root is what no
        // list stands for; a path in front would move every call.
        let has_host = |server: &ListedServer<'_>| matches!(server.template.origin, UrlOrigin::Host(_));
        let may_be_there = kept.iter().all(|kept| !kept.is_missed || kept.perhaps.is_some());
        if !before.is_named && after.is_named && may_be_there && after.servers.iter().all(has_host) {
            found.extend(after.servers.first().map(|server| {
                let difference = Difference::new(ChangeKind::ServersNamed).about(server.shown.clone());
                let at = BeforeAfter::new(None, server.at);
                ServerDifference { difference: difference.after(json!(server.shown)), at }
            }));
            return found;
        }
        // A host that is named now was only left out; where no server was named, nothing was said that could change.
        let is_unsure = |server: &ListedServer<'_>, other: &ListedServer<'_>| {
            let is_host_named = matches!(other.template.origin, UrlOrigin::Host(_));
            before.is_named && !(server.template.origin == UrlOrigin::DescriptionHost && is_host_named)
        };
        let unsure = before.servers.iter().zip(&kept).find_map(|(server, kept)| {
            let other = after.servers.get(kept.perhaps?)?;
            is_unsure(server, other).then_some((server, other))
        });
        found.extend(unsure.map(|(server, other)| no_longer_named(server, Some(other))));
        let pairs = self.pairs();
        let mut gone = Vec::new();
        for ((server, kept), pair) in before.servers.iter().zip(&kept).zip(&pairs) {
            let other = pair.and_then(|number| after.servers.get(number));
            let is_missed = kept.is_missed || server.addresses.is_empty();
            // Written alike but for what the variables may be: nothing else can take an address away.
            if let Some(other) = other.filter(|other| is_same_scheme(server, other)) {
                found.extend(variables(server, other, is_missed));
            } else if is_missed {
                match server.variables.iter().find(|variable| variable.allowed.is_none() && kept.by.is_some()) {
                    // Where the address may be anything, whether somebody set more than the default nobody can tell.
                    Some(variable) => {
                        let other = kept.by.and_then(|number| after.servers.get(number));
                        let values = BeforeAfter::new(Some(shown(variable)), other.map(|other| json!(other.shown)));
                        found.push(about(ChangeKind::ServerVariableChanged, variable.name, values, server, other));
                    }
                    None => gone.push((server, kept)),
                }
            }
        }
        let fresh = self.fresh(&pairs);
        let replaced = match (gone.as_slice(), fresh.as_slice()) {
            ([(old, _)], [new]) => Some((*old, *new)),
            // Some of its addresses are all that is listed now.
            ([(old, Kept { by: Some(by), .. })], []) => after.servers.get(*by).map(|new| (*old, new)),
            _ => None,
        };
        if let Some((old, new)) = replaced {
            let values = BeforeAfter::new(Some(json!(old.shown)), Some(json!(new.shown)));
            found.push(about(ChangeKind::ServerReplaced, &old.shown, values, old, Some(new)));
            return found;
        }
        for (server, _) in gone {
            let values = BeforeAfter::new(Some(json!(server.shown)), None);
            found.push(about(ChangeKind::ServerRemoved, &server.shown, values, server, None));
        }
        // Where no server was named, nothing was said that one more could add to.
        for server in fresh.into_iter().filter(|_| before.is_named) {
            let difference = Difference::new(ChangeKind::ServerAdded).about(server.shown.clone()).after(json!(server.shown));
            found.push(ServerDifference { difference, at: BeforeAfter::new(None, server.at) });
        }
        found
    }

    fn kept(&self, server: &ListedServer<'_>) -> Kept {
        let mut kept = Kept::default();
        for address in &server.addresses {
            let moved = self.shift.apply(address);
            match moved.map_or(AddressFound::Nowhere, |address| self.lists.after.find(&address)) {
                AddressFound::Listed(number) => kept.by = kept.by.or(Some(number)),
                AddressFound::Perhaps(number) => kept.perhaps = kept.perhaps.or(Some(number)),
                AddressFound::Nowhere => kept.is_missed = true,
            }
        }
        // A variable that may be anything is no address by itself; what it is when nobody sets it is one.
        if let Some(address) = server.default.as_ref().and_then(|address| self.shift.apply(address))
            && let AddressFound::Listed(number) = self.lists.after.find(&address)
        {
            kept.by = kept.by.or(Some(number));
        }
        kept
    }

    /// For each old server the new one that is written alike but for what its variables may be: those with the same
    /// values first, then in order.
    fn pairs(&self) -> Vec<Option<usize>> {
        let BeforeAfter { before, after } = self.lists;
        let values = |server: &ListedServer<'c>| -> Vec<(Option<&'c str>, Option<Vec<&'c str>>)> {
            server.variables.iter().map(|variable| (variable.default, variable.allowed.clone())).collect()
        };
        let place = |address: &NormalUrl| (address.origin.clone(), address.path.clone());
        let (mut alike, mut similar) = (HashMap::new(), HashMap::new());
        for (number, server) in after.servers.iter().enumerate() {
            let place = place(&server.template);
            alike.entry((place, values(server))).or_insert_with(VecDeque::new).push_back(number);
        }
        let mut pairs: Vec<Option<usize>> = Vec::with_capacity(before.servers.len());
        let mut is_taken = vec![false; after.servers.len()];
        for server in &before.servers {
            let place = self.shift.apply(&server.template).map(|address| place(&address));
            let number = place.and_then(|place| alike.get_mut(&(place, values(server)))?.pop_front());
            if let Some(taken) = number.and_then(|number| is_taken.get_mut(number)) {
                *taken = true;
            }
            pairs.push(number);
        }
        for (number, server) in after.servers.iter().enumerate().filter(|(number, _)| is_taken.get(*number) == Some(&false)) {
            similar.entry(place(&server.template)).or_insert_with(VecDeque::new).push_back(number);
        }
        for (server, pair) in before.servers.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let place = self.shift.apply(&server.template).map(|address| place(&address));
            *pair = place.and_then(|place| similar.get_mut(&place)?.pop_front());
        }
        pairs
    }

    /// New servers with an address that was not listed before.
    fn fresh(&self, pairs: &[Option<usize>]) -> Vec<&ListedServer<'c>> {
        let BeforeAfter { before, after } = self.lists;
        let back = self.shift.clone().reversed();
        let is_known =
            |address: &NormalUrl| back.apply(address).is_some_and(|address| before.find(&address) != AddressFound::Nowhere);
        let mut counterparts: Vec<Option<&ListedServer<'c>>> = vec![None; after.servers.len()];
        for (server, number) in before.servers.iter().zip(pairs) {
            if let Some(slot) = number.and_then(|number| counterparts.get_mut(number)) {
                *slot = Some(server);
            }
        }
        // What a variable takes more of one that is written alike is said of the variable.
        let is_alike = |new: &ListedServer<'_>, old: Option<&ListedServer<'_>>| old.is_some_and(|old| is_same_scheme(old, new));
        let servers = after.servers.iter().zip(counterparts);
        let fresh = servers.filter(|(server, old)| !is_alike(server, *old) && !server.addresses.iter().all(is_known));
        fresh.map(|(server, _)| server).collect()
    }
}

/// Whether two servers speak one scheme, or one of them that of the description.
fn is_same_scheme(old: &ListedServer<'_>, new: &ListedServer<'_>) -> bool {
    let (old, new) = (&old.template.scheme, &new.template.scheme);
    old == new || old.is_none() || new.is_none()
}

/// What differs between the variables of two servers that are written alike, one difference for each.
fn variables(old: &ListedServer<'_>, new: &ListedServer<'_>, is_missed: bool) -> Vec<ServerDifference> {
    let mut found = Vec::new();
    for (was, is) in old.variables.iter().zip(&new.variables) {
        let kind = match (&was.allowed, &is.allowed) {
            (Some(some), Some(others)) if is_missed && some.iter().any(|value| others.binary_search(value).is_err()) => {
                ChangeKind::ServerVariableValueRemoved
            }
            (None, Some(_)) => ChangeKind::ServerVariableChanged,
            _ if was.default != is.default => ChangeKind::ServerVariableChanged,
            (Some(some), Some(others)) if others.iter().all(|value| some.binary_search(value).is_ok()) => continue,
            (None, None) => continue,
            (Some(_), _) => ChangeKind::ServerVariableWidened,
        };
        found.push(about(kind, was.name, BeforeAfter::new(Some(shown(was)), Some(shown(is))), old, Some(new)));
    }
    found
}

/// What a variable is when nobody sets it, and what it may be.
fn shown(variable: &AddressVariable<'_>) -> Json {
    let default = variable.default.unwrap_or("nothing");
    match &variable.allowed {
        None => json!(default),
        Some(allowed) => json!(format!("{default} (of {})", allowed.join(", "))),
    }
}

fn no_longer_named(server: &ListedServer<'_>, now: Option<&ListedServer<'_>>) -> ServerDifference {
    let values = BeforeAfter::new(Some(json!(server.shown)), now.map(|now| json!(now.shown)));
    about(ChangeKind::ServersNoLongerNamed, &server.shown, values, server, now)
}

fn about(
    kind: ChangeKind,
    subject: &str,
    values: BeforeAfter<Option<Json>>,
    old: &ListedServer<'_>,
    new: Option<&ListedServer<'_>>,
) -> ServerDifference {
    let at = BeforeAfter::new(old.at, new.and_then(|new| new.at));
    ServerDifference { difference: Difference::new(kind).about(subject).values(values), at }
}
