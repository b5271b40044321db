//! Which response answers for which status: found by status, so that many cost no more than few.

use std::collections::HashMap;

use crate::openapi::Response;

/// The status of a response that is for all others.
const DEFAULT: &str = "default";

/// The responses of one side.
struct StatusList<'r, 'd> {
    responses: &'r [Response<'d>],
    /// The first of each status.
    first: HashMap<&'r str, usize>,
    /// The first of each class, which is known by the first digit.
    first_of_class: HashMap<&'r str, usize>,
    first_success: Option<usize>,
    /// All that are for every other status: there are as many as there are ways to write the word.
    defaults: Vec<usize>,
}

impl<'r, 'd> StatusList<'r, 'd> {
    fn of(responses: &'r [Response<'d>]) -> Self {
        let mut list = Self {
            responses,
            first: HashMap::new(),
            first_of_class: HashMap::new(),
            first_success: responses.iter().position(Response::is_success),
            defaults: Vec::new(),
        };
        for (at, response) in responses.iter().enumerate() {
            let status = response.status.as_str();
            list.first.entry(status).or_insert(at);
            list.first_of_class.entry(class(status)).or_insert(at);
            if status == DEFAULT {
                list.defaults.push(at);
            }
        }
        list
    }

    fn default(&self) -> Option<&'r Response<'d>> {
        self.defaults.first().and_then(|at| self.responses.get(*at))
    }
}

/// The statuses of both sides, and which of them answers for which.
pub(super) struct Statuses<'r, 'd> {
    old: StatusList<'r, 'd>,
    new: StatusList<'r, 'd>,
    /// The side whose `default` stands for the success, because it lists none and the other side does.
    by_default: Option<&'r Response<'d>>,
}

impl<'r, 'd> Statuses<'r, 'd> {
    pub(super) fn of(old: &'r [Response<'d>], new: &'r [Response<'d>]) -> Self {
        let (old, new) = (StatusList::of(old), StatusList::of(new));
        let stands = |one: &StatusList<'r, 'd>, other: &StatusList<'r, 'd>| {
            let found = one.default().filter(|_| one.first_success.is_none() && other.first_success.is_some())?;
            // Where nothing but the other `default` carries a body, this one was always about failures.
            let is_carried = other.responses.iter().any(|response| response.is_success() && !response.content.is_empty());
            (is_carried || found.content.is_empty() || other.default().is_none()).then_some(found)
        };
        let by_default = stands(&old, &new).or_else(|| stands(&new, &old));
        Self { old, new, by_default }
    }

    fn stands_for_success(&self, response: &Response<'_>) -> bool {
        self.by_default.is_some_and(|default| std::ptr::eq(default, response))
    }

    pub(super) fn is_success(&self, response: &Response<'_>) -> bool {
        response.is_success() || self.stands_for_success(response)
    }

    /// Whether it is not about one status alone.
    pub(super) fn is_several(&self, response: &Response<'_>) -> bool {
        response.status.ends_with("XX") || self.stands_for_success(response)
    }

    /// Whether a status was listed before.
    pub(super) fn stood_before(&self, status: &str) -> bool {
        self.old.first.contains_key(status)
    }

    /// What answers now for an old response.
    pub(super) fn after(&self, old: &Response<'_>) -> Option<usize> {
        self.counterpart(old, &self.new)
    }

    /// What answered before for a new response.
    pub(super) fn before(&self, new: &Response<'_>) -> Option<usize> {
        self.counterpart(new, &self.old)
    }

    /// Exact code, then its range, then `default` for what is no success (OpenAPI 3.1 section 4.8.16.2); a range that
    /// became one of its codes is found the same way round.
    fn counterpart(&self, response: &Response<'_>, list: &StatusList<'r, 'd>) -> Option<usize> {
        if self.stands_for_success(response) {
            return list.first_success;
        }
        let status = response.status.as_str();
        let range = format!("{}XX", class(status));
        let default = |is_success: bool| {
            let stands = |at: &&usize| list.responses.get(**at).is_some_and(|other| self.stands_for_success(other)) == is_success;
            list.defaults.iter().find(stands).copied()
        };
        let same = if status == DEFAULT { default(false) } else { list.first.get(status).copied() };
        same.or_else(|| list.first.get(range.as_str()).copied())
            .or_else(|| if status == range { list.first_of_class.get(class(status)).copied() } else { None })
            .or_else(|| default(response.is_success()))
    }
}

/// The first digit of a status.
fn class(status: &str) -> &str {
    status.get(..1).unwrap_or_default()
}
