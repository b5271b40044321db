//! What nobody hears must not be taken for "unchanged": outages, changes that come and go, letters that wait.

use crate::support::NOTHING;
use std::time::Duration;

use driftd::model::Role;

use crate::bridge::harness::{Bridge, QUIET, Terms, both};
use crate::support::partner::{Answer, response};
use crate::support::smtp::Manner;

/// A description with these maximum lengths for what is sent to `/a` and `/b`.
pub fn version(a: u32, b: u32) -> String {
    let path = |name: &str, longest: u32| {
        format!(
            "  /{name}:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {{type: string, maxLength: {longest}}}}}}}}}\n      responses: {{'204': {{description: done}}}}\n"
        )
    };
    format!("openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n{}{}", path("a", a), path("b", b))
}

const OUTAGE: [&str; 2] = ["dev@shop.example outage", "ops@bridge.example outage"];

async fn state(bridge: &Bridge) -> (String, String) {
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    (status.checking[0].state.name().to_owned(), status.checking[0].detail.clone())
}

pub async fn trouble(bridge: &Bridge) -> Vec<String> {
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    status.trouble.into_iter().map(|trouble| format!("{}: {}", trouble.part, trouble.what)).collect()
}

#[tokio::test]
async fn a_description_that_cannot_be_judged_is_told_of_once_then_weekly_and_when_it_is_back() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.partner.publish(Answer::Status(500, ""));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, NOTHING, "an hour of trouble is no news");
    bridge.at("2026-01-12T16:59");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.at("2026-01-12T17:01");
    let letters = bridge.letters().await;
    let readers: Vec<&str> = letters.iter().map(|letter| letter.recipient.as_str()).collect();
    assert_eq!(readers, ["dev@shop.example", "ops@bridge.example"]);
    let text = letters[0].text();
    for words in
        ["cannot be judged (down), for 6 h", "12 January 2026, 11:00 UTC", "500", "last read on", "curl -v", "owner@pay.example"]
    {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    assert!(letters[0].header("Subject").contains("Pay API cannot be judged (down)"), "{}", letters[0].header("Subject"));
    // Once, whatever it is called meanwhile, and also across a restart; then weekly.
    bridge.partner.publish(Answer::Unconditional(b"<html>Sign in</html>".to_vec()));
    bridge.restart().await;
    for day in 13..=18 {
        bridge.at(&format!("2026-01-{day}"));
        assert_eq!(bridge.told().await, NOTHING, "{day}");
    }
    bridge.at("2026-01-19T18:00");
    assert_eq!(bridge.told().await, OUTAGE);
    // What broke while nobody could look is told with the news that it is back.
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-20");
    let mut expected: Vec<String> = both("opened").into_iter().chain(OUTAGE.map(str::to_owned)).collect();
    expected.sort();
    assert_eq!(bridge.told().await, expected);
    bridge.at("2026-02-20");
    assert_eq!(bridge.told().await, NOTHING);
}

#[tokio::test]
async fn how_long_is_too_long_is_said_for_all_or_for_one() {
    let terms = Terms { api: "tell_operator_after = \"2h\"", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-01-12", &version(64, 64)).await;
    bridge.partner.publish(Answer::Status(404, ""));
    bridge.at("2026-01-12T10:30");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.at("2026-01-12T12:31");
    assert_eq!(bridge.told().await, OUTAGE);
}

#[tokio::test]
async fn an_outage_that_comes_and_goes_is_one_outage() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    // Never down for six hours at a time, and hardly ever up.
    let mut told = Vec::new();
    for hour in 0..36 {
        let (day, clock) = (12 + (10 + hour) / 24, (10 + hour) % 24);
        bridge.at(&format!("2026-01-{day}T{clock:02}:00"));
        let is_up = hour % 5 == 4;
        bridge.partner.publish(if is_up { Answer::Document(version(64, 64).into_bytes()) } else { Answer::Status(502, "") });
        told.extend(bridge.told().await);
    }
    assert_eq!(told, OUTAGE, "once");
    bridge.publish(&version(64, 64));
    bridge.at("2026-01-14T00:00");
    assert_eq!(bridge.told().await, NOTHING, "up again, but for how long?");
    bridge.at("2026-01-15T06:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    assert!(
        letters[0].text().contains("can be judged again") && letters[0].text().contains("It came and went"),
        "{}",
        letters[0].text()
    );
}

