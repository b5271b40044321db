//! The daemon put together: configuration, lock, store, loops, endpoint; then handed to the lifecycle. And its reload.

mod error;
mod state_dir;

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use sd_notify::NotifyState;
use tokio::sync::{Notify, watch};
use tracing::{error, info, warn};

use crate::config::{self, Config, Environment};
use crate::http::{Endpoint, serve};
use crate::lifecycle::{Ended, Lifecycle, notify};
use crate::loops;
use crate::model::{Clock, SystemClock};
use crate::notice::unknown_rules;
use crate::render::Renderer;
use crate::rules::Catalogue;
use crate::state::{ActiveConfig, AppState, Counters, LoopName, LoopRuns, MailServerState, Trouble, TroublePart, make_secret};
use crate::store::{Store, StoreError};

pub use error::StartError;
pub(crate) use state_dir::reachable;

/// A daemon that has started and is about to run.
pub struct Daemon {
    lifecycle: Lifecycle,
    shared: Arc<AppState>,
    http: std::thread::JoinHandle<()>,
    /// Where the endpoint listens.
    pub address: SocketAddr,
    // Held for as long as the daemon lives.
    _lock: Lock,
    _address: state_dir::Address,
}

/// Starts the daemon: everything that can go wrong at the start goes wrong here, before READY.
///
/// # Errors
/// When it cannot work; see [`StartError`].
pub async fn start(config_file: &Path) -> Result<Daemon, StartError> {
    // First of all: whoever stops or reloads a daemon that is still starting gets what he asked for, and not its death.
    let mut lifecycle = Lifecycle::new().map_err(anyhow::Error::from)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let environment = Environment::of_process();
    let config = config::load(config_file, &environment, clock.now()).map_err(StartError::Config)?;
    warn_of(&config);
    let lock = lock(&config.state_dir)?;
    let address = config.http.listen;
    let endpoint = Endpoint::bind(address).map_err(|source| StartError::Bind { address, source })?;
    let address = endpoint.address;
    let external_url = external_url(&config, address);
    let state_dir = config.state_dir.clone();
    let watched: usize = config.integrations.iter().map(|integration| integration.apis.len()).sum();
    info!(%address, state = %state_dir.display(), integrations = config.integrations.len(), apis = watched, "driftd starts");
    let (shared, sender) = assemble(config, clock, external_url).await?;
    warn_of_unknown_rules(&shared);
    let (heart, stopping) = (lifecycle.heart(), lifecycle.stopping());
    let http = serve(endpoint, Arc::clone(&shared), heart.clone(), stopping.clone())?;
    lifecycle.spawn(LoopName::Watch.as_str(), loops::watch(Arc::clone(&shared), heart.clone(), stopping.clone()));
    lifecycle.spawn(LoopName::Deliver.as_str(), loops::mail(Arc::clone(&shared), heart.clone(), stopping.clone()));
    lifecycle.spawn(LoopName::Channels.as_str(), loops::channels(Arc::clone(&shared), heart.clone(), stopping.clone()));
    lifecycle.spawn(LoopName::Escalate.as_str(), loops::escalate(Arc::clone(&shared), heart.clone(), stopping.clone()));
    lifecycle.spawn(LoopName::Bounces.as_str(), loops::bounces(Arc::clone(&shared), heart.clone(), stopping.clone()));
    lifecycle.spawn(LoopName::Digest.as_str(), loops::digest(Arc::clone(&shared), heart, stopping.clone()));
    let reloading = Reload {
        file: config_file.to_owned(),
        environment,
        sender,
        shared: Arc::clone(&shared),
        signal: lifecycle.reload_signal(),
    };
    lifecycle.spawn("reload", async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = reloading.run() => {}
        }
    });
    let unusable = |source| StartError::StateDir { state_dir: state_dir.clone(), source };
    let published = state_dir::Address::publish(&state_dir, address).map_err(unusable)?;
    Ok(Daemon { lifecycle, shared, http, address, _lock: lock, _address: published })
}

/// Puts together what the loops and the endpoint share: the database is open, and holds what is to be watched.
///
/// # Errors
/// When the state directory or the database cannot be used.
pub async fn assemble(
    config: Config,
    clock: Arc<dyn Clock>,
    external_url: String,
) -> Result<(Arc<AppState>, watch::Sender<Arc<ActiveConfig>>), StartError> {
    let state_dir = config.state_dir.clone();
    let opened = Store::open(&state_dir).await;
    let store = opened.map_err(|source| StartError::Store { state_dir: state_dir.clone(), source })?;
    let active = ActiveConfig::new(config, &clock).map_err(anyhow::Error::from)?;
    let failed = |source: StoreError| StartError::Store { state_dir: state_dir.clone(), source };
    store.sync_watches(&active.watches(clock.now()), clock.now()).await.map_err(failed)?;
    store.try_again(&active.config.mail.operator, clock.now()).await.map_err(failed)?;
    let link_key = store.link_key(make_secret).await.map_err(failed)?;
    let (sender, receiver) = watch::channel(Arc::new(active));
    let shared = Arc::new(AppState {
        active: receiver,
        store,
        started_at: clock.now(),
        clock: Arc::clone(&clock),
        catalogue: Arc::new(Catalogue::load().map_err(anyhow::Error::from)?),
        renderer: Renderer::new().map_err(anyhow::Error::from)?,
        external_url,
        link_key,
        api_token: state_dir::token(&state_dir)?,
        wake_watch: Notify::new(),
        wake_deliver: Notify::new(),
        wake_channels: Notify::new(),
        wake_escalate: Notify::new(),
        mail_server: MailServerState::default(),
        runs: LoopRuns::default(),
        trouble: Trouble::default(),
        counters: Counters::default(),
        parse_slots: AppState::parse_slots(),
        jitter: Mutex::new(fastrand::Rng::new()),
    });
    Ok((shared, sender))
}

