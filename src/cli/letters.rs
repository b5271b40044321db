//! `driftd letters` and `driftd resend`.

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::render::escaped_json;

use super::daemon_address::DaemonArgs;
use super::daemon_client::{get, parsed, post_json};
use super::exit::{self, CommandError, exit_code};

#[derive(Debug, Args)]
pub(super) struct LettersArgs {
    #[command(flatten)]
    at: DaemonArgs,
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
    at: DaemonArgs,
    /// A letter's number, or a notice such as N-0123456789: then its letters that could not be delivered.
    #[arg(value_name = "ID|NOTICE", required_unless_present = "all")]
    which: Option<String>,
    /// The letters of every open notice that could not be delivered.
    #[arg(long, conflicts_with = "which")]
    all: bool,
}

#[derive(Deserialize)]
struct LettersAnswer {
    letters: Vec<LetterSummary>,
}

#[derive(Deserialize)]
struct LetterSummary {
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

pub(super) async fn letters(args: &LettersArgs) -> u8 {
    exit_code(list(args).await)
}

async fn list(args: &LettersArgs) -> Result<(), CommandError> {
    let text = get(&args.at, if args.failed { "/api/v1/letters?failed=true" } else { "/api/v1/letters" }).await?;
    if args.json {
        sayln!("{}", escaped_json(&text));
        return Ok(());
    }
    let found: LettersAnswer = parsed(&text)?;
    if found.letters.is_empty() {
        sayln!("{}", if args.failed { "No letter failed." } else { "No letter has been written yet." });
    }
    for letter in &found.letters {
        show(letter);
    }
    if args.failed && !found.letters.is_empty() {
        sayln!(
            "What to do: correct what each reply complains of, then run `driftd resend` with a letter's number, a notice, or --all."
        );
    }
    Ok(())
}

fn show(letter: &LetterSummary) {
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
    exit_code(send_again(args).await)
}

async fn send_again(args: &ResendArgs) -> Result<(), CommandError> {
    let body = match args.which.as_deref() {
        None => json!({ "all": true }),
        Some(which) => match which.parse::<i64>() {
            Ok(id) => json!({ "id": id }),
            Err(_) => json!({ "notice": which }),
        },
    };
    let answer = post_json(&args.at, "/api/v1/letters/resend", &body).await?;
    let found: LettersAnswer = serde_json::from_value(answer)
        .map_err(|error| CommandError::new(exit::BAD_DATA, format!("the daemon's answer is not understood: {error}")))?;
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
