//! What a check came to, as one commit: a function of what was known before and what came now. Nothing here is fetched,
//! stored or sent; all that is asked of the store is which id is free for a new notice.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::correspondence::LetterWriter;
use crate::fetch::{self, backoff};
use crate::model::{Api, ApiState, Checked, EventKind, LedgerEntry, OpenFinding, Schedule, Severity, Surface, WatchKey};
use crate::notice::{Before, rebased};
use crate::rules::RULE_SET;
use crate::store::{CheckCommit, Claim, NewEvent, NewSnapshot, NoticeStep, StoreError, SuccessfulCheck};

use super::compare::{Compared, Judged};
use super::dates::{DescribedDates, deprecations_told_by_their_day};
use super::doubt::Doubt;
use super::evidence::{DateEvidence, FetchedDocument, UnchangedAnswer};

/// First pause after a failure; shorter schedules pause shorter.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// So many requests to come back later in a row, and the provider counts as down.
const PATIENCE: u32 = 3;

/// Who is to be asked again no sooner than this cannot be read now.
const LONG_WAIT: Duration = Duration::from_secs(3600);

/// What a check is decided from: what was known when it began, and who writes its letters.
pub(super) struct Outcome<'o> {
    pub(super) writer: &'o LetterWriter<'o>,
    pub(super) claim: &'o Claim,
}

