//! One check of one description, from the fetch to the commit.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use crate::diff::Budget;
use crate::fetch::{self, FailureKind, Outcome, backoff};
use crate::model::{Api, ApiState, Checked, Integration, OpenFinding, Schedule, Surface, Validators, WatchKey};
use crate::notice::open_findings;
use crate::openapi::{Document, Limits, ReadError, read};
use crate::rules::{Catalogue, RULE_SET, compare};
use crate::store::{CheckCommit, Claim, NewSnapshot, NoticeStep, StoreError, Success};

use super::letters::tell;
use super::shared::{Live, Shared, hex};

/// The whole document is fetched at least this often: a 304 is a claim, not a proof.
const FULL_EVERY: TimeDelta = TimeDelta::hours(24);

/// First pause after a failure; shorter schedules pause shorter.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// So many requests to come back later in a row, and the provider counts as down.
const PATIENCE: u32 = 3;

/// Whether losing so many operations at once looks like an accident of publishing, to be held until a second
/// fetch agrees.
const fn is_collapse(before: usize, after: usize) -> bool {
    before >= 4 && after * 2 < before
}

/// Checks one description and commits what came of it.
///
/// # Errors
/// When the database does not answer; then nothing was recorded and the check is done again.
pub async fn check(shared: &Arc<Shared>, claim: Claim) -> Result<(), StoreError> {
    let live = shared.now_live();
    let key = claim.key.clone();
    let Some((integration, api)) = live.find(&key) else { return Ok(()) };
    let Some(source) = live.source(api, key.surface) else { return Ok(()) };
    let now = shared.clock.now();
    let wants_full =
        claim.latest.is_none() || claim.held.is_some() || claim.full_at.is_none_or(|at| now - at > FULL_EVERY || at > now);
    let validators = (!wants_full).then_some(&claim.validators);
    let outcome = live.client.fetch(&fetch::Request { source, auth: &api.auth, validators }).await;
    let now = shared.clock.now();
    let commit = match outcome {
        Outcome::NotModified { fresh_for } => unchanged(shared, &claim, api, now, claim.validators.clone(), false, fresh_for),
        Outcome::Later { after, why } => later(&claim, now, after, &why),
        Outcome::Failed(failure) => {
            let state = match failure.kind {
                FailureKind::Down => ApiState::Down,
                FailureKind::Unreadable => ApiState::Undecidable,
                FailureKind::Blind => ApiState::Blind,
            };
            failed(shared, &claim, api, now, state, failure.why)
        }
        Outcome::Body(body) => {
            let digest = hex(&Sha256::digest(&body.bytes));
            if claim.latest.as_deref() == Some(digest.as_str()) {
                unchanged(shared, &claim, api, now, body.validators, true, body.fresh_for)
            } else {
                let fetched = Fetched { digest, body };
                Box::pin(changed(shared, &live, &claim, (integration, api), now, fetched)).await?
            }
        }
    };
    let has_letters = matches!(
        commit.success.as_ref().map(|success| &success.notice),
        Some(NoticeStep::Tell { .. } | NoticeStep::Close { .. })
    );
    let (checked, news) = (commit.checked.clone(), !commit.events.is_empty());
    shared.store.commit_check(commit).await?;
    // Only what is on disk has happened.
    log(&key, claim.state, &checked, news);
    shared.counters.checked(checked.state.name());
    if has_letters {
        shared.wake_deliver.notify_one();
    }
    Ok(())
}

/// Says what a check came to: aloud when there is news, quietly when not.
fn log(key: &WatchKey, before: ApiState, checked: &Checked, news: bool) {
    let (state, detail) = (checked.state.name(), &checked.detail);
    if before == checked.state && !news {
        tracing::debug!(api = %key, state, %detail, "checked");
    } else if matches!(checked.state, ApiState::Verified | ApiState::Changed) {
        info!(api = %key, state, %detail, "checked");
    } else {
        warn!(api = %key, state, %detail, next = %checked.next_at, "checked");
    }
}

