//! Bytes into a [`Document`], or the reason why they are not a description.

use std::collections::BTreeMap;

use thiserror::Error;

use super::bundle::{Bundle, ROOT, SECTION, join, localise_own};
use super::document::{Dialect, Document};
use super::limits::Limits;
use super::oddity::Oddity;
use super::pointer::escape;
use super::value::Value;
use super::{json, yaml};

/// Why bytes are not a description. Each is the state *undecidable*, never "everything was removed".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// No bytes, or only white space.
    #[error("the document is empty")]
    Empty,
    /// More bytes than [`Limits::bytes`].
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The limit in force, bytes.
        limit: usize,
    },
    /// Not UTF-8 (RFC 8259 section 8.1 asks for it).
    #[error("the document is not UTF-8 text: byte {offset} is not part of a character; it may be Latin-1 or UTF-16")]
    NotText {
        /// Offset of the first bad byte.
        offset: usize,
    },
    /// An HTML page: a login form, a maintenance notice, a CDN's challenge.
    #[error("an HTML page was served where a description was expected (a login or error page?)")]
    Html,
    /// Neither JSON nor YAML, or cut short.
    #[error("line {line}: {message}")]
    Syntax {
        /// Line, counted from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// Well-formed, but no `openapi` or `swagger` field at its root.
    #[error("this is not an API description: the root has neither `openapi` nor `swagger`")]
    NotADescription,
    /// A version this build cannot read; said aloud rather than read wrongly.
    #[error(
        "the document declares {declared}, which this version of driftd cannot read (it reads Swagger 2.0 and OpenAPI 3.0, 3.1, 3.2)"
    )]
    UnknownVersion {
        /// What the document declares.
        declared: String,
    },
    /// No path and no webhook, where something that can be called was expected; see [`Document::is_blank`].
    #[error("the description has no paths and no webhooks")]
    NoPaths,
}

/// Reads JSON or YAML, or a [`Bundle`] of several files of them.
///
/// # Errors
/// When the bytes cannot be a description; see [`ReadError`]. Anything less is an [`Oddity`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Document, ReadError> {
    if bytes.len() > limits.bytes {
        return Err(ReadError::TooLarge { limit: limits.bytes });
    }
    let mut oddities = Vec::new();
    let root = match Bundle::from_bytes(bytes) {
        Some(bundle) => several(&bundle, limits, &mut oddities)?,
        None => {
            let mut root = parse(bytes, limits, &mut oddities)?;
            localise_own(&mut root);
            root
        }
    };
    let dialect = dialect(&root)?;
    let mut document = Document { root, dialect, oddities, bytes: bytes.len() };
    if document.is_blank() {
        document
            .oddities
            .push(Oddity::new("", "there are no paths and no webhooks: nobody can call anything that is described here"));
    }
    Ok(document)
}

/// Every file of a set, joined. A file that cannot be read is an oddity; without the root there is nothing.
fn several(bundle: &Bundle, limits: &Limits, oddities: &mut Vec<Oddity>) -> Result<Value, ReadError> {
    let mut files = BTreeMap::new();
    // A small file that many aliases blow up is bounded by what is left for all of them.
    let share = Limits { nodes: limits.nodes / bundle.files.len().max(1) + 100_000, ..*limits };
    for (key, text) in &bundle.files {
        let place = if key == ROOT { String::new() } else { format!("/{SECTION}/{}", escape(key)) };
        let mut odd = Vec::new();
        match parse(text.as_bytes(), &share, &mut odd) {
            Ok(value) => {
                files.insert(key.clone(), value);
                oddities.extend(odd.into_iter().map(|odd| Oddity::new(format!("{place}{}", odd.pointer), odd.message)));
            }
            Err(why) if key == ROOT => return Err(why),
            Err(why) => {
                oddities.push(Oddity::new(place, format!("this file cannot be read: {why}; what stands there is not judged")));
            }
        }
    }
    Ok(join(files))
}

/// Parses JSON or YAML without asking what it is.
///
/// # Errors
/// When the bytes are neither; see [`ReadError`].
pub fn parse(bytes: &[u8], limits: &Limits, oddities: &mut Vec<Oddity>) -> Result<Value, ReadError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| ReadError::NotText { offset: error.valid_up_to() })?;
    let start = text.trim_start();
    if start.is_empty() {
        return Err(ReadError::Empty);
    }
    if looks_like_html(start) {
        return Err(ReadError::Html);
    }
    if start.starts_with(['{', '[']) { parse_json_or_flow(text, limits, oddities) } else { parse_yaml(text, limits, oddities) }
}

