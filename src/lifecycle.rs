//! Starting, stopping and staying alive: signals, systemd, and what happens when a task dies.
//!
//! The first SIGTERM or SIGINT asks every task to finish what it does; a second one, or the end of the
//! grace period, stops them where they are. A task that ends by itself is a defect: the process then ends
//! with failure, and systemd starts it again. The watchdog is fed only while every loop beats,
//! which each does at least every half minute.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// How long tasks may take to finish after the first signal. TimeoutStopSec of the unit is longer.
const GRACE: Duration = Duration::from_secs(20);

/// A loop that has not beaten for this long is stuck. Loops beat every few seconds.
const STUCK: Duration = Duration::from_secs(45);

/// How the daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As it was asked to.
    Asked,
    /// Because a task died.
    TaskDied,
}

/// When each loop last said that it is alive, by name.
#[derive(Debug, Clone, Default)]
pub struct Heartbeats {
    beats: Arc<Mutex<BTreeMap<&'static str, Instant>>>,
}

impl Heartbeats {
    /// Says that the loop `name` is alive.
    pub fn beat(&self, name: &'static str) {
        self.beat_at(name, Instant::now());
    }

    /// Says when the loop `name` was alive.
    pub fn beat_at(&self, name: &'static str, at: Instant) {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner).insert(name, at);
    }

    /// When the loop `name` last said so.
    pub fn last(&self, name: &str) -> Option<Instant> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// The loops that are stuck.
    pub fn stuck(&self) -> Vec<&'static str> {
        let beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.iter().filter(|(_, last)| last.elapsed() > STUCK).map(|(name, _)| *name).collect()
    }

    /// What feeds the watchdog of systemd: nothing while a loop is stuck.
    fn sign_of_life(&self) -> Option<NotifyState<'static>> {
        let stuck = self.stuck();
        if stuck.is_empty() {
            return Some(NotifyState::Watchdog);
        }
        warn!(?stuck, "a loop is stuck; the watchdog is not fed");
        None
    }
}

/// Owns the tasks of the daemon.
pub struct Lifecycle {
    tasks: JoinSet<&'static str>,
    stopping: CancellationToken,
    reload: Arc<Notify>,
    heart: Heartbeats,
    grace: Duration,
    signals: Signals,
}

/// What the daemon is told from outside, from the moment this is made.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Lifecycle {
    /// Signals are received from here on: make this before anything that must not be cut off. One that comes early is answered
    /// by [`Self::run`].
    ///
    /// # Errors
    /// When the system lets no signal be received.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            tasks: JoinSet::new(),
            stopping: CancellationToken::new(),
            reload: Arc::new(Notify::new()),
            heart: Heartbeats::default(),
            grace: GRACE,
            signals: Signals {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
                hangup: signal(SignalKind::hangup())?,
            },
        })
    }

    /// Cancelled when tasks should finish what they do and end.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Notified on SIGHUP.
    pub fn reload_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.reload)
    }

    /// Where loops say that they are alive.
    pub fn heart(&self) -> Heartbeats {
        self.heart.clone()
    }

    /// Runs a task until the daemon stops. It must end only when it is asked to.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            task.await;
            name
        });
    }

    /// Tells systemd that the daemon works, then waits for its end.
    pub async fn run(mut self, status: &str) -> Ended {
        notify(&[NotifyState::Ready, NotifyState::Status(status)]);
        let mut ended = Ended::Asked;
        let Signals { mut terminate, mut interrupt, mut hangup } = self.signals;
        let feed = sd_notify::watchdog_enabled().map_or(Duration::from_secs(15), |period| period / 3);
        let mut watchdog = tokio::time::interval(feed);
        loop {
            tokio::select! {
                _ = terminate.recv() => break info!("asked to stop by SIGTERM"),
                _ = interrupt.recv() => break info!("asked to stop by SIGINT"),
                _ = hangup.recv() => {
                    let monotonic = NotifyState::monotonic_usec_now();
                    match monotonic {
                        Ok(now) => notify(&[NotifyState::Reloading, now]),
                        Err(_) => notify(&[NotifyState::Reloading]),
                    }
                    self.reload.notify_one();
                }
                _ = watchdog.tick() => {
                    if let Some(alive) = self.heart.sign_of_life() {
                        notify(&[alive]);
                    }
                }
                Some(died) = self.tasks.join_next() => {
                    match died {
                        Ok(name) => error!(task = name, "a task ended by itself; stopping with failure"),
                        Err(problem) => error!(%problem, "a task died; stopping with failure"),
                    }
                    ended = Ended::TaskDied;
                    break;
                }
            }
        }
        notify(&[NotifyState::Stopping]);
        self.stopping.cancel();
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        tokio::select! {
            () = finished => {}
            () = tokio::time::sleep(self.grace) => warn!("tasks did not finish in time and were stopped; what was not committed is done again"),
            _ = terminate.recv() => warn!("asked to stop again; stopping at once"),
            _ = interrupt.recv() => warn!("asked to stop again; stopping at once"),
        }
        self.tasks.abort_all();
        ended
    }
}

/// Tells systemd something; outside systemd this is nothing.
pub fn notify(states: &[NotifyState<'_>]) {
    if let Err(problem) = sd_notify::notify(states) {
        warn!(%problem, "systemd cannot be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [&str; 0] = [];

    #[test]
    fn a_loop_that_has_not_beaten_for_a_minute_is_stuck_and_the_watchdog_is_not_fed() {
        let heart = Heartbeats::default();
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).expect("a time");
        heart.beat_at("watch", ago(30));
        heart.beat("deliver");
        assert_eq!(heart.stuck(), NOTHING);
        assert!(matches!(heart.sign_of_life(), Some(NotifyState::Watchdog)));
        heart.beat_at("watch", ago(60));
        assert_eq!(heart.stuck(), ["watch"]);
        assert!(heart.sign_of_life().is_none());
        heart.beat("watch");
        assert!(heart.stuck().is_empty() && heart.sign_of_life().is_some(), "it goes on again");
    }

    #[tokio::test]
    async fn a_task_that_dies_is_failure_and_one_that_hangs_does_not_hold_the_end() {
        async fn ended_by(task: impl Future<Output = ()> + Send + 'static) -> Ended {
            let mut lifecycle = Lifecycle { grace: Duration::from_millis(10), ..Lifecycle::new().expect("signals") };
            lifecycle.spawn("hangs", std::future::pending());
            lifecycle.spawn("dies", task);
            let ended = tokio::time::timeout(Duration::from_secs(60), lifecycle.run("watching")).await;
            ended.expect("what hangs is stopped")
        }
        assert_eq!(ended_by(async {}).await, Ended::TaskDied);
        assert_eq!(ended_by(async { panic!("on purpose") }).await, Ended::TaskDied);
        // systemd kills whoever is still there then.
        let unit = include_str!("../deploy/driftd.service");
        let limit = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")?.strip_suffix('s'));
        let limit = limit.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs).expect("a limit");
        assert!(Lifecycle::new().expect("signals").grace < limit, "{limit:?}");
    }
}
