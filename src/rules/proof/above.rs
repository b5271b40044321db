//! Which operations stand above a finding, and by which ways.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::diff::Use;

use super::direction::DirectionProof;

/// Pairs between a finding and the operations above it; where there are more, all operations are taken to be reached.
const MOST_BETWEEN: usize = 400;

/// The pairs above a finding.
pub(super) struct Above {
    /// Those that operations name, the nearest first.
    pub(super) roots: Vec<usize>,
    /// Every pair on the way, with those directly beneath it that lead to the finding, the nearest first.
    pub(super) beneath: BTreeMap<usize, Vec<usize>>,
    /// Whether these are all.
    pub(super) is_complete: bool,
}

impl Above {
    /// The shortest way from the finding up to one of them, with both ends.
    pub(super) fn way(&self, pair: usize, root: usize) -> Option<Vec<usize>> {
        let mut way = vec![root];
        let mut at = root;
        while at != pair {
            at = *self.beneath.get(&at)?.first()?;
            way.push(at);
        }
        way.reverse();
        Some(way)
    }
}

impl DirectionProof<'_> {
    /// The pairs above a pair, itself among them.
    pub(super) fn above(&mut self, pair: usize) -> Above {
        let mut above = Above { roots: Vec::new(), beneath: BTreeMap::from([(pair, Vec::new())]), is_complete: false };
        let mut pending = VecDeque::from([pair]);
        while let Some(at) = pending.pop_front() {
            let (Some(known), Some(left)) = (self.pairs.get(at), self.pairs_left.checked_sub(1)) else { return above };
            self.pairs_left = left;
            if known.is_root() {
                above.roots.push(at);
            }
            for parent in &known.parents {
                let is_new = !above.beneath.contains_key(parent);
                above.beneath.entry(*parent).or_default().push(at);
                if is_new {
                    pending.push_back(*parent);
                }
            }
            if above.beneath.len() > MOST_BETWEEN {
                return above;
            }
        }
        above.is_complete = true;
        above
    }

    /// The operations that some pairs are named by; none where a place is reached by more than are told apart.
    pub(super) fn operations_above(&mut self, pair: usize) -> Option<BTreeSet<usize>> {
        let above = self.above(pair);
        above.is_complete.then(|| above.roots.into_iter().collect())
    }

    /// The operations that name some pairs.
    pub(super) fn named_by(&self, roots: &BTreeSet<usize>) -> Vec<Arc<Use>> {
        roots.iter().filter_map(|root| self.pairs.get(*root)).flat_map(|known| known.operations.iter().cloned()).collect()
    }
}
