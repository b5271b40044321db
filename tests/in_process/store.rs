//! The store's story with a clock that moves as it is told: nothing waits for a clock that was set back.

use std::time::Duration;

use chrono::{TimeDelta, TimeZone, Utc};
use driftd::model::{
    Acknowledgement, Answer, ApiState, AttemptOutcome, Checked, Clock, DateKind, EventKind, Fingerprint, Lane, LastTold,
    LetterQuestion, ManualClock, Notice, NoticeKind, OpenFinding, Origin, PartValidators, Severity, Side, Statement, Surface,
    ToldFinding, Validators, WatchKey,
};
use driftd::store::{
    Announced, AnswerOutcome, CheckCommit, Closing, Committed, EventPage, EventQuery, Finished, KEPT_FOR_DIGEST, NewEvent,
    NewSnapshot, NoticeStep, PlannedDelivery, Resend, Store, StoreError, SuccessfulCheck, WatchId, WatchSpec,
};

const LEASE: Duration = Duration::from_secs(600);

fn key() -> WatchKey {
    WatchKey { integration: "i".to_owned(), api: "a".to_owned(), surface: Surface::Live }
}

fn letter(recipient: &str, stand_ins: Vec<PlannedDelivery>) -> PlannedDelivery {
    PlannedDelivery {
        kind: NoticeKind::Opened,
        question: LetterQuestion::Asked,
        side: Side::Consumer,
        party: "p".to_owned(),
        name: recipient.to_owned(),
        recipient: recipient.to_owned(),
        sender: "driftd@example.com".to_owned(),
        subject: "s".to_owned(),
        message: recipient.as_bytes().to_vec(),
        token: Some(format!("token-{recipient}")),
        stand_ins,
        channel: None,
        not_before: None,
    }
}

/// A notice that is opened with these letters.
fn opening(clock: &ManualClock, deliveries: Vec<PlannedDelivery>) -> NoticeStep {
    let notice = Notice {
        id: "N-1".to_owned(),
        fingerprint: Fingerprint::stored("N-1".to_owned()),
        opened_at: clock.now(),
        told_at: clock.now(),
    };
    NoticeStep::Tell { notice, recurrence: None, deliveries, told: Vec::new() }
}

fn commit(clock: &ManualClock, notice: NoticeStep, etag: &str) -> CheckCommit {
    let now = clock.now();
    CheckCommit {
        watch: WatchId(1),
        key: key(),
        generation: 0,
        checked: Checked {
            state: ApiState::Verified,
            detail: "d".to_owned(),
            checked_at: now,
            next_at: now + TimeDelta::minutes(5),
            failures: 0,
        },
        rule_set: 1,
        success: Some(SuccessfulCheck {
            validators: Validators { etag: Some(etag.to_owned()), ..Validators::default() },
            full: true,
            snapshot: Some(NewSnapshot {
                digest: format!("digest-{etag}"),
                bytes: b"bytes".repeat(1000),
                from: "here".to_owned(),
            }),
            operations: None,
            baseline: Some(format!("digest-{etag}")),
            ledger: Vec::new(),
            findings: Some(Vec::new()),
            rebased: None,
            notice,
        }),
        held: None,
        counts_as_crash: false,
        wait_until: None,
        events: vec![NewEvent::new(EventKind::State(ApiState::Changed), "text".to_owned())],
    }
}

fn spec(key: WatchKey, source: &str, clock: &ManualClock) -> WatchSpec {
    let (source, schedule) = (source.to_owned(), "s".to_owned());
    WatchSpec { key, source, schedule, first_at: clock.now(), planned_at: clock.now() }
}

async fn store(clock: &ManualClock) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).await.expect("a store");
    store.sync_watches(&[spec(key(), "here", clock)], clock.now()).await.expect("synced");
    (folder, store)
}

fn clock() -> ManualClock {
    ManualClock::new(Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single().expect("a time"))
}

#[tokio::test]
async fn a_check_is_claimed_once_and_committed_whole() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    assert_eq!(store.claim_due(clock.now(), LEASE, 10).await.expect("claims").len(), 1);
    assert_eq!(store.claim_due(clock.now(), LEASE, 10).await.expect("claims").len(), 0, "it is leased");
    store.commit_check(commit(&clock, NoticeStep::Nothing, "e1")).await.expect("committed");
    assert_eq!(store.snapshot("digest-e1").await.expect("bytes"), b"bytes".repeat(1000));
    clock.advance(Duration::from_secs(301));
    let claim = store.claim_due(clock.now(), LEASE, 10).await.expect("claims").remove(0);
    assert_eq!((claim.validators.etag.as_deref(), claim.latest.as_deref()), (Some("e1"), Some("digest-e1")));
}

