//! Random histories of two consumers: publish, announce, move, answer, bounce, crash at any await, clocks that step, files
//! that do not come whole, relays that refuse, addresses that die and are corrected, reloads, upgrades of the rule set.
//!
//! Whatever happens, only what was whole is believed, no notice is lost, nothing is sent twice but byte for byte, no step of a
//! ladder is taken twice, nobody hears of a notice more than once on a day but of what breaks, what breaks nothing waits no longer
//! than a week and a check, and every open breaking finding has somebody who can be reached on both sides, or a gap that says
//! that nobody can. What belongs together is recorded together, wherever it is cut: a step and its letter, an answer and its
//! letters, an agreed day and its entry in the ledger, a bounce and whoever stands in.
//!
//! `DRIFTD_HISTORIES=n DRIFTD_SEED=s cargo test --test in_process histories -- --nocapture` plays others.

mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use driftd::config::{Environment, load};
use driftd::correspondence::{WrittenDigests, confirmations_due, digest_due, escalate_due, missed_letters_due, outages_due};
use driftd::lifecycle::Heartbeats;
use driftd::loops::check_due;
use driftd::model::{
    Acknowledgement, Answer, AttemptOutcome, Clock, DateKind, EscalationTarget, Lane, ManualClock, Origin, Reply, Role,
    Statement, Surface, WatchKey,
};
use driftd::render::Renderer;
use driftd::rules::Catalogue;
use driftd::state::{ActiveConfig, AppState, Counters, MailServerState, Trouble};
use driftd::store::Store;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Histories, where nobody says how many; tests/run-all.sh plays 10,000.
const HISTORIES: u64 = 400;

/// Steps of one history.
const STEPS: usize = 10;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What the provider may publish: the description, and the file beside it.
fn versions() -> Vec<(String, String)> {
    let path = |name: &str, more: &str| {
        let schema = name.to_uppercase();
        format!(
            "  /{name}:\n    post:\n      requestBody:\n        content:\n          application/json:\n            schema: {{$ref: 'part.yaml#/{schema}'}}\n      responses: {{'204': {{description: done}}}}\n{more}"
        )
    };
    let head = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n";
    let part = |a: u32, b: u32| format!("A: {{type: string, maxLength: {a}}}\nB: {{type: string, maxLength: {b}}}\n");
    let both = |more: &str| format!("{head}{}{}", path("a", more), path("b", ""));
    let sunset = |date: &str| format!("      x-sunset: '{date}'\n");
    vec![
        (both(""), part(64, 64)),
        (both(""), part(32, 64)),
        (both(""), part(16, 32)),
        (both(&sunset("2026-09-01")), part(64, 64)),
        (both(&sunset("2026-06-01")), part(64, 64)),
        (format!("{head}{}", path("b", "")), part(64, 64)),
        // Something to look at, beside what breaks and alone.
        (format!("{head}{}{}", path("a", ""), path("b", "      deprecated: true\n")), part(32, 64)),
        (format!("{head}{}{}", path("a", ""), path("b", "      deprecated: true\n")), part(64, 64)),
    ]
}

/// The digest of a version that was read whole.
fn digest((root, part): &(String, String)) -> String {
    let files = [(String::new(), root.clone()), ("part.yaml".to_owned(), part.clone())].into();
    crate::support::digest(&driftd::openapi::Bundle { files }.to_bytes())
}

/// What does not change between histories.
struct Stock {
    folder: tempfile::TempDir,
    /// The configuration as it was written first, and with the address of the first reader corrected and no digest.
    active: [Arc<ActiveConfig>; 2],
    catalogue: Arc<Catalogue>,
    renderer: Renderer,
    /// An empty database, migrated once.
    empty: Vec<u8>,
}

