//! `driftd check-config`: every mistake at once; on request, whether each description and the mail server can be reached.

use std::sync::Arc;

use chrono_tz::Tz;

use crate::check::{Known, WholeDescription, gather};
use crate::config::{Config, Environment, load};
use crate::fetch::FetchOutcome;
use crate::model::{Api, Clock, OperationLabel, Source, Surface, SystemClock};
use crate::notice::{unknown_rules, unmatched_overrides, unmatched_uses};
use crate::openapi::{Limits, Operation, conformance, lower, read};
use crate::render::clean;
use crate::rules::Catalogue;
use crate::state::ActiveConfig;

use super::configuration::{self, ConfigArgs};
use super::{exit, test_mail};

/// Oddities of one description that are written out; `driftd check` tells all.
const ODD: usize = 5;

/// Arguments of `driftd check-config`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckConfigArgs {
    #[command(flatten)]
    at: ConfigArgs,
    /// Fetch each description once, with its credentials and limits, and tell what came.
    #[arg(long)]
    fetch: bool,
    /// Send a test letter to the operator (`driftd test-mail` sends it to anybody).
    #[arg(long)]
    send_test_mail: bool,
}

/// Upcoming runs that are shown for each API: a schedule is best checked by what it does.
const RUNS: usize = 3;

pub(super) async fn run(args: &CheckConfigArgs) -> u8 {
    let now = SystemClock.now();
    // What is to be used must be there; what is only checked may be loaded by systemd later.
    let is_used = args.fetch || args.send_test_mail;
    let environment = Environment { believe_credentials: !is_used, ..Environment::of_process() };
    match load(&args.at.file, &environment, now) {
        Ok(config) => {
            for warning in &config.warnings {
                eprintln!("warning: {warning}");
            }
            let unknown = match Catalogue::load() {
                Ok(catalogue) => config.integrations.iter().flat_map(|one| unknown_rules(one, &catalogue)).collect(),
                Err(problem) => vec![format!("the rules of this build cannot be read: {problem}")],
            };
            if !unknown.is_empty() {
                return configuration::report_mistakes(&unknown);
            }
            sayln!("{} is good", args.at.file.display());
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
                    let name = |key: &str| integration.name_of(key).to_owned();
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
            let fetched = if args.fetch { fetch(&config).await } else { 0 };
            let sent = if args.send_test_mail {
                sayln!("");
                test_mail::send(&config, None, now).await
            } else {
                0
            };
            fetched.max(sent)
        }
        Err(problems) => configuration::report_mistakes(&problems),
    }
}

/// Fetches each description once and tells what came. Returns the exit code.
async fn fetch(config: &Config) -> u8 {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let active = match ActiveConfig::new(config.clone(), &clock) {
        Ok(active) => active,
        Err(problem) => {
            eprintln!("driftd: {problem}");
            return exit::UNREACHABLE;
        }
    };
    sayln!("");
    let (mut all, mut failed) = (0, 0);
    let mut unmatched: Vec<String> = Vec::new();
    for integration in &config.integrations {
        let failed_before = failed;
        let mut operations: Vec<OperationLabel> = Vec::new();
        for api in &integration.apis {
            for source in [Some(&api.live), api.upcoming.as_ref()].into_iter().flatten() {
                all += 1;
                match came(&active, api, source).await {
                    Ok((came, labels)) => {
                        sayln!("fetched  {}: {}: {came}", api.name, source);
                        if source == &api.live {
                            unmatched.extend(unmatched_uses(&labels, integration, api));
                        }
                        operations.extend(labels);
                    }
                    Err(why) => {
                        failed += 1;
                        sayln!("FAILED   {}: {}: {}", api.name, source, clean(&why, 600));
                    }
                }
            }
        }
        // What was not read may have them.
        if failed == failed_before {
            unmatched.extend(unmatched_overrides(&operations, integration));
        }
    }
    sayln!("{} of {all} descriptions can be read", all - failed);
    match (failed, unmatched.is_empty()) {
        (0, true) => 0,
        (0, false) => configuration::report_mistakes(&unmatched),
        _ => exit::UNREACHABLE,
    }
}

/// What came from a source: its dialect, how many operations, and what is odd, with the operations; or why nothing did.
async fn came(active: &ActiveConfig, api: &Api, source: &Source) -> Result<(String, Vec<OperationLabel>), String> {
    let limits = Limits::of_bytes(active.config.fetch.max_bytes);
    let deadline = active.config.fetch.deadline();
    let whole =
        WholeDescription { client: &active.client, source, auth: &api.auth, tls: api.tls.as_ref(), limits: &limits, deadline };
    let gathered = gather(&whole, &Known::default()).await;
    if let Some((file, why)) = gathered.absent.first_key_value() {
        return Err(format!("{} of its files did not come, among them {file}: {why}", gathered.absent.len()));
    }
    let body = match gathered.outcome {
        FetchOutcome::Body(body) => body,
        FetchOutcome::NotModified { .. } => return Err("answered 304 to a request without conditions".to_owned()),
        FetchOutcome::Later { after, why } => {
            return Err(format!("{why}: asks to come back in {}", humantime::format_duration(after)));
        }
        FetchOutcome::Failed(failure) => return Err(failure.why),
    };
    let document = read(&body.bytes, &limits).map_err(|error| error.to_string())?;
    let contract = lower(&document);
    let mut oddities = contract.oddities.clone();
    oddities.extend(conformance(&document));
    oddities.sort();
    let operations = contract.called().count();
    let mut text =
        format!("{}, {operations} operations, {} bytes, {} odd", contract.dialect.name(), body.bytes.len(), oddities.len());
    for odd in oddities.iter().take(ODD) {
        text.push_str(&format!("\n           {}: {}", clean(&odd.pointer, 300), clean(&odd.message, 400)));
    }
    if oddities.len() > ODD {
        text.push_str(&format!("\n           and {} more: driftd check {source}", oddities.len() - ODD));
    }
    if operations == 0 {
        return Err(format!("has no operations: {text}"));
    }
    Ok((text, contract.operations.iter().map(Operation::label).collect()))
}
