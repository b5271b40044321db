//! `driftd lint`: whether somebody can be written to on both sides of every integration.

use std::collections::BTreeSet;

use clap::Args;

use crate::http::StatusView;
use crate::notice::gaps;

use super::daemon_address::DaemonArgs;
use super::daemon_client::running;
use super::{configuration, exit};

#[derive(Debug, Args)]
pub(super) struct LintArgs {
    #[command(flatten)]
    at: DaemonArgs,
}

pub(super) async fn run(args: &LintArgs) -> u8 {
    let status = running(&args.at).await;
    let config = match (configuration::read(&args.at.config), &status) {
        (Ok(config), _) => config,
        // The active configuration is the daemon's.
        (Err(_), Some(status)) => return print_status(status),
        (Err(code), None) => return code,
    };
    if status.is_none() {
        eprintln!("driftd: no daemon answers: this is what the configuration alone says, and dead addresses are not known");
    }
    let unconfirmed = status.as_ref().map(|status| status.unconfirmed.clone()).unwrap_or_default();
    let dead: BTreeSet<String> = status
        .map(|status| status.telling.dead_contacts.into_iter().map(|contact| contact.address.to_ascii_lowercase()).collect())
        .unwrap_or_default();
    let found: Vec<_> = config.integrations.iter().flat_map(|integration| gaps(integration, &dead, &unconfirmed)).collect();
    for gap in &found {
        print_gap(gap.is_orphan, &gap.integration, &gap.party, &gap.what);
    }
    if found.is_empty() {
        sayln!("No gap: somebody can be written to on both sides of {} integrations.", config.integrations.len());
    }
    if found.is_empty() { 0 } else { exit::FINDINGS }
}

/// What a running daemon says of the ends, for whoever cannot read its configuration.
fn print_status(status: &StatusView) -> u8 {
    eprintln!("driftd: the configuration cannot be read here: this is what the running daemon says");
    for gap in &status.gaps {
        print_gap(gap.is_orphan, &gap.integration, &gap.party, &gap.what);
    }
    if status.gaps.is_empty() {
        sayln!("No gap: somebody can be written to on both sides of every integration.");
    }
    if status.gaps.is_empty() { 0 } else { exit::FINDINGS }
}

fn print_gap(is_orphan: bool, integration: &str, party: &str, what: &str) {
    let mark = if is_orphan { "ORPHAN" } else { "gap" };
    sayln!("{mark:<7} {integration}: {party} {what}");
}
