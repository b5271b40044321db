//! The list of deliberate defects is kept with the source: one that cannot be planted any more tests nothing.
//! `benches/drill.rs` plants them.

use std::path::PathBuf;

#[path = "drill/bugs.rs"]
mod bugs;

#[test]
fn every_bug_can_be_planted() {
    let drill = bugs::drill();
    assert!(drill.bug.len() >= 40, "only {}", drill.bug.len());
    let prover = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/containment");
    for bug in drill.bug {
        let text = std::fs::read_to_string(prover.join(&bug.file)).expect("a file of the prover");
        assert_eq!(text.matches(&bug.find).count(), 1, "{}: stands once in {}", bug.name, bug.file);
        assert_ne!(bug.find, bug.plant, "{}", bug.name);
    }
}
