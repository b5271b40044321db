//! Routes, and the thread they run on.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::lifecycle::Heart;
use crate::render::{clean, escaped_json, without_credentials};
use crate::state::AppState;
use crate::tasks::LARGEST_MAIL;

use super::pages::Pages;
use super::rate::Rates;
use super::{answer, api, confirm, connections, feeds, metrics, operate, status};

/// No page takes longer; a slow one gives its place back.
const DEADLINE: Duration = Duration::from_secs(10);

/// An answer is a few lines.
const LARGEST_BODY: usize = 16 * 1024;

/// Large bodies that are held at one time.
const LARGE_AT_ONCE: usize = 2;

/// How far back and how much `/history` tells at most.
const LONGEST_HISTORY: u32 = 3650;
const LARGEST_HISTORY: u32 = 10_000;

/// What every handler has.
#[derive(Clone)]
pub(super) struct App {
    pub(super) shared: Arc<AppState>,
    pub(super) pages: Arc<Pages>,
    pub(super) rates: Arc<Rates>,
    /// The path that `external_url` ends in, and every link of ours begins with; empty where it has none.
    pub(super) base: Arc<str>,
    large: Arc<Semaphore>,
    heart: Heart,
}

/// Something went wrong on our side.
pub(super) struct Problem(pub(super) String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        tracing::error!(problem = self.0, "a page could not be made");
        (StatusCode::INTERNAL_SERVER_ERROR, "driftd cannot answer now; its log says why\n").into_response()
    }
}

/// The endpoint, bound but not serving yet.
pub struct Endpoint {
    listener: TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Endpoint {
    /// Binds the address.
    ///
    /// # Errors
    /// When somebody else has it.
    pub fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { address: listener.local_addr()?, listener })
    }
}

/// Serves on a thread of its own until `stopping`.
///
/// # Errors
/// When a template does not parse or the thread cannot be made.
pub fn serve(
    endpoint: Endpoint,
    shared: Arc<AppState>,
    heart: Heart,
    stopping: CancellationToken,
) -> anyhow::Result<std::thread::JoinHandle<()>> {
    let path = url::Url::parse(&shared.external_url).map(|url| url.path().trim_end_matches('/').to_owned());
    let base: Arc<str> = path.unwrap_or_default().into();
    let pages = Arc::new(Pages::new(&base)?);
    let app = App { shared, pages, rates: Arc::default(), base, large: Arc::new(Semaphore::new(LARGE_AT_ONCE)), heart };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = std::thread::Builder::new().name("http".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let listener = match tokio::net::TcpListener::from_std(endpoint.listener) {
                Ok(listener) => listener,
                Err(problem) => {
                    tracing::error!(%problem, "the status endpoint cannot listen");
                    return stopping.cancel();
                }
            };
            let base = Arc::clone(&app.base);
            connections::serve(listener, router(app), &base, stopping).await;
        });
    })?;
    Ok(handle)
}

/// Every page, also below the path of `external_url`: a proxy may strip it or pass it on.
fn router(app: App) -> Router {
    let header =
        |name: HeaderName, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let (home, lost) = (format!("{}/status", app.base), format!("there is nothing here; try {}/status\n", app.base));
    // Whoever does not prove himself is answered before a byte of the body is read.
    let proven = Router::new()
        .route("/api/v1/bounces", post(api::bounce).layer(DefaultBodyLimit::max(LARGEST_MAIL)))
        .route_layer(from_fn_with_state(app.clone(), few_at_once))
        .route("/api/v1/integrations/{integration}/apis/{api}/announcements", post(api::announce))
        .route("/api/v1/check", post(operate::check))
        .route("/api/v1/letters/resend", post(operate::resend))
        .route_layer(from_fn_with_state(app.clone(), api::prove));
    Router::new()
        .route("/", get(|| async move { axum::response::Redirect::temporary(&home) }))
        .route("/status", get(show_status))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(show_metrics))
        .route("/history", get(history))
        .route("/rules", get(rules))
        .route("/rules/{id}", get(rule))
        .route("/answer/{token}", get(answer::show).post(answer::take))
        .route("/api/v1/integrations/{integration}/apis/{api}/ledger", get(api::ledger))
        .route("/api/v1/letters", get(operate::letters))
        .route("/confirm/{token}", get(confirm::show).post(confirm::take))
        .route("/calendar/{integration}/{party}/{file}", get(feeds::days))
        .route("/feeds/{integration}/{file}", get(feeds::atom))
        .merge(proven)
        .fallback(|| async { (StatusCode::NOT_FOUND, lost) })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, DEADLINE))
        .layer(CatchPanicLayer::new())
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .with_state(app)
}

