//! `driftd.toml`: where the state and the integrations are, and its tables for the endpoint, fetching and mail.

use std::path::PathBuf;

use super::environment::LoadContext;
use super::fetch::{self, FetchConfig};
use super::http::{self, HttpConfig};
use super::mail::{self, MailConfig};
use super::reader::{Problems, Table};

/// What `driftd.toml` holds, checked.
pub(super) struct DaemonSettings {
    pub(super) state_dir: PathBuf,
    pub(super) http: HttpConfig,
    pub(super) fetch: FetchConfig,
    pub(super) mail: MailConfig,
}

/// `driftd.toml` as far as it could be read: the folder of integrations is known even when the rest is wrong.
pub(super) struct DaemonFile {
    pub(super) integrations: PathBuf,
    /// None where there is a mistake.
    pub(super) settings: Option<DaemonSettings>,
}

/// Reads the tables of `driftd.toml`.
pub(super) fn read(mut root: Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> DaemonFile {
    let folder = context.folder;
    let before = problems.found.len();
    let state_dir = root.text("state_dir", problems).map(|at| folder.join(at.value));
    let state_dir = state_dir.or_else(|| context.environment.state_directory());
    if state_dir.is_none() {
        root.missing("state_dir", "name the folder for the database, for example state_dir = \"/var/lib/driftd\"", problems);
    }
    let integrations =
        root.text("integrations", problems).map_or_else(|| folder.join("integrations"), |at| folder.join(at.value));
    let http = http::read(&mut root, problems);
    let fetch = fetch::read(&mut root, context, problems);
    let mail = mail::read(&mut root, context, problems);
    root.finish(problems);
    let settings = match (state_dir, mail) {
        (Some(state_dir), Some(mail)) if problems.found.len() == before => Some(DaemonSettings { state_dir, http, fetch, mail }),
        _ => None,
    };
    DaemonFile { integrations, settings }
}
