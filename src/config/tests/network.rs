//! Private hosts, proxies, certificates, and the files of secrets.

use secrecy::ExposeSecret as _;
use url::Url;

use super::*;
use crate::model::{PrivateHost, Proxies, Proxy};

fn fetch(lines: &str) -> String {
    format!("{DAEMON}\n[fetch]\n{lines}\n")
}

fn mistakes(daemon: &str, integration: &str, variables: &[(&str, &str)]) -> String {
    let folder = Folder::new(daemon, &[("doors.toml", integration)]);
    let variables = [variables, &[("TOKEN", "x")]].concat();
    folder.load(&variables).expect_err("mistakes").join("\n")
}

#[test]
fn private_hosts_are_read_with_and_without_ports() {
    let hosts = "allow_private_hosts = [\"127.0.0.1\", \"::1\", \"[::1]:8080\", \"db.internal:9000\"]";
    let config = Folder::new(&fetch(hosts), &[("doors.toml", INTEGRATION)]).load(&[("TOKEN", "x")]).expect("a configuration");
    let ports: Vec<Option<u16>> = config.fetch.allow_private_hosts.iter().map(PrivateHost::port).collect();
    assert_eq!(ports, [None, None, Some(8080), Some(9000)]);
    let problems = mistakes(&fetch("allow_private_hosts = [\"ok\",\n\"http://x\", \"x:0\"]"), INTEGRATION, &[]);
    assert!(problems.contains("driftd.toml:12: fetch.allow_private_hosts[1]: \"http://x\" is not a host"), "{problems}");
    assert!(problems.contains("\"0\" in \"x:0\" is not a port"), "{problems}");
}

#[test]
fn a_proxy_is_written_or_stands_in_the_environment() {
    let load = |lines: &str, variables: &[(&str, &str)]| {
        let variables = [variables, &[("TOKEN", "x")]].concat();
        let folder = Folder::new(&fetch(lines), &[("doors.toml", INTEGRATION)]);
        folder.write("proxy-password", "p@ss\n");
        folder.load(&variables).expect("a configuration").fetch.proxies
    };
    let through = |proxies: &Proxies, url: &str| proxies.of(&url.parse::<Url>().expect("a URL")).map(Proxy::place);
    let environment = &[
        ("HTTPS_PROXY", "http://upper:1"),
        ("https_proxy", "http://me:pw@lower:2"),
        ("HTTP_PROXY", "plain:3"),
        ("NO_PROXY", "corp.example, 10.*"),
    ];
    let taken = load("", environment);
    assert_eq!(through(&taken, "https://api.example/").as_deref(), Some("lower:2"));
    assert_eq!(through(&taken, "http://api.example/").as_deref(), Some("plain:3"));
    assert_eq!(through(&taken, "https://a.corp.example/"), None);
    assert!(!format!("{taken:?}").contains("pw"), "{taken:?}");
    let written = load(
        "proxy = \"http://mine:3128\"\nno_proxy = [\"direct.example\"]\nproxy_auth = { username = \"u\", password = { file = \"proxy-password\" } }",
        environment,
    );
    assert_eq!(through(&written, "https://a.corp.example/").as_deref(), Some("mine:3128"));
    assert_eq!(through(&written, "http://direct.example/"), None);
    let credentials =
        written.https.and_then(|proxy| proxy.credentials).map(|(name, password)| (name, password.expose_secret().to_owned()));
    assert_eq!(credentials, Some(("u".to_owned(), "p@ss".to_owned())));
    assert_eq!(through(&load("proxy = \"none\"", environment), "https://api.example/"), None);

    for (lines, variables, words) in [
        ("proxy = \"http://me:s3cret@mine:3128\"", &[][..], "driftd.toml:11: fetch.proxy: holds a user name or password"),
        ("proxy = \"socks5://mine:1080\"", &[], "driftd.toml:11: fetch.proxy: begins with socks5://"),
        ("no_proxy = [\"10.0.0.0/99\"]", &[], "no_proxy[0]: \"10.0.0.0/99\" is no range of addresses"),
        ("proxy_auth = { username = \"u\" }", &[], "fetch.proxy_auth.password: is missing"),
        ("", &[("HTTPS_PROXY", "socks5://me:s3cret@mine")], "fetch.proxy: $HTTPS_PROXY begins with socks5://"),
    ] {
        let problems = mistakes(&fetch(lines), INTEGRATION, variables);
        assert!(problems.contains(words) && !problems.contains("s3cret"), "{words}: {problems}");
    }
}

