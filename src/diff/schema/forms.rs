//! The forms a message may have where a tag tells them apart, and which form before became which.
//!
//! A tag is data on the wire, the name of a schema is not: forms are the same where the same tag leads to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::openapi::{Contract, Discriminator, MappedForms, SchemaId, TypeSet, Value, form_behind, implied_tag, own_tag};

use super::super::before_after::BeforeAfter;
use super::super::folded::{Folded, FoldedUnion};
use super::branches::MatchedBranches;
use super::describe::{component_name, plain};

/// One form, and what it is called where a reference leads to it.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) id: SchemaId,
    pub(super) name: Option<String>,
}

impl Form {
    /// The alternatives of a union.
    pub(super) fn of_union(union: &FoldedUnion<'_, '_>) -> Vec<Self> {
        let forms = union.branches.iter().zip(&union.names);
        forms.map(|(id, name)| Self { id: *id, name: name.map(|name| implied_tag(name).into_owned()) }).collect()
    }

    /// The components that take a base in.
    pub(super) fn heirs(contract: &Contract<'_>, base: SchemaId) -> Vec<Self> {
        let heirs = contract.subtypes.get(&base).into_iter().flatten();
        heirs.map(|(name, id)| Self { id: *id, name: Some((*name).to_owned()) }).collect()
    }

    /// A schema by itself.
    pub(super) fn alone(contract: &Contract<'_>, id: SchemaId) -> Self {
        Self { id, name: component_name(contract, id) }
    }
}

/// What a tag stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct TagTarget<'f, 'd> {
    /// As written; for a form that nobody mapped, the tag itself.
    pub(super) written: &'f str,
    /// The schema that it leads to.
    pub(super) schema: Option<&'d Value>,
    /// The form that this schema is; none where it is not one of those that a message may have here.
    pub(super) form: Option<SchemaId>,
}

/// The forms of one side, and their tags.
#[derive(Debug, Default)]
pub(super) struct TaggedForms<'d> {
    /// What the mapping says, by tag.
    mapped: BTreeMap<&'d str, TagTarget<'d, 'd>>,
    /// Tags of the mapping, by form.
    tags: HashMap<SchemaId, Vec<&'d str>>,
    /// The names that forms without a mapping go by.
    implied: HashMap<SchemaId, Vec<String>>,
    /// Forms without a mapping that list the values of their tag themselves.
    listing: BTreeSet<SchemaId>,
    /// Names of components, by form.
    names: HashMap<SchemaId, String>,
    /// The schema that says what a form is.
    schemas: HashMap<SchemaId, &'d Value>,
}

impl<'d> TaggedForms<'d> {
    pub(super) fn new(contract: &Contract<'d>, discriminator: &Discriminator<'d>, forms: &[Form]) -> Self {
        let mut tagged = Self::default();
        let mut places: HashMap<*const Value, SchemaId> = HashMap::new();
        for form in forms {
            let schema = form_behind(contract.root, contract.dialect, contract.schema(form.id).value);
            places.insert(std::ptr::from_ref(schema), form.id);
            tagged.schemas.insert(form.id, schema);
            tagged.names.extend(form.name.clone().map(|name| (form.id, name)));
        }
        let mut targets = MappedForms::of(contract.root, contract.dialect);
        for (tag, written) in &discriminator.mapping {
            let schema = targets.target(written);
            let form = schema.and_then(|schema| places.get(&std::ptr::from_ref(schema)).copied());
            tagged.mapped.insert(tag, TagTarget { written, schema, form });
            if let Some(form) = form {
                tagged.tags.entry(form).or_default().push(tag);
            }
        }
        for Form { id, name } in forms {
            if tagged.tags.contains_key(id) {
                continue;
            }
            let claimed = tagged.schemas.get(id).and_then(|schema| own_tag(schema)).map(|tag| vec![tag.to_owned()]);
            let listed = || listed_values(contract, *id, discriminator.property);
            let implied: Vec<String> = match (claimed.or_else(listed), name) {
                (None, name) => name.iter().cloned().collect(),
                // Of a list that all forms share, the name of the form is the one that is meant.
                (Some(listed), Some(name)) if listed.contains(name) => vec![name.clone()],
                (Some(listed), _) => {
                    tagged.listing.insert(*id);
                    if listed.len() == 1 { listed } else { Vec::new() }
                }
            };
            tagged.implied.insert(*id, implied);
        }
        tagged
    }

    /// The alternatives of a union.
    pub(super) fn of_union(contract: &Contract<'d>, discriminator: &Discriminator<'d>, union: &FoldedUnion<'_, '_>) -> Self {
        Self::new(contract, discriminator, &Form::of_union(union))
    }

    /// The tags of the mapping that lead to a form.
    pub(super) fn mapped_to(&self, form: SchemaId) -> &[&'d str] {
        self.tags.get(&form).map_or(&[], Vec::as_slice)
    }

    /// The names that a form without a mapping goes by.
    pub(super) fn implied_of(&self, form: SchemaId) -> &[String] {
        self.implied.get(&form).map_or(&[], Vec::as_slice)
    }

    /// Whether a form without a mapping lists the values of its tag itself.
    pub(super) fn lists_tags(&self, form: SchemaId) -> bool {
        self.listing.contains(&form)
    }

    /// The name of the component that a form is.
    pub(super) fn name_of(&self, form: SchemaId) -> Option<&str> {
        self.names.get(&form).map(String::as_str)
    }

