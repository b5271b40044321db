//! What operators read when a provider denies access: what it asks for, and where that is set.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use url::Url;

use crate::model::{Auth, Source, place};

use super::quote::quoted;

/// Longest name of a scheme or realm that is quoted, characters.
const QUOTED: usize = 60;

/// Challenges of one answer that are read.
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
    pub(super) fn explain(&self) -> String {
        let Self { status, url, start, .. } = self;
        let asked = if *status == StatusCode::UNAUTHORIZED { challenges(self.headers) } else { Vec::new() };
        let named: Vec<String> = asked.iter().map(Challenge::describe).collect();
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
    fn describe(&self) -> String {
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
                found.push(Challenge { scheme: quoted(head, QUOTED), realm: None });
            }
            if let (Some(last), Some((name, realm))) = (found.last_mut(), parameter.split_once('='))
                && name.trim().eq_ignore_ascii_case("realm")
            {
                last.realm = Some(quoted(realm.trim().trim_matches('"'), QUOTED));
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
            Denied { status, headers: &headers, url: &url, start: &url, auth, has_identity: false }.explain()
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
