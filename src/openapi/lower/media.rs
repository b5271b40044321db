//! Names of media types.

/// Spellings of character sets that mean one (IANA character sets registry).
const CHARSETS: &[(&str, &str)] = &[
    ("utf8", "utf-8"),
    ("utf16", "utf-16"),
    ("ascii", "us-ascii"),
    ("latin1", "iso-8859-1"),
    ("iso8859-1", "iso-8859-1"),
    ("iso_8859-1", "iso-8859-1"),
    ("cp1252", "windows-1252"),
];

/// What a text is written in where nobody says, since RFC 6657; JSON and forms have no choice.
const DEFAULT_CHARSET: &str = "utf-8";

/// The media types whose parts have an encoding (OpenAPI 3.1 section 4.8.15).
pub(super) fn is_form(name: &str) -> bool {
    name.starts_with("multipart/") || name == "application/x-www-form-urlencoded"
}

/// Type, subtype and the parameters that tell it from others, in lower case and one order. `boundary` never does, and
/// `charset` only of a text that is not written as texts are by default (RFC 9110 section 8.3, RFC 6657).
pub(super) fn media_name(name: &str) -> String {
    let is_text = name.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"));
    written(name, |parameter| match parameter.strip_prefix("charset=") {
        Some(charset) => is_text && charset != DEFAULT_CHARSET,
        None => !parameter.starts_with("boundary="),
    })
}

/// The same with all its parameters: several entries of one media type are told apart by it.
pub(super) fn spelled_media(name: &str) -> String {
    written(name, |_| true)
}

/// A media type with some of its parameters, in one spelling.
fn written(name: &str, keeps: impl Fn(&str) -> bool) -> String {
    let mut parts = name.split(';').map(|part| part.trim().to_ascii_lowercase());
    let mut media = parts.next().unwrap_or_default();
    let mut parameters: Vec<String> = parts
        .filter(|part| !part.is_empty())
        .map(|part| plain_charset(&part.replace([' ', '"'], "")))
        .filter(|part| keeps(part))
        .collect();
    parameters.sort_unstable();
    for parameter in parameters {
        media.push(';');
        media.push_str(&parameter);
    }
    media
}

/// A parameter with the usual name of its character set.
fn plain_charset(parameter: &str) -> String {
    let known = parameter.strip_prefix("charset=").and_then(|name| CHARSETS.iter().find(|(other, _)| *other == name));
    known.map_or_else(|| parameter.to_owned(), |(_, usual)| format!("charset={usual}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charset_counts_where_it_is_not_the_default_of_a_text() {
        for (name, expected) in [
            ("text/plain", "text/plain"),
            ("Text/Plain; Charset=\"UTF8\"", "text/plain"),
            ("text/csv;charset = latin1", "text/csv;charset=iso-8859-1"),
            ("application/json; charset=iso-8859-1", "application/json"),
            ("multipart/form-data; boundary=x", "multipart/form-data"),
            ("application/json; version=2; Profile=a", "application/json;profile=a;version=2"),
        ] {
            assert_eq!(media_name(name), expected, "{name}");
        }
        assert_ne!(spelled_media("application/json"), spelled_media("application/json; charset=utf-8"));
    }
}
