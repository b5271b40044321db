//! Facts about discriminators: the property that tells forms apart, its values, and the heirs of a base.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::openapi::{Contract, Discriminator, SchemaId, implied_tag};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence};
use super::super::equivalence::Alike;
use super::super::fact::Difference;
use super::super::folded::{Folded, FromSchema};
use super::branches::{BranchSide, MatchedBranches, SURELY_ALIKE};
use super::comparison::SchemaComparison;
use super::forms::{Form, TagTarget, TaggedForms, listed_values, telling_property};

/// Values that are compared to tell whether two targets of a mapping mean the same.
const MOST_MAPPED: usize = 20_000;

/// Whether a document has a schema of this name.
fn is_component(contract: &Contract<'_>, name: &str) -> bool {
    let schemas = contract.root.get("components").and_then(|components| components.get("schemas"));
    schemas.or_else(|| contract.root.get("definitions")).is_some_and(|schemas| schemas.get(name).is_some())
}

/// A discriminator where it stands, with the forms that it tells apart.
pub(super) struct ToldApart<'c, 'd> {
    pub(super) discriminator: FromSchema<&'c Discriminator<'d>>,
    pub(super) forms: Vec<Form>,
}

impl<'c, 'd> ToldApart<'c, 'd> {
    /// A base that others take in, or a list of one alternative.
    fn of(contract: &Contract<'_>, discriminator: FromSchema<&'c Discriminator<'d>>) -> Self {
        let listed = contract.schema(discriminator.at).unions.iter().flat_map(|union| &union.branches);
        let listed: Vec<Form> = listed.map(|id| Form::alone(contract, *id)).collect();
        let forms = if listed.is_empty() { Form::heirs(contract, discriminator.at) } else { listed };
        Self { discriminator, forms }
    }

    /// Whether the alternatives of a list say by themselves all that their tags say: each lists the values of the
    /// property, and these lead to no other.
    fn is_said_by_forms(&self, contract: &Contract<'d>) -> bool {
        let FromSchema { value: Discriminator { property, .. }, at } = self.discriminator;
        let is_list = !contract.schema(at).unions.is_empty();
        if !is_list || telling_property(contract, &self.ids()) != Some(*property) {
            return false;
        }
        let tagged = self.tagged(contract);
        self.forms.iter().all(|Form { id, .. }| {
            let leads_here = |tag: &String| tagged.is_called(*id, tag) || tagged.mapped_to(*id).contains(&tag.as_str());
            tagged.lists_tags(*id) || listed_values(contract, *id, property).is_some_and(|listed| listed.iter().all(leads_here))
        })
    }

    /// The forms with their tags.
    pub(super) fn tagged(&self, contract: &Contract<'d>) -> TaggedForms<'d> {
        TaggedForms::new(contract, self.discriminator.value, &self.forms)
    }

    fn ids(&self) -> Vec<SchemaId> {
        self.forms.iter().map(|form| form.id).collect()
    }
}

impl<'d> SchemaComparison<'_, '_, 'd> {
    /// The discriminators of bases and of lists of one alternative, and the heirs that are alternatives though nobody
    /// lists them.
    pub(super) fn discriminators(&mut self) {
        let (left, right) = (std::mem::take(&mut self.before.discriminators), std::mem::take(&mut self.after.discriminators));
        let (before, after) = (self.walk.before, self.walk.after);
        let mut left = left.into_iter().map(|word| ToldApart::of(before, word));
        let mut right = right.into_iter().map(|word| ToldApart::of(after, word));
        loop {
            match (left.next(), right.next()) {
                (Some(old), Some(new)) => {
                    let tagged = BeforeAfter::new(old.tagged(before), new.tagged(after));
                    let matched = self.match_heirs(&old, &new, &tagged);
                    let is_list = |contract: &Contract<'_>, at: SchemaId| !contract.schema(at).unions.is_empty();
                    if !is_list(before, old.discriminator.at) && !is_list(after, new.discriminator.at) {
                        self.heirs(&old, &new, &matched);
                    }
                    self.tags(BeforeAfter::new(&old, &new), tagged.as_ref(), &matched);
                }
                // Alternatives that came or went took with them what told them apart.
                (old, new) if self.had_unions == self.has_unions && (old.is_some() || new.is_some()) => {
                    self.discriminator_on_one_side(BeforeAfter::new(old.as_ref(), new.as_ref()));
                }
                (None, None) => return,
                _ => {}
            }
        }
    }

