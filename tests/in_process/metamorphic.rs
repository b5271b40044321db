//! Respellings of real documents that mean the same: none may be judged breaking.
//!
//! Each case takes a document, respells one place of it in one way at random, and compares it with the
//! original in both directions. `DRIFTD_SEED` repeats a run; the seed of a failure is printed with it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftd::diff::Budget;
use driftd::model::Severity;
use driftd::openapi::{Document, Limits, lower, read};
use driftd::rules::{Catalogue, compare};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::support::files_below;

/// One way to write the same thing otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Respelling {
    ShuffleKeys,
    Inline,
    Hoist,
    WrapAllOf,
    WrapAnyOf,
    WrapOneOf,
    SplitAllOf,
    EnumToConsts,
    EnumToEnums,
    TypesToAnyOf,
    ReorderBranches,
    ConvertTo31,
    JsonToYaml,
}

const ALL: [Respelling; 13] = [
    Respelling::ShuffleKeys,
    Respelling::Inline,
    Respelling::Hoist,
    Respelling::WrapAllOf,
    Respelling::WrapAnyOf,
    Respelling::WrapOneOf,
    Respelling::SplitAllOf,
    Respelling::EnumToConsts,
    Respelling::EnumToEnums,
    Respelling::TypesToAnyOf,
    Respelling::ReorderBranches,
    Respelling::ConvertTo31,
    Respelling::JsonToYaml,
];

/// A document with the places of its schemas.
struct Subject {
    name: String,
    root: Value,
    document: Document,
    places: Vec<String>,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Swagger2,
    V30,
    V31,
}

fn subject(path: &Path) -> Option<Subject> {
    let bytes = std::fs::read(path).ok()?;
    let document = read(&bytes, &Limits::default()).ok()?;
    // What leads nowhere makes every edit around it undecided.
    if !lower(&document).unread.is_empty() {
        return None;
    }
    let root = document.root.to_json();
    let version = match root.get("openapi").and_then(Value::as_str) {
        None => Version::Swagger2,
        Some(version) if version.starts_with("3.0") => Version::V30,
        Some(_) => Version::V31,
    };
    let mut places = Vec::new();
    find_schemas(&root, &mut String::new(), &mut places);
    let name = path.file_name().map(|name| format!("{}/{}", folder(path), name.to_string_lossy())).unwrap_or_default();
    (!places.is_empty()).then_some(Subject { name, root, document, places, version })
}

fn folder(path: &Path) -> String {
    path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn below(at: &mut String, token: &str, then: impl FnOnce(&mut String)) {
    let length = at.len();
    at.push('/');
    at.push_str(&token.replace('~', "~0").replace('/', "~1"));
    then(at);
    at.truncate(length);
}

/// Everything that hangs on `schema` keys, and the named components.
fn find_schemas(value: &Value, at: &mut String, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                below(at, name, |at| match name.as_str() {
                    "example" | "examples" | "default" | "enum" => {}
                    "schema" if inner.is_object() => schema(inner, at, into),
                    "schemas" | "definitions" if at.matches('/').count() <= 2 => {
                        for (name, inner) in inner.as_object().into_iter().flatten() {
                            below(at, name, |at| schema(inner, at, into));
                        }
                    }
                    _ => find_schemas(inner, at, into),
                });
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                below(at, &index.to_string(), |at| find_schemas(inner, at, into));
            }
        }
        _ => {}
    }
}

fn schema(value: &Value, at: &mut String, into: &mut Vec<String>) {
    let Value::Object(map) = value else { return };
    into.push(at.clone());
    for (name, inner) in map {
        below(at, name, |at| match (name.as_str(), inner) {
            ("properties", Value::Object(properties)) => {
                for (name, inner) in properties {
                    below(at, name, |at| schema(inner, at, into));
                }
            }
            ("items" | "additionalProperties", inner) => schema(inner, at, into),
            ("allOf" | "oneOf" | "anyOf", Value::Array(branches)) => {
                for (index, inner) in branches.iter().enumerate() {
                    below(at, &index.to_string(), |at| schema(inner, at, into));
                }
            }
            _ => {}
        });
    }
}

