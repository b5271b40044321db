//! A thing as it stands in the document before, and its counterpart in the document after.

/// One thing on both sides of a comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BeforeAfter<T> {
    /// In the document before.
    pub before: T,
    /// In the document after.
    pub after: T,
}

impl<T> BeforeAfter<T> {
    /// The two together.
    pub const fn new(before: T, after: T) -> Self {
        Self { before, after }
    }

    /// The two without taking them.
    pub const fn as_ref(&self) -> BeforeAfter<&T> {
        BeforeAfter { before: &self.before, after: &self.after }
    }

    /// The same made of each.
    pub fn map<U>(self, mut make: impl FnMut(T) -> U) -> BeforeAfter<U> {
        BeforeAfter { before: make(self.before), after: make(self.after) }
    }
}
