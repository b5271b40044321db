//! One check of one description, from the fetch to the commit.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use crate::diff::Budget;
use crate::fetch::{self, FailureKind, Outcome, backoff};
use crate::model::{
    Api, ApiState, Checked, Entry, LedgerStep, OpenFinding, Origin, Schedule, Statement, Surface, Validators, WatchKey, follow,
};
use crate::notice::{Before, open_findings, retold};
use crate::openapi::{self, Bundle, Contract, Limits, ReadError, Stated, lower, read, stated};
use crate::rules::{Catalogue, Fragments, RULE_SET, compare_lowered};
use crate::store::{CheckCommit, Claim, Committed, NewSnapshot, NoticeStep, StoreError, Success};

use super::gather::{Known, gather};
use super::ledger::{self, statements};
use super::letters::Desk;
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
pub async fn check(shared: &Shared, claim: Claim) -> Result<(), StoreError> {
    let live = shared.now_live();
    let key = claim.key.clone();
    let Some((integration, api)) = live.find(&key) else { return Ok(()) };
    if key.surface == Surface::Ledger {
        let desk = Desk { shared, live: &live, key: &key, integration, api, now: shared.clock.now() };
        let commit = ledger::look(&desk, &claim).await?;
        return conclude(shared, &claim, commit).await;
    }
    let Some(source) = live.source(api, key.surface) else { return Ok(()) };
    let now = shared.clock.now();
    let baseline = baseline_of(shared, &claim).await?;
    // What is announced was compared with a live baseline that has moved since.
    let is_stale = key.surface == Surface::Upcoming && claim.latest.is_some() && claim.baseline != baseline;
    let wants_full = is_stale
        || claim.latest.is_none()
        || claim.held.is_some()
        || claim.full_at.is_none_or(|at| now - at > FULL_EVERY || at > now);
    let limits = Limits { bytes: live.config.fetch.max_bytes, ..Limits::default() };
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
    let outcome = gather(&live.client, source, &api.auth, &known, &limits).await;
    // Headers of operations are looked at once a day, and only of an API that could be read.
    let is_read = matches!(outcome, Outcome::NotModified { .. } | Outcome::Body(_));
    let probed = if is_read && wants_full && key.surface == Surface::Live { probe(&live, api).await } else { Probed::default() };
    let now = shared.clock.now();
    let desk = Desk { shared, live: &live, key: &key, integration, api, now };
    let commit = match outcome {
        Outcome::NotModified { fresh_for, signals } => {
            let heard = Heard { full: false, signals, described: None, probed };
            let seen = Seen { validators: claim.validators.clone(), fresh_for, heard };
            unchanged(&desk, &claim, seen, &entries)
        }
        Outcome::Later { after, why } => later(&claim, now, after, &why),
        Outcome::Failed(failure) => {
            let state = match failure.kind {
                FailureKind::Down | FailureKind::Missing => ApiState::Down,
                FailureKind::Unreadable => ApiState::Undecidable,
                FailureKind::Blind => ApiState::Blind,
            };
            failed(&desk, &claim, state, failure.why)
        }
        Outcome::Body(body) => {
            let digest = hex(&Sha256::digest(&body.bytes));
            if claim.latest.as_deref() == Some(digest.as_str()) && !is_stale {
                let is_read = wants_full && body.full && key.surface == Surface::Live;
                let described = if is_read { dates_in(shared, &claim, &body.bytes).await } else { None };
                let fetch::Body { validators, full, fresh_for, signals, .. } = *body;
                let seen = Seen { validators, fresh_for, heard: Heard { full, signals, described, probed } };
                unchanged(&desk, &claim, seen, &entries)
            } else {
                let fetched = Fetched { digest, body: *body, entries, probed };
                Box::pin(changed(&desk, &claim, baseline, fetched)).await?
            }
        }
    };
    conclude(shared, &claim, commit).await
}

