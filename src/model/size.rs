//! How large a description may be.

/// Bytes of a description that are fetched and read where nobody says otherwise.
pub const USUAL_BYTES: usize = 32 * 1024 * 1024;
