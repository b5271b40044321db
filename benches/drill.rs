//! A drill of deliberate defects: what the tests are worth depends on how many of these they see.
//!
//! `DRIFTD_CORPUS=… cargo test --bench drill -- prover` plants each defect of `tests/drill/prover.toml` alone and runs the tests
//! of the prover: about half an hour on two cores. `cargo test --bench drill -- daemon` builds those of the
//! other files there into one copy of the source, each behind a switch, and runs the tests that are said to see it: about
//! ten minutes. Words after that choose the defects whose names hold one of them. Ends with 1 below the bar.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;

#[path = "../tests/drill/bugs.rs"]
mod bugs;

/// What has to be seen, in a hundred.
const BAR_OF_THE_PROVER: usize = 95;
const BAR_OF_THE_DAEMON: usize = 97;

/// Tests at one time: most of them wait.
const AT_ONCE: usize = 4;

/// Names the defect that is planted.
const SWITCH: &str = "DRIFTD_DRILL";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.split_first().map(|(first, words)| (first.as_str(), words)) {
        Some(("prover", words)) => prover(words),
        Some(("daemon", words)) => daemon(words),
        _ => {
            println!("cargo test --bench drill -- prover|daemon     plants every defect and reports which the tests see");
            ExitCode::SUCCESS
        }
    }
}

fn is_chosen(name: &str, words: &[String]) -> bool {
    words.is_empty() || words.iter().any(|word| name.contains(word))
}

fn told(seen: usize, tried: usize, bar: usize) -> ExitCode {
    println!("{seen} of {tried} seen");
    if seen * 100 >= tried * bar { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the source").flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// A copy of everything that tests are built from.
fn source() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for part in ["src", "tests", "benches", "config", "fixtures", "deploy", "docs"] {
        copy(&here().join(part), &folder.path().join(part));
    }
    for part in ["Cargo.toml", "Cargo.lock", "README.md", "clippy.toml"] {
        std::fs::copy(here().join(part), folder.path().join(part)).expect("a copy");
    }
    folder
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root).env("CARGO_TARGET_DIR", here().join("target/drill"));
    cargo.args(["test", "--offline", "--locked"]);
    cargo
}

fn prover(words: &[String]) -> ExitCode {
    let folder = source();
    let root = folder.path();
    // Built anew for each defect, so with nothing beside the engine and the tests of the prover.
    for (file, text) in [
        (
            "src/lib.rs",
            "//! The engine.\n\npub mod containment;\npub mod diff;\npub mod model;\npub mod openapi;\npub mod rules;\n",
        ),
        ("src/main.rs", "//! Nothing.\n\nfn main() {}\n"),
        ("tests/in_process/main.rs", "//! The tests of the prover.\n\nmod containment;\n"),
    ] {
        std::fs::write(root.join(file), text).expect("a file");
    }
    // The components of real histories take minutes, and the rest is what has to see the defects.
    let run = || {
        let mut cargo = cargo(root);
        cargo.args(["--quiet", "--test", "in_process", "containment::", "--", "--include-ignored", "--skip", "real_components"]);
        let output = cargo.output().expect("cargo");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!text.contains("could not compile"), "{text}");
        output.status.success()
    };
    assert!(run(), "the tests pass before anything is planted");
    let drill = bugs::prover();
    let chosen: Vec<&bugs::Bug> = drill.bug.iter().filter(|bug| is_chosen(&bug.name, words)).collect();
    let mut seen = 0;
    for bug in &chosen {
        let path = root.join("src/containment").join(&bug.file);
        let sound = std::fs::read_to_string(&path).expect("a file of the prover");
        std::fs::write(&path, sound.replacen(&bug.find, &bug.plant, 1)).expect("planted");
        let is_seen = !run();
        std::fs::write(&path, sound).expect("mended");
        println!("{} {}", if is_seen { "seen  " } else { "UNSEEN" }, bug.name);
        seen += usize::from(is_seen);
    }
    told(seen, chosen.len(), BAR_OF_THE_PROVER)
}

