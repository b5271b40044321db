//! When letters go: what breaks at once, what breaks nothing with the digest, an alarm that eased, and what ends a notice; whole
//! stories with every letter of theirs.

use driftd::model::{Acknowledgement, Answer, OperationLabel, Reply};
use driftd::store::AnswerOutcome;
use sqlx::Connection as _;

use crate::bridge::answers::{ours, to};
use crate::bridge::escalation::reply;
use crate::bridge::harness::{Bridge, QUIET, Terms, both, both_tagged, day, tag};
use crate::bridge::silence::corrected;
use crate::support::NOTHING;
use crate::support::partner;
use crate::support::smtp::Received;

/// The ladder of the stories.
const LADDER: &str = r#"escalate = [
  { role = "deputy", after = "0 days" },
  { role = "on-call", after = "1 business day" },
  { role = "partner-manager", after = "2 business days" },
]"#;

/// `POST /a`, which takes so long a text, and `GET /b` and `GET /c`, which may be deprecated.
fn offers(longest: u32, deprecated: &[&str]) -> String {
    let more = |path: &str| if deprecated.contains(&path) { "      deprecated: true\n" } else { "" };
    let read = |path: &str| format!("  {path}:\n    get:\n{}      responses: {{'200': {{description: fine}}}}\n", more(path));
    format!(
        "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n  /a:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {{type: string, maxLength: {longest}}}}}}}}}\n      responses: {{'204': {{description: done}}}}\n{}{}",
        read("/b"),
        read("/c")
    )
}

