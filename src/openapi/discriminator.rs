//! What a discriminator's mapping leads to, and what a form is called that no mapping names.

use std::borrow::Cow;
use std::collections::HashMap;

use super::document::Dialect;
use super::keywords::bare_reference;
use super::pointer::{escape, resolve};
use super::schema::Discriminator;
use super::subtypes::section;
use super::value::{Map, Value};

/// References and single members of `allOf` that are followed to the schema that says what a form is.
const MOST_HOPS: usize = 32;

/// Members in which generators write down the tag of a form where the description language has no mapping.
const OWN_TAG: &[&str] = &["x-ms-discriminator-value", "x-discriminator-value"];

/// Ends of the names of files that hold one schema.
const FILE_ENDS: &[&str] = &[".yaml", ".yml", ".json"];

impl<'d> Discriminator<'d> {
    /// In Swagger 2.0 a bare property name.
    pub fn read(value: &'d Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        match value {
            Value::String(property) => Some(Self { property, mapping: Vec::new() }),
            Value::Object(_) => text("propertyName").map(|property| {
                let mapping = value.get("mapping").and_then(Value::as_object);
                let mut mapping: Vec<(&str, &str)> =
                    mapping.into_iter().flatten().filter_map(|(tag, target)| Some((tag.as_str(), target.as_str()?))).collect();
                // 3.2: what a value without a mapping stands for (OpenAPI 3.2 section 4.25).
                mapping.extend(text("defaultMapping").map(|target| (Self::EVERY_OTHER, target)));
                mapping.sort_unstable();
                Self { property, mapping }
            }),
            _ => None,
        }
    }
}

/// The schemas that mappings of one document lead to, found once for each target.
pub struct MappedForms<'d> {
    root: &'d Value,
    dialect: Dialect,
    known: HashMap<&'d str, Option<&'d Value>>,
}

impl<'d> MappedForms<'d> {
    /// Nothing looked up yet.
    pub fn of(root: &'d Value, dialect: Dialect) -> Self {
        Self { root, dialect, known: HashMap::new() }
    }

    /// The schema that a target leads to: the name of a component, or a reference (OpenAPI 3.1 section 4.8.25). A name
    /// that a bundler left behind, `cat.yaml`, is the component that became of the file.
    pub fn target(&mut self, target: &'d str) -> Option<&'d Value> {
        let (root, dialect) = (self.root, self.dialect);
        *self.known.entry(target).or_insert_with(|| {
            let section = section(root);
            let component = |name: &str| {
                let (path, components) = section?;
                components.get(name)?;
                Some(format!("#/{}/{}", path.join("/"), escape(name).replace('%', "%25")))
            };
            let pointer = target.find("#/").and_then(|at| target.get(at..)).filter(|pointer| resolve(root, pointer).is_some());
            let reference =
                component(target).or_else(|| pointer.map(str::to_owned)).or_else(|| component(&implied_tag(target)))?;
            Some(form_behind(root, dialect, resolve(root, &reference)?))
        })
    }
}

/// The schema that says what a form is: what references, and `allOf` of one member and prose, lead to.
pub fn form_behind<'d>(root: &'d Value, dialect: Dialect, schema: &'d Value) -> &'d Value {
    let mut at = schema;
    for _ in 0..MOST_HOPS {
        let Value::Object(map) = at else { return at };
        let next = match bare_reference(map, dialect) {
            Some(reference) => resolve(root, reference),
            None => only_member(map),
        };
        match next {
            Some(next) => at = next,
            None => return at,
        }
    }
    at
}

/// The only member of an `allOf`, where nothing is said beside it that tells one form from another.
fn only_member(map: &Map) -> Option<&Value> {
    const SAYS_NOTHING: &[&str] = &["allOf", "description", "title", "summary", "example", "examples", "nullable", "deprecated"];
    match map.get("allOf")?.as_array()? {
        [only] if map.keys().all(|name| SAYS_NOTHING.contains(&name.as_str()) || name.starts_with("x-")) => Some(only),
        _ => None,
    }
}

/// What a form is called on the wire that no mapping names: the name of its component (OpenAPI 3.1 section 4.8.25),
/// which for a file of its own is the name of the file.
pub fn implied_tag(reference: &str) -> Cow<'_, str> {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    if last.contains("~1") {
        // The key of a file in a joined document.
        return Cow::Owned(implied_tag(&last.replace("~1", "/")).into_owned());
    }
    let stem = FILE_ENDS.iter().find_map(|end| last.strip_suffix(end)).unwrap_or(last);
    if stem.contains('~') { Cow::Owned(stem.replace("~0", "~")) } else { Cow::Borrowed(stem) }
}

/// The tag that a form claims for itself.
pub fn own_tag(form: &Value) -> Option<&str> {
    OWN_TAG.iter().find_map(|name| form.get(name)?.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_spelling_of_a_target_leads_to_the_form() {
        let root = Value::from(json!({"components": {"schemas": {
            "Cat": {"$ref": "#/components/schemas/Feline"}, "Feline": {"type": "object"}, "dog": {"allOf": [{"$ref": "#/x/dog"}], "description": "d"}
        }}, "x": {"dog": {"type": "object", "title": "dog"}}}));
        let mut forms = MappedForms::of(&root, Dialect::OpenApi30);
        let feline = resolve(&root, "#/components/schemas/Feline").map(std::ptr::from_ref);
        for target in
            ["Cat", "Feline", "#/components/schemas/Cat", "../openapi.yaml#/components/schemas/Feline", "model/Cat.yaml"]
        {
            assert_eq!(forms.target(target).map(std::ptr::from_ref), feline, "{target}");
        }
        let dog = resolve(&root, "#/x/dog").map(std::ptr::from_ref);
        assert_eq!(forms.target("./dog.json").map(std::ptr::from_ref), dog);
        assert_eq!(forms.target("Cow"), None);
    }

    #[test]
    fn a_form_without_a_mapping_is_called_as_its_component() {
        let tags = ["#/components/schemas/Cat", "model/cat.yaml", "#/x-driftd-files/model~1cat.yaml", "Cat", "#/a/b~0c"];
        assert_eq!(tags.map(implied_tag), ["Cat", "cat", "cat", "Cat", "b~c"]);
    }
}
