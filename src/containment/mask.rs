//! Conditions on whole messages: what is asked of a part of them, at every place where the part may stand.
//!
//! A question about a part is put to the message around it by a node of its own, a *mask*: it is satisfied by every
//! message that holds nothing refused at those places. So one question finds a message that holds such a part, or proves
//! that there is none.

use std::rc::Rc;

use serde_json::Value as Json;

use crate::openapi::Value;

use super::ask::Question;
use super::confirm::Witness;
use super::constraint::NodeConstraint;
use super::interpretation::{Peer, Peers};
use super::node::{MemberSchemas, NodeId, Part};
use super::prover::Prover;
use super::solution::Solution;

/// A condition that is broken by what is refused at some places.
#[derive(Debug, Clone, Copy)]
pub struct Mask(NodeId);

/// How a value stands in the value around it.
#[derive(Debug, Clone, PartialEq)]
pub enum ValuePlace<'d> {
    /// It is the same value.
    Itself,
    /// It is the same value, where that is one of this alternative of the sender.
    Alternative(&'d Value),
    /// It is the same value, where its member of this name is one of these.
    OfKinds(&'d str, &'d [Json]),
    /// As the member of this name.
    Member(&'d str),
    /// As a member of any name but these.
    Further(Vec<&'d str>),
    /// As the item behind so many.
    Item(usize),
    /// As any item behind so many.
    Items(usize),
}

/// Whether any message breaks a mask.
#[derive(Debug, Clone, PartialEq)]
pub enum Reach {
    /// None does: proven.
    Never,
    /// This one does; nobody else has confirmed it.
    Found(Json),
    /// It cannot be said.
    Unknown,
}

impl<'d> Prover<'d> {
    /// The mask of what is refused where a question is asked.
    pub fn mask(&mut self, receiver: &'d Value, point: &Question<'d>) -> Mask {
        let refused = self.refused(receiver, point);
        let which = self.of_which(point);
        Mask(which.into_iter().fold(refused, |refused, NodeConstraint { node, .. }| {
            self.reader.arena.intern(vec![Part::If(node, refused, NodeId::ANY)])
        }))
    }

    /// A mask whose places are named later: what is refused may stand within itself.
    pub fn open_mask(&mut self) -> Mask {
        Mask(self.reader.arena.reserve())
    }

    /// Names the places of a mask, each with the mask of what stands there.
    pub fn close_mask(&mut self, mask: Mask, places: Vec<(ValuePlace<'d>, Mask)>) {
        let mut parts = Vec::with_capacity(places.len());
        for (place, Mask(inner)) in places {
            parts.push(match place {
                ValuePlace::Itself => Part::Same(inner),
                ValuePlace::Alternative(schema) => Part::If(self.reader.schema(Peer::Sender, schema), inner, NodeId::ANY),
                ValuePlace::OfKinds(name, values) => Part::If(self.of_kinds(name, values), inner, NodeId::ANY),
                ValuePlace::Member(name) => members([(Rc::from(name), inner)].into(), None),
                ValuePlace::Further(mut names) => {
                    names.sort_unstable();
                    members(names.into_iter().map(|name| (Rc::from(name), NodeId::ANY)).collect(), Some(inner))
                }
                ValuePlace::Item(behind) => {
                    let first = std::iter::repeat_n(NodeId::ANY, behind).chain([inner]);
                    Part::Items(first.collect(), None)
                }
                ValuePlace::Items(behind) => Part::Items(std::iter::repeat_n(NodeId::ANY, behind).collect(), Some(inner)),
            });
        }
        self.reader.arena.define(mask.0, parts);
    }

    /// Whether any message of the sender breaks a mask.
    pub fn reach(&mut self, sender: &'d Value, mask: Mask) -> Reach {
        let sender = self.reader.schema(Peer::Sender, sender);
        reached(self.ask(vec![NodeConstraint::sent(sender), NodeConstraint::refused(mask.0)]))
    }

    /// Whether any message of the sender breaks a mask and is refused as a whole.
    pub fn reach_refused(&mut self, schemas: Peers<&'d Value>, mask: Mask) -> Reach {
        let sender = self.reader.schema(Peer::Sender, schemas.sender);
        let receiver = self.reader.schema(Peer::Receiver, schemas.receiver);
        let refused = [receiver, mask.0].map(NodeConstraint::refused);
        reached(self.ask([NodeConstraint::sent(sender)].into_iter().chain(refused).collect()))
    }

    /// The witness that a whole message is that breaks a mask; none where somebody else does not judge it so.
    pub fn witness(&mut self, schemas: Peers<&'d Value>, message: &Json, mask: Mask) -> Option<Witness> {
        self.confirmed(schemas, message, &[], mask.0).ok()
    }
}

fn reached(solution: Solution) -> Reach {
    match solution {
        Solution::Empty => Reach::Never,
        Solution::Value(value) => Reach::Found(value.as_ref().clone()),
        Solution::Unknown(_) => Reach::Unknown,
    }
}

fn members(named: Rc<[(Rc<str>, NodeId)]>, rest: Option<NodeId>) -> Part {
    Part::Members(MemberSchemas { named, patterns: Rc::from([]), rest })
}
