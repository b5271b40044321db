//! What every format of a report shows: one view of a comparison.

use std::collections::HashMap;

use serde::Serialize;

use crate::model::{Direction, OneOfSeveral, OverrideNote, Severity, by_cause};
use crate::openapi::{Document, Oddity, SourceLine};
use crate::rules::{Catalogue, Finding, Fragments, JsonFinding, SameCause, Summary, Verdict};

use super::super::clean::clean;

/// One of the two documents of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct ComparedDocument<'s> {
    /// What whoever asked calls it: a file or a URL.
    pub place: &'s str,
    /// The lines that the findings' pointers lead to.
    pub lines: &'s HashMap<String, SourceLine>,
    /// What was read from them.
    pub document: &'s Document,
}

/// What is known of a finding beyond the verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FindingContext {
    /// `affected`, `not used` or `unknown`, where it is known what is used.
    pub impact: Option<&'static str>,
    /// Who made an exception, if anybody did.
    pub exception: Option<OverrideNote>,
}

/// A finding, and what is known of it beyond the verdict.
struct FindingInContext<'v> {
    finding: &'v Finding,
    context: FindingContext,
}

impl OneOfSeveral for FindingInContext<'_> {
    fn message(&self) -> &str {
        &self.finding.message
    }

    fn value(&self) -> Option<&str> {
        self.finding.value.as_deref()
    }
}

/// A comparison, ready to be shown.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The verdict in one line.
    pub headline: String,
    /// Counts by severity.
    pub summary: Summary,
    /// Most severe first.
    pub findings: Vec<ReportFinding>,
    /// Parts of either document that could not be read as meant; `pointer` is prefixed with the side.
    pub oddities: Vec<Oddity>,
    /// Why the comparison is incomplete, if it is.
    pub undecided: Option<String>,
}

/// A finding, ready to be shown.
#[derive(Debug, Clone, Serialize)]
pub struct ReportFinding {
    /// What the verdict says.
    #[serde(flatten)]
    pub finding: JsonFinding,
    /// Where it stands, as file and line.
    pub location: FileLines,
    /// Who is hurt and how it shows.
    pub hurt: String,
    /// What to do.
    pub remedy: String,
    /// What is proven, in one sentence; empty where no message shows it.
    pub proven: String,
    /// The changed fragment as a unified diff; empty for what nobody has to act on.
    pub fragment: String,
    /// `affected`, `not used` or `unknown`, where it is known what is used.
    pub impact: Option<&'static str>,
    /// Who made an exception, why, and until when.
    pub exception: Option<OverrideNote>,
}

/// Where a finding stands in both texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FileLines {
    /// In the description before.
    pub before: Option<FileLine>,
    /// In the description after.
    pub after: Option<FileLine>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileLine {
    /// The file or URL.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

impl std::fmt::Display for FileLine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", clean(&self.file, 300), self.line)
    }
}

impl Report {
    /// Puts together what is shown. `context` tells what is known of a finding beyond the verdict.
    pub fn new(
        before: ComparedDocument<'_>,
        after: ComparedDocument<'_>,
        verdict: &Verdict,
        oddities: Vec<Oddity>,
        catalogue: &Catalogue,
        context: impl Fn(usize, &Finding) -> FindingContext,
    ) -> Self {
        let mut fragments = Fragments::new(&before.document.root, &after.document.root);
        let judged: Vec<FindingInContext<'_>> = verdict
            .findings
            .iter()
            .enumerate()
            .map(|(index, finding)| FindingInContext { finding, context: context(index, finding) })
            .collect();
        let causes = by_cause(&judged, |judged| (judged.finding.cause(), judged.context.clone()));
        let mut findings: Vec<ReportFinding> = causes
            .iter()
            .map(|cause| {
                let FindingInContext { finding, context: FindingContext { impact, exception } } = cause.first;
                let same_cause = cause.others.iter().map(|other| SameCause::from(other.finding)).collect();
                let severity = exception.as_ref().map_or(finding.severity, |note| note.to.severity());
                let rule = catalogue.get(finding.rule);
                ReportFinding {
                    finding: JsonFinding { severity, message: cause.message.clone(), same_cause, ..JsonFinding::from(*finding) },
                    location: FileLines {
                        before: location(before.place, &finding.change.site.before, before.lines),
                        after: location(after.place, &finding.change.site.after, after.lines),
                    },
                    hurt: rule.map(|rule| rule.page.hurt.to_owned()).unwrap_or_default(),
                    remedy: rule.map(|rule| rule.page.remedy.to_string()).unwrap_or_default(),
                    proven: finding.proof.sentence(finding.change.direction).unwrap_or_default(),
                    fragment: match severity {
                        Severity::Info => String::new(),
                        _ => fragments.of(&finding.change),
                    },
                    impact: *impact,
                    exception: exception.clone(),
                }
            })
            .collect();
        findings.sort_by_key(|row| std::cmp::Reverse(row.finding.severity));
        let summary = Summary::of(findings.iter().map(|row| row.finding.severity));
        let headline = headline(before.document, after.document, summary, verdict);
        Self { headline, summary, findings, oddities, undecided: verdict.undecided.clone() }
    }

