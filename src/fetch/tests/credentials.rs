//! Credentials of each kind reach the origin they were given for, and nobody else.

use super::*;
use crate::model::{OperationLabel, Probe};

/// The value of a header in the first lines of a request.
fn carried<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[tokio::test]
async fn credentials_of_each_kind_go_to_the_origin_they_were_given_for_and_nowhere_else() {
    let secret = |text: &str| SecretString::from(text.to_owned());
    let kinds = [
        (Auth::Bearer(secret("t0ken")), "authorization", "Bearer t0ken"),
        (Auth::Basic { username: "me".to_owned(), password: secret("s3cret") }, "authorization", "Basic bWU6czNjcmV0"),
        (Auth::ApiKey { header: "X-Api-Key".to_owned(), key: secret("k3y") }, "x-api-key", "k3y"),
    ];
    for (auth, name, value) in kinds {
        let whole = ok("Content-Length: 2\r\n", b"{}");
        let elsewhere = Server::start(&[("*", &whole)]);
        let home = Server::start(&[
            ("/moved", &redirect(307, "/here", "")),
            ("/away", &redirect(307, elsewhere.url("/redirected").as_str(), "")),
            ("*", &whole),
        ]);
        let allowed = [home.port, elsewhere.port].map(|port| PrivateHost::parse(&format!("127.0.0.1:{port}")).expect("a host"));
        let client = client_with(|settings| settings.allow_private_hosts = allowed.to_vec());
        let source = |path: &str| Source::Web(home.url(path));
        // The description itself, and where redirects lead.
        for path in ["/here", "/moved", "/away"] {
            let request = Request { source: &source(path), auth: &auth, tls: None, validators: None, part: None };
            assert!(matches!(client.fetch(&request).await, FetchOutcome::Body(_)), "{path}");
        }
        // Files that it refers to.
        for part in [home.url("/part.yaml"), elsewhere.url("/part.yaml")] {
            let request = Request { source: &source("/here"), auth: &auth, tls: None, validators: None, part: Some(&part) };
            assert!(matches!(client.fetch(&request).await, FetchOutcome::Body(_)), "{part}");
        }
        // Operations that are probed.
        for url in [home.url("/orders"), elsewhere.url("/orders")] {
            let probe = Probe { operation: OperationLabel::called_by_consumer("GET", "/orders"), url };
            assert!(client.probe(&probe, &source("/here"), &auth, None).await.is_some(), "{}", probe.url);
        }
        let asked = |server: &Server| -> Vec<(String, Option<String>)> {
            let line = |head: &String| head.split(' ').take(2).collect::<Vec<_>>().join(" ");
            server.asked().iter().map(|head| (line(head), carried(head, name).map(str::to_owned))).collect()
        };
        let at_home = ["GET /here", "GET /moved", "GET /here", "GET /away", "GET /part.yaml", "HEAD /orders"];
        assert_eq!(asked(&home), at_home.map(|line| (line.to_owned(), Some(value.to_owned()))), "{auth:?}");
        let away = ["GET /redirected", "GET /part.yaml", "HEAD /orders"];
        assert_eq!(asked(&elsewhere), away.map(|line| (line.to_owned(), None)), "{auth:?}");
        let text = elsewhere.asked().concat();
        assert!(["authorization", "t0ken", "s3cret", "czNjcmV0", "k3y"].iter().all(|word| !text.contains(word)), "{text}");
    }
}
