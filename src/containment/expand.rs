//! What a part of a node asks of a value of one kind: of one that must satisfy it, and of one that must falsify it.

use std::rc::Rc;

use num_rational::BigRational;
use num_traits::One as _;

use crate::openapi::TypeSet;

use super::constraint::{Alternative, Constraint, NodeConstraint, Polarity};
use super::constraints::Contradiction;
use super::node::{Leftover, NodeId, Part};
use super::prover::Prover;
use super::solution::TOO_MUCH_WORK;
use super::value::kind_of;

impl Prover<'_> {
    /// The ways a value of this kind can falsify a part; none when every value of the kind does.
    pub(super) fn ways_to_falsify(&mut self, part: &Part, kind: TypeSet) -> Option<Vec<Alternative>> {
        let refuse = |node: NodeId| Constraint::Node(NodeConstraint::refused(node));
        let one = |constraint: Constraint| Some(vec![vec![constraint]]);
        let nothing = Some(Vec::new());
        match part {
            Part::Kinds(types) => {
                let shared = types.intersection(kind);
                if shared.is_empty() {
                    return None;
                }
                if shared == kind {
                    return nothing;
                }
                let whole = BigRational::one();
                one(if shared == TypeSet::INTEGER { Constraint::NotStep(whole) } else { Constraint::Step(whole) })
            }
            Part::OneOfValues(values) => {
                if values.list.iter().any(|value| kind.contains(kind_of(value))) {
                    one(Constraint::NotValues(values.clone()))
                } else {
                    None
                }
            }
            Part::Same(node) => one(refuse(*node)),
            Part::Not(node) => one(Constraint::Node(NodeConstraint::kept(*node))),
            Part::Any(nodes) => Some(vec![nodes.iter().map(|node| refuse(*node)).collect()]),
            Part::One(nodes) => Some(self.not_exactly_one(nodes, kind)),
            Part::If(condition, then, otherwise) => Some(vec![
                vec![Constraint::Node(NodeConstraint::kept(*condition)), refuse(*then)],
                vec![refuse(*condition), refuse(*otherwise)],
            ]),
            Part::Unclear(why, _) => one(Constraint::Unclear(why)),
            Part::Format(format) if kind == TypeSet::NUMBER || kind == TypeSet::STRING => {
                one(Constraint::NotFormat(Rc::clone(format)))
            }
            _ if !speaks_of(part).contains(kind) => nothing,
            Part::Least(bound, out) => one(Constraint::Most(bound.clone(), !out)),
            Part::Most(bound, out) => one(Constraint::Least(bound.clone(), !out)),
            Part::Multiple(step) => one(Constraint::NotStep(step.clone())),
            Part::MinLength(least) | Part::MinItems(least) | Part::MinProperties(least) => {
                least.checked_sub(1).map_or(nothing, |most| one(Constraint::MaxSize(most)))
            }
            Part::MaxLength(most) | Part::MaxItems(most) | Part::MaxProperties(most) => {
                most.checked_add(1).map_or(nothing, |least| one(Constraint::MinSize(least)))
            }
            Part::Pattern(pattern) => one(Constraint::NotPattern(Rc::clone(pattern))),
            Part::Items(first, rest) => {
                let mut ways: Vec<Alternative> = first
                    .iter()
                    .enumerate()
                    .map(|(index, node)| vec![Constraint::At(index, NodeConstraint::refused(*node))])
                    .collect();
                ways.extend(rest.map(|node| vec![Constraint::From(first.len(), NodeConstraint::refused(node))]));
                Some(ways)
            }
            Part::Unique => one(Constraint::NotUnique),
            Part::Contains(node, least, most) => {
                let mut ways: Vec<Alternative> = Vec::new();
                ways.extend(least.checked_sub(1).map(|most| vec![Constraint::AtMost(*node, most)]));
                ways.extend(most.map(|most| vec![Constraint::AtLeast(NodeConstraint::kept(*node), most.saturating_add(1))]));
                Some(ways)
            }
            Part::Members(members) => {
                let mut ways: Vec<Alternative> = members
                    .named
                    .iter()
                    .filter(|(_, node)| *node != NodeId::ANY)
                    .map(|(name, node)| vec![Constraint::Key(Rc::clone(name), NodeConstraint::refused(*node))])
                    .collect();
                ways.extend(
                    members
                        .patterns
                        .iter()
                        .filter(|(_, node)| *node != NodeId::ANY)
                        .map(|(pattern, node)| vec![Constraint::PatternKey(Rc::clone(pattern), NodeConstraint::refused(*node))]),
                );
                ways.extend(
                    members
                        .rest
                        .filter(|node| *node != NodeId::ANY)
                        .map(|node| vec![Constraint::Other(members.clone(), NodeConstraint::refused(node))]),
                );
                Some(ways)
            }
            Part::Required(name) => one(Constraint::Absent(Rc::clone(name))),
            Part::Names(node) => one(Constraint::BadName(NodeConstraint::refused(*node))),
            Part::NeedsNames(name, names) => Some(
                names
                    .iter()
                    .map(|other| vec![Constraint::Present(Rc::clone(name)), Constraint::Absent(Rc::clone(other))])
                    .collect(),
            ),
            Part::NeedsSchema(name, node) => Some(vec![vec![Constraint::Present(Rc::clone(name)), refuse(*node)]]),
            Part::Unevaluated(_, _, NodeId::ANY) => nothing,
            Part::Unevaluated(of, base, rest) => {
                Some(self.leftover_refused(*of, *base, *rest, &Constraint::Check(part.clone(), false)))
            }
            Part::Format(_) => nothing,
        }
    }

    /// No branch holds, or two do.
    fn not_exactly_one(&mut self, nodes: &[NodeId], kind: TypeSet) -> Vec<Alternative> {
        let mut ways: Vec<Alternative> =
            vec![nodes.iter().map(|node| Constraint::Node(NodeConstraint::refused(*node))).collect()];
        for (at, first) in nodes.iter().enumerate() {
            for second in nodes.iter().skip(at + 1) {
                if !self.spend(1) {
                    ways.push(vec![Constraint::Unclear(TOO_MUCH_WORK)]);
                    return ways;
                }
                if self.may_both_be_satisfied(*first, *second, kind) {
                    ways.push(vec![
                        Constraint::Node(NodeConstraint::kept(*first)),
                        Constraint::Node(NodeConstraint::kept(*second)),
                    ]);
                }
            }
        }
        ways
    }
}

