//! How the parts of a form are written.

use super::super::contract::PartEncoding;
use super::super::pointer::resolve;
use super::super::value::Value;
use super::field::{flag, text};
use super::spelled::spelled;

/// The media types whose parts have an encoding (OpenAPI 3.1 section 4.8.15).
pub(super) fn is_form(name: &str) -> bool {
    name.starts_with("multipart/") || name == "application/x-www-form-urlencoded"
}

/// What parts are called that have a place instead of a name.
const PLACES: &[&str] = &["1st part", "2nd part", "3rd part", "4th part", "5th part", "6th part", "7th part", "8th part"];

/// What the parts behind those are called.
const EACH: &str = "each further part";

/// How the parts of a form are written, by property. What the specification says anyway is left out, so that
/// writing a default down is no change (OpenAPI 3.1 section 4.8.15.1).
pub(super) fn encoding<'d>(root: &'d Value, media: &'d Value) -> Vec<PartEncoding<'d>> {
    let named = media.get("encoding").and_then(Value::as_object).into_iter().flatten();
    // 3.2 writes parts without names by their place (OpenAPI 3.2 section 4.14.4).
    let places = media.get("prefixEncoding").and_then(Value::as_array).into_iter().flatten();
    let placed = PLACES.iter().copied().zip(places).chain(media.get("itemEncoding").map(|part| (EACH, part)));
    let mut parts: Vec<PartEncoding<'d>> = named
        .map(|(name, part)| (name.as_str(), part))
        .chain(placed)
        .map(|(name, part)| {
            let mut fields = vec!["headers", "encoding"];
            let style = text(part, "style").unwrap_or("form");
            if style != "form" {
                fields.push("style");
            }
            if part.get("explode").and_then(Value::as_bool).is_some_and(|explode| explode != (style == "form")) {
                fields.push("explode");
            }
            if flag(part, "allowReserved") {
                fields.push("allowReserved");
            }
            let property = media.get("schema").and_then(|schema| property(root, schema, name));
            let said = text(part, "contentType").filter(|said| Some(*said) != property.map(default_content_type));
            let mut media_types: Vec<&str> = said.into_iter().flat_map(|said| said.split(',')).map(str::trim).collect();
            media_types.sort_unstable();
            PartEncoding { name, media_types, style: spelled(part, &fields) }
        })
        .collect();
    parts.sort_unstable();
    parts.retain(|part| !(part.style.is_empty() && part.media_types.is_empty()));
    parts
}

/// The schema of a property, one reference followed on the way to it and one at its end.
fn property<'d>(root: &'d Value, schema: &'d Value, name: &str) -> Option<&'d Value> {
    followed(root, followed(root, schema).get("properties")?.get(name)?).into()
}

fn followed<'d>(root: &'d Value, value: &'d Value) -> &'d Value {
    text(value, "$ref").and_then(|reference| resolve(root, reference)).unwrap_or(value)
}

/// What a part is sent as when nobody says (OpenAPI 3.1 section 4.8.15.1).
fn default_content_type(schema: &Value) -> &'static str {
    match (text(schema, "type"), text(schema, "format")) {
        (Some("string"), Some("binary")) | (None, _) => "application/octet-stream",
        (Some("object"), _) => "application/json",
        (Some("array"), _) => schema.get("items").map_or("application/octet-stream", |items| match text(items, "type") {
            Some("array") => "application/json",
            _ => default_content_type(items),
        }),
        _ => "text/plain",
    }
}
