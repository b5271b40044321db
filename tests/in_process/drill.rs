//! The lists of deliberate defects are kept with the source: one that cannot be planted any more tests nothing.
//! `benches/drill.rs` plants them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[path = "../drill/bugs.rs"]
mod bugs;

fn source(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder)
}

#[test]
fn every_bug_of_the_prover_can_be_planted() {
    let drill = bugs::prover();
    assert!(drill.bug.len() >= 40, "only {}", drill.bug.len());
    for bug in drill.bug {
        let text = std::fs::read_to_string(source("src/containment").join(&bug.file)).expect("a file of the prover");
        assert_eq!(text.matches(&bug.find).count(), 1, "{}: stands once in {}", bug.name, bug.file);
        assert_ne!(bug.find, bug.plant, "{}", bug.name);
        is_source(&bug.name, &text.replacen(&bug.find, &bug.plant, 1));
    }
}

#[test]
fn every_defect_of_the_daemon_can_be_planted_and_names_its_test() {
    let mut names = BTreeSet::new();
    // All are built into one copy: each must still find its text once the others are planted.
    let mut planted: BTreeMap<PathBuf, String> = BTreeMap::new();
    for defect in bugs::daemon() {
        let path = source("src").join(&defect.file);
        let text = planted.entry(path).or_insert_with_key(|path| std::fs::read_to_string(path).expect("a file of the daemon"));
        let switched = defect.switched(text);
        *text = switched.unwrap_or_else(|| panic!("{}: does not stand once in {}", defect.name, defect.file));
        is_source(&defect.name, text);
        assert_ne!(defect.find.trim(), defect.plant.trim(), "{}", defect.name);
        assert!(!defect.seen_by.is_empty(), "{}: no test sees it", defect.name);
        for test in &defect.seen_by {
            assert!(is_a_test(test), "{}: {test} is no test", defect.name);
        }
        assert!(names.insert(defect.name.clone()), "{}: stands twice", defect.name);
    }
}

/// A defect that does not compile is seen by nobody.
fn is_source(name: &str, text: &str) {
    assert!(syn::parse_file(text).is_ok(), "{name}: what is planted is no source: {:?}", syn::parse_file(text).err());
}

/// Whether a test has this name.
fn is_a_test(name: &str) -> bool {
    let (binary, path) = bugs::placed(name);
    let function = format!("fn {}(", path.rsplit("::").next().unwrap_or(path));
    let first = path.split("::").next().unwrap_or_default();
    let roots = match binary {
        "lib" => vec![source("src")],
        _ => vec![source("tests").join(binary).join(format!("{first}.rs")), source("tests").join(binary).join(first)],
    };
    roots.iter().any(|root| root.exists() && holds(root, &function))
}

fn holds(path: &Path, text: &str) -> bool {
    if path.is_dir() {
        return std::fs::read_dir(path).expect("a folder").flatten().any(|entry| holds(&entry.path(), text));
    }
    path.extension().is_some_and(|end| end == "rs") && std::fs::read_to_string(path).is_ok_and(|source| source.contains(text))
}
