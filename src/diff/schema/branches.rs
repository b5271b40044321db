//! Which branch of a union became which: unions have no names, so branches are matched by content.

use std::collections::{BTreeSet, HashMap};

use crate::openapi::{Contract, SchemaId, TypeSet, Value};

use super::super::before_after::BeforeAfter;
use super::super::equality::same;
use super::super::folded::Folded;
use super::describe::component_name;

/// One side of a union whose branches are looked for on the other side.
pub(super) struct BranchSide<'c, 'd> {
    pub(super) contract: &'c Contract<'d>,
    /// What stands beside all branches, where it counts as a part of each.
    pub(super) common: Option<SchemaId>,
    /// Properties that tell nothing, since every branch has them.
    pub(super) ignored: BTreeSet<&'d str>,
}

impl<'c, 'd> BranchSide<'c, 'd> {
    pub(super) const fn of(contract: &'c Contract<'d>) -> Self {
        Self { contract, common: None, ignored: BTreeSet::new() }
    }
}

/// What a branch is known by.
struct BranchTraits<'c, 'd> {
    id: SchemaId,
    value: &'d Value,
    /// Where it stands, if it is a component.
    component: Option<String>,
    title: Option<&'d str>,
    /// The property that can have one value only, and that value.
    tag: Option<(&'d str, String)>,
    folded: Folded<'c, 'd>,
}

impl<'c, 'd> BranchTraits<'c, 'd> {
    fn of(side: &BranchSide<'c, 'd>, id: SchemaId) -> Self {
        let schema = side.contract.schema(id);
        let mut folded = Folded::together(side.contract, id, side.common);
        let tag = tag(&folded, side.contract);
        folded.properties.retain(|name, _| !side.ignored.contains(name));
        folded.required.retain(|name, _| !side.ignored.contains(name));
        Self {
            id,
            value: schema.value,
            component: component_name(side.contract, id),
            title: schema.value.get("title").and_then(Value::as_str),
            tag,
            folded,
        }
    }

    /// How alike two branches are; 0 is not at all.
    fn likeness(&self, other: &Self) -> u32 {
        if self.id == other.id && self.id.is_constant() {
            return 100;
        }
        if same(self.value, other.value) && !self.value.is_null() {
            return 100;
        }
        if self.component.is_some() && self.component == other.component {
            return 90;
        }
        if self.title.is_some() && self.title == other.title {
            return 80;
        }
        match (&self.tag, &other.tag) {
            (Some(a), Some(b)) if a == b => return 70,
            (Some(a), Some(b)) if a.0 == b.0 => return 0,
            _ => {}
        }
        let (left, right) = (&self.folded, &other.folded);
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
}

/// From here on branches are the same by what they are called or all they say.
pub(super) const SURELY_ALIKE: u32 = 80;

fn tag<'d>(folded: &Folded<'_, 'd>, contract: &Contract<'_>) -> Option<(&'d str, String)> {
    folded.properties.iter().find_map(|(name, property)| {
        let values = property.schemas.first().and_then(|id| contract.schema(*id).enumeration.clone())?;
        let [only] = values.as_slice() else { return None };
        Some((*name, only.to_string()))
    })
}

/// What became of the branches of a union.
#[derive(Debug, Default)]
pub(super) struct MatchedBranches {
    pub(super) pairs: Vec<BeforeAfter<SchemaId>>,
    pub(super) removed: Vec<SchemaId>,
    pub(super) added: Vec<SchemaId>,
    /// Those that came or went beside others for the same kinds: no tag tells them apart.
    pub(super) rivals: BeforeAfter<BTreeSet<SchemaId>>,
}

/// Matches branches, most alike first. More branches than this are matched by place only.
const MAX_COMPARED: usize = 64;

impl MatchedBranches {
    /// Nothing matched yet.
    pub(super) fn of(before: &[SchemaId], after: &[SchemaId]) -> Self {
        Self { removed: before.to_vec(), added: after.to_vec(), ..Self::default() }
    }

    /// References to one component are the common case and need no comparing.
    pub(super) fn by_place(&mut self, contracts: BeforeAfter<&Contract<'_>>) {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, id) in self.added.iter().enumerate().rev() {
            if let Some(name) = component_name(contracts.after, *id) {
                places.entry(name).or_default().push(at);
            }
        }
        let mut taken = BTreeSet::new();
        let (pairs, added) = (&mut self.pairs, &self.added);
        self.removed.retain(|id| {
            let name = component_name(contracts.before, *id);
            let Some(at) = name.and_then(|name| places.get_mut(&name)?.pop()) else { return true };
            let Some(other) = added.get(at) else { return true };
            taken.insert(at);
            pairs.push(BeforeAfter::new(*id, *other));
            false
        });
        self.added = self.added.iter().enumerate().filter(|(at, _)| !taken.contains(at)).map(|(_, id)| *id).collect();
    }

