//! Whether one value satisfies one node: the ground on which guesses are tested.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::openapi::TypeSet;

use super::node::{Members, NodeId, Part, canonical};
use super::number::{exact, is_multiple};
use super::search::Prover;

/// How deep a value is followed through schemas.
const DEEPEST: usize = 200;

/// Whether a value satisfies a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    /// It does not.
    No,
    /// Something on the way is not reasoned about.
    Unsure,
    /// It does, as far as formats are annotations.
    Formats,
    /// It does.
    Yes,
}

impl Holds {
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

impl Prover<'_> {
    /// Whether `value` satisfies `node`.
    pub(super) fn holds(&mut self, node: NodeId, value: &Value, depth: usize) -> Holds {
        if depth > DEEPEST || !self.spend(1) {
            return Holds::Unsure;
        }
        let parts = self.reading.parts(node);
        let mut all = Holds::Yes;
        for part in parts.iter() {
            all = all.and(self.part_holds(part, value, depth + 1));
            if all == Holds::No {
                break;
            }
        }
        all
    }

    /// Whether `value` satisfies one part of a node.
    pub(super) fn part_holds(&mut self, part: &Part, value: &Value, depth: usize) -> Holds {
        match part {
            Part::Kinds(types) => return Holds::of(types.contains(kind_of(value))),
            Part::OneOfValues(values) => {
                return Holds::of(values.has(&canonical(value)));
            }
            Part::Same(node) => return self.holds(*node, value, depth),
            Part::Not(node) => return self.holds(*node, value, depth).not(),
            Part::Any(nodes) => {
                let mut any = Holds::No;
                for node in nodes.iter() {
                    any = any.or(self.holds(*node, value, depth));
                    if any == Holds::Yes {
                        break;
                    }
                }
                return any;
            }
            Part::One(nodes) => return self.one_holds(nodes, value, depth),
            Part::If(condition, then, otherwise) => {
                let condition = self.holds(*condition, value, depth);
                let mut branch = |node: &NodeId| self.holds(*node, value, depth);
                return match condition {
                    Holds::Yes => branch(then),
                    Holds::No => branch(otherwise),
                    // Either may be the one that counts.
                    _ => match (branch(then), branch(otherwise)) {
                        (then, otherwise) if then == otherwise => then,
                        _ => Holds::Unsure,
                    },
                };
            }
            Part::Unclear(..) => return Holds::Unsure,
            Part::Unevaluated(of, base, rest) => return self.left_over_holds(*of, *base, *rest, value, depth),
            Part::Format(_) => return if value.is_string() || value.is_number() { Holds::Formats } else { Holds::Yes },
            _ => {}
        }
        match value {
            Value::Number(number) => {
                let Some(number) = exact(number) else { return Holds::Unsure };
                match part {
                    Part::Least(bound, out) => Holds::of(number > *bound || (!out && number == *bound)),
                    Part::Most(bound, out) => Holds::of(number < *bound || (!out && number == *bound)),
                    Part::Multiple(step) => Holds::of(is_multiple(&number, step)),
                    _ => Holds::Yes,
                }
            }
            Value::String(text) => {
                let length = || u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
                match part {
                    Part::MinLength(least) => Holds::of(length() >= *least),
                    Part::MaxLength(most) => Holds::of(length() <= *most),
                    Part::Pattern(pattern) => self.patterns.matches(pattern, text).map_or(Holds::Unsure, Holds::of),
                    _ => Holds::Yes,
                }
            }
            Value::Array(list) => self.list_holds(part, list, depth),
            Value::Object(map) => self.object_holds(part, map, value, depth),
            _ => Holds::Yes,
        }
    }

    fn one_holds(&mut self, nodes: &[NodeId], value: &Value, depth: usize) -> Holds {
        let (mut sure, mut unsure, mut formats) = (0, false, false);
        for node in nodes {
            match self.holds(*node, value, depth) {
                Holds::Yes => sure += 1,
                Holds::Formats => formats = true,
                Holds::Unsure => unsure = true,
                Holds::No => {}
            }
            if sure > 1 {
                return Holds::No;
            }
        }
        match (sure, formats || unsure) {
            (_, true) => Holds::Unsure,
            (1, false) => Holds::Yes,
            _ => Holds::No,
        }
    }