/// Waits for one of the few places in which a large body is held; the deadline of every page ends the wait.
async fn few_at_once(State(app): State<App>, request: Request, next: Next) -> Response {
    let Ok(_place) = app.large.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    next.run(request).await
}

/// A JSON answer in which nothing is invisible: what a partner wrote stands there in full, escaped.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => (status, [(header::CONTENT_TYPE, "application/json")], escaped_json(&text)).into_response(),
        Err(problem) => Problem(problem.to_string()).into_response(),
    }
}

/// A whole number of a query from 0 to `most`; more is as much as there is.
fn number(name: &str, text: Option<&str>, usual: u32, most: u32) -> Result<u32, String> {
    let Some(text) = text.map(str::trim) else { return Ok(usual) };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{name}` is no whole number: write {name}={usual}, at most {most}\n"));
    }
    Ok(text.parse::<u32>().unwrap_or(u32::MAX).min(most))
}

/// HTML for browsers, JSON for everybody else.
fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

async fn show_status(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let status = status::gather(&app.shared).await?;
    if wants_html(&headers) { Ok(Html(app.pages.status(&status)?).into_response()) } else { Ok(json(StatusCode::OK, &status)) }
}

/// Whether the process works: 200 while every loop beats.
async fn healthz(State(app): State<App>) -> Response {
    let stuck = app.heart.stuck();
    if stuck.is_empty() {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("stuck: {}\n", stuck.join(", "))).into_response()
    }
}

/// Whether it can say what it knows: 200 while the database can be read.
async fn readyz(State(app): State<App>) -> Response {
    match app.shared.store.overview().await {
        Ok(_) => "ready\n".into_response(),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response(),
    }
}

async fn show_metrics(State(app): State<App>) -> Result<Response, Problem> {
    let overview = app.shared.store.overview().await?;
    let status = status::view(&app.shared, &overview);
    let text =
        metrics::text(&app.shared, &status, &overview.attempts).map_err(|_| Problem("metrics cannot be written".to_owned()))?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}

#[derive(Deserialize)]
struct HistoryQuery {
    days: Option<String>,
    limit: Option<String>,
}

async fn history(State(app): State<App>, Query(query): Query<HistoryQuery>) -> Result<Response, Problem> {
    let days = number("days", query.days.as_deref(), 30, LONGEST_HISTORY);
    let limit = number("limit", query.limit.as_deref(), 500, LARGEST_HISTORY);
    let (days, limit) = match (days, limit) {
        (Ok(days), Ok(limit)) => (days, limit),
        (Err(problem), _) | (_, Err(problem)) => return Ok((StatusCode::BAD_REQUEST, problem).into_response()),
    };
    let since: DateTime<Utc> = app.shared.clock.now() - TimeDelta::days(i64::from(days));
    let events = app.shared.store.history(since, limit).await?;
    let rows: Vec<_> = events
        .iter()
        .map(|event| json!({"at": event.at, "integration": event.integration, "api": event.api, "kind": event.kind.name(), "text": clean(&without_credentials(&event.text), 1000)}))
        .collect();
    Ok(json(StatusCode::OK, &json!({ "events": rows })))
}

async fn rules(State(app): State<App>) -> Result<Response, Problem> {
    Ok(Html(app.pages.rules(&app.shared.catalogue)?).into_response())
}

async fn rule(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    match app.shared.catalogue.get(&id) {
        Some(rule) => Ok(Html(app.pages.rule(rule)?).into_response()),
        None => Ok((
            StatusCode::NOT_FOUND,
            Html(app.pages.message("There is no such rule", &format!("See {}/rules for all of them.", app.base))?),
        )
            .into_response()),
    }
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