    /// Pairs what is most alike, as long as it is as alike as `least` asks of two branches.
    pub(super) fn by_likeness(&mut self, sides: &BeforeAfter<BranchSide<'_, '_>>, least: impl Fn(SchemaId, SchemaId) -> u32) {
        if self.removed.is_empty() || self.added.is_empty() {
            return;
        }
        if self.removed.len() > MAX_COMPARED || self.added.len() > MAX_COMPARED {
            return;
        }
        let left: Vec<BranchTraits<'_, '_>> = self.removed.iter().map(|id| BranchTraits::of(&sides.before, *id)).collect();
        let right: Vec<BranchTraits<'_, '_>> = self.added.iter().map(|id| BranchTraits::of(&sides.after, *id)).collect();
        let mut scores: Vec<(u32, usize, usize)> = Vec::new();
        for (i, old) in left.iter().enumerate() {
            for (j, new) in right.iter().enumerate() {
                let score = old.likeness(new);
                if score > 0 && score >= least(old.id, new.id) {
                    scores.push((score, i, j));
                }
            }
        }
        scores.sort_by(|x, y| y.0.cmp(&x.0).then(x.1.cmp(&y.1)).then(x.2.cmp(&y.2)));
        let (mut gone, mut fresh): (Vec<_>, Vec<_>) = (left.iter().map(Some).collect(), right.iter().map(Some).collect());
        for (_, i, j) in scores {
            if let (Some(old), Some(new)) = (gone.get_mut(i), fresh.get_mut(j))
                && let (Some(a), Some(b)) = (*old, *new)
            {
                (*old, *new) = (None, None);
                self.pairs.push(BeforeAfter::new(a.id, b.id));
            }
        }
        let (mut gone, mut fresh): (Vec<_>, Vec<_>) =
            (gone.into_iter().flatten().collect(), fresh.into_iter().flatten().collect());
        // The only object that went and the only one that came, with a property in common: an edited branch.
        let is_object = |branch: &&&BranchTraits<'_, '_>| branch.folded.types == TypeSet::OBJECT;
        let objects = |list: &[&BranchTraits<'_, '_>]| list.iter().filter(is_object).count();
        if objects(&gone) == 1
            && objects(&fresh) == 1
            && let (Some(old), Some(new)) = (gone.iter().find(is_object).copied(), fresh.iter().find(is_object).copied())
            && old.folded.properties.keys().any(|name| new.folded.properties.contains_key(name))
            && !(old.tag.is_some() && new.tag.is_some())
            && least(old.id, new.id) <= 1
        {
            self.pairs.push(BeforeAfter::new(old.id, new.id));
            gone.retain(|branch| branch.id != old.id);
            fresh.retain(|branch| branch.id != new.id);
        }
        self.removed = gone.iter().map(|branch| branch.id).collect();
        self.added = fresh.iter().map(|branch| branch.id).collect();
        // Branches without a type have nothing to be known by but their place, unless tags tell them apart.
        let untyped = |contract: &Contract<'_>, ids: &[SchemaId]| ids.iter().all(|id| contract.schema(*id).types == TypeSet::ALL);
        if self.removed.len() == self.added.len()
            && sides.before.ignored.is_empty()
            && untyped(sides.before.contract, &self.removed)
            && untyped(sides.after.contract, &self.added)
        {
            let pairs = self.removed.drain(..).zip(self.added.drain(..));
            self.pairs.extend(pairs.map(|(old, new)| BeforeAfter::new(old, new)));
        }
    }
}

/// The branch of a union that a plain schema reappears as.
pub(super) fn find_alike(
    plain_side: &Contract<'_>,
    plain: SchemaId,
    union_side: &Contract<'_>,
    branches: &[SchemaId],
) -> Option<SchemaId> {
    let plain = BranchTraits::of(&BranchSide::of(plain_side), plain);
    let side = BranchSide::of(union_side);
    branches
        .iter()
        .take(MAX_COMPARED)
        .map(|branch| (plain.likeness(&BranchTraits::of(&side, *branch)), *branch))
        .filter(|(score, _)| *score >= 10)
        .max_by_key(|(score, branch)| (*score, std::cmp::Reverse(*branch)))
        .map(|(_, branch)| branch)
}
