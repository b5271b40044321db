//! What the pages of the rules show.

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::{Direction, Integration, Override};
use crate::render::clean;
use crate::rules::{Catalogue, Rule, Topic};
use crate::state::ActiveConfig;

/// Longest word of an exception, characters.
const LONGEST: usize = 200;

/// All rules, or those that were sought.
#[derive(Debug, Serialize)]
pub(in crate::http) struct RulesPage {
    /// What was sought; empty for all.
    sought: String,
    /// How many there are, of how many.
    found: usize,
    all: usize,
    groups: Vec<RuleGroup>,
    /// Exceptions that name no rule, or one that is not among these: they stand at none.
    others: Vec<ExceptionView>,
}

/// Rules about one thing.
#[derive(Debug, Serialize)]
struct RuleGroup {
    title: &'static str,
    rules: Vec<RuleRow>,
}

/// A rule in a line.
#[derive(Debug, Serialize)]
struct RuleRow {
    id: &'static str,
    severity: &'static str,
    title: &'static str,
    exceptions: Vec<ExceptionView>,
}

/// An exception of the configuration.
#[derive(Debug, Serialize)]
struct ExceptionView {
    integration: String,
    /// `ignore`, `info`, `warning` or `breaking`.
    to: &'static str,
    /// The rules that it names, as written; empty for every rule.
    rule: String,
    /// What else it is limited to, in words.
    limits: String,
    owner: String,
    reason: String,
    until: NaiveDate,
    /// Whether that has passed.
    has_ended: bool,
}

impl ExceptionView {
    fn of(integration: &Integration, one: &Override, today: NaiveDate) -> Self {
        let operations = one.operations.iter().flatten().map(|pattern| format!("{} {}", pattern.method, pattern.path));
        let mut limits: Vec<String> = operations.collect();
        limits.extend(one.pointer.as_ref().map(|pointer| format!("at {}", pointer.text())));
        let levels =
            one.stability.as_ref().map(|levels| levels.iter().map(|level| level.name()).collect::<Vec<_>>().join(" or "));
        limits.extend(levels.map(|levels| format!("stability {levels}")));
        limits.extend(one.content.as_ref().map(|content| format!("content {content}")));
        Self {
            integration: integration.id.clone(),
            to: one.to.name(),
            rule: one.rule.as_ref().map_or_else(String::new, |rule| clean(rule.text(), LONGEST)),
            limits: clean(&limits.join(", "), LONGEST),
            owner: clean(&one.owner, LONGEST),
            reason: clean(&one.reason, LONGEST),
            until: one.until,
            has_ended: one.until < today,
        }
    }
}

/// The rules that have all words of a search somewhere in their page, by what they are about.
pub(in crate::http) fn rules_page(catalogue: &Catalogue, active: &ActiveConfig, sought: &str, today: NaiveDate) -> RulesPage {
    let words: Vec<String> = sought.split_whitespace().map(str::to_lowercase).collect();
    let exceptions = || {
        let integrations = active.config.integrations.iter();
        integrations.flat_map(|integration| integration.overrides.iter().map(move |one| (integration, one)))
    };
    let names = |one: &Override, rule: &Rule| one.rule.as_ref().is_some_and(|pattern| pattern.matches(rule.id));
    let mut groups: Vec<RuleGroup> = Vec::new();
    for topic in Topic::ALL {
        let about = catalogue.rules().filter(|rule| rule.topic() == topic && has_all(rule, &words));
        let rules: Vec<RuleRow> = about
            .map(|rule| RuleRow {
                id: rule.id,
                severity: rule.severity.name(),
                title: rule.page.title,
                exceptions: exceptions()
                    .filter(|(_, one)| names(one, rule))
                    .map(|(integration, one)| ExceptionView::of(integration, one, today))
                    .collect(),
            })
            .collect();
        if !rules.is_empty() {
            groups.push(RuleGroup { title: topic.title(), rules });
        }
    }
    let others = exceptions().filter(|(_, one)| !catalogue.rules().any(|rule| names(one, rule)));
    RulesPage {
        sought: sought.to_owned(),
        found: groups.iter().map(|group| group.rules.len()).sum(),
        all: catalogue.rules().count(),
        groups,
        others: others.map(|(integration, one)| ExceptionView::of(integration, one, today)).collect(),
    }
}

/// Whether each word stands in the id of a rule, in its page, or in an id that users of oasdiff know.
fn has_all(rule: &Rule, words: &[String]) -> bool {
    let page = &rule.page;
    let text = format!("{} {} {} {} {}", rule.id, page.title, page.hurt, page.remedy, rule.oasdiff.join(" ")).to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

/// The page of one rule.
#[derive(Debug, Serialize)]
pub(in crate::http) struct RulePage {
    id: &'static str,
    severity: &'static str,
    direction: &'static str,
    title: &'static str,
    hurt: &'static str,
    remedy: String,
    because: Option<String>,
    before: &'static str,
    after: &'static str,
    finding: &'static str,
    oasdiff: Vec<String>,
}

impl RulePage {
    pub(in crate::http) fn new(rule: &Rule) -> Self {
        Self {
            id: rule.id,
            severity: rule.severity.name(),
            direction: match rule.direction {
                Direction::ToProvider => "about what the consumer sends",
                Direction::FromProvider => "about what the consumer receives",
                Direction::Neither => "about the API itself",
            },
            title: rule.page.title,
            hurt: rule.page.hurt,
            remedy: rule.page.remedy.to_string(),
            because: rule.because.clone(),
            before: rule.page.example.before,
            after: rule.page.example.after,
            finding: rule.page.example.finding,
            oasdiff: rule.oasdiff.clone(),
        }
    }
}
