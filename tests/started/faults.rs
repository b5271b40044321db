//! What a hostile or broken world does to the daemon: a clear state each time, and nothing lost.

use crate::support;

use std::io::Write as _;
use std::process::Command;

use support::daemon::{CONSUMER, CONSUMER_DEPUTY, Home, OPERATOR, PROVIDER, body, verified};
use support::partner::{Answer, Partner, response};
use support::smtp::{Manner, Received, Smtp};
use support::{fixture, wait_for};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .arg("-9")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("gzip");
    let mut input = child.stdin.take().expect("a pipe");
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().expect("gzip");
    writer.join().expect("a thread").expect("written");
    output.stdout
}

#[test]
fn what_is_no_description_is_undecidable_and_what_is_down_is_down() {
    let good = fixture("2026-03-02");
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(good.clone()));
    let mut home = Home::new(smtp.port, &partner.url());
    home.fetch = "allow_private_hosts = [\"127.0.0.1\"]\ntimeout = \"2s\"\nmax_bytes = 12_000_000".to_owned();
    home.configure();
    let daemon = home.start();
    daemon.wait_for_snapshot(&good);
    let alias_bomb = {
        let mut text = String::from("openapi: 3.0.0\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(",")));
        }
        text.into_bytes()
    };
    let truncated = good[..good.len() / 2].to_vec();
    let cut_short = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nopenapi: 3.0.0\n", good.len());
    let elsewhere = format!("Location: http://localhost:{}/openapi.yaml\r\n", partner.port);
    let leaked: &'static str = Box::leak(elsewhere.into_boxed_str());
    let cases: Vec<(&str, Answer, &str, &str)> = vec![
        ("an HTML page", Answer::Unconditional(b"<!doctype html><html>Sign in</html>".to_vec()), "undecidable", "HTML page"),
        ("nothing", Answer::Unconditional(Vec::new()), "undecidable", "is empty"),
        ("empty paths", Answer::Unconditional(b"openapi: 3.0.0\npaths: {}\n".to_vec()), "undecidable", "no paths"),
        (
            "an error object",
            Answer::Unconditional(b"{\"error\": \"not found\"}".to_vec()),
            "undecidable",
            "not an API description",
        ),
        (
            "JSON cut short",
            Answer::Unconditional(b"{\"openapi\": \"3.0.0\", \"paths\": {\"/a\":".to_vec()),
            "undecidable",
            "ends too early",
        ),
        ("10 MB of brackets", Answer::Unconditional(vec![b'['; 10_000_000]), "undecidable", "recursion limit"),
        ("an alias bomb", Answer::Unconditional(alias_bomb), "undecidable", "aliases"),
        (
            "a gzip bomb",
            response("Content-Encoding: gzip\r\n", &gzip(&vec![b' '; 200_000_000])),
            "undecidable",
            "larger than 12000000 bytes",
        ),
        ("damaged gzip", response("Content-Encoding: gzip\r\n", b"this is not gzip"), "undecidable", "cut short or damaged"),
        ("a body cut short", Answer::Raw(cut_short.into_bytes()), "undecidable", "cut short"),
        ("an endless body", Answer::Endless, "undecidable", "larger than 12000000 bytes"),
        ("a redirect to this machine", Answer::Status(302, leaked), "undecidable", "not a public address"),
        (
            "a redirect to a metadata service",
            Answer::Status(302, "Location: http://169.254.169.254/latest\r\n"),
            "undecidable",
            "not a public address",
        ),
        ("a redirect to nowhere", Answer::Status(302, ""), "down", "redirects to nowhere"),
        ("an internal error", Answer::Status(500, ""), "down", "500"),
        ("a locked door", Answer::Status(403, ""), "down", "check `auth`"),
        ("a lost page", Answer::Status(404, ""), "down", "moved or gone"),
        ("silence", Answer::Silence, "down", "no complete answer"),
    ];
    for (what, answer, state, words) in cases {
        partner.publish(answer);
        let status = wait_for(&format!("{what} is {state}: {}", daemon.status()["checking"][0]), || {
            let status = daemon.status();
            let api = &status["checking"][0];
            (api["state"] == state && api["detail"].as_str().is_some_and(|detail| detail.contains(words))).then_some(status)
        });
        assert_eq!(status["checking"][0]["snapshot"], support::digest(&good), "{what}: the last good description is kept");
        assert_eq!(status["open"].as_array().map(Vec::len), Some(0), "{what}: nobody is told that everything was removed");
        partner.publish(Answer::Document(good.clone()));
        daemon.wait_for_state("verified");
    }
    // A description cut off in the middle of a YAML mapping still parses; the collapse is held.
    partner.publish(Answer::Unconditional(truncated));
    let status = wait_for("a truncated description is not believed", || {
        let status = daemon.status();
        ["held", "undecidable"].iter().any(|state| status["checking"][0]["state"] == *state).then_some(status)
    });
    assert_eq!(status["open"].as_array().map(Vec::len), Some(0));
    partner.publish(Answer::Document(good.clone()));
    daemon.wait_for_state("verified");
    assert_eq!(smtp.received().len(), 0);
}