/// A change that breaks something is told on Tuesday 13 January 2026 at eleven.
async fn broken(terms: &Terms) -> (Bridge, Vec<Received>) {
    let mut bridge = Bridge::new(terms, "2026-01-13", &offers(64, &[])).await;
    bridge.publish(&offers(32, &[]));
    bridge.at("2026-01-13T11:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["", ""]);
    (bridge, letters)
}

#[tokio::test]
async fn what_breaks_nothing_waits_for_the_digest_and_then_counts_as_told() {
    let (mut bridge, _) = broken(&QUIET).await;
    bridge.publish(&offers(32, &["/b"]));
    bridge.at("2026-01-13T13:00");
    assert_eq!(bridge.told().await, NOTHING);
    // What waits is what is open and was not told: a restart forgets nothing of it.
    bridge.restart().await;
    assert_eq!(bridge.told_daily("2026-01-14", "2026-01-18").await, NOTHING);
    bridge.at("2026-01-19T09:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["digest", "digest"]);
    let notice = bridge.smtp.received()[0].header("X-Driftd-Notice");
    for letter in &letters {
        let text = letter.text();
        assert!(
            text.contains("`GET /b` is now deprecated") && text.contains("new in notice") && text.contains(&notice),
            "{text}"
        );
    }
    assert_eq!(bridge.told_daily("2026-01-20", "2026-01-27").await, NOTHING, "once");
    // What breaks does not wait, and takes along what does.
    bridge.publish(&offers(32, &["/b", "/c"]));
    bridge.at("2026-01-27T11:00");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.publish(&offers(16, &["/b", "/c"]));
    bridge.at("2026-01-27T13:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["2 new", "2 new"]);
    for letter in &letters {
        let text = letter.text();
        assert!(text.contains("New since the last letter: 1 breaking, 1 to look at. Told before and"), "{text}");
    }
    assert_eq!(bridge.told_daily("2026-01-28", "2026-02-10").await, NOTHING);
}

#[tokio::test]
async fn without_a_digest_what_breaks_nothing_waits_for_a_day_after_the_last_letter() {
    let terms = Terms { agreement: "digest = \"never\"\nescalate = [{ role = \"support\", after = \"365 days\" }]", ..QUIET };
    let (mut bridge, _) = broken(&terms).await;
    bridge.publish(&offers(32, &["/b"]));
    for when in ["2026-01-13T13:00", "2026-01-14T09:00", "2026-01-14T10:59"] {
        bridge.at(when);
        assert_eq!(bridge.told().await, NOTHING, "{when}");
    }
    // Nothing was published since.
    bridge.at("2026-01-14T12:30");
    assert_eq!(bridge.told().await, both("updated"));
    bridge.publish(&offers(32, &["/b", "/c"]));
    bridge.at("2026-01-15T10:00");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.at("2026-01-15T14:00");
    assert_eq!(bridge.told().await, both("updated"));
}

#[tokio::test]
async fn who_accepts_while_something_waits_reads_of_it_in_the_last_letter() {
    let (mut bridge, letters) = broken(&QUIET).await;
    bridge.publish(&offers(32, &["/b"]));
    bridge.at("2026-01-13T13:00");
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(reply(&bridge, to(&letters, "dev@shop.example"), &accepted()).await, AnswerOutcome::BaselineMoved);
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["accepted", "accepted"]);
    for letter in &letters {
        assert!(letter.text().contains("`GET /b` is now deprecated"), "{}", letter.text());
    }
    assert_eq!(bridge.told_daily("2026-01-14", "2026-01-20").await, NOTHING);
}

fn accepted() -> Reply {
    let (owner, note) = ("Eve Engineer".to_owned(), String::new());
    Reply::Acknowledge(Acknowledgement { owner, answer: Answer::Accepted, fix_by: None, note })
}

#[tokio::test]
async fn a_finding_that_breaks_nothing_any_more_is_taken_back_at_once() {
    let two = |a: u32, b: u32| {
        offers(a, &[]).replace(
            "  /b:\n    get:\n",
            &format!("  /b:\n    get:\n      parameters: [{{name: q, in: query, schema: {{type: string, maxLength: {b}}}}}]\n"),
        )
    };
    let mut bridge = Bridge::new(&QUIET, "2026-01-13", &two(64, 64)).await;
    bridge.publish(&two(32, 32));
    bridge.at("2026-01-13T11:00");
    assert_eq!(bridge.told().await, both("opened"));
    let exception = "[[overrides]]\nrule = \"request-max-length-decreased\"\noperations = [\"GET /b\"]\nseverity = \"info\"\nowner = \"Eve Engineer\"\nreason = \"we send short ones\"\nuntil = \"2026-02-01\"\n[[apis]]";
    corrected(&mut bridge, "integrations/shop.toml", ("[[apis]]", exception)).await;
    bridge.at("2026-01-13T13:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["no longer breaks", "no longer breaks"]);
    for letter in &letters {
        let text = letter.text();
        assert!(
            text.contains("An alarm of this notice is taken back.") && text.contains("Breaks nothing any more: 1."),
            "{text}"
        );
    }
    assert_eq!(bridge.told_daily("2026-01-14", "2026-01-31").await, NOTHING, "once");
    // The exception ends: what breaks again is told again.
    bridge.at("2026-02-02T11:00");
    let told = bridge.told().await;
    assert!(both("updated").iter().all(|line| told.contains(line)), "{told:?}");
}

/// `GET /b` ends on a day.
async fn ends(bridge: &Bridge, on: &str) {
    let change = |statement: &mut driftd::model::Statement| {
        statement.date = Some(day(on));
        statement.operations = vec![OperationLabel::called_by_consumer("GET", "/b")];
    };
    bridge.announce("GET /b", change).await;
}

#[tokio::test]
async fn a_day_put_off_so_that_the_promise_holds_is_taken_back_and_the_ladder_rests() {
    let terms =
        Terms { agreement: LADDER, notice: Some("{ breaking = \"30 days\", removal = \"90 days\" }"), ..Terms::default() };
    let mut bridge = Bridge::new(&terms, "2026-03-02", &offers(64, &[])).await;
    // 50 of 90 days: the promise of what ends is broken, not that of what breaks.
    ends(&bridge, "2026-04-21").await;
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["", ""]);
    let text = to(&letters, "dev@shop.example").text();
    for words in ["Promised      90 days of notice", "Notice given  50 days of 90 days promised", "Answer by     2026-03-04"] {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    assert!(to(&letters, "owner@pay.example").text().contains("90 days of notice before something ends"));
    // Silence climbs, since a promise is broken.
    assert_eq!(
        bridge.tagged_daily("2026-03-03", "2026-03-04").await,
        ["2026-03-04 deputy@pay.example deputy asked", "2026-03-04 deputy@shop.example deputy asked"]
    );
    bridge.at("2026-03-04T15:00");
    ends(&bridge, "2026-09-01").await;
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["moved to 2026-09-01, promise kept"; 2]);
    for letter in &letters {
        let text = letter.text();
        assert!(text.contains("Promises that are kept again: 1.") && !text.contains("Answer by"), "{text}");
        assert!(text.contains("`GET /b` ends on 2026-09-01 (put off from 2026-04-21)"), "{text}");
    }
    // Nobody is asked any more: the digest has the day, and the reminders are those of the new one.
    let mut expected: Vec<String> = both_tagged("2026-03-09", "digest").to_vec();
    for day in ["2026-08-02", "2026-08-18", "2026-08-25", "2026-08-31"] {
        expected.extend(both_tagged(day, "reminder"));
    }
    assert_eq!(bridge.tagged_daily("2026-03-05", "2026-08-31").await, expected);
}

#[tokio::test]
async fn a_day_that_breaks_its_promise_later_gives_everybody_the_time_that_was_promised() {
    let mut bridge = Bridge::new(&Terms { agreement: LADDER, ..Terms::default() }, "2026-03-02", &offers(64, &[])).await;
    ends(&bridge, "2026-09-01").await;
    let letters = bridge.letters().await;
    assert!(!to(&letters, "dev@shop.example").text().contains("Answer by"), "nothing is asked");
    assert_eq!(bridge.told_daily("2026-03-03", "2026-04-06").await, NOTHING);
    ends(&bridge, "2026-05-04").await;
    bridge.at("2026-04-06T11:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["moved to 2026-05-04"; 2]);
    assert!(to(&letters, "dev@shop.example").text().contains("Answer by     2026-04-08"));
    let told = bridge.tagged_daily("2026-04-07", "2026-04-09").await;
    // At nine on the 8th two working days have not passed.
    assert_eq!(told, ["2026-04-09 deputy@pay.example deputy asked", "2026-04-09 deputy@shop.example deputy asked"]);
}

#[tokio::test]
async fn what_newer_rules_judge_otherwise_is_closed_with_a_word() {
    let (mut bridge, _) = broken(&QUIET).await;
    // As if the rules of before had found something in what differs, where those of now find nothing.
    let file = format!("sqlite://{}", bridge.folder.path().join("state/driftd.sqlite").display());
    let mut database = sqlx::SqliteConnection::connect(&file).await.expect("the database");
    sqlx::query("UPDATE watch SET rule_set = 1, baseline = latest WHERE surface = 'live'")
        .execute(&mut database)
        .await
        .expect("a row");
    database.close().await.expect("closed");
    bridge.publish(&offers(32, &[]).replace("description: fine", "description: good"));
    bridge.at("2026-01-13T13:00");
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["judged anew", "judged anew"]);
    for letter in &letters {
        assert!(letter.text().contains("driftd has newer rules") && letter.text().contains("is closed"), "{}", letter.text());
    }
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert!(status.open.is_empty());
    assert_eq!(bridge.told_daily("2026-01-14", "2026-01-18").await, NOTHING, "once");
}

#[tokio::test]
async fn an_upgrade_by_which_something_is_left_tells_nothing_now_or_later() {
    let (mut bridge, _) = broken(&QUIET).await;
    // As if the rules of before had made other digests of the same.
    let file = format!("sqlite://{}", bridge.folder.path().join("state/driftd.sqlite").display());
    let mut database = sqlx::SqliteConnection::connect(&file).await.expect("the database");
    for statement in
        ["UPDATE watch SET rule_set = 1", "UPDATE told SET content = 'old ' || content, identity = 'old ' || identity"]
    {
        sqlx::query(statement).execute(&mut database).await.expect(statement);
    }
    database.close().await.expect("closed");
    bridge.publish(&offers(32, &[]).replace("description: fine", "description: good"));
    for when in ["2026-01-13T13:00", "2026-01-13T15:00", "2026-01-14T09:00"] {
        bridge.at(when);
        assert_eq!(bridge.told().await, NOTHING, "{when}");
    }
    bridge.publish(&offers(16, &[]));
    bridge.at("2026-01-14T11:00");
    assert_eq!(bridge.letters().await.iter().map(tag).collect::<Vec<_>>(), ["1 new", "1 new"]);
}

#[tokio::test]
async fn eighteen_days_of_silence_letter_by_letter() {
    let terms = Terms { agreement: LADDER, ..Terms::default() };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &offers(64, &[])).await;
    bridge.at("2026-03-02");
    bridge.publish(&offers(32, &[]));
    let mut told = bridge.tagged_daily("2026-03-02", "2026-03-11").await;
    bridge.publish(&offers(16, &["/b"]));
    told.extend(bridge.tagged_daily("2026-03-12", "2026-03-19").await);
    let line = |day: &str, who: &str, tag: &str| format!("2026-03-{day} {who} {tag}");
    let no_answer =
        |day: &str| ["manager@shop.example", "ops@bridge.example", "partner@pay.example"].map(|who| line(day, who, "no answer"));
    let mut expected = both_tagged("2026-03-02", "").to_vec();
    expected.extend([
        line("04", "deputy@pay.example", "deputy asked"),
        line("04", "deputy@shop.example", "deputy asked"),
        line("05", "oncall@shop.example", "on-call asked"),
        line("09", "manager@shop.example", "partner-manager asked"),
        line("09", "partner@pay.example", "partner-manager asked"),
    ]);
    expected.extend(no_answer("11"));
    expected.extend(both_tagged("2026-03-12", "2 new"));
    expected.extend(no_answer("18"));
    assert_eq!(told, expected);
    // What is asked is still the question of the first letter.
    let all = bridge.smtp.received();
    let updated = all.iter().rfind(|letter| letter.recipient == "dev@shop.example").expect("a letter").text();
    assert!(updated.contains("Answer by     2026-03-04, OVERDUE by 8 days"), "{updated}");
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert_eq!(status.open[0].answer_by.map(|due| due.date_naive()), Some(day("2026-03-04")));
}

#[tokio::test]
async fn a_partner_that_is_down_for_four_days_letter_by_letter() {
    let terms = Terms { agreement: LADDER, ..Terms::default() };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &offers(64, &[])).await;
    bridge.partner.publish(partner::Answer::Status(503, ""));
    let mut told = bridge.tagged_daily("2026-03-02", "2026-03-06").await;
    // It comes back with a change that breaks.
    bridge.publish(&offers(32, &[]));
    told.extend(bridge.tagged_daily("2026-03-07", "2026-03-09").await);
    let outage =
        |day: &str, tag: &str| ["dev@shop.example", "ops@bridge.example"].map(|who| format!("2026-03-{day} {who} {tag}"));
    let mut expected = outage("03", "cannot be judged").to_vec();
    let mut back: Vec<String> = both_tagged("2026-03-07", "").into_iter().chain(outage("07", "judged again")).collect();
    back.sort();
    expected.extend(back);
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_accepted_change_letter_by_letter() {
    let terms = Terms { agreement: LADDER, ..Terms::default() };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &offers(64, &[])).await;
    bridge.publish(&offers(32, &[]));
    assert_eq!(bridge.tagged_daily("2026-03-02", "2026-03-03").await, both_tagged("2026-03-02", ""));
    let letter = to(&bridge.smtp.received(), "dev@shop.example").clone();
    assert_eq!(reply(&bridge, &letter, &accepted()).await, AnswerOutcome::BaselineMoved);
    assert_eq!(bridge.tagged_daily("2026-03-04", "2026-03-20").await, both_tagged("2026-03-04", "accepted"));
    // From now on that is what changes are counted from.
    bridge.publish(&offers(16, &[]));
    assert_eq!(bridge.tagged_daily("2026-03-21", "2026-03-21").await, both_tagged("2026-03-21", ""));
    let text = bridge.smtp.received().pop().expect("a letter").text();
    assert!(text.contains("from 32 to 16"), "{text}");
}

