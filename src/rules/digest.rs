//! The two digests of a finding, over facts and never over prose: what it is, and what it says.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::diff::Change;

/// Version of the rule set and of the digests. It is stored with each verdict, so that an upgrade of
/// driftd does not speak again about history. Raise it when a rule's meaning or a digest changes.
pub const RULE_SET: u32 = 3;

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
    // What operations ask for is known by what it says: which of them says it first must not count.
    let (before, after) = if change.kind.is_demand() {
        (text(change.before.as_ref()), text(change.after.as_ref()))
    } else {
        (change.site.before.clone(), change.site.after.clone())
    };
    let (before, after) = (before.as_bytes(), after.as_bytes());
    digest(&[&digest_version, rule.as_bytes(), direction.as_bytes(), before, after, change.subject.as_bytes()])
}

/// What changes when what is to be said changes: the identity, what stood and stands there, and for what each operation
/// may say by itself the operations that do.
pub(super) fn content(identity: &str, change: &Change) -> String {
    let mut parts = vec![identity.to_owned(), text(change.before.as_ref()), text(change.after.as_ref())];
    if change.kind.is_gathered() {
        parts.extend(change.used_by.iter().map(|usage| usage.label().to_string()));
    }
    digest(&parts.iter().map(String::as_bytes).collect::<Vec<_>>())
}

fn text(value: Option<&Value>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
