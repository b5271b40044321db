//! The media types of a body by their names, so that many cost no more than few.

use std::collections::HashMap;

use crate::openapi::Media;

use super::media_type::{ASCII, covers, kind_of, range_of};

/// The first entries of a list with two different names: whichever name is not wanted, the other is the first that is.
#[derive(Default, Clone, Copy)]
struct FirstNames([Option<usize>; 2]);

impl FirstNames {
    fn add(&mut self, number: usize, content: &[Media<'_>]) {
        let name = |number: usize| content.get(number).map(|media| media.name.as_str());
        let Self(first) = self;
        match first {
            [None, _] => *first = [Some(number), None],
            [Some(known), other @ None] if name(*known) != name(number) => *other = Some(number),
            _ => {}
        }
    }
}

/// The media types that a body may be written in.
pub(super) struct MediaList<'m, 'd> {
    content: &'m [Media<'d>],
    spelled: HashMap<&'m str, usize>,
    /// The first of each name.
    named: HashMap<&'m str, usize>,
    /// Those of each kind, which is what stands before the slash.
    kinds: HashMap<&'m str, FirstNames>,
    all: FirstNames,
}

impl<'m, 'd> MediaList<'m, 'd> {
    pub(super) fn of(content: &'m [Media<'d>]) -> Self {
        let mut list =
            Self { content, spelled: HashMap::new(), named: HashMap::new(), kinds: HashMap::new(), all: FirstNames::default() };
        for (number, media) in content.iter().enumerate() {
            list.spelled.entry(&media.spelled).or_insert(number);
            list.named.entry(&media.name).or_insert(number);
            list.kinds.entry(kind_of(&media.name)).or_default().add(number, content);
            list.all.add(number, content);
        }
        list
    }

    /// The entry that is spelled alike, else the first of the same media type.
    pub(super) fn counterpart(&self, media: &Media<'_>) -> Option<&'m Media<'d>> {
        let number = self.spelled.get(media.spelled.as_str()).or_else(|| self.named.get(media.name.as_str()));
        number.and_then(|number| self.content.get(*number))
    }

    /// Whether a media type is listed.
    pub(super) fn has(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// The first entry that takes in a media type.
    fn covering(&self, name: &str) -> Option<usize> {
        let wider = ["*/*".to_owned(), range_of(kind_of(name)), name.strip_suffix(ASCII).unwrap_or(name).to_owned()];
        let known = wider.iter().filter(|range| covers(range, name)).filter_map(|range| self.named.get(range.as_str()));
        known.min().copied()
    }

    /// The first entry that a range takes in.
    fn covered_by(&self, range: &str) -> Option<usize> {
        let kind = range.strip_suffix("/*").filter(|kind| *kind != "*");
        let FirstNames(first) = match kind {
            Some(kind) => self.kinds.get(kind).copied().unwrap_or_default(),
            None => self.all,
        };
        let is_taken = |number: &usize| self.content.get(*number).is_some_and(|media| covers(range, &media.name));
        let in_ascii = self.named.get(format!("{range}{ASCII}").as_str()).copied();
        first.into_iter().flatten().chain(in_ascii).filter(is_taken).min()
    }

    /// Whether any entry takes in a media type.
    pub(super) fn covers(&self, name: &str) -> bool {
        self.covering(name).is_some()
    }

    /// Whether a range takes in any entry.
    pub(super) fn is_met_by(&self, range: &str) -> bool {
        self.covered_by(range).is_some()
    }

    /// The first entry that takes in a media type, or that it takes in.
    pub(super) fn overlapping(&self, name: &str) -> Option<&'m Media<'d>> {
        let number = self.covering(name).into_iter().chain(self.covered_by(name)).min()?;
        self.content.get(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::{PointerId, Pointers, SchemaId};

    const PLACE: PointerId = Pointers::ROOT;

    fn media(name: &str) -> Media<'static> {
        Media { name: name.to_owned(), spelled: name.to_owned(), schema: SchemaId::ANY, encoding: Vec::new(), at: PLACE }
    }

    /// Looked up is what going through the list finds.
    #[test]
    fn a_list_answers_as_going_through_it_does() {
        let names =
            ["*/*", "text/*", "text/plain", "text/plain;charset=us-ascii", "application/*", "application/json", "*/x", "x"];
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..500 {
            let content: Vec<Media<'_>> = (0..random.usize(..6)).map(|_| media(names[random.usize(..names.len())])).collect();
            let list = MediaList::of(&content);
            for name in names {
                let first = |wanted: &dyn Fn(&str) -> bool| content.iter().position(|media| wanted(&media.name));
                let all: Vec<&str> = content.iter().map(|media| media.name.as_str()).collect();
                assert_eq!(list.covering(name), first(&|other| covers(other, name)), "{name} in {all:?}");
                assert_eq!(list.covered_by(name), first(&|other| covers(name, other)), "{name} over {all:?}");
                assert_eq!(list.has(name), all.contains(&name));
            }
        }
    }
}
