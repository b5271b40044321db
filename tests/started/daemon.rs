//! End to end: the built binary between a real HTTP server and a real SMTP conversation.

mod loops;
use crate::support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::Value;
use support::daemon::{CONSUMER, Daemon, Home, OPERATOR, PROVIDER, body, verified};
use support::partner::{Answer, Partner};
use support::smtp::Smtp;
use support::{fixture, wait_for};

fn recipients(smtp: &Smtp) -> Vec<String> {
    let mut recipients: Vec<String> = smtp.received().into_iter().map(|letter| letter.recipient).collect();
    recipients.sort();
    recipients
}

#[test]
fn a_breaking_change_is_told_to_both_sides_and_nothing_else_is() {
    let (baseline, breaking) = (fixture("2026-03-02"), fixture("2026-04-20"));
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();

    // First sight is a baseline: no letter, and status says so.
    let status = daemon.wait_for_snapshot(&baseline);
    assert_eq!(status["checking"][0]["state"], "verified");
    assert_eq!(status["checking"][0]["snapshot"], status["checking"][0]["baseline"]);
    assert_eq!((status["state"].as_str(), status["open"].as_array().map(Vec::len)), (Some("ok"), Some(0)));
    assert_eq!(recipients(&smtp), Vec::<String>::new());

    // Unchanged: answered by 304, and by 200 with the same bytes.
    wait_for("a 304", || partner.requests().iter().any(|request| request.answered == 304).then_some(()));
    partner.publish(Answer::Unconditional(baseline.clone()));
    let before = partner.requests().len();
    wait_for("two more polls", || (partner.requests().len() >= before + 3).then_some(()));
    assert_eq!(daemon.status()["checking"][0]["state"], "verified");
    assert_eq!(recipients(&smtp), Vec::<String>::new());

    // The breaking change: exactly two letters with one shared id.
    partner.publish(Answer::Document(breaking.clone()));
    let status = daemon.wait_for_snapshot(&breaking);
    wait_for("two letters", || (smtp.received().len() >= 2).then_some(()));
    assert_eq!(
        recipients(&smtp),
        [PROVIDER, CONSUMER]
            .map(str::to_owned)
            .into_iter()
            .rev()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    let letters = smtp.received();
    let to = |recipient: &str| letters.iter().find(|letter| letter.recipient == recipient).expect("a letter");
    let (consumer, provider) = (to(CONSUMER), to(PROVIDER));
    let notice = status["open"][0]["notice"].as_str().expect("a notice");
    for letter in [consumer, provider] {
        assert_eq!(letter.header("X-Driftd-Notice"), notice);
        assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
        assert!(
            letter.header("Subject").starts_with("[driftd] ") && letter.header("Subject").ends_with(&format!("({notice})")),
            "{}",
            letter.header("Subject")
        );
        assert!(letter.text().contains("totalPrice"));
        assert_eq!(letter.header("References"), consumer.header("References"));
    }
    assert_ne!(consumer.header("Message-ID"), provider.header("Message-ID"));
    assert!(
        [consumer, provider].iter().all(|letter| letter.header("Reply-To").contains(OPERATOR)),
        "a reply quotes the answer link"
    );
    let promise = "Agreement 90 days of notice before a breaking change";
    assert!(consumer.flowing().contains("breaks what Harbor Books calls") && !consumer.flowing().contains(promise));
    assert!(provider.flowing().contains(promise) && !provider.flowing().contains("breaks what"));
    assert!(consumer.text().contains(PROVIDER) && provider.text().contains(CONSUMER), "each learns whom to call");
    assert_eq!(status["checking"][0]["state"], "changed");
    assert_ne!(status["checking"][0]["snapshot"], status["checking"][0]["baseline"]);
    let status = wait_for("both letters are marked sent", || {
        let status = daemon.status();
        (status["telling"]["letters"]["sent"] == 2).then_some(status)
    });
    let sides = status["open"][0]["sides"].as_array().expect("sides");
    assert_eq!(sides.iter().map(|side| side["owner"].as_str()).collect::<Vec<_>>(), [Some("Priya Nair"), Some("Mara Lind")]);
    assert!(sides.iter().all(|side| side["letters"][0]["last_reply"] == "250 2.0.0 taken" && side["answer"].is_null()));

    // The provider answers; the notice stays open.
    let thanks = Daemon::post(&provider.answer_link(), "owner=Mara+Lind&fix_by=2099-01-31&note=will+keep+both");
    assert!(thanks.starts_with("HTTP/1.1 200"), "{thanks}");
    let status = daemon.status();
    assert_eq!(status["open"][0]["sides"][1]["answer"], "ours, done by 2099-01-31: will keep both");
    assert!(
        status["verdict"].as_str().is_some_and(|verdict| verdict.contains("1 not answered by both sides")),
        "{}",
        status["verdict"]
    );

    // Still the same: no further letter. Then the provider puts it back.
    let before = partner.requests().len();
    wait_for("two more polls", || (partner.requests().len() >= before + 2).then_some(()));
    assert_eq!(smtp.received().len(), 2);
    partner.publish(Answer::Document(baseline.clone()));
    let status = daemon.wait_for_snapshot(&baseline);
    wait_for("two more letters", || (smtp.received().len() >= 4).then_some(()));
    assert_eq!((status["state"].as_str(), status["checking"][0]["state"].as_str()), (Some("ok"), Some("verified")));
    let resolved = &smtp.received()[2..];
    assert!(resolved.iter().all(|letter| letter.header("X-Driftd-Notice") == notice
        && letter.text().contains("Resolved: nothing in the Freight API breaks")));
    assert!(resolved.iter().all(|letter| letter.header("References") == consumer.header("References")), "one thread");
    assert_eq!(smtp.received().len(), 4);
    wait_for("the log tells of each", || (daemon.log().matches("letter sent").count() == 4).then_some(()));
    let log = daemon.log();
    assert!(log.contains("p…@harbor.example") && ![CONSUMER, PROVIDER].iter().any(|address| log.contains(address)), "{log}");

    let page = daemon.page("/status");
    assert!(body(&page).contains("Nothing is open"), "{page}");
    let metrics = daemon.page("/metrics");
    for line in [
        "driftd_config_reload_success 1",
        "driftd_notices_open 0",
        "driftd_letters{state=\"sent\"} 4",
        "driftd_mail_attempts_total{outcome=\"sent\"} 4",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
    assert!(daemon.page("/healthz").contains("ok") && daemon.page("/readyz").contains("ready"));
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn info_waits_for_status_and_history_and_becomes_the_baseline() {
    let (first, second) = (fixture("2026-01-12"), fixture("2026-02-09"));
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(first.clone()));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_snapshot(&first);
    partner.publish(Answer::Document(second.clone()));
    let status = daemon.wait_for_snapshot(&second);
    assert_eq!(status["checking"][0]["state"], "verified");
    assert_eq!(status["checking"][0]["snapshot"], status["checking"][0]["baseline"]);
    let history: Value = serde_json::from_str(body(&daemon.get("/history", "application/json").expect("a page"))).expect("JSON");
    let texts: Vec<&str> =
        history["events"].as_array().expect("events").iter().filter_map(|event| event["text"].as_str()).collect();
    assert!(texts.iter().any(|text| text.contains("info: ") && text.contains("is new")), "{texts:?}");
    assert_eq!(smtp.received().len(), 0);
}

#[test]
fn acceptance_by_the_consumer_moves_the_baseline() {
    let (baseline, breaking) = (fixture("2026-03-02"), fixture("2026-04-20"));
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_snapshot(&baseline);
    partner.publish(Answer::Document(breaking.clone()));
    wait_for("two letters", || (smtp.received().len() >= 2).then_some(()));
    let letter = |recipient: &str| smtp.received().into_iter().find(|letter| letter.recipient == recipient).expect("a letter");

    // Looking changes nothing, nonsense is refused with a reason, a provider cannot accept.
    let form = daemon.page(
        letter(CONSUMER)
            .answer_link()
            .split_once("/answer/")
            .map(|(_, token)| format!("/answer/{token}"))
            .expect("a token")
            .as_str(),
    );
    assert!(form.contains("Who takes this on at Harbor Books?"), "{form}");
    assert!(Daemon::post(&letter(CONSUMER).answer_link(), "owner=+&answer=ours").starts_with("HTTP/1.1 422"));
    assert!(Daemon::post(&letter(CONSUMER).answer_link(), "owner=x&fix_by=2001-01-01").contains("has passed"));
    assert!(Daemon::post(&letter(CONSUMER).answer_link(), "owner=x&fix_by=%2B262142-12-30").starts_with("HTTP/1.1 422"));
    assert!(Daemon::post(&letter(PROVIDER).answer_link(), "owner=x&answer=accepted").starts_with("HTTP/1.1 422"));
    assert!(
        Daemon::post(&letter(CONSUMER).answer_link().replace("/answer/", "/answer/0"), "owner=x").starts_with("HTTP/1.1 404")
    );
    assert_eq!(daemon.status()["open"][0]["sides"][0]["answer"], Value::Null);

    let done = std::process::Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["ack", &letter(CONSUMER).answer_link(), "--owner", "Priya Nair", "--accept"])
        .output()
        .expect("driftd ack");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let status = daemon.status();
    assert_eq!(status["open"].as_array().map(Vec::len), Some(0));
    assert_eq!(status["checking"][0]["snapshot"], status["checking"][0]["baseline"]);
    assert!(Daemon::post(&letter(CONSUMER).answer_link(), "owner=x").contains("is closed"), "a replay is harmless");
    wait_for("both hear that it is accepted", || (smtp.received().len() == 4).then_some(()));

    let told = std::process::Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["status", "--url", &format!("http://{}", daemon.address())])
        .output()
        .expect("driftd status");
    assert!(String::from_utf8_lossy(&told.stdout).starts_with("OK: "), "{}", String::from_utf8_lossy(&told.stdout));
}

