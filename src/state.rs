//! What the loops and the endpoint share: the active configuration, the store, what is wrong, when each loop ran, what is known
//! of the mail server, totals, and the tokens of links.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ring::rand::SecureRandom;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::{Notify, Semaphore, watch};

use crate::config::{Config, MailConfig};
use crate::fetch;
use crate::mail::{Transport, envelope_sender};
use crate::model::{Api, Channel, ChannelName, Clock, Integration, Person, Source, Surface, WatchKey};
use crate::render::Renderer;
use crate::rules::Catalogue;
use crate::store::{FLAPPING, Store, WatchSpec};

/// Documents that are read and compared at one time: a 13 MB description is 70 MB of values.
pub(crate) const PARSE_SLOTS: u32 = 2;

/// Everything that follows from one configuration. A reload makes a new one.
pub struct ActiveConfig {
    /// The configuration.
    pub config: Config,
    /// Fetches with its limits.
    pub client: fetch::Client,
    /// Sends through its server.
    pub transport: Transport,
    /// When it was loaded.
    pub loaded_at: DateTime<Utc>,
}

/// Why a configuration cannot be put to work.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct ActiveConfigError(#[from] fetch::ClientError);

/// Sends through the server of a configuration.
pub fn transport(config: &MailConfig) -> Transport {
    Transport::new(config.smtp.clone(), config.timeout)
}

/// Whether something happened so lately that what happens now belongs to it. A time that lies ahead was noted by a clock that
/// stood wrong.
pub(crate) fn is_recent(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..FLAPPING).contains(&(now - at))
}

impl ActiveConfig {
    /// Who is written to last of all, and when driftd itself is in trouble.
    pub(crate) fn operator(&self) -> Person {
        Person { name: "driftd operator".to_owned(), email: self.config.mail.operator.clone(), phone: None }
    }

    /// Puts a configuration to work.
    ///
    /// # Errors
    /// When no HTTPS client can be made.
    pub fn new(config: Config, clock: &Arc<dyn Clock>) -> Result<Self, ActiveConfigError> {
        let settings = fetch::Settings {
            timeout: config.fetch.timeout,
            max_bytes: config.fetch.max_bytes,
            per_host: config.fetch.per_host,
            allow_private_hosts: config.fetch.allow_private_hosts.clone(),
            proxies: config.fetch.proxies.clone(),
            authorities: config.fetch.authorities.clone(),
            contact: config.fetch.contact.clone(),
            files_anywhere: false,
        };
        let client = fetch::Client::new(settings, Arc::clone(clock))?;
        let transport = transport(&config.mail);
        Ok(Self { client, transport, loaded_at: clock.now(), config })
    }

    /// The integration and API of a watched description.
    pub fn find(&self, key: &WatchKey) -> Option<(&Integration, &Api)> {
        let integration = self.config.integrations.iter().find(|integration| integration.id == key.integration)?;
        let api = integration.apis.iter().find(|api| api.id == key.api)?;
        Some((integration, api))
    }

    /// A channel by its name in the outbox.
    pub(crate) fn channel(&self, name: &ChannelName) -> Option<&Channel> {
        let integration = self.config.integrations.iter().find(|known| known.id == name.integration)?;
        integration.party(&name.party)?.channels.iter().find(|known| known.name == name.channel)
    }

    /// The envelope sender of a letter, with what makes it this letter's own.
    pub fn sender(&self, own: Option<&str>) -> String {
        let mail = &self.config.mail;
        envelope_sender(&mail.from, mail.bounces.as_deref(), own)
    }

    /// Where a watched description is.
    pub fn source<'a>(&self, api: &'a Api, surface: Surface) -> Option<&'a Source> {
        match surface {
            Surface::Live => Some(&api.live),
            Surface::Upcoming => api.upcoming.as_ref(),
            Surface::Ledger => None,
        }
    }

    /// Every description to watch. New ones are checked at once, live before upcoming.
    pub fn watches(&self, now: DateTime<Utc>) -> Vec<WatchSpec> {
        let mut specs = Vec::new();
        for integration in &self.config.integrations {
            for api in &integration.apis {
                for surface in Surface::ALL {
                    let key = WatchKey { integration: integration.id.clone(), api: api.id.clone(), surface };
                    if surface == Surface::Ledger {
                        let (source, schedule) = ("ledger".to_owned(), "daily".to_owned());
                        specs.push(WatchSpec { key, source, schedule, first_at: now, planned_at: now });
                    } else if let Some(source) = self.source(api, surface) {
                        let planned_at = api.schedule.next_after(now).unwrap_or(now);
                        let schedule = api.schedule.describe();
                        specs.push(WatchSpec { key, source: source.to_string(), schedule, first_at: now, planned_at });
                    }
                }
            }
        }
        specs
    }
}

