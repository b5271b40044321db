//! Schemas of a document that nobody can call: others refer to them, in what they send and in what they receive.

use std::borrow::Cow;

use super::super::contract::{Media, Operation, OperationKind, RequestBody, Response, UnreadParts};
use super::super::document::Dialect;
use super::super::pointer::Pointers;
use super::lowering::Lowering;

/// What stands in the place of a media type: nothing is written in a certain way.
const ANY_MEDIA_TYPE: &str = "application/json";

/// Each named schema as an operation that takes and returns its values.
pub(super) fn document<'d>(lowering: &mut Lowering<'d>) -> Vec<Operation<'d>> {
    let root = lowering.root;
    let section = match lowering.dialect {
        Dialect::Swagger20 => lowering.object(root, "definitions", Pointers::ROOT),
        _ => root.get("components").and_then(|components| {
            let at = lowering.pointers.child(Pointers::ROOT, "components");
            lowering.object(components, "schemas", at)
        }),
    };
    let Some((schemas, at)) = section else { return Vec::new() };
    let mut operations = Vec::new();
    for (name, value) in schemas {
        let here = lowering.pointers.child(at, name.as_str());
        let schema = lowering.schema(value, here);
        let content = || {
            let name = ANY_MEDIA_TYPE.to_owned();
            vec![Media { spelled: name.clone(), name, schema, encoding: Vec::new(), at: here }]
        };
        operations.push(Operation {
            kind: OperationKind::Component,
            method: "schema".to_owned(),
            path: Cow::Borrowed(name.as_str()),
            shape: name.to_string(),
            variables: Vec::new(),
            operation_id: None,
            deprecated: false,
            parameters: Vec::new(),
            body: Some(RequestBody { required: true, content: content(), at: here }),
            responses: vec![Response {
                status: "200".to_owned(),
                headers: Vec::new(),
                content: content(),
                links: Vec::new(),
                at: here,
            }],
            unread: UnreadParts::default(),
            security: Vec::new(),
            servers: None,
            authorization: None,
            security_at: Pointers::ROOT,
            tags: Vec::new(),
            stability: None,
            value,
            at: here,
        });
    }
    operations
}
