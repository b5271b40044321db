//! `[http]` of `driftd.toml`: where the status endpoint listens, and how it is reached.

use std::net::SocketAddr;

use url::Url;

use super::reader::{Invalid, Problems, Table};
use super::values::web_url;

/// Where the status endpoint is.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How people outside reach it; links in mails start with it. None: the address it listens on.
    pub external_url: Option<Url>,
}

/// Reads `[http]`; without it, only this machine reaches the endpoint.
pub(super) fn read(root: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> HttpConfig {
    let mut config = HttpConfig { listen: SocketAddr::from(([127, 0, 0, 1], 8650)), external_url: None };
    let Some(mut table) = root.table("http", problems) else { return config };
    let listen = table.parsed("listen", problems, |text| {
        text.parse::<SocketAddr>()
            .map_err(|_| Invalid::new(format!("{text:?} is not an address with a port"), "write \"127.0.0.1:8650\""))
    });
    if let Some(listen) = listen {
        if !listen.value.ip().is_loopback() {
            let message = format!("{} is reached from other machines, and whoever reaches it reads every contact", listen.value);
            let help = "listen on 127.0.0.1 and put a proxy with TLS and a login before it, open to others only below /answer/ and /confirm/";
            listen.unwise(message, help, problems);
        }
        config.listen = listen.value;
    }
    config.external_url = table.parsed("external_url", problems, own_url).map(|at| at.value);
    table.finish(problems);
    config
}

/// First segments of driftd's own pages: a path of `external_url` that begins with one could not be told from a page.
const PAGES: [&str; 11] =
    ["status", "healthz", "readyz", "metrics", "history", "rules", "answer", "confirm", "calendar", "feeds", "api"];

/// Where the endpoint is reached from outside: links are made by writing a path behind it.
fn own_url(text: &str) -> Result<Url, Invalid> {
    let url = web_url(text)?;
    let help = || "write \"https://ops.example\" or \"https://ops.example/driftd\"".to_owned();
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Invalid::new(format!("{text:?} ends in a query or a fragment, and links begin with it"), help()));
    }
    let first = url.path_segments().and_then(|mut segments| segments.next().map(str::to_owned)).unwrap_or_default();
    if PAGES.contains(&first.as_str()) {
        return Err(Invalid::new(format!("the path /{first} is a page of driftd's own"), help()));
    }
    Ok(url)
}
