//! One page of status: of ten thousand descriptions nobody reads more than the worst.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use crate::model::ApiState;

use super::sections::{Entry, entries};
use super::view::{StatusExtent, StatusView};

/// Descriptions, notices and days on one page: with all that is wrong with each it stays below 60 kB.
pub(super) const PER_PAGE: usize = 60;

/// What is asked for by the address.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct StatusQuery {
    /// A state of descriptions.
    #[serde(default)]
    state: String,
    /// The id of an integration.
    #[serde(default)]
    integration: String,
    /// The page, from 1.
    #[serde(default)]
    page: String,
}

/// What is asked for, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusFilter {
    state: Option<ApiState>,
    integration: Option<String>,
    page: usize,
}

impl StatusQuery {
    /// What is asked for; a page beyond the last is the last.
    ///
    /// # Errors
    /// Says which words there are where a state or a page is none.
    pub fn read(&self) -> Result<StatusFilter, String> {
        let state = match self.state.trim() {
            "" => None,
            word => Some(ApiState::named(word).ok_or_else(|| {
                let known = ApiState::ALL.map(ApiState::name).join(", ");
                format!("`state` is none of {known}\n")
            })?),
        };
        let page = match self.page.trim() {
            "" => 1,
            text if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().unwrap_or(usize::MAX).max(1),
            _ => return Err("`page` is no whole number: write page=1\n".to_owned()),
        };
        let integration = Some(self.integration.trim()).filter(|id| !id.is_empty()).map(str::to_owned);
        Ok(StatusFilter { state, integration, page })
    }
}

/// What is asked for of a whole status.
pub(super) fn page_of(mut status: StatusView, filter: StatusFilter) -> StatusView {
    let StatusFilter { state, integration, page } = filter;
    if let Some(id) = &integration {
        status.checking.retain(|api| api.integration == *id);
        status.open.retain(|open| open.integration == *id);
        status.dates.retain(|date| date.integration == *id);
        status.gaps.retain(|gap| gap.integration == *id);
    }
    if let Some(state) = state {
        status.checking.retain(|api| api.state == state);
        // What is about an API stands with it, whichever of its descriptions is in that state; people are about none.
        status.gaps.clear();
        let left: HashSet<(&str, &str)> =
            status.checking.iter().map(|api| (api.integration.as_str(), api.api.as_str())).collect();
        status.open.retain(|open| left.contains(&(open.integration.as_str(), open.api.as_str())));
        status.dates.retain(|date| left.contains(&(date.integration.as_str(), date.api.as_str())));
    }
    let all = entries(&status);
    let pages = all.len().div_ceil(PER_PAGE).max(1);
    let page = page.clamp(1, pages);
    status.extent = StatusExtent {
        page,
        pages,
        per_page: PER_PAGE,
        state,
        integration,
        descriptions: status.checking.len(),
        verified: status.checking.iter().filter(|api| api.state == ApiState::Verified).count(),
        open: status.open.len(),
        overdue: status.open.iter().filter(|open| open.overdue_days.is_some()).count(),
        dates: status.dates.len(),
        gaps: status.gaps.len(),
    };
    // Where one page holds all, each list stays in its own order: programs know it so.
    if pages > 1 {
        let here: Vec<Entry> = all.into_iter().skip((page - 1) * PER_PAGE).take(PER_PAGE).collect();
        let places = |place: fn(&Entry) -> Option<usize>| here.iter().filter_map(place).collect::<Vec<usize>>();
        let checks = places(|entry| if let Entry::Check(place) = entry { Some(*place) } else { None });
        let notices = places(|entry| if let Entry::Notice(place) = entry { Some(*place) } else { None });
        let dates = places(|entry| if let Entry::Date(place) = entry { Some(*place) } else { None });
        status.checking = only(status.checking, &checks);
        status.open = only(status.open, &notices);
        status.dates = only(status.dates, &dates);
        // Ends that lack somebody are spread over all pages, those at which nobody can be reached first.
        status.gaps.sort_by_key(|gap| !gap.is_orphan);
        let share = status.gaps.len().div_ceil(pages);
        status.gaps = status.gaps.into_iter().skip((page - 1) * share).take(share).collect();
    }
    status
}

/// What stands at these places, in their order.
fn only<T>(all: Vec<T>, places: &[usize]) -> Vec<T> {
    let order: HashMap<usize, usize> = places.iter().enumerate().map(|(at, place)| (*place, at)).collect();
    let mut found: Vec<(usize, T)> =
        all.into_iter().enumerate().filter_map(|(place, one)| Some((*order.get(&place)?, one))).collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, one)| one).collect()
}
