//! The whole comparison: the operations first, then every pair of schemas that the work list comes to.

use crate::openapi::Contract;

use super::before_after::BeforeAfter;
use super::delta::{Budget, Delta};
use super::walk::Walk;
use super::{merge, operation, schema};

/// States every difference between two contracts.
pub fn diff(before: &Contract<'_>, after: &Contract<'_>, budget: Budget) -> Delta {
    let mut walk = Walk::new(BeforeAfter::new(before, after), budget);
    operation::compare_all(&mut walk);
    let mut next = 0;
    while next < walk.nodes.len() && !walk.is_stopped() {
        schema::compare(&mut walk, next);
        next += 1;
    }
    merge::merged(walk)
}
