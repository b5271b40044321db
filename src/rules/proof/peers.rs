//! Which side of a comparison sends, and which receives.

use crate::containment::Peers;
use crate::diff::BeforeAfter;
use crate::model::Direction;

/// Who has which: what was sent to the provider before must be accepted after; what it sends after must have been
/// possible before.
pub(super) fn in_direction<T>(direction: Direction, things: BeforeAfter<T>) -> Peers<T> {
    let BeforeAfter { before, after } = things;
    match direction {
        Direction::ToProvider => Peers { sender: before, receiver: after },
        Direction::FromProvider | Direction::Neither => Peers { sender: after, receiver: before },
    }
}
