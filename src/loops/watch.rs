//! The checking loop: takes what is due while other checks run, so that one that hangs holds up no other.
//!
//! It also wakes when a check ends, so it is a loop of its own and not a body of the common driver.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::check::{check, died, soon};
use crate::lifecycle::Heartbeats;
use crate::model::{Source, WatchKey};
use crate::state::{AppState, LoopName, TroublePart};
use crate::store::{Claim, StoreError};

/// Checks under way at one time.
const AT_ONCE: usize = 16;

/// Descriptions taken at one time, under way or waiting for a place at their host.
const TAKEN: usize = 256;

/// A check that has not ended by then may be taken up again. Fetching and comparing have deadlines that end before.
const LEASE: Duration = Duration::from_secs(1200);

/// The loop looks at least this often, whatever it believes to be due: clocks move.
const LONGEST_NAP: Duration = Duration::from_secs(15);

/// The watchdog wants to hear of the loop.
const BEAT: Duration = Duration::from_secs(5);

/// So long nothing is taken after the database has failed.
const PAUSE: Duration = Duration::from_secs(5);

/// Checks what is due until the daemon stops.
pub async fn run(shared: Arc<AppState>, heart: Heartbeats, stopping: CancellationToken) {
    // What the last process left under way.
    let mut is_first = true;
    let mut watch = TakenChecks::default();
    let mut nap = Duration::ZERO;
    let mut paused_until = Instant::now();
    loop {
        heart.beat(LoopName::Watch.as_str());
        let roused = shared.wake_watch.notified();
        if Instant::now() >= paused_until {
            let taken = async {
                if is_first {
                    shared.store.release_leases(shared.clock.now()).await?;
                }
                watch.take(&shared).await
            };
            let taken = taken.await;
            let problem = taken.as_ref().err().map(ToString::to_string);
            shared.runs.ran(LoopName::Watch, shared.clock.now(), problem);
            match taken {
                Ok(_) => {
                    is_first = false;
                    // Where all places are taken, the end of a check is what is waited for.
                    nap = if watch.room() > 0 { self::nap(&shared).await } else { BEAT };
                    if watch.unrecorded.is_empty() && watch.is_recorded && shared.trouble.clear(&TroublePart::Database) {
                        info!("the database works again");
                    }
                }
                Err(problem) => {
                    complain(&shared, &problem);
                    (nap, paused_until) = (PAUSE, Instant::now() + PAUSE);
                }
            }
        }
        tokio::select! {
            () = stopping.cancelled() => {
                // What is under way is not committed, and is done again after the restart.
                if let Err(problem) = shared.store.forgive_cut_off().await {
                    error!(%problem, "what was under way could not be noted");
                }
                return;
            }
            () = roused => {}
            Some(done) = watch.checks.join_next_with_id() => {
                if let Err(problem) = watch.ended(&shared, done).await {
                    complain(&shared, &problem);
                    (nap, paused_until) = (PAUSE, Instant::now() + PAUSE);
                }
            }
            () = tokio::time::sleep(nap.min(BEAT)) => {}
        }
    }
}

fn complain(shared: &AppState, problem: &StoreError) {
    if shared.trouble.set(TroublePart::Database, shared.clock.now(), problem.to_string()) {
        error!(%problem, "checks cannot be recorded; what is not committed is done again");
    }
}

async fn nap(shared: &AppState) -> Duration {
    let next = shared.store.next_due().await.ok().flatten();
    let until = next.and_then(|next| (next - shared.clock.now()).to_std().ok()).unwrap_or(Duration::ZERO);
    until.clamp(Duration::from_millis(50), LONGEST_NAP)
}

/// Checks what is due now, once, and waits for all of it. Returns how many were checked.
///
/// # Errors
/// When the database does not answer; then nothing was checked, or nothing of it was recorded.
pub async fn check_due(shared: &Arc<AppState>, heart: &Heartbeats, stopping: &CancellationToken) -> Result<usize, StoreError> {
    let mut watch = TakenChecks::default();
    let count = watch.take(shared).await?;
    let mut result = Ok(count);
    let mut beat = tokio::time::interval(BEAT);
    while !watch.is_idle() {
        tokio::select! {
            Some(done) = watch.checks.join_next_with_id() => {
                if let Err(problem) = watch.ended(shared, done).await {
                    result = Err(problem);
                }
            }
            _ = beat.tick() => heart.beat(LoopName::Watch.as_str()),
            () = stopping.cancelled() => return result,
        }
    }
    result
}

type EndedCheck = Result<(tokio::task::Id, Result<(), StoreError>), JoinError>;

