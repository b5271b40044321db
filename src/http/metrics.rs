//! `/metrics`, gathered from the store at each scrape: what is on disk is what is told.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::model::{ApiState, AttemptOutcome, DeliveryState, Severity};
use crate::state::{AppState, TroublePart};

use super::status::StatusView;

type Labels = Vec<(&'static str, String)>;

/// The metrics as OpenMetrics text.
pub(super) fn text(shared: &AppState, status: &StatusView, attempts: &BTreeMap<String, u64>) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("driftd");
    let family = |registry: &mut Registry, name: &str, help: &str| {
        let family = Family::<Labels, Gauge>::default();
        registry.register(name, help, family.clone());
        family
    };
    let states = family(&mut registry, "api_state", "1 for the state each description is in, 0 for the others");
    let success = family(&mut registry, "api_last_success_timestamp_seconds", "When a description was last read");
    let verified =
        family(&mut registry, "api_last_verified_unchanged_timestamp_seconds", "When a description was last found unchanged");
    let failures = family(&mut registry, "api_consecutive_failures", "Failures in a row");
    let overdue = family(&mut registry, "api_overdue", "1 where a check is late or does not end");
    let findings = family(&mut registry, "findings_open", "Findings against the baseline");
    for api in &status.checking {
        let labels = |more: &[(&'static str, &str)]| -> Labels {
            let mut labels: Labels = vec![
                ("integration", api.integration.clone()),
                ("api", api.api.clone()),
                ("surface", api.surface.name().to_owned()),
            ];
            labels.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
            labels
        };
        for state in ApiState::ALL {
            states.get_or_create(&labels(&[("state", state.name())])).set(i64::from(state == api.state));
        }
        overdue.get_or_create(&labels(&[])).set(i64::from(api.overdue));
        // 0 where it was never read: an alert must not wait for a first success.
        success.get_or_create(&labels(&[])).set(api.last_success.map_or(0, |at| at.timestamp()));
        if let Some(at) = api.last_verified_unchanged {
            verified.get_or_create(&labels(&[])).set(at.timestamp());
        }
        failures.get_or_create(&labels(&[])).set(i64::from(api.failures));
        for severity in Severity::ALL.into_iter().rev() {
            let count = api.findings.get(&severity).copied().unwrap_or(0);
            findings.get_or_create(&labels(&[("severity", severity.name())])).set(whole(count));
        }
    }
    let gauge = |registry: &mut Registry, name: &str, help: &str, value: i64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    let unanswered = status.open.iter().filter(|open| open.sides.iter().any(|side| side.answer.is_none())).count();
    gauge(&mut registry, "notices_open", "Open notices", whole(status.open.len()));
    gauge(&mut registry, "notices_unanswered", "Open notices that not every side has answered", whole(unanswered));
    let oldest = status.telling.oldest_undelivered.map_or(0, |oldest| (status.at - oldest).num_seconds().max(0));
    gauge(&mut registry, "outbox_oldest_seconds", "Age of the oldest letter that has not left", oldest);
    let letters = family(&mut registry, "letters", "Letters by state");
    for state in [DeliveryState::Pending, DeliveryState::Sent, DeliveryState::DeadAddress, DeliveryState::Refused] {
        let count = status.telling.letters.get(state.name()).copied().unwrap_or(0);
        letters.get_or_create(&vec![("state", state.name().to_owned())]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    let trouble = family(&mut registry, "trouble", "1 for each part of driftd that needs help");
    for part in &status.trouble {
        trouble.get_or_create(&vec![("part", part.part.clone())]).set(1);
    }
    let ran = family(&mut registry, "loop_last_run_timestamp_seconds", "When each loop of the daemon last ran");
    for run in &status.loops {
        ran.get_or_create(&vec![("loop", run.name.as_str().to_owned())]).set(run.last_run.timestamp());
    }
    let reload_ok = !status.trouble.iter().any(|trouble| trouble.part == TroublePart::Configuration.to_string());
    gauge(&mut registry, "config_reload_success", "Whether the last reload worked", i64::from(reload_ok));
    gauge(
        &mut registry,
        "config_loaded_timestamp_seconds",
        "When the active configuration was loaded",
        status.config_loaded_at.timestamp(),
    );
    gauge(&mut registry, "start_timestamp_seconds", "When the daemon started", status.started_at.timestamp());
    let counters = &shared.counters;
    let single = |value: &std::sync::atomic::AtomicU64| ConstCounter::new(value.load(Ordering::Relaxed));
    registry.register("config_reloads", "Reloads that worked", single(&counters.reloads));
    registry.register("config_reload_failures", "Reloads that were refused", single(&counters.reload_failures));
    registry.register(
        "mail_resent_ambiguous",
        "Letters sent again because an earlier try may have gone through",
        single(&counters.resent),
    );
    let checks = Family::<Labels, prometheus_client::metrics::counter::Counter>::default();
    registry.register("checks", "Checks by outcome since the start", checks.clone());
    // Every outcome from the start: a rate over a series that appears with its first event is zero.
    let checked = counters.checks();
    for outcome in ApiState::ALL.iter().filter(|state| **state != ApiState::New).map(|state| state.name()) {
        checks.get_or_create(&vec![("outcome", outcome.to_owned())]).inc_by(checked.get(outcome).copied().unwrap_or(0));
    }
    let tries = Family::<Labels, prometheus_client::metrics::counter::Counter>::default();
    registry.register("mail_attempts", "Tries at sending by outcome", tries.clone());
    for outcome in AttemptOutcome::NAMES {
        let count = attempts.get(outcome).copied().unwrap_or(0);
        tries.get_or_create(&vec![("outcome", outcome.to_owned())]).inc_by(count);
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
