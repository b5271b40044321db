//! Kinds of object that a property tells apart: one schema may hold several, where the other side has a form for each.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::before_after::BeforeAfter;

/// Of which kinds the values are that two forms are compared for.
#[derive(Debug, Clone)]
pub struct Kinds {
    /// The property that says it.
    pub property: Arc<str>,
    /// What it says for these kinds.
    pub values: Vec<Json>,
    /// Names that the forms declare which one form became, or that became one.
    pub(super) declared: BeforeAfter<Option<Arc<BTreeSet<String>>>>,
}

/// The number of some kinds in the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KindsId(pub(super) usize);
