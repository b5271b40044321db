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
use crate::openapi::{self, Contract, Limits, ReadError, Stop, lower, read, stated};
use crate::rules::{Catalogue, Fragments, RULE_SET, compare_lowered};
use crate::state::{AppState, PARSE_SLOTS};
use crate::store::{Claim, StoreError};

use super::dates::{DescribedDates, date_keys};
use super::doubt::{Doubt, Published, doubt};
use super::evidence::FetchedDocument;

/// A comparison that takes longer is stopped.
const LONGEST: Duration = Duration::from_secs(120);

/// Comparisons of one document that the process may die of before it is compared without proofs, and before it is not
/// compared any more.
const DEATHS_TO_DO_LESS: u32 = 2;
const DEATHS_TO_DO_NOTHING: u32 = 3;

/// What comparing came to.
pub(super) enum Compared {
    /// The new document is no description.
    Unreadable(ReadError),
    /// Something about it makes it doubtful that it is what was meant to be published.
    Doubtful(Doubt),
    /// The first one.
    First { described: DescribedDates, title: String },
    /// It was compared.
    Judged(Box<Judged>),
    /// It took longer than it may.
    TooLong,
    /// Comparing it died of a mistake in driftd, or has ended the process before.
    Died(String),
}

pub(super) struct Judged {
    pub(super) findings: Vec<OpenFinding>,
    /// What was open before, judged again where an older rule set had judged it.
    pub(super) previous: Option<Vec<OpenFinding>>,
    pub(super) undecided: Option<String>,
    pub(super) described: DescribedDates,
}

/// Compares what came with the baseline.
///
/// # Errors
/// When the database does not answer, or a snapshot cannot be read back.
pub(super) async fn compare_with(
    shared: &AppState,
    claim: &Claim,
    baseline: Option<&str>,
    came: &FetchedDocument,
) -> Result<Compared, StoreError> {
    let active = shared.active();
    let limits = Limits::of_bytes(active.config.fetch.max_bytes);
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
        keys: active.find(&claim.key).map(|(_, api)| date_keys(&api.date_keys)).unwrap_or_default(),
        catalogue: Arc::clone(&shared.catalogue),
        bytes: came.body.bytes.clone(),
        absent: came.absent.clone(),
        framed: came.body.framed,
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
    keys: openapi::LifecycleKeys,
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
        let described = DescribedDates {
            operations: operations_in(&new),
            stated: if self.surface == Surface::Live { stated(&after, &self.keys) } else { Vec::new() },
        };
        // A baseline this version cannot read any more is replaced, not compared with nothing.
        let Some(before) = &before else {
            let title = after.root.get("info").and_then(|info| info.get("title")).and_then(|title| title.as_str());
            return Compared::First { described, title: title.unwrap_or("untitled").to_owned() };
        };
        let old = lower(before);
        let (findings, undecided) = judged(&old, &new, &self.catalogue, self.proofs, &self.stop);
        let previous = last.filter(|_| self.judges_again);
        let previous = previous.map(|last| judged(&old, &lower(last), &self.catalogue, self.proofs, &self.stop).0);
        Compared::Judged(Box::new(Judged { findings, previous, undecided, described }))
    }
}

fn judged(
    before: &Contract<'_>,
    after: &Contract<'_>,
    catalogue: &Catalogue,
    proofs: bool,
    stop: &Stop,
) -> (Vec<OpenFinding>, Option<String>) {
    let budget = Budget { proofs, stop: stop.clone(), ..Budget::default() };
    let (verdict, _) = compare_lowered(before, after, catalogue, budget);
    let fragments = Fragments::new(before.root, after.root).stopped_by(stop.clone());
    // Where only the baseline refers to what is not there, the new one mends it.
    let undecided = if verdict.is_mended { None } else { verdict.undecided.clone() };
    (open_findings(&verdict, fragments), undecided)
}

/// The label of every operation called or sent; callbacks belong to the operations that ask for them.
fn operations_in(contract: &Contract<'_>) -> Vec<OperationLabel> {
    let own = contract.operations.iter().filter(|operation| operation.kind != openapi::OperationKind::Callback);
    own.map(openapi::Operation::label).collect()
}

/// What a description that has not changed says about its end: keys of the configuration may be new.
pub(super) async fn dates_in(shared: &AppState, claim: &Claim, bytes: &[u8]) -> Option<DescribedDates> {
    let active = shared.active();
    let keys = date_keys(&active.find(&claim.key)?.1.date_keys);
    let limits = Limits::of_bytes(active.config.fetch.max_bytes);
    let bytes = bytes.to_vec();
    let slot = Arc::clone(&shared.parse_slots).acquire_owned().await.ok()?;
    let reading = tokio::task::spawn_blocking(move || {
        let _slot = slot;
        read(&bytes, &limits)
            .ok()
            .map(|document| DescribedDates { operations: operations_in(&lower(&document)), stated: stated(&document, &keys) })
    });
    tokio::time::timeout(LONGEST, reading).await.ok()?.ok().flatten()
}
