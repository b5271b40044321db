//! Letters that came back: handed in one by one, or found in a Maildir.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::lifecycle::Heart;
use crate::mail::read_bounce;
use crate::store::{Bounced, StoreError};

use crate::state::AppState;

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
pub async fn bounced(shared: &AppState, mail: &[u8]) -> Result<Bounced, StoreError> {
    let Some(bounce) = read_bounce(mail) else { return Ok(Bounced::NotOurs) };
    let now = shared.clock.now();
    let mut outcome = Bounced::NotOurs;
    for address in &bounce.to {
        outcome = shared.store.bounced(address, bounce.outcome.as_ref(), &bounce.text, now).await?;
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
        Bounced::NobodyLeft => error!(report = bounce.text, "a letter came back, and nobody stands in"),
    }
    Ok(outcome)
}

/// Looks into the Maildir of the configuration, if there is one, until the daemon stops.
pub async fn run(shared: Arc<AppState>, heart: Heart, stopping: CancellationToken) {
    loop {
        heart.beat("bounces");
        let active = shared.active();
        if let Some(maildir) = &active.config.mail.bounce_maildir {
            match look(&shared, maildir).await {
                Ok(None) => _ = shared.trouble.clear("bounces"),
                Ok(Some(skipped)) => {
                    if shared.trouble.set("bounces", shared.clock.now(), skipped.clone()) {
                        warn!("{skipped}");
                    }
                }
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

/// Takes up what is new. A mail is moved once what it says is on disk: a crash in between takes it up again. What is no
/// regular file, a pipe or a link, is left where it is: whoever may write there must not make driftd read elsewhere, or wait.
async fn look(shared: &AppState, maildir: &Path) -> anyhow::Result<Option<String>> {
    let mut skipped = None;
    let mut entries = tokio::fs::read_dir(maildir.join("new")).await?;
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        if entry.file_type().await?.is_file() {
            files.push(entry.path());
        } else {
            skipped = Some(format!("{} is no regular file and is not read; remove it", entry.path().display()));
        }
        if files.len() == AT_ONCE {
            break;
        }
    }
    files.sort();
    for file in files {
        if let Some(mail) = read(&file).await? {
            bounced(shared, &mail).await?;
        }
        let Some(name) = file.file_name() else { continue };
        let seen = format!("{}:2,S", name.to_string_lossy());
        tokio::fs::rename(&file, maildir.join("cur").join(seen)).await?;
    }
    Ok(skipped)
}

/// The mail in a file; none where it is larger than any delivery report.
async fn read(file: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let file = tokio::fs::File::open(file).await?;
    let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    let known = file.metadata().await?;
    if !known.is_file() || known.len() > limit {
        return Ok(None);
    }
    let mut mail = Vec::new();
    file.take(limit).read_to_end(&mut mail).await?;
    Ok(Some(mail))
}
