//! How people are told: to whom a letter goes and when, what it says of notice and answers, and how it leaves.

use crate::support::NOTHING;
use std::sync::Arc;
use std::time::Duration;

use driftd::correspondence::{WrittenDigests, digest_due};
use driftd::lifecycle::Heartbeats;
use driftd::loops::{check_due, deliver_due};
use driftd::model::Role;
use tokio_util::sync::CancellationToken;

use crate::bridge::answers::to;
use crate::bridge::harness::{Bridge, QUIET, Terms, both, says_that_nobody_announced};
use crate::bridge::silence::{trouble, version};
use crate::support::partner::Answer;
use crate::support::smtp::Manner;

/// `GET /a`, and perhaps more.
fn reads(more: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: Pay, version: '1'}}\npaths:\n  /a:\n    get:\n      responses: {{'200': {{description: fine}}}}\n{more}"
    )
}

fn read(path: &str) -> String {
    format!("  {path}:\n    get:\n      responses: {{'200': {{description: fine}}}}\n")
}

#[tokio::test]
async fn who_is_asked_because_nobody_answered_is_not_left_asleep() {
    let terms = Terms {
        agreement: "escalate = [{ role = \"deputy\", after = \"0 days\" }]",
        consumer: "quiet_hours = \"20:00-07:00\"",
        ..QUIET
    };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &reads("")).await;
    bridge.publish(&reads("      deprecated: true\n"));
    bridge.at("2026-03-02T21:00");
    assert_eq!(bridge.told().await, ["owner@pay.example opened"], "a warning waits for the morning of its reader");
    bridge.at("2026-03-03T07:00");
    assert_eq!(bridge.told().await, ["dev@shop.example opened"]);
    bridge.at("2026-03-04T21:30");
    assert_eq!(bridge.told().await, ["deputy@pay.example escalated", "deputy@shop.example escalated"]);
}

