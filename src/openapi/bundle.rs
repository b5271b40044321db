//! A description of several files as one closed set: one sequence of bytes, one digest, one document.
//!
//! The root is kept under [`ROOT`], every other file by its address relative to the root, or in full where it
//! is served elsewhere. Reading joins the set into one document: files stand under [`SECTION`], and every
//! reference between them becomes a local one, so that everything behind reading knows of one document only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::pointer::{escape, unescape};
use super::value::{Map, Text, Value};

/// The member of the joined document that holds the other files.
pub const SECTION: &str = "x-driftd-files";

/// The key of the root.
pub const ROOT: &str = "";

/// Where the root is taken to stand when references are resolved: deep, so that `../` stays inside.
const BASE: &str = "http://bundle.invalid/1/2/3/4/5/6/7/8/9/root";

/// What the bytes of a bundle begin with.
const MARK: &str = r#"{"driftd-bundle":1,"#;

/// The files of one description, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Text by key; the root under [`ROOT`].
    pub files: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "driftd-bundle")]
    version: u32,
    files: BTreeMap<String, StoredFile>,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    sha256: String,
    text: String,
}

impl Bundle {
    /// The set as bytes: the same set, the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let digest = |text: &str| Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let files = self.files.iter().map(|(key, text)| (key.clone(), StoredFile { sha256: digest(text), text: text.clone() }));
        let stored = Stored { version: 1, files: files.collect() };
        // Strings and numbers always serialise.
        serde_json::to_vec(&stored).unwrap_or_default()
    }

    /// The set in some bytes; none where they are a plain document.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(MARK.as_bytes()) {
            return None;
        }
        let stored: Stored = serde_json::from_slice(bytes).ok()?;
        Some(Self { files: stored.files.into_iter().map(|(key, file)| (key, file.text)).collect() })
    }
}

/// The file a reference leads to, and the rest of it: `("schemas/door.yaml", "/Door")`.
///
/// `from` is the key of the file the reference stands in. Nothing for what is no address at all.
pub fn target_of(from: &str, reference: &str) -> Option<(String, String)> {
    let base: Url = BASE.parse().ok()?;
    let mut target = base.join(from).ok()?.join(reference).ok()?;
    let fragment = target.fragment().unwrap_or_default().to_owned();
    target.set_fragment(None);
    let key = if target.host_str() == base.host_str() {
        if target == base { ROOT.to_owned() } else { base.make_relative(&target)? }
    } else {
        target.to_string()
    };
    Some((key, fragment))
}

/// The address that a document gives itself (OpenAPI 3.2: `$self`), where it does.
struct OwnAddress(Url);

impl OwnAddress {
    fn of(document: &Value) -> Option<Self> {
        document.get("openapi")?;
        let mut own = BASE.parse::<Url>().ok()?.join(document.get("$self")?.as_str()?).ok()?;
        own.set_fragment(None);
        Some(Self(own))
    }

    /// The part of the document itself that a reference names; none where it leads elsewhere.
    fn local(&self, reference: &str) -> Option<String> {
        if reference.starts_with('#') {
            return None;
        }
        let mut target = self.0.join(reference).ok()?;
        let fragment = target.fragment().unwrap_or_default().to_owned();
        target.set_fragment(None);
        (target == self.0).then(|| format!("#{fragment}"))
    }
}

/// Makes what refers to the document by the address it gives itself local.
pub(super) fn localise_own(root: &mut Value) {
    if let Some(own) = OwnAddress::of(root) {
        localise(root, false, &|reference| own.local(reference));
    }
}

/// Keys of the other files that a file refers to, in order of first mention.
pub fn external_files(from: &str, value: &Value) -> Vec<String> {
    let mut keys = Vec::new();
    let own = OwnAddress::of(value);
    let is_own = |reference: &str| own.as_ref().is_some_and(|own| own.local(reference).is_some());
    each_reference(value, false, &mut |reference| {
        if !reference.starts_with('#')
            && !is_own(reference)
            && let Some((key, _)) = target_of(from, reference)
            && key != from
            && key != ROOT
            && !keys.contains(&key)
        {
            keys.push(key);
        }
    });
    keys
}

/// Whether a text may refer to other files: a cheap look before anything is parsed.
pub fn may_be_several(text: &str) -> bool {
    text.match_indices("$ref").any(|(at, found)| {
        let rest = text.get(at + found.len()..).unwrap_or_default();
        let rest = rest.trim_start_matches(['"', '\'', ':', ' ', '\t']);
        !rest.starts_with(['#', '\n', '\r'])
    })
}

