//! Named values outside the body as texts, written and read by their styles.
//!
//! By RFC 6570 section 3.2 and the table of styles (OpenAPI 3.1 section 4.8.12.4), without any of the code they judge.

use serde_json::{Map, Value};

/// Where a named value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    Header,
    Cookie,
    ResponseHeader,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Simple,
    Label,
    Matrix,
    Form,
    Spaces,
    Pipes,
    Deep,
    /// As a JSON document, by `content`.
    Json,
}

/// The name of them all.
pub const NAME: &str = "a";

/// How one side writes or reads a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    pub place: Place,
    pub style: Style,
    pub is_exploded: bool,
}

/// The shape that a schema of named values has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    One,
    List,
    Object,
}

impl Shape {
    /// By the type of the schema; none where it is no text, list or object of texts.
    pub fn of(schema: &Value) -> Option<Self> {
        let one = |schema: &Value| Self::of(schema) == Some(Self::One);
        match schema["type"].as_str()? {
            "integer" | "number" | "string" | "boolean" => Some(Self::One),
            "array" => one(&schema["items"]).then_some(Self::List),
            "object" => schema["properties"].as_object()?.values().all(one).then_some(Self::Object),
            _ => None,
        }
    }
}

/// Unreserved characters stay (RFC 3986 section 2.3).
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(behind.get(..2)?).ok()?, 16).ok()?);
            rest = behind.get(2..)?;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The text of a single value; none where it has none.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(escaped(text)),
        Value::Number(_) | Value::Bool(_) => Some(escaped(&value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Writing {
    /// The text of a value; none where nothing says how it is written.
    pub fn write(self, value: &Value) -> Option<String> {
        let (first, between, is_named, empty) = match self.style {
            Style::Simple => ("", ",", false, ""),
            Style::Label => (".", ".", false, ""),
            Style::Matrix => (";", ";", true, ""),
            Style::Form => ("", "&", true, "="),
            Style::Spaces => return Some(format!("{NAME}={}", listed(value)?.join("%20"))),
            Style::Pipes => return Some(format!("{NAME}={}", listed(value)?.join("%7C"))),
            Style::Deep => {
                let members = members(value)?.into_iter().map(|(name, text)| format!("{NAME}%5B{name}%5D={text}"));
                return Some(members.collect::<Vec<_>>().join("&"));
            }
            Style::Json => {
                let text = escaped(&value.to_string());
                let is_named = matches!(self.place, Place::Query | Place::Cookie);
                return Some(if is_named { format!("{NAME}={text}") } else { text });
            }
        };
        let named = |text: &str| match (is_named, text) {
            (false, _) => text.to_owned(),
            (true, "") => format!("{NAME}{empty}"),
            (true, _) => format!("{NAME}={text}"),
        };
        let text = match value {
            Value::Array(_) if self.is_exploded => {
                listed(value)?.iter().map(|text| named(text)).collect::<Vec<_>>().join(between)
            }
            Value::Object(_) if self.is_exploded => {
                let members = members(value)?.into_iter().map(|(name, text)| format!("{name}={text}"));
                members.collect::<Vec<_>>().join(between)
            }
            Value::Array(_) | Value::Object(_) => named(&listed(value)?.join(",")),
            _ => named(&plain(value)?),
        };
        Some(format!("{first}{text}"))
    }

    /// The value that a text is to a reader of a schema; none where it is none, or the schema refuses it.
    pub fn read(self, text: &str, schema: &Value) -> Option<Value> {
        let value = self.understood(text, schema)?;
        jsonschema::is_valid(schema, &value).then_some(value)
    }

    fn understood(self, text: &str, schema: &Value) -> Option<Value> {
        if self.style == Style::Json {
            let is_named = matches!(self.place, Place::Query | Place::Cookie);
            let text = if is_named { only(&pairs(text, '&'))? } else { text };
            return serde_json::from_str(&unescaped(text)?).ok();
        }
        match (Shape::of(schema)?, self.style) {
            (Shape::One, Style::Simple) => single(text, schema),
            (Shape::One, Style::Label) => single(text.strip_prefix('.')?, schema),
            (Shape::One, Style::Matrix) => single(only(&pairs(text.strip_prefix(';')?, ';'))?, schema),
            (Shape::One, Style::Deep) => None,
            (Shape::One, _) => single(only(&pairs(text, '&'))?, schema),
            (Shape::List, _) => {
                let entries = self.entries(text)?;
                entries.into_iter().map(|entry| single(entry, &schema["items"])).collect()
            }
            (Shape::Object, _) => {
                let mut map = Map::new();
                for (name, text) in self.members(text)? {
                    let name = unescaped(name)?;
                    let member = schema["properties"].get(&name).unwrap_or(&Value::Bool(true));
                    let value = single(text, member)?;
                    map.insert(name, value);
                }
                Some(Value::Object(map))
            }
        }
    }

    fn entries(self, text: &str) -> Option<Vec<&str>> {
        match (self.style, self.is_exploded) {
            (Style::Simple, _) => Some(text.split(',').collect()),
            (Style::Label, is_exploded) => Some(text.strip_prefix('.')?.split(if is_exploded { '.' } else { ',' }).collect()),
            (Style::Matrix, true) => ours(&pairs(text.strip_prefix(';')?, ';')),
            (Style::Matrix, false) => Some(only(&pairs(text.strip_prefix(';')?, ';'))?.split(',').collect()),
            (Style::Form, true) => ours(&pairs(text, '&')),
            (Style::Form, false) => Some(only(&pairs(text, '&'))?.split(',').collect()),
            (Style::Spaces, _) => Some(only(&pairs(text, '&'))?.split("%20").collect()),
            (Style::Pipes, _) => Some(only(&pairs(text, '&'))?.split("%7C").collect()),
            (Style::Deep | Style::Json, _) => None,
        }
    }

    fn members(self, text: &str) -> Option<Vec<(&str, &str)>> {
        let between = match self.style {
            Style::Simple => ',',
            Style::Label => '.',
            Style::Matrix => ';',
            _ => '&',
        };
        if self.style == Style::Deep {
            let deep = |(name, text)| Some((str::strip_prefix(name, NAME)?.strip_prefix("%5B")?.strip_suffix("%5D")?, text));
            return Some(pairs(text, '&').into_iter().filter_map(deep).collect::<Vec<_>>()).filter(|list| !list.is_empty());
        }
        if self.is_exploded {
            let text = match self.style {
                Style::Label | Style::Matrix => text.strip_prefix(between)?,
                _ => text,
            };
            return text.split(between).map(|pair| pair.split_once('=')).collect();
        }
        let entries = self.entries(text)?;
        let (pairs, rest) = entries.as_chunks::<2>();
        rest.is_empty().then(|| pairs.iter().map(|[name, text]| (*name, *text)).collect())
    }
}

/// The texts of a list, or of names and members of an object by turns; none where there is nothing to write.
fn listed(value: &Value) -> Option<Vec<String>> {
    let texts: Vec<String> = match value {
        Value::Array(list) => list.iter().map(plain).collect::<Option<_>>()?,
        Value::Object(_) => members(value)?.into_iter().flat_map(|(name, text)| [name, text]).collect(),
        _ => return None,
    };
    (!texts.is_empty()).then_some(texts)
}

fn members(value: &Value) -> Option<Vec<(String, String)>> {
    let map = value.as_object().filter(|map| !map.is_empty())?;
    map.iter().map(|(name, value)| Some((escaped(name), plain(value)?))).collect()
}

fn pairs(text: &str, between: char) -> Vec<(&str, &str)> {
    text.split(between).map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect()
}

/// The texts under the name; none where there are none.
fn ours<'t>(pairs: &[(&str, &'t str)]) -> Option<Vec<&'t str>> {
    let texts: Vec<&str> = pairs.iter().filter(|(name, _)| *name == NAME).map(|(_, text)| *text).collect();
    (!texts.is_empty()).then_some(texts)
}

