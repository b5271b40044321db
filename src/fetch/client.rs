//! One GET with all its hops, under one deadline.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;
use url::Url;

use crate::model::{ApiTls, Auth, Clock, PrivateHost, Probe, Proxies, Source, Statement, Validators};

use super::address::Guard;
use super::body::{self, BodyError, Whole};
use super::charset;
use super::outcome::{Body, Failure, Outcome};
use super::signals::signals;
use super::transport::{Common, Transports, Way};
use super::words::{self, Denied};

/// Redirects that are followed.
const MAX_HOPS: usize = 5;

/// No answer of a provider keeps driftd away for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// How much of a page that tells of a failure is looked at, bytes.
const ERROR_PAGE: usize = 4096;

/// Hosts whose places are kept when nobody fetches from them.
const KEPT_HOSTS: usize = 256;

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
    pub allow_private_hosts: Vec<PrivateHost>,
    /// What goes through a proxy.
    pub proxies: Proxies,
    /// Authorities to trust beside those of the system, as PEM.
    pub authorities: Option<String>,
    /// Whom to ask; part of the User-Agent.
    pub contact: String,
    /// Whether a description on this machine may refer to files outside its own folder.
    pub files_anywhere: bool,
}

/// Why no client could be made.
#[derive(Debug, Error)]
#[error("no HTTPS client: {0} (is the package ca-certificates installed?)")]
pub struct ClientError(pub(super) String);

/// What to fetch.
#[derive(Debug)]
pub struct Request<'r> {
    /// Where it is.
    pub source: &'r Source,
    /// How to prove who asks.
    pub auth: &'r Auth,
    /// Certificates of this API, where it has some.
    pub tls: Option<&'r ApiTls>,
    /// What makes the GET conditional; none asks for the whole document.
    pub validators: Option<&'r Validators>,
    /// Another file that the description refers to, instead of the description itself: fetched with the same
    /// suspicion as a redirect to it.
    pub part: Option<&'r Url>,
}

