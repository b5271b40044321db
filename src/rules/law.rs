//! Effect and direction give the severity. One law instead of hand-made request and response twins.

use serde::{Deserialize, Serialize};

use crate::diff::{Direction, Effect};

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

impl std::str::FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
            .ok_or_else(|| format!("{text:?} is not info, warning or breaking"))
    }
}

/// The severity of an effect on data that flows one way.
///
/// The sender must stay inside what the receiver accepts. To the provider, accepting less breaks the
/// consumer's requests; from the provider, sending more breaks the consumer's reading.
pub const fn law(effect: Effect, direction: Direction) -> Severity {
    match (effect, direction) {
        (Effect::Replaces, _) | (Effect::Narrows, Direction::ToProvider) | (Effect::Widens, Direction::FromProvider) => {
            Severity::Breaking
        }
        (Effect::Opaque, _) => Severity::Warning,
        (Effect::Annotates | Effect::Narrows | Effect::Widens, _) => Severity::Info,
    }
}
