//! Every loop runs in the daemon that is started: what is due when it starts is done.

use crate::support::daemon::{CONSUMER, CONSUMER_DEPUTY, Home, OPERATOR, PROVIDER, PROVIDER_DEPUTY, verified};
use crate::support::partner::{Answer, Partner};
use crate::support::smtp::{Manner, Received, Smtp};
use crate::support::{fixture, wait_for};

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// Lets what a daemon that is not running has written be older than it is.
fn aged(home: &Home, days: i64, columns: &[(&str, &str)]) {
    let statements: Vec<String> =
        columns.iter().map(|(table, column)| format!("UPDATE {table} SET {column} = {column} - {}", days * DAY)).collect();
    let changed = home.with_database(&statements.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(changed.iter().all(|rows| *rows > 0), "{columns:?}: {changed:?}");
}

/// Waits for a letter to somebody that holds some words.
#[track_caller]
fn wait_for_letter(smtp: &Smtp, to: &str, words: &str) -> Received {
    wait_for(&format!("{to} reads: {words}"), || {
        smtp.received().into_iter().find(|letter| letter.recipient == to && letter.text().contains(words))
    })
}

#[test]
fn silence_climbs_in_the_running_daemon() {
    let (smtp, partner, home, daemon) = verified("2026-03-02");
    partner.publish(Answer::Document(fixture("2026-04-20")));
    wait_for("both letters are sent", || (daemon.status()["telling"]["letters"]["sent"] == 2).then_some(()));
    assert_eq!(daemon.stop(), 0);
    aged(&home, 30, &[("delivery", "created_at"), ("notice", "opened_at"), ("notice", "told_at")]);
    let daemon = home.start();
    for deputy in [CONSUMER_DEPUTY, PROVIDER_DEPUTY] {
        wait_for_letter(&smtp, deputy, "You are asked as deputy");
    }
    wait_for("it is recorded", || (daemon.status()["telling"]["letters"]["sent"] == 4).then_some(()));
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn digests_and_questions_to_people_are_written_by_the_running_daemon() {
    let smtp = Smtp::start();
    smtp.treat(CONSUMER, Manner::UnknownUser);
    let partner = Partner::start(Answer::Document(fixture("2026-01-12")));
    let home = Home::new(smtp.port, &partner.url());
    let text = std::fs::read_to_string(home.integration()).expect("the integration");
    let text = text.replace("[agreement]", "[agreement]\nconfirm_every = \"180 days\"");
    std::fs::write(home.integration(), text.replace("role = ", "confirmed = \"2020-01-01\", role = ")).expect("a file");
    let daemon = home.start();
    wait_for_letter(&smtp, PROVIDER, "Are you still api-owner of Quayside Freight?");
    wait_for("the other one comes back", || {
        daemon.status()["telling"]["dead_contacts"].as_array().is_some_and(|dead| !dead.is_empty()).then_some(())
    });
    // What breaks nothing is for the digest of the week that is over.
    daemon.wait_for_state("verified");
    partner.publish(Answer::Document(fixture("2026-02-09")));
    daemon.wait_for_snapshot(&fixture("2026-02-09"));
    assert_eq!(daemon.stop(), 0);
    aged(&home, 8, &[("quiet", "seen_at")]);
    let daemon = home.start();
    wait_for_letter(&smtp, PROVIDER, "and breaks nothing");
    wait_for_letter(&smtp, OPERATOR, "Priya Nair of Harbor Books cannot be written to");
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_reload_takes_up_a_schedule_and_an_api_that_are_new() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(fixture("2026-01-12")));
    let other = Partner::start(Answer::Document(fixture("2026-03-02")));
    let mut home = Home::new(smtp.port, &partner.url());
    home.api = "every = \"30 days\"".to_owned();
    home.configure();
    let daemon = home.start();
    daemon.wait_for_state("verified");
    home.api = format!(
        "every = \"1s\"\n[[apis]]\nid = \"other\"\nprovider = \"quayside\"\nlive = \"{}\"\nconsumers = [{{ party = \"harbor\" }}]",
        other.url()
    );
    home.configure();
    daemon.signal("HUP");
    wait_for("the new API is read", || (daemon.status()["checking"][1]["state"] == "verified").then_some(()));
    let before = partner.requests().len();
    wait_for("the old one is read every second", || (partner.requests().len() >= before + 3).then_some(()));
}

#[test]
fn a_reload_says_what_waits_for_the_next_start() {
    let (_smtp, _partner, home, daemon) = verified("2026-01-12");
    let mut text = std::fs::read_to_string(home.config()).expect("the configuration");
    let changes = [
        ("[fetch]", "[fetch]\ntimeout = \"20s\"", 0),
        ("\"127.0.0.1:0\"", "\"127.0.0.1:1\"", 1),
        ("[fetch]", "external_url = \"https://ops.example\"\n[fetch]", 2),
        ("\"../state\"", "\"../elsewhere\"", 3),
        ("timeout = \"20s\"", "timeout = \"30s\"", 3),
    ];
    for (reload, (old, new, said)) in changes.into_iter().enumerate() {
        text = text.replacen(old, new, 1);
        std::fs::write(home.config(), &text).expect("a file");
        daemon.signal("HUP");
        wait_for(new, || (daemon.log().matches("the configuration was reloaded").count() == reload + 1).then_some(()));
        assert_eq!(daemon.log().matches("take effect at the next start").count(), said, "{new}");
    }
}
