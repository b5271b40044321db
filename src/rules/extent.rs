//! How many of an operation's messages a rule's finding hurts: what a letter names first.

use crate::diff::{ChangeKind, Effect};
use crate::model::{Direction, Severity};

use super::Rule;

/// How many messages a finding hurts, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// All, and the operation with them: it is gone.
    Operation,
    /// All of the operation, whatever they hold.
    EveryMessage,
    /// Those that hold certain values, or lack some; or nobody can tell.
    SomeMessages,
}

impl Rule {
    /// How many messages of the operations it reaches are hurt. Nobody sends what was only just asked for, and everybody may
    /// read what was always there.
    pub fn extent(&self) -> Extent {
        match self.on {
            ChangeKind::OperationRemoved | ChangeKind::WebhookRemoved | ChangeKind::CallbackRemoved => Extent::Operation,
            _ if self.severity < Severity::Breaking => Extent::SomeMessages,
            ChangeKind::SecurityAdded
            | ChangeKind::RequiredParameterAdded
            | ChangeKind::RequiredBodyAdded
            | ChangeKind::RequiredPropertyAdded => Extent::EveryMessage,
            ChangeKind::PropertyRemoved | ChangeKind::ParameterRemoved | ChangeKind::BodyRemoved
                if self.direction == Direction::FromProvider =>
            {
                Extent::EveryMessage
            }
            kind if kind.effect() == Effect::Replaces => Extent::EveryMessage,
            _ => Extent::SomeMessages,
        }
    }
}
