//! What is written by the calendar: the weekly digest, one letter for each party of an integration and only where there
//! is something to say; and the question whether people are still there.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::lifecycle::Heart;
use crate::model::{Integration, Notice, NoticeKind, Party, Side, Surface, WatchKey};
use crate::notice::{Decision, Week, Word, quiet_lines};
use crate::store::StoreError;

use super::attest::attest_due;
use super::letters::Desk;
use super::shared::{Live, Shared, hex};

/// A digest may be some minutes late.
const NAP: Duration = Duration::from_secs(30);

/// The hour of the party's morning from which it is written.
const HOUR: u32 = 7;

/// How far back it looks.
const WEEK: TimeDelta = TimeDelta::days(7);

/// Writes digests until the daemon stops.
pub async fn run(shared: Arc<Shared>, heart: Heart, stopping: CancellationToken) {
    loop {
        heart.beat("digest");
        let written = async { Ok::<_, StoreError>(digest_due(&shared).await? + attest_due(&shared).await?) };
        match written.await {
            Ok(0) => {}
            Ok(_) => shared.wake_deliver.notify_one(),
            Err(problem) => {
                if shared.trouble.set("digest", shared.clock.now(), problem.to_string()) {
                    error!(%problem, "the digest cannot be written");
                }
            }
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(NAP) => {}
        }
    }
}

/// Writes the digests of parties whose day it is, each once. Returns how many letters were written.
///
/// # Errors
/// When the database does not answer.
pub async fn digest_due(shared: &Shared) -> Result<usize, StoreError> {
    let live = shared.now_live();
    let now = shared.clock.now();
    let mut written = 0;
    for integration in &live.config.integrations {
        for party in integration.parties.values() {
            let local = now.with_timezone(&party.calendar.zone);
            let is_day = integration.agreement.digest == Some(local.weekday()) && local.hour() >= HOUR;
            let side = match () {
                () if integration.apis.iter().any(|api| api.provider == party.id) => Some(Side::Provider),
                () if integration.apis.iter().any(|api| api.consumers.iter().any(|known| known.party == party.id)) => {
                    Some(Side::Consumer)
                }
                () => None,
            };
            if let Some(side) = side.filter(|_| is_day) {
                // From facts, so that it is written once however often the day is looked at.
                let name = format!("{} {} {}", integration.id, party.id, local.date_naive());
                let id = format!("D-{}", hex(Sha256::digest(name).get(..4).unwrap_or_default()));
                written += usize::from(write(shared, &live, (integration, party, side), id, now).await?);
            }
        }
    }
    shared.trouble.clear("digest");
    Ok(written)
}

async fn write(
    shared: &Shared,
    live: &Live,
    (integration, party, side): (&Integration, &Party, Side),
    id: String,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if shared.store.has_notice(&id).await? {
        return Ok(false);
    }
    let mut lines = Vec::new();
    let mut about = None;
    for api in &integration.apis {
        let plays = match side {
            Side::Provider => api.provider == party.id,
            Side::Consumer => api.consumers.iter().any(|consumer| consumer.party == party.id),
        };
        if !plays {
            continue;
        }
        let key = WatchKey { integration: integration.id.clone(), api: api.id.clone(), surface: Surface::Live };
        let entries = shared.store.ledger(&key.integration, &key.api).await?;
        let findings = shared.store.findings_with_day(&key).await?;
        let found = quiet_lines(&Week { api, entries: &entries, findings: &findings, since: now - WEEK }, side, &party.id);
        if !found.is_empty() && about.is_none() {
            about = Some((key, api));
        }
        lines.extend(found);
    }
    let Some((key, api)) = about else { return Ok(false) };
    let desk = Desk { shared, live, key: &key, integration, api, now };
    let notice = Notice { id, opened_at: now, told_at: now };
    let word = Word { side, party: party.id.clone(), kind: NoticeKind::Digest, findings: Vec::new(), called_off: Vec::new() };
    let decision = Decision { notice, words: vec![word], closes: true };
    let Some(letter) = desk.digest(&decision, lines) else { return Ok(false) };
    shared.store.write_digest(&key, &decision.notice, letter).await
}
