//! `driftd check-now`, `driftd letters` and `driftd resend`: what an operator asks of a running daemon.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::render::escaped_json;

use super::place::{Failure, Where, ended, get, parsed, post};

#[derive(Debug, Args)]
pub(super) struct CheckNowArgs {
    #[command(flatten)]
    at: Where,
    /// The API, as INTEGRATION/API.
    #[arg(required_unless_present = "all")]
    api: Option<String>,
    /// Everything that is watched.
    #[arg(long, conflicts_with = "api")]
    all: bool,
}

#[derive(Debug, Args)]
pub(super) struct LettersArgs {
    #[command(flatten)]
    at: Where,
    /// Only those that could not be delivered.
    #[arg(long)]
    failed: bool,
    /// Print the JSON object instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ResendArgs {
    #[command(flatten)]
    at: Where,
    /// A letter's number, or a notice such as N-0123456789: then its letters that could not be delivered.
    #[arg(value_name = "ID|NOTICE", required_unless_present = "all")]
    which: Option<String>,
    /// The letters of every open notice that could not be delivered.
    #[arg(long, conflicts_with = "which")]
    all: bool,
}

#[derive(Deserialize)]
struct Letters {
    letters: Vec<Letter>,
}

#[derive(Deserialize)]
struct Letter {
    id: i64,
    notice: String,
    open: bool,
    kind: String,
    side: String,
    to: String,
    channel: Option<String>,
    state: String,
    tries: u32,
    written_at: chrono::DateTime<chrono::Utc>,
    last_reply: Option<String>,
}

pub(super) async fn check_now(args: &CheckNowArgs) -> u8 {
    ended(asked_for(args).await)
}

async fn asked_for(args: &CheckNowArgs) -> Result<(), Failure> {
    let body = match &args.api {
        Some(api) => json!({ "api": api }),
        None => json!({ "all": true }),
    };
    let answer = handed(&args.at, "/api/v1/check", &body).await?;
    for check in answer["checks"].as_array().into_iter().flatten() {
        let (api, surface) = (check["api"].as_str().unwrap_or_default(), check["surface"].as_str().unwrap_or_default());
        let words = if check["under_way"] == true { "a check is under way already" } else { "is checked now" };
        sayln!("{api} ({surface}): {words}");
    }
    sayln!("What was found stands in `driftd status` within a minute; letters leave as soon as it is recorded.");
    Ok(())
}

pub(super) async fn letters(args: &LettersArgs) -> u8 {
    ended(listed(args).await)
}

async fn listed(args: &LettersArgs) -> Result<(), Failure> {
    let text = get(&args.at, if args.failed { "/api/v1/letters?failed=true" } else { "/api/v1/letters" }).await?;
    if args.json {
        sayln!("{}", escaped_json(&text));
        return Ok(());
    }
    let found: Letters = parsed(&text).map_err(|problem| (65, problem))?;
    if found.letters.is_empty() {
        sayln!("{}", if args.failed { "No letter failed." } else { "No letter has been written yet." });
    }
    for letter in &found.letters {
        show(letter);
    }
    if args.failed && !found.letters.is_empty() {
        sayln!("Mend what stands behind each, then `driftd resend ID`, a notice, or --all.");
    }
    Ok(())
}

fn show(letter: &Letter) {
    let open = if letter.open { "" } else { ", closed" };
    let way = letter.channel.as_ref().map(|channel| format!(" through {channel}")).unwrap_or_default();
    let written = letter.written_at.format("%Y-%m-%d %H:%M:%S UTC");
    sayln!(
        "{:<12}  letter {} of {}{open}: {} to {}, {}{way}",
        letter.state,
        letter.id,
        letter.notice,
        letter.kind,
        letter.side,
        letter.to
    );
    sayln!(
        "              written {written}, {} tries, {}",
        letter.tries,
        letter.last_reply.as_deref().map_or_else(|| "no reply yet".to_owned(), |reply| format!("last reply: {reply}"))
    );
}

pub(super) async fn resend(args: &ResendArgs) -> u8 {
    ended(sent_again(args).await)
}

async fn sent_again(args: &ResendArgs) -> Result<(), Failure> {
    let body = match args.which.as_deref() {
        None => json!({ "all": true }),
        Some(which) => match which.parse::<i64>() {
            Ok(id) => json!({ "id": id }),
            Err(_) => json!({ "notice": which }),
        },
    };
    let answer = handed(&args.at, "/api/v1/letters/resend", &body).await?;
    let found: Letters =
        serde_json::from_value(answer).map_err(|error| (65, format!("the daemon's answer is not understood: {error}")))?;
    if found.letters.is_empty() {
        sayln!("No letter of an open notice failed: nothing is sent again.");
    }
    for letter in found.letters {
        sayln!(
            "letter {} of {} to {} (was {}) is sent again now, the same bytes",
            letter.id,
            letter.notice,
            letter.to,
            letter.state
        );
    }
    Ok(())
}

async fn handed(at: &Where, path: &str, body: &Value) -> Result<Value, Failure> {
    post(at, path, "application/json", body.to_string().into_bytes()).await
}
