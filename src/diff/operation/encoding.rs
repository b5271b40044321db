//! Facts of how the parts of a form are written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::json;

use crate::model::Direction;
use crate::openapi::{Contract, Dialect, Media, PartEncoding, SchemaId, TypeSet, Value};

use super::super::before_after::BeforeAfter;
use super::super::change::ChangeKind;
use super::super::fact::Difference;
use super::super::folded::Folded;
use super::media_type::covers;
use super::pair::OperationPair;

/// Lists within lists that are looked into for what their parts are.
const DEEPEST: usize = 4;

/// What a part is sent as that nobody describes.
const BYTES: &str = "application/octet-stream";

/// A part of a form: what its encoding says, and what its schema says.
struct FormPart<'a, 'd> {
    said: Option<&'a PartEncoding<'d>>,
    /// None where parts have a place instead of a name.
    schema: Option<SchemaId>,
    contract: &'a Contract<'d>,
    media: &'a str,
}

impl OperationPair<'_, '_, '_, '_> {
    /// How the parts that both sides have are written. A part that came or went is told by its property, and an
    /// encoding of a property that the object does not have says nothing (OpenAPI 3.1 section 4.8.14).
    pub(super) fn encoding(&mut self, old: &Media<'_>, new: &Media<'_>, direction: Direction) {
        let is_multipart = old.name.starts_with("multipart/");
        if !is_multipart && old.encoding == new.encoding {
            return;
        }
        let (left, right) = (properties(self.walk.before, old.schema), properties(self.walk.after, new.schema));
        if !self.walk.affords(1 + left.len() + right.len()) {
            return;
        }
        let said = BeforeAfter::new(old, new).map(said_of_parts);
        let mut names: BTreeSet<String> = said.before.keys().chain(said.after.keys()).map(|name| (*name).to_owned()).collect();
        if is_multipart {
            names.extend(left.keys().map(|name| (*name).to_owned()));
        }
        for name in names {
            let schemas = (left.get(name.as_str()).copied(), right.get(name.as_str()).copied());
            let is_placed = name.ends_with(" part");
            if !is_placed && (schemas.0.is_none() || schemas.1.is_none()) {
                continue;
            }
            let part = |contract, said: &HashMap<&str, _>, schema, media| FormPart {
                said: said.get(name.as_str()).copied(),
                schema,
                contract,
                media,
            };
            let before = part(self.walk.before, &said.before, schemas.0, &old.name);
            let after = part(self.walk.after, &said.after, schemas.1, &new.name);
            let Some(kind) = difference(&before, &after, direction) else { continue };
            let is_said = before.said.is_some() || after.said.is_some();
            let show = |part: &FormPart<'_, '_>| match part.said {
                Some(said) => json!(said.to_string()),
                None if is_said => json!("the default"),
                None => json!(format!("contentType {}", part.media_types().join(", "))),
            };
            let values = BeforeAfter::new(Some(show(&before)), Some(show(&after)));
            self.state(Difference::new(kind).about(name).values(values), direction, BeforeAfter::new(old.at, new.at));
        }
    }
}

/// What a media type says of its parts, by name.
fn said_of_parts<'a, 'd>(media: &'a Media<'d>) -> HashMap<&'a str, &'a PartEncoding<'d>> {
    // The first of a name counts.
    media.encoding.iter().rev().map(|part| (part.name, part)).collect()
}

/// What became of a part; none where it is written as before.
fn difference(before: &FormPart<'_, '_>, after: &FormPart<'_, '_>, direction: Direction) -> Option<ChangeKind> {
    let (sender, receiver) = if direction == Direction::ToProvider { (before, after) } else { (after, before) };
    let has_style = sender.may_be_several() && !(sender.has_no_style() && receiver.has_no_style());
    let is_written_alike = (!has_style || sender.style() == receiver.style())
        && (!sender.is_reserved() || receiver.is_reserved())
        && (!sender.may_be_empty() || receiver.may_be_empty())
        && sender.rest() == receiver.rest();
    if !is_written_alike {
        return Some(ChangeKind::EncodingChanged);
    }
    let (left, right) = (before.media_types(), after.media_types());
    // Other types, and other content of a text, have other media types by default, and are told by themselves; that more
    // types are taken says nothing of how those of before are written.
    let is_told = || !receiver.types().contains(sender.types()) || before.content() != after.content();
    if before.is_default() && after.is_default() && (!before.is_multipart() || is_told()) {
        return None;
    }
    let within = |one: &[String], other: &[String]| one.iter().all(|name| other.iter().any(|o| o == name || covers(o, name)));
    match (within(&left, &right), within(&right, &left)) {
        (true, true) => None,
        (true, false) => Some(ChangeKind::EncodingWidened),
        (false, true) => Some(ChangeKind::EncodingNarrowed),
        (false, false) => Some(ChangeKind::EncodingChanged),
    }
}

impl FormPart<'_, '_> {
    fn is_multipart(&self) -> bool {
        self.media.starts_with("multipart/")
    }

