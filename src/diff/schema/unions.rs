//! Facts about alternatives: which came, which went, and a plain schema that became one of several.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::openapi::{Additional, Contract, SchemaId, TypeSet};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::fact::Difference;
use super::super::folded::{Folded, FoldedUnion};
use super::super::kinds::KindsId;
use super::branches::{BranchSide, MatchedBranches, find_alike};
use super::comparison::SchemaComparison;
use super::describe::{describe, keyword, name_of};
use super::discriminator::{ToldApart, likeness_needed};
use super::forms::{Form, TaggedForms, listed_values, telling_property};

/// Unions of one side that are laid beside those of the other.
const MOST_UNIONS: usize = 16;

impl<'c, 'd> SchemaComparison<'_, 'c, 'd> {
    /// A plain schema that became a branch of a union, or the reverse: one branch more or fewer.
    pub(super) fn wrapped(&mut self) -> bool {
        let (before, after) = (self.walk.before, self.walk.after);
        let (grew, union) = match (self.before.unions.as_slice(), self.after.unions.as_slice()) {
            ([], [_]) if self.after.is_only_unions() && is_one_form(before, &self.before) => (true, self.after.unions.pop()),
            ([_], []) if self.before.is_only_unions() && is_one_form(after, &self.after) => (false, self.before.unions.pop()),
            _ => return false,
        };
        let Some(union) = union else { return false };
        let (plain_side, union_side) = if grew { (before, after) } else { (after, before) };
        let plain = if grew { self.before.id } else { self.after.id };
        let Some(alike) = find_alike(plain_side, plain, union_side, &union.branches) else {
            let unions = if grew { &mut self.after.unions } else { &mut self.before.unions };
            unions.push(union);
            return false;
        };
        let discriminated = self.carries_tag(grew, &union);
        let evidence = Evidence { discriminated, ..Evidence::default() };
        let ids = self.ids();
        let kind = if grew { ChangeKind::VariantAdded } else { ChangeKind::VariantRemoved };
        for branch in union.branches.iter().copied().filter(|branch| *branch != alike) {
            let value = describe(union_side, branch);
            let fact = Difference::new(kind).alternative(branch).about(name_of(&value)).evidence(evidence);
            let fact = if grew { fact.after(value) } else { fact.before(value) };
            self.state(fact, ids, keyword(&union));
        }
        // Null beside the alternatives is one more, or one fewer.
        let is_nullable = |folded: &Folded<'_, '_>| folded.types.contains(TypeSet::NULL);
        if union.null && !(is_nullable(&self.before) && is_nullable(&self.after)) {
            self.nullability(BeforeAfter::new(!grew, grew), ids);
        }
        // What was never told apart by a tag is asked for one now.
        if grew && !discriminated {
            self.discriminator_on_one_side(BeforeAfter::new(None, told_apart(&union).as_ref()));
        }
        let pair = if grew { BeforeAfter::new(plain, alike) } else { BeforeAfter::new(alike, plain) };
        self.beside(pair.before, pair.after);
        true
    }

    /// Whether a message of the one form says by a tag which form it is, as those of the union do.
    fn carries_tag(&self, grew: bool, union: &FoldedUnion<'c, 'd>) -> bool {
        let (plain_side, union_side, one) = if grew {
            (self.walk.before, self.walk.after, &self.before)
        } else {
            (self.walk.after, self.walk.before, &self.after)
        };
        let requires =
            |property: &str| one.required.contains_key(property) && listed_values(plain_side, one.id, property).is_some();
        match union.discriminator {
            Some(word) => requires(word.value.property),
            None => telling_property(union_side, &union.branches).is_some_and(requires),
        }
    }

    /// Whether members stand beside the alternatives on one side and in them on the other: then each alternative is
    /// compared together with what stands beside it, and nothing is gone or new that only moved.
    pub(super) fn members_moved(&self) -> bool {
        let (a, b) = (&self.before, &self.after);
        let ([old], [new]) = (a.unions.as_slice(), b.unions.as_slice()) else { return false };
        // Of exactly one form, what closes all forms together closes each (JSON Schema 2020-12 core section 11.3).
        let closes = |folded: &Folded<'_, '_>, union: &FoldedUnion<'_, '_>| union.exclusive && folded.is_closed_as_a_whole();
        let is_simple = |folded: &Folded<'_, '_>, union: &FoldedUnion<'_, '_>| {
            folded.additional.value == Additional::Open && (folded.constraints.is_empty() || closes(folded, union))
        };
        if self.common.is_some() || !is_simple(a, old) || !is_simple(b, new) {
            return false;
        }
        if closes(a, old) != closes(b, new) {
            return true;
        }
        let is_moved = |here: &Folded<'_, 'd>, there: &Folded<'_, 'd>, contract: &Contract<'d>, union: &FoldedUnion<'_, 'd>| {
            let gone: Vec<&str> = here.properties.keys().filter(|name| !there.properties.contains_key(*name)).copied().collect();
            let optional: Vec<&str> = here.required.keys().filter(|name| !there.required.contains_key(*name)).copied().collect();
            (!gone.is_empty() || !optional.is_empty())
                && union.branches.iter().any(|branch| {
                    let form = Folded::of(contract, *branch);
                    gone.iter().any(|name| form.properties.contains_key(name))
                        || optional.iter().any(|name| form.required.contains_key(name))
                })
        };
        is_moved(a, b, self.walk.after, new) || is_moved(b, a, self.walk.before, old)
    }

    /// All unions: those that share a form are one, all others go by their order.
    pub(super) fn unions(&mut self) {
        let left = std::mem::take(&mut self.before.unions);
        let mut right: Vec<Option<FoldedUnion<'c, 'd>>> = std::mem::take(&mut self.after.unions).into_iter().map(Some).collect();
        let shares = |old: &FoldedUnion<'_, '_>, new: &FoldedUnion<'_, '_>| {
            old.names.iter().flatten().any(|name| new.names.iter().flatten().any(|other| name == other))
        };
        let are_few = (2..=MOST_UNIONS).contains(&left.len().max(right.len()));
        let mut rest = Vec::new();
        for old in left {
            let slot = right.iter_mut().find(|new| are_few && new.as_ref().is_some_and(|new| shares(&old, new)));
            match slot.and_then(Option::take) {
                Some(new) => self.union(&old, &new),
                None => rest.push(old),
            }
        }
        let (mut left, mut right) = (rest.into_iter(), right.into_iter().flatten());
        loop {
            match (left.next(), right.next()) {
                (Some(old), Some(new)) => self.union(&old, &new),
                (Some(old), None) => {
                    let at = BeforeAfter::new(old.at, self.after.id);
                    let count = json!(old.branches.len());
                    self.state(Difference::new(ChangeKind::CompositionRemoved).before(count), at, keyword(&old));
                }
                (None, Some(new)) => {
                    let at = BeforeAfter::new(self.before.id, new.at);
                    self.state(Difference::new(ChangeKind::CompositionAdded).after(json!(new.branches.len())), at, keyword(&new));
                }
                (None, None) => break,
            }
        }
    }

    fn union(&mut self, old: &FoldedUnion<'c, 'd>, new: &FoldedUnion<'c, 'd>) {
        let at = BeforeAfter::new(old.at, new.at);
        if old.exclusive != new.exclusive {
            let kind = if old.exclusive { ChangeKind::OneOfBecameAnyOf } else { ChangeKind::AnyOfBecameOneOf };
            self.state(Difference::new(kind).before(json!(keyword(old))).after(json!(keyword(new))), at, "");
        }
        let told = BeforeAfter::new(told_apart(old), told_apart(new));
        let tagged = match (&told.before, &told.after) {
            (Some(old), Some(new)) => Some(BeforeAfter::new(old.tagged(self.walk.before), new.tagged(self.walk.after))),
            _ => None,
        };
        let mut matched = MatchedBranches::of(&old.branches, &new.branches);
        let regrouped = self.regroup(BeforeAfter::new(old, new), tagged.as_ref(), &mut matched);
        self.match_forms(old, new, tagged.as_ref(), &mut matched);
        matched.pairs.extend(regrouped.iter().map(|(schemas, _)| *schemas));
        let regrouped: BTreeMap<BeforeAfter<SchemaId>, KindsId> = regrouped.into_iter().collect();
        // Behind a reference that leads nowhere stands one of the others, and nobody can say which.
        let is_unknown = |branches: &[SchemaId]| branches.contains(&SchemaId::UNKNOWN);
        let is_guess = is_unknown(&old.branches) || is_unknown(&new.branches);
        if is_guess {
            matched.removed.clear();
            matched.added.clear();
        }
        if !is_guess {
            self.nullability(BeforeAfter::new(old.null, new.null), at);
        }
        self.variants(old, new, &matched);
        match (&told.before, &told.after, &tagged) {
            (Some(old), Some(new), Some(tagged)) => self.tags(BeforeAfter::new(old, new), tagged.as_ref(), &matched),
            (old, new, _) => self.discriminator_on_one_side(BeforeAfter::new(old.as_ref(), new.as_ref())),
        }
        let common = self.is_spread.then(|| self.ids());
        for schemas in matched.pairs {
            match regrouped.get(&schemas) {
                Some(kinds) => self.walk.of_kinds(self.node, schemas, common, *kinds),
                None => {
                    self.walk.alternative(self.node, schemas, common);
                }
            }
        }
    }

    /// Whether null was and is one of the alternatives, where the schema around them takes it too.
    pub(super) fn nullability(&mut self, null: BeforeAfter<bool>, at: BeforeAfter<SchemaId>) {
        let nullable = |folded: &Folded<'_, '_>| folded.types.contains(TypeSet::NULL);
        let (was, is) = (null.before && nullable(&self.before), null.after && nullable(&self.after));
        let kind = match (was, is) {
            (false, true) => ChangeKind::BecameNullable,
            (true, false) => ChangeKind::BecameNotNullable,
            _ => return,
        };
        self.state(Difference::new(kind).about("null").before(json!(was)).after(json!(is)), at, "");
    }

    /// Which form became which.
    fn match_forms(
        &self,
        old: &FoldedUnion<'c, 'd>,
        new: &FoldedUnion<'c, 'd>,
        tagged: Option<&BeforeAfter<TaggedForms<'d>>>,
        matched: &mut MatchedBranches,
    ) {
        let (before, after) = (self.walk.before, self.walk.after);
        matched.by_place(BeforeAfter::new(before, after));
        let mut sides = BeforeAfter::new(BranchSide::of(before), BranchSide::of(after));
        if self.is_spread {
            (sides.before.common, sides.after.common) = (Some(self.before.id), Some(self.after.id));
        }
        match tagged {
            None => matched.by_likeness(&sides, |_, _| 1),
            Some(tagged) => {
                matched.by_tag(tagged.as_ref());
                sides.before.ignored.extend(old.discriminator.map(|word| word.value.property));
                sides.after.ignored.extend(new.discriminator.map(|word| word.value.property));
                matched.by_likeness(&sides, |a, b| likeness_needed(tagged.as_ref(), a, b));
            }
        }
    }

    /// The forms that went and those that came.
    fn variants(&mut self, old: &FoldedUnion<'c, 'd>, new: &FoldedUnion<'c, 'd>, matched: &MatchedBranches) {
        if matched.removed.is_empty() && matched.added.is_empty() {
            return;
        }
        let at = BeforeAfter::new(old.at, new.at);
        let discriminated = match (old.discriminator, new.discriminator) {
            (Some(_), Some(_)) => true,
            // Each form may say by itself which it is.
            _ => telling_property(self.walk.before, &old.branches)
                .is_some_and(|property| telling_property(self.walk.after, &new.branches) == Some(property)),
        };
        let evidence = |rivals: &BTreeSet<SchemaId>, branch: SchemaId| Evidence {
            discriminated: discriminated && !rivals.contains(&branch),
            ..Evidence::default()
        };
        for branch in &matched.removed {
            let value = describe(self.walk.before, *branch);
            let fact = Difference::new(ChangeKind::VariantRemoved).alternative(*branch).about(name_of(&value));
            self.state(fact.before(value).evidence(evidence(&matched.rivals.before, *branch)), at, keyword(old));
        }
        for branch in &matched.added {
            let value = describe(self.walk.after, *branch);
            let fact = Difference::new(ChangeKind::VariantAdded).alternative(*branch).about(name_of(&value));
            self.state(fact.after(value).evidence(evidence(&matched.rivals.after, *branch)), at, keyword(new));
        }
    }
}

/// Whether a folded schema is one form, perhaps the only one of a list; a base stands for all that take it in.
fn is_one_form(contract: &Contract<'_>, folded: &Folded<'_, '_>) -> bool {
    folded.discriminators.iter().all(|word| !contract.subtypes.contains_key(&word.at))
}

fn told_apart<'c, 'd>(union: &FoldedUnion<'c, 'd>) -> Option<ToldApart<'c, 'd>> {
    union.discriminator.map(|discriminator| ToldApart { discriminator, forms: Form::of_union(union) })
}
