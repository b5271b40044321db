//! An answer is a plan: owner and day. What concerns the other side reaches it, and nothing is done twice.

use crate::support::NOTHING;
use driftd::http::{Endpoint, serve};
use driftd::lifecycle::Heartbeats;
use driftd::model::{Acknowledgement, Answer, EscalationTarget, OperationLabel, Reply, Role, Statement};
use driftd::store::AnswerOutcome;
use tokio_util::sync::CancellationToken;

use crate::bridge::escalation::reply;
use crate::bridge::harness::{Bridge, Terms, day};
use crate::support::daemon::Daemon;
use crate::support::smtp::Received;

const PLAIN: &str =
    "openapi: 3.1.0\ninfo: {title: Pay, version: '1'}\npaths:\n  /a:\n    get:\n      responses: {'200': {description: fine}}\n";

const TERMS: Terms = Terms {
    agreement: "escalate = [{ role = \"partner-manager\", after = \"10 business days\" }]",
    notice: None,
    contact: "",
    consumer: "",
    operations: &[],
    api: "",
};

/// `GET /a` is to end on 1 September; both sides have heard of it.
pub async fn announced() -> (Bridge, Vec<Received>) {
    let mut bridge = Bridge::new(&TERMS, "2026-03-01", PLAIN).await;
    bridge
        .announce("GET /a", |statement| {
            statement.date = Some(day("2026-09-01"));
            statement.operations = vec![OperationLabel::called_by_consumer("GET", "/a")];
        })
        .await;
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    (bridge, letters)
}

pub fn to<'l>(letters: &'l [Received], recipient: &str) -> &'l Received {
    letters.iter().find(|letter| letter.recipient == recipient).expect("a letter")
}

pub fn ours(fix_by: &str) -> Reply {
    let owner = "Eve Engineer".to_owned();
    Reply::Acknowledge(Acknowledgement {
        owner,
        answer: Answer::Ours,
        fix_by: Some(day(fix_by)),
        note: "after the audit".to_owned(),
    })
}