#[tokio::test]
async fn a_clock_set_back_silences_nothing() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let waits = PlannedDelivery { not_before: Some(clock.now() + TimeDelta::hours(9)), ..letter("b@x.example", Vec::new()) };
    let step = opening(&clock, vec![letter("a@x.example", Vec::new()), waits]);
    store.commit_check(commit(&clock, step, "e1")).await.expect("committed");
    // A year back: what was checked "in the future" is due, once, and letters leave, also to who is not disturbed at night.
    clock.set(clock.now() - TimeDelta::days(365));
    assert_eq!(store.claim_due(clock.now(), LEASE, 10).await.expect("claims").len(), 1);
    assert_eq!(store.claim_due(clock.now(), LEASE, 10).await.expect("claims").len(), 0, "and not in a loop");
    assert_eq!(store.start_attempts(Lane::Mail, clock.now(), LEASE, 10).await.expect("letters").len(), 2);
    assert_eq!(store.start_attempts(Lane::Mail, clock.now(), LEASE, 10).await.expect("letters").len(), 0);
}

#[tokio::test]
async fn a_restart_keeps_every_place_in_time_and_takes_up_what_was_cut_off() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let spec = |schedule: &str| WatchSpec {
        key: key(),
        source: "here".to_owned(),
        schedule: schedule.to_owned(),
        first_at: clock.now(),
        planned_at: clock.now() + TimeDelta::minutes(1),
    };
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    assert_eq!(store.release_leases(clock.now()).await.expect("released"), 1, "a check that was cut off");
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    store.commit_check(commit(&clock, NoticeStep::Nothing, "e1")).await.expect("committed");
    assert_eq!(store.release_leases(clock.now()).await.expect("released"), 0);
    store.sync_watches(&[spec("s")], clock.now()).await.expect("synced");
    assert_eq!(store.next_due().await.expect("a time"), Some(clock.now() + TimeDelta::minutes(5)), "as before");
    store.sync_watches(&[spec("another")], clock.now()).await.expect("synced");
    assert_eq!(store.next_due().await.expect("a time"), Some(clock.now() + TimeDelta::minutes(1)), "by the new schedule");
}

#[tokio::test]
async fn another_source_forgets_the_validators_of_the_old_one() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let mut first = commit(&clock, NoticeStep::Nothing, "e1");
    let validators = &mut first.success.as_mut().expect("a success").validators;
    validators.last_modified = Some("Sun, 01 Mar 2026 12:00:00 GMT".to_owned());
    validators.parts.insert("part.yaml".to_owned(), PartValidators { etag: Some("p1".to_owned()), ..PartValidators::default() });
    store.commit_check(first).await.expect("committed");
    store.sync_watches(&[spec(key(), "there", &clock)], clock.now()).await.expect("synced");
    let claim = store.claim_due(clock.now(), LEASE, 10).await.expect("claims").remove(0);
    assert_eq!(claim.validators, Validators::default());
    store.sync_watches(&[], clock.now()).await.expect("synced");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(store.claim_due(clock.now(), LEASE, 10).await.expect("claims").len(), 0, "what is no longer configured rests");
}

#[tokio::test]
async fn a_chain_of_stand_ins_ends_in_words() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let step = opening(&clock, vec![letter("a@x.example", vec![letter("b@x.example", Vec::new())])]);
    store.commit_check(commit(&clock, step, "e1")).await.expect("committed");
    let dead = AttemptOutcome::DeadAddress("550".to_owned());
    for (recipient, expected) in [("a@x.example", Finished::StandInCalled), ("b@x.example", Finished::NobodyLeft)] {
        let (delivery, attempt) = store.start_attempts(Lane::Mail, clock.now(), LEASE, 10).await.expect("letters").remove(0);
        assert_eq!(delivery.recipient, recipient);
        let finished = store.finish_attempt(delivery.id, attempt, &dead, clock.now(), clock.now()).await.expect("finished");
        assert_eq!(finished, expected);
    }
    let overview = store.overview().await.expect("an overview");
    assert_eq!(overview.deliveries.get("dead-address"), Some(&2));
    assert_eq!(overview.oldest_undelivered, None);
}

