//! JSON Pointers (RFC 6901), kept as parent links so that a contract of 100,000 schemas costs no strings.

use std::borrow::Cow;

use super::value::Value;

/// Names one position in a document; made by [`Pointers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PointerId(u32);

#[derive(Debug)]
struct Position<'d> {
    parent: u32,
    token: PositionToken<'d>,
}

/// Two words: most tokens stand in the document.
#[derive(Debug, Clone, Copy)]
enum PositionToken<'d> {
    Name(&'d str),
    /// One of the tokens that were made: indices, and names that are escaped in references.
    Made(u32),
}

/// Every position a contract speaks of, as a tree of parent links.
#[derive(Debug)]
pub struct Pointers<'d> {
    positions: Vec<Position<'d>>,
    made: Vec<Box<str>>,
}

impl Default for Pointers<'_> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<'d> Pointers<'d> {
    /// With room for so many positions.
    pub(super) fn with_capacity(positions: usize) -> Self {
        let mut positions = Vec::with_capacity(positions + 1);
        positions.push(Position { parent: 0, token: PositionToken::Name("") });
        Self { positions, made: Vec::new() }
    }

    /// The whole document.
    pub const ROOT: PointerId = PointerId(0);

    /// The position `token` below `parent`.
    pub fn child(&mut self, parent: PointerId, token: impl Into<Cow<'d, str>>) -> PointerId {
        let id = u32::try_from(self.positions.len()).unwrap_or(u32::MAX);
        let token = match token.into() {
            Cow::Borrowed(name) => PositionToken::Name(name),
            Cow::Owned(token) => {
                self.made.push(token.into());
                PositionToken::Made(u32::try_from(self.made.len() - 1).unwrap_or(u32::MAX))
            }
        };
        self.positions.push(Position { parent: parent.0, token });
        PointerId(id)
    }

    fn token(&self, step: &Position<'d>) -> &str {
        match step.token {
            PositionToken::Name(name) => name,
            PositionToken::Made(at) => self.made.get(at as usize).map_or("", AsRef::as_ref),
        }
    }

    /// The position several tokens below `parent`.
    pub fn below(&mut self, parent: PointerId, tokens: &[&'d str]) -> PointerId {
        tokens.iter().fold(parent, |at, token| self.child(at, *token))
    }

    /// The position a local reference (`#/components/schemas/Door`) names.
    pub fn of_reference(&mut self, reference: &'d str) -> PointerId {
        tokens(reference).fold(Self::ROOT, |at, token| self.child(at, token))
    }

    /// The position of the unit (see [`unit_of`]) that holds `id`; none above units.
    pub fn unit(&self, id: PointerId) -> Option<PointerId> {
        // The last few positions passed on the way up: root, section, name and, for components, one more.
        let mut trail = [0_u32; 4];
        let mut at = id.0;
        while at != 0 {
            trail.rotate_right(1);
            if let Some(slot) = trail.first_mut() {
                *slot = at;
            }
            at = self.positions.get(at as usize)?.parent;
        }
        let [section, name, third, _] = trail;
        let unit = if self.token(self.positions.get(section as usize)?) == "components" { third } else { name };
        (unit != 0).then_some(PointerId(unit))
    }

    /// Whether two positions of two documents have the same pointer.
    pub fn same(&self, id: PointerId, others: &Pointers<'_>, other: PointerId) -> bool {
        let (mut a, mut b) = (id.0, other.0);
        while a != 0 && b != 0 {
            let (Some(left), Some(right)) = (self.positions.get(a as usize), others.positions.get(b as usize)) else {
                return false;
            };
            if self.token(left) != others.token(right) {
                return false;
            }
            (a, b) = (left.parent, right.parent);
        }
        a == b
    }

    /// The pointer as text, tokens escaped as RFC 6901 section 3 asks.
    pub fn text(&self, id: PointerId) -> String {
        let mut trail = Vec::new();
        let mut at = id.0;
        while at != 0 {
            let Some(step) = self.positions.get(at as usize) else { break };
            trail.push(self.token(step));
            at = step.parent;
        }
        let mut text = String::new();
        for token in trail.iter().rev() {
            text.push('/');
            text.push_str(&escape(token));
        }
        text
    }
}

/// A token escaped for a JSON Pointer: `~` as `~0`, `/` as `~1`.
pub fn escape(token: &str) -> Cow<'_, str> {
    if token.contains(['~', '/']) { Cow::Owned(token.replace('~', "~0").replace('/', "~1")) } else { Cow::Borrowed(token) }
}

