//! `[[overrides]]`: exceptions from the verdict, in an integration's file or a file of their own.

use std::path::Path;

use chrono::NaiveDate;

use crate::model::{Override, OverrideSeverity, Pattern, Stability};

use super::reader::{Invalid, Problem, Problems, Table, did_you_mean};
use super::values::operations;

/// Reads a file of nothing but `[[overrides]]`.
///
/// # Errors
/// Every mistake at once.
pub fn load_overrides(file: &Path, text: &str, today: NaiveDate) -> Result<Vec<Override>, Vec<Problem>> {
    let mut problems = Problems::new(file, text);
    let parsed = problems.parse();
    let mut root = Table::root(&parsed);
    let tables = root.list("overrides", &mut problems);
    let overrides = read(tables, today, &mut problems);
    root.finish(&mut problems);
    if problems.found.is_empty() { Ok(overrides) } else { Err(problems.found) }
}

pub(super) fn read(tables: Vec<Table<'_, '_>>, today: NaiveDate, problems: &mut Problems<'_>) -> Vec<Override> {
    tables.into_iter().filter_map(|table| exception(table, today, problems)).collect()
}

fn exception(mut table: Table<'_, '_>, today: NaiveDate, problems: &mut Problems<'_>) -> Option<Override> {
    let offset = table.offset;
    let glob = |text: &str| {
        Pattern::parse(text)
            .map_err(|why| Invalid::new(why, "`*` stands for anything within a segment, `**` for any number of them"))
    };
    let rule = table.parsed("rule", problems, glob);
    let pointer = table.parsed("pointer", problems, glob);
    let operations = operations(&mut table, problems);
    let stability = table.texts("stability", problems).map(|list| {
        let mut levels = Vec::new();
        for text in list {
            match Stability::ALL.into_iter().find(|level| level.name() == text.value) {
                Some(level) => levels.push(level),
                None => {
                    let help = did_you_mean(&text.value, Stability::ALL.into_iter().map(Stability::name));
                    text.wrong(format!("{:?} is no stability level", text.value), help, problems);
                }
            }
        }
        levels
    });
    let content = table.parsed("content", problems, |text| {
        let is_known = (8..=32).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let help = "copy `content` of the finding from `driftd diff --format json` or status.json, at least its first 8 digits";
        if is_known { Ok(text.to_owned()) } else { Err(Invalid::new(format!("{text:?} is no content of a finding"), help)) }
    });
    let to = table.parsed("severity", problems, |text| {
        let names = || OverrideSeverity::ALL.iter().map(|known| known.name());
        let found = OverrideSeverity::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| {
            Invalid::new(format!("{text:?} is no severity"), did_you_mean(text, names().collect::<Vec<_>>().into_iter()))
        })
    });
    if to.is_none() {
        table.missing("severity", "what becomes of the finding: breaking, warning, info or ignore", problems);
    }
    let owner = table.required_text("owner", "who answers for this exception", problems);
    let reason = table.required_text("reason", "why it is made: somebody will ask", problems);
    let until = table.parsed("until", problems, |text| {
        text.parse::<NaiveDate>().map_err(|_| Invalid::new(format!("{text:?} is no date"), "write \"2026-12-31\""))
    });
    match &until {
        None => table.missing("until", "the last day it holds: an exception without an end is a hole", problems),
        Some(until) if until.value < today => {
            until.unwise(format!("ended on {}", until.value), "remove it, or give it a new end", problems);
        }
        Some(_) => {}
    }
    if rule.is_none() && pointer.is_none() && operations.is_none() && stability.is_none() && content.is_none() {
        problems.add(
            offset,
            "overrides",
            "names nothing, and would cover every finding",
            "name at least one of `rule`, `operations`, `pointer`, `stability`, `content`",
        );
    }
    table.finish(problems);
    Some(Override {
        rule: rule.map(|at| at.value),
        operations,
        pointer: pointer.map(|at| at.value),
        stability,
        content: content.map(|at| at.value),
        to: to?.value,
        owner: owner?.value,
        reason: reason?.value,
        until: until?.value,
    })
}
