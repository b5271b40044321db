//! Things of which each is taken once at most, found by what they are known by, the first one first.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The numbers of things by a key, in order. Which of them are taken is known elsewhere: a thing may have several keys.
pub(super) struct FreeByKey<K>(HashMap<K, VecDeque<usize>>);

impl<K: Hash + Eq> FreeByKey<K> {
    /// The things by their keys, numbered from 0; those without a key are never found.
    pub(super) fn of(keys: impl Iterator<Item = Option<K>>) -> Self {
        let mut known: HashMap<K, VecDeque<usize>> = HashMap::new();
        for (number, key) in keys.enumerate() {
            if let Some(key) = key {
                known.entry(key).or_default().push_back(number);
            }
        }
        Self(known)
    }

    /// The first of a key that is not taken.
    pub(super) fn first(&mut self, key: &K, is_taken: &[bool]) -> Option<usize> {
        let numbers = self.0.get_mut(key)?;
        while let Some(number) = numbers.front().copied() {
            if is_taken.get(number) == Some(&false) {
                return Some(number);
            }
            numbers.pop_front();
        }
        None
    }

    /// Takes the first of a key that is not taken.
    pub(super) fn take(&mut self, key: &K, is_taken: &mut [bool]) -> Option<usize> {
        let number = self.first(key, is_taken)?;
        *is_taken.get_mut(number)? = true;
        Some(number)
    }
}
