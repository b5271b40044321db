//! Imports go down only: the table of the architecture, checked against every `crate::` in the source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each module may use. A module may always use itself.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("model", &[][..]),
        ("openapi", &["model"][..]),
        ("diff", &["model", "openapi"][..]),
        ("containment", &["model", "openapi"][..]),
        ("rules", &["containment", "diff", "model", "openapi"][..]),
        ("notice", &["model", "rules"][..]),
        ("render", &["model", "notice", "openapi", "rules"][..]),
        ("fetch", &["model"][..]),
        ("mail", &["model"][..]),
        ("store", &["model"][..]),
        ("config", &["mail", "model"][..]),
        ("lifecycle", &[][..]),
        ("state", &["config", "fetch", "mail", "model", "render", "rules", "store"][..]),
        (
            "tasks",
            &["config", "diff", "fetch", "lifecycle", "mail", "model", "notice", "openapi", "render", "rules", "state", "store"]
                [..],
        ),
        ("http", &["diff", "lifecycle", "mail", "model", "notice", "render", "rules", "state", "store", "tasks"][..]),
        ("daemon", &["config", "http", "lifecycle", "model", "notice", "render", "rules", "state", "store", "tasks"][..]),
        (
            "cli",
            &[
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
                "tasks",
            ][..],
        ),
    ])
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).expect("src").flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The top-level module a file belongs to; none for the roots of library and binary.
fn module_of(path: &Path) -> Option<String> {
    let relative = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("below src");
    let first = relative.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(name, "main" | "lib")).then(|| name.to_owned())
}

#[test]
fn imports_go_down_only() {
    let allowed = allowed();
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for path in sources() {
        let Some(module) = module_of(&path) else { continue };
        let Some(permitted) = allowed.get(module.as_str()) else {
            problems.push(format!("{}: the module {module} has no row in this table", path.display()));
            continue;
        };
        seen.insert(module.clone());
        let text = std::fs::read_to_string(&path).expect("a source");
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for used in line.split("crate::").skip(1) {
                let target: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = allowed.contains_key(target.as_str());
                if known && target != module && !permitted.contains(&target.as_str()) {
                    problems.push(format!("{}:{}: {module} must not use {target}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(seen.len(), allowed.len(), "a row without a module");
}

#[test]
fn the_engine_is_pure() {
    // No clock, no IO, no logging, no async below the adapters.
    let banned = ["std::fs", "std::net", "std::env", "tokio::", "tracing::", "reqwest", "sqlx", "SystemTime", "Instant::now"];
    let mut problems = Vec::new();
    for path in sources() {
        let Some(module) = module_of(&path) else { continue };
        if !["openapi", "diff", "containment", "rules", "notice", "render", "model"].contains(&module.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source");
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in banned {
                if code.contains(word) {
                    problems.push(format!("{}:{}: {module} must not use {word}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_file_outgrows_its_idea() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter_map(|path| {
            let lines = std::fs::read_to_string(&path).expect("a source").lines().count();
            (lines > 600).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
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
            let mut cells = line.strip_prefix("| `")?.split("` | `");
            Some((cells.next()?, cells.next()?.split('`').next()?))
        })
        .collect();
    assert!(hops.len() > 25, "{hops:?}");
    for (file, function) in hops {
        let source = std::fs::read_to_string(root.join("src").join(file)).unwrap_or_else(|problem| panic!("{file}: {problem}"));
        assert!(source.contains(&format!("fn {function}(")), "{file} has no {function}");
    }
}