#[test]
fn what_a_consumer_does_not_use_is_not_told() {
    let (baseline, breaking) = (fixture("2026-03-02"), fixture("2026-04-20"));
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let mut home = Home::new(smtp.port, &partner.url());
    home.configure();
    let text = std::fs::read_to_string(home.integration()).expect("a file");
    let declared = text.replace("{ party = \"harbor\" }", "{ party = \"harbor\", operations = [\"POST /v1/shipments\"] }");
    std::fs::write(home.integration(), declared).expect("a file");
    home.api.clear();
    let daemon = home.start();
    daemon.wait_for_snapshot(&baseline);
    partner.publish(Answer::Document(breaking.clone()));
    daemon.wait_for_snapshot(&breaking);
    wait_for("two letters", || (smtp.received().len() >= 2).then_some(()));
    for letter in smtp.received() {
        assert!(
            letter.text().contains("ShipmentCreate.reference") && !letter.text().contains("current_period_end"),
            "{}",
            letter.text()
        );
    }
}

#[test]
fn a_second_daemon_on_one_state_directory_refuses_in_words() {
    let (_smtp, _partner, home, first) = verified("2026-01-12");
    let mut second = home.start();
    assert_eq!(second.exit_code(), 75);
    wait_for("its words", || second.log().contains("another driftd").then_some(()));
    assert!(second.log().contains(&first.id().to_string()), "{}", second.log());
    assert_eq!(first.stop(), 0);
}

