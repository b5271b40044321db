//! Facts of links from a response to other operations.

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Contract, Link, Response};

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::pair::OperationPair;

impl OperationPair<'_, '_, '_, '_> {
    /// The links of a response.
    pub(super) fn links(&mut self, old: &Response<'_>, new: &Response<'_>) {
        for left in &old.links {
            if self.walk.is_stopped() {
                return self.walk.give_up();
            }
            match new.links.iter().find(|right| right.name == left.name) {
                None => {
                    let value = Some(json!(left.shape));
                    self.state(
                        Difference::new(ChangeKind::LinkRemoved).about(left.name).before(value),
                        Direction::Neither,
                        BeforeAfter::new(left.at, new.at),
                    );
                }
                Some(right) if right.shape == left.shape || self.is_same_call(left, right) => {}
                Some(right) => {
                    let values = BeforeAfter::new(Some(json!(left.shape)), Some(json!(right.shape)));
                    self.state(
                        Difference::new(ChangeKind::LinkChanged).about(left.name).values(values),
                        Direction::Neither,
                        BeforeAfter::new(left.at, right.at),
                    );
                }
            }
        }
        for right in new.links.iter().filter(|right| !old.links.iter().any(|left| left.name == right.name)) {
            let value = Some(json!(right.shape));
            self.state(
                Difference::new(ChangeKind::LinkAdded).about(right.name).after(value),
                Direction::Neither,
                BeforeAfter::new(old.at, right.at),
            );
        }
    }

    /// Whether two links lead to the same operation with the same values, however each names it.
    fn is_same_call(&self, old: &Link<'_>, new: &Link<'_>) -> bool {
        let target = |contract: &Contract<'_>, link: &Link<'_>| {
            let found = contract.operations.iter().find(|operation| match (link.operation_id, link.operation_ref) {
                (Some(id), _) => operation.operation_id == Some(id),
                (None, Some(to)) => to.strip_prefix('#').is_some_and(|to| contract.pointers.text(operation.at) == to),
                (None, None) => false,
            });
            found.map(|operation| (operation.method.clone(), operation.shape.clone()))
        };
        let (before, after) = (target(self.walk.before, old), target(self.walk.after, new));
        old.handed == new.handed && before.is_some() && before == after
    }
}