#[tokio::test]
async fn a_try_that_was_cut_off_is_made_again_at_once() {
    let clock = clock();
    let (folder, store) = store(&clock).await;
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let step = opening(&clock, vec![letter("a@x.example", Vec::new())]);
    store.commit_check(commit(&clock, step, "e1")).await.expect("committed");
    let before = store.start_attempts(Lane::Mail, clock.now(), LEASE, 10).await.expect("letters").remove(0).0;
    store.close().await;
    let store = Store::open(folder.path()).await.expect("a store");
    assert_eq!(store.recover_attempts(clock.now()).await.expect("recovered"), 1);
    assert_eq!(store.recover_attempts(clock.now()).await.expect("recovered"), 0);
    let again = store.start_attempts(Lane::Mail, clock.now(), LEASE, 10).await.expect("letters").remove(0).0;
    assert_eq!((before.id, before.message), (again.id, again.message));
    assert_eq!(store.overview().await.expect("an overview").attempts.get("ambiguous"), Some(&1));
}

#[tokio::test]
async fn an_answer_overtakes_a_check_in_flight() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let notice = Notice {
        id: "N-1".to_owned(),
        fingerprint: Fingerprint::stored("N-1".to_owned()),
        opened_at: clock.now(),
        told_at: clock.now(),
    };
    let told = LastTold {
        side: Side::Consumer,
        party: "p".to_owned(),
        stem: None,
        answer: None,
        written_at: None,
        pending: None,
        findings: [("f".to_owned(), ToldFinding { content: "1".to_owned(), severity: Severity::Breaking })].into(),
    };
    let step = NoticeStep::Tell {
        notice,
        recurrence: None,
        deliveries: vec![letter("a@x.example", Vec::new())],
        told: vec![told.clone()],
    };
    assert_eq!(store.commit_check(commit(&clock, step, "e1")).await.expect("committed"), Committed::Recorded);
    clock.advance(Duration::from_secs(301));
    let claim = store.claim_due(clock.now(), LEASE, 10).await.expect("claims").remove(0);
    assert_eq!((claim.generation, claim.told.len(), &claim.told[0].findings), (0, 1, &told.findings));
    // While the check is under way the one consumer accepts.
    let answer = Acknowledgement { owner: "P".to_owned(), answer: Answer::Accepted, fix_by: None, note: String::new() };
    assert_eq!(
        store
            .acknowledge(
                "token-a@x.example",
                &answer,
                Vec::new(),
                Closing { letters: Vec::new(), consumers: vec!["p"] },
                clock.now()
            )
            .await
            .expect("answered"),
        AnswerOutcome::BaselineMoved
    );
    let stale = commit(&clock, NoticeStep::Nothing, "e2");
    assert_eq!(store.commit_check(stale).await.expect("committed"), Committed::Overtaken);
    let claim = store.claim_due(clock.now(), LEASE, 10).await.expect("claims").remove(0);
    assert_eq!((claim.generation, claim.latest.as_deref(), claim.notice), (1, Some("digest-e1"), None), "due again at once");
}

#[tokio::test]
async fn a_damaged_row_is_shown_and_stops_nobody_else() {
    let clock = clock();
    let (folder, store) = store(&clock).await;
    let other = WatchKey { api: "b".to_owned(), ..key() };
    let specs = [key(), other.clone()].map(|key| spec(key, "here", &clock));
    store.sync_watches(&specs, clock.now()).await.expect("synced");
    store.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("driftd.sqlite"));
    let mut raw = sqlx::ConnectOptions::connect(&options).await.expect("the database");
    sqlx::query("INSERT INTO finding (watch, identity, severity, body, opened_at) VALUES (1, 'f', 'info', '{', 0)")
        .execute(&mut raw)
        .await
        .expect("a damaged row");
    sqlx::Connection::close(raw).await.expect("closed");
    let store = Store::open(folder.path()).await.expect("a store");
    let claims = store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let damaged: Vec<(WatchKey, bool)> = claims.into_iter().map(|claim| (claim.key, claim.damage.is_some())).collect();
    assert_eq!(damaged, [(key(), true), (other, false)]);
    let overview = store.overview().await.expect("an overview");
    assert_eq!(overview.watches[0].state, ApiState::Blind);
    assert!(overview.watches[0].detail.contains("table finding"), "{}", overview.watches[0].detail);
}

