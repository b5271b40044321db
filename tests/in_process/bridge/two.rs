//! Two parties call one API, under one notice: each hears, says and is asked only what is its own.

use crate::support::NOTHING;
use driftd::http::{Endpoint, serve};
use driftd::lifecycle::Heartbeats;
use driftd::model::{Acknowledgement, Answer, OperationLabel, Reply, Statement};
use driftd::store::AnswerOutcome;
use tokio_util::sync::CancellationToken;

use crate::bridge::answers::{ours, to};
use crate::bridge::escalation::reply;
use crate::bridge::harness::{Bridge, QUIET, Terms, day};
use crate::bridge::silence::version;
use crate::support::daemon::{Daemon, body};
use crate::support::smtp::Received;

/// The shop, which calls `POST /a`, is asked by its deputy's turn as soon as its answer is due.
const ASKED: Terms =
    Terms { agreement: "escalate = [{ role = \"deputy\", after = \"0 days\" }]", operations: &["POST /a"], ..QUIET };

/// A bridge on which the till calls as well: the shop calls what the terms say, the till what is said here.
pub async fn with_till(terms: &Terms, operations: &[&str], start: &str, description: &str) -> Bridge {
    let mut bridge = Bridge::new(terms, start, description).await;
    let file = bridge.folder.path().join("integrations/shop.toml");
    let text = std::fs::read_to_string(&file).expect("the integration");
    let (parties, apis) = text.split_once("[[apis]]").expect("an API");
    let apis = apis.trim_end().strip_suffix(']').expect("who calls it");
    let till = r#"[parties.till]
name = "Till"
contacts = [
  { role = "engineering", name = "Tia Till", email = "dev@till.example", deputy = { name = "Tom Till", email = "deputy@till.example" } },
]
"#;
    let text = format!("{parties}{till}[[apis]]{apis}, {{ party = \"till\", operations = {operations:?} }}]\n");
    std::fs::write(&file, text).expect("a file");
    bridge.restart().await;
    bridge
}

/// A change that breaks both, on Monday 2 March 2026, and the letters about it.
pub async fn broken() -> (Bridge, Vec<Received>) {
    let mut bridge = with_till(&ASKED, &["POST /b"], "2026-03-01", &version(64, 64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&version(32, 32));
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 3);
    (bridge, letters)
}

#[tokio::test]
async fn each_reads_and_is_asked_about_what_it_calls_itself() {
    let mut bridge = with_till(&ASKED, &["POST /b"], "2026-03-01", &version(64, 64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&version(32, 64));
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2, "the till does not call what changed");
    let provider = to(&letters, "owner@pay.example").text();
    assert!(
        provider
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("1 change in the description of the Pay API affects calls of Shop: 1 breaking."),
        "{provider}"
    );
    assert!(!provider.contains("Till"), "nobody calls the till about it: {provider}");
    bridge.at("2026-03-02T11:00");
    bridge.publish(&version(32, 32));
    assert_eq!(bridge.told().await, ["dev@till.example opened", "owner@pay.example updated"]);
    bridge.at("2026-03-05");
    let asked = bridge.letters().await;
    assert_eq!(asked.len(), 3);
    for (deputy, own, other) in [("deputy@shop.example", "POST /a", "POST /b"), ("deputy@till.example", "POST /b", "POST /a")] {
        let text = to(&asked, deputy).text();
        assert!(text.contains("You are asked as deputy") && text.contains(own) && !text.contains(other), "{text}");
    }
}

#[tokio::test]
async fn who_was_taken_out_of_the_configuration_is_asked_nothing() {
    let (mut bridge, _) = broken().await;
    bridge.with_config(|config| config.integrations[0].apis[0].consumers.retain(|consumer| consumer.party != "till"));
    bridge.at("2026-03-05");
    assert_eq!(bridge.told().await, ["deputy@pay.example escalated", "deputy@shop.example escalated"]);
}

#[tokio::test]
async fn who_accepted_an_earlier_letter_is_asked_about_a_later_one() {
    let (mut bridge, letters) = broken().await;
    let accept = Reply::Acknowledge(Acknowledgement {
        owner: "Eve Engineer".to_owned(),
        answer: Answer::Accepted,
        fix_by: None,
        note: String::new(),
    });
    assert_eq!(reply(&bridge, to(&letters, "dev@shop.example"), &accept).await, AnswerOutcome::Recorded, "the till has not");
    bridge.at("2026-03-03");
    bridge.publish(&version(16, 32));
    assert_eq!(bridge.told().await, ["dev@shop.example updated", "owner@pay.example updated"]);
    bridge.at("2026-03-04");
    assert_eq!(bridge.told().await, ["deputy@pay.example escalated", "deputy@till.example escalated"]);
    bridge.at("2026-03-05");
    assert_eq!(bridge.told().await, ["deputy@shop.example escalated"]);
}

