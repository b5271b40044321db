//! The stem of a subject: what a notice is about, in the words of its first letter to a party.

use crate::model::{Side, Surface};

use super::short::Short;

/// Names of operations and parties are cut at so many characters.
const LONGEST: usize = 60;

/// What the stem of a subject is made of.
pub(super) struct Facts<'s> {
    pub(super) audience: Side,
    pub(super) surface: Surface,
    pub(super) provider: &'s str,
    pub(super) api: &'s str,
    /// Whom it concerns at the other end of the provider's.
    pub(super) consumers: &'s str,
    /// Whether the reader said what it calls.
    pub(super) is_declared: bool,
    pub(super) short: &'s Short,
    pub(super) breaking: usize,
    pub(super) rows: usize,
}

/// Verdict first, then what it is about; the notice comes last, for people to type.
pub(super) fn stem(facts: &Facts<'_>, notice: &str) -> String {
    let Facts { short, consumers, breaking, .. } = facts;
    let calls = |count: Option<usize>| match (count, facts.is_declared) {
        (None, _) => format!("all calls of {consumers}"),
        (Some(1), true) => format!("1 call of {consumers}"),
        (Some(count), true) => format!("{count} calls of {consumers}"),
        (Some(1), false) => format!("1 operation that {consumers} may call"),
        (Some(count), false) => format!("{count} operations that {consumers} may call"),
    };
    let what = match (facts.audience, facts.surface) {
        (Side::Consumer, Surface::Ledger) => {
            format!("{} names days for {}", facts.provider, calls(short.reached))
        }
        (Side::Provider, Surface::Ledger) => format!("Days named for the {} concern {consumers}", facts.api),
        (Side::Consumer, surface) => {
            let (verb, count) = match (surface, *breaking) {
                (Surface::Upcoming, 1..) => ("will break", short.broken),
                (_, 1..) => ("breaks", short.broken),
                (Surface::Upcoming, 0) => ("will change", short.reached),
                (_, 0) => ("changes", short.reached),
            };
            format!("{} {verb} {}", facts.provider, calls(count))
        }
        (Side::Provider, surface) => {
            let announced = if surface == Surface::Upcoming { "announced " } else { "" };
            let count = if facts.rows == 1 {
                format!("1 {announced}change of the {} affects", facts.api)
            } else {
                format!("{} {announced}changes of the {} affect", facts.rows, facts.api)
            };
            format!("{count} {consumers}")
        }
    };
    let first = short.lines.first().and_then(|line| line.operation.as_ref());
    let count = if *breaking > 0 { short.broken } else { short.reached };
    let more = count.unwrap_or_default().saturating_sub(1);
    let place = match first {
        None => String::new(),
        Some(first) if more == 0 => format!(": {}", cut(first.as_str())),
        Some(first) => format!(": {} and {more} more", cut(first.as_str())),
    };
    format!("{what}{place} ({notice})")
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
