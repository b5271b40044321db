//! TLS on both edges, with a certificate authority made for the test: verified, required, never stripped.

use crate::support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use support::daemon::{Daemon, Home};
use support::partner::{Answer, Partner};
use support::smtp::Smtp;
use support::{fixture, wait_for};

/// A certificate for `localhost`, and the server side of TLS with it.
struct Authority {
    pem: String,
    server: Arc<ServerConfig>,
}

impl Authority {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a server");
        Self { pem: made.cert.pem(), server: Arc::new(server) }
    }

    fn accept(&self, stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
        StreamOwned::new(ServerConnection::new(Arc::clone(&self.server)).expect("a connection"), stream)
    }
}

/// Serves what `document` holds over HTTPS, under 200 or under a status line of its own; returns the port.
fn partner(authority: &Arc<Authority>, document: &Arc<Mutex<Vec<u8>>>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (authority, document) = (Arc::clone(authority), Arc::clone(document));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(authority.accept(stream));
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|length| length > 0) && !line.ends_with("\r\n\r\n") {}
            let body = document.lock().expect("the document").clone();
            let has_head = body.starts_with(b"HTTP/1.1 ");
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let head = if has_head { String::new() } else { head };
            let stream = lines.get_mut();
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).and_then(|()| stream.flush());
        }
    });
    port
}

/// Answers SMTP until QUIT or STARTTLS; returns whether the latter, and gives the stream back.
fn converse<S: Read + Write>(stream: S, offers_tls: bool, received: &Mutex<Vec<String>>) -> Option<S> {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let command = line.trim_end().to_ascii_uppercase();
        let reply: &[u8] = if command.starts_with("EHLO") && offers_tls {
            b"250-test\r\n250 STARTTLS\r\n"
        } else if command == "STARTTLS" {
            lines.get_mut().write_all(b"220 go ahead\r\n").ok()?;
            return Some(lines.into_inner());
        } else if command == "DATA" {
            lines.get_mut().write_all(b"354 go ahead\r\n").ok()?;
            let mut message = String::new();
            while lines.read_line(&mut message).ok()? > 0 && !message.ends_with("\r\n.\r\n") {}
            received.lock().expect("letters").push(message);
            b"250 taken\r\n"
        } else if command == "QUIT" {
            b"221 bye\r\n"
        } else {
            b"250 ok\r\n"
        };
        lines.get_mut().write_all(reply).ok()?;
        lines.get_mut().flush().ok()?;
    }
}

/// An SMTP server with TLS from the first byte, or after STARTTLS; returns the port and what it received.
fn mailbox(authority: &Arc<Authority>, implicit: bool) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let received: Arc<Mutex<Vec<String>>> = Arc::default();
    let (authority, kept) = (Arc::clone(authority), Arc::clone(&received));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (authority, kept) = (Arc::clone(&authority), Arc::clone(&kept));
            std::thread::spawn(move || {
                if implicit {
                    let mut stream = authority.accept(stream);
                    let _ = stream.write_all(b"220 test\r\n").and_then(|()| stream.flush());
                    converse(stream, false, &kept);
                } else {
                    let _ = stream.write_all(b"220 test\r\n");
                    if let Some(stream) = converse(stream, true, &kept) {
                        converse(authority.accept(stream), false, &kept);
                    }
                }
            });
        }
    });
    (port, received)
}

/// A daemon that trusts only the authority of this test.
fn start(home: &Home, authority: &Authority) -> Daemon {
    let pem = home.path().join("ca.pem");
    std::fs::write(&pem, &authority.pem).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftd"));
    command.env("SSL_CERT_FILE", &pem).env_remove("SSL_CERT_DIR").arg("run");
    home.start_with(command)
}

fn home(port: u16, smtp: String) -> Home {
    let mut home = Home::new(1, &format!("https://localhost:{port}/openapi.yaml"));
    home.fetch = "allow_private_hosts = [\"localhost\"]".to_owned();
    home.mail = "timeout = \"5s\"\nfirst_retry = \"1s\"".to_owned();
    home.smtp = smtp;
    home.configure();
    home
}

#[test]
fn letters_leave_over_implicit_tls_and_over_starttls() {
    for (implicit, tls) in [(true, "implicit"), (false, "starttls")] {
        let authority = Arc::new(Authority::new());
        let document = Arc::new(Mutex::new(fixture("2026-03-02")));
        let (smtp_port, received) = mailbox(&authority, implicit);
        let home = home(partner(&authority, &document), format!("host = \"localhost\"\nport = {smtp_port}\ntls = \"{tls}\""));
        let daemon = start(&home, &authority);
        daemon.wait_for_snapshot(&fixture("2026-03-02"));
        *document.lock().expect("the document") = fixture("2026-04-20");
        wait_for(&format!("two letters over {tls}"), || (received.lock().expect("letters").len() == 2).then_some(()));
        wait_for("both are marked sent", || (daemon.status()["telling"]["letters"]["sent"] == 2).then_some(()));
    }
}