#[tokio::test]
async fn a_plan_that_ends_after_the_day_is_told_to_both_managers_once() {
    let (mut bridge, letters) = announced().await;
    let letter = to(&letters, "dev@shop.example");
    for in_time in ["2026-08-20", "2026-09-01"] {
        assert_eq!(reply(&bridge, letter, &ours(in_time)).await, AnswerOutcome::Recorded);
        assert_eq!(bridge.told().await, NOTHING, "{in_time} is in time");
    }
    assert_eq!(reply(&bridge, letter, &ours("2026-10-01")).await, AnswerOutcome::Recorded);
    let told = bridge.letters().await;
    let mut recipients: Vec<&str> = told.iter().map(|letter| letter.recipient.as_str()).collect();
    recipients.sort_unstable();
    assert_eq!(recipients, ["manager@shop.example", "partner@pay.example"]);
    let text = to(&told, "partner@pay.example").text();
    for words in
        ["Shop will be ready 30 days after the change", "done by 2026-10-01. It takes effect on 2026-09-01.", "after the audit"]
    {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    assert_eq!(reply(&bridge, letter, &ours("2026-10-01")).await, AnswerOutcome::Recorded);
    assert_eq!(bridge.told().await, NOTHING, "the same answer again is no news");
}

#[tokio::test]
async fn a_link_is_no_good_after_its_time() {
    let (bridge, letters) = announced().await;
    let link = to(&letters, "dev@shop.example").answer_link();
    let token = link.rsplit('/').next().expect("a token");
    let endpoint = Endpoint::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let url = format!("http://{}/answer/{token}", endpoint.address);
    let stopping = CancellationToken::new();
    let serving = serve(endpoint, bridge.shared.clone(), Heartbeats::default(), stopping.clone()).expect("a server");
    let taken = |form: &str| Daemon::post(&url, form).lines().next().map(str::to_owned).expect("a status");
    bridge.at("2027-04-05");
    assert_eq!(taken("owner="), "HTTP/1.1 422 Unprocessable Entity", "it would be taken, if somebody said who answers");
    bridge.at("2027-04-06");
    assert_eq!(taken("owner=Eve&answer=ours"), "HTTP/1.1 410 Gone");
    let (pending, _) = bridge.shared.store.unanswered_notices().await.expect("open notices");
    assert!(pending.iter().all(|open| open.pending.iter().all(|one| one.answer.is_none())), "{pending:?}");
    stopping.cancel();
    serving.join().expect("the server");
}

#[tokio::test]
async fn not_us_asks_whoever_was_named_and_the_silence_goes_on() {
    let (mut bridge, letters) = announced().await;
    let letter = to(&letters, "dev@shop.example");
    let not_us = Reply::NotUs { by: "Eve".to_owned(), ask: EscalationTarget::Role(Role::OnCall) };
    assert_eq!(reply(&bridge, letter, &not_us).await, AnswerOutcome::Recorded);
    let told = bridge.letters().await;
    assert_eq!(told.len(), 1);
    assert!(to(&told, "oncall@shop.example").text().contains("Eve answered for Shop: not us, ask Otto Oncall (on-call)."));
    assert_eq!(reply(&bridge, letter, &not_us).await, AnswerOutcome::Recorded);
    assert_eq!(bridge.told().await, NOTHING, "once");
    let nor_him = Reply::NotUs { by: "Eve".to_owned(), ask: EscalationTarget::Role(Role::PartnerManager) };
    assert_eq!(reply(&bridge, letter, &nor_him).await, AnswerOutcome::Recorded);
    assert_eq!(bridge.told().await, ["manager@shop.example exchange"], "each who is named is asked");
    assert_eq!(
        reply(&bridge, letter, &Reply::NotUs { by: "Eve".to_owned(), ask: EscalationTarget::Role(Role::Support) }).await,
        AnswerOutcome::NobodyThere,
        "nobody is on that role"
    );
    bridge.at("2026-03-20");
    assert_eq!(bridge.told().await, NOTHING, "a day that keeps its promise is no alarm");
    // Whoever was named takes it on by the link of the letter.
    assert_eq!(reply(&bridge, to(&told, "oncall@shop.example"), &ours("2026-08-01")).await, AnswerOutcome::Recorded);
}

#[tokio::test]
async fn time_is_asked_for_and_the_other_side_decides() {
    let (mut bridge, letters) = announced().await;
    let consumer = to(&letters, "dev@shop.example");
    let extend = Reply::Extend { by: "Eve".to_owned(), until: day("2026-12-01"), note: "peak season".to_owned() };
    assert_eq!(reply(&bridge, consumer, &extend).await, AnswerOutcome::Recorded);
    assert_eq!(reply(&bridge, consumer, &extend).await, AnswerOutcome::Recorded);
    let told = bridge.letters().await;
    assert_eq!(told.len(), 1, "asked twice is asked once");
    let provider = to(&told, "owner@pay.example");
    assert!(provider.text().contains("Shop asks for time until 2026-12-01") && provider.text().contains("peak season"));
    let notice = provider.header("X-Driftd-Notice");
    let id = bridge.shared.store.proposals(&notice).await.expect("proposals")[0].id;
    let decide = |agreed: bool| Reply::Decide { by: "Olga".to_owned(), proposal: id, agreed };
    assert_eq!(reply(&bridge, consumer, &decide(true)).await, AnswerOutcome::Decided, "nobody agrees with himself");
    assert_eq!(bridge.ledger("GET /a").await, ["2026-09-01"], "until then nothing is agreed");
    assert_eq!(reply(&bridge, provider, &decide(true)).await, AnswerOutcome::Recorded);
    assert_eq!(bridge.ledger("GET /a").await, ["2026-09-01", "2026-12-01"]);
    let told = bridge.letters().await;
    assert_eq!(told.len(), 1, "put off is no news by itself");
    assert!(to(&told, "dev@shop.example").text().contains("Pay agrees to 2026-12-01"));
    assert_eq!(reply(&bridge, provider, &decide(false)).await, AnswerOutcome::Decided, "decided once");
    assert_eq!(bridge.dates().await, ["end-announced: `GET /a` ends on 2026-12-01 (put off from 2026-09-01), in 275 days"]);
    // What was agreed holds until somebody says otherwise, and can be called off as any other day.
    bridge.at("2026-03-05");
    let later = |statement: &mut Statement| {
        statement.date = Some(day("2027-03-01"));
        statement.operations = vec![OperationLabel::called_by_consumer("GET", "/a")];
    };
    bridge.announce("GET /a", later).await;
    bridge.work().await;
    assert_eq!(bridge.dates().await, ["end-announced: `GET /a` ends on 2027-03-01 (put off from 2026-12-01), in 361 days"]);
    bridge.at("2026-03-06");
    bridge.announce("GET /a", |statement| statement.verbatim = "withdrawn".to_owned()).await;
    bridge.work().await;
    assert_eq!(bridge.dates().await, NOTHING);
}

#[tokio::test]
async fn what_is_refused_leaves_the_day_as_it_is() {
    let (mut bridge, letters) = announced().await;
    let consumer = to(&letters, "dev@shop.example");
    reply(&bridge, consumer, &Reply::Extend { by: "Eve".to_owned(), until: day("2026-12-01"), note: String::new() }).await;
    let told = bridge.letters().await;
    let provider = to(&told, "owner@pay.example");
    let id = bridge.shared.store.proposals(&provider.header("X-Driftd-Notice")).await.expect("proposals")[0].id;
    let refused = Reply::Decide { by: "Olga".to_owned(), proposal: id, agreed: false };
    assert_eq!(reply(&bridge, provider, &refused).await, AnswerOutcome::Recorded);
    assert!(to(&bridge.letters().await, "dev@shop.example").text().contains("Pay does not agree to 2026-12-01"));
    assert_eq!(bridge.ledger("GET /a").await, ["2026-09-01"]);
}

#[tokio::test]
async fn an_extension_by_a_few_days_is_no_broken_promise_and_touches_nothing_else() {
    let (mut bridge, letters) = announced().await;
    for (subject, date) in [("*", "2026-03-20"), ("the old login", "2026-08-10")] {
        bridge.announce(subject, |statement| statement.date = Some(day(date))).await;
    }
    bridge.work().await;
    bridge.at("2026-08-20");
    bridge.work().await;
    let consumer = to(&letters, "dev@shop.example");
    reply(&bridge, consumer, &Reply::Extend { by: "Eve".to_owned(), until: day("2026-09-15"), note: String::new() }).await;
    let told = bridge.letters().await;
    let asked = told.iter().rfind(|letter| letter.recipient == "owner@pay.example").expect("a letter");
    let id = bridge.shared.store.proposals(&asked.header("X-Driftd-Notice")).await.expect("proposals")[0].id;
    reply(&bridge, asked, &Reply::Decide { by: "Olga".to_owned(), proposal: id, agreed: true }).await;
    bridge.work().await;
    assert_eq!(bridge.ledger("GET /a").await, ["2026-09-01", "2026-09-15"], "the word of the one and that of both");
    assert_eq!(bridge.ledger("*").await, ["2026-03-20"], "a day that has passed stays as it was");
    assert_eq!(bridge.ledger("the old login").await, ["2026-08-10"], "also where it passed lately");
    let dates = bridge.dates().await;
    assert!(
        dates.iter().any(|date| date.contains("`GET /a` ends on 2026-09-15 (put off from 2026-09-01), in 26 days")),
        "{dates:?}"
    );
    assert!(!dates.iter().any(|date| date.starts_with("notice-too-short") && date.contains("GET /a")), "{dates:?}");
}

#[tokio::test]
async fn nothing_is_recorded_that_the_other_side_would_never_hear_of() {
    let (mut bridge, letters) = announced().await;
    let consumer = to(&letters, "dev@shop.example");
    let ask = |month: u32| Reply::Extend { by: "Eve".to_owned(), until: day(&format!("2026-{month}-01")), note: String::new() };
    let notice = consumer.header("X-Driftd-Notice");
    for month in [10, 11, 12] {
        assert_eq!(reply(&bridge, consumer, &ask(month)).await, AnswerOutcome::Recorded, "{month}");
        assert_eq!(bridge.letters().await.len(), 1, "{month}");
        bridge.clock.advance(std::time::Duration::from_secs(60));
    }
    let mut late = day("2026-12-24");
    assert_eq!(
        reply(&bridge, consumer, &Reply::Extend { by: "Eve".to_owned(), until: late, note: String::new() }).await,
        AnswerOutcome::TooOften
    );
    let open: Vec<_> = bridge.shared.store.proposals(&notice).await.expect("proposals");
    let open: Vec<_> = open.iter().filter(|proposal| proposal.decided.is_none()).collect();
    assert_eq!((open.len(), open[0].until), (1, day("2026-12-01")), "what they were told stands");
    late = late.succ_opt().expect("a day");
    bridge.at("2026-03-04");
    bridge.work().await;
    assert_eq!(
        reply(&bridge, consumer, &Reply::Extend { by: "Eve".to_owned(), until: late, note: String::new() }).await,
        AnswerOutcome::Recorded
    );
}

#[tokio::test]
async fn a_day_before_the_announced_one_pulls_nothing_in_also_where_both_agree() {
    let (mut bridge, letters) = announced().await;
    let sooner = Reply::Extend { by: "Eve".to_owned(), until: day("2026-08-01"), note: String::new() };
    assert_eq!(reply(&bridge, to(&letters, "dev@shop.example"), &sooner).await, AnswerOutcome::Recorded);
    let asked = bridge.letters().await;
    let provider = to(&asked, "owner@pay.example");
    let proposal = bridge.shared.store.proposals(&provider.header("X-Driftd-Notice")).await.expect("proposals")[0].id;
    let agree = Reply::Decide { by: "Olga".to_owned(), proposal, agreed: true };
    assert_eq!(reply(&bridge, provider, &agree).await, AnswerOutcome::Recorded);
    assert_eq!(bridge.told().await, ["dev@shop.example exchange"]);
    assert_eq!(bridge.ledger("GET /a").await, ["2026-09-01"]);
}

/// A live change that breaks `POST /a`.
fn shorter(longest: u32) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: Pay, version: '1'}}\npaths:\n  /a:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {{type: string, maxLength: {longest}}}}}}}}}\n      responses: {{'204': {{description: done}}}}\n"
    )
}

