//! What a letter says first: a line for each operation of the reader, the hardest first.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::model::{Consequence, Consumer, OneCause, OpenFinding, OperationLabel, Severity};
use crate::rules::{Catalogue, Extent, Rule};

/// Operations that stand at the head of a letter.
const SHOWN: usize = 5;

/// How hard a row hits whoever calls what it reaches, the hardest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Hardness {
    /// The operation is gone.
    Gone,
    /// Every request is refused.
    RefusedForEverybody,
    /// Every message is unreadable.
    UnreadableForEverybody,
    /// Some messages break.
    BreaksSome,
    /// Somebody has to look.
    ToLookAt,
}

/// How hard a finding hits.
fn hardness(finding: &OpenFinding, catalogue: &Catalogue) -> Hardness {
    let extent = catalogue.get(&finding.rule).map_or(Extent::SomeMessages, Rule::extent);
    match (finding.severity, extent, finding.consequence) {
        (Severity::Breaking, Extent::Operation, _) => Hardness::Gone,
        (Severity::Breaking, Extent::EveryMessage, Consequence::Unreadable) => Hardness::UnreadableForEverybody,
        (Severity::Breaking, Extent::EveryMessage, _) => Hardness::RefusedForEverybody,
        (Severity::Breaking, Extent::SomeMessages, _) => Hardness::BreaksSome,
        _ => Hardness::ToLookAt,
    }
}

/// Findings as people read them, the hardest first.
pub fn hardest_first<'f>(findings: &[&'f OpenFinding], catalogue: &Catalogue) -> Vec<OneCause<&'f OpenFinding>> {
    let mut rows = OpenFinding::rows(findings.iter().copied());
    rows.sort_by_key(|row| hardness(row.first, catalogue));
    rows
}

/// The operations of a finding that a reader cares about: those a consumer declared, or all of them where it declared none or
/// the reader is the provider. Webhooks and callbacks are in no list of calls and concern everybody.
pub fn own_operations<'f>(finding: &'f OpenFinding, consumer: Option<&Consumer>) -> Vec<&'f OperationLabel> {
    let Some(patterns) = consumer.and_then(|consumer| consumer.operations.as_ref()) else {
        return finding.used_by.iter().collect();
    };
    let is_own = |label: &&OperationLabel| label.call().is_none() || patterns.iter().any(|pattern| pattern.matches_label(label));
    finding.used_by.iter().filter(is_own).collect()
}

/// What happens to an operation; to whoever did not say what it calls, one change and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShortLine {
    /// The operation; none for what concerns all of them.
    pub operation: Option<OperationLabel>,
    /// How many more operations the same happens to.
    pub others: usize,
    /// The hardest that happens to it, without a full stop.
    pub says: String,
    /// How much more happens to it.
    pub more: usize,
}

/// What a letter says first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Short {
    /// At most five.
    pub lines: Vec<ShortLine>,
    /// How many more there are.
    pub more: usize,
    /// How many operations break, where that can be counted: none where something breaks all of them.
    pub broken: Option<usize>,
    /// How many operations something happens to, likewise.
    pub reached: Option<usize>,
}

/// The head of a letter about these rows, which are in the order of their hardness.
pub(super) fn short(rows: &[OneCause<&OpenFinding>], consumer: Option<&Consumer>, catalogue: &Catalogue) -> Short {
    let says = |row: &OneCause<&OpenFinding>| match hardness(row.first, catalogue) {
        Hardness::Gone => "gone, stop calling it".to_owned(),
        _ => row.message.clone(),
    };
    let breaks = |row: &&OneCause<&OpenFinding>| row.first.severity == Severity::Breaking;
    let counted = |rows: &mut dyn Iterator<Item = &OneCause<&OpenFinding>>| {
        let mut all: HashSet<&OperationLabel> = HashSet::new();
        for row in rows {
            let operations = own_operations(row.first, consumer);
            if operations.is_empty() {
                return None;
            }
            all.extend(operations);
        }
        Some(all.len())
    };
    let (broken, reached) = (counted(&mut rows.iter().filter(breaks)), counted(&mut rows.iter()));
    let mut lines: Vec<ShortLine> = Vec::new();
    let mut known: HashMap<Option<&OperationLabel>, usize> = HashMap::new();
    let is_declared = consumer.is_some_and(|consumer| consumer.operations.is_some());
    for row in rows {
        let operations = own_operations(row.first, consumer);
        if !is_declared {
            let (operation, others) = (operations.first().copied().cloned(), operations.len().saturating_sub(1));
            lines.push(ShortLine { operation, others, says: says(row), more: 0 });
            continue;
        }
        let all = operations.is_empty().then_some(None);
        for operation in operations.into_iter().map(Some).chain(all) {
            match known.get(&operation).and_then(|at| lines.get_mut(*at)) {
                Some(line) => line.more += 1,
                None => {
                    known.insert(operation, lines.len());
                    lines.push(ShortLine { operation: operation.cloned(), others: 0, says: says(row), more: 0 });
                }
            }
        }
    }
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    Short { lines, more, broken, reached }
}
