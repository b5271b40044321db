//! A parsed document: JSON values that take little room.
//!
//! A large description is half a million members, most of them with the same few hundred names. Names and short texts
//! are kept once per document, a value is two words, members stand in one exact list, and only a large object has an
//! index: a tenth of what a general tree of hash maps takes, and less to build. Nothing is changed once it is read, but
//! for references that are made local when several files are joined.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::{Deref, Index};

use arcstr::ArcStr;
use foldhash::fast::RandomState;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;
use thin_vec::ThinVec;

/// MemberStore beyond which an object is looked up by an index.
const LARGE: usize = 32;

/// Longest text that is kept once for all its occurrences, bytes.
const SHARED: usize = 256;

/// A text, shared where it occurs often.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(ArcStr);

impl Text {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Texts of one document that were met, so that each is kept once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: HashSet<Text, RandomState>,
}

impl Texts {
    /// The text, shared unless it is long.
    pub(super) fn get(&mut self, text: &str) -> Text {
        if text.len() > SHARED {
            return text.into();
        }
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let text = Text::from(text);
        self.known.insert(text.clone());
        text
    }
}

/// A value of a document.
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number: whole ones exactly, fractions to 64 bits.
    Number(Box<Number>),
    /// A text.
    String(Text),
    /// A list.
    Array(ThinVec<Value>),
    /// An object.
    Object(Map),
}

impl Value {
    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The flag, if it is one.
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(flag) = self { Some(*flag) } else { None }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<&Number> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// The number as a float, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.as_f64()
    }

    /// The number as a count, if it is one.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// The items, if it is a list.
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(list) = self { Some(list) } else { None }
    }

    /// The members, if it is an object.
    pub const fn as_object(&self) -> Option<&Map> {
        if let Self::Object(map) = self { Some(map) } else { None }
    }

    /// Whether it is `null`.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is `true` or `false`.
    pub const fn is_boolean(&self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// Whether it is a number.
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether it is a text.
    pub const fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Whether it is a list.
    pub const fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether it is an object.
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// How many objects it holds, with itself. Depth is bounded by reading.
    pub(super) fn objects(&self) -> usize {
        match self {
            Self::Object(map) => 1 + map.values().map(Self::objects).sum::<usize>(),
            Self::Array(list) => list.iter().map(Self::objects).sum(),
            _ => 0,
        }
    }

    /// The same as a value that can be changed and passed on. Depth is bounded by reading.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(flag) => (*flag).into(),
            Self::Number(number) => serde_json::Value::Number((**number).clone()),
            Self::String(text) => text.as_str().into(),
            Self::Array(list) => list.iter().map(Self::to_json).collect(),
            Self::Object(map) => map.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect(),
        }
    }
}

/// The member of this name, or `null`.
impl Index<&str> for Value {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        static NULL: Value = Value::Null;
        self.get(name).unwrap_or(&NULL)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(flag) => Self::Bool(flag),
            serde_json::Value::Number(number) => number.into(),
            serde_json::Value::String(text) => Self::String(text.into()),
            serde_json::Value::Array(list) => Self::Array(list.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(map) => {
                Self::Object(map.into_iter().map(|(name, value)| (Text::from(name), Self::from(value))).collect())
            }
        }
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(Box::new(number))
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Object(map)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(list) => serializer.collect_seq(list.iter()),
            Self::Object(map) => {
                let mut members = serializer.serialize_map(Some(map.len()))?;
                for (name, value) in map {
                    members.serialize_entry(name.as_str(), value)?;
                }
                members.end()
            }
        }
    }
}

/// JSON, in the order of the document.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The members of an object, in the order of the document.
#[derive(Clone)]
pub struct Map(MemberStore);

#[derive(Clone)]
enum MemberStore {
    Few(ThinVec<(Text, Value)>),
    Many(Box<Indexed>),
}

#[derive(Clone)]
struct Indexed {
    members: ThinVec<(Text, Value)>,
    /// Places of the members, in the order of their names.
    by_name: Box<[u32]>,
}

impl Map {
    fn members(&self) -> &[(Text, Value)] {
        match &self.0 {
            MemberStore::Few(members) => members,
            MemberStore::Many(indexed) => &indexed.members,
        }
    }

    fn members_mut(&mut self) -> &mut [(Text, Value)] {
        match &mut self.0 {
            MemberStore::Few(members) => members,
            MemberStore::Many(indexed) => &mut indexed.members,
        }
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            MemberStore::Few(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            MemberStore::Many(indexed) => {
                let member = |place: u32| indexed.members.get(place as usize);
                let is_below = |place: &u32| member(*place).is_some_and(|(known, _)| known.as_str() < name);
                let place = indexed.by_name.get(indexed.by_name.partition_point(is_below))?;
                member(*place).filter(|(known, _)| known == name).map(|(_, value)| value)
            }
        }
    }

