//! What answers do to the schedule, to what is held, to the days that were read, and to what is open.

use crate::support::NOTHING;
use std::time::Duration;

use driftd::lifecycle::Heartbeats;
use driftd::loops::check_due;
use driftd::store::{EventPage, EventQuery};
use tokio_util::sync::CancellationToken;

use crate::bridge::harness::{Bridge, QUIET, Terms, both, time};
use crate::support::partner::{Answer, response};

/// A description with this many operations, and a version that makes its bytes its own.
fn sized(operations: usize, version: &str) -> String {
    let path = |at: usize| format!("  /p{at}:\n    get:\n      responses: {{'200': {{description: ok}}}}\n");
    let paths: String = (0..operations).map(path).collect();
    format!("openapi: 3.1.0\ninfo: {{title: T, version: '{version}'}}\npaths:\n{paths}")
}

/// `POST /pay` with a maximum length, and more lines of the operation.
fn pay(longest: u32, more: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: Pay, version: '1'}}\npaths:\n  /pay:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {{type: string, maxLength: {longest}}}}}}}}}\n      responses: {{'204': {{description: done}}}}\n{more}"
    )
}

/// What status says of the one description.
async fn view(bridge: &Bridge) -> driftd::http::ApiView {
    driftd::http::current_status(&bridge.shared).await.expect("status").checking.remove(0)
}

async fn state(bridge: &Bridge) -> &'static str {
    view(bridge).await.state.name()
}

#[tokio::test]
async fn what_comes_between_two_looks_at_a_collapse_says_whether_the_second_is_believed() {
    let old = || Answer::Document(sized(6, "1").into_bytes());
    for (what, between, is_believed) in [
        ("nothing", None, true),
        ("a failure", Some(Answer::Status(500, "")), true),
        ("a wish to be asked later", Some(Answer::Status(429, "Retry-After: 60\r\n")), true),
        ("the old description", Some(old()), false),
    ] {
        let mut bridge = Bridge::new(&QUIET, "2026-01-12", &sized(6, "1")).await;
        bridge.publish(&sized(2, "2"));
        bridge.at("2026-01-12T10:30");
        assert_eq!((bridge.told().await, state(&bridge).await), (Vec::new(), "held"), "{what}");
        if let Some(between) = between {
            bridge.partner.publish(between);
            let asked = bridge.partner.requests().len();
            bridge.at("2026-01-12T11:30");
            assert_eq!(bridge.told().await, NOTHING, "{what}");
            assert_eq!(bridge.partner.requests().len(), asked + 1, "{what}");
        }
        bridge.publish(&sized(2, "3"));
        bridge.at("2026-01-12T13:00");
        let told = bridge.told().await;
        let expected = if is_believed { (both("opened").to_vec(), "changed") } else { (Vec::new(), "held") };
        assert_eq!((told, state(&bridge).await), expected, "{what}");
    }
}

#[tokio::test]
async fn a_clock_that_stood_ahead_puts_off_no_look_at_the_whole() {
    let mut bridge = Bridge::new(&QUIET, "2026-06-12", &sized(2, "1")).await;
    let mut answered = Vec::new();
    for when in ["2026-06-12T10:30", "2026-01-12T09:00", "2026-01-12T10:30"] {
        bridge.at(when);
        bridge.told().await;
        answered.push(bridge.partner.requests().last().map(|request| request.answered));
    }
    assert_eq!(answered, [Some(304), Some(200), Some(304)]);
}

#[tokio::test]
async fn who_is_never_ready_is_asked_in_peace_and_is_down_at_the_third_time() {
    for after in ["Retry-After: 0\r\n", "Retry-After: 30\r\n"] {
        let bridge = Bridge::new(&QUIET, "2026-01-12", &sized(2, "1")).await;
        bridge.partner.publish(Answer::Status(429, after));
        let (heart, stopping) = (Heartbeats::default(), CancellationToken::new());
        let mut states = Vec::new();
        bridge.at("2026-01-12T10:30");
        for _ in 0..3 {
            let asked = bridge.partner.requests().len();
            for _ in 0..3 {
                check_due(&bridge.shared, &heart, &stopping).await.expect("a check");
            }
            assert_eq!(bridge.partner.requests().len(), asked + 1, "once, and not in a loop");
            let view = view(&bridge).await;
            assert_eq!(view.last_check.map(|last| (view.next_check - last).num_seconds()), Some(60), "{}", view.detail);
            states.push(view.state.name());
            bridge.clock.advance(Duration::from_secs(60));
        }
        assert_eq!(states, ["verified", "verified", "down"], "{after}");
    }
}

