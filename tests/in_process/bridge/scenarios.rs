//! Incidents that happened, as far as published descriptions, headers and announcements can show them: what was said
//! on which day, and which letters that leads to. The numbers are those of docs/incidents.md.

use crate::support::NOTHING;
use driftd::model::{DateKind, OperationLabel};

use crate::bridge::harness::{Bridge, QUIET, Terms, both, day, says_that_nobody_announced};
use crate::support::partner::Answer;
use crate::support::smtp::Received;

/// Operations by path, each with more lines.
fn description(paths: &[(&str, &str)]) -> String {
    let mut text = "openapi: 3.1.0\ninfo: {title: Pay, version: '1'}\npaths:\n".to_owned();
    for (path, more) in paths {
        text.push_str(&format!("  {path}:\n    get:\n      responses: {{'200': {{description: fine}}}}\n"));
        if !more.is_empty() {
            text.push_str(&format!("      {more}\n"));
        }
    }
    text
}

#[tokio::test]
async fn s2_a_date_pulled_in_to_today_is_told_at_once_and_is_a_breach() {
    let mut bridge = Bridge::new(&QUIET, "2018-01-30", &description(&[("/media", "")])).await;
    bridge
        .announce("GET /media", |statement| {
            statement.date = Some(day("2018-07-31"));
            statement.operations = vec![OperationLabel::called_by_consumer("GET", "/media")];
        })
        .await;
    assert_eq!(bridge.told().await, both("dates"));
    assert_eq!(bridge.dates().await, ["end-announced: `GET /media` ends on 2018-07-31, in 182 days"]);
    bridge.at("2018-04-04");
    bridge
        .announce("GET /media", |statement| {
            statement.date = Some(day("2018-04-05"));
            statement.operations = vec![OperationLabel::called_by_consumer("GET", "/media")];
        })
        .await;
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    assert!(letters[0].text().contains("brought forward from 2018-07-31"), "{}", letters[0].text());
    assert!(letters[0].text().contains("1 day of notice, 90 days promised, 89 days short"), "{}", letters[0].text());
}

#[tokio::test]
async fn s3_seven_days_of_notice_then_two_moves_one_of_them_into_the_open() {
    let mut bridge = Bridge::new(&QUIET, "2023-02-02", &description(&[("/tweets", "")])).await;
    let ends = |date: Option<&str>| {
        let date = date.map(day);
        move |statement: &mut driftd::model::Statement| {
            statement.date = date;
            statement.paused = date.is_none();
            statement.title = "The free tier ends".to_owned();
        }
    };
    bridge.announce("free tier", ends(Some("2023-02-09"))).await;
    let letters = bridge.letters().await;
    assert!(letters[0].text().contains("7 days of notice, 90 days promised, 83 days short"), "{}", letters[0].text());
    // Later is no reason to write: the day is near all the same, so the next letter is a reminder of the new one.
    bridge.at("2023-02-08");
    bridge.announce("free tier", ends(Some("2023-02-13"))).await;
    assert_eq!(bridge.told().await, both("updated"), "put off by a few days, and near");
    bridge.at("2023-02-12");
    bridge.announce("free tier", ends(None)).await;
    assert_eq!(bridge.told().await, both("resolved"), "no day is left");
    assert_eq!(bridge.ledger("free tier").await, ["2023-02-09 replaced", "2023-02-13 replaced", "- paused"]);
    assert_eq!(bridge.told_daily("2023-02-13", "2023-04-01").await, NOTHING);
}

