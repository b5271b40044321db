//! Objects: members by name, members that must occur under some name, names themselves.
//!
//! Names that are not spelt out fall into classes: those that match the same patterns. One name of each class
//! stands for all of it, so that trying the spelt names and one of each class is a proof.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::super::constraint::{Constraint, NodeConstraint, Polarity};
use super::super::constraints::Constraints;
use super::super::node::{NodeId, Part};
use super::super::prover::Prover;
use super::super::satisfies::Satisfaction;
use super::super::solution::Solution;
use super::super::value_size::{TOO_LARGE, ValueSize};

/// Patterns of names whose combinations are gone through.
const MOST_PATTERNS: usize = 6;

/// Largest object that is written as a witness.
const LARGEST: u64 = 300;

/// Members that are written where each is asked for by name.
const MOST_MEMBERS: usize = 2_000;

const IRREGULAR: &str = "a pattern of names is not regular";
const CROWDED: &str = "several members must be placed in one object";

type Wanted = BTreeMap<Rc<str>, Vec<NodeConstraint>>;

impl Prover<'_> {
    /// What the member `name` must be: nothing where the sender has no such name.
    pub(in super::super) fn member_state(
        &mut self,
        constraints: &Constraints,
        name: &str,
    ) -> Result<Option<Vec<NodeConstraint>>, &'static str> {
        let mut says: Vec<NodeId> = Vec::new();
        if let Some(declared) = &constraints.declared {
            let named = declared.names.get(name);
            let mut is_declared = named.is_some();
            says.extend(named.into_iter().flatten());
            for (pattern, nodes) in &declared.patterns {
                if self.patterns.matches(pattern, name).ok_or(IRREGULAR)? {
                    is_declared = true;
                    says.extend(nodes);
                }
            }
            if !is_declared {
                return Ok(None);
            }
        }
        let mut nodes: Vec<NodeConstraint> = Vec::new();
        for (polarity, members) in &constraints.groups {
            let here = self.members_for(members, name).ok_or(IRREGULAR)?;
            nodes.extend(here.into_iter().map(|node| NodeConstraint::new(node, *polarity)));
        }
        // Where nothing that was taken says what it is, it is what one of the other alternatives says.
        let is_said = |node: &NodeId| *node == NodeId::ANY || nodes.contains(&NodeConstraint::sent(*node));
        if !says.is_empty() && !says.iter().any(is_said) {
            nodes.push(NodeConstraint::sent(self.reader.arena.intern(vec![Part::Any(says.into())])));
        }
        Ok(Some(nodes))
    }

    /// Whether the object may have a member of this name at all.
    fn is_name(&mut self, constraints: &Constraints, name: &str) -> Result<bool, &'static str> {
        if constraints.absent.contains(name) {
            return Ok(false);
        }
        if constraints.names.is_empty() {
            return Ok(true);
        }
        let value = Value::String(name.to_owned());
        for constraint in &constraints.names {
            match self.satisfies(constraint.node, &value, 0) {
                Satisfaction::No => return Ok(false),
                Satisfaction::Unsure => return Err("the names are not reasoned about"),
                _ => {}
            }
        }
        Ok(true)
    }

    pub(super) fn object(&mut self, constraints: &Constraints) -> Solution {
        if constraints.min > LARGEST {
            return Solution::Unknown("the object is too large to be written");
        }
        let mut wanted: Wanted = constraints.required.iter().map(|name| (Rc::clone(name), Vec::new())).collect();
        for (name, constraint) in &constraints.keys {
            wanted.entry(Rc::clone(name)).or_default().push(*constraint);
        }
        // What must be there is tried first: if it cannot be, nothing else matters.
        let mut map: BTreeMap<Rc<str>, Value> = BTreeMap::new();
        let mut total = ValueSize::default();
        for (name, extra) in &wanted {
            match self.member(constraints, name, extra) {
                Solution::Value(value) => {
                    if !self.grow(&mut total, &value) || map.len() >= MOST_MEMBERS {
                        return Solution::Unknown(TOO_LARGE);
                    }
                    map.insert(Rc::clone(name), value.as_ref().clone());
                }
                other => return other,
            }
        }
        let chosen = match self.existing(constraints, &mut wanted, &mut map, &mut total) {
            Ok(chosen) => chosen,
            Err(solution) => return solution,
        };
        if let Err(solution) = self.add_members(constraints, &mut map, chosen, &mut total) {
            return solution;
        }
        let size = |map: &BTreeMap<Rc<str>, Value>| u64::try_from(map.len()).unwrap_or(u64::MAX);
        if constraints.max.is_some_and(|most| size(&map) > most) {
            return if chosen { Solution::Unknown(CROWDED) } else { Solution::Empty };
        }
        let value = Value::Object(map.into_iter().map(|(name, value)| (name.as_ref().to_owned(), value)).collect());
        if constraints.exclude(&value) {
            return self.other_object(constraints, &value);
        }
        Solution::Value(Rc::new(value))
    }

    /// A value for a member that must be there.
    fn member(&mut self, constraints: &Constraints, name: &str, extra: &[NodeConstraint]) -> Solution {
        match self.is_name(constraints, name) {
            Ok(true) => {}
            Ok(false) => return Solution::Empty,
            Err(why) => return Solution::Unknown(why),
        }
        match self.member_state(constraints, name) {
            Ok(Some(mut nodes)) => {
                nodes.extend(extra);
                self.inhabit(nodes)
            }
            Ok(None) => Solution::Empty,
            Err(why) => Solution::Unknown(why),
        }
    }

    /// Members that must be there under some name. Returns whether a name was chosen.
    fn existing(
        &mut self,
        constraints: &Constraints,
        wanted: &mut Wanted,
        map: &mut BTreeMap<Rc<str>, Value>,
        total: &mut ValueSize,
    ) -> Result<bool, Solution> {
        let mut pending: Vec<Constraint> = Vec::new();
        pending.extend(constraints.others.iter().map(|(members, constraint)| Constraint::Other(members.clone(), *constraint)));
        pending.extend(
            constraints.pattern_keys.iter().map(|(pattern, constraint)| Constraint::PatternKey(Rc::clone(pattern), *constraint)),
        );
        pending.extend(constraints.bad_names.iter().map(|constraint| Constraint::BadName(*constraint)));
        if pending.is_empty() {
            return Ok(false);
        }
        for existence in pending {
            let (names, is_proof) = self.candidates(constraints, wanted, Some(&existence));
            let (mut is_possible, mut unknown, mut found) = (false, None, None);
            for name in names {
                match self.serves(&existence, &name) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(why) => {
                        unknown = Some(why);
                        continue;
                    }
                }
                let extra: Vec<NodeConstraint> = match &existence {
                    Constraint::Other(_, constraint) | Constraint::PatternKey(_, constraint) => vec![*constraint],
                    _ => Vec::new(),
                };
                match self.member(constraints, &name, &extra) {
                    Solution::Empty => continue,
                    Solution::Unknown(why) => {
                        unknown = Some(why);
                        continue;
                    }
                    Solution::Value(_) => is_possible = true,
                }
                let mut all = wanted.get(&name).cloned().unwrap_or_default();
                all.extend(&extra);
                if let Solution::Value(value) = self.member(constraints, &name, &all) {
                    found = Some((name, all, value));
                    break;
                }
            }
            match (found, unknown) {
                (Some((name, all, value)), _) => {
                    if !self.grow(total, &value) {
                        return Err(Solution::Unknown(TOO_LARGE));
                    }
                    map.insert(Rc::clone(&name), value.as_ref().clone());
                    wanted.insert(name, all);
                }
                (None, Some(why)) => return Err(Solution::Unknown(why)),
                (None, None) if is_possible => return Err(Solution::Unknown(CROWDED)),
                (None, None) if is_proof => return Err(Solution::Empty),
                (None, None) => return Err(Solution::Unknown("the patterns of names have too many combinations")),
            }
        }
        Ok(true)
    }

    /// Whether a member of this name is one that is asked for.
    fn serves(&mut self, existence: &Constraint, name: &str) -> Result<bool, &'static str> {
        match existence {
            Constraint::Other(members, _) => self.is_declared(members, name).map(|declared| !declared).ok_or(IRREGULAR),
            Constraint::PatternKey(pattern, _) => self.patterns.matches(pattern, name).ok_or(IRREGULAR),
            Constraint::BadName(constraint) => match self.satisfies(constraint.node, &Value::String(name.to_owned()), 0) {
                Satisfaction::No => Ok(true),
                Satisfaction::Yes | Satisfaction::Formats => Ok(false),
                Satisfaction::Unsure => Err("the names are not reasoned about"),
            },
            _ => Ok(false),
        }
    }

    /// Names worth trying, those in use first, and whether trying them all is a proof.
    fn candidates(&mut self, constraints: &Constraints, wanted: &Wanted, existence: Option<&Constraint>) -> (Vec<Rc<str>>, bool) {
        let mut spelt: BTreeSet<Rc<str>> = wanted.keys().chain(&constraints.absent).cloned().collect();
        spelt.extend(constraints.declared.iter().flat_map(|declared| declared.names.keys().cloned()));
        for (_, members) in &constraints.groups {
            spelt.extend(members.named.iter().map(|(name, _)| Rc::clone(name)));
        }
        if let Some(Constraint::Other(members, _)) = existence {
            spelt.extend(members.named.iter().map(|(name, _)| Rc::clone(name)));
        }
        let said = constraints.declared.iter().flat_map(|declared| declared.patterns.keys());
        let said =
            said.chain(constraints.groups.iter().flat_map(|(_, members)| members.patterns.iter().map(|(pattern, _)| pattern)));
        let asked = match existence {
            Some(Constraint::Other(members, _)) => members.patterns.iter().map(|(pattern, _)| pattern).collect(),
            Some(Constraint::PatternKey(pattern, _)) => vec![pattern],
            _ => Vec::new(),
        };
        let mut patterns: BTreeSet<Rc<str>> = BTreeSet::new();
        for pattern in said.chain(asked) {
            // Where there are so many it does not matter which.
            if patterns.len() > MOST_PATTERNS {
                break;
            }
            patterns.insert(Rc::clone(pattern));
        }
        // Every name is copied, however often somebody asks.
        if !self.spend(spelt.len()) {
            return (Vec::new(), false);
        }
        let mut names: Vec<Rc<str>> = wanted.keys().cloned().collect();
        names.extend(spelt.iter().filter(|name| !wanted.contains_key(*name)).cloned());
        let (fresh, is_proof) = self.classes(constraints, &spelt, &patterns, existence);
        names.extend(fresh);
        (names, is_proof)
    }

    /// One name of every class that no spelt name stands for, and whether all classes were gone through.
    fn classes(
        &mut self,
        constraints: &Constraints,
        spelt: &BTreeSet<Rc<str>>,
        patterns: &BTreeSet<Rc<str>>,
        existence: Option<&Constraint>,
    ) -> (Vec<Rc<str>>, bool) {
        let bad = match existence {
            Some(Constraint::BadName(constraint)) => Some(*constraint),
            _ => None,
        };
        if patterns.is_empty() && constraints.names.is_empty() && bad.is_none() {
            return (vec![fresh(spelt)], true);
        }
        if patterns.len() > MOST_PATTERNS {
            return (vec![fresh(spelt)], false);
        }
        let listed: Vec<Value> = spelt.iter().map(|name| Value::String(name.as_ref().to_owned())).collect();
        let spelt = self.reader.arena.intern_values(listed);
        let text = self.reader.arena.intern(vec![Part::Kinds(crate::openapi::TypeSet::STRING)]);
        let patterns: Vec<NodeId> =
            patterns.iter().map(|pattern| self.reader.arena.intern(vec![Part::Pattern(Rc::clone(pattern))])).collect();
        let (mut names, mut is_proof) = (Vec::new(), true);
        for class in 0..(1_usize << patterns.len()) {
            let mut nodes = vec![NodeConstraint::kept(text), NodeConstraint::refused(spelt)];
            nodes.extend(&constraints.names);
            nodes.extend(bad);
            for (bit, pattern) in patterns.iter().enumerate() {
                let polarity = if class >> bit & 1 == 1 { Polarity::Kept } else { Polarity::Refused };
                nodes.push(NodeConstraint::new(*pattern, polarity));
            }
            match self.inhabit(nodes) {
                Solution::Value(value) => names.extend(value.as_str().map(Rc::from)),
                Solution::Empty => {}
                Solution::Unknown(_) => is_proof = false,
            }
        }
        (names, is_proof)
    }

    /// Adds members until there are enough.
    fn add_members(
        &mut self,
        constraints: &Constraints,
        map: &mut BTreeMap<Rc<str>, Value>,
        chosen: bool,
        total: &mut ValueSize,
    ) -> Result<(), Solution> {
        let is_short = |map: &BTreeMap<Rc<str>, Value>| u64::try_from(map.len()).is_ok_and(|size| size < constraints.min);
        if !is_short(map) {
            return Ok(());
        }
        let mut unsure = None;
        let mut wanted: Wanted = map.keys().map(|name| (Rc::clone(name), Vec::new())).collect();
        let mut is_proof = true;
        // Every round spells one more name of each class.
        while is_short(map) {
            let (names, complete) = self.candidates(constraints, &wanted, None);
            is_proof &= complete;
            let before = map.len();
            for name in names {
                if !is_short(map) {
                    break;
                }
                if wanted.contains_key(&name) {
                    continue;
                }
                wanted.insert(Rc::clone(&name), Vec::new());
                match self.member(constraints, &name, &[]) {
                    Solution::Value(value) => {
                        if !self.grow(total, &value) {
                            return Err(Solution::Unknown(TOO_LARGE));
                        }
                        map.insert(name, value.as_ref().clone());
                    }
                    Solution::Empty => {}
                    Solution::Unknown(why) => unsure = Some(why),
                }
            }
            if map.len() == before {
                return Err(match unsure {
                    Some(why) => Solution::Unknown(why),
                    None if is_proof && !chosen => Solution::Empty,
                    None => Solution::Unknown(CROWDED),
                });
            }
        }
        Ok(())
    }

    /// An object that is none of those that are listed: one more member, or another value in one.
    fn other_object(&mut self, constraints: &Constraints, value: &Value) -> Solution {
        let Value::Object(map) = value else { return Solution::Unknown(CROWDED) };
        let wanted: Wanted = constraints.required.iter().map(|name| (Rc::clone(name), Vec::new())).collect();
        let room = constraints.max.is_none_or(|most| u64::try_from(map.len()).is_ok_and(|size| size < most));
        let mut only = true;
        if room {
            let (names, is_proof) = self.candidates(constraints, &wanted, None);
            only &= is_proof;
            for name in names.iter().filter(|name| !map.contains_key(name.as_ref())) {
                match self.member(constraints, name, &[]) {
                    Solution::Value(member) => {
                        let mut copied = ValueSize::default();
                        if !self.grow(&mut copied, value) || !self.grow(&mut copied, &member) {
                            return Solution::Unknown(TOO_LARGE);
                        }
                        let mut larger: Map<String, Value> = map.clone();
                        larger.insert(name.as_ref().to_owned(), member.as_ref().clone());
                        let larger = Value::Object(larger);
                        if !constraints.exclude(&larger) {
                            return Solution::Value(Rc::new(larger));
                        }
                        only = false;
                    }
                    Solution::Empty => {}
                    Solution::Unknown(_) => only = false,
                }
            }
        }
        for (name, member) in map {
            let taken = self.reader.arena.intern_values(vec![member.clone()]);
            let mut nodes: Vec<NodeConstraint> =
                constraints.keys.iter().filter(|(key, _)| key.as_ref() == name).map(|(_, constraint)| *constraint).collect();
            nodes.push(NodeConstraint::refused(taken));
            match self.member(constraints, name, &nodes) {
                Solution::Value(other) => {
                    let mut copied = ValueSize::default();
                    if !self.grow(&mut copied, value) || !self.grow(&mut copied, &other) {
                        return Solution::Unknown(TOO_LARGE);
                    }
                    let mut changed = map.clone();
                    changed.insert(name.clone(), other.as_ref().clone());
                    let changed = Value::Object(changed);
                    let plain =
                        constraints.others.is_empty() && constraints.pattern_keys.is_empty() && constraints.bad_names.is_empty();
                    if plain && !constraints.exclude(&changed) {
                        return Solution::Value(Rc::new(changed));
                    }
                    only = false;
                }
                Solution::Empty => {}
                Solution::Unknown(_) => only = false,
            }
        }
        // No member more, none other: it was the only one, if nothing in it could have been left out.
        let all_needed = map.keys().all(|name| constraints.required.contains(name.as_str()));
        if only && all_needed { Solution::Empty } else { Solution::Unknown("too many objects are listed") }
    }
}

/// A name that nobody spelt.
fn fresh(spelt: &BTreeSet<Rc<str>>) -> Rc<str> {
    let mut at = 0_usize;
    loop {
        let name = if at == 0 { "other".to_owned() } else { format!("other{at}") };
        if !spelt.contains(name.as_str()) {
            return name.into();
        }
        at += 1;
    }
}
