//! What an error of a request means: whose fault it is, and what to do.

use std::error::Error as _;
use std::io::ErrorKind;

use super::address::RefusedAddress;
use super::denied::CERTIFICATE_ASKED;
use super::outcome::FetchFailure;

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
pub(super) fn failure(error: &reqwest::Error) -> FetchFailure {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            let ours = matches!(io.kind(), ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown | ErrorKind::AddrNotAvailable);
            // The resolver itself does not answer, as opposed to answering that there is no such name.
            if ours || io.to_string().contains("Temporary failure in name resolution") {
                return FetchFailure::blind(format!("this machine has no working network: {io}"));
            }
        }
        source = cause.source();
    }
    if error.is_timeout() {
        return FetchFailure::down("no complete answer within the deadline (fetch.timeout)");
    }
    let why = chain(error);
    let advice = if why.contains("CertificateRequired") {
        CERTIFICATE_ASKED
    } else if why.contains("UnknownIssuer") {
        "; if its authority is a private one, name it in fetch.ca_file or in `ca_file` of [apis.tls]"
    } else {
        ""
    };
    FetchFailure::down(format!("{why}{advice}"))
}

/// What an error of a request through a proxy comes to: a proxy that does not work is our own trouble.
pub(super) fn failure_behind(proxy: &str, error: &reqwest::Error) -> FetchFailure {
    if error.is_timeout() {
        return FetchFailure::down(format!("no complete answer through the proxy {proxy} within the deadline (fetch.timeout)"));
    }
    let why = chain(error);
    if why.contains("proxy authorization required") {
        return FetchFailure::blind(proxy_asks_for_credentials(proxy));
    }
    if why.contains("tunnel error: unsuccessful") {
        return FetchFailure::down(format!(
            "the proxy {proxy} did not connect: it refuses, or the provider cannot be reached from it"
        ));
    }
    if error.is_connect() && !why.contains("certificate") {
        return FetchFailure::blind(format!("the proxy {proxy} cannot be reached: {why}"));
    }
    let direct = failure(error);
    FetchFailure { why: format!("through the proxy {proxy}: {}", direct.why), ..direct }
}

/// That a proxy asks for credentials.
pub(super) fn proxy_asks_for_credentials(proxy: &str) -> String {
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