/// Members whose content is data, not description. A `default` may also be a response.
const DATA: &[&str] = &["example", "examples", "enum", "const"];

/// Members whose own members have names that somebody chose: a property may be called `example`.
const NAMED: &[&str] =
    &["properties", "patternProperties", "$defs", "definitions", "schemas", "headers", "parameters", "responses"];

fn is_data(name: &str, is_chosen: bool) -> bool {
    !is_chosen && DATA.contains(&name)
}

fn each_reference<'v>(value: &'v Value, is_chosen: bool, found: &mut impl FnMut(&'v str)) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match inner {
                    Value::String(text) if name == "$ref" => found(text),
                    _ if is_data(name, is_chosen) => {}
                    _ => each_reference(inner, !is_chosen && NAMED.contains(&name.as_str()), found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| each_reference(inner, false, found)),
        _ => {}
    }
}

/// Joins parsed files into one document. What a reference leads to outside the set stays as it is, and is told
/// of where it stands.
pub(super) fn join(mut files: BTreeMap<String, Value>) -> Value {
    let keys: Vec<String> = files.keys().cloned().collect();
    for (from, value) in &mut files {
        localise_own(value);
        localise(value, false, &|reference| local(reference, from, &keys));
    }
    let root = files.remove(ROOT).unwrap_or_default();
    match root {
        Value::Object(map) if !files.is_empty() => {
            let section: Map = files.into_iter().map(|(key, value)| (Text::from(key), value)).collect();
            let section = (SECTION.into(), Value::Object(section));
            Value::Object(map.into_members().chain([section]).collect())
        }
        root => root,
    }
}

/// Writes references as `local` says; none where one stays as it is.
fn localise(value: &mut Value, is_chosen: bool, local: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map.iter_mut() {
                match inner {
                    Value::String(text) if name == "$ref" => {
                        if let Some(local) = local(text) {
                            *text = local.into();
                        }
                    }
                    _ if is_data(name, is_chosen) => {}
                    Value::Object(inner) if !is_chosen && name == "discriminator" => localise_mapping(inner, local),
                    _ => localise(inner, !is_chosen && NAMED.contains(&name.as_str()), local),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| localise(inner, false, local)),
        _ => {}
    }
}

/// The targets of a mapping are references too, where they lead to another file of the set; all others are names
/// (OpenAPI 3.1 section 4.8.25).
fn localise_mapping(discriminator: &mut Map, local: &dyn Fn(&str) -> Option<String>) {
    for (name, inner) in discriminator.iter_mut() {
        let targets: Vec<&mut Value> = match inner {
            Value::Object(mapping) if name == "mapping" => mapping.iter_mut().map(|(_, target)| target).collect(),
            target if name == "defaultMapping" => vec![target],
            _ => Vec::new(),
        };
        for target in targets {
            if let Value::String(text) = target
                && let Some(local) = local(text)
            {
                *text = local.into();
            }
        }
    }
}

/// A reference as it reads in the joined document; none where it needs no change, or leads outside the set.
fn local(reference: &str, from: &str, keys: &[String]) -> Option<String> {
    if from == ROOT && reference.starts_with('#') {
        return None;
    }
    let (key, fragment) = if reference.starts_with('#') {
        (from.to_owned(), reference.trim_start_matches('#').to_owned())
    } else {
        target_of(from, reference)?
    };
    // `#door` is an anchor: known by its name in the whole document.
    if !fragment.is_empty() && !fragment.starts_with('/') {
        return Some(format!("#{fragment}"));
    }
    if key == ROOT {
        return Some(format!("#{fragment}"));
    }
    keys.contains(&key).then(|| format!("#/{SECTION}/{}{fragment}", escape(&key).replace('%', "%25")))
}

/// A pointer as people know it: `schemas/door.yaml#/Door` for what stands in another file.
pub fn shown_pointer(pointer: &str) -> String {
    let Some(rest) =
        pointer.strip_prefix('/').and_then(|rest| rest.strip_prefix(SECTION)).and_then(|rest| rest.strip_prefix('/'))
    else {
        return pointer.to_owned();
    };
    let (key, inner) = rest.split_once('/').unwrap_or((rest, ""));
    let key = unescape(key);
    if inner.is_empty() { key.into_owned() } else { format!("{key}#/{inner}") }
}