#[test]
fn certificates_are_checked_before_they_are_needed() {
    let made = rcgen::generate_simple_self_signed(vec!["driftd".to_owned()]).expect("a certificate");
    let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()]).expect("a certificate");
    let integration = |lines: &str| INTEGRATION.replace("auth = {", &format!("tls = {{ {lines} }}\nauth = {{"));
    let load = |daemon: &str, lines: &str| {
        let folder = Folder::new(daemon, &[("doors.toml", &integration(lines))]);
        folder.write("ca.pem", &other.cert.pem());
        folder.write("client.pem", &made.cert.pem());
        folder.write("client.key", &made.signing_key.serialize_pem());
        folder.write("other.key", &other.signing_key.serialize_pem());
        folder.write("text.pem", "this is no PEM");
        folder.load(&[("TOKEN", "x")])
    };
    let whole = "ca_file = \"ca.pem\", client_certificate = \"client.pem\", client_key = { file = \"client.key\" }";
    let config = load(&fetch("ca_file = \"ca.pem\""), whole).expect("a configuration");
    assert_eq!(config.fetch.authorities, Some(other.cert.pem()));
    let tls = config.integrations[0].apis[0].tls.as_ref().expect("certificates");
    let identity = tls.identity.as_ref().expect("an identity").expose_secret();
    assert!(identity.contains("BEGIN CERTIFICATE") && identity.contains("PRIVATE KEY"));
    assert!(!format!("{tls:?}").contains("PRIVATE KEY"));
    for (lines, words) in [
        ("ca_file = \"gone.pem\"", "doors.toml:18: apis[0].tls.ca_file: gone.pem cannot be read"),
        ("ca_file = \"text.pem\"", "text.pem holds no certificate"),
        ("client_certificate = \"client.pem\"", "apis[0].tls.client_certificate: has no effect without its key"),
        ("client_key = { file = \"client.key\" }", "apis[0].tls.client_key: has no effect without its certificate"),
        (
            "client_certificate = \"client.pem\", client_key = { file = \"other.key\" }",
            "client_key: does not belong to client.pem",
        ),
        ("client_certificate = \"client.pem\", client_key = { file = \"ca.pem\" }", "client_key: holds no private key"),
        ("client_certificate = \"client.pem\", client_key = \"x\"", "client_key: holds the secret itself"),
    ] {
        let problems = load(DAEMON, lines).expect_err(words).join("\n");
        assert!(problems.contains(words), "{words}: {problems}");
    }
    let problems = load(&fetch("ca_file = \"client.key\""), whole).expect_err("no authority").join("\n");
    assert!(problems.contains("driftd.toml:11: fetch.ca_file: client.key holds no certificate"), "{problems}");
}

#[test]
fn the_file_of_a_secret_holds_one_line_of_text() {
    let integration = INTEGRATION.replace("env = \"TOKEN\"", "file = \"token\"");
    let load = |bytes: &[u8]| {
        let folder = Folder::new(DAEMON, &[("doors.toml", &integration)]);
        std::fs::write(folder.0.path().join("token"), bytes).expect("a file");
        folder.load(&[]).map(|config| match &config.integrations[0].apis[0].auth {
            Auth::Bearer(secret) => secret.expose_secret().to_owned(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(load("\u{feff}s3cret\r\n".as_bytes()), Ok("s3cret".to_owned()));
    for (bytes, words) in [
        (&b"s3\0cret"[..], "token holds a NUL character"),
        (b"s3cret\nsecond\n", "token holds more than one line"),
        (b"\xff\xfes\x003\x00", "token is not UTF-8 text"),
        (b"\xef\xbb\xbf\n", "token is empty"),
    ] {
        let problems = load(bytes).expect_err(words).join("\n");
        assert!(problems.contains(words) && !problems.contains("s3cret"), "{problems}");
    }
}

#[test]
fn signing_keys_are_taken_as_they_are_copied() {
    let load = |secret: &str| {
        let channel =
            "channels = [{ kind = \"webhook\", name = \"ci\", url = \"https://ci.example/\", secret = { file = \"key\" } }]";
        let integration = INTEGRATION.replace("name = \"User\"", &format!("name = \"User\"\n{channel}"));
        let folder = Folder::new(DAEMON, &[("doors.toml", &integration)]);
        folder.write("key", secret);
        folder.load(&[("TOKEN", "x")]).map(|config| {
            let key = config.integrations[0].parties["user"].channels[0].key.clone().expect("a key");
            key.expose_secret().to_vec()
        })
    };
    for secret in ["whsec_+/8AAQ==", "whsec_+/8AAQ", "whsec_-_8AAQ", "whsec_-_8AAQ=="] {
        assert_eq!(load(secret), Ok(vec![0xfb, 0xff, 0, 1]), "{secret}");
    }
    assert_eq!(load("plain words"), Ok(b"plain words".to_vec()));
    assert!(load("whsec_%%%").expect_err("no key").join("\n").contains("no key in base64"));
}
