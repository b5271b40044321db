//! Addresses that die, early or late: the deputy gets the same notice, the contact shows red, the operator knows.

use crate::support::NOTHING;
use driftd::correspondence::bounced;
use driftd::model::Clock as _;
use driftd::store::Bounced;

use crate::bridge::answers::to;
use crate::bridge::escalation::description;
use crate::bridge::harness::{Bridge, Terms, kind};
use crate::bridge::silence::corrected;
use crate::support::smtp::{Manner, Received};

const MAIL: &str = "bounces = \"bounces@bridge.example\"\nbounce_maildir = \"maildir\"";

pub fn report(letter: &Received, action: &str, status: &str) -> Vec<u8> {
    format!(
        "From: <>\r\nTo: {}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; x@example\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 gone\r\n--b--\r\n",
        letter.sender
    )
    .into_bytes()
}

pub async fn broken() -> (Bridge, Vec<Received>) {
    let mut bridge = Bridge::with_mail(&Terms::default(), MAIL, "2026-03-01", &description(64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&description(32));
    let letters = bridge.letters().await;
    (bridge, letters)
}

/// What the address of a confirmation ends with.
pub fn confirm_token(letter: &Received) -> String {
    let text = letter.text();
    let start = text.find("/confirm/").expect("a link");
    text[start + 9..].chars().take_while(char::is_ascii_hexdigit).collect()
}

#[tokio::test]
async fn a_letter_that_comes_back_late_reaches_the_deputy_once() {
    let (mut bridge, letters) = broken().await;
    let consumer = to(&letters, "dev@shop.example");
    assert!(consumer.sender.starts_with("bounces+") && consumer.sender.ends_with("@bridge.example"), "{}", consumer.sender);
    assert_ne!(consumer.sender, to(&letters, "owner@pay.example").sender);
    assert!(!consumer.answer_link().contains(consumer.sender.trim_start_matches("bounces+").split('@').next().expect("a token")));

    let hand_in = async |bridge: &Bridge, mail: &[u8]| bounced(&bridge.shared, mail).await.expect("the store");
    assert_eq!(hand_in(&bridge, &report(consumer, "delayed", "4.4.1")).await, Bounced::Noted);
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(hand_in(&bridge, &report(consumer, "failed", "5.1.1")).await, Bounced::StandInCalled);
    assert_eq!(hand_in(&bridge, &report(consumer, "failed", "5.1.1")).await, Bounced::Known);
    let forged = Received { sender: "bounces+0000@bridge.example".to_owned(), ..consumer.clone() };
    assert_eq!(hand_in(&bridge, &report(&forged, "failed", "5.1.1")).await, Bounced::NotOurs);
    assert_eq!(hand_in(&bridge, b"From: a@b\r\n\r\nI am out of the office.").await, Bounced::NotOurs);

    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2, "the deputy, and the operator is told");
    let deputy = to(&letters, "deputy@shop.example");
    assert_eq!(kind(deputy), "opened");
    assert!(deputy.text().contains("because Eve Engineer could not be written to"), "{}", deputy.text());
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert_eq!(status.telling.dead_contacts.len(), 1);
    assert_eq!(status.telling.dead_contacts[0].address, "dev@shop.example");
    assert!(status.gaps.iter().any(|gap| gap.what.contains("Del Deputy (deputy) gets the letters") && !gap.is_orphan));

    // The deputy's comes back as well: the operator stands at that end, and status says that nobody else does.
    assert_eq!(hand_in(&bridge, &report(deputy, "failed", "5.1.1")).await, Bounced::StandInCalled);
    assert_eq!(bridge.told().await, ["ops@bridge.example attest", "ops@bridge.example opened"]);
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert!(status.gaps.iter().any(|gap| gap.is_orphan), "{:?}", status.gaps);
    assert!(status.verdict.contains("nobody can be reached at 1 end"), "{}", status.verdict);
}