    /// The findings that somebody should read, and the rest.
    pub(super) fn parted(&self) -> (Vec<&ReportFinding>, Vec<&ReportFinding>) {
        self.findings.iter().partition(|row| row.matters())
    }
}

impl ReportFinding {
    /// Whether it counts: not merely informative, and not beside what is used.
    pub fn matters(&self) -> bool {
        self.finding.severity > Severity::Info && self.impact != Some("not used")
    }

    /// Which way the data flows and what that means for the reader, where either is known.
    pub(super) fn way(&self) -> String {
        let way = match self.finding.direction {
            Direction::ToProvider => "in what the consumer sends",
            Direction::FromProvider => "in what the consumer receives",
            Direction::Neither => "",
        };
        match (way, self.impact) {
            (way, None) => way.to_owned(),
            ("", Some(impact)) => impact.to_owned(),
            (way, Some(impact)) => format!("{way}, {impact}"),
        }
    }

    /// Who meets it, in a few words.
    pub(super) fn reach(&self) -> String {
        let way = match self.finding.direction {
            Direction::ToProvider => ", in what the consumer sends",
            Direction::FromProvider => ", in what the consumer receives",
            Direction::Neither => "",
        };
        let impact = self.impact.map(|impact| format!(" ({impact})")).unwrap_or_default();
        match self.finding.used_by.as_slice() {
            [] => format!("every operation{impact}"),
            [only] => format!("{}{way}{impact}", clean(only.as_str(), 200)),
            [first, rest @ ..] => format!("{} and {} more{way}{impact}", clean(first.as_str(), 200), rest.len()),
        }
    }

    /// The pointer in whichever document has the thing itself.
    pub(super) fn pointer(&self) -> &str {
        let pointer = &self.finding.pointer;
        if pointer.before.len() > pointer.after.len() { &pointer.before } else { &pointer.after }
    }

    /// The line to show: where it is now, else where it was.
    pub(super) fn line(&self) -> Option<&FileLine> {
        self.location.after.as_ref().or(self.location.before.as_ref())
    }

    /// Why it counts for less than its rule says, if somebody decided so.
    pub(super) fn excuse(&self) -> Option<String> {
        let note = self.exception.as_ref()?;
        Some(format!("{} until {} by {}: {}", note.to.name(), note.until, clean(&note.owner, 80), clean(&note.reason, 300)))
    }
}

fn location(place: &str, pointer: &str, lines: &HashMap<String, SourceLine>) -> Option<FileLine> {
    let line = lines.get(pointer)?;
    Some(FileLine { file: beside(place, &line.file), line: line.line })
}

/// A file that a description refers to, named as the description itself is; the description where it is empty.
fn beside(place: &str, file: &str) -> String {
    match (file, place.rsplit_once('/')) {
        ("", _) => place.to_owned(),
        (file, Some((folder, _))) if !file.starts_with('/') && !file.contains("://") => format!("{folder}/{file}"),
        (file, _) => file.to_owned(),
    }
}

fn headline(before: &Document, after: &Document, summary: Summary, verdict: &Verdict) -> String {
    let info = |document: &Document, field: &str| {
        let value = document.root.get("info").and_then(|info| info.get(field));
        clean(&value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default(), 60)
    };
    let both = |field: &str| {
        let (old, new) = (info(before, field), info(after, field));
        if old == new { old } else { format!("{old} → {new}") }
    };
    let names = format!("{} {}", both("title"), both("version"));
    if verdict.findings.is_empty() && verdict.undecided.is_none() {
        return format!("Nothing a caller can notice differs. {names}");
    }
    let open = if verdict.undecided.is_some() { "Undecided: not all of it could be compared. " } else { "" };
    format!("{open}{} breaking, {} warning, {} info. {names}", summary.breaking, summary.warning, summary.info)
}

/// Findings by the operations they reach, in order of first appearance: the most severe group comes first.
pub(super) fn by_operation<'r>(rows: &[&'r ReportFinding]) -> Vec<(String, Vec<&'r ReportFinding>)> {
    let mut groups: Vec<(String, Vec<&'r ReportFinding>)> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let name = match row.finding.used_by.as_slice() {
            [] => "Every operation".to_owned(),
            [only] => only.to_string(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        };
        match index.get(&name).and_then(|at| groups.get_mut(*at)) {
            Some((_, members)) => members.push(row),
            None => {
                index.insert(name.clone(), groups.len());
                groups.push((name, vec![row]));
            }
        }
    }
    groups
}

/// How many oddities there are, as reports write it: `1 corner`, `2 corners`.
pub(super) fn count_oddities(count: usize) -> String {
    if count == 1 { "1 corner".to_owned() } else { format!("{count} corners") }
}
