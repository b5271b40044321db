//! What a configuration may take from outside its files: the environment, and the folder it stands in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

/// What the configuration may take from the process's environment; passed in, so that tests are alone.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
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

    /// The state directory that systemd names (`StateDirectory=`): the first, where there are several.
    pub(crate) fn state_directory(&self) -> Option<PathBuf> {
        self.get("STATE_DIRECTORY").and_then(|list| list.split(':').next()).map(PathBuf::from)
    }

    /// The value of a variable, where it is set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

/// What every file of a configuration is read with.
#[derive(Debug, Clone, Copy)]
pub(super) struct LoadContext<'c> {
    /// The folder of `driftd.toml`, which paths are relative to.
    pub(super) folder: &'c Path,
    /// Where secrets, proxies and the state directory may be named instead.
    pub(super) environment: &'c Environment,
    /// Now.
    pub(super) now: DateTime<Utc>,
}
