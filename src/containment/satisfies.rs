//! Whether one value satisfies one node: the ground on which guesses are tested.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::openapi::{exact, is_multiple};

use super::node::{NodeId, Part};
use super::prover::Prover;
use super::value::{canonical, kind_of};

/// How deep a value is followed through schemas.
const DEEPEST: usize = 200;

/// Whether a value satisfies a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Satisfaction {
    /// It does not.
    No,
    /// Something on the way is not reasoned about.
    Unsure,
    /// It does, as far as formats are annotations.
    Formats,
    /// It does.
    Yes,
}

impl Satisfaction {
    const fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    /// Formats have no force: what only they refuse is not known to be refused.
    const fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            Self::Unsure | Self::Formats => Self::Unsure,
        }
    }

    fn and(self, other: Self) -> Self {
        self.min(other)
    }

    fn or(self, other: Self) -> Self {
        self.max(other)
    }
}

/// Whether a value is of a format however that is read: whole numbers within the range of a format for numbers.
fn is_surely_of(format: &str, value: &Value) -> bool {
    let Some(number) = value.as_i64() else { return false };
    match format {
        "int32" => i32::try_from(number).is_ok(),
        // Every such number is one of theirs, exactly.
        "float" | "double" => number.unsigned_abs() <= 1 << 24,
        "int64" => true,
        _ => false,
    }
}

