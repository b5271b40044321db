//! A document that came, compared with what stands: off the async threads, within a limit, and only if it is whole.
//!
//! What was not read whole is never compared: a file that did not come, a reference that led somewhere and leads nowhere
//! now, a body that ends too early. Such a document is held, and then undecidable; it never becomes a baseline.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::diff::Budget;
use crate::model::{OpenFinding, OperationLabel, Surface};
use crate::notice::open_findings;
use crate::openapi::{
    self, Bundle, Contract, Document, Limits, Reach, ReadError, StatedDates, Stop, lower, newly_dangling, reach, read, stated,
};
use crate::rules::{Catalogue, Fragments, RULE_SET, compare_lowered};
use crate::store::{Claim, StoreError};

use super::ledger;
use crate::state::{AppState, PARSE_SLOTS};

/// A comparison that takes longer is stopped.
const LONGEST: Duration = Duration::from_secs(120);

/// Comparisons of one document that the process may die of before it is compared without proofs, and before it is not
/// compared any more.
const DEATHS_TO_DO_LESS: u32 = 2;
const DEATHS_TO_DO_NOTHING: u32 = 3;

/// Reasons that are named.
const NAMED: usize = 3;

/// A document that came.
pub(super) struct Came<'c> {
    pub(super) digest: &'c str,
    pub(super) bytes: &'c [u8],
    /// Files it refers to that did not come, and why.
    pub(super) absent: &'c BTreeMap<String, String>,
    /// Whether the end of each answer was marked, so that one that was cut short shows.
    pub(super) framed: bool,
}

/// What comparing came to.
pub(super) enum Compared {
    /// The new document is no description.
    Unreadable(ReadError),
    /// Something about it makes it doubtful that it is what was meant to be published.
    Doubtful(Doubt),
    /// The first one.
    First { operations: Vec<OperationLabel>, stated: Vec<StatedDates>, title: String },
    /// It was compared.
    Judged(Box<Judged>),
    /// It took longer than it may.
    TooLong,
    /// Comparing it died of a mistake in driftd, or has ended the process before.
    Died(String),
}

/// Why a document is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    /// In words, the worst first.
    pub(super) why: String,
    /// What a second fetch has to agree with; none where no fetch can make it whole but another document.
    pub(super) shape: Option<String>,
}

pub(super) struct Judged {
    pub(super) findings: Vec<OpenFinding>,
    /// What was open before, judged again where an older rule set had judged it.
    pub(super) previous: Option<Vec<OpenFinding>>,
    pub(super) undecided: Option<String>,
    pub(super) operations: Vec<OperationLabel>,
    pub(super) stated: Vec<StatedDates>,
}

