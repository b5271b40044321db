//! The HTTP clients behind the one client: one connects only to public addresses, one to what is allowed to be private,
//! one through the proxy; and again for each API with certificates of its own. Each has connections of its own, so that
//! none is used for what its guard would have refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::{Certificate, ClientBuilder, Identity, redirect};
use secrecy::ExposeSecret as _;
use thiserror::Error;

use crate::model::{ApiTls, Proxies, Proxy};

use super::address::{ProxyResolver, PublicResolver};
use super::request_error::chain;

/// Why no HTTP client could be made.
#[derive(Debug, Error)]
#[error("no HTTPS client: {0} (is the package ca-certificates installed?)")]
pub struct ClientError(String);

/// Which way a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Directly, to public addresses only.
    Public,
    /// Directly, to wherever the host is: the operator allowed it.
    Private,
    /// Through a proxy.
    Proxy,
}

/// What all clients have in common.
pub(super) struct ClientOptions {
    pub(super) agent: String,
    pub(super) timeout: Duration,
    pub(super) proxies: Proxies,
    /// Authorities beside those of the system, PEM.
    pub(super) authorities: Option<String>,
}

/// The clients of one configuration.
pub(super) struct Transports {
    options: ClientOptions,
    /// Without certificates of an API; made when the first request needs it, since reading all authorities takes a while.
    plain: OnceLock<ClientSet>,
    /// By digest of the certificates, and whether the client proves who it is.
    own: Mutex<HashMap<(String, bool), Arc<ClientSet>>>,
}

/// One client for each way.
struct ClientSet {
    public: reqwest::Client,
    private: reqwest::Client,
    proxied: Option<reqwest::Client>,
}

impl ClientSet {
    fn client(&self, way: Way) -> reqwest::Client {
        match way {
            Way::Public => self.public.clone(),
            Way::Private => self.private.clone(),
            // There is one wherever a request is sent through it.
            Way::Proxy => self.proxied.as_ref().unwrap_or(&self.public).clone(),
        }
    }
}

impl Transports {
    pub(super) fn new(options: ClientOptions) -> Self {
        Self { options, plain: OnceLock::new(), own: Mutex::default() }
    }

    pub(super) const fn proxies(&self) -> &Proxies {
        &self.options.proxies
    }

    /// The client that goes this way with the certificates of an API; its own certificate is shown only where `proves`.
    pub(super) fn client(&self, way: Way, tls: Option<&ApiTls>, proves: bool) -> Result<reqwest::Client, ClientError> {
        let Some(tls) = tls else {
            if let Some(known) = self.plain.get() {
                return Ok(known.client(way));
            }
            let made = client_set(&self.options, None, false)?;
            return Ok(self.plain.get_or_init(|| made).client(way));
        };
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tls.digest.clone(), proves);
        if let Some(known) = own.get(&key) {
            return Ok(known.client(way));
        }
        let made = Arc::new(client_set(&self.options, Some(tls), proves)?);
        own.insert(key, Arc::clone(&made));
        Ok(made.client(way))
    }
}

fn client_set(options: &ClientOptions, tls: Option<&ApiTls>, proves: bool) -> Result<ClientSet, ClientError> {
    let wrong = |error: &reqwest::Error| ClientError(chain(error));
    let build = |builder: ClientBuilder| builder.build().map_err(|error| wrong(&error));
    let base = || -> Result<ClientBuilder, ClientError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(options.agent.clone())
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(options.timeout)
            .timeout(options.timeout)
            .pool_idle_timeout(Duration::from_secs(30));
        let mut authorities: Vec<Certificate> = Vec::new();
        for pem in [options.authorities.as_deref(), tls.and_then(|tls| tls.authorities.as_deref())].into_iter().flatten() {
            authorities.extend(Certificate::from_pem_bundle(pem.as_bytes()).map_err(|error| wrong(&error))?);
        }
        if !authorities.is_empty() {
            builder = builder.tls_certs_merge(authorities);
        }
        if proves && let Some(identity) = tls.and_then(|tls| tls.identity.as_ref()) {
            let identity = Identity::from_pem(identity.expose_secret().as_bytes()).map_err(|error| wrong(&error))?;
            builder = builder.identity(identity);
        }
        Ok(builder)
    };
    let proxied = match (&options.proxies.http, &options.proxies.https) {
        (None, None) => None,
        (http, https) => {
            let named = [http, https].into_iter().flatten();
            let hosts = named.filter_map(|proxy| proxy.url.host_str().map(str::to_owned)).collect();
            let mut builder = base()?.dns_resolver(Arc::new(ProxyResolver(hosts)));
            if let Some(http) = http {
                builder = builder.proxy(authorized(reqwest::Proxy::http(http.url.clone()).map_err(|error| wrong(&error))?, http));
            }
            if let Some(https) = https {
                let proxy = reqwest::Proxy::https(https.url.clone()).map_err(|error| wrong(&error))?;
                builder = builder.proxy(authorized(proxy, https));
            }
            Some(build(builder)?)
        }
    };
    Ok(ClientSet { public: build(base()?.dns_resolver(Arc::new(PublicResolver)))?, private: build(base()?)?, proxied })
}

fn authorized(proxy: reqwest::Proxy, known: &Proxy) -> reqwest::Proxy {
    match &known.credentials {
        Some((username, password)) => proxy.basic_auth(username, password.expose_secret()),
        None => proxy,
    }
}
