//! The delivering loops, one for mail and one for programs: the outbox, a few letters at a time and those of one notice to one
//! reader in order, until a server has each.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use url::Url;

use crate::fetch::Post;
use crate::lifecycle::Heartbeats;
use crate::mail::{bounce_token, masked, sent_from};
use crate::model::{AttemptOutcome, ChannelKind, ChannelName, Delivery, Lane, retry_after};
use crate::render::without_credentials;
use crate::state::{ActiveConfig, AppState, Counters, LoopName, TroublePart};
use crate::store::{Finished, LONGEST_PAUSE, StoreError};

use super::driver::{LoopError, Periodic, drive};

/// Conversations with the server at one time, once it has shown that it talks to us.
const AT_ONCE: u32 = 4;

/// The loop looks at least this often, whatever it believes to be due: clocks move.
const LONGEST_NAP: Duration = Duration::from_secs(15);

/// So often the loop says that it is alive while it waits for a server.
const BEAT: Duration = Duration::from_secs(1);

/// How long it rests after the database has failed.
const PAUSE: Duration = Duration::from_secs(5);

/// How long it rests where nothing waits.
const IDLE_NAP: Duration = Duration::from_secs(10);

/// Delivers what is due by mail until the daemon stops.
pub async fn mail(shared: Arc<AppState>, heart: Heartbeats, stopping: CancellationToken) {
    match shared.store.recover_attempts(shared.clock.now()).await {
        Ok(0) => {}
        Ok(count) => {
            warn!(count, "letters whose sending was cut off are sent again, byte for byte the same");
            shared.counters.resent.fetch_add(count, Ordering::Relaxed);
        }
        Err(problem) => error!(%problem, "the outbox cannot be read"),
    }
    drive(Lane::Mail, shared, heart, stopping).await;
}

/// Hands over what is due to the programs of parties until the daemon stops.
pub async fn channels(shared: Arc<AppState>, heart: Heartbeats, stopping: CancellationToken) {
    drive(Lane::Channels, shared, heart, stopping).await;
}

/// The name of a lane's loop.
const fn name(lane: Lane) -> LoopName {
    match lane {
        Lane::Mail => LoopName::Deliver,
        Lane::Channels => LoopName::Channels,
    }
}

impl Periodic for Lane {
    fn name(&self) -> LoopName {
        name(*self)
    }

    fn wake<'a>(&self, shared: &'a AppState) -> Option<&'a Notify> {
        Some(match self {
            Self::Mail => &shared.wake_deliver,
            Self::Channels => &shared.wake_channels,
        })
    }

    fn part(&self) -> TroublePart {
        TroublePart::Outbox
    }

    fn complaint(&self) -> &'static str {
        "the outbox cannot be read or written"
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    async fn run_once(&mut self, shared: &Arc<AppState>, heart: &Heartbeats) -> Result<Duration, LoopError> {
        let tried = deliver_lane(*self, shared, heart).await?;
        Ok(if tried == 0 { nap(*self, shared).await } else { Duration::ZERO })
    }
}

async fn nap(lane: Lane, shared: &AppState) -> Duration {
    let Some(next) = shared.store.next_delivery(lane).await.ok().flatten() else { return IDLE_NAP };
    let until = (next - shared.clock.now()).to_std().unwrap_or(Duration::ZERO);
    until.clamp(Duration::from_millis(50), LONGEST_NAP)
}

/// Sends what is due now in both lanes, once. Returns how many tries were made.
///
/// # Errors
/// When the database does not answer.
pub async fn deliver_due(shared: &Arc<AppState>, heart: &Heartbeats) -> Result<usize, StoreError> {
    let [mail, channels] = Lane::ALL.map(|lane| deliver_lane(lane, shared, heart));
    let (mail, channels) = tokio::join!(mail, channels);
    Ok(mail? + channels?)
}

async fn deliver_lane(lane: Lane, shared: &Arc<AppState>, heart: &Heartbeats) -> Result<usize, StoreError> {
    let active = shared.active();
    let lease = active.config.mail.timeout.max(active.config.fetch.timeout) + Duration::from_secs(60);
    // A server that does not answer is asked once, not once for each letter.
    let limit = if lane == Lane::Mail && !shared.mail_server.is_open() { 1 } else { AT_ONCE };
    let due = shared.store.start_attempts(lane, shared.clock.now(), lease, limit).await?;
    let count = due.len();
    let mut tries = JoinSet::new();
    for (delivery, attempt) in due {
        let shared = Arc::clone(shared);
        tries.spawn(async move { send(&shared, delivery, attempt).await });
    }
    let mut beat = tokio::time::interval(BEAT);
    let mut result = Ok(count);
    loop {
        tokio::select! {
            done = tries.join_next() => match done {
                None => break,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(problem))) => result = Err(problem),
                Some(Err(problem)) => error!(%problem, "sending a letter died; it is sent again when its lease ends"),
            },
            _ = beat.tick() => heart.beat(name(lane).as_str()),
        }
    }
    if result.is_ok() && shared.trouble.clear(&TroublePart::Outbox) {
        info!("the outbox works again");
    }
    result
}

