//! YAML 1.2 into [`Value`] on `granit-parser`'s events, by the core schema (YAML 1.2.2 section 10.3).
//!
//! Why not a ready loader: measured on real descriptions, each one refuses large documents, turns `on`
//! into a boolean, merges `200:` with `"200":` in silence, or dies of an alias bomb. This one keeps the
//! source text of keys, charges every alias with the size of what it repeats, and never recurses.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::Number;

use super::limits::Limits;
use super::oddity::Oddity;
use super::pointer::escape;
use super::value::{Open, Scratch, Text, Value};

/// Why YAML could not be read.
#[derive(Debug)]
pub(super) struct YamlError {
    /// Line, counted from 1.
    pub(super) line: usize,
    /// What is wrong there.
    pub(super) message: String,
}

/// A collection being filled, with the anchor it will be known by (0: none).
struct OpenCollection {
    content: CollectionContent,
    anchor: usize,
    size: usize,
}

enum CollectionContent {
    /// Where its items begin.
    List(usize),
    Map {
        map: Open,
        key: Option<Text>,
        merges: Vec<Value>,
    },
}

struct Loader<'o> {
    stack: Vec<OpenCollection>,
    anchors: HashMap<usize, (Value, usize)>,
    nodes: usize,
    max_nodes: usize,
    scratch: Scratch,
    root: Option<Value>,
    oddities: &'o mut Vec<Oddity>,
}

/// Parses `text`, which must hold one document.
pub(super) fn parse(text: &str, limits: &Limits, oddities: &mut Vec<Oddity>) -> Result<Value, YamlError> {
    let mut loader = Loader {
        stack: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        max_nodes: limits.nodes,
        scratch: Scratch::default(),
        root: None,
        oddities,
    };
    let mut documents = 0;
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| {
            // Some of the scanner's complaints have a place but no words.
            let words = error.info();
            let words = if words.is_empty() { "this is not valid YAML".to_owned() } else { words };
            YamlError { line: error.marker().line(), message: format!("{words} (column {})", error.marker().col() + 1) }
        })?;
        let fail = |message: &str| YamlError { line: span.start.line(), message: message.to_owned() };
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    return Err(fail("a second YAML document starts here; a description is one document"));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = matches!(style, ScalarStyle::Plain);
                let forced_text = tag.as_ref().is_some_and(|tag| tag.core_suffix() == Some("str"));
                loader.scalar(&text, plain && !forced_text, anchor).map_err(|message| fail(&message))?;
            }
            Event::SequenceStart(_, anchor, _) => {
                let list = CollectionContent::List(loader.scratch.items.len());
                loader.open(list, anchor, limits.depth).map_err(|message| fail(&message))?;
            }
            Event::MappingStart(_, anchor, _) => {
                let map = CollectionContent::Map { map: loader.scratch.map(), key: None, merges: Vec::new() };
                loader.open(map, anchor, limits.depth).map_err(|message| fail(&message))?;
            }
            Event::SequenceEnd | Event::MappingEnd => loader.close().map_err(|message| fail(&message))?,
            Event::Alias(id) => loader.alias(id).map_err(|message| fail(&message))?,
            _ => {}
        }
    }
    Ok(loader.root.unwrap_or(Value::Null))
}