#[tokio::test]
async fn many_looks_at_everything_wait_for_no_connection_that_another_holds() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let mut looks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = store.clone();
        looks.spawn(async move { store.overview().await.expect("an overview").watches.len() });
    }
    let all = tokio::time::timeout(Duration::from_secs(20), looks.join_all());
    assert_eq!(all.await.expect("none waits for ever"), vec![1; 64]);
}

#[tokio::test]
async fn a_check_of_what_was_taken_out_of_the_configuration_tells_nobody() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    // While it is under way, a reload no longer has it.
    store.resync_watches(&[], clock.now()).await.expect("synced");
    let step = opening(&clock, vec![letter("a@x.example", Vec::new())]);
    assert_eq!(store.commit_check(commit(&clock, step, "e1")).await.expect("committed"), Committed::Overtaken);
    assert_eq!(store.overview().await.expect("an overview").notices.len(), 0);
    assert_eq!(store.start_attempts(Lane::Mail, clock.now(), LEASE, 10).await.expect("letters").len(), 0);
}

#[tokio::test]
async fn a_letter_about_what_is_over_is_not_tried_for_ever() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let step = opening(&clock, vec![letter("a@x.example", Vec::new())]);
    store.commit_check(commit(&clock, step, "e1")).await.expect("committed");
    clock.advance(Duration::from_secs(301));
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let last = PlannedDelivery { kind: NoticeKind::Resolved, ..letter("b@x.example", Vec::new()) };
    let step = NoticeStep::Close { id: "N-1".to_owned(), why: "over".to_owned(), deliveries: vec![last] };
    store.commit_check(commit(&clock, step, "e2")).await.expect("committed");
    let mut tries = 0;
    for _ in 0..30 {
        for (delivery, attempt) in store.start_attempts(Lane::Mail, clock.now(), LEASE, 10).await.expect("letters") {
            tries += 1;
            let busy = AttemptOutcome::Retry("450 later".to_owned());
            store.finish_attempt(delivery.id, attempt, &busy, clock.now(), clock.now()).await.expect("finished");
        }
        clock.advance(Duration::from_secs(86_400));
    }
    assert!((5..=8).contains(&tries), "{tries} tries in thirty days");
}

#[tokio::test]
async fn who_has_waited_longest_is_taken_first() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let due = |api: &str, minutes: i64| {
        let key = WatchKey { api: api.to_owned(), ..key() };
        WatchSpec { first_at: clock.now() + TimeDelta::minutes(minutes), ..spec(key, "here", &clock) }
    };
    store.sync_watches(&[due("second", 2), due("third", 3), due("first", 1)], clock.now()).await.expect("synced");
    clock.advance(Duration::from_secs(3600));
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(store.claim_due(clock.now(), LEASE, 1).await.expect("claims").remove(0).key.api);
    }
    assert_eq!(taken, ["first", "second", "third"]);
}

#[tokio::test]
async fn a_reload_reads_everything_whole_and_tries_at_once_what_failed() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    store.commit_check(commit(&clock, NoticeStep::Nothing, "e1")).await.expect("committed");
    clock.advance(Duration::from_secs(301));
    let claim = store.claim_due(clock.now(), LEASE, 10).await.expect("claims").remove(0);
    assert!(claim.full_at.is_some());
    let checked = Checked {
        state: ApiState::Down,
        detail: "500".to_owned(),
        checked_at: clock.now(),
        next_at: clock.now() + TimeDelta::hours(6),
        failures: 9,
    };
    store.commit_check(CheckCommit::of(&claim, checked)).await.expect("committed");
    clock.advance(Duration::from_secs(60));
    store.resync_watches(&[spec(key(), "here", &clock)], clock.now()).await.expect("synced");
    let claims = store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let read: Vec<_> = claims.iter().map(|claim| (claim.failures, claim.full_at)).collect();
    assert_eq!(read, [(9, None)]);
}

#[tokio::test]
async fn what_is_read_at_the_old_source_is_nothing_at_the_new_one() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    // While it is under way, a reload moves it.
    store.resync_watches(&[spec(key(), "there", &clock)], clock.now()).await.expect("synced");
    assert_eq!(store.commit_check(commit(&clock, NoticeStep::Nothing, "e1")).await.expect("committed"), Committed::Overtaken);
    let claim = store.claim_due(clock.now(), LEASE, 10).await.expect("claims").remove(0);
    assert_eq!((claim.source.as_str(), claim.latest), ("there", None), "due again at once");
}

