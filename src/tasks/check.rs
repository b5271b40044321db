//! One check of one description, from the fetch to the commit.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use crate::fetch::{self, FailureKind, FetchOutcome, backoff};
use crate::model::{
    Api, ApiState, Checked, LedgerEntry, LedgerStep, OpenFinding, Origin, Schedule, Severity, Statement, Surface, Validators,
    WatchKey, follow,
};
use crate::notice::{Before, retold};
use crate::openapi::{Bundle, Limits};
use crate::rules::RULE_SET;
use crate::store::{CheckCommit, Claim, Committed, NewSnapshot, NoticeStep, StoreError, SuccessfulCheck};

use super::compare::{Came, Compared, DescribedDates, Doubt, Judged, compare_with, dates_in};
use super::gather::{Gathered, Known, gather};
use super::ledger::{self, statements};
use super::letters::LetterWriter;
use crate::state::{ActiveConfig, AppState, hex};

/// The whole document is fetched at least this often: a 304 is a claim, not a proof.
const FULL_EVERY: TimeDelta = TimeDelta::hours(24);

/// First pause after a failure; shorter schedules pause shorter.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// So many requests to come back later in a row, and the provider counts as down.
const PATIENCE: u32 = 3;

/// Who is to be asked again no sooner than this cannot be read now.
const LONG_WAIT: Duration = Duration::from_secs(3600);

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
    if let Some(damage) = &claim.damage {
        let commit = failed(&writer(shared.clock.now()), &claim, ApiState::Blind, damage.clone());
        return conclude(shared, &claim, commit).await;
    }
    let commit = match looked_at(shared, &active, &claim, writer).await {
        Ok(Some(commit)) => commit,
        Ok(None) => return shared.store.release(claim.watch, shared.clock.now()).await,
        Err(problem) if problem.is_one_row() => failed(&writer(shared.clock.now()), &claim, ApiState::Blind, problem.to_string()),
        Err(problem) => return Err(problem),
    };
    conclude(shared, &claim, commit).await
}

