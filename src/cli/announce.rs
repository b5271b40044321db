//! What is handed to a running daemon: announcements and mail that came back; and the ledger, which it shows.

use chrono::NaiveDate;
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::mail::LARGEST_BOUNCE;
use crate::model::LedgerEntry;
use crate::render::escaped_json;

use super::place::{Failure, Where, ended, get, parsed, post};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
pub(super) struct AnnounceArgs {
    #[command(flatten)]
    at: Where,
    /// The API, as INTEGRATION/API.
    api: String,
    /// What ends or changes: "GET /v1/doors", "*" for the whole API, or a name for it.
    subject: String,
    /// The day: 2027-01-31.
    #[arg(long, required_unless_present_any = ["pause", "withdraw"])]
    date: Option<NaiveDate>,
    /// It does not end, it becomes different.
    #[arg(long)]
    change: bool,
    /// Operations it concerns; without any, all of them.
    #[arg(long = "operation", value_name = "OPERATION")]
    operations: Vec<String>,
    /// The class of change by the agreement: breaking, removal, security, beta or a word of your own.
    #[arg(long, default_value = "")]
    class: String,
    /// The customers it is for, where others have another date.
    #[arg(long)]
    cohort: Option<String>,
    /// What will be different, in a sentence.
    #[arg(long, default_value = "")]
    title: String,
    /// Who says so.
    #[arg(long)]
    by: String,
    /// Where more is written about it.
    #[arg(long)]
    link: Option<String>,
    /// Put off, without a new day.
    #[arg(long, conflicts_with = "date")]
    pause: bool,
    /// Taken back.
    #[arg(long, conflicts_with_all = ["date", "pause"])]
    withdraw: bool,
    /// The day has passed, and that is meant.
    #[arg(long)]
    past: bool,
}

#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    #[command(flatten)]
    at: Where,
    /// The API, as INTEGRATION/API.
    api: String,
    /// Print the JSON object instead of text.
    #[arg(long)]
    json: bool,
}

fn path(api: &str) -> Result<String, Failure> {
    let problem = || (2, format!("{api:?} is not an API: write INTEGRATION/API as `driftd status` shows it"));
    let (integration, api) = api.split_once('/').ok_or_else(problem)?;
    let mut url = url::Url::parse("http://x/api/v1/integrations").map_err(|_| problem())?;
    url.path_segments_mut().map_err(|()| problem())?.extend([integration, "apis", api]);
    Ok(url.path().to_owned())
}

pub(super) async fn announce(args: &AnnounceArgs) -> u8 {
    ended(sent(args).await)
}

async fn sent(args: &AnnounceArgs) -> Result<(), Failure> {
    let path = path(&args.api)?;
    let body = json!({
        "subject": args.subject,
        "mark": if args.change { "change" } else { "sunset" },
        "date": args.date,
        "operations": args.operations,
        "class": args.class,
        "cohort": args.cohort,
        "title": args.title,
        "by": args.by,
        "link": args.link,
        "paused": args.pause,
        "withdrawn": args.withdraw,
        "past": args.past,
    });
    let answer = post(&args.at, &format!("{path}/announcements"), "application/json", body.to_string().into_bytes()).await?;
    let outcome = answer["outcome"].as_str().unwrap_or("recorded");
    sayln!("{} {outcome}: {}", args.subject, answer["statement"]["verbatim"].as_str().unwrap_or_default());
    Ok(())
}

#[derive(Debug, Args)]
pub(super) struct BounceArgs {
    #[command(flatten)]
    at: Where,
}

/// A mail filter runs this: 75 makes it keep the mail and try again.
pub(super) async fn bounce(args: &BounceArgs) -> u8 {
    ended(handed_in(&args.at).await)
}

async fn handed_in(at: &Where) -> Result<(), Failure> {
    use std::io::Read as _;
    let mut mail = Vec::new();
    let limit = u64::try_from(LARGEST_BOUNCE).unwrap_or(u64::MAX);
    std::io::stdin().take(limit).read_to_end(&mut mail).map_err(|error| (74, format!("no mail on standard input: {error}")))?;
    // Whatever is wrong, the mail must not be lost.
    let answer = post(at, "/api/v1/bounces", "message/rfc822", mail).await.map_err(|(_, problem)| (75, problem))?;
    sayln!("{}", answer["outcome"].as_str().unwrap_or_default());
    Ok(())
}

#[derive(Deserialize)]
struct Ledger {
    ledger: Vec<LedgerEntry>,
}

pub(super) async fn ledger(args: &LedgerArgs) -> u8 {
    ended(shown(args).await)
}

async fn shown(args: &LedgerArgs) -> Result<(), Failure> {
    let path = path(&args.api)?;
    let text = get(&args.at, &format!("{path}/ledger")).await?;
    if args.json {
        sayln!("{}", escaped_json(&text));
        return Ok(());
    }
    let ledger: Ledger = parsed(&text).map_err(|problem| (65, problem))?;
    if ledger.ledger.is_empty() {
        sayln!("Nothing was ever said about the end of {}.", args.api);
    }
    for entry in ledger.ledger {
        let statement = &entry.statement;
        let date = match statement.date {
            _ if statement.paused => "put off".to_owned(),
            Some(date) => date.to_string(),
            None => "no date".to_owned(),
        };
        let state = match (entry.ended_at, entry.replaced) {
            (None, _) => "current",
            (Some(_), true) => "replaced",
            (Some(_), false) => "withdrawn",
        };
        let (mark, subject) = (statement.mark.name(), &statement.subject);
        let (origin, read) = (statement.origin.name(), entry.read_at.date_naive());
        sayln!(
            "{date:<10}  {mark:<11}  {subject}\n            {state}, read on {read} from {origin}, {}: {}",
            statement.place,
            statement.verbatim
        );
        if let Some(odd) = &statement.odd {
            sayln!("            {odd}");
        }
    }
    Ok(())
}