#[tokio::test]
async fn what_is_announced_is_compared_again_when_the_live_baseline_moves_by_itself() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let upcoming = WatchKey { surface: Surface::Upcoming, ..key() };
    let next = WatchSpec { first_at: clock.now() + TimeDelta::hours(6), ..spec(upcoming.clone(), "next", &clock) };
    store.sync_watches(&[spec(key(), "here", &clock), next], clock.now()).await.expect("synced");
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    store.commit_check(commit(&clock, NoticeStep::Nothing, "e1")).await.expect("committed");
    let due = store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    assert_eq!(due.into_iter().map(|claim| claim.key).collect::<Vec<_>>(), [upcoming]);
}

fn finding(identity: &str) -> OpenFinding {
    let finding = OpenFinding::new(identity.to_owned(), "r", Severity::Info, String::new());
    OpenFinding { content: "1".to_owned(), ..finding }
}

#[tokio::test]
async fn what_no_digest_can_tell_any_more_is_forgotten() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    for (identity, etag) in [("old", "e1"), ("new", "e2")] {
        store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
        let mut found = commit(&clock, NoticeStep::Nothing, etag);
        found.success.as_mut().expect("a success").findings = Some(vec![finding(identity)]);
        store.commit_check(found).await.expect("committed");
        let kept = store.findings_for_digest("i", "a").await.expect("what is kept");
        assert_eq!(kept.iter().map(|(finding, _)| finding.identity.as_str()).collect::<Vec<_>>(), [identity]);
        clock.set(clock.now() + KEPT_FOR_DIGEST + TimeDelta::minutes(1));
    }
}

#[tokio::test]
async fn an_announcement_overtakes_a_look_at_the_ledger() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let ledger = WatchKey { surface: Surface::Ledger, ..key() };
    store.sync_watches(&[spec(ledger.clone(), "the ledger", &clock)], clock.now()).await.expect("synced");
    let claim = store.claim_due(clock.now(), LEASE, 10).await.expect("claims").remove(0);
    // The look has read what there is, and before it is recorded somebody announces a day.
    let statement = Statement {
        subject: "*".to_owned(),
        mark: DateKind::Sunset,
        date: "2026-09-01".parse().ok(),
        operations: Vec::new(),
        class: String::new(),
        cohort: None,
        title: String::new(),
        origin: Origin::Person,
        place: "P".to_owned(),
        verbatim: "2026-09-01".to_owned(),
        link: None,
        odd: None,
        paused: false,
    };
    assert_eq!(store.announce(&key(), &statement, false, clock.now()).await.expect("announced"), Announced::Recorded);
    let tomorrow = clock.now() + TimeDelta::days(1);
    let detail = "no date is announced".to_owned();
    let checked = Checked { state: ApiState::Verified, detail, checked_at: clock.now(), next_at: tomorrow, failures: 0 };
    let look = CheckCommit::of(&claim, checked);
    assert_eq!(store.commit_check(look).await.expect("committed"), Committed::Overtaken);
    let due = store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    assert_eq!(due.into_iter().map(|claim| claim.key).collect::<Vec<_>>(), [ledger], "it is looked at again at once");
}

