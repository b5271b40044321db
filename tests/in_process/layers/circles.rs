//! No file of a room leans on another that leans on it.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use crate::layers::source::{self, SourceFile};

/// Circles that are one thing, with the reason.
const ALLOWED: &[(&[&str], &str)] = &[];

type Module = Vec<String>;

/// Everything that a file names by a path: through `use`, and in its code.
#[derive(Default)]
struct Named {
    used: Vec<Module>,
    /// What is named only to be passed on.
    passed_on: Vec<(String, Module)>,
}

impl Visit<'_> for Named {
    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        let mut paths = Vec::new();
        spread(&item.tree, &mut Vec::new(), &mut paths);
        if matches!(item.vis, syn::Visibility::Inherited) {
            self.used.extend(paths.into_iter().map(|(_, path)| path));
        } else {
            self.passed_on.extend(paths);
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if path.segments.len() > 1 {
            self.used.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

/// The paths of a `use` tree, each with the name it has from then on.
fn spread(tree: &syn::UseTree, above: &mut Module, into: &mut Vec<(String, Module)>) {
    let mut leaf = |name: String, own: Option<String>| into.push((name, above.iter().cloned().chain(own).collect()));
    match tree {
        syn::UseTree::Path(path) => {
            above.push(path.ident.to_string());
            spread(&path.tree, above, into);
            above.pop();
        }
        syn::UseTree::Name(name) if name.ident == "self" => leaf(above.last().cloned().unwrap_or_default(), None),
        syn::UseTree::Name(name) => leaf(name.ident.to_string(), Some(name.ident.to_string())),
        syn::UseTree::Rename(rename) => leaf(rename.rename.to_string(), Some(rename.ident.to_string())),
        syn::UseTree::Glob(_) => leaf("*".to_owned(), None),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| spread(tree, above, into)),
    }
}

/// The whole path of something that a module names; none for other crates.
fn absolute(home: &[String], path: &[String], known: &BTreeSet<Module>) -> Option<Module> {
    let first = path.first()?;
    let ups = path.iter().take_while(|part| *part == "super").count();
    Some(match first.as_str() {
        "crate" => path[1..].to_vec(),
        "self" => home.iter().chain(&path[1..]).cloned().collect(),
        "super" => home.iter().take(home.len().checked_sub(ups)?).chain(&path[ups..]).cloned().collect(),
        child => {
            let inner: Module = home.iter().cloned().chain([child.to_owned()]).collect();
            known.contains(&inner).then(|| home.iter().chain(path).cloned().collect())?
        }
    })
}

/// The file that something stands in: the longest beginning of its path that is a module.
fn home_of(path: &[String], known: &BTreeSet<Module>) -> Module {
    (0..=path.len()).rev().map(|length| path[..length].to_vec()).find(|module| known.contains(module)).unwrap_or_default()
}

/// Which file of the same room each leans on.
fn arrows(files: &[SourceFile]) -> BTreeMap<Module, BTreeSet<Module>> {
    let known: BTreeSet<Module> = files.iter().map(|file| file.module.clone()).collect();
    let named: Vec<(&SourceFile, Named)> = files
        .iter()
        .map(|file| {
            let mut named = Named::default();
            file.items.iter().for_each(|item| named.visit_item(item));
            (file, named)
        })
        .collect();
    let mut passed_on: BTreeMap<Module, Module> = BTreeMap::new();
    for (file, named) in &named {
        for (name, path) in &named.passed_on {
            if let Some(path) = absolute(&file.module, path, &known) {
                passed_on.insert(file.module.iter().cloned().chain([name.clone()]).collect(), path);
            }
        }
    }
    let mut arrows: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (file, named) in &named {
        for path in &named.used {
            let Some(mut path) = absolute(&file.module, path, &known) else { continue };
            // What a room passes on stands where it is defined.
            for _ in 0..4 {
                let home = home_of(&path, &known);
                let Some(own) = path.get(..=home.len()).and_then(|own| passed_on.get(own)) else { break };
                path = own.iter().chain(&path[home.len() + 1..]).cloned().collect();
            }
            let home = home_of(&path, &known);
            if home != file.module && !home.is_empty() && home.first() == file.module.first() {
                arrows.entry(file.module.clone()).or_default().insert(home);
            }
        }
    }
    arrows
}

/// Everything that can be reached from a file.
fn reached(from: &Module, arrows: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<Module> {
    let mut seen = BTreeSet::new();
    let mut pending: Vec<&Module> = arrows.get(from).into_iter().flatten().collect();
    while let Some(module) = pending.pop() {
        if seen.insert(module.clone()) {
            pending.extend(arrows.get(module).into_iter().flatten());
        }
    }
    seen
}

#[test]
fn no_files_lean_on_each_other_in_a_circle() {
    let arrows = arrows(&source::files());
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for module in arrows.keys() {
        let there = reached(module, &arrows);
        if there.contains(module) {
            let circle = there.iter().filter(|other| reached(other, &arrows).contains(module));
            circles.insert(circle.map(|module| module.join("::")).collect());
        }
    }
    let allowed: BTreeSet<Vec<String>> =
        ALLOWED.iter().map(|(circle, _)| circle.iter().map(|module| (*module).to_owned()).collect()).collect();
    assert_eq!(circles, allowed, "left: what leans on itself; right: what may");
    assert!(arrows.len() > 100, "the imports were not read");
}
