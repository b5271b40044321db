//! Programs that are told beside the letters: signed events and chat messages, through the same outbox.

use crate::support::NOTHING;
use driftd::fetch::signature;
use serde_json::Value;

use crate::bridge::escalation::description;
use crate::bridge::harness::{Bridge, Terms};
use crate::bridge::silence::trouble;
use crate::support::receiver::{Posted, Receiver};

async fn told(receiver: &Receiver) -> (Bridge, Vec<String>) {
    let consumer = format!(
        "channels = [{{ kind = \"webhook\", name = \"ci\", url = \"http://127.0.0.1:{0}/hook\", secret = {{ file = \"secret\" }} }}, {{ kind = \"slack\", name = \"chat\", url = {{ file = \"chat\" }} }}]",
        receiver.port
    );
    let chat = format!("http://127.0.0.1:{}/services/T0/s3cret", receiver.port);
    let files: &[(&str, &str)] = &[("secret", "signing-s3cret"), ("chat", &chat)];
    let terms = Terms { consumer: Box::leak(consumer.into_boxed_str()), ..Terms::default() };
    let mut bridge = Bridge::with_files(&terms, "", files, "2026-03-01", &description(64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&description(32));
    let told = bridge.told().await;
    (bridge, told)
}

fn at<'p>(posted: &'p [Posted], path: &str) -> &'p Posted {
    posted.iter().find(|post| post.path == path).expect("a request")
}

#[tokio::test]
async fn a_notice_reaches_programs_signed_and_escaped() {
    let receiver = Receiver::start();
    let (bridge, letters) = told(&receiver).await;
    assert_eq!(letters, ["dev@shop.example opened", "owner@pay.example opened"], "mail is as it was");
    let posted = receiver.posted();
    assert_eq!(posted.len(), 2);
    let event = at(&posted, "/hook");
    assert_eq!(event.header("content-type"), "application/cloudevents+json");
    let body: Value = serde_json::from_slice(&event.body).expect("JSON");
    for (name, value) in [("specversion", "1.0"), ("type", "driftd.notice.opened"), ("subject", "shop/pay")] {
        assert_eq!(body[name], value, "{body}");
    }
    assert_eq!((body["data"]["side"].as_str(), body["data"]["verdict"].as_str()), (Some("consumer"), Some("breaking")));
    assert!(body["data"]["findings"][0]["message"].as_str().is_some_and(|text| text.contains("from 64 to 32")), "{body}");
    let (id, time) = (event.header("webhook-id"), event.header("webhook-timestamp").parse().expect("seconds"));
    assert_eq!(id, body["id"]);
    assert_eq!(event.header("webhook-signature"), signature(b"signing-s3cret", id, time, &event.body));
    let chat = at(&posted, "/services/T0/s3cret");
    let text: Value = serde_json::from_slice(&chat.body).expect("JSON");
    let text = text["text"].as_str().expect("a text");
    assert!(
        text.starts_with("*[driftd] Pay breaks 1 operation that Shop may call: POST /pay (N-") && text.contains("• BREAKING: "),
        "{text}"
    );
    assert!(!text.contains("/answer/"), "who reads a chat does not answer for the reader of a letter");
    let status = serde_json::to_string(&driftd::http::current_status(&bridge.shared).await.expect("status")).expect("JSON");
    assert!(!status.contains("s3cret"), "an address may be a secret");
}

