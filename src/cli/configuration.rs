//! The configuration as commands other than `driftd run` read it.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, Environment, load};
use crate::model::{Clock as _, SystemClock};

use super::exit;

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub(super) struct ConfigArgs {
    /// The configuration file.
    #[arg(short = 'c', long = "config", value_name = "CONFIG", default_value = "/etc/driftd/driftd.toml", env = "DRIFTD_CONFIG")]
    pub(super) file: PathBuf,
}

/// Says what is wrong with a configuration. Returns the exit code.
pub(super) fn report_mistakes<P: std::fmt::Display>(problems: &[P]) -> u8 {
    for problem in problems {
        eprintln!("{problem}");
    }
    eprintln!(
        "driftd: {} in the configuration",
        if problems.len() == 1 { "1 mistake".to_owned() } else { format!("{} mistakes", problems.len()) }
    );
    exit::CONFIG
}

/// Reads a configuration without its credentials, which need not be here; on mistakes, says them and returns the exit code.
pub(super) fn read(args: &ConfigArgs) -> Result<Config, u8> {
    let environment = Environment { believe_credentials: true, ..Environment::of_process() };
    load(&args.file, &environment, SystemClock.now()).map_err(|problems| report_mistakes(&problems))
}
