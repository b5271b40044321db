//! Findings that have one cause, told in one sentence: values that came to one list, forms that one place can no longer have.
//!
//! Each stays a finding of its own, with its own identity: one may be excepted, or revert, without the others.

use std::collections::HashMap;
use std::hash::Hash;

/// Values that a sentence names; the others are counted.
const NAMED: usize = 12;

/// A finding whose sentence ends in the value that it is about.
pub trait OneOfSeveral {
    /// Its sentence.
    fn message(&self) -> &str;

    /// The end of its sentence, where others may differ by it alone.
    fn value(&self) -> Option<&str>;
}

/// Findings that one sentence tells.
#[derive(Debug)]
pub struct OneCause<T> {
    /// The first of them.
    pub first: T,
    /// The others.
    pub others: Vec<T>,
    /// The sentence of all.
    pub message: String,
}

/// Findings by their cause, in the order of the first of each. Those whose `rest` is equal have one cause if their sentences
/// differ by the value alone.
pub fn by_cause<'k, T: OneOfSeveral, K: Hash + Eq>(
    findings: impl IntoIterator<Item = &'k T>,
    rest: impl Fn(&'k T) -> K,
) -> Vec<OneCause<&'k T>> {
    let mut causes: Vec<OneCause<&'k T>> = Vec::new();
    let mut known: HashMap<(&'k str, K), usize> = HashMap::new();
    for finding in findings {
        let beginning = finding.value().and_then(|value| finding.message().strip_suffix(value));
        let at = beginning.map(|beginning| *known.entry((beginning, rest(finding))).or_insert(causes.len()));
        match at.and_then(|at| causes.get_mut(at)) {
            Some(cause) => cause.others.push(finding),
            None => causes.push(OneCause { first: finding, others: Vec::new(), message: String::new() }),
        }
    }
    for cause in &mut causes {
        cause.message = sentence(cause.first, &cause.others);
    }
    causes
}

fn sentence<T: OneOfSeveral>(first: &T, others: &[&T]) -> String {
    let beginning = first.value().and_then(|value| first.message().strip_suffix(value));
    let (Some(beginning), false) = (beginning, others.is_empty()) else { return first.message().to_owned() };
    let plural = beginning.strip_suffix("the value ").map(|beginning| format!("{beginning}the values "));
    let values: Vec<&str> = std::iter::once(first).chain(others.iter().copied()).filter_map(OneOfSeveral::value).collect();
    let (named, unnamed) = values.split_at(values.len().min(NAMED));
    let list = match (named, unnamed.len()) {
        ([names @ .., last], 0) => format!("{} and {last}", names.join(", ")),
        (names, more) => format!("{} and {more} more", names.join(", ")),
    };
    plural.unwrap_or_else(|| beginning.to_owned()) + &list
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Said(&'static str, Option<&'static str>);

    impl OneOfSeveral for Said {
        fn message(&self) -> &str {
            self.0
        }

        fn value(&self) -> Option<&str> {
            self.1
        }
    }

    #[test]
    fn values_of_one_list_are_one_sentence_and_nothing_else_is() {
        let said = [
            Said("`a` may now take the value `1`", Some("`1`")),
            Said("`b` may now take the value `1`", Some("`1`")),
            Said("`a` may now take the value `2`", Some("`2`")),
            Said("`a` is now required", None),
            Said("`a` is now required", None),
            Said("`a` may now take the value `3`", Some("`3`")),
            Said("`a` can now also be `Cat`", Some("`Cat`")),
            Said("`a` can now also be `Dog`", Some("`Dog`")),
        ];
        let told = |causes: Vec<OneCause<&Said>>| causes.into_iter().map(|cause| cause.message).collect::<Vec<_>>();
        let expected = [
            "`a` may now take the values `1`, `2` and `3`",
            "`b` may now take the value `1`",
            "`a` is now required",
            "`a` is now required",
            "`a` can now also be `Cat` and `Dog`",
        ];
        assert_eq!(told(by_cause(&said, |_| ())), expected);
        assert_eq!(told(by_cause(&said, |one| one.0)).len(), said.len(), "what else differs keeps them apart");
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let said: Vec<Said> = (0..20).map(|_| Said("`a` may now take the value `1`", Some("`1`"))).collect();
        let causes = by_cause(&said, |_| ());
        assert_eq!(causes.len(), 1);
        assert!(causes[0].message.ends_with("`1`, `1` and 8 more"), "{}", causes[0].message);
    }
}
