//! What came in one check: a document or the word that it is the same, and what was heard of days beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::fetch::FetchedBody;
use crate::model::{LedgerEntry, LedgerStep, Origin, Statement, Surface, Validators, follow};

use super::dates::{DescribedDates, statements};

/// A document that differs from the one before, with all that came beside it.
pub(super) struct FetchedDocument {
    /// SHA-256 of its bytes, hexadecimal.
    pub(super) digest: String,
    /// What came.
    pub(super) body: FetchedBody,
    /// Files it refers to that did not come, and why.
    pub(super) absent: BTreeMap<String, String>,
    /// What the ledger holds.
    pub(super) entries: Vec<LedgerEntry>,
    /// What the headers of operations say.
    pub(super) probed: ProbeEvidence,
}

/// What an answer without news brought.
pub(super) struct UnchangedAnswer {
    /// What makes the next GET conditional.
    pub(super) validators: Validators,
    /// For how long the provider says that it stays fresh.
    pub(super) fresh_for: Option<Duration>,
    /// Where it is by now, if it has moved for good.
    pub(super) moved_to: Option<String>,
    /// What was said of days.
    pub(super) dates: DateEvidence,
    /// Files it refers to that did not come, and why.
    pub(super) absent: BTreeMap<String, String>,
}

/// What was said of days.
pub(super) struct DateEvidence {
    /// Whether the whole answer came: headers that are missing from a 304 say nothing.
    pub(super) full: bool,
    /// What the headers of the description say.
    pub(super) signals: Vec<Statement>,
    /// The operations of the description and what it says about their end, where that was read.
    pub(super) described: Option<DescribedDates>,
    pub(super) probed: ProbeEvidence,
}

impl DateEvidence {
    /// What the ledger records. An upcoming description is in force nowhere.
    pub(super) fn steps(self, surface: Surface, entries: &[LedgerEntry]) -> Vec<LedgerStep> {
        if surface != Surface::Live {
            return Vec::new();
        }
        let Self { full, signals, described, probed } = self;
        let (operations, stated) =
            described.map_or((None, Vec::new()), |described| (Some(described.operations), described.stated));
        let said = statements(stated).into_iter().chain(signals).chain(probed.said).collect();
        follow(entries, said, |statement| match statement.origin {
            Origin::Header if statement.subject == "*" => full,
            Origin::Header => probed.answered.contains(&statement.subject),
            // What has gone itself has no date to take back.
            Origin::Description => operations.as_ref().is_some_and(|operations| {
                statement.operations.is_empty() || statement.operations.iter().any(|label| operations.contains(label))
            }),
            Origin::Person | Origin::Agreement => false,
        })
    }
}

/// What the headers of operations say.
#[derive(Debug, Default)]
pub(super) struct ProbeEvidence {
    /// Operations that answered well: their silence means that nothing is said.
    pub(super) answered: Vec<String>,
    /// What they say.
    pub(super) said: Vec<Statement>,
}