#[tokio::test]
async fn a_change_that_comes_and_goes_is_told_once_with_its_count() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    let (whole, broken) = (version(64, 64), version(32, 64));
    bridge.publish(&broken);
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, both("opened"));
    bridge.publish(&whole);
    bridge.at("2026-01-12T13:00");
    assert_eq!(bridge.told().await, both("resolved"));
    bridge.publish(&broken);
    bridge.at("2026-01-12T15:00");
    assert_eq!(bridge.told().await, both("flapping"));
    let mut told = Vec::new();
    for hour in [17, 19, 21, 23] {
        bridge.publish(if hour % 4 == 1 { &whole } else { &broken });
        bridge.at(&format!("2026-01-12T{hour}:00"));
        told.extend(bridge.told().await);
    }
    assert_eq!(told, NOTHING, "several servers behind one name are one letter");
    let (_, detail) = state(&bridge).await;
    assert!(detail.contains("it comes and goes: back 3 times"), "{detail}");
    // More than what was told is news also while it flaps.
    bridge.publish(&version(32, 16));
    bridge.at("2026-01-13T02:00");
    assert_eq!(bridge.told().await, both("updated"));
    bridge.publish(&whole);
    bridge.at("2026-01-13T04:00");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.at("2026-01-14T05:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    assert!(letters[0].text().contains("Resolved:") && letters[0].text().contains("came back"), "{}", letters[0].text());
    bridge.at("2026-03-14");
    assert_eq!(bridge.told().await, NOTHING);
}

#[tokio::test]
async fn a_corrected_address_gets_the_letter_of_what_is_open() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    for address in ["dev@shop.example", "deputy@shop.example"] {
        bridge.smtp.treat(address, Manner::UnknownUser);
    }
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, ["ops@bridge.example opened", "owner@pay.example opened"]);
    bridge.at("2026-01-12T12:00");
    bridge.told().await;
    assert_eq!(bridge.told().await, NOTHING, "an address that is dead is not tried again by itself");
    let file = bridge.folder.path().join("integrations/shop.toml");
    let text = std::fs::read_to_string(&file).expect("the integration");
    std::fs::write(&file, text.replace("dev@shop.example", "new@shop.example")).expect("a file");
    bridge.restart().await;
    bridge.at("2026-01-12T13:00");
    assert_eq!(bridge.told().await, ["new@shop.example opened"]);
    bridge.at("2026-01-12T14:00");
    bridge.restart().await;
    assert_eq!(bridge.told().await, NOTHING, "once");
}

#[tokio::test]
async fn what_is_over_before_its_letter_left_is_told_as_over() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.treat_everybody(Manner::Busy);
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.publish(&version(64, 64));
    bridge.at("2026-01-12T13:00");
    assert_eq!(bridge.told().await, NOTHING);
    assert!(trouble(&bridge).await[0].starts_with("mail: "), "{:?}", trouble(&bridge).await);
    bridge.restart().await;
    assert!(trouble(&bridge).await[0].starts_with("mail: "), "a restart mends no server");
    bridge.smtp.treat_everybody(Manner::Accept);
    bridge.at("2026-01-12T16:00");
    assert_eq!(bridge.told().await, both("resolved"), "nobody is told that something breaks which does not");
    assert_eq!(trouble(&bridge).await, NOTHING);
}

#[tokio::test]
async fn letters_to_one_reader_leave_in_order() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.treat("dev@shop.example", Manner::Greylist(2));
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, ["owner@pay.example opened"]);
    // The second letter is written while the first one waits.
    bridge.publish(&version(32, 16));
    bridge.at("2026-01-12T12:01");
    let mut order: Vec<String> = Vec::new();
    for minute in 1..59 {
        bridge.at(&format!("2026-01-12T12:{minute:02}"));
        order.extend(bridge.told().await.into_iter().filter(|line| line.starts_with("dev@")));
    }
    assert_eq!(order, ["dev@shop.example opened", "dev@shop.example updated"]);
}