/// A part of driftd that can be in trouble.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TroublePart {
    /// The database, or a row of it.
    Database,
    /// The outbox cannot be read or written.
    Outbox,
    /// The mail server takes nothing.
    Mail,
    /// A notice reaches nobody.
    Letters,
    /// Letters about this description cannot be written.
    Unwritten(WatchKey),
    /// A program that takes nothing.
    Channel(ChannelName),
    /// The operator cannot be written to.
    Operator,
    /// The last reload was refused.
    Configuration,
    /// Who has not answered cannot be looked up.
    Ladder,
    /// Digests cannot be written.
    Digest,
    /// Letters that came back cannot be read.
    Bounces,
}

impl std::fmt::Display for TroublePart {
    /// The words on status and in metrics.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Database => "database",
            Self::Outbox => "outbox",
            Self::Mail => "mail",
            Self::Letters => "letters",
            Self::Unwritten(key) => return write!(formatter, "letters {key}"),
            Self::Channel(name) => return write!(formatter, "channel {name}"),
            Self::Operator => "operator",
            Self::Configuration => "configuration",
            Self::Ladder => "ladder",
            Self::Digest => "digest",
            Self::Bounces => "bounces",
        })
    }
}

/// What is wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TroubleNote {
    /// The part.
    pub part: TroublePart,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What, in words.
    pub what: String,
}

/// What is wrong with driftd itself, by part; empty when all is well.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    parts: Arc<Mutex<BTreeMap<TroublePart, TroubleNote>>>,
}

impl Trouble {
    /// Something is wrong with `part`. Returns whether that is news.
    pub fn set(&self, part: TroublePart, now: DateTime<Utc>, what: String) -> bool {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        match parts.get_mut(&part) {
            Some(known) if known.what == what => false,
            Some(known) => {
                known.what = what;
                true
            }
            None => {
                parts.insert(part.clone(), TroubleNote { part, since: now, what });
                true
            }
        }
    }

    /// `part` works again. Returns whether it did not before.
    pub fn clear(&self, part: &TroublePart) -> bool {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).remove(part).is_some()
    }

    /// Forgets which letters could not be written: what still cannot be says so again.
    fn forget_unwritten(&self) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.retain(|part, _| !matches!(part, TroublePart::Unwritten(_)));
    }

    /// All that is wrong.
    pub fn all(&self) -> Vec<TroubleNote> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// The loops of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoopName {
    /// Checks what is due.
    Watch,
    /// Hands letters to the mail server.
    Deliver,
    /// Hands notices to programs.
    Channels,
    /// Asks whoever is next, and tells of outages.
    Escalate,
    /// Reads letters that came back.
    Bounces,
    /// Writes digests, and asks people whether they are still there.
    Digest,
}

impl LoopName {
    /// Every loop.
    pub const ALL: [Self; 6] = [Self::Watch, Self::Deliver, Self::Channels, Self::Escalate, Self::Bounces, Self::Digest];

    /// The word on status and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Deliver => "deliver",
            Self::Channels => "channels",
            Self::Escalate => "escalate",
            Self::Bounces => "bounces",
            Self::Digest => "digest",
        }
    }
}

/// The last run of a loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopRun {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Why it came to nothing, if it did.
    pub error: Option<String>,
}

/// When each loop last ran, and what came of it.
#[derive(Debug, Default)]
pub struct LoopRuns(Mutex<BTreeMap<LoopName, LoopRun>>);

impl LoopRuns {
    /// A loop has run.
    pub(crate) fn ran(&self, name: LoopName, at: DateTime<Utc>, error: Option<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, LoopRun { at, error });
    }

    /// The last run of each loop that has run.
    pub fn all(&self) -> BTreeMap<LoopName, LoopRun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is known of the mail server.
#[derive(Debug, Default)]
pub struct MailServerState(Mutex<MailServerFacts>);

#[derive(Debug, Default)]
struct MailServerFacts {
    /// Whether it spoke to us the last time.
    is_open: bool,
    /// Times in a row that it took nothing from us, and when it was asked last.
    failures: u32,
    failed_at: Option<DateTime<Utc>>,
    /// Whether letters may wait because of it.
    has_refused: bool,
}

impl MailServerState {
    fn state(&self) -> std::sync::MutexGuard<'_, MailServerFacts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it spoke to us the last time; not known at the start.
    pub fn is_open(&self) -> bool {
        self.state().is_open
    }

    /// It took nothing from us; returns how often in a row. Conversations that fail together count as one.
    pub(crate) fn failed(&self, now: DateTime<Utc>, together: Duration) -> u32 {
        let mut state = self.state();
        let is_same = state.failed_at.is_some_and(|last| (now - last).to_std().is_ok_and(|since| since < together));
        if !is_same || state.failures == 0 {
            state.failures = state.failures.saturating_add(1);
            state.failed_at = Some(now);
        }
        state.is_open = false;
        state.has_refused = true;
        state.failures
    }

