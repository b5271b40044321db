//! Every pair of real histories: what it costs, as a ratio to parsing both documents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use driftd::diff::Budget;
use driftd::openapi::{Bundle, Document, Limits, ReadError, external_files, lower, may_be_several, parse, read};
use driftd::rules::{Catalogue, compare_lowered};

use super::clock::best;
use super::parse_and_diff;

/// Best of so many runs.
const RUNS: usize = 5;

/// A pair above this ratio is named.
const NAMED: f64 = 5.0;

/// Prints each pair that costs much by its size, and the median and the maximum of all: those whose names hold one of
/// the words, if there are any.
pub fn print(words: &[&str]) {
    let corpus = std::env::var_os("DRIFTD_CORPUS").map(PathBuf::from).expect("DRIFTD_CORPUS names a folder of real histories");
    let table = std::fs::read_to_string(corpus.join("pairs.tsv")).expect("pairs.tsv in the corpus");
    let limits = Limits::default();
    let catalogue = Catalogue::load().expect("a catalogue");
    let is_wanted = |line: &&str| words.is_empty() || words.iter().any(|word| line.contains(word));
    let mut ratios: Vec<f64> = Vec::new();
    let mut shares: [Vec<f64>; 3] = Default::default();
    for line in table.lines().skip(1).filter(is_wanted) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [_, _, left, right, ..] = cells.as_slice() else { panic!("{line:?}") };
        let [before, after] = [left, right].map(|name| whole(&corpus.join(name), &limits));
        // Parts of other descriptions stand in the table too, and one that was published broken.
        if [&before, &after]
            .iter()
            .any(|bytes| matches!(read(bytes, &limits), Err(ReadError::NotADescription | ReadError::Syntax { .. })))
        {
            continue;
        }
        let (parse, diff) = parse_and_diff(&catalogue, [&before, &after], &limits, RUNS);
        let ratio = diff.as_secs_f64() / parse.as_secs_f64();
        if ratio > NAMED {
            println!("{ratio:>6.2}  {:>10} of {:>10}  {left} → {right}", format!("{diff:.1?}"), format!("{parse:.1?}"));
        }
        ratios.push(ratio);
        for (list, part) in shares.iter_mut().zip(stages(&catalogue, [&before, &after], &limits)) {
            list.push(part / parse.as_secs_f64());
        }
    }
    let [read, lower, compare] = shares.each_mut().map(|share| middle(share));
    let middle = middle(&mut ratios);
    let most = ratios.last().copied().unwrap_or_default();
    println!("in the middle: reading {read:.2}, lowering {lower:.2}, comparing {compare:.2}");
    println!("{} pairs: median {middle:.2}, maximum {most:.2}", ratios.len());
}

/// Sorts a list, and returns the value in its middle.
fn middle(list: &mut [f64]) -> f64 {
    list.sort_by(f64::total_cmp);
    list.get(list.len() / 2).copied().unwrap_or_default()
}

/// What reading, lowering and comparing two documents cost, seconds.
fn stages(catalogue: &Catalogue, [before, after]: [&[u8]; 2], limits: &Limits) -> [f64; 3] {
    let both = || [before, after].map(|bytes| read(bytes, limits).unwrap_or_else(|error| panic!("{error}")));
    let reading = best(RUNS, || drop(both()));
    let documents: [Document; 2] = both();
    let lowering = best(RUNS, || drop(documents.each_ref().map(lower)));
    let [old, new] = documents.each_ref().map(lower);
    let comparing = best(RUNS, || drop(compare_lowered(&old, &new, catalogue, Budget::default())));
    [reading, lowering, comparing].map(|time| time.as_secs_f64())
}

/// A description with every file that it refers to, as one sequence of bytes.
fn whole(path: &Path, limits: &Limits) -> Vec<u8> {
    let text = |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let root = text(path);
    if !may_be_several(&root) {
        return root.into_bytes();
    }
    let folder = path.parent().expect("a folder");
    let mut files: BTreeMap<String, String> = BTreeMap::from([(String::new(), root)]);
    let mut pending = vec![String::new()];
    while let Some(from) = pending.pop() {
        let Ok(value) = parse(files[&from].as_bytes(), limits, &mut Vec::new()) else { continue };
        for key in external_files(&from, &value) {
            if !files.contains_key(&key) && folder.join(&key).is_file() {
                files.insert(key.clone(), text(&folder.join(&key)));
                pending.push(key);
            }
        }
    }
    if files.len() == 1 { files.remove("").unwrap_or_default().into_bytes() } else { Bundle { files }.to_bytes() }
}
