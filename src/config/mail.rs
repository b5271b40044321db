//! `[mail]` of `driftd.toml`: who sends, who is told, and through which server.

use std::path::PathBuf;
use std::time::Duration;

use crate::mail::{LONGEST_BOUNCES, Protection, SmtpServer, check_authorities, is_hello};

use super::environment::LoadContext;
use super::reader::{Invalid, Problems, Table};
use super::secret;
use super::values::{check_address, duration, in_range, warn_of_smtputf8};

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
    pub smtp: SmtpServer,
}

/// Reads `[mail]`; none where something in it is missing or wrong.
pub(super) fn read(root: &mut Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> Option<MailConfig> {
    let Some(mut table) = root.table("mail", problems) else {
        root.missing("mail", "driftd writes to both sides: add [mail] with `from`, `operator` and [mail.smtp]", problems);
        return None;
    };
    let from = table.required_text("from", "write from = \"driftd <driftd@example.com>\"", problems);
    if let Some(from) = &from
        && from.value.parse::<lettre::message::Mailbox>().is_err()
    {
        from.wrong(format!("{:?} is not a mail address", from.value), "write \"driftd <driftd@example.com>\"", problems);
    }
    if let Some(from) = &from {
        let bare = from.value.rsplit('<').next().unwrap_or_default().to_owned();
        warn_of_smtputf8(&from.with(bare), problems);
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
            bounces.wrong(
                format!("has {octets} characters before the @, and each letter adds 33 of its own; 64 are allowed (RFC 5321)"),
                format!("choose an address with at most {LONGEST_BOUNCES} characters before the @"),
                problems,
            );
        }
    }
    let bounce_maildir = table.text("bounce_maildir", problems);
    if let (Some(maildir), None) = (&bounce_maildir, &bounces) {
        maildir.wrong(
            "has no effect without `bounces`",
            "name the address whose mail arrives there: bounces = \"driftd-bounces@example.com\"",
            problems,
        );
    }
    let timeout = table.parsed("timeout", problems, duration).map_or(Duration::from_secs(60), |at| at.value);
    let first_retry = table.parsed("first_retry", problems, duration).map_or(Duration::from_secs(60), |at| at.value);
    let smtp = match table.table("smtp", problems) {
        Some(smtp_table) => smtp(smtp_table, context, problems),
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
        bounce_maildir: bounce_maildir.map(|at| context.folder.join(at.value)),
        first_retry,
        smtp: smtp?,
    })
}

fn smtp(mut table: Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> Option<SmtpServer> {
    let host = table.required_text("host", "write host = \"smtp.example.com\"", problems);
    let protection = table.parsed("tls", problems, |text| match text {
        "starttls" => Ok(Protection::StartTls),
        "implicit" => Ok(Protection::Implicit),
        "none" => Ok(Protection::Plain),
        other => Err(Invalid::new(
            format!("{other:?} is not a way to protect a connection"),
            "write \"starttls\", \"implicit\" or \"none\"",
        )),
    });
    let plain_allowed = table.flag("allow_plain_to_remote", problems).is_some_and(|at| at.value);
    let chosen = protection.as_ref().map_or(Protection::StartTls, |at| at.value);
    let default_port = match chosen {
        Protection::StartTls => 587,
        Protection::Implicit => 465,
        Protection::Plain => 25,
    };
    let port = match table.integer("port", problems) {
        Some(at) => in_range(&at, 1, 65_535, problems).and_then(|port| u16::try_from(port).ok()).unwrap_or(default_port),
        None => default_port,
    };
    let username = table.text("username", problems);
    let password = secret::read(&mut table, "password", context, problems);
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
        if is_hello(text) { Ok(text.to_owned()) } else { Err(Invalid::new(format!("{text:?} is no full host name"), help)) }
    });
    let ca_file = table.text("ca_file", problems);
    let authorities = ca_file.and_then(|at| {
        let path = context.folder.join(&at.value);
        let read = std::fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()));
        let checked = read.and_then(|pem| match check_authorities(&pem) {
            Ok(()) => Ok(pem),
            Err(why) => Err(format!("{}: {why}", path.display())),
        });
        checked.map_err(|why| at.wrong(why, "name a file with the authority's certificate in PEM form", problems)).ok()
    });
    if let (Some(host), Some(protection)) = (&host, &protection)
        && protection.value == Protection::Plain
        && !plain_allowed
        && !is_loopback(&host.value)
    {
        let help = "use \"starttls\" or \"implicit\", or set allow_plain_to_remote = true if the network in between is yours";
        protection.wrong(format!("mail to {} would travel unprotected", host.value), help, problems);
    }
    table.finish(problems);
    Some(SmtpServer { host: host?.value, port, protection: chosen, credentials, hello: hello.map(|at| at.value), authorities })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