impl Stock {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A database in memory: what is tested is what is committed, not the disk.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder");
        std::fs::create_dir_all(folder.path().join("integrations")).expect("a folder");
        let daemon = "state_dir = \"state\"\n[mail]\nfrom = \"driftd@x.example\"\noperator = \"ops@x.example\"\nbounces = \"back@x.example\"\n[mail.smtp]\nhost = \"localhost\"\ntls = \"none\"\n";
        std::fs::write(folder.path().join("driftd.toml"), daemon).expect("a file");
        let consumer = |key: &str| {
            let of = key.to_uppercase();
            format!(
                r#"[parties.{key}]
name = "{of}"
contacts = [
  {{ role = "engineering", name = "{of}1", email = "{key}1@x.example", deputy = {{ name = "{of}2", email = "{key}2@x.example" }} }},
  {{ role = "on-call", name = "{of}3", email = "{key}3@x.example" }},
  {{ role = "partner-manager", name = "{of}4", email = "{key}4@x.example" }},
]
"#
            )
        };
        let integration = r#"name = "I"
[agreement]
notice = { breaking = "90 days" }
acknowledge_within = "2 business days"
escalate = [{ role = "deputy", after = "0 days" }, { role = "on-call", after = "1 day" }, { role = "partner-manager", after = "1 day" }]
[parties.p]
name = "P"
contacts = [
  { role = "api-owner", name = "P1", email = "p1@x.example", deputy = { name = "P2", email = "p2@x.example" } },
  { role = "partner-manager", name = "P3", email = "p3@x.example" },
]
CONSUMERS[[apis]]
id = "a"
provider = "p"
live = "file:live.yaml"
every = "1h"
consumers = [{ party = "c" }, { party = "d", operations = ["POST /b"] }]
"#
        .replace("CONSUMERS", &(consumer("c") + &consumer("d")));
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(start()));
        let active = ["c1@x.example", "c9@x.example"].map(|address| {
            let digest = if address == "c1@x.example" { "[agreement]" } else { "[agreement]\ndigest = \"never\"" };
            let integration = integration.replace("c1@x.example", address).replace("[agreement]", digest);
            std::fs::write(folder.path().join("integrations/i.toml"), integration).expect("a file");
            let environment = Environment { believe_credentials: true, ..Environment::default() };
            let config =
                load(&folder.path().join("driftd.toml"), &environment, start()).unwrap_or_else(|found| panic!("{found:#?}"));
            Arc::new(ActiveConfig::new(config, &clock).expect("a client"))
        });
        let first = folder.path().join("empty");
        std::fs::create_dir_all(&first).expect("a folder");
        Store::open(&first).await.expect("a store").close().await;
        let empty = std::fs::read(first.join("driftd.sqlite")).expect("a database");
        let (catalogue, renderer) = (Arc::new(Catalogue::load().expect("rules")), Renderer::new().expect("templates"));
        Self { folder, active, catalogue, renderer, empty }
    }
}

fn start() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().expect("a time")
}

/// Polls a future at most so often: what a crash cuts off. None when it was cut off.
async fn cut_off<T>(future: impl Future<Output = T>, mut polls: u32) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// What the relay does with letters.
#[derive(Debug, Clone, Copy)]
enum Relayed {
    Takes,
    Later,
    Away,
    RefusesUs,
    Full,
}

impl Relayed {
    const ALL: [Self; 5] = [Self::Takes, Self::Later, Self::Away, Self::RefusesUs, Self::Full];

    fn outcome(self) -> Option<AttemptOutcome> {
        Some(match self {
            Self::Takes => return None,
            Self::Later => AttemptOutcome::Retry("451 later".to_owned()),
            Self::Away => AttemptOutcome::NoServer("no connection".to_owned()),
            Self::RefusesUs => AttemptOutcome::OurTrouble("554 5.7.1 relay access denied".to_owned()),
            Self::Full => AttemptOutcome::MailboxFull("552 5.2.2 full".to_owned()),
        })
    }
}

/// A letter that the mail system took.
#[derive(Clone)]
struct Taken {
    recipient: String,
    sender: String,
    text: String,
}

/// An answer that names a day after the change: under which notice, for whom, and when.
struct Conflict {
    notice: String,
    party: String,
    at: i64,
}

struct History<'s> {
    stock: &'s Stock,
    random: fastrand::Rng,
    clock: Arc<ManualClock>,
    shared: Arc<AppState>,
    reload: watch::Sender<Arc<ActiveConfig>>,
    /// The weeks whose digests were looked at; a process that ends forgets them.
    digests: WrittenDigests,
    /// Bytes by Message-ID.
    messages: BTreeMap<String, Vec<u8>>,
    taken: Vec<Taken>,
    dead: BTreeSet<String>,
    /// How many letters to an address came back.
    bounced: BTreeMap<String, usize>,
    /// Answers that name a day after the change, and that both sides hear of therefore.
    conflicts: Vec<Conflict>,
    /// Which configuration is active.
    config: usize,
    /// When it came into force.
    configured_at: DateTime<Utc>,
    /// The version that is published.
    published: usize,
    steps: Vec<String>,
}

