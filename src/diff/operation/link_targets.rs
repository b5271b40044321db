//! Which operations links lead to, whichever way each names it.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::openapi::{Contract, Link, Operation};

use super::super::before_after::BeforeAfter;

/// The operations of one document by what links name them by.
struct LinkedOperations<'c, 'd> {
    by_id: HashMap<&'d str, &'c Operation<'d>>,
    by_place: HashMap<String, &'c Operation<'d>>,
}

impl<'c, 'd> LinkedOperations<'c, 'd> {
    fn of(contract: &'c Contract<'d>) -> Self {
        let mut known = Self { by_id: HashMap::new(), by_place: HashMap::new() };
        for operation in &contract.operations {
            if let Some(id) = operation.operation_id {
                known.by_id.entry(id).or_insert(operation);
            }
            known.by_place.entry(contract.pointers.text(operation.at)).or_insert(operation);
        }
        known
    }

    fn target(&self, link: &Link<'_>) -> Option<&'c Operation<'d>> {
        match (link.operation_id, link.operation_ref) {
            (Some(id), _) => self.by_id.get(id).copied(),
            (None, Some(to)) => self.by_place.get(to.strip_prefix('#')?).copied(),
            (None, None) => None,
        }
    }
}

/// Where the links of both documents lead; gone through when the first link asks.
pub(super) struct LinkTargets<'c, 'd> {
    contracts: BeforeAfter<&'c Contract<'d>>,
    known: OnceCell<BeforeAfter<LinkedOperations<'c, 'd>>>,
}

impl<'c, 'd> LinkTargets<'c, 'd> {
    pub(super) const fn new(contracts: BeforeAfter<&'c Contract<'d>>) -> Self {
        Self { contracts, known: OnceCell::new() }
    }

    /// Whether two links lead to the same operation with the same values, however each names it.
    pub(super) fn is_same_call(&self, old: &Link<'_>, new: &Link<'_>) -> bool {
        let BeforeAfter { before, after } = self.known.get_or_init(|| self.contracts.map(LinkedOperations::of));
        let (Some(before), Some(after)) = (before.target(old), after.target(new)) else { return false };
        old.handed == new.handed && before.method == after.method && before.shape == after.shape
    }
}
