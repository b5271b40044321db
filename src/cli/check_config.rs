//! `driftd check-config`.

use chrono_tz::Tz;

use crate::config::{Environment, load};
use crate::model::{Clock as _, Surface, SystemClock};

use super::ConfigArgs;

/// Upcoming runs that are shown for each API: a schedule is best checked by what it does.
const RUNS: usize = 3;

pub(super) fn run(args: &ConfigArgs) -> u8 {
    let now = SystemClock.now();
    let environment = Environment { believe_credentials: true, ..Environment::of_process() };
    match load(&args.config, &environment, now) {
        Ok(config) => {
            for warning in &config.warnings {
                eprintln!("warning: {warning}");
            }
            sayln!("{} is good", args.config.display());
            sayln!(
                "  state {}; listens on {}; mail through {}:{}",
                config.state_dir.display(),
                config.http.listen,
                config.mail.smtp.host,
                config.mail.smtp.port
            );
            for integration in &config.integrations {
                let agreement = &integration.agreement;
                let promised: Vec<String> = agreement.notice.iter().map(|(class, period)| format!("{class} {period}")).collect();
                sayln!("\n{} ({})", integration.name, integration.id);
                sayln!("  promised notice: {}; each side answers within {}", promised.join(", "), agreement.acknowledge_within);
                for api in &integration.apis {
                    sayln!("  {} from {}", api.name, api.live);
                    if let Some(upcoming) = &api.upcoming {
                        sayln!("    {}: {upcoming}", Surface::Upcoming.name());
                    }
                    let name = |key: &str| integration.party(key).map_or_else(|| key.to_owned(), |party| party.name.clone());
                    if let Some((_, contact)) = integration.party(&api.provider).and_then(|party| party.as_provider()) {
                        sayln!("    provider {}: {} <{}>", name(&api.provider), contact.person.name, contact.person.email);
                    }
                    for consumer in &api.consumers {
                        if let Some((_, contact)) = integration.party(&consumer.party).and_then(|party| party.as_consumer()) {
                            sayln!("    consumer {}: {} <{}>", name(&consumer.party), contact.person.name, contact.person.email);
                        }
                    }
                    let mut at = now;
                    let mut runs = Vec::new();
                    while let Some(next) = api.schedule.next_after(at).filter(|_| runs.len() < RUNS) {
                        // The zone's own time first: that is what the line was written in.
                        let utc = next.format("%a %Y-%m-%d %H:%M:%S UTC").to_string();
                        runs.push(match api.schedule.zone().filter(|zone| *zone != Tz::UTC) {
                            Some(zone) => format!("{} ({utc})", next.with_timezone(&zone).format("%a %Y-%m-%d %H:%M:%S %Z")),
                            None => utc,
                        });
                        at = next;
                    }
                    sayln!("    {}: {}", api.schedule.describe(), runs.join(", "));
                }
            }
            0
        }
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            eprintln!(
                "driftd: {} in the configuration",
                if problems.len() == 1 { "1 mistake".to_owned() } else { format!("{} mistakes", problems.len()) }
            );
            78
        }
    }
}
