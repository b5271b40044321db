//! `[fetch]` of `driftd.toml`: limits, private hosts, proxies, authorities.

use std::time::Duration;

use url::Url;

use crate::model::{Direct, PrivateHost, Proxies, Proxy, USUAL_BYTES};

use super::environment::{Environment, LoadContext};
use super::reader::{At, Problems, Table};
use super::values::{duration, in_range};
use super::{secret, tls};

/// How descriptions are fetched.
#[derive(Debug, Clone)]
pub struct FetchConfig {
    /// Deadline of one fetch with all its redirects.
    pub timeout: Duration,
    /// Bytes of a decoded document.
    pub max_bytes: usize,
    /// Fetches of one host at a time.
    pub per_host: usize,
    /// Hosts that may be at loopback, private or link-local addresses.
    pub allow_private_hosts: Vec<PrivateHost>,
    /// Whom a provider can ask about these requests; part of the User-Agent.
    pub contact: String,
    /// What goes through a proxy.
    pub proxies: Proxies,
    /// Authorities to trust beside those of the system, as PEM.
    pub authorities: Option<String>,
    /// So long at most is a check put off because the provider says that its description stays fresh.
    pub longest_fresh: Duration,
}

impl FetchConfig {
    /// All the files of a description beside its first one have so long together, and so have all probes.
    pub fn deadline(&self) -> Duration {
        self.timeout * 5
    }
}

/// Reads `[fetch]`; what it leaves out has a default.
pub(super) fn read(root: &mut Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> FetchConfig {
    let mut config = FetchConfig {
        timeout: Duration::from_secs(60),
        max_bytes: USUAL_BYTES,
        per_host: 2,
        allow_private_hosts: Vec::new(),
        contact: String::new(),
        proxies: Proxies::default(),
        authorities: None,
        longest_fresh: Duration::from_secs(3600),
    };
    let Some(mut table) = root.table("fetch", problems) else {
        config.proxies = from_environment(context.environment, root.offset, problems);
        return config;
    };
    if let Some(timeout) = table.parsed("timeout", problems, duration) {
        config.timeout = timeout.value;
    }
    if let Some(bytes) = table.integer("max_bytes", problems) {
        config.max_bytes = in_range(&bytes, 1024, 1 << 30, problems).unwrap_or(config.max_bytes);
    }
    if let Some(count) = table.integer("per_host", problems) {
        config.per_host = in_range(&count, 1, 64, problems).unwrap_or(config.per_host);
    }
    for host in table.texts("allow_private_hosts", problems).unwrap_or_default() {
        match PrivateHost::parse(&host.value) {
            Ok(host) => config.allow_private_hosts.push(host),
            Err(message) => {
                let help = "write a host name or an address, with or without a port: \"db.internal:9000\", \"127.0.0.1\", \"[::1]:8080\"";
                host.wrong(message, help, problems);
            }
        }
    }
    if let Some(longest) = table.parsed("longest_fresh", problems, duration) {
        config.longest_fresh = longest.value;
    }
    if let Some(contact) = table.text("contact", problems) {
        config.contact = contact.value;
    }
    config.proxies = proxies(&mut table, context, problems);
    config.authorities = tls::authorities(&mut table, context.folder, problems);
    table.finish(problems);
    config
}

/// `proxy`, `no_proxy` and `proxy_auth`; what is not written there is taken from the environment.
fn proxies(table: &mut Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> Proxies {
    let written = table.text("proxy", problems);
    let except = table.texts("no_proxy", problems);
    let credentials = table.table("proxy_auth", problems).and_then(|mut auth| {
        let username = auth.required_text("username", "write username = \"…\"", problems);
        let password = secret::read(&mut auth, "password", context, problems);
        auth.missing("password", "write password = { file = \"…\" }", problems);
        auth.finish(problems);
        Some((username?.value, password?))
    });
    let mut proxies = match &written {
        None => from_environment(context.environment, table.offset, problems),
        Some(written) if written.value == "none" => Proxies::default(),
        Some(written) => match written_proxy(written, problems) {
            Some(proxy) => {
                let except = from_list(context.environment.get("no_proxy").or_else(|| context.environment.get("NO_PROXY")));
                Proxies { http: Some(proxy.clone()), https: Some(proxy), except }
            }
            None => Proxies::default(),
        },
    };
    if let Some(list) = except {
        proxies.except.clear();
        for host in list {
            match Direct::parse(&host.value) {
                Ok(direct) => proxies.except.push(direct),
                Err(message) => {
                    let help = "write \"corp.example\" (and all below it), \"10.0.0.0/8\", \"host.example:8443\" or \"*\"";
                    host.wrong(message, help, problems);
                }
            }
        }
    }
    if let Some(credentials) = credentials {
        if proxies.http.is_none() && proxies.https.is_none() {
            table.wrong("`proxy_auth` has no effect without a proxy", "add proxy = \"http://proxy.example:3128\"", problems);
        }
        for proxy in [&mut proxies.http, &mut proxies.https].into_iter().flatten() {
            proxy.credentials = Some(credentials.clone());
        }
    }
    proxies
}

fn written_proxy(written: &At<String>, problems: &mut Problems<'_>) -> Option<Proxy> {
    if Url::parse(&written.value).is_ok_and(|url| !url.username().is_empty() || url.password().is_some()) {
        let help = "take them out and use proxy_auth = { username = \"…\", password = { file = \"…\" } }";
        written.wrong("holds a user name or password", help, problems);
        return None;
    }
    match Proxy::parse(&written.value) {
        Ok(proxy) => Some(proxy),
        Err(message) => {
            written.wrong(message, "write \"http://proxy.example:3128\", or \"none\"", problems);
            None
        }
    }
}

/// The same, where a mistake in it is one of `fetch.proxy`. `offset` is where that would stand.
fn from_environment(environment: &Environment, offset: usize, problems: &mut Problems<'_>) -> Proxies {
    match environment_proxies(environment) {
        Ok(proxies) => proxies,
        Err(message) => {
            problems.add(
                offset,
                "fetch.proxy",
                message,
                "set it right, or write proxy = \"none\" in [fetch] to ignore the environment",
            );
            Proxies::default()
        }
    }
}

/// The proxies that the environment names: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, lower case first.
///
/// # Errors
/// When one of them is no proxy, in words that hold no password.
pub fn environment_proxies(environment: &Environment) -> Result<Proxies, String> {
    let named = |lower: &'static str, upper: &'static str| {
        let found = [lower, upper].into_iter().find_map(|name| environment.get(name).map(|value| (name, value.trim())));
        found.filter(|(_, value)| !value.is_empty())
    };
    let proxy = |lower: &'static str, upper: &'static str| match named(lower, upper) {
        Some((name, value)) => Proxy::parse(value).map(Some).map_err(|why| format!("${name} {why}")),
        None => Ok(None),
    };
    Ok(Proxies {
        http: proxy("http_proxy", "HTTP_PROXY")?,
        https: proxy("https_proxy", "HTTPS_PROXY")?,
        except: from_list(named("no_proxy", "NO_PROXY").map(|(_, value)| value)),
    })
}

/// Entries between commas; other programs read them too, so what is not understood here is left to those.
fn from_list(list: Option<&str>) -> Vec<Direct> {
    let entries = list.unwrap_or_default().split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.filter_map(|entry| Direct::parse(entry).ok()).collect()
}