#[test]
fn a_reload_takes_effect_and_a_broken_one_keeps_the_old_configuration() {
    let (_smtp, partner, home, daemon) = verified("2026-01-12");
    let good = std::fs::read_to_string(home.integration()).expect("a file");

    std::fs::write(home.integration(), good.replace("every = \"1s\"", "evry = \"1s\"")).expect("a file");
    daemon.signal("HUP");
    let status = wait_for("status tells of the refused reload", || {
        let status = daemon.status();
        (status["trouble"][0]["part"] == "configuration").then_some(status)
    });
    assert_eq!(status["state"], "trouble");
    assert!(status["trouble"][0]["what"].as_str().is_some_and(|what| what.contains("did you mean \"every\"")), "{status}");
    assert!(daemon.page("/metrics").contains("driftd_config_reload_success 0"));
    assert!(daemon.log().contains("the old configuration stays active"));
    let before = partner.requests().len();
    wait_for("the old configuration is active", || (partner.requests().len() > before + 1).then_some(()));

    std::fs::write(home.integration(), good.replace("name = \"Freight API\"", "name = \"Renamed API\"")).expect("a file");
    daemon.signal("HUP");
    wait_for("the new name shows", || (daemon.status()["checking"][0]["name"] == "Renamed API").then_some(()));
    assert_eq!(daemon.status()["state"], "ok");
    assert!(daemon.page("/metrics").contains("driftd_config_reload_success 1"));
}

