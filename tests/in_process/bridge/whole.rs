//! What belongs together is on disk together: wherever it is cut off, it has happened whole, or not at all.

use std::collections::BTreeSet;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;

use driftd::correspondence::{bounced, confirmations_due, escalate_due};
use driftd::model::{Acknowledgement, Answer, Clock as _, Reply};
use driftd::store::Bounced;
use sqlx::{Connection as _, SqliteConnection};

use crate::bridge::answers::{announced, ours, to};
use crate::bridge::contacts::{confirm_token, report};
use crate::bridge::escalation::{description, reply};
use crate::bridge::harness::{Bridge, QUIET, Terms, day};

/// All that is on disk, row by row, as a process finds it that starts at this moment.
async fn rows(database: &mut SqliteConnection) -> BTreeSet<String> {
    // One transaction, so that all of it is of one moment.
    let mut database = database.begin().await.expect("a look");
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&mut *database)
        .await
        .expect("the tables");
    let mut rows = BTreeSet::new();
    for table in tables {
        let columns: String =
            sqlx::query_scalar("SELECT GROUP_CONCAT('quote(\"' || name || '\")', ' || '', '' || ') FROM pragma_table_info($1)")
                .bind(&table)
                .fetch_one(&mut *database)
                .await
                .expect("the columns");
        let all = format!("SELECT '{table} ' || rowid || ': ' || {columns} FROM \"{table}\"");
        let found: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(all)).fetch_all(&mut *database).await.expect("the rows");
        rows.extend(found);
    }
    database.rollback().await.expect("looked");
    rows
}

/// Does something, and looks at every await at what would be left if it were cut off there.
async fn happens_whole_or_not_at_all(bridge: &Bridge, act: impl AsyncFn(&Bridge)) {
    let file = format!("sqlite://{}", bridge.folder.path().join("state/driftd.sqlite").display());
    let mut database = SqliteConnection::connect(&file).await.expect("the database");
    let mut left = vec![rows(&mut database).await];
    let mut acting = pin!(act(bridge));
    let mut is_done = false;
    while !is_done {
        is_done = poll_fn(|context| Poll::Ready(acting.as_mut().poll(context).is_ready())).await;
        left.push(rows(&mut database).await);
    }
    database.close().await.expect("closed");
    left.dedup();
    let steps: Vec<Vec<&String>> = left.windows(2).map(|pair| pair[1].difference(&pair[0]).collect()).collect();
    assert_eq!(steps.len(), 1, "it takes one step: {steps:#?}");
}

#[tokio::test]
async fn a_letter_that_came_back_and_who_stands_in_for_its_reader() {
    let (mut bridge, letters) = crate::bridge::contacts::broken().await;
    let mail = report(to(&letters, "dev@shop.example"), "failed", "5.1.1");
    happens_whole_or_not_at_all(&bridge, async |bridge: &Bridge| {
        assert_eq!(bounced(&bridge.shared, &mail).await.expect("the store"), Bounced::StandInCalled);
    })
    .await;
    assert_eq!(bridge.told().await, ["deputy@shop.example opened", "ops@bridge.example attest"]);
}

#[tokio::test]
async fn an_answer_and_the_letters_about_it() {
    let (mut bridge, letters) = announced().await;
    let late = ours("2026-10-01");
    happens_whole_or_not_at_all(&bridge, async |bridge: &Bridge| {
        reply(bridge, to(&letters, "dev@shop.example"), &late).await;
    })
    .await;
    assert_eq!(bridge.told().await, ["manager@shop.example exchange", "partner@pay.example exchange"]);
}

#[tokio::test]
async fn the_last_acceptance_and_the_baseline() {
    let (mut bridge, letters) = crate::bridge::contacts::broken().await;
    let accepted = Reply::Acknowledge(Acknowledgement {
        owner: "Eve Engineer".to_owned(),
        answer: Answer::Accepted,
        fix_by: None,
        note: String::new(),
    });
    happens_whole_or_not_at_all(&bridge, async |bridge: &Bridge| {
        reply(bridge, to(&letters, "dev@shop.example"), &accepted).await;
    })
    .await;
    assert_eq!(bridge.told().await, crate::bridge::harness::both("resolved"));
}