/// A token as it was before it was escaped for a JSON Pointer.
pub fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') { Cow::Owned(token.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(token) }
}

/// The tokens of a pointer, with or without a leading `#`, unescaped (RFC 6901 sections 4 and 6).
fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let path = pointer.strip_prefix('#').unwrap_or(pointer);
    path.strip_prefix('/').into_iter().flat_map(|rest| rest.split('/')).map(decoded)
}

/// A token of a fragment: percent-decoded, then unescaped.
fn decoded(token: &str) -> Cow<'_, str> {
    if token.contains('%') { Cow::Owned(unescape(&percent_decode(token)).into_owned()) } else { unescape(token) }
}

/// Percent-decodes the fragment form of a pointer; malformed escapes stay as they are.
fn percent_decode(token: &str) -> String {
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = token.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        if let (b'%', Some(high), Some(low)) = (first, hex(tail.first()), hex(tail.get(1))) {
            bytes.push(high * 16 + low);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| token.to_owned())
}

/// References that are passed on the way to one value.
const MAX_PASSED: usize = 16;

/// The value a pointer or local reference names, if it is there.
///
/// A pointer may lead through a reference: descriptions of several files keep whole maps in files of their own.
pub fn resolve<'d>(root: &'d Value, pointer: &str) -> Option<&'d Value> {
    let mut left = MAX_PASSED;
    find(root, pointer, &mut left)
}

fn find<'d>(root: &'d Value, pointer: &str, left: &mut usize) -> Option<&'d Value> {
    let path = pointer.strip_prefix('#').unwrap_or(pointer);
    // `#door` is a plain-name fragment (an anchor), not a pointer.
    if !path.is_empty() && !path.starts_with('/') {
        return None;
    }
    let mut at = root;
    for token in tokens(pointer) {
        let step = |at: &'d Value| match at {
            Value::Object(map) => map.get(token.as_ref()),
            Value::Array(list) => list.get(token.parse::<usize>().ok()?),
            _ => None,
        };
        at = match step(at) {
            Some(found) => found,
            None => {
                let reference = at.get("$ref").and_then(Value::as_str).filter(|reference| reference.starts_with('#'))?;
                *left = left.checked_sub(1)?;
                step(find(root, reference, left)?)?
            }
        };
    }
    Some(at)
}

/// The unit of a document a reference points into: a component, a 2.0 definition, a path item.
///
/// Units are what is compared as a whole before anything is compared in detail.
pub fn unit_of(reference: &str) -> Option<(String, String, Option<String>)> {
    let mut tokens = tokens(reference);
    let section = tokens.next()?.into_owned();
    let name = tokens.next()?.into_owned();
    let third = if section == "components" { Some(tokens.next()?.into_owned()) } else { None };
    Some((section, name, third))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn escapes_and_finds() {
        let doc: Value = json!({"paths": {"/a~b/{id}": [1, {"x": 2}]}}).into();
        assert_eq!(resolve(&doc, "#/paths/~1a~0b~1%7Bid%7D/1/x"), Some(&json!(2).into()));
        assert_eq!(resolve(&doc, "/paths/nope"), None);
        let through: Value = json!({"a": {"$ref": "#/b"}, "b": {"c": 1}, "d": {"$ref": "#/d"}}).into();
        assert_eq!(resolve(&through, "#/a/c"), Some(&json!(1).into()));
        assert_eq!(resolve(&through, "#/d/c"), None);
        let mut pointers = Pointers::default();
        let at = pointers.of_reference("#/paths/~1a~0b~1%7Bid%7D/1");
        assert_eq!(pointers.text(at), "/paths/~1a~0b~1{id}/1");
        assert_eq!(pointers.unit(at).map(|unit| pointers.text(unit)).as_deref(), Some("/paths/~1a~0b~1{id}"));
        let deep = pointers.of_reference("#/components/schemas/A/properties/b/items");
        assert_eq!(pointers.unit(deep).map(|unit| pointers.text(unit)).as_deref(), Some("/components/schemas/A"));
        let section = pointers.of_reference("#/components/schemas");
        assert_eq!(pointers.unit(section), None);
        let mut others = Pointers::default();
        let same = others.of_reference("#/components/schemas/A/properties/b/items");
        let other = others.of_reference("#/components/schemas/B/properties/b/items");
        assert!(pointers.same(deep, &others, same) && !pointers.same(deep, &others, other));
    }
}