/// Compares what came with the baseline.
///
/// # Errors
/// When the database does not answer, or a snapshot cannot be read back.
pub(super) async fn compare_with(
    shared: &AppState,
    claim: &Claim,
    baseline: Option<&str>,
    came: Came<'_>,
) -> Result<Compared, StoreError> {
    let active = shared.active();
    let limits = Limits { bytes: active.config.fetch.max_bytes, ..Limits::default() };
    // Another version of driftd may do better.
    let name = format!("{} {}", came.digest, env!("CARGO_PKG_VERSION"));
    let deaths = claim.begun.0 * u32::from(claim.begun.1.as_deref() == Some(name.as_str()));
    if deaths >= DEATHS_TO_DO_NOTHING {
        return Ok(Compared::Died(format!(
            "comparing this document stopped driftd or took too long, {deaths} times; it is not compared until another one is \
             published, or driftd is upgraded"
        )));
    }
    let before = match baseline {
        Some(digest) => Some(Arc::new(shared.store.snapshot(digest).await?)),
        None => None,
    };
    let last = match &claim.latest {
        Some(latest) if Some(latest.as_str()) == baseline => before.clone(),
        Some(latest) => Some(Arc::new(shared.store.snapshot(latest).await?)),
        None => None,
    };
    let stop = Stop::default();
    let comparison = Comparison {
        surface: claim.key.surface,
        // Findings of an older rule set carry other digests: judge that history again, so that an upgrade of driftd does not
        // speak about it a second time.
        judges_again: claim.rule_set != RULE_SET && !claim.findings.is_empty(),
        held: claim.held.clone(),
        keys: active.find(&claim.key).map(|(_, api)| ledger::keys(&api.date_keys)).unwrap_or_default(),
        catalogue: Arc::clone(&shared.catalogue),
        bytes: came.bytes.to_vec(),
        absent: came.absent.clone(),
        framed: came.framed,
        limits,
        before,
        last,
        proofs: deaths < DEATHS_TO_DO_LESS,
        stop: stop.clone(),
    };
    // A document that the process died of is compared alone, so that nothing else dies with it.
    let slots = if deaths > 0 { PARSE_SLOTS } else { 1 };
    let Ok(slot) = Arc::clone(&shared.parse_slots).acquire_many_owned(slots).await else {
        return Ok(Compared::Died("driftd is stopping".to_owned()));
    };
    shared.store.begin_comparison(claim.watch, &name).await?;
    let comparing = tokio::task::spawn_blocking(move || {
        // The slot is free when the thread is, also where nobody waits for it any more.
        let _slot = slot;
        comparison.answer()
    });
    Ok(match tokio::time::timeout(LONGEST, comparing).await {
        Ok(Ok(compared)) => compared,
        Ok(Err(problem)) => Compared::Died(format!("comparing died of a mistake in driftd: {problem}")),
        Err(_) => {
            // The thread looks at this between its steps, and gives its place back.
            stop.ask();
            Compared::TooLong
        }
    })
}

/// All that a comparison needs, handed to another thread.
struct Comparison {
    surface: Surface,
    judges_again: bool,
    held: Option<String>,
    keys: openapi::DateKeys,
    catalogue: Arc<Catalogue>,
    bytes: Vec<u8>,
    absent: BTreeMap<String, String>,
    framed: bool,
    limits: Limits,
    before: Option<Arc<Vec<u8>>>,
    last: Option<Arc<Vec<u8>>>,
    proofs: bool,
    stop: Stop,
}

impl Comparison {
    fn answer(self) -> Compared {
        let after = match read(&self.bytes, &self.limits) {
            // Nobody can call a library: whatever was called before is not gone, it is not described here.
            Ok(after) if after.is_blank() => return Compared::Unreadable(ReadError::NoPaths),
            Ok(after) => after,
            Err(why) => return Compared::Unreadable(why),
        };
        // What was taken once counts, also where less is taken by now.
        let kept = Limits { bytes: usize::MAX, ..self.limits };
        let document = |bytes: &Option<Arc<Vec<u8>>>| bytes.as_ref().and_then(|bytes| read(bytes, &kept).ok());
        let before = document(&self.before);
        let is_same = match (&self.before, &self.last) {
            (Some(before), Some(last)) => Arc::ptr_eq(before, last),
            _ => false,
        };
        let own = if is_same { None } else { document(&self.last) };
        let last = if is_same { before.as_ref() } else { own.as_ref() };
        let now = Published { document: &after, bytes: &self.bytes };
        let known = last.zip(self.last.as_deref()).map(|(document, bytes)| Published { document, bytes });
        if let Some(doubt) = doubt(known.as_ref(), &now, &self.absent, self.framed)
            && (doubt.shape.is_none() || doubt.shape != self.held)
        {
            return Compared::Doubtful(doubt);
        }
        let new = lower(&after);
        let operations = operations_in(&new);
        let stated = if self.surface == Surface::Live { stated(&after, &self.keys) } else { Vec::new() };
        // A baseline this version cannot read any more is replaced, not compared with nothing.
        let Some(before) = &before else {
            let title = after.root.get("info").and_then(|info| info.get("title")).and_then(|title| title.as_str());
            return Compared::First { operations, stated, title: title.unwrap_or("untitled").to_owned() };
        };
        let old = lower(before);
        let (findings, undecided) = judged(&old, &new, &self.catalogue, (self.proofs, &self.stop));
        let previous = last.filter(|_| self.judges_again);
        let previous = previous.map(|last| judged(&old, &lower(last), &self.catalogue, (self.proofs, &self.stop)).0);
        Compared::Judged(Box::new(Judged { findings, previous, undecided, operations, stated }))
    }
}

