//! One form that several kinds of object share, and the forms that each of them has on the other side.
//!
//! A kind is data on the wire: the value of the property that tells forms apart. Where a form became several, or several
//! became one, each is compared with the other for the kinds that both hold, and no kind is new or gone that only moved.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::model::Direction;
use crate::openapi::{Additional, Contract, Discriminator, SchemaId, TypeSet, Value};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::equality::canonical;
use super::super::fact::Difference;
use super::super::folded::{Folded, FoldedUnion};
use super::super::kinds::{Kinds, KindsId};
use super::branches::{MatchedBranches, find_alike};
use super::comparison::SchemaComparison;
use super::describe::{describe, keyword, name_of, plain};
use super::forms::{TaggedForms, listed_in, telling_properties};

/// The kinds of one side.
struct FormKinds {
    /// By what the property says, as it is compared: several where other properties tell forms of one kind apart.
    by_value: BTreeMap<String, Vec<Kind>>,
    /// Where kinds that a side does not have would stand.
    home: SchemaId,
}

/// One kind.
struct Kind {
    value: Json,
    form: SchemaId,
    /// The schema that lists it; none where only a mapping names it.
    listed_at: Option<SchemaId>,
}

impl FormKinds {
    /// The kinds of these forms; none where a form leaves open which it is for.
    fn of(
        contract: &Contract<'_>,
        property: &str,
        forms: &[SchemaId],
        tagged: Option<&TaggedForms<'_>>,
        home: SchemaId,
    ) -> Option<Self> {
        let mut by_value: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
        for form in forms {
            let folded = Folded::of(contract, *form);
            let own: Vec<Kind> = match listed_in(contract, &folded, property) {
                Some((at, values)) => {
                    let kind = |value: &&Value| Kind { value: value.to_json(), form: *form, listed_at: Some(at) };
                    values.iter().map(kind).collect()
                }
                None => {
                    let (mapped, implied) = (tagged?.mapped_to(*form), tagged?.implied_of(*form));
                    let tags = mapped.iter().copied().chain(implied.iter().map(String::as_str));
                    tags.map(|tag| Kind { value: tag.into(), form: *form, listed_at: None }).collect()
                }
            };
            let is_object = folded.types.without(TypeSet::NULL) == TypeSet::OBJECT || folded.types == TypeSet::ALL;
            if own.is_empty() || !is_object {
                return None;
            }
            for kind in own {
                let is_every_other = kind.listed_at.is_none() && kind.value == Discriminator::EVERY_OTHER;
                if is_every_other {
                    return None;
                }
                by_value.entry(canonical(&Value::from(kind.value.clone()))).or_default().push(kind);
            }
        }
        Some(Self { by_value, home })
    }

    /// Those that the other side does not have.
    fn missing_in<'k>(&'k self, other: &'k Self) -> impl Iterator<Item = &'k Kind> {
        let missing = self.by_value.iter().filter(|(value, _)| !other.by_value.contains_key(*value));
        missing.filter_map(|(_, kinds)| kinds.first())
    }

    /// The kinds that two forms share, for each two that share one; none where several share one with several.
    fn shared(kinds: &BeforeAfter<Self>) -> Option<BTreeMap<BeforeAfter<SchemaId>, Vec<Json>>> {
        let mut shared: BTreeMap<BeforeAfter<SchemaId>, Vec<Json>> = BTreeMap::new();
        for (value, old) in &kinds.before.by_value {
            let new = kinds.after.by_value.get(value).map_or(&[][..], Vec::as_slice);
            if old.len() > 1 && new.len() > 1 {
                return None;
            }
            for (old, new) in old.iter().flat_map(|old| new.iter().map(move |new| (old, new))) {
                shared.entry(BeforeAfter::new(old.form, new.form)).or_default().push(old.value.clone());
            }
        }
        Some(shared)
    }

    /// The forms that one of the other side shares kinds with, where others are for the same kinds.
    fn rivals(&self) -> BTreeSet<SchemaId> {
        self.by_value.values().filter(|kinds| kinds.len() > 1).flatten().map(|kind| kind.form).collect()
    }
}

/// Forms of both sides that share kinds.
struct Regrouped {
    property: Arc<str>,
    kinds: BeforeAfter<FormKinds>,
    shared: BTreeMap<BeforeAfter<SchemaId>, Vec<Json>>,
    /// For each form, how many of the other side it shares kinds with.
    partners: BeforeAfter<HashMap<SchemaId, usize>>,
}

