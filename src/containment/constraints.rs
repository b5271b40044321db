//! Constraints without a choice: what one value must meet, all of it.

use std::collections::BTreeSet;
use std::rc::Rc;

use num_rational::BigRational;
use serde_json::Value;

use super::constraint::{Constraint, NodeConstraint, Polarity};
use super::declaration::Declared;
use super::node::{MemberSchemas, NodeId, Part};
use super::value::{Values, canonical};

/// What the items of a list must be, by their place.
#[derive(Debug, Clone)]
pub(super) struct ItemSchemas {
    pub(super) polarity: Polarity,
    /// Of the first items.
    pub(super) first: Rc<[NodeId]>,
    /// Of all behind them; none where nothing is said of them.
    pub(super) rest: Option<NodeId>,
}

/// What one item must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct ItemConstraint {
    /// Its place, counted from 0; where any place behind will do, the first of them.
    pub(super) index: usize,
    pub(super) constraint: NodeConstraint,
}

/// Constraints without a choice, for one kind of value.
#[derive(Debug, Clone, Default)]
pub(super) struct Constraints {
    pub(super) values: Option<Values>,
    pub(super) not_values: Vec<Values>,
    pub(super) formats: Vec<Rc<str>>,
    /// Why a guess that satisfies all the rest may still be wrong.
    pub(super) unclear: Option<&'static str>,
    pub(super) least: Option<(BigRational, bool)>,
    pub(super) most: Option<(BigRational, bool)>,
    pub(super) steps: Vec<BigRational>,
    pub(super) not_steps: Vec<BigRational>,
    /// Length, items or members.
    pub(super) min: u64,
    pub(super) max: Option<u64>,
    pub(super) patterns: Vec<Rc<str>>,
    pub(super) not_patterns: Vec<Rc<str>>,
    pub(super) lists: Vec<ItemSchemas>,
    pub(super) at: Vec<ItemConstraint>,
    pub(super) from: Vec<ItemConstraint>,
    pub(super) at_least: Vec<(NodeConstraint, u64)>,
    pub(super) at_most: Vec<(NodeId, u64)>,
    pub(super) unique: bool,
    pub(super) not_unique: bool,
    pub(super) groups: Vec<(Polarity, MemberSchemas)>,
    pub(super) required: BTreeSet<Rc<str>>,
    /// The names a sender that sends only what it declares may use; none where it may use any.
    pub(super) declared: Option<Rc<Declared>>,
    pub(super) absent: BTreeSet<Rc<str>>,
    pub(super) keys: Vec<(Rc<str>, NodeConstraint)>,
    pub(super) others: Vec<(MemberSchemas, NodeConstraint)>,
    pub(super) pattern_keys: Vec<(Rc<str>, NodeConstraint)>,
    pub(super) names: Vec<NodeConstraint>,
    pub(super) bad_names: Vec<NodeConstraint>,
    pub(super) checks: Vec<(Part, bool)>,
}

/// Nothing satisfies it.
pub(super) struct Contradiction;

impl Constraints {
    /// What the item at `index` must be.
    pub(super) fn item(&self, index: usize) -> Vec<NodeConstraint> {
        let node = |items: &ItemSchemas| {
            let node = items.first.get(index).copied().or(items.rest)?;
            Some(NodeConstraint::new(node, items.polarity))
        };
        self.lists.iter().filter_map(node).collect()
    }

    /// Whether the value stands in a list it must not stand in.
    pub(super) fn exclude(&self, value: &Value) -> bool {
        if self.not_values.is_empty() {
            return false;
        }
        let text = canonical(value);
        self.not_values.iter().any(|values| values.has(&text))
    }

