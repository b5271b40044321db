//! One try at sending, stage by stage, because the stage decides what a refusal means.
//!
//! lettre's own `send` reports that something was refused, not whether that was the recipient or the
//! content, and its timeout covers connecting only. So the conversation is led here, command by command on
//! lettre's connection, under one deadline; what the server said at each stage is recorded. Whatever goes wrong
//! after the message was handed over is *ambiguous*, never lost.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter, ServerInfo};
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::{TcpStream, UdpSocket};

use super::address::wire;
use super::hello;
use super::reply::{Class, Stage, classify};
use crate::model::AttemptOutcome;

/// Longest text of a server that is kept, characters.
const LONGEST: usize = 500;

/// How long a server that has said the last word gets to hear our farewell.
const FAREWELL: Duration = Duration::from_secs(1);

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// STARTTLS, required (RFC 3207): a server that does not offer it gets nothing.
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// None.
    Plain,
}

/// The server that takes our mail.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub protection: Protection,
    /// User name and password, if the server asks.
    pub credentials: Option<(String, SecretString)>,
    /// The name to give in EHLO; none: this host's full name, or its address.
    pub hello: Option<String>,
    /// Certificates of authorities to trust besides the system's, PEM.
    pub authorities: Option<Vec<u8>>,
}

/// One stage of a conversation that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedStage {
    /// The stage.
    pub stage: Stage,
    /// What the server said, or what came of it.
    pub words: String,
}

/// A try at sending, told in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How it went.
    pub outcome: AttemptOutcome,
    /// What went well, in order.
    pub steps: Vec<CompletedStage>,
    /// Where it ended, if not well.
    pub failed: Option<Stage>,
}

/// Hands messages to a server, one conversation for each.
#[derive(Debug, Clone)]
pub struct Transport {
    server: SmtpServer,
    /// Deadline of one try.
    timeout: Duration,
}

/// Whom one message is from and for, as they travel.
struct Envelope {
    from: lettre::Address,
    to: lettre::Address,
}

/// How far a conversation has come, also when its deadline cuts it off.
struct Progress {
    stage: Stage,
    steps: Vec<CompletedStage>,
}

impl Progress {
    fn done(&mut self, words: String) {
        self.steps.push(CompletedStage { stage: self.stage, words });
    }
}

impl Transport {
    /// A transport to this server; `timeout` is the deadline of one try.
    pub const fn new(server: SmtpServer, timeout: Duration) -> Self {
        Self { server, timeout }
    }

    /// The server as host and port.
    pub fn place(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }

    /// Tries once to hand over a message. Never fails: how it went is the answer.
    pub async fn send(&self, sender: &str, recipient: &str, message: &[u8]) -> AttemptOutcome {
        self.attempt(sender, recipient, message).await.outcome
    }

    /// The same, with what was said at each stage.
    pub async fn attempt(&self, sender: &str, recipient: &str, message: &[u8]) -> Attempt {
        let mut progress = Progress { stage: Stage::Connect, steps: Vec::new() };
        let limit = self.timeout;
        let outcome = match tokio::time::timeout(limit, self.converse(sender, recipient, message, &mut progress)).await {
            Ok(outcome) => outcome,
            Err(_) => self.unanswered(progress.stage, &format!("no answer within {}", humantime::format_duration(limit))),
        };
        let is_sent = matches!(outcome, AttemptOutcome::Sent(_));
        Attempt { outcome, failed: (!is_sent).then_some(progress.stage), steps: progress.steps }
    }