impl Regrouped {
    fn new(property: &str, kinds: BeforeAfter<FormKinds>) -> Option<Self> {
        let shared = FormKinds::shared(&kinds)?;
        let mut partners: BeforeAfter<HashMap<SchemaId, usize>> = BeforeAfter::default();
        for pair in shared.keys() {
            *partners.before.entry(pair.before).or_default() += 1;
            *partners.after.entry(pair.after).or_default() += 1;
        }
        Some(Self { property: property.into(), kinds, shared, partners })
    }

    /// Of forms for the same kinds, a receiver takes a message by any: the one that is most like the sender's is compared
    /// with it, and the others came or went beside it.
    fn leave_rivals(&mut self, contracts: BeforeAfter<&Contract<'_>>, direction: Direction) {
        let is_after = direction == Direction::ToProvider;
        let rivals = if is_after { self.kinds.after.rivals() } else { self.kinds.before.rivals() };
        let mut candidates: BTreeMap<SchemaId, Vec<SchemaId>> = BTreeMap::new();
        for pair in self.shared.keys() {
            let (one, other) = if is_after { (pair.before, pair.after) } else { (pair.after, pair.before) };
            if rivals.contains(&other) {
                candidates.entry(one).or_default().push(other);
            }
        }
        for (one, others) in candidates.into_iter().filter(|(_, others)| others.len() > 1) {
            let (plain, several) =
                if is_after { (contracts.before, contracts.after) } else { (contracts.after, contracts.before) };
            let Some(kept) = find_alike(plain, one, several, &others).or(others.first().copied()) else { continue };
            for other in others.into_iter().filter(|other| *other != kept) {
                let pair = if is_after { BeforeAfter::new(one, other) } else { BeforeAfter::new(other, one) };
                self.shared.remove(&pair);
            }
        }
    }

    /// Whether a form became several, or several became one.
    fn is_divided(partners: &HashMap<SchemaId, usize>, form: SchemaId) -> bool {
        partners.get(&form).is_some_and(|count| *count > 1)
    }

    fn is_regrouped(&self, pair: BeforeAfter<SchemaId>) -> bool {
        Self::is_divided(&self.partners.before, pair.before) || Self::is_divided(&self.partners.after, pair.after)
    }

    /// The names that the forms declare which each divided form of a side shares kinds with.
    fn declared(
        &self,
        contracts: BeforeAfter<&Contract<'_>>,
        pairs: &[BeforeAfter<SchemaId>],
    ) -> BeforeAfter<HashMap<SchemaId, Arc<BTreeSet<String>>>> {
        let mut names: BeforeAfter<HashMap<SchemaId, BTreeSet<String>>> = BeforeAfter::default();
        let of = |contract, form| Folded::of(contract, form).properties.into_keys().map(str::to_owned).collect::<Vec<_>>();
        for pair in pairs {
            if Self::is_divided(&self.partners.before, pair.before) {
                names.after.entry(pair.before).or_default().extend(of(contracts.after, pair.after));
            }
            if Self::is_divided(&self.partners.after, pair.after) {
                names.before.entry(pair.after).or_default().extend(of(contracts.before, pair.before));
            }
        }
        names.map(|names| names.into_iter().map(|(form, names)| (form, Arc::new(names))).collect())
    }
}

/// The properties that tell the forms of a union apart.
fn dividing(contract: &Contract<'_>, union: &FoldedUnion<'_, '_>) -> Vec<String> {
    match union.discriminator {
        Some(word) => vec![word.value.property.to_owned()],
        None => telling_properties(contract, &union.branches).into_iter().map(str::to_owned).collect(),
    }
}

