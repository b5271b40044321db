//! One GET with all its hops, under one deadline.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderName};
use tokio::sync::Semaphore;
use url::Url;

use crate::model::{ApiTls, Auth, Clock, PrivateHost, Proxies, Proxy, Source, Validators};

use super::address::AddressGuard;
use super::body::{self, BodyError, WholeBody};
use super::credentials::authorized;
use super::denied::{CERTIFICATE_ASKED, Denied, is_about_certificate};
use super::outcome::{FetchFailure, FetchOutcome, FetchedBody};
use super::patience::{fresh_for, retry_after};
use super::redirects::Redirects;
use super::signals::signals;
use super::transport::{ClientError, ClientOptions, Transports, Way};
use super::validators::is_about_another;
use super::{charset, file, request_error};

/// Redirects that are followed.
const MAX_HOPS: usize = 5;

/// How much of a page that tells of a failure is read, bytes.
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

/// One request of a fetch.
pub(super) struct Hop<'h> {
    pub(super) way: Way,
    pub(super) url: &'h Url,
    /// Where the fetch began: what is configured.
    pub(super) start: &'h Url,
}

impl Hop<'_> {
    /// The URL without its query, which may hold a secret.
    fn shown(&self) -> String {
        Source::Web(self.url.clone()).to_string()
    }
}