    async fn converse(&self, sender: &str, recipient: &str, message: &[u8], progress: &mut Progress) -> AttemptOutcome {
        let Ok(to) = wire(recipient) else {
            progress.stage = Stage::RcptTo;
            return AttemptOutcome::DeadAddress(format!("{recipient:?} is not a mail address"));
        };
        let Ok(from) = wire(sender) else {
            progress.stage = Stage::MailFrom;
            let why = format!("the sender {sender:?} is not a mail address: mend `from` or `bounces` in [mail]");
            return AttemptOutcome::NoServer(why);
        };
        let mut connection = match self.connect(progress).await {
            Ok(connection) => connection,
            Err(error) => return self.refused(progress.stage, &error),
        };
        let outcome = self.hand_over(&mut connection, Envelope { from, to }, message, progress).await;
        // The server has spoken; whether it also hears our farewell changes nothing.
        if matches!(outcome, AttemptOutcome::Sent(_)) {
            let _ = tokio::time::timeout(FAREWELL, connection.quit()).await;
        } else {
            let _ = tokio::time::timeout(FAREWELL, connection.abort()).await;
        }
        outcome
    }

    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: Envelope,
        message: &[u8],
        progress: &mut Progress,
    ) -> AttemptOutcome {
        let Envelope { from, to } = envelope;
        progress.stage = Stage::MailFrom;
        let is_ascii = |address: &lettre::Address| AsRef::<str>::as_ref(address).is_ascii();
        let mut parameters = Vec::new();
        if !(is_ascii(&from) && is_ascii(&to) && message.is_ascii()) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let place = self.place();
                if is_ascii(&to) {
                    let why = format!(
                        "MAIL FROM at {place}: the sender has letters beyond ASCII, for which the server must offer SMTPUTF8 (RFC 6531), and it does not: use an ASCII address in `from` and `bounces`"
                    );
                    return AttemptOutcome::NoServer(why);
                }
                progress.stage = Stage::RcptTo;
                return AttemptOutcome::Refused(format!(
                    "RCPT TO at {place}: {to} has letters beyond ASCII before the @, for which the server must offer SMTPUTF8 (RFC 6531), and it does not: write down an ASCII address, or send through a server that offers it"
                ));
            }
            parameters.push(MailParameter::SmtpUtfEight);
            if connection.server_info().supports_feature(Extension::EightBitMime) {
                parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
            }
        }
        match connection.command(Mail::new(Some(from), parameters)).await {
            Ok(response) => progress.done(self.reply(&response)),
            Err(error) => return self.refused(progress.stage, &error.into()),
        }
        progress.stage = Stage::RcptTo;
        match connection.command(Rcpt::new(to, Vec::new())).await {
            Ok(response) => progress.done(self.reply(&response)),
            Err(error) => return self.refused(progress.stage, &error.into()),
        }
        progress.stage = Stage::Data;
        match connection.command(Data).await {
            Ok(response) => progress.done(self.reply(&response)),
            Err(error) => return self.refused(progress.stage, &error.into()),
        }
        progress.stage = Stage::Message;
        match connection.message(message).await {
            Ok(response) => {
                let words = self.reply(&response);
                progress.done(words.clone());
                AttemptOutcome::Sent(words)
            }
            Err(error) => self.refused(progress.stage, &error.into()),
        }
    }

    async fn connect(&self, progress: &mut Progress) -> Result<AsyncSmtpConnection, StageFailure> {
        let SmtpServer { host, port, protection, credentials, hello, .. } = &self.server;
        let server = (host.as_str(), *port);
        let hello = match hello::name(hello.as_deref()) {
            Some(name) => name,
            None => hello::address(own_address(host, *port).await),
        };
        let mut connection = if *protection == Protection::Implicit {
            progress.stage = Stage::Tls;
            let tls = self.tls()?;
            let connected = AsyncSmtpConnection::connect_tokio1(server, Some(self.timeout), &hello, Some(tls), None).await;
            let connection = connected.inspect_err(|error| progress.stage = stage_of(error))?;
            progress.stage = Stage::Connect;
            progress.done(format!("connected to {}", self.place()));
            progress.stage = Stage::Tls;
            progress.done("encrypted from the first byte; the certificate is good".to_owned());
            progress.stage = Stage::Hello;
            connection
        } else {
            let stream = TcpStream::connect(server).await?;
            progress.done(format!("connected to {}", self.place()));
            progress.stage = Stage::Hello;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await?
        };
        progress.done(offers(connection.server_info(), &hello));
        if *protection == Protection::StartTls {
            progress.stage = Stage::Tls;
            connection.starttls(self.tls()?, &hello).await?;
            progress
                .done(format!("encrypted by STARTTLS; the certificate is good; {}", offers(connection.server_info(), &hello)));
        }
        if let Some((username, password)) = credentials {
            progress.stage = Stage::Auth;
            let credentials = Credentials::new(username.clone(), password.expose_secret().to_owned());
            let response = connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
            progress.done(self.reply(&response));
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, Error> {
        let mut builder = TlsParameters::builder(self.server.host.clone());
        if let Some(pem) = &self.server.authorities {
            builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
        }
        builder.build()
    }

    /// How a try ended that a server refused, or did not answer.
    fn refused(&self, stage: Stage, error: &StageFailure) -> AttemptOutcome {
        match error {
            StageFailure::Refused(code, text) => {
                let words = self.clean(&format!("{code} {text}"));
                classify(stage, *code, text).outcome(format!("{} at {}: {words}", stage.name(), self.place()))
            }
            StageFailure::Broken(why) => self.unanswered(stage, why),
        }
    }

    /// How a try ended to which no answer came: before the message, nothing was taken; after it, nobody knows.
    fn unanswered(&self, stage: Stage, why: &str) -> AttemptOutcome {
        let words = format!("{} at {}: {}", stage.name(), self.place(), self.clean(why));
        match stage {
            Stage::Message => AttemptOutcome::Ambiguous(words),
            Stage::RcptTo | Stage::Data => Class::Retry.outcome(words),
            _ => Class::NoServer.outcome(words),
        }
    }

    /// A reply of the server on one line.
    fn reply(&self, response: &Response) -> String {
        let text: Vec<&str> = response.message().collect();
        self.clean(&format!("{} {}", response.code(), text.join(" ")))
    }

    /// A text of a server on one line, bounded, without control characters and without our secrets: some servers
    /// repeat what they were sent.
    fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some((username, password)) = &self.server.credentials {
            let password = password.expose_secret();
            let both = format!("\0{username}\0{password}");
            // The longest first: one may hold another.
            for secret in [BASE64_STANDARD.encode(both), BASE64_STANDARD.encode(password), password.to_owned()] {
                text = without(&text, &secret);
            }
        }
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let words: Vec<&str> = line.split_whitespace().collect();
        words.join(" ").chars().take(LONGEST).collect()
    }
}