/// What a part asks of a value that must satisfy it.
pub(super) enum Implied {
    /// Nothing of this kind of value.
    Nothing,
    /// These, all of them.
    All(Vec<Constraint>),
    /// The part itself.
    Itself,
    /// One of these.
    OneOf(Vec<Alternative>),
}

pub(super) fn implied_by(part: &Part, polarity: Polarity, kind: TypeSet) -> Result<Implied, Contradiction> {
    let node = |node: NodeId| Constraint::Node(NodeConstraint::new(node, polarity));
    let refuse = |node: NodeId| Constraint::Node(NodeConstraint::refused(node));
    Ok(match part {
        Part::Kinds(types) => {
            let shared = types.intersection(kind);
            if shared.is_empty() {
                return Err(Contradiction);
            }
            if shared == kind {
                return Ok(Implied::Nothing);
            }
            let whole = BigRational::one();
            Implied::All(vec![if shared == TypeSet::INTEGER { Constraint::Step(whole) } else { Constraint::NotStep(whole) }])
        }
        Part::Same(inner) => Implied::All(vec![node(*inner)]),
        Part::Not(inner) => Implied::All(vec![refuse(*inner)]),
        Part::Any(nodes) => Implied::OneOf(nodes.iter().map(|inner| vec![node(*inner)]).collect()),
        Part::One(nodes) => Implied::OneOf(
            nodes
                .iter()
                .enumerate()
                .map(|(at, inner)| {
                    let others = nodes.iter().enumerate().filter(|(other, _)| *other != at);
                    others.map(|(_, other)| refuse(*other)).chain([node(*inner)]).collect()
                })
                .collect(),
        ),
        Part::If(condition, then, otherwise) => {
            Implied::OneOf(vec![vec![node(*condition), node(*then)], vec![refuse(*condition), node(*otherwise)]])
        }
        Part::NeedsNames(name, names) if kind == TypeSet::OBJECT => Implied::OneOf(vec![
            vec![Constraint::Absent(Rc::clone(name))],
            names.iter().map(|other| Constraint::Present(Rc::clone(other))).collect(),
        ]),
        Part::NeedsSchema(name, inner) if kind == TypeSet::OBJECT => {
            Implied::OneOf(vec![vec![Constraint::Absent(Rc::clone(name))], vec![node(*inner)]])
        }
        Part::OneOfValues(_) | Part::Unclear(..) => Implied::Itself,
        Part::Format(_) if kind == TypeSet::NUMBER || kind == TypeSet::STRING => Implied::Itself,
        _ if speaks_of(part).contains(kind) => Implied::Itself,
        _ => Implied::Nothing,
    })
}

/// The kind of value that a part is about.
pub(super) const fn speaks_of(part: &Part) -> TypeSet {
    match part {
        Part::Least(..) | Part::Most(..) | Part::Multiple(_) => TypeSet::NUMBER,
        Part::MinLength(_) | Part::MaxLength(_) | Part::Pattern(_) => TypeSet::STRING,
        Part::Items(..)
        | Part::MinItems(_)
        | Part::MaxItems(_)
        | Part::Unique
        | Part::Contains(..)
        | Part::Unevaluated(Leftover::Items, ..) => TypeSet::ARRAY,
        Part::Members(_)
        | Part::Unevaluated(Leftover::Members, ..)
        | Part::Required(_)
        | Part::MinProperties(_)
        | Part::MaxProperties(_)
        | Part::Names(_)
        | Part::NeedsNames(..)
        | Part::NeedsSchema(..) => TypeSet::OBJECT,
        _ => TypeSet::NONE,
    }
}
