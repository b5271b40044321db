//! In which direction a value travels at all (OpenAPI 3.0.3 section 4.7.24.2).

use std::collections::BTreeSet;

use crate::model::Direction;
use crate::openapi::{Contract, SchemaId, TypeSet};

/// `readOnly` and `writeOnly` of a schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visibility {
    read_only: bool,
    write_only: bool,
}

impl Visibility {
    /// Of a schema with the members of its `allOf`, and of its union where that has one branch.
    pub(super) fn of(contract: &Contract<'_>, id: SchemaId) -> Self {
        let schema = contract.schema(id);
        let mut visibility = Self { read_only: schema.read_only, write_only: schema.write_only };
        if schema.all_of.is_empty() && schema.unions.is_empty() {
            return visibility;
        }
        let mut seen = BTreeSet::new();
        let mut pending = vec![id];
        while let Some(at) = pending.pop() {
            if seen.insert(at) {
                let schema = contract.schema(at);
                visibility.read_only |= schema.read_only;
                visibility.write_only |= schema.write_only;
                pending.extend(&schema.all_of);
                for union in &schema.unions {
                    let mut branches = union.branches.iter().filter(|id| contract.schema(**id).types != TypeSet::NULL);
                    if let (Some(only), None) = (branches.next(), branches.next()) {
                        pending.push(*only);
                    }
                }
            }
        }
        visibility
    }

    /// Whether such a value does not travel in a direction.
    pub(super) const fn is_hidden(self, direction: Direction) -> bool {
        match direction {
            Direction::ToProvider => self.read_only,
            Direction::FromProvider => self.write_only,
            Direction::Neither => false,
        }
    }
}
