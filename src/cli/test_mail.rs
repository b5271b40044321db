//! `driftd test-mail`: one small real letter, sent as every other letter is, told stage by stage.

use chrono::{DateTime, Utc};

use crate::config::{Config, Environment, load};
use crate::mail::{Letter, NamedAddress, Protection, Stage, compose, envelope_sender, wire};
use crate::model::{AttemptOutcome, Clock as _, SystemClock};
use crate::state::transport;

use super::configuration::{self, ConfigArgs};
use super::exit;

/// Arguments of `driftd test-mail`.
#[derive(Debug, clap::Args)]
pub(crate) struct TestMailArgs {
    /// Who gets the letter; by default the operator.
    address: Option<String>,
    #[command(flatten)]
    at: ConfigArgs,
}

pub(super) async fn run(args: &TestMailArgs) -> u8 {
    let now = SystemClock.now();
    match load(&args.at.file, &Environment::of_process(), now) {
        Ok(config) => send(&config, args.address.as_deref(), now).await,
        Err(problems) => configuration::report_mistakes(&problems),
    }
}

/// Sends the test letter and tells how it went. Returns the exit code.
pub(super) async fn send(config: &Config, address: Option<&str>, now: DateTime<Utc>) -> u8 {
    let mail = &config.mail;
    let recipient = address.unwrap_or(&mail.operator);
    if wire(recipient).is_err() {
        eprintln!("driftd: {recipient:?} is not a mail address: write \"name@example.com\"");
        return exit::USAGE;
    }
    // A detail of its own, as every letter has: a server that refuses it would refuse them all.
    let token = format!("{:032x}", now.timestamp_micros().unsigned_abs());
    let sender = envelope_sender(&mail.from, mail.bounces.as_deref(), Some(&token));
    let message = match compose(&letter(config, recipient, &token, now)) {
        Ok(message) => message,
        Err(problem) => {
            eprintln!("driftd: the test letter cannot be written: {problem}: correct `from` in [mail]");
            return exit::CONFIG;
        }
    };
    let transport = transport(mail);
    let attempt = transport.attempt(&sender, recipient, &message).await;
    let place = transport.place();
    match attempt.failed {
        None => sayln!("Sent: {place} has taken the test letter from <{sender}> to <{recipient}>."),
        Some(stage) => sayln!("Not sent: the test letter to <{recipient}> failed at {} with {place}.", stage.name()),
    }
    for step in &attempt.steps {
        sayln!("  ok      {:<11} {}", step.stage.name(), step.words);
    }
    let Some(stage) = attempt.failed else {
        sayln!("What to do: look into that mailbox. If nothing arrives, ask whoever runs {place} where it went.");
        return 0;
    };
    sayln!("  FAILED  {:<11} {}", stage.name(), attempt.outcome.reply());
    sayln!("What to do: {}", advice(stage, &attempt.outcome, config, address.is_some()));
    exit::UNREACHABLE
}

fn letter(config: &Config, recipient: &str, token: &str, now: DateTime<Utc>) -> Letter {
    let watched: usize = config.integrations.iter().map(|integration| integration.apis.len()).sum();
    let text = format!(
        "This is a test letter from driftd. It left as every letter to both sides of an integration leaves,\nso these arrive where this one did.\n\ndriftd watches {watched} API descriptions. Nothing has changed, and nothing is to be done.\n\nConfiguration: {}\n",
        config.file.display()
    );
    let html = format!("<pre>{}</pre>", text.replace('&', "&amp;").replace('<', "&lt;"));
    Letter {
        from: config.mail.from.clone(),
        to: NamedAddress::new("driftd test", recipient),
        reply_to: Some(NamedAddress::new("driftd operator", &config.mail.operator)),
        subject: "[driftd] Test letter".to_owned(),
        text,
        html,
        date: now,
        id: format!("test.{token}"),
        thread: format!("test.{token}.root"),
        list: "test".to_owned(),
        notice: "test".to_owned(),
        calendar: None,
    }
}

/// What to change, and in which key.
fn advice(stage: Stage, outcome: &AttemptOutcome, config: &Config, is_named: bool) -> String {
    let smtp = &config.mail.smtp;
    let words = outcome.reply().to_ascii_lowercase();
    let credentials = match &smtp.credentials {
        Some(_) => "check `username` and `password` in [mail.smtp]",
        None => "the server may want `username` and `password` in [mail.smtp]",
    };
    let key = if is_named { "the address you gave" } else { "`operator` in [mail]" };
    match stage {
        Stage::Connect => {
            "check `host` and `port` in [mail.smtp], that the server runs, and that a firewall lets this host through".to_owned()
        }
        Stage::Tls if words.contains("certificate") => format!(
            "`host` in [mail.smtp] must be a name in the server's certificate ({:?} now); name the authority of a certificate of your own with `ca_file`",
            smtp.host
        ),
        Stage::Tls if smtp.protection == Protection::StartTls => {
            "the server has no STARTTLS there: check `port` in [mail.smtp], or set tls = \"implicit\" (most often port 465)".to_owned()
        }
        Stage::Tls => "the server speaks no TLS there: check `port` in [mail.smtp], or set tls = \"starttls\" (most often port 587)".to_owned(),
        Stage::Hello => {
            "the server does not want this host: check `hello` in [mail.smtp], which must be the full name of this host, and ask whoever runs the server whether this host's address may use it".to_owned()
        }
        Stage::Auth => format!("{credentials}, and that the account may send mail"),
        Stage::MailFrom if words.contains(" 530 ") || words.contains("authenticat") => credentials.to_owned(),
        Stage::MailFrom => {
            "the server does not take this sender: check `bounces` and `from` in [mail], and ask whoever runs the server which senders this account may use".to_owned()
        }
        Stage::RcptTo => match outcome {
            AttemptOutcome::DeadAddress(_) => format!("nobody has this address: check {key}"),
            AttemptOutcome::MailboxFull(_) => format!("the mailbox is full: empty it, or change {key}"),
            AttemptOutcome::Refused(_) => format!("this server cannot carry the address: change {key}, or `host` in [mail.smtp]"),
            AttemptOutcome::Retry(_) => "the server asks to come back later: run this again in some minutes".to_owned(),
            _ => format!("the server refuses us, not the recipient: {credentials}, and ask whoever runs it whether this host may send to other domains"),
        },
        Stage::Data | Stage::Message => match outcome {
            AttemptOutcome::Ambiguous(_) => {
                "nobody knows whether it was taken: look into the mailbox, and raise `timeout` in [mail] if the server is slow".to_owned()
            }
            AttemptOutcome::Retry(_) => "the server asks to come back later: run this again in some minutes".to_owned(),
            _ => "the server refuses the letter itself: ask whoever runs it to let mail of `from` and `bounces` in [mail] through".to_owned(),
        },
    }
}