#[test]
fn an_upcoming_description_is_announced_before_it_is_live() {
    let (baseline, breaking) = (fixture("2026-03-02"), fixture("2026-04-20"));
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let next = Partner::start(Answer::Document(baseline.clone()));
    let mut home = Home::new(smtp.port, &partner.url());
    home.api = format!("every = \"1s\"\nupcoming = \"{}\"", next.url());
    home.configure();
    let daemon = home.start();
    daemon.wait_for_snapshot(&baseline);
    wait_for("the upcoming description is read", || (daemon.status()["checking"][1]["state"] == "verified").then_some(()));
    next.publish(Answer::Document(breaking));
    wait_for("two letters", || (smtp.received().len() >= 2).then_some(()));
    for letter in smtp.received() {
        assert!(
            letter.header("Subject").contains("will break") || letter.header("Subject").contains("announced"),
            "{}",
            letter.header("Subject")
        );
        assert!(letter.text().contains("not live yet"));
    }
    let status = daemon.status();
    assert_eq!(status["checking"][0]["state"], "verified", "live is as it was");
    assert_eq!(status["open"][0]["surface"], "upcoming");
}

/// Runs a command of the binary against this home.
fn driftd(home: &Home, daemon: &Daemon, arguments: &[&str]) -> (i32, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_driftd"));
    command.args(arguments).env("DRIFTD_CONFIG", home.config()).env("DRIFTD_URL", format!("http://{}", daemon.address()));
    let output = command.output().expect("driftd");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

#[test]
fn a_day_is_announced_moved_and_taken_back_from_the_command_line() {
    let (smtp, _partner, home, daemon) = verified("2026-03-02");
    let announce = |arguments: &[&str]| {
        let fixed = ["announce", "freight/freight", "GET /v1/invoices", "--by", "Mara Lind"];
        driftd(&home, &daemon, &[fixed.as_slice(), arguments].concat())
    };
    assert_eq!(announce(&[]).0, 2, "a date is needed");
    assert_eq!(announce(&["--date", "2099-01-31", "--operation", "nonsense"]).0, 65);
    let (code, text) = announce(&["--date", "2099-01-31", "--title", "Use /v2/invoices"]);
    assert_eq!((code, text.trim()), (0, "GET /v1/invoices recorded: 2099-01-31: Use /v2/invoices"));
    assert!(announce(&["--date", "2099-01-31", "--title", "Use /v2/invoices"]).1.contains("known"), "twice is once");
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
    let letters = smtp.received();
    let consumer = letters.iter().find(|letter| letter.recipient == CONSUMER).expect("a letter");
    assert!(consumer.header("Subject").contains("names days for 1 operation that"), "{}", consumer.header("Subject"));
    let text = consumer.text();
    for words in
        ["`GET /v1/invoices` ends on 2099-01-31", "text/calendar; method=PUBLISH", "DTSTART;VALUE=DATE:20990131", "SEQUENCE:2"]
    {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }

    // The calendar that the letter names, and the feed; a guess leads nowhere.
    let start = text.find("/calendar/").expect("a calendar");
    let address: String = text[start..].chars().take_while(|c| !c.is_whitespace() && *c != '"').collect();
    let calendar = daemon.page(&address);
    assert!(calendar.contains("BEGIN:VEVENT") && calendar.contains("SUMMARY:Freight API: `GET /v1/invoices` ends"), "{calendar}");
    assert!(daemon.page("/calendar/freight/harbor/0000.ics").starts_with("HTTP/1.1 404"));
    let feed = daemon.page("/feeds/freight/freight.atom");
    assert!(feed.contains("<feed xmlns") && feed.contains("Mara Lind announces GET /v1/invoices: 2099-01-31"), "{feed}");

    // Later is quiet; taken back closes the notice and calls the day off.
    assert_eq!(announce(&["--date", "2099-06-30"]).0, 0);
    wait_for("status shows the new day", || daemon.status()["dates"][0].to_string().contains("put off").then_some(()));
    assert_eq!(smtp.received().len(), 2);
    assert_eq!(announce(&["--withdraw"]).0, 0);
    wait_for("both hear that it is over", || (smtp.received().len() == 4).then_some(()));
    let cancelled = smtp.received().pop().expect("a letter").text();
    assert!(cancelled.contains("method=CANCEL") && cancelled.contains("STATUS:CANCELLED"), "{cancelled}");
    let (code, ledger) = driftd(&home, &daemon, &["ledger", "freight/freight"]);
    assert_eq!(code, 0);
    assert!(ledger.contains("2099-01-31") && ledger.contains("replaced") && ledger.contains("withdrawn"), "{ledger}");
    assert_eq!(announce(&["--withdraw"]).0, 65, "nothing is left to take back");

    // The token is for this machine's user: without it nobody speaks for a side.
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["announce", "freight/freight", "*", "--by", "x", "--date", "2099-01-01"])
        .env("DRIFTD_URL", format!("http://{}", daemon.address()))
        .env("DRIFTD_TOKEN", "guess")
        .status()
        .expect("driftd");
    assert_eq!(refused.code(), Some(77));
    let token = std::fs::metadata(home.path().join("state/token")).expect("the token").permissions().mode();
    assert_eq!(token & 0o777, 0o600);
}

