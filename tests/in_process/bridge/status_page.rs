//! The page that on-call looks at first: what needs somebody stands first, with whom to call, and of ten thousand descriptions it
//! is as short as of ten.

use driftd::http::current_status;
use driftd::model::{EscalationTarget, Reply, Role, Statement};
use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection};

use crate::bridge::answers::{ours, to};
use crate::bridge::escalation::reply;
use crate::bridge::harness::{Bridge, QUIET, Terms, day};
use crate::bridge::pages::Served;
use crate::bridge::silence::version;
use crate::support::daemon::body;
use crate::support::partner::Answer;
use crate::support::smtp::Manner;

/// A page as it is read: a slash is escaped in it.
pub async fn read(served: &Served, path: &str) -> String {
    served.get(path).await.replace("&#x2f;", "/")
}

pub async fn json(served: &Served, path: &str) -> Value {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nConnection: close\r\n\r\n");
    let answer = served.ask(request).await;
    serde_json::from_str(body(&answer)).unwrap_or_else(|problem| panic!("{problem}: {answer}"))
}

/// The words in the order in which they stand on a page.
fn in_order(page: &str, words: &[&str]) {
    let mut rest = page;
    for word in words {
        rest = rest.split_once(word).unwrap_or_else(|| panic!("{word:?} does not come next in\n{page}")).1;
    }
}

#[tokio::test]
async fn what_needs_somebody_stands_first_with_whom_to_call_at_both_ends() {
    let api = "[[apis]]\nid = \"second\"\nname = \"Second API\"\nprovider = \"pay\"\nlive = \"UPCOMING\"\nevery = \"1h\"";
    let api: &'static str = format!("consumers = [{{ party = \"shop\" }}]\n{api}").leak();
    let mut bridge = Bridge::new(&Terms { api, ..QUIET }, "2026-03-01", &version(64, 64)).await;
    let file = bridge.folder.path().join("integrations/shop.toml");
    let text = std::fs::read_to_string(&file).expect("a file");
    let with_phone =
        text.replace("email = \"oncall@shop.example\"", "email = \"oncall@shop.example\", phone = \"+49 (30) 12-34\"");
    std::fs::write(&file, with_phone).expect("a file");
    bridge.restart().await;
    bridge.at("2026-03-02");
    bridge.publish(&version(32, 64));
    let letters = bridge.letters().await;
    // What ends in three weeks, and what ends next year.
    let ends = |date: &'static str| move |statement: &mut Statement| statement.date = Some(day(date));
    bridge.announce("POST /a", ends("2026-03-27")).await;
    bridge.announce("POST /b", ends("2027-03-27")).await;
    reply(&bridge, to(&letters, "owner@pay.example"), &ours("2026-12-01")).await;
    bridge.next.publish(Answer::Status(500, ""));
    for hour in ["2026-03-09T09:00", "2026-03-09T11:00", "2026-03-09T13:00"] {
        bridge.at(hour);
        bridge.work().await;
    }
    let served = Served::of(&bridge);
    let page = read(&served, "/status").await;
    let notice = letters[0].header("X-Driftd-Notice");
    in_order(
        &page,
        &[
            "Somebody has to act",
            ">alive<",
            "Alive",
            ">checking<",
            "0 of 2 fine",
            "Second API (shop) is down for 4 h",
            ">mail<",
            "No letter waits",
            "Needs you now",
            ">down</span>",
            "Second API",
            "began 4 h ago, 2026-03-09 09:00 UTC",
            "Pay (provider): Olga Owner <a href=\"mailto:owner@pay.example\">",
            "Shop (consumer): Otto Oncall <a href=\"mailto:oncall@shop.example\">",
            "<a href=\"tel:+49301234\">+49 (30) 12-34</a>",
            "overdue 5 days",
            &format!("<a href=\"/notices/{notice}\">{notice}</a>"),
            "Payments in the shop",
            "1 breaking: ",
            "Shop: Eve Engineer has not answered, due 5 d ago, 2026-03-04",
            "Pay: Eve Engineer: ours, done by 2026-12-01",
            "<strong>2026-03-27</strong>",
            "Open notices",
            "<details><summary>1 description that needs nobody",
            "later day",
            "<strong>2027-03-27</strong>",
        ],
    );
    assert!(page.contains("<meta http-equiv=\"refresh\" content=\"60\">"), "{page}");
    for word in ["style=", "onclick", "<script"] {
        assert!(!page.contains(word), "{word} is in\n{page}");
    }
    // What programs know stands where it stood.
    let status = json(&served, "/status").await;
    let names: Vec<&str> = status["checking"].as_array().expect("a list").iter().filter_map(|api| api["api"].as_str()).collect();
    assert_eq!((names.as_slice(), &status["extent"]["pages"]), (["pay", "second"].as_slice(), &1.into()));
    assert_eq!(status["checking"][0]["contacts"], serde_json::json!([]), "nobody has to be called about the other");
}

