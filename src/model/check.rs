//! What one check of one description came to.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Overridable, Override, OverrideNote, Surface};

/// Names one watched description: integration, API, and which of its surfaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WatchKey {
    /// Integration id.
    pub integration: String,
    /// API id within it.
    pub api: String,
    /// Live, upcoming, or the ledger.
    pub surface: Surface,
}

impl WatchKey {
    /// Another surface of the same API.
    pub fn on(&self, surface: Surface) -> Self {
        Self { surface, ..self.clone() }
    }
}

impl std::fmt::Display for WatchKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.integration, self.api)?;
        if self.surface == Surface::Upcoming { formatter.write_str(" (upcoming)") } else { Ok(()) }
    }
}

/// The state of a watched description. The first four are never confused with one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApiState {
    /// Never checked.
    New,
    /// Read, and nothing above info differs from the baseline.
    Verified,
    /// Read, and something that matters differs from the baseline.
    Changed,
    /// They cannot be reached.
    Down,
    /// They publish something we cannot read.
    Undecidable,
    /// Our own network, disk or mail is at fault: nothing is known.
    Blind,
    /// Much of it vanished at once; held until a second fetch agrees.
    Held,
}

impl ApiState {
    /// The word in status and storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Verified => "verified",
            Self::Changed => "changed",
            Self::Down => "down",
            Self::Undecidable => "undecidable",
            Self::Blind => "blind",
            Self::Held => "held",
        }
    }

    /// The state a stored word stands for.
    pub fn named(name: &str) -> Option<Self> {
        [Self::New, Self::Verified, Self::Changed, Self::Down, Self::Undecidable, Self::Blind, Self::Held]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// What makes the next GET conditional (RFC 9110 section 13).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, verbatim.
    pub etag: Option<String>,
    /// `Last-Modified`, verbatim.
    pub last_modified: Option<String>,
    /// Those of the other files of a description of several, by file: each is asked for by itself.
    pub parts: BTreeMap<String, PartValidators>,
}

/// What makes the GET of one file of a description conditional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartValidators {
    /// `ETag`, verbatim.
    pub etag: Option<String>,
    /// `Last-Modified`, verbatim.
    pub last_modified: Option<String>,
}

/// What is known of a watched description after its last check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its state.
    pub state: ApiState,
    /// Why, in one sentence.
    pub detail: String,
    /// When it was last tried.
    pub checked_at: DateTime<Utc>,
    /// When it is tried next.
    pub next_at: DateTime<Utc>,
    /// Consecutive failures.
    pub failures: u32,
}

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
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OpenFinding {
    /// Keeps one finding alive while its value moves.
    pub identity: String,
    /// Changes when there is something new to say.
    pub content: String,
    /// `breaking`, `warning` or `info`, after overrides.
    pub severity: String,
    /// The same as the rule has it.
    pub judged: String,
    /// Who made an exception, if anybody did.
    pub exception: Option<OverrideNote>,
    /// `refused`, `unreadable`, `silent`, `generated-code` or `none`.
    pub consequence: String,
    /// The stability level that all operations it reaches have, below stable.
    pub stability: Option<String>,
    /// Rule id.
    pub rule: String,
    /// One sentence.
    pub message: String,
    /// What is proven, in one sentence; empty where no message shows it.
    #[serde(default)]
    pub proven: String,
    /// Operations it reaches, as `METHOD path`; empty means the whole description.
    pub used_by: Vec<String>,
    /// JSON Pointer before.
    pub before_pointer: String,
    /// JSON Pointer after.
    pub after_pointer: String,
    /// The changed fragment as a unified diff.
    pub fragment: String,
    /// `to-provider`, `from-provider` or `neither`.
    pub direction: String,
    /// The notice it was given, where it breaks and is live.
    #[serde(default)]
    pub given: Option<NoticeGiven>,
    /// The day it is about, where it is about one.
    #[serde(default)]
    pub day: Option<Day>,
}

impl OpenFinding {
    /// Whether somebody has to hear of it.
    pub fn is_told(&self) -> bool {
        self.severity != "info"
    }

    /// Whether somebody would have to hear of it if nobody had made an exception: then the baseline stays.
    pub fn matters(&self) -> bool {
        self.judged != "info"
    }

    /// Weighs the finding anew: overrides begin and end.
    pub fn weigh(&mut self, overrides: &[Override], today: NaiveDate) {
        let subject = Overridable {
            rule: &self.rule,
            used_by: &self.used_by,
            pointers: [&self.before_pointer, &self.after_pointer],
            stability: self.stability.as_deref(),
            content: &self.content,
        };
        let found = overrides.iter().find(|one| one.covers(subject, today));
        self.severity = found.map_or_else(|| self.judged.clone(), |one| one.to.severity().to_owned());
        self.exception = found.map(Override::note);
    }
}
