//! What was meant by a name that nobody knows.

/// How alike names are of which one may be meant by the other.
const ALIKE: f64 = 0.8;

/// How alike two names are, from 0 to 1.
fn likeness(written: &str, known: &str) -> f64 {
    strsim::jaro_winkler(written, known)
}

/// The likeliest of what is known.
pub fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known.max_by(|a, b| likeness(written, a).total_cmp(&likeness(written, b)))
}

/// The likeliest of what is known, where it is alike enough to be meant.
pub fn meant<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    nearest(written, known).filter(|name| likeness(written, name) > ALIKE)
}
