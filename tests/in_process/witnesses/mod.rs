//! Every message that is shown is one: judged again by the published schemas alone, on both sides, for its operation.

mod message;
mod published;
mod small;

use std::path::{Path, PathBuf};

use driftd::diff::Budget;
use driftd::openapi::{Document, Limits, read};
use driftd::rules::{Catalogue, compare};

use crate::support::files_below;

/// What is wrong with the messages of one comparison, and how many there are.
#[derive(Default)]
struct Judged {
    messages: usize,
    wrong: Vec<String>,
}

fn document(path: &Path) -> Option<Document> {
    read(&std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())), &Limits::default()).ok()
}

impl Judged {
    /// Compares two files, where both are documents of their own, and judges what is shown.
    fn add(&mut self, before: &Path, after: &Path, catalogue: &Catalogue) {
        let (Some(old), Some(new)) = (document(before), document(after)) else { return };
        let (verdict, _) = compare(&old, &new, catalogue, Budget::default());
        let judge = message::Judge::new(&old, &new);
        for finding in &verdict.findings {
            if let Some(judged) = judge.judge(finding) {
                self.messages += 1;
                self.wrong.extend(judged.err().map(|why| {
                    let site = &finding.change.site;
                    format!("{} → {}: {} {} {}: {why}", before.display(), after.display(), finding.rule, site.before, site.after)
                }));
            }
        }
    }

    fn assert_right(self, least: usize) {
        assert!(self.wrong.is_empty(), "{} of {}: {:#?}", self.wrong.len(), self.messages, self.wrong);
        assert!(self.messages >= least, "only {} messages", self.messages);
        println!("{} messages, each accepted by one side and refused by the other", self.messages);
    }
}

/// The documents of a folder that holds a pair, by the names their files begin with.
fn pair(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let files = files_below(folder);
    let side = |name: &str| files.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name)).cloned();
    Some((side("old")?, side("new")?))
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).unwrap_or_else(|error| panic!("{}: {error}", of.display()));
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn messages_of_labelled_pairs_are_refused_as_a_whole() {
    let catalogue = Catalogue::load().unwrap_or_else(|error| panic!("{error:?}"));
    let mut judged = Judged::default();
    for (old, new) in folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pairs")).iter().filter_map(|path| pair(path)) {
        judged.add(&old, &new, &catalogue);
        // What one way widens narrows the other way.
        judged.add(&new, &old, &catalogue);
    }
    judged.assert_right(100);
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn messages_of_real_histories_are_refused_as_a_whole() {
    let corpus = PathBuf::from(std::env::var_os("DRIFTD_CORPUS").expect("DRIFTD_CORPUS must name the folder of real histories"));
    let catalogue = Catalogue::load().unwrap_or_else(|error| panic!("{error:?}"));
    let table = std::fs::read_to_string(corpus.join("pairs.tsv")).expect("pairs.tsv in the corpus");
    let mut judged = Judged::default();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [_, _, left, right, ..] = cells.as_slice() else { panic!("{line:?}") };
        if left != right {
            judged.add(&corpus.join(left), &corpus.join(right), &catalogue);
        }
    }
    // Where the large pairs stand beside the histories, they count too.
    let large = corpus.join("../cases/large");
    for (old, new) in folders(&large).iter().filter(|_| large.is_dir()).filter_map(|path| pair(path)) {
        judged.add(&old, &new, &catalogue);
    }
    judged.assert_right(1_000);
}