#[test]
fn a_relay_with_a_certificate_of_its_own_is_trusted_by_ca_file() {
    for (implicit, tls) in [(true, "implicit"), (false, "starttls")] {
        let authority = Arc::new(Authority::new());
        let (smtp_port, received) = mailbox(&authority, implicit);
        let server = format!("host = \"localhost\"\nport = {smtp_port}\ntls = \"{tls}\"");
        let told = |home: &Home| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_driftd"));
            let output = command.args(["test-mail", "--config"]).arg(home.config()).output().expect("driftd");
            (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let (code, text) = told(&home(1, server.clone()));
        assert_eq!(code, Some(69), "{tls}: {text}");
        assert!(
            text.contains("failed at TLS with") && text.contains("certificate") && text.contains("`ca_file`"),
            "{tls}: {text}"
        );
        let home = home(1, format!("{server}\nca_file = \"relay.pem\""));
        std::fs::write(home.config().with_file_name("relay.pem"), &authority.pem).expect("a file");
        let (code, text) = told(&home);
        assert_eq!(code, Some(0), "{tls}: {text}");
        assert!(text.contains("ok      TLS         encrypted"), "{tls}: {text}");
        assert_eq!(received.lock().expect("letters").len(), 1);
    }
}

#[test]
fn a_server_without_starttls_gets_nothing() {
    let authority = Arc::new(Authority::new());
    let document = Arc::new(Mutex::new(fixture("2026-03-02")));
    let plain = Smtp::start();
    let home = home(partner(&authority, &document), format!("host = \"localhost\"\nport = {}\ntls = \"starttls\"", plain.port));
    let daemon = start(&home, &authority);
    daemon.wait_for_snapshot(&fixture("2026-03-02"));
    *document.lock().expect("the document") = fixture("2026-04-20");
    let status = wait_for("status tells that letters are not leaving", || {
        let status = daemon.status();
        (status["trouble"][0]["part"] == "mail").then_some(status)
    });
    assert!(status["trouble"][0]["what"].as_str().is_some_and(|what| what.contains("STARTTLS")), "{status}");
    wait_for("it tried more than once", || (plain.conversations() >= 3).then_some(()));
    assert_eq!(plain.received().len(), 0, "no letter travels unprotected");
}

#[test]
fn a_partner_with_an_unknown_certificate_is_down_and_says_why() {
    let (theirs, ours) = (Arc::new(Authority::new()), Authority::new());
    let document = Arc::new(Mutex::new(fixture("2026-03-02")));
    let home = home(partner(&theirs, &document), "host = \"127.0.0.1\"\nport = 9\ntls = \"none\"".to_owned());
    let daemon = start(&home, &ours);
    let status = daemon.wait_for_state("down");
    let detail = status["checking"][0]["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.to_ascii_lowercase().contains("certificate"), "{detail}");
}

/// A name that no machine can resolve: only a proxy knows where it is.
const PROXIED: &str = "specs.partner.invalid";

/// A proxy that connects every CONNECT to this port of this machine; returns its port and what it was asked for.
fn tunnel(to: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut inner in listener.incoming().flatten() {
            let mut head = String::new();
            let mut lines = BufReader::new(inner.try_clone().expect("a stream"));
            while lines.read_line(&mut head).is_ok_and(|length| length > 2) {}
            kept.lock().expect("requests").push(head.lines().next().unwrap_or_default().to_owned());
            let mut outer = TcpStream::connect(("127.0.0.1", to)).expect("the server");
            let _ = inner.write_all(b"HTTP/1.1 200 Connected\r\n\r\n");
            let (mut from, mut back) = (inner.try_clone().expect("a stream"), outer.try_clone().expect("a stream"));
            std::thread::spawn(move || std::io::copy(&mut from, &mut outer));
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut back, &mut inner);
                let _ = inner.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    (port, asked)
}

/// A company with an authority of its own: a server for `localhost` that may demand a certificate, and a certificate that it takes.
struct Company {
    server: Arc<Authority>,
    /// Certificate and key of a client.
    client: (String, String),
}

impl Company {
    fn new(demands_certificate: bool) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let root = authority.self_signed(&key).expect("an authority");
        let issuer = Issuer::new(authority, key);
        let issue = |names: &[&str]| {
            let key = KeyPair::generate().expect("a key");
            let parameters =
                CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("parameters");
            (parameters.signed_by(&key, &issuer).expect("a certificate"), key)
        };
        let (served, served_key) = issue(&["localhost", PROXIED]);
        let (client, client_key) = issue(&["driftd"]);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("protocol versions");
        let builder = if demands_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(root.der().clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().expect("a verifier");
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(served_key.serialize_der()));
        let server = builder.with_single_cert(vec![served.der().clone()], key).expect("a server");
        let server = Arc::new(Authority { pem: root.pem(), server: Arc::new(server) });
        Self { server, client: (client.pem(), client_key.serialize_pem()) }
    }
}

/// A daemon with a file of authorities in its configuration, and these lines for `[fetch]` and `[[apis]]`.
fn daemon_of(company: &Company, fetch: &str, api: &str) -> (Home, Daemon) {
    let document = Arc::new(Mutex::new(fixture("2026-03-02")));
    let port = partner(&company.server, &document);
    let mut home = home(port, "host = \"127.0.0.1\"\nport = 9\ntls = \"none\"".to_owned());
    home.fetch = format!("allow_private_hosts = [\"localhost\"]\n{fetch}");
    home.api = format!("every = \"1s\"\n{api}");
    home.configure();
    for (name, text) in
        [("corp-ca.pem", &company.server.pem), ("client.pem", &company.client.0), ("client.key", &company.client.1)]
    {
        std::fs::write(home.path().join("config").join(name), text).expect("a file");
    }
    let daemon = home.start();
    (home, daemon)
}

fn detail(status: &serde_json::Value) -> String {
    status["checking"][0]["detail"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_private_authority_is_trusted_by_the_daemon_or_for_one_api() {
    let company = Company::new(false);
    let (_home, daemon) = daemon_of(&company, "", "");
    let words = detail(&daemon.wait_for_state("down"));
    assert!(words.contains("fetch.ca_file"), "{words}");
    for (fetch, api) in [("ca_file = \"corp-ca.pem\"", ""), ("", "tls = { ca_file = \"corp-ca.pem\" }")] {
        let (_home, daemon) = daemon_of(&company, fetch, api);
        daemon.wait_for_state("verified");
    }
}

#[test]
fn a_server_that_demands_a_certificate_gets_it_and_without_one_the_api_is_down() {
    let company = Company::new(true);
    let (_home, daemon) = daemon_of(&company, "ca_file = \"corp-ca.pem\"", "");
    let words = detail(&daemon.wait_for_state("down"));
    assert!(words.contains("asks for a client certificate: set `client_certificate` and `client_key` in [apis.tls]"), "{words}");
    let certificate = "[apis.tls]\nclient_certificate = \"client.pem\"\nclient_key = { file = \"client.key\" }";
    let (_home, daemon) = daemon_of(&company, "ca_file = \"corp-ca.pem\"", certificate);
    daemon.wait_for_state("verified");
}

#[test]
fn tls_is_verified_end_to_end_through_a_proxy() {
    let company = Company::new(true);
    let document = Arc::new(Mutex::new(fixture("2026-03-02")));
    let (proxy, asked) = tunnel(partner(&company.server, &document));
    let mut home = home(443, "host = \"127.0.0.1\"\nport = 9\ntls = \"none\"".to_owned());
    home.live = format!("https://{PROXIED}/openapi.yaml");
    home.fetch = format!("proxy = \"http://127.0.0.1:{proxy}\"");
    home.api = "every = \"1s\"\ntls = { ca_file = \"ca.pem\", client_certificate = \"client.pem\", client_key = { file = \"client.key\" } }".to_owned();
    home.configure();
    for (name, text) in [("ca.pem", &company.server.pem), ("client.pem", &company.client.0), ("client.key", &company.client.1)] {
        std::fs::write(home.path().join("config").join(name), text).expect("a file");
    }
    let daemon = home.start();
    daemon.wait_for_state("verified");
    let asked = asked.lock().expect("requests");
    assert!(asked.iter().all(|line| line == &format!("CONNECT {PROXIED}:443 HTTP/1.1")), "{asked:?}");
}

#[test]
fn what_begins_over_https_does_not_go_on_over_http() {
    let authority = Arc::new(Authority::new());
    let plain = Partner::start(Answer::Document(fixture("2026-03-02")));
    let moved = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", plain.url());
    let refers = format!(
        "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n  /a:\n    get:\n      responses: {{'200': {{description: ok, content: {{application/json: {{schema: {{$ref: '{}'}}}}}}}}}}\n",
        plain.url()
    );
    for (answer, state, words) in [
        (moved, "undecidable", "redirects from https to http; not followed"),
        (refers, "held", "is not reached as safely as the description"),
    ] {
        let port = partner(&authority, &Arc::new(Mutex::new(answer.into_bytes())));
        let mut home = home(port, "host = \"127.0.0.1\"\nport = 9\ntls = \"none\"".to_owned());
        // Both are allowed: it is not for their addresses that one of them is not gone to.
        home.fetch = format!("allow_private_hosts = [\"localhost:{port}\", \"127.0.0.1:{}\"]", plain.port);
        home.api = "every = \"1h\"".to_owned();
        home.configure();
        let daemon = start(&home, &authority);
        let status = wait_for("it was looked at", || {
            let status = daemon.status();
            (!status["checking"][0]["last_check"].is_null()).then_some(status)
        });
        assert_eq!(status["checking"][0]["state"], state, "{status}");
        assert!(detail(&status).contains(words), "{status}");
    }
    assert_eq!(plain.requests(), []);
}
