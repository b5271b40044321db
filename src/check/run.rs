//! One check of one description, from the fetch to the commit.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tracing::{debug, info, warn};

use crate::correspondence::LetterWriter;
use crate::fetch::{FailureKind, FetchOutcome, FetchedBody};
use crate::model::{Api, ApiState, Checked, Severity, Surface, WatchKey};
use crate::openapi::{Bundle, Limits};
use crate::state::{ActiveConfig, AppState, hex};
use crate::store::{CheckCommit, Claim, Committed, NoticeStep, StoreError};

use super::compare::{Compared, compare_with, dates_in};
use super::evidence::{DateEvidence, FetchedDocument, ProbeEvidence, UnchangedAnswer};
use super::gather::{Gathered, Known, WholeDescription, gather};
use super::ledger::check_ledger;
use super::outcome::Outcome;

/// The whole document is fetched at least this often: a 304 is a claim, not a proof.
const FULL_EVERY: TimeDelta = TimeDelta::hours(24);

/// Checks one description and commits what came of it. What cannot be read back of what is known of it is this description's
/// trouble, and nobody else's.
///
/// # Errors
/// When the database does not answer; then nothing was recorded and the check is done again.
pub async fn check(shared: &AppState, claim: Claim) -> Result<(), StoreError> {
    let active = shared.active();
    let Some((integration, api)) = active.find(&claim.key) else {
        // It was taken while the configuration changed: whoever comes next knows better.
        return shared.store.release(claim.watch, shared.clock.now()).await;
    };
    let writer = |now| LetterWriter { shared, active: &active, key: &claim.key, integration, api, now };
    let blind = |why: String| Outcome { writer: &writer(shared.clock.now()), claim: &claim }.failed(ApiState::Blind, why);
    if let Some(damage) = &claim.damage {
        return conclude(shared, &claim, blind(damage.clone())).await;
    }
    let commit = match read_and_compare(shared, &active, &claim, writer).await {
        Ok(Some(commit)) => commit,
        Ok(None) => return shared.store.release(claim.watch, shared.clock.now()).await,
        Err(problem) if problem.is_one_row() => blind(problem.to_string()),
        Err(problem) => return Err(problem),
    };
    conclude(shared, &claim, commit).await
}

/// Fetches a description, compares it where it is another, and decides what follows; none where the configuration has moved on.
async fn read_and_compare<'d>(
    shared: &'d AppState,
    active: &'d ActiveConfig,
    claim: &'d Claim,
    writer: impl Fn(DateTime<Utc>) -> LetterWriter<'d>,
) -> Result<Option<CheckCommit>, StoreError> {
    let key = &claim.key;
    let api = writer(shared.clock.now()).api;
    if key.surface == Surface::Ledger {
        return Ok(Some(check_ledger(&writer(shared.clock.now()), claim).await?));
    }
    // A reload records the configuration before it is active: between the two, nobody reads anything.
    let Some(source) = active.source(api, key.surface).filter(|source| source.to_string() == claim.source) else {
        return Ok(None);
    };
    let now = shared.clock.now();
    let baseline = baseline_of(shared, claim).await?;
    // What is announced was compared with a live baseline that has moved since.
    let is_stale = key.surface == Surface::Upcoming && claim.latest.is_some() && claim.baseline != baseline;
    let wants_full = is_stale
        || claim.latest.is_none()
        || claim.held.is_some()
        || claim.full_at.is_none_or(|at| now - at > FULL_EVERY || at > now);
    let limits = Limits::of_bytes(active.config.fetch.max_bytes);
    let known = Known {
        // A description of one file needs nothing remembered.
        bundle: match &claim.latest {
            Some(latest) if !wants_full && !claim.validators.parts.is_empty() => {
                Bundle::from_bytes(&shared.store.snapshot(latest).await?)
            }
            _ => None,
        },
        validators: (!wants_full).then(|| claim.validators.clone()),
    };
    // Dates are read where callers are: what an upcoming description says of itself is not in force.
    let entries = match key.surface {
        Surface::Live => shared.store.ledger(&key.integration, &key.api).await?,
        _ => Vec::new(),
    };
    let deadline = active.config.fetch.deadline();
    let whole =
        WholeDescription { client: &active.client, source, auth: &api.auth, tls: api.tls.as_ref(), limits: &limits, deadline };
    let Gathered { outcome, absent } = gather(&whole, &known).await;
    // Headers of operations are looked at once a day, and only of an API that could be read.
    let is_read = matches!(outcome, FetchOutcome::NotModified { .. } | FetchOutcome::Body(_));
    let probed = if is_read && wants_full && key.surface == Surface::Live {
        tokio::time::timeout(deadline, probe(active, api)).await.unwrap_or_default()
    } else {
        ProbeEvidence::default()
    };
    let writer = writer(shared.clock.now());
    let outcome_of = Outcome { writer: &writer, claim };
    let commit = match outcome {
        FetchOutcome::NotModified { fresh_for, signals, moved_to } => {
            let dates = DateEvidence { full: false, signals, described: None, probed };
            let answer = UnchangedAnswer { validators: claim.validators.clone(), fresh_for, moved_to, dates, absent };
            outcome_of.unchanged(answer, &entries).await?
        }
        FetchOutcome::Later { after, why } => outcome_of.later(after, &why),
        FetchOutcome::Failed(failure) => {
            let state = match failure.kind {
                FailureKind::Down | FailureKind::Missing => ApiState::Down,
                FailureKind::Unreadable => ApiState::Undecidable,
                FailureKind::Blind => ApiState::Blind,
            };
            outcome_of.failed(state, failure.why)
        }
        FetchOutcome::Body(body) => {
            let digest = hex(&Sha256::digest(&body.bytes));
            if claim.latest.as_deref() == Some(digest.as_str()) && !is_stale {
                let is_read = wants_full && body.full && key.surface == Surface::Live;
                let described = if is_read { dates_in(shared, claim, &body.bytes).await } else { None };
                let FetchedBody { validators, full, fresh_for, signals, moved_to, .. } = *body;
                let dates = DateEvidence { full, signals, described, probed };
                outcome_of.unchanged(UnchangedAnswer { validators, fresh_for, moved_to, dates, absent }, &entries).await?
            } else if baseline.is_none() && key.surface == Surface::Upcoming {
                outcome_of.waits_for_live()
            } else {
                let document = FetchedDocument { digest, body: *body, absent, entries, probed };
                let compared = Box::pin(compare_with(shared, claim, baseline.as_deref(), &document)).await?;
                let seen_upcoming = match &compared {
                    Compared::Judged(judged)
                        if key.surface == Surface::Live
                            && judged.undecided.is_none()
                            && judged.findings.iter().any(|finding| finding.judged == Severity::Breaking) =>
                    {
                        shared.store.seen_upcoming(key).await?
                    }
                    _ => HashMap::new(),
                };
                outcome_of.compared(compared, baseline, document, &seen_upcoming).await?
            }
        }
    };
    Ok(Some(commit))
}