/// Fetches descriptions. Cheap to share; keep one for each configuration.
pub struct Client {
    transports: Transports,
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
        let transports = Transports::new(Common {
            agent: format!("driftd/{}{contact}", env!("CARGO_PKG_VERSION")),
            timeout: settings.timeout,
            proxies: settings.proxies.clone(),
            authorities: settings.authorities.clone(),
        })?;
        Ok(Self { transports, guard, settings, hosts: Mutex::new(HashMap::new()), clock })
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
            Ok(bytes) => match charset::decode(bytes, None) {
                Ok(bytes) => Outcome::Body(Box::new(Body {
                    bytes,
                    validators: Validators::default(),
                    fresh_for: None,
                    from: path.display().to_string(),
                    at: path.canonicalize().ok().and_then(|path| Url::from_file_path(path).ok()),
                    signals: Vec::new(),
                    full: true,
                    framed: true,
                    moved_to: None,
                })),
                Err(why) => Outcome::Failed(Failure::unreadable(format!("{}: {why}", path.display()))),
            },
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
        let mut trail = Trail::default();
        for _ in 0..=MAX_HOPS {
            trail.hops.push(url.clone());
            let way = match self.way(&url, start).await {
                Ok(way) => way,
                Err(why) => return Outcome::Failed(Failure::unreadable(why)),
            };
            let prepared = match self.prepare(way, &url, start, request) {
                Ok(prepared) => prepared,
                Err(error) => return Outcome::Failed(Failure::blind(error.to_string())),
            };
            let response = match prepared.send().await {
                Ok(response) => response,
                Err(error) => return Outcome::Failed(self.failure(&error, way, &url, start)),
            };
            let status = response.status();
            trail.asks_for_cookie |= response.headers().contains_key(header::SET_COOKIE);
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return self.answer(response, (way, &url, start), request, &trail).await;
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
            trail.follow(status, &url);
            if trail.hops.contains(&url) {
                trail.hops.push(url);
                return Outcome::Failed(Failure::down(trail.words("redirects lead back to where they began")));
            }
        }
        trail.hops.push(url);
        Outcome::Failed(Failure::down(trail.words(&format!("more than {MAX_HOPS} redirects"))))
    }

    /// Which way a request that started at `start` goes to a URL, or why it does not.
    pub(super) async fn way(&self, url: &Url, start: &Url) -> Result<Way, String> {
        let is_allowed = self.guard.allows(url, start);
        let is_proxied = self.transports.proxies().of(url).is_some();
        if !is_allowed {
            let judged = match Guard::check_literal(url) {
                // Whoever connects resolves the name and judges it; a proxy does not.
                Ok(()) if is_proxied => Guard::check_name(url).await,
                judged => judged,
            };
            judged.map_err(|refused| self.guard.words(&refused, url, start))?;
        }
        Ok(match (is_proxied, is_allowed) {
            (true, _) => Way::Proxy,
            (false, true) => Way::Private,
            (false, false) => Way::Public,
        })
    }

    fn failure(&self, error: &reqwest::Error, way: Way, url: &Url, start: &Url) -> Failure {
        if let Some(refused) = words::refusal(error) {
            return Failure::unreadable(self.guard.words(refused, url, start));
        }
        match self.transports.proxies().of(url) {
            Some(proxy) if way == Way::Proxy => words::failure_behind(&proxy.place(), error),
            _ => words::failure(error),
        }
    }

    /// What the headers of an operation say about its end, by one HEAD that follows no redirect, and whether saying
    /// nothing means anything: what is refused can still say that it ends, but only an answer that succeeds can be
    /// silent. None where nothing answered.
    pub async fn probe(&self, probe: &Probe, live: &Source, auth: &Auth, tls: Option<&ApiTls>) -> Option<(Vec<Statement>, bool)> {
        let way = self.way(&probe.url, &probe.url).await.ok()?;
        // Credentials stay with the origin they were given for.
        let is_home = matches!(live, Source::Web(url) if url.origin() == probe.url.origin());
        let http = self.transports.client(way, tls, is_home).ok()?;
        let slot = self.slot(&probe.url);
        let _permit = slot.acquire().await.ok()?;
        let mut request = http.head(probe.url.clone());
        if is_home {
            request = authorized(request, auth);
        }
        let response = request.send().await.ok()?;
        let from = Source::Web(probe.url.clone()).to_string();
        let about = |statement: Statement| Statement {
            subject: probe.operation.to_string(),
            operations: vec![probe.operation.clone()],
            ..statement
        };
        let said = signals(response.headers(), &from).into_iter().map(about).collect();
        Some((said, response.status().is_success()))
    }

    /// A POST to a URL by this way; it follows no redirect.
    pub(super) fn request(&self, way: Way, url: Url) -> Result<reqwest::RequestBuilder, ClientError> {
        Ok(self.transports.client(way, None, false)?.post(url))
    }

    /// What an error of a request comes to, in words.
    pub(super) fn trouble(&self, error: &reqwest::Error, way: Way, url: &Url) -> Failure {
        self.failure(error, way, url, url)
    }

    /// One hop's request. Credentials stay with the origin they were given for.
    fn prepare(&self, way: Way, url: &Url, start: &Url, request: &Request<'_>) -> Result<reqwest::RequestBuilder, ClientError> {
        let accept = "application/json, application/yaml, text/yaml, */*;q=0.5";
        let is_home = url.origin() == start.origin();
        let http = self.transports.client(way, request.tls, is_home)?;
        let mut prepared = http.get(url.clone()).header(header::ACCEPT, accept).header(header::ACCEPT_ENCODING, body::ENCODINGS);
        if let Some(validators) = request.validators {
            if let Some(etag) = &validators.etag {
                prepared = prepared.header(header::IF_NONE_MATCH, etag);
            }
            if let Some(date) = &validators.last_modified {
                prepared = prepared.header(header::IF_MODIFIED_SINCE, date);
            }
        }
        Ok(if is_home { authorized(prepared, request.auth) } else { prepared })
    }

    async fn answer(
        &self,
        response: reqwest::Response,
        (way, url, start): (Way, &Url, &Url),
        request: &Request<'_>,
        trail: &Trail,
    ) -> Outcome {
        let status = response.status();
        let fresh_for = self.fresh_for(response.headers());
        let from = Source::Web(url.clone()).to_string();
        let moved_to = trail.moved_to.clone();
        if status == StatusCode::NOT_MODIFIED {
            if request.validators.is_none_or(|known| known.etag.is_none() && known.last_modified.is_none()) {
                // Nothing to compare with was named, so nothing can be unchanged: a cache in between is broken.
                return Outcome::Failed(Failure::unreadable(format!(
                    "{from} answered 304 to a request that asked for the whole document: nothing was read"
                )));
            }
            if request.validators.is_some_and(|known| is_about_another(known, response.headers())) {
                // The answer belongs to another document than the one that is known: the whole is asked for.
                return Box::pin(self.web(start, &Request { validators: None, ..*request })).await;
            }
            return Outcome::NotModified { fresh_for, signals: signals(response.headers(), &from), moved_to };
        }
        let proxy = self.transports.proxies().of(url).filter(|_| way == Way::Proxy);
        if let (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(proxy)) = (status, proxy) {
            return Outcome::Failed(Failure::blind(words::asks_who(&proxy.place())));
        }
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && let Some(after) = self.retry_after(response.headers())
        {
            return Outcome::Later { after, why: format!("the provider answered {status} and asks to come back later") };
        }
        if status == StatusCode::PARTIAL_CONTENT {
            // RFC 9110 section 15.3.7: the answer to a request for a range, and none was asked for.
            return Outcome::Failed(Failure::unreadable(format!(
                "{from} answered 206, a part of the description: the whole was asked for, and nothing is known of the rest"
            )));
        }
        if !status.is_success() {
            let through = proxy.map(|proxy| format!(" (through the proxy {})", proxy.place())).unwrap_or_default();
            let has_identity = request.tls.is_some_and(|tls| tls.identity.is_some());
            let why = match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Denied { status, headers: response.headers(), url, start, auth: request.auth, has_identity }.words()
                }
                StatusCode::NOT_FOUND | StatusCode::GONE => {
                    let why = format!("the provider answered {status}: the description has moved or gone{through}");
                    return Outcome::Failed(Failure::missing(why));
                }
                _ => format!("the provider answered {status}"),
            };
            // Servers that end TLS by themselves ask for a certificate on a page.
            let may_ask = matches!(status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN) && !has_identity;
            let asks = may_ask && words::is_about_certificate(&body::head(response, ERROR_PAGE).await);
            let advice = if asks { words::CERTIFICATE_ASKED } else { "" };
            return Outcome::Failed(Failure::down(format!("{why}{advice}{through}")));
        }
        let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let validators =
            Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED), ..Validators::default() };
        let content_type = text(header::CONTENT_TYPE);
        let signals = signals(response.headers(), &from);
        let Whole { bytes, framed } = match body::read(response, self.settings.max_bytes).await {
            Ok(whole) => whole,
            Err(BodyError::TooLarge) => return Outcome::Failed(self.too_large()),
            Err(BodyError::TimedOut(error)) => return Outcome::Failed(self.failure(&error, way, url, start)),
            Err(BodyError::Broken(after, why)) => {
                let why = format!("the body was cut short or damaged after {after} bytes: {why}");
                return Outcome::Failed(Failure::unreadable(why));
            }
        };
        let bytes = match charset::decode(bytes, content_type.as_deref()) {
            Ok(bytes) => bytes,
            Err(why) => return Outcome::Failed(Failure::unreadable(format!("{from}: {why}"))),
        };
        if trail.asks_for_cookie && bytes.trim_ascii_start().first() == Some(&b'<') {
            return Outcome::Failed(Failure::unreadable(format!(
                "{from} answered with an HTML page and asks for a cookie, as a page to sign in does: name an address that answers without one, or set `auth` of this API"
            )));
        }
        let at = Some(url.clone());
        Outcome::Body(Box::new(Body { bytes, validators, fresh_for, from, at, signals, full: true, framed, moved_to }))
    }

    fn too_large(&self) -> Failure {
        Failure::unreadable(format!("the description is larger than {} bytes (fetch.max_bytes)", self.settings.max_bytes))
    }

    fn slot(&self, url: &Url) -> Arc<Semaphore> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // A description may refer to any number of hosts: those that nobody waits for are forgotten.
        if hosts.len() >= KEPT_HOSTS && !hosts.contains_key(&host) {
            hosts.retain(|_, places| Arc::strong_count(places) > 1);
        }
        Arc::clone(hosts.entry(host).or_insert_with(|| Arc::new(Semaphore::new(self.settings.per_host))))
    }

    #[cfg(test)]
    pub(super) fn places(&self, url: &str) -> Arc<Semaphore> {
        self.slot(&url.parse().expect("a URL"))
    }

    #[cfg(test)]
    pub(super) fn hosts_kept(&self) -> usize {
        self.hosts.lock().expect("hosts").len()
    }

    /// Seconds or a date (RFC 9110 section 10.2.3).
    pub(super) fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            // A date that has passed is a wish all the same: their clock may be behind ours.
            Err(_) => (date(text)? - self.clock.now()).to_std().unwrap_or_default(),
        };
        Some(wait.min(LONGEST_PAUSE))
    }

    /// `max-age`, less `Age`; else `Expires` (RFC 9111 section 4.2).
    fn fresh_for(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        // One list, also where it is written in several lines (RFC 9110 section 5.3).
        let lines = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
        let directives: Vec<String> =
            lines.flat_map(|line| line.split(',')).map(|part| part.trim().to_ascii_lowercase()).collect();
        if directives.iter().any(|directive| directive == "no-cache" || directive == "no-store") {
            return None;
        }
        let max_age = directives.iter().find_map(|directive| directive.strip_prefix("max-age=")?.parse::<u64>().ok());
        let age = text(header::AGE).and_then(|age| age.parse::<u64>().ok()).unwrap_or(0);
        let fresh = match max_age {
            Some(seconds) => Duration::from_secs(seconds.saturating_sub(age)),
            None => (date(text(header::EXPIRES)?)? - self.clock.now()).to_std().ok()?,
        };
        (!fresh.is_zero()).then(|| fresh.min(LONGEST_PAUSE))
    }
}

