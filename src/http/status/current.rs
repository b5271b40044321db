//! What status tells now: gathered from the store, the configuration, and what the loops have said.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use crate::correspondence::silent_people;
use crate::http::trouble::troubles;
use crate::model::{Api, ApiState, Integration, OneCause, OpenFinding, Severity, Side, Surface, WatchKey};
use crate::notice::{Gap, Impact, gaps, impact, unknown_rules, unmatched_overrides, unmatched_uses};
use crate::render::{clean, without_credentials};
use crate::state::{ActiveConfig, AppState, LoopName, LoopRun};
use crate::store::{DeliveryRow, NoticeRow, Overview, StoreError, WatchRow};

use super::page::{StatusFilter, page_of};
use super::sections::{is_answered, needs_somebody};
use super::sides::{letter_view, on_call_of, side_views};
use super::tiles::tiles;
use super::view::{
    ApiView, ContactView, DateView, DeadContact, FindingView, GapView, LoopView, OpenView, StatusExtent, StatusState, StatusView,
    TellingView, TroubleView,
};
use super::words::{ago, plural};

/// Longest headline of a notice, characters of its worst finding and of the operation that it reaches.
const LONGEST_HEADLINE: usize = 140;
const LONGEST_PLACE: usize = 80;

/// Consumers of one description that are named to be called.
const CALLED: usize = 3;

/// What status tells now, whole.
///
/// # Errors
/// When the database does not answer.
pub async fn current_status(shared: &AppState) -> Result<StatusView, StoreError> {
    Ok(status_of(shared, &shared.store.overview().await?))
}

/// One page of it.
///
/// # Errors
/// When the database does not answer.
pub async fn status_page(shared: &AppState, filter: StatusFilter) -> Result<StatusView, StoreError> {
    Ok(page_of(current_status(shared).await?, filter))
}

/// The integration and API of each watched description: looked up thousands of times.
struct Directory<'a>(HashMap<(&'a str, &'a str), (&'a Integration, &'a Api)>);

impl<'a> Directory<'a> {
    fn of(active: &'a ActiveConfig) -> Self {
        let all = active.config.integrations.iter().flat_map(|integration| {
            integration.apis.iter().map(move |api| ((integration.id.as_str(), api.id.as_str()), (integration, api)))
        });
        Self(all.collect())
    }

    fn find(&self, key: &WatchKey) -> Option<(&'a Integration, &'a Api)> {
        self.0.get(&(key.integration.as_str(), key.api.as_str())).copied()
    }
}

/// What one look at the store tells.
pub(in crate::http) fn status_of(shared: &AppState, overview: &Overview) -> StatusView {
    let active = shared.active();
    let directory = Directory::of(&active);
    let now = shared.clock.now();
    let trouble: Vec<TroubleView> = troubles(shared, overview)
        .into_iter()
        .map(|note| TroubleView {
            part: note.part.to_string(),
            since: note.since,
            what: clean(&without_credentials(&note.what), 2000),
        })
        .collect();
    let (ledgers, descriptions): (Vec<&WatchRow>, Vec<&WatchRow>) =
        overview.watches.iter().partition(|row| row.key.surface == Surface::Ledger);
    let checking: Vec<ApiView> = descriptions.into_iter().map(|row| api_view(row, &directory, now)).collect();
    let dates = ledgers.into_iter().flat_map(|row| date_views(row, &directory)).collect();
    let watches: HashMap<&WatchKey, &WatchRow> = overview.watches.iter().map(|row| (&row.key, row)).collect();
    let open: Vec<OpenView> =
        overview.notices.iter().map(|row| open_view(row, watches.get(&row.key).copied(), &directory, now)).collect();
    let dead = overview.dead.iter().map(|letter| letter.recipient.to_ascii_lowercase()).collect();
    let unconfirmed = silent_people(&active.config, &overview.confirmations, now);
    let gaps: Vec<GapView> =
        active.config.integrations.iter().flat_map(|integration| gaps(integration, &dead, &unconfirmed)).map(gap_view).collect();
    let empty_exceptions: Vec<String> = active
        .config
        .integrations
        .iter()
        .flat_map(|integration| unknown_rules(integration, &shared.catalogue).into_iter().chain(misplaced(integration, overview)))
        .collect();
    let (state, verdict) =
        verdict(&trouble, &checking, &open, &gaps, &empty_exceptions, Waiting { oldest: overview.oldest_undelivered, now });
    let status = StatusView {
        state,
        verdict,
        tiles: Vec::new(),
        extent: StatusExtent::default(),
        at: now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: shared.started_at,
        config_loaded_at: active.loaded_at,
        trouble,
        loops: shared.runs.all().into_iter().map(|(name, run)| loop_view(name, run)).collect(),
        checking,
        dates,
        empty_exceptions,
        gaps,
        unconfirmed,
        telling: TellingView {
            // What waits for the end of quiet hours is not late.
            oldest_undelivered: overview.oldest_undelivered.filter(|oldest| *oldest <= now),
            letters: overview.deliveries.clone(),
            undeliverable: overview.undeliverable.iter().map(letter_view).collect(),
            dead_contacts: overview.dead.iter().map(dead_contact).collect(),
        },
        open,
    };
    StatusView { tiles: tiles(&status, overview, &active.config.mail.smtp), ..status }
}