fn daemon(words: &[String]) -> ExitCode {
    let defects = bugs::daemon();
    let chosen: Vec<&bugs::Defect> = defects.iter().filter(|defect| is_chosen(&defect.name, words)).collect();
    let folder = source();
    let root = folder.path();
    for defect in &chosen {
        let path = root.join("src").join(&defect.file);
        let text = std::fs::read_to_string(&path).expect("a file of the daemon");
        let switched = defect.switched(&text).unwrap_or_else(|| panic!("{}: does not stand once beside others", defect.name));
        std::fs::write(&path, switched).expect("planted");
    }
    let lib = root.join("src/lib.rs");
    let switch = format!(
        "\n/// Which defect is planted.\npub mod drill {{\n    /// Whether it is this one.\n    pub fn is_planted(name: &str) -> bool {{\n        static PLANTED: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var({SWITCH:?}).ok());\n        PLANTED.as_deref() == Some(name)\n    }}\n}}\n"
    );
    let text = std::fs::read_to_string(&lib).expect("the crate");
    std::fs::write(&lib, text + &switch).expect("the switch");
    let binaries = built(root);

    let tests: BTreeSet<&str> = chosen.iter().flat_map(|defect| &defect.seen_by).map(String::as_str).collect();
    let tests: Vec<&str> = tests.into_iter().collect();
    let failing = at_once(&tests, |test| !passes(&binaries, root, test, ""));
    let failing: Vec<&str> = tests.iter().zip(&failing).filter(|(_, fails)| **fails).map(|(test, _)| *test).collect();
    assert!(failing.is_empty(), "these fail before anything is planted: {failing:?}");

    let is_seen = at_once(&chosen, |defect| {
        let is_seen = defect.seen_by.iter().any(|test| !passes(&binaries, root, test, &defect.name));
        println!("{} {}", if is_seen { "seen  " } else { "UNSEEN" }, defect.name);
        is_seen
    });
    told(is_seen.into_iter().filter(|seen| *seen).count(), chosen.len(), BAR_OF_THE_DAEMON)
}

/// The test binaries by name; those beside the source are `lib`.
fn built(root: &Path) -> BTreeMap<String, PathBuf> {
    let output = cargo(root).args(["--no-run", "--message-format", "json"]).stderr(Stdio::inherit()).output().expect("cargo");
    assert!(output.status.success(), "the copy with all switches does not compile");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let named = messages.filter_map(|message| {
        let path = message["executable"].as_str().filter(|_| message["profile"]["test"] == true)?;
        let is_lib = message["target"]["kind"][0] == "lib";
        let name = if is_lib { "lib" } else { message["target"]["name"].as_str()? };
        Some((name.to_owned(), PathBuf::from(path)))
    });
    named.filter(|(name, _)| name != "driftd").collect()
}

fn passes(binaries: &BTreeMap<String, PathBuf>, root: &Path, test: &str, planted: &str) -> bool {
    let (binary, path) = bugs::placed(test);
    let binary = binaries.get(binary).unwrap_or_else(|| panic!("{test}: there is no such binary"));
    let mut run = Command::new(binary);
    run.current_dir(root).args([path, "--exact", "--include-ignored"]).env(SWITCH, planted);
    let output = run.env("RUST_BACKTRACE", "0").output().expect("a test");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("running 1 test"), "{test}: there is no such test\n{text}");
    output.status.success()
}

/// Does something with each, a few at one time, and returns what came of each in their order.
fn at_once<T: Sync>(all: &[T], work: impl Fn(&T) -> bool + Sync) -> Vec<bool> {
    let (next, done) = (Mutex::new(all.iter().enumerate()), Mutex::new(vec![false; all.len()]));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((index, one)) = next.lock().expect("what is left").next() else { return };
                    let came = work(one);
                    done.lock().expect("the results")[index] = came;
                }
            });
        }
    });
    done.into_inner().expect("the results")
}
