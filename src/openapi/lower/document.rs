//! A document into its [`Contract`].

use std::collections::HashMap;

use super::super::contract::{Contract, Operation, OperationKind, Server};
use super::super::document::{Dialect, Document};
use super::super::oddity::Oddity;
use super::lowering::Lowering;
use super::{library, operation, swagger2};

/// Gives a document its meaning. Never fails: what cannot be read becomes an [`Oddity`].
pub fn lower(document: &Document) -> Contract<'_> {
    let mut lowering = Lowering::new(document);
    let (mut operations, servers) = match document.dialect {
        Dialect::Swagger20 => swagger2::document(&mut lowering),
        _ => operation::document(&mut lowering),
    };
    if operations.is_empty() && lowering.unknown_paths.is_empty() {
        operations = library::document(&mut lowering);
    }
    lowering.finish(document, operations, servers)
}

impl<'d> Lowering<'d> {
    fn finish(mut self, document: &'d Document, operations: Vec<Operation<'d>>, servers: Vec<Server<'d>>) -> Contract<'d> {
        self.drain();
        let subtypes = self.subtypes();
        self.duplicates(&operations);
        let media = operations.iter().flat_map(|operation| {
            let bodies = operation.body.iter().map(|body| &body.content);
            bodies.chain(operation.responses.iter().map(|response| &response.content)).flatten()
        });
        let speaks_xml = media.into_iter().any(|media| media.name.contains("xml") || media.name.ends_with("/*"));
        self.oddities.sort();
        self.oddities.dedup();
        let exhausted = self.is_exhausted();
        Contract {
            root: &document.root,
            dialect: document.dialect,
            operations,
            schemas: self.schemas,
            servers,
            schemes: self.schemes,
            pointers: self.pointers,
            oddities: self.oddities,
            unknown_paths: self.unknown_paths,
            unread: self.unread,
            speaks_xml,
            subtypes,
            exhausted,
            bytes: document.bytes,
        }
    }

    /// Tells of two paths that match the same requests; both are compared.
    fn duplicates(&mut self, operations: &[Operation<'d>]) {
        let mut seen: HashMap<(&str, &str), &str> = HashMap::new();
        for operation in operations.iter().filter(|operation| operation.kind != OperationKind::Callback) {
            let key = (operation.method.as_str(), operation.shape.as_str());
            if let Some(first) = seen.insert(key, operation.path.as_ref())
                && first != operation.path.as_ref()
            {
                let message = format!("this path and {first} match the same requests ({}, Paths Object)", self.dialect.name());
                self.oddities.push(Oddity::new(self.pointers.text(operation.at), message));
            }
        }
    }
}
