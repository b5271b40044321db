//! Imports go down only: the table of the architecture, checked against every `crate::` in the source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

mod circles;
mod names;
mod source;

/// What each room may use. A room may always use itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("openapi", &["model"]),
    ("diff", &["model", "openapi"]),
    ("containment", &["openapi"]),
    ("rules", &["containment", "diff", "model", "openapi"]),
    ("notice", &["model", "rules"]),
    ("render", &["model", "notice", "openapi", "rules"]),
    ("fetch", &["model"]),
    ("mail", &["model"]),
    ("store", &["model"]),
    ("config", &["mail", "model"]),
    ("lifecycle", &[]),
    ("state", &["config", "fetch", "mail", "model", "render", "rules", "store"]),
    ("correspondence", &["config", "mail", "model", "notice", "render", "state", "store"]),
    ("check", &["correspondence", "diff", "fetch", "model", "notice", "openapi", "rules", "state", "store"]),
    ("loops", &["check", "correspondence", "fetch", "lifecycle", "mail", "model", "render", "state", "store"]),
    ("http", &["correspondence", "lifecycle", "mail", "model", "notice", "render", "rules", "state", "store"]),
    ("daemon", &["config", "http", "lifecycle", "loops", "model", "notice", "render", "rules", "state", "store"]),
    (
        "cli",
        &[
            "check",
            "config",
            "daemon",
            "diff",
            "fetch",
            "http",
            "lifecycle",
            "mail",
            "model",
            "notice",
            "openapi",
            "render",
            "rules",
            "state",
        ],
    ),
];

/// Rooms without a clock, IO, logging or async.
const PURE: &[&str] = &["model", "openapi", "diff", "containment", "rules", "notice", "render"];

/// Each line of a file that is no comment, with its number.
fn lines(file: &source::SourceFile) -> impl Iterator<Item = (usize, &str)> {
    let numbered = file.text.lines().enumerate().map(|(number, line)| (number + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn imports_go_down_only() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut problems = Vec::new();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for file in &source::everything() {
        let Some(room) = file.room() else { continue };
        let Some(permitted) = allowed.get(room) else {
            problems.push(format!("src/{}: the room {room} has no row in this table", file.name()));
            continue;
        };
        seen.insert(room.to_owned());
        for (number, line) in lines(file) {
            for path in line.split("crate::").skip(1) {
                let target: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !allowed.contains_key(target.as_str()) || target == room {
                    continue;
                }
                if !permitted.contains(&target.as_str()) {
                    problems.push(format!("src/{}:{number}: {room} must not use {target}", file.name()));
                }
                used.insert((room.to_owned(), target));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(seen.len(), ALLOWED.len(), "a row without a room");
    let permitted = ALLOWED.iter().flat_map(|(room, others)| others.iter().map(|other| (room.to_string(), other.to_string())));
    let idle: Vec<_> = permitted.filter(|arrow| !used.contains(arrow)).collect();
    assert!(idle.is_empty(), "the table allows what nobody needs: {idle:?}");
}

#[test]
fn the_engine_is_pure() {
    let banned = ["std::fs", "std::net", "std::env", "tokio::", "tracing::", "reqwest", "sqlx", "SystemTime", "Instant::now"];
    let mut problems = Vec::new();
    for file in &source::everything() {
        let Some(room) = file.room().filter(|room| PURE.contains(room)) else { continue };
        for (number, code) in lines(file) {
            for word in banned.iter().filter(|word| code.contains(**word)) {
                problems.push(format!("src/{}:{number}: {room} must not use {word}", file.name()));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_file_outgrows_its_idea() {
    let files = source::everything();
    let lines = files.iter().map(|file| (file.name(), file.text.lines().count()));
    let long: Vec<_> = lines.filter(|(_, lines)| *lines > 600).collect();
    assert!(long.is_empty(), "{long:#?}");
}

/// Every test and every file that a page of the documentation names in a table of promises or incidents.
#[test]
fn every_promise_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = String::new();
    let mut pending = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                known.push_str(&std::fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    let promises = std::fs::read_to_string(root.join("docs/promises.md")).expect("the promises");
    let rows = promises.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let names = rows
        .filter_map(|row| row.trim_end_matches(" |").rsplit_once(" | "))
        .flat_map(|(_, tests)| tests.split('`').skip(1).step_by(2));
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 50, "the tables were not found");
    let missing: Vec<&&str> = names.iter().filter(|name| !known.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_hop_of_the_architecture_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/architecture.md")).expect("docs/architecture.md");
    let hops: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            cells.next().filter(|step| step.starts_with(|c: char| c.is_ascii_digit()))?;
            Some((cells.next()?.trim_matches('`'), cells.next()?.trim_matches('`')))
        })
        .collect();
    assert!(hops.len() > 50, "{hops:?}");
    for (file, function) in hops {
        let source = std::fs::read_to_string(root.join("src").join(file)).unwrap_or_else(|problem| panic!("{file}: {problem}"));
        let is_there = ["(", "<"].iter().any(|next| source.contains(&format!("fn {function}{next}")));
        assert!(is_there, "{file} has no {function}");
    }
}

#[test]
fn what_prose_counts_and_lists_is_what_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    let (crate_page, architecture) = (read("src/lib.rs"), read("docs/architecture.md"));
    // The table of modules names every room once.
    let rows = crate_page.lines().filter(|line| line.starts_with("//! | [`"));
    let mut listed: Vec<&str> = rows
        .flat_map(|row| row.split(" | ").nth(1).unwrap_or_default().split("[`").skip(1))
        .filter_map(|cell| cell.split('`').next())
        .collect();
    let mut rooms: Vec<&str> = ALLOWED.iter().map(|(room, _)| *room).collect();
    listed.sort_unstable();
    rooms.sort_unstable();
    assert_eq!(listed, rooms, "the table of modules in src/lib.rs");
    let numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let loops = format!("{} loops", numbers[driftd::state::LoopName::ALL.len()]);
    assert!(crate_page.contains(&loops) && architecture.contains(&loops), "there are {loops}");
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<_> =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/driftd.service"].map(|name| root.join(name)).into();
    let docs = std::fs::read_dir(root.join("docs")).expect("docs").flatten().map(|entry| entry.path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|end| end == "md")));
    let mut missing = Vec::new();
    let mut named = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("a page");
        let words = text.split(|c: char| !(c.is_alphanumeric() || "_-./".contains(c)));
        for word in
            words.map(|word| word.trim_end_matches('.')).filter(|word| word.starts_with("tests/") || word.starts_with("src/"))
        {
            named += 1;
            // A place-holder in capitals names no file.
            let is_form = word.split('/').any(|part| part.starts_with(|c: char| c.is_ascii_uppercase()));
            if !is_form && !root.join(word).exists() {
                missing.push(format!("{}: {word}", page.display()));
            }
        }
    }
    assert!(named > 10 && missing.is_empty(), "{missing:#?}");
}