    /// A part that must hold, of the kind that is being solved.
    ///
    /// # Errors
    /// Where nothing can satisfy it beside the others.
    pub(super) fn assert(&mut self, part: &Part, polarity: Polarity) -> Result<(), Contradiction> {
        match part {
            Part::OneOfValues(values) => match &self.values {
                // The fewer, the better; every one of them is tried against the whole.
                Some(known) if known.list.len() <= values.list.len() => {}
                _ => self.values = Some(values.clone()),
            },
            Part::Least(bound, out) => return self.add(Constraint::Least(bound.clone(), *out)),
            Part::Most(bound, out) => return self.add(Constraint::Most(bound.clone(), *out)),
            Part::Multiple(step) => self.steps.push(step.clone()),
            Part::MinLength(least) | Part::MinItems(least) | Part::MinProperties(least) => {
                return self.add(Constraint::MinSize(*least));
            }
            Part::MaxLength(most) | Part::MaxItems(most) | Part::MaxProperties(most) => {
                return self.add(Constraint::MaxSize(*most));
            }
            Part::Pattern(pattern) => {
                if self.not_patterns.contains(pattern) {
                    return Err(Contradiction);
                }
                if !self.patterns.contains(pattern) {
                    self.patterns.push(Rc::clone(pattern));
                }
            }
            Part::Format(format) => self.formats.push(Rc::clone(format)),
            Part::Items(first, rest) => self.lists.push(ItemSchemas { polarity, first: Rc::clone(first), rest: *rest }),
            Part::Unique => self.unique = true,
            Part::Contains(node, least, most) => {
                if *least > 0 {
                    self.at_least.push((NodeConstraint::kept(*node), *least));
                }
                if let Some(most) = most {
                    return self.add(Constraint::AtMost(*node, *most));
                }
            }
            Part::Members(members) => self.groups.push((polarity, members.clone())),
            Part::Required(name) => return self.add(Constraint::Present(Rc::clone(name))),
            Part::Names(node) => self.names.push(NodeConstraint::kept(*node)),
            Part::Unclear(why, _) => self.unclear = Some(why),
            _ => {}
        }
        Ok(())
    }

    /// One more constraint, of the kind that is being solved.
    ///
    /// # Errors
    /// Where nothing can satisfy it beside the others.
    pub(super) fn add(&mut self, constraint: Constraint) -> Result<(), Contradiction> {
        match constraint {
            Constraint::Node(_) => {}
            Constraint::NotValues(values) => self.not_values.push(values),
            Constraint::Least(bound, out) => {
                let tighter = self.least.as_ref().is_none_or(|(known, known_out)| (&bound, out) > (known, *known_out));
                if tighter {
                    self.least = Some((bound, out));
                }
            }
            Constraint::Most(bound, out) => {
                let tighter =
                    self.most.as_ref().is_none_or(|(known, known_out)| bound < *known || (bound == *known && out && !known_out));
                if tighter {
                    self.most = Some((bound, out));
                }
            }
            Constraint::Step(step) => self.steps.push(step),
            Constraint::NotStep(step) => self.not_steps.push(step),
            Constraint::MinSize(least) => self.min = self.min.max(least),
            Constraint::MaxSize(most) => self.max = Some(self.max.map_or(most, |known| known.min(most))),
            Constraint::NotPattern(pattern) => {
                if self.patterns.contains(&pattern) {
                    return Err(Contradiction);
                }
                self.not_patterns.push(pattern);
            }
            Constraint::NotFormat(format) => {
                if self.formats.contains(&format) {
                    return Err(Contradiction);
                }
                self.unclear = Some("a format is not reasoned about");
            }
            Constraint::At(index, constraint) => self.at.push(ItemConstraint { index, constraint }),
            Constraint::From(index, constraint) => self.from.push(ItemConstraint { index, constraint }),
            Constraint::AtLeast(constraint, least) => self.at_least.push((constraint, least)),
            // None at all: every item falsifies it.
            Constraint::AtMost(node, 0) => {
                self.lists.push(ItemSchemas { polarity: Polarity::Refused, first: Rc::from([]), rest: Some(node) });
            }
            Constraint::AtMost(node, most) => self.at_most.push((node, most)),
            Constraint::NotUnique => self.not_unique = true,
            Constraint::Present(name) => {
                if self.absent.contains(&name) {
                    return Err(Contradiction);
                }
                self.required.insert(name);
            }
            Constraint::Absent(name) => {
                if self.required.contains(&name) {
                    return Err(Contradiction);
                }
                self.absent.insert(name);
            }
            Constraint::Key(name, constraint) => {
                if self.absent.contains(&name) {
                    return Err(Contradiction);
                }
                self.required.insert(Rc::clone(&name));
                self.keys.push((name, constraint));
            }
            Constraint::Other(members, constraint) => self.others.push((members, constraint)),
            Constraint::PatternKey(pattern, constraint) => self.pattern_keys.push((pattern, constraint)),
            Constraint::BadName(constraint) => self.bad_names.push(constraint),
            Constraint::Check(part, wanted) => self.checks.push((part, wanted)),
            Constraint::Unclear(why) => self.unclear = Some(why),
        }
        let out_of_range = self.max.is_some_and(|most| most < self.min);
        if out_of_range { Err(Contradiction) } else { Ok(()) }
    }
}
