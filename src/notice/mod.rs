//! From findings to letters: whether anything is to be said, to whom, and what each side must know.
//!
//! Pure: a function of what was open, what is open now, what was announced, the integration, and the day. The same change set becomes
//! different letters for consumer and provider with one shared id; neither sees the other's internals.

mod advice;
mod dates;
mod decide;
mod digest;
mod given;
mod ladder;
mod letter;
mod lint;
mod open;
mod restate;
mod urgency;
mod usage;

pub use advice::date_rules;
pub use dates::{Ledger, dated};
pub use decide::{Decision, DecisionInput, Eased, PartyMessage, Since, rebased};
pub use digest::{Week, digest_lines};
pub use given::Before;
pub use ladder::{OpenQuestion, PlannedEscalation, next_step, open_question};
pub use letter::{
    Addressee, CallCard, Circumstances, Ending, EscalationCard, FindingCard, LetterPlan, LetterView, Links, MessageCard, Room,
    Short, ShortLine, SinceCard, hardest_first, least_notice, own_operations, plan, stamp,
};
pub use lint::{Gap, gaps, held_by, unknown_rules, unmatched_overrides, unmatched_uses};
pub use open::open_findings;
pub use restate::{escalation_card, is_still_open, restated, restated_to_next};
pub use urgency::waiting;
pub use usage::{Impact, concerning, impact};