#[tokio::test]
async fn s5_a_removal_that_slips_and_then_comes() {
    let terms = Terms { notice: Some("{ breaking = \"90 days\", removal = \"6 months\" }"), ..QUIET };
    let plain = description(&[("/search", ""), ("/issues", "")]);
    let mut bridge = Bridge::new(&terms, "2024-10-30", &plain).await;
    let dated = |date: &str| description(&[("/search", &format!("deprecated: true\n      x-sunset: '{date}'")), ("/issues", "")]);
    bridge.at("2024-10-31");
    bridge.publish(&dated("2025-05-01"));
    assert_eq!(bridge.told().await, both("dates"));
    assert_eq!(bridge.dates().await, ["end-announced: `GET /search` ends on 2025-05-01, in 182 days"], "six months, to the day");
    bridge.at("2025-03-01");
    bridge.publish(&dated("2025-08-01"));
    assert_eq!(bridge.told().await, NOTHING, "put off");
    // The reminders are those of the new day.
    assert_eq!(
        bridge.told_daily("2025-03-02", "2025-07-31").await,
        [
            "2025-03-03 dev@shop.example digest",
            "2025-03-03 owner@pay.example digest",
            "2025-07-02 dev@shop.example updated",
            "2025-07-02 owner@pay.example updated",
            "2025-07-18 dev@shop.example reminder",
            "2025-07-18 owner@pay.example reminder",
            "2025-07-25 dev@shop.example reminder",
            "2025-07-25 owner@pay.example reminder",
            "2025-07-31 dev@shop.example reminder",
            "2025-07-31 owner@pay.example reminder",
        ]
    );
    // It goes on the day: the dates are over, and the removal itself is told.
    bridge.at("2025-08-01");
    bridge.publish(&description(&[("/issues", "")]));
    let mut expected: Vec<String> = both("opened").into_iter().chain(both("resolved")).collect();
    expected.sort();
    assert_eq!(bridge.told().await, expected);
    assert_eq!(bridge.ledger("GET /search").await.iter().filter(|line| line.starts_with("2025")).count(), 2);
}

