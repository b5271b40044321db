//! The endpoint and the command line as an operator and a hostile stranger meet them: the built binary each time.

use crate::support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::daemon::{CONSUMER, Daemon, Home, PROVIDER, body, http, verified};
use support::partner::{Answer, Partner};
use support::proxy::Proxy;
use support::smtp::{Manner, Smtp};
use support::{fixture, wait_for};

/// What a silent client is given to send its headers: who is answered sooner did not wait for its place.
const HEADERS: Duration = Duration::from_secs(10);

/// A command of the binary, with nothing of this machine's environment that could lead it elsewhere.
fn driftd(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftd"));
    command.args(arguments).env_remove("DRIFTD_URL").env_remove("DRIFTD_CONFIG").env_remove("DRIFTD_TOKEN");
    let output = command.env_remove("STATE_DIRECTORY").output().expect("driftd");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn token(home: &Home) -> String {
    std::fs::read_to_string(home.path().join("state/token")).expect("the token").trim().to_owned()
}

/// A home whose partner has published a breaking change, with both letters out.
fn told() -> (Smtp, Partner, Home, Daemon) {
    let (baseline, breaking) = (fixture("2026-03-02"), fixture("2026-04-20"));
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_snapshot(&baseline);
    partner.publish(Answer::Document(breaking));
    wait_for("two letters", || (smtp.received().len() >= 2).then_some(()));
    (smtp, partner, home, daemon)
}

fn link(smtp: &Smtp, to: &str) -> String {
    smtp.received().into_iter().find(|letter| letter.recipient == to).expect("a letter").answer_link()
}

#[test]
fn silent_and_slow_clients_cost_nobody_an_answer() {
    let baseline = fixture("2026-03-02");
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let home = Home::new(smtp.port, &partner.url());
    let mut shell = Command::new("bash");
    // Fewer descriptors than there are clients.
    shell.args(["-c", "ulimit -n 120; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_driftd"), "run"]);
    let daemon = home.start_with(shell);
    daemon.wait_for_snapshot(&baseline);
    let address = daemon.address();
    let silent: Vec<TcpStream> = (0..400).map(|_| TcpStream::connect(&address).expect("a connection")).collect();
    let mut slow: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(&address).expect("a connection")).collect();
    for stream in &mut slow {
        let _ = stream.write_all(b"GET /status HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    }
    let begun = Instant::now();
    assert!(daemon.page("/status").starts_with("HTTP/1.1 200"));
    assert!(begun.elapsed() < HEADERS, "{:?}", begun.elapsed());
    let open = std::fs::read_dir(format!("/proc/{}/fd", daemon.id())).expect("its files").count();
    assert!(open < 120, "{open} files are open");
    // A body that drips in is as good as silence.
    let dripping: Vec<TcpStream> = (0..200)
        .filter_map(|_| {
            let mut stream = TcpStream::connect(&address).ok()?;
            let head = "POST /answer/0 HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 16000\r\n\r\nowner";
            stream.write_all(head.as_bytes()).ok()?;
            Some(stream)
        })
        .collect();
    let begun = Instant::now();
    assert!(daemon.page("/status").starts_with("HTTP/1.1 200"));
    assert!(begun.elapsed() < HEADERS, "{:?}", begun.elapsed());
    assert_eq!(daemon.log().matches("cannot accept connections").count(), 1, "it is said once");
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("two letters", || (smtp.received().len() >= 2).then_some(()));
    // Whoever drips headers is closed, whatever it goes on to send.
    let mut last = slow.pop().expect("a connection");
    last.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
    wait_for("a slow client is closed", || {
        let _ = last.write_all(b"x");
        matches!(last.read(&mut [0; 64]), Ok(0)).then_some(())
    });
    drop((silent, dripping));
}

#[test]
fn clients_that_ask_and_never_read_cost_nobody_an_answer() {
    let (_smtp, _partner, _home, daemon) = verified("2026-01-12");
    let address = daemon.address();
    let asked: Vec<TcpStream> = (0..150)
        .map(|number| {
            let page = if number % 2 == 0 { "/rules" } else { "/status" };
            let request = format!("GET {page} HTTP/1.1\r\nHost: x\r\n\r\n").repeat(400);
            let mut stream = TcpStream::connect(&address).expect("a connection");
            stream.set_nonblocking(true).expect("a socket");
            // The kernel takes as much as it likes of it.
            let _ = stream.write(request.as_bytes());
            stream
        })
        .collect();
    assert!(daemon.page("/healthz").starts_with("HTTP/1.1 200"), "whoever reads is answered in between");
    // Nobody holds a connection by reading nothing.
    wait_for("those who never read are closed", || {
        let sockets = std::fs::read_dir(format!("/proc/{}/fd", daemon.id())).expect("its files").flatten();
        let sockets = sockets.filter_map(|file| std::fs::read_link(file.path()).ok());
        (sockets.filter(|place| place.to_string_lossy().starts_with("socket:")).count() < 20).then_some(())
    });
    drop(asked);
}

#[test]
fn who_does_not_prove_himself_is_answered_before_a_byte_of_the_body() {
    let (_smtp, _partner, home, daemon) = verified("2026-01-12");
    let ask = |path: &str, token: &str, length: usize, sent: &[u8]| {
        let mut stream = TcpStream::connect(daemon.address()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        stream.write_all(sent).expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    };
    for path in
        ["/api/v1/bounces", "/api/v1/check", "/api/v1/letters/resend", "/api/v1/integrations/freight/apis/freight/announcements"]
    {
        // Its body never comes: who waits for it answers something else, or nothing.
        let text = ask(path, "guess", 1_000_000, b"");
        assert!(text.starts_with("HTTP/1.1 401"), "{path}: {text}");
    }
    let proven = ask("/api/v1/check", &token(&home), 12, b"{\"all\":true}");
    assert!(proven.starts_with("HTTP/1.1 200") && proven.contains("freight/freight"), "{proven}");
    assert!(ask("/api/v1/bounces", &token(&home), 100_000, &vec![b'x'; 100_000]).contains("not ours"), "a mail may be large");
}

#[test]
fn numbers_of_a_query_never_break_a_page() {
    let (_smtp, _partner, _home, daemon) = verified("2026-01-12");
    for query in ["days=4294967295", "days=99999999999999999999", "limit=4294967295", "days=0&limit=0"] {
        let page = daemon.page(&format!("/history?{query}"));
        assert!(page.starts_with("HTTP/1.1 200"), "{query}: {page}");
    }
    for query in ["days=-1", "limit=-5", "days=1e9", "days="] {
        let page = daemon.page(&format!("/history?{query}"));
        assert!(page.starts_with("HTTP/1.1 400") && body(&page).contains("whole number"), "{query}: {page}");
    }
    let (code, shown, _) = driftd(&["history", "--days", "4294967295", "--url", &format!("http://{}", daemon.address())]);
    assert!(code == 0 && shown.contains("baseline"), "{shown}");
}

#[test]
fn a_leaked_link_cannot_flood_the_other_company() {
    let (smtp, _partner, _home, daemon) = told();
    let consumer = link(&smtp, CONSUMER);
    let mut answers = std::collections::BTreeMap::<String, usize>::new();
    for round in 0..500 {
        let day = chrono::NaiveDate::from_ymd_opt(2099, 1, 1).expect("a day") + chrono::TimeDelta::days(round);
        let text = Daemon::post(&consumer, &format!("owner=Eve&answer=extend&fix_by={day}&note=n{round}"));
        *answers.entry(text[9..12].to_owned()).or_default() += 1;
        if text.starts_with("HTTP/1.1 429") {
            assert!(text.to_ascii_lowercase().contains("retry-after: "), "{text}");
            // Three days are passed on, more is not recorded; and twenty posts are as many as are looked at.
            let why = if round < 20 { "asked three times today" } else { "Too many answers" };
            assert!(text.contains(why), "{round}: {text}");
        }
    }
    assert_eq!(answers, [("200".to_owned(), 3), ("429".to_owned(), 497)].into());
    wait_for("the letters have left", || {
        daemon.status()["telling"]["letters"]["pending"].as_u64().is_none_or(|pending| pending == 0).then_some(())
    });
    let to_provider = smtp.received().into_iter().filter(|letter| letter.recipient == PROVIDER).count();
    assert!((2..=4).contains(&to_provider), "{to_provider} letters to the other company");
    // One proposal is open, the newest that they heard of.
    let page = daemon.page(&format!("/answer/{}", link(&smtp, PROVIDER).rsplit_once('/').expect("a token").1));
    assert_eq!(page.matches("name=\"proposal\"").count(), 1, "{page}");
    assert!(page.contains("asks for time until 2099-01-03"), "{page}");
}

#[test]
fn every_link_works_below_a_path() {
    for strips in ["/driftd", ""] {
        let proxy = Proxy::start(strips);
        let (baseline, breaking) = (fixture("2026-03-02"), fixture("2026-04-20"));
        let smtp = Smtp::start();
        let partner = Partner::start(Answer::Document(baseline.clone()));
        let mut home = Home::new(smtp.port, &partner.url());
        home.http = format!("external_url = \"http://127.0.0.1:{}/driftd/\"", proxy.port);
        home.configure();
        let daemon = home.start();
        proxy.lead_to(&daemon.address());
        daemon.wait_for_snapshot(&baseline);
        partner.publish(Answer::Document(breaking));
        wait_for("two letters", || (smtp.received().len() >= 2).then_some(()));
        let consumer = link(&smtp, CONSUMER);
        assert!(consumer.starts_with(&format!("http://127.0.0.1:{}/driftd/answer/", proxy.port)), "{consumer}");
        let get = |link: &str| {
            let (address, path) = link.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
            let mut stream = TcpStream::connect(address).expect("a connection");
            write!(stream, "GET /{path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n").expect("sent");
            let mut text = String::new();
            stream.read_to_string(&mut text).expect("an answer");
            text
        };
        // The form leads back through the proxy, and so do all other links.
        let form = get(&consumer);
        let action = form.split("method=\"post\" action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
        let posted = Daemon::post(&format!("http://127.0.0.1:{}{action}", proxy.port), "owner=Priya&fix_by=2099-01-31");
        assert!(posted.starts_with("HTTP/1.1 200") && posted.contains("it is recorded"), "{posted}");
        let outside = format!("http://127.0.0.1:{}", proxy.port);
        let home_page = get(&format!("{outside}/driftd/"));
        assert!(home_page.contains("location: /driftd/status"), "{home_page}");
        for page in ["/driftd/status", "/driftd/rules", "/driftd/rules/endpoint-added"] {
            let text = get(&format!("{outside}{page}"));
            assert!(text.starts_with("HTTP/1.1 200"), "{page}: {text}");
            let links = text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            for link in links.take(3) {
                assert!(link.starts_with("/driftd/"), "{page}: {link}");
                assert!(get(&format!("{outside}{link}")).starts_with("HTTP/1.1 200"), "{link}");
            }
        }
        let feed = get(&format!("{outside}/driftd/feeds/freight/freight.atom"));
        assert!(feed.contains(&format!("href=\"{outside}/driftd/feeds/freight/freight.atom\"")), "{feed}");
        let (code, _, said) = driftd(&["ack", &link(&smtp, PROVIDER), "--owner", "Mara", "--fix-by", "2099-01-31"]);
        assert_eq!(code, 0, "{said}");
    }
}

#[test]
fn whoever_answers_is_told_why_it_was_not_recorded() {
    let (smtp, _partner, home, daemon) = told();
    let (consumer, provider) = (link(&smtp, CONSUMER), link(&smtp, PROVIDER));
    let ack = |link: &str, what: &[&str]| driftd(&[&["ack", link, "--owner", "Somebody"], what].concat());
    let unknown = consumer.replace("/answer/", "/answer/0");
    for (link, what, words) in [
        (&unknown, &["--fix-by", "2099-01-31"][..], "There is no such letter. The link is incomplete"),
        (&provider, &["--accept"], "Not recorded. Only a consumer can accept a change"),
        (&provider, &["--fix-by", "2020-01-31"], "Not recorded. 2020-01-31 has passed."),
        (&provider, &["--not-us", "support"], "Nobody holds that role on your side"),
        (&provider, &["--agree", "7"], "There is no such request of the other side"),
    ] {
        let (code, _, said) = ack(link, what);
        assert!(code == 65 && said.contains(words), "{what:?}: {code}: {said}");
    }
    // A reload that takes the API out leaves its old links behind.
    let text = std::fs::read_to_string(home.integration()).expect("the integration");
    std::fs::write(home.integration(), text.replace("id = \"freight\"", "id = \"shipping\"")).expect("a file");
    daemon.signal("HUP");
    wait_for("the API is not watched", || (daemon.status()["checking"][0]["api"] == "shipping").then_some(()));
    let (code, _, said) = ack(&consumer, &["--accept"]);
    assert!(code == 65 && said.contains("This notice is closed. Nothing has to be answered any more."), "{code}: {said}");
    // A program is told in JSON, a person on the page.
    let form = "owner=Somebody&answer=accepted";
    let post = |accept: &str| {
        let path = &consumer[consumer.find("/answer/").expect("a path")..];
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n");
        let kind = format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}", form.len());
        http(&daemon.address(), &format!("{head}{kind}\r\n\r\n{form}")).expect("an answer")
    };
    let (program, person) = (post("application/json"), post("text/html,*/*"));
    assert!(program.starts_with("HTTP/1.1 410") && program.contains("\"outcome\":\"closed\""), "{program}");
    assert!(person.starts_with("HTTP/1.1 410") && person.contains("<h1>This notice is closed</h1>"), "{person}");
}

#[test]
fn the_state_is_for_its_owner_and_a_weak_token_is_refused() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(fixture("2026-01-12")));
    let home = Home::new(smtp.port, &partner.url());
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_driftd"), "run"]);
    let daemon = home.start_with(shell);
    daemon.wait_for_state("verified");
    let state = home.path().join("state");
    let mode = |name: &str| std::fs::metadata(state.join(name)).expect(name).permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    for name in ["driftd.sqlite", "driftd.sqlite-wal", "driftd.sqlite-shm", "token", "address"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert_eq!(daemon.stop(), 0);
    assert!(!state.join("address").exists(), "a daemon that has stopped has no address");

    let chmod = |mode: u32| std::fs::set_permissions(state.join("token"), std::fs::Permissions::from_mode(mode)).expect("a mode");
    chmod(0o644);
    let mut refused = home.start();
    assert_eq!(refused.exit_code(), 77);
    wait_for("its words", || refused.log().contains("chmod 600").then_some(()));
    chmod(0o600);
    std::fs::write(state.join("token"), "hunter2\n").expect("a file");
    let mut refused = home.start();
    assert_eq!(refused.exit_code(), 78);
    wait_for("its words", || refused.log().contains("at least 32 are needed").then_some(()));

    // Beyond this machine it may listen, and says what that means.
    let text = std::fs::read_to_string(home.config()).expect("a file").replace("127.0.0.1:0", "0.0.0.0:0");
    std::fs::write(home.config(), text).expect("a file");
    let (_, _, said) = driftd(&["check-config", "--config", home.config().to_str().expect("a path")]);
    assert!(said.contains("reads every contact") && said.contains("driftd.toml:3"), "{said}");
}

#[test]
fn the_daemon_is_found_by_whoever_cannot_read_its_configuration() {
    let (_smtp, _partner, home, daemon) = told();
    let config = home.config();
    let good = std::fs::read_to_string(&config).expect("a file");
    let at = config.to_str().expect("a path");
    // A secret that cannot be read, and then no TOML at all.
    for broken in [
        good.replace("[mail.smtp]", "[mail.smtp]\nusername = \"x\"\npassword = { file = \"/nonexistent\" }"),
        format!("{good}\n= broken [[\n"),
    ] {
        std::fs::write(&config, broken).expect("a file");
        for command in
            [&["status"][..], &["history"], &["ledger", "freight/freight"], &["letters"], &["check-now", "--all"], &["lint"]]
        {
            let (code, shown, said) = driftd(&[command, &["--config", at]].concat());
            assert!(code < 2, "{command:?}: {code} {shown} {said}");
        }
        let state = home.path().join("state");
        let (code, shown, said) = driftd(&["letters", "--config", "/nonexistent", "--state", state.to_str().expect("a path")]);
        assert!(code == 0 && shown.contains(CONSUMER), "{shown} {said}");
    }
    std::fs::write(&config, &good).expect("a file");
    assert_eq!(daemon.stop(), 0);
    let (code, _, said) = driftd(&["status", "--config", at]);
    assert_eq!(code, 69);
    assert!(said.contains("state/address is not there, so no daemon runs") && said.contains("--url"), "{said}");
}

#[test]
fn checks_and_letters_are_had_again_from_the_command_line() {
    let baseline = fixture("2026-03-02");
    let smtp = Smtp::start();
    smtp.treat(CONSUMER, Manner::UnknownUser);
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let mut home = Home::new(smtp.port, &partner.url());
    home.api = "every = \"12h\"".to_owned();
    home.configure();
    let daemon = home.start();
    daemon.wait_for_state("verified");
    let run = |arguments: &[&str]| driftd(&[arguments, &["--config", home.config().to_str().expect("a path")]].concat());

    // Not before tomorrow by its schedule; now, because somebody asks.
    partner.publish(Answer::Document(fixture("2026-04-20")));
    assert_eq!(run(&["check-now"]).0, 2);
    let (code, _, said) = run(&["check-now", "freight/frieght"]);
    assert!(code == 65 && said.contains("watched are freight/freight"), "{code} {said}");
    let (code, shown, said) = run(&["check-now", "freight/freight"]);
    assert!(code == 0 && shown.contains("freight/freight (live): is checked now"), "{shown} {said}");
    wait_for("the deputy is written to", || (smtp.received().len() >= 2).then_some(()));
    wait_for("all is recorded", || (daemon.status()["telling"]["letters"]["sent"] == 2).then_some(()));

    let (_, shown, _) = run(&["letters", "--failed", "--json"]);
    let failed: Value = serde_json::from_str(&shown).expect("JSON");
    let letter = &failed["letters"][0];
    assert_eq!((failed["letters"].as_array().map(Vec::len), letter["state"].as_str()), (Some(1), Some("dead-address")));
    assert!(
        letter["to"].as_str().is_some_and(|to| to.contains(CONSUMER))
            && letter["last_reply"].as_str().is_some_and(|reply| reply.contains("5.1.1")),
        "{letter}"
    );
    let (_, shown, _) = run(&["letters"]);
    assert!(shown.contains("dead-address") && shown.contains("sent "), "{shown}");

    // The mailbox is there again: the failed letter leaves, and no other does.
    smtp.treat(CONSUMER, Manner::Accept);
    let before = smtp.received().len();
    let (code, shown, said) = run(&["resend", "--all"]);
    assert!(code == 0 && shown.contains(CONSUMER) && shown.contains("was dead-address"), "{shown} {said}");
    wait_for("the letter", || (smtp.received().len() == before + 1).then_some(()));
    assert_eq!(smtp.received()[before].recipient, CONSUMER);
    wait_for("it is recorded", || (daemon.status()["telling"]["letters"]["sent"] == 3).then_some(()));
    assert!(run(&["resend", "--all"]).1.contains("nothing is sent again"));
    assert_eq!(run(&["resend", letter["notice"].as_str().expect("a notice")]).0, 65, "none of it failed");

    // What was sent is sent again only by its number, and is the same message.
    let (code, shown, said) = run(&["resend", &letter["id"].to_string()]);
    assert!(code == 0 && shown.contains("was sent"), "{shown} {said}");
    wait_for("the letter again", || (smtp.received().len() == before + 2).then_some(()));
    assert_eq!(smtp.received()[before].message, smtp.received()[before + 1].message);
    assert_eq!(run(&["resend", "4711"]).0, 65);
}

#[test]
fn status_says_by_its_exit_code_whether_somebody_must_act() {
    let (_smtp, partner, home, daemon) = verified("2026-03-02");
    let config = home.config();
    let status = || driftd(&["status", "--config", config.to_str().expect("a path")]);
    assert_eq!(status().0, 0, "{}", status().1);
    partner.publish(Answer::Document(fixture("2026-04-20")));
    daemon.wait_for_state("changed");
    assert_eq!(status().0, 1, "{}", status().1);
}

/// A mail filter keeps what ends with 75, and throws away what ends with another failure.
#[test]
fn a_bounce_that_the_daemon_does_not_take_is_kept_by_the_mail_filter() {
    let folder = tempfile::tempdir().expect("a folder");
    let mail = folder.path().join("mail");
    std::fs::write(&mail, "From: MAILER-DAEMON@mx.example\r\n\r\nIt came back.\r\n").expect("a file");
    for status in [401, 413, 429, 500, 503] {
        let busy = Partner::start(Answer::Status(status, ""));
        let output = Command::new(env!("CARGO_BIN_EXE_driftd"))
            .args(["bounce", "--url", &format!("http://127.0.0.1:{}", busy.port)])
            .env("DRIFTD_TOKEN", "a token")
            .stdin(std::fs::File::open(&mail).expect("the mail"))
            .output()
            .expect("driftd bounce");
        assert_eq!(output.status.code(), Some(75), "{status}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(busy.requests().len(), 1, "{status}: it was asked");
    }
}

#[test]
fn a_day_that_has_passed_is_announced_only_on_purpose() {
    let (_smtp, _partner, home, _daemon) = verified("2026-03-02");
    let config = home.config();
    let announce = |more: &[&str]| {
        let fixed =
            ["announce", "freight/freight", "GET /v1/invoices", "--by", "Mara", "--config", config.to_str().expect("a path")];
        driftd(&[&fixed[..], more].concat())
    };
    let (code, _, said) = announce(&["--date", "2020-01-31"]);
    assert!(code == 65 && said.contains("2020-01-31 has passed") && said.contains("--past"), "{code} {said}");
    let today = chrono::DateTime::<chrono::Utc>::from(
        std::fs::metadata(home.path().join("state/address")).expect("a file").modified().expect("a time"),
    );
    assert_eq!(announce(&["--date", &today.date_naive().to_string()]).0, 0, "today is no day that has passed");
    assert_eq!(announce(&["--date", "2020-01-31", "--past"]).0, 0);
}

#[test]
fn a_check_that_does_not_happen_shows() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(fixture("2026-01-12")));
    let mut home = Home::new(smtp.port, &partner.url());
    home.api = "every = \"30 days\"".to_owned();
    home.configure();
    let daemon = home.start();
    daemon.wait_for_state("verified");
    let metrics = daemon.page("/metrics");
    for line in [
        "driftd_api_overdue{integration=\"freight\",api=\"freight\",surface=\"live\"} 0",
        "surface=\"live\",state=\"down\"} 0",
        "driftd_checks_total{outcome=\"blind\"} 0",
        "driftd_letters{state=\"dead-address\"} 0",
        "driftd_mail_attempts_total{outcome=\"our-trouble\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
    assert_eq!(daemon.status()["checking"][0]["overdue"], false);
}

#[test]
fn the_same_day_asked_for_again_is_no_news() {
    let (smtp, _partner, _home, daemon) = told();
    let consumer = link(&smtp, CONSUMER);
    let ask = |day: &str, note: &str| {
        let text = Daemon::post(&consumer, &format!("owner=Priya&answer=extend&fix_by={day}&note={note}"));
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    };
    ask("2099-01-01", "zebra");
    wait_for("the provider hears of it", || (smtp.received().len() == 3).then_some(()));
    let provider = format!("/answer/{}", link(&smtp, PROVIDER).rsplit_once('/').expect("a token").1);
    let number = |page: &str| {
        page.split("name=\"proposal\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a proposal").to_owned()
    };
    let first = number(&daemon.page(&provider));
    ask("2099-01-01", "walrus");
    let page = daemon.page(&provider);
    assert!(page.contains("walrus") && !page.contains("zebra") && number(&page) == first, "{page}");
    ask("2099-02-01", "three");
    wait_for("the provider hears of the other day", || (smtp.received().len() == 4).then_some(()));
    let page = daemon.page(&provider);
    assert!(page.matches("name=\"proposal\"").count() == 1 && number(&page) != first, "{page}");
    // Whoever still looks at the first day agrees to nothing.
    let link = link(&smtp, PROVIDER);
    assert!(Daemon::post(&link, &format!("owner=Mara&answer=agreed&proposal={first}")).starts_with("HTTP/1.1 422"));
    assert!(Daemon::post(&link, &format!("owner=Mara&answer=agreed&proposal={}", number(&page))).starts_with("HTTP/1.1 200"));
}

#[test]
fn what_a_partner_wrote_is_harmless_at_every_exit() {
    const UNSEEN: &str = "\u{202e}\u{2066}\u{1b}\u{7}\u{9b}\u{ad}\u{34f}\u{115f}\u{1160}\u{180e}\u{200b}\u{3164}\u{ffa0}\u{feff}\u{fffe}\u{ffff}\u{fdd0}\u{e0041}\u{fe0f}";
    let smtp = Smtp::start();
    smtp.treat_everybody(Manner::EchoesLogin);
    let document = |longest: u32| {
        let name = format!("evil{UNSEEN}[31m ##[error]name");
        let schema = serde_json::json!({"type": "object", "properties": {name: {"type": "string", "maxLength": longest}}});
        let operation = serde_json::json!({"deprecated": true, "x-sunset": "2099-01-31", "requestBody": {"content": {"application/json": {"schema": schema}}},
            "responses": {"204": {"description": ""}}});
        serde_json::json!({"openapi": "3.1.0", "info": {"title": UNSEEN, "version": "1"}, "paths": {format!("/evil{UNSEEN}"): {"post": operation}}})
            .to_string()
            .into_bytes()
    };
    let partner = Partner::start(Answer::Document(document(64)));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_snapshot(&document(64));
    partner.publish(Answer::Document(document(32)));
    wait_for("the letters were refused", || {
        let letters = daemon.page("/api/v1/letters");
        (letters.matches("5.7.8").count() >= 2).then_some(())
    });
    let at = ["--config", home.config().to_str().expect("a path")].map(str::to_owned);
    let command = |arguments: &[&str]| {
        let (_, shown, said) = driftd(&[arguments, &[at[0].as_str(), at[1].as_str()]].concat());
        shown + &said
    };
    let exits = [
        ("status", command(&["status"])),
        ("status --json", command(&["status", "--json"])),
        ("history", command(&["history"])),
        ("ledger", command(&["ledger", "freight/freight"])),
        ("ledger --json", command(&["ledger", "freight/freight", "--json"])),
        ("letters", command(&["letters"])),
        ("letters --json", command(&["letters", "--json"])),
        ("lint", command(&["lint"])),
        ("handover", command(&["handover", PROVIDER])),
        ("/status", body(&daemon.page("/status")).to_owned()),
        ("/status as JSON", daemon.get("/status", "application/json").map(|page| body(&page).to_owned()).expect("a page")),
        ("/history", body(&daemon.page("/history")).to_owned()),
        ("/feeds", body(&daemon.page("/feeds/freight/freight.atom")).to_owned()),
        ("/metrics", body(&daemon.page("/metrics")).to_owned()),
        ("the log", daemon.log()),
    ];
    for (name, text) in &exits {
        assert!(!text.contains(|c: char| c != '\n' && (c.is_control() || UNSEEN.contains(c))), "{name}: {text:?}");
        assert_eq!(text.lines().find(|line| line.trim_start().starts_with("::")), None, "{name}");
        if !name.starts_with("the log") {
            assert!(!text.contains("AGRyaWZ0ZABzM2NyZXQ"), "{name} repeats a password: {text}");
        }
    }
    for name in ["status", "history", "ledger", "ledger --json", "/status", "/feeds"] {
        let text = exits.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
        assert!(text.contains("evil"), "{name} tells of it: {text}");
    }
}
