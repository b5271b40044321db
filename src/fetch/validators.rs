//! Whether a 304 is about the document that it was asked about.

use reqwest::header::{self, HeaderMap, HeaderName};

use crate::model::Validators;

/// Whether a 304 names another document than the one it was asked about (RFC 9111 section 4.3.3): by its entity tag, else
/// by its date.
pub(super) fn is_about_another(known: &Validators, headers: &HeaderMap) -> bool {
    let named = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let differs = |known: &Option<String>, named: Option<&str>, core: fn(&str) -> &str| {
        known.as_deref().zip(named).map(|(known, named)| core(known) != core(named))
    };
    differs(&known.etag, named(header::ETAG), entity)
        .or_else(|| differs(&known.last_modified, named(header::LAST_MODIFIED), str::trim))
        .unwrap_or(false)
}

/// What an entity tag names, compared weakly (RFC 9110 section 8.8.3.2). Servers that compress on the way add the coding to
/// the tag of a body, and leave it away with a 304.
fn entity(tag: &str) -> &str {
    let tag = tag.trim();
    let opaque = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    let is_coding = |coding: &str| matches!(coding, "gzip" | "br" | "zstd" | "deflate");
    match opaque.rsplit_once(['-', ';', '+']) {
        Some((entity, coding)) if is_coding(coding) => entity.trim_end_matches('-'),
        _ => opaque,
    }
}
