//! One driver for the loops that do something, rest, and do it again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::lifecycle::Heartbeats;
use crate::state::{AppState, LoopName, TroublePart};
use crate::store::StoreError;

/// Why a run of a loop came to nothing, in words.
pub(super) struct LoopError(pub(super) String);

impl From<StoreError> for LoopError {
    fn from(problem: StoreError) -> Self {
        Self(problem.to_string())
    }
}

/// What a loop does, and what is said where it fails.
pub(super) trait Periodic: Send {
    /// What it is called.
    fn name(&self) -> LoopName;

    /// What rouses it before its rest is over; none where only time does.
    fn wake<'a>(&self, shared: &'a AppState) -> Option<&'a Notify>;

    /// Which part status says is in trouble then.
    fn part(&self) -> TroublePart;

    /// What cannot be done where it fails, for the log.
    fn complaint(&self) -> &'static str;

    /// How long it rests after it has failed.
    fn pause(&self) -> Duration;

    /// Does once what it is for, and says how long to rest.
    fn run_once(
        &mut self,
        shared: &Arc<AppState>,
        heart: &Heartbeats,
    ) -> impl Future<Output = Result<Duration, LoopError>> + Send;
}

/// Runs a loop until the daemon stops. What it fails of is kept for status, said once, and tried again.
pub(super) async fn drive(mut periodic: impl Periodic, shared: Arc<AppState>, heart: Heartbeats, stopping: CancellationToken) {
    loop {
        heart.beat(periodic.name().as_str());
        // Asked for before the work, so that nothing that comes meanwhile waits for the next rest to end.
        let notified = periodic.wake(&shared).map(Notify::notified);
        let roused = async {
            match notified {
                Some(notified) => notified.await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(roused);
        let done = periodic.run_once(&shared, &heart).await;
        let problem = done.as_ref().err().map(|problem| problem.0.clone());
        if let Some(problem) = &problem
            && shared.trouble.set(periodic.part(), shared.clock.now(), problem.clone())
        {
            error!(%problem, "{}", periodic.complaint());
        }
        shared.runs.ran(periodic.name(), shared.clock.now(), problem);
        let nap = done.unwrap_or(periodic.pause());
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            () = &mut roused => {}
            () = tokio::time::sleep(nap) => {}
        }
    }
}