#[tokio::test]
async fn what_goes_on_failing_is_asked_less_and_less_often() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &sized(2, "1")).await;
    bridge.partner.publish(Answer::Status(500, ""));
    bridge.at("2026-01-12T10:30");
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        bridge.work().await;
        let view = view(&bridge).await;
        let pause = (view.next_check - view.last_check.expect("a check")).num_seconds();
        // Less by up to a quarter, so that many do not return in step.
        assert!((minutes * 45..=minutes * 60).contains(&pause), "{pause} seconds where {minutes} minutes are the most");
        bridge.clock.set(view.next_check);
    }
    bridge.publish(&sized(2, "1"));
    bridge.told().await;
    let all = EventQuery::since(time("2026-01-12T00:00"));
    let (mut history, _) = bridge.shared.store.history(&all, EventPage { number: 1, size: 100 }).await.expect("the history");
    history.reverse();
    let kinds: Vec<&str> = history.iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, ["baseline", "down", "recovered"]);
    assert_eq!(history[2].text, "shop/pay can be read again, unchanged");
}

#[tokio::test]
async fn a_304_without_headers_takes_no_day_back() {
    let text = sized(2, "1");
    let etag = format!("ETag: \"{}\"\r\n", &crate::support::digest(text.as_bytes())[..16]);
    let mut bridge = Bridge::new(&QUIET, "2026-01-10", &text).await;
    bridge.partner.publish(response(&format!("{etag}Sunset: Fri, 31 Jul 2026 23:59:59 GMT\r\n"), text.as_bytes()));
    bridge.at("2026-01-11T10:00");
    assert_eq!(bridge.told().await, both("dates"));
    // The same document under the same tag: the answer says that it is unchanged, and nothing else.
    bridge.publish(&text);
    bridge.at("2026-01-11T15:00");
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(bridge.partner.requests().last().map(|request| request.answered), Some(304));
    assert_eq!(bridge.ledger("*").await, ["2026-07-31"]);
    // The whole answer comes once a day, and its silence is a word.
    bridge.at("2026-01-12T15:00");
    assert_eq!(bridge.told().await, both("resolved"));
}

#[tokio::test]
async fn keys_of_dates_that_are_new_are_read_in_a_description_that_is_not() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-10", &pay(64, "      x-retired-by: '2026-12-01'\n")).await;
    bridge.with_config(|config| config.integrations[0].apis[0].date_keys.sunset.push("x-retired-by".to_owned()));
    bridge.at("2026-01-11T15:00");
    assert_eq!(bridge.told().await, both("dates"));
    assert_eq!(bridge.ledger("POST /pay").await, ["2026-12-01"]);
}

#[tokio::test]
async fn notice_that_was_given_does_not_grow_while_the_change_goes_on() {
    let terms = Terms { api: "upcoming = \"UPCOMING\"", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &pay(64, "")).await;
    bridge.next.publish(Answer::Document(pay(32, "").into_bytes()));
    bridge.at("2026-03-01T10:30");
    assert_eq!(bridge.told().await, both("opened"), "announced");
    for (day, longest) in [("2026-04-11", 32), ("2026-05-20", 16)] {
        bridge.publish(&pay(longest, ""));
        bridge.at(day);
        let letters = bridge.letters().await;
        let live: Vec<String> =
            letters.iter().map(crate::support::smtp::Received::text).filter(|text| text.contains("(live already)")).collect();
        assert_eq!(live.len(), 2, "{day}");
        for text in live {
            assert!(
                text.contains("Notice given  41 days of 90 days promised, known since 2026-03-01; 49 days short"),
                "{day}: {text}"
            );
        }
    }
}

#[tokio::test]
async fn an_upgrade_with_other_rules_tells_nothing_a_second_time() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &pay(64, "")).await;
    bridge.publish(&pay(32, ""));
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, both("opened"));
    // What an older version left: findings by other names, under another set of rules.
    let file = format!("sqlite://{}", bridge.folder.path().join("state/driftd.sqlite").display());
    let mut database = <sqlx::SqliteConnection as sqlx::Connection>::connect(&file).await.expect("the database");
    for statement in [
        "UPDATE watch SET rule_set = rule_set - 1",
        "UPDATE finding SET identity = 'older', body = json_set(body, '$.identity', 'older', '$.content', 'older')",
        "UPDATE told SET identity = 'older', content = 'older'",
    ] {
        sqlx::query(statement).execute(&mut database).await.expect("a statement");
    }
    sqlx::Connection::close(database).await.expect("closed");
    bridge.restart().await;
    bridge.publish(&pay(32, "      summary: Pays.\n"));
    bridge.at("2026-01-12T13:00");
    assert_eq!(bridge.told().await, NOTHING);
    // What is news by the new rules is told as news.
    bridge.publish(&pay(16, ""));
    bridge.at("2026-01-12T15:00");
    assert_eq!(bridge.told().await, both("updated"));
}

