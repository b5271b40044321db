//! The changed part of two documents as a small unified diff.

use std::borrow::Cow;
use std::collections::HashMap;

use similar::{Algorithm, TextDiff};

use crate::diff::{Change, ChangeKind, Fragment};
use crate::openapi::{Stop, Text, Value, resolve, unescape};

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

/// Bytes that all fragments of one comparison may come to.
const MAX_SHOWN: usize = 16 * 1024 * 1024;

/// What is shown of a change: two objects, and what within them is this change's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ShownPart {
    objects: Fragment,
    /// The way from the objects to what changed; none where all that differs is shown.
    own: Option<Vec<String>>,
}

/// The fragments of one comparison. What two findings show alike is made once.
///
/// What is too large to be compared as text is left out, by size and never by time: the same documents give the
/// same fragments on every machine.
#[derive(Debug)]
pub struct Fragments<'d> {
    before: &'d Value,
    after: &'d Value,
    known: HashMap<ShownPart, String>,
    work: usize,
    /// Bytes that may still be shown.
    room: usize,
    stop: Stop,
}

impl<'d> Fragments<'d> {
    /// Fragments of two documents.
    pub fn new(before: &'d Value, after: &'d Value) -> Self {
        Self { before, after, known: HashMap::new(), work: MAX_WORK, room: MAX_SHOWN, stop: Stop::default() }
    }

    /// The same, empty from the moment when they are asked to stop.
    pub fn stopped_by(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// What a change changed, as a unified diff, keys sorted so that order is no change; empty where it is too large. What else
    /// differs in the same object belongs to other findings, unless this one's own lines cannot be told.
    pub fn of(&mut self, change: &Change) -> String {
        let part = ShownPart::of(change);
        let own = self.shown(&part);
        let shown = if own.is_empty() && part.own.is_some() { self.shown(&ShownPart { own: None, ..part }) } else { own };
        match self.room.checked_sub(shown.len()) {
            Some(left) => {
                self.room = left;
                shown
            }
            None => String::new(),
        }
    }

    fn shown(&mut self, part: &ShownPart) -> String {
        if let Some(known) = self.known.get(part) {
            return known.clone();
        }
        if self.stop.is_asked() || self.work == 0 {
            return String::new();
        }
        let object = |root: &'d Value, pointer: Option<&String>| pointer.and_then(|pointer| resolve(root, pointer));
        let objects = &part.objects;
        let (before, after) = (object(self.before, objects.before.as_ref()), object(self.after, objects.after.as_ref()));
        let old = before.map(|before| pretty(before, None)).unwrap_or_default();
        let new = match (before, after, &part.own) {
            (Some(before), Some(after), Some(way)) => {
                let value = way.iter().try_fold(after, |at, name| at.get(name));
                pretty(before, Some(Replaced { way, value }))
            }
            (_, after, _) => after.map(|after| pretty(after, None)).unwrap_or_default(),
        };
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
        self.known.insert(part.clone(), shown.clone());
        shown
    }
}

impl ShownPart {
    fn of(change: &Change) -> Self {
        let whole = Self { objects: change.fragment.clone(), own: None };
        let (Some(before), Some(after)) = (&change.fragment.before, &change.fragment.after) else { return whole };
        // What came to an object, or went from it, is shown in that object on both sides.
        if let Some((object, way)) = within(after, before) {
            return Self { objects: Fragment { before: Some(before.clone()), after: Some(object) }, own: Some(way) };
        }
        if let Some((object, way)) = within(before, after) {
            return Self { objects: Fragment { before: Some(object), after: Some(after.clone()) }, own: Some(way) };
        }
        let way = |object: &str, site: &str| {
            let rest = site.strip_prefix(object)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| names(rest))
        };
        let own = match (way(before, &change.site.before), way(after, &change.site.after)) {
            _ if matches!(change.kind, ChangeKind::PropertyBecameRequired | ChangeKind::PropertyBecameOptional) => {
                vec!["required".to_owned()]
            }
            (Some(old), Some(new)) if old == new || new.is_empty() => old,
            (Some(old), Some(new)) if old.is_empty() => new,
            _ => return whole,
        };
        Self { own: Some(own).filter(|own| !own.is_empty()), ..whole }
    }
}

/// The object at the end of `inner` that stands as deep as `outer` and under the same name, and the way on from there; none
/// where `inner` is no deeper.
fn within(inner: &str, outer: &str) -> Option<(String, Vec<String>)> {
    let depth = outer.matches('/').count();
    let at = inner.match_indices('/').nth(depth)?.0;
    let (object, way) = inner.split_at_checked(at)?;
    let name = |pointer: &str| pointer.rsplit('/').next().map(str::to_owned);
    (name(object) == name(outer)).then(|| (object.to_owned(), names(way)))
}

/// The unescaped names of a pointer.
fn names(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|name| unescape(name).into_owned()).collect()
}

/// Another value at the end of a way; none there where `value` is none.
#[derive(Clone, Copy)]
struct Replaced<'v> {
    way: &'v [String],
    value: Option<&'v Value>,
}