/// The text under the name, where it stands there once.
fn only<'t>(pairs: &[(&str, &'t str)]) -> Option<&'t str> {
    match ours(pairs)?.as_slice() {
        [text] => Some(*text),
        _ => None,
    }
}

/// A text as whatever single value the schema takes.
fn single(text: &str, schema: &Value) -> Option<Value> {
    let text = unescaped(text)?;
    let read = serde_json::from_str::<Value>(&text).ok().filter(|value| value.is_number() || value.is_boolean());
    let values = [read, Some(Value::String(text))];
    values.into_iter().flatten().find(|value| jsonschema::is_valid(schema, value))
}

#[test]
fn texts_are_those_of_the_specification() {
    use serde_json::json;
    let (list, object) = (json!(["blue", "black"]), json!({"R": 100, "G": 200}));
    for (style, is_exploded, one, several, members) in [
        (Style::Matrix, false, ";a=blue", ";a=blue,black", ";a=R,100,G,200"),
        (Style::Matrix, true, ";a=blue", ";a=blue;a=black", ";R=100;G=200"),
        (Style::Label, false, ".blue", ".blue,black", ".R,100,G,200"),
        (Style::Label, true, ".blue", ".blue.black", ".R=100.G=200"),
        (Style::Simple, false, "blue", "blue,black", "R,100,G,200"),
        (Style::Simple, true, "blue", "blue,black", "R=100,G=200"),
        (Style::Form, false, "a=blue", "a=blue,black", "a=R,100,G,200"),
        (Style::Form, true, "a=blue", "a=blue&a=black", "R=100&G=200"),
    ] {
        let writing = Writing { place: Place::Query, style, is_exploded };
        for (value, expected) in [(&json!("blue"), one), (&list, several)] {
            assert_eq!(writing.write(value).as_deref(), Some(expected), "{style:?}");
        }
        // Which member comes first is the map's business.
        let text = writing.write(&object).expect("a text");
        let mut parts: Vec<&str> = text.split([',', '&', ';', '.']).collect();
        let mut wanted: Vec<&str> = members.split([',', '&', ';', '.']).collect();
        parts.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(parts.len(), wanted.len(), "{text} and {members}");
    }
    let pipes = Writing { place: Place::Query, style: Style::Pipes, is_exploded: false };
    assert_eq!(pipes.write(&list).as_deref(), Some("a=blue%7Cblack"));
    let deep = Writing { place: Place::Query, style: Style::Deep, is_exploded: true };
    assert_eq!(deep.write(&json!({"R": 100})).as_deref(), Some("a%5BR%5D=100"));
}
