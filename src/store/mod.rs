//! What is remembered, in SQLite: one method for each use case, and what a method changes it changes in one transaction.
//!
//! Invariants: knows only the model; validators are committed with the snapshot they belong to; nothing is
//! mailed that is not first a row here; what cannot be read back is an error that names table and row,
//! never a silent default.

mod acknowledgement;
mod answers;
mod claims;
mod commit;
mod confirmations;
mod database;
mod deliveries;
mod digests;
mod error;
mod events;
mod findings;
mod findings_for_digest;
mod ladder;
mod ledger;
mod letters;
mod notice_file;
mod notice_row;
mod notices;
mod outages;
mod outbox;
mod overview;
mod pending;
mod proposals;
mod readers;
mod rows;
mod snapshots;
mod trouble;
mod watches;

pub use answers::{AnswerOutcome, Closing, OpenLetter};
pub use claims::Claim;
pub use commit::{CheckCommit, Committed, SuccessfulCheck};
pub use confirmations::Confirmation;
pub use database::Store;
pub use deliveries::PlannedDelivery;
pub use error::StoreError;
pub use events::{EventPage, EventQuery, EventRow, NewEvent};
pub use findings_for_digest::KEPT_FOR_DIGEST;
pub use ladder::{EscalationCommit, UnansweredNotice};
pub use ledger::Announced;
pub use letters::{DeliveryRow, LetterRow};
pub use notice_file::NoticeFile;
pub use notice_row::{AnswerRow, NoticeRow, ProposalRow, StepRow};
pub use notices::{FLAPPING, NoticeName, NoticeStep, REVERTED, Recurrence, RevertedNotice};
pub use outages::Outage;
pub use outbox::{Bounced, Finished, LONGEST_PAUSE, Resend};
pub use overview::{Overview, WatchRow};
pub use proposals::{ExtensionRequest, ProposalVerdict};
pub use readers::Reader;
pub use snapshots::NewSnapshot;
pub use trouble::{ChannelTrouble, DeliveryTrouble, MailTrouble, Unreached};
pub use watches::{WatchId, WatchSpec};
