//! `driftd.toml`: the daemon itself, its endpoint, its fetching and its mail.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::Environment;
use super::fetch::{self, FetchConfig};
use super::reader::{At, Problems, Table};
use super::secret;
use crate::mail::{LONGEST_BOUNCES, check_authorities, is_hello, needs_smtputf8};

/// The status endpoint.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How people outside reach it; links in mails start with it. None: the address it listens on.
    pub external_url: Option<Url>,
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `From`, with a name or without.
    pub from: String,
    /// Who is told when driftd itself is in trouble.
    pub operator: String,
    /// How long a description may be impossible to judge before the operator and its consumers are told.
    pub tell_operator_after: Duration,
    /// Deadline of one send, from connecting to the server's last word.
    pub timeout: Duration,
    /// Where letters that cannot be delivered come back to; each has a detail of its own behind a `+`.
    pub bounces: Option<String>,
    /// A Maildir in which they arrive.
    pub bounce_maildir: Option<PathBuf>,
    /// First pause before a letter that did not leave is tried again; doubled each time, up to an hour.
    pub first_retry: Duration,
    /// The server that takes it.
    pub smtp: Smtp,
}

/// An SMTP server.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// User name and password, if the server asks.
    pub credentials: Option<(String, SecretString)>,
    /// The name to give in EHLO; none: this host's own.
    pub hello: Option<String>,
    /// Certificates of authorities to trust besides the system's, PEM.
    pub authorities: Option<Vec<u8>>,
}

/// How a connection to an SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS, required (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314 section 3.3).
    Implicit,
    /// Not at all: only to this machine, unless the configuration says otherwise.
    None,
}

/// The parts of a configuration that `driftd.toml` holds.
pub(super) struct Parts {
    pub(super) state_dir: PathBuf,
    pub(super) http: HttpConfig,
    pub(super) fetch: FetchConfig,
    pub(super) mail: MailConfig,
}

/// What reading came to: the folder of integrations is known even when the rest is wrong.
pub(super) struct Read {
    pub(super) integrations: PathBuf,
    pub(super) config: Option<Parts>,
}

pub(super) fn read(mut root: Table<'_, '_>, folder: &Path, environment: &Environment, problems: &mut Problems<'_>) -> Read {
    let before = problems.found.len();
    let state_dir = root.text("state_dir", problems).map(|at| folder.join(at.value));
    // systemd names it (StateDirectory=); several are joined by a colon.
    let from_systemd = environment.get("STATE_DIRECTORY").and_then(|list| list.split(':').next()).map(PathBuf::from);
    let state_dir = state_dir.or(from_systemd);
    if state_dir.is_none() {
        root.missing("state_dir", "name the folder for the database, for example state_dir = \"/var/lib/driftd\"", problems);
    }
    let integrations =
        root.text("integrations", problems).map_or_else(|| folder.join("integrations"), |at| folder.join(at.value));
    let http = http(&mut root, problems);
    let fetch = fetch::read(&mut root, folder, environment, problems);
    let mail = mail(&mut root, folder, environment, problems);
    root.finish(problems);
    let config = match (state_dir, mail) {
        (Some(state_dir), Some(mail)) if problems.found.len() == before => Some(Parts { state_dir, http, fetch, mail }),
        _ => None,
    };
    Read { integrations, config }
}

