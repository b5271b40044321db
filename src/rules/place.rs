//! A JSON Pointer in a reader's words: `Invoice.lines[].amount`, the query parameter `limit`.

use crate::openapi::{Value, resolve};

/// Says where a pointer leads, in the words of the document itself.
pub fn place(root: &Value, pointer: &str) -> String {
    let tokens: Vec<String> = pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
    let mut owner = String::new();
    let mut path = String::new();
    let mut here = String::new();
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let at = |offset: usize| tokens.get(index + offset).map_or("", String::as_str);
        let used = match token.as_str() {
            "components" if matches!(at(1), "schemas") => {
                owner = at(2).to_owned();
                3
            }
            "components" if matches!(at(1), "parameters") => {
                let pointer = format!("/components/parameters/{}", crate::openapi::escape(at(2)));
                owner = resolve(root, &pointer).map_or_else(|| "a parameter".to_owned(), parameter);
                3
            }
            "components" => {
                owner = format!("{} {}", singular(at(1)), at(2));
                3
            }
            "definitions" => {
                owner = at(1).to_owned();
                2
            }
            crate::openapi::SECTION => {
                // The file's own name, as a component's: `schemas/door.yaml` is `door`.
                let file = at(1).rsplit('/').next().unwrap_or_default();
                owner = file.split('.').next().unwrap_or(file).to_owned();
                let whole = format!("/{token}/{}", crate::openapi::escape(at(1)));
                let is_parameter = |value: &&Value| value.get("in").is_some() && value.get("name").is_some();
                let named = |pointer: &str| resolve(root, pointer).filter(is_parameter).map(parameter);
                let inner = format!("{whole}/{}", crate::openapi::escape(at(2)));
                if let Some(known) = named(&whole) {
                    owner = known;
                    2
                } else if let Some(known) = named(&inner) {
                    owner = known;
                    3
                } else if matches!(at(2), "$defs" | "definitions") && !at(3).is_empty() {
                    owner = at(3).to_owned();
                    4
                } else if !at(2).is_empty() && resolve(root, &whole).is_some_and(is_collection) {
                    owner = at(2).to_owned();
                    3
                } else {
                    2
                }
            }
            "paths" | "webhooks" | "x-webhooks" => 2,
            "requestBody" => {
                owner = "the request body".to_owned();
                1
            }
            "responses" => {
                owner = format!("response {}", at(1));
                2
            }
            "headers" => {
                owner = if owner.is_empty() {
                    format!("the header `{}`", at(1))
                } else {
                    format!("the header `{}` of {owner}", at(1))
                };
                2
            }
            "parameters" => {
                let pointer = format!("{here}/parameters/{}", at(1));
                owner = resolve(root, &pointer).map_or_else(|| "a parameter".to_owned(), parameter);
                2
            }
            "callbacks" => {
                owner = format!("callback {}", at(1));
                3
            }
            "content" | "patternProperties" | "additionalOperations" => 2,
            "properties" => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&at(1).replace('`', "'"));
                2
            }
            "items" | "prefixItems" => {
                path.push_str("[]");
                if token == "prefixItems" { 2 } else { 1 }
            }
            "additionalProperties" => {
                path.push_str(if path.is_empty() { "*" } else { ".*" });
                1
            }
            "allOf" | "oneOf" | "anyOf" => 2,
            _ => 1,
        };
        for step in 0..used {
            if let Some(token) = tokens.get(index + step) {
                here.push('/');
                here.push_str(&crate::openapi::escape(token));
            }
        }
        index += used;
    }
    match (owner.is_empty(), path.is_empty()) {
        (true, true) => "the operation".to_owned(),
        (false, true) if owner.contains(' ') => owner,
        (false, true) => format!("`{owner}`"),
        (true, false) => format!("`{path}`"),
        // A component reads as a type, anything else as a place.
        (false, false) if owner.contains(' ') => format!("`{path}` in {owner}"),
        (false, false) => format!("`{owner}.{path}`"),
    }
}

/// Whether a file holds several things by name, rather than one.
fn is_collection(file: &Value) -> bool {
    let words = ["type", "allOf", "anyOf", "oneOf", "$ref", "properties", "items", "get", "post", "put", "delete", "openapi"];
    file.as_object().is_some_and(|map| map.values().all(Value::is_object) && !words.iter().any(|word| map.contains_key(word)))
}

fn parameter(value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    format!("the {} parameter `{}`", text("in").unwrap_or("named"), text("name").unwrap_or("?"))
}

fn singular(kind: &str) -> &str {
    match kind {
        "requestBodies" => "request body",
        "securitySchemes" => "security scheme",
        "pathItems" => "path item",
        other => other.strip_suffix('s').unwrap_or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_read_as_places() {
        let root: Value = json!({"paths": {"/a": {"get": {"parameters": [{"name": "limit", "in": "query"}]}}}}).into();
        let cases = [
            ("/components/schemas/Invoice/properties/lines/items/properties/amount", "`Invoice.lines[].amount`"),
            ("/components/schemas/Invoice/allOf/1/properties/x", "`Invoice.x`"),
            ("/paths/~1a/get/parameters/0/schema", "the query parameter `limit`"),
            ("/paths/~1a/post/requestBody/content/application~1json/schema/properties/x", "`x` in the request body"),
            ("/paths/~1a/get/responses/200/content/application~1json/schema/items", "`[]` in response 200"),
            ("/paths/~1a/get/responses/200/headers/X-Rate/schema", "the header `X-Rate` of response 200"),
            ("/components/responses/Error/content/application~1json/schema", "response Error"),
            ("/definitions/Door/additionalProperties", "`Door.*`"),
            ("/paths/~1a/get", "the operation"),
        ];
        for (pointer, words) in cases {
            assert_eq!(place(&root, pointer), words, "{pointer}");
        }
    }
}
