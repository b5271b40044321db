//! Real counterparts for the daemon: a partner over HTTP, a server over SMTP, a process to kill.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod daemon;
pub mod partner;
pub mod postfix;
pub mod proxy;
pub mod receiver;
pub mod smtp;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Waits until `condition` holds; the limit is for broken builds, not for timing.
#[track_caller]
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < limit, "this did not happen within a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a list of letters, lines or messages is compared with that must hold none.
pub const NOTHING: [&str; 0] = [];

/// The SHA-256 of bytes, hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A shipped description.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/history/quayside/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every YAML and JSON file below a folder, in order.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
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
