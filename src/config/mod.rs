//! From files to a [`Config`] that cannot be wrong.
//!
//! Passes: read every file, collect every mistake with file, line, key and what to write instead, and only
//! hand out a configuration when there is none. Unknown keys are mistakes. Secrets come from files,
//! systemd credentials or the environment, never from the configuration itself.
//!
//! Invariants: nothing is bound, fetched or written here; `Debug` of a configuration shows no secret.

mod agreement;
mod daemon;
mod fetch;
mod integration;
mod overrides;
mod reader;
mod secret;
mod tls;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::model::Integration;

pub use daemon::{HttpConfig, MailConfig, Smtp, Tls};
pub use fetch::{FetchConfig, environment_proxies};
pub use overrides::load_overrides;
pub use reader::Problem;

use reader::{Problems, Table};

/// Everything driftd needs to know, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// Where the database and the lock live.
    pub state_dir: PathBuf,
    /// The status endpoint.
    pub http: HttpConfig,
    /// How descriptions are fetched.
    pub fetch: FetchConfig,
    /// How mail leaves.
    pub mail: MailConfig,
    /// What is watched, by id.
    pub integrations: Vec<Integration>,
    /// What is allowed but unwise.
    pub warnings: Vec<Problem>,
}

/// Reads and checks a configuration.
///
/// # Errors
/// Every mistake in every file, sorted by place.
pub fn load(file: &Path, environment: &Environment, now: DateTime<Utc>) -> Result<Config, Vec<Problem>> {
    let mut found = Vec::new();
    let mut warnings = Vec::new();
    let whole_file = |file: &Path, message: String, help: &str| Problem {
        file: file.to_owned(),
        line: 0,
        key: String::new(),
        message,
        help: help.to_owned(),
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            return Err(vec![whole_file(file, format!("cannot be read: {error}"), "name the file with --config, or create it")]);
        }
    };
    let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
    let mut problems = Problems::new(file, &text);
    let root = problems.parse();
    let daemon = daemon::read(Table::root(&root), &folder, environment, &mut problems);
    found.append(&mut problems.found);
    warnings.append(&mut problems.warnings);

    let integrations_folder = daemon.integrations.clone();
    let mut integrations = Vec::new();
    match files_in(&integrations_folder) {
        Ok(files) if files.is_empty() => {
            let message = "holds no integration: nothing would be watched".to_owned();
            found.push(whole_file(&integrations_folder, message, "add one *.toml file for each integration"));
        }
        Ok(files) => {
            for path in files {
                let text = match std::fs::read_to_string(&path) {
                    Ok(text) => text,
                    Err(error) => {
                        found.push(whole_file(&path, format!("cannot be read: {error}"), ""));
                        continue;
                    }
                };
                let mut problems = Problems::new(&path, &text);
                let root = problems.parse();
                let context = integration::Context { folder: &folder, environment, now };
                integrations.extend(integration::read(Table::root(&root), &context, &mut problems));
                found.append(&mut problems.found);
                warnings.append(&mut problems.warnings);
            }
        }
        Err(error) => {
            let message = format!("the folder of integrations cannot be read: {error}");
            found.push(whole_file(&integrations_folder, message, "create it, or set `integrations` in driftd.toml"));
        }
    }
    same_id(&integrations, &mut found);
    match (daemon.config, found.is_empty()) {
        (Some(parts), true) => Ok(Config {
            file: file.to_owned(),
            state_dir: parts.state_dir,
            http: parts.http,
            fetch: parts.fetch,
            mail: parts.mail,
            integrations,
            warnings,
        }),
        _ => {
            found.sort();
            found.dedup();
            Err(found)
        }
    }
}

/// What the configuration may take from the process's environment; passed in, so that tests are alone.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Environment variables.
    pub variables: std::collections::BTreeMap<String, String>,
    /// Whether systemd credentials that are not here are believed rather than missed: for checking a
    /// configuration by hand, where no unit has loaded them.
    pub believe_credentials: bool,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { variables: variables.collect(), believe_credentials: false }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

fn files_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// File stems are unique in one folder, but not when an id is set by hand.
fn same_id(integrations: &[Integration], found: &mut Vec<Problem>) {
    let mut seen = std::collections::BTreeSet::new();
    for integration in integrations {
        if !seen.insert(&integration.id) {
            found.push(Problem {
                file: PathBuf::from(format!("{}.toml", integration.id)),
                line: 0,
                key: "id".to_owned(),
                message: format!("two integrations have the id {:?}", integration.id),
                help: "give each its own `id`".to_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests;
