//! What was found out about a finding: the proof that reports, letters and pages show.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::model::{Direction, OperationLabel};

/// What stands behind a verdict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Proof {
    /// The contract said so, and now it does not: no single message shows it.
    #[default]
    Promise,
    /// Nothing that is sent is refused.
    Contained {
        /// Why it is so.
        reason: String,
        /// Whether some of it is taken by an alternative that does not declare all its members: nothing fails, and
        /// something may be overlooked.
        #[serde(default)]
        loosely: bool,
    },
    /// This value is sent and refused.
    Refuted {
        /// The value.
        witness: Json,
        /// JSON Pointer within the value to what is refused.
        at: String,
        /// The keyword that refuses it.
        keyword: String,
        /// The whole message that holds the value: a body, or a value outside it, which is written as text. One side accepts
        /// it and the other refuses it. Proofs of older versions may have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Json>,
        /// The operation whose message it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<OperationLabel>,
    },
    /// It could not be decided; the verdict is the rule's.
    Undecided {
        /// Why not.
        reason: String,
    },
}

/// Longest witness that is shown in a sentence, characters.
const SHOWN: usize = 300;

impl Proof {
    /// What is proven, in one sentence; none where no message shows it.
    pub fn sentence(&self, direction: Direction) -> Option<String> {
        match self {
            Self::Promise => None,
            Self::Contained { reason, loosely: false } => Some(format!("Proven harmless: {reason}.")),
            Self::Contained { reason, loosely: true } => Some(format!("Not refused: {reason}.")),
            Self::Undecided { reason } => Some(format!("Not proven either way: {reason}.")),
            Self::Refuted { witness, at, keyword, .. } => {
                let what = match direction {
                    Direction::FromProvider => "May arrive now, was excluded before",
                    _ => "Accepted before, rejected now",
                };
                let text = witness.to_string();
                let cut = if text.chars().count() > SHOWN { text.chars().take(SHOWN).chain(['…']).collect() } else { text };
                let place = if at.is_empty() { String::new() } else { format!(" at {at}") };
                Some(format!("{what}: {cut} ({keyword}{place})"))
            }
        }
    }
}
