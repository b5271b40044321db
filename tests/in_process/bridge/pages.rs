//! What the endpoint shows and takes, asked over HTTP while the clock is moved.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use driftd::correspondence::calendar_token;
use driftd::http::{Endpoint, current_status, serve};
use driftd::lifecycle::Heartbeats;
use driftd::model::{OperationLabel, Statement};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bridge::escalation::description;
use crate::bridge::harness::{Bridge, QUIET, Terms, day, time};
use crate::support::daemon::{body, http};
use crate::support::partner::Answer;
use crate::support::smtp::{Manner, Received};

/// The endpoint of a bridge.
pub struct Served {
    address: SocketAddr,
    stopping: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl Served {
    fn start(bridge: &Bridge, heart: Heartbeats) -> Self {
        let endpoint = Endpoint::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let (address, stopping) = (endpoint.address, CancellationToken::new());
        let serving = serve(endpoint, bridge.shared.clone(), heart, stopping.clone()).expect("a server");
        Self { address, stopping, serving: Some(serving) }
    }

    pub fn of(bridge: &Bridge) -> Self {
        Self::start(bridge, Heartbeats::default())
    }

    /// Asks beside this thread: the connections to the database that it gave back are taken up by its runtime.
    pub async fn ask(&self, request: String) -> String {
        let address = self.address.to_string();
        let asked = tokio::task::spawn_blocking(move || http(&address, &request));
        asked.await.expect("a thread").expect("an answer")
    }

    pub async fn get(&self, path: &str) -> String {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n")).await
    }

    async fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        self.ask(request).await
    }

    pub async fn answer(&self, letter: &Received, form: &str) -> String {
        self.post(&page_of(letter), "Content-Type: application/x-www-form-urlencoded", form).await
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stopping.cancel();
        let _ = self.serving.take().map(JoinHandle::join);
    }
}

/// The path of the page by which a letter is answered.
pub fn page_of(letter: &Received) -> String {
    let link = letter.answer_link();
    format!("/answer/{}", link.rsplit('/').next().expect("a token"))
}

pub fn to<'l>(letters: &'l [Received], recipient: &str) -> &'l Received {
    letters.iter().rfind(|letter| letter.recipient == recipient).expect("a letter")
}

/// A description with `GET /a` and `GET /b`.
const TWO: &str = "openapi: 3.1.0\ninfo: {title: Pay, version: '1'}\npaths:\n  /a: {get: {responses: {'200': {description: fine}}}}\n  /b: {get: {responses: {'200': {description: fine}}}}\n";

fn ends(operation: &'static str, date: &'static str) -> impl FnOnce(&mut Statement) {
    move |statement| {
        statement.date = Some(day(date));
        statement.operations = OperationLabel::parse(operation).into_iter().collect();
    }
}

/// `GET /a` is to end on 1 September; both sides have heard of it.
async fn announced(terms: &Terms) -> (Bridge, Vec<Received>) {
    let mut bridge = Bridge::new(terms, "2026-03-02", TWO).await;
    bridge.announce("GET /a", ends("GET /a", "2026-09-01")).await;
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    (bridge, letters)
}

#[tokio::test]
async fn every_page_says_what_a_browser_may_do_with_it() {
    let (bridge, letters) = announced(&QUIET).await;
    let served = Served::of(&bridge);
    let answer = page_of(&letters[0]);
    for page in ["/status", answer.as_str(), "/history", "/metrics", "/nothing", "/rules/nothing"] {
        let text = served.get(page).await;
        let (head, _) = text.split_once("\r\n\r\n").expect("an answer");
        for line in [
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "x-frame-options: DENY",
            "content-security-policy: default-src 'none'; style-src 'sha256-",
        ] {
            assert!(head.lines().any(|known| known.starts_with(line)), "{page}: {line} is not in\n{head}");
        }
    }
    let large = served.answer(&letters[0], &format!("owner=Eve&fix_by=2026-08-01&note={}", "x".repeat(17 * 1024))).await;
    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
}

#[tokio::test]
async fn the_process_is_well_while_no_loop_is_stuck() {
    let bridge = Bridge::new(&QUIET, "2026-03-02", TWO).await;
    let heart = Heartbeats::default();
    let served = Served::start(&bridge, heart.clone());
    heart.beat("watch");
    heart.beat("deliver");
    let well = served.get("/healthz").await;
    assert!(well.starts_with("HTTP/1.1 200") && body(&well) == "ok\n", "{well}");
    heart.beat_at("watch", Instant::now().checked_sub(Duration::from_secs(60)).expect("a time"));
    let stuck = served.get("/healthz").await;
    assert!(stuck.starts_with("HTTP/1.1 503") && body(&stuck) == "stuck: watch\n", "{stuck}");
}