    /// Whether a form is understood by a tag without a mapping.
    pub(super) fn is_called(&self, form: SchemaId, tag: &str) -> bool {
        self.name_of(form).is_some_and(|name| name == tag) || self.implied_of(form).iter().any(|known| known == tag)
    }

    /// What the mapping says, by tag.
    pub(super) const fn mapped(&self) -> &BTreeMap<&'d str, TagTarget<'d, 'd>> {
        &self.mapped
    }

    /// Every tag, and what it leads to.
    pub(super) fn all_tags<'f>(&'f self) -> BTreeMap<&'f str, TagTarget<'f, 'd>> {
        let implied = self.implied.iter().flat_map(|(form, tags)| {
            let schema = self.schemas.get(form).copied();
            tags.iter().map(move |tag| (tag.as_str(), TagTarget { written: tag, schema, form: Some(*form) }))
        });
        let mapped = self.mapped.iter().map(|(tag, target)| (*tag, *target));
        implied.chain(mapped).collect()
    }

    /// Every tag that leads to a form.
    fn tags_of(&self, form: SchemaId) -> BTreeSet<&str> {
        let mapped = self.mapped_to(form).iter().copied();
        mapped.chain(self.implied_of(form).iter().map(String::as_str)).collect()
    }
}

/// The values that a form lists for a property, as tags: no other can stand there.
pub(super) fn listed_values(contract: &Contract<'_>, form: SchemaId, property: &str) -> Option<Vec<String>> {
    tags_in(contract, &Folded::of(contract, form), property)
}

fn tags_in(contract: &Contract<'_>, folded: &Folded<'_, '_>, property: &str) -> Option<Vec<String>> {
    Some(listed_in(contract, folded, property)?.1.into_iter().map(plain).collect())
}

/// The values that are listed for a property, and the schema that lists them.
pub(super) fn listed_in<'d>(
    contract: &Contract<'d>,
    folded: &Folded<'_, 'd>,
    property: &str,
) -> Option<(SchemaId, Vec<&'d Value>)> {
    let schemas = &folded.properties.get(property)?.schemas;
    schemas.iter().find_map(|id| Some((*id, Folded::of(contract, *id).enumeration?.value)))
}

/// The property that tells forms apart by itself, the first where there are several.
pub(super) fn telling_property<'d>(contract: &Contract<'d>, forms: &[SchemaId]) -> Option<&'d str> {
    telling_properties(contract, forms).into_iter().next()
}

/// The properties that tell forms apart by themselves: each form requires them, and none lists a value that another one
/// lists too. None where one form is no object.
pub(super) fn telling_properties<'d>(contract: &Contract<'d>, forms: &[SchemaId]) -> Vec<&'d str> {
    let mut values: Option<BTreeMap<&'d str, BTreeSet<String>>> = None;
    for form in forms {
        let folded = Folded::of(contract, *form);
        if folded.types.without(TypeSet::NULL) != TypeSet::OBJECT {
            return Vec::new();
        }
        let mut told = BTreeMap::new();
        for name in folded.required.keys() {
            let known = match &mut values {
                None => Some(BTreeSet::new()),
                Some(known) => known.remove(name),
            };
            let (Some(mut all), Some(own)) = (known, tags_in(contract, &folded, name)) else { continue };
            let known = all.len();
            let count = own.len();
            all.extend(own);
            if count > 0 && all.len() == known + count {
                told.insert(*name, all);
            }
        }
        if told.is_empty() {
            return Vec::new();
        }
        values = Some(told);
    }
    values.unwrap_or_default().into_keys().collect()
}

impl MatchedBranches {
    /// Pairs forms that the same tag leads to. One form that became several, or several that became one, are each
    /// compared with what its tag leads to on the other side.
    pub(super) fn by_tag(&mut self, forms: BeforeAfter<&TaggedForms<'_>>) {
        let by_tag = forms.map(|forms| {
            let all = forms.all_tags().into_iter();
            all.filter_map(|(tag, target)| Some((tag, target.form?))).collect::<BTreeMap<&str, SchemaId>>()
        });
        let mut free: BTreeSet<SchemaId> = self.added.iter().copied().collect();
        let mut pairs = std::mem::take(&mut self.pairs);
        self.removed.retain(|old| {
            let tags = forms.before.tags_of(*old);
            let found = tags.iter().find_map(|tag| by_tag.after.get(tag).copied().filter(|new| free.contains(new)));
            let Some(new) = found else { return true };
            free.remove(&new);
            pairs.push(BeforeAfter::new(*old, new));
            false
        });
        // What tag by tag went over to forms that have another form behind them is told by the tags.
        self.removed.retain(|old| {
            let tags = forms.before.tags_of(*old);
            tags.is_empty() || !tags.iter().all(|tag| by_tag.after.contains_key(tag))
        });
        self.added.retain(|new| {
            if !free.contains(new) {
                return false;
            }
            let tags = forms.after.tags_of(*new);
            let known: BTreeSet<SchemaId> = tags.iter().filter_map(|tag| by_tag.before.get(tag).copied()).collect();
            if known.is_empty() || !tags.iter().all(|tag| by_tag.before.contains_key(tag)) {
                return true;
            }
            pairs.extend(known.into_iter().map(|old| BeforeAfter::new(old, *new)));
            false
        });
        self.pairs = pairs;
    }
}