/// Commits what a check came to, and says so once it is on disk.
async fn conclude(shared: &AppState, claim: &Claim, commit: CheckCommit) -> Result<(), StoreError> {
    let key = commit.key.clone();
    let has_letters = matches!(
        commit.success.as_ref().map(|success| &success.notice),
        Some(NoticeStep::Tell { .. } | NoticeStep::Close { .. })
    );
    let (checked, news) = (commit.checked.clone(), !commit.events.is_empty());
    let committed = match shared.store.commit_check(commit).await {
        // What is to be recorded goes back to a row that is damaged or gone: that is recorded, and nothing else.
        Err(problem) if problem.is_one_row() => return died(shared, claim, &problem.to_string()).await,
        committed => committed?,
    };
    if committed == Committed::Overtaken {
        debug!(api = %key, "an answer or a reload came while this was checked; it is checked again");
        shared.wake_watch.notify_one();
        return Ok(());
    }
    // Only what is on disk has happened.
    log(&key, claim.state, &checked, news);
    shared.counters.checked(checked.state.name());
    if has_letters {
        shared.wake_lanes();
    }
    Ok(())
}

/// Says what a check came to: aloud when there is news, quietly when not.
fn log(key: &WatchKey, before: ApiState, checked: &Checked, news: bool) {
    let (state, detail) = (checked.state.name(), &checked.detail);
    if before == checked.state && !news {
        debug!(api = %key, state, %detail, "checked");
    } else if matches!(checked.state, ApiState::Verified | ApiState::Changed) {
        info!(api = %key, state, %detail, "checked");
    } else {
        warn!(api = %key, state, %detail, next = %checked.next_at, "checked");
    }
}

async fn probe(active: &ActiveConfig, api: &Api) -> ProbeEvidence {
    let mut probed = ProbeEvidence::default();
    for probe in &api.probes {
        if let Some(answer) = active.client.probe(probe, &api.live, &api.auth, api.tls.as_ref()).await {
            if answer.is_success {
                probed.answered.push(probe.operation.to_string());
            }
            probed.said.extend(answer.signals);
        }
    }
    probed
}

/// Records that a check came to no end: nothing is known of the description, and status says why.
///
/// # Errors
/// When the database does not answer; then the check is done again when its lease ends.
pub async fn died(shared: &AppState, claim: &Claim, why: &str) -> Result<(), StoreError> {
    let active = shared.active();
    let Some((integration, api)) = active.find(&claim.key) else {
        return shared.store.release(claim.watch, shared.clock.now()).await;
    };
    let writer = LetterWriter { shared, active: &active, key: &claim.key, integration, api, now: shared.clock.now() };
    let commit = Outcome { writer: &writer, claim }.failed(ApiState::Blind, why.to_owned());
    shared.store.commit_check(commit).await.map(|_| ())
}

/// What changes are counted from: the live baseline, also for what is upcoming.
async fn baseline_of(shared: &AppState, claim: &Claim) -> Result<Option<String>, StoreError> {
    match claim.key.surface {
        Surface::Live => Ok(claim.baseline.clone()),
        Surface::Upcoming | Surface::Ledger => shared.store.live_baseline(&claim.key).await,
    }
}
