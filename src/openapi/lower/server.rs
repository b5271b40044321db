//! Where an API is served from, OpenAPI 3.0 to 3.2.

use std::borrow::Cow;

use super::super::contract::{Server, ServerVariable};
use super::super::pointer::PointerId;
use super::super::value::Value;
use super::field::text;
use super::lowering::Lowering;

impl<'d> Lowering<'d> {
    /// The servers of a document, path item or operation, where it names any.
    pub(super) fn servers(&mut self, owner: &'d Value, at: PointerId) -> Option<Vec<Server<'d>>> {
        let (list, at) = self.list(owner, "servers", at)?;
        let mut servers = Vec::new();
        for (index, server) in list.iter().enumerate() {
            let at = self.pointers.child(at, index.to_string());
            match text(server, "url") {
                Some(url) => servers.push(Server { url: Cow::Borrowed(url), variables: variables(server), at }),
                None => self.odd(at, "a server needs a URL; it was skipped"),
            }
        }
        (!servers.is_empty()).then_some(servers)
    }
}

/// The variables of a server.
fn variables(server: &Value) -> Vec<ServerVariable<'_>> {
    let map = server.get("variables").and_then(Value::as_object).into_iter().flatten();
    map.map(|(name, variable)| {
        let mut allowed: Vec<&str> =
            variable.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        allowed.sort_unstable();
        ServerVariable { name, default: text(variable, "default").unwrap_or_default(), allowed }
    })
    .collect()
}
