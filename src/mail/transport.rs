//! One try at sending, stage by stage, because the stage decides what a refusal means.
//!
//! lettre's own `send` reports that something was refused, not whether that was the recipient or the
//! content, and its timeout covers connecting only. So the conversation is led here, command by command on
//! lettre's connection, under one deadline; whatever goes wrong after the message was handed over is
//! *ambiguous*, never lost.

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use lettre::transport::smtp::{Error, extension::MailParameter};
use secrecy::{ExposeSecret, SecretString};

use crate::model::AttemptOutcome;

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
pub struct Connection {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub protection: Protection,
    /// User name and password, if the server asks.
    pub credentials: Option<(String, SecretString)>,
    /// Deadline of one try.
    pub timeout: Duration,
}

/// Hands messages to a server, one conversation for each.
#[derive(Debug, Clone)]
pub struct Transport {
    connection: Connection,
}

impl Transport {
    /// A transport to this server.
    pub const fn new(connection: Connection) -> Self {
        Self { connection }
    }

    /// Tries once to hand over a message. Never fails: how it went is the answer.
    pub async fn send(&self, sender: &str, recipient: &str, message: &[u8]) -> AttemptOutcome {
        let mut handed_over = false;
        let limit = self.connection.timeout;
        let outcome = tokio::time::timeout(limit, self.converse(sender, recipient, message, &mut handed_over)).await;
        match outcome {
            Ok(outcome) => outcome,
            Err(_) => {
                let why = format!("no answer within {}", humantime::format_duration(limit));
                if handed_over { AttemptOutcome::Ambiguous(why) } else { AttemptOutcome::Retry(why) }
            }
        }
    }

    async fn converse(&self, sender: &str, recipient: &str, message: &[u8], handed_over: &mut bool) -> AttemptOutcome {
        let (Ok(from), Ok(to)) = (sender.parse::<lettre::Address>(), recipient.parse::<lettre::Address>()) else {
            return AttemptOutcome::DeadAddress(format!("{recipient:?} is not a mail address"));
        };
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(error) => return AttemptOutcome::Retry(describe("connecting", &error)),
        };
        let parameters: Vec<MailParameter> = Vec::new();
        if let Err(error) = connection.command(Mail::new(Some(from), parameters)).await {
            connection.abort().await;
            // Wrong credentials or a relay that does not know us: ours to mend, and then the letter goes.
            return AttemptOutcome::Retry(describe("MAIL FROM", &error));
        }
        if let Err(error) = connection.command(Rcpt::new(to, Vec::new())).await {
            connection.abort().await;
            return if is_dead(&error) {
                AttemptOutcome::DeadAddress(describe("RCPT TO", &error))
            } else {
                AttemptOutcome::Retry(describe("RCPT TO", &error))
            };
        }
        if let Err(error) = connection.command(Data).await {
            connection.abort().await;
            return if error.is_permanent() {
                AttemptOutcome::Refused(describe("DATA", &error))
            } else {
                AttemptOutcome::Retry(describe("DATA", &error))
            };
        }
        *handed_over = true;
        match connection.message(message).await {
            Ok(response) => {
                // The server has spoken; whether it also hears our farewell changes nothing.
                let _ = tokio::time::timeout(Duration::from_secs(1), connection.quit()).await;
                AttemptOutcome::Sent(words(&response))
            }
            Err(error) => {
                connection.abort().await;
                if error.is_permanent() {
                    AttemptOutcome::Refused(describe("after DATA", &error))
                } else if error.is_transient() {
                    AttemptOutcome::Retry(describe("after DATA", &error))
                } else {
                    AttemptOutcome::Ambiguous(describe("after DATA", &error))
                }
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let Connection { host, port, protection, credentials, timeout } = &self.connection;
        let hello = ClientId::default();
        let tls = |wanted: bool| if wanted { TlsParameters::new(host.clone()).map(Some) } else { Ok(None) };
        let implicit = tls(*protection == Protection::Implicit)?;
        let mut connection =
            AsyncSmtpConnection::connect_tokio1((host.as_str(), *port), Some(*timeout), &hello, implicit, None).await?;
        if *protection == Protection::StartTls
            && let Some(parameters) = tls(true)?
        {
            connection.starttls(parameters, &hello).await?;
        }
        if let Some((username, password)) = credentials {
            let credentials = Credentials::new(username.clone(), password.expose_secret().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }
}

/// Whether a refusal of a recipient is about the recipient: 5.1.x by its enhanced status (RFC 3463), else 550,
/// 551 or 553. Anything else permanent, such as "relay access denied", is about us.
fn is_dead(error: &Error) -> bool {
    let Some(code) = error.status().filter(|_| error.is_permanent()) else { return false };
    let text = describe("", error);
    if text.contains(" 5.1.") {
        return true;
    }
    let other_status = (0..10).any(|class| class != 1 && text.contains(&format!(" 5.{class}.")));
    !other_status && matches!(code.to_string().as_str(), "550" | "551" | "553")
}

fn words(response: &Response) -> String {
    let code = response.code().to_string();
    let text: Vec<&str> = response.message().collect();
    format!("{code} {}", text.join(" ")).trim().to_owned()
}

/// The stage and the whole chain of causes.
fn describe(stage: &str, error: &Error) -> String {
    let mut text = format!("{stage}: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
