//! What of an alternative refuses some values by itself: the rest of it changes nothing for them.
//!
//! A message of a document with large unions is refused by all alternatives but one for its tag alone. What is written of
//! them to judge it is that tag; everything beneath would be written, compiled and never looked at.

use serde_json::{Value as Json, json};

use crate::openapi::{Keywords, Map, SubschemaKeyword, TypeSet, Value, resolve};

use super::interpretation::{HOPS, Interpretation, branches};
use super::value::kind_of;

/// Schemas of an alternative that are looked at.
const MOST: usize = 32;

/// Values of a tag that are looked at.
const MOST_LISTED: usize = 32;

/// A schema that an alternative takes in as it stands, and those whose `allOf` it stands in.
struct Conjunct<'d> {
    map: &'d Map,
    around: Vec<&'d Map>,
    hops: usize,
}

impl<'d> Interpretation<'d> {
    /// A part of what `schema` asks for that refuses each of the values, whichever of their members and items are left out;
    /// none where no single keyword does.
    pub(super) fn refusal(&self, schema: &'d Value, values: &[&Json]) -> Option<Json> {
        let map = schema.as_object().filter(|_| !values.is_empty())?;
        let mut pending = vec![Conjunct { map, around: Vec::new(), hops: 0 }];
        for _ in 0..MOST {
            let Conjunct { map, around, hops } = pending.pop()?;
            if hops > HOPS {
                continue;
            }
            // What stands behind a reference knows nothing of what stands around it.
            let target = map.get("$ref").and_then(Value::as_str).and_then(|to| resolve(self.root, to)).and_then(Value::as_object);
            let referred = target.map(|map| Conjunct { map, around: Vec::new(), hops: hops + 1 });
            if self.bare_reference(map).is_some() {
                pending.extend(referred);
                continue;
            }
            let keywords = self.keywords(map);
            if self.is_nullable(&keywords) && values.iter().any(|value| value.is_null()) {
                continue;
            }
            if let Some(refusal) =
                self.refused_kind(&keywords, values).or_else(|| self.refused_members(map, &keywords, &around, values))
            {
                return Some(refusal);
            }
            pending.extend(referred);
            let around = [around, vec![map]].concat();
            let parts = branches(map, "allOf").filter_map(Value::as_object);
            pending.extend(parts.map(|map| Conjunct { map, around: around.clone(), hops: hops + 1 }));
        }
        None
    }

    /// The types, where none of them is that of a value.
    fn refused_kind(&self, keywords: &Keywords<'d>, values: &[&Json]) -> Option<Json> {
        let types = self.types(keywords);
        let is_refused = |value: &&&Json| {
            let kind = if value.is_number() { TypeSet::NUMBER } else { kind_of(value) };
            types.intersection(kind).is_empty()
        };
        (values.iter().filter(is_refused).count() == values.len()).then(|| json!({"type": types.names()}))
    }

