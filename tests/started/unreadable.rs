//! What could not be read, or kept, is neither believed nor forgotten: the break behind it is told.

use crate::support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _};
use support::daemon::{CONSUMER, Daemon, Home, PROVIDER};
use support::partner::{Answer, Partner};
use support::receiver::Receiver;
use support::smtp::Smtp;
use support::{fixture, wait_for};

fn detail(status: &Value) -> &str {
    status["checking"][0]["detail"].as_str().unwrap_or_default()
}

/// A daemon that has read the baseline, and everything around it.
fn started() -> (Smtp, Partner, Home, Daemon) {
    let baseline = fixture("2026-03-02");
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(baseline.clone()));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_snapshot(&baseline);
    (smtp, partner, home, daemon)
}

/// Whatever is published now is not believed: nobody hears of it, and the baseline stays.
#[track_caller]
fn is_not_believed(daemon: &Daemon, smtp: &Smtp, what: &str) {
    let known = support::digest(&fixture("2026-03-02"));
    let status = wait_for(&format!("{what} is not believed: {}", daemon.status()["checking"][0]), || {
        let status = daemon.status();
        (status["checking"][0]["state"] == "undecidable").then_some(status)
    });
    let api = &status["checking"][0];
    assert_eq!((api["snapshot"].as_str(), api["baseline"].as_str()), (Some(known.as_str()), Some(known.as_str())), "{what}");
    assert_eq!((status["open"].as_array().map(Vec::len), smtp.received().len()), (Some(0), 0), "{what}");
}

#[test]
fn a_body_that_is_cut_short_becomes_no_baseline_and_hides_no_break() {
    let (smtp, partner, _home, daemon) = started();
    let whole = fixture("2026-04-20");
    // Without a length, nothing says that it was cut; a proxy that always cuts at the same place says it twice.
    for percent in [30, 75, 98] {
        let mut cut = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        cut.extend_from_slice(&whole[..whole.len() * percent / 100]);
        partner.publish(Answer::Raw(cut));
        is_not_believed(&daemon, &smtp, &format!("{percent} % without a length"));
    }
    // A file that is still being written is served with the length it has so far.
    partner.publish(Answer::Unconditional(whole[..whole.len() * 60 / 100].to_vec()));
    is_not_believed(&daemon, &smtp, "a file that is still being written");
    partner.publish(Answer::Document(whole));
    let status = daemon.wait_for_state("changed");
    assert_eq!(detail(&status), "5 breaking, 2 warning, 2 info");
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
}

#[test]
fn a_whole_body_without_a_length_is_believed_when_it_comes_twice() {
    let (smtp, partner, _home, daemon) = started();
    let mut whole = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    whole.extend_from_slice(&fixture("2026-04-20"));
    partner.publish(Answer::Raw(whole));
    daemon.wait_for_state("changed");
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
    assert!(daemon.page("/history").contains("nothing marks the end of the answer"), "it was held first");
}

#[test]
fn a_component_that_is_still_referred_to_is_not_gone() {
    let (smtp, partner, _home, daemon) = started();
    let gutted = String::from_utf8(fixture("2026-03-02")).expect("text").replace("\n    Invoice:\n", "\n    Invoice2:\n");
    partner.publish(Answer::Document(gutted.into_bytes()));
    is_not_believed(&daemon, &smtp, "a reference that leads nowhere");
    let status = daemon.status();
    assert!(detail(&status).contains("schemas/Invoice") && detail(&status).contains("leads nowhere now"), "{status}");
    partner.publish(Answer::Document(fixture("2026-04-20")));
    daemon.wait_for_state("changed");
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
}

