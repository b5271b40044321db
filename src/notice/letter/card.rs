//! A finding in a letter: in full, or in one line.

use serde::Serialize;

use crate::model::{Consumer, OneCause, OpenFinding, OperationLabel, Severity, Side};
use crate::rules::{Catalogue, Remedy};

use super::super::advice;
use super::short::own_operations;

/// Operations named for one finding.
const NAMED: usize = 4;

/// Lines of a fragment.
const FRAGMENT: usize = 14;

/// A finding as a letter shows it.
#[derive(Debug, Clone, Serialize)]
pub struct FindingCard {
    /// How much it matters.
    pub severity: Severity,
    /// The same in the words of the letter.
    pub label: String,
    /// What it does to whom, in a few words.
    pub consequence: String,
    /// One sentence.
    pub message: String,
    /// What is proven, in one sentence; empty where no message shows it.
    pub proven: String,
    /// Who is hurt, from the rule page; empty when an earlier card of the same rule says it.
    pub hurt: String,
    /// What the reader does about it, from the rule page; empty as above, or where it is nothing.
    pub remedy: String,
    /// What the other end does, likewise.
    pub others_remedy: String,
    /// Operations it reaches: those that the reader has declared, or all.
    pub uses: Vec<OperationLabel>,
    /// How many more.
    pub more_uses: usize,
    /// Lines of the changed fragment; empty when an earlier card shows the same.
    pub fragment: Vec<String>,
    /// How many lines of it are left away.
    pub more_lines: usize,
    /// Rule id.
    pub rule: String,
    /// Whether a page explains the rule.
    pub has_page: bool,
    /// JSON Pointer in the description that has it.
    pub pointer: String,
}

/// The first rows in full. What an earlier one says already is left away.
pub(super) fn in_full(
    rows: &[OneCause<&OpenFinding>],
    catalogue: &Catalogue,
    audience: Side,
    consumer: Option<&Consumer>,
) -> Vec<FindingCard> {
    let mut cards: Vec<FindingCard> = Vec::new();
    for row in rows {
        let mut card = card(row, catalogue, audience, consumer);
        // Two edits of one object have one fragment; once is enough.
        if cards.iter().any(|known| known.fragment == card.fragment) {
            card.fragment.clear();
            card.more_lines = 0;
        }
        if cards.iter().any(|known| known.rule == card.rule) {
            card.hurt.clear();
            card.remedy.clear();
            card.others_remedy.clear();
        }
        cards.push(card);
    }
    cards
}

fn card(row: &OneCause<&OpenFinding>, catalogue: &Catalogue, audience: Side, consumer: Option<&Consumer>) -> FindingCard {
    let finding = row.first;
    let rule = catalogue.get(&finding.rule);
    let operations = own_operations(finding, consumer);
    let page = rule.map(|rule| (rule.page.hurt, rule.page.remedy));
    let (hurt, remedy) = page.or_else(|| advice::advice(&finding.rule)).unzip();
    let halves = remedy.map(|Remedy { consumer, provider }| (consumer, provider.unwrap_or_default()));
    let (consumers, providers) = halves.unwrap_or_default();
    let (own, others) = match audience {
        Side::Consumer => (consumers, providers),
        Side::Provider => (providers, consumers),
    };
    let mut fragment: Vec<String> = finding.fragment.lines().map(str::to_owned).collect();
    let more_lines = fragment.len().saturating_sub(FRAGMENT);
    fragment.truncate(FRAGMENT);
    FindingCard {
        severity: finding.severity,
        label: advice::label(&finding.rule).map_or_else(|| finding.severity.to_string(), str::to_owned),
        consequence: match (rule, audience) {
            (Some(rule), Side::Consumer) => rule.consequence.meaning().to_owned(),
            (Some(rule), Side::Provider) => rule.consequence.meaning_for_consumer().to_owned(),
            (None, _) => String::new(),
        },
        message: row.message.clone(),
        proven: finding.proven.clone(),
        hurt: hurt.unwrap_or_default().to_owned(),
        remedy: own.to_owned(),
        others_remedy: others.to_owned(),
        has_page: rule.is_some(),
        more_uses: operations.len().saturating_sub(NAMED),
        uses: operations.into_iter().take(NAMED).cloned().collect(),
        fragment,
        more_lines,
        rule: finding.rule.clone(),
        // What is gone stands only in the old description, what is new only in the new one.
        pointer: if finding.before_pointer.len() > finding.after_pointer.len() {
            finding.before_pointer.clone()
        } else {
            finding.after_pointer.clone()
        },
    }
}

/// A row in one line, with where it is.
pub(super) fn in_one_line(row: &OneCause<&OpenFinding>, consumer: Option<&Consumer>) -> String {
    let operations = own_operations(row.first, consumer);
    let place = match operations.as_slice() {
        [] => "every operation".to_owned(),
        [only] => only.to_string(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    };
    format!("{place}: {} ({})", row.message, row.first.severity)
}
