//! What makes it doubtful that a document is what was meant to be published: it is not whole, or hardly anything is left.

use std::collections::BTreeMap;

use crate::openapi::{Bundle, Document, Reachable, newly_dangling, reach};

/// Reasons that are named.
const NAMED: usize = 3;

/// Why a document is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    /// In words, the worst first.
    pub(super) why: String,
    /// What a second fetch has to agree with; none where no fetch can make it whole but another document.
    pub(super) shape: Option<String>,
}

/// A document with its bytes.
pub(super) struct Published<'p> {
    /// What was read.
    pub(super) document: &'p Document,
    /// What it was read from.
    pub(super) bytes: &'p [u8],
}

/// What makes it doubtful that a document is what was meant to be published, held against the last one that was believed.
pub(super) fn doubt(
    last: Option<&Published<'_>>,
    now: &Published<'_>,
    absent: &BTreeMap<String, String>,
    framed: bool,
) -> Option<Doubt> {
    let reached = reach(now.document);
    let known = last.map(|last| reach(last.document));
    let lost = lost(last, known.as_ref(), now, absent);
    if !lost.is_empty() {
        return Some(Doubt { why: named(&lost), shape: None });
    }
    let mut odd: Vec<String> = Vec::new();
    if let Some(known) = &known {
        odd.extend(collapse(known, &reached));
    } else {
        odd.extend(absent.iter().map(|(key, why)| format!("the file {key} did not come: {why}")));
    }
    odd.extend(cut_short(last, now));
    if !framed {
        odd.push("nothing marks the end of the answer, so it may have been cut short".to_owned());
    }
    if odd.is_empty() {
        return None;
    }
    let missing: Vec<&str> = absent.keys().map(String::as_str).collect();
    let shape = format!("{}/{}/{} {}", reached.operations, reached.schemas, reached.references, missing.join(" "));
    Some(Doubt { why: named(&odd), shape: Some(shape) })
}

/// What was there and leads nowhere now. What led nowhere before is merely odd.
fn lost(
    last: Option<&Published<'_>>,
    known: Option<&Reachable>,
    now: &Published<'_>,
    absent: &BTreeMap<String, String>,
) -> Vec<String> {
    let (Some(last), Some(known)) = (last, known) else { return Vec::new() };
    let is_in = |target: &str, key: &str| target.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
    let was_absent = |key: &str| known.dangling.values().any(|target| is_in(target, key));
    let files = absent.iter().filter(|(key, _)| !was_absent(key));
    let mut lost: Vec<String> = files.map(|(key, why)| format!("the file {key} did not come: {why}")).collect();
    let dangling = newly_dangling(last.document, now.document).into_iter();
    // A file that did not come is named once, not for every reference into it.
    let dangling = dangling.filter(|(_, target)| !absent.keys().any(|key| is_in(target, key)));
    lost.extend(dangling.map(|(site, target)| format!("the reference to {target} at {site} leads nowhere now")));
    lost
}

/// Whether so much of what callers reach is gone at once that it looks like an accident of publishing.
fn collapse(before: &Reachable, after: &Reachable) -> Option<String> {
    let is_half = |before: usize, after: usize, least: usize| before >= least && after * 2 < before;
    let all = |reach: &Reachable| reach.operations + reach.schemas + reach.references;
    let counts = [
        ("operations", before.operations, after.operations, 4),
        ("schemas that callers reach", before.schemas, after.schemas, 12),
        ("references that callers reach", before.references, after.references, 12),
        ("operations, schemas and references", all(before), all(after), 12),
    ];
    let found = counts.into_iter().find(|(_, before, after, least)| is_half(*before, *after, *least));
    found.map(|(what, before, after, _)| format!("{before} {what} became {after} at once"))
}

/// Whether a text ends where no text of its kind ends.
fn cut_short(last: Option<&Published<'_>>, now: &Published<'_>) -> Vec<String> {
    let known = last.map(|last| files(last.bytes)).unwrap_or_default();
    let has_end =
        |text: &str| text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) || text.ends_with(['\n', '\r']);
    let ended = |key: &str| known.get(key).is_none_or(|text| has_end(text));
    let suspects = files(now.bytes).into_iter().filter(|(key, text)| !has_end(text) && ended(key));
    suspects
        .map(|(key, _)| {
            let what = if key.is_empty() { "it".to_owned() } else { format!("the file {key}") };
            format!("{what} ends in the middle of a line")
        })
        .collect()
}

/// The files of a description by key; the root under the empty one.
fn files(bytes: &[u8]) -> BTreeMap<String, String> {
    Bundle::from_bytes(bytes)
        .map_or_else(|| BTreeMap::from([(String::new(), String::from_utf8_lossy(bytes).into_owned())]), |bundle| bundle.files)
}

