//! The changed part of two documents as a small unified diff.

use std::borrow::Cow;
use std::collections::HashMap;

use similar::{Algorithm, TextDiff};

use crate::diff::Fragment;
use crate::openapi::{Stop, Text, Value, resolve};

/// Lines of a fragment that are shown before it is cut.
const LONGEST_FRAGMENT: usize = 40;

/// Lines of one side that are compared line by line.
const MAX_LINES: usize = 2_000;

/// Bytes of one side that are written out.
const MAX_BYTES: usize = 256 * 1024;

/// Longest line of a fragment, characters.
const LONGEST_LINE: usize = 400;

/// Pairs of lines that all fragments of one comparison may come to: the worst case of comparing them.
const MAX_WORK: usize = 1_000_000_000;

/// The fragments of one comparison. Findings in one object share its fragment, which is made once.
///
/// What is too large to be compared as text is left out, by size and never by time: the same documents give the
/// same fragments on every machine.
#[derive(Debug)]
pub struct Fragments<'d> {
    before: &'d Value,
    after: &'d Value,
    known: HashMap<Fragment, String>,
    work: usize,
    stop: Stop,
}

impl<'d> Fragments<'d> {
    /// Fragments of two documents.
    pub fn new(before: &'d Value, after: &'d Value) -> Self {
        Self { before, after, known: HashMap::new(), work: MAX_WORK, stop: Stop::default() }
    }

    /// The same, empty from the moment when they are asked to stop.
    pub fn stopped_by(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// The changed fragment as a unified diff, keys sorted so that order is no change; empty where it is too large.
    pub fn of(&mut self, fragment: &Fragment) -> String {
        if let Some(known) = self.known.get(fragment) {
            return known.clone();
        }
        if self.stop.is_asked() || self.work == 0 {
            return String::new();
        }
        let text = |root: &Value, pointer: Option<&String>| {
            pointer.and_then(|pointer| resolve(root, pointer)).map(pretty).unwrap_or_default()
        };
        let (old, new) = (text(self.before, fragment.before.as_ref()), text(self.after, fragment.after.as_ref()));
        let (left, right) = (old.lines().count(), new.lines().count());
        // Also what is not shown has been written out.
        self.work = self.work.saturating_sub(old.len() + new.len());
        let is_small = left <= MAX_LINES && right <= MAX_LINES && old.len() < MAX_BYTES && new.len() < MAX_BYTES;
        let shown = match self.work.checked_sub(left * right).filter(|_| is_small) {
            Some(rest) => {
                self.work = rest;
                unified(&old, &new)
            }
            None => String::new(),
        };
        self.known.insert(fragment.clone(), shown.clone());
        shown
    }
}

fn unified(old: &str, new: &str) -> String {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(old, new);
    let unified = diff.unified_diff().context_radius(1).to_string();
    // Hunk headers count lines of a text nobody else has; a gap is all they say here.
    let mut lines: Vec<&str> = unified.lines().map(|line| if line.starts_with("@@") { " …" } else { line }).skip(1).collect();
    let cut = lines.len() > LONGEST_FRAGMENT;
    lines.truncate(LONGEST_FRAGMENT);
    let mut shown = lines.into_iter().map(shortened).collect::<Vec<_>>().join("\n");
    if cut {
        shown.push_str("\n … (cut)");
    }
    shown
}

/// A line, cut where it is too long to be read.
fn shortened(line: &str) -> Cow<'_, str> {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => Cow::Owned(format!("{}… (cut)", line.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(line),
    }
}

/// A value as indented lines close to YAML: what changes stands on a line of its own.
fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, Keys::Keywords, &mut text);
    text
}

/// Prose is not part of the contract and would drown what is.
const PROSE: &[&str] = &["description", "summary", "title", "example", "examples", "externalDocs"];

/// What the keys of an object are: a property may well be called `description`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Keywords,
    Names,
}

/// Ends where the text is too long to be shown.
fn write(value: &Value, depth: usize, keys: Keys, text: &mut String) {
    if text.len() >= MAX_BYTES {
        return;
    }
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut names: Vec<&Text> =
                map.keys().filter(|name| keys == Keys::Names || !PROSE.contains(&name.as_str())).collect();
            names.sort_unstable();
            for name in names {
                let Some(inner) = map.get(name).filter(|_| text.len() < MAX_BYTES) else { continue };
                let inner_keys = match (keys, name.as_str()) {
                    (Keys::Keywords, "properties" | "patternProperties" | "headers" | "responses" | "schemas") => Keys::Names,
                    _ => Keys::Keywords,
                };
                if is_leaf(inner) {
                    text.push_str(&format!("{indent}{name}: {}\n", leaf(inner)));
                } else {
                    text.push_str(&format!("{indent}{name}:\n"));
                    write(inner, depth + 1, inner_keys, text);
                }
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for inner in list {
                if text.len() >= MAX_BYTES {
                    break;
                }
                if is_leaf(inner) {
                    text.push_str(&format!("{indent}- {}\n", leaf(inner)));
                } else {
                    text.push_str(&format!("{indent}-\n"));
                    write(inner, depth + 1, Keys::Keywords, text);
                }
            }
        }
        other => text.push_str(&format!("{indent}{}\n", leaf(other))),
    }
}

fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => true,
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && !text.contains(['\n', '\r', '"']) => text.to_string(),
        other => other.to_string(),
    }
}
