//! The whole daemon in this process, between a real web server and a real mail server, on a clock that a test moves.

use crate::support::NOTHING;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use driftd::config::{Config, Environment, load};
use driftd::correspondence::{WrittenDigests, confirmations_due, digest_due, escalate_due, missed_letters_due, outages_due};
use driftd::daemon::assemble;
use driftd::lifecycle::Heartbeats;
use driftd::loops::{check_due, deliver_due};
use driftd::model::{Clock, DateKind, ManualClock, Origin, Statement, Surface, WatchKey};
use driftd::state::{ActiveConfig, AppState};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::support::partner::{Answer, Partner};
use crate::support::smtp::{Received, Smtp};

/// What the integration of a test says beside what all of them say.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Lines of `[agreement]` beside `notice` and `acknowledge_within`.
    pub agreement: &'static str,
    /// `notice`, where it is not 90 days for what breaks.
    pub notice: Option<&'static str>,
    /// One more contact of the party that calls.
    pub contact: &'static str,
    /// Lines of the party that calls.
    pub consumer: &'static str,
    /// Operations that it calls; empty for all.
    pub operations: &'static [&'static str],
    /// Lines of `[[apis]]`.
    pub api: &'static str,
}

/// Nobody climbs a ladder in these: both sides answered by other means.
pub const QUIET: Terms = Terms {
    agreement: "escalate = [{ role = \"support\", after = \"365 days\" }]",
    notice: None,
    contact: "",
    consumer: "",
    operations: &[],
    api: "",
};

pub struct Bridge {
    pub folder: tempfile::TempDir,
    pub partner: Partner,
    pub next: Partner,
    pub smtp: Smtp,
    pub clock: Arc<ManualClock>,
    pub shared: Arc<AppState>,
    reload: watch::Sender<Arc<ActiveConfig>>,
    read: usize,
}