#[tokio::test]
async fn the_page_of_an_old_link_shows_nothing_of_its_letter() {
    let (bridge, letters) = announced(&QUIET).await;
    let served = Served::of(&bridge);
    let page = page_of(to(&letters, "dev@shop.example"));
    bridge.at("2027-04-06");
    let shown = served.get(&page).await;
    assert!(shown.starts_with("HTTP/1.1 200") && shown.contains("names days for"), "{shown}");
    bridge.at("2027-04-07");
    let old = served.get(&page).await;
    assert!(old.starts_with("HTTP/1.1 410") && old.contains("This link is too old"), "{old}");
    assert!(!old.contains("Pay API") && !old.contains("Eve Engineer") && !old.contains("<form"), "{old}");
}

#[tokio::test]
async fn the_page_offers_what_is_asked_until_it_is_decided() {
    let (mut bridge, letters) = announced(&QUIET).await;
    let served = Served::of(&bridge);
    let (consumer, provider) = (to(&letters, "dev@shop.example"), to(&letters, "owner@pay.example"));
    let note = "%3Cscript%3Ealert(1)%3C/script%3E";
    let asked = served.answer(consumer, &format!("owner={note}&answer=extend&fix_by=2026-12-01&note={note}")).await;
    assert!(asked.starts_with("HTTP/1.1 200"), "{asked}");
    let page = served.get(&page_of(provider)).await;
    assert!(page.contains("asks for time until 2026-12-01"), "{page}");
    // Each of the two links of the letter chooses a button, and following it decides nothing.
    let letters = bridge.letters().await;
    let asks = to(&letters, "owner@pay.example");
    for (link, button) in [("agreed", "Agree"), ("refused", "Do not agree")] {
        let link = format!("{}?answer={link}", page_of(asks));
        assert!(asks.text().contains(&link), "{link} is missing in\n{}", asks.text());
        let chosen = served.get(&link).await;
        assert!(chosen.contains(&format!("autofocus>{button}<")) && chosen.matches("autofocus").count() == 1, "{chosen}");
    }
    let number = page.split("name=\"proposal\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a number");
    // What the other side wrote is text: in the question, and at the end that asks.
    assert!(!page.contains("<script") && page.matches("&lt;script&gt;alert(1)").count() == 4, "{page}");
    let agreed = served.answer(provider, &format!("owner=Olga&answer=agreed&proposal={number}")).await;
    assert!(agreed.starts_with("HTTP/1.1 200"), "{agreed}");
    let page = served.get(&page_of(provider)).await;
    assert!(!page.contains("name=\"proposal\"") && page.contains("Olga agrees to 2026-12-01"), "{page}");
    assert_eq!(bridge.told().await, ["dev@shop.example exchange"]);
}

#[tokio::test]
async fn what_a_partner_wrote_is_text_on_the_status_page() {
    let schema = |longest: u32| {
        json!({"openapi": "3.1.0", "info": {"title": "Pay", "version": "1"}, "paths": {"/<script>alert(1)</script>": {"post": {
            "requestBody": {"content": {"application/json": {"schema": {"type": "string", "maxLength": longest}}}},
            "responses": {"204": {"description": ""}}}}}})
        .to_string()
    };
    let mut bridge = Bridge::new(&QUIET, "2026-03-02", &schema(64)).await;
    bridge.at("2026-03-03");
    bridge.publish(&schema(32));
    let letters = bridge.letters().await;
    let served = Served::of(&bridge);
    let note = "%3Cscript%3Ealert(2)%3C/script%3E";
    let taken = served.answer(to(&letters, "owner@pay.example"), &format!("owner={note}&fix_by=2026-08-01&note={note}")).await;
    assert!(taken.starts_with("HTTP/1.1 200") && !taken.contains("<script"), "{taken}");
    let page = served.get("/status").await;
    assert!(!page.contains("<script"), "{page}");
    for words in ["&lt;script&gt;alert(1)", "&lt;script&gt;alert(2)"] {
        assert!(page.contains(words), "{words} is not in\n{page}");
    }
}

