//! What the page of a notice shows to one reader.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::model::{Consumer, NoticeGiven, OneCause, OpenFinding, Severity, Side};
use crate::notice::{concerning, hardest_first, least_notice, own_operations};
use crate::render::clean;
use crate::state::AppState;
use crate::store::NoticeFile;

use super::super::status::{SideView, ago, side_views};
use super::fragment::{Pair, side_by_side};
use super::timeline::{Moment, Sources, timeline};

/// Findings on one page.
const SHOWN: usize = 40;

/// Operations that are named for one finding, and that can be chosen.
const NAMED: usize = 12;
const CHOSEN: usize = 400;

/// Who looks.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) enum Viewer<'r> {
    /// Whoever runs driftd: both ends whole.
    Operator,
    /// Whoever holds the link of a letter: its own end whole, of the other who owns it and what was answered.
    Party { side: Side, party: &'r str },
}

/// What is asked for by the address.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::http) struct Filter {
    #[serde(default)]
    operation: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    page: String,
}

/// What the page shows.
#[derive(Debug, Clone, Serialize)]
pub(in crate::http) struct NoticePage {
    notice: String,
    api: String,
    integration: String,
    provider: String,
    /// `live`, `upcoming` or `ledger`.
    surface: &'static str,
    opened_at: DateTime<Utc>,
    age: String,
    closed_why: Option<String>,
    breaking: usize,
    warnings: usize,
    /// Days by which the answer is overdue at some end.
    overdue_days: Option<i64>,
    given: Option<NoticeGiven>,
    sides: Vec<SideView>,
    timeline: Vec<Moment>,
    findings: Vec<ChangeRow>,
    /// How many the filter leaves, of how many there are.
    matching: usize,
    all: usize,
    operations: Vec<String>,
    operation: String,
    severity: String,
    /// The filter, as an address says it.
    query: String,
    page: usize,
    pages: usize,
}

/// A finding with both sides of its fragment.
#[derive(Debug, Clone, Serialize)]
struct ChangeRow {
    severity: Severity,
    message: String,
    consequence: String,
    proven: String,
    hurt: String,
    consumers_remedy: String,
    providers_remedy: String,
    operations: Vec<String>,
    more_operations: usize,
    fragment: Vec<Pair>,
    rule: String,
    has_page: bool,
    before_pointer: String,
    after_pointer: String,
}

