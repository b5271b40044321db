//! Two documents compared: what each means, what differs, and what the rules say of it.

use crate::diff::{Budget, diff};
use crate::openapi::{Contract, Document, Oddity, lower, shown_pointer};

use super::catalogue::Catalogue;
use super::finding::Verdict;
use super::judge::judge;

/// Bytes of a document that is lowered beside the other one.
const WORTH_A_THREAD: usize = 512 * 1024;

/// Compares two documents: lower, diff, judge. The oddities of both sides come with the verdict.
pub fn compare(before: &Document, after: &Document, catalogue: &Catalogue, budget: Budget) -> (Verdict, Vec<Oddity>) {
    // Starting a thread takes a good part of what lowering a small document takes.
    if before.bytes.min(after.bytes) < WORTH_A_THREAD {
        return compare_lowered(&lower(before), &lower(after), catalogue, budget);
    }
    // The two sides have nothing to do with each other until they meet in the diff.
    let (old, new) = std::thread::scope(|scope| {
        let handle = scope.spawn(|| lower(before));
        let new = lower(after);
        (handle.join(), new)
    });
    compare_lowered(&old.unwrap_or_else(|_| lower(before)), &new, catalogue, budget)
}

/// The same of two documents that have been lowered.
pub fn compare_lowered(old: &Contract<'_>, new: &Contract<'_>, catalogue: &Catalogue, budget: Budget) -> (Verdict, Vec<Oddity>) {
    let delta = diff(old, new, budget);
    let mut oddities: Vec<Oddity> = Vec::new();
    for (side, contract) in [("before", old), ("after", new)] {
        oddities.extend(
            contract
                .oddities
                .iter()
                .map(|odd| Oddity::new(format!("{side}:{}", shown_pointer(&odd.pointer)), odd.message.clone())),
        );
    }
    (judge(old, new, delta, catalogue), oddities)
}