#[tokio::test]
async fn a_step_of_a_ladder_and_its_letter() {
    let terms = Terms { agreement: "escalate = [{ role = \"deputy\", after = \"0 days\" }]", ..Terms::default() };
    let mut bridge = Bridge::new(&terms, "2026-03-01", &description(64)).await;
    bridge.at("2026-03-02");
    bridge.publish(&description(32));
    let letters = bridge.letters().await;
    // One side has a plan, so that one step is due.
    reply(&bridge, to(&letters, "owner@pay.example"), &ours("2026-12-01")).await;
    bridge.at("2026-03-04");
    happens_whole_or_not_at_all(&bridge, async |bridge: &Bridge| {
        assert_eq!(escalate_due(&bridge.shared).await.expect("the ladder"), 1);
    })
    .await;
    assert_eq!(bridge.told().await, ["deputy@shop.example escalated"]);
}

#[tokio::test]
async fn the_question_whether_somebody_is_there_and_that_it_was_asked() {
    let terms = Terms {
        agreement: "confirm_every = \"180 days\"\nescalate = [{ role = \"support\", after = \"300 days\" }]",
        ..Terms::default()
    };
    let mut bridge = Bridge::new(&terms, "2026-01-05", &description(64)).await;
    bridge.at("2026-07-04");
    for letter in bridge.letters().await {
        // Everybody is there; who said so last is asked last.
        bridge.at(if letter.recipient == "dev@shop.example" { "2026-07-04" } else { "2026-07-10" });
        assert!(bridge.shared.store.confirm(&confirm_token(&letter), bridge.clock.as_ref().now()).await.expect("the store"));
    }
    bridge.at("2026-12-31");
    happens_whole_or_not_at_all(&bridge, async |bridge: &Bridge| {
        assert_eq!(confirmations_due(&bridge.shared).await.expect("questions"), 1);
    })
    .await;
    assert_eq!(bridge.told().await, ["dev@shop.example attest"]);
}

#[tokio::test]
async fn what_is_proposed_and_the_letter_that_asks() {
    let (mut bridge, letters) = announced().await;
    let ask = Reply::Extend { by: "Eve".to_owned(), until: day("2026-12-01"), note: String::new() };
    happens_whole_or_not_at_all(&bridge, async |bridge: &Bridge| {
        reply(bridge, to(&letters, "dev@shop.example"), &ask).await;
    })
    .await;
    assert_eq!(bridge.told().await, ["owner@pay.example exchange"]);
}

#[tokio::test]
async fn what_is_agreed_and_the_ledger() {
    let (mut bridge, letters) = announced().await;
    let ask = Reply::Extend { by: "Eve".to_owned(), until: day("2026-12-01"), note: String::new() };
    reply(&bridge, to(&letters, "dev@shop.example"), &ask).await;
    let asked = bridge.letters().await;
    let proposal = bridge.shared.store.proposals(&asked[0].header("X-Driftd-Notice")).await.expect("proposals")[0].id;
    let agree = Reply::Decide { by: "Olga".to_owned(), proposal, agreed: true };
    happens_whole_or_not_at_all(&bridge, async |bridge: &Bridge| {
        reply(bridge, to(&asked, "owner@pay.example"), &agree).await;
    })
    .await;
    assert_eq!(bridge.ledger("GET /a").await, ["2026-09-01", "2026-12-01"]);
}

#[tokio::test]
async fn a_reload() {
    let mut bridge = Bridge::new(&QUIET, "2026-03-01", &description(64)).await;
    happens_whole_or_not_at_all(&bridge, async |bridge: &Bridge| {
        let (now, live) = (bridge.clock.as_ref().now(), bridge.shared.active.borrow().clone());
        bridge.shared.store.resync_watches(&live.watches(now), now).await.expect("synced");
    })
    .await;
    bridge.publish(&description(32));
    bridge.at("2026-03-02");
    assert_eq!(bridge.told().await, crate::bridge::harness::both("opened"));
}