/// Rows of every table, written by the schema before watches had numbers.
const BEFORE: &[&str] = &[
    "INSERT INTO snapshot (digest, size, body, fetched_at, fetched_from) VALUES ('old', 1, x'00', 1, 'here'), ('new', 1, x'00', 2, 'here')",
    "INSERT INTO watch (integration, api, surface, source, schedule, next_at, state, latest, baseline, etag, generation, begun, begun_of, unjudged_since)
     VALUES ('i', 'gone', 'live', 'there', 's', 1, 'verified', NULL, NULL, NULL, 0, 0, NULL, NULL),
            ('i', 'a', 'upcoming', 'there', 's', 2, 'down', NULL, NULL, NULL, 1, 0, NULL, 5),
            ('i', 'a', 'live', 'here', 's', 3, 'changed', 'new', 'old', 'e1', 7, 2, 'x 1.0', NULL),
            ('i', 'damaged', 'live', 'here', 's', 'soon', 'changed', NULL, NULL, NULL, 'x', 0, NULL, NULL)",
    "DELETE FROM watch WHERE api = 'gone'",
    "INSERT INTO finding (integration, api, surface, identity, severity, body, opened_at)
     VALUES ('i', 'a', 'live', 'z', 'info', '{\"identity\":\"z\"}', 4), ('i', 'a', 'upcoming', 'z', 'info', '{}', 5), ('i', 'a', 'live', 'b', 'info', '{', 6)",
    "INSERT INTO notice (id, integration, api, surface, opened_at, told_at, closed_at, closed_why, flips, flipped_at)
     VALUES ('D-1', 'i', 'gone', 'live', 1, 2, 1, 'it asks nothing', 0, NULL), ('N-2', 'i', 'a', 'live', 3, 4, NULL, NULL, 2, 4),
            ('N-1', 'i', 'a', 'live', 1, 2, 2, 'over', 0, NULL), ('N-3', 'i', 'a', 'upcoming', 1, 2, NULL, NULL, 0, NULL)",
    "INSERT INTO told (notice, side, party, identity, content) VALUES ('N-2', 'consumer', 'p', 'z', '1')",
    "INSERT INTO delivery (id, notice, kind, side, party, name, recipient, sender, subject, message, token, next_at, created_at)
     VALUES (7, 'N-2', 'opened', 'consumer', 'p', 'P', 'p@x.example', 's@x.example', 's', x'00', 'token', 5, 4)",
    "INSERT INTO attempt (delivery, started_at) VALUES (7, 5)",
    "INSERT INTO acknowledgement (notice, side, party, owner, answer, note, letter_at, at) VALUES ('N-2', 'consumer', 'p', 'P', 'ours', '', 4, 5)",
    "INSERT INTO escalation (notice, side, party, asked_at, step, at) VALUES ('N-2', 'consumer', 'p', 4, 0, 9)",
    "INSERT INTO proposal (notice, side, party, by, until, note, at) VALUES ('N-2', 'consumer', 'p', 'P', '2026-09-01', '', 5)",
    "INSERT INTO event (at, integration, api, kind, text) VALUES (5, 'i', 'a', 'changed', 'text')",
    "INSERT INTO ledger (integration, api, subject, mark, origin, body, read_at) VALUES ('i', 'a', '*', 'sunset', 'header', '{}', 5)",
    "INSERT INTO confirmation (address, token, known_at) VALUES ('p@x.example', 't', 5)",
    "INSERT INTO quiet (integration, api, identity, body, seen_at) VALUES ('i', 'a', 'q', '{}', 5)",
    "INSERT INTO meta (name, value) VALUES ('link-key', 'k')",
];

/// What stands in each table by the columns that it had before, row by row in their order.
async fn stands(database: &mut sqlx::SqliteConnection, tables: &[(String, String)], is_numbered: bool) -> Vec<String> {
    let mut all = Vec::new();
    for (table, columns) in tables {
        let names: Vec<String> = columns
            .split(' ')
            .map(|column| match column {
                "integration" | "api" | "surface" if is_numbered && (table == "finding" || table == "notice") => {
                    format!("quote(w.{column})")
                }
                column => format!("quote(t.{column})"),
            })
            .collect();
        let of = if is_numbered && (table == "finding" || table == "notice") { "JOIN watch w ON w.id = t.watch" } else { "" };
        let query = format!("SELECT '{table}: ' || {} FROM {table} t {of} ORDER BY t.rowid", names.join(" || ' ' || "));
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&mut *database).await.expect("rows");
        all.extend(rows);
    }
    all
}

