//! Names that the schemas of a sender declare, as they are kept.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::node::NodeId;

/// Names a sender declares, in whichever of its alternatives: a choice that is still open must not close a way.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Each with what the alternatives that declare it say of it.
    pub(super) names: BTreeMap<Rc<str>, Vec<NodeId>>,
    /// The same by patterns of names.
    pub(super) patterns: BTreeMap<Rc<str>, Vec<NodeId>>,
}

/// The sender's nodes of a state, and what they declare.
pub(super) struct DeclaredBy {
    pub(super) nodes: Vec<NodeId>,
    pub(super) declared: Option<Rc<Declared>>,
}
