//! The names that two descriptions and the catalogue have. What an exception names and none of them has is a mistake of
//! whoever wrote it: a misspelt operation would make everything "not used".

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;

use crate::model::{OperationPattern, Override, Pattern, nearest};
use crate::notice::date_rules;
use crate::openapi::{Contract, Document, Value, escape};
use crate::rules::Catalogue;

/// Everything that two descriptions have, and every rule there is.
pub(super) struct KnownNames<'d> {
    operations: BTreeSet<(String, String)>,
    documents: [&'d Document; 2],
    rules: Vec<&'d str>,
}

impl<'d> KnownNames<'d> {
    pub(super) fn new(contracts: [&Contract<'_>; 2], documents: [&'d Document; 2], catalogue: &'d Catalogue) -> Self {
        let operations = contracts.iter().flat_map(|contract| &contract.operations);
        Self {
            operations: operations.map(|operation| (operation.method.clone(), operation.path.to_string())).collect(),
            documents,
            rules: catalogue.rules().map(|rule| rule.id).chain(date_rules()).collect(),
        }
    }

    /// What is wrong with an operation that neither description has; none where one has it.
    pub(super) fn operation(&self, pattern: &OperationPattern) -> Option<String> {
        if self.operations.iter().any(|(method, path)| pattern.matches(method, path)) {
            return None;
        }
        let written = format!("{} {}", pattern.method, pattern.path);
        let labels: Vec<String> = self.operations.iter().map(|(method, path)| format!("{method} {path}")).collect();
        let help = nearest(&written, labels.iter().map(String::as_str)).map(|best| format!("; did you mean {best:?}?"));
        Some(format!("{written:?} is in neither description{}", help.unwrap_or_default()))
    }

    /// Every exception in force that names something neither description nor the catalogue has, with its line.
    pub(super) fn overrides(&self, file: &Path, text: &str, overrides: &[Override], today: NaiveDate) -> Vec<String> {
        let mut problems = Vec::new();
        for one in overrides.iter().filter(|one| today <= one.until) {
            let mut say = |written: &str, what: String| {
                let line = text.lines().position(|line| line.contains(&format!("\"{written}\""))).map_or(0, |at| at + 1);
                problems.push(format!("{}:{line}: {what}", file.display()));
            };
            if let Some(rule) = one.rule.as_ref().filter(|rule| !self.rules.iter().any(|id| rule.matches(id))) {
                say(rule.text(), no_rule(rule.text(), &self.rules));
            }
            for pattern in one.operations.iter().flatten() {
                if let Some(what) = self.operation(pattern) {
                    say(&format!("{} {}", pattern.method, pattern.path), what);
                }
            }
            if let Some(pointer) = one.pointer.as_ref().filter(|pointer| !self.has_place(pointer)) {
                say(pointer.text(), format!("no place of either description matches {:?}", pointer.text()));
            }
        }
        problems
    }

    fn has_place(&self, pattern: &Pattern) -> bool {
        self.documents.iter().any(|document| {
            let mut pending = vec![(String::new(), &document.root)];
            while let Some((pointer, value)) = pending.pop() {
                if pattern.matches(&pointer) {
                    return true;
                }
                match value {
                    Value::Object(members) => {
                        pending.extend(members.iter().map(|(name, value)| (format!("{pointer}/{}", escape(name)), value)));
                    }
                    Value::Array(items) => {
                        pending.extend(items.iter().enumerate().map(|(at, value)| (format!("{pointer}/{at}"), value)));
                    }
                    _ => {}
                }
            }
            false
        })
    }
}

/// That there is no such rule, and which is meant perhaps.
pub(super) fn no_rule(written: &str, rules: &[&str]) -> String {
    let best = nearest(written, rules.iter().copied()).map(|best| format!("did you mean {best:?}? "));
    format!("{written:?} names no rule; {}`driftd rules` lists all", best.unwrap_or_default())
}
