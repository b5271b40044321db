//! The demo's partner: a small server that publishes one version after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

/// What the server publishes, and what was fetched of it.
#[derive(Clone)]
struct Publication {
    versions: Arc<Vec<(String, Vec<u8>)>>,
    published: Arc<AtomicUsize>,
    read: Arc<AtomicUsize>,
}

pub(super) struct Partner {
    pub(super) port: u16,
    site: Publication,
    _server: JoinSet<()>,
}

impl Partner {
    pub(super) async fn start(versions: Vec<Vec<u8>>) -> std::io::Result<Self> {
        let versions = versions
            .into_iter()
            .map(|bytes| {
                let digest: String = Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                (format!("\"{digest}\""), bytes)
            })
            .collect();
        let site = Publication {
            versions: Arc::new(versions),
            published: Arc::new(AtomicUsize::new(0)),
            read: Arc::new(AtomicUsize::new(usize::MAX)),
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let router = Router::new().route("/openapi", get(serve)).with_state(site.clone());
        let mut server = JoinSet::new();
        server.spawn(async move {
            if let Err(problem) = axum::serve(listener, router).await {
                tracing::error!(%problem, "the demo's partner stopped");
            }
        });
        Ok(Self { port, site, _server: server })
    }

    pub(super) fn publish(&self, version: usize) {
        self.site.published.store(version, Ordering::SeqCst);
    }

    /// Waits until somebody has fetched `version`; returns whether somebody did.
    pub(super) async fn wait_for_reader(&self, version: usize, limit: Duration) -> bool {
        let wait = async {
            while self.site.read.load(Ordering::SeqCst) != version {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(limit, wait).await.is_ok()
    }
}

/// One version, with an ETag and 304 as a good provider would.
async fn serve(State(site): State<Publication>, headers: HeaderMap) -> Response {
    let version = site.published.load(Ordering::SeqCst);
    site.read.store(version, Ordering::SeqCst);
    let Some((etag, bytes)) = site.versions.get(version) else { return StatusCode::NOT_FOUND.into_response() };
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag.clone())]).into_response();
    }
    ([(header::ETAG, etag.clone()), (header::CONTENT_TYPE, "application/yaml".to_owned())], bytes.clone()).into_response()
}
