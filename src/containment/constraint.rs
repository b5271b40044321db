//! What is asked of one value: that it satisfies a node or falsifies it, or one thing about it.

use std::rc::Rc;

use num_rational::BigRational;

use super::node::{MemberSchemas, NodeId, Part};
use super::value::Values;

/// What a node is to the value that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Polarity {
    /// The sender's schema: the value satisfies it, and has the names it declares.
    Sent,
    /// The value satisfies it.
    Kept,
    /// The value falsifies it.
    Refused,
}

impl Polarity {
    pub(super) const fn is_positive(self) -> bool {
        !matches!(self, Self::Refused)
    }
}

/// A node with its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeConstraint {
    pub(super) node: NodeId,
    pub(super) polarity: Polarity,
}

impl NodeConstraint {
    pub(super) const fn new(node: NodeId, polarity: Polarity) -> Self {
        Self { node, polarity }
    }

    pub(super) const fn sent(node: NodeId) -> Self {
        Self::new(node, Polarity::Sent)
    }

    pub(super) const fn kept(node: NodeId) -> Self {
        Self::new(node, Polarity::Kept)
    }

    pub(super) const fn refused(node: NodeId) -> Self {
        Self::new(node, Polarity::Refused)
    }
}

/// Nodes that one value must satisfy or falsify at once, sorted.
pub(super) type State = Rc<[NodeConstraint]>;

/// One thing that must hold of a value of one kind.
#[derive(Debug, Clone)]
pub(super) enum Constraint {
    /// A whole node, satisfied or falsified.
    Node(NodeConstraint),
    /// None of these values.
    NotValues(Values),
    /// A number not below this bound; whether the bound itself is out.
    Least(BigRational, bool),
    /// A number not above this bound; whether the bound itself is out.
    Most(BigRational, bool),
    /// A whole multiple of this step.
    Step(BigRational),
    /// No whole multiple of this step.
    NotStep(BigRational),
    /// At least so many characters, items or members.
    MinSize(u64),
    /// At most so many characters, items or members.
    MaxSize(u64),
    /// A text in which the pattern is not found.
    NotPattern(Rc<str>),
    /// A value that is not of the format.
    NotFormat(Rc<str>),
    /// The item at this place is there, and is so.
    At(usize, NodeConstraint),
    /// Some item at this place or behind it is so.
    From(usize, NodeConstraint),
    /// At least so many items are so.
    AtLeast(NodeConstraint, u64),
    /// At most so many items satisfy the node.
    AtMost(NodeId, u64),
    /// Two items are equal.
    NotUnique,
    /// There is a member of this name.
    Present(Rc<str>),
    /// There is no member of this name.
    Absent(Rc<str>),
    /// The member of this name is there, and is so.
    Key(Rc<str>, NodeConstraint),
    /// Some member that these do not declare is so.
    Other(MemberSchemas, NodeConstraint),
    /// Some member whose name matches the pattern is so.
    PatternKey(Rc<str>, NodeConstraint),
    /// Some name is so.
    BadName(NodeConstraint),
    /// That a part is satisfied, or that it is not: seen when there is a guess.
    Check(Part, bool),
    /// Something that is not reasoned about, and why.
    Unclear(&'static str),
}

/// Constraints of which all must hold: one way among several.
pub(super) type Alternative = Vec<Constraint>;