#[test]
fn a_snapshot_that_cannot_be_read_back_is_blind_and_costs_nobody_else() {
    let (smtp, partner, mut home, daemon) = started();
    assert_eq!(daemon.stop(), 0);
    let other = Partner::start(Answer::Document(fixture("2026-01-12")));
    home.api = format!(
        "every = \"1s\"\n[[apis]]\nid = \"other\"\nname = \"Other API\"\nprovider = \"quayside\"\nlive = \"{}\"\nevery = \"1s\"\nconsumers = [{{ party = \"harbor\" }}]",
        other.url()
    );
    home.configure();
    home.with_database(&["UPDATE snapshot SET body = x'00'"]);
    partner.publish(Answer::Document(fixture("2026-04-20")));
    let daemon = home.start();
    let status = wait_for("it is blind, with backoff", || {
        let status = daemon.status();
        (status["checking"][0]["state"] == "blind" && status["checking"][0]["failures"].as_u64() >= Some(3)).then_some(status)
    });
    assert!(detail(&status).contains("table snapshot"), "{status}");
    let time = |name: &str| {
        status["checking"][0][name].as_str().expect("a time").parse::<chrono::DateTime<chrono::Utc>>().expect("a time")
    };
    assert!((time("next_check") - time("last_check")).num_milliseconds() >= 2000, "it is not asked every second: {status}");
    assert_eq!(status["checking"][1]["state"], "verified");
    assert_eq!((status["trouble"].as_array().map(Vec::len), smtp.received().len()), (Some(0), 0));
}

/// Rows whose values are none that driftd ever wrote, or whose other half is gone.
const DAMAGE: [&[&str]; 8] = [
    &[
        "PRAGMA foreign_keys = OFF",
        "DELETE FROM snapshot WHERE digest = (SELECT baseline FROM watch WHERE api = 'freight' AND surface = 'live')",
    ],
    &["PRAGMA foreign_keys = OFF", "UPDATE watch SET baseline = 'soon' WHERE api = 'freight' AND surface = 'live'"],
    &["UPDATE watch SET failures = 'soon' WHERE api = 'freight'"],
    &["UPDATE watch SET leased = 'soon', begun = 'x', full_at = 'x' WHERE api = 'freight'"],
    &["UPDATE watch SET operations = x'ff', parts = x'ff' WHERE api = 'freight'"],
    &["UPDATE snapshot SET size = 'abc' WHERE digest = (SELECT baseline FROM watch WHERE api = 'freight' AND surface = 'live')"],
    &["UPDATE notice SET opened_at = 'x'", "UPDATE delivery SET sender = x'ff', attempts = 'x', state = 'pending'"],
    &["UPDATE event SET at = 'x'", "UPDATE confirmation SET known_at = 'x'"],
];

#[test]
fn a_damaged_row_costs_no_other_api_its_letters() {
    let (smtp, partner, mut home, daemon) = started();
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("two letters", || (smtp.received().len() >= 2).then_some(()));
    assert_eq!(daemon.stop(), 0);
    // Its own bytes: a snapshot that both have is damaged for both.
    let own = |day: &str| Answer::Document([fixture(day), b"# other\n".to_vec()].concat());
    let other = Partner::start(own("2026-03-02"));
    home.api = format!(
        "every = \"1s\"\n[[apis]]\nid = \"other\"\nname = \"Other API\"\nprovider = \"quayside\"\nlive = \"{}\"\nevery = \"1s\"\nconsumers = [{{ party = \"harbor\" }}]",
        other.url()
    );
    home.configure();
    for (at, damage) in DAMAGE.iter().enumerate() {
        let daemon = home.start();
        wait_for("the other one is read", || (daemon.status()["checking"][1]["state"] == "verified").then_some(()));
        assert_eq!(daemon.stop(), 0);
        home.with_database(damage);
        let before = smtp.received().len();
        let polls = partner.requests().len();
        let daemon = home.start();
        partner.publish(Answer::Document(fixture(if at % 2 == 0 { "2026-05-04" } else { "2026-04-20" })));
        // What the other one breaks meanwhile is told, in time, and when it is over as well.
        for day in ["2026-04-20", "2026-03-02"] {
            let known = smtp.received().len();
            other.publish(own(day));
            let to_both = || {
                let of_other = smtp.received().iter().skip(known).filter(|letter| letter.text().contains("Other API")).count();
                (of_other >= 2).then_some(())
            };
            wait_for(&format!("letters about the other API, {damage:?}"), to_both);
        }
        assert!(smtp.received().len() >= before + 4);
        let status = daemon.status();
        assert_eq!(status["checking"].as_array().map(Vec::len), Some(2), "{damage:?}: {status}");
        assert!(partner.requests().len() - polls < 60, "{damage:?}");
        assert_eq!(daemon.stop(), 0, "{damage:?}");
        // The next one begins with a database that is whole.
        home.with_database(&[
            "PRAGMA foreign_keys = OFF",
            "DELETE FROM watch WHERE api = 'freight'",
            "DELETE FROM notice WHERE typeof(opened_at) = 'text'",
            "DELETE FROM delivery WHERE typeof(sender) = 'blob'",
            "DELETE FROM event",
            "DELETE FROM confirmation",
            "DELETE FROM notice",
        ]);
    }
}

