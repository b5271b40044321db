//! The loop that writes by the calendar: digests, and the question whether people are still there.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::correspondence::{WrittenDigests, confirmations_due, digest_due};
use crate::lifecycle::Heartbeats;
use crate::state::{AppState, LoopName, TroublePart};

use super::driver::{LoopError, Periodic, drive};

/// A digest may be some minutes late.
const NAP: Duration = Duration::from_secs(30);

/// Writes until the daemon stops.
pub async fn run(shared: Arc<AppState>, heart: Heartbeats, stopping: CancellationToken) {
    drive(DigestLoop { written: WrittenDigests::default() }, shared, heart, stopping).await;
}

struct DigestLoop {
    written: WrittenDigests,
}

impl Periodic for DigestLoop {
    fn name(&self) -> LoopName {
        LoopName::Digest
    }

    fn wake<'a>(&self, _: &'a AppState) -> Option<&'a Notify> {
        None
    }

    fn part(&self) -> TroublePart {
        TroublePart::Digest
    }

    fn complaint(&self) -> &'static str {
        "the digest cannot be written"
    }

    fn pause(&self) -> Duration {
        NAP
    }

    async fn run_once(&mut self, shared: &Arc<AppState>, _: &Heartbeats) -> Result<Duration, LoopError> {
        let written = digest_due(shared, &mut self.written).await? + confirmations_due(shared).await?;
        if written > 0 {
            shared.wake_lanes();
        }
        Ok(NAP)
    }
}
