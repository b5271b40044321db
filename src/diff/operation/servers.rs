//! Facts of the places an API is served from, at all three levels.

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Dialect, PointerId, Server, ServerVariable};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Fragment, Site};
use super::super::fact::{Difference, Fact};
use super::super::walk::Walk;
use super::pair::OperationPair;

/// Pairs of addresses that are compared with each other; a real document has a dozen.
const MOST_PAIRS: usize = 10_000;

/// Compares the servers of the whole document. Where a prefix went from them into the paths, or back, every address is
/// as it was.
pub(super) fn compare_document_servers(walk: &mut Walk<'_, '_>, is_shifted: bool) {
    if is_shifted {
        return;
    }
    let (before, after) = (walk.before, walk.after);
    let home = if before.dialect == Dialect::Swagger20 { "/host" } else { "/servers" };
    let lists = ServerLists {
        servers: BeforeAfter { before: &before.servers, after: &after.servers },
        home: Site { before: home.to_owned(), after: "/servers".to_owned() },
        operation: None,
    };
    lists.compare(walk);
}

impl OperationPair<'_, '_, '_, '_> {
    /// Servers that the operation or its path item names itself, instead of those of the document.
    pub(super) fn own_servers(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.servers.is_none() && new.servers.is_none() {
            return;
        }
        let (before, after) = (self.walk.before, self.walk.after);
        let servers = BeforeAfter {
            before: old.servers.as_deref().unwrap_or(&before.servers),
            after: new.servers.as_deref().unwrap_or(&after.servers),
        };
        let lists = ServerLists { servers, home: self.walk.site(self.home()), operation: Some(self.number) };
        lists.compare(self.walk);
    }
}

/// The servers that both sides name at one level.
struct ServerLists<'s, 'd> {
    servers: BeforeAfter<&'s [Server<'d>]>,
    /// Where the lists stand.
    home: Site,
    /// The operation whose lists they are; none for those of the document.
    operation: Option<usize>,
}

impl ServerLists<'_, '_> {
    /// A fact about a server of either list, or of both.
    fn state(&self, walk: &mut Walk<'_, '_>, difference: Difference, at: BeforeAfter<Option<PointerId>>) {
        let home = &self.home;
        let site = Site {
            before: at.before.map_or_else(|| home.before.clone(), |at| walk.text_before(at)),
            after: at.after.map_or_else(|| home.after.clone(), |at| walk.text_after(at)),
        };
        let fragment = Fragment { before: Some(home.before.clone()), after: Some(home.after.clone()) };
        let fact = Fact { difference, direction: Direction::Neither, site, fragment, compared: None };
        walk.state(fact, self.operation);
    }

    fn compare(&self, walk: &mut Walk<'_, '_>) {
        let BeforeAfter { before, after } = self.servers;
        // No server means "where the description is served" (OpenAPI 3.1 section 4.8.1), which no document tells:
        // that a full address went is known, where it leads now is not.
        let is_full = |server: &&Server<'_>| server.url.contains("//");
        if before.is_empty() {
            return;
        }
        if before.len().saturating_mul(after.len()) > MOST_PAIRS {
            return walk.give_up();
        }
        // One address `/` is what no list means.
        let is_unnamed = after.iter().all(|server| server.url.is_empty()) && before.iter().any(|server| is_full(&server));
        let shown = |server: &Server<'_>| if server.url.is_empty() { "/".to_owned() } else { server.url.to_string() };
        let same = |a: &Server<'_>, b: &Server<'_>| a.url == b.url || a.leads_where(b);
        if after.is_empty() || is_unnamed {
            if let Some(server) = before.iter().find(is_full) {
                let value = Some(json!(server.url));
                self.state(
                    walk,
                    Difference::new(ChangeKind::ServersNoLongerNamed).about(server.url.to_string()).before(value),
                    BeforeAfter::new(Some(server.at), None),
                );
            }
            return;
        }
        let gone: Vec<&Server<'_>> = before.iter().filter(|server| !after.iter().any(|other| same(server, other))).collect();
        let fresh: Vec<&Server<'_>> = after.iter().filter(|server| !before.iter().any(|other| same(server, other))).collect();
        if let ([old], [new]) = (gone.as_slice(), fresh.as_slice()) {
            let values = BeforeAfter::new(Some(json!(shown(old))), Some(json!(shown(new))));
            self.state(
                walk,
                Difference::new(ChangeKind::ServerReplaced).about(shown(old)).values(values),
                BeforeAfter::new(Some(old.at), Some(new.at)),
            );
        } else {
            for server in gone {
                let value = Some(json!(server.url));
                self.state(
                    walk,
                    Difference::new(ChangeKind::ServerRemoved).about(server.url.to_string()).before(value),
                    BeforeAfter::new(Some(server.at), None),
                );
            }
            for server in fresh {
                let value = Some(json!(server.url));
                self.state(
                    walk,
                    Difference::new(ChangeKind::ServerAdded).about(server.url.to_string()).after(value),
                    BeforeAfter::new(None, Some(server.at)),
                );
            }
        }
        for server in before {
            let counterpart =
                after.iter().find(|other| other.url == server.url).or_else(|| after.iter().find(|other| same(server, other)));
            let Some(other) = counterpart else { continue };
            for variable in &server.variables {
                let Some(now) = other.variables.iter().find(|now| now.name == variable.name) else { continue };
                if now != variable {
                    let show = |variable: &ServerVariable<'_>| match variable.allowed.as_slice() {
                        [] => Some(json!(variable.default)),
                        allowed => Some(json!(format!("{} (of {})", variable.default, allowed.join(", ")))),
                    };
                    let values = BeforeAfter::new(show(variable), show(now));
                    let takes = |value: &&str| now.allowed.is_empty() || now.allowed.contains(value);
                    let is_wider = now.default == variable.default && !variable.allowed.is_empty();
                    let kind = if is_wider && variable.allowed.iter().all(takes) {
                        ChangeKind::ServerVariableWidened
                    } else {
                        ChangeKind::ServerVariableChanged
                    };
                    self.state(
                        walk,
                        Difference::new(kind).about(variable.name).values(values),
                        BeforeAfter::new(Some(server.at), Some(other.at)),
                    );
                }
            }
        }
    }
}