impl<'c, 'd> SchemaComparison<'_, 'c, 'd> {
    /// An object of several kinds that became a form for each, or the reverse. False where it is none.
    pub(super) fn divided(&mut self) -> bool {
        // Kinds are told apart once: what stands within one of them is compared as it is.
        if self.common.is_some() || self.kinds.is_some() {
            return false;
        }
        let (before, after) = (self.walk.before, self.walk.after);
        let is_whole =
            |folded: &Folded<'_, '_>| folded.types.without(TypeSet::NULL) == TypeSet::OBJECT && folded.discriminators.is_empty();
        let (grew, union) = match (self.before.unions.as_slice(), self.after.unions.as_slice()) {
            ([], [_]) if is_whole(&self.before) => (true, self.after.unions.pop()),
            ([_], []) if is_whole(&self.after) => (false, self.before.unions.pop()),
            _ => return false,
        };
        let Some(union) = union else { return false };
        let Some(mut regrouped) = self.regrouped_with(grew, &union) else {
            let unions = if grew { &mut self.after.unions } else { &mut self.before.unions };
            unions.push(union);
            return false;
        };
        regrouped.leave_rivals(BeforeAfter::new(before, after), self.direction);
        let (plain, folded) = if grew { (self.before.id, &self.before) } else { (self.after.id, &self.after) };
        let required = folded.required.contains_key(&*regrouped.property);
        let null = folded.types.contains(TypeSet::NULL);
        self.nullability(if grew { BeforeAfter::new(null, union.null) } else { BeforeAfter::new(union.null, null) }, self.ids());
        let at = if grew { BeforeAfter::new(plain, union.at) } else { BeforeAfter::new(union.at, plain) };
        if !required {
            let kind = if grew { ChangeKind::PropertyBecameRequired } else { ChangeKind::PropertyBecameOptional };
            let evidence = Evidence { was_required: !grew, is_required: grew, ..Evidence::default() };
            let both = BeforeAfter::new(Some(true.into()), Some(true.into()));
            self.state(Difference::new(kind).about(&*regrouped.property).values(both).evidence(evidence), at, "");
        }
        let side = if grew { after } else { before };
        let partners = if grew { &regrouped.partners.after } else { &regrouped.partners.before };
        let met: BTreeSet<SchemaId> = regrouped.shared.keys().map(|pair| if grew { pair.after } else { pair.before }).collect();
        for branch in union.branches.iter().filter(|branch| !met.contains(branch)) {
            let value = describe(side, *branch);
            let kind = if grew { ChangeKind::VariantAdded } else { ChangeKind::VariantRemoved };
            let evidence = Evidence { discriminated: required && !partners.contains_key(branch), ..Evidence::default() };
            let fact = Difference::new(kind).alternative(*branch).about(name_of(&value)).evidence(evidence);
            let fact = if grew { fact.after(value) } else { fact.before(value) };
            self.state(fact, at, keyword(&union));
        }
        let common = self.ids();
        for (schemas, kinds) in self.kinds_of(&regrouped) {
            self.walk.of_kinds(self.node, schemas, Some(common), kinds);
        }
        true
    }

    fn regrouped_with(&self, grew: bool, union: &FoldedUnion<'c, 'd>) -> Option<Regrouped> {
        let ids = self.ids();
        let (one, other) = if grew { (self.walk.before, self.walk.after) } else { (self.walk.after, self.walk.before) };
        let plain = if grew { ids.before } else { ids.after };
        let tagged = union.discriminator.map(|word| TaggedForms::of_union(other, word.value, union));
        dividing(other, union).iter().find_map(|property| {
            let (home, _) = listed_in(one, &Folded::of(one, plain), property)?;
            let whole = FormKinds::of(one, property, &[plain], None, home)?;
            let parts = FormKinds::of(other, property, &union.branches, tagged.as_ref(), union.at)?;
            let kinds = if grew { BeforeAfter::new(whole, parts) } else { BeforeAfter::new(parts, whole) };
            Regrouped::new(property, kinds).filter(|found| found.shared.len() > 1)
        })
    }

    /// Takes the forms out of those to be matched that became several, or one of several. Returns them with their kinds.
    pub(super) fn regroup(
        &mut self,
        unions: BeforeAfter<&FoldedUnion<'c, 'd>>,
        tagged: Option<&BeforeAfter<TaggedForms<'d>>>,
        matched: &mut MatchedBranches,
    ) -> Vec<(BeforeAfter<SchemaId>, KindsId)> {
        // Where each form is still there under its name, nothing is to be looked for.
        let mut placed = MatchedBranches::of(&matched.removed, &matched.added);
        placed.by_place(BeforeAfter::new(self.walk.before, self.walk.after));
        if self.kinds.is_some() || (placed.removed.is_empty() && placed.added.is_empty()) {
            return Vec::new();
        }
        let (before, after) = (self.walk.before, self.walk.after);
        let names = BeforeAfter::new(dividing(before, unions.before), dividing(after, unions.after));
        let found = names.before.iter().filter(|name| names.after.contains(name)).find_map(|property| {
            let BeforeAfter { before: old, after: new } = unions;
            let kinds = BeforeAfter {
                before: FormKinds::of(before, property, &old.branches, tagged.map(|tagged| &tagged.before), old.at)?,
                after: FormKinds::of(after, property, &new.branches, tagged.map(|tagged| &tagged.after), new.at)?,
            };
            Regrouped::new(property, kinds)
        });
        let Some(mut regrouped) = found else { return Vec::new() };
        regrouped.leave_rivals(BeforeAfter::new(before, after), self.direction);
        let found = self.kinds_of(&regrouped);
        let (old, new): (BTreeSet<SchemaId>, BTreeSet<SchemaId>) =
            found.iter().map(|(BeforeAfter { before, after }, _)| (*before, *after)).unzip();
        matched.removed.retain(|form| !old.contains(form));
        matched.added.retain(|form| !new.contains(form));
        let (old, new): (BTreeSet<SchemaId>, BTreeSet<SchemaId>) =
            regrouped.shared.keys().map(|BeforeAfter { before, after }| (*before, *after)).unzip();
        let left = |partners: &HashMap<SchemaId, usize>, met: &BTreeSet<SchemaId>| {
            partners.keys().filter(|form| !met.contains(form)).copied().collect()
        };
        matched.rivals = BeforeAfter::new(left(&regrouped.partners.before, &old), left(&regrouped.partners.after, &new));
        found
    }

    /// Every two forms of which one became several or several became one, with the kinds that both hold; kinds that only
    /// one side has are stated.
    fn kinds_of(&mut self, regrouped: &Regrouped) -> Vec<(BeforeAfter<SchemaId>, KindsId)> {
        let Regrouped { property, kinds, shared, partners: _ } = regrouped;
        let contracts = BeforeAfter::new(self.walk.before, self.walk.after);
        let mut pairs = Vec::new();
        for pair in shared.keys().filter(|pair| regrouped.is_regrouped(**pair)) {
            // One large form may be compared with many.
            let parts = |contract, form| Folded::of(contract, form).properties.len() + 1;
            if !self.walk.affords(parts(contracts.before, pair.before) + parts(contracts.after, pair.after)) {
                break;
            }
            pairs.push(*pair);
        }
        if pairs.is_empty() {
            return Vec::new();
        }
        let declared = regrouped.declared(contracts, &pairs);
        let mut found = Vec::new();
        for pair in pairs {
            let values = shared.get(&pair).cloned().unwrap_or_default();
            let declared = BeforeAfter {
                before: declared.before.get(&pair.after).cloned(),
                after: declared.after.get(&pair.before).cloned(),
            };
            let kinds = Kinds { property: Arc::clone(property), values, declared };
            found.push((pair, self.walk.register_kinds(kinds)));
        }
        let (old, new): (BTreeSet<SchemaId>, BTreeSet<SchemaId>) =
            found.iter().map(|(BeforeAfter { before, after }, _)| (*before, *after)).unzip();
        self.walk.divide_by(self.node, property);
        let gone = kinds.before.missing_in(&kinds.after).filter(|kind| old.contains(&kind.form));
        for (Kind { value, .. }, at) in gone.filter_map(|kind| Some((kind, kind.listed_at?))) {
            let fact = Difference::new(ChangeKind::EnumValueRemoved).about(plain(&Value::from(value.clone())));
            self.state(fact.before(value.clone()), BeforeAfter::new(at, kinds.after.home), "enum");
        }
        // The provider declared the set open: growth is no news.
        let is_open = self.direction == Direction::FromProvider && Folded::of(self.walk.before, kinds.before.home).extensible;
        let came = kinds.after.missing_in(&kinds.before).filter(|kind| new.contains(&kind.form) && !is_open);
        for (Kind { value, .. }, at) in came.filter_map(|kind| Some((kind, kind.listed_at?))) {
            let fact = Difference::new(ChangeKind::EnumValueAdded).about(plain(&Value::from(value.clone())));
            self.state(fact.after(value.clone()), BeforeAfter::new(kinds.before.home, at), "enum");
        }
        found
    }

    /// Leaves out what these forms say of the property that tells their kinds apart: which kinds there are is told of all
    /// forms together, and no kind is null.
    pub(super) fn for_kinds(&mut self, kinds: &Kinds) {
        for folded in [&mut self.before, &mut self.after] {
            folded.properties.remove(&*kinds.property);
            folded.required.remove(&*kinds.property);
            folded.types = folded.types.without(TypeSet::NULL);
        }
    }

    /// Whether a property that one form lacks is declared by another form of the same object, so that it came or went only
    /// for some of its kinds, where nobody is held to it.
    pub(super) fn is_for_other_kinds(&self, name: &str, is_gone: bool) -> bool {
        let Some(kinds) = &self.kinds else { return false };
        let (declared, lacking) =
            if is_gone { (&kinds.declared.after, &self.after) } else { (&kinds.declared.before, &self.before) };
        let is_optional = !self.before.required.contains_key(name) && !self.after.required.contains_key(name);
        // A receiver that lacks the name may refuse it.
        let is_sender = is_gone == (self.direction == Direction::FromProvider);
        let is_free = is_sender || (lacking.additional.value == Additional::Open && lacking.constraints.is_empty());
        is_optional && is_free && declared.as_ref().is_some_and(|names| names.contains(name))
    }
}
