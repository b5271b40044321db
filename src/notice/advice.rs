//! Rules about days in words: who is hurt, and what to do.

use crate::rules::Remedy;

/// A rule about dates: these are not about two descriptions, so no page holds them.
struct DateRule {
    id: &'static str,
    label: &'static str,
    hurt: &'static str,
    remedy: Remedy,
}

/// What rules say of a day that breaks a promise.
const BROKEN_PROMISE: &str = "promise not kept";

const RULES: [DateRule; 8] = [
    DateRule {
        id: "end-announced",
        label: "ends",
        hurt: "Calls work until that day and are expected to fail from then on, with no change of the description in between that would warn again.",
        remedy: Remedy {
            consumer: "The consumer's team plans the move to what replaces it and says by when it will be done.",
            provider: Some("The provider's team says what replaces it, and tells at once if the day moves."),
        },
    },
    DateRule {
        id: "change-announced",
        label: "changes",
        hurt: "From that day on the API behaves as announced, whether the description shows it or not.",
        remedy: Remedy {
            consumer: "The consumer's team checks what the change means for its calls and says by when it will be ready.",
            provider: None,
        },
    },
    DateRule {
        id: "notice-too-short",
        label: BROKEN_PROMISE,
        hurt: "The agreement promises more time than this, and the consumer has planned with it.",
        remedy: Remedy {
            consumer: "The consumer's team says whether it can be ready by this day.",
            provider: Some("The provider's team moves the day, or asks the consumer's team whether it can live with this one."),
        },
    },
    DateRule {
        id: "overlap-too-short",
        label: BROKEN_PROMISE,
        hurt: "The agreement promises that the old and the new are there together for longer.",
        remedy: Remedy {
            consumer: "The consumer's team says how long it needs both.",
            provider: Some("The provider's team keeps the old one for as long as was promised."),
        },
    },
    DateRule {
        id: "date-in-freeze",
        label: BROKEN_PROMISE,
        hurt: "In this time of the year no changes are taken: nobody is there to test or to mend.",
        remedy: Remedy {
            consumer: "The consumer's team says whether anybody can be there on this day.",
            provider: Some(
                "The provider's team moves the day to the first free one, or both sides agree on an exception in writing.",
            ),
        },
    },
    DateRule {
        id: "date-not-allowed",
        label: BROKEN_PROMISE,
        hurt: "The agreement names the only days of the year on which changes take effect, and this is none of them.",
        remedy: Remedy {
            consumer: "The consumer's team says whether it can live with this day.",
            provider: Some("The provider's team moves the day to the next one that is allowed."),
        },
    },
    DateRule {
        id: "gone-before-its-date",
        label: "gone too early",
        hurt: "Calls fail now, while everybody planned with the day that was announced.",
        remedy: Remedy {
            consumer: "The consumer's team uses what replaces it, if it is ready.",
            provider: Some("The provider's team puts it back until the day it named."),
        },
    },
    DateRule {
        id: "alive-after-its-end",
        label: "still there",
        hurt: "Nobody can tell whether it may still be used. One day it will be gone without another word.",
        remedy: Remedy {
            consumer: "The consumer's team stops calling it.",
            provider: Some("The provider's team switches it off or names a new day."),
        },
    },
];

/// Who is hurt by what a rule about dates tells of, and what to do.
pub(super) fn advice(rule: &str) -> Option<(&'static str, Remedy)> {
    RULES.iter().find(|known| known.id == rule).map(|known| (known.hurt, known.remedy))
}

/// What a rule about dates says in a word or two.
pub(super) fn label(rule: &str) -> Option<&'static str> {
    RULES.iter().find(|known| known.id == rule).map(|known| known.label)
}

/// Whether a rule is about days.
pub(super) fn is_about_days(rule: &str) -> bool {
    date_rules().any(|known| known == rule)
}

/// Whether a rule tells of a promise that a day breaks.
pub(super) fn is_about_a_promise(rule: &str) -> bool {
    label(rule) == Some(BROKEN_PROMISE)
}

/// The ids of the rules about days.
pub fn date_rules() -> impl Iterator<Item = &'static str> + Clone {
    RULES.iter().map(|rule| rule.id)
}
