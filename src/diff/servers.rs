//! Facts of the places an API is served from, at all three levels.

use serde_json::{Value as Json, json};

use crate::model::Direction;
use crate::openapi::{Dialect, PointerId, Server, ServerVariable};

use super::change::{ChangeKind, Evidence, Fragment, Site};
use super::matching::Matching;
use super::operation::Pairing;
use super::walk::{Fact, Walk};

/// Pairs of addresses that are held against each other; a real document has a dozen.
const MOST_PAIRS: usize = 10_000;

/// Compares the servers of the whole document.
pub(super) fn document(walk: &mut Walk<'_, '_>, matching: &Matching<'_, '_>) {
    let (before, after) = (walk.before, walk.after);
    // A prefix that went from the servers into the paths, or back, leaves every address as it was.
    if matching.is_shifted {
        return;
    }
    let home = if before.dialect == Dialect::Swagger20 { "/host" } else { "/servers" };
    compare(walk, (&before.servers, &after.servers), &(home.to_owned(), "/servers".to_owned()), None);
}

impl Pairing<'_, '_, '_, '_> {
    /// Servers that the operation or its path item names itself, instead of those of the document.
    pub(super) fn own_servers(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.servers.is_none() && new.servers.is_none() {
            return;
        }
        let (before, after) = (self.walk.before, self.walk.after);
        let left = old.servers.as_deref().unwrap_or(&before.servers);
        let right = new.servers.as_deref().unwrap_or(&after.servers);
        let home = (self.walk.text_before(old.at), self.walk.text_after(new.at));
        compare(self.walk, (left, right), &home, Some(self.number));
    }
}

fn compare(
    walk: &mut Walk<'_, '_>,
    (before, after): (&[Server<'_>], &[Server<'_>]),
    home: &(String, String),
    operation: Option<usize>,
) {
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
    let mut state = |kind, subject: String, values: (Option<Json>, Option<Json>), at: (Option<PointerId>, Option<PointerId>)| {
        let site = Site {
            before: at.0.map_or_else(|| home.0.clone(), |at| walk.text_before(at)),
            after: at.1.map_or_else(|| home.1.clone(), |at| walk.text_after(at)),
        };
        let fragment = Fragment { before: Some(home.0.clone()), after: Some(home.1.clone()) };
        let evidence = Evidence::default();
        let fact = Fact {
            kind,
            direction: Direction::Neither,
            subject,
            before: values.0,
            after: values.1,
            evidence,
            site,
            fragment,
            compared: None,
        };
        walk.state(fact, operation);
    };
    if after.is_empty() || is_unnamed {
        if let Some(server) = before.iter().find(is_full) {
            let value = Some(json!(server.url));
            state(ChangeKind::ServersNoLongerNamed, server.url.to_string(), (value, None), (Some(server.at), None));
        }
        return;
    }
    let gone: Vec<&Server<'_>> = before.iter().filter(|server| !after.iter().any(|other| same(server, other))).collect();
    let fresh: Vec<&Server<'_>> = after.iter().filter(|server| !before.iter().any(|other| same(server, other))).collect();
    if let ([old], [new]) = (gone.as_slice(), fresh.as_slice()) {
        let values = (Some(json!(shown(old))), Some(json!(shown(new))));
        state(ChangeKind::ServerReplaced, shown(old), values, (Some(old.at), Some(new.at)));
    } else {
        for server in gone {
            let value = Some(json!(server.url));
            state(ChangeKind::ServerRemoved, server.url.to_string(), (value, None), (Some(server.at), None));
        }
        for server in fresh {
            let value = Some(json!(server.url));
            state(ChangeKind::ServerAdded, server.url.to_string(), (None, value), (None, Some(server.at)));
        }
    }
    for server in before {
        let twin = after.iter().find(|other| other.url == server.url).or_else(|| after.iter().find(|other| same(server, other)));
        let Some(other) = twin else { continue };
        for variable in &server.variables {
            let Some(twin) = other.variables.iter().find(|twin| twin.name == variable.name) else { continue };
            if twin != variable {
                let show = |variable: &ServerVariable<'_>| match variable.allowed.as_slice() {
                    [] => Some(json!(variable.default)),
                    allowed => Some(json!(format!("{} (of {})", variable.default, allowed.join(", ")))),
                };
                let values = (show(variable), show(twin));
                let takes = |value: &&str| twin.allowed.is_empty() || twin.allowed.contains(value);
                let is_wider = twin.default == variable.default && !variable.allowed.is_empty();
                let kind = if is_wider && variable.allowed.iter().all(takes) {
                    ChangeKind::ServerVariableWidened
                } else {
                    ChangeKind::ServerVariableChanged
                };
                state(kind, variable.name.to_owned(), values, (Some(server.at), Some(other.at)));
            }
        }
    }
}