/// What the page of a notice shows to a reader.
pub(in crate::http) fn notice_page(shared: &AppState, file: &NoticeFile, reader: Viewer<'_>, filter: &Filter) -> NoticePage {
    let active = shared.active();
    let now = shared.clock.now();
    let key = &file.row.key;
    let found = active.find(key);
    let consumers = found.map(|(_, api)| api.consumers.as_slice()).unwrap_or_default();
    // Of what a party was told and will be: whatever concerns it; the provider and the operator see what concerns anybody.
    let own = match reader {
        Viewer::Party { side: Side::Consumer, party } => Some(consumers.iter().find(|consumer| consumer.party == party)),
        Viewer::Party { side: Side::Provider, .. } | Viewer::Operator => None,
    };
    let callers = own.map_or(consumers, |own| own.map_or(&[], std::slice::from_ref));
    let own = own.flatten();
    let findings = concerning(&file.findings, callers);
    let rows = hardest_first(&findings, &shared.catalogue);
    let operations: BTreeSet<String> =
        rows.iter().flat_map(|row| own_operations(row.first, own)).map(|label| clean(label.as_str(), 200)).collect();
    let is_chosen = |row: &&OneCause<&OpenFinding>| {
        (filter.severity.is_empty() || row.first.severity.name() == filter.severity)
            && (filter.operation.is_empty()
                || own_operations(row.first, own).iter().any(|label| clean(label.as_str(), 200) == filter.operation))
    };
    let chosen: Vec<&OneCause<&OpenFinding>> = rows.iter().filter(is_chosen).collect();
    let pages = chosen.len().div_ceil(SHOWN).max(1);
    let page = filter.page.parse().unwrap_or(1).clamp(1, pages);
    let shown = chosen.iter().skip((page - 1) * SHOWN).take(SHOWN);
    let may_see = |party: &str| match reader {
        Viewer::Operator | Viewer::Party { side: Side::Provider, .. } => true,
        Viewer::Party { side: Side::Consumer, party: own } => party == own || found.is_some_and(|(_, api)| api.provider == party),
    };
    let integration = found.map(|(integration, _)| integration);
    let sides: Vec<SideView> = side_views(&file.row, integration, now)
        .into_iter()
        .filter(|(_, party, _)| may_see(party))
        .map(|(_, party, mut view)| {
            if matches!(reader, Viewer::Party { party: own, .. } if own != party) {
                view.letters.clear();
            }
            if file.closed.is_some() {
                // Nobody is asked any more.
                (view.due, view.overdue_days) = (None, None);
            }
            view
        })
        .collect();
    let due = sides.iter().filter_map(|side| side.due).min();
    let overdue_days = sides.iter().filter_map(|side| side.overdue_days).max();
    let breaking = rows.iter().filter(|row| row.first.severity == Severity::Breaking).count();
    let sources = Sources { file, findings: &findings, integration, due, now };
    NoticePage {
        notice: file.row.id.clone(),
        api: found.map_or_else(|| key.api.clone(), |(_, api)| api.name.clone()),
        integration: integration.map_or_else(|| key.integration.clone(), |integration| integration.name.clone()),
        provider: found
            .and_then(|(integration, api)| integration.party(&api.provider))
            .map_or_else(String::new, |party| party.name.clone()),
        surface: key.surface.name(),
        opened_at: file.row.opened_at,
        age: ago(now - file.row.opened_at),
        closed_why: file.closed.as_ref().map(|(_, why)| clean(why, 200)),
        breaking,
        warnings: rows.len() - breaking,
        overdue_days,
        given: least_notice(&findings).cloned(),
        sides,
        timeline: timeline(&sources, may_see),
        findings: shown.map(|row| change_row(row, shared, own)).collect(),
        matching: chosen.len(),
        all: rows.len(),
        operations: operations.into_iter().take(CHOSEN).collect(),
        operation: filter.operation.clone(),
        severity: filter.severity.clone(),
        query: form_urlencoded::Serializer::new(String::new())
            .append_pair("operation", &filter.operation)
            .append_pair("severity", &filter.severity)
            .finish(),
        page,
        pages,
    }
}

fn change_row(row: &OneCause<&OpenFinding>, shared: &AppState, own: Option<&Consumer>) -> ChangeRow {
    let finding = row.first;
    let rule = shared.catalogue.get(&finding.rule);
    let operations = own_operations(finding, own);
    let remedy = rule.map(|rule| rule.page.remedy);
    ChangeRow {
        severity: finding.severity,
        message: row.message.clone(),
        consequence: rule.map_or_else(String::new, |rule| rule.consequence.meaning_for_consumer().to_owned()),
        proven: finding.proven.clone(),
        hurt: rule.map_or_else(String::new, |rule| rule.page.hurt.to_owned()),
        consumers_remedy: remedy.map_or("", |remedy| remedy.consumer).to_owned(),
        providers_remedy: remedy.and_then(|remedy| remedy.provider).unwrap_or_default().to_owned(),
        more_operations: operations.len().saturating_sub(NAMED),
        operations: operations.into_iter().take(NAMED).map(|label| clean(label.as_str(), 200)).collect(),
        fragment: side_by_side(&finding.fragment),
        rule: finding.rule.clone(),
        has_page: rule.is_some(),
        before_pointer: clean(&finding.before_pointer, 300),
        after_pointer: clean(&finding.after_pointer, 300),
    }
}
