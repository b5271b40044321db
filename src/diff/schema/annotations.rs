//! Facts about keywords that rule nothing out: defaults, deprecation and stability.

use serde_json::json;

use crate::model::Stability;
use crate::openapi::Value;

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::equality::same;
use super::super::fact::{Difference, small};
use super::super::folded::FromSchema;
use super::comparison::SchemaComparison;
use super::describe::plain;

impl SchemaComparison<'_, '_, '_> {
    pub(super) fn annotations(&mut self) {
        let ids = self.ids();
        let (old, new) = (self.before.default, self.after.default);
        let show = |word: Option<FromSchema<&Value>>| word.map(|word| small(word.value).unwrap_or_else(|| json!("…")));
        let equal = match (&old, &new) {
            (Some(a), Some(b)) if self.writing().is_text() => plain(a.value) == plain(b.value),
            (Some(a), Some(b)) => same(a.value, b.value),
            (None, None) => true,
            _ => false,
        };
        if !equal {
            let at = BeforeAfter::new(old.map_or(ids.before, |word| word.at), new.map_or(ids.after, |word| word.at));
            self.state(Difference::new(ChangeKind::DefaultChanged).before(show(old)).after(show(new)), at, "default");
        }
        match (self.before.deprecated, self.after.deprecated) {
            (None, Some(new)) => {
                self.state(
                    Difference::new(ChangeKind::SchemaDeprecated).after(json!(true)),
                    BeforeAfter::new(ids.before, new),
                    "deprecated",
                );
            }
            (Some(old), None) => {
                self.state(
                    Difference::new(ChangeKind::SchemaReactivated).before(json!(true)),
                    BeforeAfter::new(old, ids.after),
                    "deprecated",
                );
            }
            _ => {}
        }
        self.stability();
    }

    /// What is promised of it: a level that nobody names means stable.
    fn stability(&mut self) {
        let (old, new) = (self.before.stability, self.after.stability);
        let level = |said: Option<FromSchema<Stability>>| said.map_or(Stability::Stable, |said| said.value);
        let (was, is) = (level(old), level(new));
        if was != is {
            let kind = if is < was { ChangeKind::SchemaStabilityLowered } else { ChangeKind::SchemaStabilityRaised };
            let ids = self.ids();
            let at = BeforeAfter::new(old.map_or(ids.before, |said| said.at), new.map_or(ids.after, |said| said.at));
            self.state(Difference::new(kind).before(json!(was.name())).after(json!(is.name())), at, "");
        }
    }
}
