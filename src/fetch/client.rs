//! One GET with all its hops, under one deadline.

use std::collections::HashMap;
use std::error::Error as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, redirect};
use secrecy::ExposeSecret;
use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;
use url::Url;

use crate::model::{Auth, Clock, Probe, Source, Statement, Validators};

use super::address::{Guard, RefusedAddress};
use super::outcome::{Body, Failure, Outcome};
use super::signals::signals;

/// Redirects that are followed.
const MAX_HOPS: usize = 5;

/// No answer of a provider keeps driftd away for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// How fetching is limited.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Deadline of one fetch.
    pub timeout: Duration,
    /// Bytes of a decoded document.
    pub max_bytes: usize,
    /// Fetches of one host at a time.
    pub per_host: usize,
    /// Hosts that may be private.
    pub allow_private_hosts: Vec<String>,
    /// Whom to ask; part of the User-Agent.
    pub contact: String,
    /// Whether a description on this machine may refer to files outside its own folder.
    pub files_anywhere: bool,
}

/// Why no client could be made.
#[derive(Debug, Error)]
#[error("no HTTPS client: {0} (install the package ca-certificates?)")]
pub struct ClientError(String);

/// What to fetch.
#[derive(Debug)]
pub struct Request<'r> {
    /// Where it is.
    pub source: &'r Source,
    /// How to prove who asks.
    pub auth: &'r Auth,
    /// What makes the GET conditional; none asks for the whole document.
    pub validators: Option<&'r Validators>,
    /// Another file that the description refers to, instead of the description itself: fetched with the same
    /// suspicion as a redirect to it.
    pub part: Option<&'r Url>,
}

/// Fetches descriptions. Cheap to share; keep one for each configuration.
pub struct Client {
    http: reqwest::Client,
    guard: Guard,
    settings: Settings,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// A client with these limits.
    ///
    /// # Errors
    /// When the machine has no certificate authorities to trust.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, ClientError> {
        let guard = Guard::new(&settings.allow_private_hosts);
        let contact = if settings.contact.is_empty() { String::new() } else { format!(" (+{})", settings.contact) };
        let http = reqwest::Client::builder()
            .user_agent(format!("driftd/{}{contact}", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(guard.clone()))
            .no_proxy()
            .connect_timeout(settings.timeout)
            .timeout(settings.timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| ClientError(chain(&error)))?;
        Ok(Self { http, guard, settings, hosts: Mutex::new(HashMap::new()), clock })
    }

    /// Fetches, and says what it came to. Never fails: failing is an outcome.
    pub async fn fetch(&self, request: &Request<'_>) -> Outcome {
        match request.source {
            Source::File(path) => match request.part {
                None => self.within_deadline(self.file(path)).await,
                Some(part) => match self.part_file(path, part) {
                    Ok(part) => self.within_deadline(self.file(&part)).await,
                    Err(failure) => Outcome::Failed(failure),
                },
            },
            Source::Web(url) => {
                // Waiting for a free place is our doing and does not count against the provider.
                let slot = self.slot(request.part.unwrap_or(url));
                let Ok(_permit) = slot.acquire().await else { return Outcome::Failed(Failure::blind("driftd is stopping")) };
                self.within_deadline(self.web(url, request)).await
            }
        }
    }