fn http(root: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> HttpConfig {
    let mut config = HttpConfig { listen: SocketAddr::from(([127, 0, 0, 1], 8650)), external_url: None };
    let Some(mut table) = root.table("http", problems) else { return config };
    let listen = table.parsed("listen", problems, |text| {
        text.parse::<SocketAddr>()
            .map_err(|_| (format!("{text:?} is not an address with a port"), "write \"127.0.0.1:8650\"".to_owned()))
    });
    if let Some(listen) = listen {
        if !listen.value.ip().is_loopback() {
            let message = format!("{} is reached from other machines, and whoever reaches it reads every contact", listen.value);
            let help = "listen on 127.0.0.1 and put a proxy with TLS and a login before it, open to others only below /answer/ and /confirm/";
            let warning = problems.problem(listen.offset, &listen.key, message, help);
            problems.warnings.push(warning);
        }
        config.listen = listen.value;
    }
    config.external_url = table.parsed("external_url", problems, own_url).map(|at| at.value);
    table.finish(problems);
    config
}

fn mail(root: &mut Table<'_, '_>, folder: &Path, environment: &Environment, problems: &mut Problems<'_>) -> Option<MailConfig> {
    let Some(mut table) = root.table("mail", problems) else {
        root.missing("mail", "driftd writes to both sides: add [mail] with `from`, `operator` and [mail.smtp]", problems);
        return None;
    };
    let from = table.required_text("from", "write from = \"driftd <driftd@example.com>\"", problems);
    if let Some(from) = &from
        && from.value.parse::<lettre::message::Mailbox>().is_err()
    {
        problems.add(
            from.offset,
            &from.key,
            format!("{:?} is not a mail address", from.value),
            "write \"driftd <driftd@example.com>\"",
        );
    }
    if let Some(from) = &from {
        let bare = from.value.rsplit('<').next().unwrap_or_default().to_owned();
        warn_of_smtputf8(&At { value: bare, ..from.clone() }, problems);
    }
    let operator = table.required_text("operator", "name who is told when driftd itself is in trouble", problems);
    if let Some(operator) = &operator {
        check_address(operator, problems);
    }
    let tell_operator_after = table.parsed("tell_operator_after", problems, duration);
    let bounces = table.text("bounces", problems);
    if let Some(bounces) = &bounces {
        check_address(bounces, problems);
        let octets = bounces.value.rsplit_once('@').map_or(0, |(local, _)| local.len());
        if octets > LONGEST_BOUNCES {
            problems.add(
                bounces.offset,
                &bounces.key,
                format!("has {octets} characters before the @, and each letter adds 33 of its own; 64 are allowed (RFC 5321)"),
                format!("choose an address with at most {LONGEST_BOUNCES} characters before the @"),
            );
        }
    }
    let bounce_maildir = table.text("bounce_maildir", problems);
    if let (Some(maildir), None) = (&bounce_maildir, &bounces) {
        problems.add(
            maildir.offset,
            &maildir.key,
            "has no effect without `bounces`",
            "name the address whose mail arrives there: bounces = \"driftd-bounces@example.com\"",
        );
    }
    let timeout = table.parsed("timeout", problems, duration).map_or(Duration::from_secs(60), |at| at.value);
    let first_retry = table.parsed("first_retry", problems, duration).map_or(Duration::from_secs(60), |at| at.value);
    let smtp = match table.table("smtp", problems) {
        Some(smtp_table) => smtp(smtp_table, folder, environment, problems),
        None => {
            table.missing("smtp", "add [mail.smtp] with `host`", problems);
            None
        }
    };
    table.finish(problems);
    Some(MailConfig {
        from: from?.value,
        operator: operator?.value,
        tell_operator_after: tell_operator_after.map_or(Duration::from_secs(6 * 3600), |at| at.value),
        timeout,
        bounces: bounces.map(|at| at.value),
        bounce_maildir: bounce_maildir.map(|at| folder.join(at.value)),
        first_retry,
        smtp: smtp?,
    })
}

fn smtp(mut table: Table<'_, '_>, folder: &Path, environment: &Environment, problems: &mut Problems<'_>) -> Option<Smtp> {
    let host = table.required_text("host", "write host = \"smtp.example.com\"", problems);
    let tls = table.parsed("tls", problems, |text| match text {
        "starttls" => Ok(Tls::StartTls),
        "implicit" => Ok(Tls::Implicit),
        "none" => Ok(Tls::None),
        other => Err((
            format!("{other:?} is not a way to protect a connection"),
            "write \"starttls\", \"implicit\" or \"none\"".to_owned(),
        )),
    });
    let plain_allowed = table.flag("allow_plain_to_remote", problems).is_some_and(|at| at.value);
    let chosen = tls.as_ref().map_or(Tls::StartTls, |at| at.value);
    let default_port = match chosen {
        Tls::StartTls => 587,
        Tls::Implicit => 465,
        Tls::None => 25,
    };
    let port = match table.integer("port", problems) {
        Some(at) => in_range(&at, 1, 65_535, problems).and_then(|port| u16::try_from(port).ok()).unwrap_or(default_port),
        None => default_port,
    };
    let username = table.text("username", problems);
    let password = secret::read(&mut table, "password", folder, environment, problems);
    let credentials = match (username, password) {
        (Some(username), Some(password)) => Some((username.value, password)),
        (None, None) => None,
        (Some(_), None) => {
            table.wrong(
                "has a username but no password that can be read",
                "add password = { credential = \"smtp-password\" }",
                problems,
            );
            None
        }
        (None, Some(_)) => {
            table.wrong("has a password but no username", "add username = \"…\"", problems);
            None
        }
    };
    let hello = table.parsed("hello", problems, |text| {
        let help = "write the full name of this host, such as \"watch.example.com\", or its address, such as \"[192.0.2.1]\"";
        if is_hello(text) { Ok(text.to_owned()) } else { Err((format!("{text:?} is no full host name"), help.to_owned())) }
    });
    let ca_file = table.text("ca_file", problems);
    let authorities = ca_file.and_then(|at| {
        let path = folder.join(&at.value);
        let read = std::fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()));
        let checked = read.and_then(|pem| match check_authorities(&pem) {
            Ok(()) => Ok(pem),
            Err(why) => Err(format!("{}: {why}", path.display())),
        });
        checked
            .map_err(|why| problems.add(at.offset, &at.key, why, "name a file with the authority's certificate in PEM form"))
            .ok()
    });
    if let (Some(host), Some(tls)) = (&host, &tls)
        && tls.value == Tls::None
        && !plain_allowed
        && !is_loopback(&host.value)
    {
        let help = "use \"starttls\" or \"implicit\", or set allow_plain_to_remote = true if the network in between is yours";
        problems.add(tls.offset, &tls.key, format!("mail to {} would travel unprotected", host.value), help);
    }
    table.finish(problems);
    Some(Smtp { host: host?.value, port, tls: chosen, credentials, hello: hello.map(|at| at.value), authorities })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) fn duration(text: &str) -> Result<Duration, (String, String)> {
    let help = "write \"30s\", \"15m\", \"1h 30m\" or \"2 days\"";
    match humantime::parse_duration(text) {
        Ok(duration) if duration >= Duration::from_secs(1) => Ok(duration),
        Ok(_) => Err(("must be at least one second".to_owned(), help.to_owned())),
        Err(error) => Err((format!("{text:?} is not a length of time: {error}"), help.to_owned())),
    }
}