/// What was taken from the database: under way, or waiting until its host has answered others.
struct TakenChecks {
    checks: JoinSet<Result<(), StoreError>>,
    under_way: HashMap<tokio::task::Id, (Claim, String, AbortHandle)>,
    waiting: Vec<(Claim, String)>,
    /// Checks whose end could not be recorded: they are given back when the database answers again.
    unrecorded: Vec<Claim>,
    /// Whether the last check that ended could be recorded.
    is_recorded: bool,
}

impl Default for TakenChecks {
    fn default() -> Self {
        let (under_way, waiting, unrecorded) = (HashMap::new(), Vec::new(), Vec::new());
        Self { checks: JoinSet::new(), under_way, waiting, unrecorded, is_recorded: true }
    }
}

impl TakenChecks {
    fn is_idle(&self) -> bool {
        self.under_way.is_empty() && self.waiting.is_empty()
    }

    fn room(&self) -> usize {
        TAKEN.saturating_sub(self.under_way.len() + self.waiting.len())
    }

    fn is_under_way(&self, key: &WatchKey) -> bool {
        self.under_way.values().any(|(known, ..)| known.key == *key)
    }

    /// Ends a check whose address is no longer that of the configuration: what it would find counts for nothing.
    fn stop_older(&self, claim: &Claim) {
        let is_older = |known: &Claim| known.key == claim.key && known.generation < claim.generation;
        for (_, _, handle) in self.under_way.values().filter(|(known, ..)| is_older(known)) {
            handle.abort();
        }
    }

    /// Takes what is due, and starts what there is a place for. Returns how many were taken.
    async fn take(&mut self, shared: &Arc<AppState>) -> Result<usize, StoreError> {
        while let Some(claim) = self.unrecorded.last() {
            // The partner is asked no more often than where it is the one that fails.
            let pause = shared.active().find(&claim.key).map(|(_, api)| soon(api)).unwrap_or_default();
            shared.store.release(claim.watch, shared.clock.now() + pause).await?;
            self.unrecorded.pop();
        }
        let room = self.room();
        let mut taken = 0;
        if room > 0 {
            let limit = u32::try_from(room).unwrap_or(u32::MAX);
            for claim in shared.store.claim_due(shared.clock.now(), LEASE, limit).await? {
                taken += 1;
                // What was taken before knows less.
                self.waiting.retain(|(known, _)| known.key != claim.key);
                self.stop_older(&claim);
                let host = host(shared, &claim);
                self.waiting.push((claim, host));
            }
        }
        self.start(shared);
        Ok(taken)
    }

    /// Starts what waits: so many of one host at a time as it is asked politely.
    fn start(&mut self, shared: &Arc<AppState>) {
        let per_host = shared.active().config.fetch.per_host;
        let mut busy: HashMap<String, usize> = HashMap::new();
        for (_, host, _) in self.under_way.values() {
            *busy.entry(host.clone()).or_default() += 1;
        }
        let mut at = 0;
        while self.under_way.len() < AT_ONCE
            && let Some((claim, host)) = self.waiting.get(at)
        {
            let count = busy.entry(host.clone()).or_default();
            // A check that was overtaken is taken again before its end is seen here: it waits for that, and is not dropped.
            if (!host.is_empty() && *count >= per_host) || self.is_under_way(&claim.key) {
                at += 1;
                continue;
            }
            *count += 1;
            let (claim, host) = self.waiting.remove(at);
            let (shared, kept) = (Arc::clone(shared), claim.clone());
            let handle = self.checks.spawn(async move { check(&shared, claim).await });
            self.under_way.insert(handle.id(), (kept, host, handle));
        }
    }

    /// A check has ended; one that died is recorded as what it is, and costs nobody else anything.
    async fn ended(&mut self, shared: &Arc<AppState>, done: EndedCheck) -> Result<(), StoreError> {
        let id = match &done {
            Ok((id, _)) => *id,
            Err(problem) => problem.id(),
        };
        let Some((claim, ..)) = self.under_way.remove(&id) else { return Ok(()) };
        let result = match done {
            Ok((_, result)) => result,
            // It was ended for the sake of a newer one, which has the place in the database.
            Err(problem) if problem.is_cancelled() => Ok(()),
            Err(problem) => {
                error!(%problem, api = %claim.key, "a check died of a mistake in driftd; it is tried again");
                died(shared, &claim, &format!("the check died of a mistake in driftd: {problem}")).await
            }
        };
        self.is_recorded = result.is_ok();
        if result.is_err() {
            self.unrecorded.push(claim);
        }
        self.start(shared);
        result
    }
}

/// The host and port a check asks; empty where it asks none.
fn host(shared: &AppState, claim: &Claim) -> String {
    let active = shared.active();
    let source = active.find(&claim.key).and_then(|(_, api)| active.source(api, claim.key.surface));
    match source {
        Some(Source::Web(url)) => {
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
        }
        _ => String::new(),
    }
}