#[tokio::test]
async fn a_deprecation_whose_day_has_passed_is_told_as_a_difference() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &pay(64, "")).await;
    bridge.publish(&pay(64, "      deprecated: true\n      x-sunset: '2025-06-01'\n"));
    bridge.at("2026-01-12T11:00");
    let letters = bridge.letters().await;
    let about: Vec<&str> = letters
        .iter()
        .filter(|letter| letter.text().contains("`POST /pay` is now deprecated"))
        .map(|letter| letter.recipient.as_str())
        .collect();
    assert_eq!(about, ["dev@shop.example", "owner@pay.example"]);
}

#[tokio::test]
async fn a_check_that_dies_is_blind_and_the_next_one_is_well() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &pay(64, "")).await;
    // No file can say this: it stands for any mistake of ours in a check.
    bridge.with_config(|config| config.fetch.per_host = usize::MAX);
    bridge.at("2026-01-12T11:00");
    assert_eq!(bridge.told().await, NOTHING);
    let died = view(&bridge).await;
    assert_eq!((died.state.name(), died.failures), ("blind", 1));
    assert!(died.detail.starts_with("the check died of a mistake in driftd: "), "{}", died.detail);
    bridge.with_config(|_| {});
    bridge.publish(&pay(32, ""));
    bridge.at("2026-01-12T11:02");
    assert_eq!(bridge.told().await, both("opened"));
}

#[tokio::test]
async fn the_loop_beats_while_what_it_asks_for_hangs() {
    let bridge = Bridge::new(&QUIET, "2026-01-12", &pay(64, "")).await;
    bridge.partner.publish(Answer::Silence);
    bridge.at("2026-01-12T11:00");
    let asked = bridge.partner.requests().len();
    let (heart, stopping) = (Heartbeats::default(), CancellationToken::new());
    let observed = async {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while bridge.partner.requests().len() == asked {
            looks.tick().await;
        }
        let before = heart.last("watch").expect("a beat");
        while heart.last("watch") == Some(before) {
            looks.tick().await;
        }
        stopping.cancel();
    };
    let running = driftd::loops::watch(bridge.shared.clone(), heart.clone(), stopping.clone());
    // The limit is for broken builds: a loop that does not beat for 45 seconds counts as stuck.
    let both = async { tokio::join!(running, observed) };
    tokio::time::timeout(Duration::from_secs(40), both).await.expect("it beats, and ends, while a fetch hangs");
}

/// A description of one operation that refers to these files.
fn referring(files: impl Iterator<Item = String>) -> Answer {
    let files: Vec<String> = files.map(|file| format!("{{$ref: '{file}'}}")).collect();
    let schema = format!("{{anyOf: [{}]}}", files.join(", "));
    Answer::Document(
        format!(
            "openapi: 3.1.0\ninfo: {{title: T, version: '2'}}\npaths:\n  /a:\n    get:\n      responses: {{'200': {{description: ok, content: {{application/json: {{schema: {schema}}}}}}}}}\n"
        )
        .into_bytes(),
    )
}

#[tokio::test]
async fn the_files_of_a_description_are_bounded_in_number_and_in_size_together() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-12", &sized(1, "1")).await;
    bridge.partner.publish(Answer::Status(404, ""));
    let files = |bridge: &Bridge| bridge.partner.requests().iter().filter(|request| request.path != "/openapi.yaml").count();
    bridge.partner.publish_at("/openapi.yaml", referring((0..5_001).map(|at| format!("p{at}.yaml"))));
    bridge.at("2026-01-12T11:00");
    bridge.told().await;
    let many = view(&bridge).await;
    assert_eq!((many.state.name(), many.detail.as_str()), ("undecidable", "the description refers to more than 5000 files"));
    assert_eq!(files(&bridge), 0, "none of them is asked for");
    // Each is small, and refers to the next.
    bridge.with_config(|config| config.fetch.max_bytes = 4_000);
    bridge.partner.publish_at("/openapi.yaml", referring(std::iter::once("p0.yaml".to_owned())));
    for at in 0..20 {
        let text =
            format!("type: object\ndescription: {}\nproperties: {{next: {{$ref: 'p{}.yaml'}}}}\n", "x".repeat(900), at + 1);
        bridge.partner.publish_at(&format!("/p{at}.yaml"), Answer::Document(text.into_bytes()));
    }
    bridge.at("2026-01-12T13:00");
    assert_eq!(bridge.told().await, NOTHING);
    let large = view(&bridge).await;
    assert_eq!(
        (large.state.name(), large.detail.as_str()),
        ("undecidable", "the files of the description are larger than 4000 bytes together")
    );
    assert_eq!(files(&bridge), 4, "and no more than that is asked for");
}