impl<'s> History<'s> {
    async fn new(stock: &'s Stock, seed: u64) -> Self {
        let state = stock.folder.path().join("state");
        let _ = std::fs::remove_dir_all(&state);
        std::fs::create_dir_all(&state).expect("a folder");
        std::fs::write(state.join("driftd.sqlite"), &stock.empty).expect("a database");
        let clock = Arc::new(ManualClock::new(start()));
        let (shared, reload) = Self::opened(stock, &clock, 0).await;
        let digests = WrittenDigests::default();
        let (messages, taken, dead) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        let random = fastrand::Rng::with_seed(seed);
        let steps = Vec::new();
        let history = Self {
            stock,
            random,
            clock,
            shared,
            reload,
            digests,
            messages,
            taken,
            dead,
            bounced: BTreeMap::new(),
            conflicts: Vec::new(),
            config: 0,
            configured_at: start(),
            published: 0,
            steps,
        };
        history.publish();
        history
    }

    /// Puts the version that is published where it is read, whole.
    fn publish(&self) {
        let (root, part) = &versions()[self.published];
        std::fs::write(self.stock.folder.path().join("live.yaml"), root).expect("a file");
        std::fs::write(self.stock.folder.path().join("part.yaml"), part).expect("a file");
    }

    async fn opened(stock: &Stock, clock: &Arc<ManualClock>, config: usize) -> (Arc<AppState>, watch::Sender<Arc<ActiveConfig>>) {
        let store = Store::open(&stock.folder.path().join("state")).await.expect("a store");
        let active = Arc::clone(&stock.active[config]);
        store.sync_watches(&active.watches(clock.now()), clock.now()).await.expect("watches");
        store.try_again(&active.config.mail.operator, clock.now()).await.expect("what waits");
        store.release_leases(clock.now()).await.expect("leases");
        store.recover_attempts(clock.now()).await.expect("attempts");
        let (reload, active) = watch::channel(active);
        let shared = Arc::new(AppState {
            runs: driftd::state::LoopRuns::default(),
            active,
            store,
            clock: clock.clone(),
            catalogue: Arc::clone(&stock.catalogue),
            renderer: stock.renderer.clone(),
            external_url: "https://x.example".to_owned(),
            link_key: "key".to_owned(),
            api_token: "token".to_owned(),
            wake_watch: Notify::new(),
            wake_deliver: Notify::new(),
            wake_channels: Notify::new(),
            wake_escalate: Notify::new(),
            mail_server: MailServerState::default(),
            trouble: Trouble::default(),
            counters: Counters::default(),
            parse_slots: AppState::parse_slots(),
            started_at: clock.now(),
            jitter: Mutex::new(fastrand::Rng::with_seed(7)),
        });
        (shared, reload)
    }

    /// The process is gone; another one begins with what is on disk.
    async fn crash(&mut self) {
        let (shared, reload) = Self::opened(self.stock, &self.clock, self.config).await;
        let old = std::mem::replace(&mut self.shared, shared);
        (self.reload, self.digests) = (reload, WrittenDigests::default());
        old.store.close().await;
    }

    /// Everything that is due, with mail: a refused address, a slow server, a crash before the mark.
    async fn work(&mut self, accepted: &mut Vec<(String, Vec<u8>, Taken)>, dead: &BTreeSet<String>, relay: Relayed) {
        let (heart, stopping) = (Heartbeats::default(), CancellationToken::new());
        while check_due(&self.shared, &heart, &stopping).await.expect("checks") > 0 {}
        escalate_due(&self.shared).await.expect("steps");
        missed_letters_due(&self.shared).await.expect("letters once more");
        outages_due(&self.shared).await.expect("outages");
        digest_due(&self.shared, &mut self.digests).await.expect("digests");
        confirmations_due(&self.shared).await.expect("letters to the operator");
        loop {
            let now = self.clock.now();
            let due = self.shared.store.start_attempts(Lane::Mail, now, Duration::from_secs(60), 10).await.expect("letters");
            if due.is_empty() {
                return;
            }
            for (delivery, attempt) in due {
                let outcome = if dead.contains(&delivery.recipient) {
                    AttemptOutcome::DeadAddress("550 5.1.1 no such user".to_owned())
                } else if let Some(outcome) = relay.outcome() {
                    outcome
                } else {
                    let text = String::from_utf8_lossy(&delivery.message).into_owned();
                    let id = header(&text, "Message-ID");
                    let taken = Taken { recipient: delivery.recipient.clone(), sender: delivery.sender.clone(), text };
                    accepted.push((id, delivery.message.clone(), taken));
                    AttemptOutcome::Sent("250 ok".to_owned())
                };
                let store = &self.shared.store;
                store.finish_attempt(delivery.id, attempt, &outcome, now + TimeDelta::minutes(5), now).await.expect("a mark");
            }
        }
    }

