//! JSON into [`Value`], telling of duplicate names, which RFC 8259 section 4 leaves undefined.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::limits::Limits;
use super::oddity::Oddity;
use super::pointer::escape;
use super::value::{Scratch, Text, Texts, Value};

/// The name under which `serde_json` hands out a number as it is written.
const NUMBER: &str = "$serde_json::private::Number";

/// A number in the form that equal numbers share as far as 64 bits reach: longer whole ones stay as they are written,
/// fractions are the nearest that 64 bits hold.
fn number(text: &str) -> Result<Number, String> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole.into());
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Ok(whole.into());
    }
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let float = text.parse::<f64>().ok().filter(|_| !is_whole).and_then(Number::from_f64);
    float.or_else(|| text.parse().ok()).ok_or_else(|| format!("`{text}` is no number"))
}

/// Parses `text`; depth is bounded by `serde_json`'s own recursion limit of 128.
pub(super) fn parse(text: &str, limits: &Limits, oddities: &mut Vec<Oddity>) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut left = limits.nodes;
    let mut scratch = Scratch::default();
    let value = Seed { path: None, oddities, left: &mut left, scratch: &mut scratch }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The way from the root to the value being read, on the stack: it costs nothing until something is odd.
struct PathFromRoot<'a> {
    parent: Option<&'a PathFromRoot<'a>>,
    token: PathToken<'a>,
}

enum PathToken<'a> {
    Name(&'a str),
    Index(usize),
}

impl PathFromRoot<'_> {
    fn text(&self) -> String {
        let parent = self.parent.map(PathFromRoot::text).unwrap_or_default();
        match self.token {
            PathToken::Name(name) => format!("{parent}/{}", escape(name)),
            PathToken::Index(index) => format!("{parent}/{index}"),
        }
    }
}

struct Seed<'a> {
    path: Option<&'a PathFromRoot<'a>>,
    oddities: &'a mut Vec<Oddity>,
    /// Values that may still be read.
    left: &'a mut usize,
    scratch: &'a mut Scratch,
}

/// A name, or that a number follows.
struct Name<'a>(&'a mut Texts);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Text;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Text, E> {
        Ok(self.0.get(name))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.left.checked_sub(1) {
            Some(left) => *self.left = left,
            None => return Err(serde::de::Error::custom("the document holds too many values")),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Number::from(value).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Number::from(value).into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::from))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(self.scratch.texts.get(value)))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let from = self.scratch.items.len();
        loop {
            let path = PathFromRoot { parent: self.path, token: PathToken::Index(self.scratch.items.len() - from) };
            let seed =
                Seed { path: Some(&path), oddities: &mut *self.oddities, left: &mut *self.left, scratch: &mut *self.scratch };
            match seq.next_element_seed(seed)? {
                Some(value) => self.scratch.items.push(value),
                None => return Ok(Value::Array(self.scratch.items.drain(from..).collect())),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = self.scratch.map();
        while let Some(name) = access.next_key_seed(Name(&mut self.scratch.texts))? {
            if name == NUMBER && self.scratch.is_empty(&map) {
                return number(&access.next_value::<String>()?).map(Value::from).map_err(serde::de::Error::custom);
            }
            let path = PathFromRoot { parent: self.path, token: PathToken::Name(&name) };
            let seed =
                Seed { path: Some(&path), oddities: &mut *self.oddities, left: &mut *self.left, scratch: &mut *self.scratch };
            let value = access.next_value_seed(seed)?;
            if !self.scratch.member(&mut map, name.clone(), value) {
                let message = "this name stands twice in one object; the last one was read";
                self.oddities.push(Oddity::new(path.text(), message));
            }
        }
        Ok(Value::Object(self.scratch.finish(&map)))
    }
}
