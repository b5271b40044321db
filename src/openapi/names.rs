//! References by name, and what references lead to.

use std::borrow::Cow;
use std::collections::HashMap;

use super::pointer::{PointerId, Pointers, resolve};
use super::value::Value;

/// Schemas by anchor and `$id`, collected when the first reference asks for one.
#[derive(Debug, Default)]
pub(super) struct Names<'d> {
    known: Option<HashMap<Cow<'d, str>, (&'d Value, PointerId)>>,
}

impl<'d> Names<'d> {
    /// What a reference by name leads to, and where that stands.
    pub(super) fn get(&mut self, root: &'d Value, name: &str, pointers: &mut Pointers<'d>) -> Option<(&'d Value, PointerId)> {
        let names = self.known.get_or_insert_with(|| {
            let mut names = HashMap::new();
            collect_names(root, Pointers::ROOT, pointers, &mut names);
            names
        });
        if let Some(found) = names.get(name) {
            return Some(*found);
        }
        // `https://example.com/door#/$defs/lock`: a pointer below a schema with this `$id`.
        let (resource, pointer) = name.split_once('#')?;
        let (resource, at) = *names.get(resource)?;
        let place = pointer.split('/').skip(1).fold(at, |at, token| pointers.child(at, token.to_owned()));
        Some((resolve(resource, pointer)?, place))
    }
}

/// What the references of one document lead to; each is followed once.
#[derive(Debug)]
pub struct Targets<'d> {
    root: &'d Value,
    names: Names<'d>,
    known: HashMap<&'d str, Option<&'d Value>>,
}

impl<'d> Targets<'d> {
    /// Of a document.
    pub fn new(root: &'d Value) -> Self {
        Self { root, names: Names::default(), known: HashMap::new() }
    }

    /// What a reference leads to: by a pointer, an anchor or an `$id`.
    pub fn get(&mut self, reference: &'d str) -> Option<&'d Value> {
        if let Some(known) = self.known.get(reference) {
            return *known;
        }
        let found = if reference == "#" || reference.starts_with("#/") {
            resolve(self.root, reference)
        } else {
            self.names.get(self.root, reference, &mut Pointers::default()).map(|(value, _)| value)
        };
        self.known.insert(reference, found);
        found
    }
}

/// Every schema with a name of its own. Depth is bounded by reading.
fn collect_names<'d>(
    value: &'d Value,
    at: PointerId,
    pointers: &mut Pointers<'d>,
    names: &mut HashMap<Cow<'d, str>, (&'d Value, PointerId)>,
) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match (name.as_str(), inner) {
                    ("$anchor" | "$dynamicAnchor", Value::String(anchor)) => {
                        names.entry(Cow::Owned(format!("#{anchor}"))).or_insert((value, at));
                    }
                    ("$id", Value::String(id)) => {
                        names.entry(Cow::Borrowed(id.trim_end_matches('#'))).or_insert((value, at));
                    }
                    (_, Value::Object(_) | Value::Array(_)) => {
                        let here = pointers.child(at, name.as_str());
                        collect_names(inner, here, pointers, names);
                    }
                    _ => {}
                }
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate().filter(|(_, inner)| inner.is_object() || inner.is_array()) {
                let here = pointers.child(at, index.to_string());
                collect_names(inner, here, pointers, names);
            }
        }
        _ => {}
    }
}
