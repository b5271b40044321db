//! `driftd history`.

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;

use super::daemon_address::DaemonArgs;
use super::daemon_client::{get, parsed};
use super::exit::exit_code;
use super::output::local;

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    at: DaemonArgs,
    /// How many days back.
    #[arg(long, default_value_t = 30)]
    days: u32,
}

/// What the daemon saw and did, oldest first.
#[derive(Deserialize)]
pub(super) struct History {
    pub(super) events: Vec<HistoryEvent>,
}

/// One of them.
#[derive(Deserialize)]
pub(super) struct HistoryEvent {
    pub(super) at: DateTime<Utc>,
    pub(super) kind: String,
    pub(super) text: String,
}

pub(super) async fn run(args: &HistoryArgs) -> u8 {
    let read = async {
        let text = get(&args.at, &format!("/history?days={}&limit=10000", args.days)).await?;
        parsed::<History>(&text)
    };
    exit_code(read.await.map(|history| {
        for event in history.events {
            sayln!("{}  {:<13}  {}", local(event.at), event.kind, event.text);
        }
    }))
}