#[test]
fn a_304_that_nobody_asked_for_verifies_nothing() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Status(304, ""));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    let status = daemon.wait_for_state("undecidable");
    let detail = status["checking"][0]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("answered 304 to a request that asked for the whole document: nothing was read"), "{detail}");
    assert!(status["checking"][0]["last_verified_unchanged"].is_null(), "{status}");
}

#[test]
fn odd_corners_cost_only_themselves() {
    let base = r##"{"openapi": "3.0.0", "paths": {"/a": {"get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}}}},
        "/b": {"get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Gone"}}}}}}}},
        "components": {"schemas": {"A": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}, "next": {"$ref": "#/components/schemas/A"}}}, "Loop": {"$ref": "#/components/schemas/Loop"}}, "schemas": {"A": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}, "next": {"$ref": "#/components/schemas/A"}}}, "Loop": {"$ref": "#/components/schemas/Loop"}}}}"##;
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(base.as_bytes().to_vec()));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_snapshot(base.as_bytes());
    // Duplicate names, a cycle and a dangling reference stand beside the one change that matters.
    let changed = base.replace("\"x\": {\"type\": \"string\"}", "\"x\": {\"type\": \"integer\"}");
    partner.publish(Answer::Document(changed.clone().into_bytes()));
    let status = daemon.wait_for_snapshot(changed.as_bytes());
    assert_eq!(status["checking"][0]["detail"], "1 breaking");
    assert_eq!(status["open"][0]["findings"][0]["message"], "The type of `A.x` changed from string to integer");
}

#[test]
fn a_provider_that_asks_for_patience_gets_it() {
    let good = fixture("2026-01-12");
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Status(429, "Retry-After: 3600\r\n"));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    let status = wait_for("the request to wait is heard", || {
        let status = daemon.status();
        status["checking"][0]["detail"].as_str().is_some_and(|detail| detail.contains("come back later")).then_some(status)
    });
    let time = |name: &str| {
        status["checking"][0][name].as_str().expect("a time").parse::<chrono::DateTime<chrono::Utc>>().expect("a time")
    };
    assert_eq!((time("next_check") - time("last_check")).num_minutes(), 60);
    let asked = partner.requests().len();
    assert_eq!(asked, 1);
    partner.publish(Answer::Document(good));
    assert_eq!(partner.requests().len(), asked);
}

/// A daemon that has seen the baseline and is about to see the breaking change.
fn before_the_break(home: &Home, partner: &Partner) -> support::daemon::Daemon {
    let baseline = fixture("2026-03-02");
    partner.publish(Answer::Document(baseline.clone()));
    let daemon = home.start();
    daemon.wait_for_snapshot(&baseline);
    daemon
}

fn quick_retries(home: &mut Home) {
    home.mail = "timeout = \"2s\"\nfirst_retry = \"1s\"".to_owned();
    home.configure();
}

fn by(smtp: &Smtp, recipient: &str) -> Vec<Received> {
    smtp.received().into_iter().filter(|letter| letter.recipient == recipient).collect()
}