async fn send(shared: &AppState, delivery: Delivery, attempt: i64) -> Result<(), StoreError> {
    let active = shared.active();
    let outcome = match &delivery.channel {
        None => by_mail(shared, &active, &delivery).await?,
        Some(channel) => hand_over(shared, &active, channel, &delivery).await,
    };
    // Kept, logged and shown from here on: a server may repeat what we proved ourselves with.
    let outcome = outcome.said(|reply| without_credentials(&reply));
    let now = shared.clock.now();
    let first = active.config.mail.first_retry;
    let after = match &outcome {
        // Who says that there is nothing to wait for is asked no sooner than who has just failed.
        AttemptOutcome::Later(_, after) => (*after).max(first).min(LONGEST_PAUSE),
        AttemptOutcome::NoServer(_) => retry_after(shared.mail_server.failed(now, first / 2), first, shared.jitter()),
        _ => retry_after(delivery.attempts, first, shared.jitter()),
    };
    let retry_at = now + after;
    // A channel has a name; its address may be a secret.
    let to = delivery.channel.as_ref().map_or_else(|| masked(&delivery.recipient), ToString::to_string);
    let (notice, side) = (&delivery.notice, delivery.side.name());
    match &outcome {
        AttemptOutcome::Sent(reply) => info!(notice, to, side, reply, "letter sent"),
        AttemptOutcome::DeadAddress(reply) | AttemptOutcome::Refused(reply) => {
            error!(notice, to, side, reply, outcome = outcome.name(), "letter refused for good");
        }
        AttemptOutcome::NoServer(reply) | AttemptOutcome::OurTrouble(reply) => {
            let outcome = outcome.name();
            error!(notice, to, side, reply, outcome, %retry_at, "letter not sent, and not because of its reader; it is tried again");
        }
        AttemptOutcome::Retry(reply)
        | AttemptOutcome::Later(reply, _)
        | AttemptOutcome::Ambiguous(reply)
        | AttemptOutcome::MailboxFull(reply) => {
            if matches!(outcome, AttemptOutcome::Ambiguous(_)) {
                Counters::add(&shared.counters.resent);
            }
            warn!(notice, to, side, reply, outcome = outcome.name(), %retry_at, "letter not sent; it is tried again");
        }
    }
    let finished = shared.store.finish_attempt(delivery.id, attempt, &outcome, retry_at, now).await?;
    if delivery.channel.is_none() {
        match &outcome {
            AttemptOutcome::NoServer(_) => shared.store.postpone_mail(retry_at).await?,
            AttemptOutcome::Ambiguous(_) => {}
            AttemptOutcome::OurTrouble(_) => shared.mail_server.refused(),
            spoken => {
                let took = matches!(spoken, AttemptOutcome::Sent(_));
                if shared.mail_server.spoke(took) && shared.store.wake_mail(now).await? > 0 {
                    info!("the mail server takes letters again; what waited leaves now");
                    shared.wake_deliver.notify_one();
                }
            }
        }
    }
    match finished {
        Finished::Settled => {}
        Finished::StandInCalled => {
            info!(notice, side, "whoever stands in is written to");
            shared.wake_deliver.notify_one();
        }
        // The letter went by mail as well.
        Finished::NobodyLeft if delivery.channel.is_some() => {}
        Finished::NobodyLeft => error!(notice, side, "nobody on this side can be written to"),
    }
    Ok(())
}

/// Hands a letter to the mail server, from the sender that is configured now: the one it was written with may be what the
/// server does not take.
async fn by_mail(shared: &AppState, active: &ActiveConfig, delivery: &Delivery) -> Result<AttemptOutcome, StoreError> {
    let sender = active.sender(bounce_token(&delivery.sender));
    if sender != delivery.sender {
        shared.store.send_from(delivery.id, &sender).await?;
    }
    Ok(match sent_from(&delivery.message, &active.config.mail.from) {
        Ok(message) => active.transport.send(&sender, &delivery.recipient, &message).await,
        Err(problem) => AttemptOutcome::NoServer(format!("{problem}: mend `from` in [mail]")),
    })
}

/// Hands a notice to the program of a party. A channel that is no longer in the configuration takes nothing.
async fn hand_over(shared: &AppState, active: &ActiveConfig, channel: &ChannelName, delivery: &Delivery) -> AttemptOutcome {
    let Some(found) = active.channel(channel) else {
        return AttemptOutcome::Refused("this channel is no longer in the configuration".to_owned());
    };
    let Ok(url) = Url::parse(found.url.expose_secret()) else {
        return AttemptOutcome::Refused("the address of this channel is no URL".to_owned());
    };
    let content_type = match found.kind {
        ChannelKind::Webhook => "application/cloudevents+json",
        ChannelKind::Slack => "application/json",
    };
    let at = shared.clock.now().timestamp();
    let (kind, key) = (found.kind, found.key.as_ref());
    let post = Post { url: &url, id: &delivery.sender, at, kind, content_type, body: &delivery.message, key };
    active.client.post(&post).await
}