/// When a description that could be read is due again.
fn next_at(shared: &Shared, api: &Api, now: DateTime<Utc>, fresh_for: Option<Duration>) -> DateTime<Utc> {
    let planned = api.schedule.next_after(now).unwrap_or(now + TimeDelta::days(1));
    let spread = match &api.schedule {
        // A twentieth of the interval, so that a thousand APIs started together drift apart.
        Schedule::Every(interval) => interval.mul_f64(shared.jitter() / 20.0).min(Duration::from_secs(60)),
        Schedule::Cron { .. } => Duration::from_secs_f64(shared.jitter() * 5.0),
    };
    let planned = planned + spread;
    fresh_for.map_or(planned, |fresh| planned.max(now + fresh))
}

fn unchanged(
    shared: &Shared,
    claim: &Claim,
    api: &Api,
    now: DateTime<Utc>,
    validators: Validators,
    full: bool,
    fresh_for: Option<Duration>,
) -> CheckCommit {
    let told = claim.findings.iter().filter(|finding| finding.is_told()).count();
    let (state, detail) =
        if told > 0 { (ApiState::Changed, describe(&claim.findings)) } else { (ApiState::Verified, "unchanged".to_owned()) };
    let mut events = Vec::new();
    if !matches!(claim.state, ApiState::Verified | ApiState::Changed) {
        events.push(("recovered", format!("{} can be read again, unchanged", claim.key)));
    }
    CheckCommit {
        key: claim.key.clone(),
        checked: Checked { state, detail, checked_at: now, next_at: next_at(shared, api, now, fresh_for), failures: 0 },
        rule_set: claim.rule_set,
        success: Some(Success { validators, full, snapshot: None, baseline: None, findings: None, notice: NoticeStep::Keep }),
        held: None,
        events,
    }
}

/// The provider asks for patience and gets it; but who asks again and again cannot be reached.
fn later(claim: &Claim, now: DateTime<Utc>, after: Duration, why: &str) -> CheckCommit {
    let failures = claim.failures.saturating_add(1);
    let state = if failures >= PATIENCE { ApiState::Down } else { claim.state };
    let checked =
        Checked { state, detail: why.to_owned(), checked_at: now, next_at: now + after.max(Duration::from_secs(1)), failures };
    let events = if state == claim.state { Vec::new() } else { vec![(state.name(), format!("{}: {why}", claim.key))] };
    CheckCommit { key: claim.key.clone(), checked, rule_set: claim.rule_set, success: None, held: claim.held.clone(), events }
}

fn failed(shared: &Shared, claim: &Claim, api: &Api, now: DateTime<Utc>, state: ApiState, why: String) -> CheckCommit {
    let failures = claim.failures.saturating_add(1);
    let next_at = now + backoff(failures, soon(api), shared.jitter());
    let events = if claim.state == state { Vec::new() } else { vec![(state.name(), format!("{}: {why}", claim.key))] };
    CheckCommit {
        key: claim.key.clone(),
        checked: Checked { state, detail: why, checked_at: now, next_at, failures },
        rule_set: claim.rule_set,
        success: None,
        held: claim.held.clone(),
        events,
    }
}

/// The first pause before something is tried again.
fn soon(api: &Api) -> Duration {
    match &api.schedule {
        Schedule::Every(interval) => FIRST_PAUSE.min(*interval),
        Schedule::Cron { .. } => FIRST_PAUSE,
    }
}

struct Fetched {
    digest: String,
    body: fetch::Body,
}

/// What comparing came to, off the async threads.
enum Compared {
    /// The new document is no description.
    Unreadable(ReadError),
    /// The first one.
    First { operations: usize, title: String },
    /// Much of it vanished at once.
    Collapsed { before: usize, after: usize },
    /// It was compared.
    Judged(Box<Judged>),
}

struct Judged {
    findings: Vec<OpenFinding>,
    /// What was open before, judged again where an older rule set had judged it.
    previous: Option<Vec<OpenFinding>>,
    undecided: Option<String>,
}

