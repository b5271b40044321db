//! A finding without the documents it was found in: as it is stored and told.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::cause::{OneCause, OneOfSeveral, by_cause};
use super::{Consequence, Direction, OperationLabel, Overridable, Override, OverrideNote, Severity, Stability};

/// A day on which something ends or changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The day.
    pub on: NaiveDate,
    /// Grows whenever the day moves.
    pub revision: i64,
    /// Stays the same when it does.
    pub id: String,
    /// What it is about, as the ledger has it.
    pub subject: String,
    /// What happens, in a few words.
    pub title: String,
}

/// The notice that a change was given, held against what was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeGiven {
    /// The class of change that was promised so much; empty where an older version measured it.
    #[serde(default)]
    pub class: String,
    /// Since when it was known; none where nobody had said a word.
    pub told_on: Option<NaiveDate>,
    /// Days from then to the day it was seen.
    pub given: i64,
    /// What was promised.
    pub promised: String,
    /// Days that lack.
    pub short: i64,
}

impl std::fmt::Display for NoticeGiven {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days = |count: i64| format!("{count} {}", if count == 1 { "day" } else { "days" });
        match self.told_on {
            None => write!(formatter, "none, {} promised", self.promised)?,
            Some(day) => write!(formatter, "{} of {} promised, known since {day}", days(self.given), self.promised)?,
        }
        if self.short > 0 { write!(formatter, "; {} short", days(self.short)) } else { Ok(()) }
    }
}

/// A finding as it is stored and told: the judged fact without the documents it was found in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenFinding {
    /// Keeps one finding alive while its value moves.
    pub identity: String,
    /// Changes when there is something new to say.
    pub content: String,
    /// How much it matters, after overrides.
    pub severity: Severity,
    /// How much it matters by its rule.
    pub judged: Severity,
    /// Who made an exception, if anybody did.
    pub exception: Option<OverrideNote>,
    /// What it does to the party it hurts.
    pub consequence: Consequence,
    /// The stability level that all operations it reaches have, below stable.
    #[serde(default, deserialize_with = "stability_as_stored")]
    pub stability: Option<Stability>,
    /// Rule id.
    pub rule: String,
    /// One sentence.
    pub message: String,
    /// The end of that sentence, where several findings at one place may differ by it alone.
    #[serde(default)]
    pub value: Option<String>,
    /// What is proven, in one sentence; empty where no message shows it.
    #[serde(default)]
    pub proven: String,
    /// Operations it reaches; empty means the whole description.
    pub used_by: Vec<OperationLabel>,
    /// JSON Pointer before.
    pub before_pointer: String,
    /// JSON Pointer after.
    pub after_pointer: String,
    /// The changed fragment as a unified diff.
    pub fragment: String,
    /// Which way the data flows.
    pub direction: Direction,
    /// The notice it was given, where it breaks and is live.
    #[serde(default)]
    pub given: Option<NoticeGiven>,
    /// The day it is about, where it is about one.
    #[serde(default)]
    pub day: Option<Day>,
}

impl OneOfSeveral for OpenFinding {
    fn message(&self) -> &str {
        &self.message
    }

    fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

impl OpenFinding {
    /// What a rule says of the whole description, with nothing more known of it.
    pub fn new(identity: String, rule: &str, severity: Severity, message: String) -> Self {
        Self {
            identity,
            content: String::new(),
            severity,
            judged: severity,
            exception: None,
            consequence: Consequence::Refused,
            stability: None,
            rule: rule.to_owned(),
            message,
            value: None,
            proven: String::new(),
            used_by: Vec::new(),
            before_pointer: String::new(),
            after_pointer: String::new(),
            fragment: String::new(),
            direction: Direction::Neither,
            given: None,
            day: None,
        }
    }

    /// Findings in the rows that people read: those of one cause are one.
    pub fn rows<'f>(findings: impl IntoIterator<Item = &'f Self>) -> Vec<OneCause<&'f Self>> {
        by_cause(findings, |finding| {
            let pointers = (finding.before_pointer.as_str(), finding.after_pointer.as_str());
            (finding.rule.as_str(), finding.severity, pointers, finding.used_by.as_slice(), finding.exception.as_ref())
        })
    }

    /// Whether somebody has to hear of it.
    pub fn needs_notice(&self) -> bool {
        self.severity > Severity::Info
    }

    /// Whether somebody would have to hear of it if nobody had made an exception: then the baseline stays.
    pub fn blocks_baseline(&self) -> bool {
        self.judged > Severity::Info
    }

    /// Applies the overrides that are in force today: they begin and end.
    pub fn apply_overrides(&mut self, overrides: &[Override], today: NaiveDate) {
        let subject = Overridable {
            rule: &self.rule,
            used_by: &self.used_by,
            pointers: [&self.before_pointer, &self.after_pointer],
            stability: self.stability,
            content: &self.content,
        };
        let found = overrides.iter().find(|one| one.covers(subject, today));
        self.severity = found.map_or(self.judged, |one| one.to.severity());
        self.exception = found.map(Override::note);
    }
}

/// Older versions stored the word of the description as it was: one that nobody knows means stable, as everywhere.
fn stability_as_stored<'d, D: serde::Deserializer<'d>>(from: D) -> Result<Option<Stability>, D::Error> {
    let word = Option::<String>::deserialize(from)?;
    Ok(word.as_deref().and_then(Stability::named).filter(|level| *level < Stability::Stable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_of_an_older_version_is_read_whatever_its_stability_was_called() {
        let finding = OpenFinding::new("i".to_owned(), "r", Severity::Breaking, String::new());
        let mut stored = serde_json::to_value(OpenFinding { stability: Some(Stability::Alpha), ..finding }).expect("JSON");
        let mut read = |word: Option<&str>| {
            stored["stability"] = word.into();
            serde_json::from_value::<OpenFinding>(stored.clone()).expect("a finding").stability
        };
        assert_eq!(read(Some("Beta")), Some(Stability::Beta));
        assert_eq!([read(Some("experimental")), read(Some("deprecated")), read(Some("stable")), read(None)], [None; 4]);
        stored.as_object_mut().expect("an object").remove("stability");
        assert_eq!(serde_json::from_value::<OpenFinding>(stored).expect("a finding").stability, None);
    }
}