/// The respelt document, or nothing where the way does not fit the place.
fn respell(subject: &Subject, how: Respelling, random: &mut Rng) -> Option<(Vec<u8>, String)> {
    let place = subject.places[random.usize(..subject.places.len())].clone();
    let mut root = subject.root.clone();
    let swagger = subject.version == Version::Swagger2;
    match how {
        Respelling::ShuffleKeys => {
            shuffle(&mut root, random);
            return Some((root.to_string().into_bytes(), "everywhere".to_owned()));
        }
        Respelling::JsonToYaml => {
            let mut text = String::new();
            yaml(&root, 0, &mut text);
            return Some((text.into_bytes(), "everywhere".to_owned()));
        }
        Respelling::ConvertTo31 => {
            // `const` is no keyword up to 3.0, and one from 3.1.
            if subject.version != Version::V30 || root.to_string().contains("\"const\":") {
                return None;
            }
            for place in &subject.places {
                to_31(root.pointer_mut(place)?);
            }
            root["openapi"] = json!("3.1.0");
            return Some((root.to_string().into_bytes(), "everywhere".to_owned()));
        }
        _ => {}
    }
    let old = root.pointer(&place)?.clone();
    let object = old.as_object()?;
    // In a library each schema is there for others, and the name of a listed form may be its tag.
    let is_named_form = {
        let union = place.rsplitn(3, '/').nth(2).and_then(|union| root.pointer(union));
        union.is_some_and(|union| union.get("discriminator").is_some()) && place.contains("Of/")
    };
    // Read as it is meant where it stands, and nowhere else.
    let is_misspelt = object.get("required").is_some_and(Value::is_boolean);
    if is_misspelt || is_named_form || (subject.document.is_blank() && matches!(how, Respelling::Hoist)) {
        return None;
    }
    let new = match how {
        Respelling::Inline => {
            // Siblings of a reference are ignored up to 3.0 and joined from 3.1: only a plain one can be replaced.
            let target = object.get("$ref").filter(|_| object.len() == 1)?.as_str()?.strip_prefix('#')?;
            root.pointer(target).filter(|target| target.is_object())?.clone()
        }
        Respelling::Hoist => {
            if object.contains_key("$ref") {
                return None;
            }
            let (section, prefix) =
                if swagger { ("/definitions", "#/definitions") } else { ("/components/schemas", "#/components/schemas") };
            root.pointer(section)?;
            root.pointer_mut(section)?.as_object_mut()?.insert("Hoisted".to_owned(), old.clone());
            json!({"$ref": format!("{prefix}/Hoisted")})
        }
        Respelling::WrapAllOf => json!({"allOf": [old]}),
        Respelling::WrapAnyOf if !swagger => json!({"anyOf": [old]}),
        Respelling::WrapOneOf if !swagger => json!({"oneOf": [old]}),
        Respelling::SplitAllOf => split(object, random)?,
        Respelling::EnumToConsts if subject.version == Version::V31 => {
            // A type that excludes null does so beside a list that names it.
            let values = plain_enum(object).filter(|values| !values.contains(&Value::Null))?;
            json!({"oneOf": values.iter().map(|value| json!({"const": value})).collect::<Vec<_>>()})
        }
        Respelling::EnumToEnums if !swagger => {
            let values = plain_enum(object)?;
            let kind = object.get("type").cloned();
            let half = |values: &[Value]| {
                let mut half = json!({"enum": values});
                if let Some(kind) = &kind {
                    half["type"] = kind.clone();
                }
                half
            };
            let (left, right) = values.split_at(values.len() / 2);
            if left.is_empty() || object.get("nullable").is_some() {
                return None;
            }
            json!({"oneOf": [half(left), half(right)]})
        }
        Respelling::TypesToAnyOf if subject.version == Version::V31 => {
            let types = object.get("type")?.as_array().filter(|types| types.len() > 1)?;
            if object.contains_key("enum") || object.contains_key("const") {
                return None;
            }
            let branch = |kind: &Value| {
                let mut branch = old.clone();
                if kind == "null" {
                    json!({"type": "null"})
                } else {
                    branch["type"] = kind.clone();
                    branch
                }
            };
            json!({"anyOf": types.iter().map(branch).collect::<Vec<_>>()})
        }
        Respelling::ReorderBranches => {
            let mut reordered = old.clone();
            let mut lists = reordered.as_object_mut()?.iter_mut();
            let is_branched = |(name, value): &(&String, &mut Value)| {
                ["allOf", "anyOf", "oneOf"].contains(&name.as_str()) && value.as_array().is_some_and(|list| list.len() > 1)
            };
            let (_, list) = lists.find(is_branched)?;
            random.shuffle(list.as_array_mut()?);
            reordered
        }
        _ => return None,
    };
    *root.pointer_mut(&place)? = new;
    Some((root.to_string().into_bytes(), place))
}

