//! The source as its own tests read it: every file with the module it is, and its syntax without the tests in it.

use std::path::{Path, PathBuf};

/// One file of `src`.
pub struct SourceFile {
    /// Below the repository.
    pub path: PathBuf,
    /// `http::status::view`; empty for the roots of library and binary.
    pub module: Vec<String>,
    /// What stands there.
    pub text: String,
    /// The same as items, without those that are built for tests only.
    pub items: Vec<syn::Item>,
}

impl SourceFile {
    /// The room: the first part of the module.
    pub fn room(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }

    /// Below `src`, with `/` between.
    pub fn name(&self) -> String {
        let below = self.path.strip_prefix("src").unwrap_or(&self.path);
        below.display().to_string()
    }
}

/// Every file of `src` that is no test, in order.
pub fn files() -> Vec<SourceFile> {
    let mut all = everything();
    all.retain(|file| !file.module.iter().any(|part| part == "tests"));
    all
}

/// Every file of `src`, tests too, in order.
pub fn everything() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    let mut pending = vec![root.join("src")];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).expect("src").flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                paths.push(path.strip_prefix(root).expect("below the repository").to_owned());
            }
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(root.join(&path)).expect("a source");
        let syntax = syn::parse_file(&text).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        let items = syntax.items.into_iter().filter(|item| !is_test(attributes(item))).collect();
        SourceFile { module: module(&path), path, text, items }
    };
    paths.into_iter().map(read).collect()
}

fn module(path: &Path) -> Vec<String> {
    let parts = path.with_extension("");
    let mut parts: Vec<String> = parts.iter().skip(1).map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") || matches!(parts.as_slice(), [root] if root == "lib" || root == "main") {
        parts.pop();
    }
    parts
}

/// Whether something is built for tests only.
pub fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes
        .iter()
        .any(|one| one.path().is_ident("cfg") && one.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test")))
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
