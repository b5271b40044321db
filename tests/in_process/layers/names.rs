//! Names that are met once, arguments that have names, and words that stand in their type.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};

use crate::layers::source::{self, SourceFile, is_test};

/// Names that two types have, with the reason.
const TWICE: &[(&str, &str)] = &[];

/// Arguments of one function, `self` among them.
const MOST_ARGUMENTS: usize = 6;

/// What is seen in one file.
struct Seen<'f> {
    file: &'f SourceFile,
    types: Vec<(String, String)>,
    problems: Vec<String>,
    words: Vec<(String, String)>,
}

impl Seen<'_> {
    fn place(&self, span: proc_macro2::Span) -> String {
        format!("src/{}:{}", self.file.name(), span.start().line)
    }

    fn named(&mut self, name: &syn::Ident) {
        let place = self.place(name.span());
        self.types.push((name.to_string(), place));
    }

    fn signature(&mut self, signature: &syn::Signature) {
        let place = self.place(signature.ident.span());
        let name = &signature.ident;
        if signature.inputs.len() > MOST_ARGUMENTS {
            self.problems.push(format!("{place}: {name} has {} arguments", signature.inputs.len()));
        }
        for input in &signature.inputs {
            let syn::FnArg::Typed(typed) = input else { continue };
            if matches!(*typed.pat, syn::Pat::Tuple(_)) || is_tuple(&typed.ty) {
                self.problems.push(format!("{place}: an argument of {name} is a tuple: give its parts names"));
            }
        }
    }
}

/// A tuple of several, perhaps behind a reference.
fn is_tuple(of: &syn::Type) -> bool {
    match of {
        syn::Type::Reference(reference) => is_tuple(&reference.elem),
        syn::Type::Slice(slice) => is_tuple(&slice.elem),
        syn::Type::Tuple(tuple) => !tuple.elems.is_empty(),
        _ => false,
    }
}

impl Visit<'_> for Seen<'_> {
    fn visit_item(&mut self, item: &syn::Item) {
        match item {
            syn::Item::Struct(item) => self.named(&item.ident),
            syn::Item::Enum(item) => self.named(&item.ident),
            syn::Item::Trait(item) => self.named(&item.ident),
            syn::Item::Type(item) => self.named(&item.ident),
            syn::Item::Mod(item) if is_test(&item.attrs) => return,
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_signature(&mut self, signature: &syn::Signature) {
        self.signature(signature);
        visit::visit_signature(self, signature);
    }

    fn visit_attribute(&mut self, _: &syn::Attribute) {}

    fn visit_lit_str(&mut self, text: &syn::LitStr) {
        let place = self.place(text.span());
        self.words.push((text.value(), place));
    }
}

fn seen(file: &SourceFile) -> Seen<'_> {
    let mut seen = Seen { file, types: Vec::new(), problems: Vec::new(), words: Vec::new() };
    file.items.iter().for_each(|item| seen.visit_item(item));
    seen
}

#[test]
fn no_two_types_have_one_name() {
    let files = source::files();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, place) in files.iter().flat_map(|file| seen(file).types) {
        places.entry(name).or_default().push(place);
    }
    assert!(places.len() > 300, "the types were not read");
    places.retain(|name, places| places.len() > 1 && !TWICE.iter().any(|(known, _)| known == name));
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn arguments_are_few_and_have_names() {
    let problems: Vec<String> = source::files().iter().flat_map(|file| seen(file).problems).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Words that a type stands for, and the file of that type.
const TYPED: &[(&[&str], &str)] = &[
    (&["breaking", "warning"], "model/severity.rs"),
    (&["to-provider", "from-provider", "neither"], "model/direction.rs"),
    (&["consumer"], "model/role.rs"),
    (&["refused", "unreadable", "generated-code"], "model/severity.rs"),
    (&["draft", "alpha"], "model/operation.rs"),
    (&["recovered", "flapping", "baseline", "resolved"], "model/event.rs"),
];

/// The same letters with another meaning, by file.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("breaking", "model/agreement.rs", "a class of change in an agreement, of which people may have their own"),
    ("breaking", "render/webhook.rs", "the key of a number"),
    ("warning", "render/report/sarif.rs", "a level of SARIF"),
    ("warning", "render/report/github.rs", "a command of GitHub"),
    ("resolved", "model/notice.rs", "a kind of letter"),
    ("baseline", "store/claims.rs", "a column"),
    ("baseline", "store/overview.rs", "a column"),
    ("refused", "cli/ack.rs", "a word of the form by which people answer"),
    ("refused", "http/answer.rs", "the same"),
    ("refused", "model/notice.rs", "a state of a letter, and an outcome of a try"),
];

#[test]
fn words_stand_in_the_type_that_they_are_of() {
    let mut problems = Vec::new();
    for file in source::files() {
        for (word, place) in seen(&file).words {
            let home = TYPED.iter().find(|(words, _)| words.contains(&word.as_str()));
            let Some((_, home)) = home.filter(|(_, home)| *home != file.name()) else { continue };
            let is_other = OTHERWISE.iter().any(|(known, other, _)| *known == word && *other == file.name());
            if !is_other {
                problems.push(format!("{place}: {word:?} is a word of {home}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
