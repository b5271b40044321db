//! One description that is named on the command line: its bytes, and what is read of them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::check::{Known, WholeDescription, gather};
use crate::config::{Environment, environment_proxies};
use crate::fetch::{Client, FetchOutcome, Settings};
use crate::model::{Auth, PrivateHost, Source, SystemClock, USUAL_BYTES};
use crate::openapi::{Document, Limits, read};

use super::exit::{self, CommandError};

/// How large a description may be.
#[derive(Debug, Args)]
pub(super) struct SizeArgs {
    /// Read descriptions of up to so many bytes. Comparing takes about six times the size of both in memory.
    #[arg(long, value_name = "BYTES", default_value_t = USUAL_BYTES as u64, value_parser = clap::value_parser!(u64).range(1024..=1 << 30))]
    max_bytes: u64,
}

impl SizeArgs {
    /// The limits for reading.
    pub(super) fn limits(&self) -> Limits {
        Limits::of_bytes(usize::try_from(self.max_bytes).unwrap_or(usize::MAX))
    }
}

/// The bytes of a file or URL with every file it refers to, or why they cannot be had.
pub(super) async fn bytes(place: &str, limits: &Limits) -> Result<Vec<u8>, CommandError> {
    let source = match url::Url::parse(place) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Source::Web(url),
        _ => {
            let path = Path::new(place.strip_prefix("file:").unwrap_or(place));
            // A pipe or another file that is not regular holds one description and nothing beside it.
            if !path.metadata().is_ok_and(|file| file.is_file()) {
                return tokio::fs::read(path).await.map_err(|error| CommandError::new(exit::IO, format!("{place}: {error}")));
            }
            Source::File(path.to_owned())
        }
    };
    // Whoever types an address means it, also a private one; where it redirects to is another matter.
    let named = if let Source::Web(url) = &source { url.host_str().and_then(|host| PrivateHost::parse(host).ok()) } else { None };
    let settings = Settings {
        timeout: Duration::from_secs(60),
        max_bytes: limits.bytes,
        per_host: 4,
        allow_private_hosts: named.into_iter().collect(),
        proxies: environment_proxies(&Environment::of_process()).map_err(|why| CommandError::new(exit::CONFIG, why))?,
        authorities: None,
        contact: String::new(),
        files_anywhere: true,
    };
    let clock = Arc::new(SystemClock);
    let client = match source {
        Source::File(_) => Client::on_demand(settings, clock),
        Source::Web(_) => Client::new(settings, clock).map_err(|error| CommandError::new(exit::IO, error.to_string()))?,
    };
    let deadline = Duration::from_secs(600);
    let whole = WholeDescription { client: &client, source: &source, auth: &Auth::None, tls: None, limits, deadline };
    let gathered = gather(&whole, &Known::default()).await;
    for (file, why) in &gathered.absent {
        eprintln!("driftd: {place} refers to {file}, which did not come: {why}; what it holds is not judged");
    }
    match gathered.outcome {
        FetchOutcome::Body(body) => Ok(body.bytes),
        FetchOutcome::Later { why, .. } => Err(CommandError::new(exit::TRY_LATER, format!("{source}: {why}"))),
        FetchOutcome::Failed(failure) if matches!(source, Source::File(_)) => Err(CommandError::new(exit::IO, failure.why)),
        FetchOutcome::Failed(failure) => Err(CommandError::new(exit::UNREACHABLE, format!("{source}: {}", failure.why))),
        FetchOutcome::NotModified { .. } => {
            Err(CommandError::new(exit::UNREACHABLE, format!("{source}: answered 304 to an unconditional request")))
        }
    }
}

/// The description in some bytes, or why it is none.
pub(super) fn document(place: &str, bytes: &[u8], limits: &Limits) -> Result<Document, CommandError> {
    read(bytes, limits).map_err(|error| CommandError::new(exit::BAD_DATA, format!("{place}: {error}")))
}