#[tokio::test]
async fn a_server_that_answers_nobody_is_asked_once_and_wakes_what_waits() {
    let terms = Terms {
        contact: "{ role = \"product\", name = \"Pia\", email = \"pia@shop.example\", informed = true }, { role = \"support\", name = \"Sue\", email = \"sue@shop.example\", informed = true },",
        ..QUIET
    };
    let mut bridge = Bridge::new(&terms, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.treat_everybody(Manner::Busy);
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(bridge.smtp.conversations(), 1, "four letters wait, one asks");
    bridge.smtp.treat_everybody(Manner::Accept);
    bridge.clock.set(crate::bridge::harness::time("2026-01-12T11:02"));
    assert_eq!(bridge.letters().await.len(), 4, "all leave with the first");
}

#[tokio::test]
async fn a_full_mailbox_is_written_to_again_and_after_a_day_whoever_stands_in() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.treat("dev@shop.example", Manner::MailboxFull);
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, ["owner@pay.example opened"]);
    assert_eq!(trouble(&bridge).await, NOTHING, "it is their mailbox, not our trouble");
    bridge.at("2026-01-13T08:00");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.at("2026-01-13T12:00");
    assert_eq!(bridge.told().await, ["deputy@shop.example opened"]);
    bridge.smtp.treat("dev@shop.example", Manner::Accept);
    bridge.at("2026-01-13T15:00");
    assert_eq!(bridge.told().await, ["dev@shop.example opened"], "and the first reader has it as well");
    bridge.at("2026-01-14T15:00");
    assert_eq!(bridge.told().await, NOTHING);
}

#[tokio::test]
async fn what_our_relay_refuses_is_kept_for_as_long_as_it_is_open() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.treat_everybody(Manner::Spam);
    bridge.publish(&version(32, 64));
    let mut told = Vec::new();
    for day in 12..30 {
        bridge.at(&format!("2026-01-{day}T12:00"));
        told.extend(bridge.told().await);
    }
    assert_eq!(told, NOTHING);
    assert!(trouble(&bridge).await[0].contains("2 letters are not leaving"), "{:?}", trouble(&bridge).await);
    bridge.smtp.treat_everybody(Manner::Accept);
    bridge.at("2026-01-30T14:00");
    assert_eq!(bridge.told().await, both("opened"), "to whom they were written, and nobody else");
    assert_eq!(trouble(&bridge).await, NOTHING);
}

#[tokio::test]
async fn whose_letter_cannot_be_written_has_not_been_told() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    // No file can say this: it stands for any mistake of ours in a letter.
    bridge.with_config(|config| {
        let engineer = config.integrations[0].parties.get_mut("shop").and_then(|shop| shop.contacts.get_mut(&Role::Engineering));
        engineer.expect("the engineer").person.email = "dev at the shop".to_owned();
    });
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, ["owner@pay.example opened"]);
    let said = trouble(&bridge).await;
    assert!(said[0].contains("a letter could not be written") && said[0].contains("dev at the shop"), "{said:?}");
    bridge.at("2026-01-12T13:00");
    assert_eq!(bridge.told().await, NOTHING, "who was told is not told again");
    bridge.with_config(|_| {});
    bridge.at("2026-01-12T15:00");
    assert_eq!(bridge.told().await, ["dev@shop.example opened"], "though nothing was published since");
    assert_eq!(trouble(&bridge).await, NOTHING);
}

#[tokio::test]
async fn what_stays_fresh_is_checked_one_interval_later_and_says_so() {
    let fresh = |text: &str| response("Cache-Control: max-age=2592000\r\n", text.as_bytes());
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.partner.publish(fresh(&version(64, 64)));
    bridge.at("2026-01-12T10:30");
    bridge.told().await;
    let (_, detail) = state(&bridge).await;
    assert!(detail.contains("later than planned") && detail.contains("stays fresh for"), "{detail}");
    // An hourly schedule is two hours at most, not a month.
    bridge.partner.publish(fresh(&version(32, 64)));
    bridge.at("2026-01-12T12:35");
    assert_eq!(bridge.told().await, both("opened"));
}

