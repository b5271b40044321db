//! The questions that are asked of two documents, and their answers.

use std::rc::Rc;

use serde_json::Value as Json;

use crate::openapi::{Map, TypeSet, Value};

use super::answer::{AskedQuestion, Containment};
use super::confirm::{Witness, confirm, is_confirmed};
use super::constraint::NodeConstraint;
use super::interpretation::{Peer, Peers};
use super::node::{MemberSchemas, NodeId, Part};
use super::prover::Prover;
use super::satisfies::Satisfaction;
use super::solution::Solution;

/// What of the receiver's schema the question is about.
#[derive(Debug, Clone)]
pub enum Question<'d> {
    /// All of it.
    Whole,
    /// What some keywords of one schema within it say.
    Keywords(&'d Map, Vec<&'d str>),
    /// That a member is there.
    Required(String),
    /// The types it allows.
    Types(TypeSet),
    /// One value, of which it is asked whether it is sent and refused.
    Value(Json),
    /// The values of one alternative of the sender.
    Branch(&'d Value),
    /// The values that one alternative of the receiver takes.
    Taken(&'d Value),
    /// The values that have a member of this name.
    With(String),
}

impl<'d> Prover<'d> {
    /// Whether a value of the second document's schema may be this one: *yes* is sure.
    pub fn accepts(&mut self, schema: &'d Value, value: &Json) -> bool {
        let node = self.reader.schema(Peer::Receiver, schema);
        self.satisfies(node, value, 0) >= Satisfaction::Formats
    }

    /// A small value of the sender's schema that holds `inner` as its member `name`, or as an item where there is none.
    pub fn around(&mut self, sender: &'d Value, name: Option<&str>, inner: &Json) -> Option<Json> {
        let listed = self.reader.arena.intern_values(vec![inner.clone()]);
        let parts = match name {
            Some(name) => {
                let name: Rc<str> = name.into();
                let named = [(Rc::clone(&name), listed)];
                let members = MemberSchemas { named: named.into(), patterns: Rc::from([]), rest: None };
                vec![Part::Kinds(TypeSet::OBJECT), Part::Members(members), Part::Required(name)]
            }
            None => vec![Part::Kinds(TypeSet::ARRAY), Part::Contains(listed, 1, None)],
        };
        let holder = self.reader.arena.intern(parts);
        let sender = self.reader.schema(Peer::Sender, sender);
        match self.ask(vec![NodeConstraint::sent(sender), NodeConstraint::kept(holder)]) {
            Solution::Value(value) => Some(value.as_ref().clone()),
            _ => None,
        }
    }

    /// Whether a value that was put together is sent and refused, as somebody else judges it.
    pub fn is_confirmed(&mut self, sender: &'d Value, receiver: &'d Value, value: &Json) -> bool {
        is_confirmed(&self.reader.documents, Peers { sender, receiver }, value, &mut self.checks)
    }

    /// Whether no value fits the schema of the sender: proven.
    pub fn is_empty(&mut self, sender: &'d Value) -> bool {
        let node = self.reader.schema(Peer::Sender, sender);
        matches!(self.ask(vec![NodeConstraint::sent(node)]), Solution::Empty)
    }

    /// Whether every value of the schema `sender` of the first document, as far as `point` goes, is one of the schema
    /// `receiver` of the second.
    pub fn contains(&mut self, sender: &'d Value, receiver: &'d Value, point: &Question<'d>) -> Containment {
        let mut nodes = vec![NodeConstraint::sent(self.reader.schema(Peer::Sender, sender))];
        nodes.push(NodeConstraint::refused(self.refused(receiver, point)));
        nodes.extend(self.of_which(point));
        let schemas = [sender, receiver].map(std::ptr::from_ref);
        let question = AskedQuestion { nodes: nodes.as_slice().into(), schemas };
        if let Some(known) = self.answers.get(&question) {
            return known.clone();
        }
        let answer = match self.ask(nodes) {
            Solution::Empty => Containment::Contained,
            Solution::Unknown(why) => Containment::Undecided(why),
            Solution::Value(value) => match self.confirmed(sender, receiver, &value) {
                Ok(witness) => Containment::Refuted(witness),
                Err(why) => Containment::Undecided(why),
            },
        };
        self.answers.insert(question, answer.clone());
        answer
    }

    /// The witness that a value is, made as small as it goes; why it is none, where it is not sent or not refused.
    pub(super) fn confirmed(&mut self, sender: &'d Value, receiver: &'d Value, value: &Json) -> Result<Witness, &'static str> {
        confirm(&self.reader.documents, Peers { sender, receiver }, value, &mut self.checks)
    }

    /// What a value must not satisfy to be an answer.
    pub(super) fn refused(&mut self, receiver: &'d Value, point: &Question<'d>) -> NodeId {
        match point {
            Question::Whole | Question::Value(_) | Question::Branch(_) | Question::Taken(_) | Question::With(_) => {
                self.reader.schema(Peer::Receiver, receiver)
            }
            Question::Keywords(map, wanted) => self.reader.keywords(Peer::Receiver, map, wanted),
            Question::Required(name) => self.reader.arena.intern(vec![Part::Required(Rc::from(name.as_str()))]),
            Question::Types(types) => self.reader.arena.intern(vec![Part::Kinds(*types)]),
        }
    }

    /// Of which values only it is asked; none where it is asked of all.
    pub(super) fn of_which(&mut self, point: &Question<'d>) -> Option<NodeConstraint> {
        Some(match point {
            Question::Value(value) => NodeConstraint::kept(self.reader.arena.intern_values(vec![value.clone()])),
            Question::Branch(branch) => NodeConstraint::sent(self.reader.schema(Peer::Sender, branch)),
            Question::Taken(branch) => NodeConstraint::kept(self.reader.schema(Peer::Receiver, branch)),
            Question::With(name) => {
                let parts = vec![Part::Kinds(TypeSet::OBJECT), Part::Required(Rc::from(name.as_str()))];
                NodeConstraint::kept(self.reader.arena.intern(parts))
            }
            Question::Whole | Question::Keywords(..) | Question::Required(_) | Question::Types(_) => return None,
        })
    }
}
