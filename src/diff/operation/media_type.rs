//! What the name of a media type tells.

/// Whether values of a media type have a structure that a schema describes.
pub(super) fn is_structured(name: &str) -> bool {
    let essence = name.split(';').next().unwrap_or(name);
    ["json", "xml", "yaml", "urlencoded"].iter().any(|kind| essence.ends_with(kind))
        || essence.starts_with("text/")
        || essence.starts_with("multipart/")
}

/// What a text in ASCII ends in: it is one in UTF-8 as well.
pub(super) const ASCII: &str = ";charset=us-ascii";

/// Whether a media range such as `application/*` takes in a media type (RFC 9110 section 12.5.1), or a text one in ASCII.
pub(super) fn covers(range: &str, name: &str) -> bool {
    range == "*/*" && name != "*/*"
        || name.strip_suffix(ASCII) == Some(range)
        || range.strip_suffix("/*").is_some_and(|kind| kind != "*" && name != range && kind_of(name) == kind)
}

/// What stands before the slash.
pub(super) fn kind_of(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

/// The range of all media types of a kind.
pub(super) fn range_of(kind: &str) -> String {
    format!("{kind}/*")
}