#[tokio::test]
async fn a_database_of_before_watches_had_numbers_is_brought_up_to_date_with_all_that_is_in_it() {
    use sqlx::{ConnectOptions as _, Connection as _};
    let folder = tempfile::tempdir().expect("a folder");
    let old = tempfile::tempdir().expect("a folder");
    for name in ["0001_start.sql", "0002_bridge.sql", "0003_truth.sql"] {
        let file = format!("{}/src/store/migrations/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::copy(file, old.path().join(name)).expect("a migration");
    }
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("driftd.sqlite")).create_if_missing(true);
    let mut raw = options.connect().await.expect("a database");
    sqlx::migrate::Migrator::new(old.path()).await.expect("migrations").run(&mut raw).await.expect("migrated");
    for statement in BEFORE {
        sqlx::query(*statement).execute(&mut raw).await.expect(statement);
    }
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT m.name, (SELECT GROUP_CONCAT(c.name, ' ') FROM pragma_table_info(m.name) c) FROM sqlite_master m
         WHERE m.type = 'table' AND m.name <> '_sqlx_migrations' ORDER BY m.name",
    )
    .fetch_all(&mut raw)
    .await
    .expect("tables");
    assert_eq!(tables.len(), 15);
    let before = stands(&mut raw, &tables, false).await;
    raw.close().await.expect("closed");

    let store = Store::open(folder.path()).await.expect("brought up to date");
    let mut raw = options.connect().await.expect("the database");
    let mut after = stands(&mut raw, &tables, true).await;
    // What belongs to a watch that is gone has one that rests.
    let resting = after.iter().position(|row| row.starts_with("watch: 'i' 'gone' 'live' '' ''")).expect("a watch that rests");
    after.remove(resting);
    assert_eq!(after, before);
    let broken: Vec<String> =
        sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check").fetch_all(&mut raw).await.expect("looked");
    assert_eq!(broken.len(), 0, "{broken:?}");
    raw.close().await.expect("closed");

    let now = clock().now();
    let claims = store.claim_due(now, LEASE, 10).await.expect("claims");
    let claim = claims.iter().find(|claim| claim.key == key()).expect("the live one");
    assert_eq!((claim.generation, &claim.begun, claim.notices), (7, &(2, Some("x 1.0".to_owned())), 2));
    assert_eq!(
        (claim.validators.etag.as_deref(), claim.latest.as_deref(), claim.baseline.as_deref()),
        (Some("e1"), Some("new"), Some("old"))
    );
    assert_eq!(claim.notice.as_ref().map(|notice| notice.id.as_str()), Some("N-2"));
    assert_eq!((claim.told.len(), claim.recurrence.map(|recurrence| recurrence.times)), (1, Some(2)));
    assert!(claim.damage.as_ref().is_some_and(|damage| damage.contains("row z of table finding")), "{claim:?}");
    let upcoming = claims.iter().find(|claim| claim.key == key().on(Surface::Upcoming)).expect("the upcoming one");
    assert_eq!((upcoming.findings.len(), upcoming.notice.as_ref().map(|notice| notice.id.as_str())), (0, Some("N-3")));
    let letter = store.letter("token").await.expect("looked").expect("a letter");
    assert_eq!((letter.watch, letter.key, letter.notice.as_str()), (claim.watch, key(), "N-2"));
    assert_eq!(store.live_baseline(&key().on(Surface::Upcoming)).await.expect("looked").as_deref(), Some("old"));
    assert_eq!(store.outages().await.expect("outages").len(), 1);
    assert_eq!(store.unanswered_notices().await.expect("open notices").0.len(), 2);
    store.close().await;
    let store = Store::open(folder.path()).await.expect("once is enough");
    let all = EventQuery::since(Utc.timestamp_nanos(0));
    assert_eq!(store.history(&all, EventPage { number: 1, size: 9 }).await.expect("history").1, 1);
}

fn digest_of(text: &str) -> Fingerprint {
    Fingerprint::stored(text.to_owned())
}

fn silent_letter(recipient: &str) -> PlannedDelivery {
    PlannedDelivery { kind: NoticeKind::Digest, token: None, ..letter(recipient, Vec::new()) }
}

/// Recipients of the letters of each notice, as the list of letters shows them.
async fn written(store: &Store) -> Vec<String> {
    let (letters, _) = store.letters(false).await.expect("letters");
    letters.iter().rev().map(|row| format!("{} {}", row.notice, row.letter.recipient)).collect()
}