    /// A discriminator that came or went, where the forms do not say the same by themselves.
    pub(super) fn discriminator_on_one_side(&mut self, told: BeforeAfter<Option<&ToldApart<'_, 'd>>>) {
        let is_said = |told: Option<&ToldApart<'_, 'd>>, contract| told.is_some_and(|told| told.is_said_by_forms(contract));
        if is_said(told.before, self.walk.before) || is_said(told.after, self.walk.after) {
            return;
        }
        let words = told.map(|told| told.map(|told| told.discriminator));
        let ids = self.ids();
        let (kind, property, at) = match (words.before, words.after) {
            (None, Some(new)) => (ChangeKind::DiscriminatorAdded, new.value.property, BeforeAfter::new(ids.before, new.at)),
            (Some(old), None) => (ChangeKind::DiscriminatorRemoved, old.value.property, BeforeAfter::new(old.at, ids.after)),
            _ => return,
        };
        let value = words.map(|word| word.map(|word| json!(word.value.property)));
        self.state(Difference::new(kind).about(property).values(value), at, "discriminator");
    }

    /// Which heir became which: by its name, by its tag, and then by what it adds to the base.
    fn match_heirs(
        &self,
        old: &ToldApart<'_, 'd>,
        new: &ToldApart<'_, 'd>,
        tagged: &BeforeAfter<TaggedForms<'d>>,
    ) -> MatchedBranches {
        let (before, after) = (self.walk.before, self.walk.after);
        let mut matched = MatchedBranches::of(&old.ids(), &new.ids());
        matched.by_place(BeforeAfter::new(before, after));
        matched.by_tag(tagged.as_ref());
        // Those that are still there, with the base written out instead of referred to.
        let stays = |forms: &TaggedForms<'_>, other: &Contract<'_>, id: SchemaId| {
            forms.name_of(id).is_some_and(|name| is_component(other, name))
        };
        matched.removed.retain(|id| !stays(&tagged.before, after, *id));
        matched.added.retain(|id| !stays(&tagged.after, before, *id));
        let side = |contract, base: SchemaId| BranchSide {
            ignored: Folded::of(contract, base).properties.into_keys().collect(),
            ..BranchSide::of(contract)
        };
        let sides = BeforeAfter::new(side(before, old.discriminator.at), side(after, new.discriminator.at));
        matched.by_likeness(&sides, |a, b| likeness_needed(tagged.as_ref(), a, b));
        matched
    }

    /// Heirs that went and came; those that stayed are compared.
    fn heirs(&mut self, old: &ToldApart<'_, 'd>, new: &ToldApart<'_, 'd>, matched: &MatchedBranches) {
        let at = BeforeAfter::new(old.discriminator.at, new.discriminator.at);
        let evidence = Evidence { discriminated: true, ..Evidence::default() };
        let named = |told: &ToldApart<'_, '_>, ids: &[SchemaId]| -> Vec<String> {
            let ids: BTreeSet<SchemaId> = ids.iter().copied().collect();
            told.forms.iter().filter(|form| ids.contains(&form.id)).filter_map(|form| form.name.clone()).collect()
        };
        for name in named(old, &matched.removed) {
            let value = json!(name);
            let fact = Difference::new(ChangeKind::VariantRemoved).about(name).before(value).evidence(evidence);
            self.state(fact, at, "discriminator");
        }
        for name in named(new, &matched.added) {
            let value = json!(name);
            let fact = Difference::new(ChangeKind::VariantAdded).about(name).after(value).evidence(evidence);
            self.state(fact, at, "discriminator");
        }
        for pair in &matched.pairs {
            self.walk.heir(self.node, *pair);
        }
    }

