//! Silence climbs the ladder of each side, each step once, and an answer ends it.

use crate::support::NOTHING;
use chrono::TimeDelta;
use driftd::model::{Acknowledgement, Answer, Reply};
use driftd::store::AnswerOutcome;

use crate::bridge::harness::{Bridge, Terms, both, time};
use crate::support::smtp::Received;

/// Both sides of `POST /pay`, with a maximum length that can be lowered.
pub fn description(longest: u32) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: Pay, version: '1'}}\npaths:\n  /pay:\n    post:\n      requestBody:\n        content:\n          application/json:\n            schema: {{type: string, maxLength: {longest}}}\n      responses: {{'204': {{description: done}}}}\n"
    )
}

const LADDER: &str = r#"escalate = [
  { role = "deputy", after = "0 days" },
  { role = "on-call", after = "1 business day" },
  { role = "partner-manager", after = "2 business days" },
]"#;

/// A breaking change on Monday 2 March 2026, told to both sides.
async fn broken(terms: &Terms) -> (Bridge, Vec<Received>) {
    let mut bridge = Bridge::new(terms, "2026-03-01", &description(64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&description(32));
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    (bridge, letters)
}

fn token(letter: &Received) -> String {
    letter.answer_link().rsplit('/').next().expect("a token").to_owned()
}

pub async fn reply(bridge: &Bridge, letter: &Received, reply: &Reply) -> AnswerOutcome {
    driftd::correspondence::answer(&bridge.shared, &token(letter), reply).await.expect("the store")
}

async fn answer(bridge: &Bridge, letter: &Received, answer: Answer, fix_by: Option<&str>) {
    let acknowledgement = Acknowledgement {
        owner: "Somebody".to_owned(),
        answer,
        fix_by: fix_by.map(|text| text.parse().expect("a day")),
        note: String::new(),
    };
    reply(bridge, letter, &Reply::Acknowledge(acknowledgement)).await;
}

#[tokio::test]
async fn silence_climbs_each_step_once_on_each_side() {
    let (mut bridge, _) = broken(&Terms { agreement: LADDER, ..Terms::default() }).await;
    // An answer is due on Wednesday; the provider has nobody on call, so that step finds nobody new.
    let told = bridge.told_daily("2026-03-03", "2026-03-16").await;
    assert_eq!(
        told,
        [
            "2026-03-04 deputy@pay.example escalated",
            "2026-03-04 deputy@shop.example escalated",
            "2026-03-05 oncall@shop.example escalated",
            "2026-03-09 manager@shop.example escalated",
            "2026-03-09 partner@pay.example escalated",
            // Nobody is left to ask: both managers and the operator read of both ends in one letter each.
            "2026-03-11 manager@shop.example exchange",
            "2026-03-11 ops@bridge.example exchange",
            "2026-03-11 partner@pay.example exchange",
        ]
    );
    let week = bridge.told_daily("2026-03-17", "2026-03-24").await;
    let again =
        ["manager@shop.example", "ops@bridge.example", "partner@pay.example"].map(|who| format!("2026-03-18 {who} exchange"));
    assert_eq!(week, again, "once a week");
    bridge.at("2026-03-25");
    let letters = bridge.letters().await;
    let manager = letters.iter().find(|letter| letter.recipient == "manager@shop.example").expect("a letter");
    let text = manager.text();
    assert!(manager.header("Subject").starts_with("[driftd: no answer] Pay breaks"), "{}", manager.header("Subject"));
    assert!(text.contains("have not answered, 21 days overdue"), "{text}");
    assert!(text.contains("Asked at Shop without an answer:") && !text.contains("Asked at Pay"), "{text}");
}

#[tokio::test]
async fn a_restart_takes_no_step_twice_and_skips_none() {
    let (mut bridge, _) = broken(&Terms { agreement: LADDER, ..Terms::default() }).await;
    bridge.at("2026-03-04");
    assert_eq!(bridge.told().await.len(), 2);
    bridge.restart().await;
    assert_eq!(bridge.told().await, NOTHING);
    // A week away: the next step is taken, and the one after it only when its time has come again.
    bridge.restart().await;
    bridge.at("2026-03-12");
    assert_eq!(bridge.told().await, ["oncall@shop.example escalated"]);
    bridge.at("2026-03-13");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.at("2026-03-16");
    assert_eq!(bridge.told().await, ["manager@shop.example escalated", "partner@pay.example escalated"]);
    // A clock that is set back takes nothing back and does nothing again.
    bridge.at("2026-03-04");
    assert_eq!(bridge.told().await, NOTHING);
}

#[tokio::test]
async fn an_answer_ends_the_climb_of_its_side_until_its_day_has_passed() {
    let (mut bridge, letters) = broken(&Terms { agreement: LADDER, ..Terms::default() }).await;
    let to = |recipient: &str| letters.iter().find(|letter| letter.recipient == recipient).expect("a letter").clone();
    answer(&bridge, &to("dev@shop.example"), Answer::Ours, Some("2026-03-20")).await;
    let told = bridge.told_daily("2026-03-03", "2026-03-23").await;
    let left = |day: &str| {
        ["manager@shop.example", "ops@bridge.example", "partner@pay.example"].map(|who| format!("{day} {who} exchange"))
    };
    let mut expected =
        vec!["2026-03-04 deputy@pay.example escalated".to_owned(), "2026-03-09 partner@pay.example escalated".to_owned()];
    expected.extend(left("2026-03-11"));
    expected.extend(left("2026-03-18"));
    assert_eq!(told, expected);
    // Saturday the 21st begins the question again; two business days later nobody has closed it.
    let told = bridge.told_daily("2026-03-24", "2026-03-26").await;
    let mut expected = vec!["2026-03-25 deputy@shop.example escalated".to_owned()];
    expected.extend(left("2026-03-25"));
    expected.push("2026-03-26 oncall@shop.example escalated".to_owned());
    assert_eq!(told, expected);
    let last = bridge.smtp.received().pop().expect("a letter");
    let text = last.text();
    assert!(text.contains("Shop said that this would be done by 2026-03-20, and it is still open."), "{text}");
    assert!(text.contains("You are asked as on-call, after Eve Engineer, Del Deputy."), "{text}");
}

#[tokio::test]
async fn business_days_are_those_of_the_party_and_what_is_resolved_is_over() {
    // Wednesday and Thursday are holidays at the shop.
    let consumer = "time_zone = \"Pacific/Auckland\"\nholidays = [\"2026-03-04\", \"2026-03-05\"]";
    let (mut bridge, _) = broken(&Terms { agreement: LADDER, consumer, ..Terms::default() }).await;
    let told = bridge.told_daily("2026-03-03", "2026-03-06").await;
    assert_eq!(told, ["2026-03-04 deputy@pay.example escalated", "2026-03-06 deputy@shop.example escalated"]);
    bridge.publish(&description(64));
    bridge.at("2026-03-07");
    assert_eq!(bridge.told().await, ["dev@shop.example resolved", "owner@pay.example resolved"]);
    bridge.at("2026-03-30");
    assert_eq!(bridge.told().await, NOTHING);
}

#[tokio::test]
async fn whoever_is_asked_further_up_can_answer_for_the_side() {
    let (mut bridge, _) = broken(&Terms { agreement: LADDER, ..Terms::default() }).await;
    bridge.at("2026-03-05");
    let steps_taken = bridge.letters().await;
    let deputy = steps_taken.iter().find(|letter| letter.recipient == "deputy@shop.example").expect("a letter");
    assert!(deputy.header("References").contains(".thread@"), "one thread");
    answer(&bridge, deputy, Answer::Accepted, None).await;
    bridge.clock.set(time("2026-03-05T10:00") + TimeDelta::minutes(1));
    assert_eq!(bridge.told().await, both("resolved"), "both sides hear that it is accepted");
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert!(status.open.is_empty(), "everybody who is concerned has accepted");
}

#[tokio::test]
async fn product_people_read_plain_words_and_do_not_answer() {
    let contact = "{ role = \"product\", name = \"Pia Product\", email = \"product@shop.example\", informed = true }";
    let mut bridge = Bridge::new(&Terms { agreement: LADDER, contact, ..Terms::default() }, "2026-03-01", &description(64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&description(32));
    let letters = bridge.letters().await;
    let to = |recipient: &str| letters.iter().find(|letter| letter.recipient == recipient).expect("a letter").text();
    assert_eq!(letters.len(), 3);
    let (engineer, product) = (to("dev@shop.example"), to("product@shop.example"));
    assert!(
        product.contains("For your information: Eve Engineer answers for Shop.") && !product.contains("/answer/"),
        "{product}"
    );
    assert!(product.contains("Olga Owner, api-owner at Pay") && product.contains("What to do"), "dates, words, whom to call");
    assert!(engineer.contains("maxLength: 32") && !product.contains("maxLength: 32"), "{product}");
    // A copy is no question: the ladder is that of the owner, and its manager reads plain words as well.
    let told = bridge.told_daily("2026-03-03", "2026-03-09").await;
    assert_eq!(told.len(), 5, "{told:?}");
    let last = bridge.smtp.received().into_iter().rfind(|letter| letter.recipient == "manager@shop.example").expect("a letter");
    assert!(!last.text().contains("maxLength: 32") && last.text().contains("/answer/"));
}

#[tokio::test]
async fn a_day_that_keeps_the_promise_is_no_alarm() {
    let terms = Terms { agreement: LADDER, ..Terms::default() };
    let mut bridge = Bridge::new(&terms, "2026-01-10", &description(64)).await;
    bridge.at("2026-01-12");
    bridge.publish(&description(64).replace("    post:\n", "    post:\n      x-sunset: '2027-06-01'\n"));
    assert_eq!(bridge.told().await, both("dates"));
    // The reminders are enough.
    assert_eq!(bridge.told_daily("2026-01-13", "2026-03-13").await, NOTHING);
}