#[tokio::test]
async fn who_asks_to_come_back_tomorrow_is_not_verified() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.partner.publish(Answer::Status(503, "Retry-After: 86400\r\n"));
    bridge.at("2026-01-12T11:00");
    bridge.told().await;
    let (state, detail) = state(&bridge).await;
    assert_eq!(state, "down");
    assert!(detail.contains("come back later, in 1day"), "{detail}");
    // A restart is no reason to ask whoever wants peace.
    let asked = bridge.partner.requests().len();
    bridge.clock.advance(Duration::from_secs(60));
    bridge.restart().await;
    bridge.shared.store.release_leases(driftd::model::Clock::now(bridge.clock.as_ref())).await.expect("released");
    bridge.told().await;
    assert_eq!(bridge.partner.requests().len(), asked);
}

#[tokio::test]
async fn what_failed_is_tried_at_once_after_a_restart() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.partner.publish(Answer::Status(500, ""));
    for hour in 10..20 {
        bridge.at(&format!("2026-01-12T{hour}:30"));
        bridge.told().await;
    }
    bridge.publish(&version(32, 64));
    bridge.clock.advance(Duration::from_secs(60));
    bridge.told().await;
    bridge.restart().await;
    bridge.shared.store.release_leases(driftd::model::Clock::now(bridge.clock.as_ref())).await.expect("released");
    assert!(bridge.told().await.contains(&"dev@shop.example opened".to_owned()));
}

#[tokio::test]
async fn a_clock_that_stood_wrong_at_a_restart_puts_nothing_off() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    for wrong in ["2026-01-11T09:00", "1970-01-02T00:00"] {
        bridge.at(wrong);
        bridge.restart().await;
        bridge.publish(&version(32, 64));
        assert_eq!(bridge.told().await, both("opened"), "{wrong}");
        bridge.publish(&version(64, 64));
        bridge.clock.advance(Duration::from_secs(7200));
        assert_eq!(bridge.told().await, both("resolved"), "{wrong}");
        bridge.at("2026-01-20");
        bridge.told().await;
    }
}

#[tokio::test]
async fn twenty_thousand_days_are_a_letter_that_can_be_read() {
    let paths: String = (0..2_000)
        .map(|at| {
            format!(
                "  /p{at}:\n    get:\n      x-sunset: '2026-{:02}-{:02}'\n      responses: {{'200': {{description: ok}}}}\n",
                3 + at % 9,
                1 + at % 28
            )
        })
        .collect();
    let plain =
        "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /p0:\n    get:\n      responses: {'200': {description: ok}}\n";
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", plain).await;
    bridge.publish(&format!("openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n{paths}"));
    bridge.at("2026-01-12T11:00");
    let letters = bridge.letters().await;
    assert!(letters.len() >= 2, "both are told");
    for letter in letters {
        assert!(letter.message.len() <= 100_000, "{} bytes", letter.message.len());
        assert!(letter.text().contains("more"), "what is left away is counted");
    }
}

/// Replaces text in the file of the integration, or of the daemon, and starts again.
pub async fn corrected(bridge: &mut Bridge, file: &str, (old, new): (&str, &str)) {
    let file = bridge.folder.path().join(file);
    let text = std::fs::read_to_string(&file).expect("the configuration");
    assert!(text.contains(old), "{old} is not in {text}");
    std::fs::write(&file, text.replace(old, new)).expect("a file");
    bridge.restart().await;
}

#[tokio::test]
async fn a_mended_sender_lets_go_what_was_written_before() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.script("MAIL", "553 5.1.8 sender domain is not ours");
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, NOTHING);
    let said = trouble(&bridge).await;
    assert!(said[0].contains("2 letters are not leaving"), "the one that asked, and the one that waits for it: {said:?}");
    corrected(&mut bridge, "driftd.toml", ("driftd@bridge.example", "alerts@mended.example")).await;
    bridge.smtp.unscript();
    bridge.clock.advance(Duration::from_secs(1));
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2, "at once, and not when the pause is over");
    for letter in letters {
        assert_eq!(letter.header("From"), "driftd <alerts@mended.example>");
    }
    assert!(bridge.smtp.commands().iter().any(|command| command.starts_with("MAIL FROM:<alerts@mended.example>")));
    assert_eq!(trouble(&bridge).await, NOTHING);
}