impl Daemon {
    /// Says that it is ready, and runs until it is asked to stop or a task dies.
    pub async fn run(self) -> Ended {
        let ended = self.lifecycle.run("watching").await;
        self.shared.store.close().await;
        if self.http.join().is_err() {
            error!("the endpoint's thread died");
            return Ended::TaskDied;
        }
        info!("driftd has stopped");
        ended
    }
}

/// What a configuration says that is allowed and hardly meant.
fn warn_of(config: &Config) {
    for warning in &config.warnings {
        warn!("{warning}");
    }
}

/// An exception that covers nothing is a slip of the pen, and no reason not to watch.
fn warn_of_unknown_rules(shared: &AppState) {
    for integration in &shared.active().config.integrations {
        for problem in unknown_rules(integration, &shared.catalogue) {
            warn!("{problem}");
        }
    }
}

/// Held on the state directory itself, so that it outlives the file beside the database; and on that file, as other versions do.
struct Lock {
    _directory: File,
    _file: File,
}

/// One daemon for one state directory. The lock goes with the process, however that ends.
fn lock(state_dir: &Path) -> Result<Lock, StartError> {
    let unusable = |source| StartError::StateDir { state_dir: state_dir.to_owned(), source };
    state_dir::prepare(state_dir).map_err(unusable)?;
    let path = state_dir.join("driftd.lock");
    let directory = File::open(state_dir).map_err(unusable)?;
    let mut file =
        File::options().create(true).read(true).write(true).truncate(false).mode(0o600).open(&path).map_err(unusable)?;
    for locked in [&directory, &file] {
        match locked.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let holder = std::fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
                let holder = if holder.is_empty() { "unknown".to_owned() } else { holder };
                return Err(StartError::Locked { state_dir: state_dir.to_owned(), holder });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(unusable(source)),
        }
    }
    // Only for the message above; the lock itself is what counts.
    let noted = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    noted.map_err(unusable)?;
    Ok(Lock { _directory: directory, _file: file })
}

fn external_url(config: &Config, address: SocketAddr) -> String {
    match &config.http.external_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    }
}

/// SIGHUP: a good configuration is put to work, a broken one changes nothing and is said aloud.
struct Reload {
    file: PathBuf,
    environment: Environment,
    sender: watch::Sender<Arc<ActiveConfig>>,
    shared: Arc<AppState>,
    signal: Arc<Notify>,
}

impl Reload {
    async fn run(self) {
        loop {
            self.signal.notified().await;
            match self.reload().await {
                Ok(()) => {
                    Counters::add(&self.shared.counters.reloads);
                    self.shared.trouble.clear(&TroublePart::Configuration);
                    info!("the configuration was reloaded");
                    self.shared.wake_watch.notify_one();
                }
                Err(problems) => {
                    Counters::add(&self.shared.counters.reload_failures);
                    for problem in &problems {
                        error!("{problem}");
                    }
                    let what =
                        format!("the last reload was refused, the old configuration stays active: {}", problems.join("; "));
                    error!(count = problems.len(), "the reload was refused; the old configuration stays active");
                    self.shared.trouble.set(TroublePart::Configuration, self.shared.clock.now(), what);
                }
            }
            notify(&[NotifyState::Ready]);
        }
    }

    async fn reload(&self) -> Result<(), Vec<String>> {
        let clock = &self.shared.clock;
        let config = config::load(&self.file, &self.environment, clock.now())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        warn_of(&config);
        let running = self.shared.active();
        let same_http =
            config.http.listen == running.config.http.listen && config.http.external_url == running.config.http.external_url;
        if config.state_dir != running.config.state_dir || !same_http {
            warn!("state_dir, http.listen and http.external_url take effect at the next start");
        }
        let active = ActiveConfig::new(config, clock).map_err(|problem| vec![problem.to_string()])?;
        let watches = active.watches(clock.now());
        let now = clock.now();
        self.shared.store.resync_watches(&watches, now).await.map_err(|problem| vec![problem.to_string()])?;
        self.sender.send_replace(Arc::new(active));
        // Not before the new configuration is active, or it would be tried with the old one once more.
        let operator = &self.shared.active().config.mail.operator;
        if let Err(problem) = self.shared.store.try_again(operator, now).await {
            error!(%problem, "letters that wait are tried when their pause is over");
        }
        self.shared.reloaded();
        warn_of_unknown_rules(&self.shared);
        Ok(())
    }
}