#[tokio::test]
async fn the_tile_of_the_mail_names_the_server_and_what_it_says() {
    let mut bridge = Bridge::new(&QUIET, "2026-03-01", &version(64, 64)).await;
    bridge.smtp.treat_everybody(Manner::EchoesLogin);
    bridge.at("2026-03-02");
    bridge.publish(&version(32, 64));
    assert!(bridge.letters().await.is_empty());
    bridge.at("2026-03-02T11:00");
    bridge.work().await;
    let page = read(&Served::of(&bridge), "/status").await;
    let server = format!("127.0.0.1:{}: ", bridge.smtp.port);
    in_order(
        &page,
        &[
            "driftd needs help",
            ">mail<",
            "2 letters are not leaving",
            "the oldest written 2 h ago",
            &server,
            "5.7.8",
            "Needs you now",
            ">mail</span>",
        ],
    );
}

#[tokio::test]
async fn what_was_said_and_agreed_stands_on_status_and_on_the_page_of_the_notice() {
    let mut bridge = Bridge::new(&QUIET, "2026-03-01", &version(64, 64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&version(32, 64));
    let letters = bridge.letters().await;
    let (consumer, provider) = (to(&letters, "dev@shop.example"), to(&letters, "owner@pay.example"));
    let notice = consumer.header("X-Driftd-Notice");
    let served = Served::of(&bridge);
    let both_say = async |words: &str| {
        for path in ["/status".to_owned(), format!("/notices/{notice}")] {
            let page = read(&served, &path).await;
            assert!(page.contains(words), "{path}: {words} is not in\n{page}");
        }
    };
    let on_call = EscalationTarget::Role(Role::OnCall);
    reply(&bridge, consumer, &Reply::NotUs { by: "Eve".to_owned(), ask: on_call }).await;
    both_say("not us, ask Otto Oncall (on-call): asked on 2026-03-02").await;
    let ask = Reply::Extend { by: "Eve".to_owned(), until: day("2026-05-04"), note: "peak season".to_owned() };
    reply(&bridge, consumer, &ask).await;
    both_say("Eve asks for time until 2026-05-04, not decided yet: peak season").await;
    let proposal = bridge.shared.store.proposals(&notice).await.expect("proposals")[0].id;
    reply(&bridge, provider, &Reply::Decide { by: "Olga".to_owned(), proposal, agreed: false }).await;
    both_say("time until 2026-05-04 was asked for and not agreed: peak season").await;
    let again = Reply::Extend { by: "Eve".to_owned(), until: day("2026-04-04"), note: String::new() };
    reply(&bridge, consumer, &again).await;
    let proposal = bridge.shared.store.proposals(&notice).await.expect("proposals")[1].id;
    reply(&bridge, provider, &Reply::Decide { by: "Olga".to_owned(), proposal, agreed: true }).await;
    both_say("time until 2026-04-04 was asked for and agreed").await;
    both_say("ours, done by 2026-04-04: agreed with Olga").await;
    // The plan did not come true: both ends are silent again, as the ladder counts it.
    let status = current_status(&bridge.shared).await.expect("status");
    assert_eq!(
        (status.open[0].overdue_days, status.open[0].answer_by.map(|due| due.date_naive())),
        (None, Some(day("2026-04-08")))
    );
    bridge.at("2026-04-10");
    let status = current_status(&bridge.shared).await.expect("status");
    assert!(status.open[0].sides.iter().all(|side| side.overdue_days == Some(2)), "{:?}", status.open[0].sides);
    both_say("overdue 2 days").await;
    assert!(bridge.letters().await.len() > 2);
}

/// A hundred integrations with a hundred APIs each; the names are as long as names are.
async fn ten_thousand() -> Bridge {
    let mut bridge = Bridge::new(&QUIET, "2026-03-02", &version(64, 64)).await;
    let folder = bridge.folder.path().join("integrations");
    for number in 0..100 {
        let mut text = format!(
            "name = \"Payments of the branch number {number}\"\n[agreement]\nnotice = {{ breaking = \"90 days\" }}\nacknowledge_within = \"2 business days\"\n\
             [parties.pay]\nname = \"Pay Services International {number}\"\ncontacts = [{{ role = \"api-owner\", name = \"Olga Owner of {number}\", email = \"api-owner-{number}@payments.example\", phone = \"+49 30 1234 {number:04}\" }}]\n\
             [parties.shop]\nname = \"Shop of the branch {number}\"\ncontacts = [{{ role = \"engineering\", name = \"Eve Engineer of {number}\", email = \"engineering-{number}@shop.example\", phone = \"+49 40 9876 {number:04}\" }}]\n"
        );
        for api in 0..100 {
            text.push_str(&format!(
                "[[apis]]\nid = \"api-{api:02}\"\nname = \"API {api} for payments, refunds and payouts\"\nprovider = \"pay\"\nlive = \"{}/branch/{number}/{api}/openapi.json\"\nevery = \"1h\"\nconsumers = [{{ party = \"shop\" }}]\n",
                bridge.partner.url().trim_end_matches('/')
            ));
        }
        std::fs::write(folder.join(format!("branch-{number:03}.toml")), text).expect("a file");
    }
    bridge.restart().await;
    bridge
}

async fn in_the_database(bridge: &Bridge, statements: &[&str]) {
    let file = format!("sqlite://{}", bridge.folder.path().join("state/driftd.sqlite").display());
    let mut database = SqliteConnection::connect(&file).await.expect("the database");
    for statement in statements {
        sqlx::query(sqlx::AssertSqlSafe((*statement).to_owned())).execute(&mut database).await.expect("done");
    }
    database.close().await.expect("closed");
}

#[tokio::test]
async fn of_ten_thousand_descriptions_a_page_holds_the_worst_in_sixty_kilobytes() {
    const MOST: usize = 60_000;
    let bridge = ten_thousand().await;
    // All are fine but a hundred, which are down, each for longer than the one before.
    let well =
        "UPDATE watch SET state = 'verified', detail = 'unchanged', verified_at = 1772442000000, succeeded_at = 1772442000000,
        next_at = 1772449200000 WHERE surface = 'live'";
    let down = "UPDATE watch SET state = 'down', failures = 17, unjudged_from = unjudged_since,
        detail = 'connecting to payments.example:443 failed: connection refused by the other end after 10 seconds, tried 3 addresses'
        WHERE unjudged_since IS NOT NULL";
    let since = "UPDATE watch SET unjudged_since = 1772400000000 - 60000 * id WHERE surface = 'live' AND api = 'api-07'";
    in_the_database(&bridge, &[well, since, down]).await;
    let served = Served::of(&bridge);
    let mut sizes = Vec::new();
    for path in ["/status", "/status?page=2", "/status?page=100", "/status?state=down&page=2", "/status?integration=branch-042"] {
        let (page, told) = (served.get(path).await, json(&served, path).await.to_string());
        // For programs it is the same page, with digests and addresses.
        assert!(body(&page).len() <= MOST && told.len() <= MOST + 10_000, "{path}: {} and {}", body(&page).len(), told.len());
        sizes.push((path, body(&page).len(), told.len()));
    }
    println!("bytes of HTML and JSON: {sizes:?}");
    let first = json(&served, "/status").await;
    let names = |status: &Value| -> Vec<String> {
        let all = status["checking"].as_array().expect("a list").iter();
        all.map(|api| format!("{}/{}", api["integration"], api["api"]).replace('"', "")).collect()
    };
    let extent = &first["extent"];
    assert_eq!((&extent["descriptions"], &extent["pages"], &extent["page"]), (&10_001.into(), &167.into(), &1.into()));
    // What has been down for longest stands first; a hundred are sixty and forty.
    let of_first = names(&first);
    assert_eq!((of_first.len(), of_first[0].as_str(), of_first[59].as_str()), (60, "branch-099/api-07", "branch-040/api-07"));
    let second = json(&served, "/status?page=2").await;
    let states: Vec<&str> =
        second["checking"].as_array().expect("a list").iter().filter_map(|api| api["state"].as_str()).collect();
    assert_eq!((states[39], states[40], names(&second)[0].as_str()), ("down", "verified", "branch-039/api-07"));
    assert_eq!(first["tiles"][1]["headline"], "9901 of 10001 fine");
    // Chosen by state and integration; a page beyond the last is the last.
    let down = json(&served, "/status?state=down&page=99").await;
    assert_eq!((&down["extent"]["descriptions"], &down["extent"]["page"], names(&down).len()), (&100.into(), &2.into(), 40));
    let one = json(&served, "/status?integration=branch-042&state=down").await;
    assert_eq!(names(&one), ["branch-042/api-07"]);
    assert_eq!(one["tiles"], first["tiles"], "the tiles are of everything");
    let wrong = served.get("/status?state=gone").await;
    assert!(wrong.starts_with("HTTP/1.1 400") && wrong.contains("undecidable"), "{wrong}");
    // The worst that can be: all are down.
    in_the_database(&bridge, &["UPDATE watch SET unjudged_since = 1772000000000 + id WHERE surface = 'live'", &down_all()]).await;
    let page = served.get("/status").await;
    println!("bytes with all down: {}", body(&page).len());
    assert!(body(&page).len() <= MOST && page.matches("tel:").count() > 100, "{} bytes", body(&page).len());
}

fn down_all() -> String {
    "UPDATE watch SET state = 'down', failures = 17, detail = 'connecting to payments.example:443 failed: connection refused by the other end after 10 seconds, tried 3 addresses' WHERE surface = 'live'".to_owned()
}