#[test]
fn a_document_that_ended_the_process_is_done_with_less_and_then_not_at_all() {
    let (smtp, partner, home, daemon) = started();
    assert_eq!(daemon.stop(), 0);
    let (deadly, harmless) = (fixture("2026-04-20"), fixture("2026-05-04"));
    let died = |times: u32| {
        let name = format!("{} {}", support::digest(&deadly), env!("CARGO_PKG_VERSION"));
        format!("UPDATE watch SET begun = {times}, begun_of = '{name}' WHERE surface = 'live'")
    };
    home.with_database(&[&died(3)]);
    partner.publish(Answer::Document(deadly.clone()));
    let daemon = home.start();
    let status = daemon.wait_for_state("blind");
    assert!(detail(&status).contains("took too long, 3 times"), "{status}");
    // Nor at the check after that, nor after a restart: it would begin the same again.
    wait_for("it is still not compared", || (daemon.status()["checking"][0]["failures"].as_u64() >= Some(3)).then_some(()));
    assert_eq!(daemon.stop(), 0);
    let daemon = home.start();
    wait_for("nor after a restart", || (daemon.status()["checking"][0]["failures"].as_u64() >= Some(4)).then_some(()));
    assert!(detail(&daemon.status()).contains("took too long, 3 times"), "{}", daemon.status());
    assert_eq!(smtp.received().len(), 0);
    // Another document gets its chance.
    partner.publish(Answer::Document(harmless));
    daemon.wait_for_state("verified");
    partner.publish(Answer::Document(fixture("2026-03-02")));
    daemon.wait_for_snapshot(&fixture("2026-03-02"));
    assert_eq!(daemon.stop(), 0);
    // After two times it is compared without proofs: the rules' verdict, and no witness.
    let before = smtp.received().len();
    home.with_database(&[&died(2)]);
    partner.publish(Answer::Document(deadly));
    let daemon = home.start();
    daemon.wait_for_state("changed");
    wait_for("two letters", || (smtp.received().len() >= before + 2).then_some(()));
    let text = smtp.received().pop().expect("a letter").text();
    assert!(!text.contains("accepted before, rejected now") && text.contains("BREAKING"), "{text}");
}

#[test]
fn parts_that_hang_hold_up_no_other_api() {
    let smtp = Smtp::start();
    let slow = Partner::start(Answer::Silence);
    let parts: String = (0..40)
        .map(|at| format!("  /p{at}:\n    get:\n      responses: {{'200': {{description: ok, content: {{application/json: {{schema: {{$ref: 'part{at}.yaml'}}}}}}}}}}\n"))
        .collect();
    let root = format!("openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n{parts}");
    slow.publish_at("/openapi.yaml", Answer::Document(root.into_bytes()));
    let quick = Partner::start(Answer::Document(fixture("2026-03-02")));
    let mut home = Home::new(smtp.port, &slow.url());
    // The quick one is at another host, as other partners are.
    let other = quick.url().replace("127.0.0.1", "localhost");
    home.fetch = "allow_private_hosts = [\"127.0.0.1\", \"localhost\"]\ntimeout = \"3s\"".to_owned();
    home.api = format!(
        "every = \"1s\"\n[[apis]]\nid = \"other\"\nname = \"Other API\"\nprovider = \"quayside\"\nlive = \"{other}\"\nevery = \"1s\"\nconsumers = [{{ party = \"harbor\" }}]"
    );
    home.configure();
    let daemon = home.start();
    wait_for("a part hangs", || (slow.requests().len() >= 2).then_some(()));
    let status = wait_for("the other API is checked all the while", || {
        let polls = quick.requests().len();
        let status = daemon.status();
        (polls >= 6).then_some(status)
    });
    assert!(status["checking"][0]["last_success"].is_null(), "the first check still hangs or has failed: {status}");
    // And its break is told in time.
    quick.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("two letters", || (smtp.received().len() >= 2).then_some(()));
    // The one that hangs has one deadline for all its parts.
    let status = daemon.wait_for_state("down");
    assert!(detail(&status).contains("no complete answer") || detail(&status).contains("did not all come"), "{status}");
}

