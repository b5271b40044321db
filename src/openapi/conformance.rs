//! Whether an OpenAPI 3.0 description says what the specification lets it say.
//!
//! The contract is lowered from the raw document, because whole-document models refuse real descriptions
//! for one stray `null` and drop what they do not know. Read fragment by fragment, though, the typed model
//! of the `openapiv3` crate is a good second opinion: what it refuses is odd, at a pointer.

use serde::Deserialize;

use super::document::{Dialect, Document};
use super::oddity::Oddity;
use super::pointer::escape;
use super::value::{Text, Value};

/// Fields of a path item that are operations in 3.0.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// What the typed model refuses in a 3.0 description; nothing for other dialects, which it does not speak.
pub fn conformance(document: &Document) -> Vec<Oddity> {
    if document.dialect != Dialect::OpenApi30 {
        return Vec::new();
    }
    let mut odd = Vec::new();
    for (path, item) in members(document.root.get("paths")) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let pointer = format!("/paths/{}/{method}", escape(path));
                odd.extend(refused::<openapiv3::Operation>(operation, pointer, "operation"));
            }
        }
    }
    let components = document.root.get("components");
    let section = |name: &str| members(components.and_then(|components| components.get(name)));
    for (name, schema) in section("schemas") {
        let pointer = format!("/components/schemas/{}", escape(name));
        odd.extend(refused::<openapiv3::ReferenceOr<openapiv3::Schema>>(schema, pointer, "schema"));
    }
    for (name, scheme) in section("securitySchemes") {
        let pointer = format!("/components/securitySchemes/{}", escape(name));
        odd.extend(refused::<openapiv3::ReferenceOr<openapiv3::SecurityScheme>>(scheme, pointer, "security scheme"));
    }
    odd
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&Text, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn refused<'d, T: Deserialize<'d>>(value: &'d Value, pointer: String, what: &str) -> Option<Oddity> {
    let error = T::deserialize(value.to_json()).err()?.to_string();
    // What the model calls its own types says nothing to a reader.
    let is_plain = !["variant", "enum", "struct", "unit", "()"].iter().any(|word| error.contains(word));
    let why = if is_plain { format!(": {error}") } else { String::new() };
    Some(Oddity::new(pointer, format!("this is no {what} of OpenAPI 3.0{why}")))
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, read};
    use super::*;

    #[test]
    fn a_refused_fragment_is_odd_and_the_rest_is_not() {
        let text = br#"{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {
            "/a": {"get": {"responses": {"200": {"description": "ok"}}}, "post": {"responses": 7}}},
            "components": {"schemas": {"Good": {"type": "string"}, "Bad": {"type": "string", "maxLength": "ten"}}}}"#;
        let document = read(text, &Limits::default()).expect("a description");
        let pointers: Vec<String> = conformance(&document).into_iter().map(|odd| odd.pointer).collect();
        assert_eq!(pointers, ["/paths/~1a/post", "/components/schemas/Bad"]);
        for odd in conformance(&document) {
            assert!(!odd.message.contains("variant") && !odd.message.contains("struct"), "{}", odd.message);
        }
    }
}
