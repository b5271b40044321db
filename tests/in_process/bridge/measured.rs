//! Letters over large changes and real histories, from the baseline until all is over: short enough to be read, and counted.
//!
//! `DRIFTD_CORPUS=DIR cargo test --test in_process measured -- --include-ignored --nocapture` prints a row for each history and
//! reader. `DRIFTD_LARGE=DIR` adds pairs of large releases: folders with `old.*` and `new.*`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use driftd::openapi::{Limits, read};

use crate::bridge::harness::{Bridge, QUIET, Terms, day, tag};
use crate::letters::golden;
use crate::support::digest;
use crate::support::partner::Answer;
use crate::support::smtp::Received;

/// Versions that a folder has at least to count as a history.
const VERSIONS: usize = 8;

/// The lines of a letter's text.
fn lines(letter: &Received) -> Vec<String> {
    let text = letter.text();
    let (_, part) = text.split_once("Content-Type: text/plain").expect("a text part");
    let (_, body) = part.split_once("\r\n\r\n").expect("a body");
    let (body, _) = body.split_once("\r\n--=_driftd").unwrap_or((body, ""));
    body.lines().map(|line| line.replace("=20", " ")).collect()
}

/// Mail programs clip what is longer, and nobody reads to the end of it.
fn is_short_enough(letter: &Received) {
    let lines = lines(letter).len();
    assert!(letter.message.len() <= 100_000, "{} bytes: {}", letter.message.len(), letter.header("Subject"));
    assert!(lines <= 120, "{lines} lines: {}", letter.header("Subject"));
}

/// Whether a line tells what happens: to an operation, or a finding.
fn tells(line: &str) -> bool {
    let is_numbered = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    let is_operation =
        ["  GET /", "  POST /", "  PUT /", "  PATCH /", "  DELETE /"].iter().any(|method| line.starts_with(method));
    line.starts_with(" - ") || is_numbered || is_operation
}

/// What one reader had to read.
#[derive(Default)]
struct Tally {
    letters: BTreeMap<String, usize>,
    most_lines: usize,
    most_bytes: usize,
    /// Lines that tell something, which the reader had not read before; and those that he had.
    new: usize,
    repeated: usize,
    known: HashSet<String>,
}

impl Tally {
    fn count(&mut self, letter: &Received) {
        is_short_enough(letter);
        let lines = lines(letter);
        // How many and which day is not what kind of letter it is.
        let kind = tag(letter).chars().filter(|c| !c.is_ascii_digit() && *c != '-').collect::<String>();
        *self.letters.entry(kind.trim().to_owned()).or_default() += 1;
        self.most_lines = self.most_lines.max(lines.len());
        self.most_bytes = self.most_bytes.max(letter.message.len());
        for line in lines.iter().filter(|line| tells(line)) {
            // The number before a finding is not what it says.
            let words = line.trim_start_matches(|c: char| c.is_ascii_digit() || ". -".contains(c)).to_owned();
            if self.known.insert(words) { self.new += 1 } else { self.repeated += 1 }
        }
    }
}

/// What a provider published on which days.
struct Published {
    name: String,
    versions: Vec<(NaiveDate, Vec<u8>)>,
}

impl Published {
    /// Four of the operations of the first version, from all over it.
    fn operations(&self) -> Vec<String> {
        let document = read(&self.versions[0].1, &Limits::default()).expect("a description").root.to_json();
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if item.get(method).is_some() {
                    all.push(format!("{} {path}", method.to_uppercase()));
                }
            }
        }
        let step = (all.len() / 4).max(1);
        all.into_iter().step_by(step).take(4).collect()
    }

    /// Plays it for a consumer that calls these operations, or any: each version, the day after, the digest, and at last the first
    /// version again.
    async fn play(&self, operations: &[String]) -> BTreeMap<String, Tally> {
        let operations: Vec<&'static str> = operations.iter().map(|one| &*one.clone().leak()).collect();
        let terms = Terms { operations: operations.leak(), ..QUIET };
        let (first, description) = &self.versions[0];
        let mut bridge = Bridge::new(&terms, &first.to_string(), &String::from_utf8_lossy(description)).await;
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        for (at, (on, version)) in self.versions.iter().enumerate().skip(1) {
            bridge.partner.publish(Answer::Document(version.clone()));
            let until = self.versions.get(at + 1).map_or(NaiveDate::MAX, |(next, _)| *next);
            self.read(&mut bridge, *on, until, &mut tallies).await;
        }
        // It is as it was again: what is open is over.
        let overview = bridge.shared.store.overview().await.expect("the overview");
        let baseline = overview.watches.iter().find(|watch| watch.key == Bridge::key()).and_then(|watch| watch.baseline.clone());
        let mut known = self.versions.iter().filter(|(_, version)| Some(digest(version)) == baseline);
        let (last, _) = self.versions.last().expect("a version");
        bridge.partner.publish(Answer::Document(known.next().expect("the baseline").1.clone()));
        self.read(&mut bridge, *last + Days::new(15), NaiveDate::MAX, &mut tallies).await;
        let status = driftd::http::current_status(&bridge.shared).await.expect("status");
        assert!(status.open.is_empty(), "{}: what is as it was is over", self.name);
        tallies
    }

    /// Counts the letters of the day of a version, of the day after, and of the digest, as far as they come before the next one.
    async fn read(&self, bridge: &mut Bridge, on: NaiveDate, until: NaiveDate, tallies: &mut BTreeMap<String, Tally>) {
        let monday = on.iter_days().skip(1).find(|date| date.weekday() == Weekday::Mon).expect("a Monday");
        let days: BTreeSet<NaiveDate> = [on, on + Days::new(1), monday, monday + Days::new(1)].into();
        for date in days.into_iter().filter(|date| *date < until) {
            bridge.at(&date.to_string());
            for letter in bridge.letters().await {
                tallies.entry(letter.recipient.clone()).or_default().count(&letter);
            }
        }
    }
}

