//! What is kept from one check to the next: who has accepted what, since when it is known, which question is open, and what is
//! no longer watched.

use crate::support::NOTHING;
use driftd::model::{Acknowledgement, Answer, Reply};
use driftd::store::AnswerOutcome;

use crate::bridge::answers::to;
use crate::bridge::escalation::reply;
use crate::bridge::harness::{Bridge, QUIET, Terms, both};
use crate::bridge::silence::{corrected, version};
use crate::support::partner;
use crate::support::smtp::{Manner, Received};

/// A second party that calls the API.
const DESK: &str = "[parties.desk]\nname = \"Desk\"\ncontacts = [{ role = \"engineering\", name = \"Dora Desk\", email = \"dora@desk.example\" }]";

/// Consumers of the first API, and another one that never changes.
macro_rules! with_consumers {
    ($consumers:literal) => {
        concat!(
            "consumers = [",
            $consumers,
            "]\n[[apis]]\nid = \"second\"\nname = \"Second API\"\nprovider = \"pay\"\nlive = \"UPCOMING\"\nevery = \"1h\""
        )
    };
}

fn everybody(kind: &str) -> [String; 3] {
    ["dev@shop.example", "dora@desk.example", "owner@pay.example"].map(|who| format!("{who} {kind}"))
}

fn answer(owner: &str, answer: Answer, fix_by: Option<&str>) -> Reply {
    let fix_by = fix_by.map(|day| day.parse().expect("a day"));
    Reply::Acknowledge(Acknowledgement { owner: owner.to_owned(), answer, fix_by, note: String::new() })
}

async fn accept(bridge: &Bridge, letters: &[Received], who: &str) -> AnswerOutcome {
    reply(bridge, to(letters, who), &answer(who, Answer::Accepted, None)).await
}

async fn open(bridge: &Bridge) -> usize {
    driftd::http::current_status(&bridge.shared).await.expect("status").open.len()
}

#[tokio::test]
async fn the_baseline_moves_once_each_consumer_has_accepted_all_that_it_was_told() {
    let terms = Terms { consumer: DESK, api: with_consumers!("{ party = \"shop\" }, { party = \"desk\" }"), ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &version(64, 64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&version(32, 64));
    let first = bridge.letters().await;
    assert_eq!(first.len(), 3);
    assert_eq!(accept(&bridge, &first, "dev@shop.example").await, AnswerOutcome::Recorded, "one of two");
    assert_eq!(accept(&bridge, &first, "owner@pay.example").await, AnswerOutcome::Recorded, "who publishes it is not asked");
    assert_eq!((bridge.told().await.len(), open(&bridge).await), (0, 1));
    bridge.at("2026-03-03");
    bridge.publish(&version(32, 16));
    let second = bridge.letters().await;
    assert_eq!(second.len(), 3);
    assert_eq!(
        accept(&bridge, &second, "dora@desk.example").await,
        AnswerOutcome::Recorded,
        "the first knew less when it accepted"
    );
    assert_eq!((bridge.told().await.len(), open(&bridge).await), (0, 1));
    assert_eq!(accept(&bridge, &second, "dev@shop.example").await, AnswerOutcome::BaselineMoved);
    assert_eq!(bridge.told().await, everybody("resolved"));
    assert_eq!(open(&bridge).await, 0);
}

#[tokio::test]
async fn what_was_over_for_a_side_and_begins_again_is_a_new_question() {
    let terms = Terms {
        agreement: "escalate = [{ role = \"deputy\", after = \"0 days\" }]",
        consumer: DESK,
        api: with_consumers!(
            "{ party = \"shop\", operations = [\"POST /a\"] }, { party = \"desk\", operations = [\"POST /b\"] }"
        ),
        ..Terms::default()
    };
    for has_answered in [false, true] {
        let mut bridge = Bridge::new(&terms, "2026-03-01", &version(64, 64)).await;
        bridge.at("2026-03-02");
        bridge.publish(&version(32, 32));
        let letters = bridge.letters().await;
        assert_eq!(letters.len(), 3);
        if has_answered {
            let plan = answer("Eve Engineer", Answer::Ours, Some("2026-12-01"));
            assert_eq!(reply(&bridge, to(&letters, "dev@shop.example"), &plan).await, AnswerOutcome::Recorded);
        }
        bridge.at("2026-03-03");
        bridge.publish(&version(64, 32));
        assert_eq!(bridge.told().await, ["dev@shop.example resolved"], "the other one still waits for its part");
        // On a Friday it breaks again; an answer is due on Tuesday.
        bridge.at("2026-03-20");
        bridge.publish(&version(32, 32));
        let again = bridge.told().await;
        assert!(again.contains(&"dev@shop.example opened".to_owned()), "{again:?}");
        let mut told = again;
        told.extend(bridge.told_daily("2026-03-21", "2026-03-30").await);
        told.retain(|line| line.contains("deputy@shop.example"));
        assert_eq!(told, ["2026-03-24 deputy@shop.example escalated"], "answered before it was over: {has_answered}");
    }
}

#[tokio::test]
async fn what_is_only_announced_is_accepted_and_stays_announced() {
    let terms = Terms { api: "upcoming = \"UPCOMING\"", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &version(64, 64)).await;
    bridge.at("2026-03-02");
    bridge.next.publish(partner::Answer::Document(version(32, 64).into_bytes()));
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    assert_eq!(accept(&bridge, &letters, "dev@shop.example").await, AnswerOutcome::Recorded);
    assert_eq!(bridge.told().await, NOTHING, "nothing is over before it is live");
    assert_eq!(open(&bridge).await, 1);
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    let baselines: Vec<_> = status.checking.iter().filter_map(|watch| watch.baseline.clone()).collect();
    let live = crate::support::digest(version(64, 64).as_bytes());
    assert!(baselines.len() == 2 && baselines.iter().all(|baseline| *baseline == live), "{baselines:?}");
}

#[tokio::test]
async fn what_was_shown_first_counts_from_its_day_though_more_was_shown_later() {
    let terms = Terms { api: "upcoming = \"UPCOMING\"", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &version(64, 64)).await;
    for (day, shown, kind) in [("2026-03-02", version(32, 64), "opened"), ("2026-03-20", version(32, 16), "updated")] {
        bridge.at(day);
        bridge.next.publish(partner::Answer::Document(shown.into_bytes()));
        assert_eq!(bridge.told().await, both(kind));
    }
    bridge.at("2026-04-11");
    bridge.publish(&version(32, 64));
    let letters = bridge.letters().await;
    let live: Vec<String> = letters.iter().map(Received::text).filter(|text| text.contains("(live already)")).collect();
    assert_eq!(live.len(), 2);
    for text in live {
        assert!(text.contains("40 days of 90 days promised, known since 2026-03-02"), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_longer_watched_is_open_no_more_and_its_letters_stay() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
    bridge.smtp.treat_everybody(Manner::Busy);
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(open(&bridge).await, 1);
    // Another name is another API: the old one is gone, and the new one is seen for the first time.
    corrected(&mut bridge, "integrations/shop.toml", ("id = \"pay\"", "id = \"paid\"")).await;
    bridge.smtp.treat_everybody(Manner::Accept);
    bridge.at("2026-01-12T16:00");
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(open(&bridge).await, 0);
}