#[tokio::test]
async fn an_agreed_extension_letter_by_letter() {
    let terms = Terms { agreement: LADDER, ..Terms::default() };
    let mut bridge = Bridge::new(&terms, "2026-03-02", &offers(64, &[])).await;
    ends(&bridge, "2026-04-21").await;
    let letters = bridge.letters().await;
    assert_eq!(letters.iter().map(tag).collect::<Vec<_>>(), ["", ""]);
    bridge.at("2026-03-02T12:00");
    let ask = Reply::Extend { by: "Eve Engineer".to_owned(), until: day("2026-09-01"), note: "peak season".to_owned() };
    assert_eq!(reply(&bridge, to(&letters, "dev@shop.example"), &ask).await, AnswerOutcome::Recorded);
    let asked = bridge.letters().await;
    assert_eq!(asked.iter().map(tag).collect::<Vec<_>>(), ["asks for time"]);
    let proposal = bridge.shared.store.proposals(&asked[0].header("X-Driftd-Notice")).await.expect("proposals")[0].id;
    let agree = Reply::Decide { by: "Olga Owner".to_owned(), proposal, agreed: true };
    assert_eq!(reply(&bridge, to(&asked, "owner@pay.example"), &agree).await, AnswerOutcome::Recorded);
    // The promise is kept again: nobody is asked, and the reminders are those of the day that was agreed on.
    let mut expected = vec!["2026-03-03 dev@shop.example agreed".to_owned()];
    expected.extend(both_tagged("2026-03-03", "moved to 2026-09-01, promise kept"));
    expected.sort();
    expected.extend(both_tagged("2026-03-09", "digest"));
    expected.extend(both_tagged("2026-08-02", "reminder"));
    assert_eq!(bridge.tagged_daily("2026-03-03", "2026-08-03").await, expected);
}

