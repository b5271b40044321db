//! Whether two parts of two documents mean the same: prose aside, references followed.
//!
//! For what is compared as a whole. Two schemas that are met again while they are compared are taken to be the same:
//! references in circles then end by themselves, and any difference is found elsewhere on the circle. What was found
//! once, equal or different, is remembered for the comparison, whose steps are counted together.

use rustc_hash::FxHashSet;

use crate::openapi::{Map, SubschemaKeyword, SubschemaShape, Targets, Value};

use super::unchanged::{PROSE, Unchanged, same};

/// References that lead to nothing but the next, before it counts as a circle.
const MAX_HOPS: usize = 32;

/// Values that all questions of one comparison may look at.
const STEPS: usize = 20_000_000;

/// Keywords that say nothing of what is valid, beside prose.
const ASIDE: &[&str] = &["$id", "$schema", "$anchor", "$dynamicAnchor", "$vocabulary"];

/// How two parts lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alike {
    /// They mean the same.
    Same,
    /// They do not.
    Different,
    /// It took too much work to tell.
    Unknown,
}

/// Two schemas, by where they stand in memory.
type Key = (*const Value, *const Value);

/// What a value is to the comparison.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Schema,
    Schemas,
    /// Schemas by names that somebody chose, perhaps lists of names among them.
    Named,
    /// Every part counts.
    Data,
}

impl Kind {
    fn beneath(keyword: &str, value: &Value) -> Option<Self> {
        Some(match SubschemaKeyword::named(keyword).map(SubschemaKeyword::shape) {
            Some(SubschemaShape::One) => Self::Schema,
            Some(SubschemaShape::List) => Self::Schemas,
            Some(SubschemaShape::OneOrList) => {
                if value.is_array() {
                    Self::Schemas
                } else {
                    Self::Schema
                }
            }
            Some(SubschemaShape::Named | SubschemaShape::NamedOrNames) => Self::Named,
            // Looked at where something refers to it.
            Some(SubschemaShape::Apart) => return None,
            None => Self::Data,
        })
    }
}

/// Two values that must mean the same, and the pair of schemas that they are part of.
#[derive(Clone, Copy)]
struct Job<'d> {
    a: &'d Value,
    b: &'d Value,
    kind: Kind,
    owner: usize,
    /// Whether it is what two references lead to.
    is_target: bool,
}

/// What is known of the meanings of two documents.
#[derive(Debug)]
pub(super) struct Meaning<'d> {
    before: Targets<'d>,
    after: Targets<'d>,
    /// Whether what stands beside a reference counts.
    siblings: (bool, bool),
    equal: FxHashSet<Key>,
    different: FxHashSet<Key>,
    left: usize,
}

impl<'d> Meaning<'d> {
    /// Between two documents, and whether each is read as JSON Schema 2020-12.
    pub(super) fn between(before: (&'d Value, bool), after: (&'d Value, bool)) -> Self {
        Self {
            before: Targets::new(before.0),
            after: Targets::new(after.0),
            siblings: (before.1, after.1),
            equal: FxHashSet::default(),
            different: FxHashSet::default(),
            left: STEPS,
        }
    }

    /// Whether what two schemas say by a keyword means the same.
    pub(super) fn of_keyword(&mut self, keyword: &str, a: &'d Value, b: &'d Value, unchanged: Option<&Unchanged>) -> Alike {
        let kind = Kind::beneath(keyword, a).unwrap_or(Kind::Data);
        self.ask(Job { a, b, kind, owner: 0, is_target: false }, usize::MAX, unchanged)
    }

    /// Whether two schemas mean the same, as far as so many steps tell.
    pub(super) fn of_schemas(&mut self, a: &'d Value, b: &'d Value, most: usize, unchanged: Option<&Unchanged>) -> Alike {
        self.ask(Job { a, b, kind: Kind::Schema, owner: 0, is_target: false }, most, unchanged)
    }

    fn ask(&mut self, first: Job<'d>, most: usize, unchanged: Option<&Unchanged>) -> Alike {
        // Every pair that was entered, and the pair it was entered from.
        let mut owners: Vec<(Key, usize)> = vec![(key(first.a, first.b), 0)];
        let mut assumed: FxHashSet<Key> = FxHashSet::default();
        let mut pending = vec![first];
        let mut spent = 0;
        while let Some(job) = pending.pop() {
            spent += 1;
            if spent > most || self.left == 0 {
                return Alike::Unknown;
            }
            self.left -= 1;
            let owner = job.owner;
            if !self.step(job, &mut pending, &mut owners, &mut assumed, unchanged) {
                let mut at = owner;
                while at != 0 {
                    let Some((key, parent)) = owners.get(at) else { break };
                    self.different.insert(*key);
                    at = *parent;
                }
                return Alike::Different;
            }
        }
        self.equal.extend(assumed);
        Alike::Same
    }

