//! Which parameter that came is one that went, moved or respelled: found by name, so that many cost no more than few.

use crate::openapi::{Location, Parameter};

use super::super::names::words_of;
use super::free::FreeByKey;

/// Parameters that came, each taken once at most.
pub(super) struct Counterparts<'p, 'd> {
    fresh: Vec<&'p Parameter<'d>>,
    is_taken: Vec<bool>,
    /// By name without case.
    by_name: FreeByKey<(Location, String)>,
    /// By the words of the name.
    by_words: FreeByKey<(Location, String)>,
}

impl<'p, 'd> Counterparts<'p, 'd> {
    pub(super) fn among(fresh: Vec<&'p Parameter<'d>>) -> Self {
        let by_name = FreeByKey::of(fresh.iter().map(|known| Some((known.location, known.name.to_ascii_lowercase()))));
        let by_words = FreeByKey::of(fresh.iter().map(|known| Some((known.location, words_of(known.name)))));
        Self { is_taken: vec![false; fresh.len()], fresh, by_name, by_words }
    }

    /// Takes the first that has the same name in another place, or stands in the same place under a name that is the same but
    /// for how its words are joined.
    pub(super) fn take(&mut self, gone: &Parameter<'_>) -> Option<&'p Parameter<'d>> {
        if self.fresh.is_empty() {
            return None;
        }
        let mut key = (gone.location, gone.name.to_ascii_lowercase());
        let mut number: Option<usize> = None;
        for location in Location::ALL.into_iter().filter(|location| *location != gone.location) {
            key.0 = location;
            number = number.into_iter().chain(self.by_name.first(&key, &self.is_taken)).min();
        }
        // A variable of the path is known by its position; its name is not on the wire.
        if gone.location != Location::Path {
            let words = (gone.location, words_of(gone.name));
            number = number.into_iter().chain(self.by_words.first(&words, &self.is_taken)).min();
        }
        let number = number?;
        *self.is_taken.get_mut(number)? = true;
        self.fresh.get(number).copied()
    }

    /// Those that nobody took, in order.
    pub(super) fn left(self) -> impl Iterator<Item = &'p Parameter<'d>> {
        self.fresh.into_iter().zip(self.is_taken).filter(|(_, is_taken)| !is_taken).map(|(parameter, _)| parameter)
    }
}
