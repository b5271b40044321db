//! `driftd check-now`.

use clap::Args;
use serde_json::json;

use super::daemon_address::DaemonArgs;
use super::daemon_client::post_json;
use super::exit::{CommandError, exit_code};

#[derive(Debug, Args)]
pub(super) struct CheckNowArgs {
    #[command(flatten)]
    at: DaemonArgs,
    /// The API, as INTEGRATION/API.
    #[arg(required_unless_present = "all")]
    api: Option<String>,
    /// Everything that is watched.
    #[arg(long, conflicts_with = "api")]
    all: bool,
}

pub(super) async fn run(args: &CheckNowArgs) -> u8 {
    exit_code(check_now(args).await)
}

async fn check_now(args: &CheckNowArgs) -> Result<(), CommandError> {
    let body = match &args.api {
        Some(api) => json!({ "api": api }),
        None => json!({ "all": true }),
    };
    let answer = post_json(&args.at, "/api/v1/check", &body).await?;
    for check in answer["checks"].as_array().into_iter().flatten() {
        let (api, surface) = (check["api"].as_str().unwrap_or_default(), check["surface"].as_str().unwrap_or_default());
        let words = if check["under_way"] == true { "a check is under way already" } else { "is checked now" };
        sayln!("{api} ({surface}): {words}");
    }
    sayln!("`driftd status` shows what was found within a minute; letters leave as soon as it is recorded.");
    Ok(())
}