#[test]
fn mail_trouble_is_retried_and_costs_nobody_else() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(Vec::new()));
    let mut home = Home::new(smtp.port, &partner.url());
    quick_retries(&mut home);
    let daemon = before_the_break(&home, &partner);

    // Greylisted on one side, a server that takes the letter and hangs up on the other.
    smtp.treat(CONSUMER, Manner::Greylist(2));
    smtp.treat(PROVIDER, Manner::DropAfterData);
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("the consumer has its letter", || (by(&smtp, CONSUMER).len() == 1).then_some(()));
    wait_for("the provider's letter came twice", || (by(&smtp, PROVIDER).len() >= 2).then_some(()));
    smtp.treat(PROVIDER, Manner::Accept);
    wait_for("both are sent", || (daemon.status()["telling"]["letters"]["sent"] == 2).then_some(()));
    let copies = by(&smtp, PROVIDER);
    assert!(copies.iter().all(|copy| copy.message == copies[0].message), "a re-send is byte for byte the same");
    assert_eq!(by(&smtp, CONSUMER).len(), 1);

    // Refused connections and a stall after DATA: it waits, says so, and arrives.
    smtp.treat_everybody(Manner::Busy);
    partner.publish(Answer::Document(fixture("2026-03-02")));
    wait_for("status tells that letters are not leaving", || {
        let status = daemon.status();
        (status["trouble"][0]["part"] == "mail" && !status["telling"]["oldest_undelivered"].is_null()).then_some(())
    });
    smtp.treat_everybody(Manner::StallAfterData);
    wait_for("a letter stalls", || (smtp.received().len() >= 6).then_some(()));
    smtp.treat_everybody(Manner::Accept);
    wait_for("all are sent", || (daemon.status()["telling"]["letters"]["sent"] == 4).then_some(()));
    wait_for("all is well again", || daemon.status()["trouble"].as_array().is_some_and(Vec::is_empty).then_some(()));
    assert!(daemon.page("/metrics").contains("driftd_mail_attempts_total{outcome=\"ambiguous\"}"));
}

#[test]
fn a_relay_that_refuses_us_burns_no_address() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(Vec::new()));
    let mut home = Home::new(smtp.port, &partner.url());
    quick_retries(&mut home);
    let daemon = before_the_break(&home, &partner);
    smtp.treat_everybody(Manner::RelayDenied);
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("status tells of the relay", || {
        let status = daemon.status();
        status["trouble"][0]["what"].as_str().is_some_and(|what| what.contains("relay access denied")).then_some(())
    });
    smtp.treat_everybody(Manner::Accept);
    wait_for("both are sent", || (daemon.status()["telling"]["letters"]["sent"] == 2).then_some(()));
    assert_eq!(
        (by(&smtp, CONSUMER).len(), by(&smtp, PROVIDER).len(), smtp.received().len()),
        (1, 1, 2),
        "no stand-in was called"
    );
}

#[test]
fn a_dead_address_reaches_the_deputy_and_then_the_operator() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(Vec::new()));
    let mut home = Home::new(smtp.port, &partner.url());
    quick_retries(&mut home);
    let daemon = before_the_break(&home, &partner);
    smtp.treat(CONSUMER, Manner::UnknownUser);
    smtp.treat(PROVIDER, Manner::UnknownUser);
    smtp.treat(support::daemon::PROVIDER_DEPUTY, Manner::UnknownUser);
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("the deputy and the operator have the letters", || {
        (by(&smtp, CONSUMER_DEPUTY).len() == 1 && by(&smtp, OPERATOR).len() == 1).then_some(())
    });
    assert!(by(&smtp, OPERATOR)[0].text().contains("of notice before a breaking change"), "the provider's letter");
    let deputy = by(&smtp, CONSUMER_DEPUTY)[0].text();
    assert!(deputy.contains("You get this letter because Priya Nair could not be written to."), "{deputy}");
    let status = wait_for("status shows the dead addresses", || {
        let status = daemon.status();
        (status["telling"]["letters"]["sent"] == 2).then_some(status)
    });
    assert_eq!(status["telling"]["letters"]["dead-address"], 3);
    let letters = status["open"][0]["sides"][0]["letters"].as_array().expect("letters");
    assert_eq!(letters[0]["state"], "dead-address");
    assert!(letters[0]["last_reply"].as_str().is_some_and(|reply| reply.contains("no such user")), "{letters:?}");
    let history = daemon.page("/history");
    assert!(history.contains("cannot be written to") && history.contains("whoever stands in is written to"), "{history}");
}