    /// Whether there is a member of this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.members().is_empty()
    }

    /// Names and values.
    pub fn iter(&self) -> Iter<'_> {
        self.into_iter()
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &Text> {
        self.members().iter().map(|(name, _)| name)
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.members().iter().map(|(_, value)| value)
    }

    /// The members, to be put together anew.
    pub(super) fn into_members(self) -> impl Iterator<Item = (Text, Value)> {
        match self.0 {
            MemberStore::Few(members) => members.into_iter(),
            MemberStore::Many(indexed) => indexed.members.into_iter(),
        }
    }

    /// Names and values; names stay.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&Text, &mut Value)> {
        self.members_mut().iter_mut().map(|(name, value)| (&*name, value))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// Names and values of an object.
pub type Iter<'a> = std::iter::Map<std::slice::Iter<'a, (Text, Value)>, fn(&'a (Text, Value)) -> (&'a Text, &'a Value)>;

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Text, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.members().iter().map(|(name, value)| (name, value))
    }
}

/// Equal members in any order are equal objects (RFC 8259 section 4).
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().zip(other).all(
                |((name, value), (there, same))| {
                    if name == there { value == same } else { other.get(name) == Some(value) }
                },
            )
    }
}

/// The last of several members of one name counts, at the place of the first.
impl FromIterator<(Text, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(members: I) -> Self {
        let mut scratch = Scratch::default();
        let mut open = scratch.map();
        for (name, value) in members {
            scratch.member(&mut open, name, value);
        }
        scratch.finish(&open)
    }
}

/// MemberStore and items of what is being read, one upon the other, until each object and list knows how many it has:
/// none of them ever takes more room than it needs.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) texts: Texts,
    pub(super) items: Vec<Value>,
    members: Vec<(Text, Value)>,
}

/// An object that is being read: where its members begin, and where each is once there are many.
#[derive(Debug, Default)]
pub(super) struct Open {
    from: usize,
    places: HashMap<Text, u32, RandomState>,
}

impl Scratch {
    /// Begins an object.
    pub(super) fn map(&self) -> Open {
        Open { from: self.members.len(), places: HashMap::default() }
    }

    /// Whether the object has no member yet.
    pub(super) const fn is_empty(&self, open: &Open) -> bool {
        self.members.len() == open.from
    }

    fn place(&self, open: &Open, name: &str) -> Option<usize> {
        if open.places.is_empty() {
            self.members.get(open.from..)?.iter().position(|(known, _)| known == name)
        } else {
            open.places.get(name).map(|place| *place as usize)
        }
    }

    /// Whether the object that was begun last has a member of this name.
    pub(super) fn has(&self, open: &Open, name: &str) -> bool {
        self.place(open, name).is_some()
    }

    /// Adds a member to the object that was begun last; one of the same name is replaced. Returns whether it is new.
    pub(super) fn member(&mut self, open: &mut Open, name: Text, value: Value) -> bool {
        if let Some(slot) = self.place(open, &name).and_then(|place| self.members.get_mut(open.from + place)) {
            slot.1 = value;
            return false;
        }
        let place = self.members.len() - open.from;
        if !open.places.is_empty() {
            open.places.insert(name.clone(), u32::try_from(place).unwrap_or(u32::MAX));
        }
        self.members.push((name, value));
        if place == LARGE {
            let names = self.members.iter().skip(open.from).map(|(name, _)| name.clone());
            open.places = names.zip(0..).collect();
        }
        true
    }

    /// The object that was begun last.
    pub(super) fn finish(&mut self, open: &Open) -> Map {
        let members: ThinVec<(Text, Value)> = self.members.drain(open.from..).collect();
        if members.len() <= LARGE {
            return Map(MemberStore::Few(members));
        }
        let mut by_name: Box<[u32]> = (0..).take(members.len()).collect();
        by_name.sort_unstable_by_key(|place| members.get(*place as usize).map(|(name, _)| name.as_str()));
        Map(MemberStore::Many(Box::new(Indexed { members, by_name })))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_small() {
        assert_eq!((size_of::<Value>(), size_of::<Text>(), size_of::<Map>()), (16, 8, 16));
    }

    #[test]
    fn there_and_back() {
        let many: serde_json::Map<String, serde_json::Value> = (0..100).map(|n| (format!("n{n}"), json!(n))).collect();
        let json = json!({"b": [1, 2.5, null, true, "é"], "a": {}, "many": many});
        let value = Value::from(json.clone());
        assert_eq!(value.to_json(), json);
        assert_eq!(value.to_string(), json.to_string());
        assert_eq!(value.get("many").and_then(|many| many.get("n57")).and_then(Value::as_u64), Some(57));
        assert_eq!(value.get("many").and_then(|many| many.get("n100")), None);
    }

    #[test]
    fn order_does_not_matter_and_the_last_of_a_name_counts() {
        let object = |names: &[(&str, i32)]| -> Map {
            names.iter().map(|(name, value)| (Text::from(*name), serde_json::Number::from(*value).into())).collect()
        };
        assert_eq!(object(&[("a", 1), ("b", 2)]).iter().count(), 2);
        assert!(object(&[("a", 1), ("b", 2)]) == object(&[("b", 2), ("a", 1)]));
        assert!(object(&[("a", 1), ("b", 2), ("a", 3)]) == object(&[("a", 3), ("b", 2)]));
        assert!(object(&[("a", 1)]) != object(&[("a", 1), ("b", 2)]));
    }
}