pub fn time(text: &str) -> DateTime<Utc> {
    format!("{text}:00Z").parse().expect("a time")
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

impl Bridge {
    /// A bridge on a day, at nine in the morning, with a description that was read and is the baseline.
    pub async fn new(terms: &Terms, start: &str, description: &str) -> Self {
        Self::with_mail(terms, "", start, description).await
    }

    /// The same, with more lines of `[mail]`.
    pub async fn with_mail(terms: &Terms, mail: &str, start: &str, description: &str) -> Self {
        Self::with_files(terms, mail, &[], start, description).await
    }

    /// The same, with files beside the configuration.
    pub async fn with_files(terms: &Terms, mail: &str, files: &[(&str, &str)], start: &str, description: &str) -> Self {
        let smtp = Smtp::start();
        let partner = Partner::start(Answer::Document(description.as_bytes().to_vec()));
        let next = Partner::start(Answer::Document(description.as_bytes().to_vec()));
        let folder = tempfile::tempdir().expect("a folder");
        let integrations = folder.path().join("integrations");
        std::fs::create_dir_all(&integrations).expect("a folder");
        let daemon = format!(
            "state_dir = \"state\"\n[fetch]\nallow_private_hosts = [\"127.0.0.1\"]\n[mail]\nfrom = \"driftd <driftd@bridge.example>\"\noperator = \"ops@bridge.example\"\n{mail}\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
            smtp.port
        );
        std::fs::write(folder.path().join("driftd.toml"), daemon).expect("a file");
        std::fs::create_dir_all(folder.path().join("state")).expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        let notice = terms.notice.unwrap_or("{ breaking = \"90 days\" }");
        let uses = if terms.operations.is_empty() { String::new() } else { format!(", operations = {:?}", terms.operations) };
        let api = terms.api.replace("UPCOMING", &next.url());
        let integration = format!(
            r#"name = "Payments in the shop"
[agreement]
notice = {notice}
acknowledge_within = "2 business days"
{}
[parties.pay]
name = "Pay"
contacts = [
  {{ role = "api-owner", name = "Olga Owner", email = "owner@pay.example", deputy = {{ name = "Dan Deputy", email = "deputy@pay.example" }} }},
  {{ role = "partner-manager", name = "Pam Partner", email = "partner@pay.example" }},
]
[parties.shop]
name = "Shop"
contacts = [
  {{ role = "engineering", name = "Eve Engineer", email = "dev@shop.example", deputy = {{ name = "Del Deputy", email = "deputy@shop.example" }} }},
  {{ role = "on-call", name = "Otto Oncall", email = "oncall@shop.example" }},
  {{ role = "partner-manager", name = "Mia Manager", email = "manager@shop.example" }},
  {}
]
{}
[[apis]]
id = "pay"
name = "Pay API"
provider = "pay"
live = "{}"
every = "1h"
{api}
consumers = [{{ party = "shop"{uses} }}]
"#,
            terms.agreement,
            terms.contact,
            terms.consumer,
            partner.url(),
        );
        std::fs::write(integrations.join("shop.toml"), integration).expect("a file");
        let clock = Arc::new(ManualClock::new(time(&format!("{start}T09:00"))));
        let (shared, reload) = Self::started(&folder, &clock).await;
        let mut bridge = Self { folder, partner, next, smtp, clock, shared, reload, read: 0 };
        assert_eq!(bridge.told().await, NOTHING, "first sight of a plain description is no alarm");
        bridge
    }

    async fn started(folder: &tempfile::TempDir, clock: &Arc<ManualClock>) -> (Arc<AppState>, watch::Sender<Arc<ActiveConfig>>) {
        // One for the whole process, whichever test comes first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = Self::config(folder, clock);
        let clock: Arc<dyn Clock> = clock.clone();
        let assembled = assemble(config, clock, "https://driftd.bridge.example".to_owned()).await;
        assembled.unwrap_or_else(|problem| panic!("{problem}"))
    }

    fn config(folder: &tempfile::TempDir, clock: &Arc<ManualClock>) -> Config {
        let environment = Environment { believe_credentials: true, ..Environment::default() };
        load(&folder.path().join("driftd.toml"), &environment, clock.now()).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// Puts the configuration to work with a change that no file could say.
    pub fn with_config(&self, change: impl FnOnce(&mut Config)) {
        let mut config = Self::config(&self.folder, &self.clock);
        change(&mut config);
        let clock: Arc<dyn Clock> = self.clock.clone();
        self.reload.send_replace(Arc::new(ActiveConfig::new(config, &clock).expect("a configuration")));
    }

    /// Ends the daemon and starts it again from what is on disk.
    pub async fn restart(&mut self) {
        self.shared.store.close().await;
        (self.shared, self.reload) = Self::started(&self.folder, &self.clock).await;
    }

    pub fn publish(&self, description: &str) {
        self.partner.publish(Answer::Document(description.as_bytes().to_vec()));
    }

    /// Moves the clock to nine in the morning of a day, or to a time.
    pub fn at(&self, when: &str) {
        let when = if when.contains('T') { when.to_owned() } else { format!("{when}T09:00") };
        self.clock.set(time(&when));
    }

    /// Lets the daemon do all that is due.
    pub async fn work(&self) {
        let (heart, stopping) = (Heartbeats::default(), CancellationToken::new());
        while check_due(&self.shared, &heart, &stopping).await.expect("checks") > 0 {}
        escalate_due(&self.shared).await.expect("escalations");
        missed_letters_due(&self.shared).await.expect("letters once more");
        outages_due(&self.shared).await.expect("outages");
        digest_due(&self.shared, &mut WrittenDigests::default()).await.expect("digests");
        confirmations_due(&self.shared).await.expect("questions");
        while deliver_due(&self.shared, &heart).await.expect("letters") > 0 {}
    }

    /// Lets the daemon do all that is due, and returns the letters it sent: to whom, and which kind.
    pub async fn told(&mut self) -> Vec<String> {
        let letters = self.letters().await;
        let mut lines: Vec<String> = letters.iter().map(|letter| format!("{} {}", letter.recipient, kind(letter))).collect();
        lines.sort();
        lines
    }

    /// The same, day by day, with the day in front.
    pub async fn told_daily(&mut self, from: &str, to: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for day in day(from).iter_days().take_while(|date| *date <= day(to)) {
            self.at(&day.to_string());
            lines.extend(self.told().await.into_iter().map(|line| format!("{day} {line}")));
        }
        lines
    }

    /// Lets the daemon do all that is due, day by day, and returns the letters it sent: on which day, to whom, and what their
    /// subjects say in brackets that they are.
    pub async fn tagged_daily(&mut self, from: &str, to: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for day in day(from).iter_days().take_while(|date| *date <= day(to)) {
            self.at(&day.to_string());
            let letters = self.letters().await;
            let mut today: Vec<String> =
                letters.iter().map(|letter| format!("{day} {} {}", letter.recipient, tag(letter))).collect();
            today.sort();
            lines.extend(today);
        }
        lines
    }

    /// Lets the daemon do all that is due, and returns the letters themselves.
    pub async fn letters(&mut self) -> Vec<Received> {
        self.work().await;
        let all = self.smtp.received();
        let new = all.get(self.read..).unwrap_or_default().to_vec();
        self.read = all.len();
        new
    }

    /// A person announces something.
    pub async fn announce(&self, subject: &str, change: impl FnOnce(&mut Statement)) {
        let mut statement = Statement {
            subject: subject.to_owned(),
            mark: DateKind::Sunset,
            date: None,
            operations: Vec::new(),
            class: String::new(),
            cohort: None,
            title: String::new(),
            origin: Origin::Person,
            place: "Olga Owner".to_owned(),
            verbatim: String::new(),
            link: None,
            odd: None,
            paused: false,
        };
        change(&mut statement);
        let withdrawn = statement.verbatim == "withdrawn";
        let now = self.clock.now();
        self.shared.store.announce(&Self::key(), &statement, withdrawn, now).await.expect("an announcement");
    }

    pub fn key() -> WatchKey {
        WatchKey { integration: "shop".to_owned(), api: "pay".to_owned(), surface: Surface::Live }
    }

    /// The dates that were ever read of a subject, as `date` or `date (ended)`.
    pub async fn ledger(&self, subject: &str) -> Vec<String> {
        let entries = self.shared.store.ledger("shop", "pay").await.expect("the ledger");
        let about = entries.into_iter().filter(|entry| entry.statement.subject == subject);
        about
            .map(|entry| {
                let date = entry.statement.date.map_or_else(|| "-".to_owned(), |date| date.to_string());
                let state = match (entry.ended_at, entry.replaced) {
                    (None, _) if entry.statement.paused => " paused",
                    (None, _) => "",
                    (Some(_), true) => " replaced",
                    (Some(_), false) => " withdrawn",
                };
                format!("{date}{state}")
            })
            .collect()
    }

    /// What status says of days.
    pub async fn dates(&self) -> Vec<String> {
        let status = driftd::http::current_status(&self.shared).await.expect("status");
        status.dates.into_iter().map(|date| format!("{}: {}", date.finding.rule, date.finding.message)).collect()
    }
}

/// What a letter says where nobody announced what is live: the consumer counts days, the provider is not accused.
pub fn says_that_nobody_announced(letter: &Received) -> bool {
    let words = match letter.recipient.as_str() {
        "owner@pay.example" => "Notice given  No earlier announcement was seen.",
        _ => "Notice given  none, 90 days promised; 90 days short",
    };
    letter.text().contains(words)
}

/// A letter of this kind to each side.
pub fn both(kind: &str) -> [String; 2] {
    ["dev@shop.example", "owner@pay.example"].map(|who| format!("{who} {kind}"))
}

/// What a letter is, by the brackets of its subject; the first of a notice says nothing there.
pub fn tag(letter: &Received) -> String {
    let subject = letter.header("Subject");
    let (tag, _) = subject.split_once(']').unwrap_or_else(|| panic!("{subject:?} says nothing in brackets"));
    tag.strip_prefix("[driftd").unwrap_or(tag).trim_start_matches(": ").to_owned()
}

/// A letter with this tag to each side, on a day.
pub fn both_tagged(day: &str, tag: &str) -> [String; 2] {
    ["dev@shop.example", "owner@pay.example"].map(|who| format!("{day} {who} {tag}"))
}

/// Which kind a letter is, by the field of its Message-ID; two kinds are told apart further by what their readers see.
pub fn kind(letter: &Received) -> &'static str {
    const KINDS: [&str; 10] =
        ["opened", "updated", "eased", "reminder", "escalated", "exchange", "digest", "attest", "outage", "resolved"];
    let id = letter.header("Message-ID");
    let field = id.split('.').nth(1).unwrap_or_default();
    match KINDS.into_iter().find(|kind| *kind == field).unwrap_or_else(|| panic!("{id:?} names no kind of letter")) {
        "updated" if letter.text().contains("It comes and goes") => "flapping",
        "opened" if letter.header("Subject").contains("ays named for") || letter.header("Subject").contains("names days") => {
            "dates"
        }
        kind => kind,
    }
}