fn named(reasons: &[String]) -> String {
    let mut text = reasons.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    if reasons.len() > NAMED {
        text.push_str(&format!("; and {} more", reasons.len() - NAMED));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::{Limits, read};

    const ROOT: &str = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    post:\n      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Door'}}}}\n      responses: {'204': {description: done}}\ncomponents:\n  schemas:\n    Door: {type: string, maxLength: 64}\n    Lock:\n      type: string\n";

    fn doubted(last: Option<&str>, now: &str, absent: &[(&str, &str)], framed: bool) -> Option<Doubt> {
        let document = |text: &str| read(text.as_bytes(), &Limits::default()).expect("a description");
        let absent = absent.iter().map(|(key, why)| ((*key).to_owned(), (*why).to_owned())).collect();
        let (before, after) = (last.map(document), document(now));
        let last = before.as_ref().zip(last).map(|(document, text)| Published { document, bytes: text.as_bytes() });
        doubt(last.as_ref(), &Published { document: &after, bytes: now.as_bytes() }, &absent, framed)
    }

    #[test]
    fn what_is_whole_is_believed() {
        assert_eq!(doubted(None, ROOT, &[], true), None);
        assert_eq!(doubted(Some(ROOT), &ROOT.replace("64", "32"), &[], true), None);
        let gone = ROOT.replace("    Lock:\n      type: string\n", "");
        assert_eq!(doubted(Some(ROOT), &gone.replace("64", "32"), &[], true), None, "what nobody reaches may go");
    }

    #[test]
    fn what_led_somewhere_and_leads_nowhere_is_never_believed() {
        let gone = ROOT.replace("Door: {type", "Gate: {type");
        let doubt = doubted(Some(ROOT), &gone, &[], true).expect("a doubt");
        assert_eq!(doubt.shape, None, "{doubt:?}");
        assert!(doubt.why.contains("/components/schemas/Door"), "{doubt:?}");
        assert_eq!(doubted(None, &gone, &[], true), None, "since ever it is merely odd");
        assert_eq!(doubted(Some(&gone), &gone.replace("64", "32"), &[], true), None);
        let file = ROOT.replace("#/components/schemas/Door", "door.yaml#/Door");
        let absent = [("door.yaml", "404")];
        assert_eq!(doubted(Some(ROOT), &file, &absent, true).map(|doubt| doubt.shape), Some(None));
        assert_eq!(doubted(Some(&file), &file.replace("64", "32"), &absent, true), None, "since ever it is merely odd");
        assert!(
            doubted(None, &file, &absent, true).is_some_and(|doubt| doubt.shape.is_some()),
            "at first sight it is waited for"
        );
    }

    #[test]
    fn what_ends_too_early_waits_for_a_second_fetch() {
        let cut = ROOT.replace("64", "32");
        let cut = &cut[..cut.len() - 4];
        assert!(doubted(Some(ROOT), cut, &[], true).is_some_and(|doubt| doubt.why.contains("in the middle of a line")));
        assert!(doubted(None, cut, &[], true).is_some());
        assert_eq!(doubted(Some(cut), &cut.replace("32", "16"), &[], true), None, "theirs never end with a line");
        let unmarked = doubted(Some(ROOT), &ROOT.replace("64", "32"), &[], false).expect("a doubt");
        assert!(unmarked.why.contains("nothing marks the end") && unmarked.shape.is_some());
        let first = doubted(None, ROOT, &[], false).expect("a doubt");
        assert!(first.shape.is_some(), "the first is what all others are compared with: {first:?}");
    }

    #[test]
    fn a_collapse_is_counted_by_what_callers_reach() {
        let counts = |operations, schemas, references| Reachable { operations, schemas, references, ..Reachable::default() };
        assert!(collapse(&counts(8, 0, 0), &counts(3, 0, 0)).is_some());
        assert!(collapse(&counts(8, 0, 0), &counts(4, 0, 0)).is_none());
        assert!(collapse(&counts(4, 0, 0), &counts(1, 0, 0)).is_some_and(|text| text.contains("4 operations")));
        assert!(collapse(&counts(3, 0, 0), &counts(1, 0, 0)).is_none(), "small ones change");
        assert!(collapse(&counts(2, 40, 30), &counts(2, 10, 30)).is_some_and(|text| text.contains("40 schemas")));
        assert!(collapse(&counts(2, 3, 30), &counts(2, 3, 0)).is_some());
        assert!(collapse(&counts(1, 3, 3), &counts(1, 0, 0)).is_none(), "small ones change");
    }
}
