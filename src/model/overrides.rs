//! Exceptions that people make from a verdict: by rule, operation, place, stability or content, with an owner, a reason
//! and an end.

use chrono::NaiveDate;
use globset::{Glob, GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

use super::{OperationLabel, OperationPattern, Severity, Stability};

/// What an override makes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideSeverity {
    /// Breaking, whatever the rule says.
    Breaking,
    /// A warning.
    Warning,
    /// Nobody is told; it stays on status.
    Info,
    /// Nobody is told and it counts for nothing; it is still listed, with the reason.
    Ignore,
}

impl OverrideSeverity {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Breaking, Self::Warning, Self::Info, Self::Ignore];

    /// The word in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            other => other.severity().name(),
        }
    }

    /// The severity a finding has from now on.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Breaking => Severity::Breaking,
            Self::Warning => Severity::Warning,
            Self::Info | Self::Ignore => Severity::Info,
        }
    }
}

/// A glob over rule ids or JSON Pointers; `*` stays within one segment, `**` crosses them.
#[derive(Debug, Clone)]
pub struct Pattern(GlobMatcher);

impl Pattern {
    /// Reads a glob.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let glob: Glob =
            GlobBuilder::new(text).literal_separator(true).backslash_escape(false).build().map_err(|error| error.to_string())?;
        Ok(Self(glob.compile_matcher()))
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        self.0.glob().glob()
    }

    /// Whether it names this text.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// An exception from the verdict. What it does not name it does not ask about.
#[derive(Debug, Clone)]
pub struct Override {
    /// Which rules.
    pub rule: Option<Pattern>,
    /// Which operations: every one that a finding reaches must be among them.
    pub operations: Option<Vec<OperationPattern>>,
    /// Which places, in the description before or after.
    pub pointer: Option<Pattern>,
    /// Which stability levels (`x-stability-level`): every operation that a finding reaches must have one of them.
    pub stability: Option<Vec<Stability>>,
    /// The content of the one finding that is waived, or how it begins: the finding is back as soon as it changes.
    pub content: Option<String>,
    /// What becomes of the finding.
    pub to: OverrideSeverity,
    /// Who answers for the exception.
    pub owner: String,
    /// Why it is made.
    pub reason: String,
    /// The last day it holds.
    pub until: NaiveDate,
}

/// What an override looks at.
#[derive(Debug, Clone, Copy)]
pub struct Overridable<'f> {
    /// Rule id.
    pub rule: &'f str,
    /// Operations it reaches.
    pub used_by: &'f [OperationLabel],
    /// JSON Pointers before and after.
    pub pointers: [&'f str; 2],
    /// The stability level that all of those operations have, below stable.
    pub stability: Option<Stability>,
    /// What changes when there is something new to say.
    pub content: &'f str,
}

impl Override {
    /// Whether it is in force and names the finding.
    pub fn covers(&self, finding: Overridable<'_>, today: NaiveDate) -> bool {
        let operations = |patterns: &Vec<OperationPattern>| {
            let named = |label: &OperationLabel| patterns.iter().any(|pattern| pattern.matches_label(label));
            !finding.used_by.is_empty() && finding.used_by.iter().all(named)
        };
        let stability = |levels: &Vec<Stability>| finding.stability.is_some_and(|level| levels.contains(&level));
        today <= self.until
            && self.rule.as_ref().is_none_or(|rule| rule.matches(finding.rule))
            && self.operations.as_ref().is_none_or(operations)
            && self.pointer.as_ref().is_none_or(|pointer| finding.pointers.iter().any(|place| pointer.matches(place)))
            && self.stability.as_ref().is_none_or(stability)
            && self.content.as_ref().is_none_or(|content| finding.content.starts_with(content.as_str()))
    }

    /// What is told beside a finding that it covers.
    pub fn note(&self) -> OverrideNote {
        OverrideNote { to: self.to, owner: self.owner.clone(), reason: self.reason.clone(), until: self.until }
    }
}

/// Who made an exception for a finding, why, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OverrideNote {
    /// What it made of the finding.
    pub to: OverrideSeverity,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day it holds.
    pub until: NaiveDate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OpenFinding;

    fn finding(used_by: &[OperationLabel], stability: Option<Stability>) -> Overridable<'_> {
        let pointers = ["/components/schemas/Legacy/properties/x", "/components/schemas/Legacy"];
        Overridable { rule: "response-enum-value-added", used_by, pointers, stability, content: "5f2c9a01be" }
    }

    #[test]
    fn what_is_named_must_match_and_what_is_not_named_is_not_asked() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let all = Override {
            rule: None,
            operations: None,
            pointer: None,
            stability: None,
            content: None,
            to: OverrideSeverity::Info,
            owner: "Ann".to_owned(),
            reason: "r".to_owned(),
            until: day("2026-12-31"),
        };
        let pattern = |text: &str| Some(Pattern::parse(text).expect("a glob"));
        let operations = |list: &[&str]| Some(list.iter().filter_map(|text| OperationPattern::parse(text)).collect());
        let uses = ["/a", "/b"].map(|path| OperationLabel::called_by_consumer("GET", path));
        let covers = |one: &Override| one.covers(finding(&uses, None), day("2026-12-31"));
        assert!(covers(&all) && !all.covers(finding(&uses, None), day("2027-01-01")), "it has an end");
        assert!(covers(&Override { rule: pattern("response-enum-*"), ..all.clone() }));
        assert!(!covers(&Override { rule: pattern("request-*"), ..all.clone() }));
        let waived = |content: &str| Override { content: Some(content.to_owned()), ..all.clone() };
        assert!(covers(&waived("5f2c9a01")) && !covers(&waived("5f2c9a02")), "what is waived is what was seen");
        assert!(covers(&Override { pointer: pattern("/components/schemas/Legacy/**"), ..all.clone() }));
        assert!(!covers(&Override { pointer: pattern("/components/*"), ..all.clone() }), "a star stays within its segment");
        assert!(covers(&Override { operations: operations(&["GET /a", "GET /b"]), ..all.clone() }));
        assert!(!covers(&Override { operations: operations(&["GET /a"]), ..all.clone() }), "it also reaches GET /b");
        let beta = Override { stability: Some(vec![Stability::Beta]), ..all };
        assert!(!covers(&beta) && beta.covers(finding(&uses, Some(Stability::Beta)), day("2026-01-01")));
        assert!(Pattern::parse("[").is_err());
    }

    #[test]
    fn the_first_exception_that_covers_counts() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let exception = |to: OverrideSeverity, until: &str| Override {
            rule: None,
            operations: None,
            pointer: None,
            stability: None,
            content: None,
            to,
            owner: "Ann".to_owned(),
            reason: "r".to_owned(),
            until: day(until),
        };
        let all = [
            exception(OverrideSeverity::Ignore, "2026-06-30"),
            exception(OverrideSeverity::Warning, "2026-12-31"),
            exception(OverrideSeverity::Info, "2026-12-31"),
        ];
        let mut finding = OpenFinding::new("i".to_owned(), "r", Severity::Breaking, String::new());
        for (today, severity) in
            [("2026-06-30", Severity::Info), ("2026-07-01", Severity::Warning), ("2027-01-01", Severity::Breaking)]
        {
            finding.apply_overrides(&all, day(today));
            assert_eq!(finding.severity, severity, "{today}");
        }
        finding.apply_overrides(&all, day("2026-07-01"));
        assert_eq!(finding.exception.map(|note| note.to), Some(OverrideSeverity::Warning), "and it is the one that is named");
    }
}
