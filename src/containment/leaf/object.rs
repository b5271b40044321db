//! Objects: members by name, members that must occur under some name, names themselves.
//!
//! Names that are not spelt out fall into classes: those that match the same patterns. One name of each class
//! stands for all of it, so that trying the spelt names and one of each class is a proof.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::super::demands::{Constraint, Demands};
use super::super::node::{NodeId, Part, Values};
use super::super::search::{Outcome, Polarity, Prover, Signed};
use super::super::size::{TOO_LARGE, Weight};
use super::is_excluded;

/// Patterns of names whose combinations are gone through.
const MOST_PATTERNS: usize = 6;

/// Largest object that is written as a witness.
const LARGEST: u64 = 300;

/// Members that are written where each is asked for by name.
const MOST_MEMBERS: usize = 2_000;

const IRREGULAR: &str = "a pattern of names is not regular";
const CROWDED: &str = "several members must be placed in one object";

type Wanted = BTreeMap<Rc<str>, Vec<Signed>>;

impl Prover<'_> {
    /// What the member `name` must be: nothing where the sender has no such name.
    pub(in super::super) fn member_state(&mut self, demands: &Demands, name: &str) -> Result<Option<Vec<Signed>>, &'static str> {
        let mut nodes: Vec<Signed> = Vec::new();
        if let Some(declared) = &demands.declared {
            let named = declared.names.get(name);
            let mut is_declared = named.is_some();
            let mut says: Vec<NodeId> = named.cloned().unwrap_or_default();
            for (pattern, nodes) in &declared.patterns {
                if self.patterns.matches(pattern, name).ok_or(IRREGULAR)? {
                    is_declared = true;
                    says.extend(nodes);
                }
            }
            if !is_declared {
                return Ok(None);
            }
            let mut is_here = false;
            for (_, members) in demands.groups.iter().filter(|(sign, _)| *sign == Polarity::Sent) {
                is_here |= self.is_declared(members, name).ok_or(IRREGULAR)?;
            }
            // Only other alternatives declare it: it is what one of them says.
            if !is_here && !says.is_empty() && !says.contains(&NodeId::ANY) {
                let any = self.reading.arena.intern(vec![Part::Any(says.into())]);
                nodes.push(Signed::new(any, Polarity::Sent));
            }
        }
        for (sign, members) in &demands.groups {
            let here = self.members_for(members, name).ok_or(IRREGULAR)?;
            nodes.extend(here.into_iter().map(|node| Signed::new(node, *sign)));
        }
        Ok(Some(nodes))
    }

    /// Whether the object may have a member of this name at all.
    fn is_name(&mut self, demands: &Demands, name: &str) -> Result<bool, &'static str> {
        if demands.absent.contains(name) {
            return Ok(false);
        }
        let value = Value::String(name.to_owned());
        for signed in &demands.names {
            match self.holds(signed.node, &value, 0) {
                super::super::holds::Holds::No => return Ok(false),
                super::super::holds::Holds::Unsure => return Err("the names are not reasoned about"),
                _ => {}
            }
        }
        Ok(true)
    }

    pub(super) fn object(&mut self, demands: &Demands) -> Outcome {
        if demands.min > LARGEST {
            return Outcome::Unknown("the object is too large to be written");
        }
        let mut wanted: Wanted = demands.required.iter().map(|name| (Rc::clone(name), Vec::new())).collect();
        for (name, signed) in &demands.keys {
            wanted.entry(Rc::clone(name)).or_default().push(*signed);
        }
        // What must be there is tried first: if it cannot be, nothing else matters.
        let mut map: BTreeMap<Rc<str>, Value> = BTreeMap::new();
        let mut total = Weight::default();
        for (name, extra) in &wanted {
            match self.member(demands, name, extra) {
                Outcome::Value(value) => {
                    if !self.take(&mut total, &value) || map.len() >= MOST_MEMBERS {
                        return Outcome::Unknown(TOO_LARGE);
                    }
                    map.insert(Rc::clone(name), value.as_ref().clone());
                }
                other => return other,
            }
        }
        let chosen = match self.existing(demands, &mut wanted, &mut map, &mut total) {
            Ok(chosen) => chosen,
            Err(outcome) => return outcome,
        };
        if let Err(outcome) = self.grow(demands, &mut map, chosen, &mut total) {
            return outcome;
        }
        let size = |map: &BTreeMap<Rc<str>, Value>| u64::try_from(map.len()).unwrap_or(u64::MAX);
        if demands.max.is_some_and(|most| size(&map) > most) {
            return if chosen { Outcome::Unknown(CROWDED) } else { Outcome::Empty };
        }
        let value = Value::Object(map.into_iter().map(|(name, value)| (name.as_ref().to_owned(), value)).collect());
        if is_excluded(&value, &demands.not_values) {
            return self.other_object(demands, &value);
        }
        Outcome::Value(Rc::new(value))
    }

    /// A value for a member that must be there.
    fn member(&mut self, demands: &Demands, name: &str, extra: &[Signed]) -> Outcome {
        match self.is_name(demands, name) {
            Ok(true) => {}
            Ok(false) => return Outcome::Empty,
            Err(why) => return Outcome::Unknown(why),
        }
        match self.member_state(demands, name) {
            Ok(Some(mut nodes)) => {
                nodes.extend(extra);
                self.inhabit(nodes)
            }
            Ok(None) => Outcome::Empty,
            Err(why) => Outcome::Unknown(why),
        }
    }

    /// Members that must be there under some name. Returns whether a name was chosen.
    fn existing(
        &mut self,
        demands: &Demands,
        wanted: &mut Wanted,
        map: &mut BTreeMap<Rc<str>, Value>,
        total: &mut Weight,
    ) -> Result<bool, Outcome> {
        let mut pending: Vec<Constraint> = Vec::new();
        pending.extend(demands.others.iter().map(|(members, signed)| Constraint::Other(members.clone(), *signed)));
        pending.extend(demands.pattern_keys.iter().map(|(pattern, signed)| Constraint::PatternKey(Rc::clone(pattern), *signed)));
        pending.extend(demands.bad_names.iter().map(|signed| Constraint::BadName(*signed)));
        if pending.is_empty() {
            return Ok(false);
        }
        for atom in pending {
            let (names, is_proof) = self.candidates(demands, wanted, Some(&atom));
            let (mut is_possible, mut unknown, mut found) = (false, None, None);
            for name in names {
                match self.serves(&atom, &name) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(why) => {
                        unknown = Some(why);
                        continue;
                    }
                }
                let extra: Vec<Signed> = match &atom {
                    Constraint::Other(_, signed) | Constraint::PatternKey(_, signed) => vec![*signed],
                    _ => Vec::new(),
                };
                match self.member(demands, &name, &extra) {
                    Outcome::Empty => continue,
                    Outcome::Unknown(why) => {
                        unknown = Some(why);
                        continue;
                    }
                    Outcome::Value(_) => is_possible = true,
                }
                let mut all = wanted.get(&name).cloned().unwrap_or_default();
                all.extend(&extra);
                if let Outcome::Value(value) = self.member(demands, &name, &all) {
                    found = Some((name, all, value));
                    break;
                }
            }
            match (found, unknown) {
                (Some((name, all, value)), _) => {
                    if !self.take(total, &value) {
                        return Err(Outcome::Unknown(TOO_LARGE));
                    }
                    map.insert(Rc::clone(&name), value.as_ref().clone());
                    wanted.insert(name, all);
                }
                (None, Some(why)) => return Err(Outcome::Unknown(why)),
                (None, None) if is_possible => return Err(Outcome::Unknown(CROWDED)),
                (None, None) if is_proof => return Err(Outcome::Empty),
                (None, None) => return Err(Outcome::Unknown("the patterns of names have too many combinations")),
            }
        }
        Ok(true)
    }

    /// Whether a member of this name is one that is asked for.
    fn serves(&mut self, atom: &Constraint, name: &str) -> Result<bool, &'static str> {
        match atom {
            Constraint::Other(members, _) => self.is_declared(members, name).map(|declared| !declared).ok_or(IRREGULAR),
            Constraint::PatternKey(pattern, _) => self.patterns.matches(pattern, name).ok_or(IRREGULAR),
            Constraint::BadName(signed) => match self.holds(signed.node, &Value::String(name.to_owned()), 0) {
                super::super::holds::Holds::No => Ok(true),
                super::super::holds::Holds::Yes | super::super::holds::Holds::Formats => Ok(false),
                super::super::holds::Holds::Unsure => Err("the names are not reasoned about"),
            },
            _ => Ok(false),
        }
    }

    /// Names worth trying, those in use first, and whether trying them all is a proof.
    fn candidates(&mut self, demands: &Demands, wanted: &Wanted, atom: Option<&Constraint>) -> (Vec<Rc<str>>, bool) {
        let mut spelt: BTreeSet<Rc<str>> = wanted.keys().chain(&demands.absent).cloned().collect();
        spelt.extend(demands.declared.iter().flat_map(|declared| declared.names.keys().cloned()));
        for (_, members) in &demands.groups {
            spelt.extend(members.named.iter().map(|(name, _)| Rc::clone(name)));
        }
        if let Some(Constraint::Other(members, _)) = atom {
            spelt.extend(members.named.iter().map(|(name, _)| Rc::clone(name)));
        }
        let mut patterns: BTreeSet<Rc<str>> = BTreeSet::new();
        patterns.extend(demands.declared.iter().flat_map(|declared| declared.patterns.keys().cloned()));
        for (_, members) in &demands.groups {
            patterns.extend(members.patterns.iter().map(|(pattern, _)| Rc::clone(pattern)));
        }
        match atom {
            Some(Constraint::Other(members, _)) => {
                patterns.extend(members.patterns.iter().map(|(pattern, _)| Rc::clone(pattern)));
            }
            Some(Constraint::PatternKey(pattern, _)) => {
                patterns.insert(Rc::clone(pattern));
            }
            _ => {}
        }
        // Every name is copied, however often somebody asks.
        if !self.spend(spelt.len()) {
            return (Vec::new(), false);
        }
        let mut names: Vec<Rc<str>> = wanted.keys().cloned().collect();
        names.extend(spelt.iter().filter(|name| !wanted.contains_key(*name)).cloned());
        let (fresh, is_proof) = self.classes(demands, &spelt, &patterns, atom);
        names.extend(fresh);
        (names, is_proof)
    }

    /// One name of every class that no spelt name stands for, and whether all classes were gone through.
    fn classes(
        &mut self,
        demands: &Demands,
        spelt: &BTreeSet<Rc<str>>,
        patterns: &BTreeSet<Rc<str>>,
        atom: Option<&Constraint>,
    ) -> (Vec<Rc<str>>, bool) {
        let bad = match atom {
            Some(Constraint::BadName(signed)) => Some(*signed),
            _ => None,
        };
        if patterns.is_empty() && demands.names.is_empty() && bad.is_none() {
            return (vec![fresh(spelt)], true);
        }
        if patterns.len() > MOST_PATTERNS {
            return (vec![fresh(spelt)], false);
        }
        let listed: Vec<Value> = spelt.iter().map(|name| Value::String(name.as_ref().to_owned())).collect();
        let spelt = self.reading.arena.intern(vec![Part::OneOfValues(Values::new(listed))]);
        let text = self.reading.arena.intern(vec![Part::Kinds(crate::openapi::TypeSet::STRING)]);
        let patterns: Vec<NodeId> =
            patterns.iter().map(|pattern| self.reading.arena.intern(vec![Part::Pattern(Rc::clone(pattern))])).collect();
        let (mut names, mut is_proof) = (Vec::new(), true);
        for class in 0..(1_usize << patterns.len()) {
            let mut nodes = vec![Signed::new(text, Polarity::Kept), Signed::refused(spelt)];
            nodes.extend(&demands.names);
            nodes.extend(bad);
            for (bit, pattern) in patterns.iter().enumerate() {
                let sign = if class >> bit & 1 == 1 { Polarity::Kept } else { Polarity::Refused };
                nodes.push(Signed::new(*pattern, sign));
            }
            match self.inhabit(nodes) {
                Outcome::Value(value) => names.extend(value.as_str().map(Rc::from)),
                Outcome::Empty => {}
                Outcome::Unknown(_) => is_proof = false,
            }
        }
        (names, is_proof)
    }

    /// Adds members until there are enough.
    fn grow(
        &mut self,
        demands: &Demands,
        map: &mut BTreeMap<Rc<str>, Value>,
        chosen: bool,
        total: &mut Weight,
    ) -> Result<(), Outcome> {
        let is_short = |map: &BTreeMap<Rc<str>, Value>| u64::try_from(map.len()).is_ok_and(|size| size < demands.min);
        if !is_short(map) {
            return Ok(());
        }
        let mut unsure = None;
        let mut wanted: Wanted = map.keys().map(|name| (Rc::clone(name), Vec::new())).collect();
        let mut is_proof = true;
        // Every round spells one more name of each class.
        while is_short(map) {
            let (names, complete) = self.candidates(demands, &wanted, None);
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
                match self.member(demands, &name, &[]) {
                    Outcome::Value(value) => {
                        if !self.take(total, &value) {
                            return Err(Outcome::Unknown(TOO_LARGE));
                        }
                        map.insert(name, value.as_ref().clone());
                    }
                    Outcome::Empty => {}
                    Outcome::Unknown(why) => unsure = Some(why),
                }
            }
            if map.len() == before {
                return Err(match unsure {
                    Some(why) => Outcome::Unknown(why),
                    None if is_proof && !chosen => Outcome::Empty,
                    None => Outcome::Unknown(CROWDED),
                });
            }
        }
        Ok(())
    }

    /// An object that is none of those that are listed: one more member, or another value in one.
    fn other_object(&mut self, demands: &Demands, value: &Value) -> Outcome {
        let Value::Object(map) = value else { return Outcome::Unknown(CROWDED) };
        let wanted: Wanted = demands.required.iter().map(|name| (Rc::clone(name), Vec::new())).collect();
        let room = demands.max.is_none_or(|most| u64::try_from(map.len()).is_ok_and(|size| size < most));
        let mut only = true;
        if room {
            let (names, is_proof) = self.candidates(demands, &wanted, None);
            only &= is_proof;
            for name in names.iter().filter(|name| !map.contains_key(name.as_ref())) {
                match self.member(demands, name, &[]) {
                    Outcome::Value(member) => {
                        let mut copied = Weight::default();
                        if !self.take(&mut copied, value) || !self.take(&mut copied, &member) {
                            return Outcome::Unknown(TOO_LARGE);
                        }
                        let mut larger: Map<String, Value> = map.clone();
                        larger.insert(name.as_ref().to_owned(), member.as_ref().clone());
                        let larger = Value::Object(larger);
                        if !is_excluded(&larger, &demands.not_values) {
                            return Outcome::Value(Rc::new(larger));
                        }
                        only = false;
                    }
                    Outcome::Empty => {}
                    Outcome::Unknown(_) => only = false,
                }
            }
        }
        for (name, member) in map {
            let taken = self.reading.arena.intern(vec![Part::OneOfValues(Values::new(vec![member.clone()]))]);
            let mut nodes: Vec<Signed> =
                demands.keys.iter().filter(|(key, _)| key.as_ref() == name).map(|(_, signed)| *signed).collect();
            nodes.push(Signed::refused(taken));
            match self.member(demands, name, &nodes) {
                Outcome::Value(other) => {
                    let mut copied = Weight::default();
                    if !self.take(&mut copied, value) || !self.take(&mut copied, &other) {
                        return Outcome::Unknown(TOO_LARGE);
                    }
                    let mut changed = map.clone();
                    changed.insert(name.clone(), other.as_ref().clone());
                    let changed = Value::Object(changed);
                    let plain = demands.others.is_empty() && demands.pattern_keys.is_empty() && demands.bad_names.is_empty();
                    if plain && !is_excluded(&changed, &demands.not_values) {
                        return Outcome::Value(Rc::new(changed));
                    }
                    only = false;
                }
                Outcome::Empty => {}
                Outcome::Unknown(_) => only = false,
            }
        }
        // No member more, none other: it was the only one, if nothing in it could have been left out.
        let all_needed = map.keys().all(|name| demands.required.contains(name.as_str()));
        if only && all_needed { Outcome::Empty } else { Outcome::Unknown("too many objects are listed") }
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
