//! The loop that reads letters that came back, from the Maildir of the configuration.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::correspondence::bounced;
use crate::lifecycle::Heartbeats;
use crate::mail::LARGEST_BOUNCE;
use crate::state::{AppState, LoopName, TroublePart};

use super::driver::{LoopError, Periodic, drive};

/// How often the Maildir is read.
const NAP: Duration = Duration::from_secs(20);

/// Mails read in one run.
const AT_ONCE: usize = 100;

/// Reads the Maildir of the configuration, if there is one, until the daemon stops.
pub async fn run(shared: Arc<AppState>, heart: Heartbeats, stopping: CancellationToken) {
    drive(Bounces, shared, heart, stopping).await;
}

struct Bounces;

impl Periodic for Bounces {
    fn name(&self) -> LoopName {
        LoopName::Bounces
    }

    fn wake<'a>(&self, _: &'a AppState) -> Option<&'a Notify> {
        None
    }

    fn part(&self) -> TroublePart {
        TroublePart::Bounces
    }

    fn complaint(&self) -> &'static str {
        "letters that came back cannot be read"
    }

    fn pause(&self) -> Duration {
        NAP
    }

    async fn run_once(&mut self, shared: &Arc<AppState>, _: &Heartbeats) -> Result<Duration, LoopError> {
        let active = shared.active();
        let Some(maildir) = &active.config.mail.bounce_maildir else { return Ok(NAP) };
        match read_new(shared, maildir).await.map_err(|problem| LoopError(format!("{problem:#}")))? {
            None => _ = shared.trouble.clear(&self.part()),
            Some(skipped) => {
                if shared.trouble.set(self.part(), shared.clock.now(), skipped.clone()) {
                    warn!("{skipped}");
                }
            }
        }
        Ok(NAP)
    }
}

/// Reads what is new. A mail is moved once what it says is on disk: after a crash in between it is read again. What is no
/// regular file, a pipe or a link, is left where it is: whoever may write there must not make driftd read elsewhere, or wait.
async fn read_new(shared: &AppState, maildir: &Path) -> anyhow::Result<Option<String>> {
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
    let limit = u64::try_from(LARGEST_BOUNCE).unwrap_or(u64::MAX);
    let known = file.metadata().await?;
    if !known.is_file() || known.len() > limit {
        return Ok(None);
    }
    let mut mail = Vec::new();
    file.take(limit).read_to_end(&mut mail).await?;
    Ok(Some(mail))
}
