//! What operators read when a fetch comes to nothing: the verdict, where, and what to do.

use std::error::Error as _;
use std::io::ErrorKind;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use url::Url;

use crate::model::{Auth, Source, place};

use super::address::RefusedAddress;
use super::outcome::Failure;

/// Longest name of a scheme or realm that is quoted, characters.
const QUOTED: usize = 60;

/// Challenges of one answer that are looked at.
const CHALLENGES: usize = 4;

/// That a server wants to see a certificate, and where it is set.
pub(super) const CERTIFICATE_ASKED: &str =
    "; the server asks for a client certificate: set `client_certificate` and `client_key` in [apis.tls]";

/// Whether a page says that a client certificate is missing.
pub(super) fn is_about_certificate(page: &str) -> bool {
    let page = page.to_ascii_lowercase();
    ["no required ssl certificate", "client certificate required", "requires a client certificate"]
        .iter()
        .any(|words| page.contains(words))
}

/// That a description has moved for good, and what to do. `to` is what a fetch says in `moved_to`.
pub fn moved(to: &str) -> String {
    format!("moved permanently to {to}: change `live`")
}

/// Where a request that was denied ended, and what it carried.
pub(super) struct Denied<'d> {
    pub(super) status: StatusCode,
    pub(super) headers: &'d HeaderMap,
    pub(super) url: &'d Url,
    pub(super) start: &'d Url,
    pub(super) auth: &'d Auth,
    /// Whether a certificate of the client's own is configured.
    pub(super) has_identity: bool,
}

impl Denied<'_> {
    /// The sentence for 401 and 403.
    pub(super) fn words(&self) -> String {
        let Self { status, url, start, .. } = self;
        let asked = if *status == StatusCode::UNAUTHORIZED { challenges(self.headers) } else { Vec::new() };
        let named: Vec<String> = asked.iter().map(Challenge::words).collect();
        let asks = if named.is_empty() { String::new() } else { format!(" and asks for {}", named.join(" or ")) };
        if url.origin() != start.origin() {
            let (place, to) = (place(url), Source::Web((*url).clone()));
            let has_some = !matches!(self.auth, Auth::None) || self.has_identity;
            let sent = if has_some { "credentials were not sent on" } else { "no credentials are sent" };
            return format!(
                "{place} answered {status}{asks}: {sent} after the redirect to {to}; if that is where the description is, name it as its address"
            );
        }
        if asked.is_empty() {
            return format!("the provider answered {status}: check `auth` of this API");
        }
        format!("the provider answered {status}{asks}: {}", self.advice(&asked))
    }

    fn advice(&self, asked: &[Challenge]) -> String {
        let asks_for = |scheme: &str| asked.iter().any(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme));
        match self.auth {
            Auth::Bearer(_) if asks_for("bearer") => "check `auth` of this API: the token in `bearer` was refused".to_owned(),
            Auth::Basic { .. } if asks_for("basic") => {
                "check `auth` of this API: the user name or password in `basic` was refused".to_owned()
            }
            _ if asks_for("bearer") => "set auth = { bearer = { file = \"…\" } } of this API".to_owned(),
            _ if asks_for("basic") => {
                "set auth = { basic = { username = \"…\", password = { file = \"…\" } } } of this API".to_owned()
            }
            Auth::ApiKey { .. } => "check `auth` of this API: the key in `api_key` was refused".to_owned(),
            _ => {
                "driftd has no such way; ask the provider for a token, a password or a key, and set `auth` of this API".to_owned()
            }
        }
    }
}

/// One way to authenticate that a server asks for (RFC 9110 section 11.6.1).
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    scheme: String,
    realm: Option<String>,
}

impl Challenge {
    fn words(&self) -> String {
        match &self.realm {
            Some(realm) => format!("{} (realm {realm:?})", self.scheme),
            None => self.scheme.clone(),
        }
    }
}

fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    for value in headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()) {
        for part in parts(value) {
            // `Scheme`, `Scheme name=value`, or one more `name=value` of the scheme before.
            let (head, rest) = part.split_once(' ').unwrap_or((part, ""));
            let parameter = if head.contains('=') { part } else { rest.trim() };
            if !head.contains('=') {
                found.push(Challenge { scheme: cleaned(head, QUOTED), realm: None });
            }
            if let (Some(last), Some((name, realm))) = (found.last_mut(), parameter.split_once('='))
                && name.trim().eq_ignore_ascii_case("realm")
            {
                last.realm = Some(cleaned(realm.trim().trim_matches('"'), QUOTED));
            }
        }
    }
    found.truncate(CHALLENGES);
    found
}

