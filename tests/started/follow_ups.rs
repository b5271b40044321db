//! Who is told what, and when an answer counts: the same daemon, several versions, answers in between.

use crate::support;

use support::daemon::{CONSUMER, Daemon, Home, PROVIDER};
use support::partner::{Answer, Partner};
use support::smtp::{Received, Smtp};
use support::wait_for;

/// A description with these maximum lengths for what is sent to `/a` and `/b`.
fn version(a: u32, b: u32, more: &str) -> Vec<u8> {
    let path = |name: &str, longest: u32| {
        format!(
            "  /{name}:\n    post:\n      requestBody:\n        content:\n          application/json:\n            schema: {{type: string, maxLength: {longest}}}\n      responses: {{\"204\": {{description: done}}}}\n"
        )
    };
    format!("openapi: 3.1.0\ninfo: {{title: T, version: \"1\"}}\npaths:\n{}{}{more}", path("a", a), path("b", b)).into_bytes()
}

fn by(smtp: &Smtp, recipient: &str) -> Vec<Received> {
    smtp.received().into_iter().filter(|letter| letter.recipient == recipient).collect()
}

fn two_more_polls(partner: &Partner) {
    let before = partner.requests().len();
    wait_for("two more polls", || (partner.requests().len() >= before + 2).then_some(()));
}

#[test]
fn a_consumer_that_says_it_uses_more_hears_of_what_was_open() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(version(64, 64, "")));
    let mut home = Home::new(smtp.port, &partner.url());
    home.operations = vec!["POST /a".to_owned()];
    home.configure();
    let daemon = home.start();
    daemon.wait_for_state("verified");
    partner.publish(Answer::Document(version(64, 32, "")));
    daemon.wait_for_state("changed");
    two_more_polls(&partner);
    assert_eq!(smtp.received().len(), 0, "nobody uses POST /b");

    home.operations.push("POST /b".to_owned());
    home.configure();
    daemon.signal("HUP");
    wait_for("both hear of it", || (smtp.received().len() == 2).then_some(()));
    assert!(by(&smtp, CONSUMER)[0].text().contains("fell from 64 to 32"));

    // A slip of the pen is a change that reaches nobody: status says so.
    home.operations.push("POST /bb".to_owned());
    home.configure();
    daemon.signal("HUP");
    let status = wait_for("the slip is shown", || {
        let status = daemon.status();
        status["checking"][0]["unmatched_uses"][0].is_string().then_some(status)
    });
    assert_eq!(
        status["checking"][0]["unmatched_uses"][0],
        "Harbor Books declares the use of POST /bb, which this description does not have; did you mean POST /b?"
    );
    home.operations.pop();

    // Dropping the use again closes the notice: what differs concerns nobody.
    home.operations.pop();
    home.configure();
    daemon.signal("HUP");
    wait_for("both hear that it is over", || (smtp.received().len() == 4).then_some(()));
    assert_eq!(daemon.status()["open"].as_array().map(Vec::len), Some(0));
    assert!(daemon.page("/history").contains("what differs concerns nobody any more"));
}

#[test]
fn an_acceptance_counts_for_what_the_letter_said() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(version(64, 64, "")));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_state("verified");
    partner.publish(Answer::Document(version(32, 64, "")));
    wait_for("the first letter", || (by(&smtp, CONSUMER).len() == 1).then_some(()));
    let old_link = by(&smtp, CONSUMER)[0].answer_link();
    let worse = version(32, 16, "");
    partner.publish(Answer::Document(worse.clone()));
    wait_for("the second letter", || (by(&smtp, CONSUMER).len() == 2).then_some(()));

    // The first letter knew nothing of the second change.
    let page = Daemon::post(&old_link, "owner=Priya&answer=accepted");
    assert!(page.contains("A later letter tells more"), "{page}");
    assert_eq!(daemon.status()["checking"][0]["state"], "changed");

    let page = Daemon::post(&by(&smtp, CONSUMER)[1].answer_link(), "owner=Priya&answer=accepted");
    assert!(page.contains("the new description is accepted"), "{page}");
    let status = daemon.wait_for_state("verified");
    assert_eq!(status["checking"][0]["baseline"], support::digest(&worse).as_str());
    assert_eq!(status["open"].as_array().map(Vec::len), Some(0));
    two_more_polls(&partner);
    wait_for("both hear that it is accepted", || (smtp.received().len() == 6).then_some(()));
    let last = [CONSUMER, PROVIDER].map(|reader| by(&smtp, reader).pop().expect("a letter"));
    assert!(last.iter().all(|letter| letter.text().contains("Resolved: Harbor Books has accepted it")), "{}", last[0].text());
}