#[tokio::test]
async fn s6_each_cohort_has_its_own_day() {
    let terms = Terms { agreement: "cohort = \"existing\"\nescalate = [{ role = \"support\", after = \"300 days\" }]", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2024-04-01", &description(&[("/upload", "")])).await;
    for (cohort, date) in [("new", "2024-05-16"), ("existing", "2025-03-11")] {
        bridge
            .announce("files.upload", |statement| {
                statement.date = Some(day(date));
                statement.cohort = Some(cohort.to_owned());
                statement.title = "files.upload ends".to_owned();
            })
            .await;
    }
    assert_eq!(bridge.told().await, both("dates"));
    assert_eq!(bridge.dates().await, ["end-announced: files.upload ends ends on 2025-03-11, in 344 days"]);
}

#[tokio::test]
async fn s7_s16_many_moves_and_no_flood() {
    let mut bridge = Bridge::new(&QUIET, "2025-01-10", &description(&[("/apps", "")])).await;
    let dates = ["2025-09-30", "2026-03-31", "2026-05-31", "2026-11-16"];
    let mut told = Vec::new();
    for (month, date) in dates.iter().enumerate() {
        bridge.at(&format!("2025-0{}-10", month + 1));
        bridge
            .announce("GET /apps", |statement| {
                statement.date = Some(day(date));
                statement.operations = vec![OperationLabel::called_by_consumer("GET", "/apps")];
            })
            .await;
        told.extend(bridge.told().await);
    }
    bridge.at("2025-04-15");
    told.extend(bridge.told().await);
    let (digests, letters): (Vec<String>, Vec<String>) = told.into_iter().partition(|line| line.ends_with("digest"));
    assert_eq!(letters, both("dates"), "four dates, one letter to each side");
    assert!(!digests.is_empty(), "what was put off is a line in the week's digest");
    bridge.at("2025-06-10");
    bridge
        .announce("GET /apps", |statement| {
            statement.paused = true;
            statement.operations = vec![OperationLabel::called_by_consumer("GET", "/apps")];
        })
        .await;
    assert_eq!(bridge.told().await, both("resolved"));
    let ledger = bridge.ledger("GET /apps").await;
    assert_eq!(ledger.len(), 5);
    assert_eq!(ledger.last().map(String::as_str), Some("- paused"));
    assert_eq!(bridge.told_daily("2026-10-01", "2026-12-31").await, NOTHING, "nothing of a day that was put off");
}

#[tokio::test]
async fn s13_only_the_calendar_can_warn() {
    let mut bridge = Bridge::new(&QUIET, "2025-08-01", &description(&[("/scripts", "")])).await;
    bridge
        .announce("Scripts", |statement| {
            statement.mark = DateKind::Change;
            statement.date = Some(day("2026-06-30"));
            statement.title = "Scripts stop running, and checkout charges the full price".to_owned();
        })
        .await;
    assert_eq!(bridge.told().await, both("dates"));
    let told = bridge.told_daily("2026-05-25", "2026-08-15").await;
    let days: Vec<&str> =
        told.iter().filter(|line| line.contains("dev@")).map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(days, ["2026-05-31", "2026-06-16", "2026-06-23", "2026-06-29", "2026-07-30"], "{told:?}");
    assert!(told.last().is_some_and(|line| line.ends_with("resolved")), "{told:?}");
}

#[tokio::test]
async fn gone_before_its_day_is_a_breach_and_alive_after_it_is_told_once() {
    let dated = "x-sunset: '2026-12-01'";
    let mut bridge = Bridge::new(&QUIET, "2026-01-10", &description(&[("/a", ""), ("/b", "")])).await;
    bridge.at("2026-01-11");
    bridge.publish(&description(&[("/a", dated), ("/b", dated)]));
    assert_eq!(bridge.told().await, both("dates"));
    bridge.at("2026-05-01");
    bridge.publish(&description(&[("/b", dated)]));
    let letters = bridge.letters().await;
    let breach: Vec<&str> = letters
        .iter()
        .filter(|letter| letter.text().contains("is gone, and was to be there until 2026-12-01"))
        .map(|letter| letter.recipient.as_str())
        .collect();
    assert_eq!((letters.len(), breach.len()), (4, 2), "the removal and the breach, to both sides");
    // The whole description is read again each day: what has gone stays a breach.
    bridge.at("2026-05-03");
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(bridge.ledger("GET /a").await, ["2026-12-01"], "what has gone takes no day back");
    // Within thirty days of it, it stands on status and nobody is written to: ends slip by a day.
    assert_eq!(bridge.told_daily("2026-12-01", "2026-12-30").await, both("reminder").map(|line| format!("2026-12-01 {line}")));
    assert_eq!(bridge.dates().await, ["end-announced: `GET /b` was to end on 2026-12-01 and still answers"]);
    bridge.at("2026-12-31");
    let told = bridge.letters().await;
    assert!(told.iter().any(|letter| letter.text().contains("`GET /b` was to end on 2026-12-01 and still answers")));
    bridge.at("2027-01-05");
    assert_eq!(bridge.told().await, NOTHING);
}

#[tokio::test]
async fn headers_are_listened_to_and_their_absence_on_a_whole_answer_is_a_word() {
    let text = description(&[("/a", "")]);
    let mut bridge = Bridge::new(&QUIET, "2026-01-10", &text).await;
    let with = |headers: &str| {
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/yaml\r\nContent-Length: {}\r\n{headers}\r\n", text.len());
        Answer::Raw([head.as_bytes(), text.as_bytes()].concat())
    };
    bridge.at("2026-01-11");
    bridge
        .partner
        .publish(with("Deprecation: true\r\nSunset: Fri, 31 Jul 2026 23:59:59 GMT\r\nLink: </docs>; rel=\"sunset\"\r\n"));
    assert_eq!(bridge.told().await, both("dates"));
    assert_eq!(bridge.dates().await, ["end-announced: The whole Pay API ends on 2026-07-31, in 201 days"]);
    assert_eq!(bridge.ledger("*").await, ["-", "2026-07-31"]);
    // The same document without the header: on a whole answer its absence is a word, and the notice closes.
    bridge.at("2026-01-12");
    bridge.partner.publish(with(""));
    assert_eq!(bridge.told().await, both("resolved"));
    assert_eq!(bridge.ledger("*").await, ["- withdrawn", "2026-07-31 withdrawn"]);
}

#[tokio::test]
async fn what_nobody_uses_is_in_the_ledger_and_not_in_a_letter() {
    let terms = Terms { operations: &["GET /used"], ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-01-10", &description(&[("/used", ""), ("/other", "")])).await;
    bridge.at("2026-01-11");
    bridge.publish(&description(&[("/used", ""), ("/other", "x-sunset: '2026-02-01'")]));
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(bridge.ledger("GET /other").await, ["2026-02-01"]);
    assert_eq!(bridge.dates().await.len(), 2, "status shows it, and that it is short");
}

#[tokio::test]
async fn an_upcoming_description_and_a_deprecation_without_a_day_are_told_as_differences() {
    let terms = Terms { api: "upcoming = \"UPCOMING\"", ..QUIET };
    let plain = description(&[("/a", "")]);
    let mut bridge = Bridge::new(&terms, "2026-01-10", &plain).await;
    bridge.at("2026-01-11");
    bridge.next.publish(Answer::Document(description(&[("/a", "deprecated: true")]).into_bytes()));
    assert_eq!(bridge.told().await, both("opened"));
    assert_eq!(bridge.dates().await, NOTHING);
}

/// `POST /pay` with a maximum length.
fn longest(longest: u32) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: Pay, version: '1'}}\npaths:\n  /pay:\n    post:\n      requestBody:\n        content:\n          application/json:\n            schema: {{type: string, maxLength: {longest}}}\n      responses: {{'204': {{description: done}}}}\n"
    )
}