    fn list_holds(&mut self, part: &Part, list: &[Value], depth: usize) -> Holds {
        let length = u64::try_from(list.len()).unwrap_or(u64::MAX);
        match part {
            Part::MinItems(least) => Holds::of(length >= *least),
            Part::MaxItems(most) => Holds::of(length <= *most),
            Part::Unique => Holds::of(list.iter().map(canonical).collect::<BTreeSet<_>>().len() == list.len()),
            Part::Items(first, rest) => {
                let mut all = Holds::Yes;
                for (index, item) in list.iter().enumerate() {
                    if let Some(node) = first.get(index).copied().or(*rest) {
                        all = all.and(self.holds(node, item, depth));
                    }
                }
                all
            }
            Part::Contains(node, least, most) => {
                let (mut sure, mut perhaps) = (0_u64, 0_u64);
                for item in list {
                    match self.holds(*node, item, depth) {
                        Holds::Yes => sure += 1,
                        Holds::No => {}
                        _ => perhaps += 1,
                    }
                }
                let most = most.unwrap_or(u64::MAX);
                if sure + perhaps < *least || sure > most {
                    Holds::No
                } else if sure >= *least && sure + perhaps <= most {
                    Holds::Yes
                } else {
                    Holds::Unsure
                }
            }
            _ => Holds::Yes,
        }
    }

    fn object_holds(&mut self, part: &Part, map: &serde_json::Map<String, Value>, value: &Value, depth: usize) -> Holds {
        let size = u64::try_from(map.len()).unwrap_or(u64::MAX);
        match part {
            Part::Required(name) => Holds::of(map.contains_key(name.as_ref())),
            Part::MinProperties(least) => Holds::of(size >= *least),
            Part::MaxProperties(most) => Holds::of(size <= *most),
            Part::Members(members) => {
                let mut all = Holds::Yes;
                for (name, member) in map {
                    let Some(nodes) = self.members_for(members, name) else {
                        all = all.and(Holds::Unsure);
                        continue;
                    };
                    for node in nodes {
                        all = all.and(self.holds(node, member, depth));
                    }
                }
                all
            }
            Part::Names(node) => {
                let mut all = Holds::Yes;
                for name in map.keys() {
                    all = all.and(self.holds(*node, &Value::String(name.clone()), depth));
                }
                all
            }
            Part::NeedsNames(name, names) => {
                Holds::of(!map.contains_key(name.as_ref()) || names.iter().all(|name| map.contains_key(name.as_ref())))
            }
            Part::NeedsSchema(name, node) if map.contains_key(name.as_ref()) => self.holds(*node, value, depth),
            _ => Holds::Yes,
        }
    }

    /// What a member of this name must be; none where a pattern is not reasoned about.
    pub(super) fn members_for(&mut self, members: &Members, name: &str) -> Option<Vec<NodeId>> {
        let mut nodes: Vec<NodeId> = members.named(name).into_iter().collect();
        for (pattern, node) in members.patterns.iter() {
            if self.patterns.matches(pattern, name)? {
                nodes.push(*node);
            }
        }
        if nodes.is_empty() {
            nodes.extend(members.rest);
        }
        Some(nodes)
    }

    /// Whether `members` declare this name; none where a pattern is not reasoned about.
    pub(super) fn is_declared(&mut self, members: &Members, name: &str) -> Option<bool> {
        if members.named(name).is_some() {
            return Some(true);
        }
        for (pattern, _) in members.patterns.iter() {
            if self.patterns.matches(pattern, name)? {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// The kind of a value, exactly: `1.0` is a whole number.
pub(super) fn kind_of(value: &Value) -> TypeSet {
    match value {
        Value::Number(number) => match exact(number) {
            Some(exact) if exact.is_integer() => TypeSet::INTEGER,
            Some(_) => TypeSet::FRACTION,
            None => TypeSet::NUMBER,
        },
        Value::Null => TypeSet::NULL,
        Value::Bool(_) => TypeSet::BOOLEAN,
        Value::String(_) => TypeSet::STRING,
        Value::Array(_) => TypeSet::ARRAY,
        Value::Object(_) => TypeSet::OBJECT,
    }
}
