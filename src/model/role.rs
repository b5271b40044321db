//! Who somebody is in an integration: on which side, in which role.

use serde::{Deserialize, Serialize};

/// Which end of the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Calls the API.
    Consumer,
    /// Publishes it.
    Provider,
}

impl Side {
    /// The word in mails and storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Provider => "provider",
        }
    }

    /// The side a stored word stands for.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Consumer, Self::Provider].into_iter().find(|side| side.name() == name)
    }
}

/// What a person answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Owns the published API.
    ApiOwner,
    /// Builds against it.
    Engineering,
    /// Is called at night.
    OnCall,
    /// Decides about the product.
    Product,
    /// Answers customers.
    Support,
    /// Holds the relationship between the companies.
    PartnerManager,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::ApiOwner, Self::Engineering, Self::OnCall, Self::Product, Self::Support, Self::PartnerManager];

    /// Whether people in this role read plain words rather than fragments of descriptions.
    pub const fn reads_plain_words(self) -> bool {
        matches!(self, Self::Product | Self::Support | Self::PartnerManager)
    }

    /// The word in configuration and mails.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApiOwner => "api-owner",
            Self::Engineering => "engineering",
            Self::OnCall => "on-call",
            Self::Product => "product",
            Self::Support => "support",
            Self::PartnerManager => "partner-manager",
        }
    }
}

/// Who is asked at a step of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EscalationTarget {
    /// Whoever stands in for the first reader.
    Deputy,
    /// The contact in a role.
    Role(Role),
}

impl EscalationTarget {
    /// The target a word stands for.
    pub fn named(name: &str) -> Option<Self> {
        if name == "deputy" {
            return Some(Self::Deputy);
        }
        Role::ALL.into_iter().find(|role| role.name() == name).map(Self::Role)
    }

    /// The word in configuration and letters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deputy => "deputy",
            Self::Role(role) => role.name(),
        }
    }
}
