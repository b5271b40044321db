//! The delivering loop: the outbox, one letter at a time, until a server has each.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use url::Url;

use crate::fetch::Post;
use crate::lifecycle::Heart;
use crate::model::{AttemptOutcome, Channel, ChannelKind, Delivery, retry_after};
use crate::store::{Finished, StoreError};

use super::shared::{Counters, Live, Shared};

/// Conversations with the server at one time.
const AT_ONCE: u32 = 4;

/// The loop looks at least this often, whatever it believes to be due: clocks move.
const LONGEST_NAP: Duration = Duration::from_secs(15);

/// Delivers what is due until the daemon stops.
pub async fn run(shared: Arc<Shared>, heart: Heart, stopping: CancellationToken) {
    match shared.store.recover_attempts(shared.clock.now()).await {
        Ok(0) => {}
        Ok(count) => {
            warn!(count, "letters whose sending was cut off are sent again, byte for byte the same");
            shared.counters.resent.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
        }
        Err(problem) => error!(%problem, "the outbox cannot be read"),
    }
    loop {
        heart.beat("deliver");
        let roused = shared.wake_deliver.notified();
        let nap = match deliver_due(&shared, &heart).await {
            Ok(0) => nap(&shared).await,
            Ok(_) => Duration::ZERO,
            Err(problem) => {
                if shared.trouble.set("outbox", shared.clock.now(), problem.to_string()) {
                    error!(%problem, "the outbox cannot be read or written");
                }
                Duration::from_secs(5)
            }
        };
        tokio::select! {
            () = stopping.cancelled() => return,
            () = roused => {}
            () = tokio::time::sleep(nap) => {}
        }
        if stopping.is_cancelled() {
            return;
        }
    }
}

async fn nap(shared: &Shared) -> Duration {
    let next = shared.store.next_delivery().await.ok().flatten();
    let until = next.and_then(|next| (next - shared.clock.now()).to_std().ok()).unwrap_or(Duration::ZERO);
    let longest = if next.is_some() { LONGEST_NAP } else { Duration::from_secs(10) };
    if next.is_none() { longest } else { until.clamp(Duration::from_millis(50), longest) }
}

/// Sends what is due now, once. Returns how many tries were made.
///
/// # Errors
/// When the database does not answer.
pub async fn deliver_due(shared: &Arc<Shared>, heart: &Heart) -> Result<usize, StoreError> {
    let live = shared.now_live();
    let lease = live.config.mail.timeout + Duration::from_secs(60);
    let due = shared.store.start_attempts(shared.clock.now(), lease, AT_ONCE).await?;
    let count = due.len();
    let mut tries = JoinSet::new();
    for (delivery, attempt) in due {
        let shared = Arc::clone(shared);
        tries.spawn(async move { send(&shared, delivery, attempt).await });
    }
    let mut beat = tokio::time::interval(Duration::from_secs(5));
    let mut result = Ok(count);
    loop {
        tokio::select! {
            done = tries.join_next() => match done {
                None => break,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(problem))) => result = Err(problem),
                Some(Err(problem)) => error!(%problem, "sending a letter died; it is sent again when its lease ends"),
            },
            _ = beat.tick() => heart.beat("deliver"),
        }
    }
    if result.is_ok() && shared.trouble.clear("outbox") {
        info!("the outbox works again");
    }
    result
}

async fn send(shared: &Shared, delivery: Delivery, attempt: i64) -> Result<(), StoreError> {
    let live = shared.now_live();
    let outcome = match &delivery.channel {
        None => live.transport.send(&delivery.sender, &delivery.recipient, &delivery.message).await,
        Some(channel) => hand_over(shared, &live, channel, &delivery).await,
    };
    let now = shared.clock.now();
    let part = delivery.channel.as_ref().map_or_else(|| "mail".to_owned(), |channel| format!("channel {channel}"));
    let retry_at = now + retry_after(delivery.attempts, live.config.mail.first_retry, shared.jitter());
    let (notice, to, side) = (&delivery.notice, masked(&delivery.recipient), delivery.side.name());
    match &outcome {
        AttemptOutcome::Sent(reply) => {
            info!(notice, to, side, reply, "letter sent");
            shared.trouble.clear(&part);
        }
        AttemptOutcome::Retry(reply)
        | AttemptOutcome::Later(reply, _)
        | AttemptOutcome::Ambiguous(reply)
        | AttemptOutcome::NoServer(reply)
        | AttemptOutcome::OurTrouble(reply)
        | AttemptOutcome::MailboxFull(reply) => {
            if matches!(outcome, AttemptOutcome::Ambiguous(_)) {
                Counters::add(&shared.counters.resent);
            }
            warn!(notice, to, side, reply, outcome = outcome.name(), %retry_at, "letter not sent; it is tried again");
            shared.trouble.set(&part, now, format!("letters are not leaving: {reply}"));
        }
        AttemptOutcome::DeadAddress(reply) | AttemptOutcome::Refused(reply) => {
            error!(notice, to, side, reply, outcome = outcome.name(), "letter refused for good");
        }
    }
    let finished = shared.store.finish_attempt(delivery.id, attempt, &outcome, retry_at, now).await?;
    match finished {
        Finished::Settled => {}
        Finished::StandInCalled => {
            info!(notice, side, "whoever stands in is written to");
            shared.wake_deliver.notify_one();
        }
        // The letter went by mail as well.
        Finished::NobodyLeft if let Some(channel) = &delivery.channel => {
            // A channel that was taken out of the configuration is missed by nobody.
            if configured(&live, channel).is_some() {
                shared.trouble.set(&part, now, format!("does not take notices: {}", outcome.reply()));
            } else {
                shared.trouble.clear(&part);
            }
        }
        Finished::NobodyLeft => {
            error!(notice, side, "nobody on this side can be written to");
            shared.trouble.set("letters", now, format!("notice {notice} reaches nobody at the {side}"));
        }
    }
    Ok(())
}

/// A channel by its name in the outbox.
fn configured<'l>(live: &'l Live, channel: &str) -> Option<&'l Channel> {
    let mut names = channel.splitn(3, '/');
    let (integration, party, name) = (names.next()?, names.next()?, names.next()?);
    let integration = live.config.integrations.iter().find(|known| known.id == integration)?;
    integration.party(party)?.channels.iter().find(|known| known.name == name)
}

/// Hands a notice to the program of a party. A channel that is no longer in the configuration takes nothing.
async fn hand_over(shared: &Shared, live: &Live, channel: &str, delivery: &Delivery) -> AttemptOutcome {
    let Some(found) = configured(live, channel) else {
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
    let post = Post { url: &url, id: &delivery.sender, at, content_type, body: &delivery.message, key: found.key.as_ref() };
    live.client.post(&post).await
}

/// `p…@example.com`: enough to recognise in a log, not enough to harvest.
fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((local, domain)) => format!("{}…@{domain}", local.chars().next().unwrap_or('?')),
        None => "…".to_owned(),
    }
}
