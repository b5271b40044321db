//! What a diff costs, as a ratio to parsing the same two documents into `serde_json::Value`.
//!
//! `cargo bench` prints a table; ratios carry over between machines, milliseconds do not. The documents are
//! generated, so that the figures can be reproduced by anybody. After `--`, two files are measured instead, `corpus`
//! measures every pair of the folder that `DRIFTD_CORPUS` names, or those whose names hold one of the words after it, and
//! `growth`, with words of the rows that are wanted, only how cost grows. Times within this process are those of the
//! processor, of all threads together: what else the machine does adds nothing to them.

#[path = "support/clock.rs"]
mod clock;
#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/growth.rs"]
mod growth;
#[path = "support/shapes.rs"]
mod shapes;

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use driftd::diff::Budget;
use driftd::model::USUAL_BYTES;
use driftd::openapi::{Bundle, Limits, parse, read};
use driftd::rules::{Catalogue, JsonReport, compare};

use clock::best;

/// The allocator of the program: it is a good part of what a diff costs.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Best of so many runs: the machine's other work only ever adds time.
const RUNS: usize = 15;

/// The same for documents that take seconds.
const FEW_RUNS: usize = 3;

/// Bytes of documents that take seconds.
const LARGE: usize = 50_000_000;

/// What is edited.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Nothing,
    /// A member more, which hurts nobody.
    Harmless,
    /// Longer texts and one alternative more, in what clients read: each is asked for a witness.
    Breaking,
}

