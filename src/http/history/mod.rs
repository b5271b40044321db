//! What happened: a page with filters for people, JSON for programs.

mod view;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json as value;
use url::form_urlencoded;

use crate::model::EventKind;
use crate::store::{EventPage, EventQuery};

use super::app::{App, HandlerError, json};
use super::views::{number, wants_html};
use view::EventView;
pub(super) use view::HistoryPage;

/// How far back and how much is told at most.
const LONGEST_DAYS: u32 = 3650;
const LARGEST_PAGE: u32 = 10_000;

/// How much is told where nobody says: to a person, and to a program.
const USUAL_FOR_PEOPLE: u32 = 50;
const USUAL_FOR_PROGRAMS: u32 = 500;

/// What is asked for by the address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct HistoryQuery {
    days: Option<String>,
    limit: Option<String>,
    page: Option<String>,
    /// `INTEGRATION/API`, or `INTEGRATION`.
    #[serde(default)]
    api: String,
    #[serde(default)]
    kind: String,
    /// The first day.
    #[serde(default)]
    since: String,
    /// The last day.
    #[serde(default)]
    until: String,
}

/// What is asked for, understood.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    query: EventQuery,
    page: EventPage,
}

impl HistoryQuery {
    fn read(&self, now: DateTime<Utc>, usual: u32) -> Result<Asked, String> {
        let days = number("days", self.days.as_deref(), 30, LONGEST_DAYS)?;
        let size = number("limit", self.limit.as_deref(), usual, LARGEST_PAGE)?;
        let page = number("page", self.page.as_deref().filter(|page| !page.is_empty()), 1, u32::MAX)?.max(1);
        let kind = match self.kind.trim() {
            "" => None,
            word => Some(word.parse::<EventKind>().map_err(|_| {
                let known: Vec<&str> = EventKind::all().map(EventKind::name).collect();
                format!("`kind` is none of {}\n", known.join(", "))
            })?),
        };
        let since = day("since", &self.since)?.map(|day| day.and_time(NaiveTime::MIN).and_utc());
        let until = day("until", &self.until)?.and_then(|day| day.checked_add_days(Days::new(1)));
        let (integration, api) = match self.api.trim().split_once('/') {
            Some((integration, api)) => (Some(integration), Some(api)),
            None => (Some(self.api.trim()).filter(|id| !id.is_empty()), None),
        };
        let all = EventQuery::since(since.unwrap_or(now - TimeDelta::days(i64::from(days))));
        let query = EventQuery {
            until: until.map_or(all.until, |day| day.and_time(NaiveTime::MIN).and_utc()),
            integration: integration.map(str::to_owned),
            api: api.map(str::to_owned),
            kind,
            ..all
        };
        Ok(Asked { query, page: EventPage { number: page, size } })
    }

    /// The same without the page, for the addresses of the others.
    fn address(&self) -> String {
        let mut address = form_urlencoded::Serializer::new(String::new());
        let numbers = [("days", &self.days), ("limit", &self.limit)];
        address.extend_pairs(numbers.iter().filter_map(|(name, text)| Some((name, text.as_ref()?))));
        let words = [("api", &self.api), ("kind", &self.kind), ("since", &self.since), ("until", &self.until)];
        address.extend_pairs(words.iter().filter(|(_, text)| !text.is_empty()));
        address.finish()
    }
}

fn day(name: &str, text: &str) -> Result<Option<NaiveDate>, String> {
    let text = text.trim();
    let read = (!text.is_empty()).then(|| text.parse::<NaiveDate>()).transpose();
    read.map_err(|_| format!("`{name}` is no day: write {name}=2026-01-31\n"))
}

/// What happened, the newest first for people, the oldest of the newest first for programs.
pub(super) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, HandlerError> {
    let is_for_people = wants_html(&headers);
    let now = app.shared.clock.now();
    let usual = if is_for_people { USUAL_FOR_PEOPLE } else { USUAL_FOR_PROGRAMS };
    let Asked { query: asked, page } = match query.read(now, usual) {
        Ok(asked) => asked,
        Err(problem) => return Ok((StatusCode::BAD_REQUEST, problem).into_response()),
    };
    let (rows, total) = app.shared.store.history(&asked, page).await?;
    let mut events: Vec<EventView> = rows.into_iter().map(EventView::of).collect();
    let pages = total.div_ceil(u64::from(page.size.max(1))).max(1);
    if !is_for_people {
        events.reverse();
        let told = value!({ "events": events, "total": total, "page": page.number, "pages": pages });
        return Ok(json(StatusCode::OK, &told));
    }
    let shown = HistoryPage {
        events,
        now,
        total,
        page: page.number,
        pages,
        query: query.address(),
        kinds: EventKind::all().map(EventKind::name).collect(),
        from: asked.since.date_naive(),
        api: query.api,
        kind: query.kind,
        since: query.since,
        until: query.until,
    };
    Ok(Html(app.pages.history(&shown)?).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(change: impl FnOnce(&mut HistoryQuery)) -> Result<Asked, String> {
        let mut query = HistoryQuery::default();
        change(&mut query);
        query.read(DateTime::UNIX_EPOCH + TimeDelta::days(100), 50)
    }

    #[test]
    fn what_is_asked_for_is_understood_or_refused_in_words() {
        let at = |day: i64| DateTime::UNIX_EPOCH + TimeDelta::days(day);
        let usual = asked(|_| {}).expect("a query");
        assert_eq!((usual.query.since, usual.page), (at(70), EventPage { number: 1, size: 50 }));
        assert_eq!((&usual.query.integration, &usual.query.api, usual.query.kind), (&None, &None, None));
        let chosen = asked(|query| {
            query.api = "shop/pay".to_owned();
            query.kind = "written again".to_owned();
            query.since = "1970-01-11".to_owned();
            query.until = "1970-01-12".to_owned();
            query.page = Some("3".to_owned());
        });
        let Asked { query, page } = chosen.expect("a query");
        assert_eq!(
            (query.since, query.until, query.kind),
            (at(10), at(12), Some(EventKind::WrittenAgain)),
            "the last day is in it"
        );
        assert_eq!((query.integration.as_deref(), query.api.as_deref(), page.number), (Some("shop"), Some("pay"), 3));
        assert_eq!(asked(|query| query.api = "shop".to_owned()).expect("a query").query.api, None, "all of an integration");
        assert!(asked(|query| query.kind = "gone".to_owned()).is_err_and(|words| words.contains("escalated")));
        assert!(asked(|query| query.since = "soon".to_owned()).is_err_and(|words| words.contains("since=2026-01-31")));
    }
}