#[tokio::test]
async fn what_both_sides_agree_on_is_kept_shown_and_followed() {
    let terms = Terms { agreement: "escalate = [{ role = \"partner-manager\", after = \"0 days\" }]", ..TERMS };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &shorter(64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&shorter(32));
    let letters = bridge.letters().await;
    let ask = Reply::Extend { by: "Eve Engineer".to_owned(), until: day("2026-05-04"), note: "peak season".to_owned() };
    assert_eq!(reply(&bridge, to(&letters, "dev@shop.example"), &ask).await, AnswerOutcome::Recorded);
    let asked = bridge.letters().await;
    let proposal = bridge.shared.store.proposals(&asked[0].header("X-Driftd-Notice")).await.expect("proposals")[0].id;
    let agree = Reply::Decide { by: "Olga Owner".to_owned(), proposal, agreed: true };
    assert_eq!(reply(&bridge, to(&asked, "owner@pay.example"), &agree).await, AnswerOutcome::Recorded);
    assert_eq!(bridge.told().await, ["dev@shop.example exchange"]);
    // Shown: a plan of both sides.
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    let answers: Vec<&str> = status.open[0].sides.iter().filter_map(|side| side.answer.as_deref()).collect();
    assert_eq!(answers.len(), 2, "{:?}", status.open[0].sides);
    assert!(answers.iter().all(|answer| answer.contains("done by 2026-05-04") && answer.contains("agreed")), "{answers:?}");
    // Followed: nobody is asked until the day; then both are, since it is still open.
    assert_eq!(bridge.told_daily("2026-03-03", "2026-05-04").await, NOTHING);
    let told = bridge.told_daily("2026-05-05", "2026-05-12").await;
    let who: Vec<&str> = told.iter().filter_map(|line| line.split_once(' ')).map(|(_, who)| who).collect();
    let expected = [
        "manager@shop.example escalated",
        "partner@pay.example escalated",
        "manager@shop.example exchange",
        "ops@bridge.example exchange",
        "partner@pay.example exchange",
    ];
    assert_eq!(who, expected, "{told:?}");
}
