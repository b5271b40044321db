//! A seeded-bug drill: each defect of `tests/drill.toml` is planted in a copy of the source, alone, and the tests of
//! the prover must see it. What "no wrong answer" is worth depends on how many of these they see.
//!
//! `DRIFTD_CORPUS=… cargo bench --bench drill -- plant`, about half an hour on two cores; ends with 1 below the bar.
//! Words behind `plant` choose the defects whose names hold one of them.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

#[path = "../tests/drill/bugs.rs"]
mod bugs;

/// What has to be seen, in a hundred.
const BAR: usize = 95;

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

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let Some(("plant", words)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
        println!("cargo bench --bench drill -- plant     plants every defect and reports which the tests see");
        return ExitCode::SUCCESS;
    };
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    for part in ["src", "tests", "benches", "config", "fixtures", "deploy", "docs"] {
        copy(&here.join(part), &root.join(part));
    }
    for part in ["Cargo.toml", "Cargo.lock", "README.md", "clippy.toml"] {
        std::fs::copy(here.join(part), root.join(part)).expect("a copy");
    }
    // The components of real histories take minutes, and the rest is what has to see the defects.
    let run = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root).env("CARGO_TARGET_DIR", here.join("target/drill"));
        cargo.args([
            "test",
            "--offline",
            "--locked",
            "--quiet",
            "--test",
            "containment",
            "--",
            "--include-ignored",
            "--skip",
            "real_components",
        ]);
        let output = cargo.output().expect("cargo");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!text.contains("could not compile"), "{text}");
        output.status.success()
    };
    assert!(run(), "the tests pass before anything is planted");
    let drill = bugs::drill();
    let is_chosen = |bug: &bugs::Bug| words.is_empty() || words.iter().any(|word| bug.name.contains(word));
    let chosen: Vec<&bugs::Bug> = drill.bug.iter().filter(|bug| is_chosen(bug)).collect();
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
    println!("{seen} of {} seen", chosen.len());
    if seen * 100 >= chosen.len() * BAR { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