/// Folders of dated versions.
fn histories(corpus: &Path) -> Vec<Published> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(corpus).expect("the corpus").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let files = std::fs::read_dir(entry.path()).into_iter().flatten().flatten().map(|file| file.path());
        let mut versions: Vec<(NaiveDate, Vec<u8>)> = files
            .filter(|path| path.is_file())
            .filter_map(|path| Some((path.file_stem()?.to_str()?.parse().ok()?, std::fs::read(&path).ok()?)))
            .collect();
        versions.sort();
        if versions.len() >= VERSIONS {
            found.push(Published { name, versions });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Pairs of releases, as if the second had come on a Tuesday.
fn releases(folder: &Path) -> Vec<Published> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of releases").flatten() {
        let files: Vec<PathBuf> = std::fs::read_dir(entry.path()).expect("a folder").flatten().map(|file| file.path()).collect();
        let version = |stem: &str| {
            let path = files.iter().find(|path| path.file_stem().is_some_and(|name| name == stem)).expect("a version");
            std::fs::read(path).expect("a version")
        };
        let versions = vec![(day("2026-01-05"), version("old")), (day("2026-01-06"), version("new"))];
        found.push(Published { name: entry.file_name().to_string_lossy().into_owned(), versions });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[tokio::test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
async fn letters_over_real_histories_are_short_enough_to_be_read() {
    let corpus = std::env::var_os("DRIFTD_CORPUS").expect("DRIFTD_CORPUS must name the folder of real description histories");
    let mut all = histories(Path::new(&corpus));
    if let Some(large) = std::env::var_os("DRIFTD_LARGE") {
        all.extend(releases(Path::new(&large)));
    }
    let mut said = format!(
        "{:<20} {:<6} {:<18} {:>7} {:>5} {:>4} {:>5} {:>8}\n",
        "history", "calls", "reader", "letters", "lines", "kB", "new", "repeated"
    );
    let mut count = 0;
    for published in &all {
        for (calls, operations) in [("all", Vec::new()), ("four", published.operations())] {
            for (reader, tally) in published.play(&operations).await {
                let letters: usize = tally.letters.values().sum();
                count += letters;
                said.push_str(&format!(
                    "{:<20} {calls:<6} {reader:<18} {letters:>7} {:>5} {:>4} {:>5} {:>8}  {:?}\n",
                    published.name,
                    tally.most_lines,
                    tally.most_bytes / 1000,
                    tally.new,
                    tally.repeated,
                    tally.letters
                ));
            }
        }
    }
    let _ = writeln!(std::io::stderr(), "{said}");
    assert!(count > 20, "only {count} letters were written");
}

/// Four hundred resources, and a release that changes a third of them.
fn release(is_new: bool) -> String {
    let mut text = "openapi: 3.1.0\ninfo: {title: Large, version: '1'}\npaths:\n".to_owned();
    for number in 0..400 {
        let changes = |every: u32, at: u32| is_new && number % every == at;
        if changes(40, 3) {
            continue;
        }
        let deprecated = if changes(9, 4) { "      deprecated: true\n" } else { "" };
        let longest = if changes(7, 2) { 32 } else { 64 };
        let required = if changes(11, 5) { "name, reason" } else { "name" };
        let states = if changes(13, 1) { "open, paid, void" } else { "open, paid" };
        text.push_str(&format!(
            "  /v1/resources_{number}:\n    get:\n{deprecated}      responses:\n        '200':\n          description: fine\n          content:\n            application/json:\n              schema: {{type: object, required: [id, state], properties: {{id: {{type: string}}, state: {{type: string, enum: [{states}]}}}}}}\n    post:\n      requestBody:\n        required: true\n        content:\n          application/json:\n            schema: {{type: object, required: [{required}], properties: {{name: {{type: string, maxLength: {longest}}}, reason: {{type: string}}}}}}\n      responses: {{'204': {{description: done}}}}\n"
        ));
    }
    text
}

/// A letter's subject and text, without what differs from run to run.
fn steady(letter: &Received) -> String {
    let mut text = format!("Subject: {}\n\n{}\n", letter.header("Subject"), lines(letter).join("\n"));
    for (before, after) in [("/answer/", "TOKEN"), ("127.0.0.1:", "PORT")] {
        let mut parts = text.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        text = parts.fold(first, |text, part| {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            format!("{text}{before}{after}{rest}")
        });
    }
    text
}

#[tokio::test]
async fn letters_over_a_large_release_are_what_was_read_and_approved() {
    let four = &["GET /v1/resources_3", "POST /v1/resources_2", "GET /v1/resources_4", "POST /v1/resources_5"];
    for (name, operations) in [("declared", &four[..]), ("undeclared", &[])] {
        let mut bridge = Bridge::new(&Terms { operations, ..QUIET }, "2026-01-13", &release(false)).await;
        bridge.publish(&release(true));
        bridge.at("2026-01-13T11:00");
        let letters = bridge.letters().await;
        assert_eq!(letters.len(), 2, "{name}");
        for letter in letters {
            is_short_enough(&letter);
            let side = if letter.recipient == "dev@shop.example" { "consumer" } else { "provider" };
            golden(&format!("letter-large-{name}-{side}.txt"), &steady(&letter));
        }
    }
}
