//! How the network around driftd is: hosts that may be private, proxies, and certificates of one's own.

use core::net::IpAddr;

use secrecy::SecretString;
use url::{Host, Url};

/// A host that may be at an address that is not public, on one port or on that of whatever is configured there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateHost {
    host: Host<String>,
    port: Option<u16>,
}

impl PrivateHost {
    /// Reads `db.internal`, `db.internal:9000`, `127.0.0.1:8080`, `::1`, `[::1]` or `[::1]:8080`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (host, port) = host_and_port(text)?;
        Ok(Self { host, port })
    }

    /// The host a URL names, on any port.
    pub fn is_host_of(&self, url: &Url) -> bool {
        url.host().is_some_and(|host| same_host(&self.host, &host))
    }

    /// The port, where one is named.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }
}

/// A proxy and how it is told who asks.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Where it is: scheme, host and port only.
    pub url: Url,
    /// User name and password, if it asks.
    pub credentials: Option<(String, SecretString)>,
}

impl Proxy {
    /// Reads `http://proxy.example:3128`; user name and password are kept apart from the address.
    ///
    /// # Errors
    /// What is wrong with it, in words that hold no password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let mut url = Url::parse(&with_scheme).map_err(|error| format!("is no address of a proxy: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(format!("begins with {}://, and driftd speaks only to proxies at http:// and https://", url.scheme()));
        }
        let decode = |text: &str| percent_decoded(text);
        let username = decode(url.username());
        let password = url.password().map(decode).unwrap_or_default();
        // An address with a host takes both.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_path("");
        url.set_query(None);
        url.set_fragment(None);
        let credentials = (!username.is_empty()).then(|| (username, SecretString::from(password)));
        Ok(Self { url, credentials })
    }

    /// Host and port, for words.
    pub fn place(&self) -> String {
        place(&self.url)
    }
}

/// Which requests go through a proxy.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// For `http://`.
    pub http: Option<Proxy>,
    /// For `https://`.
    pub https: Option<Proxy>,
    /// What is asked directly all the same.
    pub except: Vec<Direct>,
}

impl Proxies {
    /// The proxy that a request goes through. This machine itself is never asked for through one: a proxy would look
    /// for it at its own place.
    pub fn of(&self, url: &Url) -> Option<&Proxy> {
        let proxy = match url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        }?;
        let is_here = match url.host()? {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        (!is_here && !self.except.iter().any(|direct| direct.covers(url))).then_some(proxy)
    }
}

/// What is asked directly although there is a proxy: an entry of `no_proxy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Direct {
    /// Everything: `*`.
    All,
    /// A host and, where it is a name, all below it; on one port or any.
    Host(Host<String>, Option<u16>),
    /// Addresses that begin with so many bits.
    Net(IpAddr, u8),
}

impl Direct {
    /// Reads `example.com` or `.example.com` (the name and all below it), an address, either with a port, `10.0.0.0/8` or `*`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::All);
        }
        if let Some((address, bits)) = text.split_once('/') {
            let wrong = || format!("{text:?} is no range of addresses");
            let address: IpAddr = address.parse().map_err(|_| wrong())?;
            let bits: u8 = bits.parse().map_err(|_| wrong())?;
            return if usize::from(bits) <= bytes_of(address).len() * 8 { Ok(Self::Net(address, bits)) } else { Err(wrong()) };
        }
        let name = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')).unwrap_or(text);
        let (host, port) = host_and_port(name)?;
        Ok(Self::Host(host, port))
    }

    fn covers(&self, url: &Url) -> bool {
        match self {
            Self::All => true,
            Self::Host(known, port) => {
                let is_port = port.is_none() || *port == url.port_or_known_default();
                let is_host = url.host().is_some_and(|host| same_host(known, &host) || is_below(&host, known));
                is_port && is_host
            }
            Self::Net(net, bits) => {
                let address = match url.host() {
                    Some(Host::Ipv4(address)) => IpAddr::V4(address),
                    Some(Host::Ipv6(address)) => IpAddr::V6(address),
                    _ => return false,
                };
                let (net, address) = (bytes_of(*net), bytes_of(address));
                net.len() == address.len()
                    && (0..usize::from(*bits)).all(|bit| {
                        let of = |bytes: &[u8]| bytes.get(bit / 8).map(|byte| byte >> (7 - bit % 8) & 1);
                        of(&net) == of(&address)
                    })
            }
        }
    }
}

/// Certificates of one's own for one API: read and checked, as PEM.
#[derive(Debug, Clone)]
pub struct ApiTls {
    /// Authorities beside those that are trusted anyway.
    pub authorities: Option<String>,
    /// What proves who asks: the certificate with its chain, and its key.
    pub identity: Option<SecretString>,
    /// Tells the certificates of one API from those of another.
    pub digest: String,
}

