//! One state for one kind of value: what must hold, and what may hold in several ways.
//!
//! Constraints that leave no choice are collected first. Disjunctions are put aside, the rest is solved, and only a
//! disjunction that the guess violates is branched on: most guesses are right.

use std::rc::Rc;

use rustc_hash::FxHashSet;
use serde_json::Value;

use crate::openapi::TypeSet;

use super::constraint::{Alternative, Constraint, NodeConstraint, Polarity, State};
use super::constraints::{Constraints, Contradiction};
use super::expand::{Implied, implied_by, speaks_of};
use super::node::{NodeId, Part};
use super::prover::Prover;
use super::satisfies::Satisfaction;
use super::solution::{Solution, TOO_MUCH_WORK};
use super::unevaluated::OPEN;
use super::value::{Values, kind_of};

/// Choices within choices, of all states that are open: each takes its share of the stack.
const MOST_LEVELS: usize = 120;

/// Parts of a node, and names that must be there, that are looked at or copied in one step.
const PARTS: usize = 16;

/// Several ways, one of which must hold; which node they are about.
#[derive(Debug, Clone)]
struct Disjunction {
    about: NodeConstraint,
    ways: Rc<Vec<Alternative>>,
}

/// Everything known on one way through the choices.
#[derive(Debug, Clone, Default)]
struct Branch {
    seen: FxHashSet<NodeConstraint>,
    constraints: Constraints,
    disjunctions: Vec<Disjunction>,
}