    /// Works, perhaps until a crash; what the mail system took it has taken.
    async fn run(&mut self, polls: Option<u32>, relay: Relayed) {
        let mut accepted = Vec::new();
        let dead = self.dead.clone();
        let is_done = cut_off(self.work(&mut accepted, &dead, relay), polls.unwrap_or(u32::MAX)).await.is_some();
        for (id, bytes, taken) in accepted {
            match self.messages.get(&id) {
                Some(known) => assert!(*known == bytes, "{id} was sent twice and differs"),
                None => {
                    self.messages.insert(id, bytes);
                    self.taken.push(taken);
                }
            }
        }
        if is_done {
            self.dead_addresses_are_told().await;
            self.nothing_waits_too_long().await;
        } else {
            self.steps.push(format!("crash after {polls:?} polls"));
            self.crash().await;
        }
    }

    /// Something happens. What a person does is cut off as well as what is due.
    async fn step(&mut self) {
        let what = self.random.u32(0..19);
        if !(4..=9).contains(&what) {
            return self.world(what).await;
        }
        let polls = (self.random.u32(0..4) == 0).then(|| self.random.u32(1..60));
        if cut_off(self.person(what), polls.unwrap_or(u32::MAX)).await.is_none() {
            self.steps.push(format!("crash after {polls:?} polls of that"));
            self.crash().await;
        }
    }

    /// What is published, what time it is, and what operators do.
    async fn world(&mut self, what: u32) {
        match what {
            0..=3 => {
                self.published = self.random.usize(0..versions().len());
                self.steps.push(format!("publish {}", self.published));
                self.publish();
                self.clock.advance(Duration::from_secs(7_200));
            }
            13 | 14 => {
                // Another version comes, and for one fetch it does not come whole.
                self.published = self.random.usize(0..versions().len());
                self.publish();
                let (active, part) = ["live.yaml", "part.yaml"].map(|name| self.stock.folder.path().join(name)).into();
                let how = self.random.u32(0..4);
                self.steps.push(format!("publish {}, damaged in way {how}", self.published));
                match how {
                    0 => std::fs::remove_file(&part).expect("removed"),
                    1 => std::fs::write(&part, b"A: {type: string, title: \xff}\n").expect("a file"),
                    2 => std::fs::write(&part, "").expect("a file"),
                    _ => {
                        let (root, _) = &versions()[self.published];
                        let at = self.random.usize(root.len() / 4..root.len() - 1);
                        std::fs::write(&active, &root[..at]).expect("a file");
                    }
                }
                self.clock.advance(Duration::from_secs(7_200));
                self.run(None, Relayed::Takes).await;
                self.publish();
                self.clock.advance(Duration::from_secs(7_200));
                self.run(None, Relayed::Takes).await;
                self.believes_only_what_is_whole().await;
            }
            15 => {
                self.config = 1 - self.config;
                self.configured_at = self.clock.now();
                self.steps.push(format!("configuration {}, and a restart", self.config));
                self.crash().await;
            }
            16 => {
                self.config = 1 - self.config;
                self.configured_at = self.clock.now();
                self.steps.push(format!("configuration {}, and a reload", self.config));
                let active = Arc::clone(&self.stock.active[self.config]);
                let (store, now) = (&self.shared.store, self.clock.now());
                store.resync_watches(&active.watches(now), now).await.expect("watches");
                self.reload.send_replace(active);
                store.try_again(&self.stock.active[self.config].config.mail.operator, now).await.expect("what waits");
            }
            17 => self.upgrade().await,
            10 => {
                self.steps.push("an hour back".to_owned());
                self.clock.set(self.clock.now() - TimeDelta::hours(1));
            }
            _ => {
                let days = self.random.u64(1..20);
                self.steps.push(format!("{days} days on"));
                self.clock.advance(Duration::from_secs(days * 86_400));
            }
        }
    }

