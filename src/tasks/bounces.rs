//! Letters that came back: handed in one by one, or found in a Maildir.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::lifecycle::Heart;
use crate::mail::read_bounce;
use crate::store::{Bounced, StoreError};

use super::shared::Shared;

/// How often the Maildir is looked into.
const NAP: Duration = Duration::from_secs(20);

/// Mails taken up at one look.
const AT_ONCE: usize = 100;

/// Larger mails are no delivery reports, bytes.
pub const LARGEST: usize = 1024 * 1024;

/// Takes up a mail that came back. What is no report about one of our letters changes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn bounced(shared: &Shared, mail: &[u8]) -> Result<Bounced, StoreError> {
    let Some(bounce) = read_bounce(mail) else { return Ok(Bounced::NotOurs) };
    let now = shared.clock.now();
    let mut outcome = Bounced::NotOurs;
    for address in &bounce.to {
        outcome = shared.store.bounced(address, bounce.is_final, &bounce.text, now).await?;
        if outcome != Bounced::NotOurs {
            break;
        }
    }
    match outcome {
        Bounced::NotOurs | Bounced::Known => {}
        Bounced::Noted => info!(report = bounce.text, "a letter is on its way for longer"),
        Bounced::StandInCalled => {
            warn!(report = bounce.text, "a letter came back; whoever stands in is written to");
            shared.wake_lanes();
        }
        Bounced::NobodyLeft => {
            error!(report = bounce.text, "a letter came back, and nobody is left to write to");
            shared.trouble.set("letters", now, format!("a letter came back and nobody stands in: {}", bounce.text));
        }
    }
    Ok(outcome)
}

/// Looks into the Maildir of the configuration, if there is one, until the daemon stops.
pub async fn run(shared: Arc<Shared>, heart: Heart, stopping: CancellationToken) {
    loop {
        heart.beat("bounces");
        let live = shared.now_live();
        if let Some(maildir) = &live.config.mail.bounce_maildir {
            match look(&shared, maildir).await {
                Ok(()) => _ = shared.trouble.clear("bounces"),
                Err(problem) => {
                    if shared.trouble.set("bounces", shared.clock.now(), format!("{problem:#}")) {
                        error!(problem = format!("{problem:#}"), "letters that came back cannot be taken up");
                    }
                }
            }
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(NAP) => {}
        }
    }
}

/// Takes up what is new. A mail is moved once what it says is on disk: a crash in between takes it up again.
async fn look(shared: &Shared, maildir: &Path) -> anyhow::Result<()> {
    let mut entries = tokio::fs::read_dir(maildir.join("new")).await?;
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        files.push(entry.path());
        if files.len() == AT_ONCE {
            break;
        }
    }
    files.sort();
    for file in files {
        let size = tokio::fs::metadata(&file).await?.len();
        if usize::try_from(size).is_ok_and(|size| size <= LARGEST) {
            bounced(shared, &tokio::fs::read(&file).await?).await?;
        }
        let Some(name) = file.file_name() else { continue };
        let seen = format!("{}:2,S", name.to_string_lossy());
        tokio::fs::rename(&file, maildir.join("cur").join(seen)).await?;
    }
    Ok(())
}
