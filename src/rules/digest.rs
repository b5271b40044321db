//! The two digests of a finding, over facts and never over prose: what it is, and what it says.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::diff::Change;

/// Version of the rule set and of the digests. It is stored with each verdict, so that an upgrade of
/// driftd does not speak again about history. Raise it when a rule's meaning or a digest changes.
pub const RULE_SET: u32 = 2;

/// Feeds length-prefixed parts, so that no two lists of parts collide (`ab|c` and `a|bc`).
fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What keeps its value while the finding stays the same one: rule, direction, site and subject.
pub(super) fn identity(rule: &str, change: &Change) -> String {
    let digest_version = RULE_SET.to_be_bytes();
    // The variant's own name: another word for people makes no other finding.
    let direction = format!("{:?}", change.direction);
    // Both sides: one schema may have become two.
    let (before, after) = (change.site.before.as_bytes(), change.site.after.as_bytes());
    digest(&[&digest_version, rule.as_bytes(), direction.as_bytes(), before, after, change.subject.as_bytes()])
}

/// What changes when what is to be said changes: the identity, and what stood and stands there.
pub(super) fn content(identity: &str, change: &Change) -> String {
    let text = |value: &Option<Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    digest(&[identity.as_bytes(), text(&change.before).as_bytes(), text(&change.after).as_bytes()])
}
