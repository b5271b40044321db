//! The checking loop.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::lifecycle::Heart;
use crate::store::StoreError;

use super::check::{check, died};
use super::shared::Shared;

/// Checks under way at one time; hosts have limits of their own.
const AT_ONCE: u32 = 16;

/// A check that has not ended by then may be taken up again.
const LEASE: Duration = Duration::from_secs(600);

/// The loop looks at least this often, whatever it believes to be due: clocks move.
const LONGEST_NAP: Duration = Duration::from_secs(15);

/// Checks what is due until the daemon stops.
pub async fn run(shared: Arc<Shared>, heart: Heart, stopping: CancellationToken) {
    // What the last process, or a database that failed, left under way.
    let mut left_under_way = true;
    loop {
        heart.beat("watch");
        let roused = shared.wake_watch.notified();
        if left_under_way {
            left_under_way = shared.store.release_leases(shared.clock.now()).await.is_err();
        }
        let nap = match check_due(&shared, &heart, &stopping).await {
            Ok(done) => {
                if shared.trouble.clear("database") {
                    info!("the database works again");
                }
                if done > 0 { Duration::ZERO } else { nap(&shared).await }
            }
            Err(problem) => {
                left_under_way = true;
                if shared.trouble.set("database", shared.clock.now(), problem.to_string()) {
                    error!(%problem, "checks cannot be recorded; what is not committed is done again");
                }
                Duration::from_secs(5)
            }
        };
        tokio::select! {
            () = stopping.cancelled() => return,
            () = roused => {}
            () = tokio::time::sleep(nap) => {}
        }
    }
}

async fn nap(shared: &Shared) -> Duration {
    let next = shared.store.next_due().await.ok().flatten();
    let until = next.and_then(|next| (next - shared.clock.now()).to_std().ok()).unwrap_or(Duration::ZERO);
    until.clamp(Duration::from_millis(50), LONGEST_NAP)
}

/// Checks what is due now, once. Returns how many were checked.
///
/// # Errors
/// When the database does not answer; then nothing was checked, or nothing of it was recorded.
pub async fn check_due(shared: &Arc<Shared>, heart: &Heart, stopping: &CancellationToken) -> Result<usize, StoreError> {
    let claims = shared.store.claim_due(shared.clock.now(), LEASE, AT_ONCE).await?;
    let count = claims.len();
    let mut checks = JoinSet::new();
    let mut under_way = HashMap::new();
    for claim in claims {
        let shared = Arc::clone(shared);
        let kept = claim.clone();
        let handle = checks.spawn(async move { check(&shared, claim).await });
        under_way.insert(handle.id(), kept);
    }
    let mut result = Ok(count);
    let mut beat = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            done = checks.join_next() => match done {
                None => return result,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(problem))) => result = Err(problem),
                Some(Err(problem)) if problem.is_panic() => {
                    // One broken check must not stop the others.
                    error!(%problem, "a check died of a mistake in driftd; it is tried again");
                    if let Some(claim) = under_way.get(&problem.id())
                        && let Err(problem) = died(shared, claim, &problem.to_string()).await
                    {
                        result = Err(problem);
                    }
                }
                Some(Err(_)) => {}
            },
            _ = beat.tick() => heart.beat("watch"),
            // What is under way is not committed, and is done again after the restart.
            () = stopping.cancelled() => return result,
        }
    }
}