#[test]
fn a_program_that_hangs_holds_up_no_mail() {
    let (smtp, partner, mut home, daemon) = started();
    assert_eq!(daemon.stop(), 0);
    let hook = Partner::start(Answer::Silence);
    let receiver = Receiver::start();
    std::fs::write(home.path().join("config/hook"), "a-secret-of-some-length\n").expect("a file");
    home.fetch = "allow_private_hosts = [\"127.0.0.1\"]\ntimeout = \"30s\"".to_owned();
    home.configure();
    let text = std::fs::read_to_string(home.integration()).expect("the integration");
    let channel = |name: &str, port: u16| {
        format!(
            "[[parties.harbor.channels]]\nkind = \"webhook\"\nname = \"{name}\"\nurl = \"http://127.0.0.1:{port}/hook\"\nsecret = {{ file = \"hook\" }}\n"
        )
    };
    let channels = channel("hangs", hook.port) + &channel("works", receiver.port);
    std::fs::write(home.integration(), text.replace("[[apis]]", &format!("{channels}[[apis]]"))).expect("a file");
    let daemon = home.start();
    daemon.wait_for_snapshot(&fixture("2026-03-02"));
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("the program hangs", || (!hook.requests().is_empty()).then_some(()));
    wait_for("both letters and the other program have it", || {
        (smtp.received().len() == 2 && receiver.posted().len() == 1).then_some(())
    });
    partner.publish(Answer::Document(fixture("2026-03-02")));
    wait_for("also the next letters", || (smtp.received().len() == 4).then_some(()));
}

#[test]
fn a_state_directory_that_vanishes_is_told_and_nothing_is_mailed_from_memory() {
    let (smtp, partner, home, daemon) = started();
    std::fs::rename(home.path().join("state"), home.path().join("elsewhere")).expect("moved away");
    partner.publish(Answer::Document(fixture("2026-04-20")));
    let status = wait_for("status tells of it", || {
        let status = daemon.status();
        (status["trouble"][0]["part"] == "database").then_some(status)
    });
    assert!(status["trouble"][0]["what"].as_str().is_some_and(|what| what.contains("gone or was replaced")), "{status}");
    assert_eq!(smtp.received().len(), 0);
    std::fs::rename(home.path().join("elsewhere"), home.path().join("state")).expect("put back");
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
    wait_for("all is well again", || daemon.status()["trouble"].as_array().is_some_and(Vec::is_empty).then_some(()));
}

fn fails(home: &Home, code: i32, words: &str) {
    let mut daemon = home.start();
    assert_eq!(daemon.exit_code(), code, "{}", daemon.log());
    wait_for(words, || daemon.log().contains(words).then_some(()));
}

#[test]
fn a_database_that_is_damaged_or_half_a_copy_is_refused_in_words() {
    let (_smtp, _partner, home, daemon) = started();
    assert_eq!(daemon.stop(), 0);
    let state = home.path().join("state");
    let database = state.join("driftd.sqlite");
    let good = std::fs::read(&database).expect("the database");
    // A copy of the file alone, from a time when all of it was in the log beside it.
    std::fs::remove_file(&database).expect("removed");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&database)
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
        options.connect().await.expect("a database").close().await.expect("closed");
    });
    assert!(std::fs::metadata(&database).expect("a file").len() > 0);
    fails(&home, 74, "holds no tables");
    assert!(Path::new(&database).exists(), "it is left as it is");
    let mut garbage = good.clone();
    for byte in garbage.iter_mut().skip(100).take(6000) {
        *byte = 0x5a;
    }
    std::fs::write(&database, &garbage).expect("a file");
    fails(&home, 74, "the database");
    std::fs::write(&database, &good).expect("a file");
    assert_eq!(home.start().wait_for_state("verified")["state"], "ok");
}

#[test]
fn the_lock_outlives_its_file() {
    let (_smtp, _partner, home, first) = started();
    std::fs::remove_file(home.path().join("state/driftd.lock")).expect("removed");
    let mut second = home.start();
    assert_eq!(second.exit_code(), 75, "{}", second.log());
    assert_eq!(first.stop(), 0);
}