#[tokio::test]
async fn a_calendar_holds_the_days_that_concern_its_party() {
    let terms = Terms { operations: &["GET /a"], ..QUIET };
    let (bridge, _) = announced(&terms).await;
    bridge.announce("GET /b", ends("GET /b", "2026-10-01")).await;
    bridge.work().await;
    let served = Served::of(&bridge);
    let days = async |party: &str| {
        let text = served.get(&format!("/calendar/shop/{party}/{}.ics", calendar_token(&bridge.shared, "shop", party))).await;
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let days = text.lines().filter_map(|line| line.strip_prefix("DTSTART;VALUE=DATE:").map(str::to_owned));
        days.collect::<Vec<_>>()
    };
    assert_eq!(days("shop").await, ["20260901"], "nobody there calls GET /b");
    assert_eq!(days("pay").await, ["20260901", "20261001"]);
    let other = calendar_token(&bridge.shared, "shop", "pay");
    assert!(served.get(&format!("/calendar/shop/shop/{other}.ics")).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn an_announcement_names_operations_that_are_there_and_a_day_that_can_come() {
    let bridge = Bridge::new(&QUIET, "2026-03-02", TWO).await;
    let served = Served::of(&bridge);
    let announce = async |announcement: &Value| {
        let headers = format!("Content-Type: application/json\r\nAuthorization: Bearer {}", bridge.shared.api_token);
        let text = served.post("/api/v1/integrations/shop/apis/pay/announcements", &headers, &announcement.to_string()).await;
        let code = text.split(' ').nth(1).and_then(|code| code.parse::<u16>().ok()).expect("a code");
        (code, serde_json::from_str::<Value>(body(&text)).expect("JSON"))
    };
    for (announcement, words) in [
        (json!({"subject": "GET /gone", "by": "Olga", "date": "2026-09-01"}), "matches no operation"),
        (
            json!({"subject": "old", "by": "Olga", "date": "2026-09-01", "operations": ["GET /a", "GET /gone"]}),
            "matches no operation",
        ),
        (json!({"subject": "GET /a", "by": "Olga", "date": "+262142-12-31"}), "no day that anybody plans for"),
        (json!({"subject": "GET /a", "by": "Olga", "date": "2200-01-01"}), "no day that anybody plans for"),
    ] {
        let (code, answer) = announce(&announcement).await;
        assert!(code == 422 && answer["problem"].as_str().is_some_and(|problem| problem.contains(words)), "{code}: {answer}");
    }
    assert_eq!(bridge.shared.store.ledger("shop", "pay").await.expect("the ledger").len(), 0, "nothing of it is recorded");
    let both = json!({"subject": "old calls", "by": "Olga", "date": "2026-09-01", "operations": ["GET /a", "GET /b"]});
    let (code, answer) = announce(&both).await;
    assert_eq!((code, &answer["statement"]["operations"]), (200, &json!(["GET /a", "GET /b"])), "{answer}");
    assert_eq!(announce(&json!({"subject": "*", "by": "Olga", "date": "2199-12-31"})).await.0, 200);
}

#[tokio::test]
async fn an_acceptance_is_no_answer_to_a_newer_letter_and_status_asks_by_the_newest() {
    let (mut bridge, letters) = announced(&QUIET).await;
    let served = Served::of(&bridge);
    let accepted = served.answer(to(&letters, "dev@shop.example"), "owner=Eve&answer=accepted").await;
    assert!(accepted.starts_with("HTTP/1.1 200"), "{accepted}");
    let taken = served.answer(to(&letters, "owner@pay.example"), "owner=Olga&fix_by=2026-08-01").await;
    assert!(taken.starts_with("HTTP/1.1 200"), "{taken}");
    let open = async |bridge: &Bridge| {
        let open = current_status(&bridge.shared).await.expect("status").open.remove(0);
        (open.answer_by.map(|due| due.date_naive()), open.sides.iter().map(|side| side.answer.clone()).collect::<Vec<_>>())
    };
    let ours = Some("ours, done by 2026-08-01".to_owned());
    // Nobody is asked before the plan has ended, on Saturday 1 August, and two working days after that weekend.
    assert_eq!(open(&bridge).await, (Some(day("2026-08-05")), vec![Some("accepted".to_owned()), ours.clone()]));
    bridge.at("2026-03-09");
    bridge.announce("GET /a", ends("GET /a", "2026-05-01")).await;
    assert_eq!(bridge.told().await, ["dev@shop.example updated", "owner@pay.example updated"]);
    assert_eq!(open(&bridge).await, (Some(day("2026-03-11")), vec![None, ours]));
}

#[tokio::test]
async fn metrics_are_worth_what_they_say() {
    let mut bridge = Bridge::new(&QUIET, "2026-03-01", &description(64)).await;
    let served = Served::of(&bridge);
    bridge.at("2026-03-02T09:00");
    bridge.publish(&description(32));
    let letters = bridge.letters().await;
    let taken = served.answer(to(&letters, "owner@pay.example"), "owner=Olga&fix_by=2026-08-01").await;
    assert!(taken.starts_with("HTTP/1.1 200"), "{taken}");
    // The mail server goes away, and then the partner.
    bridge.smtp.treat_everybody(Manner::Busy);
    bridge.at("2026-03-03T09:00");
    bridge.publish(&description(16));
    bridge.work().await;
    bridge.partner.publish(Answer::Status(500, ""));
    for hour in [11, 13] {
        bridge.at(&format!("2026-03-03T{hour}:00"));
        bridge.work().await;
    }
    let metrics = served.get("/metrics").await;
    let of = "{integration=\"shop\",api=\"pay\",surface=\"live\"}";
    let read = time("2026-03-03T09:00").timestamp();
    for line in [
        "driftd_notices_open 1".to_owned(),
        "driftd_notices_unanswered 1".to_owned(),
        "driftd_outbox_oldest_seconds 14400".to_owned(),
        "driftd_letters{state=\"pending\"} 2".to_owned(),
        format!("driftd_api_last_success_timestamp_seconds{of} {read}"),
        format!("driftd_api_consecutive_failures{of} 2"),
        "driftd_trouble{part=\"mail\"} 1".to_owned(),
    ] {
        assert!(metrics.lines().any(|known| known == line), "{line} is not in\n{metrics}");
    }
}
