//! Small pairs of descriptions as partners publish them, each with the verdict that is right: `driftd diff` says it.
//!
//! `tests/pairs/want.tsv` has a line for each folder beside it:
//! - `want`: the most severe level, `none` and `info` being one, or `undecided`; `a|b` where both are fair;
//! - `most`: how many findings at warning or above there may be;
//! - `used_by`: the operations that the findings of the wanted level name, in any order;
//! - `says`: what a message must hold;
//! - `why`: why that is right.
//!
//! A pair that this project judges otherwise stands in `tests/pairs/argued.tsv` with its reason, and must still be judged otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A line of `want.tsv`.
struct Pair {
    name: String,
    wanted: Vec<String>,
    most: Option<usize>,
    used_by: BTreeSet<String>,
    says: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pairs")
}

fn pairs() -> Vec<Pair> {
    let text = std::fs::read_to_string(folder().join("want.tsv")).expect("the list");
    let parsed = |line: &str| {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap_or_else(|| panic!("a field is missing: {line}")).to_owned();
        let (name, want, _kind, most, used_by, says) = (field(), field(), field(), field(), field(), field());
        Pair {
            name,
            wanted: want.split('|').map(str::to_owned).collect(),
            most: (!most.is_empty()).then(|| most.parse().expect("a number")),
            used_by: used_by.split("; ").filter(|operation| !operation.is_empty()).map(str::to_owned).collect(),
            says,
        }
    };
    text.lines().skip(1).map(parsed).collect()
}

/// The description of one side of a pair: a file, or a folder that has one.
fn side(pair: &str, side: &str) -> PathBuf {
    let places = [".yaml", ".json", ".yml", "/openapi.yaml", "/openapi.json"];
    let mut places = places.iter().map(|end| folder().join(pair).join(format!("{side}{end}")));
    places.find(|place| place.is_file()).unwrap_or_else(|| panic!("{pair} has no {side}"))
}

/// What is not as wanted.
fn misjudged(pair: &Pair) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["diff", "--format", "json"])
        .args([side(&pair.name, "old"), side(&pair.name, "new")])
        .output()
        .expect("the binary");
    let wants = |level: &str| pair.wanted.iter().any(|wanted| wanted == level);
    let Ok(report) = serde_json::from_slice::<Value>(&output.stdout) else {
        let is_refused = output.status.code() == Some(65) && !output.stderr.is_empty();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return if is_refused && wants("undecided") { Vec::new() } else { vec![said] };
    };
    let findings = report["findings"].as_array().expect("findings");
    let of_level = |level: &str| findings.iter().filter(|finding| finding["severity"] == level).collect::<Vec<_>>();
    let is_undecided = !report["undecided"].is_null();
    let level = ["breaking", "warning"].into_iter().find(|level| !of_level(level).is_empty());
    let is_met = (wants("undecided") && is_undecided)
        || match level {
            Some(level) => wants(level),
            None => (wants("none") || wants("info")) && !is_undecided,
        };
    let mut wrong = Vec::new();
    if !is_met {
        wrong.push(format!("wanted {:?}, got {level:?}, undecided: {}", pair.wanted, report["undecided"]));
    }
    let told = of_level("breaking").len() + of_level("warning").len();
    if pair.most.is_some_and(|most| told > most) {
        wrong.push(format!("{told} rows"));
    }
    let named: BTreeSet<String> = findings
        .iter()
        .filter(|finding| finding["severity"].as_str().is_some_and(wants))
        .flat_map(|finding| finding["used_by"].as_array().expect("operations"))
        .map(|operation| operation.as_str().expect("an operation").to_owned())
        .collect();
    if !pair.used_by.is_empty() && named != pair.used_by {
        wrong.push(format!("reaches {named:?}"));
    }
    let says = |finding: &Value| finding["message"].as_str().is_some_and(|message| message.contains(&pair.says));
    if !findings.is_empty() && !findings.iter().any(says) {
        wrong.push(format!("no message says {}", pair.says));
    }
    wrong
}

#[test]
fn every_pair_is_judged_as_is_right() {
    let argued = std::fs::read_to_string(folder().join("argued.tsv")).expect("the list of what is argued");
    let argued: BTreeMap<&str, &str> = argued.lines().skip(1).filter_map(|line| line.split_once('\t')).collect();
    let pairs = pairs();
    assert!(argued.keys().all(|name| pairs.iter().any(|pair| pair.name == *name)), "what is argued is a pair");
    assert!(argued.values().all(|reason| reason.len() > 20), "each argument has a reason");
    let half = pairs.len() / 2;
    let judged = |pairs: &[Pair]| pairs.iter().map(misjudged).collect::<Vec<_>>();
    let (mut judgements, rest) = std::thread::scope(|scope| {
        let first = scope.spawn(|| judged(&pairs[..half]));
        (judged(&pairs[half..]), first.join().expect("judgements"))
    });
    judgements.splice(..0, rest);
    assert_eq!(judgements.len(), pairs.len());
    let mut problems = Vec::new();
    for (Pair { name, .. }, wrong) in pairs.iter().zip(judgements) {
        match (wrong.is_empty(), argued.get(name.as_str())) {
            (false, None) => problems.push(format!("{name}: {}", wrong.join("; "))),
            (true, Some(_)) => problems.push(format!("{name}: it is judged as is wanted, and argued all the same")),
            _ => {}
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
