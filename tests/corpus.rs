//! Real and realistic descriptions: everything reads, nothing differs from itself, two runs agree.
//!
//! The ignored tests need `DRIFTD_CORPUS`, a folder of real published histories; the gate runs them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftd::diff::Budget;
use driftd::openapi::{Document, Limits, read};
use driftd::rules::{Catalogue, JsonReport, compare};

fn catalogue() -> Catalogue {
    Catalogue::load().unwrap_or_else(|error| panic!("{error:?}"))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|kind| kind == "yaml" || kind == "json" || kind == "yml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn document(path: &Path) -> Option<Document> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    read(&bytes, &Limits::default()).ok()
}

fn report(before: &Document, after: &Document, catalogue: &Catalogue) -> JsonReport {
    let (verdict, oddities) = compare(before, after, catalogue, Budget::default());
    JsonReport::new(&verdict, oddities)
}

fn silent_against_itself(folder: &Path, catalogue: &Catalogue) -> usize {
    let mut read = 0;
    for path in files_below(folder) {
        let Some(document) = document(&path) else { continue };
        // A second reading of the same bytes: equality must not hang on identity.
        let again = self::document(&path).expect("it was read a moment ago");
        let report = report(&document, &again, catalogue);
        assert!(report.findings.is_empty(), "{}: {:?}", path.display(), report.findings.first());
        assert_eq!(report.undecided, None, "{}", path.display());
        read += 1;
    }
    read
}

#[test]
fn fixtures_are_silent_against_themselves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let read = silent_against_itself(&folder, &catalogue());
    assert!(read >= 6, "only {read} fixtures were read");
}

/// The folder of real histories. A test that cannot run fails.
fn corpus() -> PathBuf {
    let folder = std::env::var_os("DRIFTD_CORPUS").expect("DRIFTD_CORPUS must name the folder of real description histories");
    PathBuf::from(folder)
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn corpus_is_silent_against_itself() {
    let read = silent_against_itself(&corpus(), &catalogue());
    println!("{read} real descriptions read, each silent against itself");
    assert!(read > 300, "only {read} files were read");
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn corpus_pairs_are_decided_and_stable() {
    let corpus = corpus();
    let catalogue = catalogue();
    let table = std::fs::read_to_string(corpus.join("pairs.tsv")).expect("pairs.tsv in the corpus");
    let mut rows: std::collections::BTreeMap<String, (usize, usize, usize, usize)> = std::collections::BTreeMap::new();
    let mut times: Vec<Duration> = Vec::new();
    let mut doc_only_breaking = Vec::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [kind, _, left, right, _, _, expectation] = cells.as_slice() else { panic!("{line:?}") };
        let (Some(before), Some(after)) = (document(&corpus.join(left)), document(&corpus.join(right))) else { continue };
        let start = Instant::now();
        let first = report(&before, &after, &catalogue);
        times.push(start.elapsed());
        let second = report(&before, &after, &catalogue);
        assert_eq!(first.findings, second.findings, "{left} → {right} differs between two runs");
        assert_eq!(first.undecided, None, "{left} → {right}");
        if expectation.contains("doc_only") && first.summary.breaking > 0 {
            doc_only_breaking.push(format!("{left} → {right}: {}", first.findings[0].message));
        }
        let row = rows.entry((*kind).to_owned()).or_default();
        *row = (row.0 + 1, row.1 + first.summary.breaking, row.2 + first.summary.warning, row.3 + first.summary.info);
    }
    times.sort();
    println!("kind: pairs, breaking, warning, info");
    for (kind, row) in &rows {
        println!("{kind}: {}, {}, {}, {}", row.0, row.1, row.2, row.3);
    }
    println!("median {:?}, slowest {:?}", times[times.len() / 2], times[times.len() - 1]);
    assert!(doc_only_breaking.is_empty(), "{doc_only_breaking:#?}");
}
