//! Components that inherit from a base are reached with it, though nothing refers to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::pointer::{PointerId, Pointers, unescape};
use super::super::schema::SchemaId;
use super::super::subtypes::{section, subtypes};
use super::super::value::Value;
use super::lowering::Lowering;

impl<'d> Lowering<'d> {
    /// Lowers the subtypes of every base that was reached, and says whose they are.
    pub(super) fn subtypes(&mut self) -> BTreeMap<SchemaId, Vec<(&'d str, SchemaId)>> {
        let mut found = BTreeMap::new();
        let subtypes = subtypes(self.root);
        let Some((path, schemas)) = section(self.root).filter(|_| !subtypes.is_empty()) else { return found };
        let home = self.pointers.below(Pointers::ROOT, path);
        let prefix = format!("#/{}/", path.join("/"));
        let mut lowered: HashMap<&'d str, SchemaId> = HashMap::new();
        let mut next = 0;
        // Subtypes may lead to further bases.
        while let Some(schema) = self.schemas.get(next) {
            let is_base = schema.discriminator.is_some() && schema.unions.is_empty();
            let (at, id) = (schema.at, SchemaId(u32::try_from(next).unwrap_or(0)));
            next += 1;
            let Some(name) = is_base.then(|| self.name_below(at, home)).flatten() else { continue };
            let mut members = Vec::new();
            let mut seen = BTreeSet::new();
            let mut pending = vec![name.as_str()];
            while let Some(base) = pending.pop() {
                for subtype in subtypes.get(base).into_iter().flatten().filter(|subtype| seen.insert(**subtype)) {
                    pending.push(subtype);
                    if let Some(value) = schemas.get(subtype) {
                        members.push((*subtype, self.subtype(subtype, value, &prefix, home, &mut lowered)));
                    }
                }
            }
            self.drain();
            members.sort_unstable();
            found.insert(id, members);
        }
        found
    }

    fn subtype(
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
        (!name.contains('/')).then(|| unescape(name).into_owned())
    }
}
