//! Facts of an operation as such: its address, deprecation, name, tags and stability.

use serde_json::json;

use crate::model::{Direction, Stability};
use crate::openapi::OperationKind;

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::matching::How;
use super::pair::{OperationPair, label};

impl OperationPair<'_, '_, '_, '_> {
    /// How the operation came to be at another address, if it did.
    pub(super) fn address(&mut self, how: How) {
        let (old, new) = (self.old, self.new);
        let kind = match (how, old.kind) {
            (How::SameAddress, _) => return,
            (How::Respelled, _) => ChangeKind::PathRespelled,
            (How::Moved, OperationKind::Webhook) => ChangeKind::WebhookMoved,
            (How::Moved, _) => ChangeKind::OperationMoved,
        };
        let after = if how == How::Respelled { new.path.to_string() } else { label(new) };
        let values = BeforeAfter::new(Some(json!(label(old))), Some(json!(after)));
        self.state(Difference::new(kind).about(label(old)).values(values), Direction::Neither, BeforeAfter::new(old.at, new.at));
    }

    /// What the operation says of itself.
    pub(super) fn lifecycle(&mut self) {
        let (old, new) = (self.old, self.new);
        let at = self.home();
        match (old.deprecated, new.deprecated) {
            (false, true) => {
                self.state(
                    Difference::new(ChangeKind::OperationDeprecated).about(label(old)).after(json!(true)),
                    Direction::Neither,
                    at,
                );
            }
            (true, false) => {
                self.state(
                    Difference::new(ChangeKind::OperationReactivated).about(label(old)).before(json!(true)),
                    Direction::Neither,
                    at,
                );
            }
            _ => {}
        }
        if old.operation_id != new.operation_id {
            let value = |id: Option<&str>| id.map(|id| json!(id));
            let name = old.operation_id.or(new.operation_id).unwrap_or_default();
            self.state(
                Difference::new(ChangeKind::OperationIdChanged)
                    .about(name)
                    .before(value(old.operation_id))
                    .after(value(new.operation_id)),
                Direction::Neither,
                at,
            );
        }
        if old.tags != new.tags {
            let show = |tags: &[&str]| (!tags.is_empty()).then(|| json!(tags));
            self.state(
                Difference::new(ChangeKind::TagsChanged).about(label(old)).before(show(&old.tags)).after(show(&new.tags)),
                Direction::Neither,
                at,
            );
        }
        let (was, is) = (Stability::of(old.stability), Stability::of(new.stability));
        if was != is {
            let kind = if is < was { ChangeKind::StabilityLowered } else { ChangeKind::StabilityRaised };
            let show = |word: Option<&str>| Some(json!(word.unwrap_or("stable")));
            self.state(
                Difference::new(kind).about(label(old)).before(show(old.stability)).after(show(new.stability)),
                Direction::Neither,
                at,
            );
        }
    }
}
