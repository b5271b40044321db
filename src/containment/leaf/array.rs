//! Lists: items by place, items that must occur, items that must differ.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use super::super::constraint::NodeConstraint;
use super::super::constraints::{Constraints, ItemConstraint};
use super::super::prover::Prover;
use super::super::satisfies::Satisfaction;
use super::super::solution::Solution;
use super::super::value::canonical;
use super::super::value_size::{TOO_LARGE, ValueSize};

/// Longest list that is written as a witness.
const LONGEST: u64 = 300;

const CROWDED: &str = "several items must be placed in one list";

impl Prover<'_> {
    pub(super) fn array(&mut self, constraints: &Constraints) -> Solution {
        if constraints.unique && constraints.not_unique {
            return Solution::Empty;
        }
        let is_too_often = |(constraint, least): &(NodeConstraint, u64)| {
            constraints
                .at_most
                .iter()
                .any(|(node, most)| *node == constraint.node && constraint.polarity.is_positive() && most < least)
        };
        if constraints.at_least.iter().any(is_too_often) {
            return Solution::Empty;
        }
        let most = constraints.max.unwrap_or(u64::MAX);
        // From here on every item is alike.
        let alike = constraints.lists.iter().map(|items| items.first.len()).max().unwrap_or(0);
        let mut existing: Vec<ItemConstraint> = constraints.from.clone();
        // Two such items are one such item as well.
        let mut at_least: Vec<(NodeConstraint, u64)> = Vec::new();
        for (constraint, least) in &constraints.at_least {
            match at_least.iter_mut().find(|(known, _)| known == constraint) {
                Some((_, known)) => *known = (*known).max(*least),
                None => at_least.push((*constraint, *least)),
            }
        }
        for (constraint, least) in &at_least {
            if *least > LONGEST {
                return Solution::Unknown("the list is too long to be written");
            }
            existing.extend((0..*least).map(|_| ItemConstraint { index: 0, constraint: *constraint }));
        }
        let furthest = constraints.at.iter().map(|item| item.index).max().unwrap_or(0);
        if constraints.min > LONGEST || furthest > 300 || existing.len() > 300 || alike > 300 {
            return Solution::Unknown("the list is too long to be written");
        }
        let mut places = ItemPlacement::default();
        for item in &constraints.at {
            places.at(item.index).push(item.constraint);
        }
        if let Some(solution) = self.place(constraints, &mut places, &existing, alike, most) {
            return solution;
        }
        if !constraints.not_unique {
            return self.fill(constraints, &places, None);
        }
        let mut solution = Solution::Empty;
        let last = alike.max(places.wanted.len()) + 1;
        for second in (1..=last).filter(|second| u64::try_from(*second).is_ok_and(|second| second < most)) {
            for first in 0..second {
                match self.fill(constraints, &places, Some((first, second))) {
                    Solution::Empty if places.chosen.is_empty() => {}
                    Solution::Empty => solution = Solution::Unknown(CROWDED),
                    value @ Solution::Value(_) => return value,
                    unknown @ Solution::Unknown(_) => solution = unknown,
                }
            }
        }
        solution
    }

    /// Puts every item that must occur at a place where it can. Returns an outcome where that is the end of it.
    fn place(
        &mut self,
        constraints: &Constraints,
        places: &mut ItemPlacement,
        existing: &[ItemConstraint],
        alike: usize,
        most: u64,
    ) -> Option<Solution> {
        for ItemConstraint { index: from, constraint } in existing {
            let last = (*from).max(alike).max(places.wanted.len());
            // Free places first; a taken one may serve both, unless occurrences are counted.
            let (free, taken): (Vec<usize>, Vec<usize>) = (*from..=last)
                .filter(|place| u64::try_from(*place).is_ok_and(|place| place < most))
                .partition(|place| places.is_free(*place));
            let (mut is_possible, mut unknown, mut found) = (false, None, None);
            for place in free.iter().chain(&taken) {
                let mut nodes = constraints.item(*place);
                nodes.push(*constraint);
                match self.inhabit(nodes.clone()) {
                    Solution::Empty => continue,
                    Solution::Unknown(why) => unknown = Some(why),
                    Solution::Value(_) => is_possible = true,
                }
                let is_taken = !places.is_free(*place);
                nodes.extend(places.wanted.get(*place).into_iter().flatten());
                if (!is_taken || constraints.at_least.is_empty()) && matches!(self.inhabit(nodes), Solution::Value(_)) {
                    found = Some(*place);
                    break;
                }
            }
            match (found, unknown) {
                (Some(place), _) => {
                    places.at(place).push(*constraint);
                    places.chosen.insert(place);
                }
                (None, Some(why)) => return Some(Solution::Unknown(why)),
                (None, None) if is_possible => return Some(Solution::Unknown(CROWDED)),
                (None, None) => return Some(Solution::Empty),
            }
        }
        None
    }

    /// Writes the list: what is wanted, and whatever fits in between. The items of a pair are one value.
    fn fill(&mut self, constraints: &Constraints, places: &ItemPlacement, pair: Option<(usize, usize)>) -> Solution {
        let most = constraints.max.unwrap_or(u64::MAX);
        let least = usize::try_from(constraints.min).unwrap_or(usize::MAX);
        // So many items there must be, whatever was chosen.
        let placed = constraints.at.iter().map(|item| item.index + 1).max().unwrap_or(0);
        let forced = least.max(placed).max(pair.map_or(0, |(_, second)| second + 1));
        let length = forced.max(places.wanted.len());
        if u64::try_from(forced).is_ok_and(|forced| forced > most) {
            return Solution::Empty;
        }
        if u64::try_from(length).is_ok_and(|length| length > most) {
            return Solution::Unknown(CROWDED);
        }
        let mut list: Vec<Value> = Vec::with_capacity(length);
        let mut total = ValueSize::default();
        for index in 0..length {
            let wanted = |index: usize| places.wanted.get(index).into_iter().flatten().copied();
            let mut nodes = constraints.item(index);
            nodes.extend(wanted(index));
            match pair {
                Some((first, second)) if index == first => {
                    nodes.extend(constraints.item(second));
                    nodes.extend(wanted(second));
                }
                Some((first, second)) if index == second => {
                    let Some(same) = list.get(first).filter(|same| self.grow(&mut total, same)) else {
                        return Solution::Unknown(TOO_LARGE);
                    };
                    list.push(same.clone());
                    continue;
                }
                _ => {}
            }
            // What may occur a few times is left out where nobody wants it.
            let mut solution = Solution::Empty;
            if !constraints.at_most.is_empty() && places.is_free(index) {
                let mut careful = nodes.clone();
                careful.extend(constraints.at_most.iter().map(|(node, _)| NodeConstraint::refused(*node)));
                solution = self.inhabit(careful);
            }
            if !matches!(solution, Solution::Value(_)) {
                solution = self.inhabit(nodes);
            }
            match solution {
                Solution::Value(value) => {
                    if !self.grow(&mut total, &value) {
                        return Solution::Unknown(TOO_LARGE);
                    }
                    list.push(value.as_ref().clone());
                }
                Solution::Empty if index < forced && !places.chosen.contains(&index) => return Solution::Empty,
                Solution::Empty => return Solution::Unknown(CROWDED),
                unknown @ Solution::Unknown(_) => return unknown,
            }
        }
        if constraints.unique
            && let Some(end) = self.part_ways(constraints, places, &mut list)
        {
            return end;
        }
        self.counted(constraints, list)
    }

    /// Makes equal items differ.
    fn part_ways(&mut self, constraints: &Constraints, places: &ItemPlacement, list: &mut [Value]) -> Option<Solution> {
        let mut texts: Vec<String> = Vec::with_capacity(list.len());
        for index in 0..list.len() {
            let value = list.get(index)?;
            let text = canonical(value);
            if !texts.contains(&text) {
                texts.push(text);
                continue;
            }
            let mut copied = ValueSize::default();
            if !list.iter().take(index).all(|item| self.grow(&mut copied, item)) {
                return Some(Solution::Unknown(TOO_LARGE));
            }
            let taken: Vec<Value> = list.iter().take(index).cloned().collect();
            let listed = self.reader.arena.intern_values(taken);
            let mut nodes = constraints.item(index);
            nodes.extend(places.wanted.get(index).into_iter().flatten());
            nodes.push(NodeConstraint::refused(listed));
            match self.inhabit(nodes) {
                Solution::Value(other) => {
                    texts.push(canonical(&other));
                    *list.get_mut(index)? = other.as_ref().clone();
                }
                Solution::Unknown(why) => return Some(Solution::Unknown(why)),
                Solution::Empty => {
                    // All items are alike and none was put here by choice: there are not enough values for so many.
                    let state = constraints.item(index);
                    let alike = places.wanted.iter().all(Vec::is_empty) && (0..index).all(|at| constraints.item(at) == state);
                    return Some(if alike { Solution::Empty } else { Solution::Unknown("items must differ in several ways") });
                }
            }
        }
        None
    }

    /// Whether what may occur a few times does not occur more often.
    fn counted(&mut self, constraints: &Constraints, list: Vec<Value>) -> Solution {
        for (node, most) in &constraints.at_most {
            let mut count = 0_u64;
            for item in &list {
                if self.satisfies(*node, item, 0) != Satisfaction::No {
                    count += 1;
                }
            }
            if count > *most {
                return Solution::Unknown("an item occurs too often");
            }
        }
        let value = Value::Array(list);
        if constraints.exclude(&value) {
            return self.other_than(constraints, &value);
        }
        Solution::Value(Rc::new(value))
    }

    /// A list that is none of those that are listed: one item more, or another first one.
    fn other_than(&mut self, constraints: &Constraints, value: &Value) -> Solution {
        let Value::Array(list) = value else { return Solution::Unknown(CROWDED) };
        let room = constraints.max.is_none_or(|most| u64::try_from(list.len()).is_ok_and(|length| length < most));
        if room && list.len() < 64 {
            let longer = Constraints {
                min: u64::try_from(list.len()).unwrap_or(u64::MAX).saturating_add(1).max(constraints.min),
                ..constraints.clone()
            };
            let solution = self.array(&longer);
            if !matches!(solution, Solution::Empty) {
                return solution;
            }
        }
        for (index, item) in list.iter().enumerate() {
            let taken = self.reader.arena.intern_values(vec![item.clone()]);
            let mut nodes = constraints.item(index);
            nodes.push(NodeConstraint::refused(taken));
            if let Solution::Value(found) = self.inhabit(nodes) {
                let mut copied = ValueSize::default();
                if !self.grow(&mut copied, value) || !self.grow(&mut copied, &found) {
                    return Solution::Unknown(TOO_LARGE);
                }
                let mut changed = list.clone();
                if let Some(slot) = changed.get_mut(index) {
                    *slot = found.as_ref().clone();
                }
                let changed = Value::Array(changed);
                let simple =
                    constraints.at.is_empty() && constraints.from.is_empty() && !constraints.unique && !constraints.not_unique;
                let plain = simple && constraints.at_least.is_empty() && constraints.at_most.is_empty();
                if plain && !constraints.exclude(&changed) {
                    return Solution::Value(Rc::new(changed));
                }
            }
        }
        // The empty list was the only one.
        let only_empty = list.is_empty() && (constraints.max == Some(0) || !room || self.is_item_impossible(constraints));
        if only_empty { Solution::Empty } else { Solution::Unknown("too many lists are listed") }
    }

    fn is_item_impossible(&mut self, constraints: &Constraints) -> bool {
        let state = constraints.item(0);
        matches!(self.inhabit(state), Solution::Empty)
    }
}

/// What must stand where.
#[derive(Default)]
struct ItemPlacement {
    wanted: Vec<Vec<NodeConstraint>>,
    /// Places something was put at that could stand elsewhere.
    chosen: BTreeSet<usize>,
}

impl ItemPlacement {
    fn is_free(&self, index: usize) -> bool {
        self.wanted.get(index).is_none_or(Vec::is_empty)
    }

    fn at(&mut self, index: usize) -> &mut Vec<NodeConstraint> {
        while self.wanted.len() <= index {
            self.wanted.push(Vec::new());
        }
        #[expect(clippy::indexing_slicing, reason = "the list was just made that long")]
        &mut self.wanted[index]
    }
}
