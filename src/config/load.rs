//! Reads `driftd.toml` and the folder of integrations, and hands out a configuration only where there is no mistake.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::model::Integration;

use super::environment::{Environment, LoadContext};
use super::fetch::FetchConfig;
use super::http::HttpConfig;
use super::mail::MailConfig;
use super::reader::{Problem, Problems, Table};
use super::{daemon, integration};

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
    let context = LoadContext { folder: &folder, environment, now };
    let daemon = daemon::read(Table::root(&root), &context, &mut problems);
    found.append(&mut problems.found);
    warnings.append(&mut problems.warnings);

    let integrations_folder = daemon.integrations.clone();
    let mut integrations = Vec::new();
    match toml_files(&integrations_folder) {
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
    check_ids(&integrations, &mut found);
    match (daemon.settings, found.is_empty()) {
        (Some(settings), true) => Ok(Config {
            file: file.to_owned(),
            state_dir: settings.state_dir,
            http: settings.http,
            fetch: settings.fetch,
            mail: settings.mail,
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

/// The TOML files of a folder, by name.
fn toml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
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
fn check_ids(integrations: &[Integration], found: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
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