async fn changed(
    shared: &Arc<Shared>,
    live: &Live,
    claim: &Claim,
    (integration, api): (&Integration, &Api),
    now: DateTime<Utc>,
    fetched: Fetched,
) -> Result<CheckCommit, StoreError> {
    let Fetched { digest, body } = fetched;
    let baseline = baseline_of(shared, claim).await?;
    if baseline.is_none() && claim.key.surface == Surface::Upcoming {
        // What is announced can only be told from what is live.
        let detail = "waits for the live description to be read".to_owned();
        let checked = Checked { state: ApiState::New, detail, checked_at: now, next_at: now + soon(api), failures: 0 };
        let (key, rule_set) = (claim.key.clone(), claim.rule_set);
        return Ok(CheckCommit { key, checked, rule_set, success: None, held: None, events: Vec::new() });
    }
    let compared = compare_with(shared, claim, baseline.as_deref(), &body.bytes, claim.held.is_some()).await?;
    let checked = |state: ApiState, detail: String| Checked {
        state,
        detail,
        checked_at: now,
        next_at: next_at(shared, api, now, body.fresh_for),
        failures: 0,
    };
    let key = claim.key.clone();
    let snapshot = NewSnapshot { digest: digest.clone(), bytes: body.bytes.clone(), from: body.from.clone() };
    let success = |baseline: Option<String>, findings: Vec<OpenFinding>, notice: NoticeStep| Success {
        validators: body.validators.clone(),
        full: true,
        snapshot: Some(snapshot.clone()),
        baseline,
        findings: Some(findings),
        notice,
    };
    let commit = match compared {
        Compared::Unreadable(why) => failed(shared, claim, api, now, ApiState::Undecidable, why.to_string()),
        Compared::First { operations, title } => {
            let text = format!("{key}: baseline taken: {title}, {operations} operations (sha256 {})", short(&digest));
            CheckCommit {
                key,
                checked: checked(ApiState::Verified, "baseline taken".to_owned()),
                rule_set: RULE_SET,
                success: Some(success(Some(digest), Vec::new(), NoticeStep::Keep)),
                held: None,
                events: vec![("baseline", text)],
            }
        }
        Compared::Collapsed { before, after } => {
            let detail = format!("{before} operations became {after} at once; held until a second fetch agrees");
            let text = format!("{key}: {detail}");
            CheckCommit {
                key,
                checked: Checked { next_at: now + soon(api), ..checked(ApiState::Held, detail) },
                rule_set: claim.rule_set,
                success: None,
                held: Some(digest),
                events: vec![("held", text)],
            }
        }
        // What was not reached is not gone: nothing that was told is taken back, and the next fetch tries again.
        Compared::Judged(judged) if judged.undecided.is_some() => {
            failed(shared, claim, api, now, ApiState::Undecidable, judged.undecided.unwrap_or_default())
        }
        Compared::Judged(judged) => {
            let Judged { findings, previous, .. } = *judged;
            let previous = previous.as_deref().unwrap_or(&claim.findings);
            let told = findings.iter().any(OpenFinding::is_told);
            let step = tell(
                shared,
                live,
                claim,
                (integration, api),
                now,
                previous,
                &findings,
                baseline.as_deref().map(|b| (b, digest.as_str())),
            );
            let detail = describe(&findings);
            let mut events = vec![("changed", format!("{key}: {} (sha256 {})", describe(&findings), short(&digest)))];
            events.extend(
                findings
                    .iter()
                    .filter(|f| !previous.iter().any(|p| p.content == f.content))
                    .map(|f| ("finding", format!("{key}: {}: {}", f.severity, f.message))),
            );
            match &step {
                NoticeStep::Tell { notice, deliveries } => {
                    events.push(("notice", format!("{key}: {} letters for notice {}", deliveries.len(), notice.id)));
                }
                NoticeStep::Close { id, .. } => events.push(("resolved", format!("{key}: notice {id} is resolved"))),
                NoticeStep::Keep => {}
            }
            // Nothing that anybody must hear of: compare with this from now on.
            let settles = !told && key.surface == Surface::Live;
            let state = if told { ApiState::Changed } else { ApiState::Verified };
            let baseline = settles.then(|| digest.clone());
            CheckCommit {
                key,
                checked: checked(state, detail),
                rule_set: RULE_SET,
                success: Some(success(baseline, findings, step)),
                held: None,
                events,
            }
        }
    };
    Ok(commit)
}

