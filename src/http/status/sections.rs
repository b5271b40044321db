//! In which order status is read: what needs somebody now before what waits, and that before what is well. The page, its JSON
//! and `driftd status` have the same.

use std::ops::RangeInclusive;

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

use crate::model::ApiState;

use super::view::{ApiView, DateView, OpenView, StatusView};

/// So near is a day that it needs somebody.
const NEAR: TimeDelta = TimeDelta::days(30);

/// What status tells, the worst first.
#[derive(Debug, Serialize)]
pub struct Sections<'v> {
    /// Descriptions that cannot be judged, or whose check is overdue.
    pub unjudged: Vec<&'v ApiView>,
    /// Notices past their answer date, the longest first.
    pub overdue: Vec<&'v OpenView>,
    /// Days within the next thirty that concern somebody.
    pub near: Vec<&'v DateView>,
    /// The other open notices: those without an answer first.
    pub open: Vec<&'v OpenView>,
    /// The other descriptions: those that differ first.
    pub rest: Vec<&'v ApiView>,
    /// The other days and promises.
    pub later: Vec<&'v DateView>,
}

impl<'v> Sections<'v> {
    /// What a status tells, in order.
    pub fn of(status: &'v StatusView) -> Self {
        let Order { unjudged, overdue, near, open, rest, later } = Order::of(status);
        Self {
            unjudged: chosen(&status.checking, &unjudged),
            overdue: chosen(&status.open, &overdue),
            near: chosen(&status.dates, &near),
            open: chosen(&status.open, &open),
            rest: chosen(&status.checking, &rest),
            later: chosen(&status.dates, &later),
        }
    }
}

fn chosen<'v, T>(all: &'v [T], places: &[usize]) -> Vec<&'v T> {
    places.iter().filter_map(|place| all.get(*place)).collect()
}

/// A description, notice or day, by its place in the lists of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Check(usize),
    Notice(usize),
    Date(usize),
}

/// The places of each section in the lists of a status.
struct Order {
    unjudged: Vec<usize>,
    overdue: Vec<usize>,
    near: Vec<usize>,
    open: Vec<usize>,
    rest: Vec<usize>,
    later: Vec<usize>,
}

/// The places of a list in an order; what is alike stays in its own.
fn sorted<T, K: Ord>(all: &[T], belongs: impl Fn(&T) -> bool, key: impl Fn(&T) -> K) -> Vec<usize> {
    let mut found: Vec<(usize, &T)> = all.iter().enumerate().filter(|(_, one)| belongs(one)).collect();
    found.sort_by_cached_key(|(_, one)| key(one));
    found.into_iter().map(|(place, _)| place).collect()
}

impl Order {
    fn of(status: &StatusView) -> Self {
        let today = status.at.date_naive();
        let soon = today..=(today + NEAR);
        Self {
            unjudged: sorted(&status.checking, needs_somebody, |api| (rank(api.state), api.since.unwrap_or(status.at))),
            overdue: sorted(&status.open, |open| open.overdue_days.is_some(), |open| open.answer_by),
            near: sorted(&status.dates, |date| is_near(date, &soon), |date| date.on),
            open: sorted(
                &status.open,
                |open| open.overdue_days.is_none(),
                |open| (is_answered(open), open.answer_by.is_none(), open.answer_by),
            ),
            rest: sorted(&status.checking, |api| !needs_somebody(api), |api| rank(api.state)),
            later: sorted(&status.dates, |date| !is_near(date, &soon), |date| (date.on.is_none(), date.on)),
        }
    }
}

/// Everything of a status, the worst first.
pub(super) fn entries(status: &StatusView) -> Vec<Entry> {
    let Order { unjudged, overdue, near, open, rest, later } = Order::of(status);
    let urgent = unjudged.into_iter().map(Entry::Check).chain(overdue.into_iter().map(Entry::Notice));
    let urgent = urgent.chain(near.into_iter().map(Entry::Date));
    let calm = open.into_iter().map(Entry::Notice).chain(rest.into_iter().map(Entry::Check));
    urgent.chain(calm).chain(later.into_iter().map(Entry::Date)).collect()
}

/// Whether somebody has to look at a description.
pub(super) fn needs_somebody(api: &ApiView) -> bool {
    api.overdue || is_unjudged(api.state)
}

/// Whether nothing can be said of a description in this state.
pub(super) const fn is_unjudged(state: ApiState) -> bool {
    matches!(state, ApiState::Down | ApiState::Undecidable | ApiState::Blind | ApiState::Held)
}

/// Whether every end has answered.
pub(super) fn is_answered(open: &OpenView) -> bool {
    open.sides.iter().all(|side| side.answer.is_some())
}

fn is_near(date: &DateView, soon: &RangeInclusive<NaiveDate>) -> bool {
    date.on.is_some_and(|day| soon.contains(&day)) && date.finding.concerns_somebody
}

/// The worst state first.
const fn rank(state: ApiState) -> usize {
    match state {
        ApiState::Down => 0,
        ApiState::Undecidable => 1,
        ApiState::Blind => 2,
        ApiState::Held => 3,
        ApiState::Changed => 4,
        ApiState::New => 5,
        ApiState::Verified => 6,
    }
}
