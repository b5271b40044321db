//! Which branch of a union became which: unions have no names, so branches are matched by content.

use crate::openapi::{Contract, SchemaId, TypeSet, Value};

use super::super::before_after::BeforeAfter;
use super::super::equality::same;
use super::super::folded::Folded;

/// How alike two branches are; 0 is not at all.
fn likeness(before: &Contract<'_>, a: SchemaId, after: &Contract<'_>, b: SchemaId) -> u32 {
    if a == b && a.is_constant() {
        return 100;
    }
    let (left, right) = (before.schema(a), after.schema(b));
    let (place, other) = (before.pointers.text(left.at), after.pointers.text(right.at));
    let component = |pointer: &str| pointer.starts_with("/components/") || pointer.starts_with("/definitions/");
    if same(left.value, right.value) && !left.value.is_null() {
        return 100;
    }
    if place == other && component(&place) && is_component_root(&place) {
        return 90;
    }
    let title = |value: &Value| value.get("title").and_then(|t| t.as_str()).map(str::to_owned);
    if title(left.value).is_some() && title(left.value) == title(right.value) {
        return 80;
    }
    let (left, right) = (Folded::of(before, a), Folded::of(after, b));
    match (tag(&left, before), tag(&right, after)) {
        (Some(a), Some(b)) if a == b => return 70,
        (Some(a), Some(b)) if a.0 == b.0 => return 0,
        _ => {}
    }
    if left.types.without(TypeSet::NULL) != right.types.without(TypeSet::NULL) || left.types == TypeSet::ALL {
        return 0;
    }
    if left.properties.is_empty() && right.properties.is_empty() {
        return if left.types.contains(TypeSet::OBJECT) { 5 } else { 30 };
    }
    // Of several kinds of object each is known by what it must have.
    if !left.required.is_empty() && left.required.keys().eq(right.required.keys()) {
        return 20;
    }
    let shared = left.properties.keys().filter(|name| right.properties.contains_key(*name)).count();
    let all = left.properties.len() + right.properties.len() - shared;
    // More than half of the names in common: an edited branch rather than another one.
    if shared * 2 > all { u32::try_from(10 + shared * 20 / all.max(1)).unwrap_or(10) } else { 0 }
}

/// The property that can have one value only, and that value: what tells a branch from its siblings.
fn tag(folded: &Folded<'_, '_>, contract: &Contract<'_>) -> Option<(String, String)> {
    folded.properties.iter().find_map(|(name, property)| {
        let values = property.schemas.first().and_then(|id| contract.schema(*id).enumeration.clone())?;
        let [only] = values.as_slice() else { return None };
        Some(((*name).to_owned(), only.to_string()))
    })
}

/// `/components/schemas/X` or `/definitions/X`, not something inside.
fn is_component_root(pointer: &str) -> bool {
    let slashes = pointer.matches('/').count();
    if pointer.starts_with("/definitions/") { slashes == 2 } else { slashes == 3 }
}

/// What became of the branches of a union.
#[derive(Debug, Default)]
pub(super) struct MatchedBranches {
    pub(super) pairs: Vec<BeforeAfter<SchemaId>>,
    pub(super) removed: Vec<SchemaId>,
    pub(super) added: Vec<SchemaId>,
}

/// Matches branches, most alike first. More branches than this are matched by place only.
const MAX_COMPARED: usize = 64;

pub(super) fn match_branches(before: &Contract<'_>, a: &[SchemaId], after: &Contract<'_>, b: &[SchemaId]) -> MatchedBranches {
    let mut matched = MatchedBranches::default();
    let mut free_a: Vec<SchemaId> = a.to_vec();
    let mut free_b: Vec<SchemaId> = b.to_vec();
    // References to one component are the common case and need no comparing.
    free_a.retain(|id| {
        let schema = before.schema(*id);
        let place = before.pointers.text(schema.at);
        if !is_component_root(&place) {
            return true;
        }
        match free_b.iter().position(|other| after.pointers.text(after.schema(*other).at) == place) {
            Some(at) => {
                matched.pairs.push(BeforeAfter::new(*id, free_b.swap_remove(at)));
                false
            }
            None => true,
        }
    });
    if free_a.len() <= MAX_COMPARED && free_b.len() <= MAX_COMPARED {
        let mut scores: Vec<(u32, usize, usize)> = Vec::new();
        for (i, left) in free_a.iter().enumerate() {
            for (j, right) in free_b.iter().enumerate() {
                let score = likeness(before, *left, after, *right);
                if score > 0 {
                    scores.push((score, i, j));
                }
            }
        }
        scores.sort_by(|x, y| y.0.cmp(&x.0).then(x.1.cmp(&y.1)).then(x.2.cmp(&y.2)));
        let mut taken_a = vec![false; free_a.len()];
        let mut taken_b = vec![false; free_b.len()];
        for (_, i, j) in scores {
            if let (Some(left), Some(right)) = (taken_a.get_mut(i), taken_b.get_mut(j))
                && !*left
                && !*right
                && let (Some(a), Some(b)) = (free_a.get(i), free_b.get(j))
            {
                (*left, *right) = (true, true);
                matched.pairs.push(BeforeAfter::new(*a, *b));
            }
        }
        let rest = |list: &[SchemaId], taken: &[bool]| -> Vec<SchemaId> {
            list.iter().zip(taken).filter(|(_, taken)| !**taken).map(|(id, _)| *id).collect()
        };
        matched.removed = rest(&free_a, &taken_a);
        matched.added = rest(&free_b, &taken_b);
        // The only object that went and the only one that came, with a property in common: an edited branch.
        let objects = |contract: &Contract<'_>, ids: &[SchemaId]| -> Vec<SchemaId> {
            ids.iter().copied().filter(|id| Folded::of(contract, *id).types == TypeSet::OBJECT).collect()
        };
        if let ([left], [right]) = (objects(before, &matched.removed).as_slice(), objects(after, &matched.added).as_slice()) {
            let (old, new) = (Folded::of(before, *left), Folded::of(after, *right));
            let is_tagged = |folded: &Folded<'_, '_>, contract: &Contract<'_>| tag(folded, contract).is_some();
            if old.properties.keys().any(|name| new.properties.contains_key(name))
                && !(is_tagged(&old, before) && is_tagged(&new, after))
            {
                matched.removed.retain(|id| id != left);
                matched.added.retain(|id| id != right);
                matched.pairs.push(BeforeAfter::new(*left, *right));
            }
        }
        // Branches without a type have nothing to be known by but their place.
        let untyped = |contract: &Contract<'_>, ids: &[SchemaId]| ids.iter().all(|id| contract.schema(*id).types == TypeSet::ALL);
        if matched.removed.len() == matched.added.len() && untyped(before, &matched.removed) && untyped(after, &matched.added) {
            let pairs = matched.removed.drain(..).zip(matched.added.drain(..));
            matched.pairs.extend(pairs.map(|(old, new)| BeforeAfter::new(old, new)));
        }
    } else {
        matched.removed = free_a;
        matched.added = free_b;
    }
    matched
}

/// The branch of a union that a plain schema reappears as.
pub(super) fn find_alike(
    plain_side: &Contract<'_>,
    plain: SchemaId,
    union_side: &Contract<'_>,
    branches: &[SchemaId],
) -> Option<SchemaId> {
    branches
        .iter()
        .take(MAX_COMPARED)
        .map(|branch| (likeness(plain_side, plain, union_side, *branch), *branch))
        .filter(|(score, _)| *score >= 10)
        .max_by_key(|(score, branch)| (*score, std::cmp::Reverse(*branch)))
        .map(|(_, branch)| branch)
}
