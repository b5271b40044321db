//! The decision table: what is asked about a finding, and what the answer does to it.
//!
//! Pure. Its rows are those of `docs/proof.md`, which says the same to readers.

use crate::diff::ChangeKind;
use crate::model::{Consequence, Direction, Severity};

use super::outcome::Proof;

/// What decides about a finding, beside the proof.
#[derive(Debug, Clone, Copy)]
pub(super) struct JudgedChange {
    pub(super) kind: ChangeKind,
    pub(super) direction: Direction,
    /// Whether a discriminator tells the alternatives apart on both sides.
    pub(super) is_discriminated: bool,
    /// Whether it may refuse something though its rule says that it only widens.
    pub(super) may_narrow: bool,
    /// Whether it may let a value fit two alternatives though it only widens one.
    pub(super) may_overlap: bool,
    /// What its rule says.
    pub(super) judgement: Judgement,
}

/// How much a finding matters, and what it does to whom it hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) severity: Severity,
    pub(super) consequence: Consequence,
}

/// What is asked about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inquiry {
    /// Nothing: nobody has to act, and nothing suggests otherwise.
    Nothing,
    /// Whether a value that was sent before fits the new or wider alternative as well as another one.
    Overlap,
    /// Whether what only widens refuses something after all; nothing but a witness counts.
    Narrowing,
    /// Whether anything that is sent is refused.
    Containment,
}

impl Inquiry {
    /// What to ask.
    pub(super) fn about(finding: JudgedChange) -> Self {
        let JudgedChange { kind, direction, is_discriminated, may_narrow, may_overlap, judgement } = finding;
        match (kind, direction, judgement.severity) {
            // One more form takes nothing away, unless `oneOf` now counts two and no tag says which is meant.
            (ChangeKind::VariantAdded, Direction::ToProvider, _) if !is_discriminated => Self::Overlap,
            (_, _, Severity::Info) if may_narrow => Self::Narrowing,
            (_, _, Severity::Info) if may_overlap => Self::Overlap,
            (_, _, Severity::Info) => Self::Nothing,
            _ => Self::Containment,
        }
    }

    /// What a finding is once a proof is known; none where the proof says nothing of it.
    pub(super) fn decide(self, finding: JudgedChange, proof: &Proof) -> Option<Judgement> {
        let rule = finding.judgement;
        let becomes = |severity, consequence| Some(Judgement { severity, consequence });
        match (self, proof) {
            (Self::Nothing, _) => None,
            // One that stands in no message that could be put together is still a value that fits two forms.
            (Self::Overlap, Proof::Refuted { .. } | Proof::Undecided { .. }) => becomes(Severity::Warning, Consequence::Refused),
            // As of a new name in an object that promised to have no others: most readers pass over it.
            (Self::Narrowing, Proof::Refuted { .. })
                if finding.direction == Direction::FromProvider && is_new_name(finding.kind) =>
            {
                becomes(Severity::Warning, Consequence::Unreadable)
            }
            (Self::Narrowing, Proof::Refuted { .. }) => becomes(Severity::Breaking, consequence(finding.direction)),
            (Self::Overlap | Self::Narrowing, _) => None,
            (Self::Containment, Proof::Refuted { .. }) if finding.may_narrow || is_open(finding.kind) => {
                becomes(Severity::Breaking, consequence(finding.direction))
            }
            (Self::Containment, Proof::Refuted { .. }) => Some(rule),
            (Self::Containment, Proof::Contained { loosely: false, .. }) => becomes(Severity::Info, Consequence::None),
            (Self::Containment, Proof::Contained { loosely: true, .. }) => {
                becomes(rule.severity.min(Severity::Warning), rule.consequence)
            }
            (Self::Containment, Proof::Undecided { .. } | Proof::Promise) => Some(rule),
        }
    }
}

/// Whether the document could not tell what a change does, and a witness can.
const fn is_open(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::PatternChanged
            | ChangeKind::ConstraintAdded
            | ChangeKind::ConstraintChanged
            | ChangeKind::CompositionAdded
            | ChangeKind::CompositionRemoved
            | ChangeKind::BecameList
    )
}

/// Whether a member may come that did not come before.
const fn is_new_name(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::OptionalPropertyAdded | ChangeKind::RequiredPropertyAdded)
}

/// What a refused value does to the consumer.
const fn consequence(direction: Direction) -> Consequence {
    match direction {
        Direction::ToProvider => Consequence::Refused,
        Direction::FromProvider | Direction::Neither => Consequence::Unreadable,
    }
}

/// How it came that nothing is refused where a change stands, the plainest first: of several places the last counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HowContained {
    /// The receiver's schema takes it all.
    Plain,
    /// No message can hold what is refused.
    OutOfReach,
    /// What is refused lacks the tag that says which form is meant.
    Untagged,
    /// What this alternative refuses, another one beside it takes.
    ByAnother,
    /// The same, with members that the other one does not declare.
    Loose,
    /// What fits two alternatives of a `oneOf` is one of them to a reader.
    ByTwo,
}

