//! `unevaluatedProperties` and `unevaluatedItems` beside alternatives (JSON Schema 2020-12 core section 11).
//!
//! What they are about depends on which alternatives a value satisfies. For one value that is counted out; for all
//! values only what holds whichever alternative is taken is used, and the guess is tested at the end.

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::constraint::{Alternative, Constraint, NodeConstraint};
use super::node::{Leftover, MemberSchemas, NodeId, Part};
use super::prover::Prover;
use super::satisfies::Satisfaction;

/// Schemas within schemas that are followed for one value.
const DEEPEST: usize = 100;

/// Why a question about these keywords stays open.
pub(super) const OPEN: &str = "`unevaluatedProperties` or `unevaluatedItems` beside alternatives";

/// The members and items of one value that some schema has looked at.
#[derive(Debug, Default)]
struct Evaluated {
    all: bool,
    names: BTreeSet<String>,
    indexes: BTreeSet<usize>,
}

/// What some schemas look at, all together.
#[derive(Debug, Default)]
struct LookedAt {
    all: bool,
    names: BTreeSet<Rc<str>>,
    patterns: BTreeSet<Rc<str>>,
    first: usize,
}

/// What a schema could look at.
#[derive(Debug, Default)]
struct Possible {
    /// In every value that satisfies it.
    always: LookedAt,
    /// By any of its alternatives.
    ever: LookedAt,
    /// Whether it looks at items for what they are.
    chosen: bool,
}

