//! The ids that users of oasdiff know, and what answers to each here.

use std::collections::BTreeMap;

/// One line for each id: the id, our rules separated by commas, and why there is none or how the meaning differs.
const TABLE: &str = include_str!("oasdiff.tsv");

/// An id of oasdiff (as of version 1.28) and what answers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OasdiffId {
    /// The id.
    pub id: &'static str,
    /// Our rules, the most general first; empty when none answers.
    pub rules: Vec<&'static str>,
    /// Why no rule answers, or how the meaning differs; may be empty.
    pub note: &'static str,
}

/// Every id, in the order of oasdiff's own list.
pub fn oasdiff_ids() -> Vec<OasdiffId> {
    TABLE
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let id = cells.next()?;
            let rules = cells.next().unwrap_or_default().split(',').filter(|rule| !rule.is_empty()).collect();
            Some(OasdiffId { id, rules, note: cells.next().unwrap_or_default() })
        })
        .collect()
}

/// The ids that each rule answers to.
pub(super) fn by_rule() -> BTreeMap<&'static str, Vec<String>> {
    let mut rules: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for id in oasdiff_ids() {
        for rule in &id.rules {
            rules.entry(rule).or_default().push(id.id.to_owned());
        }
    }
    rules
}
