//! `driftd rules [ID]` and `driftd rules --oasdiff`.

use std::fmt::Write as _;

use crate::rules::{Catalogue, Rule, oasdiff_ids};

use super::exit;
use super::known_names::no_rule;
use super::output::say;

/// The ids of oasdiff, each with what answers to it here, separated by tabs.
pub(super) fn oasdiff() -> u8 {
    let mut out = String::new();
    for id in oasdiff_ids() {
        let rules = if id.rules.is_empty() { "-".to_owned() } else { id.rules.join(", ") };
        let _ = writeln!(out, "{}\t{rules}\t{}", id.id, id.note);
    }
    say(&out);
    0
}

/// One rule, or the list of all.
pub(super) fn run(id: Option<&str>) -> u8 {
    let catalogue = match Catalogue::load() {
        Ok(catalogue) => catalogue,
        Err(problem) => {
            eprintln!("driftd: {problem}");
            return exit::INTERNAL;
        }
    };
    let Some(id) = id else {
        let mut out = String::new();
        for rule in catalogue.rules() {
            let _ = writeln!(
                out,
                "{:<8}  {:<14}  {:<54}  {}",
                rule.severity.name(),
                rule.consequence.name(),
                rule.id,
                rule.page.title
            );
        }
        say(&out);
        return 0;
    };
    // People who come from oasdiff ask by the ids they know.
    let known = catalogue.get(id).or_else(|| catalogue.rules().find(|rule| rule.oasdiff.iter().any(|theirs| theirs == id)));
    match known {
        Some(rule) => {
            say(&page(rule));
            0
        }
        None => {
            let ids: Vec<&str> = catalogue.rules().map(|rule| rule.id).collect();
            eprintln!("driftd: {}", no_rule(id, &ids));
            exit::USAGE
        }
    }
}

fn page(rule: &Rule) -> String {
    let mut out =
        format!("{} ({}; {}: {})\n\n", rule.id, rule.severity.name(), rule.consequence.name(), rule.consequence.meaning());
    if let Some(because) = &rule.because {
        let _ = writeln!(out, "Why {}: {because}.\n", rule.severity.name());
    }
    let _ = writeln!(out, "{}", rule.page.body.trim_end());
    if !rule.oasdiff.is_empty() {
        let _ = writeln!(out, "\nKnown to oasdiff's users as {}.", rule.oasdiff.join(", "));
    }
    out
}