#[test]
fn lint_and_handover_name_the_ends_that_depend_on_one_person() {
    let (_smtp, _partner, home, daemon) = verified("2026-03-02");
    let (code, text) = driftd(&home, &daemon, &["lint"]);
    assert_eq!(code, 1);
    assert!(text.contains("freight: Harbor Books has no partner-manager"), "{text}");
    let (code, text) = driftd(&home, &daemon, &["handover", PROVIDER]);
    assert_eq!(code, 1);
    assert!(text.contains("api-owner of Quayside Freight; Platform (deputy) would be left"), "{text}");
    let (code, text) = driftd(&home, &daemon, &["handover", "nobody@x.example"]);
    assert_eq!((code, text.trim()), (0, "nobody@x.example holds nothing."));
}

#[test]
fn no_secret_ever_reaches_a_log_or_a_page() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(fixture("2026-01-12")));
    let mut home = Home::new(smtp.port, &format!("{}?key=query-s3cret", partner.url()));
    std::fs::write(home.path().join("config/token"), "bearer-s3cret\n").expect("a file");
    home.api = "every = \"1s\"\nauth = { bearer = { file = \"token\" } }".to_owned();
    home.configure();
    let daemon = home.start();
    daemon.wait_for_state("verified");
    partner.publish(Answer::Status(401, ""));
    daemon.wait_for_state("down");
    assert!(partner.requests().iter().any(|request| request.authorization.as_deref() == Some("Bearer bearer-s3cret")));
    let pages =
        [daemon.page("/status"), daemon.status().to_string(), daemon.page("/history"), daemon.page("/metrics"), daemon.log()];
    for page in pages {
        assert!(!page.contains("s3cret"), "{page}");
    }
}

#[test]
fn the_demo_plays_and_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["demo", "--once", "--keep"])
        .arg(folder.path())
        .output()
        .expect("driftd demo");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    for words in [
        "baseline taken",
        "5 breaking, 2 warning",
        "`totalPrice` of `Invoice` is now called `total_price`",
        "2 letters for notice",
        "answer at http://",
        "is resolved",
    ] {
        assert!(text.contains(words), "{words:?} is missing in\n{text}");
    }
    assert_eq!(std::fs::read_dir(folder.path().join("letters")).expect("letters").count(), 6);
}

