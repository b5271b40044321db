//! How much a finding matters, and to whom it does what.

use serde::{Deserialize, Serialize};

/// How much a finding matters, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nobody has to act.
    Info,
    /// Somebody may have to act; the document cannot tell.
    Warning,
    /// A client that was right yesterday is wrong tomorrow.
    Breaking,
}

impl Severity {
    /// Every severity, mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Breaking];

    /// The word users read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Breaking => "breaking",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.name())
    }
}

impl std::str::FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
            .ok_or_else(|| format!("{text:?} is not info, warning or breaking"))
    }
}

/// What a change does to the party it hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// What is sent is rejected.
    Refused,
    /// What arrives is something the contract excluded.
    Unreadable,
    /// Nothing fails, and the meaning moves: an ignored field, a moved default, a filter that no longer filters.
    Silent,
    /// The wire is the same; names in generated code change.
    GeneratedCode,
    /// Nobody is hurt.
    None,
}

impl Consequence {
    /// The word in pages, reports and mails.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
            Self::Silent => "silent",
            Self::GeneratedCode => "generated-code",
            Self::None => "none",
        }
    }

    /// The same about the consumer, for whoever is not it.
    pub const fn meaning_for_consumer(self) -> &'static str {
        match self {
            Self::Refused => "what the consumer sends is rejected",
            Self::Unreadable => "the consumer is sent what the contract excluded",
            other => other.meaning(),
        }
    }

    /// What it means, for a reader who meets the word for the first time.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Refused => "what you send is rejected",
            Self::Unreadable => "you are sent what the contract excluded",
            Self::Silent => "nothing fails, the meaning moves",
            Self::GeneratedCode => "the wire is the same, names in generated code change",
            Self::None => "nobody is hurt",
        }
    }
}
