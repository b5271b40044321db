//! Connections: how many there may be, how long each may take to say what it wants, and which gives its place up.
//!
//! Whoever reaches the port can open connections and say nothing. Each costs a file descriptor, and mail needs some too.
//! So there is a limit, and when it is reached the connection that has been silent for longest makes room for the newest.
//! One that asks for page after page and reads none of them gets one after the other, in turn with everybody else, and is
//! closed when it takes none for a while.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

/// Connections at one time.
pub(super) const MOST: usize = 128;

/// A client has so long to send the headers of a request, the first or the next on its connection.
const HEADERS: Duration = Duration::from_secs(10);

/// A client that takes none of an answer for so long has gone.
const WRITES: Duration = Duration::from_secs(10);

/// Bytes of headers that are read.
const LARGEST_HEAD: usize = 32 * 1024;

/// What is under way when the daemon stops has so long to end.
const GRACE: Duration = Duration::from_secs(3);

/// How long nothing is accepted after the system refused to.
const PAUSE: Duration = Duration::from_millis(200);

/// That nothing is accepted is said again after this long.
const SAID_AGAIN: Duration = Duration::from_secs(300);

/// One connection, as the others see it.
#[derive(Default)]
struct Place {
    /// Whether a request has come in full and is being answered.
    busy: AtomicBool,
    /// Cancelled when it has to go.
    leave: CancellationToken,
}

/// Every open connection, oldest first.
#[derive(Clone, Default)]
struct Places(Arc<Mutex<VecDeque<Arc<Place>>>>);

impl Places {
    /// A place for a new connection; the one that has been silent for longest leaves where there is none. None: all are busy.
    fn take(&self) -> Option<Arc<Place>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST {
            let silent = places.iter().position(|place| !place.busy.load(Ordering::Relaxed))?;
            if let Some(place) = places.remove(silent) {
                place.leave.cancel();
            }
        }
        let place = Arc::new(Place::default());
        places.push_back(Arc::clone(&place));
        Some(place)
    }

    /// Half of the silent leave, the oldest first: the system has no descriptor left, and mail needs some.
    fn shed(&self) {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let silent: Vec<&Arc<Place>> = places.iter().filter(|place| !place.busy.load(Ordering::Relaxed)).collect();
        silent.iter().take(silent.len().div_ceil(2)).for_each(|place| place.leave.cancel());
    }

    fn give_back(&self, place: &Arc<Place>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| !Arc::ptr_eq(known, place));
    }
}

/// Accepts and serves until `stopping`. Every page is also found below `base`: a proxy may strip it or pass it on.
pub(super) async fn serve(listener: TcpListener, router: Router, base: &Arc<str>, stopping: CancellationToken) {
    let places = Places::default();
    let mut open: JoinSet<()> = JoinSet::new();
    let mut told: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                // All are busy, each for no longer than a page may take: whoever comes now is closed.
                let Some(place) = places.take() else { continue };
                let (places, router, base, stopping) = (places.clone(), router.clone(), Arc::clone(base), stopping.clone());
                open.spawn(async move {
                    converse(stream, router, base, &place, &stopping).await;
                    places.give_back(&place);
                });
            }
            Err(problem) if is_about_one(&problem) => {}
            Err(problem) => {
                if told.is_none_or(|told| told.elapsed() > SAID_AGAIN) {
                    told = Some(Instant::now());
                    tracing::error!(%problem, "the endpoint cannot accept connections; silent ones are closed, and it tries again several times a second");
                }
                places.shed();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    let ended = async { while open.join_next().await.is_some() {} };
    // A client that never closes must not hold the daemon.
    let _ = tokio::time::timeout(GRACE, ended).await;
}

/// Whether only the connection that was to be accepted is at fault.
fn is_about_one(problem: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(problem.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// A body that says when it has come in full: whoever drips one is as good as silent.
struct Received {
    body: Incoming,
    place: Arc<Place>,
}

impl Body for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.place.busy.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The request without the path that `external_url` ends in.
fn below(base: &str, mut request: Request) -> Request {
    let rest = request.uri().path_and_query().and_then(|whole| whole.as_str().strip_prefix(base));
    let rest = rest.filter(|rest| !base.is_empty() && (rest.is_empty() || rest.starts_with(['/', '?'])));
    let uri = rest.and_then(|rest| if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }.parse().ok());
    if let Some(uri) = uri {
        *request.uri_mut() = uri;
    }
    request
}

async fn converse(stream: TcpStream, router: Router, base: Arc<str>, place: &Arc<Place>, stopping: &CancellationToken) {
    let busy = Arc::clone(place);
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let (place, router) = (Arc::clone(&busy), router.clone());
        place.busy.store(request.body().is_end_stream(), Ordering::Relaxed);
        let watched = request.map(|body| axum::body::Body::new(Received { body, place: Arc::clone(&place) }));
        let request = below(&base, watched);
        async move {
            // Requests that came together on one connection are answered in turn with those of others.
            tokio::task::yield_now().await;
            let answered: Result<Response, Infallible> = hyper::service::Service::call(&router, request).await;
            place.busy.store(false, Ordering::Relaxed);
            answered
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(LARGEST_HEAD);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITES));
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
    tokio::pin!(connection);
    tokio::select! {
        // What a client does wrong is its own affair.
        _ = connection.as_mut() => return,
        () = place.leave.cancelled() => return,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_with_the_prefix_and_without() {
        let path = |base: &str, path: &str| {
            let request = Request::builder().uri(path).body(axum::body::Body::empty()).expect("a request");
            below(base, request).uri().to_string()
        };
        assert_eq!(path("/driftd", "/driftd/status?x=1"), "/status?x=1");
        assert_eq!(path("/driftd", "/status"), "/status");
        assert_eq!(path("/driftd", "/driftd"), "/");
        assert_eq!(path("/driftd", "/driftd?x"), "/?x");
        assert_eq!(path("/driftd", "/driftdx/status"), "/driftdx/status");
        assert_eq!(path("", "/status"), "/status");
    }

    #[test]
    fn the_longest_silent_makes_room_and_the_busy_stay() {
        let places = Places::default();
        let open: Vec<Arc<Place>> = (0..MOST).map(|_| places.take().expect("a place")).collect();
        open[0].busy.store(true, Ordering::Relaxed);
        let newest = places.take().expect("a place");
        assert!(!open[0].leave.is_cancelled() && open[1].leave.is_cancelled() && !open[2].leave.is_cancelled());
        places.give_back(&newest);
        assert_eq!(places.0.lock().expect("the places").len(), MOST - 1);
        places.take().expect("a place").busy.store(true, Ordering::Relaxed);
        for place in &open {
            place.busy.store(true, Ordering::Relaxed);
        }
        assert!(places.take().is_none(), "whoever is being answered is not cut off");
        for place in &open[2..12] {
            place.busy.store(false, Ordering::Relaxed);
        }
        places.shed();
        assert_eq!(open[2..12].iter().filter(|place| place.leave.is_cancelled()).count(), 5);
    }
}