#[tokio::test]
async fn a_refused_address_shows_red_until_a_letter_arrives_again() {
    let (mut bridge, _) = broken().await;
    bridge.smtp.treat("dev@shop.example", Manner::UnknownUser);
    bridge.at("2026-03-02T11:00");
    bridge.publish(&description(16));
    assert_eq!(bridge.told().await, ["deputy@shop.example updated", "owner@pay.example updated"]);
    let dead =
        async |bridge: &Bridge| driftd::http::current_status(&bridge.shared).await.expect("status").telling.dead_contacts.len();
    assert_eq!(dead(&bridge).await, 1);
    bridge.smtp.treat("dev@shop.example", Manner::Accept);
    bridge.at("2026-03-02T13:00");
    bridge.publish(&description(8));
    assert_eq!(
        bridge.told().await,
        ["dev@shop.example updated", "ops@bridge.example attest", "owner@pay.example updated"],
        "the operator is told"
    );
    assert_eq!(dead(&bridge).await, 0);
    let letters = bridge.smtp.received();
    let text = to(&letters, "ops@bridge.example").text();
    assert!(
        text.contains("Eve Engineer of Shop cannot be written to") && text.contains("dev@shop.example came back: RCPT TO"),
        "{text}"
    );
    // Who gets the letters until then, and what to change.
    let text = to(&letters, "ops@bridge.example").flowing();
    assert!(text.contains("<deputy@shop.example> stands in and gets the letters to engineering of Shop until then"), "{text}");
    assert!(text.contains("Change `email` of the contact with the role `engineering` under `parties.shop`"), "{text}");
    assert!(to(&letters, "ops@bridge.example").header("Subject").starts_with("[driftd: operator] "), "{text}");
    bridge.at("2026-03-02T14:00");
    assert_eq!(bridge.told().await, NOTHING, "once");
    // It dies again: that is news.
    bridge.smtp.treat("dev@shop.example", Manner::UnknownUser);
    bridge.at("2026-03-02T16:00");
    bridge.publish(&description(4));
    assert_eq!(bridge.told().await, ["deputy@shop.example updated", "owner@pay.example updated"]);
    bridge.at("2026-03-02T16:10");
    assert_eq!(bridge.told().await, ["ops@bridge.example attest"]);
    assert_eq!(dead(&bridge).await, 1);
}

#[tokio::test]
async fn a_report_to_an_address_that_letters_share_is_about_none_of_them() {
    let mut bridge = Bridge::new(&Terms::default(), "2026-03-01", &description(64)).await;
    // No address for reports is configured, and the one that all letters come from looks like that of one letter.
    corrected(&mut bridge, "driftd.toml", ("driftd@bridge.example", "team+driftd@bridge.example")).await;
    bridge.at("2026-03-02");
    bridge.publish(&description(32));
    let letters = bridge.letters().await;
    let consumer = to(&letters, "dev@shop.example");
    assert_eq!(consumer.sender, "team+driftd@bridge.example");
    assert_eq!(consumer.sender, to(&letters, "owner@pay.example").sender);
    let mail = report(consumer, "failed", "5.1.1");
    assert_eq!(bounced(&bridge.shared, &mail).await.expect("the store"), Bounced::NotOurs);
    assert_eq!(bridge.told().await, NOTHING);
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert!(status.telling.dead_contacts.is_empty(), "{:?}", status.telling.dead_contacts);
}

#[tokio::test]
async fn a_maildir_is_looked_into_and_what_was_taken_up_is_moved() {
    let (mut bridge, letters) = broken().await;
    let maildir = bridge.folder.path().join("maildir");
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(maildir.join(part)).expect("a folder");
    }
    std::fs::write(maildir.join("new/1.report"), report(to(&letters, "owner@pay.example"), "failed", "5.1.1")).expect("a mail");
    std::fs::write(maildir.join("new/2.spam"), "Buy now").expect("a mail");
    looked_into(&bridge, || std::fs::read_dir(maildir.join("new")).expect("a folder").count() == 0).await;
    assert_eq!(std::fs::read_dir(maildir.join("cur")).expect("a folder").count(), 2);
    assert_eq!(bridge.told().await, ["deputy@pay.example opened", "ops@bridge.example attest"]);
}

/// Looks into the Maildir until something is true.
async fn looked_into(bridge: &Bridge, until: impl Fn() -> bool) {
    let (heart, stopping) = (driftd::lifecycle::Heartbeats::default(), tokio_util::sync::CancellationToken::new());
    let waiting = async {
        while !until() {
            tokio::task::yield_now().await;
        }
        stopping.cancel();
    };
    tokio::join!(driftd::loops::bounces(bridge.shared.clone(), heart, stopping.clone()), waiting);
}

