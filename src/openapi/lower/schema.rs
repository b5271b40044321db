//! Schemas of all dialects into one form.

use thin_vec::{ThinVec, thin_vec};

use super::super::keywords::{ItemSubschemas, KeywordProblem, Keywords, bare_reference, is_flagged_required, says_something};
use super::super::pointer::PointerId;
use super::super::schema::{Additional, Discriminator, Schema, SchemaId, TypeSet, Union};
use super::super::subschema::SubschemaKeyword;
use super::super::value::Value;
use super::field::text;
use super::lowering::{Lowering, MAX_HOPS};

impl<'d> Lowering<'d> {
    /// The id of the schema `value` at `at`; a reference yields the id of its target.
    pub(super) fn schema(&mut self, value: &'d Value, at: PointerId) -> SchemaId {
        if self.is_exhausted() {
            return SchemaId::UNKNOWN;
        }
        match value {
            Value::Bool(true) => SchemaId::ANY,
            Value::Bool(false) => SchemaId::NEVER,
            Value::Object(map) => {
                if let Some(reference) = bare_reference(map, self.dialect) {
                    return self.reference(reference, at);
                }
                let schema = self.schema_object(value, at);
                self.push(schema)
            }
            _ => {
                self.skip(at, "a schema must be an object or a boolean; it was skipped");
                SchemaId::UNKNOWN
            }
        }
    }

    /// A keyword of a schema that cannot be read.
    fn skip_member(&mut self, at: PointerId, keyword: &'static str, message: &'static str) {
        let here = self.pointers.child(at, keyword);
        self.skip(here, message);
    }

    pub(super) fn push(&mut self, schema: Schema<'d>) -> SchemaId {
        if !self.afford(1 + schema.properties.len()) {
            return SchemaId::UNKNOWN;
        }
        let id = SchemaId(u32::try_from(self.schemas.len()).unwrap_or(0));
        self.schemas.push(schema);
        id
    }

    /// Resolves a chain of references to one schema, lowered once however often it is named.
    fn reference(&mut self, reference: &'d str, at: PointerId) -> SchemaId {
        if let Some(known) = self.by_reference.get(reference) {
            return *known;
        }
        let mut passed = vec![reference];
        let mut found = SchemaId::UNKNOWN;
        let mut here = at;
        while let Some(last) = passed.last().copied() {
            let Some((target, place)) = self.target(last, here) else { break };
            match target {
                Value::Object(map) => match bare_reference(map, self.dialect) {
                    Some(next) => {
                        if let Some(known) = self.by_reference.get(next) {
                            found = *known;
                            break;
                        }
                        if passed.contains(&next) || passed.len() > MAX_HOPS {
                            self.odd(place, "references lead in a circle here; what it should say is not judged");
                            break;
                        }
                        passed.push(next);
                        here = place;
                        continue;
                    }
                    None => {
                        found = self.push(Schema::any(place, target));
                        self.queue.push_back((found, target, place));
                    }
                },
                other => found = self.schema(other, place),
            }
            break;
        }
        for name in passed {
            self.by_reference.insert(name, found);
        }
        found
    }