#[test]
fn what_a_server_says_of_us_burns_no_address_at_any_stage() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(Vec::new()));
    let mut home = Home::new(smtp.port, &partner.url());
    quick_retries(&mut home);
    let daemon = before_the_break(&home, &partner);
    let refusals = [
        ("GREETING", "554 5.7.1 no mail from you", "no-server", "EHLO at"),
        ("MAIL", "553 5.1.8 <driftd@harbor.example>: Sender address rejected: Domain not found", "no-server", "MAIL FROM at"),
        ("RCPT", "550 5.4.5 Daily user sending quota exceeded", "our-trouble", "RCPT TO at"),
        ("MESSAGE", "552 5.3.4 Error: message file too big", "our-trouble", "after DATA at"),
    ];
    for (index, (command, reply, outcome, stage)) in refusals.into_iter().enumerate() {
        smtp.unscript();
        smtp.script(command, reply);
        if index == 0 {
            partner.publish(Answer::Document(fixture("2026-04-20")));
        }
        let said = format!("{stage} 127.0.0.1:{}: {reply}", smtp.port);
        wait_for(&format!("status tells: {said}"), || {
            daemon.status()["trouble"]
                .as_array()?
                .iter()
                .any(|part| part["what"].as_str().is_some_and(|what| what.contains(&said)))
                .then_some(())
        });
        // Status tells of it a moment before the try is on disk.
        let none = |outcome: &str| format!("driftd_mail_attempts_total{{outcome=\"{outcome}\"}} 0");
        wait_for("the try is counted", || (!daemon.page("/metrics").contains(&none(outcome))).then_some(()));
        assert!(daemon.page("/metrics").contains(&none("dead-address")), "{command}");
    }
    assert!(smtp.received().is_empty());
    smtp.unscript();
    wait_for("both are sent", || (daemon.status()["telling"]["letters"]["sent"] == 2).then_some(()));
    let to: Vec<String> = smtp.received().into_iter().map(|letter| letter.recipient).collect();
    assert!(to.iter().all(|to| to == CONSUMER || to == PROVIDER), "no stand-in was called: {to:?}");
}

/// A description with this many operations, and a note that makes its bytes unique.
fn sized(operations: usize, note: &str) -> Vec<u8> {
    let paths: Vec<String> =
        (0..operations).map(|n| format!("  /things/{n}: {{get: {{responses: {{\"200\": {{description: ok}}}}}}}}")).collect();
    format!("openapi: 3.0.0\ninfo: {{title: T, version: \"{note}\"}}\npaths:\n{}\n", paths.join("\n")).into_bytes()
}

#[test]
fn a_collapse_is_held_until_a_second_fetch_agrees_whatever_its_bytes() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Unconditional(sized(8, "1")));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_state("verified");
    partner.publish(Answer::Unconditional(sized(1, "2")));
    daemon.wait_for_state("held");
    assert_eq!(smtp.received().len(), 0);
    // A version with a time stamp in it never has the same bytes twice.
    partner.publish(Answer::Unconditional(sized(1, "3")));
    let status = daemon.wait_for_state("changed");
    assert_eq!(status["checking"][0]["detail"], "7 breaking");
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
}

#[test]
fn a_file_source_that_hangs_holds_nobody_else() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(fixture("2026-01-12")));
    let mut home = Home::new(smtp.port, &partner.url());
    let pipe = home.path().join("pipe.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    home.api = format!(
        "every = \"1s\"\n[[apis]]\nid = \"pushed\"\nname = \"Pushed API\"\nprovider = \"quayside\"\nlive = \"file:{}\"\nevery = \"1s\"\nconsumers = [{{ party = \"harbor\" }}]",
        pipe.display()
    );
    home.configure();
    let daemon = home.start();
    let status = wait_for("the pipe is refused and the other API is checked", || {
        let status = daemon.status();
        let state = |at: usize| status["checking"][at]["state"].as_str().map(str::to_owned);
        (state(0).as_deref() == Some("verified") && state(1).as_deref() == Some("blind")).then_some(status)
    });
    assert!(status["checking"][1]["detail"].as_str().is_some_and(|detail| detail.contains("no regular file")), "{status}");
    assert_eq!(status["state"], "action", "one of two is blind");
}