/// What stands between commas, outside of quotes.
fn parts(value: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_quoted, mut is_escaped) = (0, false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                parts.push(value.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(value.get(start..).unwrap_or_default().trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Partner text, short and without what could disturb a terminal or a page.
pub(super) fn cleaned(text: &str, most: usize) -> String {
    let is_plain = |c: &char| {
        !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let spaced: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    spaced.chars().filter(is_plain).take(most).collect()
}

/// The refusal of an address among the causes of an error, if that is what it is.
pub(super) fn refusal(error: &reqwest::Error) -> Option<&RefusedAddress> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<RefusedAddress>() {
            return Some(refused);
        }
        source = cause.source();
    }
    None
}

/// What an error of a direct request comes to.
pub(super) fn failure(error: &reqwest::Error) -> Failure {
    let mut source = error.source();
    while let Some(cause) = source {
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
    let why = chain(error);
    let advice = if why.contains("CertificateRequired") {
        CERTIFICATE_ASKED
    } else if why.contains("UnknownIssuer") {
        "; if its authority is a private one, name it in fetch.ca_file or in `ca_file` of [apis.tls]"
    } else {
        ""
    };
    Failure::down(format!("{why}{advice}"))
}

/// What an error of a request through a proxy comes to: a proxy that does not work is our own trouble.
pub(super) fn failure_behind(proxy: &str, error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::down(format!("no complete answer through the proxy {proxy} within the deadline (fetch.timeout)"));
    }
    let why = chain(error);
    if why.contains("proxy authorization required") {
        return Failure::blind(asks_who(proxy));
    }
    if why.contains("tunnel error: unsuccessful") {
        return Failure::down(format!(
            "the proxy {proxy} did not connect: it refuses, or the provider cannot be reached from it"
        ));
    }
    if error.is_connect() && !why.contains("certificate") {
        return Failure::blind(format!("the proxy {proxy} cannot be reached: {why}"));
    }
    let direct = failure(error);
    Failure { why: format!("through the proxy {proxy}: {}", direct.why), ..direct }
}

/// That a proxy asks for credentials.
pub(super) fn asks_who(proxy: &str) -> String {
    format!("the proxy {proxy} asks for a user name and password: set them in fetch.proxy_auth")
}

/// The whole chain of causes, without the URL, whose query may hold a secret.
pub(super) fn chain(error: &reqwest::Error) -> String {
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

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn a_401_says_how_to_authenticate_and_where_to_write_it() {
        let url: Url = "https://api.example/openapi.json".parse().expect("a URL");
        let words = |auth: &Auth, asked: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in asked {
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
            }
            let status = StatusCode::UNAUTHORIZED;
            Denied { status, headers: &headers, url: &url, start: &url, auth, has_identity: false }.words()
        };
        let said = "the provider answered 401 Unauthorized and asks for ";
        assert_eq!(
            words(&Auth::None, &["Basic realm=\"the \\\"docs\\\", all\", charset=\"UTF-8\""]),
            format!(
                "{said}Basic (realm \"the \\\\\\\"docs\\\\\\\", all\"): set auth = {{ basic = {{ username = \"…\", password = {{ file = \"…\" }} }} }} of this API"
            )
        );
        assert_eq!(
            words(&Auth::Bearer(SecretString::from("x")), &["Bearer realm=docs, error=\"expired\", Basic realm=\"old\""]),
            format!(
                "{said}Bearer (realm \"docs\") or Basic (realm \"old\"): check `auth` of this API: the token in `bearer` was refused"
            )
        );
        assert!(words(&Auth::None, &["Negotiate"]).contains("asks for Negotiate: driftd has no such way"));
        assert_eq!(words(&Auth::None, &[]), "the provider answered 401 Unauthorized: check `auth` of this API");
        let long: &'static str = Box::leak(format!("Bearer realm=\"{}\"", "x".repeat(4000)).into_boxed_str());
        assert!(words(&Auth::None, &[long; 50]).len() < 700);
    }
}