/// The text with `…` for a secret; a very short one is only looked for as a word, or every text would be full of it.
fn without(text: &str, secret: &str) -> String {
    match secret.len() {
        0 => text.to_owned(),
        1..4 => text.split(' ').map(|word| if word == secret { "…" } else { word }).collect::<Vec<_>>().join(" "),
        _ => text.replace(secret, "…"),
    }
}

/// Why a stage failed.
enum StageFailure {
    /// The server refused, with this code and text.
    Refused(u16, String),
    /// There was no such answer.
    Broken(String),
}

impl From<Error> for StageFailure {
    fn from(error: Error) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        match error.status() {
            Some(code) => Self::Refused(code.into(), cause),
            None => Self::Broken(describe(&error)),
        }
    }
}

impl From<std::io::Error> for StageFailure {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(describe(&error))
    }
}

/// The whole chain of causes.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            let _ = write!(text, ": {cause_text}");
        }
        source = cause.source();
    }
    // lettre's word for what it found wrong before it sent anything.
    text.trim_start_matches("internal client error: ").to_owned()
}

/// Where connecting with TLS from the first byte failed: lettre does it in one step.
fn stage_of(error: &Error) -> Stage {
    if error.status().is_some() || error.is_response() {
        return Stage::Hello;
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(problem) = cause.downcast_ref::<std::io::Error>() {
            use std::io::ErrorKind::{InvalidData, UnexpectedEof};
            return if matches!(problem.kind(), InvalidData | UnexpectedEof) { Stage::Tls } else { Stage::Connect };
        }
        source = cause.source();
    }
    if error.is_tls() { Stage::Tls } else { Stage::Connect }
}

