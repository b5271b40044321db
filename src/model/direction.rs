//! Which way the data flows.

use serde::{Deserialize, Serialize};

/// Which way the data flows that a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The consumer sends it: parameters, request bodies, answers to webhooks.
    ToProvider,
    /// The consumer receives it: responses, headers, webhook and callback payloads.
    FromProvider,
    /// No data: paths, servers, lifecycle.
    Neither,
}

impl Direction {
    /// The other way: what webhooks and callbacks do to everything beneath them.
    pub const fn flipped(self) -> Self {
        match self {
            Self::ToProvider => Self::FromProvider,
            Self::FromProvider => Self::ToProvider,
            Self::Neither => Self::Neither,
        }
    }

    /// Every direction.
    pub const ALL: [Self; 3] = [Self::ToProvider, Self::FromProvider, Self::Neither];

    /// The word in reports and storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ToProvider => "to-provider",
            Self::FromProvider => "from-provider",
            Self::Neither => "neither",
        }
    }
}