#[tokio::test]
async fn s17_what_nobody_announced_was_given_no_notice() {
    let mut bridge = Bridge::new(&QUIET, "2020-03-01", &longest(64)).await;
    bridge.at("2020-03-02");
    bridge.publish(&longest(32));
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    for letter in letters {
        assert!(says_that_nobody_announced(&letter), "{}", letter.text());
    }
}

#[tokio::test]
async fn what_was_shown_as_upcoming_is_counted_when_it_goes_live() {
    let terms = Terms { api: "upcoming = \"UPCOMING\"", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &longest(64)).await;
    bridge.at("2026-03-01T10:30");
    bridge.next.publish(Answer::Document(longest(32).into_bytes()));
    assert_eq!(bridge.told().await, both("opened"), "announced");
    bridge.at("2026-04-11");
    bridge.publish(&longest(32));
    let letters = bridge.letters().await;
    let live: Vec<String> =
        letters.iter().filter(|letter| letter.text().contains("(live already)")).map(Received::text).collect();
    assert_eq!(live.len(), 2);
    for text in live {
        assert!(text.contains("Notice given  41 days of 90 days promised, known since 2026-03-01; 49 days short"), "{text}");
    }
}

#[tokio::test]
async fn a_day_that_is_said_twice_is_read_once() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-10", &description(&[("/a", "")])).await;
    let twice = description(&[("/a", "")]).replace("info: {", "x-sunset: '2026-12-01'\ninfo: {x-sunset: '2026-11-01', ");
    bridge.at("2026-01-11");
    bridge.publish(&twice);
    assert_eq!(bridge.told().await, both("dates"));
    assert_eq!(bridge.ledger("*").await, ["2026-12-01"]);
}

