//! What was meant by a name that nobody knows.

/// How alike two names are, from 0 to 1.
pub fn likeness(written: &str, known: &str) -> f64 {
    strsim::jaro_winkler(written, known)
}

/// The likeliest of what is known.
pub fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known.max_by(|a, b| likeness(written, a).total_cmp(&likeness(written, b)))
}