#[tokio::test]
async fn a_program_that_is_down_is_tried_again_with_the_same_bytes_and_one_that_refuses_is_not() {
    let receiver = Receiver::start();
    receiver.answer(503);
    let (mut bridge, _) = told(&receiver).await;
    assert_eq!(receiver.posted().len(), 2);
    receiver.answer(200);
    bridge.at("2026-03-02T09:10");
    assert_eq!(bridge.told().await, NOTHING, "no letter is sent twice for it");
    let posted = receiver.posted();
    assert_eq!(posted.len(), 4);
    let bodies: std::collections::BTreeSet<&[u8]> = posted.iter().map(|post| post.body.as_slice()).collect();
    assert_eq!(bodies.len(), 2, "each twice, byte for byte");
    receiver.answer(403);
    bridge.publish(&description(16));
    bridge.at("2026-03-02T11:00");
    assert_eq!(bridge.told().await, ["dev@shop.example updated", "owner@pay.example updated"]);
    bridge.at("2026-03-02T20:00");
    bridge.work().await;
    assert_eq!(receiver.posted().len(), 6, "what is refused stays refused");
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert!(status.trouble.iter().any(|trouble| trouble.part.starts_with("channel ")), "{:?}", status.trouble);
    assert!(status.telling.dead_contacts.is_empty());
}

#[tokio::test]
async fn a_program_that_takes_no_more_for_now_gets_it_later_and_is_not_asked_in_a_loop() {
    let receiver = Receiver::start();
    // Enough for both, and for a loop to show.
    receiver.answer_for_now(20, 429, "Retry-After: 0\r\n");
    let (mut bridge, _) = told(&receiver).await;
    assert_eq!(receiver.posted().len(), 2, "each is asked once");
    receiver.answer_for_now(0, 429, "");
    bridge.at("2026-03-02T09:10");
    assert_eq!(bridge.told().await, NOTHING, "no letter is sent twice for it");
    assert_eq!(receiver.posted().len(), 4);
    bridge.at("2026-03-02T20:00");
    bridge.work().await;
    assert_eq!(receiver.posted().len(), 4, "what was taken is not handed over again");
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert!(status.trouble.is_empty(), "{:?}", status.trouble);
}

#[tokio::test]
async fn a_program_that_was_taken_out_is_missed_by_nobody() {
    let receiver = Receiver::start();
    receiver.answer(403);
    let (bridge, _) = told(&receiver).await;
    assert_eq!(trouble(&bridge).await.len(), 2, "both refuse");
    bridge.with_config(|config| {
        let shop = config.integrations[0].parties.get_mut("shop").expect("the shop");
        shop.channels.retain(|channel| channel.name == "chat");
    });
    let said = trouble(&bridge).await;
    assert!(said.len() == 1 && said[0].starts_with("channel shop/shop/chat: "), "{said:?}");
}

#[tokio::test]
async fn a_chat_is_called_by_no_partner_and_asked_nothing_that_is_over() {
    let receiver = Receiver::start();
    let (mut bridge, _) = told(&receiver).await;
    let texts = || {
        let posted = receiver.posted();
        let chat = posted.iter().filter(|post| post.path.starts_with("/services/"));
        let read = |post: &Posted| serde_json::from_slice::<Value>(&post.body).expect("JSON")["text"].as_str().map(str::to_owned);
        chat.filter_map(read).collect::<Vec<String>>()
    };
    let hostile = "parameters: [{name: '<!channel>', in: query, required: true, schema: {type: string}}, {name: '<https://evil.example|here>', in: query, required: true, schema: {type: string}}]";
    bridge.at("2026-03-02T11:00");
    bridge.publish(&description(32).replace("      requestBody:", &format!("      {hostile}\n      requestBody:")));
    assert_eq!(bridge.told().await, ["dev@shop.example updated", "owner@pay.example updated"]);
    let text = texts().pop().expect("a message");
    assert!(text.contains("&lt;!channel&gt;") && text.contains("evil.example|here&gt;") && !text.contains(['<', '>']), "{text}");
    assert!(text.contains("To be answered by 2026-03-04"), "{text}");
    bridge.at("2026-03-02T13:00");
    bridge.publish(&description(64));
    assert_eq!(bridge.told().await, ["dev@shop.example resolved", "owner@pay.example resolved"]);
    let text = texts().pop().expect("a message");
    assert!(text.starts_with("*[driftd: resolved] ") && !text.contains("answered"), "{text}");
}
