//! `driftd status`: what a running daemon knows, for a terminal.

use clap::Args;

use crate::http::{StatusState, StatusView};
use crate::model::Surface;
use crate::render::{escaped_json, without_commands};

use super::daemon_address::DaemonArgs;
use super::daemon_client::{get, parsed};
use super::exit::{self, CommandError};
use super::output::{local, say};

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    at: DaemonArgs,
    /// Print the JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &StatusArgs) -> u8 {
    print(args).await.unwrap_or_else(|error| error.report())
}

async fn print(args: &StatusArgs) -> Result<u8, CommandError> {
    let text = get(&args.at, "/status").await?;
    let status: StatusView = parsed(&text)?;
    if args.json {
        sayln!("{}", escaped_json(&text));
    } else {
        say(&without_commands(&in_words(&status)));
    }
    Ok(if status.state == StatusState::Ok { 0 } else { exit::FINDINGS })
}

fn in_words(status: &StatusView) -> String {
    use std::fmt::Write as _;
    let mut out = format!("{}: {}\n", status.state.to_string().to_uppercase(), status.verdict);
    let _ = writeln!(
        out,
        "driftd {}, up since {}, configuration of {}",
        status.version,
        local(status.started_at),
        local(status.config_loaded_at)
    );
    for trouble in &status.trouble {
        let _ = writeln!(out, "\n! {} since {}: {}", trouble.part, local(trouble.since), trouble.what);
    }
    for open in &status.open {
        let _ = writeln!(
            out,
            "\n{}  {} ({}), {} h old, to be answered by {}",
            open.notice,
            open.api_name,
            open.integration_name,
            open.age_hours,
            local(open.answer_by)
        );
        for finding in open.findings.iter().take(5) {
            let _ = writeln!(out, "    {:<8}  {}", finding.severity, finding.message);
        }
        if open.findings.len() > 5 {
            let _ = writeln!(out, "    and {} more", open.findings.len() - 5);
        }
        for side in &open.sides {
            let answer = side.answer.as_deref().unwrap_or("no answer yet");
            let _ = writeln!(out, "  {:<8}  {}: {} ({}); {answer}", side.side.name(), side.party, side.owner, side.contact);
            for letter in &side.letters {
                let reply = letter.last_reply.as_deref().unwrap_or("not tried yet");
                let _ =
                    writeln!(out, "            {} letter {} ({} tries): {reply}", letter.kind, letter.state.name(), letter.tries);
            }
        }
    }
    out.push('\n');
    for api in &status.checking {
        let read = api.last_success.map_or_else(|| "never".to_owned(), local);
        let verified = api.last_verified_unchanged.map_or_else(|| "never".to_owned(), local);
        let name = if api.surface == Surface::Upcoming {
            format!("{}/{} (upcoming)", api.integration, api.api)
        } else {
            format!("{}/{}", api.integration, api.api)
        };
        let _ = writeln!(out, "{:<11}  {name}: {}", api.state.name(), api.detail);
        if api.overdue {
            let _ = writeln!(out, "{:<11}  its check is overdue", "overdue");
        }
        for unmatched in &api.unmatched_uses {
            let _ = writeln!(out, "{:<11}  {unmatched}", "check");
        }
        let _ = writeln!(out, "             read {read}, verified unchanged {verified}, next {}", local(api.next_check));
    }
    for exception in &status.empty_exceptions {
        let _ = writeln!(out, "{:<11}  {exception}", "check");
    }
    if let Some(oldest) = status.telling.oldest_undelivered {
        let _ = writeln!(out, "\nThe oldest letter that has not left was written {}.", local(oldest));
    }
    out
}
