//! What a notice is made of, as a digest, and the short ids that are taken from it for people.

use serde::{Deserialize, Serialize};

/// What kind of notice an id names, by its first letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeSeries {
    /// A description changed.
    Change,
    /// What happened in a week.
    Digest,
    /// Whether somebody is still the one to write to.
    Confirmation,
    /// A description cannot be judged.
    Outage,
}

impl NoticeSeries {
    /// Every series.
    pub const ALL: [Self; 4] = [Self::Change, Self::Digest, Self::Confirmation, Self::Outage];

    /// What its ids begin with.
    const fn letter(self) -> char {
        match self {
            Self::Change => 'N',
            Self::Digest => 'D',
            Self::Confirmation => 'A',
            Self::Outage => 'U',
        }
    }

    /// Digits of its shortest ids: people read those of changes to each other.
    const fn digits(self) -> usize {
        match self {
            Self::Change => 10,
            Self::Digest | Self::Confirmation | Self::Outage => 16,
        }
    }
}

/// What a notice was made of: a letter for its series and 128 bits of a digest over the facts, as hexadecimal digits. The same facts
/// give the same one, so what is done again after a crash finds what it wrote. A notice written before there were fingerprints has
/// its id in this place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

/// Bytes of the digest that are kept.
const BYTES: usize = 16;

impl Fingerprint {
    /// From a digest over the facts.
    pub fn new(series: NoticeSeries, digest: &[u8]) -> Self {
        use std::fmt::Write as _;
        let mut text = format!("{}-", series.letter());
        for byte in digest.iter().take(BYTES) {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// As it was stored.
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its beginnings that can be an id, the shortest first, the last one all of it.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let series = NoticeSeries::ALL.into_iter().find(|series| self.0.starts_with(series.letter()));
        let shortest = series.map_or(self.0.len(), |series| 2 + series.digits()).min(self.0.len());
        (shortest..=self.0.len()).filter_map(|end| self.0.get(..end))
    }

    /// The shortest id.
    pub fn shortest(&self) -> &str {
        self.ids().next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_beginnings_from_the_shortest_to_all_of_it() {
        let fingerprint = Fingerprint::new(NoticeSeries::Change, &[0xab; 32]);
        assert_eq!(fingerprint.as_str(), format!("N-{}", "ab".repeat(16)));
        let ids: Vec<&str> = fingerprint.ids().collect();
        assert_eq!((ids[0], ids[1], ids.len()), ("N-ababababab", "N-abababababa", 23));
        assert_eq!(ids.last(), Some(&fingerprint.as_str()));
        let outage = Fingerprint::new(NoticeSeries::Outage, &[0x01; 32]);
        assert_eq!(outage.shortest(), "U-0101010101010101");
        for old in ["N-0a1b2c3d", "N-1", ""] {
            assert_eq!(Fingerprint::stored(old.to_owned()).ids().collect::<Vec<_>>(), [old]);
        }
    }
}
