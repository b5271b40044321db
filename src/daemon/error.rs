//! Why the daemon did not start, and with which exit code.

use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::Problem;
use crate::store::StoreError;

/// Why the daemon did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Mistakes in the configuration.
    #[error("{} in the configuration", if .0.len() == 1 { "1 mistake".to_owned() } else { format!("{} mistakes", .0.len()) })]
    Config(Vec<Problem>),
    /// Another daemon works on this state directory.
    #[error("another driftd (process {holder}) works on {}: stop it first, or give this one its own state_dir", state_dir.display())]
    Locked {
        /// The state directory.
        state_dir: PathBuf,
        /// The other's process id, as far as it is known.
        holder: String,
    },
    /// The state directory cannot be used.
    #[error("the state directory {} cannot be used", state_dir.display())]
    StateDir {
        /// The state directory.
        state_dir: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The token in the state directory is no secret.
    #[error("the token {} is refused: {why}", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
        /// The exit code.
        code: u8,
    },
    /// The database cannot be opened.
    #[error("the database in {} cannot be opened", state_dir.display())]
    Store {
        /// The state directory.
        state_dir: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// The endpoint cannot listen.
    #[error("cannot listen on {address} (http.listen)")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Something this build lacks or got wrong.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl StartError {
    /// The sysexits code that says what kind of trouble it is.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => 78,
            Self::Locked { .. } => 75,
            Self::Store { source: StoreError::Newer, .. } => 78,
            // What is malformed is a matter of the disk.
            Self::Store { source: StoreError::Migration(problem), .. } if !is_damage(problem) => 78,
            Self::Token { code, .. } => *code,
            Self::StateDir { .. } | Self::Store { .. } | Self::Bind { .. } | Self::Other(_) => 74,
        }
    }
}

/// Whether the database itself failed, as opposed to being of another version.
fn is_damage(problem: &sqlx::migrate::MigrateError) -> bool {
    use sqlx::migrate::MigrateError;
    matches!(problem, MigrateError::Execute(_) | MigrateError::ExecuteMigration(..))
}
