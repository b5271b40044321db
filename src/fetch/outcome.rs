//! What a fetch came to, as a type: not modified, a body, later, or failed and whose fault it is.

use std::time::Duration;

use url::Url;

use crate::model::{Statement, Validators};

/// A document as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Decoded bytes: decompressed, and UTF-8 without a byte order mark whatever they were written in.
    pub bytes: Vec<u8>,
    /// What makes the next GET conditional.
    pub validators: Validators,
    /// How long the provider says it stays fresh.
    pub fresh_for: Option<Duration>,
    /// Where it came from after all redirects, without query.
    pub from: String,
    /// The same in full: what references in it are relative to.
    pub at: Option<Url>,
    /// What its headers say about its end.
    pub signals: Vec<Statement>,
    /// Whether the answer itself was whole: the headers of a 304 may leave out what was said before.
    pub full: bool,
    /// Whether the end of the answer was marked: by its length, its last chunk, the protocol, or the end of a compressed
    /// stream. A body that ends where the connection ends may have been cut short without anybody noticing.
    pub framed: bool,
    /// Where it has moved for good (301 or 308), without query; see [`moved`](super::moved).
    pub moved_to: Option<String>,
}

/// What a fetch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider says nothing changed (304).
    NotModified {
        /// How long the provider says it stays so.
        fresh_for: Option<Duration>,
        /// What its headers say about its end; a 304 may leave them out.
        signals: Vec<Statement>,
        /// Where it has moved for good (301 or 308), without query.
        moved_to: Option<String>,
    },
    /// A document.
    Body(Box<Body>),
    /// The provider asks to come back later (429 or 503 with `Retry-After`).
    Later {
        /// How much later.
        after: Duration,
        /// What it answered.
        why: String,
    },
    /// Nothing came.
    Failed(Failure),
}

/// Why nothing came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// One sentence, the whole chain of causes in it.
    pub why: String,
}

/// Whose fault it is that nothing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Theirs: unreachable, refusing, failing, or asking for other credentials.
    Down,
    /// Theirs: nothing is there (404 or 410, or no such file).
    Missing,
    /// What came cannot be read: too large, cut short, or from where we do not go.
    Unreadable,
    /// Ours: no network, no resolver, no permission to read a file.
    Blind,
}

impl Failure {
    pub(super) fn down(why: impl Into<String>) -> Self {
        Self { kind: FailureKind::Down, why: why.into() }
    }

    pub(super) fn missing(why: impl Into<String>) -> Self {
        Self { kind: FailureKind::Missing, why: why.into() }
    }

    pub(super) fn unreadable(why: impl Into<String>) -> Self {
        Self { kind: FailureKind::Unreadable, why: why.into() }
    }

    pub(super) fn blind(why: impl Into<String>) -> Self {
        Self { kind: FailureKind::Blind, why: why.into() }
    }
}

/// How long to wait after so many failures in a row: `first`, doubled each time, at most `longest`, and less by up to a
/// quarter so that many APIs of one host do not return in step. It never gives up.
pub fn backoff(failures: u32, first: Duration, longest: Duration, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(1_u32 << failures.saturating_sub(1).min(20)).min(longest);
    doubled.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_the_longest_and_stays() {
        let hours = Duration::from_secs(6 * 3600);
        let seconds = |failures| backoff(failures, Duration::from_secs(60), hours, 0.0).as_secs();
        assert_eq!([1, 2, 3, 9, 10, 4_000_000_000].map(seconds), [60, 120, 240, 15_360, 21_600, 21_600]);
        assert_eq!(backoff(9, Duration::from_secs(60), Duration::from_secs(300), 1.0), Duration::from_secs(225));
    }
}