/// Fetches descriptions. Cheap to share; keep one for each configuration.
pub struct Client {
    transports: Transports,
    guard: AddressGuard,
    settings: Settings,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// A client with these limits, ready to go.
    ///
    /// # Errors
    /// When the machine has no certificate authorities to trust.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, ClientError> {
        let client = Self::on_demand(settings, clock);
        client.http(Way::Public, None, false)?;
        Ok(client)
    }

    /// A client with these limits that looks for authorities when it first asks a host: for who may only read files.
    pub fn on_demand(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let guard = AddressGuard::new(&settings.allow_private_hosts);
        let contact = if settings.contact.is_empty() { String::new() } else { format!(" (+{})", settings.contact) };
        let transports = Transports::new(ClientOptions {
            agent: format!("driftd/{}{contact}", env!("CARGO_PKG_VERSION")),
            timeout: settings.timeout,
            proxies: settings.proxies.clone(),
            authorities: settings.authorities.clone(),
        });
        Self { transports, guard, settings, hosts: Mutex::new(HashMap::new()), clock }
    }

    /// Fetches, and says what it came to. Never fails: failing is an outcome.
    pub async fn fetch(&self, request: &Request<'_>) -> FetchOutcome {
        match request.source {
            Source::File(path) => match request.part {
                None => self.within_deadline(file::read(path, self.settings.max_bytes)).await,
                Some(part) => match file::part(path, part, self.settings.files_anywhere) {
                    Ok(part) => self.within_deadline(file::read(&part, self.settings.max_bytes)).await,
                    Err(failure) => FetchOutcome::Failed(failure),
                },
            },
            Source::Web(url) => {
                // Waiting for a free place is our doing and does not count against the provider.
                let slot = self.slot(request.part.unwrap_or(url));
                let Ok(_permit) = slot.acquire().await else {
                    return FetchOutcome::Failed(FetchFailure::blind("driftd is stopping"));
                };
                self.within_deadline(self.web(url, request)).await
            }
        }
    }

    async fn within_deadline(&self, fetching: impl Future<Output = FetchOutcome> + Send) -> FetchOutcome {
        let deadline = self.settings.timeout;
        match tokio::time::timeout(deadline, fetching).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let limit = humantime::format_duration(deadline);
                FetchOutcome::Failed(FetchFailure::down(format!("no complete answer within {limit}")))
            }
        }
    }

    async fn web(&self, start: &Url, request: &Request<'_>) -> FetchOutcome {
        let mut url = request.part.unwrap_or(start).clone();
        if !matches!(url.scheme(), "http" | "https") || (start.scheme() == "https" && url.scheme() == "http") {
            return FetchOutcome::Failed(FetchFailure::unreadable(format!(
                "{} is not reached as safely as the description",
                Source::Web(url)
            )));
        }
        let mut redirects = Redirects::default();
        for _ in 0..=MAX_HOPS {
            redirects.hops.push(url.clone());
            let way = match self.way(&url, start).await {
                Ok(way) => way,
                Err(why) => return FetchOutcome::Failed(FetchFailure::unreadable(why)),
            };
            let hop = Hop { way, url: &url, start };
            let prepared = match self.prepare(&hop, request) {
                Ok(prepared) => prepared,
                Err(error) => return FetchOutcome::Failed(FetchFailure::blind(error.to_string())),
            };
            let response = match prepared.send().await {
                Ok(response) => response,
                Err(error) => return FetchOutcome::Failed(self.failure(&error, &hop)),
            };
            let status = response.status();
            redirects.asks_for_cookie |= response.headers().contains_key(header::SET_COOKIE);
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return self.answer(response, &hop, request, &redirects).await;
            }
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| url.join(location).ok());
            url = match next {
                Some(next) if matches!(next.scheme(), "http" | "https") => {
                    if url.scheme() == "https" && next.scheme() == "http" {
                        return FetchOutcome::Failed(FetchFailure::unreadable(format!(
                            "{} redirects from https to http; not followed",
                            Source::Web(url)
                        )));
                    }
                    next
                }
                _ => return FetchOutcome::Failed(FetchFailure::down(format!("{} redirects to nowhere", Source::Web(url)))),
            };
            redirects.follow(status, &url);
            if redirects.hops.contains(&url) {
                redirects.hops.push(url);
                return FetchOutcome::Failed(FetchFailure::down(redirects.explain("redirects lead back to where they began")));
            }
        }
        redirects.hops.push(url);
        FetchOutcome::Failed(FetchFailure::down(redirects.explain(&format!("more than {MAX_HOPS} redirects"))))
    }

    /// Which way a request that started at `start` goes to a URL, or why it does not.
    pub(super) async fn way(&self, url: &Url, start: &Url) -> Result<Way, String> {
        let is_allowed = self.guard.allows(url, start);
        let is_proxied = self.transports.proxies().of(url).is_some();
        if !is_allowed {
            let judged = match AddressGuard::check_literal(url) {
                // Whoever connects resolves the name and judges it; a proxy does not.
                Ok(()) if is_proxied => AddressGuard::check_name(url).await,
                judged => judged,
            };
            judged.map_err(|refused| self.guard.explain(&refused, url, start))?;
        }
        Ok(match (is_proxied, is_allowed) {
            (true, _) => Way::Proxy,
            (false, true) => Way::Private,
            (false, false) => Way::Public,
        })
    }

    /// What an error on the way to a URL means.
    pub(super) fn failure(&self, error: &reqwest::Error, hop: &Hop<'_>) -> FetchFailure {
        if let Some(refused) = request_error::refusal(error) {
            return FetchFailure::unreadable(self.guard.explain(refused, hop.url, hop.start));
        }
        match self.proxy(hop) {
            Some(proxy) => request_error::failure_behind(&proxy.place(), error),
            None => request_error::failure(error),
        }
    }

    /// The proxy that a request goes through, if it does.
    fn proxy(&self, hop: &Hop<'_>) -> Option<&Proxy> {
        self.transports.proxies().of(hop.url).filter(|_| hop.way == Way::Proxy)
    }

    /// The HTTP client that goes this way; the API's own certificate is shown only where it `is_home`.
    pub(super) fn http(&self, way: Way, tls: Option<&ApiTls>, is_home: bool) -> Result<reqwest::Client, ClientError> {
        self.transports.client(way, tls, is_home)
    }

    /// Now.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// One hop's request. Credentials stay with the origin they were given for.
    fn prepare(&self, hop: &Hop<'_>, request: &Request<'_>) -> Result<reqwest::RequestBuilder, ClientError> {
        let accept = "application/json, application/yaml, text/yaml, */*;q=0.5";
        let is_home = hop.url.origin() == hop.start.origin();
        let http = self.http(hop.way, request.tls, is_home)?;
        let mut prepared =
            http.get(hop.url.clone()).header(header::ACCEPT, accept).header(header::ACCEPT_ENCODING, body::ENCODINGS);
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
        hop: &Hop<'_>,
        request: &Request<'_>,
        redirects: &Redirects,
    ) -> FetchOutcome {
        let status = response.status();
        let from = hop.shown();
        if status == StatusCode::NOT_MODIFIED {
            if request.validators.is_none_or(|known| known.etag.is_none() && known.last_modified.is_none()) {
                // Nothing to compare with was named, so nothing can be unchanged: a cache in between is broken.
                return FetchOutcome::Failed(FetchFailure::unreadable(format!(
                    "{from} answered 304 to a request that asked for the whole document: nothing was read"
                )));
            }
            if request.validators.is_some_and(|known| is_about_another(known, response.headers())) {
                // The answer belongs to another document than the one that is known: the whole is asked for.
                return Box::pin(self.web(hop.start, &Request { validators: None, ..*request })).await;
            }
            return FetchOutcome::NotModified {
                fresh_for: fresh_for(response.headers(), self.now()),
                signals: signals(response.headers(), &from),
                moved_to: redirects.moved_to.clone(),
            };
        }
        if let (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(proxy)) = (status, self.proxy(hop)) {
            return FetchOutcome::Failed(FetchFailure::blind(request_error::proxy_asks_for_credentials(&proxy.place())));
        }
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && let Some(after) = retry_after(response.headers(), self.now())
        {
            return FetchOutcome::Later { after, why: format!("the provider answered {status} and asks to come back later") };
        }
        if status == StatusCode::PARTIAL_CONTENT {
            // RFC 9110 section 15.3.7: the answer to a request for a range, and none was asked for.
            return FetchOutcome::Failed(FetchFailure::unreadable(format!(
                "{from} answered 206, a part of the description: the whole was asked for, and nothing is known of the rest"
            )));
        }
        if !status.is_success() {
            return FetchOutcome::Failed(self.refused(response, hop, request).await);
        }
        match self.document(response, hop, redirects).await {
            Ok(body) => FetchOutcome::Body(Box::new(body)),
            Err(failure) => FetchOutcome::Failed(failure),
        }
    }

    /// Why an answer with a status of failure brings no document, and what to do.
    async fn refused(&self, response: reqwest::Response, hop: &Hop<'_>, request: &Request<'_>) -> FetchFailure {
        let status = response.status();
        let through = self.proxy(hop).map(|proxy| format!(" (through the proxy {})", proxy.place())).unwrap_or_default();
        let has_identity = request.tls.is_some_and(|tls| tls.identity.is_some());
        let why = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let (headers, url, start, auth) = (response.headers(), hop.url, hop.start, request.auth);
                Denied { status, headers, url, start, auth, has_identity }.explain()
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                return FetchFailure::missing(format!(
                    "the provider answered {status}: the description has moved or gone{through}"
                ));
            }
            _ => format!("the provider answered {status}"),
        };
        // Servers that end TLS by themselves ask for a certificate on a page.
        let may_ask = matches!(status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN) && !has_identity;
        let asks = may_ask && is_about_certificate(&body::head(response, ERROR_PAGE).await);
        let advice = if asks { CERTIFICATE_ASKED } else { "" };
        FetchFailure::down(format!("{why}{advice}{through}"))
    }

    /// The document in an answer that succeeded.
    async fn document(
        &self,
        response: reqwest::Response,
        hop: &Hop<'_>,
        redirects: &Redirects,
    ) -> Result<FetchedBody, FetchFailure> {
        let from = hop.shown();
        let fresh_for = fresh_for(response.headers(), self.now());
        let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let validators =
            Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED), ..Validators::default() };
        let content_type = text(header::CONTENT_TYPE);
        let signals = signals(response.headers(), &from);
        let WholeBody { bytes, framed } = body::read(response, self.settings.max_bytes).await.map_err(|error| match error {
            BodyError::TooLarge => FetchFailure::too_large(self.settings.max_bytes),
            BodyError::TimedOut(error) => self.failure(&error, hop),
            BodyError::Broken(after, why) => {
                FetchFailure::unreadable(format!("the body was cut short or damaged after {after} bytes: {why}"))
            }
        })?;
        let bytes =
            charset::decode(bytes, content_type.as_deref()).map_err(|why| FetchFailure::unreadable(format!("{from}: {why}")))?;
        if redirects.asks_for_cookie && bytes.trim_ascii_start().first() == Some(&b'<') {
            return Err(FetchFailure::unreadable(format!(
                "{from} answered with an HTML page and asks for a cookie, as a page to sign in does: name an address that answers without one, or set `auth` of this API"
            )));
        }
        let (at, moved_to) = (Some(hop.url.clone()), redirects.moved_to.clone());
        Ok(FetchedBody { bytes, validators, fresh_for, from, at, signals, full: true, framed, moved_to })
    }

    /// The places of a host: as many as may ask it at one time.
    pub(super) fn slot(&self, url: &Url) -> Arc<Semaphore> {
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
}
