//! The containment suite of Attouche et al. (CEUR 2958, paper 4).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftd::containment::{Containment, NOT_CONFIRMED};
use driftd::openapi::Dialect;
use serde_json::Value;

use super::ask;

fn corpus() -> Option<PathBuf> {
    std::env::var_os("DRIFTD_CORPUS").map(PathBuf::from).filter(|path| path.join("containment").is_dir())
}

/// No wrong answer on any row, and at most one in a hundred left open where only keywords of OpenAPI 3.0 are used.
#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn the_suite_is_decided_and_never_wrongly() {
    let corpus = corpus().expect("DRIFTD_CORPUS names the corpus");
    for (file, dialect) in [("draft4.jsonl", Dialect::OpenApi30), ("draft2020-12.jsonl", Dialect::OpenApi31)] {
        score(&corpus.join("containment").join(file), dialect);
    }
}

fn score(path: &Path, dialect: Dialect) {
    let (mut rows, mut oas, mut open, mut oas_open) = (0, 0, 0, 0);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong: Vec<String> = Vec::new();
    let mut times: Vec<Duration> = Vec::new();
    for line in fs::read_to_string(path).expect("the suite").lines() {
        let row: Value = serde_json::from_str(line).expect("a row");
        let flag = |name: &str| row[name].as_bool().unwrap_or(false);
        let Some(expected) = row["clean_expected"].as_bool().filter(|_| !flag("optional") && !flag("remote")) else { continue };
        rows += 1;
        oas += usize::from(flag("oas30"));
        let start = Instant::now();
        let answer = ask(&row["sub"], &row["sup"], dialect);
        times.push(start.elapsed());
        let says = match &answer {
            Containment::Contained => Some(true),
            Containment::Refuted(witness) => {
                let valid = |schema: &Value| {
                    let draft =
                        if dialect == Dialect::OpenApi30 { jsonschema::Draft::Draft4 } else { jsonschema::Draft::Draft202012 };
                    jsonschema::options().with_draft(draft).build(schema).map(|schema| schema.is_valid(&witness.value))
                };
                if let (Ok(sub), Ok(sup)) = (valid(&row["sub"]), valid(&row["sup"]))
                    && (!sub || sup)
                {
                    wrong.push(format!("{}: {} is no witness", row["id"], witness.value));
                }
                Some(false)
            }
            Containment::Undecided(why) => {
                *reasons.entry((*why).to_owned()).or_default() += 1;
                if *why == NOT_CONFIRMED {
                    wrong.push(format!("{}: not confirmed", row["id"]));
                }
                open += 1;
                oas_open += usize::from(flag("oas30"));
                None
            }
        };
        if says.is_some_and(|says| says != expected) {
            wrong.push(format!("{}: {} in {}, expected {expected}, {answer:?}", row["id"], row["sub"], row["sup"]));
        }
    }
    times.sort();
    let percentile = |share: usize| times[(times.len() - 1) * share / 1000];
    let decided = |open: usize, all: usize| 100.0 - open as f64 * 100.0 / all as f64;
    eprintln!(
        "{}: {rows} rows, {:.2} % decided; OpenAPI 3.0 keywords: {oas} rows, {:.2} % decided; {} wrong; p50 {:?} p95 {:?} p99 {:?} max {:?}",
        path.display(),
        decided(open, rows),
        decided(oas_open, oas),
        wrong.len(),
        percentile(500),
        percentile(950),
        percentile(990),
        percentile(1000),
    );
    for (why, count) in reasons {
        eprintln!("  {count:5} {why}");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(decided(oas_open, oas) >= 99.0);
    assert!(decided(open, rows) >= 95.0);
}