#[tokio::test]
async fn a_day_pulled_in_to_one_that_has_passed_is_no_all_clear() {
    let dated = |date: &str| description(&[("/a", &format!("x-sunset: '{date}'"))]);
    let mut bridge = Bridge::new(&QUIET, "2026-01-10", &description(&[("/a", "")])).await;
    bridge.at("2026-01-11");
    bridge.publish(&dated("2027-01-31"));
    assert_eq!(bridge.told().await, both("dates"));
    bridge.at("2026-12-15");
    bridge.publish(&dated("2026-11-30"));
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    for letter in letters {
        let text = letter.text();
        assert!(text.contains("was to end on 2026-11-30 (brought forward from 2027-01-31) and still answers"), "{text}");
        assert!(text.contains("0 days of notice, 90 days promised"), "{text}");
    }
}

#[tokio::test]
async fn what_is_down_since_its_day_has_ended_as_announced() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-10", &description(&[("/a", "")])).await;
    bridge
        .announce("*", |statement| {
            statement.date = Some(day("2026-06-01"));
            statement.title = "The API is switched off".to_owned();
        })
        .await;
    assert_eq!(bridge.told().await, both("dates"));
    assert_eq!(bridge.told_daily("2026-05-31", "2026-05-31").await.len(), 2, "a reminder");
    bridge.at("2026-06-01T08:00");
    bridge.partner.publish(Answer::Status(410, ""));
    bridge.work().await;
    assert_eq!(bridge.told_daily("2026-06-02", "2026-08-01").await, both("resolved").map(|line| format!("2026-06-02 {line}")));
}

#[tokio::test]
async fn a_day_that_is_called_off_while_others_stay_is_told_and_cancelled() {
    let dated = "x-sunset: '2026-12-01'";
    let mut bridge = Bridge::new(&QUIET, "2026-01-10", &description(&[("/a", ""), ("/b", "")])).await;
    bridge.at("2026-01-11");
    bridge.publish(&description(&[("/a", dated), ("/b", dated)]));
    assert_eq!(bridge.told().await, both("dates"));
    bridge.at("2026-01-12");
    bridge.publish(&description(&[("/a", dated), ("/b", "")]));
    let letters = bridge.letters().await;
    assert_eq!(letters.len(), 2);
    for letter in letters {
        let text = letter.text();
        assert!(text.contains("CALLED OFF") && text.contains("STATUS:CANCELLED") && text.contains("STATUS:CONFIRMED"), "{text}");
    }
    bridge.at("2026-01-13");
    assert_eq!(bridge.told().await, NOTHING);
}

#[tokio::test]
async fn headers_of_operations_are_looked_at_once_a_day_where_the_agreement_allows_it() {
    let text = description(&[("/a", ""), ("/b", "")]);
    let terms = Terms {
        agreement: "may_probe = true\nescalate = [{ role = \"support\", after = \"300 days\" }]",
        api: "probes = [{ operation = \"GET /a\", url = \"UPCOMING\" }]",
        ..QUIET
    };
    let mut bridge = Bridge::new(&terms, "2026-01-10", &text).await;
    let asked = bridge.next.requests().len();
    assert_eq!(asked, 1, "the first time the description is read");
    bridge.next.publish(Answer::Status(404, "Sunset: Fri, 31 Jul 2026 23:59:59 GMT\r\n"));
    bridge.at("2026-01-10T15:00");
    assert_eq!(bridge.told().await, NOTHING);
    assert_eq!(bridge.next.requests().len(), asked, "once a day");
    bridge.at("2026-01-11T15:00");
    assert_eq!(bridge.told().await, both("dates"));
    assert_eq!(bridge.ledger("GET /a").await, ["2026-07-31"]);
    // Nothing answers, or an error does: nothing is taken back. It answers without the header: it is.
    bridge.next.publish(Answer::Raw(Vec::new()));
    bridge.at("2026-01-12T16:00");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.next.publish(Answer::Status(503, ""));
    bridge.at("2026-01-13T17:00");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.next.publish(Answer::Status(200, ""));
    bridge.at("2026-01-14T18:00");
    assert_eq!(bridge.told().await, both("resolved"));
}

