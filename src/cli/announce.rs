//! `driftd announce`.

use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use super::daemon_address::DaemonArgs;
use super::daemon_client::{api_path, post};
use super::exit::{CommandError, exit_code};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
pub(super) struct AnnounceArgs {
    #[command(flatten)]
    at: DaemonArgs,
    /// The API, as INTEGRATION/API.
    api: String,
    /// What ends or changes: "GET /v1/doors", "*" for the whole API, or a name for it.
    subject: String,
    /// The day: 2027-01-31.
    #[arg(long, required_unless_present_any = ["pause", "withdraw"])]
    date: Option<NaiveDate>,
    /// It changes instead of ending.
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
    /// Who announces it.
    #[arg(long)]
    by: String,
    /// A page that says more about it.
    #[arg(long)]
    link: Option<String>,
    /// It is put off, and there is no new day yet.
    #[arg(long, conflicts_with = "date")]
    pause: bool,
    /// It is withdrawn: nothing ends or changes.
    #[arg(long, conflicts_with_all = ["date", "pause"])]
    withdraw: bool,
    /// Accept a day that has passed.
    #[arg(long)]
    past: bool,
}

pub(super) async fn run(args: &AnnounceArgs) -> u8 {
    exit_code(announce(args).await)
}

async fn announce(args: &AnnounceArgs) -> Result<(), CommandError> {
    let path = api_path(&args.api)?;
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