#[tokio::test]
async fn a_full_mailbox_hides_no_later_letter_from_whoever_stands_in() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.treat("dev@shop.example", Manner::MailboxFull);
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    bridge.told().await;
    bridge.at("2026-01-13T12:00");
    assert_eq!(bridge.told().await, ["deputy@shop.example opened"]);
    bridge.publish(&version(32, 16));
    bridge.at("2026-01-14T12:00");
    bridge.told().await;
    bridge.at("2026-01-14T15:00");
    bridge.told().await;
    let told: Vec<String> = bridge.smtp.received().iter().map(|letter| letter.header("Subject")).collect();
    let deputy: Vec<&String> = told.iter().filter(|subject| subject.contains("Updated")).collect();
    let to_deputy = bridge.smtp.received().iter().filter(|letter| letter.recipient == "deputy@shop.example").count();
    assert_eq!(to_deputy, 2, "{deputy:?}");
}

#[tokio::test]
async fn nobody_is_asked_about_a_change_that_is_gone_at_the_moment() {
    let terms = Terms { agreement: "escalate = [{ role = \"deputy\", after = \"0 days\" }]", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-01-12", &version(64, 64)).await;
    for (hour, description) in [("11", version(32, 64)), ("13", version(64, 64)), ("15", version(32, 64))] {
        bridge.publish(&description);
        bridge.at(&format!("2026-01-12T{hour}:00"));
        bridge.told().await;
    }
    let letter = bridge.smtp.received().into_iter().rfind(|letter| letter.recipient == "dev@shop.example").expect("a letter");
    let token = letter.answer_link().rsplit('/').next().expect("a token").to_owned();
    let accept = driftd::model::Reply::Acknowledge(driftd::model::Acknowledgement {
        owner: "Eve".to_owned(),
        answer: driftd::model::Answer::Accepted,
        fix_by: None,
        note: String::new(),
    });
    // It is gone again; the two days of the agreement pass; and it is not accepted in its absence.
    for (hour, description) in [("17", version(64, 64)), ("19", version(32, 64)), ("21", version(64, 64))] {
        bridge.publish(&description);
        bridge.at(&format!("2026-01-12T{hour}:00"));
        assert_eq!(bridge.told().await, NOTHING, "{hour}");
    }
    let answered = driftd::correspondence::answer(&bridge.shared, &token, &accept).await.expect("the store");
    assert_eq!(answered, driftd::store::AnswerOutcome::Gone);
    // A clock that jumps over the day of the answer finds it gone, and asks nobody.
    bridge.clock.set(crate::bridge::harness::time("2026-01-15T12:00"));
    driftd::correspondence::escalate_due(&bridge.shared).await.expect("the ladder");
    driftd::correspondence::missed_letters_due(&bridge.shared).await.expect("letters");
    let asked = bridge.smtp.received().iter().filter(|letter| letter.header("Subject").contains("not answered")).count();
    let waiting = bridge.shared.store.letters(false).await.expect("letters").0;
    assert!(asked == 0 && waiting.iter().all(|row| row.letter.kind != "escalated"), "{waiting:?}");
    assert_eq!(bridge.told().await, both("resolved"));
}

#[tokio::test]
async fn what_driftd_itself_cannot_judge_is_one_letter_to_each_reader() {
    let terms = Terms {
        api: "consumers = [{ party = \"shop\" }]\n[[apis]]\nid = \"second\"\nname = \"Second API\"\nprovider = \"pay\"\nlive = \"UPCOMING\"\nevery = \"1h\"",
        ..QUIET
    };
    let mut bridge = Bridge::new(&terms, "2026-01-12", &version(64, 64)).await;
    let file = format!("sqlite://{}", bridge.folder.path().join("state/driftd.sqlite").display());
    let damage = async |parts: &str| {
        use sqlx::Connection as _;
        let mut database = sqlx::SqliteConnection::connect(&file).await.expect("the database");
        sqlx::query("UPDATE watch SET parts = $1 WHERE surface = 'live'")
            .bind(parts)
            .execute(&mut database)
            .await
            .expect("a row");
        database.close().await.expect("closed");
    };
    damage("damaged").await;
    for hour in 10..24 {
        bridge.at(&format!("2026-01-12T{hour}:10"));
        let letters = bridge.letters().await;
        if !letters.is_empty() {
            let readers: Vec<&str> = letters.iter().map(|letter| letter.recipient.as_str()).collect();
            assert_eq!(readers, ["dev@shop.example", "ops@bridge.example"], "one each, of both");
            let text = letters[0].text();
            assert!(text.contains("and 1 more") && text.contains("Second API (Payments in the shop)"), "{text}");
        }
    }
    assert_eq!(bridge.smtp.received().len(), 2, "once");
    damage("{}").await;
    bridge.at("2026-01-13T10:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2, "{:?}", letters.iter().map(super::harness::kind).collect::<Vec<_>>());
    assert!(letters[0].text().contains("can be judged again, and 1 more"), "{}", letters[0].text());
    bridge.at("2026-01-20T10:00");
    assert_eq!(bridge.told().await, NOTHING);
}

#[tokio::test]
async fn whoever_stands_in_is_written_to_once_and_also_when_only_he_was_corrected() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.treat("dev@shop.example", Manner::UnknownUser);
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert!(bridge.told().await.contains(&"deputy@shop.example opened".to_owned()));
    // The owner's new address is dead as well: his deputy has the letter already.
    bridge.smtp.treat("wrong@shop.example", Manner::UnknownUser);
    corrected(&mut bridge, "integrations/shop.toml", ("dev@shop.example", "wrong@shop.example")).await;
    bridge.at("2026-01-12T12:00");
    assert_eq!(bridge.told().await, ["ops@bridge.example opened"], "and the last who stands in hears of it");
    bridge.at("2026-01-13T12:00");
    assert!(!bridge.told().await.iter().any(|told| told.ends_with("opened")));

    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    for address in ["dev@shop.example", "deputy@shop.example", "ops@bridge.example"] {
        bridge.smtp.treat(address, Manner::UnknownUser);
    }
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    bridge.told().await;
    assert!(
        trouble(&bridge).await.iter().any(|said| said.contains("Shop") || said.contains("shop")),
        "{:?}",
        trouble(&bridge).await
    );
    corrected(&mut bridge, "integrations/shop.toml", ("deputy@shop.example", "helper@shop.example")).await;
    bridge.at("2026-01-12T12:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(|letter| letter.recipient.as_str()).collect::<Vec<_>>(), ["helper@shop.example"]);
    assert_eq!(trouble(&bridge).await, NOTHING);
    // It repeats the letter that nobody got, and so it can be answered, and asks nothing anew.
    let token = letters[0].answer_link().rsplit('/').next().expect("a token").to_owned();
    assert!(!bridge.shared.store.letter(&token).await.expect("the store").expect("a letter").is_outdated);
}

#[tokio::test]
async fn a_program_that_refused_is_tried_again_after_a_restart() {
    let receiver = crate::support::receiver::Receiver::start();
    receiver.answer(404);
    let consumer = format!(
        "channels = [{{ kind = \"webhook\", name = \"ci\", url = \"http://127.0.0.1:{}/hook\", secret = {{ file = \"secret\" }} }}]",
        receiver.port
    );
    let terms = Terms { consumer: Box::leak(consumer.into_boxed_str()), ..QUIET };
    let files: &[(&str, &str)] = &[("secret", "signing-s3cret")];
    let mut bridge = Bridge::with_files(&terms, "", files, "2026-01-12", &version(64, 64)).await;
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, both("opened"));
    assert!(trouble(&bridge).await.iter().any(|said| said.starts_with("channel ")));
    receiver.answer(200);
    bridge.restart().await;
    bridge.at("2026-01-12T12:00");
    assert_eq!(bridge.told().await, NOTHING, "no letter is sent twice for it");
    assert_eq!(receiver.posted().len(), 2);
    assert_eq!(trouble(&bridge).await, NOTHING);
}