    /// What somebody announces, answers or reports.
    async fn person(&mut self, what: u32) {
        let days = ["2026-05-01", "2026-07-01", "2026-10-01", "2027-03-01"];
        match what {
            4 | 5 => {
                let date = days[self.random.usize(0..days.len())];
                let change = self.random.u32(0..4);
                self.steps.push(format!("announce {date} {change}"));
                let statement = Statement {
                    subject: if self.random.bool() { "POST /a".to_owned() } else { "*".to_owned() },
                    mark: DateKind::Sunset,
                    date: (change < 2).then(|| date.parse::<NaiveDate>().expect("a day")),
                    operations: Vec::new(),
                    class: String::new(),
                    cohort: None,
                    title: String::new(),
                    origin: Origin::Person,
                    place: "P1".to_owned(),
                    verbatim: date.to_owned(),
                    link: None,
                    odd: None,
                    paused: change == 2,
                };
                let key = WatchKey { integration: "i".to_owned(), api: "a".to_owned(), surface: Surface::Live };
                self.shared.store.announce(&key, &statement, change == 3, self.clock.now()).await.expect("an announcement");
            }
            6 | 7 => {
                let count = self.taken.len();
                let Some(letter) = (count > 0).then(|| self.taken[self.random.usize(0..count)].clone()) else { return };
                let Some((_, token)) = letter.text.split_once("/answer/") else { return };
                let token: String = token.replace("=\r\n", "").chars().take(32).collect();
                let day: NaiveDate = days[self.random.usize(0..days.len())].parse().expect("a day");
                let fix_by = Some(day);
                let owner = "Somebody".to_owned();
                let notice = header(&letter.text, "X-Driftd-Notice");
                let proposals = self.shared.store.proposals(&notice).await.expect("proposals");
                let proposal = self.random.choice(&proposals).map(|proposal| proposal.id);
                let reply = match self.random.u32(0..7) {
                    0 | 1 => Reply::Acknowledge(Acknowledgement { owner, answer: Answer::Ours, fix_by, note: String::new() }),
                    2 => {
                        Reply::Acknowledge(Acknowledgement { owner, answer: Answer::Accepted, fix_by: None, note: String::new() })
                    }
                    3 => Reply::NotUs { by: owner, ask: EscalationTarget::Role(Role::PartnerManager) },
                    4 | 5 if let Some(proposal) = proposal => Reply::Decide { by: owner, proposal, agreed: self.random.bool() },
                    _ => Reply::Extend { by: owner, until: day, note: String::new() },
                };
                self.steps.push(format!("answer {reply:?}"));
                if let Reply::Acknowledge(Acknowledgement { answer: Answer::Ours, .. }) = &reply {
                    self.expect_conflict(&notice, &token, day).await;
                }
                driftd::correspondence::answer(&self.shared, &token, &reply).await.expect("the store");
            }
            8 => {
                let count = self.taken.len();
                let Some(letter) = (count > 0).then(|| self.taken[self.random.usize(0..count)].clone()) else { return };
                self.steps.push(format!("bounce {}", letter.recipient));
                *self.bounced.entry(letter.recipient.clone()).or_default() += 1;
                self.shared
                    .store
                    .bounced(
                        &letter.sender,
                        Some(&AttemptOutcome::DeadAddress("failed 5.1.1".to_owned())),
                        "failed 5.1.1",
                        self.clock.now(),
                    )
                    .await
                    .expect("the store");
            }
            9 => {
                let who = ["c1@x.example", "c2@x.example", "c9@x.example", "p1@x.example", "p2@x.example"]
                    [self.random.usize(0..5)]
                .to_owned();
                self.steps.push(format!("{who} dies or lives"));
                if !self.dead.remove(&who) {
                    self.dead.insert(who);
                }
            }
            _ => unreachable!("{what} is nothing that a person does"),
        }
    }

