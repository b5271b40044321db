//! What people call a schema or a value.

use serde_json::{Value as Json, json};

use crate::openapi::{Contract, SchemaId, Value};

use super::super::folded::{Folded, FoldedUnion};

/// The name of a component, else the title, else the types.
pub(super) fn describe(contract: &Contract<'_>, id: SchemaId) -> Json {
    let schema = contract.schema(id);
    if let Some(name) = component_name(contract, id) {
        return json!(name);
    }
    if let Some(title) = schema.value.get("title").and_then(Value::as_str) {
        return json!(title);
    }
    let folded = Folded::of(contract, id);
    let types = folded.types.names().join(" or ");
    // Two of three branches may be objects: what one must have tells it from the others.
    let required: Vec<&str> = folded.required.keys().copied().take(2).collect();
    if required.is_empty() { json!(types) } else { json!(format!("{types} with {}", required.join(" and "))) }
}

/// The name of a component, if that is what a schema is.
pub(super) fn component_name(contract: &Contract<'_>, id: SchemaId) -> Option<String> {
    let pointer = contract.pointers.text(contract.schema(id).at);
    let name = ["/components/schemas/", "/definitions/"].iter().find_map(|prefix| pointer.strip_prefix(prefix))?;
    (!name.contains('/') && !id.is_constant()).then(|| name.replace("~1", "/").replace("~0", "~"))
}

/// The text that a description is.
pub(super) fn name_of(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A value as a finding names it: a text as it is, anything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The keyword that a union is written with.
pub(super) const fn keyword(union: &FoldedUnion<'_, '_>) -> &'static str {
    if union.exclusive { "oneOf" } else { "anyOf" }
}