/// JSON first; a flow-style YAML document also starts with a brace, so YAML has the second word
/// unless it could only repeat the complaint at greater cost.
fn parse_json_or_flow(text: &str, limits: &Limits, oddities: &mut Vec<Oddity>) -> Result<Value, ReadError> {
    match json::parse(text, limits, oddities) {
        Ok(value) => Ok(value),
        Err(error) => {
            let hopeless =
                error.is_eof() || ["recursion limit", "too many values"].iter().any(|words| error.to_string().contains(words));
            oddities.clear();
            if !hopeless && let Ok(value) = yaml::parse(text, limits, oddities) {
                return Ok(value);
            }
            let message = if error.is_eof() { format!("the document ends too early: {error}") } else { error.to_string() };
            Err(ReadError::Syntax { line: error.line(), message })
        }
    }
}

fn parse_yaml(text: &str, limits: &Limits, oddities: &mut Vec<Oddity>) -> Result<Value, ReadError> {
    yaml::parse(text, limits, oddities).map_err(|failure| {
        let line = failure.line.checked_sub(1).and_then(|at| text.lines().nth(at)).unwrap_or_default();
        let indentation = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
        let tab = if indentation.contains('\t') { "; a tab stands in its indentation, which YAML does not allow" } else { "" };
        ReadError::Syntax { line: failure.line, message: format!("{}{tab}", failure.message) }
    })
}

fn looks_like_html(start: &str) -> bool {
    let head: String = start.chars().take(64).collect::<String>().to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| head.starts_with(tag))
        || (head.starts_with('<') && start.to_ascii_lowercase().contains("<html"))
}

fn dialect(root: &Value) -> Result<Dialect, ReadError> {
    let text = |name: &str| match root.get(name) {
        Some(Value::String(text)) => Some(text.trim().to_owned()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    if let Some(version) = text("openapi") {
        let mut parts = version.split('.');
        return match (parts.next(), parts.next()) {
            (Some("3"), Some("0")) => Ok(Dialect::OpenApi30),
            (Some("3"), Some("1")) => Ok(Dialect::OpenApi31),
            (Some("3"), Some("2")) => Ok(Dialect::OpenApi32),
            _ => Err(ReadError::UnknownVersion { declared: format!("openapi {version:?}") }),
        };
    }
    match text("swagger") {
        Some(version) if matches!(version.as_str(), "2" | "2.0") => Ok(Dialect::Swagger20),
        Some(version) => Err(ReadError::UnknownVersion { declared: format!("swagger {version:?}") }),
        None => Err(ReadError::NotADescription),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> Option<ReadError> {
        read(bytes, &Limits::default()).err()
    }

    #[test]
    fn what_is_not_a_description_says_why() {
        assert_eq!(error(b" \n"), Some(ReadError::Empty));
        assert_eq!(error(b"<!DOCTYPE html><html>sign in</html>"), Some(ReadError::Html));
        assert_eq!(error(b"\xff\xfe"), Some(ReadError::NotText { offset: 0 }));
        assert_eq!(error(b"{\"error\":\"not found\"}"), Some(ReadError::NotADescription));
        assert_eq!(error(b"hello: world"), Some(ReadError::NotADescription));
        for blank in ["openapi: 3.0.0\npaths: {}\n", "openapi: 3.1.0\ncomponents: {schemas: {A: {type: string}}}\n"] {
            let read = read(blank.as_bytes(), &Limits::default());
            assert!(read.is_ok_and(|document| document.is_blank() && document.oddities.len() == 1), "{blank}");
        }
        assert_eq!(
            error(b"openapi: 4.0.0\npaths: {/a: {}}\n"),
            Some(ReadError::UnknownVersion { declared: "openapi \"4.0.0\"".into() })
        );
        assert!(matches!(error(b"{\"openapi\": \"3.0.0\", \"paths\": {\"/a\":"), Some(ReadError::Syntax { .. })));
        let tab = error(b"openapi: 3.0.0\npaths:\n\t/a: {}\n").map(|why| why.to_string()).unwrap_or_default();
        assert!(tab.contains("a tab"), "{tab}");
        let latin = error(b"openapi: 3.0.0\ninfo: {title: T\xfcr}\n").map(|why| why.to_string()).unwrap_or_default();
        assert!(latin.contains("Latin-1"), "{latin}");
        assert!(matches!(error("[".repeat(10_000_000).as_bytes()), Some(ReadError::Syntax { .. })));
        let small = Limits { bytes: 10, ..Limits::default() };
        assert_eq!(read(b"openapi: 3.0.0", &small).err(), Some(ReadError::TooLarge { limit: 10 }));
    }

    #[test]
    fn duplicate_json_names_are_told() {
        let text = br#"{"openapi":"3.0.0","paths":{"/a":{},"/a":{"get":{}}}}"#;
        let document = read(text, &Limits::default()).ok();
        let pointers: Vec<String> = document.iter().flat_map(|d| d.oddities.iter().map(|o| o.pointer.clone())).collect();
        assert_eq!(pointers, ["/paths/~1a"]);
    }
}