fn loop_view(name: LoopName, run: LoopRun) -> LoopView {
    let last_error = run.error.map(|error| clean(&without_credentials(&error), 600));
    LoopView { name, last_run: run.at, last_error }
}

/// The letter that has waited longest, and the moment it is asked.
#[derive(Clone, Copy)]
struct Waiting {
    oldest: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

fn verdict(
    trouble: &[TroubleView],
    checking: &[ApiView],
    open: &[OpenView],
    gaps: &[GapView],
    empty_exceptions: &[String],
    waiting: Waiting,
) -> (StatusState, String) {
    let now = waiting.now;
    let count = |state: ApiState| checking.iter().filter(|api| api.state == state).count();
    let unseen = count(ApiState::Down) + count(ApiState::Undecidable) + count(ApiState::Blind) + count(ApiState::Held);
    let unanswered = open.iter().filter(|open| !is_answered(open)).count();
    let late = open.iter().filter(|open| open.overdue_days.is_some()).count();
    let fine = count(ApiState::Verified);
    let checked = checking.iter().filter_map(|api| api.last_success).max();
    let mut parts = Vec::new();
    if let Some(first) = trouble.first() {
        parts.push(format!("driftd needs help: {} ({})", first.what, first.part));
    }
    if count(ApiState::Blind) == checking.len() && !checking.is_empty() {
        parts.push("driftd sees nothing: its own network, disk or database is at fault".to_owned());
    }
    if !open.is_empty() {
        let late = if late > 0 { format!(", {late} overdue") } else { String::new() };
        parts.push(format!("{} open, {unanswered} not answered by both sides{late}", plural(open.len(), "notice")));
    }
    if unseen > 0 {
        parts.push(format!("{} cannot be judged", plural(unseen, "description")));
    }
    let unmatched: usize = checking.iter().map(|api| api.unmatched_uses.len()).sum();
    if unmatched > 0 {
        parts.push(format!("{} matches no operation", plural(unmatched, "declared use")));
    }
    if !empty_exceptions.is_empty() {
        let covers = if empty_exceptions.len() == 1 { "covers" } else { "cover" };
        parts.push(format!("{} {covers} nothing", plural(empty_exceptions.len(), "exception")));
    }
    let overdue = checking.iter().filter(|api| api.overdue).count();
    if overdue > 0 {
        parts.push(format!("{} overdue", plural(overdue, "check")));
    }
    let orphans = gaps.iter().filter(|gap| gap.is_orphan).count();
    if orphans > 0 {
        parts.push(format!("nobody can be reached at {}", plural(orphans, "end")));
    }
    parts.push(format!("{fine} of {} fine", plural(checking.len(), "description")));
    parts.push(match checked {
        Some(at) => format!("last read {} ago", ago(now - at)),
        None => "nothing read yet".to_owned(),
    });
    if let Some(oldest) = waiting.oldest.filter(|oldest| now - *oldest > TimeDelta::minutes(5)) {
        parts.push(format!("a letter has been waiting for {}", ago(now - oldest)));
    }
    // Nothing can be seen anywhere: that is us.
    let all_blind = !checking.is_empty() && count(ApiState::Blind) == checking.len();
    // Nothing is checked any more: that is us as well.
    let all_overdue = !checking.is_empty() && overdue == checking.len();
    let state = if !trouble.is_empty() || all_blind || all_overdue {
        StatusState::Trouble
    } else if !open.is_empty() || unseen > 0 || unmatched > 0 || !empty_exceptions.is_empty() || overdue > 0 || orphans > 0 {
        StatusState::Action
    } else {
        StatusState::Ok
    };
    (state, format!("{}.", parts.join("; ")))
}

fn gap_view(gap: Gap) -> GapView {
    GapView { integration: gap.integration, party: gap.party, what: gap.what, is_orphan: gap.is_orphan }
}

fn dead_contact(row: &DeliveryRow) -> DeadContact {
    DeadContact {
        name: row.name.clone(),
        address: row.recipient.clone(),
        party: row.party.clone(),
        since: row.created_at,
        why: row.last_reply.as_ref().map(|reply| clean(&without_credentials(reply), 300)).unwrap_or_default(),
    }
}

/// What the ledger of an API comes to.
fn date_views(row: &WatchRow, directory: &Directory<'_>) -> Vec<DateView> {
    let found = directory.find(&row.key).map(|(_, api)| api);
    let rows = OpenFinding::rows(row.findings.iter().map(|(finding, _)| finding));
    let days: Vec<_> = rows.iter().map(|cause| cause.first.day.as_ref().map(|day| day.on)).collect();
    let view = |(finding, on)| DateView {
        integration: row.key.integration.clone(),
        api: row.key.api.clone(),
        api_name: found.map_or_else(|| row.key.api.clone(), |api| api.name.clone()),
        on,
        finding,
    };
    finding_views(row, found).into_iter().zip(days).map(view).collect()
}

/// A check may be so late: a queue of them, or a short pause of the machine.
const LATE: TimeDelta = TimeDelta::minutes(5);

/// Whether a check is late, or has not ended when it should have.
fn is_overdue(next_at: DateTime<Utc>, is_under_way: bool, now: DateTime<Utc>) -> bool {
    // While a check is under way, its next time is the end of its lease.
    let tolerance = if is_under_way { TimeDelta::zero() } else { LATE };
    now - next_at > tolerance
}

fn api_view(row: &WatchRow, directory: &Directory<'_>, now: DateTime<Utc>) -> ApiView {
    let found = directory.find(&row.key);
    let mut findings: BTreeMap<Severity, usize> = BTreeMap::new();
    for (finding, _) in &row.findings {
        *findings.entry(finding.severity).or_default() += 1;
    }
    let view = ApiView {
        integration: row.key.integration.clone(),
        api: row.key.api.clone(),
        surface: row.key.surface,
        name: found.map_or_else(|| row.key.api.clone(), |(_, api)| api.name.clone()),
        source: row.source.clone(),
        state: row.state,
        detail: clean(&row.detail, 600),
        since: row.unjudged_since,
        contacts: Vec::new(),
        last_check: row.checked_at,
        last_success: row.succeeded_at,
        last_verified_unchanged: row.verified_at,
        last_changed: row.changed_at,
        next_check: row.next_at,
        overdue: is_overdue(row.next_at, row.is_under_way, now),
        failures: row.failures,
        snapshot: row.latest.clone(),
        baseline: row.baseline.clone(),
        unmatched_uses: found.map(|(integration, api)| unmatched_uses(&row.operations, integration, api)).unwrap_or_default(),
        findings,
        messages: finding_views(row, found.map(|(_, api)| api)),
    };
    let contacts =
        found.filter(|_| needs_somebody(&view)).map(|(integration, api)| to_call(integration, api)).unwrap_or_default();
    ApiView { contacts, ..view }
}

/// Whom to call about an API: at the provider, and at its consumers.
fn to_call(integration: &Integration, api: &Api) -> Vec<ContactView> {
    let consumers = api.consumers.iter().filter_map(|consumer| on_call_of(integration, Side::Consumer, &consumer.party));
    on_call_of(integration, Side::Provider, &api.provider).into_iter().chain(consumers.take(CALLED)).collect()
}

/// Exceptions from operations that no description of the integration has, nor had before what is open now; in words. While
/// one of them has never been read, nobody knows.
fn misplaced(integration: &Integration, overview: &Overview) -> Vec<String> {
    if integration.overrides.is_empty() {
        return Vec::new();
    }
    let mut known = Vec::new();
    let is_own = |row: &&WatchRow| row.key.integration == integration.id && row.key.surface != Surface::Ledger;
    for row in overview.watches.iter().filter(is_own) {
        if row.operations.is_empty() {
            return Vec::new();
        }
        known.extend(row.operations.iter().cloned());
        known.extend(row.findings.iter().flat_map(|(finding, _)| finding.used_by.iter().cloned()));
    }
    if known.is_empty() { Vec::new() } else { unmatched_overrides(&known, integration) }
}

/// What differs from the baseline.
fn finding_views(row: &WatchRow, api: Option<&Api>) -> Vec<FindingView> {
    let consumers = api.map(|api| api.consumers.as_slice()).unwrap_or_default();
    let since: HashMap<&str, DateTime<Utc>> =
        row.findings.iter().map(|(finding, since)| (finding.identity.as_str(), *since)).collect();
    OpenFinding::rows(row.findings.iter().map(|(finding, _)| finding))
        .into_iter()
        .map(|cause| {
            let OneCause { first, others, message } = cause;
            let all = || std::iter::once(first).chain(others.iter().copied());
            FindingView {
                severity: first.severity,
                rule: first.rule.clone(),
                message: clean(&message, 600),
                used_by: first.used_by.iter().map(|label| clean(label.as_str(), 200)).collect(),
                // A value that came later makes it no younger.
                since: all().filter_map(|finding| since.get(finding.identity.as_str())).min().copied().unwrap_or_default(),
                contents: all().map(|finding| finding.content.clone()).collect(),
                exception: first.exception.clone(),
                given: first.given.clone(),
                concerns_somebody: consumers.iter().any(|consumer| impact(&first.used_by, consumer) > Impact::NotUsed),
            }
        })
        .collect()
}

fn open_view(row: &NoticeRow, watch: Option<&WatchRow>, directory: &Directory<'_>, now: DateTime<Utc>) -> OpenView {
    let found = directory.find(&row.key);
    let findings: Vec<FindingView> = watch
        .map(|watch| finding_views(watch, found.map(|(_, api)| api)))
        .unwrap_or_default()
        .into_iter()
        .filter(|finding| finding.severity > Severity::Info && finding.concerns_somebody)
        .collect();
    let sides: Vec<_> =
        side_views(row, found.map(|(integration, _)| integration), now).into_iter().map(|(_, _, view)| view).collect();
    // The first end that is asked; where all have answered, the first plan that ends.
    let due = |is_open: bool| sides.iter().filter(|side| !is_open || side.answer.is_none()).filter_map(|side| side.due).min();
    OpenView {
        notice: row.id.clone(),
        integration: row.key.integration.clone(),
        integration_name: found.map_or_else(|| row.key.integration.clone(), |(integration, _)| integration.name.clone()),
        api: row.key.api.clone(),
        api_name: found.map_or_else(|| row.key.api.clone(), |(_, api)| api.name.clone()),
        surface: row.key.surface,
        opened_at: row.opened_at,
        age_hours: (now - row.opened_at).num_hours().max(0),
        answer_by: due(true).or_else(|| due(false)),
        overdue_days: sides.iter().filter_map(|side| side.overdue_days).max(),
        headline: headline(&findings),
        findings,
        sides,
    }
}

/// `2 breaking, 1 warning: POST /a: …`: how much is open, and where and what the first of the worst is.
fn headline(findings: &[FindingView]) -> String {
    let count = |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counts = [Severity::Breaking, Severity::Warning].map(|severity| (count(severity), severity.name()));
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    let worst = findings.iter().max_by_key(|finding| (finding.severity, std::cmp::Reverse(finding.since)));
    match worst {
        Some(worst) => {
            let place = match worst.used_by.as_slice() {
                [] => String::new(),
                [only] => format!("{}: ", clean(only, LONGEST_PLACE)),
                [first, others @ ..] => format!("{} and {} more: ", clean(first, LONGEST_PLACE), others.len()),
            };
            format!("{}: {place}{}", counts.collect::<Vec<_>>().join(", "), clean(&worst.message, LONGEST_HEADLINE))
        }
        None => "nothing differs at the moment".to_owned(),
    }
}

#[cfg(test)]
mod tests;
