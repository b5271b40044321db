//! Real and realistic descriptions: everything reads, nothing differs from itself, twins agree, every pair ends.
//!
//! The ignored tests need `DRIFTD_CORPUS`, a folder of real published histories; the gate runs them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftd::containment::NOT_CONFIRMED;
use driftd::diff::Budget;
use driftd::openapi::{Document, Limits, ReadError, lower, read};
use driftd::rules::{Catalogue, JsonReport, Proof, compare};
use fastrand::Rng;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::support::files_below;

/// The one file that was published broken: its YAML is not valid by any parser.
const BROKEN: &str = "resend-daily/2025-12-04.yaml";

fn catalogue() -> Catalogue {
    Catalogue::load().unwrap_or_else(|error| panic!("{error:?}"))
}

fn try_document(path: &Path) -> Result<Document, ReadError> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    read(&bytes, &Limits::default())
}

/// Both documents of a pair; nothing when one of them is no document of its own, or the one published broken.
fn documents(corpus: &Path, left: &str, right: &str) -> Option<(Document, Document)> {
    let one = |name: &str| match try_document(&corpus.join(name)) {
        Ok(document) => Some(document),
        // Parts of other descriptions stand in the table too.
        Err(ReadError::NotADescription) => None,
        Err(_) if name == BROKEN => None,
        Err(why) => panic!("{name}: {why}"),
    };
    Some((one(left)?, one(right)?))
}

/// What people want to see although the test passes: written past the capture of the test harness.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn report(before: &Document, after: &Document, catalogue: &Catalogue) -> JsonReport {
    let (verdict, oddities) = compare(before, after, catalogue, Budget::default());
    JsonReport::new(&verdict, oddities)
}

/// Reads every file that says it is a description, and finds each silent against itself.
fn silent_against_itself(folder: &Path, catalogue: &Catalogue) -> usize {
    let mut count = 0;
    let mut unread = Vec::new();
    for path in files_below(folder) {
        let document = match try_document(&path) {
            Ok(document) => document,
            // Parts of other descriptions, and the notes beside them.
            Err(ReadError::NotADescription) => continue,
            Err(why) => {
                unread.push(format!("{}: {why}", path.display()));
                continue;
            }
        };
        // A second reading of the same bytes: equality must not hang on identity.
        let again = try_document(&path).expect("it was read a moment ago");
        let report = report(&document, &again, catalogue);
        assert!(report.findings.is_empty(), "{}: {:?}", path.display(), report.findings.first());
        assert_eq!(report.undecided, None, "{}", path.display());
        count += 1;
    }
    unread.retain(|line| !line.contains(BROKEN));
    assert!(unread.is_empty(), "{unread:#?}");
    count
}

/// The same document with the keys of every object in another order.
fn shuffled(document: &Document, seed: u64) -> Document {
    fn shuffle(value: &mut Value, random: &mut Rng) {
        match value {
            Value::Object(map) => {
                let mut members: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
                random.shuffle(&mut members);
                *map = members.into_iter().collect::<Map<String, Value>>();
                map.values_mut().for_each(|inner| shuffle(inner, random));
            }
            Value::Array(list) => list.iter_mut().for_each(|inner| shuffle(inner, random)),
            _ => {}
        }
    }
    let mut root = document.root.to_json();
    shuffle(&mut root, &mut Rng::with_seed(seed));
    read(root.to_string().as_bytes(), &Limits::default()).expect("it was read before it was shuffled")
}

#[test]
fn fixtures_are_silent_against_themselves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let count = silent_against_itself(&folder, &catalogue());
    assert!(count >= 6, "only {count} fixtures were read");
}