impl Prover<'_> {
    /// Whether `value` satisfies `node`.
    pub(super) fn satisfies(&mut self, node: NodeId, value: &Value, depth: usize) -> Satisfaction {
        if depth > DEEPEST || !self.spend(1) {
            return Satisfaction::Unsure;
        }
        let parts = self.reader.parts(node);
        let mut all = Satisfaction::Yes;
        for part in parts.iter() {
            all = all.and(self.satisfies_part(part, value, depth + 1));
            if all == Satisfaction::No {
                break;
            }
        }
        all
    }

    /// Whether `value` satisfies one part of a node.
    pub(super) fn satisfies_part(&mut self, part: &Part, value: &Value, depth: usize) -> Satisfaction {
        match part {
            Part::Kinds(types) => return Satisfaction::of(types.contains(kind_of(value))),
            Part::OneOfValues(values) => {
                return Satisfaction::of(values.has(&canonical(value)));
            }
            Part::Same(node) => return self.satisfies(*node, value, depth),
            Part::Not(node) => return self.satisfies(*node, value, depth).not(),
            Part::Any(nodes) => {
                let mut any = Satisfaction::No;
                for node in nodes.iter() {
                    any = any.or(self.satisfies(*node, value, depth));
                    if any == Satisfaction::Yes {
                        break;
                    }
                }
                return any;
            }
            Part::One(nodes) => return self.satisfies_exactly_one(nodes, value, depth),
            Part::If(condition, then, otherwise) => {
                let condition = self.satisfies(*condition, value, depth);
                let mut branch = |node: &NodeId| self.satisfies(*node, value, depth);
                return match condition {
                    Satisfaction::Yes => branch(then),
                    Satisfaction::No => branch(otherwise),
                    // Either may be the one that counts.
                    _ => match (branch(then), branch(otherwise)) {
                        (then, otherwise) if then == otherwise => then,
                        _ => Satisfaction::Unsure,
                    },
                };
            }
            Part::Unclear(..) => return Satisfaction::Unsure,
            Part::Unevaluated(of, base, rest) => return self.leftover_satisfies(*of, *base, *rest, value, depth),
            Part::Format(format) => {
                let is_asked = value.is_string() || value.is_number();
                return if is_asked && !is_surely_of(format, value) { Satisfaction::Formats } else { Satisfaction::Yes };
            }
            _ => {}
        }
        match value {
            Value::Number(number) => {
                let Some(number) = exact(number) else { return Satisfaction::Unsure };
                match part {
                    Part::Least(bound, out) => Satisfaction::of(number > *bound || (!out && number == *bound)),
                    Part::Most(bound, out) => Satisfaction::of(number < *bound || (!out && number == *bound)),
                    Part::Multiple(step) => Satisfaction::of(is_multiple(&number, step)),
                    _ => Satisfaction::Yes,
                }
            }
            Value::String(text) => {
                let length = || u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
                match part {
                    Part::MinLength(least) => Satisfaction::of(length() >= *least),
                    Part::MaxLength(most) => Satisfaction::of(length() <= *most),
                    Part::Pattern(pattern) => self.patterns.matches(pattern, text).map_or(Satisfaction::Unsure, Satisfaction::of),
                    _ => Satisfaction::Yes,
                }
            }
            Value::Array(list) => self.satisfies_list(part, list, depth),
            Value::Object(map) => self.satisfies_object(part, map, value, depth),
            _ => Satisfaction::Yes,
        }
    }

    fn satisfies_exactly_one(&mut self, nodes: &[NodeId], value: &Value, depth: usize) -> Satisfaction {
        let (mut sure, mut unsure, mut formats) = (0, false, false);
        for node in nodes {
            match self.satisfies(*node, value, depth) {
                Satisfaction::Yes => sure += 1,
                Satisfaction::Formats => formats = true,
                Satisfaction::Unsure => unsure = true,
                Satisfaction::No => {}
            }
            if sure > 1 {
                return Satisfaction::No;
            }
        }
        match (sure, formats || unsure) {
            (_, true) => Satisfaction::Unsure,
            (1, false) => Satisfaction::Yes,
            _ => Satisfaction::No,
        }
    }

    fn satisfies_list(&mut self, part: &Part, list: &[Value], depth: usize) -> Satisfaction {
        let length = u64::try_from(list.len()).unwrap_or(u64::MAX);
        match part {
            Part::MinItems(least) => Satisfaction::of(length >= *least),
            Part::MaxItems(most) => Satisfaction::of(length <= *most),
            Part::Unique => Satisfaction::of(list.iter().map(canonical).collect::<BTreeSet<_>>().len() == list.len()),
            Part::Items(first, rest) => {
                let mut all = Satisfaction::Yes;
                for (index, item) in list.iter().enumerate() {
                    if let Some(node) = first.get(index).copied().or(*rest) {
                        all = all.and(self.satisfies(node, item, depth));
                    }
                }
                all
            }
            Part::Contains(node, least, most) => {
                let (mut sure, mut perhaps) = (0_u64, 0_u64);
                for item in list {
                    match self.satisfies(*node, item, depth) {
                        Satisfaction::Yes => sure += 1,
                        Satisfaction::No => {}
                        _ => perhaps += 1,
                    }
                }
                let most = most.unwrap_or(u64::MAX);
                if sure + perhaps < *least || sure > most {
                    Satisfaction::No
                } else if sure >= *least && sure + perhaps <= most {
                    Satisfaction::Yes
                } else {
                    Satisfaction::Unsure
                }
            }
            _ => Satisfaction::Yes,
        }
    }

    fn satisfies_object(
        &mut self,
        part: &Part,
        map: &serde_json::Map<String, Value>,
        value: &Value,
        depth: usize,
    ) -> Satisfaction {
        let size = u64::try_from(map.len()).unwrap_or(u64::MAX);
        match part {
            Part::Required(name) => Satisfaction::of(map.contains_key(name.as_ref())),
            Part::MinProperties(least) => Satisfaction::of(size >= *least),
            Part::MaxProperties(most) => Satisfaction::of(size <= *most),
            Part::Members(members) => {
                let mut all = Satisfaction::Yes;
                for (name, member) in map {
                    let Some(nodes) = self.members_for(members, name) else {
                        all = all.and(Satisfaction::Unsure);
                        continue;
                    };
                    for node in nodes {
                        all = all.and(self.satisfies(node, member, depth));
                    }
                }
                all
            }
            Part::Names(node) => {
                let mut all = Satisfaction::Yes;
                for name in map.keys() {
                    all = all.and(self.satisfies(*node, &Value::String(name.clone()), depth));
                }
                all
            }
            Part::NeedsNames(name, names) => {
                Satisfaction::of(!map.contains_key(name.as_ref()) || names.iter().all(|name| map.contains_key(name.as_ref())))
            }
            Part::NeedsSchema(name, node) if map.contains_key(name.as_ref()) => self.satisfies(*node, value, depth),
            _ => Satisfaction::Yes,
        }
    }
}
