//! Changes into findings, by the rules of the catalogue; then the prover is asked about each.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::containment::{Inclusion, pattern_inclusion};
use crate::diff::{BeforeAfter, Change, ChangeKind, Delta};
use crate::openapi::{Contract, SchemaId, shown_pointer};

use super::catalogue::{Catalogue, Rule};
use super::digest::{content, identity};
use super::finding::{Finding, Verdict};
use super::place::place;
use super::proof::{Proof, prove};
use super::sentence::{sentence, value_at_end};

/// Why a comparison that was stopped from outside is incomplete.
const STOPPED: &str = "stopped: it took longer than it may; what it did not reach is not judged";

/// Why two libraries that differ are not judged.
const LIBRARY: &str = "neither side has paths or webhooks: what they hold for others to refer to, beside schemas, differs, and \
                       whether that hurts anybody cannot be told without who refers to it";

/// Places that are named where a side cannot be read.
const NAMED: usize = 3;

/// The sentence for what one side refers to in vain, or holds in a form that cannot be read.
fn unread(places: &BTreeSet<String>, side: &str) -> Option<String> {
    let first: Vec<String> = places.iter().take(NAMED).map(|place| shown_pointer(place)).collect();
    let more = if places.len() > NAMED { format!(" and {} more places", places.len() - NAMED) } else { String::new() };
    (!places.is_empty())
        .then(|| format!("the description {side} cannot be read at {}{more}; what changed there is not judged", first.join(", ")))
}

/// Judges every change of a delta. A change of a cell without a rule cannot occur: the catalogue's test
/// proves that each cell has one.
pub fn judge(before: &Contract<'_>, after: &Contract<'_>, mut delta: Delta, catalogue: &Catalogue) -> Verdict {
    let changes = std::mem::take(&mut delta.changes);
    let stop = delta.stop.clone();
    let mut judged: Vec<(usize, Change, &Rule)> = changes
        .into_iter()
        .enumerate()
        .take_while(|_| !stop.is_asked())
        .filter_map(|(number, change)| {
            let change = proven(change)?;
            let rule = catalogue.judge(&change)?;
            Some((number, change, rule))
        })
        .collect();
    // Where not all can be told, what matters most is.
    judged.sort_by_key(|(_, _, rule)| std::cmp::Reverse(rule.severity));
    let all = judged.len();
    let mut room = delta.room;
    let mut told: Vec<(usize, Finding)> = judged
        .into_iter()
        .map_while(|(number, change, rule)| {
            let message = sentence(&change, &words(before, after, &change));
            room = room.checked_sub(change.size() + message.len()).filter(|_| !stop.is_asked())?;
            let value = value_at_end(&change);
            let identity = identity(rule.id, &change);
            let content = content(&identity, &change);
            let finding = Finding {
                rule: rule.id,
                severity: rule.severity,
                consequence: rule.consequence,
                change,
                message,
                value,
                proof: Proof::Promise,
                identity,
                content,
            };
            Some((number, finding))
        })
        .collect();
    told.sort_unstable_by_key(|(number, _)| *number);
    let untold = all - told.len();
    let mut findings: Vec<Finding> = told.into_iter().map(|(_, finding)| finding).collect();
    prove(BeforeAfter::new(before, after), &delta, &mut findings);
    // Two edits of one site under one rule (two enum values) differ by subject, which is part of the identity.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let stopped = if stop.is_asked() {
        Some(STOPPED.to_owned())
    } else if untold > 0 {
        Some(format!("the findings come to more text than may be written; {untold} of them are left out"))
    } else {
        delta.exhausted.then(|| undecided(delta.pairs.len()))
    };
    let library = delta.libraries_differ.then(|| LIBRARY.to_owned());
    let after = unread(&delta.unread.after, "after");
    let is_mended = stopped.is_none() && library.is_none() && after.is_none() && !delta.unread.before.is_empty();
    Verdict { findings, undecided: stopped.or(library).or(after).or_else(|| unread(&delta.unread.before, "before")), is_mended }
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
    // A schema that says nothing may stand nowhere: items that are described for the first time.
    let stands_after = |holders: BeforeAfter<SchemaId>| holders.before.is_constant() && !holders.after.is_constant();
    let is_new = change.compared.first().is_some_and(|compared| stands_after(compared.holders));
    let (root, pointer) = if added || is_new { (after.root, &change.site.after) } else { (before.root, &change.site.before) };
    let keyword = pointer.rsplit_once("/properties/").filter(|(_, name)| !name.contains('/'));
    let about_property = change.kind.name().contains("Property") && !change.kind.name().contains("Discriminator")
        || change.kind.name().contains("ReadOnly")
        || change.kind.name().contains("WriteOnly");
    match keyword {
        Some((object, _)) if about_property => place(root, object),
        _ => place(root, pointer.strip_suffix("/additionalProperties").unwrap_or(pointer)),
    }
}