/// The folder of real histories. A test that cannot run fails.
fn corpus() -> PathBuf {
    let folder = std::env::var_os("DRIFTD_CORPUS").expect("DRIFTD_CORPUS must name the folder of real description histories");
    PathBuf::from(folder)
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn corpus_is_silent_against_itself() {
    let count = silent_against_itself(&corpus(), &catalogue());
    tell(&format!("{count} real descriptions read, each silent against itself"));
    assert!(count > 500, "only {count} files were read");
}

/// Whether `inner` stands somewhere in `outer`.
fn holds(outer: &Value, inner: &Value) -> bool {
    outer == inner
        || match outer {
            Value::Object(map) => map.values().any(|value| holds(value, inner)),
            Value::Array(list) => list.iter().any(|value| holds(value, inner)),
            _ => false,
        }
}

#[derive(Default)]
struct Row {
    pairs: usize,
    breaking: usize,
    warning: usize,
    info: usize,
    undecided: usize,
    times: Vec<Duration>,
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn corpus_pairs_are_decided_and_stable() {
    let corpus = corpus();
    let catalogue = catalogue();
    let table = std::fs::read_to_string(corpus.join("pairs.tsv")).expect("pairs.tsv in the corpus");
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut proofs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut all_reports = Sha256::new();
    for (number, line) in table.lines().enumerate().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [kind, _, left, right, _, _, expectation] = cells.as_slice() else { panic!("{line:?}") };
        if *kind == "consecutive-multifile" {
            continue; // `corpus_of_several_files_is_read_whole`
        }
        let Some((before, after)) = documents(&corpus, left, right) else { continue };
        let start = Instant::now();
        let first = report(&before, &after, &catalogue);
        let time = start.elapsed();
        all_reports.update(serde_json::to_vec(&first).expect("a report is JSON"));
        let seed = u64::try_from(number).expect("a number");
        let second = report(&shuffled(&before, seed), &shuffled(&after, seed + 1), &catalogue);
        let told = |report: &JsonReport| {
            let mut told: Vec<String> = report
                .findings
                .iter()
                .map(|f| format!("{} {} {} {}", f.identity, f.content, f.severity.name(), f.message))
                .collect();
            told.sort();
            told
        };
        if told(&first) != told(&second) {
            problems.push(format!("{left} → {right} differs when keys are shuffled"));
        }
        for finding in &first.findings {
            let verdict = match &finding.proof {
                Proof::Promise => "promise",
                Proof::Contained { .. } => "contained",
                Proof::Refuted { witness, message, .. } => {
                    if message.as_ref().is_some_and(|message| !holds(message, witness)) {
                        problems.push(format!("{left} → {right}: the message lost its witness: {}", finding.message));
                    }
                    "refuted"
                }
                Proof::Undecided { reason } => {
                    if reason == NOT_CONFIRMED {
                        problems.push(format!("{left} → {right}: {reason}: {}", finding.message));
                    }
                    // Null where `nullable` says so only as it is meant is nothing that can be shown.
                    if reason.contains("`nullable`") { "nullable" } else { "undecided" }
                }
            };
            *proofs.entry((verdict, finding.severity.name())).or_default() += 1;
        }
        // Undecided is what refers to nothing on one side, and what two libraries hold beside schemas.
        let has_hole = |document: &Document| !lower(document).unread.is_empty();
        let may_be_open = has_hole(&before) || has_hole(&after) || before.is_blank() && after.is_blank();
        if let Some(why) = first.undecided.as_ref().filter(|_| !may_be_open) {
            problems.push(format!("{left} → {right}: {why}"));
        }
        if expectation.contains("doc_only") && first.summary.breaking > 0 {
            problems.push(format!("{left} → {right} changed prose only: {}", first.findings[0].message));
        }
        let row = rows.entry(kind.split(':').next().unwrap_or(kind).to_owned()).or_default();
        row.pairs += 1;
        row.breaking += first.summary.breaking;
        row.warning += first.summary.warning;
        row.info += first.summary.info;
        row.undecided += usize::from(first.undecided.is_some());
        row.times.push(time);
    }
    tell(&format!(
        "{:<22} {:>5} {:>9} {:>8} {:>6} {:>9} {:>9} {:>9}",
        "kind", "pairs", "breaking", "warning", "info", "undecided", "p50", "p99"
    ));
    for (kind, row) in &mut rows {
        row.times.sort();
        let at = |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small number")]
            let index = ((row.times.len() as f64 * share) as usize).min(row.times.len() - 1);
            row.times[index]
        };
        tell(&format!(
            "{kind:<22} {:>5} {:>9} {:>8} {:>6} {:>9} {:>9} {:>9}",
            row.pairs,
            row.breaking,
            row.warning,
            row.info,
            row.undecided,
            format!("{:.1?}", at(0.5)),
            format!("{:.1?}", at(0.99))
        ));
    }
    // The same before and after a change that must change no verdict.
    let digest: String = all_reports.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    tell(&format!("digest of all reports: {digest}"));
    for ((verdict, severity), count) in &proofs {
        tell(&format!("{verdict:<10} {severity:<9} {count:>5}"));
    }
    let of =
        |wanted: &str| -> usize { proofs.iter().filter(|((verdict, _), _)| *verdict == wanted).map(|(_, count)| count).sum() };
    let (open, asked) = (of("undecided"), of("undecided") + of("nullable") + of("contained") + of("refuted"));
    tell(&format!("{asked} findings asked for a proof, {open} undecided"));
    // A witness that no whole message holds is none.
    assert!(open * 100 <= 3 * asked, "{open} of {asked} undecided");
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn incidents_flap_back_to_nothing() {
    let catalogue = catalogue();
    let mut flaps = 0;
    for entry in std::fs::read_dir(corpus().join("incidents")).expect("incidents in the corpus").flatten() {
        let steps = files_below(&entry.path());
        let [first, middle, last] = steps.as_slice() else { panic!("{}: A, B and A again", entry.path().display()) };
        let [first, middle, last] = [first, middle, last].map(|path| try_document(path).expect("an incident reads"));
        assert_ne!(first.root, middle.root, "{}: B is not A", entry.path().display());
        // Their Bs differ from A in prose and in `info.version` only: no caller can notice.
        assert!(report(&first, &middle, &catalogue).findings.is_empty(), "{}", entry.path().display());
        assert!(report(&first, &last, &catalogue).findings.is_empty(), "{}", entry.path().display());
        flaps += 1;
    }
    assert!(flaps >= 4, "only {flaps}");
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn corpus_of_several_files_is_read_whole() {
    let compared = |left: &Path, right: &Path| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_driftd"))
            .args(["diff", "--format", "json"])
            .args([left, right])
            .output()
            .expect("the command starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        (serde_json::from_slice::<Value>(&done.stdout).expect("one JSON object"), done.stdout)
    };
    let table = std::fs::read_to_string(corpus().join("pairs.tsv")).expect("pairs.tsv in the corpus");
    let mut pairs = 0;
    for line in table.lines().filter(|line| line.starts_with("consecutive-multifile\t")) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (left, right) = (corpus().join(cells[2]), corpus().join(cells[3]));
        let (found, bytes) = compared(&left, &right);
        assert_eq!((&found["oddities"], &found["undecided"]), (&Value::Array(Vec::new()), &Value::Null));
        let inside =
            found["findings"].as_array().expect("findings").iter().filter(|f| f["pointer"].to_string().contains(".yml#/"));
        assert!(inside.count() > 20, "what stands in the files beside the root is compared");
        assert_eq!(bytes, compared(&left, &right).1, "the same bytes on every run");
        assert_eq!(compared(&right, &right).0["findings"], Value::Array(Vec::new()));
        tell(&format!("{} → {}: {}", cells[2], cells[3], found["headline"]));
        pairs += 1;
    }
    assert!(pairs > 0, "no description of several files in the corpus");
}

/// What truly differs between twins, looked at by hand: left, right, breaking, warning, info, why.
const TWINS: &str = include_str!("../twins.tsv");

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn twins_differ_only_in_what_was_looked_at() {
    let corpus = corpus();
    let catalogue = catalogue();
    let table = std::fs::read_to_string(corpus.join("pairs.tsv")).expect("pairs.tsv in the corpus");
    let looked_at: BTreeMap<(&str, &str), &str> = TWINS
        .lines()
        .filter_map(|line| {
            let mut cells = line.splitn(3, '\t');
            Some(((cells.next()?, cells.next()?), cells.next()?))
        })
        .collect();
    let (mut silent, mut known, mut problems) = (0, 0, Vec::new());
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [kind, _, left, right, ..] = cells.as_slice() else { panic!("{line:?}") };
        if !(kind.contains("twin") || kind.contains("migration")) {
            continue;
        }
        let Some((before, after)) = documents(&corpus, left, right) else { continue };
        let report = report(&before, &after, &catalogue);
        let found = format!("{}\t{}\t{}", report.summary.breaking, report.summary.warning, report.summary.info);
        match looked_at.get(&(*left, *right)) {
            None if report.findings.is_empty() => silent += 1,
            Some(expected) if expected.starts_with(&found) => known += 1,
            Some(expected) => problems.push(format!("{left} {right}: {found}, looked at as {expected}")),
            None => problems.push(format!("{left} {right}: {found}, expected to be silent")),
        }
    }
    tell(&format!("{silent} twins silent, {known} differ in what was looked at"));
    assert!(silent > 100, "only {silent}");
    assert!(problems.is_empty(), "{problems:#?}");
}