/// Commits what a check came to, and says so once it is on disk.
async fn conclude(shared: &Shared, claim: &Claim, commit: CheckCommit) -> Result<(), StoreError> {
    let key = commit.key.clone();
    let has_letters = matches!(
        commit.success.as_ref().map(|success| &success.notice),
        Some(NoticeStep::Tell { .. } | NoticeStep::Close { .. })
    );
    let (checked, news) = (commit.checked.clone(), !commit.events.is_empty());
    if shared.store.commit_check(commit).await? == Committed::Overtaken {
        tracing::debug!(api = %key, "an answer or a reload came while this was checked; it is checked again");
        shared.wake_watch.notify_one();
        return Ok(());
    }
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

/// What an answer without news brought.
struct Seen {
    validators: Validators,
    fresh_for: Option<Duration>,
    heard: Heard,
}

/// What was said of days.
struct Heard {
    /// Whether the whole answer came: headers that are missing from a 304 say nothing.
    full: bool,
    signals: Vec<Statement>,
    /// The operations of the description and what it says about their end, where that was read.
    described: Option<Described>,
    probed: Probed,
}

/// Labels of operations, and what is said about their end.
type Described = (Vec<String>, Vec<Stated>);

impl Heard {
    /// What the ledger takes down. An upcoming description is in force nowhere.
    fn steps(self, surface: Surface, entries: &[Entry]) -> Vec<LedgerStep> {
        if surface != Surface::Live {
            return Vec::new();
        }
        let Self { full, signals, described, probed } = self;
        let (operations, stated) = described.map_or((None, Vec::new()), |(operations, stated)| (Some(operations), stated));
        let said = statements(stated).into_iter().chain(signals).chain(probed.said).collect();
        follow(entries, said, |statement| match statement.origin {
            Origin::Header if statement.subject == "*" => full,
            Origin::Header => probed.answered.contains(&statement.subject),
            // What has gone itself has no date to take back.
            Origin::Description => operations.as_ref().is_some_and(|operations| {
                statement.operations.is_empty() || statement.operations.iter().any(|label| operations.contains(label))
            }),
            Origin::Person | Origin::Agreement => false,
        })
    }
}

/// What the headers of operations say.
#[derive(Debug, Default)]
struct Probed {
    /// Operations that answered well: their silence means that nothing is said.
    answered: Vec<String>,
    said: Vec<Statement>,
}

async fn probe(live: &Live, api: &Api) -> Probed {
    let mut probed = Probed::default();
    for probe in &api.probes {
        if let Some((said, is_whole)) = live.client.probe(probe, &api.live, &api.auth).await {
            if is_whole {
                probed.answered.push(probe.operation.clone());
            }
            probed.said.extend(said);
        }
    }
    probed
}

/// The same document as before. What is to be said may differ all the same: a consumer may use more than it did.
fn unchanged(desk: &Desk<'_>, claim: &Claim, seen: Seen, entries: &[Entry]) -> CheckCommit {
    let Seen { validators, fresh_for, heard } = seen;
    let full = heard.full;
    let ledger = heard.steps(claim.key.surface, entries);
    let now = desk.now;
    // Overrides begin and end without anything being published.
    let findings = desk.weighed(claim.findings.clone());
    let is_told = findings.iter().any(OpenFinding::is_told);
    let (state, detail) =
        if is_told { (ApiState::Changed, describe(&findings)) } else { (ApiState::Verified, "unchanged".to_owned()) };
    let mut events = Vec::new();
    if !matches!(claim.state, ApiState::Verified | ApiState::Changed) {
        events.push(("recovered", format!("{} can be read again, unchanged", claim.key)));
    }
    let evidence = claim.baseline.as_deref().zip(claim.latest.as_deref());
    let notice = desk.tell(claim, &claim.told, (&claim.findings, &findings), evidence);
    let findings = (findings != claim.findings).then_some(findings);
    events.extend(said(&claim.key, &notice));
    CheckCommit {
        key: claim.key.clone(),
        generation: claim.generation,
        checked: Checked { state, detail, checked_at: now, next_at: next_at(desk.shared, desk.api, now, fresh_for), failures: 0 },
        rule_set: claim.rule_set,
        success: Some(Success { validators, full, snapshot: None, operations: None, baseline: None, findings, ledger, notice }),
        held: None,
        events,
    }
}

/// What was said, for the history.
pub(super) fn said(key: &WatchKey, step: &NoticeStep) -> Option<(&'static str, String)> {
    match step {
        NoticeStep::Keep => None,
        NoticeStep::Tell { notice, deliveries, .. } => {
            Some(("notice", format!("{key}: {} letters for notice {}", deliveries.len(), notice.id)))
        }
        NoticeStep::Close { id, why, .. } => Some(("resolved", format!("{key}: notice {id} is resolved: {why}"))),
    }
}

/// The provider asks for patience and gets it; but who asks again and again cannot be reached.
fn later(claim: &Claim, now: DateTime<Utc>, after: Duration, why: &str) -> CheckCommit {
    let failures = claim.failures.saturating_add(1);
    let state = if failures >= PATIENCE { ApiState::Down } else { claim.state };
    let checked =
        Checked { state, detail: why.to_owned(), checked_at: now, next_at: now + after.max(Duration::from_secs(1)), failures };
    let events = if state == claim.state { Vec::new() } else { vec![(state.name(), format!("{}: {why}", claim.key))] };
    CheckCommit {
        key: claim.key.clone(),
        generation: claim.generation,
        checked,
        rule_set: claim.rule_set,
        success: None,
        held: claim.held.clone(),
        events,
    }
}

fn failed(desk: &Desk<'_>, claim: &Claim, state: ApiState, why: String) -> CheckCommit {
    let now = desk.now;
    let failures = claim.failures.saturating_add(1);
    let next_at = now + backoff(failures, soon(desk.api), desk.shared.jitter());
    let events = if claim.state == state { Vec::new() } else { vec![(state.name(), format!("{}: {why}", claim.key))] };
    CheckCommit {
        key: claim.key.clone(),
        generation: claim.generation,
        checked: Checked { state, detail: why, checked_at: now, next_at, failures },
        rule_set: claim.rule_set,
        success: None,
        held: claim.held.clone(),
        events,
    }
}

/// Records that a check died of a mistake in driftd: nothing is known of the description, and status says why.
///
/// # Errors
/// When the database does not answer; then the check is done again when its lease ends.
pub async fn died(shared: &Shared, claim: &Claim, why: &str) -> Result<(), StoreError> {
    let live = shared.now_live();
    let Some((integration, api)) = live.find(&claim.key) else { return Ok(()) };
    let desk = Desk { shared, live: &live, key: &claim.key, integration, api, now: shared.clock.now() };
    let commit = failed(&desk, claim, ApiState::Blind, format!("the check died of a mistake in driftd: {why}"));
    shared.store.commit_check(commit).await.map(|_| ())
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
    /// What the ledger holds.
    entries: Vec<Entry>,
    probed: Probed,
}

/// What comparing came to, off the async threads.
enum Compared {
    /// The new document is no description.
    Unreadable(ReadError),
    /// The first one.
    First { operations: Vec<String>, stated: Vec<Stated>, title: String },
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
    operations: Vec<String>,
    stated: Vec<Stated>,
}

async fn changed(desk: &Desk<'_>, claim: &Claim, baseline: Option<String>, fetched: Fetched) -> Result<CheckCommit, StoreError> {
    let Desk { shared, api, now, .. } = *desk;
    let Fetched { digest, body, entries, probed } = fetched;
    let generation = claim.generation;
    if baseline.is_none() && claim.key.surface == Surface::Upcoming {
        // What is announced can only be told from what is live.
        let detail = "waits for the live description to be read".to_owned();
        let checked = Checked { state: ApiState::New, detail, checked_at: now, next_at: now + soon(api), failures: 0 };
        let (key, rule_set) = (claim.key.clone(), claim.rule_set);
        return Ok(CheckCommit { key, generation, checked, rule_set, success: None, held: None, events: Vec::new() });
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
    let is_new = claim.latest.as_deref() != Some(digest.as_str());
    let snapshot = is_new.then(|| NewSnapshot { digest: digest.clone(), bytes: body.bytes.clone(), from: body.from.clone() });
    let success = |described: Described, baseline: Option<String>, findings: Vec<OpenFinding>, notice: NoticeStep| {
        let operations = described.0.clone();
        let heard = Heard { full: body.full, signals: body.signals.clone(), described: Some(described), probed };
        let ledger = heard.steps(claim.key.surface, &entries);
        Success {
            validators: body.validators.clone(),
            full: body.full,
            snapshot: snapshot.clone(),
            operations: Some(operations),
            baseline,
            findings: Some(findings),
            ledger,
            notice,
        }
    };
    let commit = match compared {
        Compared::Unreadable(why) => failed(desk, claim, ApiState::Undecidable, why.to_string()),
        Compared::First { operations, stated, title } => {
            let text = format!("{key}: baseline taken: {title}, {} operations (sha256 {})", operations.len(), short(&digest));
            CheckCommit {
                key,
                generation,
                checked: checked(ApiState::Verified, "baseline taken".to_owned()),
                rule_set: RULE_SET,
                success: Some(success((operations, stated), Some(digest), Vec::new(), NoticeStep::Keep)),
                held: None,
                events: vec![("baseline", text)],
            }
        }
        Compared::Collapsed { before, after } => {
            let detail = format!("{before} operations became {after} at once; held until a second fetch agrees");
            let text = format!("{key}: {detail}");
            CheckCommit {
                key,
                generation,
                checked: Checked { next_at: now + soon(api), ..checked(ApiState::Held, detail) },
                rule_set: claim.rule_set,
                success: None,
                held: Some(digest),
                events: vec![("held", text)],
            }
        }
        // What was not reached is not gone: nothing that was told is taken back, and the next fetch tries again.
        Compared::Judged(judged) if judged.undecided.is_some() => {
            failed(desk, claim, ApiState::Undecidable, judged.undecided.unwrap_or_default())
        }
        Compared::Judged(judged) => {
            let Judged { mut findings, previous, operations, stated, .. } = *judged;
            ledger::told_by_their_day(&mut findings, &stated, now.date_naive());
            measure(desk, claim, &entries, &mut findings).await?;
            let findings = desk.weighed(findings);
            let previous = previous.map(|previous| desk.weighed(previous));
            let told = previous.as_deref().map(|previous| retold(&claim.told, api, previous));
            let previous = previous.as_deref().unwrap_or(&claim.findings);
            let is_told = findings.iter().any(OpenFinding::is_told);
            let evidence = baseline.as_deref().zip(Some(digest.as_str()));
            let step = desk.tell(claim, told.as_deref().unwrap_or(&claim.told), (previous, &findings), evidence);
            let detail = describe(&findings);
            let mut events = vec![("changed", format!("{key}: {} (sha256 {})", describe(&findings), short(&digest)))];
            events.extend(
                findings
                    .iter()
                    .filter(|f| !previous.iter().any(|p| p.content == f.content))
                    .map(|f| ("finding", format!("{key}: {}: {}", f.severity, f.message))),
            );
            events.extend(said(&key, &step));
            // Nothing that anybody must hear of: compare with this from now on.
            let state = if is_told { ApiState::Changed } else { ApiState::Verified };
            let baseline = match key.surface {
                Surface::Live => (!findings.iter().any(OpenFinding::matters)).then(|| digest.clone()),
                Surface::Upcoming | Surface::Ledger => baseline,
            };
            CheckCommit {
                key,
                generation,
                checked: checked(state, detail),
                rule_set: RULE_SET,
                success: Some(success((operations, stated), baseline, findings, step)),
                held: None,
                events,
            }
        }
    };
    Ok(commit)
}

/// Holds what is live against the notice that was promised, on the day it is seen for the first time.
async fn measure(desk: &Desk<'_>, claim: &Claim, entries: &[Entry], findings: &mut [OpenFinding]) -> Result<(), StoreError> {
    if claim.key.surface != Surface::Live || !findings.iter().any(|finding| finding.judged == "breaking") {
        return Ok(());
    }
    let upcoming = desk.shared.store.seen_upcoming(&claim.key).await?;
    let before = Before::new(&desk.integration.agreement, entries, &upcoming, desk.now.date_naive());
    for finding in findings {
        let known = claim.findings.iter().find(|known| known.identity == finding.identity);
        finding.given = known.and_then(|known| known.given.clone()).or_else(|| before.given(finding));
    }
    Ok(())
}

/// What changes are counted from: the live baseline, also for what is upcoming.
async fn baseline_of(shared: &Shared, claim: &Claim) -> Result<Option<String>, StoreError> {
    match claim.key.surface {
        Surface::Live => Ok(claim.baseline.clone()),
        Surface::Upcoming | Surface::Ledger => shared.store.live_baseline(&claim.key).await,
    }
}

async fn compare_with(
    shared: &Shared,
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
    let keys = live.find(&claim.key).map(|(_, api)| ledger::keys(&api.date_keys)).unwrap_or_default();
    let compared = tokio::task::spawn_blocking(move || {
        let after = match read(&bytes, &limits) {
            // Nobody can call a library: whatever was called before is not gone, it is not described here.
            Ok(after) if after.is_blank() => return Compared::Unreadable(ReadError::NoPaths),
            Ok(after) => after,
            Err(why) => return Compared::Unreadable(why),
        };
        let new = lower(&after);
        let operations = operations_in(&new);
        let stated = if surface == Surface::Live { stated(&after, &keys) } else { Vec::new() };
        let before = before.as_deref().map(|bytes| read(bytes, &limits));
        // A baseline this version cannot read any more is replaced, not compared with nothing.
        let Some(Ok(before)) = before else {
            let title = after.root.get("info").and_then(|info| info.get("title")).and_then(|title| title.as_str());
            return Compared::First { operations, stated, title: title.unwrap_or("untitled").to_owned() };
        };
        let old = lower(&before);
        let (known, now) = (operations_in(&old).len(), operations.len());
        if surface == Surface::Live && !confirmed && is_collapse(known, now) {
            return Compared::Collapsed { before: known, after: now };
        }
        let (findings, undecided) = judged(&old, &new, &catalogue);
        let latest = latest.and_then(|bytes| read(&bytes, &limits).ok());
        let previous = latest.map(|latest| judged(&old, &lower(&latest), &catalogue).0);
        Compared::Judged(Box::new(Judged { findings, previous, undecided, operations, stated }))
    })
    .await;
    drop(slot);
    compared.map_err(|problem| StoreError::Corrupt {
        table: "snapshot",
        row: claim.key.to_string(),
        what: format!("comparing died: {problem}"),
    })
}

/// The label of every operation called or sent; callbacks belong to the operations that ask for them.
fn operations_in(contract: &Contract<'_>) -> Vec<String> {
    let label = |operation: &openapi::Operation<'_>| match operation.surface {
        openapi::Surface::Path => Some(format!("{} {}", operation.method, operation.path)),
        openapi::Surface::Webhook => Some(format!("webhook {} {}", operation.method, operation.path)),
        openapi::Surface::Callback => None,
    };
    contract.operations.iter().filter_map(label).collect()
}

/// What a description that has not changed says about its end: keys of the configuration may be new.
async fn dates_in(shared: &Shared, claim: &Claim, bytes: &[u8]) -> Option<Described> {
    let live = shared.now_live();
    let keys = ledger::keys(&live.find(&claim.key)?.1.date_keys);
    let limits = Limits { bytes: live.config.fetch.max_bytes, ..Limits::default() };
    let bytes = bytes.to_vec();
    let slot = shared.parse_slots.acquire().await;
    let read = tokio::task::spawn_blocking(move || {
        read(&bytes, &limits).ok().map(|document| (operations_in(&lower(&document)), stated(&document, &keys)))
    });
    let read = read.await;
    drop(slot);
    read.ok().flatten()
}

fn judged(before: &Contract<'_>, after: &Contract<'_>, catalogue: &Catalogue) -> (Vec<OpenFinding>, Option<String>) {
    let (verdict, _) = compare_lowered(before, after, catalogue, Budget::default());
    (open_findings(&verdict, Fragments::new(before.root, after.root)), verdict.undecided)
}

/// `3 breaking, 1 warning, 2 info`.
pub(super) fn describe(findings: &[OpenFinding]) -> String {
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
