//! What proves who asks.

use reqwest::header::HeaderValue;
use secrecy::ExposeSecret as _;

use crate::model::Auth;

/// A request that proves who asks.
pub(super) fn authorized(request: reqwest::RequestBuilder, auth: &Auth) -> reqwest::RequestBuilder {
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