impl Outcome<'_> {
    /// A description that could be read; it is due again as planned.
    fn checked(&self, state: ApiState, detail: String, next_at: DateTime<Utc>) -> CheckCommit {
        CheckCommit::of(self.claim, Checked { state, detail, checked_at: self.writer.now, next_at, failures: 0 })
    }

    /// The same document as before. What is to be said may differ all the same: a consumer may use more than it did.
    pub(super) async fn unchanged(&self, seen: UnchangedAnswer, entries: &[LedgerEntry]) -> Result<CheckCommit, StoreError> {
        let UnchangedAnswer { validators, fresh_for, moved_to, dates, absent } = seen;
        let full = dates.full;
        let ledger = dates.steps(self.claim.key.surface, entries);
        // Overrides begin and end without anything being published.
        let findings = self.writer.with_overrides(self.claim.findings.clone());
        let needs_notice = findings.iter().any(OpenFinding::needs_notice);
        let (state, detail) =
            if needs_notice { (ApiState::Changed, describe(&findings)) } else { (ApiState::Verified, "unchanged".to_owned()) };
        let mut events = Vec::new();
        if !matches!(self.claim.state, ApiState::Verified | ApiState::Changed) {
            events.push(NewEvent::new(EventKind::Recovered, format!("{} can be read again, unchanged", self.claim.key)));
        }
        let evidence = self.claim.baseline.as_deref().zip(self.claim.latest.as_deref());
        let notice = self.writer.tell(self.claim, None, &self.claim.findings, &findings, evidence).await?;
        let (next, why_late) = self.next_at(fresh_for);
        let detail =
            with(detail, [unread(&absent), self.coming_and_going(&notice), why_late, moved_to.as_deref().map(fetch::moved)]);
        let findings = (findings != self.claim.findings).then_some(findings);
        events.extend(said(&self.claim.key, &notice));
        Ok(CheckCommit {
            success: Some(SuccessfulCheck {
                validators,
                full,
                snapshot: None,
                operations: None,
                baseline: None,
                findings,
                ledger,
                rebased: None,
                notice,
            }),
            events,
            ..self.checked(state, detail, next)
        })
    }

    /// The provider asks for patience and gets it; but who asks again and again, for longer than the schedule waits, or for hours,
    /// cannot be reached.
    pub(super) fn later(&self, after: Duration, why: &str) -> CheckCommit {
        let now = self.writer.now;
        let failures = self.claim.failures.saturating_add(1);
        let is_long = after > LONG_WAIT || self.writer.api.schedule.next_after(now).is_none_or(|planned| now + after > planned);
        // Who says that there is nothing to wait for is asked no sooner than who has just failed.
        let after = after.max(soon(self.writer.api));
        let next_at = now + after;
        let state = if failures >= PATIENCE || is_long { ApiState::Down } else { self.claim.state };
        let detail = format!("{why}, in {}", humantime::format_duration(Duration::from_secs(after.as_secs())));
        let events = if state == self.claim.state {
            Vec::new()
        } else {
            vec![NewEvent::new(EventKind::State(state), format!("{}: {detail}", self.claim.key))]
        };
        CheckCommit {
            held: self.claim.held.clone(),
            wait_until: Some(next_at),
            events,
            ..CheckCommit::of(self.claim, Checked { state, detail, checked_at: now, next_at, failures })
        }
    }

    /// It could not be judged, for this reason; it is tried again after a pause.
    pub(super) fn failed(&self, state: ApiState, why: String) -> CheckCommit {
        let now = self.writer.now;
        let failures = self.claim.failures.saturating_add(1);
        let next_at = now + backoff(failures, soon(self.writer.api), self.longest_pause(), self.writer.shared.jitter());
        let events = if self.claim.state == state {
            Vec::new()
        } else {
            vec![NewEvent::new(EventKind::State(state), format!("{}: {why}", self.claim.key))]
        };
        CheckCommit {
            held: self.claim.held.clone(),
            events,
            ..CheckCommit::of(self.claim, Checked { state, detail: why, checked_at: now, next_at, failures })
        }
    }

    /// What is announced can only be told from what is live, and that was never read.
    pub(super) fn waits_for_live(&self) -> CheckCommit {
        let detail = "waits for the live description to be read".to_owned();
        self.checked(ApiState::New, detail, self.writer.now + soon(self.writer.api))
    }

    /// Another document than before was compared with the baseline. `seen_upcoming` tells when each finding was first seen in
    /// the upcoming description, by identity.
    pub(super) async fn compared(
        &self,
        compared: Compared,
        baseline: Option<String>,
        document: FetchedDocument,
        seen_upcoming: &HashMap<String, DateTime<Utc>>,
    ) -> Result<CheckCommit, StoreError> {
        let key = &self.claim.key;
        Ok(match compared {
            Compared::Unreadable(why) => self.failed(ApiState::Undecidable, why.to_string()),
            Compared::Doubtful(doubt) => self.doubtful(doubt),
            Compared::TooLong => {
                let why = "comparing it took longer than it may and was stopped; nothing is known of what changed".to_owned();
                CheckCommit { counts_as_crash: true, ..self.failed(ApiState::Undecidable, why) }
            }
            Compared::Died(why) => CheckCommit { counts_as_crash: true, ..self.failed(ApiState::Blind, why) },
            // What was not reached is not gone: nothing that was told is taken back, and the next fetch tries again.
            Compared::Judged(judged) if judged.undecided.is_some() => {
                self.failed(ApiState::Undecidable, judged.undecided.unwrap_or_default())
            }
            Compared::First { described, title } => {
                let digest = document.digest.clone();
                let count = described.operations.len();
                let text = format!("{key}: baseline taken: {title}, {count} operations (sha256 {})", short(&digest));
                let (next_at, detail) = self.planned(&document, "baseline taken".to_owned());
                CheckCommit {
                    rule_set: RULE_SET,
                    success: Some(self.success(document, described, Some(digest), Vec::new(), NoticeStep::Nothing)),
                    events: vec![NewEvent::new(EventKind::Baseline, text)],
                    ..self.checked(ApiState::Verified, detail, next_at)
                }
            }
            Compared::Judged(judged) => self.judged(*judged, baseline, document, seen_upcoming).await?,
        })
    }

    async fn judged(
        &self,
        judged: Judged,
        baseline: Option<String>,
        document: FetchedDocument,
        seen_upcoming: &HashMap<String, DateTime<Utc>>,
    ) -> Result<CheckCommit, StoreError> {
        let Self { writer, claim } = self;
        let (key, digest) = (&claim.key, document.digest.clone());
        let Judged { mut findings, previous, described, .. } = judged;
        deprecations_told_by_their_day(&mut findings, &described.stated, writer.now.date_naive());
        self.measure(&document.entries, seen_upcoming, &mut findings);
        let findings = writer.with_overrides(findings);
        let previous = previous.map(|previous| writer.with_overrides(previous));
        let told = previous.as_deref().map(|previous| rebased(&claim.told, writer.api, previous));
        let previous = previous.as_deref().unwrap_or(&claim.findings);
        let needs_notice = findings.iter().any(OpenFinding::needs_notice);
        let evidence = baseline.as_deref().zip(Some(digest.as_str()));
        let step = writer.tell(claim, told.as_deref(), previous, &findings, evidence).await?;
        // Of whom nothing is left keeps what it was told, until it has a letter that says so.
        let kept = told.into_iter().flatten().filter(|told| !told.findings.is_empty());
        let rebased = claim.notice.as_ref().map(|notice| (notice.id.clone(), kept.collect()));
        let mut events = vec![NewEvent::new(
            EventKind::State(ApiState::Changed),
            format!("{key}: {} (sha256 {})", describe(&findings), short(&digest)),
        )];
        events.extend(
            findings
                .iter()
                .filter(|finding| !previous.iter().any(|known| known.content == finding.content))
                .map(|finding| NewEvent::new(EventKind::Finding, format!("{key}: {}: {}", finding.severity, finding.message))),
        );
        events.extend(said(key, &step));
        // Nothing that anybody must hear of: compare with this from now on.
        let state = if needs_notice { ApiState::Changed } else { ApiState::Verified };
        let baseline = match key.surface {
            Surface::Live => (!findings.iter().any(OpenFinding::blocks_baseline)).then(|| digest.clone()),
            Surface::Upcoming | Surface::Ledger => baseline,
        };
        let detail = with(describe(&findings), [self.coming_and_going(&step)]);
        let (next_at, detail) = self.planned(&document, detail);
        Ok(CheckCommit {
            rule_set: RULE_SET,
            success: Some(SuccessfulCheck { rebased, ..self.success(document, described, baseline, findings, step) }),
            events,
            ..self.checked(state, detail, next_at)
        })
    }

    /// When a document that could be compared is due again, and what is to be said beside the verdict.
    fn planned(&self, document: &FetchedDocument, detail: String) -> (DateTime<Utc>, String) {
        let (next_at, why_late) = self.next_at(document.body.fresh_for);
        let moved = document.body.moved_to.as_deref().map(fetch::moved);
        (next_at, with(detail, [unread(&document.absent), why_late, moved]))
    }

    fn success(
        &self,
        document: FetchedDocument,
        described: DescribedDates,
        baseline: Option<String>,
        findings: Vec<OpenFinding>,
        notice: NoticeStep,
    ) -> SuccessfulCheck {
        let FetchedDocument { digest, body, entries, probed, .. } = document;
        let is_new = self.claim.latest.as_deref() != Some(digest.as_str());
        let operations = described.operations.clone();
        let dates = DateEvidence { full: body.full, signals: body.signals, described: Some(described), probed };
        SuccessfulCheck {
            validators: body.validators,
            full: body.full,
            snapshot: is_new.then_some(NewSnapshot { digest, bytes: body.bytes, from: body.from }),
            operations: Some(operations),
            baseline,
            findings: Some(findings),
            ledger: dates.steps(self.claim.key.surface, &entries),
            rebased: None,
            notice,
        }
    }

    /// Holds what is live against the notice that was promised, on the day it is seen for the first time.
    fn measure(&self, entries: &[LedgerEntry], seen_upcoming: &HashMap<String, DateTime<Utc>>, findings: &mut [OpenFinding]) {
        let breaks = findings.iter().any(|finding| finding.judged == Severity::Breaking);
        if self.claim.key.surface != Surface::Live || !breaks {
            return;
        }
        let agreement = &self.writer.integration.agreement;
        let before = Before::new(agreement, entries, seen_upcoming, self.writer.now.date_naive());
        for finding in findings {
            let known = self.claim.findings.iter().find(|known| known.identity == finding.identity);
            finding.given = known.and_then(|known| known.given.clone()).or_else(|| before.given(finding));
        }
    }

    /// What is not whole, or hardly can be meant, is held until a second fetch has spoken; one that does not agree, or cannot,
    /// leaves nothing to be judged.
    fn doubtful(&self, doubt: Doubt) -> CheckCommit {
        let Doubt { why, shape } = doubt;
        // What can never be confirmed is remembered as what no document looks like.
        let held = Some(shape.unwrap_or_default());
        if self.claim.held.is_some() {
            let why = format!("{why}; it is compared with nothing, and the last description that was whole stays what counts");
            return CheckCommit { held, ..self.failed(ApiState::Undecidable, why) };
        }
        let detail = format!("{why}; held until a second fetch agrees");
        let events = vec![NewEvent::new(EventKind::State(ApiState::Held), format!("{}: {detail}", self.claim.key))];
        let next_at = self.writer.now + soon(self.writer.api);
        CheckCommit { held, events, ..self.checked(ApiState::Held, detail, next_at) }
    }

    /// When a description that could be read is due again, and why later than planned, if so. What a provider says of how long
    /// it stays fresh is respected for one interval of the schedule, and `longest_fresh` at most.
    fn next_at(&self, fresh_for: Option<Duration>) -> (DateTime<Utc>, Option<String>) {
        let (now, schedule) = (self.writer.now, &self.writer.api.schedule);
        let tomorrow = |from: DateTime<Utc>| from + TimeDelta::days(1);
        let planned = schedule.next_after(now).unwrap_or_else(|| tomorrow(now));
        let spread = match schedule {
            // A twentieth of the interval, so that a thousand APIs started together drift apart.
            Schedule::Every(interval) => interval.mul_f64(self.writer.shared.jitter() / 20.0).min(Duration::from_secs(60)),
            Schedule::Cron { .. } => Duration::from_secs_f64(self.writer.shared.jitter() * 5.0),
        };
        let planned = planned + spread;
        let Some(fresh_until) = fresh_for.map(|fresh| now + fresh).filter(|until| *until > planned) else {
            return (planned, None);
        };
        let interval = schedule.next_after(planned).unwrap_or_else(|| tomorrow(planned)) - planned;
        let longest = TimeDelta::from_std(self.writer.active.config.fetch.longest_fresh).unwrap_or(TimeDelta::MAX);
        let next = fresh_until.min(planned + interval.min(longest));
        let late = humantime::format_duration(Duration::from_secs(u64::try_from((next - planned).num_seconds()).unwrap_or(0)));
        let fresh = humantime::format_duration(fresh_for.unwrap_or_default());
        (next, Some(format!("checked {late} later than planned, since the provider says it stays fresh for {fresh}")))
    }

    /// How often what an open notice tells of has come and gone, in words.
    fn coming_and_going(&self, step: &NoticeStep) -> Option<String> {
        let recurrence = match step {
            NoticeStep::CameOrWent { recurrence, .. } => Some(*recurrence),
            NoticeStep::Tell { recurrence, .. } => *recurrence,
            NoticeStep::Close { .. } => None,
            NoticeStep::Nothing => self.claim.recurrence,
        }?;
        let times = if recurrence.times == 1 { "once".to_owned() } else { format!("{} times", recurrence.times) };
        Some(format!("it comes and goes: back {times}, last moved on {}", recurrence.at.format("%Y-%m-%d %H:%M UTC")))
    }

    /// What fails is tried as often as its schedule says, once the short pauses have not helped; also a slow schedule every six
    /// hours.
    fn longest_pause(&self) -> Duration {
        const LONGEST: Duration = Duration::from_secs(6 * 3600);
        let schedule = &self.writer.api.schedule;
        let next = schedule.next_after(self.writer.now);
        let interval = next.and_then(|next| Some(schedule.next_after(next)? - next)).and_then(|interval| interval.to_std().ok());
        interval.unwrap_or(LONGEST).clamp(FIRST_PAUSE, LONGEST)
    }
}

/// What was said, for the history.
pub(super) fn said(key: &WatchKey, step: &NoticeStep) -> Option<NewEvent> {
    match step {
        NoticeStep::Nothing => None,
        NoticeStep::CameOrWent { id, recurrence } => Some(NewEvent::new(
            EventKind::Flapping,
            format!("{key}: what notice {id} tells of came or went again, {} times by now", recurrence.times),
        )),
        NoticeStep::Tell { notice, deliveries, .. } => {
            Some(NewEvent::new(EventKind::Notice, format!("{key}: {} letters for notice {}", deliveries.len(), notice.id)))
        }
        NoticeStep::Close { id, why, .. } => {
            Some(NewEvent::new(EventKind::Resolved, format!("{key}: notice {id} is resolved: {why}")))
        }
    }
}

/// The first pause before something is tried again.
pub fn soon(api: &Api) -> Duration {
    match &api.schedule {
        Schedule::Every(interval) => FIRST_PAUSE.min(*interval),
        Schedule::Cron { .. } => FIRST_PAUSE,
    }
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
