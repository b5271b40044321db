//! One state for one kind of value: what must hold, and what may hold in several ways.
//!
//! Conditions that leave no choice are collected first. The choices are put aside, the rest is solved, and only a
//! choice that the guess violates is branched on: most guesses are right.

use std::rc::Rc;

use num_rational::BigRational;
use num_traits::One as _;
use rustc_hash::FxHashSet;
use serde_json::Value;

use crate::openapi::TypeSet;

use super::demands::{Closed, Constraint, Declared, Demands, item_state};
use super::holds::Holds;
use super::node::{Members, NodeId, Part, Values};
use super::search::{Outcome, Polarity, Prover, Signed, State};
use super::unevaluated::{OPEN, Rest};

/// Choices within choices, of all states that are open: each takes its share of the stack.
const MOST_LEVELS: usize = 120;

type Alternative = Vec<Constraint>;

/// Several ways, one of which must hold; which node they are about.
#[derive(Debug, Clone)]
struct Choice {
    about: Signed,
    ways: Rc<Vec<Alternative>>,
}

/// Everything known on one way through the choices.
#[derive(Debug, Clone, Default)]
struct Branch {
    seen: FxHashSet<Signed>,
    demands: Demands,
    choices: Vec<Choice>,
}

impl Prover<'_> {
    pub(super) fn solve(&mut self, state: &State, kind: TypeSet) -> Outcome {
        let work = state.iter().rev().map(|signed| Constraint::Node(*signed)).collect();
        let mut branch = Branch::default();
        if kind == TypeSet::OBJECT {
            branch.demands.declared = self.declared_by(state);
        }
        self.follow(state, kind, branch, work)
    }

    /// What the sender's nodes of a state declare, through all their alternatives; none where any name may come.
    fn declared_by(&mut self, state: &State) -> Option<Rc<Declared>> {
        if !self.is_closed {
            return None;
        }
        let mut declared = Declared::default();
        let mut says_names = false;
        let mut seen: FxHashSet<NodeId> = FxHashSet::default();
        let mut pending: Vec<NodeId> =
            state.iter().filter(|signed| signed.sign == Polarity::Sent).map(|signed| signed.node).collect();
        while let Some(node) = pending.pop() {
            if !seen.insert(node) {
                continue;
            }
            // What is not looked at may declare anything.
            if !self.spend(1) {
                return None;
            }
            let parts = self.reading.parts(node);
            let is_asking = |part: &Part| matches!(part, Part::Required(_) | Part::NeedsNames(..) | Part::NeedsSchema(..));
            let said = if parts.iter().any(is_asking) { self.said_of_members(node) } else { Vec::new() };
            for part in parts.iter() {
                match part {
                    Part::Members(members) => {
                        if members.rest.is_some_and(|rest| rest != NodeId::NEVER) {
                            return None;
                        }
                        says_names |= !(members.named.is_empty() && members.patterns.is_empty());
                        for (name, node) in members.named.iter() {
                            declared.names.entry(Rc::clone(name)).or_default().push(*node);
                        }
                        for (pattern, node) in members.patterns.iter() {
                            declared.patterns.entry(Rc::clone(pattern)).or_default().push(*node);
                        }
                    }
                    Part::Required(name) => self.declare(&mut declared, &said, name),
                    Part::NeedsNames(name, names) => {
                        for name in names.iter().chain([name]) {
                            self.declare(&mut declared, &said, name);
                        }
                    }
                    Part::NeedsSchema(name, inner) => {
                        self.declare(&mut declared, &said, name);
                        pending.push(*inner);
                    }
                    Part::Same(inner) => pending.push(*inner),
                    Part::Any(nodes) | Part::One(nodes) => pending.extend(nodes.iter()),
                    Part::If(condition, then, otherwise) => pending.extend([*condition, *then, *otherwise]),
                    Part::Unevaluated(Rest::Members, _, rest) if *rest != NodeId::NEVER => return None,
                    Part::Unclear(..) => return None,
                    _ => {}
                }
            }
        }
        // An object that names nothing is free in form.
        says_names.then(|| Rc::new(declared))
    }

    /// What a node says of members, with what it is the same as.
    fn said_of_members(&mut self, node: NodeId) -> Vec<Members> {
        let mut pending = vec![node];
        let mut said = Vec::new();
        while let Some(node) = pending.pop().filter(|_| self.spend(1)) {
            for part in self.reading.parts(node).iter() {
                match part {
                    Part::Members(members) => said.push(members.clone()),
                    Part::Same(inner) => pending.push(*inner),
                    _ => {}
                }
            }
        }
        said
    }

    /// A name that a node asks for: where the node does not say what it is, it may be anything.
    fn declare(&mut self, declared: &mut Declared, said: &[Members], name: &Rc<str>) {
        let says = said.iter().any(|members| self.is_declared(members, name) == Some(true));
        let known = declared.names.entry(Rc::clone(name)).or_default();
        if !says {
            known.push(NodeId::ANY);
        }
    }

    fn follow(&mut self, state: &State, kind: TypeSet, branch: Branch, work: Vec<Constraint>) -> Outcome {
        if !self.spend(2) {
            return Outcome::Unknown("the question takes too much work");
        }
        if self.levels >= MOST_LEVELS {
            return Outcome::Unknown("too many choices depend on each other");
        }
        self.levels += 1;
        let outcome = self.follow_on(state, kind, branch, work);
        self.levels -= 1;
        outcome
    }

    fn follow_on(&mut self, state: &State, kind: TypeSet, mut branch: Branch, work: Vec<Constraint>) -> Outcome {
        if self.drain(kind, &mut branch, work).is_err() {
            return Outcome::Empty;
        }
        if let Some(values) = branch.demands.values.clone() {
            return self.listed(state, kind, &values);
        }
        match self.look_ahead(kind, &mut branch) {
            Ok(true) => return self.follow(state, kind, branch, Vec::new()),
            Ok(false) => {}
            Err(Closed) => return Outcome::Empty,
        }
        let guess = self.leaf(kind, &branch.demands);
        let unknown = match guess {
            Outcome::Empty => return Outcome::Empty,
            Outcome::Unknown(why) => Some(why),
            Outcome::Value(value) => match self.violated(&branch, &value) {
                None => {
                    return match branch.demands.unclear {
                        None if self.is_checked(&branch.demands, &value) => Outcome::Value(value),
                        None => Outcome::Unknown(OPEN),
                        Some(why) => Outcome::Unknown(why),
                    };
                }
                Some(at) => return self.choose(state, kind, &branch, at),
            },
        };
        // Without a guess every choice is as good as another: one of them may close the way.
        match (branch.choices.len(), unknown) {
            (0, why) => Outcome::Unknown(why.unwrap_or_default()),
            _ => self.choose(state, kind, &branch, 0),
        }
    }

    fn is_checked(&mut self, demands: &Demands, value: &Value) -> bool {
        demands.checks.iter().all(|(part, wanted)| match self.part_holds(part, value, 0) {
            Holds::No => !wanted,
            Holds::Yes | Holds::Formats => *wanted,
            Holds::Unsure => false,
        })
    }

    /// The first choice that a guess violates, positive ones and short ones first.
    fn violated(&mut self, branch: &Branch, value: &Value) -> Option<usize> {
        let mut worst: Option<(usize, (bool, usize))> = None;
        for (at, choice) in branch.choices.iter().enumerate() {
            let holds = self.holds(choice.about.node, value, 0);
            let good = match choice.about.sign {
                Polarity::Refused => holds == Holds::No,
                _ => holds >= Holds::Formats,
            };
            let rank = (!choice.about.sign.is_positive(), choice.ways.len());
            if !good && worst.is_none_or(|(_, known)| rank < known) {
                worst = Some((at, rank));
            }
        }
        worst.map(|(at, _)| at)
    }

    fn choose(&mut self, state: &State, kind: TypeSet, branch: &Branch, at: usize) -> Outcome {
        let mut rest = branch.clone();
        if at >= rest.choices.len() {
            return Outcome::Unknown("nothing is left to choose");
        }
        let choice = rest.choices.swap_remove(at);
        // Every way begins with a copy of what is known.
        if !self.spend(rest.choices.len() + rest.seen.len() / 4) {
            return Outcome::Unknown("the question takes too much work");
        }
        let mut outcome = Outcome::Empty;
        for way in choice.ways.iter() {
            match self.follow(state, kind, rest.clone(), way.clone()) {
                Outcome::Empty => {}
                value @ Outcome::Value(_) => return value,
                unknown @ Outcome::Unknown(_) => outcome = unknown,
            }
        }
        outcome
    }

    /// The values that are listed, tried one by one.
    fn listed(&mut self, state: &State, kind: TypeSet, values: &Values) -> Outcome {
        let mut outcome = Outcome::Empty;
        for value in values.list.iter() {
            if !kind.contains(super::holds::kind_of(value)) {
                continue;
            }
            let mut all = Holds::Yes;
            for signed in state.iter() {
                let holds = self.holds(signed.node, value, 0);
                all = all.min(match (signed.sign, holds) {
                    (Polarity::Refused, Holds::No) => Holds::Yes,
                    (Polarity::Refused, Holds::Yes) => Holds::No,
                    (Polarity::Refused, _) => Holds::Unsure,
                    (_, Holds::Formats) => Holds::Yes,
                    (_, holds) => holds,
                });
            }
            match all {
                Holds::Yes => return Outcome::Value(Rc::new(value.clone())),
                Holds::No => {}
                _ => outcome = Outcome::Unknown("a listed value is not reasoned about"),
            }
        }
        outcome
    }

    /// Takes ways out that are closed by what is known already. Returns whether a choice became none.
    fn look_ahead(&mut self, kind: TypeSet, branch: &mut Branch) -> Result<bool, Closed> {
        let mut forced: Vec<Alternative> = Vec::new();
        let mut kept: Vec<Choice> = Vec::with_capacity(branch.choices.len());
        for choice in std::mem::take(&mut branch.choices) {
            let mut ways: Vec<Alternative> = Vec::with_capacity(choice.ways.len());
            for way in choice.ways.iter() {
                if !self.is_closed_way(branch, way) {
                    ways.push(way.clone());
                }
            }
            if ways.len() > 1 {
                let ways = if ways.len() == choice.ways.len() { choice.ways } else { Rc::new(ways) };
                kept.push(Choice { about: choice.about, ways });
            } else {
                forced.push(ways.pop().ok_or(Closed)?);
            }
        }
        branch.choices = kept;
        let is_forced = !forced.is_empty();
        for way in forced {
            self.drain(kind, branch, way)?;
        }
        Ok(is_forced)
    }

    /// Whether a way is closed by what is known: said both ways, or a member that cannot be.
    fn is_closed_way(&mut self, branch: &Branch, way: &[Constraint]) -> bool {
        way.iter().any(|atom| match atom {
            Constraint::Node(signed) => is_contradicted(&branch.seen, *signed),
            Constraint::Absent(name) => branch.demands.required.contains(name),
            Constraint::Present(name) => branch.demands.absent.contains(name),
            Constraint::NotPattern(pattern) => branch.demands.patterns.contains(pattern),
            Constraint::NotFormat(format) => branch.demands.formats.contains(format),
            Constraint::Key(name, signed) => {
                if branch.demands.absent.contains(name) {
                    return true;
                }
                match self.member_state(&branch.demands, name) {
                    Ok(Some(mut nodes)) => {
                        nodes.push(*signed);
                        matches!(self.inhabit(nodes), Outcome::Empty)
                    }
                    Ok(None) => true,
                    Err(_) => false,
                }
            }
            Constraint::At(index, signed) => {
                let mut nodes = item_state(&branch.demands, *index);
                nodes.push(*signed);
                matches!(self.inhabit(nodes), Outcome::Empty)
            }
            _ => false,
        })
    }

    fn drain(&mut self, kind: TypeSet, branch: &mut Branch, mut work: Vec<Constraint>) -> Result<(), Closed> {
        while let Some(atom) = work.pop() {
            // Out of work: what is not looked at any more cannot close the way.
            if !self.spend(1) {
                branch.demands.unclear = Some("the question takes too much work");
                return Ok(());
            }
            match atom {
                Constraint::Node(signed) => self.enter(kind, branch, signed, &mut work)?,
                other => branch.demands.add(other)?,
            }
        }
        Ok(())
    }

    /// Takes a node apart.
    fn enter(&mut self, kind: TypeSet, branch: &mut Branch, signed: Signed, work: &mut Vec<Constraint>) -> Result<(), Closed> {
        if is_contradicted(&branch.seen, signed) {
            return Err(Closed);
        }
        if !branch.seen.insert(signed) {
            return Ok(());
        }
        let parts = self.reading.parts(signed.node);
        if signed.sign.is_positive() {
            for part in parts.iter() {
                // Each alternative of `oneOf` is told of all others.
                if let Part::One(nodes) = part
                    && !self.spend(nodes.len() * nodes.len() / 8)
                {
                    branch.demands.unclear = Some("the question takes too much work");
                    continue;
                }
                if let Part::Unevaluated(of, base, rest) = part {
                    if *rest != NodeId::ANY && speaks_of(part).contains(kind) {
                        if let Some(least) = self.left_over_at_least(*of, *base, *rest) {
                            branch.demands.assert(&least, signed.sign)?;
                        }
                        branch.demands.checks.push((part.clone(), true));
                    }
                    continue;
                }
                match demand(part, signed.sign, kind)? {
                    Says::Nothing => {}
                    Says::All(atoms) => work.extend(atoms),
                    Says::Demand => branch.demands.assert(part, signed.sign)?,
                    Says::OneOf(ways) => branch.choices.push(Choice { about: signed, ways: Rc::new(ways) }),
                }
            }
            return Ok(());
        }
        let mut ways: Vec<Alternative> = Vec::new();
        for part in parts.iter() {
            match self.denial(part, kind) {
                // The kind alone falsifies it.
                None => return Ok(()),
                Some(more) => ways.extend(more),
            }
        }
        match ways.len() {
            0 => Err(Closed),
            1 => {
                work.extend(ways.pop().unwrap_or_default());
                Ok(())
            }
            _ => {
                branch.choices.push(Choice { about: signed, ways: Rc::new(ways) });
                Ok(())
            }
        }
    }

    /// The ways a value of this kind can falsify a part; none when every value of the kind does.
    fn denial(&mut self, part: &Part, kind: TypeSet) -> Option<Vec<Alternative>> {
        let refuse = |node: NodeId| Constraint::Node(Signed::refused(node));
        let one = |atom: Constraint| Some(vec![vec![atom]]);
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
                if values.list.iter().any(|value| kind.contains(super::holds::kind_of(value))) {
                    one(Constraint::NotValues(values.clone()))
                } else {
                    None
                }
            }
            Part::Same(node) => one(refuse(*node)),
            Part::Not(node) => one(Constraint::Node(Signed::new(*node, Polarity::Kept))),
            Part::Any(nodes) => Some(vec![nodes.iter().map(|node| refuse(*node)).collect()]),
            Part::One(nodes) => Some(self.not_exactly_one(nodes, kind)),
            Part::If(condition, then, otherwise) => Some(vec![
                vec![Constraint::Node(Signed::new(*condition, Polarity::Kept)), refuse(*then)],
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
                let mut ways: Vec<Alternative> =
                    first.iter().enumerate().map(|(index, node)| vec![Constraint::At(index, Signed::refused(*node))]).collect();
                ways.extend(rest.map(|node| vec![Constraint::From(first.len(), Signed::refused(node))]));
                Some(ways)
            }
            Part::Unique => one(Constraint::NotUnique),
            Part::Contains(node, least, most) => {
                let mut ways: Vec<Alternative> = Vec::new();
                ways.extend(least.checked_sub(1).map(|most| vec![Constraint::AtMost(*node, most)]));
                ways.extend(
                    most.map(|most| vec![Constraint::AtLeast(Signed::new(*node, Polarity::Kept), most.saturating_add(1))]),
                );
                Some(ways)
            }
            Part::Members(members) => {
                let mut ways: Vec<Alternative> = members
                    .named
                    .iter()
                    .filter(|(_, node)| *node != NodeId::ANY)
                    .map(|(name, node)| vec![Constraint::Key(Rc::clone(name), Signed::refused(*node))])
                    .collect();
                ways.extend(
                    members
                        .patterns
                        .iter()
                        .filter(|(_, node)| *node != NodeId::ANY)
                        .map(|(pattern, node)| vec![Constraint::PatternKey(Rc::clone(pattern), Signed::refused(*node))]),
                );
                ways.extend(
                    members
                        .rest
                        .filter(|node| *node != NodeId::ANY)
                        .map(|node| vec![Constraint::Other(members.clone(), Signed::refused(node))]),
                );
                Some(ways)
            }
            Part::Required(name) => one(Constraint::Absent(Rc::clone(name))),
            Part::Names(node) => one(Constraint::BadName(Signed::refused(*node))),
            Part::NeedsNames(name, names) => Some(
                names
                    .iter()
                    .map(|other| vec![Constraint::Present(Rc::clone(name)), Constraint::Absent(Rc::clone(other))])
                    .collect(),
            ),
            Part::NeedsSchema(name, node) => Some(vec![vec![Constraint::Present(Rc::clone(name)), refuse(*node)]]),
            Part::Unevaluated(_, _, NodeId::ANY) => nothing,
            Part::Unevaluated(of, base, rest) => {
                Some(self.left_over_refused(*of, *base, *rest, &Constraint::Check(part.clone(), false)))
            }
            Part::Format(_) => nothing,
        }
    }

    /// No branch holds, or two do.
    fn not_exactly_one(&mut self, nodes: &[NodeId], kind: TypeSet) -> Vec<Alternative> {
        let mut ways: Vec<Alternative> = vec![nodes.iter().map(|node| Constraint::Node(Signed::refused(*node))).collect()];
        for (at, first) in nodes.iter().enumerate() {
            for second in nodes.iter().skip(at + 1) {
                if !self.spend(1) {
                    ways.push(vec![Constraint::Unclear("the question takes too much work")]);
                    return ways;
                }
                if self.may_both_hold(*first, *second, kind) {
                    ways.push(vec![
                        Constraint::Node(Signed::new(*first, Polarity::Kept)),
                        Constraint::Node(Signed::new(*second, Polarity::Kept)),
                    ]);
                }
            }
        }
        ways
    }
}