#[tokio::test]
async fn a_report_stays_where_it_is_until_what_it_says_is_on_disk() {
    let (mut bridge, letters) = broken().await;
    let maildir = bridge.folder.path().join("maildir");
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(maildir.join(part)).expect("a folder");
    }
    let file = maildir.join("new/1.report");
    std::fs::write(&file, report(to(&letters, "owner@pay.example"), "failed", "5.1.1")).expect("a mail");
    bridge.shared.store.close().await;
    let shared = bridge.shared.clone();
    looked_into(&bridge, || !file.exists() || !shared.trouble.all().is_empty()).await;
    assert!(file.exists(), "the database did not take it");
    bridge.restart().await;
    looked_into(&bridge, || !file.exists()).await;
    assert_eq!(bridge.told().await, ["deputy@pay.example opened", "ops@bridge.example attest"]);
}

#[tokio::test]
async fn a_report_is_found_by_any_address_it_was_sent_to() {
    let (mut bridge, letters) = broken().await;
    let mail = report(to(&letters, "dev@shop.example"), "failed", "5.1.1");
    let mail = String::from_utf8(mail).expect("text").replacen("To: ", "To: archive+mail@elsewhere.example\r\nDelivered-To: ", 1);
    assert_eq!(bounced(&bridge.shared, mail.as_bytes()).await.expect("the store"), Bounced::StandInCalled);
    assert_eq!(bridge.told().await, ["deputy@shop.example opened", "ops@bridge.example attest"]);
}

#[tokio::test]
async fn people_are_asked_now_and_then_whether_they_are_still_there() {
    let terms = Terms {
        agreement: "confirm_every = \"180 days\"\nescalate = [{ role = \"support\", after = \"300 days\" }]",
        contact: "{ role = \"product\", name = \"Pia Product\", email = \"product@shop.example\", confirmed = \"2026-03-01\" }",
        ..Terms::default()
    };
    let mut bridge = Bridge::new(&terms, "2026-01-05", &description(64)).await;
    let told = bridge.told_daily("2026-07-01", "2026-07-10").await;
    let asked: Vec<&str> = told.iter().map(String::as_str).collect();
    assert_eq!(
        asked,
        [
            "2026-07-04 dev@shop.example attest",
            "2026-07-04 manager@shop.example attest",
            "2026-07-04 oncall@shop.example attest",
            "2026-07-04 owner@pay.example attest",
            "2026-07-04 partner@pay.example attest",
        ],
        "each once, and not who was confirmed since"
    );
    let letters = bridge.smtp.received();
    for who in ["oncall@shop.example", "owner@pay.example", "manager@shop.example", "partner@pay.example"] {
        let now = driftd::model::Clock::now(bridge.clock.as_ref());
        assert!(bridge.shared.store.confirm(&confirm_token(to(&letters, who)), now).await.expect("the store"));
    }
    assert!(!bridge.shared.store.confirm("0000", bridge.clock.as_ref().now()).await.expect("the store"), "a guess");
    // Two weeks without a word: the manager is asked, once, and status shows the gap.
    let told = bridge.told_daily("2026-07-11", "2026-07-31").await;
    assert_eq!(told, ["2026-07-19 manager@shop.example attest"]);
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert!(status.gaps.iter().any(|gap| gap.what.contains("Eve Engineer (engineering) was asked")), "{:?}", status.gaps);
    let now = bridge.clock.as_ref().now();
    assert!(bridge.shared.store.confirm(&confirm_token(to(&letters, "dev@shop.example")), now).await.expect("the store"));
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert!(!status.gaps.iter().any(|gap| gap.what.contains("was asked")), "{:?}", status.gaps);
}

#[tokio::test]
async fn nobody_is_asked_about_himself() {
    let terms = Terms {
        agreement: "confirm_every = \"180 days\"\nescalate = [{ role = \"support\", after = \"300 days\" }]",
        ..Terms::default()
    };
    let mut bridge = Bridge::new(&terms, "2026-01-05", &description(64)).await;
    assert_eq!(bridge.told_daily("2026-07-04", "2026-07-04").await.len(), 5);
    let letters = bridge.smtp.received();
    for who in ["dev@shop.example", "oncall@shop.example", "owner@pay.example"] {
        assert!(
            bridge.shared.store.confirm(&confirm_token(to(&letters, who)), bridge.clock.as_ref().now()).await.expect("the store")
        );
    }
    // The managers do not answer; nobody else can be asked about them, and status shows it.
    assert_eq!(bridge.told_daily("2026-07-05", "2026-07-31").await, NOTHING);
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    let silent = status.gaps.iter().filter(|gap| gap.what.contains("(partner-manager) was asked")).count();
    assert_eq!(silent, 2, "{:?}", status.gaps);
}
