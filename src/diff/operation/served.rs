//! Which list of servers holds for an operation: its own, that of its path item, or that of the document.

use std::collections::HashMap;

use crate::openapi::{Contract, Dialect, Operation, Server, UrlOrigin};

use super::server_list::ServerList;

/// The list of the whole document.
pub(super) const DOCUMENT: usize = 0;

/// The lists of servers of one document: that of all operations first, then each that an operation or a path item has
/// instead, once where several say the same.
pub(super) struct Served<'c> {
    lists: Vec<ServerList<'c>>,
    by_text: HashMap<String, usize>,
    /// The number of each list that an operation has of its own, by where that is kept.
    numbers: HashMap<*const Server<'c>, usize>,
    /// Where each stands.
    homes: Vec<String>,
}

impl<'c> Served<'c> {
    pub(super) fn of(contract: &'c Contract<'_>) -> Self {
        let home = if contract.dialect == Dialect::Swagger20 { "/host" } else { "/servers" };
        let mut served = Self {
            lists: vec![ServerList::of(&contract.servers)],
            by_text: HashMap::from([(text(&contract.servers), DOCUMENT)]),
            numbers: HashMap::new(),
            homes: vec![home.to_owned()],
        };
        for operation in &contract.operations {
            let Some(own) = &operation.servers else { continue };
            let number = *served.by_text.entry(text(own)).or_insert(served.lists.len());
            served.numbers.insert(kept_at(own), number);
            if number == served.lists.len() {
                served.lists.push(ServerList::of(own));
                let home = own.first().map(|server| contract.pointers.text(server.at)).unwrap_or_default();
                served.homes.push(home.rsplit_once('/').map_or("", |(home, _)| home).to_owned());
            }
        }
        served
    }

    /// The number of the list that holds for an operation.
    pub(super) fn number(&self, operation: &Operation<'_>) -> usize {
        operation.servers.as_ref().and_then(|own| self.numbers.get(&kept_at(own)).copied()).unwrap_or(DOCUMENT)
    }

    pub(super) fn list(&self, number: usize) -> Option<&ServerList<'c>> {
        self.lists.get(number)
    }

    /// Where a list stands.
    pub(super) fn home(&self, number: usize) -> String {
        self.homes.get(number).cloned().unwrap_or_default()
    }

    /// What the address of an operation begins with.
    pub(super) fn bases(&self, operation: &Operation<'_>) -> &[(UrlOrigin, String)] {
        self.list(self.number(operation)).map_or(&[], |list| list.bases.as_slice())
    }

    /// Whether all operations of both documents use one list that says the same.
    pub(super) fn is_one(&self, other: &Self) -> bool {
        self.lists.len() == 1 && other.lists.len() == 1 && self.by_text.keys().eq(other.by_text.keys())
    }
}

/// Where a list is kept, which is never empty: no two operations keep theirs in one place.
fn kept_at<'c>(servers: &[Server<'_>]) -> *const Server<'c> {
    servers.as_ptr().cast()
}

/// What a list says, in one comparable text.
fn text(servers: &[Server<'_>]) -> String {
    servers.iter().map(|server| format!("{:?} {:?} ", server.url, server.variables)).collect()
}
