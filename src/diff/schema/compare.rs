//! The order in which one pair of schemas is compared.

use crate::openapi::{Additional, Contract, SchemaId};

use super::super::before_after::BeforeAfter;
use super::super::folded::Folded;
use super::super::walk::{SchemaPair, Walk};
use super::comparison::SchemaComparison;
use super::visibility::Visibility;

/// Compares the pair of `node`, records its facts and enters its children.
pub fn compare(walk: &mut Walk<'_, '_>, node: usize) {
    let Some(pair) = walk.pair(node) else { return };
    let (before, after) = (walk.before, walk.after);
    if walk.is_same(node) && enter_children(walk, node, pair) {
        return;
    }
    let common = pair.common.map_or(BeforeAfter::default(), |common| common.map(Some));
    let mut old = Folded::together(before, pair.schemas.before, common.before);
    let mut new = Folded::together(after, pair.schemas.after, common.after);
    // A list of one alternative and one of several are two lists.
    match (old.unions.is_empty(), new.unions.is_empty()) {
        (true, false) if !old.discriminators.is_empty() => old = Folded::with_lists(before, pair.schemas.before, common.before),
        (false, true) if !new.discriminators.is_empty() => new = Folded::with_lists(after, pair.schemas.after, common.after),
        _ => {}
    }
    let (before, after) = (old, new);
    if before.exhausted || after.exhausted {
        walk.give_up();
    }
    // What one side does not show may be whatever the other shows.
    if before.has_hole != after.has_hole {
        let places = walk.site(walk.places(node));
        return if after.has_hole { walk.unread_after(places.before) } else { walk.unread_before(places.after) };
    }
    let mut comparison = SchemaComparison::new(walk, node, pair, BeforeAfter::new(before, after));
    if let Some(kinds) = comparison.kinds.clone() {
        comparison.for_kinds(&kinds);
    }
    if comparison.divided() || comparison.wrapped() {
        return;
    }
    comparison.is_spread = comparison.members_moved();
    if comparison.is_spread {
        // All that stands beside the alternatives is compared with each of them.
        comparison.types();
        comparison.unions();
        return;
    }
    if !comparison.written_as_text() && comparison.types() {
        comparison.values();
        comparison.numbers();
        comparison.objects();
        comparison.arrays();
        comparison.unions();
        comparison.discriminators();
        comparison.constraints();
    }
    comparison.annotations();
}

/// Enters the children of two schemas that are written alike: no fact can be found here, only beneath.
///
/// Returns false where it cannot speak for the whole: what `allOf` folds in may have changed elsewhere.
fn enter_children(walk: &mut Walk<'_, '_>, node: usize, pair: SchemaPair) -> bool {
    let (a, b) = (walk.before.schema(pair.schemas.before), walk.after.schema(pair.schemas.after));
    // The form of a Swagger 2.0 operation is put together from parameters that may stand elsewhere.
    // A base with a discriminator stands for its subtypes as well, and what is compared as a whole has no
    // children: what it refers to may have changed.
    let is_whole = !a.all_of.is_empty() || !a.unions.is_empty() || a.discriminator.is_some() || !a.constraints.is_empty();
    if is_whole || a.value.is_null() || b.value.is_null() {
        return false;
    }
    for ((name, old), (other, new)) in a.properties.iter().zip(&b.properties) {
        // The same members in another order: let the full comparison match them.
        if name != other {
            return false;
        }
        let hidden = |contract: &Contract<'_>, id: SchemaId| Visibility::of(contract, id).is_hidden(pair.direction);
        match (hidden(walk.before, *old), hidden(walk.after, *new)) {
            (true, true) => {}
            (false, false) => walk.within(node, BeforeAfter::new(*old, *new)),
            // `readOnly` moved inside a referred schema: the full comparison tells it.
            _ => return false,
        }
    }
    if let (Additional::Schema(old), Additional::Schema(new)) = (a.additional, b.additional) {
        walk.within(node, BeforeAfter::new(old, new));
    }
    for (old, new) in a.items.iter().chain(&a.prefix_items).zip(b.items.iter().chain(&b.prefix_items)) {
        walk.within(node, BeforeAfter::new(*old, *new));
    }
    true
}