    /// Reads one schema object. In Swagger 2.0 a parameter is one too.
    pub(super) fn schema_object(&mut self, value: &'d Value, at: PointerId) -> Schema<'d> {
        let mut schema = Schema::any(at, value);
        let Value::Object(map) = value else { return schema };
        let keywords = Keywords::read(map, self.dialect);
        for problem in &keywords.problems {
            self.tell(*problem, at);
        }
        for (keyword, value) in &keywords.subschemas {
            self.subschema(&mut schema, *keyword, value, at);
        }
        self.items(&mut schema, &keywords, at);
        schema.format = keywords.format;
        schema.deprecated = keywords.deprecated;
        schema.read_only = keywords.read_only;
        schema.write_only = keywords.write_only;
        schema.required = keywords.required_names().collect();
        copy_values(&mut schema, &keywords);
        copy_limits(&mut schema, &keywords);
        if self.dialect.is_json_schema() {
            let dynamic = keywords.dynamic_reference.and_then(Value::as_str);
            for reference in [dynamic, keywords.reference].into_iter().flatten() {
                let target = self.reference(reference, at);
                schema.all_of.insert(0, target);
            }
        }
        // `items: false` behind listed items is how many there may be.
        if schema.items == Some(SchemaId::NEVER) {
            let listed = u64::try_from(schema.prefix_items.len()).unwrap_or(u64::MAX);
            schema.max_items = Some(schema.max_items.map_or(listed, |most| most.min(listed)));
            schema.items = None;
        }
        schema.or_null = keywords.or_null;
        let listed = schema.enumeration.as_ref().filter(|values| !values.is_empty());
        let types = keywords.types.unwrap_or_else(|| match listed {
            Some(values) => values.iter().fold(TypeSet::NONE, |set, value| set.union(TypeSet::of(value))),
            None => keywords.implied_types(),
        });
        schema.types = if schema.or_null { types.union(TypeSet::NULL) } else { types };
        schema.properties.shrink_to_fit();
        schema
    }

    /// Tells of a keyword that cannot be read.
    fn tell(&mut self, problem: KeywordProblem, at: PointerId) {
        match problem {
            KeywordProblem::Bound => self.odd_once(at, "a bound must be a number; it was skipped"),
            KeywordProblem::Count => {
                self.odd_once(at, "a length or count must be a non-negative whole number; it was skipped");
            }
            KeywordProblem::MisspeltType => {
                self.odd_once(at, "this type is none of JSON's; it was read as the one that is meant");
            }
            KeywordProblem::UnknownType => self.odd_once(at, "this type is none of JSON's; it was read as any type"),
            KeywordProblem::Types => self.odd_once(at, "`type` must be a name or a list of names; it was read as any type"),
            KeywordProblem::NullType => {
                self.odd_once(at, "`type: null` without quotes is YAML's null; it was read as the type `null`");
            }
            KeywordProblem::Flag => self.odd_once(at, "a flag must be `true` or `false` without quotes; it was read as the flag"),
            KeywordProblem::Enum => self.skip_member(at, "enum", "`enum` must be a list; it was skipped"),
            KeywordProblem::Required => {
                self.skip_member(at, "required", "`required` must be a list of names; it was skipped");
            }
        }
    }

    /// Reads a keyword that holds other schemas.
    fn subschema(&mut self, schema: &mut Schema<'d>, keyword: SubschemaKeyword, value: &'d Value, at: PointerId) {
        match keyword {
            SubschemaKeyword::Properties => self.properties(schema, value, at),
            SubschemaKeyword::AdditionalProperties => schema.additional = self.additional(value, at),
            // Read together, see `items`.
            SubschemaKeyword::Items
            | SubschemaKeyword::PrefixItems
            | SubschemaKeyword::AdditionalItems
            | SubschemaKeyword::UnevaluatedItems => {}
            SubschemaKeyword::AllOf => schema.all_of = self.branch_list(value, "allOf", at),
            SubschemaKeyword::OneOf => self.union(schema, value, "oneOf", at),
            SubschemaKeyword::AnyOf => self.union(schema, value, "anyOf", at),
            // Compared as a whole: an edit beneath them is a fact the document's reader must weigh.
            SubschemaKeyword::Not
            | SubschemaKeyword::If
            | SubschemaKeyword::Then
            | SubschemaKeyword::Else
            | SubschemaKeyword::Contains
            | SubschemaKeyword::DependentSchemas
            | SubschemaKeyword::Dependencies
            | SubschemaKeyword::PatternProperties
            | SubschemaKeyword::PropertyNames
            | SubschemaKeyword::UnevaluatedProperties
            | SubschemaKeyword::ContentSchema => schema.constraints.push((keyword.name(), value)),
            // They say nothing until something refers to them.
            SubschemaKeyword::Defs | SubschemaKeyword::Definitions => {}
        }
    }

    /// Reads what is said of items, by place and behind them.
    fn items(&mut self, schema: &mut Schema<'d>, keywords: &Keywords<'d>, at: PointerId) {
        let ItemSubschemas { first, rest } = keywords.items();
        if let Some((keyword, list)) = first {
            schema.prefix_items = self.branches(list, keyword.name(), at);
        } else if let Some(elsewhere) = keywords.subschema(SubschemaKeyword::PrefixItems) {
            schema.prefix_items = self.branch_list(elsewhere, "prefixItems", at);
        }
        let unevaluated = keywords.subschema(SubschemaKeyword::UnevaluatedItems).filter(|value| !value.is_null());
        if let Some((keyword, value)) = rest {
            let here = self.pointers.child(at, keyword.name());
            schema.items = Some(self.schema(value, here));
        } else if let Some(value) = unevaluated {
            schema.constraints.push((SubschemaKeyword::UnevaluatedItems.name(), value));
        }
    }

    fn properties(&mut self, schema: &mut Schema<'d>, value: &'d Value, at: PointerId) {
        let here = self.pointers.child(at, "properties");
        let Some((value, here)) = self.whole(value, here) else { return };
        match value {
            Value::Object(properties) => {
                schema.properties.reserve(properties.len());
                for (name, value) in properties {
                    let place = self.pointers.child(here, name.as_str());
                    if is_flagged_required(value) {
                        self.odd_once(place, "`required` is a list in the object around; it was read as if it named this member");
                    }
                    let id = self.schema(value, place);
                    schema.properties.push((name, id));
                }
            }
            Value::Null => {}
            _ => self.skip(here, "`properties` must be an object; it was skipped"),
        }
    }

    fn additional(&mut self, value: &'d Value, at: PointerId) -> Additional {
        match value {
            Value::Bool(true) | Value::Null => Additional::Open,
            Value::Bool(false) => Additional::Closed,
            Value::Object(inner) if !says_something(inner) => Additional::Open,
            _ => {
                let here = self.pointers.child(at, "additionalProperties");
                Additional::Schema(self.schema(value, here))
            }
        }
    }

    fn union(&mut self, schema: &mut Schema<'d>, value: &'d Value, name: &'static str, at: PointerId) {
        let branches = self.branch_list(value, name, at);
        if !branches.is_empty() {
            let reference = |branch: &'d Value| text(branch, "$ref").and_then(|reference| reference.rsplit('/').next());
            let names = value.as_array().into_iter().flatten().map(reference).collect();
            let union = Union { exclusive: name == "oneOf", branches, names };
            // `oneOf` first, whatever the order of the document.
            let index = if union.exclusive { 0 } else { schema.unions.len() };
            schema.unions.insert(index, union);
        }
    }

    fn branch_list(&mut self, value: &'d Value, name: &'static str, at: PointerId) -> ThinVec<SchemaId> {
        match value {
            Value::Array(list) => self.branches(list, name, at),
            Value::Null => ThinVec::new(),
            Value::Object(map) if map.get("$ref").is_some_and(Value::is_string) => {
                let here = self.pointers.child(at, name);
                match self.follow(value, here) {
                    Some((Value::Array(list), _)) => self.branches(list, name, at),
                    _ => ThinVec::new(),
                }
            }
            _ => {
                let here = self.pointers.child(at, name);
                self.skip(here, format!("`{name}` must be a list; it was skipped"));
                ThinVec::new()
            }
        }
    }

    fn branches(&mut self, list: &'d [Value], name: &'static str, at: PointerId) -> ThinVec<SchemaId> {
        let here = self.pointers.child(at, name);
        let mut branches = ThinVec::with_capacity(list.len());
        for (index, branch) in list.iter().enumerate() {
            let place = self.pointers.child(here, index.to_string());
            branches.push(self.schema(branch, place));
        }
        branches
    }
}

/// Which values are listed, and what is said about single ones.
fn copy_values<'d>(schema: &mut Schema<'d>, keywords: &Keywords<'d>) {
    // Most schemas say nothing of what is kept apart, and it costs room where it is touched.
    if let Some(list) = keywords.enumeration.or(keywords.extensible_values) {
        schema.enumeration = Some(list.iter().collect());
    }
    // Both hold, whichever is written first (JSON Schema 2020-12 validation section 6.1).
    if let Some(constant) = keywords.constant {
        let is_listed = schema.enumeration.as_ref().is_none_or(|list| list.contains(&constant));
        schema.enumeration = Some(if is_listed { thin_vec![constant] } else { ThinVec::new() });
    }
    if keywords.extensible_enum {
        schema.extensible_enum = true;
    }
    if keywords.stability.is_some() {
        schema.stability = keywords.stability;
    }
    if keywords.pattern.is_some() {
        schema.pattern = keywords.pattern;
    }
    let is_bytes = keywords.encoding.is_none() && keywords.media_type == Some("application/octet-stream");
    if (keywords.encoding.is_some() || keywords.media_type.is_some()) && !is_bytes {
        schema.content = (keywords.encoding, keywords.media_type);
    }
    if let Some(discriminator) = keywords.discriminator.and_then(Discriminator::read) {
        schema.discriminator = Some(Box::new(discriminator));
    }
    if keywords.default.is_some() {
        schema.default = keywords.default;
    }
    // Compared as a whole, like the keywords that hold schemas and have no place of their own. `xml` names elements and
    // attributes on the wire, where XML is what travels.
    for (name, value) in [
        ("minContains", keywords.min_contains),
        ("maxContains", keywords.max_contains),
        ("dependentRequired", keywords.dependent_required),
        ("xml", keywords.xml),
    ] {
        if let Some(value) = value {
            schema.constraints.push((name, value));
        }
    }
}

/// How large values may be.
fn copy_limits<'d>(schema: &mut Schema<'d>, keywords: &Keywords<'d>) {
    if let Some(bound) = keywords.lower_bound() {
        schema.minimum = Some(bound);
    }
    if let Some(bound) = keywords.upper_bound() {
        schema.maximum = Some(bound);
    }
    if keywords.multiple_of.is_some() {
        schema.multiple_of = keywords.multiple_of;
    }
    let counts = [
        keywords.min_length,
        keywords.max_length,
        keywords.min_items,
        keywords.max_items,
        keywords.min_properties,
        keywords.max_properties,
    ];
    if counts.iter().any(Option::is_some) {
        [
            schema.min_length,
            schema.max_length,
            schema.min_items,
            schema.max_items,
            schema.min_properties,
            schema.max_properties,
        ] = counts;
    }
    if keywords.unique_items {
        schema.unique_items = true;
    }
}
