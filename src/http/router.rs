//! Routes, and the thread they run on.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::lifecycle::Heart;
use crate::tasks::{LARGEST_MAIL, Shared};

use super::pages::Pages;
use super::{answer, api, confirm, feeds, metrics, status};

/// No page takes longer; a slow one gives its place back.
const DEADLINE: Duration = Duration::from_secs(10);

/// An answer is a few lines.
const LARGEST_BODY: usize = 16 * 1024;

/// What every handler has.
#[derive(Clone)]
pub(super) struct App {
    pub(super) shared: Arc<Shared>,
    pub(super) pages: Arc<Pages>,
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
    shared: Arc<Shared>,
    heart: Heart,
    stopping: CancellationToken,
) -> anyhow::Result<std::thread::JoinHandle<()>> {
    let app = App { shared, pages: Arc::new(Pages::new()?), heart };
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
            let asked = stopping.clone();
            let serving = axum::serve(listener, router(app)).with_graceful_shutdown(async move { asked.cancelled().await });
            tokio::select! {
                result = serving => if let Err(problem) = result { tracing::error!(%problem, "the status endpoint stopped") },
                // A client that never closes must not hold the daemon.
                () = async { stopping.cancelled().await; tokio::time::sleep(Duration::from_secs(3)).await } => {}
            }
        });
    })?;
    Ok(handle)
}

fn router(app: App) -> Router {
    let header =
        |name: HeaderName, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    Router::new()
        .route("/", get(|| async { axum::response::Redirect::temporary("/status") }))
        .route("/status", get(show_status))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(show_metrics))
        .route("/history", get(history))
        .route("/rules", get(rules))
        .route("/rules/{id}", get(rule))
        .route("/answer/{token}", get(answer::show).post(answer::take))
        .route("/api/v1/integrations/{integration}/apis/{api}/announcements", post(api::announce))
        .route("/api/v1/integrations/{integration}/apis/{api}/ledger", get(api::ledger))
        .route("/confirm/{token}", get(confirm::show).post(confirm::take))
        .route("/calendar/{integration}/{party}/{file}", get(feeds::days))
        .route("/feeds/{integration}/{file}", get(feeds::atom))
        .route("/api/v1/bounces", post(api::bounce).layer(DefaultBodyLimit::max(LARGEST_MAIL)))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is nothing here; try /status\n") })
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

/// HTML for browsers, JSON for everybody else.
fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

async fn show_status(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let status = status::gather(&app.shared).await?;
    if wants_html(&headers) { Ok(Html(app.pages.status(&status)?).into_response()) } else { Ok(Json(status).into_response()) }
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

/// Whether it is at work. It serves only once it is, so this stays true: a latch.
async fn readyz() -> &'static str {
    "ready\n"
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
    days: Option<u32>,
    limit: Option<u32>,
}

async fn history(State(app): State<App>, Query(query): Query<HistoryQuery>) -> Result<Response, Problem> {
    let since: DateTime<Utc> = app.shared.clock.now() - TimeDelta::days(i64::from(query.days.unwrap_or(30)));
    let events = app.shared.store.history(since, query.limit.unwrap_or(500).min(10_000)).await?;
    let rows: Vec<_> = events
        .iter()
        .map(|event| json!({"at": event.at, "integration": event.integration, "api": event.api, "kind": event.kind, "text": crate::render::clean(&event.text, 1000)}))
        .collect();
    Ok(Json(json!({ "events": rows })).into_response())
}

async fn rules(State(app): State<App>) -> Result<Response, Problem> {
    Ok(Html(app.pages.rules(&app.shared.catalogue)?).into_response())
}

async fn rule(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    match app.shared.catalogue.get(&id) {
        Some(rule) => Ok(Html(app.pages.rule(rule)?).into_response()),
        None => Ok((StatusCode::NOT_FOUND, Html(app.pages.message("There is no such rule", "See /rules for all of them.")?))
            .into_response()),
    }
}
