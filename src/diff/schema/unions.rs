//! Facts about alternatives: which came, which went, and a plain schema that became one of several.

use std::collections::BTreeSet;

use serde_json::json;

use crate::openapi::{SchemaId, TypeSet};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::fact::Difference;
use super::super::folded::{Folded, FoldedUnion};
use super::branches::{find_alike, match_branches};
use super::comparison::SchemaComparison;
use super::describe::{describe, keyword, name_of};

impl SchemaComparison<'_, '_, '_> {
    /// A plain schema that became a branch of a union, or the reverse: one branch more or fewer.
    pub(super) fn wrapped(&mut self) -> bool {
        let (walk, a, b) = (&*self.walk, &self.before, &self.after);
        let (union, alike, grew) = match (a.unions.as_slice(), b.unions.as_slice()) {
            ([], [union]) if b.is_only_unions() => (union, find_alike(walk.before, a.id, walk.after, &union.branches), true),
            ([union], []) if a.is_only_unions() => (union, find_alike(walk.after, b.id, walk.before, &union.branches), false),
            _ => return false,
        };
        let Some(alike) = alike else { return false };
        let others: Vec<SchemaId> = union.branches.iter().copied().filter(|branch| *branch != alike).collect();
        let keyword = keyword(union);
        if grew {
            let ids = self.ids();
            for branch in others {
                let value = describe(self.walk.after, branch);
                self.state(
                    Difference::new(ChangeKind::VariantAdded).alternative(branch).about(name_of(&value)).after(value),
                    ids,
                    keyword,
                );
            }
            self.beside(self.before.id, alike);
        } else {
            let ids = self.ids();
            for branch in others {
                let value = describe(self.walk.before, branch);
                self.state(
                    Difference::new(ChangeKind::VariantRemoved).alternative(branch).about(name_of(&value)).before(value),
                    ids,
                    keyword,
                );
            }
            self.beside(alike, self.after.id);
        }
        true
    }

    /// All unions, in order.
    pub(super) fn unions(&mut self) {
        let mut left = std::mem::take(&mut self.before.unions).into_iter();
        let mut right = std::mem::take(&mut self.after.unions).into_iter();
        loop {
            match (left.next(), right.next()) {
                (Some(old), Some(new)) => self.union(&old, &new),
                (Some(old), None) => {
                    let at = BeforeAfter::new(old.at, self.after.id);
                    self.state(
                        Difference::new(ChangeKind::CompositionRemoved).before(json!(old.branches.len())),
                        at,
                        keyword(&old),
                    );
                }
                (None, Some(new)) => {
                    let at = BeforeAfter::new(self.before.id, new.at);
                    self.state(Difference::new(ChangeKind::CompositionAdded).after(json!(new.branches.len())), at, keyword(&new));
                }
                (None, None) => break,
            }
        }
    }

    fn union(&mut self, old: &FoldedUnion<'_>, new: &FoldedUnion<'_>) {
        let at = BeforeAfter::new(old.at, new.at);
        if old.exclusive != new.exclusive {
            let kind = if old.exclusive { ChangeKind::OneOfBecameAnyOf } else { ChangeKind::AnyOfBecameOneOf };
            self.state(Difference::new(kind).before(json!(keyword(old))).after(json!(keyword(new))), at, "");
        }
        let mut matched = match_branches(self.walk.before, &old.branches, self.walk.after, &new.branches);
        // Behind a reference that leads nowhere stands one of the others, and nobody can say which.
        let is_unknown = |branches: &[SchemaId]| branches.contains(&SchemaId::UNKNOWN);
        let is_guess = is_unknown(&old.branches) || is_unknown(&new.branches);
        if is_guess {
            matched.removed.clear();
            matched.added.clear();
        }
        let named = |names: &[Option<&str>]| names.iter().flatten().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
        self.branches = BeforeAfter::new(named(&old.names), named(&new.names));
        self.implied_names(old, new, &matched.pairs);
        let nullable = |folded: &Folded<'_, '_>| folded.types.contains(TypeSet::NULL);
        match (old.null && nullable(&self.before), new.null && nullable(&self.after)) {
            _ if is_guess => {}
            (false, true) => self.state(
                Difference::new(ChangeKind::BecameNullable).about("null").before(json!(false)).after(json!(true)),
                at,
                "",
            ),
            (true, false) => self.state(
                Difference::new(ChangeKind::BecameNotNullable).about("null").before(json!(true)).after(json!(false)),
                at,
                "",
            ),
            _ => {}
        }
        let evidence = Evidence {
            discriminated: self.before.discriminator.is_some() && self.after.discriminator.is_some(),
            ..Evidence::default()
        };
        for branch in matched.removed {
            let value = describe(self.walk.before, branch);
            self.lost.insert(name_of(&value));
            self.state(
                Difference::new(ChangeKind::VariantRemoved)
                    .alternative(branch)
                    .about(name_of(&value))
                    .before(value)
                    .evidence(evidence),
                at,
                keyword(old),
            );
        }
        for branch in matched.added {
            let value = describe(self.walk.after, branch);
            self.gained.insert(name_of(&value));
            self.state(
                Difference::new(ChangeKind::VariantAdded)
                    .alternative(branch)
                    .about(name_of(&value))
                    .after(value)
                    .evidence(evidence),
                at,
                keyword(new),
            );
        }
        for schemas in matched.pairs {
            self.walk.beside(self.node, schemas);
        }
    }
}
