//! Why a notice is over, where it is not that the change is gone.

use serde::Serialize;

/// Why a notice is over, where it is not that the change is gone.
#[derive(Debug, Clone, Serialize)]
pub struct Ending {
    /// What the subject says of it, in a word or two.
    pub tag: &'static str,
    /// In a sentence without a full stop.
    pub words: String,
}

impl Ending {
    /// Every consumer has accepted it, the last of them by this name.
    pub fn accepted(by: &str, api: &str) -> Self {
        let words = format!(
            "{by} has accepted it, and with that every consumer has; driftd compares the {api} with the new description from now on"
        );
        Self { tag: "accepted", words }
    }

    /// Newer rules judge all that the reader was told otherwise.
    pub(super) fn judged_anew(api: &str) -> Self {
        let words = format!(
            "driftd has newer rules, and judges what differs in the {api} otherwise now: nothing of what you were told breaks anything, so \
             this notice is closed"
        );
        Self { tag: "judged anew", words }
    }
}
