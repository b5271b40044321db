//! Effect and direction give the severity. One law instead of hand-made request and response twins.

use crate::diff::Effect;
use crate::model::{Direction, Severity};

/// The severity of an effect on data that flows one way.
///
/// The sender must stay inside what the receiver accepts. To the provider, accepting less breaks the
/// consumer's requests; from the provider, sending more breaks the consumer's reading.
pub const fn law(effect: Effect, direction: Direction) -> Severity {
    match (effect, direction) {
        (Effect::Replaces, _) | (Effect::Narrows, Direction::ToProvider) | (Effect::Widens, Direction::FromProvider) => {
            Severity::Breaking
        }
        (Effect::Opaque, _) => Severity::Warning,
        (Effect::Annotates | Effect::Narrows | Effect::Widens, _) => Severity::Info,
    }
}
