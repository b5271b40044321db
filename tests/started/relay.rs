//! Mail servers as they are: what each stage of a conversation shows, addresses beyond ASCII, and a real Postfix.

use crate::support;

use std::process::{Command, Output};

use support::daemon::{CONSUMER, CONSUMER_DEPUTY, Daemon, Home, OPERATOR, PROVIDER};
use support::partner::{Answer, Partner};
use support::postfix::Postfix;
use support::smtp::{Received, Smtp};
use support::{fixture, wait_for};

fn driftd(home: &Home, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftd"));
    command.args(arguments).arg("--config").arg(home.config()).env("SMTP_PASSWORD", "hunter22");
    command.output().expect("driftd")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A home whose mail goes to a server with these lines more in `[mail.smtp]`.
fn home(port: u16, more: &str) -> Home {
    let mut home = Home::new(port, "https://api.quayside.example/openapi.yaml");
    home.smtp.push_str(more);
    home.configure();
    home
}

#[test]
fn a_test_letter_walks_every_stage_and_says_what_to_change() {
    let smtp = Smtp::start();
    smtp.offer(&["AUTH PLAIN LOGIN", "8BITMIME"]);
    let home =
        home(smtp.port, "\nusername = \"driftd\"\npassword = { env = \"SMTP_PASSWORD\" }\nhello = \"watch.harbor.example\"");
    let place = format!("127.0.0.1:{}", smtp.port);

    let output = driftd(&home, &["test-mail"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.starts_with(&format!("Sent: {place} has taken the test letter from <driftd@harbor.example> to <{OPERATOR}>.")),
        "{text}"
    );
    for line in [
        format!("ok      connecting  connected to {place}"),
        "ok      EHLO        mx.test offers AUTH PLAIN, AUTH LOGIN, 8BITMIME; we said EHLO watch.harbor.example".to_owned(),
        "ok      AUTH        235 2.7.0 welcome".to_owned(),
        "ok      MAIL FROM   250 ok".to_owned(),
        "ok      RCPT TO     250 ok".to_owned(),
        "ok      DATA        354 go ahead".to_owned(),
        "ok      after DATA  250 2.0.0 taken".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is missing in\n{text}");
    }
    let letter = &smtp.received()[0];
    assert_eq!((letter.recipient.as_str(), letter.header("Subject").as_str()), (OPERATOR, "[driftd] Test letter"));
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");

    let stages = [
        ("GREETING", "554 5.7.1 no mail from you", "failed at EHLO", "check `hello` in [mail.smtp]"),
        ("EHLO", "550 5.7.1 bad name", "failed at EHLO", "check `hello` in [mail.smtp]"),
        ("AUTH", "535 5.7.8 wrong: AGRyaWZ0ZABodW50ZXIyMg== hunter22", "failed at AUTH", "check `username` and `password`"),
        ("MAIL", "550 5.1.8 who is that", "failed at MAIL FROM", "check `bounces` and `from` in [mail]"),
        ("RCPT", "550 5.1.1 no such user", "failed at RCPT TO", "nobody has this address: check the address you gave"),
        ("RCPT", "554 5.7.1 Relay access denied", "failed at RCPT TO", "refuses us, not the recipient"),
        ("RCPT", "451 4.7.1 greylisted", "failed at RCPT TO", "run this again"),
        ("DATA", "451 4.3.0 not now", "failed at DATA", "run this again"),
        ("MESSAGE", "554 5.7.1 spam", "failed at after DATA", "refuses the letter itself"),
    ];
    for (command, reply, verdict, advice) in stages {
        smtp.unscript();
        smtp.script(command, reply);
        let output = driftd(&home, &["test-mail", "ann@harbor.example"]);
        let text = told(&output);
        assert_eq!(output.status.code(), Some(69), "{command}: {text}");
        assert!(
            text.starts_with("Not sent: the test letter to <ann@harbor.example>") && text.contains(verdict),
            "{command}: {text}"
        );
        assert!(text.contains(advice), "{command}: {text}");
        assert!(!text.contains("hunter22") && !text.contains("AGRyaWZ0ZABodW50ZXIyMg"), "a credential is shown: {text}");
        let said = reply.split(": A").next().expect("words");
        assert!(text.contains(said), "{command}: {text}");
    }
    assert_eq!(smtp.received().len(), 1);

    // Before any server: nobody listens, a server without TLS, a mistake in the configuration, no address.
    let text = told(&driftd(&self::home(1, ""), &["test-mail"]));
    assert!(text.contains("failed at connecting with 127.0.0.1:1") && text.contains("check `host` and `port`"), "{text}");
    let mut secured = self::home(smtp.port, "");
    secured.smtp = secured.smtp.replace("tls = \"none\"", "tls = \"starttls\"");
    secured.configure();
    smtp.unscript();
    let text = told(&driftd(&secured, &["test-mail"]));
    assert!(
        text.contains("failed at TLS") && text.contains("STARTTLS is not supported") && text.contains("\"implicit\""),
        "{text}"
    );
    let wrong = self::home(smtp.port, "\nhello = \"watch\"");
    assert_eq!(driftd(&wrong, &["test-mail"]).status.code(), Some(78));
    assert_eq!(driftd(&home, &["test-mail", "nobody"]).status.code(), Some(2));
}

#[test]
fn what_was_said_counts_though_the_server_falls_silent_afterwards() {
    let smtp = Smtp::start();
    let mut home = home(smtp.port, "");
    home.mail = "timeout = \"4s\"".to_owned();
    home.configure();
    smtp.script("QUIT", "STALL");
    smtp.script("RCPT", "550 5.1.1 no such user");
    let text = told(&driftd(&home, &["test-mail"]));
    assert!(text.contains("nobody has this address: check `operator` in [mail]"), "{text}");
    smtp.script("RCPT", "STALL");
    let text = told(&driftd(&home, &["test-mail"]));
    assert!(text.contains(&format!("RCPT TO at 127.0.0.1:{}: no answer within 4s", smtp.port)), "{text}");
}

#[test]
fn check_config_fetches_and_sends_when_asked() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(fixture("2026-03-02")));
    let home = Home::new(smtp.port, &partner.url());
    let output = driftd(&home, &["check-config"]);
    assert_eq!((output.status.code(), partner.requests().len(), smtp.received().len()), (Some(0), 0, 0), "{}", told(&output));

    let output = driftd(&home, &["check-config", "--fetch", "--send-test-mail"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("fetched  Freight API: ")
            && text.contains(" operations, ")
            && text.contains("1 of 1 descriptions can be read"),
        "{text}"
    );
    assert_eq!((partner.requests().len(), smtp.received().len()), (1, 1));
    assert_eq!(smtp.received()[0].recipient, OPERATOR);

    for (answer, words) in [
        (Answer::Status(403, ""), "403"),
        (Answer::Unconditional(b"<!doctype html><html>Sign in</html>".to_vec()), "HTML page"),
        (Answer::Unconditional(b"openapi: 3.0.0\npaths: {}\n".to_vec()), "no operations"),
    ] {
        partner.publish(answer);
        let output = driftd(&home, &["check-config", "--fetch"]);
        let text = told(&output);
        assert_eq!(output.status.code(), Some(69), "{text}");
        assert!(text.contains("FAILED   Freight API: ") && text.contains(words) && text.contains("0 of 1"), "{text}");
    }
    smtp.script("MAIL", "550 5.7.1 no");
    assert_eq!(driftd(&home, &["check-config", "--send-test-mail"]).status.code(), Some(69));
}

#[test]
fn an_exception_or_a_use_that_covers_nothing_is_a_mistake_in_the_configuration() {
    let partner = Partner::start(Answer::Document(fixture("2026-03-02")));
    let mut home = Home::new(1, &partner.url());
    let plain = std::fs::read_to_string(home.integration()).expect("the integration");
    let with = |more: &str| {
        let end = "severity = \"info\"\nowner = \"Mara Lind\"\nreason = \"tried out\"\nuntil = \"2099-01-01\"\n";
        std::fs::write(home.integration(), format!("{plain}\n[[overrides]]\n{more}\n{end}")).expect("a file");
    };
    with("rule = \"response-enum-value-aded\"");
    let output = driftd(&home, &["check-config"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(text.contains("response-enum-value-aded") && text.contains("did you mean \"response-enum-value-added\""), "{text}");
    with("operations = [\"GET /v9/nothing\"]");
    assert_eq!(driftd(&home, &["check-config"]).status.code(), Some(0), "nobody can know without the description");
    let output = driftd(&home, &["check-config", "--fetch"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(text.contains("GET /v9/nothing, which none of its descriptions has"), "{text}");
    with("rule = \"api-removed-*\"\noperations = [\"GET /v9/nothing\"]");
    assert_eq!(driftd(&home, &["check-config", "--fetch"]).status.code(), Some(0), "what was removed is not there any more");
    home.operations = vec!["GET /v9/typo".to_owned()];
    home.configure();
    let output = driftd(&home, &["check-config", "--fetch"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(text.contains("declares the use of GET /v9/typo"), "{text}");
}

#[test]
fn an_exception_that_covers_nothing_stands_on_status() {
    let partner = Partner::start(Answer::Document(fixture("2026-03-02")));
    let mut home = Home::new(1, &partner.url());
    let exception = |what: &str| {
        format!(
            "[[overrides]]\n{what}\nseverity = \"info\"\nowner = \"Mara Lind\"\nreason = \"tried out\"\nuntil = \"2099-01-01\"\n"
        )
    };
    home.api = [
        "every = \"1s\"\n",
        &exception("rule = \"response-enum-value-aded\""),
        &exception("operations = [\"GET /v1/shipmentz\", \"GET /v1/shipments\"]"),
    ]
    .concat();
    home.configure();
    let daemon = home.start();
    let status = daemon.wait_for_state("verified");
    let said: Vec<&str> =
        status["empty_exceptions"].as_array().expect("a list").iter().filter_map(|line| line.as_str()).collect();
    let [rule, operation] = said.as_slice() else { panic!("{said:?}") };
    assert!(rule.contains("did you mean \"response-enum-value-added\"?"), "{rule}");
    assert!(
        operation.ends_with(
            "GET /v1/shipmentz, which none of its descriptions has, and covers nothing there; did you mean GET /v1/shipments?"
        ),
        "{operation}"
    );
    assert!(
        status["state"] == "action" && status["verdict"].as_str().is_some_and(|text| text.contains("2 exceptions cover nothing"))
    );
    assert!(daemon.page("/status").contains("and covers nothing there; did you mean GET "));
}

#[test]
fn a_schedule_is_shown_in_its_own_time() {
    let mut home = home(1, "");
    home.api = "schedule = \"30 2 * * *\"\ntime_zone = \"Asia/Kolkata\"".to_owned();
    home.configure();
    let text = told(&driftd(&home, &["check-config"]));
    assert!(text.contains(" 02:30:00 IST (") && text.contains(" 21:00:00 UTC)"), "{text}");
    home.api = "schedule = \"0 */90 * * * 1\"".to_owned();
    home.configure();
    let text = told(&driftd(&home, &["check-config"]));
    assert!(text.contains("the minute \"*/90\": the step 90 is larger than the field"), "{text}");
}

fn by(smtp: &Smtp, recipient: &str) -> Vec<Received> {
    smtp.received().into_iter().filter(|letter| letter.recipient == recipient).collect()
}

#[test]
fn addresses_beyond_ascii_leave_as_the_standards_say_or_not_at_all() {
    let smtp = Smtp::start();
    smtp.offer(&["8BITMIME"]);
    let mut home = home(smtp.port, "");
    home.mail = "bounces = \"Drift+Zurück@Bücher.example\"".replace("ü", "u").replace("Bucher", "Bücher");
    home.configure();

    // A domain travels in ASCII, in envelope and header; the case before the @ is kept.
    let output = driftd(&home, &["test-mail", "ann@größe.example"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let letter = smtp.received().pop().expect("a letter");
    assert_eq!(letter.recipient, "ann@xn--gre-6ka8i.example");
    assert!(letter.sender.starts_with("Drift+Zuruck+") && letter.sender.ends_with("@xn--bcher-kva.example"), "{}", letter.sender);
    assert!(letter.header("To").ends_with("<ann@xn--gre-6ka8i.example>"), "{}", letter.header("To"));
    assert!(letter.message.is_ascii());
    assert!(!smtp.commands().iter().any(|command| command.contains("SMTPUTF8")));

    // A local part beyond ASCII needs SMTPUTF8, and nothing is sent to a server without it.
    let before = smtp.commands().len();
    let output = driftd(&home, &["test-mail", "jörg@größe.example"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(69), "{text}");
    assert!(
        text.contains("failed at RCPT TO") && text.contains("jörg@xn--gre-6ka8i.example") && text.contains("SMTPUTF8 (RFC 6531)"),
        "{text}"
    );
    let commands = smtp.commands().split_off(before);
    assert!(!commands.iter().any(|command| command.starts_with("MAIL") || command.starts_with("RCPT")), "{commands:?}");

    smtp.offer(&["8BITMIME", "SMTPUTF8"]);
    let output = driftd(&home, &["test-mail", "jörg@größe.example"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let letter = smtp.received().pop().expect("a letter");
    assert_eq!(letter.recipient, "jörg@xn--gre-6ka8i.example");
    assert!(
        letter.header("To").ends_with("<jörg@xn--gre-6ka8i.example>"),
        "headers are raw UTF-8 (RFC 6532): {}",
        letter.header("To")
    );
    let mail_from = smtp.commands().into_iter().rfind(|command| command.starts_with("MAIL FROM:")).expect("a command");
    assert!(mail_from.ends_with("> SMTPUTF8 BODY=8BITMIME"), "{mail_from}");

    // The configuration is warned about, at the line.
    let integration = std::fs::read_to_string(home.integration()).expect("a file").replace(CONSUMER, "priyä@harbor.example");
    std::fs::write(home.integration(), integration).expect("a file");
    let text = told(&driftd(&home, &["check-config"]));
    assert!(
        text.contains("warning: ")
            && text.contains("freight.toml:10: ")
            && text.contains("\"priyä@harbor.example\" has letters beyond ASCII"),
        "{text}"
    );
}

/// A daemon that has seen the baseline, before the breaking change; its mail goes to this port.
fn watching(port: u16, mail: &str) -> (Home, Partner, Daemon) {
    let baseline = fixture("2026-03-02");
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let mut home = Home::new(port, &partner.url());
    home.mail = format!("timeout = \"10s\"\nfirst_retry = \"1s\"\n{mail}");
    home.configure();
    let daemon = home.start();
    daemon.wait_for_snapshot(&baseline);
    (home, partner, daemon)
}

#[test]
fn a_report_finds_its_letter_whatever_its_case() {
    let smtp = Smtp::start();
    let (home, partner, daemon) = watching(smtp.port, "bounces = \"Drift+Bounces@Harbor.example\"");
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("the consumer's letter", || (by(&smtp, CONSUMER).len() == 1).then_some(()));
    let sender = by(&smtp, CONSUMER)[0].sender.clone();
    assert!(sender.starts_with("Drift+Bounces+") && sender.ends_with("@harbor.example"), "{sender}");
    wait_for("both are sent", || (daemon.status()["telling"]["letters"]["sent"] == 2).then_some(()));
    let report = format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: <{}>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {CONSUMER}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n--b--\r\n",
        sender.to_ascii_uppercase()
    );
    let file = home.path().join("report.eml");
    std::fs::write(&file, report).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["bounce", "--url", &format!("http://{}", daemon.address()), "--config"])
        .arg(home.config())
        .stdin(std::fs::File::open(&file).expect("a file"))
        .output()
        .expect("driftd bounce");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    wait_for("the deputy has the letter", || (by(&smtp, CONSUMER_DEPUTY).len() == 1).then_some(()));
}

#[test]
fn a_real_postfix_takes_letters_and_names_a_dead_address() {
    let sink = Smtp::start();
    let postfix = Postfix::start(sink.port, &[("mynetworks", "127.0.0.0/8")]);
    postfix.know(&["fulfilment", "ops", "driftd"]);
    postfix.reload(&[("mynetworks", "127.0.0.0/8")]);
    let (_home, partner, daemon) = watching(postfix.port, "");
    partner.publish(Answer::Document(fixture("2026-04-20")));
    // Priya has left; her deputy and the provider read it.
    wait_for("the letters have left", || (by(&sink, CONSUMER_DEPUTY).len() == 1 && by(&sink, PROVIDER).len() == 1).then_some(()));
    assert!(by(&sink, CONSUMER_DEPUTY)[0].text().contains("because Priya Nair could not be written to"));
    assert!(by(&sink, CONSUMER).is_empty());
    let status = daemon.status();
    assert_eq!(status["telling"]["letters"]["dead-address"], 1, "{status}");
    let letters = status["open"][0]["sides"][0]["letters"].as_array().expect("letters");
    assert!(
        letters.iter().any(|letter| letter["last_reply"].as_str().is_some_and(|reply| reply.contains("RCPT TO at 127.0.0.1")
            && reply.contains("550 5.1.1 <priya@harbor.example>: Recipient address rejected: User unknown"))),
        "{letters:?}"
    );
}

#[test]
fn what_a_real_postfix_refuses_of_us_burns_nobody_and_leaves_once_mended() {
    let sink = Smtp::start();
    let good = ("mynetworks", "127.0.0.0/8");
    let postfix = Postfix::start(sink.port, &[good, ("smtpd_sender_restrictions", "inline:{driftd@harbor.example=REJECT}")]);
    let (_home, partner, daemon) = watching(postfix.port, "");
    partner.publish(Answer::Document(fixture("2026-04-20")));
    let says = |words: &str| {
        wait_for(&format!("status tells: {words}"), || {
            let status = daemon.status();
            let trouble = status["trouble"].as_array()?;
            trouble.iter().any(|part| part["what"].as_str().is_some_and(|what| what.contains(words))).then_some(())
        });
    };
    says("Sender address rejected");
    postfix.reload(&[good, ("message_size_limit", "1000")]);
    says("5.3.4");
    // What is only put off is told of once it has been so for a while: the longest comes last, since pauses grow.
    postfix.reload(&[("mynetworks", "192.0.2.0/24"), ("mydestination", "else.example")]);
    says("Relay access denied");
    assert!(sink.received().is_empty());
    postfix.reload(&[good]);
    wait_for("both have left", || (sink.received().len() == 2).then_some(()));
    assert_eq!((by(&sink, CONSUMER).len(), by(&sink, PROVIDER).len()), (1, 1), "nobody stood in");
    wait_for("both are sent", || (daemon.status()["telling"]["letters"]["sent"] == 2).then_some(()));
    let metrics = daemon.page("/metrics");
    assert!(metrics.contains("driftd_mail_attempts_total{outcome=\"dead-address\"} 0"), "{metrics}");
}