    /// A member that must be there, where each value lacks it or has another text there than those that are listed.
    fn refused_members(&self, map: &'d Map, keywords: &Keywords<'d>, around: &[&'d Map], values: &[&Json]) -> Option<Json> {
        let objects: Vec<_> = values.iter().map(|value| value.as_object()).collect::<Option<_>>()?;
        let members = keywords.subschema(SubschemaKeyword::Properties).and_then(Value::as_object);
        for name in keywords.required_names().take(MOST) {
            let here = || objects.iter().filter_map(|object| object.get(name));
            let schema = members.and_then(|members| members.get(name)).filter(|_| here().next().is_some());
            let listed = schema.and_then(|schema| self.listed_texts(schema));
            let is_another = |value: &Json, listed: &[&str]| value.as_str().is_some_and(|text| !listed.contains(&text));
            let is_refused = here().all(|value| listed.as_deref().is_some_and(|listed| is_another(value, listed)));
            // What the direction hides need not be there.
            let is_hidden = || around.iter().chain([&map]).any(|map| self.hidden_names(map).contains(name));
            if !is_refused || is_hidden() {
                continue;
            }
            return Some(match listed {
                Some(listed) => json!({"required": [name], "properties": {name: {"enum": listed}}}),
                None => json!({"required": [name]}),
            });
        }
        None
    }

    /// The values that a schema lists, where all of them are texts.
    fn listed_texts(&self, schema: &'d Value) -> Option<Vec<&'d str>> {
        let mut map = schema.as_object()?;
        for _ in 0..HOPS {
            let Some(to) = self.bare_reference(map) else { break };
            map = resolve(self.root, to)?.as_object()?;
        }
        if self.bare_reference(map).is_some() {
            return None;
        }
        let keywords = self.keywords(map);
        if self.is_nullable(&keywords) {
            return None;
        }
        match (keywords.constant, keywords.enumeration) {
            (Some(value), _) => Some(vec![value.as_str()?]),
            (None, Some(list)) if list.len() <= MOST_LISTED => list.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::containment::Hidden;
    use crate::openapi::Dialect;

    /// What refuses the values in the schema under `S`, as a sender to the provider would be read.
    fn refusal(document: &Json, values: &[Json]) -> Option<Json> {
        let root = Value::from(document.clone());
        let interpretation = Interpretation {
            root: &root,
            dialect: Dialect::OpenApi30,
            hidden: Hidden::ReadOnly,
            literal: false,
            strict: false,
            one_is_any: false,
            null_beside_values: false,
        };
        interpretation.refusal(root.get("S").expect("a schema"), &values.iter().collect::<Vec<_>>())
    }

    fn tagged(tag: &Json) -> Json {
        json!({"type": "object", "required": ["kind"], "properties": {"kind": tag, "more": {"type": "object"}}})
    }

    #[test]
    fn a_type_a_name_or_a_tag_is_enough() {
        let cat = tagged(&json!({"enum": ["cat"]}));
        let tag = json!({"required": ["kind"], "properties": {"kind": {"enum": ["cat"]}}});
        let part = json!({"S": {"allOf": [{"$ref": "#/T"}, {"maxProperties": 9}]}, "T": cat});
        let referred = json!({"S": tagged(&json!({"$ref": "#/K"})), "K": {"enum": ["cat"]}});
        let cases = [
            (json!({"S": {"type": "string"}}), vec![json!(1), json!({})], Some(json!({"type": ["string"]}))),
            (json!({"S": {"type": "string"}}), vec![json!(1), json!("a")], None),
            (json!({"S": {"type": "integer"}}), vec![json!(1.5)], None),
            (json!({"S": cat}), vec![json!({"kind": "dog"}), json!({})], Some(tag.clone())),
            (json!({"S": cat}), vec![json!({"more": {}})], Some(json!({"required": ["kind"]}))),
            (json!({"S": cat}), vec![json!({"kind": "dog"}), json!({"kind": "cat"})], None),
            (part, vec![json!({"kind": "dog"})], Some(tag.clone())),
            (referred, vec![json!({"kind": "dog"})], Some(tag)),
            (json!({"S": cat}), Vec::new(), None),
        ];
        for (document, values, expected) in cases {
            assert_eq!(refusal(&document, &values), expected, "{document} of {values:?}");
        }
    }

    #[test]
    fn what_may_be_left_out_refuses_nothing() {
        let dog = [json!({"kind": "dog"})];
        // Without the member the alternative takes it.
        let free = json!({"S": {"type": "object", "properties": {"kind": {"enum": ["cat"]}}}});
        assert_eq!(refusal(&free, &dog), None);
        // Nobody sends what is read only: the name is not required of whoever sends, wherever it is said to be.
        let hidden = json!({"enum": ["cat"], "readOnly": true});
        assert_eq!(refusal(&json!({"S": tagged(&hidden)}), &[json!({})]), None);
        let apart = json!({"S": {"properties": {"kind": hidden}, "allOf": [{"required": ["kind"]}]}});
        assert_eq!(refusal(&apart, &[json!({})]), None);
        // Null is taken beside what a schema says, also of its tag.
        let nullable = json!({"S": {"type": "string", "nullable": true}});
        assert_eq!(refusal(&nullable, &[json!(null), json!(1)]), None);
        assert_eq!(refusal(&json!({"S": tagged(&json!({"enum": ["cat"], "type": "string", "nullable": true}))}), &dog), None);
        // A schema that leads to itself ends.
        assert_eq!(refusal(&json!({"S": {"allOf": [{"$ref": "#/S"}, {"$ref": "#/S"}]}}), &dog), None);
    }
}