#[test]
fn a_redirect_to_another_apis_private_host_is_not_followed() {
    let smtp = Smtp::start();
    let inner = Partner::start(Answer::Document(fixture("2026-01-12")));
    let to_inner: &'static str = Box::leak(format!("Location: http://localhost:{}/secret\r\n", inner.port).into_boxed_str());
    let partner = Partner::start(Answer::Status(302, to_inner));
    let mut home = Home::new(smtp.port, &partner.url());
    // Both are allowed, each to the API that is configured there.
    home.fetch = "allow_private_hosts = [\"127.0.0.1\", \"localhost\"]".to_owned();
    home.configure();
    let daemon = home.start();
    let status = daemon.wait_for_state("undecidable");
    assert!(
        status["checking"][0]["detail"].as_str().is_some_and(|detail| detail.contains("not where this API is configured")),
        "{status}"
    );
    assert_eq!(inner.requests().len(), 0);
}

#[test]
fn another_port_of_an_allowed_host_is_not_reached_by_a_redirect() {
    let smtp = Smtp::start();
    let inner = Partner::start(Answer::Document(fixture("2026-01-12")));
    let to_inner: &'static str = Box::leak(format!("Location: {}\r\n", inner.url()).into_boxed_str());
    let partner = Partner::start(Answer::Status(302, to_inner));
    let mut home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    let status = daemon.wait_for_state("undecidable");
    let detail = status["checking"][0]["detail"].as_str().unwrap_or_default();
    let entry = format!("127.0.0.1:{}", inner.port);
    assert!(detail.contains(&format!("add {entry:?} to fetch.allow_private_hosts")), "{detail}");
    assert_eq!(inner.requests().len(), 0);
    drop(daemon);
    home.fetch = format!("allow_private_hosts = [\"127.0.0.1\", {entry:?}]");
    home.configure();
    home.start().wait_for_state("verified");
}

#[test]
fn a_proxy_carries_what_is_elsewhere_and_is_named_when_it_is_gone() {
    let good = fixture("2026-03-02");
    let smtp = Smtp::start();
    // A proxy is asked for whole addresses; it alone knows the partner's name.
    let proxy = Partner::start(Answer::Status(502, ""));
    let address = "http://specs.partner.invalid/openapi.yaml";
    proxy.publish_at(address, Answer::Document(good.clone()));
    let mut home = Home::new(smtp.port, address);
    home.fetch = String::new();
    home.configure();
    let start = |proxy: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftd"));
        command.env("HTTP_PROXY", proxy).env_remove("http_proxy").env_remove("no_proxy").env_remove("NO_PROXY").arg("run");
        home.start_with(command)
    };
    let daemon = start(&format!("http://127.0.0.1:{}", proxy.port));
    daemon.wait_for_snapshot(&good);
    assert!(proxy.requests().iter().all(|request| request.path == address), "{:?}", proxy.requests());
    drop(daemon);
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port();
    let daemon = start(&format!("http://127.0.0.1:{nobody}"));
    let status = daemon.wait_for_state("blind");
    let detail = status["checking"][0]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(&format!("the proxy 127.0.0.1:{nobody} cannot be reached")), "{detail}");
}

