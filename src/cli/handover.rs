//! `driftd handover`: all that one person holds.

use std::collections::BTreeSet;

use clap::Args;

use crate::notice::held_by;

use super::daemon_address::DaemonArgs;
use super::daemon_client::running;
use super::{configuration, exit};

#[derive(Debug, Args)]
pub(super) struct HandoverArgs {
    #[command(flatten)]
    at: DaemonArgs,
    /// The mail address of the person who leaves.
    email: String,
}

pub(super) async fn run(args: &HandoverArgs) -> u8 {
    let config = match configuration::read(&args.at.config) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let mut held = 0;
    for integration in &config.integrations {
        let roles = held_by(integration, &args.email);
        let names: BTreeSet<&str> = integration
            .parties
            .values()
            .flat_map(|party| party.contacts.values())
            .flat_map(|contact| std::iter::once(&contact.person).chain(&contact.deputy))
            .filter(|person| person.email.eq_ignore_ascii_case(&args.email))
            .map(|person| person.name.as_str())
            .collect();
        let exceptions: Vec<_> =
            integration.overrides.iter().filter(|exception| names.contains(exception.owner.as_str())).collect();
        if roles.is_empty() && exceptions.is_empty() {
            continue;
        }
        sayln!("{} ({}.toml)", integration.name, integration.id);
        for (role, would_be_empty) in roles {
            held += 1;
            sayln!("  {}{role}", if would_be_empty { "ORPHAN  " } else { "" });
        }
        for exception in exceptions {
            held += 1;
            sayln!("  owns an exception until {}: {}", exception.until, exception.reason);
        }
    }
    if let Some(status) = running(&args.at).await {
        for open in &status.open {
            for side in open.sides.iter().filter(|side| side.contact.contains(&args.email)) {
                held += 1;
                let answer = side.answer.as_deref().unwrap_or("no answer yet");
                sayln!("Open: notice {} about {}, for {}: {answer}", open.notice, open.api_name, side.party);
            }
        }
    }
    if held == 0 {
        sayln!("{} holds nothing.", args.email);
        return 0;
    }
    sayln!(
        "\nWhat to do: name somebody else for each in the files above, run `driftd check-config`, reload, then run this again."
    );
    exit::FINDINGS
}
