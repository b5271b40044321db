//! Conditions without a choice: what one value must meet, all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use num_rational::BigRational;

use super::node::{Members, NodeId, Part, Values};
use super::search::{Polarity, Signed};

/// One thing that must hold.
#[derive(Debug, Clone)]
pub(super) enum Constraint {
    Node(Signed),
    NotValues(Values),
    Least(BigRational, bool),
    Most(BigRational, bool),
    Step(BigRational),
    NotStep(BigRational),
    MinSize(u64),
    MaxSize(u64),
    NotPattern(Rc<str>),
    NotFormat(Rc<str>),
    At(usize, Signed),
    From(usize, Signed),
    AtLeast(Signed, u64),
    AtMost(NodeId, u64),
    NotUnique,
    Present(Rc<str>),
    Absent(Rc<str>),
    Key(Rc<str>, Signed),
    Other(Members, Signed),
    PatternKey(Rc<str>, Signed),
    BadName(Signed),
    /// That a part holds, or that it does not: seen when there is a guess.
    Check(Part, bool),
    Unclear(&'static str),
}

/// Conditions without a choice, for one kind of value.
#[derive(Debug, Clone, Default)]
pub(super) struct Demands {
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
    pub(super) lists: Vec<(Polarity, Rc<[NodeId]>, Option<NodeId>)>,
    pub(super) at: Vec<(usize, Signed)>,
    pub(super) from: Vec<(usize, Signed)>,
    pub(super) at_least: Vec<(Signed, u64)>,
    pub(super) at_most: Vec<(NodeId, u64)>,
    pub(super) unique: bool,
    pub(super) not_unique: bool,
    pub(super) groups: Vec<(Polarity, Members)>,
    pub(super) required: BTreeSet<Rc<str>>,
    /// The names a sender that sends only what it declares may use; none where it may use any.
    pub(super) declared: Option<Rc<Declared>>,
    pub(super) absent: BTreeSet<Rc<str>>,
    pub(super) keys: Vec<(Rc<str>, Signed)>,
    pub(super) others: Vec<(Members, Signed)>,
    pub(super) pattern_keys: Vec<(Rc<str>, Signed)>,
    pub(super) names: Vec<Signed>,
    pub(super) bad_names: Vec<Signed>,
    pub(super) checks: Vec<(Part, bool)>,
}

/// Names a sender declares, in whichever of its alternatives: a choice that is still open must not close a way.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Each with what the alternatives that declare it say of it.
    pub(super) names: BTreeMap<Rc<str>, Vec<NodeId>>,
    /// The same by patterns of names.
    pub(super) patterns: BTreeMap<Rc<str>, Vec<NodeId>>,
}

/// Nothing satisfies it.
pub(super) struct Closed;

/// What the item at `index` must be.
pub(super) fn item_state(demands: &Demands, index: usize) -> Vec<Signed> {
    let node = |(sign, first, rest): &(Polarity, Rc<[NodeId]>, Option<NodeId>)| {
        first.get(index).copied().or(*rest).map(|node| Signed::new(node, *sign))
    };
    demands.lists.iter().filter_map(node).collect()
}

impl Demands {
    /// A part that must hold, of the kind that is being solved.
    pub(super) fn assert(&mut self, part: &Part, sign: Polarity) -> Result<(), Closed> {
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
                    return Err(Closed);
                }
                if !self.patterns.contains(pattern) {
                    self.patterns.push(Rc::clone(pattern));
                }
            }
            Part::Format(format) => self.formats.push(Rc::clone(format)),
            Part::Items(first, rest) => self.lists.push((sign, Rc::clone(first), *rest)),
            Part::Unique => self.unique = true,
            Part::Contains(node, least, most) => {
                if *least > 0 {
                    self.at_least.push((Signed::new(*node, Polarity::Kept), *least));
                }
                if let Some(most) = most {
                    return self.add(Constraint::AtMost(*node, *most));
                }
            }
            Part::Members(members) => self.groups.push((sign, members.clone())),
            Part::Required(name) => return self.add(Constraint::Present(Rc::clone(name))),
            Part::Names(node) => self.names.push(Signed::new(*node, Polarity::Kept)),
            Part::Unclear(why, _) => self.unclear = Some(why),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn add(&mut self, atom: Constraint) -> Result<(), Closed> {
        match atom {
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
                    return Err(Closed);
                }
                self.not_patterns.push(pattern);
            }
            Constraint::NotFormat(format) => {
                if self.formats.contains(&format) {
                    return Err(Closed);
                }
                self.unclear = Some("a format is not reasoned about");
            }
            Constraint::At(index, signed) => self.at.push((index, signed)),
            Constraint::From(index, signed) => self.from.push((index, signed)),
            Constraint::AtLeast(signed, least) => self.at_least.push((signed, least)),
            // None at all: every item falsifies it.
            Constraint::AtMost(node, 0) => self.lists.push((Polarity::Refused, Rc::from([]), Some(node))),
            Constraint::AtMost(node, most) => self.at_most.push((node, most)),
            Constraint::NotUnique => self.not_unique = true,
            Constraint::Present(name) => {
                if self.absent.contains(&name) {
                    return Err(Closed);
                }
                self.required.insert(name);
            }
            Constraint::Absent(name) => {
                if self.required.contains(&name) {
                    return Err(Closed);
                }
                self.absent.insert(name);
            }
            Constraint::Key(name, signed) => {
                if self.absent.contains(&name) {
                    return Err(Closed);
                }
                self.required.insert(Rc::clone(&name));
                self.keys.push((name, signed));
            }
            Constraint::Other(members, signed) => self.others.push((members, signed)),
            Constraint::PatternKey(pattern, signed) => self.pattern_keys.push((pattern, signed)),
            Constraint::BadName(signed) => self.bad_names.push(signed),
            Constraint::Check(part, holds) => self.checks.push((part, holds)),
            Constraint::Unclear(why) => self.unclear = Some(why),
        }
        let out_of_range = self.max.is_some_and(|most| most < self.min);
        if out_of_range { Err(Closed) } else { Ok(()) }
    }
}
