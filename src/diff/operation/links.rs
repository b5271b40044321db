//! Facts of links from a response to other operations.

use std::collections::HashMap;

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Link, Response};

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::pair::OperationPair;

impl OperationPair<'_, '_, '_, '_> {
    /// The links of a response.
    pub(super) fn links(&mut self, old: &Response<'_>, new: &Response<'_>) {
        let count = old.links.len() + new.links.len();
        if count == 0 || !self.walk.affords(count) {
            return;
        }
        let named = BeforeAfter::new(old, new)
            .map(|response| response.links.iter().map(|link| (link.name, link)).collect::<HashMap<&str, &Link<'_>>>());
        for left in &old.links {
            if self.walk.is_stopped() {
                return self.walk.give_up();
            }
            match named.after.get(left.name) {
                None => {
                    let value = Some(json!(left.shape));
                    self.state(
                        Difference::new(ChangeKind::LinkRemoved).about(left.name).before(value),
                        Direction::Neither,
                        BeforeAfter::new(left.at, new.at),
                    );
                }
                Some(right) if right.shape == left.shape || self.targets.is_same_call(left, right) => {}
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
        for right in new.links.iter().filter(|right| !named.before.contains_key(right.name)) {
            let value = Some(json!(right.shape));
            self.state(
                Difference::new(ChangeKind::LinkAdded).about(right.name).after(value),
                Direction::Neither,
                BeforeAfter::new(old.at, right.at),
            );
        }
    }
}