fn judged(
    before: &Contract<'_>,
    after: &Contract<'_>,
    catalogue: &Catalogue,
    (proofs, stop): (bool, &Stop),
) -> (Vec<OpenFinding>, Option<String>) {
    let budget = Budget { proofs, stop: stop.clone(), ..Budget::default() };
    let (verdict, _) = compare_lowered(before, after, catalogue, budget);
    let fragments = Fragments::new(before.root, after.root).stopped_by(stop.clone());
    (open_findings(&verdict, fragments), verdict.undecided)
}

/// The label of every operation called or sent; callbacks belong to the operations that ask for them.
fn operations_in(contract: &Contract<'_>) -> Vec<OperationLabel> {
    let own = contract.operations.iter().filter(|operation| operation.surface != openapi::Surface::Callback);
    own.map(openapi::Operation::label).collect()
}

/// Labels of operations, and what is said about their end.
pub(super) type DescribedDates = (Vec<OperationLabel>, Vec<StatedDates>);

/// What a description that has not changed says about its end: keys of the configuration may be new.
pub(super) async fn dates_in(shared: &AppState, claim: &Claim, bytes: &[u8]) -> Option<DescribedDates> {
    let active = shared.active();
    let keys = ledger::keys(&active.find(&claim.key)?.1.date_keys);
    let limits = Limits { bytes: active.config.fetch.max_bytes, ..Limits::default() };
    let bytes = bytes.to_vec();
    let slot = Arc::clone(&shared.parse_slots).acquire_owned().await.ok()?;
    let reading = tokio::task::spawn_blocking(move || {
        let _slot = slot;
        read(&bytes, &limits).ok().map(|document| (operations_in(&lower(&document)), stated(&document, &keys)))
    });
    tokio::time::timeout(LONGEST, reading).await.ok()?.ok().flatten()
}

/// A document with its bytes.
struct Published<'p> {
    document: &'p Document,
    bytes: &'p [u8],
}

/// What makes it doubtful that a document is what was meant to be published, held against the last one that was believed.
fn doubt(last: Option<&Published<'_>>, now: &Published<'_>, absent: &BTreeMap<String, String>, framed: bool) -> Option<Doubt> {
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
    known: Option<&Reach>,
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
fn collapse(before: &Reach, after: &Reach) -> Option<String> {
    let is_half = |before: usize, after: usize, least: usize| before >= least && after * 2 < before;
    let all = |reach: &Reach| reach.operations + reach.schemas + reach.references;
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
        let counts = |operations, schemas, references| Reach { operations, schemas, references, ..Reach::default() };
        assert!(collapse(&counts(8, 0, 0), &counts(3, 0, 0)).is_some());
        assert!(collapse(&counts(8, 0, 0), &counts(4, 0, 0)).is_none());
        assert!(collapse(&counts(4, 0, 0), &counts(1, 0, 0)).is_some_and(|text| text.contains("4 operations")));
        assert!(collapse(&counts(3, 0, 0), &counts(1, 0, 0)).is_none(), "small ones change");
        assert!(collapse(&counts(2, 40, 30), &counts(2, 10, 30)).is_some_and(|text| text.contains("40 schemas")));
        assert!(collapse(&counts(2, 3, 30), &counts(2, 3, 0)).is_some());
        assert!(collapse(&counts(1, 3, 3), &counts(1, 0, 0)).is_none(), "small ones change");
    }
}
