//! What is watched: a description or the ledger of an API.

use serde::{Deserialize, Serialize};

/// Which description of an API is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surface {
    /// What callers meet today.
    Live,
    /// What they will meet: a preview, a beta, the next version.
    Upcoming,
    /// Not a description but the days on which things end or change: what the ledger holds.
    Ledger,
}

impl Surface {
    /// Every surface.
    pub const ALL: [Self; 3] = [Self::Live, Self::Upcoming, Self::Ledger];

    /// The word in configuration and status.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Upcoming => "upcoming",
            Self::Ledger => "ledger",
        }
    }
}

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
