//! The client against a server that answers byte for byte what a test says.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::*;
use crate::model::{
    AttemptOutcome, Auth, ChannelKind, Clock, Direct, PrivateHost, Proxies, Proxy, Source, SystemClock, Validators,
};

const NOTHING: [&str; 0] = [];

mod credentials;
mod patience;

/// Answers each target by the bytes of its path, or by those of `*`; a conditional request by those of `PATH?if` first.
#[derive(Clone)]
struct Server {
    port: u16,
    /// The first line and the headers of each request.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: &[(&str, &[u8])]) -> Self {
        let answers: HashMap<String, Vec<u8>> =
            answers.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let server = Self { port: listener.local_addr().expect("an address").port(), asked: Arc::default() };
        let asked = Arc::clone(&server.asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(stream.try_clone().expect("a stream"));
                let mut head = String::new();
                while lines.read_line(&mut head).is_ok_and(|length| length > 2) {}
                let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let known = head.to_ascii_lowercase().contains("\r\nif-").then(|| answers.get(&format!("{target}?if"))).flatten();
                asked.lock().expect("requests").push(head);
                let answer = known.or_else(|| answers.get(&target)).or_else(|| answers.get("*"));
                let _ = stream.write_all(
                    answer.map_or(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", Vec::as_slice),
                );
            }
        });
        server
    }

    fn url(&self, path: &str) -> Url {
        format!("http://127.0.0.1:{}{path}", self.port).parse().expect("a URL")
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("requests").clone()
    }
}