/// What a server offers, and what we called ourselves.
fn offers(server: &ServerInfo, hello: &ClientId) -> String {
    let features = [
        (Extension::StartTls, "STARTTLS"),
        (Extension::Authentication(Mechanism::Plain), "AUTH PLAIN"),
        (Extension::Authentication(Mechanism::Login), "AUTH LOGIN"),
        (Extension::EightBitMime, "8BITMIME"),
        (Extension::SmtpUtfEight, "SMTPUTF8"),
    ];
    let offered: Vec<&str> =
        features.iter().filter(|(feature, _)| server.supports_feature(*feature)).map(|(_, name)| *name).collect();
    let offered = if offered.is_empty() { "no extension we use".to_owned() } else { offered.join(", ") };
    format!("{} offers {offered}; we said EHLO {hello}", server.name())
}

/// The address this host speaks to a server from. A datagram socket that is connected sends nothing.
async fn own_address(host: &str, port: u16) -> IpAddr {
    for any in ["0.0.0.0:0", "[::]:0"] {
        if let Ok(socket) = UdpSocket::bind(any).await
            && socket.connect((host, port)).await.is_ok()
            && let Ok(address) = socket.local_addr()
        {
            return address.ip();
        }
    }
    IpAddr::V4(Ipv4Addr::LOCALHOST)
}

/// Reads certificates of authorities.
///
/// # Errors
/// When the text holds none, or one that cannot be trusted.
pub fn check_authorities(pem: &[u8]) -> Result<(), String> {
    if !String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err("holds no certificate (PEM)".to_owned());
    }
    let builder = TlsParameters::builder("localhost".to_owned());
    let certificate = Certificate::from_pem(pem).map_err(|error| describe(&error))?;
    builder.add_root_certificate(certificate).build().map(|_| ()).map_err(|error| describe(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_one_bounded_line_without_our_secrets() {
        let transport = Transport::new(
            SmtpServer {
                host: "mx.example.com".to_owned(),
                port: 587,
                protection: Protection::StartTls,
                credentials: Some(("driftd".to_owned(), "hunter22".to_owned().into())),
                hello: None,
                authorities: None,
            },
            Duration::from_secs(1),
        );
        let echoed = format!(
            "5.7.8 bad: AUTH PLAIN {} hunter22 {}\r\n\u{7}x",
            BASE64_STANDARD.encode("\0driftd\0hunter22"),
            BASE64_STANDARD.encode("hunter22")
        );
        let outcome = transport.refused(Stage::Auth, &StageFailure::Refused(535, echoed));
        assert_eq!(outcome, AttemptOutcome::NoServer("AUTH at mx.example.com:587: 535 5.7.8 bad: AUTH PLAIN … … … x".to_owned()));
        assert_eq!(transport.clean(&"ä".repeat(2000)).chars().count(), LONGEST);
        assert_eq!(without("a cat sat", "a"), "… cat sat");
        let unanswered = |stage| transport.unanswered(stage, "no answer within 1s").name();
        let stages = [Stage::Connect, Stage::Auth, Stage::MailFrom, Stage::RcptTo, Stage::Data, Stage::Message];
        assert_eq!(stages.map(unanswered), ["no-server", "no-server", "no-server", "retry", "retry", "ambiguous"]);
    }

    #[tokio::test]
    async fn a_bad_sender_is_no_dead_recipient() {
        let transport = Transport::new(
            SmtpServer {
                host: "127.0.0.1".to_owned(),
                port: 1,
                protection: Protection::Plain,
                credentials: None,
                hello: None,
                authorities: None,
            },
            Duration::from_secs(5),
        );
        let long = format!("{}@example.com", "b".repeat(65));
        for sender in ["", "nobody", long.as_str()] {
            let attempt = transport.attempt(sender, "ann@example.com", b"x").await;
            assert!(matches!(&attempt.outcome, AttemptOutcome::NoServer(why) if why.contains("`bounces`")), "{attempt:?}");
        }
        let outcome = transport.send("driftd@example.com", "nobody", b"x").await;
        assert!(matches!(outcome, AttemptOutcome::DeadAddress(_)), "{outcome:?}");
        let attempt = transport.attempt("driftd@example.com", "ann@example.com", b"x").await;
        assert!(
            matches!(&attempt.outcome, AttemptOutcome::NoServer(why) if why.starts_with("connecting at 127.0.0.1:1: ")),
            "{attempt:?}"
        );
        assert_eq!(attempt.failed, Some(Stage::Connect));
    }
}