    /// The property itself, and what its values stand for. Tag values are data on the wire: one that stands for the same
    /// form under another word is renamed.
    pub(super) fn tags(
        &mut self,
        told: BeforeAfter<&ToldApart<'_, 'd>>,
        forms: BeforeAfter<&TaggedForms<'d>>,
        matched: &MatchedBranches,
    ) {
        let at = told.map(|told| told.discriminator.at);
        let property = told.map(|told| told.discriminator.value.property);
        if property.before != property.after {
            let values = property.map(|name| Some(json!(name)));
            let fact = Difference::new(ChangeKind::DiscriminatorPropertyChanged).about(property.before).values(values);
            self.state(fact, at, "discriminator");
        }
        let pairs: BTreeSet<BeforeAfter<SchemaId>> = matched.pairs.iter().copied().collect();
        let tags = forms.map(TaggedForms::all_tags);
        for (tag, old) in &tags.before {
            let Some(new) = tags.after.get(tag) else { continue };
            let targets = BeforeAfter::new(*old, *new);
            if !self.is_same_target(targets, &pairs) {
                let values = targets.map(|target| Some(json!(implied_tag(target.written))));
                let fact = Difference::new(ChangeKind::DiscriminatorMappingChanged).about(*tag).values(values);
                self.state(fact, at, "discriminator");
            }
        }
        // A tag that came or went with its form has been reported with the form.
        let mut lost = left_over(forms.before, &tags.after, &matched.removed);
        let mut fresh = left_over(forms.after, &tags.before, &matched.added);
        for pair in &matched.pairs {
            let gone = lost.remove(&TagHolder::Form(pair.before)).unwrap_or_default();
            let came = fresh.remove(&TagHolder::Form(pair.after)).unwrap_or_default();
            // The name of a form is understood without being written out (OpenAPI 3.1 section 4.8.25).
            let gone = gone.into_iter().filter(|tag| !forms.after.is_called(pair.after, tag)).collect();
            let came = came.into_iter().filter(|tag| !forms.before.is_called(pair.before, tag)).collect();
            self.tags_of_one(at, &BeforeAfter::new(gone, came), forms.after.implied_of(pair.after).first());
            if let Some(BeforeAfter { before: from, after: to }) = renamed_without_mapping(forms, *pair) {
                self.tag_renamed(at, from, to);
            }
        }
        for (holder, gone) in lost {
            // Forms of the two sides have numbers of their own.
            let came = matches!(holder, TagHolder::Other(_)).then(|| fresh.remove(&holder)).flatten().unwrap_or_default();
            self.tags_of_one(at, &BeforeAfter::new(gone, came), None);
        }
        for came in fresh.into_values() {
            self.tags_of_one(at, &BeforeAfter::new(Vec::new(), came), None);
        }
    }

    /// The tags of one form that went and came. `name` is what it goes by where the mapping has no tag for it any more.
    fn tags_of_one(&mut self, at: BeforeAfter<SchemaId>, tags: &BeforeAfter<Vec<&str>>, name: Option<&String>) {
        let is_tag = |tag: &str| tag != Discriminator::EVERY_OTHER;
        match (tags.before.as_slice(), tags.after.as_slice()) {
            ([from], [to]) if is_tag(from) && is_tag(to) => return self.tag_renamed(at, from, to),
            _ => {}
        }
        for tag in &tags.before {
            if let Some(name) = name.filter(|_| tags.after.is_empty() && is_tag(tag)) {
                self.tag_renamed(at, tag, name);
                continue;
            }
            let fact = Difference::new(ChangeKind::DiscriminatorMappingRemoved).about(*tag).before(json!(tag));
            self.state(fact, at, "discriminator");
        }
        for tag in &tags.after {
            let fact = Difference::new(ChangeKind::DiscriminatorMappingAdded).about(*tag).after(json!(tag));
            self.state(fact, at, "discriminator");
        }
    }

