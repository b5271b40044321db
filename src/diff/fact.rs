//! A change before it is known who uses it.

use serde_json::Value as Json;

use crate::model::Direction;
use crate::openapi::{SchemaId, Value};

use super::before_after::BeforeAfter;
use super::change::{ChangeKind, ComparedSchemas, Evidence, Fragment, Site, size_of_value};

/// Values larger than this many nodes are shown as fragments, not repeated in a change.
const SMALL: usize = 24;

/// What differs, without where it stands.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) kind: ChangeKind,
    /// The name it is about: a property, parameter, status, value, scheme.
    pub(super) subject: String,
    /// What stood and stands there, where it is small.
    pub(super) values: BeforeAfter<Option<Json>>,
    pub(super) evidence: Evidence,
    /// The alternative that came or went.
    pub(super) alternative: Option<SchemaId>,
}

impl Difference {
    pub(super) fn new(kind: ChangeKind) -> Self {
        Self { kind, subject: String::new(), values: BeforeAfter::default(), evidence: Evidence::default(), alternative: None }
    }

    /// The same about a name.
    pub(super) fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..self }
    }

    /// The same with what stood there before.
    pub(super) fn before(mut self, value: impl Into<Option<Json>>) -> Self {
        self.values.before = value.into();
        self
    }

    /// The same with what stands there now.
    pub(super) fn after(mut self, value: impl Into<Option<Json>>) -> Self {
        self.values.after = value.into();
        self
    }

    /// The same with what stood and stands there.
    pub(super) fn values(self, values: BeforeAfter<Option<Json>>) -> Self {
        Self { values, ..self }
    }

    /// The same under these circumstances.
    pub(super) fn evidence(self, evidence: Evidence) -> Self {
        Self { evidence, ..self }
    }

    /// The same about an alternative that came or went.
    pub(super) fn alternative(self, alternative: SchemaId) -> Self {
        Self { alternative: Some(alternative), ..self }
    }
}

/// A difference, where it stands, and which way the data flows.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) difference: Difference,
    pub(super) direction: Direction,
    pub(super) site: Site,
    pub(super) fragment: Fragment,
    pub(super) compared: Option<ComparedSchemas>,
}

impl Fact {
    /// Bytes of its text.
    pub(super) fn size(&self) -> usize {
        let fragment = [&self.fragment.before, &self.fragment.after];
        let fragment: usize = fragment.into_iter().flatten().map(String::len).sum();
        let values = [&self.difference.values.before, &self.difference.values.after];
        let values: usize = values.into_iter().flatten().map(size_of_value).sum();
        self.site.size() + self.difference.subject.len() + fragment + values
    }
}

/// A copy of a value, if it is small enough to be read in a sentence.
pub(super) fn small(value: &Value) -> Option<Json> {
    fn count(value: &Value, left: usize) -> Option<usize> {
        let left = left.checked_sub(1)?;
        match value {
            Value::Array(list) => list.iter().try_fold(left, |left, inner| count(inner, left)),
            Value::Object(map) => map.values().try_fold(left, |left, inner| count(inner, left)),
            _ => Some(left),
        }
    }
    count(value, SMALL).map(|_| value.to_json())
}
