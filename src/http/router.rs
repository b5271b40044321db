//! Routes, and the thread they run on.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::lifecycle::Heartbeats;
use crate::mail::LARGEST_BOUNCE;
use crate::state::AppState;

use super::app::App;
use super::pages::{Pages, STYLE};
use super::{answer, api, confirm, connections, feeds, history, notice, operate, rules, views};

/// No page takes longer; a slow one gives its place back.
const DEADLINE: Duration = Duration::from_secs(10);

/// An answer is a few lines.
const LARGEST_BODY: usize = 16 * 1024;

/// Bytes of answers that the system keeps for a client that does not read them. Left to itself it keeps megabytes, and pages
/// are rendered to fill them.
const UNREAD_ANSWERS: usize = 128 * 1024;

/// Large bodies that are held at one time.
const LARGE_AT_ONCE: usize = 2;

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
        // Each accepted connection inherits it from the listener.
        socket2::SockRef::from(&listener).set_send_buffer_size(UNREAD_ANSWERS)?;
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
    heart: Heartbeats,
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
    let policy = HeaderValue::from_str(&content_security_policy()).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let header =
        |name: HeaderName, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let (home, lost) = (format!("{}/status", app.base), format!("there is nothing here; try {}/status\n", app.base));
    // Whoever does not prove himself is answered before a byte of the body is read.
    let proven = Router::new()
        .route("/api/v1/bounces", post(api::bounce).layer(DefaultBodyLimit::max(LARGEST_BOUNCE)))
        .route_layer(from_fn_with_state(app.clone(), few_at_once))
        .route("/api/v1/integrations/{integration}/apis/{api}/announcements", post(api::announce))
        .route("/api/v1/check", post(operate::check))
        .route("/api/v1/letters/resend", post(operate::resend))
        .route_layer(from_fn_with_state(app.clone(), api::prove));
    Router::new()
        .route("/", get(|| async move { axum::response::Redirect::temporary(&home) }))
        .route("/status", get(views::show_status))
        .route("/healthz", get(views::healthz))
        .route("/readyz", get(views::readyz))
        .route("/metrics", get(views::show_metrics))
        .route("/history", get(history::show))
        .route("/rules", get(rules::all))
        .route("/rules/{id}", get(rules::one))
        .route("/notices/{id}", get(notice::show))
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
        .layer(SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy))
        .with_state(app)
}

/// No script, nothing from elsewhere, and no style but the sheet in the page, named by its digest (CSP Level 3, section 6.7).
fn content_security_policy() -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
}

/// Waits for one of the few places in which a large body is held; the deadline of every page ends the wait.
async fn few_at_once(State(app): State<App>, request: Request, next: Next) -> Response {
    let Ok(_place) = app.large.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    next.run(request).await
}