    /// Compares one pair but for its parts, which are left to be compared. False where it differs.
    fn step(
        &mut self,
        job: Job<'d>,
        pending: &mut Vec<Job<'d>>,
        owners: &mut Vec<(Key, usize)>,
        assumed: &mut FxHashSet<Key>,
        unchanged: Option<&Unchanged>,
    ) -> bool {
        let Job { a, b, kind, mut owner, is_target } = job;
        if matches!(kind, Kind::Data) {
            return same(a, b);
        }
        // Written alike, and what it leads to is the same with all that it refers to.
        if let (Some(here), Some(there)) = (reference(a), reference(b))
            && here == there
            && unchanged.is_some_and(|unchanged| unchanged.holds(here))
            && same(a, b)
        {
            return true;
        }
        let (left, right) = (bare(&mut self.before, a, self.siblings.0), bare(&mut self.after, b, self.siblings.1));
        if is_target || !std::ptr::eq(left, a) || !std::ptr::eq(right, b) {
            let key = key(left, right);
            if self.different.contains(&key) {
                return false;
            }
            if self.equal.contains(&key) || !assumed.insert(key) {
                return true;
            }
            owners.push((key, owner));
            owner = owners.len() - 1;
        }
        match (kind, left, right) {
            (Kind::Schema, Value::Object(a), Value::Object(b)) => self.members(a, b, owner, pending),
            (Kind::Schemas, Value::Array(a), Value::Array(b)) => {
                pending.extend(a.iter().zip(b).map(|(a, b)| Job { a, b, kind: Kind::Schema, owner, is_target: false }));
                a.len() == b.len()
            }
            (Kind::Named, Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(name, a)| {
                        b.get(name).is_some_and(|b| {
                            let kind = if a.is_array() { Kind::Data } else { Kind::Schema };
                            pending.push(Job { a, b, kind, owner, is_target: false });
                            true
                        })
                    })
            }
            (_, a, b) => same(a, b),
        }
    }

    fn members(&mut self, a: &'d Map, b: &'d Map, owner: usize, pending: &mut Vec<Job<'d>>) -> bool {
        let counts =
            |name: &str, value: &Value| !PROSE.contains(&name) && !ASIDE.contains(&name) && Kind::beneath(name, value).is_some();
        let told = |map: &Map| map.iter().filter(|(name, value)| counts(name, value)).count();
        if told(a) != told(b) {
            return false;
        }
        for (name, value) in a.iter().filter(|(name, value)| counts(name, value)) {
            let Some(other) = b.get(name) else { return false };
            if let ("$ref" | "$dynamicRef", Some(here), Some(there)) = (name.as_str(), value.as_str(), other.as_str()) {
                match (self.before.get(here), self.after.get(there)) {
                    (Some(a), Some(b)) => pending.push(Job { a, b, kind: Kind::Schema, owner, is_target: true }),
                    (None, None) if here == there => {}
                    _ => return false,
                }
                continue;
            }
            let Some(kind) = Kind::beneath(name, value) else { continue };
            pending.push(Job { a: value, b: other, kind, owner, is_target: false });
        }
        true
    }
}

fn key(a: &Value, b: &Value) -> Key {
    (std::ptr::from_ref(a), std::ptr::from_ref(b))
}

fn reference(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

/// What a schema is, where it is nothing but a reference.
fn bare<'d>(targets: &mut Targets<'d>, value: &'d Value, siblings: bool) -> &'d Value {
    let mut at = value;
    for _ in 0..MAX_HOPS {
        let Some(map) = at.as_object() else { break };
        let Some(reference) = map.get("$ref").and_then(Value::as_str) else { break };
        let is_aside = |name: &str| name == "$ref" || PROSE.contains(&name) || ASIDE.contains(&name) || name.starts_with("x-");
        if siblings && !map.keys().all(|name| is_aside(name) || Kind::beneath(name, at).is_none()) {
            break;
        }
        let Some(target) = targets.get(reference) else { break };
        at = target;
    }
    at
}
