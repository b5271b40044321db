//! What a fetch came to, as a type: not modified, a body, later, or failed and whose fault it is.

use std::time::Duration;

use url::Url;

use crate::model::{Statement, Validators};

/// The body of an answer, and what its headers say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedBody {
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
    /// Where it has moved for good (301 or 308), without query; see [`moved`].
    pub moved_to: Option<String>,
}

/// What a fetch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchOutcome {
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
    Body(Box<FetchedBody>),
    /// The provider asks to come back later (429 or 503 with `Retry-After`).
    Later {
        /// How much later.
        after: Duration,
        /// What it answered.
        why: String,
    },
    /// Nothing came.
    Failed(FetchFailure),
}

/// Why nothing came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFailure {
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

impl FetchFailure {
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

    pub(super) fn too_large(max_bytes: usize) -> Self {
        Self::unreadable(format!(
            "the description is larger than {max_bytes} bytes (more are read with `max_bytes` in [fetch], or --max-bytes)"
        ))
    }
}

/// That a description has moved for good, and what to do. `to` is what a fetch says in `moved_to`.
pub fn moved(to: &str) -> String {
    format!("moved permanently to {to}: change `live`")
}
