//! What a discriminator says of the alternatives of a union: each is taken under its tags, and under no other.
//!
//! By the letter of JSON Schema a discriminator says nothing, and forms that hardly differ overlap. Providers and readers
//! go by the tag (OpenAPI 3.1 section 4.8.25), so it counts here as if each alternative required it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::{Value as Json, json};

use crate::openapi::{Discriminator, Map, MappedForms, TypeSet, Value, form_behind, implied_tag, own_tag, resolve};

use super::interpretation::{HOPS, Interpretation, branches};

/// Schemas that are looked at to see what a form says of its tag.
const MOST: usize = 200;

/// Keywords that leave a text as free as it is.
const FREE: &[&str] = &[
    "type",
    "description",
    "title",
    "example",
    "examples",
    "externalDocs",
    "default",
    "nullable",
    "deprecated",
    "readOnly",
    "writeOnly",
    "xml",
    "minLength",
];

/// The tags of the alternatives of one union.
pub(super) struct UnionTags<'d> {
    /// The property that holds them.
    pub(super) property: &'d str,
    /// By the place of the alternative.
    pub(super) of_branch: Vec<BranchTags<'d>>,
}

/// The tags that lead to one alternative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BranchTags<'d> {
    /// Nothing is known of them, or the alternative says by itself what they are.
    Free,
    /// These.
    Listed(Vec<Cow<'d, str>>),
    /// All but these, or none at all: the default of a mapping (OpenAPI 3.2 section 4.25).
    AllBut(Vec<Cow<'d, str>>),
}

/// What a form says of its tag.
enum OwnTag {
    /// Any text, or nothing.
    Open,
    /// Only these texts.
    Listed(BTreeSet<String>),
    /// Something else.
    Unclear,
}

impl<'d> Interpretation<'d> {
    /// The tags of the alternatives in `list`, which stand in a schema that is `map`; none without a discriminator.
    pub(super) fn union_tags(&self, map: &'d Map, list: &'d [Value]) -> Option<UnionTags<'d>> {
        if self.literal {
            return None;
        }
        let discriminator = Discriminator::read(map.get("discriminator")?)?;
        let mut targets = MappedForms::of(self.root, self.dialect);
        let mut mapped: HashMap<*const Value, Vec<Cow<'d, str>>> = HashMap::new();
        let mut default = None;
        for (tag, target) in &discriminator.mapping {
            let Some(place) = targets.target(target).map(std::ptr::from_ref) else { continue };
            if *tag == Discriminator::EVERY_OTHER {
                default = Some(place);
            } else {
                mapped.entry(place).or_default().push(Cow::Borrowed(tag));
            }
        }
        let forms: Vec<&'d Value> = list.iter().map(|branch| form_behind(self.root, self.dialect, branch)).collect();
        let mut of_branch: Vec<BranchTags<'d>> = Vec::with_capacity(list.len());
        for (branch, form) in list.iter().zip(&forms) {
            let tags = mapped.get(&std::ptr::from_ref(*form)).cloned().or_else(|| {
                let name = branch.get("$ref").and_then(Value::as_str).map(implied_tag);
                Some(vec![own_tag(form).map(Cow::Borrowed).or(name)?])
            });
            let listed = match (tags, self.own_tag(form, discriminator.property)) {
                (Some(tags), OwnTag::Open) => tags,
                (Some(mut tags), OwnTag::Listed(known)) => {
                    tags.retain(|tag| known.contains(tag.as_ref()));
                    tags
                }
                _ => Vec::new(),
            };
            // What no tag can lead to says by itself when it is meant.
            of_branch.push(if listed.is_empty() { BranchTags::Free } else { BranchTags::Listed(listed) });
        }
        if let Some(place) = default.and_then(|place| forms.iter().position(|form| std::ptr::eq(*form, place))) {
            let others = of_branch.iter().enumerate().filter(|(at, _)| *at != place);
            let listed = others.filter_map(|(_, tags)| match tags {
                BranchTags::Listed(tags) => Some(tags.clone()),
                _ => None,
            });
            let listed = BranchTags::AllBut(listed.flatten().collect());
            if let Some(tags) = of_branch.get_mut(place) {
                *tags = listed;
            }
        }
        Some(UnionTags { property: discriminator.property, of_branch })
    }

    /// What a form says of its tag, with what it takes in.
    fn own_tag(&self, form: &'d Value, property: &str) -> OwnTag {
        let mut pending = vec![(form, 0)];
        let mut left = MOST;
        let mut own = OwnTag::Open;
        while let Some((schema, hops)) = pending.pop() {
            let Some(rest) = left.checked_sub(1).filter(|_| hops <= HOPS) else { return OwnTag::Unclear };
            left = rest;
            let Value::Object(map) = schema else { continue };
            if let Some(declared) = map.get("properties").and_then(|members| members.get(property)) {
                own = match (self.tag_values(form_behind(self.root, self.dialect, declared)), own) {
                    (OwnTag::Unclear, _) => return OwnTag::Unclear,
                    (OwnTag::Open, own) => own,
                    (OwnTag::Listed(values), OwnTag::Listed(known)) => OwnTag::Listed(&values & &known),
                    (listed, _) => listed,
                };
            }
            let target = map.get("$ref").and_then(Value::as_str).and_then(|to| resolve(self.root, to));
            pending.extend(branches(map, "allOf").chain(target).map(|inner| (inner, hops + 1)));
        }
        own
    }

    /// Which texts the schema of a tag takes.
    fn tag_values(&self, schema: &'d Value) -> OwnTag {
        let Value::Object(map) = schema else { return OwnTag::Open };
        let keywords = self.keywords(map);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(value) = keywords.constant {
            return text(value).map_or(OwnTag::Unclear, |value| OwnTag::Listed([value].into()));
        }
        if let Some(list) = keywords.enumeration.or(keywords.extensible_values) {
            return OwnTag::Listed(list.iter().filter_map(text).collect());
        }
        let is_free = map.keys().all(|name| FREE.contains(&name.as_str()) || name.starts_with("x-"));
        if is_free && self.types(&keywords).contains(TypeSet::STRING) { OwnTag::Open } else { OwnTag::Unclear }
    }
}

impl UnionTags<'_> {
    /// The schema of an alternative as JSON Schema, with what its tags ask of it.
    pub(super) fn tagged(&self, at: usize, branch: Json) -> Json {
        let named = |tags: &[Cow<'_, str>]| json!({"type": "object", "required": [self.property], "properties": {self.property: {"enum": tags}}});
        match self.of_branch.get(at) {
            Some(BranchTags::Listed(tags)) => json!({"allOf": [branch, named(tags)]}),
            Some(BranchTags::AllBut(tags)) => json!({"allOf": [branch, {"not": named(tags)}]}),
            Some(BranchTags::Free) | None => branch,
        }
    }
}