/// Why an object that closes refuses nothing that is declared.
const NAMED: &str = "the names that the sender declares are all taken; only one that sends others too would be refused";

impl HowContained {
    /// The proof of it, with its reason.
    pub(super) fn proof(self, kind: ChangeKind, direction: Direction) -> Proof {
        let (reason, loosely) = match (self, kind, direction) {
            (Self::ByTwo, ..) => ("what fits two alternatives of a `oneOf` is one of them to a reader", true),
            (Self::Loose, ..) => ("another alternative takes these values, with members it does not declare", true),
            (Self::OutOfReach, ..) => ("no message can hold a value that is refused here", false),
            (Self::Untagged, ..) => ("no message counts without its tag", false),
            (Self::ByAnother, ..) => ("what this alternative no longer takes, another one beside it does", false),
            // Nobody is held to the names a description declares, and a request is written by somebody else.
            (Self::Plain, ChangeKind::AdditionalPropertiesNarrowed, Direction::ToProvider) => (NAMED, true),
            (Self::Plain, ChangeKind::AdditionalPropertiesNarrowed | ChangeKind::AdditionalPropertiesWidened, _) => {
                (NAMED, false)
            }
            (Self::Plain, _, Direction::ToProvider) => ("every value that could be sent before is still accepted", false),
            (Self::Plain, ..) => ("every value that may come now could come before", false),
        };
        Proof::Contained { reason: reason.to_owned(), loosely }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(kind: ChangeKind, severity: Severity) -> JudgedChange {
        let judgement = Judgement { severity, consequence: Consequence::Unreadable };
        JudgedChange {
            kind,
            direction: Direction::ToProvider,
            is_discriminated: false,
            may_narrow: false,
            may_overlap: false,
            judgement,
        }
    }

    #[test]
    fn each_row_of_the_table_is_what_the_page_says() {
        let refuted = || Proof::Refuted {
            witness: 1.into(),
            at: String::new(),
            keyword: "enum".to_owned(),
            message: None,
            operation: None,
        };
        let contained = |loosely| Proof::Contained { reason: String::new(), loosely };
        let undecided = || Proof::Undecided { reason: String::new() };
        let known = finding(ChangeKind::EnumValueRemoved, Severity::Breaking);
        let open = finding(ChangeKind::PatternChanged, Severity::Warning);
        let widens = JudgedChange { may_narrow: true, ..finding(ChangeKind::ConstraintRemoved, Severity::Info) };
        let reading = JudgedChange { direction: Direction::FromProvider, ..widens };
        let named = JudgedChange { kind: ChangeKind::OptionalPropertyAdded, ..reading };
        let form = finding(ChangeKind::VariantAdded, Severity::Info);
        let wider = JudgedChange { may_overlap: true, ..finding(ChangeKind::EnumValueAdded, Severity::Info) };
        for (change, inquiry, proof, expected) in [
            (known, Inquiry::Containment, refuted(), Some((Severity::Breaking, Consequence::Unreadable))),
            (open, Inquiry::Containment, refuted(), Some((Severity::Breaking, Consequence::Refused))),
            (known, Inquiry::Containment, contained(false), Some((Severity::Info, Consequence::None))),
            (known, Inquiry::Containment, contained(true), Some((Severity::Warning, Consequence::Unreadable))),
            (known, Inquiry::Containment, undecided(), Some((Severity::Breaking, Consequence::Unreadable))),
            (known, Inquiry::Containment, Proof::Promise, Some((Severity::Breaking, Consequence::Unreadable))),
            (widens, Inquiry::Narrowing, refuted(), Some((Severity::Breaking, Consequence::Refused))),
            (widens, Inquiry::Narrowing, contained(false), None),
            (widens, Inquiry::Narrowing, undecided(), None),
            (reading, Inquiry::Narrowing, refuted(), Some((Severity::Breaking, Consequence::Unreadable))),
            (named, Inquiry::Narrowing, refuted(), Some((Severity::Warning, Consequence::Unreadable))),
            (form, Inquiry::Overlap, refuted(), Some((Severity::Warning, Consequence::Refused))),
            (form, Inquiry::Overlap, undecided(), Some((Severity::Warning, Consequence::Refused))),
            (form, Inquiry::Overlap, contained(false), None),
            (wider, Inquiry::Overlap, refuted(), Some((Severity::Warning, Consequence::Refused))),
            (wider, Inquiry::Overlap, undecided(), Some((Severity::Warning, Consequence::Refused))),
            (finding(ChangeKind::EnumValueAdded, Severity::Info), Inquiry::Nothing, Proof::Promise, None),
        ] {
            assert_eq!(Inquiry::about(change), inquiry, "{change:?}");
            let found = inquiry.decide(change, &proof).map(|judgement| (judgement.severity, judgement.consequence));
            assert_eq!(found, expected, "{inquiry:?} {proof:?}");
        }
        let tagged = JudgedChange { is_discriminated: true, ..form };
        assert_eq!(Inquiry::about(tagged), Inquiry::Nothing, "a tag says which alternative is meant");
    }
}
