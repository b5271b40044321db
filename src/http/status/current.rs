//! What status tells now: gathered from the store, the configuration, and what the loops have said.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use crate::correspondence::silent_people;
use crate::http::trouble::troubles;
use crate::model::{Answer, ApiState, Contact, Integration, NoticeKind, OneCause, OpenFinding, Severity, Side, Surface};
use crate::notice::{Gap, Impact, gaps, impact, unknown_rules, unmatched_overrides, unmatched_uses};
use crate::render::{clean, without_credentials};
use crate::state::{ActiveConfig, AppState, LoopName, LoopRun};
use crate::store::{DeliveryRow, NoticeRow, Overview, StoreError, WatchRow};

use super::view::{
    ApiView, DateView, DeadContact, FindingView, GapView, LetterStatus, LoopView, OpenView, SideView, StatusState, StatusView,
    TellingView, TroubleView,
};

/// What status tells now.
///
/// # Errors
/// When the database does not answer.
pub async fn current_status(shared: &AppState) -> Result<StatusView, StoreError> {
    Ok(status_of(shared, &shared.store.overview().await?))
}

/// What one look at the store tells.
pub(in crate::http) fn status_of(shared: &AppState, overview: &Overview) -> StatusView {
    let active = shared.active();
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
    let checking: Vec<ApiView> = descriptions.into_iter().map(|row| api_view(row, &active, now)).collect();
    let dates = ledgers.into_iter().flat_map(|row| date_views(row, &active)).collect();
    let open: Vec<OpenView> = overview.notices.iter().map(|row| open_view(row, overview, &active, now)).collect();
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
    StatusView {
        state,
        verdict,
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
    }
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
    let unanswered = open.iter().filter(|open| open.sides.iter().any(|side| side.answer.is_none())).count();
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
        parts.push(format!("{} open, {unanswered} not answered by both sides", plural(open.len(), "notice")));
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
fn date_views(row: &WatchRow, active: &ActiveConfig) -> Vec<DateView> {
    let name = active.find(&row.key).map_or_else(|| row.key.api.clone(), |(_, api)| api.name.clone());
    let view = |finding: FindingView| DateView {
        integration: row.key.integration.clone(),
        api: row.key.api.clone(),
        api_name: name.clone(),
        finding,
    };
    finding_views(row, active).into_iter().map(view).collect()
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// `3 h`, `2 d`: how long ago, in the largest unit that says something.
pub(in crate::http) fn ago(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A check may be so late: a queue of them, or a short pause of the machine.
const LATE: TimeDelta = TimeDelta::minutes(5);

/// Whether a check is late, or has not ended when it should have.
fn is_overdue(next_at: DateTime<Utc>, is_under_way: bool, now: DateTime<Utc>) -> bool {
    // While a check is under way, its next time is the end of its lease.
    let tolerance = if is_under_way { TimeDelta::zero() } else { LATE };
    now - next_at > tolerance
}

fn api_view(row: &WatchRow, active: &ActiveConfig, now: DateTime<Utc>) -> ApiView {
    let found = active.find(&row.key);
    let mut findings: BTreeMap<Severity, usize> = BTreeMap::new();
    for (finding, _) in &row.findings {
        *findings.entry(finding.severity).or_default() += 1;
    }
    ApiView {
        integration: row.key.integration.clone(),
        api: row.key.api.clone(),
        surface: row.key.surface,
        name: found.map_or_else(|| row.key.api.clone(), |(_, api)| api.name.clone()),
        source: row.source.clone(),
        state: row.state,
        detail: clean(&row.detail, 600),
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
        messages: finding_views(row, active),
    }
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
fn finding_views(row: &WatchRow, active: &ActiveConfig) -> Vec<FindingView> {
    let consumers = active.find(&row.key).map(|(_, api)| api.consumers.as_slice()).unwrap_or_default();
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

fn open_view(row: &NoticeRow, overview: &Overview, active: &ActiveConfig, now: DateTime<Utc>) -> OpenView {
    let found = active.find(&row.key);
    let findings = overview
        .watches
        .iter()
        .find(|watch| watch.key == row.key)
        .map(|watch| finding_views(watch, active))
        .unwrap_or_default()
        .into_iter()
        .filter(|finding| finding.severity > Severity::Info && finding.concerns_somebody)
        .collect();
    let integration = found.map(|(integration, _)| integration);
    let answer_by = answer_due(row, integration).unwrap_or(row.opened_at);
    let sides = side_views(row, integration).into_iter().map(|(_, _, view)| view).collect();
    OpenView {
        notice: row.id.clone(),
        integration: row.key.integration.clone(),
        integration_name: found.map_or_else(|| row.key.integration.clone(), |(integration, _)| integration.name.clone()),
        api: row.key.api.clone(),
        api_name: found.map_or_else(|| row.key.api.clone(), |(_, api)| api.name.clone()),
        surface: row.key.surface,
        opened_at: row.opened_at,
        age_hours: (now - row.opened_at).num_hours().max(0),
        answer_by,
        findings,
        sides,
    }
}

/// The ends that were written to, consumers first, with the key of each party.
fn ends(row: &NoticeRow) -> Vec<(Side, String)> {
    let ends: BTreeSet<(Side, String)> = row.deliveries.iter().map(|letter| (letter.side, letter.party.clone())).collect();
    ends.into_iter().collect()
}

/// By when the first end should answer the last letter that asks for it; none where the integration is not watched any more.
pub(in crate::http) fn answer_due(row: &NoticeRow, integration: Option<&Integration>) -> Option<DateTime<Utc>> {
    let told_at = row.deliveries.iter().filter(|letter| NoticeKind::asks(&letter.kind)).map(|letter| letter.created_at);
    let told_at = told_at.max().unwrap_or(row.opened_at);
    ends(row).iter().filter_map(|(_, party)| Some(integration?.answer_due(party, told_at))).min()
}

/// Each end of a notice, with the key of its party.
pub(in crate::http) fn side_views(row: &NoticeRow, integration: Option<&Integration>) -> Vec<(Side, String, SideView)> {
    let views = ends(row).into_iter().map(|(side, party)| {
        let view = side_view(side, &party, row, integration);
        (side, party, view)
    });
    views.collect()
}

fn side_view(side: Side, party: &str, row: &NoticeRow, integration: Option<&Integration>) -> SideView {
    let known = integration.and_then(|integration| integration.party(party));
    let contact: Option<&Contact> = known.and_then(|party| party.owner(side)).map(|(_, contact)| contact);
    let letters = || row.deliveries.iter().filter(|letter| letter.side == side && letter.party == party);
    let newest = letters().filter(|letter| NoticeKind::asks(&letter.kind)).map(|letter| letter.created_at).max();
    let answer = row.answers.iter().find(|answer| answer.side == side && answer.party == party);
    // Who took it on still has it; who accepted has accepted no more than the letter said.
    let answer = answer
        .filter(|answer| answer.acknowledgement.answer == Answer::Ours || newest.is_none_or(|newest| answer.letter_at >= newest))
        .map(|answer| &answer.acknowledgement);
    let reach = contact.map(|contact| {
        let phone = contact.person.phone.as_ref().map(|phone| format!(", {phone}")).unwrap_or_default();
        format!("{} <{}>{phone}", contact.person.name, contact.person.email)
    });
    SideView {
        side,
        party: known.map_or_else(|| party.to_owned(), |party| party.name.clone()),
        owner: answer
            .map(|answer| clean(&answer.owner, 120))
            .or_else(|| contact.map(|contact| contact.person.name.clone()))
            .unwrap_or_else(|| "nobody".to_owned()),
        contact: reach.unwrap_or_else(|| "no longer in the configuration".to_owned()),
        answer: answer.map(|answer| {
            let by = answer.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default();
            let note = if answer.note.is_empty() { String::new() } else { format!(": {}", clean(&answer.note, 300)) };
            format!("{}{by}{note}", answer.answer.name())
        }),
        letters: letters().map(letter_view).collect(),
    }
}

fn letter_view(row: &DeliveryRow) -> LetterStatus {
    LetterStatus {
        kind: row.kind.clone(),
        to: format!("{} <{}>", row.name, row.recipient),
        state: row.state,
        written_at: row.created_at,
        sent_at: row.sent_at,
        tries: row.attempts,
        last_reply: row.last_reply.as_ref().map(|reply| clean(&without_credentials(reply), 300)),
    }
}

#[cfg(test)]
mod tests;