    fn tag_renamed(&mut self, at: BeforeAfter<SchemaId>, from: &str, to: &str) {
        let values = BeforeAfter::new(Some(json!(from)), Some(json!(to)));
        let fact = Difference::new(ChangeKind::DiscriminatorMappingRenamed).about(from).values(values);
        self.state(fact, at, "discriminator");
    }

    /// Whether a tag leads to the same form on both sides, or to one that means the same.
    fn is_same_target(&mut self, targets: BeforeAfter<TagTarget<'_, 'd>>, pairs: &BTreeSet<BeforeAfter<SchemaId>>) -> bool {
        let BeforeAfter { before: old, after: new } = targets;
        if let (Some(before), Some(after)) = (old.form, new.form)
            && pairs.contains(&BeforeAfter::new(before, after))
        {
            return true;
        }
        let is_one_name = implied_tag(old.written) == implied_tag(new.written);
        // One name: forms that are no pair went and came, and are told so; what became several forms is told by them.
        if is_one_name && old.schema.is_some() && new.schema.is_some() {
            return true;
        }
        let is_listed = old.form.is_some() || new.form.is_some();
        match (old.schema, new.schema) {
            (Some(a), Some(b)) if is_listed || !is_one_name => self.walk.same_meaning(a, b, MOST_MAPPED) == Alike::Same,
            _ => is_one_name,
        }
    }
}

/// How alike two forms must be to count as one: where tags are known that differ, they are two.
pub(super) fn likeness_needed(forms: BeforeAfter<&TaggedForms<'_>>, old: SchemaId, new: SchemaId) -> u32 {
    let is_named = |forms: &TaggedForms<'_>, id| forms.mapped_to(id).is_empty() && !forms.lists_tags(id);
    if is_named(forms.before, old) && is_named(forms.after, new) { 1 } else { SURELY_ALIKE }
}

/// Two names of one form that nobody mapped: a form is known by the name of its component, and renaming that changes the
/// wire. Where the form lists the values of its tag itself, these are compared as any other.
fn renamed_without_mapping<'f>(
    forms: BeforeAfter<&'f TaggedForms<'_>>,
    pair: BeforeAfter<SchemaId>,
) -> Option<BeforeAfter<&'f str>> {
    let (old, new) = (forms.before.implied_of(pair.before), forms.after.implied_of(pair.after));
    let is_listed = forms.before.lists_tags(pair.before) || forms.after.lists_tags(pair.after);
    match (old, new) {
        ([from, ..], [to, ..]) if !is_listed && !new.contains(from) => Some(BeforeAfter::new(from, to)),
        _ => None,
    }
}

/// What a tag leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum TagHolder {
    /// One of the forms that a message may have.
    Form(SchemaId),
    /// Something else, by its name.
    Other(String),
}

/// Tags of the mapping that lead nowhere on the other side, by what they lead to. Tags of the forms `reported` are left
/// out.
fn left_over<'d>(
    forms: &TaggedForms<'d>,
    others: &BTreeMap<&str, TagTarget<'_, '_>>,
    reported: &[SchemaId],
) -> BTreeMap<TagHolder, Vec<&'d str>> {
    let reported: BTreeSet<&SchemaId> = reported.iter().collect();
    let mut left: BTreeMap<TagHolder, Vec<&'d str>> = BTreeMap::new();
    for (tag, target) in forms.mapped() {
        if !others.contains_key(tag) && !target.form.as_ref().is_some_and(|form| reported.contains(form)) {
            let other = || TagHolder::Other(implied_tag(target.written).into_owned());
            left.entry(target.form.map_or_else(other, TagHolder::Form)).or_default().push(tag);
        }
    }
    left
}
