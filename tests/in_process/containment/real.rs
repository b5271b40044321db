//! Questions about the components of real descriptions: decided in time, *contained* attacked with values, every
//! witness judged again, two other provers asked the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftd::openapi::{Limits, read};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::ask;
use super::near_miss::Tally;
use super::oracles::Oracles;
use driftd::openapi::Dialect;

/// Components of one pair of descriptions that are asked about.
const MOST: usize = 40;

/// Larger ones cost the other provers minutes.
const LARGEST: usize = 20_000;

/// Keywords that say nothing of what is valid, or that validators read in several ways.
const SILENT: &[&str] =
    &["discriminator", "xml", "example", "examples", "externalDocs", "format", "default", "description", "title"];

/// The schema in the words of JSON Schema 2020-12, written without any code of the prover.
fn respelt(schema: &Value) -> Value {
    let Value::Object(map) = schema else { return schema.clone() };
    if let Some(to) = map.get("$ref") {
        return json!({"$ref": to});
    }
    let mut out = Map::new();
    for (name, value) in map {
        let value = match (name.as_str(), value) {
            (name, _) if SILENT.contains(&name) || name.starts_with("x-") => continue,
            ("nullable", _) => continue,
            ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(_)) => continue,
            ("properties" | "patternProperties", Value::Object(members)) => {
                members.iter().map(|(name, schema)| (name.clone(), respelt(schema))).collect::<Map<_, _>>().into()
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(list)) => list.iter().map(respelt).collect(),
            ("items" | "additionalProperties" | "not", value) => respelt(value),
            (_, value) => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if map.get(flag) == Some(&Value::Bool(true))
            && let Some(value) = out.remove(bound)
        {
            out.insert(flag.into(), value);
        }
    }
    let is_nullable = map.get("nullable") == Some(&Value::Bool(true)) || map.get("x-nullable") == Some(&Value::Bool(true));
    if is_nullable && out.contains_key("type") {
        return json!({"anyOf": [out, {"type": "null"}]});
    }
    out.into()
}

/// Names of the components a schema leads to; none where it leads elsewhere.
fn reached(components: &Map<String, Value>, prefix: &str, name: &str) -> Option<BTreeSet<String>> {
    fn references(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                into.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, into));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, into)),
            _ => {}
        }
    }
    let mut names = BTreeSet::from([name.to_owned()]);
    let mut pending = vec![name.to_owned()];
    while let Some(name) = pending.pop() {
        let mut found = Vec::new();
        references(components.get(&name)?, &mut found);
        for to in found {
            let name = to.strip_prefix(prefix)?.to_owned();
            if names.insert(name.clone()) {
                pending.push(name);
            }
        }
    }
    Some(names)
}

/// Every component as a schema of its own, with all it leads to.
fn components(root: &Value) -> Vec<(String, Value)> {
    let (section, prefix) = match root.get("definitions") {
        Some(section) => (section, "#/definitions/"),
        None => (&root["components"]["schemas"], "#/components/schemas/"),
    };
    let Some(section) = section.as_object() else { return Vec::new() };
    let plain: Map<String, Value> = section.iter().map(|(name, schema)| (name.clone(), respelt(schema))).collect();
    let mut all = Vec::new();
    for name in plain.keys() {
        let Some(names) = reached(&plain, prefix, name) else { continue };
        let text = |value: &Value| value.to_string().replace(prefix, "#/$defs/");
        let members: Map<String, Value> =
            names.iter().filter_map(|name| Some((name.clone(), serde_json::from_str(&text(plain.get(name)?)).ok()?))).collect();
        all.push((name.clone(), json!({"$ref": format!("#/$defs/{name}"), "$defs": members})));
    }
    all
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn real_components() {
    let corpus = PathBuf::from(std::env::var_os("DRIFTD_CORPUS").expect("DRIFTD_CORPUS names the corpus"));
    let root = |name: &str| -> Option<Value> {
        let bytes = std::fs::read(Path::new(&corpus).join(name)).ok()?;
        Some(read(&bytes, &Limits::default()).ok()?.root.to_json())
    };
    let table = std::fs::read_to_string(corpus.join("pairs.tsv")).expect("pairs.tsv in the corpus");
    let seed = 20_261_125;
    let mut rng = Rng::with_seed(seed);
    let (mut tally, mut oracles) = (Tally::default(), Oracles::default());
    let mut met: BTreeSet<(String, String)> = BTreeSet::new();
    let mut times: Vec<Duration> = Vec::new();
    std::panic::set_hook(Box::new(|_| {}));
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (Some(before), Some(after)) = (root(cells[2]), root(cells[3])) else { continue };
        let after: std::collections::BTreeMap<String, Value> = components(&after).into_iter().collect();
        let changed = components(&before).into_iter().filter_map(|(name, old)| {
            let new = after.get(&name).filter(|new| **new != old)?;
            Some((old, new.clone()))
        });
        for (old, new) in changed.take(MOST) {
            if !met.insert((old.to_string(), new.to_string())) {
                continue;
            }
            for (sub, sup) in [(&old, &new), (&new, &old)] {
                let start = Instant::now();
                let answer = ask(sub, sup, Dialect::OpenApi31);
                times.push(start.elapsed());
                if sub.to_string().len() + sup.to_string().len() < LARGEST {
                    oracles.ask(sub, sup, &answer);
                }
                tally.answered(&mut rng, (sub, sub), sup, answer);
            }
        }
    }
    let _ = std::panic::take_hook();
    times.sort();
    let percentile = |share: usize| times[(times.len() - 1) * share / 1000];
    eprintln!(
        "real components: p50 {:?}, p95 {:?}, p99 {:?}, longest {:?}",
        percentile(500),
        percentile(950),
        percentile(990),
        percentile(1000)
    );
    tally.judge("real components", seed);
    oracles.judge("real components");
}