/// An enum that says nothing but its values and their type.
fn plain_enum(object: &Map<String, Value>) -> Option<Vec<Value>> {
    let silent = ["type", "enum", "description", "title", "example", "examples", "nullable"];
    let values = object.get("enum")?.as_array()?;
    let distinct = values.iter().enumerate().all(|(index, value)| !values[..index].contains(value));
    (distinct && !values.is_empty() && object.keys().all(|name| silent.contains(&name.as_str()) || name.starts_with("x-enum")))
        .then(|| values.clone())
}

/// An object in two halves, joined by `allOf`.
fn split(object: &Map<String, Value>, random: &mut Rng) -> Option<Value> {
    let properties = object.get("properties")?.as_object().filter(|properties| properties.len() > 1)?;
    // A closed half would refuse what the other declares.
    if object.contains_key("additionalProperties") || object.contains_key("unevaluatedProperties") {
        return None;
    }
    let (mut left, mut right) = (object.clone(), Map::new());
    let (mut ours, mut theirs) = (Map::new(), Map::new());
    for (name, value) in properties {
        let half = if random.bool() { &mut ours } else { &mut theirs };
        half.insert(name.clone(), value.clone());
    }
    left.insert("properties".to_owned(), Value::Object(ours));
    right.insert("type".to_owned(), json!("object"));
    right.insert("properties".to_owned(), Value::Object(theirs));
    // What is required may stand in either half.
    if let Some(required) = left.get("required").and_then(Value::as_array).cloned()
        && random.bool()
    {
        left.remove("required");
        right.insert("required".to_owned(), Value::Array(required));
    }
    if left.contains_key("nullable") || left.get("type").is_some_and(Value::is_array) {
        return None;
    }
    Some(json!({"allOf": [left, right]}))
}

/// One schema from 3.0 to 3.1: `nullable` becomes a type, flags become numbers.
fn to_31(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    // Siblings of a reference were ignored and would count now.
    if let Some(reference) = map.get("$ref").cloned() {
        map.clear();
        map.insert("$ref".to_owned(), reference);
        return;
    }
    let nullable = map.remove("nullable") == Some(json!(true));
    if nullable {
        match map.get("type").cloned() {
            Some(Value::String(kind)) => {
                map.insert("type".to_owned(), json!([kind, "null"]));
                if let Some(values) = map.get_mut("enum").and_then(Value::as_array_mut)
                    && !values.contains(&Value::Null)
                {
                    values.push(Value::Null);
                }
            }
            // Without a type of its own `nullable` says nothing by the letter; it is what people mean.
            _ => {
                let inner = std::mem::take(map);
                map.insert("anyOf".to_owned(), json!([inner, {"type": "null"}]));
                return;
            }
        }
    }
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match map.get(flag) {
            Some(Value::Bool(true)) => {
                if let Some(value) = map.remove(bound) {
                    map.insert(flag.to_owned(), value);
                } else {
                    map.remove(flag);
                }
            }
            Some(Value::Bool(false)) => {
                map.remove(flag);
            }
            _ => {}
        }
    }
}

fn shuffle(value: &mut Value, random: &mut Rng) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            random.shuffle(&mut members);
            for (name, mut inner) in members {
                shuffle(&mut inner, random);
                map.insert(name, inner);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| shuffle(inner, random)),
        _ => {}
    }
}

/// Block YAML with every scalar and key quoted as in JSON.
fn yaml(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, inner) in map {
                text.push_str(&format!("{indent}{}:", Value::from(name.as_str())));
                nested(inner, depth, text);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for inner in list {
                text.push_str(&format!("{indent}-"));
                nested(inner, depth, text);
            }
        }
        other => text.push_str(&format!("{indent}{other}\n")),
    }
}

