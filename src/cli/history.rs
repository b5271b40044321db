//! `driftd history`.

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use serde::Deserialize;
use url::form_urlencoded;

use crate::model::EventKind;

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
    /// From this day on, however far back that is.
    #[arg(long, value_name = "DATE", conflicts_with = "days")]
    since: Option<NaiveDate>,
    /// Only one API, or one integration.
    #[arg(long, value_name = "INTEGRATION[/API]")]
    api: Option<String>,
    /// Only what is of this kind, the word before each line: notice, answered, escalated, down, …
    #[arg(long, value_parser = kind)]
    kind: Option<EventKind>,
}

fn kind(word: &str) -> Result<EventKind, String> {
    let known = || EventKind::all().map(EventKind::name).collect::<Vec<_>>().join(", ");
    word.parse::<EventKind>().map_err(|_| format!("there are {}", known()))
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
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("days", &args.days.to_string()).append_pair("limit", "10000");
    query.extend_pairs(args.since.map(|day| ("since", day.to_string())));
    query.extend_pairs(args.api.as_ref().map(|api| ("api", api)));
    query.extend_pairs(args.kind.map(|kind| ("kind", kind.name())));
    let path = format!("/history?{}", query.finish());
    let read = async {
        let text = get(&args.at, &path).await?;
        parsed::<History>(&text)
    };
    exit_code(read.await.map(|history| {
        for event in history.events {
            sayln!("{}  {:<13}  {}", local(event.at), event.kind, event.text);
        }
    }))
}