pub(super) fn web_url(text: &str) -> Result<Url, (String, String)> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        Ok(url) => Err((format!("{:?} is not http or https", url.scheme()), "write \"https://…\"".to_owned())),
        Err(error) => Err((format!("{text:?} is not a URL: {error}"), "write \"https://…\"".to_owned())),
    }
}

/// First segments of driftd's own pages: a path of `external_url` that begins with one could not be told from a page.
const PAGES: [&str; 11] =
    ["status", "healthz", "readyz", "metrics", "history", "rules", "answer", "confirm", "calendar", "feeds", "api"];

/// Where the endpoint is reached from outside: links are made by writing a path behind it.
fn own_url(text: &str) -> Result<Url, (String, String)> {
    let url = web_url(text)?;
    let help = || "write \"https://ops.example\" or \"https://ops.example/driftd\"".to_owned();
    if url.query().is_some() || url.fragment().is_some() {
        return Err((format!("{text:?} ends in a query or a fragment, and links begin with it"), help()));
    }
    let first = url.path_segments().and_then(|mut segments| segments.next().map(str::to_owned)).unwrap_or_default();
    if PAGES.contains(&first.as_str()) {
        return Err((format!("the path /{first} is a page of driftd's own"), help()));
    }
    Ok(url)
}

/// A bare address such as `ops@example.com`.
pub(super) fn check_address(address: &At<String>, problems: &mut Problems<'_>) {
    if address.value.parse::<lettre::Address>().is_err() {
        problems.add(
            address.offset,
            &address.key,
            format!("{:?} is not a mail address", address.value),
            "write \"name@example.com\"",
        );
        return;
    }
    warn_of_smtputf8(address, problems);
}

/// Only a mail server with SMTPUTF8 can carry letters beyond ASCII before the `@`; which it is shows in use.
fn warn_of_smtputf8(address: &At<String>, problems: &mut Problems<'_>) {
    if needs_smtputf8(address.value.trim_end_matches('>')) {
        let warning = problems.problem(
            address.offset,
            address.key.clone(),
            format!(
                "{:?} has letters beyond ASCII before the @: only a mail server with SMTPUTF8 (RFC 6531) can carry it",
                address.value
            ),
            "find out with `driftd test-mail ADDRESS`, or write down an ASCII address of the same person",
        );
        problems.warnings.push(warning);
    }
}

pub(super) fn in_range(number: &At<i64>, least: i64, most: i64, problems: &mut Problems<'_>) -> Option<usize> {
    if (least..=most).contains(&number.value) {
        return usize::try_from(number.value).ok();
    }
    problems.add(
        number.offset,
        &number.key,
        format!("{} is out of range", number.value),
        format!("write a number from {least} to {most}"),
    );
    None
}
