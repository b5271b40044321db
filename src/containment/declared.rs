//! Names that the schemas of objects declare, and what they say of the members of these names.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::constraint::{Polarity, State};
use super::declaration::{Declared, DeclaredBy};
use super::node::{Leftover, MemberSchemas, NodeId, Part};
use super::prover::Prover;

impl Prover<'_> {
    /// What the sender's nodes of a state declare, through all their alternatives; none where any name may come.
    pub(super) fn declared_by(&mut self, state: &State) -> Option<Rc<Declared>> {
        if !self.is_closed {
            return None;
        }
        let nodes: Vec<NodeId> =
            state.iter().filter(|constraint| constraint.polarity == Polarity::Sent).map(|constraint| constraint.node).collect();
        // Many questions in a row are about one schema.
        if let Some(last) = self.declared.as_ref().filter(|last| last.nodes == nodes) {
            return last.declared.clone();
        }
        let declared = self.declared_by_nodes(nodes.clone());
        // What was left for lack of steps is no answer.
        if self.has_fuel() {
            self.declared = Some(DeclaredBy { nodes, declared: declared.clone() });
        }
        declared
    }

    fn declared_by_nodes(&mut self, mut pending: Vec<NodeId>) -> Option<Rc<Declared>> {
        let mut declared = Declared::default();
        let mut says_names = false;
        let mut seen: FxHashSet<NodeId> = FxHashSet::default();
        while let Some(node) = pending.pop() {
            if !seen.insert(node) {
                continue;
            }
            // What is not looked at may declare anything.
            if !self.spend(1) {
                return None;
            }
            let parts = self.reader.parts(node);
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
                    Part::Unevaluated(Leftover::Members, _, rest) if *rest != NodeId::NEVER => return None,
                    Part::Unclear(..) => return None,
                    _ => {}
                }
            }
        }
        // An object that names nothing is free in form.
        says_names.then(|| Rc::new(declared))
    }

    /// What a node says of members, with what it is the same as.
    fn said_of_members(&mut self, node: NodeId) -> Vec<MemberSchemas> {
        let mut pending = vec![node];
        let mut said = Vec::new();
        while let Some(node) = pending.pop().filter(|_| self.spend(1)) {
            for part in self.reader.parts(node).iter() {
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
    fn declare(&mut self, declared: &mut Declared, said: &[MemberSchemas], name: &Rc<str>) {
        let says = said.iter().any(|members| self.is_declared(members, name) == Some(true));
        let known = declared.names.entry(Rc::clone(name)).or_default();
        if !says {
            known.push(NodeId::ANY);
        }
    }

    /// What a member of this name must be; none where a pattern is not reasoned about.
    pub(super) fn members_for(&mut self, members: &MemberSchemas, name: &str) -> Option<Vec<NodeId>> {
        let mut nodes: Vec<NodeId> = members.named(name).into_iter().collect();
        for (pattern, node) in members.patterns.iter() {
            if self.patterns.matches(pattern, name)? {
                nodes.push(*node);
            }
        }
        if nodes.is_empty() {
            nodes.extend(members.rest);
        }
        Some(nodes)
    }

    /// Whether `members` declare this name; none where a pattern is not reasoned about.
    pub(super) fn is_declared(&mut self, members: &MemberSchemas, name: &str) -> Option<bool> {
        if members.named(name).is_some() {
            return Some(true);
        }
        for (pattern, _) in members.patterns.iter() {
            if self.patterns.matches(pattern, name)? {
                return Some(true);
            }
        }
        Some(false)
    }
}
