//! What one check of one description came to.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
    /// Every state.
    pub const ALL: [Self; 7] = [Self::New, Self::Verified, Self::Changed, Self::Down, Self::Undecidable, Self::Blind, Self::Held];

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
        Self::ALL.into_iter().find(|state| state.name() == name)
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