#[tokio::test]
async fn whoever_took_it_on_is_asked_for_nothing_and_reads_what_was_said() {
    let terms = Terms { agreement: LADDER, ..Terms::default() };
    let (mut bridge, letters) = broken(&terms).await;
    assert_eq!(reply(&bridge, to(&letters, "dev@shop.example"), &ours("2026-03-02")).await, AnswerOutcome::Recorded);
    bridge.publish(&offers(16, &[]));
    bridge.at("2026-01-14T11:00");
    let letters = bridge.letters().await;
    let text = to(&letters, "dev@shop.example").text();
    assert!(text.contains("Answered      Eve Engineer (Shop) takes it on, done by 2026-03-02: after"), "{text}");
    assert!(!text.contains("Answer by"), "{text}");
    assert!(to(&letters, "owner@pay.example").text().contains("Answer by     2026-01-15"), "asked on Tuesday");
}

#[tokio::test]
async fn whoever_had_a_letter_today_is_asked_tomorrow() {
    let terms = Terms {
        agreement: "escalate = [{ role = \"support\", after = \"0 days\" }]",
        contact: "{ role = \"support\", name = \"Sue Support\", email = \"sue@shop.example\", informed = true },",
        ..Terms::default()
    };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &offers(64, &[])).await;
    bridge.at("2026-03-02");
    bridge.publish(&offers(32, &[]));
    let copied: Vec<String> = [&both("opened")[..], &["sue@shop.example opened".to_owned()]].concat();
    assert_eq!(bridge.told().await, copied);
    // An hour before somebody is to be asked, something new breaks, and she reads of it.
    bridge.publish(&offers(16, &[]));
    bridge.at("2026-03-04T08:00");
    let copied: Vec<String> = [&both("updated")[..], &["sue@shop.example updated".to_owned()]].concat();
    assert_eq!(bridge.told().await, copied);
    for when in ["2026-03-04T09:30", "2026-03-04T23:30"] {
        bridge.at(when);
        assert_eq!(bridge.told().await, NOTHING, "{when}");
    }
    bridge.at("2026-03-05T00:30");
    assert_eq!(bridge.told().await, ["sue@shop.example escalated"]);
}

#[tokio::test]
async fn what_came_nearer_is_told_once_a_day() {
    let mut bridge = Bridge::new(&QUIET, "2026-03-02", &offers(64, &[])).await;
    ends(&bridge, "2026-06-10").await;
    let other = |statement: &mut driftd::model::Statement| {
        statement.date = Some(day("2026-06-15"));
        statement.operations = vec![OperationLabel::called_by_consumer("GET", "/c")];
    };
    bridge.announce("GET /c", other).await;
    assert_eq!(bridge.told().await, both("dates"));
    bridge.told_daily("2026-03-03", "2026-06-07").await;
    bridge.at("2026-06-08");
    assert_eq!(bridge.told().await, both("reminder"), "a week before the second day");
    ends(&bridge, "2026-06-12").await;
    bridge.at("2026-06-08T12:00");
    assert_eq!(bridge.told().await, NOTHING, "a near day that is put off a little can wait for tomorrow");
    assert_eq!(bridge.tagged_daily("2026-06-09", "2026-06-10").await, both_tagged("2026-06-09", "moved to 2026-06-12"));
}
