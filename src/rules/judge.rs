//! Changes into findings, by the rules of the catalogue; then the prover is asked about each.

use serde_json::Value;

use crate::containment::{Inclusion, pattern_inclusion};
use crate::diff::{BeforeAfter, Change, ChangeKind, Delta};
use crate::openapi::Contract;

use super::catalogue::Catalogue;
use super::digest::{content, identity};
use super::finding::{Finding, Verdict};
use super::place::place;
use super::proof::{Proof, prove};
use super::sentence::{sentence, value_at_end};

/// Why a comparison that was stopped from outside is incomplete.
const STOPPED: &str = "stopped: it took longer than it may; what it did not reach is not judged";

/// Judges every change of a delta. A change of a cell without a rule cannot occur: the catalogue's test
/// proves that each cell has one.
pub fn judge(before: &Contract<'_>, after: &Contract<'_>, mut delta: Delta, catalogue: &Catalogue) -> Verdict {
    let changes = std::mem::take(&mut delta.changes);
    let stop = delta.stop.clone();
    let mut findings: Vec<Finding> = changes
        .into_iter()
        .take_while(|_| !stop.is_asked())
        .filter_map(|change| {
            let change = proven(change)?;
            let rule = catalogue.judge(&change)?;
            let message = sentence(&change, &words(before, after, &change));
            let value = value_at_end(&change);
            let identity = identity(rule.id, &change);
            let content = content(&identity, &change);
            Some(Finding {
                rule: rule.id,
                severity: rule.severity,
                consequence: rule.consequence,
                change,
                message,
                value,
                proof: Proof::Promise,
                identity,
                content,
            })
        })
        .collect();
    prove(BeforeAfter::new(before, after), &delta, &mut findings);
    // Two edits of one site under one rule (two enum values) differ by subject, which is part of the identity.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let undecided =
        if stop.is_asked() { Some(STOPPED.to_owned()) } else { delta.exhausted.then(|| undecided(delta.pairs.len())) };
    Verdict { findings, undecided }
}

/// A change of patterns as what it really does to the texts they accept; none when they accept the same.
fn proven(change: Change) -> Option<Change> {
    if change.kind != ChangeKind::PatternChanged {
        return Some(change);
    }
    let pattern = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let (Some(before), Some(after)) = (pattern(&change.before), pattern(&change.after)) else { return Some(change) };
    let kind = match pattern_inclusion(&before, &after) {
        Inclusion::Equal => return None,
        Inclusion::Within => ChangeKind::PatternLoosened,
        Inclusion::Beyond => ChangeKind::PatternTightened,
        Inclusion::Neither | Inclusion::Unknown => ChangeKind::PatternChanged,
    };
    Some(Change { kind, ..change })
}

/// The sentence for a comparison that was stopped by its budget.
fn undecided(pairs: usize) -> String {
    format!("the comparison was stopped after {pairs} pairs of schemas; what it did not reach is not judged")
}

/// The place of a change in words; for a property, the object that holds it.
fn words(before: &Contract<'_>, after: &Contract<'_>, change: &Change) -> String {
    let added = change.before.is_none() && change.after.is_some();
    let (root, pointer) = if added { (after.root, &change.site.after) } else { (before.root, &change.site.before) };
    let keyword = pointer.rsplit_once("/properties/").filter(|(_, name)| !name.contains('/'));
    let about_property = change.kind.name().contains("Property") && !change.kind.name().contains("Discriminator")
        || change.kind.name().contains("ReadOnly")
        || change.kind.name().contains("WriteOnly");
    match keyword {
        Some((object, _)) if about_property => place(root, object),
        _ => place(root, pointer.strip_suffix("/additionalProperties").unwrap_or(pointer)),
    }
}
