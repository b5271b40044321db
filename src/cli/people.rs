//! `driftd lint` and `driftd handover`: whether somebody stands at each end of every bridge, and what one person holds.

use std::collections::BTreeSet;

use clap::Args;

use crate::config::{Config, Environment, load};
use crate::http::StatusView;
use crate::model::{Clock as _, SystemClock};
use crate::notice::{gaps, held_by};

use super::place::{Where, get, parsed};

#[derive(Debug, Args)]
pub(super) struct LintArgs {
    #[command(flatten)]
    at: Where,
}

#[derive(Debug, Args)]
pub(super) struct HandoverArgs {
    #[command(flatten)]
    at: Where,
    /// The mail address of the person who leaves.
    email: String,
}

fn config(at: &Where) -> Result<Config, u8> {
    let environment = Environment { believe_credentials: true, ..Environment::of_process() };
    load(&at.config, &environment, SystemClock.now()).map_err(|problems| {
        for problem in problems {
            eprintln!("{problem}");
        }
        78
    })
}

/// What a running daemon knows; the configuration alone is worth a look without one.
async fn running(at: &Where) -> Option<StatusView> {
    parsed(&get(at, "/status").await.ok()?).ok()
}

pub(super) async fn lint(args: &LintArgs) -> u8 {
    let status = running(&args.at).await;
    let config = match (config(&args.at), &status) {
        (Ok(config), _) => config,
        // The configuration at work is the daemon's.
        (Err(_), Some(status)) => return told(status),
        (Err(code), None) => return code,
    };
    if status.is_none() {
        eprintln!("driftd: no daemon answers, so addresses that do not work are not known; this is what the configuration says");
    }
    let unconfirmed = status.as_ref().map(|status| status.unconfirmed.clone()).unwrap_or_default();
    let dead: BTreeSet<String> = status
        .map(|status| status.telling.dead_contacts.into_iter().map(|contact| contact.address.to_ascii_lowercase()).collect())
        .unwrap_or_default();
    let found: Vec<_> = config.integrations.iter().flat_map(|integration| gaps(integration, &dead, &unconfirmed)).collect();
    for gap in &found {
        let mark = if gap.is_orphan { "ORPHAN" } else { "gap" };
        sayln!("{mark:<7} {}: {} {}", gap.integration, gap.party, gap.what);
    }
    if found.is_empty() {
        sayln!("Somebody stands at both ends of {} integrations.", config.integrations.len());
    }
    u8::from(!found.is_empty())
}

/// What a running daemon says of the ends, for whoever cannot read its configuration.
fn told(status: &StatusView) -> u8 {
    eprintln!("driftd: the configuration cannot be read here, so this is what the running daemon says");
    for gap in &status.gaps {
        let mark = if gap.is_orphan { "ORPHAN" } else { "gap" };
        sayln!("{mark:<7} {}: {} {}", gap.integration, gap.party, gap.what);
    }
    if status.gaps.is_empty() {
        sayln!("Somebody stands at both ends of every integration.");
    }
    u8::from(!status.gaps.is_empty())
}

pub(super) async fn handover(args: &HandoverArgs) -> u8 {
    let config = match config(&args.at) {
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
    sayln!("\nName somebody else for each in the files above, `driftd check-config`, reload; then run this again.");
    1
}
