//! Inheritance: components that fold a base with a `discriminator` in by `allOf`.
//!
//! Such a base stands for every one of them, though nothing refers to them (OpenAPI 3.0.3 section 4.7.25,
//! Swagger 2.0 "Composition and Inheritance").

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::{Map, PointerId, Pointers, SchemaId, Value, unit_of};
use super::Lowering;

/// The components that name a component in their `allOf`, by that component. Empty where no component has a
/// `discriminator` without alternatives of its own.
pub fn heirs(root: &Value) -> BTreeMap<String, Vec<&str>> {
    let Some((_, schemas)) = section(root) else { return BTreeMap::new() };
    let is_base =
        |value: &Value| value.get("discriminator").is_some() && value.get("oneOf").is_none() && value.get("anyOf").is_none();
    let mut heirs: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    if !schemas.values().any(is_base) {
        return heirs;
    }
    for (name, value) in schemas {
        let mut bases = BTreeSet::new();
        value.get("allOf").into_iter().chain(only_branch(value)).for_each(|part| bases_of(part, &mut bases));
        for base in bases {
            heirs.entry(base).or_default().push(name);
        }
    }
    heirs
}

/// The components that a part of a schema folds in, however they are wrapped: a list of `allOf`, or one schema.
/// Depth is bounded by reading.
fn bases_of(part: &Value, into: &mut BTreeSet<String>) {
    if let Some(members) = part.as_array() {
        return members.iter().for_each(|member| bases_of(member, into));
    }
    if let Some(reference) = part.get("$ref").and_then(Value::as_str) {
        into.extend(match unit_of(reference) {
            Some((section, _, Some(base))) if section == "components" => Some(base),
            Some((section, base, None)) if section == "definitions" => Some(base),
            _ => None,
        });
    }
    part.get("allOf").into_iter().chain(only_branch(part)).for_each(|inner| bases_of(inner, into));
}

/// A union of one is that one.
fn only_branch(schema: &Value) -> Option<&Value> {
    ["anyOf", "oneOf"].into_iter().find_map(|name| match schema.get(name)?.as_array()? {
        [only] => Some(only),
        _ => None,
    })
}

/// Where the schemas of a document have names.
fn section(root: &Value) -> Option<(&'static [&'static str], &Map)> {
    let places: [&'static [&'static str]; 2] = [&["components", "schemas"], &["definitions"]];
    places.into_iter().find_map(|path| {
        let found = path.iter().try_fold(root, |value, token| value.get(token))?;
        Some((path, found.as_object()?))
    })
}

impl<'d> Lowering<'d> {
    /// Lowers the heirs of every base that was reached, and says whose they are.
    pub(super) fn heirs(&mut self) -> BTreeMap<SchemaId, Vec<(&'d str, SchemaId)>> {
        let mut found = BTreeMap::new();
        let heirs = heirs(self.root);
        let Some((path, schemas)) = section(self.root).filter(|_| !heirs.is_empty()) else { return found };
        let home = self.pointers.below(Pointers::ROOT, path);
        let prefix = format!("#/{}/", path.join("/"));
        let mut lowered: HashMap<&'d str, SchemaId> = HashMap::new();
        let mut next = 0;
        // Heirs may lead to further bases.
        while let Some(schema) = self.schemas.get(next) {
            let is_base = schema.discriminator.is_some() && schema.unions.is_empty();
            let (at, id) = (schema.at, SchemaId(u32::try_from(next).unwrap_or(0)));
            next += 1;
            let Some(name) = is_base.then(|| self.name_below(at, home)).flatten() else { continue };
            let mut members = Vec::new();
            let mut seen = BTreeSet::new();
            let mut pending = vec![name.as_str()];
            while let Some(base) = pending.pop() {
                for heir in heirs.get(base).into_iter().flatten().filter(|heir| seen.insert(**heir)) {
                    pending.push(heir);
                    if let Some(value) = schemas.get(heir) {
                        members.push((*heir, self.heir(heir, value, &prefix, home, &mut lowered)));
                    }
                }
            }
            self.drain();
            members.sort_unstable();
            found.insert(id, members);
        }
        found
    }

    fn heir(
        &mut self,
        name: &'d str,
        value: &'d Value,
        prefix: &str,
        home: PointerId,
        lowered: &mut HashMap<&'d str, SchemaId>,
    ) -> SchemaId {
        if let Some(known) = self.by_reference.get(format!("{prefix}{name}").as_str()).or_else(|| lowered.get(name)) {
            return *known;
        }
        let place = self.pointers.child(home, name);
        let id = self.schema(value, place);
        lowered.insert(name, id);
        id
    }

    /// The name of what stands directly beneath `home`.
    fn name_below(&self, at: PointerId, home: PointerId) -> Option<String> {
        let (at, home) = (self.pointers.text(at), self.pointers.text(home));
        let name = at.strip_prefix(&home)?.strip_prefix('/')?;
        (!name.contains('/')).then(|| name.replace("~1", "/").replace("~0", "~"))
    }
}
