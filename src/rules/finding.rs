//! What a comparison comes to: changes, each with the verdict of a rule and what stands behind it.

use std::hash::Hash;

use crate::diff::Change;
use crate::model::{Consequence, OneOfSeveral, Severity};

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
    /// The end of that sentence, where several findings at one place may differ by it alone.
    pub value: Option<String>,
    /// What stands behind the verdict.
    pub proof: Proof,
    /// 32 hex digits over rule and site: keeps one notice alive while a value moves 10 → 5 → 3.
    pub identity: String,
    /// 32 hex digits over identity, before and after: says whether to speak again.
    pub content: String,
}

impl OneOfSeveral for Finding {
    fn message(&self) -> &str {
        &self.message
    }

    fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

impl Finding {
    /// What is equal in findings of one cause, beside their sentences.
    pub fn cause(&self) -> impl Hash + Eq {
        (self.rule, self.severity, &self.change.site, &self.change.used_by)
    }
}

/// Everything that was found between two contracts.
#[derive(Debug)]
pub struct Verdict {
    /// Most severe first; stable within a severity.
    pub findings: Vec<Finding>,
    /// Why the comparison is incomplete, if it is.
    pub undecided: Option<String>,
    /// Whether it is incomplete only for what the side before refers to in vain: the side after is whole, and may be what
    /// others are compared with from now on.
    pub is_mended: bool,
}