#[tokio::test]
async fn notices_whose_short_ids_would_be_one_have_two() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let (first, second) = (digest_of("D-00112233445566778899aabbccddeeff"), digest_of("D-00112233445566770000000000000000"));
    for fingerprint in [&first, &second] {
        let name = store.name_notice(fingerprint).await.expect("a name");
        let notice = name.notice(clock.now(), clock.now());
        assert!(
            !name.is_known
                && store.write_digest(&key(), &notice, silent_letter("a@x.example"), Vec::new()).await.expect("written")
        );
        let again = store.name_notice(fingerprint).await.expect("a name");
        assert!(again.is_known && again.id == name.id);
        assert!(!store.write_digest(&key(), &notice, silent_letter("a@x.example"), Vec::new()).await.expect("looked"), "once");
    }
    assert_eq!(written(&store).await, ["D-0011223344556677 a@x.example", "D-00112233445566770 a@x.example"]);
    // A letter that failed is asked for by the short id, or by all of the fingerprint.
    let whole = "N-0123456789abcdef0123456789abcdef";
    let mut step = opening(&clock, vec![letter("b@x.example", Vec::new())]);
    if let NoticeStep::Tell { notice, .. } = &mut step {
        (notice.id, notice.fingerprint) = ("N-0123456789".to_owned(), Fingerprint::stored(whole.to_owned()));
    }
    store.commit_check(commit(&clock, step, "e1")).await.expect("committed");
    for name in ["N-0123456789", whole] {
        for (letter, attempt) in store.start_attempts(Lane::Mail, clock.now(), LEASE, 10).await.expect("letters") {
            let outcome = AttemptOutcome::Refused("no".to_owned());
            store.finish_attempt(letter.id, attempt, &outcome, clock.now(), clock.now()).await.expect("finished");
        }
        let resent = store.resend(&Resend::Notice(name.to_owned()), clock.now()).await.expect("resent");
        assert_eq!(resent.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn an_id_that_is_taken_meanwhile_is_an_error_and_drops_no_letter() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let (first, second) = (digest_of("D-00112233445566778899aabbccddeeff"), digest_of("D-00112233445566770000000000000000"));
    // Both are named before either is written.
    let early = [store.name_notice(&first).await.expect("a name"), store.name_notice(&second).await.expect("a name")];
    assert_eq!(early[0].id, early[1].id);
    let [one, other] = early.map(|name| name.notice(clock.now(), clock.now()));
    assert!(store.write_digest(&key(), &one, silent_letter("a@x.example"), Vec::new()).await.expect("written"));
    let refused = store.write_digest(&key(), &other, silent_letter("b@x.example"), Vec::new()).await.expect_err("taken");
    assert!(matches!(&refused, StoreError::IdTaken(id) if *id == other.id) && refused.is_one_row(), "{refused:?}");
    assert_eq!(written(&store).await, ["D-0011223344556677 a@x.example"]);
    let other = store.name_notice(&second).await.expect("a name").notice(clock.now(), clock.now());
    assert!(store.write_digest(&key(), &other, silent_letter("b@x.example"), Vec::new()).await.expect("written"));
    assert_eq!(written(&store).await, ["D-0011223344556677 a@x.example", "D-00112233445566770 b@x.example"]);
    // A check is done again, and names its notice anew.
    store.claim_due(clock.now(), LEASE, 10).await.expect("claims");
    let told = |notice: Notice| NoticeStep::Tell {
        notice,
        recurrence: None,
        deliveries: vec![letter("c@x.example", Vec::new())],
        told: Vec::new(),
    };
    let change = digest_of("N-ffffffffffff00000000000000000000");
    let clash = Notice {
        id: "D-0011223344556677".to_owned(),
        ..store.name_notice(&change).await.expect("a name").notice(clock.now(), clock.now())
    };
    let overtaken = store.commit_check(commit(&clock, told(clash), "e1")).await.expect("looked");
    assert_eq!((overtaken, written(&store).await.len()), (Committed::Overtaken, 2));
    let notice = store.name_notice(&change).await.expect("a name").notice(clock.now(), clock.now());
    clock.advance(Duration::from_millis(1));
    store.claim_due(clock.now(), LEASE, 10).await.expect("due again at once");
    assert_eq!(store.commit_check(commit(&clock, told(notice), "e1")).await.expect("committed"), Committed::Recorded);
    assert_eq!(written(&store).await.last().map(String::as_str), Some("N-ffffffffff c@x.example"));
}

#[tokio::test]
async fn a_notice_of_before_there_were_fingerprints_is_known_by_its_id() {
    let clock = clock();
    let (folder, store) = store(&clock).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("driftd.sqlite"));
    let mut raw = sqlx::ConnectOptions::connect(&options).await.expect("the database");
    sqlx::query("INSERT INTO notice (id, fingerprint, watch, opened_at, told_at) VALUES ('U-0011223344556677', 'U-0011223344556677', 1, 1, 2)")
        .execute(&mut raw)
        .await
        .expect("a row");
    sqlx::Connection::close(raw).await.expect("closed");
    let name = store.name_notice(&digest_of("U-00112233445566778899aabbccddeeff")).await.expect("a name");
    assert!(name.is_known);
    assert_eq!((name.id.as_str(), name.fingerprint.as_str()), ("U-0011223344556677", "U-0011223344556677"), "its thread goes on");
}