#[tokio::test]
async fn one_person_with_two_roles_is_written_to_and_asked_once() {
    let terms = Terms {
        agreement: "escalate = [{ role = \"deputy\", after = \"0 days\" }, { role = \"support\", after = \"1 business day\" }]",
        contact: "{ role = \"product\", name = \"Eve Engineer\", email = \"dev@shop.example\", informed = true }, { role = \"support\", name = \"Del Deputy\", email = \"deputy@shop.example\" },",
        ..QUIET
    };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &version(64, 64)).await;
    bridge.publish(&version(32, 64));
    bridge.at("2026-03-02");
    assert_eq!(bridge.told().await, both("opened"));
    let asked = bridge.told_daily("2026-03-03", "2026-03-12").await;
    let expected = [
        "2026-03-04 deputy@pay.example escalated",
        "2026-03-04 deputy@shop.example escalated",
        "2026-03-09 manager@shop.example exchange",
        "2026-03-09 ops@bridge.example exchange",
        "2026-03-09 partner@pay.example exchange",
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn nobody_of_the_first_step_stands_in_for_whoever_is_asked_further_up() {
    let terms = Terms { agreement: "escalate = [{ role = \"on-call\", after = \"0 days\" }]", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &version(64, 64)).await;
    bridge.smtp.treat("oncall@shop.example", Manner::UnknownUser);
    bridge.publish(&version(32, 64));
    bridge.at("2026-03-02");
    assert_eq!(bridge.told().await, both("opened"));
    bridge.at("2026-03-04");
    assert_eq!(bridge.told().await, ["ops@bridge.example escalated"]);
}

#[tokio::test]
async fn whoever_could_not_be_written_to_is_no_trouble_once_he_is_somebody_else() {
    let terms = Terms { agreement: "escalate = [{ role = \"on-call\", after = \"0 days\" }]", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &version(64, 64)).await;
    // No file can say this: it stands for any mistake of ours in a letter.
    bridge.with_config(|config| {
        let shop = config.integrations[0].parties.get_mut("shop").expect("the shop");
        shop.contacts.get_mut(&Role::OnCall).expect("who is called").person.email = "at night".to_owned();
    });
    bridge.publish(&version(32, 64));
    bridge.at("2026-03-02");
    assert_eq!(bridge.told().await, both("opened"));
    bridge.at("2026-03-04");
    assert_eq!(bridge.told().await, NOTHING);
    let said = trouble(&bridge).await;
    assert!(said.len() == 1 && said[0].contains("a letter could not be written"), "{said:?}");
    bridge.shared.reloaded();
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(trouble(&bridge).await, said, "a reload that mends nothing ends no trouble");
    bridge.with_config(|_| {});
    bridge.shared.reloaded();
    assert_eq!(bridge.told().await, ["oncall@shop.example escalated"]);
    assert_eq!(trouble(&bridge).await, NOTHING);
}

#[tokio::test]
async fn a_letter_that_is_put_off_is_tried_more_and_more_rarely() {
    let bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.treat("dev@shop.example", Manner::Greylist(usize::MAX));
    bridge.publish(&version(32, 64));
    let tries = |bridge: &Bridge| bridge.smtp.commands().iter().filter(|line| line.contains("TO:<dev@shop.example>")).count();
    let mut by_hour = Vec::new();
    for hour in 11..19 {
        let before = tries(&bridge);
        for minute in (0..60).step_by(5) {
            bridge.at(&format!("2026-01-12T{hour}:{minute:02}"));
            bridge.work().await;
        }
        by_hour.push(tries(&bridge) - before);
    }
    assert!(by_hour[0] >= 4, "often at first, for it may be greylisting: {by_hour:?}");
    assert!(by_hour[2..].iter().all(|tries| *tries <= 1), "an hour is the longest pause: {by_hour:?}");
    assert!(by_hour.iter().sum::<usize>() >= 9, "and it is never given up: {by_hour:?}");
}

#[tokio::test]
async fn a_slow_mail_server_does_not_make_the_loop_look_stuck() {
    let bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.with_config(|config| config.mail.timeout = Duration::from_secs(20));
    bridge.smtp.script("DATA", "STALL");
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    let (heart, stopping) = (Heartbeats::default(), CancellationToken::new());
    while check_due(&bridge.shared, &heart, &stopping).await.expect("checks") > 0 {}
    let beats = async {
        let mut silent = Duration::ZERO;
        loop {
            let now = heart.last("deliver").map(|last| last.elapsed()).unwrap_or_default();
            if now < silent {
                return;
            }
            silent = now;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        tried = deliver_due(&bridge.shared, &heart) => panic!("no beat while the server was waited for: {tried:?}"),
        () = beats => {}
    }
}

#[tokio::test]
async fn a_server_that_refuses_us_gives_up_no_reader() {
    for (command, reply) in [("AUTH", "535 no such user"), ("MAIL", "550 no such user here")] {
        let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
        bridge.smtp.offer(&["AUTH PLAIN"]);
        // A file may not say this: credentials are sent over TLS only.
        bridge.with_config(|config| config.mail.smtp.credentials = Some(("driftd".to_owned(), "s3cret".to_owned().into())));
        bridge.smtp.script(command, reply);
        bridge.publish(&version(32, 64));
        bridge.at("2026-01-12T11:00");
        assert_eq!(bridge.told().await, NOTHING, "{command}");
        let said = trouble(&bridge).await;
        assert!(said.len() == 1 && said[0].contains(&format!("2 letters are not leaving: {command}")), "{command}: {said:?}");
        bridge.smtp.unscript();
        bridge.at("2026-01-12T13:00");
        assert_eq!(bridge.told().await, both("opened"), "{command}: whom they were written to, and nobody in their place");
        assert!(bridge.smtp.commands().contains(&"AUTH PLAIN AGRyaWZ0ZABzM2NyZXQ=".to_owned()), "{command}");
    }
}

#[tokio::test]
async fn a_letter_names_the_least_notice_that_any_of_its_changes_was_given() {
    let terms = Terms { api: "upcoming = \"UPCOMING\"", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &version(64, 64)).await;
    bridge.next.publish(Answer::Document(version(32, 64).into_bytes()));
    bridge.at("2026-03-01T10:30");
    assert_eq!(bridge.told().await, both("opened"), "announced");
    bridge.publish(&version(32, 32));
    bridge.at("2026-04-11");
    let letters = bridge.letters().await;
    let live: Vec<_> = letters.iter().filter(|letter| letter.text().contains("(live already)")).collect();
    assert_eq!(live.len(), 2);
    for letter in live {
        assert!(says_that_nobody_announced(letter), "{}", letter.text());
    }
}

#[tokio::test]
async fn the_day_to_answer_by_is_that_of_the_reader() {
    let terms = Terms { consumer: "time_zone = \"Pacific/Auckland\"", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &version(64, 64)).await;
    bridge.publish(&version(32, 64));
    // Two o'clock in the morning of Tuesday in Auckland.
    bridge.at("2026-03-02T13:00");
    let letters = bridge.letters().await;
    for (reader, day) in [("dev@shop.example", "2026-03-05"), ("owner@pay.example", "2026-03-04")] {
        let text = to(&letters, reader).text();
        assert!(text.contains(&format!("Answer by     {day}")), "{text}");
    }
}

#[tokio::test]
async fn a_digest_tells_what_happened_while_nobody_was_there_to_write_it() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-13", &reads("")).await;
    bridge.publish(&reads(&read("/new")));
    bridge.at("2026-01-14");
    assert_eq!(bridge.told().await, NOTHING);
    // Away over three Mondays.
    bridge.restart().await;
    bridge.at("2026-02-04");
    let digests = bridge.letters().await;
    assert_eq!(digests.len(), 2);
    assert!(digests.iter().all(|digest| digest.text().contains("`GET /new`")), "{}", digests[0].text());
}

#[tokio::test]
async fn a_check_that_ends_when_the_week_is_over_is_still_of_that_week() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-13", &reads("")).await;
    bridge.publish(&reads(&read("/new")));
    bridge.at("2026-01-14");
    assert_eq!(bridge.told().await, NOTHING);
    // A check that begins a minute before the end of the week has to wait for its turn to compare.
    bridge.publish(&reads(&(read("/new") + &read("/newer"))));
    bridge.at("2026-01-19T06:59");
    {
        let (shared, heart, stopping) = (&bridge.shared, Heartbeats::default(), CancellationToken::new());
        let slots = shared.parse_slots.acquire_many(2).await.expect("both places");
        let checking = check_due(shared, &heart, &stopping);
        let meanwhile = async {
            // Whoever waits for a place holds on to them.
            while Arc::strong_count(&shared.parse_slots) == 1 {
                tokio::task::yield_now().await;
            }
            bridge.at("2026-01-19T07:05");
            digest_due(shared, &mut WrittenDigests::default()).await.expect("digests");
            drop(slots);
        };
        let (checked, ()) = tokio::join!(checking, meanwhile);
        assert!(checked.expect("checks") > 0);
    }
    let mut digests = Vec::new();
    for when in ["2026-01-19T07:20", "2026-01-26T09:00"] {
        bridge.at(when);
        digests.extend(bridge.letters().await);
    }
    assert_eq!(digests.len(), 2, "one week is one digest for each side");
    for digest in digests {
        let text = digest.text();
        assert!(text.contains("`GET /new`") && text.contains("`GET /newer`"), "{text}");
    }
}
