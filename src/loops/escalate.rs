//! The loop that looks who is still to be told or asked: no answer in time, a letter that somebody missed, an outage.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::correspondence::{escalate_due, missed_letters_due, outages_due};
use crate::lifecycle::Heartbeats;
use crate::state::{AppState, LoopName, TroublePart};

use super::driver::{LoopError, Periodic, drive};

/// Steps are days apart; a few seconds do not matter.
const NAP: Duration = Duration::from_secs(20);

/// Asks and tells until the daemon stops.
pub async fn run(shared: Arc<AppState>, heart: Heartbeats, stopping: CancellationToken) {
    drive(Escalate, shared, heart, stopping).await;
}

struct Escalate;

impl Periodic for Escalate {
    fn name(&self) -> LoopName {
        LoopName::Escalate
    }

    fn wake<'a>(&self, shared: &'a AppState) -> Option<&'a Notify> {
        Some(&shared.wake_escalate)
    }

    fn part(&self) -> TroublePart {
        TroublePart::Ladder
    }

    fn complaint(&self) -> &'static str {
        "who has not answered cannot be looked up"
    }

    fn pause(&self) -> Duration {
        NAP
    }

    async fn run_once(&mut self, shared: &Arc<AppState>, _: &Heartbeats) -> Result<Duration, LoopError> {
        let written = escalate_due(shared).await? + missed_letters_due(shared).await? + outages_due(shared).await?;
        if written > 0 {
            shared.wake_lanes();
        }
        Ok(NAP)
    }
}