impl<'v> Replaced<'v> {
    /// What stands under a name instead of `value`, and what is replaced further within.
    fn under(self, name: &str, value: Option<&'v Value>) -> (Option<&'v Value>, Option<Self>) {
        match self.way {
            [only] if only == name => (self.value, None),
            [first, rest @ ..] if first == name => (value, Some(Self { way: rest, ..self })),
            _ => (value, None),
        }
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
fn pretty(value: &Value, replaced: Option<Replaced<'_>>) -> String {
    let mut text = String::new();
    write(value, replaced, LineStart { depth: 0, keys: Keys::Keywords }, &mut text);
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

/// Where a value is written.
#[derive(Clone, Copy)]
struct LineStart {
    depth: usize,
    keys: Keys,
}

/// Ends where the text is too long to be shown.
fn write<'v>(value: &'v Value, replaced: Option<Replaced<'v>>, place: LineStart, text: &mut String) {
    if text.len() >= MAX_BYTES {
        return;
    }
    let LineStart { depth, keys } = place;
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() || replaced.is_some() => {
            let mut names: Vec<&str> = map.keys().map(Text::as_str).collect();
            names.extend(replaced.and_then(|replaced| replaced.way.first()).map(String::as_str));
            names.retain(|name| keys == Keys::Names || !PROSE.contains(name));
            names.sort_unstable();
            names.dedup();
            for name in names {
                let known = map.get(name);
                let (inner, replaced) = replaced.map_or((known, None), |replaced| replaced.under(name, known));
                let Some(inner) = inner.filter(|_| text.len() < MAX_BYTES) else { continue };
                let inner_keys = match (keys, name) {
                    (Keys::Keywords, "properties" | "patternProperties" | "headers" | "responses" | "schemas") => Keys::Names,
                    _ => Keys::Keywords,
                };
                if is_leaf(inner) {
                    text.push_str(&format!("{indent}{name}: {}\n", leaf(inner)));
                } else {
                    text.push_str(&format!("{indent}{name}:\n"));
                    write(inner, replaced, LineStart { depth: depth + 1, keys: inner_keys }, text);
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
                    write(inner, None, LineStart { depth: depth + 1, keys: Keys::Keywords }, text);
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::diff::Budget;
    use crate::openapi::{Limits, read};

    use super::super::catalogue::Catalogue;
    use super::super::compare::compare;
    use super::Fragments;

    fn fragments(before: &serde_json::Value, after: &serde_json::Value) -> Vec<(&'static str, String)> {
        let document = |value: &serde_json::Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
        let (before, after) = (document(before), document(after));
        let (verdict, _) = compare(&before, &after, &Catalogue::load().expect("the catalogue"), Budget::default());
        let mut fragments = Fragments::new(&before.root, &after.root);
        verdict.findings.iter().map(|finding| (finding.rule, fragments.of(&finding.change))).collect()
    }

    fn document(operation: &serde_json::Value) -> serde_json::Value {
        let schemes = json!({"k": {"type": "apiKey", "in": "header", "name": "K"}});
        json!({"openapi": "3.1.0", "paths": {"/a": {"post": operation}}, "components": {"securitySchemes": schemes}})
    }

    #[test]
    fn a_finding_shows_its_own_lines_and_not_those_of_its_neighbours() {
        let taking = |schema: serde_json::Value| {
            document(&json!({"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": {}}))
        };
        let before = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string", "maxLength": 9, "pattern": "^a"}}});
        let after = json!({"type": "object", "properties": {"b": {"type": "string", "maxLength": 8, "pattern": "^ab"}}, "required": ["b"]});
        let shown = fragments(&taking(before), &taking(after));
        let changed = |rule: &str| {
            let (_, text) = shown.iter().find(|(known, _)| *known == rule).unwrap_or_else(|| panic!("{rule}: {shown:?}"));
            text.lines().filter(|line| line.starts_with(['-', '+'])).collect::<Vec<_>>()
        };
        assert_eq!(changed("request-max-length-decreased"), ["-maxLength: 9", "+maxLength: 8"]);
        assert_eq!(changed("request-pattern-tightened"), ["-pattern: ^a", "+pattern: ^ab"]);
        assert_eq!(changed("request-property-removed"), ["-  a:", "-    type: string"]);
        assert_eq!(changed("request-property-became-required"), ["+required:", "+  - b"]);
    }

    #[test]
    fn what_came_to_an_operation_is_shown_as_coming() {
        let operation = json!({"operationId": "a", "responses": {"204": {"description": "done"}}});
        let mut secured = operation.clone();
        secured["security"] = json!([{"k": []}]);
        let (there, back) =
            (fragments(&document(&operation), &document(&secured)), fragments(&document(&secured), &document(&operation)));
        let lines = |shown: &[(&str, String)], sign: char| {
            shown
                .iter()
                .flat_map(|(_, text)| text.lines().filter(|line| line.starts_with(sign)).map(str::to_owned).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(&there, '+'), ["+security:", "+  -", "+    k: []"], "{there:?}");
        assert!(lines(&there, '-').is_empty(), "{there:?}");
        assert!(lines(&back, '+').is_empty() && lines(&back, '-').len() == 3, "{back:?}");
    }
}