/// The file a pointer leads into, and the rest of the pointer.
pub fn file_of(pointer: &str) -> (String, String) {
    let shown = shown_pointer(pointer);
    if shown == pointer {
        return (ROOT.to_owned(), pointer.to_owned());
    }
    shown.split_once('#').map_or((shown.clone(), String::new()), |(key, inner)| (key.to_owned(), inner.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::resolve;
    use super::*;

    #[test]
    fn references_lead_where_they_should() {
        let target = |from: &str, reference: &str| target_of(from, reference).map(|(key, rest)| format!("{key}|{rest}"));
        assert_eq!(target("", "schemas/door.yaml#/Door").as_deref(), Some("schemas/door.yaml|/Door"));
        assert_eq!(target("schemas/door.yaml", "lock.yaml").as_deref(), Some("schemas/lock.yaml|"));
        assert_eq!(target("schemas/door.yaml", "../root#/components").as_deref(), Some("|/components"));
        assert_eq!(target("schemas/door.yaml", "../../common/x.yaml").as_deref(), Some("../common/x.yaml|"));
        assert_eq!(target("", "https://other.example/x.json#/A").as_deref(), Some("https://other.example/x.json|/A"));
        assert_eq!(target("https://other.example/d/x.json", "y.json").as_deref(), Some("https://other.example/d/y.json|"));
    }

    #[test]
    fn a_set_joins_into_one_document() {
        let files = BTreeMap::from([
            (String::new(), json!({"openapi": "3.1.0", "paths": {"/a": {"$ref": "paths/a.yaml"}}, "x": {"$ref": "gone.yaml"}})),
            ("paths/a.yaml".to_owned(), json!({"get": {"s": {"$ref": "../schemas.yaml#/A"}, "t": {"$ref": "#/get"}}})),
            (
                "schemas.yaml".to_owned(),
                json!({"A": {"$ref": "root#/paths"}, "B": {"example": {"$ref": "x.yaml"}}, "C": {"discriminator": {
                    "propertyName": "kind", "mapping": {"a": "paths/a.yaml", "n": "A"}, "defaultMapping": "schemas.yaml#/A"
                }}}),
            ),
        ]);
        let root = join(files.into_iter().map(|(key, file)| (key, Value::from(file))).collect());
        let at = |pointer: &str| resolve(&root, pointer).and_then(Value::as_str).map(str::to_owned);
        assert_eq!(at("/paths/~1a/$ref").as_deref(), Some("#/x-driftd-files/paths~1a.yaml"));
        assert_eq!(at("/x/$ref").as_deref(), Some("gone.yaml"), "what is not in the set is told of");
        assert_eq!(at("/x-driftd-files/paths~1a.yaml/get/s/$ref").as_deref(), Some("#/x-driftd-files/schemas.yaml/A"));
        assert_eq!(at("/x-driftd-files/paths~1a.yaml/get/t/$ref").as_deref(), Some("#/x-driftd-files/paths~1a.yaml/get"));
        assert_eq!(at("/x-driftd-files/schemas.yaml/A/$ref").as_deref(), Some("#/paths"));
        assert_eq!(at("/x-driftd-files/schemas.yaml/B/example/$ref").as_deref(), Some("x.yaml"), "an example is data");
        let home = "/x-driftd-files/schemas.yaml/C/discriminator";
        assert_eq!(at(&format!("{home}/mapping/a")).as_deref(), Some("#/x-driftd-files/paths~1a.yaml"));
        assert_eq!(at(&format!("{home}/mapping/n")).as_deref(), Some("A"), "a name is no reference");
        assert_eq!(at(&format!("{home}/defaultMapping")).as_deref(), Some("#/x-driftd-files/schemas.yaml/A"));
        assert_eq!(shown_pointer("/x-driftd-files/paths~1a.yaml/get/s"), "paths/a.yaml#/get/s");
        assert_eq!(shown_pointer("/paths/~1a"), "/paths/~1a");
    }

    #[test]
    fn bytes_and_back() {
        let bundle = Bundle { files: BTreeMap::from([(String::new(), "a".to_owned()), ("b.yaml".to_owned(), "b".to_owned())]) };
        assert_eq!(Bundle::from_bytes(&bundle.to_bytes()), Some(bundle));
        assert_eq!(Bundle::from_bytes(b"{\"openapi\": \"3.0.0\"}"), None);
        assert!(may_be_several("a: {$ref: './x.yaml'}") && may_be_several(r#"{"$ref": "x.json"}"#));
        assert!(!may_be_several("a: {$ref: '#/x'}") && !may_be_several(r##"{"$ref":"#/x"}"##));
    }
}
