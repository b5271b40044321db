//! What a program means by its answer: some say no under a status that says yes.

use serde_json::Value;
use url::Url;

use crate::model::ChannelKind;

use super::quote::quoted;

/// Longest answer of a program that is quoted, characters.
const QUOTED: usize = 200;

/// What a program means by its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChannelReply {
    /// It took it.
    Accepted,
    /// It takes no more for now, with these words.
    RateLimited(String),
    /// It did not take it, with these words.
    Refused(String),
}

/// What the body of an answer that says yes by its status means.
pub(super) fn meaning(kind: ChannelKind, text: &str) -> ChannelReply {
    let text = text.trim();
    if let Ok(Value::Object(object)) = serde_json::from_str::<Value>(text) {
        let is_false = |name: &str| object.get(name) == Some(&Value::Bool(false));
        let error = object.get("error").and_then(error_text);
        return match (is_false("ok") || is_false("success"), error) {
            (true, error) => refused(error.or_else(|| object.get("message").and_then(error_text)).as_deref().unwrap_or(text)),
            // A program that says yes may have remarks.
            (false, Some(error)) if object.get("ok") != Some(&Value::Bool(true)) => refused(&error),
            (false, _) => ChannelReply::Accepted,
        };
    }
    if kind == ChannelKind::Webhook {
        return ChannelReply::Accepted;
    }
    if text.starts_with('<') {
        return ChannelReply::Refused("an HTML page, which no chat answers with".to_owned());
    }
    // Teams: 200 and the status of another server in a sentence.
    if text.to_ascii_lowercase().contains("message delivery failed") {
        return refused(text);
    }
    // Slack: `ok`, or one of its words, as invalid_token and no_service.
    let is_code = text.contains('_') && text.len() <= 60 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { refused(text) } else { ChannelReply::Accepted }
}

fn refused(words: &str) -> ChannelReply {
    let lower = words.to_ascii_lowercase();
    let is_about_rate =
        ["429", "rate limit", "rate_limit", "ratelimit", "rate-limit", "too many requests", "too_many_requests", "throttl"];
    let quoted = quoted(words, QUOTED);
    if is_about_rate.iter().any(|mark| lower.contains(mark)) {
        ChannelReply::RateLimited(quoted)
    } else {
        ChannelReply::Refused(quoted)
    }
}

/// What a member named `error` says; nothing where it says that there is none.
fn error_text(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Value::Number(number) if number.as_f64() == Some(0.0) => None,
        Value::Array(list) if list.is_empty() => None,
        Value::Object(object) if object.is_empty() => None,
        Value::Object(object) => {
            let said = object.get("message").or_else(|| object.get("code")).and_then(Value::as_str);
            Some(said.map_or_else(|| value.to_string(), str::to_owned))
        }
        other => Some(other.to_string()),
    }
}

/// What can be shown of an answer's words: nothing where they repeat a part of the address, which may be a secret.
pub(super) fn shown(words: &str, url: &Url) -> Option<String> {
    let parts =
        url.path_segments().into_iter().flatten().chain(url.query().into_iter().flat_map(|query| query.split(['&', '='])));
    let words = quoted(words, QUOTED);
    let repeats = parts.filter(|part| part.len() >= 4).any(|part| words.contains(part));
    (!words.is_empty() && !repeats).then_some(words)
}

/// What an answer that refuses says, where it is short enough to be a reason: a code, or the error of an object.
pub(super) fn reason(kind: ChannelKind, text: &str, url: &Url) -> Option<String> {
    let said = match meaning(kind, text) {
        ChannelReply::RateLimited(words) | ChannelReply::Refused(words) if !text.trim_start().starts_with('<') => words,
        _ => return None,
    };
    shown(&said, url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_say_no_under_a_status_that_says_yes() {
        use ChannelKind::{Slack, Webhook};
        let refused = |words: &str| ChannelReply::Refused(words.to_owned());
        for (kind, text, expected) in [
            (Slack, "ok", ChannelReply::Accepted),
            (Slack, "", ChannelReply::Accepted),
            (Slack, "1", ChannelReply::Accepted),
            (Slack, "{\"ok\": true, \"error\": null}", ChannelReply::Accepted),
            (Slack, "{\"ok\":false,\"error\":\"channel_not_found\"}", refused("channel_not_found")),
            (Slack, "{\"ok\":false,\"error\":\"ratelimited\"}", ChannelReply::RateLimited("ratelimited".to_owned())),
            (Slack, "invalid_token", refused("invalid_token")),
            (Slack, "no_service\n", refused("no_service")),
            (Slack, "<!DOCTYPE html><html>Sign in</html>", refused("an HTML page, which no chat answers with")),
            (
                Slack,
                "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x",
                ChannelReply::RateLimited("Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x".to_owned()),
            ),
            (
                Slack,
                "Webhook message delivery failed with error: HTTP error 410",
                refused("Webhook message delivery failed with error: HTTP error 410"),
            ),
            (Webhook, "<html>fine</html>", ChannelReply::Accepted),
            (Webhook, "invalid_token", ChannelReply::Accepted),
            (Webhook, "{\"ok\": false}", refused("{\"ok\": false}")),
            (Webhook, "{\"success\":false,\"message\":\"no such job\"}", refused("no such job")),
            (Webhook, "{\"error\":{\"code\":7,\"message\":\"bad signature\"}}", refused("bad signature")),
            (Webhook, "{\"error\":\"\",\"errors\":[]}", ChannelReply::Accepted),
            (Webhook, "{\"id\":1}", ChannelReply::Accepted),
        ] {
            assert_eq!(meaning(kind, text), expected, "{text}");
        }
    }

    #[test]
    fn an_answer_that_repeats_the_address_is_not_shown() {
        let url = "https://hooks.example/services/T0/s3cret?key=hidden".parse().expect("a URL");
        assert_eq!(shown("Cannot POST /services/T0/s3cret", &url), None);
        assert_eq!(shown("no key hidden", &url), None);
        assert_eq!(shown("no_service", &url), Some("no_service".to_owned()));
    }
}
