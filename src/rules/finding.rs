//! What a comparison comes to: changes, each with the verdict of a rule and what stands behind it.

use crate::diff::Change;
use crate::model::{Consequence, Severity};

use super::proof::Proof;

/// A change judged by a rule.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// The verdict.
    pub severity: Severity,
    /// What it does to the party it hurts.
    pub consequence: Consequence,
    /// The fact.
    pub change: Change,
    /// The fact in one sentence.
    pub message: String,
    /// What stands behind the verdict.
    pub proof: Proof,
    /// 32 hex digits over rule and site: keeps one notice alive while a value moves 10 → 5 → 3.
    pub identity: String,
    /// 32 hex digits over identity, before and after: says whether to speak again.
    pub content: String,
}

/// Everything that was found between two contracts.
#[derive(Debug)]
pub struct Verdict {
    /// Most severe first; stable within a severity.
    pub findings: Vec<Finding>,
    /// Why the comparison is incomplete, if it is.
    pub undecided: Option<String>,
}