    async fn within_deadline(&self, fetching: impl Future<Output = Outcome> + Send) -> Outcome {
        let deadline = self.settings.timeout;
        match tokio::time::timeout(deadline, fetching).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let limit = humantime::format_duration(deadline);
                Outcome::Failed(Failure::down(format!("no complete answer within {limit}")))
            }
        }
    }

    /// The file a description on this machine refers to; what a partner pushes must not read the rest of the machine.
    fn part_file(&self, root: &Path, part: &Url) -> Result<PathBuf, Failure> {
        let missing = |why: String| Failure::missing(why);
        let path = part.to_file_path().map_err(|()| missing(format!("{part} is no file")))?;
        let real = path.canonicalize().map_err(|error| missing(format!("{}: {error}", path.display())))?;
        let home = root.parent().unwrap_or(Path::new(".")).canonicalize();
        let home = home.map_err(|error| Failure::blind(format!("{}: {error}", root.display())))?;
        if self.settings.files_anywhere || real.starts_with(&home) {
            return Ok(real);
        }
        Err(Failure::unreadable(format!("{} is outside the folder of the description; not read", path.display())))
    }

    async fn file(&self, path: &Path) -> Outcome {
        let read = async {
            let known = tokio::fs::metadata(path).await?;
            if !known.is_file() {
                return Err(std::io::Error::new(ErrorKind::InvalidInput, "this is no regular file"));
            }
            let mut file = tokio::fs::File::open(path).await?;
            let limit = u64::try_from(self.settings.max_bytes).unwrap_or(u64::MAX).saturating_add(1);
            let mut bytes = Vec::with_capacity(usize::try_from(known.len().min(limit)).unwrap_or_default() + 1);
            (&mut file).take(limit).read_to_end(&mut bytes).await?;
            Ok::<_, std::io::Error>(bytes)
        };
        match read.await {
            Ok(bytes) if bytes.len() > self.settings.max_bytes => Outcome::Failed(self.too_large()),
            Ok(bytes) => Outcome::Body(Box::new(Body {
                bytes,
                validators: Validators::default(),
                fresh_for: None,
                from: path.display().to_string(),
                at: path.canonicalize().ok().and_then(|path| Url::from_file_path(path).ok()),
                signals: Vec::new(),
                full: true,
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Outcome::Failed(Failure::missing(format!("{}: {error}", path.display())))
            }
            Err(error) => Outcome::Failed(Failure::blind(format!("{}: {error}", path.display()))),
        }
    }

    async fn web(&self, start: &Url, request: &Request<'_>) -> Outcome {
        let mut url = request.part.unwrap_or(start).clone();
        if !matches!(url.scheme(), "http" | "https") || (start.scheme() == "https" && url.scheme() == "http") {
            return Outcome::Failed(Failure::unreadable(format!(
                "{} is not reached as safely as the description",
                Source::Web(url)
            )));
        }
        for _ in 0..=MAX_HOPS {
            if let Err(refused) = self.guard.check_literal(&url) {
                return Outcome::Failed(Failure::unreadable(refused.to_string()));
            }
            // A private host is allowed to the API that is configured there, not to whoever redirects to it.
            if url.host_str() != start.host_str() && url.host_str().is_some_and(|host| self.guard.allows_host(host)) {
                let why = format!("{} is a private host and not where this API is configured; not followed", Source::Web(url));
                return Outcome::Failed(Failure::unreadable(why));
            }
            let response = match self.prepare(&url, start, request).send().await {
                Ok(response) => response,
                Err(error) => return Outcome::Failed(failure(&error)),
            };
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
                let asked_for_all = request.validators.is_none_or(|known| known.etag.is_none() && known.last_modified.is_none());
                if response.status() == StatusCode::NOT_MODIFIED && asked_for_all {
                    // Nothing to compare with was named, so nothing can be unchanged: a cache in between is broken.
                    return Outcome::Failed(Failure::unreadable(format!(
                        "{} answered 304 to a request that asked for the whole document: nothing was read",
                        Source::Web(url)
                    )));
                }
                return self.answer(response).await;
            }
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| url.join(location).ok());
            url = match next {
                Some(next) if matches!(next.scheme(), "http" | "https") => {
                    if url.scheme() == "https" && next.scheme() == "http" {
                        return Outcome::Failed(Failure::unreadable(format!(
                            "{} redirects from https to http; not followed",
                            Source::Web(url)
                        )));
                    }
                    next
                }
                _ => return Outcome::Failed(Failure::down(format!("{} redirects to nowhere", Source::Web(url)))),
            };
        }
        Outcome::Failed(Failure::down(format!("more than {MAX_HOPS} redirects")))
    }

    /// What the headers of an operation say about its end, by one HEAD that follows no redirect, and whether saying
    /// nothing means anything: what is refused can still say that it ends, but only an answer that succeeds can be
    /// silent. None where nothing answered.
    pub async fn probe(&self, probe: &Probe, live: &Source, auth: &Auth) -> Option<(Vec<Statement>, bool)> {
        if self.refuses(&probe.url).is_some() {
            return None;
        }
        let slot = self.slot(&probe.url);
        let _permit = slot.acquire().await.ok()?;
        let mut request = self.http.head(probe.url.clone());
        // Credentials stay with the origin they were given for.
        if matches!(live, Source::Web(url) if url.origin() == probe.url.origin()) {
            request = authorized(request, auth);
        }
        let response = request.send().await.ok()?;
        let from = Source::Web(probe.url.clone()).to_string();
        let about = |statement: Statement| Statement {
            subject: probe.operation.clone(),
            operations: vec![probe.operation.clone()],
            ..statement
        };
        let said = signals(response.headers(), &from).into_iter().map(about).collect();
        Some((said, response.status().is_success()))
    }

    /// Why an address is not gone to, if it is not.
    pub(super) fn refuses(&self, url: &Url) -> Option<String> {
        self.guard.check_literal(url).err().map(|refused| refused.to_string())
    }

    /// A POST that follows no redirect and connects to no address that is not public.
    pub(super) fn request(&self, url: Url) -> reqwest::RequestBuilder {
        self.http.post(url)
    }

    /// One hop's request. Credentials stay with the origin they were given for.
    fn prepare(&self, url: &Url, start: &Url, request: &Request<'_>) -> reqwest::RequestBuilder {
        let accept = "application/json, application/yaml, text/yaml, */*;q=0.5";
        let mut prepared = self.http.get(url.clone()).header(header::ACCEPT, accept);
        if let Some(validators) = request.validators {
            if let Some(etag) = &validators.etag {
                prepared = prepared.header(header::IF_NONE_MATCH, etag);
            }
            if let Some(date) = &validators.last_modified {
                prepared = prepared.header(header::IF_MODIFIED_SINCE, date);
            }
        }
        if url.origin() != start.origin() {
            return prepared;
        }
        authorized(prepared, request.auth)
    }

    async fn answer(&self, mut response: reqwest::Response) -> Outcome {
        let status = response.status();
        let fresh_for = self.fresh_for(response.headers());
        if status == StatusCode::NOT_MODIFIED {
            let from = Source::Web(response.url().clone()).to_string();
            return Outcome::NotModified { fresh_for, signals: signals(response.headers(), &from) };
        }
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && let Some(after) = self.retry_after(response.headers())
        {
            return Outcome::Later { after, why: format!("the provider answered {status} and asks to come back later") };
        }
        if !status.is_success() {
            let hint = match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ": check `auth` of this API",
                StatusCode::NOT_FOUND | StatusCode::GONE => {
                    return Outcome::Failed(Failure::missing(format!(
                        "the provider answered {status}: the description has moved or gone"
                    )));
                }
                _ => "",
            };
            return Outcome::Failed(Failure::down(format!("the provider answered {status}{hint}")));
        }
        let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let validators =
            Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED), ..Validators::default() };
        let at = response.url().clone();
        let from = Source::Web(at.clone()).to_string();
        let signals = signals(response.headers(), &from);
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > self.settings.max_bytes => {
                    return Outcome::Failed(self.too_large());
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) if error.is_timeout() => return Outcome::Failed(failure(&error)),
                Err(error) => {
                    let why = format!("the body was cut short or damaged after {} bytes: {}", bytes.len(), chain(&error));
                    return Outcome::Failed(Failure::unreadable(why));
                }
            }
        }
        Outcome::Body(Box::new(Body { bytes, validators, fresh_for, from, at: Some(at), signals, full: true }))
    }

    fn too_large(&self) -> Failure {
        Failure::unreadable(format!("the description is larger than {} bytes (fetch.max_bytes)", self.settings.max_bytes))
    }

    fn slot(&self, url: &Url) -> Arc<Semaphore> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(host).or_insert_with(|| Arc::new(Semaphore::new(self.settings.per_host))))
    }

    /// Seconds or a date (RFC 9110 section 10.2.3).
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = text.parse::<u64>().map(Duration::from_secs).ok().or_else(|| until(text, self.clock.now()))?;
        Some(wait.min(LONGEST_PAUSE))
    }

    /// `max-age`, less `Age`; else `Expires` (RFC 9111 section 4.2).
    fn fresh_for(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let directives: Vec<String> =
            text(header::CACHE_CONTROL).unwrap_or_default().split(',').map(|part| part.trim().to_ascii_lowercase()).collect();
        if directives.iter().any(|directive| directive == "no-cache" || directive == "no-store") {
            return None;
        }
        let max_age = directives.iter().find_map(|directive| directive.strip_prefix("max-age=")?.parse::<u64>().ok());
        let age = text(header::AGE).and_then(|age| age.parse::<u64>().ok()).unwrap_or(0);
        let fresh = match max_age {
            Some(seconds) => Duration::from_secs(seconds.saturating_sub(age)),
            None => until(text(header::EXPIRES)?, self.clock.now())?,
        };
        (!fresh.is_zero()).then(|| fresh.min(LONGEST_PAUSE))
    }
}