fn ok(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{headers}Connection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn redirect(status: u16, to: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {to}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

fn client_with(change: impl FnOnce(&mut Settings)) -> Client {
    client_on(Arc::new(SystemClock), change)
}

fn client_on(clock: Arc<dyn Clock>, change: impl FnOnce(&mut Settings)) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = Settings {
        timeout: Duration::from_secs(10),
        max_bytes: 100_000,
        per_host: 2,
        allow_private_hosts: vec![PrivateHost::parse("127.0.0.1").expect("a host")],
        proxies: Proxies::default(),
        authorities: None,
        contact: String::new(),
        files_anywhere: false,
    };
    change(&mut settings);
    Client::new(settings, clock).expect("a client")
}

async fn fetch(client: &Client, url: Url, auth: &Auth) -> FetchOutcome {
    client.fetch(&Request { source: &Source::Web(url), auth, tls: None, validators: None, part: None }).await
}

async fn body(client: &Client, url: Url) -> FetchedBody {
    match fetch(client, url, &Auth::None).await {
        FetchOutcome::Body(body) => *body,
        other => panic!("{other:?}"),
    }
}

async fn why(client: &Client, url: Url) -> (FailureKind, String) {
    match fetch(client, url, &Auth::None).await {
        FetchOutcome::Failed(failure) => (failure.kind, failure.why),
        other => panic!("{other:?}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use tokio::io::AsyncReadExt as _;
    let mut packed = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut encoder = async_compression::tokio::bufread::GzipEncoder::new(bytes);
    runtime.block_on(encoder.read_to_end(&mut packed)).expect("packed");
    packed
}

#[test]
fn whether_the_end_of_an_answer_was_marked() {
    let text = b"openapi: 3.1.0\n".repeat(40);
    let packed = gzip(&text);
    let length = format!("Content-Length: {}\r\n", text.len());
    let packed_length = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", packed.len());
    let chunked = [format!("{:x}\r\n", text.len()).as_bytes(), &text, b"\r\n0\r\n\r\n"].concat();
    let server = Server::start(&[
        ("/length", &ok(&length, &text)),
        ("/chunked", &ok("Transfer-Encoding: chunked\r\n", &chunked)),
        ("/close", &ok("", &text)),
        ("/gzip", &ok(&packed_length, &packed)),
        ("/gzip-close", &ok("Content-Encoding: gzip\r\n", &packed)),
        ("/gzip-cut", &ok("Content-Encoding: gzip\r\n", &packed[..packed.len() - 9])),
        ("/chunked-cut", &ok("Transfer-Encoding: chunked\r\n", &chunked[..chunked.len() - 7])),
        ("/odd", &ok("Content-Encoding: rot13\r\n", &text)),
    ]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = client_with(|_| {});
        for (path, framed) in [("/length", true), ("/chunked", true), ("/close", false), ("/gzip", true), ("/gzip-close", true)] {
            let body = body(&client, server.url(path)).await;
            assert_eq!((body.framed, body.bytes == text), (framed, true), "{path}");
        }
        for (path, words) in [("/gzip-cut", "cut short"), ("/chunked-cut", "cut short"), ("/odd", "\"rot13\" is not one")] {
            let (kind, why) = why(&client, server.url(path)).await;
            assert!(kind == FailureKind::Unreadable && why.contains(words), "{path}: {why}");
        }
    });
    assert!(server.asked()[0].to_ascii_lowercase().contains("accept-encoding: gzip, br, zstd, deflate"));
}

#[tokio::test]
async fn a_304_to_a_request_for_everything_is_unreadable_also_of_a_part() {
    let server = Server::start(&[("*", b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n")]);
    let client = client_with(|_| {});
    let (kind, words) = why(&client, server.url("/a")).await;
    assert!(
        kind == FailureKind::Unreadable && words.contains("/a answered 304 to a request that asked for the whole"),
        "{words}"
    );
    let (source, part) = (Source::Web(server.url("/a")), server.url("/part.yaml"));
    let ask = async |validators: Option<&Validators>| {
        client.fetch(&Request { source: &source, auth: &Auth::None, tls: None, validators, part: Some(&part) }).await
    };
    assert!(
        matches!(ask(Some(&Validators::default())).await, FetchOutcome::Failed(failure) if failure.why.contains("/part.yaml"))
    );
    let known = Validators { etag: Some("\"1\"".to_owned()), ..Validators::default() };
    assert!(matches!(ask(Some(&known)).await, FetchOutcome::NotModified { .. }));
}

#[tokio::test]
async fn a_304_about_another_document_is_not_believed() {
    let unchanged = |headers: &str| format!("HTTP/1.1 304 Not Modified\r\n{headers}Connection: close\r\n\r\n").into_bytes();
    let whole = ok("ETag: \"2\"\r\nContent-Length: 3\r\n", b"new");
    let (monday, tuesday) = ("Mon, 02 Nov 2026 10:00:00 GMT", "Tue, 03 Nov 2026 10:00:00 GMT");
    let date = |day: &str| unchanged(&format!("Last-Modified: {day}\r\n"));
    for (answer, etag, last_modified, is_believed) in [
        (unchanged("ETag: \"1\"\r\n"), Some("\"1\""), None, true),
        (unchanged("ETag: W/\"1\"\r\n"), Some("\"1\""), Some(monday), true),
        (unchanged("ETag: \"1\"\r\n"), Some("W/\"1-gzip\""), None, true),
        (unchanged(""), Some("\"1\""), Some(monday), true),
        (unchanged("ETag: \"2\"\r\n"), Some("\"1\""), None, false),
        (unchanged("ETag: \"2-gzip\"\r\n"), Some("\"1-gzip\""), Some(monday), false),
        (date(monday), Some("\"1\""), Some(monday), true),
        (date(monday), None, Some(monday), true),
        (date(tuesday), None, Some(monday), false),
    ] {
        let server = Server::start(&[("/a?if", &answer), ("/a", &whole)]);
        let client = client_with(|_| {});
        let known = Validators {
            etag: etag.map(str::to_owned),
            last_modified: last_modified.map(str::to_owned),
            ..Validators::default()
        };
        let source = Source::Web(server.url("/a"));
        let outcome =
            client.fetch(&Request { source: &source, auth: &Auth::None, tls: None, validators: Some(&known), part: None }).await;
        let words = String::from_utf8_lossy(&answer).into_owned();
        let asked = server.asked()[0].to_ascii_lowercase();
        assert_eq!(asked.contains("\r\nif-none-match: "), etag.is_some(), "{asked}");
        assert_eq!(
            asked.contains(&format!("\r\nif-modified-since: {}\r\n", monday.to_ascii_lowercase())),
            last_modified.is_some(),
            "{asked}"
        );
        match outcome {
            FetchOutcome::NotModified { .. } => assert!(is_believed, "{known:?}: {words}"),
            FetchOutcome::Body(body) => assert!(!is_believed && body.bytes == b"new", "{known:?}: {words}"),
            other => panic!("{known:?}: {words}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn text_is_utf8_whatever_the_server_writes() {
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain("é: ü".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let server = Server::start(&[
        ("/wide", &ok("", &wide)),
        ("/latin", &ok("Content-Type: text/yaml; charset=latin1\r\n", b"\xe9: \xfc")),
        ("/lie", &ok("Content-Type: text/yaml; charset=xyz\r\n", b"a: b")),
        ("/bytes", &ok("", b"a: \xff")),
    ]);
    let client = client_with(|_| {});
    for path in ["/wide", "/latin"] {
        assert_eq!(body(&client, server.url(path)).await.bytes, "é: ü".as_bytes(), "{path}");
    }
    let (kind, words) = why(&client, server.url("/lie")).await;
    assert!(kind == FailureKind::Unreadable && words.ends_with("/lie: charset \"xyz\" is not known"), "{words}");
    let (_, words) = why(&client, server.url("/bytes")).await;
    assert!(words.ends_with("is not valid UTF-8, and no other charset is named (it may be Latin-1): byte 4 is 0xff"), "{words}");
}

#[tokio::test]
async fn redirects_say_where_they_lead() {
    let server = Server::start(&[
        ("/old?token=s3cret", &redirect(301, "/newer?token=s3cret", "")),
        ("/newer?token=s3cret", &redirect(308, "/now", "")),
        ("/now", &redirect(302, "/today", "")),
        ("/today", &ok("Content-Length: 2\r\n", b"{}")),
        ("/circle", &redirect(302, "/circle?step=s3cret", "")),
        ("/circle?step=s3cret", &redirect(302, "/circle", "Set-Cookie: seen=1\r\n")),
        ("/sign-in", &redirect(302, "/form", "Set-Cookie: session=1\r\n")),
        ("/form", &ok("Content-Type: text/html\r\n", b" <!doctype html><form></form>")),
        ("/1", &redirect(302, "/2", "")),
        ("/2", &redirect(302, "/3", "")),
        ("/3", &redirect(302, "/4", "")),
        ("/4", &redirect(302, "/5", "")),
        ("/5", &redirect(302, "/6", "")),
        ("/6", &redirect(302, "/7", "")),
    ]);
    let client = client_with(|_| {});
    let followed = body(&client, server.url("/old?token=s3cret")).await;
    let to = followed.moved_to.expect("a new place");
    assert_eq!(moved(&to), format!("moved permanently to http://127.0.0.1:{}/now: change `live`", server.port));
    assert_eq!(body(&client, server.url("/now")).await.moved_to, None, "not for good");
    let place = format!("http://127.0.0.1:{}", server.port);
    let (kind, words) = why(&client, server.url("/circle")).await;
    assert_eq!(kind, FailureKind::Down);
    assert_eq!(
        words,
        format!(
            "redirects lead back to where they began: {place}/circle → {place}/circle → {place}/circle; it asks for a cookie, which driftd does not keep: name an address that answers without one"
        )
    );
    let (_, words) = why(&client, server.url("/1")).await;
    assert!(words.starts_with(&format!("more than 5 redirects: {place}/1 → {place}/2 → ")) && words.ends_with("/7"), "{words}");
    let (kind, words) = why(&client, server.url("/sign-in")).await;
    assert!(
        kind == FailureKind::Unreadable && words.contains("/form answered with an HTML page and asks for a cookie"),
        "{words}"
    );
}

#[tokio::test]
async fn credentials_that_stay_behind_are_told_of() {
    let denied = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"specs\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let elsewhere = Server::start(&[("*", denied)]);
    let server = Server::start(&[("/here", denied), ("/away", &redirect(302, elsewhere.url("/x?y=z").as_str(), ""))]);
    let allowed = [server.port, elsewhere.port].map(|port| PrivateHost::parse(&format!("127.0.0.1:{port}")).expect("a host"));
    let client = client_with(|settings| settings.allow_private_hosts = allowed.to_vec());
    let auth = Auth::Bearer(SecretString::from("s3cret"));
    let words = async |path: &str| match fetch(&client, server.url(path), &auth).await {
        FetchOutcome::Failed(failure) => failure.why,
        other => panic!("{other:?}"),
    };
    let here = words("/here").await;
    assert!(
        here.contains("asks for Bearer (realm \"specs\"): check `auth` of this API: the token in `bearer` was refused"),
        "{here}"
    );
    let away = words("/away").await;
    let to = format!("credentials were not sent on after the redirect to {}", elsewhere.url("/x"));
    assert!(away.contains(&to) && !away.contains("check `auth`"), "{away}");
    assert!(!elsewhere.asked()[0].contains("s3cret"));
    let (_, nobody) = why(&client, server.url("/away")).await;
    assert!(nobody.contains("and asks for Bearer (realm \"specs\"): no credentials are sent after the redirect to "), "{nobody}");
}

#[tokio::test]
async fn a_page_that_misses_a_client_certificate_says_where_to_set_it() {
    let page = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<center>No required SSL certificate was sent</center>";
    let server = Server::start(&[("*", page)]);
    let (kind, words) = why(&client_with(|_| {}), server.url("/")).await;
    assert!(kind == FailureKind::Down && words.starts_with("the provider answered 400 Bad Request; the server asks"), "{words}");
}

#[tokio::test]
async fn another_port_of_an_allowed_host_is_another_place() {
    let inner = Server::start(&[("*", &ok("", b"{}"))]);
    let server = Server::start(&[("/away", &redirect(302, inner.url("/admin?x=1").as_str(), ""))]);
    let (kind, words) = why(&client_with(|_| {}), server.url("/away")).await;
    assert!(kind == FailureKind::Unreadable && words.contains("not where this API is configured"), "{words}");
    assert!(words.contains(&format!("add \"127.0.0.1:{}\" to fetch.allow_private_hosts", inner.port)), "{words}");
    assert_eq!(inner.asked().len(), 0);
    let named = format!("127.0.0.1:{}", inner.port);
    let client = client_with(|settings| settings.allow_private_hosts.push(PrivateHost::parse(&named).expect("a host")));
    assert_eq!(body(&client, server.url("/away")).await.bytes, b"{}");
}

fn behind(proxy: &Server, change: impl FnOnce(&mut Settings)) -> Client {
    let proxy = Proxy::parse(proxy.url("").as_str()).expect("a proxy");
    client_with(|settings| {
        settings.allow_private_hosts.clear();
        settings.proxies = Proxies { http: Some(proxy.clone()), https: Some(proxy), except: Vec::new() };
        change(settings);
    })
}

#[tokio::test]
async fn through_a_proxy_goes_what_is_elsewhere_and_not_what_is_private() {
    let proxy = Server::start(&[
        ("http://specs.partner.invalid/openapi.json", &ok("Content-Length: 2\r\n", b"{}")),
        ("http://specs.partner.invalid/inward", &redirect(302, "http://10.0.0.7/metadata", "")),
        ("http://specs.partner.invalid/who", b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
        ("http://10.1.2.3/openapi.json", &ok("Content-Length: 2\r\n", b"{}")),
    ]);
    let client = behind(&proxy, |_| {});
    let url = |text: &str| text.parse::<Url>().expect("a URL");
    assert_eq!(body(&client, url("http://specs.partner.invalid/openapi.json")).await.bytes, b"{}");
    assert!(proxy.asked()[0].starts_with("GET http://specs.partner.invalid/openapi.json HTTP/1.1"), "{:?}", proxy.asked());
    // A name that only this machine has an address for, and literals, also after a redirect.
    for (place, words) in [
        ("http://specs.partner.invalid/inward", "10.0.0.7:80 is not a public address"),
        ("http://169.254.169.254/latest", "not a public address"),
        ("http://localhost:1/", "not a public address"),
    ] {
        let (kind, why) = why(&client, url(place)).await;
        assert!(kind == FailureKind::Unreadable && why.contains(words), "{place}: {why}");
    }
    assert_eq!(proxy.asked().len(), 2, "{:?}", proxy.asked());
    let (kind, words) = why(&client, url("http://specs.partner.invalid/who")).await;
    assert!(kind == FailureKind::Blind && words.contains("asks for a user name and password"), "{words}");
    // What the operator allows is asked for through it as well.
    let allowed = behind(&proxy, |settings| settings.allow_private_hosts = vec![PrivateHost::parse("10.1.2.3").expect("a host")]);
    assert_eq!(body(&allowed, url("http://10.1.2.3/openapi.json")).await.bytes, b"{}");
    let named = behind(&proxy, |settings| {
        let proxy = settings.proxies.http.as_mut().expect("a proxy");
        proxy.credentials = Some(("me".to_owned(), SecretString::from("s3cret")));
    });
    body(&named, url("http://specs.partner.invalid/openapi.json")).await;
    assert!(proxy.asked().last().is_some_and(|head| head.contains("roxy-") && head.contains("Basic bWU6czNjcmV0")));
}

#[tokio::test]
async fn what_is_excepted_goes_directly_through_the_guard_and_a_dead_proxy_is_our_trouble() {
    let proxy = Server::start(&[("*", &ok("", b"{}"))]);
    let server = Server::start(&[("*", &ok("Content-Length: 3\r\n", b"[1]"))]);
    let direct = behind(&proxy, |settings| {
        settings.proxies.except = vec![Direct::parse("*").expect("an exception")];
        settings.allow_private_hosts = vec![PrivateHost::parse("127.0.0.1").expect("a host")];
    });
    assert_eq!(body(&direct, server.url("/")).await.bytes, b"[1]");
    let (kind, _) = why(&direct, "http://10.0.0.7/".parse().expect("a URL")).await;
    assert_eq!((kind, proxy.asked().len()), (FailureKind::Unreadable, 0));

    let nobody = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port();
    let dead = behind(&Server { port: nobody, asked: Arc::default() }, |_| {});
    for scheme in ["http", "https"] {
        let (kind, words) = why(&dead, format!("{scheme}://specs.partner.invalid/").parse().expect("a URL")).await;
        assert!(
            kind == FailureKind::Blind && words.contains(&format!("the proxy 127.0.0.1:{nobody} cannot be reached")),
            "{words}"
        );
    }
}

#[tokio::test]
async fn programs_are_understood_and_never_shown_with_their_address() {
    let answer = |status: &str, headers: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
    };
    let server = Server::start(&[
        ("/services/taken", &answer("200 OK", "", "ok")),
        ("/services/later", &answer("429 Too Many Requests", "Retry-After: 30\r\n", "rate_limited")),
        ("/services/busy", &answer("503 Unavailable", "", "")),
        ("/services/no", &answer("200 OK", "", "{\"ok\":false,\"error\":\"no_team\"}")),
        ("/services/gone", &answer("404 Not Found", "", "no_service")),
        ("/services/echo", &answer("403 Forbidden", "", "{\"error\":\"no hook at /services/echo\"}")),
        ("/services/slow", &answer("200 OK", "Retry-After: 7\r\n", "Webhook message delivery failed with error: HTTP error 429")),
    ]);
    let client = client_with(|_| {});
    let place = format!("127.0.0.1:{}", server.port);
    let post = async |path: &str| {
        let url = server.url(path);
        let (content_type, kind) = ("application/json", ChannelKind::Slack);
        client.post(&Post { url: &url, id: "N-1", at: 0, kind, content_type, body: b"{}", key: None }).await
    };
    let later = |words: &str, seconds| AttemptOutcome::Later(format!("{place} answered {words}"), Duration::from_secs(seconds));
    let refused = |words: &str| AttemptOutcome::Refused(format!("{place} answered {words}"));
    assert_eq!(post("/services/taken").await, AttemptOutcome::Sent(format!("{place} answered 200 OK")));
    assert_eq!(post("/services/later").await, later("429 Too Many Requests: rate_limited", 30));
    assert_eq!(post("/services/busy").await, AttemptOutcome::Retry(format!("{place} answered 503 Service Unavailable")));
    assert_eq!(post("/services/no").await, refused("200 OK: no_team"));
    assert_eq!(post("/services/gone").await, refused("404 Not Found: no_service"));
    assert_eq!(post("/services/echo").await, refused("403 Forbidden"));
    assert_eq!(post("/services/slow").await, later("200 OK: Webhook message delivery failed with error: HTTP error 429", 7));
    let nobody = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port();
    let url: Url = format!("http://127.0.0.1:{nobody}/services/s3cret").parse().expect("a URL");
    let (content_type, kind) = ("application/json", ChannelKind::Webhook);
    let outcome = client.post(&Post { url: &url, id: "N-1", at: 0, kind, content_type, body: b"{}", key: None }).await;
    let AttemptOutcome::Retry(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.contains(&format!("cannot connect to 127.0.0.1:{nobody}")) && !words.contains("s3cret"), "{words}");
}

#[tokio::test]
async fn places_of_hosts_that_nobody_waits_for_are_forgotten() {
    let client = client_with(|settings| settings.timeout = Duration::from_secs(1));
    let held = client.places("http://held.invalid/");
    for host in 0..5_000 {
        drop(client.places(&format!("http://host-{host}.invalid/")));
    }
    assert!(client.hosts_kept() <= 300, "{}", client.hosts_kept());
    assert!(Arc::ptr_eq(&held, &client.places("http://held.invalid/")), "whoever waits for a host shares its places");
}

#[tokio::test]
async fn a_fetch_that_is_dropped_gives_its_place_back() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url: Url = format!("http://{}/", listener.local_addr().expect("an address")).parse().expect("a URL");
    let client = client_with(|settings| settings.per_host = 1);
    for _ in 0..3 {
        let given_up = tokio::time::timeout(Duration::from_millis(100), fetch(&client, url.clone(), &Auth::None)).await;
        assert!(given_up.is_err());
    }
    assert_eq!(client.places(url.as_str()).available_permits(), 1);
}

#[tokio::test]
async fn one_host_is_asked_so_many_things_at_a_time_and_another_is_not_waited_for() {
    let server = Server::start(&[("*", &ok("Content-Length: 2\r\n", b"{}"))]);
    let client = client_with(|settings| settings.allow_private_hosts.push(PrivateHost::parse("localhost").expect("a host")));
    let places = client.places(server.url("/").as_str());
    let taken = places.acquire_many(2).await.expect("all that two requests at a time can take");
    let mut waits = Box::pin(fetch(&client, server.url("/waits"), &Auth::None));
    let other: Url = format!("http://localhost:{}/other", server.port).parse().expect("a URL");
    tokio::select! {
        biased;
        outcome = &mut waits => panic!("a third request at a time: {outcome:?}"),
        found = body(&client, other) => assert_eq!(found.bytes, b"{}"),
    }
    assert!(server.asked().iter().all(|head| head.starts_with("GET /other ")), "{:?}", server.asked());
    drop(taken);
    assert!(matches!(waits.await, FetchOutcome::Body(_)), "it is asked for when a place is free");
}

#[tokio::test]
async fn a_file_that_is_larger_than_it_may_be_is_not_read_in_part() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("openapi.yaml");
    let client = client_with(|settings| settings.max_bytes = 1_000);
    let source = Source::File(path.clone());
    for (size, fits) in [(999, true), (1_000, true), (1_001, false), (5_000, false)] {
        std::fs::write(&path, vec![b' '; size]).expect("a file");
        let request = Request { source: &source, auth: &Auth::None, tls: None, validators: None, part: None };
        match client.fetch(&request).await {
            FetchOutcome::Body(body) => assert!(fits && body.bytes.len() == size, "{size}: {} bytes", body.bytes.len()),
            FetchOutcome::Failed(failure) => {
                assert!(
                    !fits && failure.kind == FailureKind::Unreadable && failure.why.contains("larger than 1000 bytes"),
                    "{size}: {failure:?}"
                );
            }
            other => panic!("{size}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn without_a_network_it_is_our_trouble_and_without_a_server_theirs() {
    // No machine has a way for TCP to where all machines listen.
    let nowhere =
        client_with(|settings| settings.allow_private_hosts = vec![PrivateHost::parse("255.255.255.255").expect("a host")]);
    let (kind, words) = why(&nowhere, "http://255.255.255.255/openapi.json".parse().expect("a URL")).await;
    assert!(kind == FailureKind::Blind && words.contains("this machine has no working network"), "{words}");
    let nobody = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port();
    let (kind, words) = why(&client_with(|_| {}), format!("http://127.0.0.1:{nobody}/").parse().expect("a URL")).await;
    assert!(kind == FailureKind::Down && words.contains("refused"), "{words}");
}

#[tokio::test]
async fn a_program_at_a_private_address_is_handed_nothing() {
    let server = Server::start(&[("*", &ok("Content-Length: 2\r\n", b"ok"))]);
    let client = client_with(|settings| settings.allow_private_hosts.clear());
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"] {
        let url: Url = format!("http://{host}:{}/hook", server.port).parse().expect("a URL");
        let (content_type, kind) = ("application/json", ChannelKind::Webhook);
        let outcome = client.post(&Post { url: &url, id: "N-1", at: 0, kind, content_type, body: b"{}", key: None }).await;
        let AttemptOutcome::Refused(words) = outcome else { panic!("{host}: {outcome:?}") };
        assert!(words.contains("not a public address"), "{host}: {words}");
    }
    assert_eq!(server.asked(), NOTHING);
}