#[test]
fn a_pipe_among_the_reports_stops_nobody() {
    let (smtp, partner, mut home, daemon) = started();
    assert_eq!(daemon.stop(), 0);
    let maildir = home.path().join("bounces");
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(maildir.join(part)).expect("a folder");
    }
    assert!(Command::new("mkfifo").arg(maildir.join("new/0.pipe")).status().expect("mkfifo").success());
    std::os::unix::fs::symlink("/etc/passwd", maildir.join("new/1.link")).expect("a link");
    home.mail = format!("bounces = \"back@harbor.example\"\nbounce_maildir = \"{}\"", maildir.display());
    home.configure();
    let daemon = home.start();
    daemon.wait_for_snapshot(&fixture("2026-03-02"));
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
    let letter = smtp.received().into_iter().find(|letter| letter.recipient == CONSUMER).expect("a letter");
    let report = format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: <{}>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n",
        letter.sender
    );
    std::fs::write(maildir.join("new/2.report"), report).expect("a report");
    wait_for("the deputy is written to", || (smtp.received().len() == 3).then_some(()));
    wait_for("the report is put away", || (std::fs::read_dir(maildir.join("cur")).expect("cur").count() == 1).then_some(()));
    assert!(maildir.join("new/0.pipe").exists() && maildir.join("new/1.link").exists(), "neither is read nor moved");
    wait_for("status names them", || daemon.status()["trouble"].to_string().contains("no regular file").then_some(()));
}

#[test]
fn a_reload_with_a_corrected_address_sends_what_is_open_to_it() {
    let (smtp, partner, home, daemon) = started();
    for address in [CONSUMER, support::daemon::CONSUMER_DEPUTY] {
        smtp.treat(address, support::smtp::Manner::UnknownUser);
    }
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("the provider and the operator have it", || (smtp.received().len() == 2).then_some(()));
    wait_for("status shows that nobody was reached", || {
        daemon.status()["telling"]["dead_contacts"].as_array().is_some_and(|dead| dead.len() == 2).then_some(())
    });
    let text = std::fs::read_to_string(home.integration()).expect("the integration");
    std::fs::write(home.integration(), text.replace(CONSUMER, "priya.nair@harbor.example")).expect("a file");
    daemon.signal("HUP");
    let letter = wait_for("the corrected address has the letter", || {
        smtp.received().into_iter().find(|letter| letter.recipient == "priya.nair@harbor.example")
    });
    assert!(letter.flowing().contains("breaks what Harbor Books calls"), "{}", letter.text());
    assert!(smtp.received().iter().filter(|letter| letter.recipient == PROVIDER).count() == 1, "nobody hears of it twice");
    wait_for("the log tells of it", || daemon.log().contains("whoever got no letter of it is written to").then_some(()));
    assert!(!daemon.log().contains("priya.nair@harbor.example"), "a log holds no whole address: {}", daemon.log());
}

#[test]
fn a_reload_that_mends_a_program_ends_its_trouble() {
    let (_smtp, partner, home, daemon) = started();
    assert_eq!(daemon.stop(), 0);
    let receiver = Receiver::start();
    receiver.answer(404);
    std::fs::write(home.path().join("config/hook"), "a-secret-of-some-length\n").expect("a file");
    let text = std::fs::read_to_string(home.integration()).expect("the integration");
    let channel = format!(
        "[[parties.harbor.channels]]\nkind = \"webhook\"\nname = \"ci\"\nurl = \"http://127.0.0.1:{}/hook\"\nsecret = {{ file = \"hook\" }}\n",
        receiver.port
    );
    std::fs::write(home.integration(), text.replace("[[apis]]", &format!("{channel}[[apis]]"))).expect("a file");
    let daemon = home.start();
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("status tells of it", || daemon.status()["trouble"].to_string().contains("channel freight/harbor/ci").then_some(()));
    receiver.answer(204);
    daemon.signal("HUP");
    wait_for("status tells of nothing", || daemon.status()["trouble"].as_array().is_some_and(Vec::is_empty).then_some(()));
    let bodies: Vec<Vec<u8>> = receiver.posted().into_iter().map(|posted| posted.body).collect();
    assert!(bodies.len() == 2 && bodies[0] == bodies[1], "what was refused is handed over once more, as it was");
}