#[tokio::test]
async fn quiet_hours_hold_back_what_breaks_nothing_and_nothing_else() {
    let terms = Terms { consumer: "quiet_hours = \"20:00-07:00\"", ..QUIET };
    let mut bridge = Bridge::new(&terms, "2026-01-13", &description(&[("/a", ""), ("/b", "")])).await;
    bridge.publish(&description(&[("/a", "")]));
    bridge.at("2026-01-13T22:00");
    assert_eq!(bridge.told().await, both("opened"), "what breaks is told in the night");
    bridge.publish(&description(&[("/a", ""), ("/b", "")]));
    bridge.at("2026-01-13T23:30");
    assert_eq!(bridge.told().await, ["owner@pay.example resolved"]);
    let status = driftd::http::current_status(&bridge.shared).await.expect("status");
    assert_eq!(status.telling.oldest_undelivered, None, "what waits for the morning is not late");
    bridge.at("2026-01-14T06:59");
    assert_eq!(bridge.told().await, NOTHING);
    bridge.at("2026-01-14T07:00");
    assert_eq!(bridge.told().await, ["dev@shop.example resolved"]);
}

#[tokio::test]
async fn what_needs_nobody_is_a_line_in_a_weekly_digest() {
    let mut bridge = Bridge::new(&QUIET, "2026-01-13", &description(&[("/a", "")])).await;
    bridge
        .announce("GET /a", |statement| {
            statement.date = Some(day("2026-09-01"));
            statement.operations = vec![OperationLabel::called_by_consumer("GET", "/a")];
        })
        .await;
    assert_eq!(bridge.told().await, both("dates"));
    bridge.at("2026-01-14");
    bridge
        .announce("GET /a", |statement| {
            statement.date = Some(day("2026-12-01"));
            statement.operations = vec![OperationLabel::called_by_consumer("GET", "/a")];
        })
        .await;
    bridge.publish(&description(&[("/a", ""), ("/new", "")]));
    assert_eq!(bridge.told().await, NOTHING);
    // The baseline moves over each of them; the digest knows both.
    bridge.at("2026-01-15");
    bridge.publish(&description(&[("/a", ""), ("/new", ""), ("/newer", "")]));
    assert_eq!(bridge.told().await, NOTHING);
    let told = bridge.told_daily("2026-01-16", "2026-02-03").await;
    assert_eq!(told, both("digest").map(|line| format!("2026-01-19 {line}")), "on Monday, once, and none where there is nothing");
    let text = bridge.smtp.received().pop().expect("a letter").text();
    for words in ["GET /a was put off from 2026-09-01 to 2026-12-01", "`GET /new`", "`GET /newer`", "Nobody has to answer"] {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    assert!(!text.contains("/answer/"));
}

#[tokio::test]
async fn a_digest_tells_each_step_of_what_moves_on_and_nothing_that_was_told() {
    let longest = |length: u32| {
        let parameter = format!("parameters: [{{name: q, in: query, schema: {{type: string, maxLength: {length}}}}}]");
        description(&[("/a", &parameter)])
    };
    let mut bridge = Bridge::new(&QUIET, "2026-01-13", &longest(64)).await;
    for (day, length, next, words) in
        [("2026-01-14", 128, "2026-01-19", "64 to 128"), ("2026-01-20", 256, "2026-01-26", "128 to 256")]
    {
        bridge.at(day);
        bridge.publish(&longest(length));
        assert_eq!(bridge.told().await, NOTHING);
        bridge.at(next);
        assert_eq!(bridge.told().await, both("digest"));
        let text = bridge.smtp.received().pop().expect("a letter").text();
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    bridge.at("2026-01-27");
    bridge.publish(&longest(32));
    assert_eq!(bridge.told().await, both("opened"));
    bridge.at("2026-02-02");
    assert_eq!(bridge.told().await, NOTHING, "what was told in a letter is no line");
}
