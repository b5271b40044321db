//! Facts of links from a response to other operations.

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Contract, Link, Response};

use super::change::ChangeKind;
use super::operation::Pairing;

impl Pairing<'_, '_, '_, '_> {
    pub(super) fn links(&mut self, old: &Response<'_>, new: &Response<'_>) {
        for left in &old.links {
            if self.walk.is_stopped() {
                return self.walk.give_up();
            }
            match new.links.iter().find(|right| right.name == left.name) {
                None => {
                    let value = Some(json!(left.shape));
                    self.state(ChangeKind::LinkRemoved, Direction::Neither, left.name, (left.at, new.at), (value, None));
                }
                Some(right) if right.shape == left.shape || self.is_same_call(left, right) => {}
                Some(right) => {
                    let values = (Some(json!(left.shape)), Some(json!(right.shape)));
                    self.state(ChangeKind::LinkChanged, Direction::Neither, left.name, (left.at, right.at), values);
                }
            }
        }
        for right in new.links.iter().filter(|right| !old.links.iter().any(|left| left.name == right.name)) {
            let value = Some(json!(right.shape));
            self.state(ChangeKind::LinkAdded, Direction::Neither, right.name, (old.at, right.at), (None, value));
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
        let target = (target(self.walk.before, old), target(self.walk.after, new));
        old.handed == new.handed && target.0.is_some() && target.0 == target.1
    }
}