impl Prover<'_> {
    /// Whether all that `base` leaves over of `value` satisfies `rest`.
    pub(super) fn leftover_satisfies(
        &mut self,
        of: Leftover,
        base: NodeId,
        rest: NodeId,
        value: &Value,
        depth: usize,
    ) -> Satisfaction {
        let mut seen = Evaluated::default();
        if self.evaluate(of, base, value, depth, &mut seen).is_none() {
            return Satisfaction::Unsure;
        }
        if seen.all {
            return Satisfaction::Yes;
        }
        let left: Vec<&Value> = match (of, value) {
            (Leftover::Members, Value::Object(map)) => {
                map.iter().filter(|(name, _)| !seen.names.contains(*name)).map(|(_, member)| member).collect()
            }
            (Leftover::Items, Value::Array(list)) => {
                list.iter().enumerate().filter(|(index, _)| !seen.indexes.contains(index)).map(|(_, item)| item).collect()
            }
            _ => return Satisfaction::Yes,
        };
        left.into_iter().map(|value| self.satisfies(rest, value, depth + 1)).min().unwrap_or(Satisfaction::Yes)
    }

    /// Adds what `node` looks at in a value that satisfies it; none where that is not known.
    fn evaluate(&mut self, of: Leftover, node: NodeId, value: &Value, depth: usize, seen: &mut Evaluated) -> Option<()> {
        if depth > DEEPEST || !self.spend(1) {
            return None;
        }
        for part in self.reader.parts(node).iter() {
            match (part, value) {
                (Part::Same(inner), _) => self.evaluate(of, *inner, value, depth + 1, seen)?,
                (Part::Any(nodes) | Part::One(nodes), _) => {
                    for inner in nodes.iter() {
                        self.evaluate_if(of, *inner, value, depth + 1, seen)?;
                    }
                }
                (Part::If(condition, then, otherwise), _) => {
                    let branch = if self.evaluate_if(of, *condition, value, depth + 1, seen)? { then } else { otherwise };
                    self.evaluate(of, *branch, value, depth + 1, seen)?;
                }
                (Part::NeedsSchema(name, inner), Value::Object(map)) if map.contains_key(name.as_ref()) => {
                    self.evaluate(of, *inner, value, depth + 1, seen)?;
                }
                (Part::Members(members), Value::Object(map)) if of == Leftover::Members => {
                    seen.all |= members.rest.is_some();
                    for name in map.keys() {
                        if self.is_declared(members, name)? {
                            seen.names.insert(name.clone());
                        }
                    }
                }
                (Part::Items(first, rest), _) if of == Leftover::Items => {
                    seen.all |= rest.is_some();
                    seen.indexes.extend(0..first.len());
                }
                (Part::Contains(inner, ..), Value::Array(list)) if of == Leftover::Items => {
                    for (index, item) in list.iter().enumerate() {
                        match self.satisfies(*inner, item, depth + 1) {
                            Satisfaction::Yes => {
                                seen.indexes.insert(index);
                            }
                            Satisfaction::No => {}
                            _ => return None,
                        }
                    }
                }
                // Whatever was left over was looked at there.
                (Part::Unevaluated(inner, ..), _) => seen.all |= *inner == of,
                (Part::Unclear(..), _) => return None,
                _ => {}
            }
        }
        Some(())
    }

    fn evaluate_if(&mut self, of: Leftover, node: NodeId, value: &Value, depth: usize, seen: &mut Evaluated) -> Option<bool> {
        match self.satisfies(node, value, depth) {
            Satisfaction::Yes => self.evaluate(of, node, value, depth, seen).map(|()| true),
            Satisfaction::No => Some(false),
            Satisfaction::Unsure | Satisfaction::Formats => None,
        }
    }

    /// Everything that `base` could look at in some value; none where that is not known.
    fn possible(&mut self, of: Leftover, base: NodeId) -> Option<Possible> {
        let mut possible = Possible::default();
        let mut met: FxHashSet<NodeId> = FxHashSet::default();
        // What stands in every value is looked through before any alternative.
        let (mut always, mut chosen) = (vec![base], Vec::new());
        while let Some((node, is_always)) = always.pop().map(|node| (node, true)).or_else(|| Some((chosen.pop()?, false))) {
            if !met.insert(node) {
                continue;
            }
            if !self.spend(1) {
                return None;
            }
            for part in self.reader.parts(node).iter() {
                match part {
                    Part::Same(inner) => if is_always { &mut always } else { &mut chosen }.push(*inner),
                    Part::Any(nodes) | Part::One(nodes) => chosen.extend(nodes.iter()),
                    Part::If(condition, then, otherwise) => chosen.extend([*condition, *then, *otherwise]),
                    Part::NeedsSchema(_, inner) => chosen.push(*inner),
                    Part::Contains(..) if of == Leftover::Items => possible.chosen = true,
                    Part::Unclear(..) => return None,
                    part => {
                        possible.ever.take_in(of, part);
                        if is_always {
                            possible.always.take_in(of, part);
                        }
                    }
                }
            }
        }
        Some(possible)
    }

    /// What must hold of every value of which `rest` is all that `base` leaves over: less than the whole truth.
    pub(super) fn leftover_at_least(&mut self, of: Leftover, base: NodeId, rest: NodeId) -> Option<Part> {
        let Possible { ever, .. } = self.possible(of, base).filter(|possible| !possible.ever.all && !possible.chosen)?;
        Some(match of {
            Leftover::Members => Part::Members(ever.members(rest)),
            Leftover::Items => Part::Items(vec![NodeId::ANY; ever.first].into(), Some(rest)),
        })
    }

    /// The ways a value can hold something that `base` leaves over and `rest` refuses. `checked` goes with those of
    /// which it must be seen that it was left over.
    pub(super) fn leftover_refused(
        &mut self,
        of: Leftover,
        base: NodeId,
        rest: NodeId,
        checked: &Constraint,
    ) -> Vec<Alternative> {
        let Some(Possible { always, ever, chosen }) = self.possible(of, base) else {
            return vec![vec![Constraint::Unclear(OPEN)]];
        };
        // What every value has looked at is never left over.
        if always.all {
            return Vec::new();
        }
        let refused = NodeConstraint::refused(rest);
        if of == Leftover::Items {
            let mut ways: Vec<Alternative> =
                (always.first..ever.first).map(|index| vec![Constraint::At(index, refused), checked.clone()]).collect();
            let mut behind = vec![Constraint::From(ever.first, refused)];
            if ever.all || chosen {
                behind.push(checked.clone());
            }
            ways.insert(0, behind);
            return ways;
        }
        let mut other = vec![Constraint::Other(ever.members(rest), refused)];
        if ever.all {
            other.push(checked.clone());
        }
        let names = ever.names.difference(&always.names);
        let named = names.map(|name| vec![Constraint::Key(Rc::clone(name), refused), checked.clone()]);
        let patterns = ever.patterns.difference(&always.patterns);
        let patterns = patterns.map(|name| vec![Constraint::PatternKey(Rc::clone(name), refused), checked.clone()]);
        std::iter::once(other).chain(named).chain(patterns).collect()
    }
}

impl LookedAt {
    /// Adds what a part looks at.
    fn take_in(&mut self, of: Leftover, part: &Part) {
        match part {
            Part::Members(members) if of == Leftover::Members => {
                self.all |= members.rest.is_some();
                self.names.extend(members.named.iter().map(|(name, _)| Rc::clone(name)));
                self.patterns.extend(members.patterns.iter().map(|(pattern, _)| Rc::clone(pattern)));
            }
            Part::Items(first, rest) if of == Leftover::Items => {
                self.all |= rest.is_some();
                self.first = self.first.max(first.len());
            }
            // Whatever was left over was looked at there.
            Part::Unevaluated(inner, ..) => self.all |= *inner == of,
            _ => {}
        }
    }

    fn members(&self, rest: NodeId) -> MemberSchemas {
        let any = |names: &BTreeSet<Rc<str>>| names.iter().map(|name| (Rc::clone(name), NodeId::ANY)).collect();
        MemberSchemas { named: any(&self.names), patterns: any(&self.patterns), rest: Some(rest) }
    }
}
