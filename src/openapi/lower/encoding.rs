//! How the parts of a form are written.

use super::super::contract::PartEncoding;
use super::super::serialization::WireStyle;
use super::super::value::Value;
use super::field::{flag, text};
use super::media::media_name;
use super::spelled::spelled;

/// What parts are called that have a place instead of a name.
const PLACES: &[&str] = &["1st part", "2nd part", "3rd part", "4th part", "5th part", "6th part", "7th part", "8th part"];

/// What the parts behind those are called.
const EACH: &str = "each further part";

/// How the parts of a form are written, by property, where anything is said of it.
pub(super) fn encoding(media: &Value) -> Vec<PartEncoding<'_>> {
    let named = media.get("encoding").and_then(Value::as_object).into_iter().flatten();
    // 3.2 writes parts without names by their place (OpenAPI 3.2 section 4.14.4).
    let places = media.get("prefixEncoding").and_then(Value::as_array).into_iter().flatten();
    let placed = PLACES.iter().copied().zip(places).chain(media.get("itemEncoding").map(|part| (EACH, part)));
    let mut parts: Vec<PartEncoding<'_>> = named
        .map(|(name, part)| (name.as_str(), part))
        .chain(placed)
        .map(|(name, part)| {
            let style = text(part, "style").unwrap_or("form");
            let exploded = part.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
            let said = text(part, "contentType").into_iter();
            let mut media_types: Vec<String> = said.flat_map(|said| said.split(',')).map(media_name).collect();
            media_types.sort_unstable();
            PartEncoding {
                name,
                media_types,
                style: WireStyle { exploded: Some(exploded), reserved: flag(part, "allowReserved"), ..WireStyle::scalar(style) },
                rest: spelled(part, &["headers", "encoding"]),
            }
        })
        .collect();
    parts.sort_unstable();
    parts.retain(|part| !(part.style == WireStyle::form() && part.rest.is_empty() && part.media_types.is_empty()));
    parts
}