#[test]
fn a_description_in_another_charset_is_the_same_description() {
    let smtp = Smtp::start();
    let text = "openapi: 3.0.0\ninfo: {title: Türen, version: \"1\"}\npaths:\n  /doors: {get: {responses: {\"200\": {description: ok}}}}\n";
    let partner = Partner::start(Answer::Unconditional(text.as_bytes().to_vec()));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_snapshot(text.as_bytes());
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin")).collect();
    for answer in [response("", &wide), response("Content-Type: text/yaml; charset=ISO-8859-1\r\n", &latin)] {
        partner.publish(answer);
        let asked = partner.requests().len();
        wait_for("two more polls", || (partner.requests().len() >= asked + 2).then_some(()));
        let status = daemon.wait_for_state("verified");
        assert_eq!(status["checking"][0]["snapshot"], support::digest(text.as_bytes()));
    }
    partner.publish(response("", &latin));
    let status = daemon.wait_for_state("undecidable");
    let detail = status["checking"][0]["detail"].as_str().unwrap_or_default();
    assert!(
        detail.contains("is not valid UTF-8, and no other charset is named (it may be Latin-1): byte 31 is 0xfc"),
        "{detail}"
    );
}

#[test]
fn killed_between_commit_and_send_tells_exactly_once() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(Vec::new()));
    let mut home = Home::new(smtp.port, &partner.url());
    quick_retries(&mut home);
    let mut daemon = before_the_break(&home, &partner);
    smtp.treat_everybody(Manner::Mute);
    let breaking = fixture("2026-04-20");
    partner.publish(Answer::Document(breaking.clone()));
    // Committed: the notice is open and its letters wait. Nothing was handed over.
    wait_for("the notice is on disk", || (daemon.status()["telling"]["letters"]["pending"] == 2).then_some(()));
    daemon.signal("KILL");
    daemon.exit_code();
    assert_eq!(smtp.received().len(), 0);

    smtp.treat_everybody(Manner::Accept);
    let daemon = home.start();
    wait_for("both letters leave", || (daemon.status()["telling"]["letters"]["sent"] == 2).then_some(()));
    daemon.wait_for_snapshot(&breaking);
    let polls = partner.requests().len();
    wait_for("two more polls", || (partner.requests().len() >= polls + 2).then_some(()));
    assert_eq!((by(&smtp, CONSUMER).len(), by(&smtp, PROVIDER).len()), (1, 1));
}

#[test]
fn killed_between_the_servers_word_and_our_mark_sends_the_same_bytes_again() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(Vec::new()));
    let mut home = Home::new(smtp.port, &partner.url());
    quick_retries(&mut home);
    let mut daemon = before_the_break(&home, &partner);
    smtp.treat(PROVIDER, Manner::UnknownUser);
    smtp.treat(CONSUMER, Manner::KillAfterData(daemon.id()));
    partner.publish(Answer::Document(fixture("2026-04-20")));
    daemon.exit_code();
    assert_eq!(by(&smtp, CONSUMER).len(), 1);

    smtp.treat(CONSUMER, Manner::Accept);
    let daemon = home.start();
    wait_for("the letter is marked sent", || {
        daemon.status()["open"][0]["sides"][0]["letters"][0]["state"].as_str().filter(|state| *state == "sent").map(str::to_owned)
    });
    let copies = by(&smtp, CONSUMER);
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0].message, copies[1].message, "Message-ID, Date and body are the same");
    // One or two: the other side's try may have been cut off by the same blow.
    assert!(!daemon.page("/metrics").contains("driftd_mail_resent_ambiguous_total 0"));
}

#[test]
fn killed_during_a_check_takes_it_up_again() {
    let breaking = fixture("2026-04-20");
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(Vec::new()));
    let home = Home::new(smtp.port, &partner.url());
    let mut daemon = before_the_break(&home, &partner);
    partner.publish(Answer::Silence);
    let asked = partner.requests().len();
    wait_for("a fetch is under way", || (partner.requests().len() > asked).then_some(()));
    daemon.signal("KILL");
    daemon.exit_code();
    partner.publish(Answer::Document(breaking.clone()));
    let daemon = home.start();
    daemon.wait_for_snapshot(&breaking);
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
}