const TWO_READS: &str = "openapi: 3.1.0\ninfo: {title: Pay, version: '1'}\npaths:\n  /a:\n    get:\n      responses: {'200': {description: fine}}\n  /b:\n    get:\n      responses: {'200': {description: fine}}\n";

/// `GET /a`, which the shop calls, is to end on 1 December, and `GET /b`, which the till calls, on 1 June.
async fn announced() -> (Bridge, Vec<Received>) {
    let terms = Terms { operations: &["GET /a"], ..QUIET };
    let mut bridge = with_till(&terms, &["GET /b"], "2026-01-05", TWO_READS).await;
    for (operation, date) in [("GET /a", "2026-12-01"), ("GET /b", "2026-06-01")] {
        bridge.announce(operation, ends(operation, date)).await;
    }
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 3);
    (bridge, letters)
}

fn ends(operation: &str, date: &str) -> impl FnOnce(&mut Statement) {
    move |statement| {
        statement.date = Some(day(date));
        statement.operations = OperationLabel::parse(operation).into_iter().collect();
    }
}

#[tokio::test]
async fn a_plan_is_held_against_the_days_of_who_makes_it_and_told_to_whom_it_concerns() {
    let (mut bridge, letters) = announced().await;
    assert_eq!(reply(&bridge, to(&letters, "dev@shop.example"), &ours("2026-09-01")).await, AnswerOutcome::Recorded);
    assert_eq!(bridge.told().await, NOTHING, "in time for its own day, and the other's is no matter");
    bridge.announce("GET /a", |statement| statement.verbatim = "withdrawn".to_owned()).await;
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2, "it is over for the shop, and the provider reads of both");
    let ask = Reply::Extend { by: "Olga".to_owned(), until: day("2026-07-01"), note: String::new() };
    assert_eq!(reply(&bridge, to(&letters, "owner@pay.example"), &ask).await, AnswerOutcome::Recorded);
    assert_eq!(bridge.told().await, ["dev@till.example exchange"]);
}

#[tokio::test]
async fn the_calendar_of_one_party_opens_that_of_no_other() {
    let (bridge, letters) = announced().await;
    let endpoint = Endpoint::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let address = format!("http://{}", endpoint.address);
    let stopping = CancellationToken::new();
    let serving = serve(endpoint, bridge.shared.clone(), Heartbeats::default(), stopping.clone()).expect("a server");
    let parties =
        [("dev@shop.example", "shop", "20261201"), ("dev@till.example", "till", "20260601"), ("owner@pay.example", "pay", "")];
    for (reader, party, day) in parties {
        let text = to(&letters, reader).text();
        let start = text.find("/calendar/").expect("a calendar");
        let path = text[start..].split_whitespace().next().expect("a path");
        assert!(path.starts_with(&format!("/calendar/shop/{party}/")), "{path}");
        let calendar = Daemon::read(&format!("{address}{path}"));
        let days = body(&calendar).matches("BEGIN:VEVENT").count();
        assert_eq!((days, calendar.contains(day)), (if party == "pay" { 2 } else { 1 }, true), "{party}: {calendar}");
        for (_, other, _) in parties.iter().filter(|(_, other, _)| *other != party) {
            let theirs = path.replace(&format!("/shop/{party}/"), &format!("/shop/{other}/"));
            assert!(Daemon::read(&format!("{address}{theirs}")).starts_with("HTTP/1.1 404"), "{party} opens {other}");
        }
    }
    stopping.cancel();
    serving.join().expect("the server");
}

#[tokio::test]
async fn a_digest_tells_each_what_it_calls_and_nobody_what_nobody_calls() {
    let terms = Terms { operations: &["POST /other"], ..QUIET };
    let mut bridge = with_till(&terms, &["POST /b"], "2026-01-13", &version(64, 64)).await;
    bridge.at("2026-01-14");
    bridge.publish(&version(128, 256));
    assert_eq!(bridge.told().await, NOTHING);
    bridge.at("2026-01-19");
    let digests = bridge.letters().await;
    let mut readers: Vec<&str> = digests.iter().map(|letter| letter.recipient.as_str()).collect();
    readers.sort_unstable();
    assert_eq!(readers, ["dev@till.example", "owner@pay.example"], "nothing of it concerns the shop");
    for digest in digests {
        let text = digest.text();
        assert!(text.contains("from 64 to 256") && !text.contains("from 64 to 128"), "{text}");
    }
}