/// A request that proves who asks.
fn authorized(request: reqwest::RequestBuilder, auth: &Auth) -> reqwest::RequestBuilder {
    match auth {
        Auth::None => request,
        Auth::Bearer(token) => request.bearer_auth(token.expose_secret()),
        Auth::Basic { username, password } => request.basic_auth(username, Some(password.expose_secret())),
        Auth::ApiKey { header, key } => match HeaderValue::from_str(key.expose_secret()) {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.header(header.as_str(), value)
            }
            // Left to the request, which fails with the builder's own words.
            Err(_) => request.header(header.as_str(), key.expose_secret()),
        },
    }
}

fn until(date: &str, now: DateTime<Utc>) -> Option<Duration> {
    let at = DateTime::<Utc>::from(httpdate::parse_http_date(date).ok()?);
    (at - now).to_std().ok()
}

fn failure(error: &reqwest::Error) -> Failure {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<RefusedAddress>() {
            return Failure::unreadable(refused.to_string());
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            let ours = matches!(io.kind(), ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown | ErrorKind::AddrNotAvailable);
            // The resolver itself does not answer, as opposed to answering that there is no such name.
            if ours || io.to_string().contains("Temporary failure in name resolution") {
                return Failure::blind(format!("this machine has no working network: {io}"));
            }
        }
        source = cause.source();
    }
    if error.is_timeout() {
        return Failure::down("no complete answer within the deadline (fetch.timeout)");
    }
    Failure::down(chain(error))
}

/// The whole chain of causes, without the URL, whose query may hold a secret.
fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if parts.last() != Some(&text) {
            parts.push(text);
        }
        source = cause.source();
    }
    if parts.is_empty() { "the request failed".to_owned() } else { parts.join(": ") }
}
