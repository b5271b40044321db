//! Lists: items by place, items that must occur, items that must differ.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use super::super::demands::{Demands, item_state};
use super::super::node::{Part, Values, canonical};
use super::super::search::{Outcome, Prover, Signed};
use super::super::size::{TOO_LARGE, Weight};

/// Longest list that is written as a witness.
const LONGEST: u64 = 300;

const CROWDED: &str = "several items must be placed in one list";

impl Prover<'_> {
    pub(super) fn array(&mut self, demands: &Demands) -> Outcome {
        if demands.unique && demands.not_unique {
            return Outcome::Empty;
        }
        let is_too_often = |(signed, least): &(Signed, u64)| {
            demands.at_most.iter().any(|(node, most)| *node == signed.node && signed.sign.is_positive() && most < least)
        };
        if demands.at_least.iter().any(is_too_often) {
            return Outcome::Empty;
        }
        let most = demands.max.unwrap_or(u64::MAX);
        // From here on every item is alike.
        let alike = demands.lists.iter().map(|(_, first, _)| first.len()).max().unwrap_or(0);
        let mut existing: Vec<(usize, Signed)> = demands.from.clone();
        // Two such items are one such item as well.
        let mut at_least: Vec<(Signed, u64)> = Vec::new();
        for (signed, least) in &demands.at_least {
            match at_least.iter_mut().find(|(known, _)| known == signed) {
                Some((_, known)) => *known = (*known).max(*least),
                None => at_least.push((*signed, *least)),
            }
        }
        for (signed, least) in &at_least {
            if *least > LONGEST {
                return Outcome::Unknown("the list is too long to be written");
            }
            existing.extend((0..*least).map(|_| (0, *signed)));
        }
        let furthest = demands.at.iter().map(|(index, _)| *index).max().unwrap_or(0);
        if demands.min > LONGEST || furthest > 300 || existing.len() > 300 || alike > 300 {
            return Outcome::Unknown("the list is too long to be written");
        }
        let mut places = Places::default();
        for (index, signed) in &demands.at {
            places.at(*index).push(*signed);
        }
        if let Some(outcome) = self.place(demands, &mut places, &existing, alike, most) {
            return outcome;
        }
        if !demands.not_unique {
            return self.fill(demands, &places, None);
        }
        let mut outcome = Outcome::Empty;
        let last = alike.max(places.wanted.len()) + 1;
        for second in (1..=last).filter(|second| u64::try_from(*second).is_ok_and(|second| second < most)) {
            for first in 0..second {
                match self.fill(demands, &places, Some((first, second))) {
                    Outcome::Empty if places.chosen.is_empty() => {}
                    Outcome::Empty => outcome = Outcome::Unknown(CROWDED),
                    value @ Outcome::Value(_) => return value,
                    unknown @ Outcome::Unknown(_) => outcome = unknown,
                }
            }
        }
        outcome
    }

    /// Puts every item that must occur at a place where it can. Returns an outcome where that is the end of it.
    fn place(
        &mut self,
        demands: &Demands,
        places: &mut Places,
        existing: &[(usize, Signed)],
        alike: usize,
        most: u64,
    ) -> Option<Outcome> {
        for (from, signed) in existing {
            let last = (*from).max(alike).max(places.wanted.len());
            // Free places first; a taken one may serve both, unless occurrences are counted.
            let (free, taken): (Vec<usize>, Vec<usize>) = (*from..=last)
                .filter(|place| u64::try_from(*place).is_ok_and(|place| place < most))
                .partition(|place| places.is_free(*place));
            let (mut is_possible, mut unknown, mut found) = (false, None, None);
            for place in free.iter().chain(&taken) {
                let mut nodes = item_state(demands, *place);
                nodes.push(*signed);
                match self.inhabit(nodes.clone()) {
                    Outcome::Empty => continue,
                    Outcome::Unknown(why) => unknown = Some(why),
                    Outcome::Value(_) => is_possible = true,
                }
                let is_taken = !places.is_free(*place);
                nodes.extend(places.wanted.get(*place).into_iter().flatten());
                if (!is_taken || demands.at_least.is_empty()) && matches!(self.inhabit(nodes), Outcome::Value(_)) {
                    found = Some(*place);
                    break;
                }
            }
            match (found, unknown) {
                (Some(place), _) => {
                    places.at(place).push(*signed);
                    places.chosen.insert(place);
                }
                (None, Some(why)) => return Some(Outcome::Unknown(why)),
                (None, None) if is_possible => return Some(Outcome::Unknown(CROWDED)),
                (None, None) => return Some(Outcome::Empty),
            }
        }
        None
    }

    /// Writes the list: what is wanted, and whatever fits in between. The items of a pair are one value.
    fn fill(&mut self, demands: &Demands, places: &Places, pair: Option<(usize, usize)>) -> Outcome {
        let most = demands.max.unwrap_or(u64::MAX);
        let least = usize::try_from(demands.min).unwrap_or(usize::MAX);
        // So many items there must be, whatever was chosen.
        let placed = demands.at.iter().map(|(index, _)| index + 1).max().unwrap_or(0);
        let forced = least.max(placed).max(pair.map_or(0, |(_, second)| second + 1));
        let length = forced.max(places.wanted.len());
        if u64::try_from(forced).is_ok_and(|forced| forced > most) {
            return Outcome::Empty;
        }
        if u64::try_from(length).is_ok_and(|length| length > most) {
            return Outcome::Unknown(CROWDED);
        }
        let mut list: Vec<Value> = Vec::with_capacity(length);
        let mut total = Weight::default();
        for index in 0..length {
            let wanted = |index: usize| places.wanted.get(index).into_iter().flatten().copied();
            let mut nodes = item_state(demands, index);
            nodes.extend(wanted(index));
            match pair {
                Some((first, second)) if index == first => {
                    nodes.extend(item_state(demands, second));
                    nodes.extend(wanted(second));
                }
                Some((first, second)) if index == second => {
                    let Some(same) = list.get(first).filter(|same| self.take(&mut total, same)) else {
                        return Outcome::Unknown(TOO_LARGE);
                    };
                    list.push(same.clone());
                    continue;
                }
                _ => {}
            }
            // What may occur a few times is left out where nobody wants it.
            let mut outcome = Outcome::Empty;
            if !demands.at_most.is_empty() && places.is_free(index) {
                let mut careful = nodes.clone();
                careful.extend(demands.at_most.iter().map(|(node, _)| Signed::refused(*node)));
                outcome = self.inhabit(careful);
            }
            if !matches!(outcome, Outcome::Value(_)) {
                outcome = self.inhabit(nodes);
            }
            match outcome {
                Outcome::Value(value) => {
                    if !self.take(&mut total, &value) {
                        return Outcome::Unknown(TOO_LARGE);
                    }
                    list.push(value.as_ref().clone());
                }
                Outcome::Empty if index < forced && !places.chosen.contains(&index) => return Outcome::Empty,
                Outcome::Empty => return Outcome::Unknown(CROWDED),
                unknown @ Outcome::Unknown(_) => return unknown,
            }
        }
        if demands.unique
            && let Some(end) = self.part_ways(demands, places, &mut list)
        {
            return end;
        }
        self.counted(demands, list)
    }

    /// Makes equal items differ.
    fn part_ways(&mut self, demands: &Demands, places: &Places, list: &mut [Value]) -> Option<Outcome> {
        let mut texts: Vec<String> = Vec::with_capacity(list.len());
        for index in 0..list.len() {
            let value = list.get(index)?;
            let text = canonical(value);
            if !texts.contains(&text) {
                texts.push(text);
                continue;
            }
            let mut copied = Weight::default();
            if !list.iter().take(index).all(|item| self.take(&mut copied, item)) {
                return Some(Outcome::Unknown(TOO_LARGE));
            }
            let taken: Vec<Value> = list.iter().take(index).cloned().collect();
            let listed = self.reading.arena.intern(vec![Part::OneOfValues(Values::new(taken))]);
            let mut nodes = item_state(demands, index);
            nodes.extend(places.wanted.get(index).into_iter().flatten());
            nodes.push(Signed::refused(listed));
            match self.inhabit(nodes) {
                Outcome::Value(other) => {
                    texts.push(canonical(&other));
                    *list.get_mut(index)? = other.as_ref().clone();
                }
                Outcome::Unknown(why) => return Some(Outcome::Unknown(why)),
                Outcome::Empty => {
                    // All items are alike and none was put here by choice: there are not enough values for so many.
                    let state = item_state(demands, index);
                    let alike = places.wanted.iter().all(Vec::is_empty) && (0..index).all(|at| item_state(demands, at) == state);
                    return Some(if alike { Outcome::Empty } else { Outcome::Unknown("items must differ in several ways") });
                }
            }
        }
        None
    }

    /// Whether what may occur a few times does not occur more often.
    fn counted(&mut self, demands: &Demands, list: Vec<Value>) -> Outcome {
        for (node, most) in &demands.at_most {
            let mut count = 0_u64;
            for item in &list {
                if self.holds(*node, item, 0) != super::super::holds::Holds::No {
                    count += 1;
                }
            }
            if count > *most {
                return Outcome::Unknown("an item occurs too often");
            }
        }
        let value = Value::Array(list);
        if super::is_excluded(&value, &demands.not_values) {
            return self.other_than(demands, &value);
        }
        Outcome::Value(Rc::new(value))
    }

    /// A list that is none of those that are listed: one item more, or another first one.
    fn other_than(&mut self, demands: &Demands, value: &Value) -> Outcome {
        let Value::Array(list) = value else { return Outcome::Unknown(CROWDED) };
        let room = demands.max.is_none_or(|most| u64::try_from(list.len()).is_ok_and(|length| length < most));
        if room && list.len() < 64 {
            let longer = Demands {
                min: u64::try_from(list.len()).unwrap_or(u64::MAX).saturating_add(1).max(demands.min),
                ..demands.clone()
            };
            let outcome = self.array(&longer);
            if !matches!(outcome, Outcome::Empty) {
                return outcome;
            }
        }
        for (index, item) in list.iter().enumerate() {
            let taken = self.reading.arena.intern(vec![Part::OneOfValues(Values::new(vec![item.clone()]))]);
            let mut nodes = item_state(demands, index);
            nodes.push(Signed::refused(taken));
            if let Outcome::Value(found) = self.inhabit(nodes) {
                let mut copied = Weight::default();
                if !self.take(&mut copied, value) || !self.take(&mut copied, &found) {
                    return Outcome::Unknown(TOO_LARGE);
                }
                let mut changed = list.clone();
                if let Some(slot) = changed.get_mut(index) {
                    *slot = found.as_ref().clone();
                }
                let changed = Value::Array(changed);
                let simple = demands.at.is_empty() && demands.from.is_empty() && !demands.unique && !demands.not_unique;
                let plain = simple && demands.at_least.is_empty() && demands.at_most.is_empty();
                if plain && !super::is_excluded(&changed, &demands.not_values) {
                    return Outcome::Value(Rc::new(changed));
                }
            }
        }
        // The empty list was the only one.
        let only_empty = list.is_empty() && (demands.max == Some(0) || !room || self.is_item_impossible(demands));
        if only_empty { Outcome::Empty } else { Outcome::Unknown("too many lists are listed") }
    }

    fn is_item_impossible(&mut self, demands: &Demands) -> bool {
        let state = item_state(demands, 0);
        matches!(self.inhabit(state), Outcome::Empty)
    }
}

/// What must stand where.
#[derive(Default)]
struct Places {
    wanted: Vec<Vec<Signed>>,
    /// Places something was put at that could stand elsewhere.
    chosen: BTreeSet<usize>,
}

impl Places {
    fn is_free(&self, index: usize) -> bool {
        self.wanted.get(index).is_none_or(Vec::is_empty)
    }

    fn at(&mut self, index: usize) -> &mut Vec<Signed> {
        while self.wanted.len() <= index {
            self.wanted.push(Vec::new());
        }
        #[expect(clippy::indexing_slicing, reason = "the list was just made that long")]
        &mut self.wanted[index]
    }
}