/// What a part asks of a value that must satisfy it.
enum Says {
    /// Nothing of this kind of value.
    Nothing,
    /// These, all of them.
    All(Vec<Constraint>),
    /// The part itself.
    Demand,
    /// One of these.
    OneOf(Vec<Alternative>),
}

fn demand(part: &Part, sign: Polarity, kind: TypeSet) -> Result<Says, Closed> {
    let node = |node: NodeId| Constraint::Node(Signed::new(node, sign));
    let refuse = |node: NodeId| Constraint::Node(Signed::refused(node));
    Ok(match part {
        Part::Kinds(types) => {
            let shared = types.intersection(kind);
            if shared.is_empty() {
                return Err(Closed);
            }
            if shared == kind {
                return Ok(Says::Nothing);
            }
            let whole = BigRational::one();
            Says::All(vec![if shared == TypeSet::INTEGER { Constraint::Step(whole) } else { Constraint::NotStep(whole) }])
        }
        Part::Same(inner) => Says::All(vec![node(*inner)]),
        Part::Not(inner) => Says::All(vec![refuse(*inner)]),
        Part::Any(nodes) => Says::OneOf(nodes.iter().map(|inner| vec![node(*inner)]).collect()),
        Part::One(nodes) => Says::OneOf(
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
            Says::OneOf(vec![vec![node(*condition), node(*then)], vec![refuse(*condition), node(*otherwise)]])
        }
        Part::NeedsNames(name, names) if kind == TypeSet::OBJECT => Says::OneOf(vec![
            vec![Constraint::Absent(Rc::clone(name))],
            names.iter().map(|other| Constraint::Present(Rc::clone(other))).collect(),
        ]),
        Part::NeedsSchema(name, inner) if kind == TypeSet::OBJECT => {
            Says::OneOf(vec![vec![Constraint::Absent(Rc::clone(name))], vec![node(*inner)]])
        }
        Part::OneOfValues(_) | Part::Unclear(..) => Says::Demand,
        Part::Format(_) if kind == TypeSet::NUMBER || kind == TypeSet::STRING => Says::Demand,
        _ if speaks_of(part).contains(kind) => Says::Demand,
        _ => Says::Nothing,
    })
}

/// Whether the opposite is known.
fn is_contradicted(seen: &FxHashSet<Signed>, signed: Signed) -> bool {
    let has = |sign| seen.contains(&Signed::new(signed.node, sign));
    if signed.sign.is_positive() { has(Polarity::Refused) } else { has(Polarity::Sent) || has(Polarity::Kept) }
}

/// The kind of value that a part is about.
const fn speaks_of(part: &Part) -> TypeSet {
    match part {
        Part::Least(..) | Part::Most(..) | Part::Multiple(_) => TypeSet::NUMBER,
        Part::MinLength(_) | Part::MaxLength(_) | Part::Pattern(_) => TypeSet::STRING,
        Part::Items(..)
        | Part::MinItems(_)
        | Part::MaxItems(_)
        | Part::Unique
        | Part::Contains(..)
        | Part::Unevaluated(Rest::Items, ..) => TypeSet::ARRAY,
        Part::Members(_)
        | Part::Unevaluated(Rest::Members, ..)
        | Part::Required(_)
        | Part::MinProperties(_)
        | Part::MaxProperties(_)
        | Part::Names(_)
        | Part::NeedsNames(..)
        | Part::NeedsSchema(..) => TypeSet::OBJECT,
        _ => TypeSet::NONE,
    }
}