/// Host and port of a URL, for words: never path or query, which may be secrets.
pub fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn host_and_port(text: &str) -> Result<(Host<String>, Option<u16>), String> {
    let wrong = || format!("{text:?} is not a host");
    if text.contains('/') {
        return Err(wrong());
    }
    let (host, port) = match text.rsplit_once(':') {
        // An IPv6 address in brackets, with or without a port.
        _ if text.starts_with('[') => match text.rsplit_once("]:") {
            Some((host, port)) => (format!("{host}]"), Some(port)),
            None => (text.to_owned(), None),
        },
        Some((head, _)) if head.contains(':') => (format!("[{text}]"), None),
        Some((host, port)) => (host.to_owned(), Some(port)),
        None => (text.to_owned(), None),
    };
    if host.is_empty() || host.contains(['/', '@', '*', '?', '#', ' ']) {
        return Err(wrong());
    }
    let port = match port {
        Some(port) => match port.parse::<u16>() {
            Ok(port) if port > 0 => Some(port),
            _ => return Err(format!("{port:?} in {text:?} is not a port")),
        },
        None => None,
    };
    let host = Host::parse(&host).map_err(|_| wrong())?;
    Ok((host, port))
}

fn same_host(known: &Host<String>, host: &Host<&str>) -> bool {
    match (known, host) {
        (Host::Domain(a), Host::Domain(b)) => a.trim_end_matches('.') == b.trim_end_matches('.'),
        (Host::Ipv4(a), Host::Ipv4(b)) => a == b,
        (Host::Ipv6(a), Host::Ipv6(b)) => a == b,
        _ => false,
    }
}

fn is_below(host: &Host<&str>, above: &Host<String>) -> bool {
    let (Host::Domain(host), Host::Domain(above)) = (host, above) else { return false };
    host.trim_end_matches('.').strip_suffix(above.trim_end_matches('.')).is_some_and(|head| head.ends_with('.'))
}

fn bytes_of(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn private_hosts_in_every_spelling() {
        let read = |text: &str| PrivateHost::parse(text).map(|entry| (entry.host.to_string(), entry.port));
        for (text, host, port) in [
            ("127.0.0.1", "127.0.0.1", None),
            ("127.0.0.1:8080", "127.0.0.1", Some(8080)),
            ("::1", "[::1]", None),
            ("[::1]", "[::1]", None),
            ("[::1]:8080", "[::1]", Some(8080)),
            ("fd00::1:2", "[fd00::1:2]", None),
            ("LocalHost", "localhost", None),
            ("db.internal:9000", "db.internal", Some(9000)),
        ] {
            assert_eq!(read(text), Ok((host.to_owned(), port)), "{text}");
        }
        for text in ["", "http://x", "x/y", "me@x", "x:0", "x:70000", "x:", ":80", "[::1", "*.internal", "::1::2"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(PrivateHost::parse("[0:0::1]").expect("a host").is_host_of(&url("http://[::1]:7/")));
    }

    #[test]
    fn proxies_are_used_for_what_is_elsewhere() {
        let proxy = Proxy::parse("http://me:p%40ss@proxy.example:3128/ignored").expect("a proxy");
        assert_eq!((proxy.url.as_str(), proxy.place().as_str()), ("http://proxy.example:3128/", "proxy.example:3128"));
        let (name, password) = proxy.credentials.clone().expect("credentials");
        assert_eq!((name.as_str(), password.expose_secret()), ("me", "p@ss"));
        assert!(!format!("{proxy:?}").contains("p@ss"));
        assert_eq!(Proxy::parse("proxy:3128").expect("a proxy").url.as_str(), "http://proxy:3128/");
        assert!(Proxy::parse("socks5://proxy:1080").is_err());

        let except = ["corp.example", ".dev.example:8443", "10.0.0.0/8", "192.0.2.7"];
        let except = except.iter().map(|text| Direct::parse(text).expect("an exception")).collect();
        let proxies = Proxies { http: None, https: Some(proxy), except };
        let is_proxied = |text: &str| proxies.of(&url(text)).is_some();
        for text in ["https://api.example/", "https://notcorp.example/", "https://a.dev.example/", "https://11.0.0.1/"] {
            assert!(is_proxied(text), "{text}");
        }
        for text in [
            "http://api.example/",
            "https://corp.example/",
            "https://a.corp.example/",
            "https://a.dev.example:8443/",
            "https://10.9.8.7/",
            "https://192.0.2.7/",
            "https://localhost/",
            "https://127.0.0.9/",
            "https://[::1]/",
        ] {
            assert!(!is_proxied(text), "{text}");
        }
        assert!(Direct::parse("10.0.0.0/33").is_err());
        assert!(Proxies { except: vec![Direct::All], ..proxies.clone() }.of(&url("https://api.example/")).is_none());
    }
}