#[test]
fn a_full_disk_loses_nothing_and_is_over_when_it_is_over() {
    let baseline = fixture("2026-03-02");
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let home = Home::new(smtp.port, &partner.url());
    home.start().wait_for_snapshot(&baseline);
    // A soft limit on file size is what a full disk looks like to a process; `prlimit` lifts it again.
    let kilobytes = 400;
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        &format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\" \"$@\"", kilobytes * 2),
        env!("CARGO_BIN_EXE_driftd"),
        "run",
    ]);
    let daemon = home.start_with(shell);
    daemon.wait_for_state("verified");
    // Larger than the limit even when compressed.
    let mut breaking = fixture("2026-04-20");
    let mut noise = fastrand::Rng::with_seed(7);
    breaking.extend_from_slice(b"x-noise:\n");
    for _ in 0..20_000 {
        breaking
            .extend_from_slice(format!("- \"{:016x}{:016x}{:016x}\"\n", noise.u64(..), noise.u64(..), noise.u64(..)).as_bytes());
    }
    partner.publish(Answer::Document(breaking.clone()));
    let status = wait_for("status tells of the disk", || {
        let status = daemon.status();
        (status["trouble"][0]["part"] == "database").then_some(status)
    });
    assert_eq!(status["state"], "trouble");
    assert_eq!(status["checking"][0]["snapshot"], support::digest(&baseline), "no state has advanced");
    assert_eq!(smtp.received().len(), 0);
    let lifted = Command::new("prlimit")
        .args(["--pid", &daemon.id().to_string(), "--fsize=unlimited:unlimited"])
        .status()
        .expect("prlimit");
    assert!(lifted.success());
    daemon.wait_for_snapshot(&breaking);
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
    wait_for("all is well again", || daemon.status()["trouble"].as_array().is_some_and(Vec::is_empty).then_some(()));
}

#[test]
fn the_daemon_drains_on_sigterm_and_says_what_configuration_is_wrong() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Silence);
    let home = Home::new(smtp.port, &partner.url());
    let mut daemon = home.start();
    wait_for("a fetch is under way", || (!partner.requests().is_empty()).then_some(()));
    daemon.signal("TERM");
    assert_eq!(daemon.exit_code(), 0);
    wait_for("its last word", || daemon.log().contains("driftd has stopped").then_some(()));
    assert!(!daemon.log().contains("did not finish in time"), "a fetch that hangs does not hold the end");

    std::fs::write(home.config(), "state_dir = 7\n").expect("a file");
    let mut broken = home.start();
    assert_eq!(broken.exit_code(), 78);
    wait_for("every mistake", || {
        (broken.log().contains("state_dir: expected a text") && broken.log().contains("mail: is missing")).then_some(())
    });
    let check = Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["check-config", "--config"])
        .arg(home.config())
        .output()
        .expect("check-config");
    assert_eq!(check.status.code(), Some(78));
}

#[test]
fn a_daemon_that_is_told_something_while_it_starts_does_as_it_is_told() {
    let (smtp, partner) = (Smtp::start(), Partner::start(Answer::Document(fixture("2026-01-12"))));
    let home = Home::new(smtp.port, &partner.url());
    let mut daemon = home.start();
    // It says where it will listen before the database is open.
    daemon.address();
    daemon.signal("HUP");
    wait_for("the configuration was reloaded", || daemon.log().contains("the configuration was reloaded").then_some(()));
    assert!(!daemon.has_ended());
    assert_eq!(daemon.stop(), 0);
    let mut daemon = home.start();
    daemon.address();
    daemon.signal("TERM");
    assert_eq!(daemon.exit_code(), 0);
    wait_for("its last word", || daemon.log().contains("driftd has stopped").then_some(()));
}

#[test]
fn the_endpoint_stands_hostile_clients() {
    let (_smtp, _partner, _home, daemon) = verified("2026-01-12");
    let idle: Vec<std::net::TcpStream> =
        (0..50).map(|_| std::net::TcpStream::connect(daemon.address()).expect("a connection")).collect();
    assert!(
        daemon.page("/status").contains("Content-Security-Policy".to_lowercase().as_str())
            || daemon.page("/status").contains("content-security-policy")
    );
    let large = support::daemon::Daemon::post(&format!("http://{}/answer/x", daemon.address()), &"owner=x&note=".repeat(4000));
    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
    assert!(daemon.page("/nothing").starts_with("HTTP/1.1 404"));
    assert!(body(&daemon.page("/rules/endpoint-added")).contains("endpoint-added"));
    drop(idle);
}