#[test]
fn a_comparison_that_was_stopped_takes_nothing_back() {
    // More `allOf` members than are read.
    let members = "{type: object},".repeat(600);
    let flood = format!(
        "  /c:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {{allOf: [{members}]}}}}}}}}\n      responses: {{\"204\": {{description: done}}}}\n"
    );
    let plain = flood.replace(&members, "{type: object}");
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(version(64, 64, &plain)));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_state("verified");
    partner.publish(Answer::Document(version(32, 64, &plain)));
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
    // What was open is gone, but the comparison cannot speak for the whole.
    partner.publish(Answer::Document(version(64, 64, &flood)));
    let status = daemon.wait_for_state("undecidable");
    assert_eq!(status["open"].as_array().map(Vec::len), Some(1), "{status}");
    assert_eq!(smtp.received().len(), 2);
}

#[test]
fn what_is_announced_is_compared_again_when_the_live_baseline_moves() {
    let smtp = Smtp::start();
    let live = Partner::start(Answer::Document(version(64, 64, "")));
    let next = Partner::start(Answer::Document(version(64, 32, "")));
    let mut home = Home::new(smtp.port, &live.url());
    home.api = format!("upcoming = \"{}\"\nevery = \"1s\"", next.url());
    home.configure();
    let daemon = home.start();
    wait_for("what is announced is told", || (smtp.received().len() == 2).then_some(()));
    assert!(by(&smtp, CONSUMER)[0].header("Subject").contains("will break"));
    // The live description is released as announced, told, and accepted.
    let released = version(64, 32, "");
    live.publish(Answer::Document(released.clone()));
    wait_for("it is live", || (by(&smtp, CONSUMER).len() == 2).then_some(()));
    Daemon::post(&by(&smtp, CONSUMER)[1].answer_link(), "owner=Priya&answer=accepted");
    wait_for("nothing is announced any more", || {
        let status = daemon.status();
        let settled = status["checking"].as_array().is_some_and(|apis| apis.iter().all(|api| api["state"] == "verified"));
        (settled && status["open"].as_array().is_some_and(Vec::is_empty)).then_some(())
    });
    assert_eq!(daemon.status()["checking"][1]["baseline"], support::digest(&released).as_str());
}

#[test]
fn an_override_silences_until_it_ends_and_the_baseline_waits() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(version(64, 64, "")));
    let home = Home::new(smtp.port, &partner.url());
    let configuration = std::fs::read_to_string(home.integration()).expect("the integration");
    let with = |until: &str| {
        let text = format!(
            "{configuration}\n[[overrides]]\nrule = \"request-max-length-*\"\nseverity = \"info\"\nowner = \"Priya\"\nreason = \"we send short ones\"\nuntil = \"{until}\"\n"
        );
        std::fs::write(home.integration(), text).expect("a file");
    };
    with("2999-12-31");
    let daemon = home.start();
    daemon.wait_for_state("verified");
    let changed = version(32, 64, "");
    partner.publish(Answer::Document(changed.clone()));
    let status = daemon.wait_for_snapshot(&changed);
    assert_eq!(status["checking"][0]["state"], "verified");
    assert_eq!(status["checking"][0]["messages"][0]["exception"]["owner"], "Priya");
    assert_ne!(status["checking"][0]["baseline"], status["checking"][0]["snapshot"], "what is excused is not accepted");
    assert_eq!(smtp.received().len(), 0);

    with("2020-01-01");
    daemon.signal("HUP");
    wait_for("both hear of it", || (smtp.received().len() == 2).then_some(()));
    daemon.wait_for_state("changed");
}

#[test]
fn what_is_waived_as_it_stands_is_back_when_it_changes() {
    let smtp = Smtp::start();
    let partner = Partner::start(Answer::Document(version(64, 64, "")));
    let home = Home::new(smtp.port, &partner.url());
    let configuration = std::fs::read_to_string(home.integration()).expect("the integration");
    let waive = |what: &str| {
        let text = format!(
            "{configuration}\n[[overrides]]\n{what}\nseverity = \"info\"\nowner = \"Priya\"\nreason = \"we send short ones\"\nuntil = \"2999-12-31\"\n"
        );
        std::fs::write(home.integration(), text).expect("a file");
    };
    waive("rule = \"request-max-length-*\"");
    let daemon = home.start();
    daemon.wait_for_state("verified");
    let shorter = version(32, 64, "");
    partner.publish(Answer::Document(shorter.clone()));
    let status = daemon.wait_for_snapshot(&shorter);
    let content = status["checking"][0]["messages"][0]["contents"][0].as_str().expect("a content");

    waive(&format!("content = \"{}\"", &content[..12]));
    daemon.signal("HUP");
    two_more_polls(&partner);
    two_more_polls(&partner);
    assert_eq!(daemon.wait_for_state("verified")["checking"][0]["messages"][0]["exception"]["owner"], "Priya");
    assert_eq!(smtp.received().len(), 0, "as it stands it is waived");

    partner.publish(Answer::Document(version(16, 64, "")));
    wait_for("both hear of it", || (smtp.received().len() == 2).then_some(()));
    assert!(daemon.wait_for_state("changed")["checking"][0]["messages"][0]["exception"].is_null());
}
