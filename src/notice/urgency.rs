//! When news is told: at once, at most once a day, or with the digest.

use crate::model::{Api, OpenFinding, OpenNotice, Severity, Side, ToldFinding};

use super::advice::is_about_days;
use super::dates;
use super::usage::{callers, concerning};

/// When a party that was told of a notice before hears what is new; the last comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// It breaks nothing: with the party's next digest.
    Waits,
    /// It has come nearer: today, where nothing was written today.
    OnceADay,
    /// It breaks, or a day was named.
    AtOnce,
}

/// When a finding is told to a party that was told this of it; none where it is no news.
pub(super) fn urgency(told: Option<&ToldFinding>, finding: &OpenFinding) -> Option<Urgency> {
    let breaks = finding.severity == Severity::Breaking || is_about_days(&finding.rule);
    let news = if breaks { Urgency::AtOnce } else { Urgency::Waits };
    match told {
        None => Some(news),
        // An exception has ended.
        Some(told) if told.severity < finding.severity => Some(news),
        Some(told) if !dates::is_news(&told.content, &finding.content) => None,
        Some(told) if dates::is_reminder(&told.content, &finding.content) => Some(Urgency::OnceADay),
        Some(told) if dates::is_later(&told.content, &finding.content) => Some(Urgency::OnceADay),
        Some(_) => Some(news),
    }
}

/// What a party that was told of a notice is not told yet, since it breaks nothing and waits for the digest.
pub fn waiting<'s>(open: &'s OpenNotice, api: &Api, side: Side, party: &str) -> Vec<&'s OpenFinding> {
    let Some(told) = open.told_to(side, party) else { return Vec::new() };
    let theirs = concerning(&open.findings, callers(api, side, party)).into_iter();
    theirs.filter(|finding| urgency(told.findings.get(&finding.identity), finding) == Some(Urgency::Waits)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_when() {
        use Severity::{Breaking, Info, Warning};
        use Urgency::{AtOnce, OnceADay, Waits};
        let finding = |rule: &str, severity: Severity, content: &str| OpenFinding {
            content: content.to_owned(),
            ..OpenFinding::new("i".to_owned(), rule, severity, String::new())
        };
        let told = |severity: Severity, content: &str| Some(ToldFinding { content: content.to_owned(), severity });
        for (told, now, expected) in [
            (None, finding("r", Breaking, "1"), Some(AtOnce)),
            (None, finding("r", Warning, "1"), Some(Waits)),
            (None, finding("date-in-freeze", Warning, "day 2026-06-30 0"), Some(AtOnce)),
            (told(Breaking, "1"), finding("r", Breaking, "1"), None),
            (told(Breaking, "1"), finding("r", Breaking, "2"), Some(AtOnce)),
            (told(Warning, "1"), finding("r", Warning, "2"), Some(Waits)),
            // An exception has ended; one has begun.
            (told(Warning, "1"), finding("r", Breaking, "1"), Some(AtOnce)),
            (told(Info, "1"), finding("r", Warning, "1"), Some(Waits)),
            (told(Breaking, "1"), finding("r", Warning, "1"), None),
            (told(Breaking, "day 2026-06-30 0"), finding("end-announced", Breaking, "day 2026-06-01 0"), Some(AtOnce)),
            (told(Breaking, "day 2026-06-30 0"), finding("end-announced", Breaking, "day 2026-06-30 1"), Some(OnceADay)),
            (told(Breaking, "day 2026-06-30 3"), finding("end-announced", Breaking, "day 2026-07-02 3"), Some(OnceADay)),
            (told(Breaking, "day 2026-06-30 0"), finding("end-announced", Breaking, "day 2026-09-30 0"), None),
        ] {
            assert_eq!(urgency(told.as_ref(), &now), expected, "{told:?} and {} {} {}", now.rule, now.severity, now.content);
        }
    }
}