    fn types(&self) -> TypeSet {
        self.schema.map_or(TypeSet::ALL, |id| {
            let folded = Folded::of(self.contract, id);
            folded.types.intersection(folded.union_types).without(TypeSet::NULL)
        })
    }

    /// Whether a value may consist of several, which a style says how to write.
    fn may_be_several(&self) -> bool {
        let types = self.types();
        types.contains(TypeSet::ARRAY) || types.contains(TypeSet::OBJECT)
    }

    /// `style` and `explode`.
    fn style(&self) -> (&str, Option<bool>) {
        self.said.map_or(("form", Some(true)), |said| (said.style.name.as_str(), said.style.exploded))
    }

    /// Whether parts have no style: those of a multipart body up to 3.0 (OpenAPI 3.0 section 4.7.15).
    fn has_no_style(&self) -> bool {
        self.is_multipart() && self.contract.dialect == Dialect::OpenApi30
    }

    /// `allowReserved`, where characters are escaped at all.
    fn is_reserved(&self) -> bool {
        !self.is_multipart() && self.types().contains(TypeSet::STRING) && self.said.is_some_and(|said| said.style.reserved)
    }

    /// `allowEmptyValue`, which forms of Swagger 2.0 have.
    fn may_be_empty(&self) -> bool {
        self.said.is_some_and(|said| said.style.empty)
    }

    /// `contentEncoding` and `contentMediaType`.
    fn content(&self) -> (Option<String>, Option<String>) {
        let folded = self.schema.map(|id| Folded::of(self.contract, id).content());
        let (encoding, media) = folded.unwrap_or_default();
        (encoding.map(str::to_owned), media.map(str::to_owned))
    }

    /// Headers of the part, and how its own parts are written.
    fn rest(&self) -> &str {
        self.said.filter(|_| self.is_multipart()).map_or("", |said| said.rest.as_str())
    }

    fn is_default(&self) -> bool {
        self.said.is_none_or(|said| said.media_types.is_empty())
    }

    /// What it may be sent as, by its encoding or by default.
    fn media_types(&self) -> Vec<String> {
        match self.said {
            Some(said) if !said.media_types.is_empty() => said.media_types.clone(),
            _ => vec![self.schema.map_or_else(|| BYTES.to_owned(), |id| default_media_type(self.contract, id, DEEPEST))],
        }
    }
}

/// The properties of a form, by name; those of its alternatives as well.
fn properties<'d>(contract: &Contract<'d>, form: SchemaId) -> BTreeMap<&'d str, SchemaId> {
    let folded = Folded::of(contract, form);
    let branches: Vec<Folded<'_, 'd>> =
        folded.unions.iter().flat_map(|union| &union.branches).map(|branch| Folded::of(contract, *branch)).collect();
    let mut properties = BTreeMap::new();
    for (name, property) in branches.iter().chain([&folded]).flat_map(|folded| &folded.properties) {
        properties.extend(property.schemas.first().map(|schema| (*name, *schema)));
    }
    properties
}

/// What a part is sent as when nobody says (OpenAPI 3.1 section 4.8.15.1).
fn default_media_type(contract: &Contract<'_>, id: SchemaId, depth: usize) -> String {
    let folded = Folded::of(contract, id);
    let types = folded.types.intersection(folded.union_types).without(TypeSet::NULL);
    let plain = match types {
        TypeSet::OBJECT => "application/json",
        TypeSet::ARRAY => {
            let items = folded.items.first().zip(depth.checked_sub(1));
            return items.map_or_else(
                || BYTES.to_owned(),
                |(item, depth)| match Folded::of(contract, *item).types {
                    TypeSet::ARRAY => "application/json".to_owned(),
                    _ => default_media_type(contract, *item, depth),
                },
            );
        }
        _ if types == TypeSet::ALL.without(TypeSet::NULL) => BYTES,
        _ => match folded.content() {
            (_, Some(media)) => media,
            (Some(_), None) => BYTES,
            (None, None) if is_file(contract, id) => BYTES,
            _ => "text/plain",
        },
    };
    plain.to_owned()
}

/// Whether a text is one of bytes, which is written as a format or, in Swagger 2.0, as a type.
fn is_file(contract: &Contract<'_>, id: SchemaId) -> bool {
    let schema = contract.schema(id);
    let says =
        |id: SchemaId, keyword: &str, word: &str| contract.schema(id).value.get(keyword).and_then(Value::as_str) == Some(word);
    let is_bytes = |id: SchemaId| says(id, "format", "binary") || says(id, "type", "file") || says(id, "contentMediaType", BYTES);
    let is_union_of_bytes = |branches: &[SchemaId]| !branches.is_empty() && branches.iter().all(|branch| is_bytes(*branch));
    std::iter::once(&id).chain(&schema.all_of).any(|id| is_bytes(*id))
        || schema.unions.iter().any(|union| is_union_of_bytes(&union.branches))
}