#[test]
fn an_address_that_is_mended_while_its_check_hangs_is_fetched_at_once() {
    let (_smtp, partner, mut home, daemon) = started();
    let mended = Partner::start(Answer::Document(fixture("2026-04-20")));
    // Every address hangs for a while in turn; the reload comes while one is waited for.
    let mut now = partner;
    for turn in 0..3 {
        let before = now.requests().len();
        now.publish(Answer::Silence);
        wait_for("a check hangs", || (now.requests().len() > before).then_some(()));
        let next = Partner::start(Answer::Document(fixture("2026-03-02")));
        let next = if turn == 2 { mended.clone() } else { next };
        home.live = next.url();
        home.configure();
        daemon.signal("HUP");
        wait_for("the new address is asked", || (!next.requests().is_empty()).then_some(()));
        now = next;
    }
    daemon.wait_for_snapshot(&fixture("2026-04-20"));
    assert_eq!(daemon.status()["checking"][0]["overdue"], false);
}

#[test]
fn a_folder_whose_database_is_gone_or_empty_is_no_new_one() {
    let (_smtp, _partner, home, daemon) = started();
    assert_eq!(daemon.stop(), 0);
    let database = home.path().join("state/driftd.sqlite");
    let good = std::fs::read(&database).expect("the database");
    std::fs::remove_file(&database).expect("removed");
    fails(&home, 74, "its database driftd.sqlite is gone");
    std::fs::write(&database, b"").expect("a file");
    fails(&home, 74, "its database driftd.sqlite is empty");
    std::fs::write(&database, &good).expect("a file");
    home.with_database(&["DROP TABLE attempt"]);
    fails(&home, 74, "lacks the tables attempt");
    std::fs::write(&database, &good).expect("a file");
    home.with_database(
        &[
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99999999999999, 'later', 1, x'00', 0)",
        ],
    );
    fails(&home, 78, "written by a newer version of driftd");
    std::fs::write(&database, &good).expect("a file");
    assert_eq!(home.start().wait_for_state("verified")["state"], "ok");
}

#[test]
fn a_server_that_knew_nobody_and_is_mended_lets_everybody_hear() {
    let (smtp, partner, home, daemon) = started();
    smtp.treat_everybody(support::smtp::Manner::UnknownUser);
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("all look dead", || {
        daemon.status()["telling"]["dead_contacts"].as_array().is_some_and(|dead| dead.len() >= 5).then_some(())
    });
    let trouble = daemon.status()["trouble"].to_string();
    assert!(trouble.contains("reaches nobody at") && trouble.contains("the operator cannot be written to"), "{trouble}");
    smtp.treat_everybody(support::smtp::Manner::Accept);
    daemon.signal("HUP");
    for reader in [CONSUMER, PROVIDER] {
        let letters = || smtp.received().into_iter().filter(|letter| letter.recipient == reader).collect::<Vec<_>>();
        let letter = wait_for(&format!("{reader} hears of it"), || letters().pop());
        assert!(letter.header("Subject").starts_with("[driftd] "), "{}", letter.header("Subject"));
        assert_eq!(letters().len(), 1);
    }
    wait_for("nothing is wrong any more", || {
        daemon.status()["trouble"].to_string().contains("reaches nobody").then_some(()).map_or(Some(()), |()| None)
    });
    // The operator and whoever stands in hear nothing that the owners have heard.
    let notices = smtp.received().iter().filter(|letter| letter.header("Subject").contains("(N-")).count();
    assert_eq!((notices, home.integration().exists()), (2, true));
}

#[test]
fn what_is_no_whole_description_is_never_judged() {
    let (smtp, partner, _home, daemon) = started();
    let whole = fixture("2026-04-20");
    let partial = |status: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/yaml\r\nContent-Length: {}\r\n\r\n", body.len());
        Answer::Raw([head.as_bytes(), body].concat())
    };
    partner.publish(partial("206 Partial Content", &whole));
    is_not_believed(&daemon, &smtp, "206");
    assert!(detail(&daemon.status()).contains("206"), "{}", daemon.status());
    partner.publish(Answer::Document(b"openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {x-internal: 1}\n".to_vec()));
    is_not_believed(&daemon, &smtp, "paths that hold an extension alone");
}