impl Loader<'_> {
    fn charge(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.max_nodes {
            return Err(format!("the document holds more than {} values once its aliases are written out", self.max_nodes));
        }
        Ok(())
    }

    fn open(&mut self, content: CollectionContent, anchor: usize, max_depth: usize) -> Result<(), String> {
        if self.stack.len() >= max_depth {
            return Err(format!("values are nested more than {max_depth} deep"));
        }
        if self.awaits_key() {
            return Err("a collection cannot be the name of a JSON member".to_owned());
        }
        self.charge(1)?;
        self.stack.push(OpenCollection { content, anchor, size: 1 });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(collection) = self.stack.pop() else { return Ok(()) };
        let value = match collection.content {
            CollectionContent::List(from) => Value::Array(self.scratch.items.drain(from..).collect()),
            CollectionContent::Map { mut map, merges, .. } => {
                for merge in merges {
                    self.merge(&mut map, &merge);
                }
                Value::Object(self.scratch.finish(&map))
            }
        };
        if collection.anchor != 0 {
            // What is kept for later is held a second time.
            self.charge(collection.size)?;
            self.anchors.insert(collection.anchor, (value.clone(), collection.size));
        }
        self.place(value, collection.size);
        Ok(())
    }

    fn alias(&mut self, id: usize) -> Result<(), String> {
        let Some((value, size)) = self.anchors.get(&id).cloned() else {
            return Err("this alias stands inside the value it repeats".to_owned());
        };
        self.charge(size)?;
        if self.awaits_key() {
            let Value::String(text) = value else { return Err("only a text can be the name of a member".to_owned()) };
            self.set_key(text);
            return Ok(());
        }
        self.place(value, size);
        Ok(())
    }

    fn scalar(&mut self, text: &str, plain: bool, anchor: usize) -> Result<(), String> {
        self.charge(1)?;
        if self.awaits_key() {
            if anchor != 0 {
                self.anchors.insert(anchor, (Value::String(self.scratch.texts.get(text)), 1));
            }
            let name = self.scratch.texts.get(text);
            self.set_key(name);
            return Ok(());
        }
        let value = match plain_scalar(text).filter(|_| plain) {
            Some(value) => value,
            None => Value::String(self.scratch.texts.get(text)),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), 1));
        }
        self.place(value, 1);
        Ok(())
    }

    fn awaits_key(&self) -> bool {
        matches!(self.stack.last(), Some(OpenCollection { content: CollectionContent::Map { key: None, .. }, .. }))
    }

    fn set_key(&mut self, text: Text) {
        let mut twice = false;
        if let Some(OpenCollection { content: CollectionContent::Map { map, key, .. }, .. }) = self.stack.last_mut() {
            twice = self.scratch.has(map, &text);
            *key = Some(text);
        }
        if twice {
            let pointer = self.pointer();
            self.oddities.push(Oddity::new(pointer, "this name stands twice in one mapping; the last one was read"));
        }
    }

    fn place(&mut self, value: Value, size: usize) {
        let Some(collection) = self.stack.last_mut() else {
            self.root = Some(value);
            return;
        };
        collection.size = collection.size.saturating_add(size);
        match &mut collection.content {
            CollectionContent::List(_) => self.scratch.items.push(value),
            CollectionContent::Map { map, key, merges } => match key.take() {
                Some(name) if name == "<<" && (value.is_object() || value.is_array()) => merges.push(value),
                Some(name) => {
                    self.scratch.member(map, name, value);
                }
                None => {}
            },
        }
    }

    /// `<<: *base` (YAML merge key): names already present win.
    fn merge(&mut self, map: &mut Open, merge: &Value) {
        let single = std::slice::from_ref(merge);
        for source in merge.as_array().unwrap_or(single).iter().filter_map(Value::as_object) {
            for (name, value) in source {
                if !self.scratch.has(map, name) {
                    self.scratch.member(map, name.clone(), value.clone());
                }
            }
        }
    }

    /// Where the loader stands, for an oddity.
    fn pointer(&self) -> String {
        let mut text = String::new();
        let lists = self
            .stack
            .iter()
            .filter_map(|collection| if let CollectionContent::List(from) = collection.content { Some(from) } else { None });
        // Items of an inner list stand upon those of the outer.
        let mut ends = lists.skip(1).chain([self.scratch.items.len()]);
        for collection in &self.stack {
            let token = match &collection.content {
                CollectionContent::List(from) => ends.next().unwrap_or_default().saturating_sub(*from).to_string(),
                CollectionContent::Map { key, .. } => key.as_ref().map(Text::to_string).unwrap_or_default(),
            };
            text.push('/');
            text.push_str(&escape(&token));
        }
        text
    }
}

/// What a plain scalar is, unless it is a text.
fn plain_scalar(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text)?.into(),
    })
}

/// A number of the core schema, or nothing: dates, versions and `1_000` stay text.
fn number(text: &str) -> Option<Number> {
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(Number::from);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8).ok().map(Number::from);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty() {
        return match text.parse::<i64>() {
            Ok(value) => Some(Number::from(value)),
            Err(_) => {
                let exact = || text.parse::<Number>().ok();
                text.parse::<u64>().map(Number::from).ok().or_else(exact).or_else(|| Number::from_f64(text.parse().ok()?))
            }
        };
    }
    let float_like = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1;
    if float_like { Number::from_f64(text.parse().ok()?) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn load(text: &str) -> (Result<serde_json::Value, String>, Vec<Oddity>) {
        let mut oddities = Vec::new();
        let value = parse(text, &Limits::default(), &mut oddities).map_err(|failure| failure.message);
        (value.map(|value| value.to_json()), oddities)
    }

    #[test]
    fn core_schema_only() {
        let (value, oddities) =
            load("a: on\nb: no\nc: 1_000\nd: 0123\ne: 2020-01-01\n200: x\nnull: y\nf: -1.5e3\ng: ~\nh: 'true'\n");
        assert_eq!(
            value.ok(),
            Some(
                json!({"a": "on", "b": "no", "c": "1_000", "d": 123, "e": "2020-01-01", "200": "x", "null": "y", "f": -1500.0, "g": null, "h": "true"})
            )
        );
        assert!(oddities.is_empty());
    }

    #[test]
    fn merge_keys_and_aliases() {
        let (value, _) = load("base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\nlist: [*b]\n");
        assert_eq!(value.ok(), Some(json!({"base": {"x": 1, "y": 2}, "use": {"y": 3, "x": 1}, "list": [{"x": 1, "y": 2}]})));
    }

    #[test]
    fn duplicate_key_is_told_with_its_place() {
        let (value, oddities) = load("a:\n  b: 1\n  b: 2\n");
        assert_eq!(value.ok(), Some(json!({"a": {"b": 2}})));
        assert_eq!(oddities.first().map(|oddity| oddity.pointer.as_str()), Some("/a/b"));
        let (_, oddities) = load("x: [1, {y: [1, 2, {a: 1, a: 2}]}]\n");
        assert_eq!(oddities.first().map(|oddity| oddity.pointer.as_str()), Some("/x/1/y/2/a"));
    }

    #[test]
    fn alias_bomb_is_refused_by_count() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let prior = format!("*a{}", level - 1);
            text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![prior; 10].join(",")));
        }
        assert!(load(&text).0.is_err_and(|message| message.contains("aliases")));
    }

    #[test]
    fn depth_is_bounded() {
        assert!(load(&"[".repeat(100_000)).0.is_err());
        assert!(load(&"? ".repeat(20_000)).0.is_err());
    }
}
