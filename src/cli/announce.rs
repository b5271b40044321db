//! What is handed to a running daemon: announcements and mail that came back; and the ledger, which it shows.

use chrono::NaiveDate;
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::config::{Environment, load};
use crate::model::{Clock as _, Entry, SystemClock};
use crate::tasks::LARGEST_MAIL;

use super::endpoint::{Where, address, client, get};

#[derive(Debug, Args)]
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

fn path(api: &str) -> Result<String, (u8, String)> {
    let problem = || (2, format!("{api:?} is not an API: write INTEGRATION/API as `driftd status` shows it"));
    let (integration, api) = api.split_once('/').ok_or_else(problem)?;
    let mut url = url::Url::parse("http://x/api/v1/integrations").map_err(|_| problem())?;
    url.path_segments_mut().map_err(|()| problem())?.extend([integration, "apis", api]);
    Ok(url.path().to_owned())
}

pub(super) async fn announce(args: &AnnounceArgs) -> u8 {
    ended(sent(args).await)
}

fn ended(done: Result<(), (u8, String)>) -> u8 {
    match done {
        Ok(()) => 0,
        Err((code, problem)) => {
            eprintln!("driftd: {problem}");
            code
        }
    }
}

async fn sent(args: &AnnounceArgs) -> Result<(), (u8, String)> {
    let path = path(&args.api)?;
    let address = address(&args.at).map_err(|problem| (69, problem))?;
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
    });
    let request = client().map_err(|problem| (74, problem))?.post(format!("{address}{path}/announcements"));
    let request = request.bearer_auth(token(&args.at)?).header("Content-Type", "application/json").body(body.to_string());
    let response = request.send().await.map_err(|_| (69, format!("no daemon answers at {address}: is it running?")))?;
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if status.is_success() {
        let outcome = answer["outcome"].as_str().unwrap_or("recorded");
        sayln!("{} {outcome}: {}", args.subject, answer["statement"]["verbatim"].as_str().unwrap_or_default());
        return Ok(());
    }
    let problem = answer["problem"].as_str().map_or_else(|| format!("the daemon answered {status}"), str::to_owned);
    Err((if status == reqwest::StatusCode::UNAUTHORIZED { 77 } else { 65 }, problem))
}

/// The token of the daemon on this machine, or the one in the environment.
fn token(at: &Where) -> Result<String, (u8, String)> {
    if let Ok(token) = std::env::var("DRIFTD_TOKEN") {
        return Ok(token);
    }
    let environment = Environment { believe_credentials: true, ..Environment::of_process() };
    let config = load(&at.config, &environment, SystemClock.now()).map_err(|_| {
        let file = at.config.display();
        (78, format!("{file} cannot be used to find the daemon's token; name it with --config, or set DRIFTD_TOKEN"))
    })?;
    let file = config.state_dir.join("token");
    let read = std::fs::read_to_string(&file);
    let read =
        read.map_err(|error| (77, format!("{}: {error}; run as the daemon's user, or set DRIFTD_TOKEN", file.display())))?;
    Ok(read.trim().to_owned())
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

async fn handed_in(at: &Where) -> Result<(), (u8, String)> {
    use std::io::Read as _;
    let mut mail = Vec::new();
    let limit = u64::try_from(LARGEST_MAIL).unwrap_or(u64::MAX);
    std::io::stdin().take(limit).read_to_end(&mut mail).map_err(|error| (74, format!("no mail on standard input: {error}")))?;
    let address = address(at).map_err(|problem| (75, problem))?;
    let request = client().map_err(|problem| (75, problem))?.post(format!("{address}/api/v1/bounces"));
    let sent = request.bearer_auth(token(at)?).header("Content-Type", "message/rfc822").body(mail).send().await;
    let response = sent.map_err(|_| (75, format!("no daemon answers at {address}: is it running?")))?;
    let status = response.status();
    let answer: serde_json::Value = serde_json::from_str(&response.text().await.unwrap_or_default()).unwrap_or_default();
    if !status.is_success() {
        return Err((75, answer["problem"].as_str().map_or_else(|| format!("the daemon answered {status}"), str::to_owned)));
    }
    sayln!("{}", answer["outcome"].as_str().unwrap_or_default());
    Ok(())
}

#[derive(Deserialize)]
struct Ledger {
    ledger: Vec<Entry>,
}

pub(super) async fn ledger(args: &LedgerArgs) -> u8 {
    ended(shown(args).await)
}

async fn shown(args: &LedgerArgs) -> Result<(), (u8, String)> {
    let path = path(&args.api)?;
    let address = address(&args.at).map_err(|problem| (69, problem))?;
    let text = get(&format!("{address}{path}/ledger")).await.map_err(|problem| (69, problem))?;
    if args.json {
        sayln!("{text}");
        return Ok(());
    }
    let ledger: Ledger =
        serde_json::from_str(&text).map_err(|error| (65, format!("the daemon's answer is not understood: {error}")))?;
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
