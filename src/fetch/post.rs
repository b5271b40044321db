//! One try at handing a notice to a program, with the same suspicion as a fetch.

use std::error::Error as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice};
use url::Url;

use crate::model::AttemptOutcome;

use super::address::RefusedAddress;
use super::client::Client;

/// Longest answer of a program that is quoted, characters.
const QUOTED: usize = 200;

/// What is handed over.
#[derive(Debug)]
pub struct Post<'p> {
    /// Where to.
    pub url: &'p Url,
    /// The same for each try.
    pub id: &'p str,
    /// Seconds since the epoch, of this try.
    pub at: i64,
    /// The media type of the body.
    pub content_type: &'static str,
    /// What is handed over.
    pub body: &'p [u8],
    /// What it is signed with; none for a chat, whose address is the secret.
    pub key: Option<&'p SecretSlice<u8>>,
}

/// The signature of the Standard Webhooks specification: `v1,` and base64 of HMAC-SHA256 over id, time and body.
pub fn signature(key: &[u8], id: &str, at: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{id}.{at}.").as_bytes());
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign().as_ref()))
}

impl Client {
    /// Tries once to hand over. Never fails: how it went is the answer.
    pub async fn post(&self, post: &Post<'_>) -> AttemptOutcome {
        let refused = self.refuses(post.url);
        if let Some(refused) = refused {
            return AttemptOutcome::Refused(refused);
        }
        let mut request = self
            .request(post.url.clone())
            .header("Content-Type", post.content_type)
            .header("webhook-id", post.id)
            .header("webhook-timestamp", post.at.to_string())
            .body(post.body.to_vec());
        if let Some(key) = post.key {
            request = request.header("webhook-signature", signature(key.expose_secret(), post.id, post.at, post.body));
        }
        match request.send().await {
            Ok(response) => {
                let status = response.status();
                match status.as_u16() {
                    200..=299 => AttemptOutcome::Sent(status.to_string()),
                    408 | 425 | 429 | 500..=599 => AttemptOutcome::Retry(format!("the program answered {status}")),
                    300..=399 => AttemptOutcome::Refused(format!("the program answered {status}; redirects are not followed")),
                    _ => AttemptOutcome::Refused(format!("the program answered {status}")),
                }
            }
            Err(error) => {
                let mut source = error.source();
                while let Some(cause) = source {
                    if let Some(refused) = cause.downcast_ref::<RefusedAddress>() {
                        return AttemptOutcome::Refused(refused.to_string());
                    }
                    source = cause.source();
                }
                // Where no connection stood nothing was handed over. The address may be a secret: it is not told.
                let is_unsent = error.is_connect();
                let why: String = error.without_url().to_string().chars().take(QUOTED).collect();
                if is_unsent { AttemptOutcome::Retry(format!("cannot connect: {why}")) } else { AttemptOutcome::Ambiguous(why) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks specification.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