fn nested(value: &Value, depth: usize, text: &mut String) {
    let is_block =
        matches!(value, Value::Object(map) if !map.is_empty()) || matches!(value, Value::Array(list) if !list.is_empty());
    if is_block {
        text.push('\n');
        yaml(value, depth + 1, text);
    } else {
        text.push_str(&format!(" {value}\n"));
    }
}

#[derive(Default)]
struct Tally {
    cases: usize,
    silent: usize,
    warnings: BTreeMap<(Respelling, String), usize>,
    breaks: Vec<String>,
}

fn run(subjects: &[Subject], cases: usize, seed: u64, catalogue: &Catalogue) -> Tally {
    let mut tally = Tally::default();
    let mut random = Rng::with_seed(seed);
    let mut tries = 0;
    while tally.cases < cases && tries < cases * 40 {
        tries += 1;
        // Every case can be made again from its own seed.
        let case = random.u64(..);
        let mut random = Rng::with_seed(case);
        let subject = &subjects[random.usize(..subjects.len())];
        let how = ALL[random.usize(..ALL.len())];
        let Some((bytes, place)) = respell(subject, how, &mut random) else { continue };
        let other = read(&bytes, &Limits::default()).unwrap_or_else(|problem| panic!("{} {how:?}: {problem}", subject.name));
        // A reference into what was respelt leads nowhere now.
        if !lower(&other).unread.is_empty() {
            continue;
        }
        for (before, after) in [(&subject.document, &other), (&other, &subject.document)] {
            tally.cases += 1;
            let (verdict, _) = compare(before, after, catalogue, Budget::default());
            let told: Vec<_> = verdict.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
            if verdict.findings.is_empty() && verdict.undecided.is_none() {
                tally.silent += 1;
            }
            for finding in told {
                if finding.severity == Severity::Breaking && tally.breaks.len() < 60 {
                    let way = if std::ptr::eq(before, &raw const subject.document) { "→" } else { "←" };
                    tally.breaks.push(format!(
                        "seed {case}: {} {how:?} {way} at {place}: {}: {}",
                        subject.name, finding.rule, finding.message
                    ));
                } else {
                    *tally.warnings.entry((how, finding.rule.to_owned())).or_default() += 1;
                }
            }
            if let Some(why) = verdict.undecided {
                tally.breaks.push(format!("seed {case}: {} {how:?} at {place}: {why}", subject.name));
            }
        }
    }
    tally
}

fn check(paths: &[PathBuf], cases: usize) {
    let catalogue = Arc::new(Catalogue::load().expect("the catalogue"));
    let subjects: Vec<Subject> = paths.iter().filter_map(|path| subject(path)).collect();
    assert!(!subjects.is_empty(), "no document to respell");
    let seed = std::env::var("DRIFTD_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_260_420);
    let mut told = std::io::stderr();
    let _ = writeln!(told, "{} documents, seed {seed}", subjects.len());
    let (one, two) = std::thread::scope(|scope| {
        let handle = scope.spawn(|| run(&subjects, cases / 2, seed, &catalogue));
        let two = run(&subjects, cases / 2, seed ^ 1, &catalogue);
        (handle.join().expect("a run"), two)
    });
    let cases = one.cases + two.cases;
    let _ = writeln!(told, "{cases} cases, {} without any finding", one.silent + two.silent);
    let mut warnings = one.warnings;
    for (key, count) in two.warnings {
        *warnings.entry(key).or_default() += count;
    }
    for ((how, rule), count) in &warnings {
        let _ = writeln!(told, "{how:?}: {count} × {rule}");
    }
    let breaks: Vec<String> = one.breaks.into_iter().chain(two.breaks).collect();
    assert!(breaks.is_empty(), "{} breaks:\n{}", breaks.len(), breaks.join("\n"));
}

#[test]
fn respellings_of_the_shipped_history_break_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/history");
    check(&files_below(&folder), 1_000);
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn respellings_of_real_documents_break_nothing() {
    let corpus = std::env::var_os("DRIFTD_CORPUS").expect("DRIFTD_CORPUS must name the folder of real description histories");
    // Large documents cost time, not variety: one step of a history is much like the next.
    let mut paths = files_below(Path::new(&corpus));
    paths.retain(|path| std::fs::metadata(path).is_ok_and(|file| file.len() < 150_000));
    check(&paths, 20_000);
}
