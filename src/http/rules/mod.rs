//! The pages of the rules: all of them, searched and grouped, and one by itself.
//!
//! Invariant: who made which exception stands on the page of all rules, which is for the operator. The page of one rule is linked
//! from letters and says nothing of anybody.

mod view;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::app::{App, HandlerError};
pub(super) use view::{RulePage, RulesPage, rules_page};

/// Longest search, characters.
const LONGEST: usize = 200;

/// What is asked for by the address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RulesQuery {
    #[serde(default)]
    q: String,
}

/// All rules, or those that have all words of a search.
pub(super) async fn all(State(app): State<App>, Query(query): Query<RulesQuery>) -> Result<Response, HandlerError> {
    let sought: String = query.q.trim().chars().take(LONGEST).collect();
    let active = app.shared.active();
    let today = app.shared.clock.now().date_naive();
    let page = || rules_page(&app.shared.catalogue, &active, &sought, today);
    let shown = if sought.is_empty() { app.pages.all_rules(&active, today, page)? } else { app.pages.rules(&page())?.into() };
    Ok(Html(shown).into_response())
}

/// One rule.
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<Response, HandlerError> {
    match app.shared.catalogue.get(&id) {
        Some(rule) => Ok(Html(app.pages.rule(rule)?).into_response()),
        None => Ok((
            StatusCode::NOT_FOUND,
            Html(app.pages.message("There is no such rule", &format!("See {}/rules for all of them.", app.base))?),
        )
            .into_response()),
    }
}
