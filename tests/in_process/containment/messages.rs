//! Descriptions around a schema, what a comparison says of two of them, and how much the random tests try.

use driftd::diff::Budget;
use driftd::model::{Direction, Severity};
use driftd::openapi::{Limits, read};
use driftd::rules::{Catalogue, Finding, Proof, compare};
use serde_json::{Value, json};

use super::meant::{one_as_any, told_apart, typed};
use super::near_miss::{closed, validator};

/// Problems that are shown.
const SHOWN: usize = 12;

/// A number that whoever runs the tests may set.
pub fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Pairs to try: `DRIFTD_PAIRS` asks for more than a plain run does.
pub fn pairs(otherwise: usize) -> usize {
    usize::try_from(number("DRIFTD_PAIRS", otherwise as u64)).unwrap_or(otherwise)
}

/// Where random pairs begin: `DRIFTD_SEED` asks for others.
pub fn seed(otherwise: u64) -> u64 {
    number("DRIFTD_SEED", otherwise)
}

/// A description whose `POST /items` takes and `GET /items` returns this schema.
pub fn exchanging(version: &str, schema: &Value, components: &Value) -> Value {
    let content = json!({"application/json": {"schema": schema}});
    json!({"openapi": version, "info": {"title": "T", "version": "1"}, "paths": {"/items": {
        "post": {"requestBody": {"content": content}, "responses": {"204": {"description": "done"}}},
        "get": {"responses": {"200": {"description": "ok", "content": content}}}
    }}, "components": {"schemas": components}})
}

/// Everything a comparison finds.
pub fn findings(before: &Value, after: &Value, catalogue: &Catalogue) -> Vec<Finding> {
    let document = |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let (verdict, _) = compare(&document(before), &document(after), catalogue, Budget::default());
    assert_eq!(verdict.undecided, None, "{before} and {after}");
    verdict.findings
}

/// What somebody has to act on.
pub fn matters(finding: &Finding) -> bool {
    finding.severity > Severity::Info
}

/// `severity rule` of findings that somebody has to act on.
pub fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter(|finding| matters(finding))
        .map(|finding| format!("{} {}", finding.severity.name(), finding.rule))
        .collect()
}

/// Who sends what a description before and one after describe.
const WAYS: [Direction; 2] = [Direction::ToProvider, Direction::FromProvider];

/// What was tried with random pairs, and what speaks against their verdicts.
#[derive(Default)]
pub struct Trials {
    /// Ways in which a message shows that something is refused.
    pub refusals: usize,
    /// Findings with a witness.
    pub witnesses: usize,
    /// Pairs that ask nothing of anybody.
    pub silent: usize,
    problems: Vec<String>,
}

impl Trials {
    /// Compares two descriptions, and tries messages: `plain` are the schemas of both by the letter of JSON Schema.
    pub fn compare(&mut self, described: (&Value, &Value), plain: (&Value, &Value), messages: &[Value], catalogue: &Catalogue) {
        let found = findings(described.0, described.1, catalogue);
        self.silent += usize::from(told(&found).is_empty());
        for direction in WAYS {
            let (sender, receiver) = match direction {
                Direction::ToProvider => (typed(plain.0), typed(plain.1)),
                _ => (typed(plain.1), typed(plain.0)),
            };
            // A reader takes what fits two alternatives for one of them.
            let read = if direction == Direction::ToProvider { receiver.clone() } else { one_as_any(&receiver) };
            // And forms that overlap only in members they do not declare are no two forms to anybody.
            let (sends, takes, apart) = (validator(&closed(&sender)), validator(&read), validator(&told_apart(&read)));
            let (Some(fits), Some(letter)) = (validator(&sender), validator(&receiver)) else { continue };
            let (Some(sent), Some(taken), Some(apart)) = (sends, takes, apart) else { continue };
            let here: Vec<&Finding> = found.iter().filter(|finding| finding.change.direction == direction).collect();
            for finding in &here {
                let Proof::Refuted { message, .. } = &finding.proof else { continue };
                self.witnesses += 1;
                if let Some(message) = message
                    && (!fits.is_valid(message) || letter.is_valid(message))
                {
                    self.problem(&format!("{}: {message} is no witness, {direction:?}", finding.rule), described);
                }
            }
            let is_refused = |message: &Value| !taken.is_valid(message) && !apart.is_valid(message);
            let Some(message) = messages.iter().find(|message| sent.is_valid(message) && is_refused(message)) else { continue };
            self.refusals += 1;
            if !here.iter().any(|finding| matters(finding)) {
                let rules: Vec<_> = here.iter().map(|finding| (finding.rule, &finding.proof)).collect();
                self.problem(&format!("{message} is refused {direction:?}, and {rules:?} is told"), described);
            }
        }
    }

    fn problem(&mut self, what: &str, described: (&Value, &Value)) {
        let schemas = |description: &Value| {
            let content = &description["paths"]["/items"]["get"]["responses"]["200"]["content"];
            format!("{} with {}", content["application/json"]["schema"], description["components"]["schemas"])
        };
        self.problems.push(format!("{what}\n  {}\n  {}", schemas(described.0), schemas(described.1)));
    }

    /// Tells what was tried, and fails where a verdict was wrong or nothing was shown.
    pub fn judge(&self, pairs: usize) {
        let Self { refusals, witnesses, silent, problems } = self;
        eprintln!("{pairs} pairs: {refusals} refused messages, {witnesses} witnesses, {silent} pairs ask nothing of anybody");
        assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems[..problems.len().min(SHOWN)].join("\n"));
        assert!(*refusals > pairs / 5 && *witnesses > pairs / 5 && *silent > pairs / 20, "the pairs show nothing");
    }
}