/// The folder of real histories. A test that cannot run fails.
fn corpus() -> PathBuf {
    PathBuf::from(std::env::var_os("DRIFTD_CORPUS").expect("DRIFTD_CORPUS must name the folder of real description histories"))
}

/// The story of the first test over a real history: baseline silent, letters in pairs, status agrees.
fn replay(name: &str, must_tell: bool) {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(corpus().join(name)).expect(name).map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let versions: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).expect("a file")).collect();
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(versions[0].clone()));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_snapshot(&versions[0]);
    assert_eq!(smtp.received().len(), 0, "{name}: the baseline is silent");
    let (mut told, mut unreadable) = (0, 0);
    for (version, path) in versions.iter().zip(&files).skip(1) {
        let before = smtp.received().len();
        partner.publish(Answer::Document(version.clone()));
        if driftd::openapi::read(version, &driftd::openapi::Limits::default()).is_err() {
            // Real providers publish documents that are none; the last good one stays.
            let kept = daemon.status()["checking"][0]["snapshot"].clone();
            let status = daemon.wait_for_state("undecidable");
            assert_eq!(status["checking"][0]["snapshot"], kept, "{}", path.display());
            assert_eq!(smtp.received().len(), before);
            unreadable += 1;
            continue;
        }
        let status = daemon.wait_for_snapshot(version);
        let open = status["open"].as_array().expect("open notices").len();
        let findings = &status["checking"][0]["findings"];
        let matters = findings["breaking"].as_u64().unwrap_or(0) + findings["warning"].as_u64().unwrap_or(0);
        assert_eq!(open == 1, matters > 0, "{}: a notice is open exactly while something matters: {status}", path.display());
        wait_for("the outbox is empty", || daemon.status()["telling"]["oldest_undelivered"].is_null().then_some(()));
        let new = smtp.received().split_off(before);
        assert!(new.is_empty() || new.len() == 2, "{}: {} letters", path.display(), new.len());
        if let [one, other] = new.as_slice() {
            assert_ne!(one.recipient, other.recipient);
            assert_eq!(one.header("X-Driftd-Notice"), other.header("X-Driftd-Notice"));
            assert!(one.message.len() < 150_000, "a letter is read, not searched");
            told += 1;
        }
        // And what is unchanged stays silent.
        let polls = partner.requests().len();
        wait_for("one more poll", || (partner.requests().len() > polls + 1).then_some(()));
        assert_eq!(smtp.received().len(), before + new.len());
    }
    let detail = &daemon.status()["checking"][0]["detail"];
    println!("{name}: {} versions, told {told} times, {unreadable} unreadable, at the end: {detail}", versions.len());
    assert_eq!(told > 0, must_tell, "{name}");
    assert_eq!(daemon.stop(), 0);
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn corpus_history_kratos() {
    replay("kratos-daily", true);
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn corpus_history_netlify() {
    // Two years of additions only: nobody has to hear of them.
    replay("netlify-daily", false);
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn corpus_history_resend() {
    replay("resend-daily", true);
}

#[test]
#[ignore = "needs DRIFTD_CORPUS; tests/run-all.sh runs it"]
fn corpus_demo_plays_real_histories() {
    let played =
        [("kratos-daily", "2 letters for notice"), ("netlify-daily", "1 info"), ("resend-daily", "2 letters for notice")];
    // Side by side: they mostly wait.
    std::thread::scope(|scope| {
        for (name, words) in played {
            scope.spawn(move || {
                let output = std::process::Command::new(env!("CARGO_BIN_EXE_driftd"))
                    .args(["demo", "--once", "--history"])
                    .arg(corpus().join(name))
                    .output()
                    .expect("driftd demo");
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{name}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
                assert!(text.contains("baseline taken") && text.contains(words), "{name}: {text}");
            });
        }
    });
}
