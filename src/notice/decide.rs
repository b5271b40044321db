//! Whether anything is to be said: a set difference between what was told and what is open.

use chrono::{DateTime, Utc};
use std::collections::HashMap;

use crate::model::{Consumer, Notice, NoticeKind, OpenFinding};

use super::usage::{Impact, impact};

/// What happens to the notice of a watched description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing new: say nothing.
    Keep,
    /// Say it, under this notice.
    Tell {
        /// New, or the one that is open.
        notice: Notice,
        /// Opened or updated.
        kind: NoticeKind,
    },
    /// It is as before: say so, once.
    Close(Notice),
}

/// Decides from two states, never from an event: what was open at the last check, and what is open now.
///
/// `id` names a new notice. A finding counts as new when its identity is, or when its content changed;
/// one that merely went away is no news as long as others stay.
pub fn decide(
    previous: &[OpenFinding],
    current: &[OpenFinding],
    consumers: &[Consumer],
    open: Option<&Notice>,
    now: DateTime<Utc>,
    id: impl FnOnce() -> String,
) -> Decision {
    let concerns = |finding: &&OpenFinding| {
        finding.is_told() && consumers.iter().any(|consumer| impact(finding, consumer) > Impact::NotUsed)
    };
    let told: HashMap<&str, &str> =
        previous.iter().filter(concerns).map(|finding| (finding.identity.as_str(), finding.content.as_str())).collect();
    let mut any = false;
    let mut news = false;
    for finding in current.iter().filter(concerns) {
        any = true;
        news |= told.get(finding.identity.as_str()) != Some(&finding.content.as_str());
    }
    match (any, news, open) {
        (false, _, Some(notice)) => Decision::Close(notice.clone()),
        (false, _, None) | (true, false, _) => Decision::Keep,
        (true, true, Some(notice)) => {
            Decision::Tell { notice: Notice { told_at: now, ..notice.clone() }, kind: NoticeKind::Updated }
        }
        (true, true, None) => {
            Decision::Tell { notice: Notice { id: id(), opened_at: now, told_at: now }, kind: NoticeKind::Opened }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    fn finding(identity: &str, content: &str, severity: &str) -> OpenFinding {
        OpenFinding {
            identity: identity.to_owned(),
            content: content.to_owned(),
            severity: severity.to_owned(),
            rule: "r".to_owned(),
            message: String::new(),
            used_by: vec!["GET /a".to_owned()],
            before_pointer: String::new(),
            after_pointer: String::new(),
            fragment: String::new(),
            direction: String::new(),
        }
    }

    #[test]
    fn says_what_is_new_and_nothing_else() {
        let now = DateTime::UNIX_EPOCH;
        let open = Notice { id: "N-1".to_owned(), opened_at: now, told_at: now };
        let everyone = [Consumer { party: "x".to_owned(), operations: None }];
        let step = |previous: &[OpenFinding], current: &[OpenFinding], open: Option<&Notice>| match decide(
            previous,
            current,
            &everyone,
            open,
            now,
            || "N-new".to_owned(),
        ) {
            Decision::Keep => "keep".to_owned(),
            Decision::Tell { notice, kind } => format!("{} {}", kind.name(), notice.id),
            Decision::Close(notice) => format!("close {}", notice.id),
        };
        let (a, a2, b, info) = (
            finding("a", "1", "breaking"),
            finding("a", "2", "breaking"),
            finding("b", "1", "warning"),
            finding("i", "1", "info"),
        );
        assert_eq!(step(&[], &[], None), "keep");
        assert_eq!(step(&[], from_ref(&info), None), "keep");
        assert_eq!(step(&[], &[a.clone(), info], None), "opened N-new");
        assert_eq!(step(from_ref(&a), from_ref(&a), Some(&open)), "keep");
        assert_eq!(step(from_ref(&a), &[a2], Some(&open)), "updated N-1");
        assert_eq!(step(from_ref(&a), &[a.clone(), b.clone()], Some(&open)), "updated N-1");
        assert_eq!(step(&[a.clone(), b.clone()], &[b], Some(&open)), "keep");
        assert_eq!(step(&[a], &[], Some(&open)), "close N-1");
    }

    #[test]
    fn what_no_consumer_uses_is_not_told() {
        let now = DateTime::UNIX_EPOCH;
        let consumers = [Consumer { party: "x".to_owned(), operations: Some(Vec::new()) }];
        let decision = decide(&[], &[finding("a", "1", "breaking")], &consumers, None, now, String::new);
        assert_eq!(decision, Decision::Keep);
    }
}