impl Prover<'_> {
    pub(super) fn solve(&mut self, state: &State, kind: TypeSet) -> Solution {
        let work = state.iter().rev().map(|constraint| Constraint::Node(*constraint)).collect();
        let mut branch = Branch::default();
        if kind == TypeSet::OBJECT {
            branch.constraints.declared = self.declared_by(state);
        }
        self.follow(state, kind, branch, work)
    }

    fn follow(&mut self, state: &State, kind: TypeSet, branch: Branch, work: Vec<Constraint>) -> Solution {
        if !self.spend(2) {
            return Solution::Unknown(TOO_MUCH_WORK);
        }
        if self.levels >= MOST_LEVELS {
            return Solution::Unknown("too many choices depend on each other");
        }
        self.levels += 1;
        let solution = self.follow_on(state, kind, branch, work);
        self.levels -= 1;
        solution
    }

    fn follow_on(&mut self, state: &State, kind: TypeSet, mut branch: Branch, work: Vec<Constraint>) -> Solution {
        if self.drain(kind, &mut branch, work).is_err() {
            return Solution::Empty;
        }
        if let Some(values) = branch.constraints.values.clone() {
            return self.listed(state, kind, &values);
        }
        match self.drop_impossible_ways(kind, &mut branch) {
            Ok(true) => return self.follow(state, kind, branch, Vec::new()),
            Ok(false) => {}
            Err(Contradiction) => return Solution::Empty,
        }
        let guess = self.leaf(kind, &branch.constraints);
        let unknown = match guess {
            Solution::Empty => return Solution::Empty,
            Solution::Unknown(why) => Some(why),
            Solution::Value(value) => match self.violated(&branch, &value) {
                None => {
                    return match branch.constraints.unclear {
                        None if self.is_checked(&branch.constraints, &value) => Solution::Value(value),
                        None => Solution::Unknown(OPEN),
                        Some(why) => Solution::Unknown(why),
                    };
                }
                Some(at) => return self.choose(state, kind, &branch, at),
            },
        };
        // Without a guess every choice is as good as another: one of them may close the way.
        match (branch.disjunctions.len(), unknown) {
            (0, why) => Solution::Unknown(why.unwrap_or_default()),
            _ => self.choose(state, kind, &branch, 0),
        }
    }

    fn is_checked(&mut self, constraints: &Constraints, value: &Value) -> bool {
        constraints.checks.iter().all(|(part, wanted)| match self.satisfies_part(part, value, 0) {
            Satisfaction::No => !wanted,
            Satisfaction::Yes | Satisfaction::Formats => *wanted,
            Satisfaction::Unsure => false,
        })
    }

    /// The first choice that a guess violates, positive ones and short ones first.
    fn violated(&mut self, branch: &Branch, value: &Value) -> Option<usize> {
        let mut worst: Option<(usize, (bool, usize))> = None;
        for (at, disjunction) in branch.disjunctions.iter().enumerate() {
            let satisfaction = self.satisfies(disjunction.about.node, value, 0);
            let good = match disjunction.about.polarity {
                Polarity::Refused => satisfaction == Satisfaction::No,
                _ => satisfaction >= Satisfaction::Formats,
            };
            let rank = (!disjunction.about.polarity.is_positive(), disjunction.ways.len());
            if !good && worst.is_none_or(|(_, known)| rank < known) {
                worst = Some((at, rank));
            }
        }
        worst.map(|(at, _)| at)
    }

    fn choose(&mut self, state: &State, kind: TypeSet, branch: &Branch, at: usize) -> Solution {
        let mut rest = branch.clone();
        if at >= rest.disjunctions.len() {
            return Solution::Unknown("nothing is left to choose");
        }
        let disjunction = rest.disjunctions.swap_remove(at);
        // Every way begins with a copy of what is known.
        if !self.spend(rest.disjunctions.len() + rest.seen.len() / 4 + rest.constraints.required.len() / PARTS) {
            return Solution::Unknown(TOO_MUCH_WORK);
        }
        let mut solution = Solution::Empty;
        for way in disjunction.ways.iter() {
            match self.follow(state, kind, rest.clone(), way.clone()) {
                Solution::Empty => {}
                value @ Solution::Value(_) => return value,
                unknown @ Solution::Unknown(_) => solution = unknown,
            }
        }
        solution
    }

    /// The values that are listed, tried one by one.
    fn listed(&mut self, state: &State, kind: TypeSet, values: &Values) -> Solution {
        let mut solution = Solution::Empty;
        for value in values.list.iter() {
            if !kind.contains(kind_of(value)) {
                continue;
            }
            let mut all = Satisfaction::Yes;
            for constraint in state.iter() {
                let satisfaction = self.satisfies(constraint.node, value, 0);
                all = all.min(match (constraint.polarity, satisfaction) {
                    (Polarity::Refused, Satisfaction::No) => Satisfaction::Yes,
                    (Polarity::Refused, Satisfaction::Yes) => Satisfaction::No,
                    (Polarity::Refused, _) => Satisfaction::Unsure,
                    (_, Satisfaction::Formats) => Satisfaction::Yes,
                    (_, satisfaction) => satisfaction,
                });
            }
            match all {
                Satisfaction::Yes => return Solution::Value(Rc::new(value.clone())),
                Satisfaction::No => {}
                _ => solution = Solution::Unknown("a listed value is not reasoned about"),
            }
        }
        solution
    }

    /// Takes ways out that are closed by what is known already. Returns whether a choice became none.
    fn drop_impossible_ways(&mut self, kind: TypeSet, branch: &mut Branch) -> Result<bool, Contradiction> {
        let mut forced: Vec<Alternative> = Vec::new();
        let mut kept: Vec<Disjunction> = Vec::with_capacity(branch.disjunctions.len());
        for disjunction in std::mem::take(&mut branch.disjunctions) {
            let mut ways: Vec<Alternative> = Vec::with_capacity(disjunction.ways.len());
            for way in disjunction.ways.iter() {
                if !self.is_impossible_way(branch, way) {
                    ways.push(way.clone());
                }
            }
            if ways.len() > 1 {
                let ways = if ways.len() == disjunction.ways.len() { disjunction.ways } else { Rc::new(ways) };
                kept.push(Disjunction { about: disjunction.about, ways });
            } else {
                forced.push(ways.pop().ok_or(Contradiction)?);
            }
        }
        branch.disjunctions = kept;
        let is_forced = !forced.is_empty();
        for way in forced {
            self.drain(kind, branch, way)?;
        }
        Ok(is_forced)
    }

    /// Whether a way is closed by what is known: said both ways, or a member that cannot be.
    fn is_impossible_way(&mut self, branch: &Branch, way: &[Constraint]) -> bool {
        way.iter().any(|constraint| match constraint {
            Constraint::Node(constraint) => is_contradicted(&branch.seen, *constraint),
            Constraint::Absent(name) => branch.constraints.required.contains(name),
            Constraint::Present(name) => branch.constraints.absent.contains(name),
            Constraint::NotPattern(pattern) => branch.constraints.patterns.contains(pattern),
            Constraint::NotFormat(format) => branch.constraints.formats.contains(format),
            Constraint::Key(name, constraint) => {
                if branch.constraints.absent.contains(name) {
                    return true;
                }
                match self.member_state(&branch.constraints, name) {
                    Ok(Some(mut nodes)) => {
                        nodes.push(*constraint);
                        matches!(self.inhabit(nodes), Solution::Empty)
                    }
                    Ok(None) => true,
                    Err(_) => false,
                }
            }
            Constraint::At(index, constraint) => {
                let mut nodes = branch.constraints.item(*index);
                nodes.push(*constraint);
                matches!(self.inhabit(nodes), Solution::Empty)
            }
            _ => false,
        })
    }

    fn drain(&mut self, kind: TypeSet, branch: &mut Branch, mut work: Vec<Constraint>) -> Result<(), Contradiction> {
        while let Some(constraint) = work.pop() {
            // Out of work: what is not looked at any more cannot close the way.
            if !self.spend(1) {
                branch.constraints.unclear = Some(TOO_MUCH_WORK);
                return Ok(());
            }
            match constraint {
                Constraint::Node(constraint) => self.take_apart(kind, branch, constraint, &mut work)?,
                other => branch.constraints.add(other)?,
            }
        }
        Ok(())
    }

    /// Takes a node apart.
    fn take_apart(
        &mut self,
        kind: TypeSet,
        branch: &mut Branch,
        constraint: NodeConstraint,
        work: &mut Vec<Constraint>,
    ) -> Result<(), Contradiction> {
        if is_contradicted(&branch.seen, constraint) {
            return Err(Contradiction);
        }
        if !branch.seen.insert(constraint) {
            return Ok(());
        }
        let parts = self.reader.parts(constraint.node);
        if !self.spend(parts.len() / PARTS) {
            branch.constraints.unclear = Some(TOO_MUCH_WORK);
            return Ok(());
        }
        if constraint.polarity.is_positive() {
            for part in parts.iter() {
                // Each alternative of `oneOf` is told of all others.
                if let Part::One(nodes) = part
                    && !self.spend(nodes.len() * nodes.len() / 2)
                {
                    branch.constraints.unclear = Some(TOO_MUCH_WORK);
                    continue;
                }
                if let Part::Unevaluated(of, base, rest) = part {
                    if *rest != NodeId::ANY && speaks_of(part).contains(kind) {
                        if let Some(least) = self.leftover_at_least(*of, *base, *rest) {
                            branch.constraints.assert(&least, constraint.polarity)?;
                        }
                        branch.constraints.checks.push((part.clone(), true));
                    }
                    continue;
                }
                match implied_by(part, constraint.polarity, kind)? {
                    Implied::Nothing => {}
                    Implied::All(constraints) => work.extend(constraints),
                    Implied::Itself => branch.constraints.assert(part, constraint.polarity)?,
                    Implied::OneOf(ways) => branch.disjunctions.push(Disjunction { about: constraint, ways: Rc::new(ways) }),
                }
            }
            return Ok(());
        }
        let mut ways: Vec<Alternative> = Vec::new();
        for part in parts.iter() {
            match self.ways_to_falsify(part, kind) {
                // The kind alone falsifies it.
                None => return Ok(()),
                Some(more) => ways.extend(more),
            }
        }
        match ways.len() {
            0 => Err(Contradiction),
            1 => {
                work.extend(ways.pop().unwrap_or_default());
                Ok(())
            }
            _ => {
                branch.disjunctions.push(Disjunction { about: constraint, ways: Rc::new(ways) });
                Ok(())
            }
        }
    }
}

/// Whether the opposite is known.
fn is_contradicted(seen: &FxHashSet<NodeConstraint>, constraint: NodeConstraint) -> bool {
    let has = |polarity| seen.contains(&NodeConstraint::new(constraint.node, polarity));
    if constraint.polarity.is_positive() { has(Polarity::Refused) } else { has(Polarity::Sent) || has(Polarity::Kept) }
}
