//! Whether two parts of two documents mean the same: prose aside, references followed.
//!
//! For what is compared as a whole. Two schemas that are met again while they are compared are taken to be the same:
//! references in circles then end by themselves, and any difference is found elsewhere on the circle. What was found
//! once, equal or different, is remembered for the comparison, whose steps are counted together.

use rustc_hash::FxHashSet;

use crate::openapi::{Map, SubschemaKeyword, SubschemaShape, Targets, Value};

use super::before_after::BeforeAfter;
use super::equality::{PROSE, same};
use super::unchanged::Unchanged;

/// References that lead to nothing but the next, before it counts as a circle.
const MAX_HOPS: usize = 32;

/// Values that all questions of one comparison may go through.
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
type Addresses = BeforeAfter<*const Value>;

/// What a value is to the comparison.
#[derive(Debug, Clone, Copy)]
enum PartKind {
    Schema,
    Schemas,
    /// Schemas by names that somebody chose, perhaps lists of names among them.
    Named,
    /// Every part counts.
    Data,
}

impl PartKind {
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
            // Compared where something refers to it.
            Some(SubschemaShape::Apart) => return None,
            None => Self::Data,
        })
    }
}

/// Two values that must mean the same, and the pair of schemas that they are part of.
#[derive(Clone, Copy)]
struct PartPair<'d> {
    a: &'d Value,
    b: &'d Value,
    kind: PartKind,
    owner: usize,
    /// Whether it is what two references lead to.
    is_target: bool,
}

/// A document whose schemas are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct SchemaDocument<'d> {
    pub(super) root: &'d Value,
    /// Whether it is read as JSON Schema 2020-12, where what stands beside a reference counts.
    pub(super) is_json_schema: bool,
}

/// A pair of schemas that was entered, and the one it was entered from.
struct Entered {
    pair: Addresses,
    from: usize,
}

/// What is known of which parts of two documents mean the same.
#[derive(Debug)]
pub(super) struct Equivalence<'d> {
    before: Targets<'d>,
    after: Targets<'d>,
    /// Whether what stands beside a reference counts.
    siblings: BeforeAfter<bool>,
    equal: FxHashSet<Addresses>,
    different: FxHashSet<Addresses>,
    left: usize,
}

impl<'d> Equivalence<'d> {
    /// Between two documents.
    pub(super) fn between(documents: BeforeAfter<SchemaDocument<'d>>) -> Self {
        Self {
            before: Targets::new(documents.before.root),
            after: Targets::new(documents.after.root),
            siblings: documents.map(|document| document.is_json_schema),
            equal: FxHashSet::default(),
            different: FxHashSet::default(),
            left: STEPS,
        }
    }

    /// Whether what two schemas say by a keyword means the same.
    pub(super) fn of_keyword(&mut self, keyword: &str, a: &'d Value, b: &'d Value, unchanged: Option<&Unchanged>) -> Alike {
        let kind = PartKind::beneath(keyword, a).unwrap_or(PartKind::Data);
        self.ask(PartPair { a, b, kind, owner: 0, is_target: false }, usize::MAX, unchanged)
    }

    /// Whether two schemas mean the same, as far as so many steps tell.
    pub(super) fn of_schemas(&mut self, a: &'d Value, b: &'d Value, most: usize, unchanged: Option<&Unchanged>) -> Alike {
        self.ask(PartPair { a, b, kind: PartKind::Schema, owner: 0, is_target: false }, most, unchanged)
    }

    fn ask(&mut self, first: PartPair<'d>, most: usize, unchanged: Option<&Unchanged>) -> Alike {
        // Every pair that was entered, and the pair it was entered from.
        let mut owners: Vec<Entered> = vec![Entered { pair: addresses(first.a, first.b), from: 0 }];
        let mut assumed: FxHashSet<Addresses> = FxHashSet::default();
        let mut pending = vec![first];
        let mut spent = 0;
        while let Some(part) = pending.pop() {
            spent += 1;
            if spent > most || self.left == 0 {
                return Alike::Unknown;
            }
            self.left -= 1;
            let owner = part.owner;
            if !self.step(part, &mut pending, &mut owners, &mut assumed, unchanged) {
                let mut at = owner;
                while at != 0 {
                    let Some(Entered { pair, from }) = owners.get(at) else { break };
                    self.different.insert(*pair);
                    at = *from;
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
        part: PartPair<'d>,
        pending: &mut Vec<PartPair<'d>>,
        owners: &mut Vec<Entered>,
        assumed: &mut FxHashSet<Addresses>,
        unchanged: Option<&Unchanged>,
    ) -> bool {
        let PartPair { a, b, kind, mut owner, is_target } = part;
        if matches!(kind, PartKind::Data) {
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
        let (left, right) = (bare(&mut self.before, a, self.siblings.before), bare(&mut self.after, b, self.siblings.after));
        if is_target || !std::ptr::eq(left, a) || !std::ptr::eq(right, b) {
            let pair = addresses(left, right);
            if self.different.contains(&pair) {
                return false;
            }
            if self.equal.contains(&pair) || !assumed.insert(pair) {
                return true;
            }
            owners.push(Entered { pair, from: owner });
            owner = owners.len() - 1;
        }
        match (kind, left, right) {
            (PartKind::Schema, Value::Object(a), Value::Object(b)) => self.members(a, b, owner, pending),
            (PartKind::Schemas, Value::Array(a), Value::Array(b)) => {
                pending.extend(a.iter().zip(b).map(|(a, b)| PartPair { a, b, kind: PartKind::Schema, owner, is_target: false }));
                a.len() == b.len()
            }
            (PartKind::Named, Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(name, a)| {
                        b.get(name).is_some_and(|b| {
                            let kind = if a.is_array() { PartKind::Data } else { PartKind::Schema };
                            pending.push(PartPair { a, b, kind, owner, is_target: false });
                            true
                        })
                    })
            }
            (_, a, b) => same(a, b),
        }
    }

    fn members(&mut self, a: &'d Map, b: &'d Map, owner: usize, pending: &mut Vec<PartPair<'d>>) -> bool {
        let counts = |name: &str, value: &Value| {
            !PROSE.contains(&name) && !ASIDE.contains(&name) && PartKind::beneath(name, value).is_some()
        };
        let told = |map: &Map| map.iter().filter(|(name, value)| counts(name, value)).count();
        if told(a) != told(b) {
            return false;
        }
        for (name, value) in a.iter().filter(|(name, value)| counts(name, value)) {
            let Some(other) = b.get(name) else { return false };
            if let ("$ref" | "$dynamicRef", Some(here), Some(there)) = (name.as_str(), value.as_str(), other.as_str()) {
                match (self.before.get(here), self.after.get(there)) {
                    (Some(a), Some(b)) => pending.push(PartPair { a, b, kind: PartKind::Schema, owner, is_target: true }),
                    (None, None) if here == there => {}
                    _ => return false,
                }
                continue;
            }
            let Some(kind) = PartKind::beneath(name, value) else { continue };
            pending.push(PartPair { a: value, b: other, kind, owner, is_target: false });
        }
        true
    }
}

fn addresses(a: &Value, b: &Value) -> Addresses {
    BeforeAfter::new(std::ptr::from_ref(a), std::ptr::from_ref(b))
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
        if siblings && !map.keys().all(|name| is_aside(name) || PartKind::beneath(name, at).is_none()) {
            break;
        }
        let Some(target) = targets.get(reference) else { break };
        at = target;
    }
    at
}