async fn looked_at<'d>(
    shared: &'d AppState,
    active: &'d ActiveConfig,
    claim: &'d Claim,
    writer: impl Fn(DateTime<Utc>) -> LetterWriter<'d>,
) -> Result<Option<CheckCommit>, StoreError> {
    let key = &claim.key;
    let api = writer(shared.clock.now()).api;
    if key.surface == Surface::Ledger {
        return Ok(Some(ledger::look(&writer(shared.clock.now()), claim).await?));
    }
    // A reload records the configuration before it is at work: between the two, nobody reads anything.
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
    let limits = Limits { bytes: active.config.fetch.max_bytes, ..Limits::default() };
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
    let Gathered { outcome, absent } =
        gather(&active.client, source, (&api.auth, api.tls.as_ref()), &known, (&limits, deadline)).await;
    // Headers of operations are looked at once a day, and only of an API that could be read.
    let is_read = matches!(outcome, FetchOutcome::NotModified { .. } | FetchOutcome::Body(_));
    let probed = if is_read && wants_full && key.surface == Surface::Live {
        tokio::time::timeout(deadline, probe(active, api)).await.unwrap_or_default()
    } else {
        ProbeEvidence::default()
    };
    let writer = writer(shared.clock.now());
    let commit = match outcome {
        FetchOutcome::NotModified { fresh_for, signals, moved_to } => {
            let heard = DateEvidence { full: false, signals, described: None, probed };
            let seen =
                UnchangedAnswer { validators: claim.validators.clone(), fresh_for, moved_to, heard, unread: unread(&absent) };
            unchanged(&writer, claim, seen, &entries)
        }
        FetchOutcome::Later { after, why } => later(&writer, claim, after, &why),
        FetchOutcome::Failed(failure) => {
            let state = match failure.kind {
                FailureKind::Down | FailureKind::Missing => ApiState::Down,
                FailureKind::Unreadable => ApiState::Undecidable,
                FailureKind::Blind => ApiState::Blind,
            };
            failed(&writer, claim, state, failure.why)
        }
        FetchOutcome::Body(body) => {
            let digest = hex(&Sha256::digest(&body.bytes));
            if claim.latest.as_deref() == Some(digest.as_str()) && !is_stale {
                let is_read = wants_full && body.full && key.surface == Surface::Live;
                let described = if is_read { dates_in(shared, claim, &body.bytes).await } else { None };
                let fetch::FetchedBody { validators, full, fresh_for, signals, moved_to, .. } = *body;
                let heard = DateEvidence { full, signals, described, probed };
                let seen = UnchangedAnswer { validators, fresh_for, moved_to, heard, unread: unread(&absent) };
                unchanged(&writer, claim, seen, &entries)
            } else {
                let fetched = FetchedDocument { digest, body: *body, absent, entries, probed };
                Box::pin(changed(&writer, claim, baseline, fetched)).await?
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
        tracing::debug!(api = %key, "an answer or a reload came while this was checked; it is checked again");
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
        tracing::debug!(api = %key, state, %detail, "checked");
    } else if matches!(checked.state, ApiState::Verified | ApiState::Changed) {
        info!(api = %key, state, %detail, "checked");
    } else {
        warn!(api = %key, state, %detail, next = %checked.next_at, "checked");
    }
}

/// When a description that could be read is due again, and why later than planned, if so. What a provider says of how long
/// it stays fresh is respected for one interval of the schedule, and `longest_fresh` at most.
fn next_at(writer: &LetterWriter<'_>, fresh_for: Option<Duration>) -> (DateTime<Utc>, Option<String>) {
    let (now, schedule) = (writer.now, &writer.api.schedule);
    let tomorrow = |from: DateTime<Utc>| from + TimeDelta::days(1);
    let planned = schedule.next_after(now).unwrap_or_else(|| tomorrow(now));
    let spread = match schedule {
        // A twentieth of the interval, so that a thousand APIs started together drift apart.
        Schedule::Every(interval) => interval.mul_f64(writer.shared.jitter() / 20.0).min(Duration::from_secs(60)),
        Schedule::Cron { .. } => Duration::from_secs_f64(writer.shared.jitter() * 5.0),
    };
    let planned = planned + spread;
    let Some(fresh_until) = fresh_for.map(|fresh| now + fresh).filter(|until| *until > planned) else { return (planned, None) };
    let interval = schedule.next_after(planned).unwrap_or_else(|| tomorrow(planned)) - planned;
    let longest = TimeDelta::from_std(writer.active.config.fetch.longest_fresh).unwrap_or(TimeDelta::MAX);
    let next = fresh_until.min(planned + interval.min(longest));
    let late = humantime::format_duration(Duration::from_secs(u64::try_from((next - planned).num_seconds()).unwrap_or(0)));
    let fresh = humantime::format_duration(fresh_for.unwrap_or_default());
    (next, Some(format!("checked {late} later than planned, since the provider says it stays fresh for {fresh}")))
}

/// A sentence, and what is to be added to it.
fn with<const N: usize>(detail: String, more: [Option<String>; N]) -> String {
    std::iter::once(detail).chain(more.into_iter().flatten()).collect::<Vec<_>>().join("; ")
}

/// Files that the description refers to and that did not come, in words: what they hold is not watched.
fn unread(absent: &BTreeMap<String, String>) -> Option<String> {
    let (key, why) = absent.first_key_value()?;
    let more = absent.len() - 1;
    let (more, it) = if more == 0 { (String::new(), "it holds") } else { (format!(", nor did {more} more"), "they hold") };
    Some(format!("the file {key} that it refers to did not come ({why}){more}; what {it} is not watched"))
}

/// What an answer without news brought.
struct UnchangedAnswer {
    validators: Validators,
    fresh_for: Option<Duration>,
    moved_to: Option<String>,
    heard: DateEvidence,
    /// What is not watched, in words.
    unread: Option<String>,
}

/// What was said of days.
struct DateEvidence {
    /// Whether the whole answer came: headers that are missing from a 304 say nothing.
    full: bool,
    signals: Vec<Statement>,
    /// The operations of the description and what it says about their end, where that was read.
    described: Option<DescribedDates>,
    probed: ProbeEvidence,
}

impl DateEvidence {
    /// What the ledger records. An upcoming description is in force nowhere.
    fn steps(self, surface: Surface, entries: &[LedgerEntry]) -> Vec<LedgerStep> {
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
struct ProbeEvidence {
    /// Operations that answered well: their silence means that nothing is said.
    answered: Vec<String>,
    said: Vec<Statement>,
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

/// The same document as before. What is to be said may differ all the same: a consumer may use more than it did.
fn unchanged(writer: &LetterWriter<'_>, claim: &Claim, seen: UnchangedAnswer, entries: &[LedgerEntry]) -> CheckCommit {
    let UnchangedAnswer { validators, fresh_for, moved_to, heard, unread } = seen;
    let full = heard.full;
    let ledger = heard.steps(claim.key.surface, entries);
    let now = writer.now;
    // Overrides begin and end without anything being published.
    let findings = writer.with_overrides(claim.findings.clone());
    let needs_notice = findings.iter().any(OpenFinding::needs_notice);
    let (state, detail) =
        if needs_notice { (ApiState::Changed, describe(&findings)) } else { (ApiState::Verified, "unchanged".to_owned()) };
    let mut events = Vec::new();
    if !matches!(claim.state, ApiState::Verified | ApiState::Changed) {
        events.push(("recovered", format!("{} can be read again, unchanged", claim.key)));
    }
    let evidence = claim.baseline.as_deref().zip(claim.latest.as_deref());
    let notice = writer.tell(claim, &claim.told, (&claim.findings, &findings), evidence);
    let (next_at, why_late) = next_at(writer, fresh_for);
    let detail = with(detail, [unread, coming_and_going(claim, &notice), why_late, moved_to.as_deref().map(fetch::moved)]);
    let findings = (findings != claim.findings).then_some(findings);
    events.extend(said(&claim.key, &notice));
    CheckCommit {
        success: Some(SuccessfulCheck {
            validators,
            full,
            snapshot: None,
            operations: None,
            baseline: None,
            findings,
            ledger,
            notice,
        }),
        events,
        ..CheckCommit::of(claim, Checked { state, detail, checked_at: now, next_at, failures: 0 })
    }
}

/// What was said, for the history.
pub(super) fn said(key: &WatchKey, step: &NoticeStep) -> Option<(&'static str, String)> {
    match step {
        NoticeStep::Keep => None,
        NoticeStep::Flipped { id, flaps } => {
            Some(("flapping", format!("{key}: what notice {id} tells of came or went again, {} times by now", flaps.times)))
        }
        NoticeStep::Tell { notice, deliveries, .. } => {
            Some(("notice", format!("{key}: {} letters for notice {}", deliveries.len(), notice.id)))
        }
        NoticeStep::Close { id, why, .. } => Some(("resolved", format!("{key}: notice {id} is resolved: {why}"))),
    }
}

/// How often what an open notice tells of has come and gone, in words.
fn coming_and_going(claim: &Claim, step: &NoticeStep) -> Option<String> {
    let flaps = match step {
        NoticeStep::Flipped { flaps, .. } => Some(*flaps),
        NoticeStep::Tell { flaps, .. } => *flaps,
        NoticeStep::Close { .. } => None,
        NoticeStep::Keep => claim.flaps,
    }?;
    let times = if flaps.times == 1 { "once".to_owned() } else { format!("{} times", flaps.times) };
    Some(format!("it comes and goes: back {times}, last moved on {}", flaps.at.format("%Y-%m-%d %H:%M UTC")))
}

/// The provider asks for patience and gets it; but who asks again and again, for longer than the schedule waits, or for hours,
/// cannot be reached.
fn later(writer: &LetterWriter<'_>, claim: &Claim, after: Duration, why: &str) -> CheckCommit {
    let now = writer.now;
    let failures = claim.failures.saturating_add(1);
    let is_long = after > LONG_WAIT || writer.api.schedule.next_after(now).is_none_or(|planned| now + after > planned);
    // Who says that there is nothing to wait for is asked no sooner than who has just failed.
    let after = after.max(soon(writer.api));
    let next_at = now + after;
    let state = if failures >= PATIENCE || is_long { ApiState::Down } else { claim.state };
    let detail = format!("{why}, in {}", humantime::format_duration(Duration::from_secs(after.as_secs())));
    let events = if state == claim.state { Vec::new() } else { vec![(state.name(), format!("{}: {detail}", claim.key))] };
    CheckCommit {
        held: claim.held.clone(),
        wait_until: Some(next_at),
        events,
        ..CheckCommit::of(claim, Checked { state, detail, checked_at: now, next_at, failures })
    }
}

pub(super) fn failed(writer: &LetterWriter<'_>, claim: &Claim, state: ApiState, why: String) -> CheckCommit {
    let now = writer.now;
    let failures = claim.failures.saturating_add(1);
    let next_at = now + backoff(failures, soon(writer.api), longest_pause(writer), writer.shared.jitter());
    let events = if claim.state == state { Vec::new() } else { vec![(state.name(), format!("{}: {why}", claim.key))] };
    CheckCommit {
        held: claim.held.clone(),
        events,
        ..CheckCommit::of(claim, Checked { state, detail: why, checked_at: now, next_at, failures })
    }
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
    let commit = failed(&writer, claim, ApiState::Blind, why.to_owned());
    shared.store.commit_check(commit).await.map(|_| ())
}

/// What fails is tried as often as its schedule says, once the short pauses have not helped; also a slow schedule every six
/// hours.
fn longest_pause(writer: &LetterWriter<'_>) -> Duration {
    const LONGEST: Duration = Duration::from_secs(6 * 3600);
    let schedule = &writer.api.schedule;
    let next = schedule.next_after(writer.now);
    let interval = next.and_then(|next| Some(schedule.next_after(next)? - next)).and_then(|interval| interval.to_std().ok());
    interval.unwrap_or(LONGEST).clamp(FIRST_PAUSE, LONGEST)
}

/// The first pause before something is tried again.
pub(super) fn soon(api: &Api) -> Duration {
    match &api.schedule {
        Schedule::Every(interval) => FIRST_PAUSE.min(*interval),
        Schedule::Cron { .. } => FIRST_PAUSE,
    }
}

struct FetchedDocument {
    digest: String,
    body: fetch::FetchedBody,
    /// Files it refers to that did not come, and why.
    absent: BTreeMap<String, String>,
    /// What the ledger holds.
    entries: Vec<LedgerEntry>,
    probed: ProbeEvidence,
}

async fn changed(
    writer: &LetterWriter<'_>,
    claim: &Claim,
    baseline: Option<String>,
    fetched: FetchedDocument,
) -> Result<CheckCommit, StoreError> {
    let LetterWriter { shared, api, now, .. } = *writer;
    let FetchedDocument { digest, body, absent, entries, probed } = fetched;
    if baseline.is_none() && claim.key.surface == Surface::Upcoming {
        // What is announced can only be told from what is live.
        let detail = "waits for the live description to be read".to_owned();
        let checked = Checked { state: ApiState::New, detail, checked_at: now, next_at: now + soon(api), failures: 0 };
        return Ok(CheckCommit::of(claim, checked));
    }
    let came = Came { digest: &digest, bytes: &body.bytes, absent: &absent, framed: body.framed };
    let compared = compare_with(shared, claim, baseline.as_deref(), came).await?;
    let (planned, why_late) = next_at(writer, body.fresh_for);
    let checked = |state: ApiState, detail: String| Checked {
        state,
        detail: with(detail, [unread(&absent), why_late.clone(), body.moved_to.as_deref().map(fetch::moved)]),
        checked_at: now,
        next_at: planned,
        failures: 0,
    };
    let key = claim.key.clone();
    let is_new = claim.latest.as_deref() != Some(digest.as_str());
    let snapshot = is_new.then(|| NewSnapshot { digest: digest.clone(), bytes: body.bytes.clone(), from: body.from.clone() });
    let success = |described: DescribedDates, baseline: Option<String>, findings: Vec<OpenFinding>, notice: NoticeStep| {
        let operations = described.0.clone();
        let heard = DateEvidence { full: body.full, signals: body.signals.clone(), described: Some(described), probed };
        let ledger = heard.steps(claim.key.surface, &entries);
        SuccessfulCheck {
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
        Compared::Unreadable(why) => failed(writer, claim, ApiState::Undecidable, why.to_string()),
        Compared::First { operations, stated, title } => {
            let text = format!("{key}: baseline taken: {title}, {} operations (sha256 {})", operations.len(), short(&digest));
            CheckCommit {
                rule_set: RULE_SET,
                success: Some(success((operations, stated), Some(digest), Vec::new(), NoticeStep::Keep)),
                events: vec![("baseline", text)],
                ..CheckCommit::of(claim, checked(ApiState::Verified, "baseline taken".to_owned()))
            }
        }
        Compared::Doubtful(doubt) => doubtful(writer, claim, doubt),
        Compared::TooLong => {
            let why = "comparing it took longer than it may and was stopped; nothing is known of what changed".to_owned();
            CheckCommit { is_deadly: true, ..failed(writer, claim, ApiState::Undecidable, why) }
        }
        Compared::Died(why) => CheckCommit { is_deadly: true, ..failed(writer, claim, ApiState::Blind, why) },
        // What was not reached is not gone: nothing that was told is taken back, and the next fetch tries again.
        Compared::Judged(judged) if judged.undecided.is_some() => {
            failed(writer, claim, ApiState::Undecidable, judged.undecided.unwrap_or_default())
        }
        Compared::Judged(judged) => {
            let Judged { mut findings, previous, operations, stated, .. } = *judged;
            ledger::told_by_their_day(&mut findings, &stated, now.date_naive());
            measure(writer, claim, &entries, &mut findings).await?;
            let findings = writer.with_overrides(findings);
            let previous = previous.map(|previous| writer.with_overrides(previous));
            let told = previous.as_deref().map(|previous| retold(&claim.told, api, previous));
            let previous = previous.as_deref().unwrap_or(&claim.findings);
            let needs_notice = findings.iter().any(OpenFinding::needs_notice);
            let evidence = baseline.as_deref().zip(Some(digest.as_str()));
            let step = writer.tell(claim, told.as_deref().unwrap_or(&claim.told), (previous, &findings), evidence);
            let detail = with(describe(&findings), [coming_and_going(claim, &step)]);
            let mut events = vec![("changed", format!("{key}: {} (sha256 {})", describe(&findings), short(&digest)))];
            events.extend(
                findings
                    .iter()
                    .filter(|f| !previous.iter().any(|p| p.content == f.content))
                    .map(|f| ("finding", format!("{key}: {}: {}", f.severity, f.message))),
            );
            events.extend(said(&key, &step));
            // Nothing that anybody must hear of: compare with this from now on.
            let state = if needs_notice { ApiState::Changed } else { ApiState::Verified };
            let baseline = match key.surface {
                Surface::Live => (!findings.iter().any(OpenFinding::blocks_baseline)).then(|| digest.clone()),
                Surface::Upcoming | Surface::Ledger => baseline,
            };
            CheckCommit {
                rule_set: RULE_SET,
                success: Some(success((operations, stated), baseline, findings, step)),
                events,
                ..CheckCommit::of(claim, checked(state, detail))
            }
        }
    };
    Ok(commit)
}

/// What is not whole, or hardly can be meant, is held until a second fetch has spoken; one that does not agree, or cannot,
/// leaves nothing to be judged.
fn doubtful(writer: &LetterWriter<'_>, claim: &Claim, doubt: Doubt) -> CheckCommit {
    let Doubt { why, shape } = doubt;
    // What can never be confirmed is remembered as what no document looks like.
    let held = Some(shape.unwrap_or_default());
    if claim.held.is_some() {
        let why = format!("{why}; it is compared with nothing, and the last description that was whole stays what counts");
        return CheckCommit { held, ..failed(writer, claim, ApiState::Undecidable, why) };
    }
    let detail = format!("{why}; held until a second fetch agrees");
    let events = vec![("held", format!("{}: {detail}", claim.key))];
    let next_at = writer.now + soon(writer.api);
    let checked = Checked { state: ApiState::Held, detail, checked_at: writer.now, next_at, failures: 0 };
    CheckCommit { held, events, ..CheckCommit::of(claim, checked) }
}

/// Holds what is live against the notice that was promised, on the day it is seen for the first time.
async fn measure(
    writer: &LetterWriter<'_>,
    claim: &Claim,
    entries: &[LedgerEntry],
    findings: &mut [OpenFinding],
) -> Result<(), StoreError> {
    if claim.key.surface != Surface::Live || !findings.iter().any(|finding| finding.judged == Severity::Breaking) {
        return Ok(());
    }
    let upcoming = writer.shared.store.seen_upcoming(&claim.key).await?;
    let before = Before::new(&writer.integration.agreement, entries, &upcoming, writer.now.date_naive());
    for finding in findings {
        let known = claim.findings.iter().find(|known| known.identity == finding.identity);
        finding.given = known.and_then(|known| known.given.clone()).or_else(|| before.given(finding));
    }
    Ok(())
}

/// What changes are counted from: the live baseline, also for what is upcoming.
async fn baseline_of(shared: &AppState, claim: &Claim) -> Result<Option<String>, StoreError> {
    match claim.key.surface {
        Surface::Live => Ok(claim.baseline.clone()),
        Surface::Upcoming | Surface::Ledger => shared.store.live_baseline(&claim.key).await,
    }
}

/// `3 breaking, 1 warning, 2 info`.
pub(super) fn describe(findings: &[OpenFinding]) -> String {
    let count = |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter(|severity| count(*severity) > 0)
        .map(|severity| format!("{} {severity}", count(severity)))
        .collect();
    if parts.is_empty() { "changed, and nothing a caller can notice".to_owned() } else { parts.join(", ") }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
