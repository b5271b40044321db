//! One try at handing a notice to a program, with the same suspicion as a fetch.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Response, StatusCode};
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice};
use url::Url;

use crate::model::{AttemptOutcome, ChannelKind, place};

use super::body;
use super::channel_reply::{ChannelReply, meaning, reason, shown};
use super::client::{Client, Hop};
use super::patience::retry_after;
use super::request_error;

/// Longest answer of a program that is read, bytes.
const READ: usize = 64 * 1024;

/// What is handed over.
#[derive(Debug)]
pub struct Post<'p> {
    /// Where to.
    pub url: &'p Url,
    /// The same for each try.
    pub id: &'p str,
    /// Seconds since the epoch, of this try.
    pub at: i64,
    /// What the program understands.
    pub kind: ChannelKind,
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
    /// Tries once to hand over. Never fails: how it went is the answer. Its words name the host and never the rest of the
    /// address, which may be a secret.
    pub async fn post(&self, post: &Post<'_>) -> AttemptOutcome {
        let way = match self.way(post.url, post.url).await {
            Ok(way) => way,
            Err(why) => return AttemptOutcome::Refused(why),
        };
        let http = match self.http(way, None, false) {
            Ok(http) => http,
            Err(error) => return AttemptOutcome::Retry(error.to_string()),
        };
        let mut request = http
            .post(post.url.clone())
            .header("Content-Type", post.content_type)
            .header("webhook-id", post.id)
            .header("webhook-timestamp", post.at.to_string())
            .body(post.body.to_vec());
        if let Some(key) = post.key {
            request = request.header("webhook-signature", signature(key.expose_secret(), post.id, post.at, post.body));
        }
        let place = place(post.url);
        let hop = Hop { way, url: post.url, start: post.url };
        match request.send().await {
            Ok(response) => self.answered(post, &place, response).await,
            Err(error) if request_error::refusal(&error).is_some() => AttemptOutcome::Refused(self.failure(&error, &hop).why),
            // Where no connection stood nothing was handed over.
            Err(error) if error.is_connect() => {
                AttemptOutcome::Retry(format!("cannot connect to {place}: {}", self.failure(&error, &hop).why))
            }
            Err(error) => AttemptOutcome::Ambiguous(format!("{place}: {}", self.failure(&error, &hop).why)),
        }
    }

    async fn answered(&self, post: &Post<'_>, place: &str, response: Response) -> AttemptOutcome {
        let status = response.status();
        let after = retry_after(response.headers(), self.now());
        let text = body::head(response, READ).await;
        let later = |words: String| match after {
            Some(after) => AttemptOutcome::Later(words, after),
            None => AttemptOutcome::Retry(words),
        };
        let answered = format!("{place} answered {status}");
        let with = |words: Option<String>| words.map_or_else(|| answered.clone(), |words| format!("{answered}: {words}"));
        if status.is_success() {
            return match meaning(post.kind, &text) {
                ChannelReply::Accepted => AttemptOutcome::Sent(answered),
                ChannelReply::RateLimited(words) => later(with(shown(&words, post.url))),
                ChannelReply::Refused(words) => AttemptOutcome::Refused(with(shown(&words, post.url))),
            };
        }
        let words = with(reason(post.kind, &text, post.url));
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => later(words),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => AttemptOutcome::Retry(words),
            _ if status.is_server_error() => AttemptOutcome::Retry(words),
            _ if status.is_redirection() => AttemptOutcome::Refused(format!("{answered}; redirects are not followed")),
            _ => AttemptOutcome::Refused(words),
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
