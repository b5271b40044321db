//! `driftd bounce`.

use clap::Args;

use crate::mail::LARGEST_BOUNCE;

use super::daemon_address::DaemonArgs;
use super::daemon_client::post;
use super::exit::{self, CommandError, exit_code};

#[derive(Debug, Args)]
pub(super) struct BounceArgs {
    #[command(flatten)]
    at: DaemonArgs,
}

/// A mail filter runs this: 75 makes it keep the mail and try again.
pub(super) async fn run(args: &BounceArgs) -> u8 {
    exit_code(hand_in(&args.at).await)
}

async fn hand_in(at: &DaemonArgs) -> Result<(), CommandError> {
    use std::io::Read as _;
    let mut mail = Vec::new();
    let limit = u64::try_from(LARGEST_BOUNCE).unwrap_or(u64::MAX);
    std::io::stdin()
        .take(limit)
        .read_to_end(&mut mail)
        .map_err(|error| CommandError::new(exit::IO, format!("no mail on standard input: {error}")))?;
    // Whatever is wrong, the mail must not be lost.
    let answer = post(at, "/api/v1/bounces", "message/rfc822", mail).await.map_err(|error| error.with_code(exit::TRY_LATER))?;
    sayln!("{}", answer["outcome"].as_str().unwrap_or_default());
    Ok(())
}
