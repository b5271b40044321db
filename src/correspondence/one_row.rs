//! One row that cannot be read or written costs no other its letter.

use tracing::warn;

use crate::store::StoreError;

/// What was done; a trouble of one row is logged and counts as nothing done.
pub(super) fn done_or_skipped(done: Result<bool, StoreError>) -> Result<bool, StoreError> {
    match done {
        Err(problem) if problem.is_one_row() => {
            warn!(%problem, "one letter cannot be written now; the others are");
            Ok(false)
        }
        other => other,
    }
}