/// A description of about `megabytes`, shaped like the large real ones: shared components that refer to each
/// other, prose everywhere. `edit` is made in every hundredth component. References lead to a few components
/// further down; in a `tangled` document anywhere, so that everything reaches everything.
fn description(megabytes: usize, edit: Edit, tangled: bool) -> String {
    let mut random = fastrand::Rng::with_seed(42);
    let components = megabytes * 560;
    let mut text = String::from(r#"{"openapi":"3.0.3","info":{"title":"Generated","version":"1"},"paths":{"#);
    for index in 0..components / 4 {
        let comma = if index == 0 { "" } else { "," };
        let schema = index * 4;
        let _ = write!(
            text,
            r##"{comma}"/v1/resource{index}/{{id}}":{{"get":{{"operationId":"get{index}","description":"Retrieves the resource with this id, with everything that belongs to it.","parameters":[{{"name":"id","in":"path","required":true,"schema":{{"type":"string","maxLength":5000}}}},{{"name":"expand","in":"query","schema":{{"type":"array","items":{{"type":"string"}}}}}}],"responses":{{"200":{{"description":"ok","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Schema{schema}"}}}}}}}},"default":{{"description":"error","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Schema1"}}}}}}}}}}}}}}"##
        );
    }
    text.push_str(r#"},"components":{"schemas":{"#);
    for index in 0..components {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}"Schema{index}":{{"type":"object","description":"One of the things this API knows about.","required":["id","kind"],"properties":{{"id":{{"type":"string","maxLength":5000,"description":"Unique identifier for the object."}},"kind":{{"type":"string","enum":["first","second","third"]}}"#
        );
        for property in 0..10 {
            let target = if tangled { random.usize(..components) } else { (index + random.usize(1..60)).min(components - 1) };
            let kind = ["string", "integer", "boolean"][property % 3];
            let _ = write!(
                text,
                r##","property{property}":{{"type":"{kind}","nullable":true,"description":"A property that says something about the object and its surroundings."}},"link{property}":{{"$ref":"#/components/schemas/Schema{target}"}}"##
            );
        }
        let edit = if index % 100 == 0 { edit } else { Edit::Nothing };
        if edit == Edit::Harmless {
            text.push_str(r#","extra":{"type":"string"}"#);
        }
        let (longest, third) = if edit == Edit::Breaking { (80, r#",{"type":"boolean"}"#) } else { (40, "") };
        let _ = write!(
            text,
            r#","label":{{"type":"string","maxLength":{longest}}},"either":{{"anyOf":[{{"type":"string"}},{{"type":"integer"}}{third}]}}"#
        );
        text.push_str("}}");
    }
    text.push_str("}}}");
    text
}

/// The same document as block style YAML.
fn yaml(json: &str) -> String {
    fn write(value: &serde_json::Value, depth: usize, text: &mut String) {
        match value {
            serde_json::Value::Object(map) if !map.is_empty() => {
                for (name, value) in map {
                    let _ = write!(text, "\n{:depth$}{}:", "", serde_json::Value::from(name.as_str()), depth = depth * 2);
                    write(value, depth + 1, text);
                }
            }
            serde_json::Value::Array(list) if !list.is_empty() => {
                for value in list {
                    let _ = write!(text, "\n{:depth$}-", "", depth = depth * 2);
                    write(value, depth + 1, text);
                }
            }
            leaf => {
                let _ = write!(text, " {leaf}");
            }
        }
    }
    let mut text = String::new();
    write(&serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}")), 0, &mut text);
    text
}

/// Time and largest memory of a process; the latter is looked at every millisecond, where the system tells it.
fn run(command: &mut Command) -> (Duration, Option<f64>) {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap_or_else(|error| panic!("{error}"));
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        let known = std::fs::read_to_string(&status).unwrap_or_default();
        let line = known.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        peak = kilobytes.map(|kilobytes| kilobytes * 1024.0 / 1e6).or(peak);
        match child.try_wait() {
            Ok(Some(status)) => {
                assert!(status.success());
                return (start.elapsed(), peak);
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            Err(error) => panic!("{error}"),
        }
    }
}

struct Row {
    name: String,
    megabytes: f64,
    parse: Duration,
    diff: Duration,
    process: Option<Duration>,
    /// Megabytes.
    peak: Option<f64>,
}

/// Parses a document and does no more: JSON by `serde_json`, YAML by our own parser, several files one after the other.
fn only_parse(bytes: &[u8], limits: &Limits) {
    if let Some(bundle) = Bundle::from_bytes(bytes) {
        bundle.files.values().for_each(|text| only_parse(text.as_bytes(), limits));
    } else if bytes.starts_with(b"{") {
        black_box(serde_json::from_slice::<serde_json::Value>(bytes)).ok();
    } else {
        black_box(parse(bytes, limits, &mut Vec::new())).ok();
    }
}

/// The best times of parsing both documents, and of reading, comparing and reporting them.
fn parse_and_diff(catalogue: &Catalogue, [before, after]: [&[u8]; 2], limits: &Limits, runs: usize) -> (Duration, Duration) {
    let parse = best(runs, || {
        only_parse(before, limits);
        only_parse(after, limits);
    });
    let diff = best(runs, || {
        let (old, new) = (read(before, limits), read(after, limits));
        let (Ok(old), Ok(new)) = (old, new) else { panic!("they can be read") };
        let (verdict, oddities) = compare(&old, &new, catalogue, Budget::default());
        black_box(JsonReport::new(&verdict, oddities));
    });
    (parse, diff)
}

fn measure(name: &str, before: &[u8], after: &[u8], process: bool) -> Row {
    let largest = before.len().max(after.len());
    let limits = Limits::of_bytes(largest.max(USUAL_BYTES));
    let runs = if largest > LARGE { FEW_RUNS } else { RUNS };
    let (parse, diff) = parse_and_diff(&Catalogue::load().expect("a catalogue"), [before, after], &limits, runs);
    // Nothing of the documents is freed before the process ends, so the whole process is measured too.
    let mut peak: Option<f64> = None;
    let process = process.then(|| {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let (old, new) = (folder.path().join("before"), folder.path().join("after"));
        std::fs::write(&old, before).and_then(|()| std::fs::write(&new, after)).unwrap_or_else(|error| panic!("{error}"));
        let times = (0..runs).map(|_| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_driftd"));
            let (time, most) =
                run(command.args(["diff", "--format", "json", "--max-bytes"]).arg(limits.bytes.to_string()).args([&old, &new]));
            peak = peak.map_or(most, |known| Some(most.map_or(known, |most| known.max(most))));
            time
        });
        times.min().unwrap_or_default()
    });
    Row { name: name.to_owned(), megabytes: (before.len() + after.len()) as f64 / 1e6, parse, diff, process, peak }
}

fn main() {
    let files: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let words: Vec<&str> = files.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["corpus", words @ ..] => return corpus::print(words),
        ["growth", words @ ..] => return growth::print(words),
        _ => {}
    }
    let mut rows = Vec::new();
    if let [before, after] = files.as_slice() {
        let bytes = |path: &String| std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        rows.push(measure("the files named", &bytes(before), &bytes(after), true));
    } else {
        let (before, after) = (description(7, Edit::Nothing, false), description(7, Edit::Harmless, false));
        rows.push(measure("9 MB each, 1 % of components edited", before.as_bytes(), after.as_bytes(), true));
        let (tangled, edited) = (description(7, Edit::Nothing, true), description(7, Edit::Harmless, true));
        rows.push(measure("the same, everything reaches everything", tangled.as_bytes(), edited.as_bytes(), true));
        let broken = description(7, Edit::Breaking, false);
        rows.push(measure("the same, 1 % of components broken", before.as_bytes(), broken.as_bytes(), true));
        let broken = description(7, Edit::Breaking, true);
        rows.push(measure("the same, tangled and broken", tangled.as_bytes(), broken.as_bytes(), true));
        rows.push(measure("9 MB against itself", before.as_bytes(), before.as_bytes(), true));
        let spaced = |text: &str| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}"));
            serde_json::to_string_pretty(&value).unwrap_or_default()
        };
        let (spaced_before, spaced_after) = (spaced(&before), spaced(&after));
        rows.push(measure("the first, indented as it is published", spaced_before.as_bytes(), spaced_after.as_bytes(), true));
        let (block_before, block_after) = (yaml(&before), yaml(&after));
        rows.push(measure("the first, as YAML", block_before.as_bytes(), block_after.as_bytes(), true));
        let (large, edited) = (description(62, Edit::Nothing, false), description(62, Edit::Breaking, false));
        rows.push(measure("80 MB each, 1 % of components broken", large.as_bytes(), edited.as_bytes(), true));
        drop((large, edited));
        let (before, after) = (description(1, Edit::Nothing, false), description(1, Edit::Harmless, false));
        rows.push(measure("1 MB each, 1 % of components edited", before.as_bytes(), after.as_bytes(), false));
    }
    // What a process takes that compares next to nothing is none of the documents.
    let nothing = br#"{"openapi":"3.1.0","info":{"title":"Nothing","version":"1"},"paths":{"/a":{}}}"#;
    let empty = measure("nothing", nothing, nothing, true).peak.unwrap_or_default();
    println!(
        "{:<40} {:>8} {:>12} {:>12} {:>8} {:>14} {:>8} {:>14}",
        "documents", "MB", "parse both", "read + diff", "ratio", "driftd diff", "ratio", "peak / input"
    );
    for row in &rows {
        let ratio = |time: Duration| time.as_secs_f64() / row.parse.as_secs_f64();
        let process = row
            .process
            .map_or_else(|| ("-".to_owned(), "-".to_owned()), |time| (format!("{time:.1?}"), format!("{:.2}", ratio(time))));
        println!(
            "{:<40} {:>8.1} {:>12} {:>12} {:>8.2} {:>14} {:>8} {:>14}",
            row.name,
            row.megabytes,
            format!("{:.1?}", row.parse),
            format!("{:.1?}", row.diff),
            ratio(row.diff),
            process.0,
            process.1,
            row.peak.map_or_else(|| "-".to_owned(), |peak| format!("{:.1}", (peak - empty) / row.megabytes))
        );
    }
    if files.is_empty() {
        growth::print(&[]);
    }
}