/// Whether a 304 names another document than the one it was asked about (RFC 9111 section 4.3.3): by its entity tag, else
/// by its date.
fn is_about_another(known: &Validators, headers: &HeaderMap) -> bool {
    let named = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let differs = |known: &Option<String>, named: Option<&str>, core: fn(&str) -> &str| {
        known.as_deref().zip(named).map(|(known, named)| core(known) != core(named))
    };
    differs(&known.etag, named(header::ETAG), entity)
        .or_else(|| differs(&known.last_modified, named(header::LAST_MODIFIED), str::trim))
        .unwrap_or(false)
}

/// What an entity tag names, compared weakly (RFC 9110 section 8.8.3.2). Servers that compress on the way add the coding to
/// the tag of a body, and leave it away with a 304.
fn entity(tag: &str) -> &str {
    let tag = tag.trim();
    let opaque = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    let is_coding = |coding: &str| matches!(coding, "gzip" | "br" | "zstd" | "deflate");
    match opaque.rsplit_once(['-', ';', '+']) {
        Some((entity, coding)) if is_coding(coding) => entity.trim_end_matches('-'),
        _ => opaque,
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

fn date(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::<Utc>::from(httpdate::parse_http_date(text).ok()?))
}

/// The hops of one fetch.
#[derive(Debug, Default)]
struct Trail {
    hops: Vec<Url>,
    asks_for_cookie: bool,
    /// Where redirects that hold for good lead from the start.
    moved_to: Option<String>,
    /// Whether one of them held only for now.
    is_temporary: bool,
}

impl Trail {
    fn follow(&mut self, status: StatusCode, next: &Url) {
        self.is_temporary |= !matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
        if !self.is_temporary {
            self.moved_to = Some(Source::Web(next.clone()).to_string());
        }
    }

    fn words(&self, what: &str) -> String {
        let hops: Vec<String> = self.hops.iter().map(|url| Source::Web(url.clone()).to_string()).collect();
        let cookie = if self.asks_for_cookie {
            "; it asks for a cookie, which driftd does not keep: name an address that answers without one"
        } else {
            ""
        };
        format!("{what}: {}{cookie}", hops.join(" → "))
    }
}