    /// Remembers that an answer is a conflict, where it is one.
    async fn expect_conflict(&mut self, notice: &str, token: &str, fix_by: NaiveDate) {
        let store = &self.shared.store;
        let (Some(letter), Some(open)) =
            (store.letter(token).await.expect("a letter"), store.open_notice(notice).await.expect("a standing"))
        else {
            return;
        };
        let Some(told) = open.told.iter().find(|told| told.party == letter.party) else { return };
        let theirs = open.findings.iter().filter(|finding| told.findings.contains_key(&finding.identity));
        let effective = theirs.filter_map(|finding| finding.day.as_ref()).map(|day| day.on).min();
        if effective.is_some_and(|effective| fix_by > effective) && letter.closed_at.is_none() {
            let at = self.clock.now().timestamp_millis();
            self.conflicts.push(Conflict { notice: notice.to_owned(), party: letter.party, at });
        }
    }

    /// Another version of driftd comes, which judges by other rules: what it says of the same document is no news.
    async fn upgrade(&mut self) {
        self.run(None, Relayed::Takes).await;
        self.steps.push("an upgrade".to_owned());
        let mut database = self.database().await;
        for statement in [
            "UPDATE watch SET rule_set = 1",
            "UPDATE finding SET body = json_set(body, '$.content', 'old ' || json_extract(body, '$.content'))",
            "UPDATE told SET content = 'old ' || content",
        ] {
            sqlx::query(statement).execute(&mut database).await.expect(statement);
        }
        self.crash().await;
        let last: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM delivery").fetch_one(&mut database).await.expect("letters");
        self.run(None, Relayed::Takes).await;
        // Whose address may have been mended is tried once more at every start.
        let mut news: Vec<(String, String)> = sqlx::query_as(
            "SELECT recipient, subject FROM delivery WHERE id > $1 AND kind IN ('opened', 'updated') AND stands_in_for IS NULL",
        )
        .bind(last)
        .fetch_all(&mut database)
        .await
        .expect("letters");
        news.retain(|(recipient, _)| !self.dead.contains(recipient) && !self.bounced.contains_key(recipient));
        assert!(news.is_empty(), "an upgrade is no news: {news:?}");
        database.close().await.expect("closed");
    }

    /// The database, to be looked at and changed beneath the daemon.
    async fn database(&self) -> SqliteConnection {
        let file = self.stock.folder.path().join("state/driftd.sqlite");
        SqliteConnectOptions::new().filename(file).connect().await.expect("the database")
    }

    async fn play(&mut self) {
        self.run(None, Relayed::Takes).await;
        for _ in 0..STEPS {
            self.step().await;
            let polls = (self.random.u32(0..3) == 0).then(|| self.random.u32(1..120));
            let relay =
                if self.random.u32(0..4) == 0 { Relayed::ALL[self.random.usize(0..Relayed::ALL.len())] } else { Relayed::Takes };
            self.run(polls, relay).await;
        }
        // In the end everything works, and what was begun is finished.
        self.dead.clear();
        self.clock.advance(Duration::from_secs(7_200));
        self.run(None, Relayed::Takes).await;
        self.clock.advance(Duration::from_secs(7_200));
        self.run(None, Relayed::Takes).await;
        // What comes and goes is over when it has been gone for a day.
        self.clock.advance(Duration::from_secs(26 * 3600));
        self.run(None, Relayed::Takes).await;
        // What breaks nothing was told after a week.
        self.clock.advance(Duration::from_secs(8 * 86_400));
        self.run(None, Relayed::Takes).await;
        self.believes_only_what_is_whole().await;
        self.judge().await;
    }
}

fn header(message: &str, name: &str) -> String {
    let head = message.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
    line.unwrap_or_default()
}

#[test]
fn histories() {
    let count = number("DRIFTD_HISTORIES").unwrap_or(HISTORIES);
    let seed = number("DRIFTD_SEED").unwrap_or(1);
    // Each waits for its database half of the time.
    let workers = 2 * std::thread::available_parallelism().map_or(2, std::num::NonZero::get) as u64;
    println!("{count} histories from seed {seed}");
    std::thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    let stock = Stock::new().await;
                    for number in (worker..count).step_by(usize::try_from(workers).expect("few")) {
                        let mut history = History::new(&stock, seed.wrapping_mul(1_000_003) + number).await;
                        let played = std::panic::AssertUnwindSafe(history.play());
                        if let Err(problem) = futures_util::FutureExt::catch_unwind(played).await {
                            println!("history {number} of seed {seed}:\n  {}", history.steps.join("\n  "));
                            std::panic::resume_unwind(problem);
                        }
                        history.shared.store.close().await;
                    }
                });
            });
        }
    });
}
