//! The questions that are asked of two documents, and their answers.

use std::rc::Rc;

use serde_json::Value as Json;

use crate::openapi::{Map, TypeSet, Value};

use super::answer::{AskedQuestion, Containment};
use super::confirm::Witness;
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
    /// Another question, of the values only that are one of this alternative of the sender.
    Within(&'d Value, Box<Question<'d>>),
    /// The values that one alternative of the receiver takes.
    Taken(&'d Value),
    /// The values that have a member of this name.
    With(String),
    /// Another question, of the values only whose member of this name is one of these.
    OfKinds(Box<Question<'d>>, String, Vec<Json>),
}

impl<'d> Prover<'d> {
    /// Whether a value of the second document's schema may be this one: *yes* is sure.
    pub fn accepts(&mut self, schema: &'d Value, value: &Json) -> bool {
        let node = self.reader.schema(Peer::Receiver, schema);
        self.satisfies(node, value, 0) >= Satisfaction::Formats
    }

    /// A small value of the sender's schema that holds `inner` as its member `name`, or as an item where there is none.
    pub fn around(&mut self, sender: &'d Value, name: Option<&str>, inner: &Json) -> Option<Json> {
        let holder = match name {
            Some(name) => self.of_kinds(name, std::slice::from_ref(inner)),
            None => {
                let listed = self.reader.arena.intern_values(vec![inner.clone()]);
                self.reader.arena.intern(vec![Part::Kinds(TypeSet::ARRAY), Part::Contains(listed, 1, None)])
            }
        };
        let sender = self.reader.schema(Peer::Sender, sender);
        match self.ask(vec![NodeConstraint::sent(sender), NodeConstraint::kept(holder)]) {
            Solution::Value(value) => Some(value.as_ref().clone()),
            _ => None,
        }
    }

    /// Whether a value that was put together is sent and refused, as somebody else judges it.
    pub fn is_confirmed(&mut self, sender: &'d Value, receiver: &'d Value, value: &Json) -> bool {
        self.judges.is_confirmed(&self.reader.documents, Peers { sender, receiver }, value)
    }

    /// Whether no value fits the schema of the sender: proven.
    pub fn is_empty(&mut self, sender: &'d Value) -> bool {
        let node = self.reader.schema(Peer::Sender, sender);
        matches!(self.ask(vec![NodeConstraint::sent(node)]), Solution::Empty)
    }

    /// Whether every value of the schema `sender` of the first document, as far as `point` goes, is one of the schema
    /// `receiver` of the second.
    pub fn contains(&mut self, sender: &'d Value, receiver: &'d Value, point: &Question<'d>) -> Containment {
        let (refused, which) = (self.refused(receiver, point), self.of_which(point));
        let nodes = self.asked(sender, refused, &which);
        let schemas = [sender, receiver].map(std::ptr::from_ref);
        let question = AskedQuestion { nodes: nodes.as_slice().into(), schemas };
        if let Some(known) = self.answers.get(&question) {
            return known.clone();
        }
        let answer = match self.ask(nodes) {
            Solution::Empty => Containment::Contained,
            Solution::Unknown(why) => Containment::Undecided(why),
            Solution::Value(value) => match self.confirmed(Peers { sender, receiver }, &value, &which, refused) {
                Ok(witness) => Containment::Refuted(witness),
                Err(why) => Containment::Undecided(why),
            },
        };
        self.answers.insert(question, answer.clone());
        answer
    }

    /// Whether that is proven. Where it is not, nobody is asked about the value that was found.
    pub fn is_contained(&mut self, sender: &'d Value, receiver: &'d Value, point: &Question<'d>) -> bool {
        let (refused, which) = (self.refused(receiver, point), self.of_which(point));
        let nodes = self.asked(sender, refused, &which);
        matches!(self.ask(nodes), Solution::Empty)
    }

    fn asked(&mut self, sender: &'d Value, refused: NodeId, which: &[NodeConstraint]) -> Vec<NodeConstraint> {
        let sender = self.reader.schema(Peer::Sender, sender);
        let asked = [NodeConstraint::sent(sender), NodeConstraint::refused(refused)];
        asked.into_iter().chain(which.iter().copied()).collect()
    }

    /// The witness that a value is, made as small as it goes while it is one of `which` and falsifies `refused`; why it is
    /// none, where it is not sent or not refused.
    pub(super) fn confirmed(
        &mut self,
        schemas: Peers<&'d Value>,
        value: &Json,
        which: &[NodeConstraint],
        refused: NodeId,
    ) -> Result<Witness, &'static str> {
        let is_about = |prover: &mut Self, value: &Json| {
            which.iter().all(|kept| prover.satisfies(kept.node, value, 0) >= Satisfaction::Formats)
                && prover.satisfies(refused, value, 0) == Satisfaction::No
        };
        // What is left out may be what was asked about, and the rest refused for another reason.
        let is_told = is_about(self, value);
        let (documents, mut judges) = (self.reader.documents, std::mem::take(&mut self.judges));
        let witness = judges.confirm(&documents, schemas, value, &mut |smaller| !is_told || is_about(self, smaller));
        self.judges = judges;
        witness
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
            Question::OfKinds(question, ..) | Question::Within(_, question) => self.refused(receiver, question),
        }
    }

    /// Of which values only it is asked: those that keep all of these.
    pub(super) fn of_which(&mut self, point: &Question<'d>) -> Vec<NodeConstraint> {
        vec![match point {
            Question::Value(value) => NodeConstraint::kept(self.reader.arena.intern_values(vec![value.clone()])),
            Question::Branch(branch) => NodeConstraint::sent(self.reader.schema(Peer::Sender, branch)),
            Question::Taken(branch) => NodeConstraint::kept(self.reader.schema(Peer::Receiver, branch)),
            Question::With(name) => {
                let parts = vec![Part::Kinds(TypeSet::OBJECT), Part::Required(Rc::from(name.as_str()))];
                NodeConstraint::kept(self.reader.arena.intern(parts))
            }
            Question::OfKinds(question, property, values) => {
                let mut which = self.of_which(question);
                which.push(NodeConstraint::kept(self.of_kinds(property, values)));
                return which;
            }
            Question::Within(branch, question) => {
                let mut which = self.of_which(question);
                which.push(NodeConstraint::sent(self.reader.schema(Peer::Sender, branch)));
                return which;
            }
            Question::Whole | Question::Keywords(..) | Question::Required(_) | Question::Types(_) => return Vec::new(),
        }]
    }

    /// The objects whose member of this name is one of these values.
    pub(super) fn of_kinds(&mut self, property: &str, values: &[Json]) -> NodeId {
        let listed = self.reader.arena.intern_values(values.to_vec());
        let name: Rc<str> = property.into();
        let members = MemberSchemas { named: [(Rc::clone(&name), listed)].into(), patterns: Rc::from([]), rest: None };
        self.reader.arena.intern(vec![Part::Kinds(TypeSet::OBJECT), Part::Members(members), Part::Required(name)])
    }
}
