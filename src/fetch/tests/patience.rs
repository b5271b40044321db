//! What an answer says of time: when to come back, and how long a description stays as it is.

use super::*;
use crate::model::ManualClock;

/// A client at nine in the morning of 12 January 2026.
fn client() -> Client {
    client_on(Arc::new(ManualClock::new("2026-01-12T09:00:00Z".parse().expect("a time"))), |_| {})
}

#[tokio::test]
async fn whoever_asks_for_patience_gets_it_in_either_form_and_for_a_day_at_most() {
    let (limit, busy) = ("429 Too Many Requests", "503 Service Unavailable");
    for (status, after, seconds) in [
        (limit, "120", Some(120)),
        (busy, " 120 ", Some(120)),
        (limit, "0", Some(0)),
        (limit, "Mon, 12 Jan 2026 09:10:00 GMT", Some(600)),
        (busy, "Mon, 12 Jan 2026 09:10:00 GMT", Some(600)),
        (busy, "Mon, 12 Jan 2026 08:59:00 GMT", Some(0)),
        (busy, "315360000", Some(86_400)),
        (limit, "Sat, 12 Jan 2036 09:00:00 GMT", Some(86_400)),
        (busy, "soon", None),
        ("500 Internal Server Error", "120", None),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\nRetry-After: {after}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let server = Server::start(&[("*", answer.as_bytes())]);
        let waits = match fetch(&client(), server.url("/"), &Auth::None).await {
            FetchOutcome::Later { after, why } => {
                assert!(why.starts_with("the provider answered ") && why.contains(&status[..3]), "{why}");
                Some(after.as_secs())
            }
            FetchOutcome::Failed(failure) => {
                assert_eq!(failure.kind, FailureKind::Down, "{answer}");
                None
            }
            other => panic!("{answer}: {other:?}"),
        };
        assert_eq!(waits, seconds, "{answer}");
    }
}

#[tokio::test]
async fn how_long_a_description_stays_fresh_is_read_from_its_headers() {
    let (later, before) = ("Expires: Mon, 12 Jan 2026 09:10:00 GMT\r\n", "Expires: Mon, 12 Jan 2026 08:50:00 GMT\r\n");
    let with = |first: &str, second: &str| format!("{first}{second}");
    for (headers, seconds) in [
        (String::new(), None),
        ("Cache-Control: max-age=600\r\n".to_owned(), Some(600)),
        ("Cache-Control: public, MAX-AGE=600\r\n".to_owned(), Some(600)),
        ("Cache-Control: public\r\nCache-Control: max-age=600\r\n".to_owned(), Some(600)),
        ("Cache-Control: max-age=600\r\nAge: 200\r\n".to_owned(), Some(400)),
        ("Cache-Control: max-age=600\r\nAge: 700\r\n".to_owned(), None),
        ("Cache-Control: max-age=600, no-cache\r\n".to_owned(), None),
        ("Cache-Control: no-store, max-age=600\r\n".to_owned(), None),
        ("Cache-Control: max-age=600\r\nCache-Control: no-cache\r\n".to_owned(), None),
        ("Cache-Control: max-age=31536000\r\n".to_owned(), Some(86_400)),
        (later.to_owned(), Some(600)),
        (before.to_owned(), None),
        ("Expires: 0\r\n".to_owned(), None),
        (with("Cache-Control: max-age=60\r\n", later), Some(60)),
        (with("Cache-Control: no-cache\r\n", later), None),
    ] {
        let whole = ok(&format!("{headers}Content-Length: 2\r\n"), b"{}");
        let unchanged = format!("HTTP/1.1 304 Not Modified\r\n{headers}Connection: close\r\n\r\n");
        let server = Server::start(&[("/a", &whole), ("/a?if", unchanged.as_bytes())]);
        let source = Source::Web(server.url("/a"));
        let known = Validators { etag: Some("\"1\"".to_owned()), ..Validators::default() };
        for validators in [None, Some(&known)] {
            let fresh_for =
                match client().fetch(&Request { source: &source, auth: &Auth::None, tls: None, validators, part: None }).await {
                    FetchOutcome::Body(body) if validators.is_none() => body.fresh_for,
                    FetchOutcome::NotModified { fresh_for, .. } if validators.is_some() => fresh_for,
                    other => panic!("{headers}: {other:?}"),
                };
            assert_eq!(fresh_for.map(|fresh| fresh.as_secs()), seconds, "{headers}");
        }
    }
}