/// What changes are counted from: the live baseline, also for what is upcoming.
async fn baseline_of(shared: &Shared, claim: &Claim) -> Result<Option<String>, StoreError> {
    match claim.key.surface {
        Surface::Live => Ok(claim.baseline.clone()),
        Surface::Upcoming => shared.store.live_baseline(&claim.key).await,
    }
}

async fn compare_with(
    shared: &Arc<Shared>,
    claim: &Claim,
    baseline: Option<&str>,
    bytes: &[u8],
    confirmed: bool,
) -> Result<Compared, StoreError> {
    let live = shared.now_live();
    let limits = Limits { bytes: live.config.fetch.max_bytes, ..Limits::default() };
    let before = match baseline {
        Some(digest) => Some(shared.store.snapshot(digest).await?),
        None => None,
    };
    // Findings of an older rule set carry other digests: judge that history again, so that an upgrade of
    // driftd does not speak about it a second time.
    let latest = match &claim.latest {
        Some(latest) if claim.rule_set != RULE_SET && !claim.findings.is_empty() => Some(shared.store.snapshot(latest).await?),
        _ => None,
    };
    let catalogue = Arc::clone(&shared.catalogue);
    let bytes = bytes.to_vec();
    let slot = shared.parse_slots.acquire().await;
    let surface = claim.key.surface;
    let compared = tokio::task::spawn_blocking(move || {
        let after = match read(&bytes, &limits) {
            Ok(after) => after,
            Err(why) => return Compared::Unreadable(why),
        };
        let operations = operations_in(&after);
        let before = before.as_deref().map(|bytes| read(bytes, &limits));
        // A baseline this version cannot read any more is replaced, not compared with nothing.
        let Some(Ok(before)) = before else {
            let title = after.root.get("info").and_then(|info| info.get("title")).and_then(|title| title.as_str());
            return Compared::First { operations, title: title.unwrap_or("untitled").to_owned() };
        };
        let known = operations_in(&before);
        if surface == Surface::Live && !confirmed && is_collapse(known, operations) {
            return Compared::Collapsed { before: known, after: operations };
        }
        let (findings, undecided) = judged(&before, &after, &catalogue);
        let previous = latest.and_then(|bytes| read(&bytes, &limits).ok()).map(|latest| judged(&before, &latest, &catalogue).0);
        Compared::Judged(Box::new(Judged { findings, previous, undecided }))
    })
    .await;
    drop(slot);
    compared.map_err(|problem| StoreError::Corrupt {
        table: "snapshot",
        row: claim.key.to_string(),
        what: format!("comparing died: {problem}"),
    })
}

fn operations_in(document: &Document) -> usize {
    const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
    let items = ["paths", "webhooks"].iter().filter_map(|section| document.root.get(*section)?.as_object());
    let items = items.flat_map(serde_json::Map::values).filter_map(serde_json::Value::as_object);
    items.map(|item| METHODS.iter().filter(|method| item.contains_key(**method)).count()).sum()
}

fn judged(before: &Document, after: &Document, catalogue: &Catalogue) -> (Vec<OpenFinding>, Option<String>) {
    let (verdict, _) = compare(before, after, catalogue, Budget::default());
    (open_findings(&verdict, &before.root, &after.root), verdict.undecided)
}

/// `3 breaking, 1 warning, 2 info`.
fn describe(findings: &[OpenFinding]) -> String {
    let count = |severity: &str| findings.iter().filter(|finding| finding.severity == severity).count();
    let parts: Vec<String> = ["breaking", "warning", "info"]
        .iter()
        .filter(|severity| count(severity) > 0)
        .map(|severity| format!("{} {severity}", count(severity)))
        .collect();
    if parts.is_empty() { "changed, and nothing a caller can notice".to_owned() } else { parts.join(", ") }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
