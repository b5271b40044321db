//! Handlers of the pages that only tell: status, health, metrics.

use super::app::{App, HandlerError, json};
use super::status::StatusQuery;
use super::{metrics, status};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// A whole number of a query from 0 to `most`; more is as much as there is.
pub(super) fn number(name: &str, text: Option<&str>, usual: u32, most: u32) -> Result<u32, String> {
    let Some(text) = text.map(str::trim) else { return Ok(usual) };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{name}` is no whole number: write {name}={usual}, at most {most}\n"));
    }
    Ok(text.parse::<u32>().unwrap_or(u32::MAX).min(most))
}

/// HTML for browsers, JSON for everybody else.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

pub(super) async fn show_status(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<StatusQuery>,
) -> Result<Response, HandlerError> {
    let filter = match query.read() {
        Ok(filter) => filter,
        Err(problem) => return Ok((StatusCode::BAD_REQUEST, problem).into_response()),
    };
    let status = status::status_page(&app.shared, filter).await?;
    if wants_html(&headers) { Ok(Html(app.pages.status(&status)?).into_response()) } else { Ok(json(StatusCode::OK, &status)) }
}

/// Whether the process works: 200 while every loop beats.
pub(super) async fn healthz(State(app): State<App>) -> Response {
    let stuck = app.heart.stuck();
    if stuck.is_empty() {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("stuck: {}\n", stuck.join(", "))).into_response()
    }
}

/// Whether it can say what it knows: 200 while the database can be read.
pub(super) async fn readyz(State(app): State<App>) -> Response {
    match app.shared.store.overview().await {
        Ok(_) => "ready\n".into_response(),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response(),
    }
}

pub(super) async fn show_metrics(State(app): State<App>) -> Result<Response, HandlerError> {
    let overview = app.shared.store.overview().await?;
    let status = status::status_of(&app.shared, &overview);
    let text = metrics::text(&app.shared, &status, &overview.attempts)
        .map_err(|_| HandlerError("metrics cannot be written".to_owned()))?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_query_are_clamped_or_refused_in_words() {
        assert_eq!(number("days", None, 30, 3650), Ok(30));
        assert_eq!(number("days", Some("7"), 30, 3650), Ok(7));
        for huge in ["4294967295", "4294967296", "99999999999999999999999999"] {
            assert_eq!(number("days", Some(huge), 30, 3650), Ok(3650));
        }
        for wrong in ["", "-1", "1e3", "seven"] {
            assert!(number("days", Some(wrong), 30, 3650).is_err_and(|words| words.contains("days=30")), "{wrong}");
        }
    }
}