    /// It spoke to us, and refused a letter because of us.
    pub(crate) fn refused(&self) {
        let mut state = self.state();
        (state.is_open, state.failures, state.has_refused) = (true, 0, true);
    }

    /// It spoke to us, and perhaps took a letter. Returns whether letters may have waited for that.
    pub(crate) fn spoke(&self, took: bool) -> bool {
        let mut state = self.state();
        let has_failed = std::mem::take(&mut state.failures) > 0;
        state.is_open = true;
        has_failed | (took && std::mem::take(&mut state.has_refused))
    }
}

/// Totals since the start, for metrics.
#[derive(Debug, Default)]
pub struct Counters {
    checks: Mutex<BTreeMap<&'static str, u64>>,
    /// Letters sent a second time because nobody knows whether the first try went through.
    pub resent: AtomicU64,
    /// Reloads that were refused.
    pub reload_failures: AtomicU64,
    /// Reloads that worked.
    pub reloads: AtomicU64,
}

impl Counters {
    /// Counts a check by its outcome.
    pub fn checked(&self, outcome: &'static str) {
        *self.checks.lock().unwrap_or_else(PoisonError::into_inner).entry(outcome).or_default() += 1;
    }

    /// Checks by outcome.
    pub fn checks(&self) -> BTreeMap<&'static str, u64> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds one.
    pub fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the loops and the endpoint share. Made once, lives as long as the daemon.
pub struct AppState {
    /// The active configuration.
    pub active: watch::Receiver<Arc<ActiveConfig>>,
    /// The database.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The rules.
    pub catalogue: Arc<Catalogue>,
    /// The letters' form.
    pub renderer: Renderer,
    /// Where people reach the endpoint.
    pub external_url: String,
    /// What links are signed with.
    pub link_key: String,
    /// What programs that announce something prove themselves with.
    pub api_token: String,
    /// Rouses the checking loop.
    pub wake_watch: Notify,
    /// Rouses the delivering loop.
    pub wake_deliver: Notify,
    /// Rouses the loop that hands over to programs.
    pub wake_channels: Notify,
    /// Rouses the loop that looks who is still to be told or asked.
    pub wake_escalate: Notify,
    /// What is known of the mail server.
    pub mail_server: MailServerState,
    /// When each loop last ran.
    pub runs: LoopRuns,
    /// What is wrong with driftd itself.
    pub trouble: Trouble,
    /// Totals.
    pub counters: Counters,
    /// Bounds documents in memory.
    pub parse_slots: Arc<Semaphore>,
    /// When the daemon started.
    pub started_at: DateTime<Utc>,
    /// Randomness for jitter; seeded by whoever makes this.
    pub jitter: Mutex<fastrand::Rng>,
}

impl AppState {
    /// The configuration that is active now.
    pub fn active(&self) -> Arc<ActiveConfig> {
        Arc::clone(&self.active.borrow())
    }

    /// Bounds documents in memory.
    pub fn parse_slots() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(PARSE_SLOTS as usize))
    }

    /// A new configuration is active: whom no letter could be written to is perhaps somebody else now, and what was not
    /// written or sent is tried again.
    pub fn reloaded(&self) {
        self.trouble.forget_unwritten();
        self.wake_escalate.notify_one();
        self.wake_lanes();
    }

    /// Letters may be waiting.
    pub fn wake_lanes(&self) {
        self.wake_deliver.notify_one();
        self.wake_channels.notify_one();
    }

    /// A number from 0 to 1 to spread work by.
    pub fn jitter(&self) -> f64 {
        self.jitter.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}

/// A new secret: 32 random bytes, hexadecimal.
pub fn make_secret() -> String {
    let mut bytes = [0_u8; 32];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    assert!(filled.is_ok(), "the system has no randomness to make secrets of");
    hex(&bytes)
}

/// What an answer link carries: bound to one notice, side and recipient, and not to be guessed.
pub fn link_token(key: &str, parts: &[&str]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes());
    let mut context = ring::hmac::Context::with_key(&key);
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    hex(context.sign().as_ref().get(..16).unwrap_or_default())
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_its_own_and_not_to_be_guessed() {
        let links = [
            link_token("key", &["answer", "shop"]),
            link_token("other key", &["answer", "shop"]),
            link_token("key", &["answers", "hop"]),
            link_token("key", &["answer", "shop", ""]),
        ];
        for (at, link) in links.iter().enumerate() {
            assert!(link.len() * 4 >= 128 && link.bytes().all(|byte| byte.is_ascii_hexdigit()), "{link}: fewer than 128 bits");
            assert!(!links[at + 1..].contains(link), "{link} opens two doors");
        }
    }
}
