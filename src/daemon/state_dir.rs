//! The state directory: only the daemon's user reads it, and programs on this machine find the daemon by it.

use std::fs::{DirBuilder, File, Permissions};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::state::make_secret;

use super::error::StartError;

/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 32;

/// Bits of a mode by which others than the owner reach a file.
const OTHERS: u32 = 0o077;

/// What holds other people's data, letters and secrets.
const PRIVATE: [&str; 5] = ["driftd.sqlite", "driftd.sqlite-wal", "driftd.sqlite-shm", "driftd.sqlite-journal", "driftd.lock"];

/// Makes the folder, or sees who can look into one that is there.
pub(super) fn prepare(state_dir: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(state_dir)?;
    let mode = std::fs::metadata(state_dir)?.permissions().mode();
    if mode & OTHERS != 0 {
        warn!(folder = %state_dir.display(), mode = format!("{:04o}", mode & 0o7777), "others can look into the state directory; `chmod 700` it");
    }
    is_whole(state_dir)?;
    // SQLite makes its other files with the mode of the database.
    let database = state_dir.join("driftd.sqlite");
    File::options().create(true).append(true).mode(0o600).open(&database)?;
    for name in PRIVATE {
        let path = state_dir.join(name);
        let Ok(known) = std::fs::metadata(&path) else { continue };
        if known.permissions().mode() & OTHERS == 0 {
            continue;
        }
        match std::fs::set_permissions(&path, Permissions::from_mode(0o600)) {
            Ok(()) => warn!(file = %path.display(), "others could read this file; now only its owner can"),
            Err(problem) => warn!(file = %path.display(), %problem, "others can read this file; `chmod 600` it"),
        }
    }
    Ok(())
}

/// A folder in which driftd has worked has a database: to begin with nothing there would take what is published now, broken or
/// not, for what everybody knows.
fn is_whole(state_dir: &Path) -> std::io::Result<()> {
    let size = |name: &str| std::fs::metadata(state_dir.join(name)).map(|known| known.len()).ok();
    let has_worked = size("driftd.lock").is_some() && size("token").is_some();
    let has_rest = ["driftd.sqlite-wal", "driftd.sqlite-journal"].iter().any(|name| size(name).is_some_and(|size| size > 0));
    let state = match size("driftd.sqlite") {
        None => "gone",
        Some(0) => "empty",
        Some(_) => return Ok(()),
    };
    if has_worked || has_rest {
        return Err(std::io::Error::other(format!(
            "driftd has worked in this folder, and its database driftd.sqlite is {state}: put its backup back (docs/operating.md), or \
             empty the folder to begin with nothing"
        )));
    }
    Ok(())
}

/// The secret of programs on this machine that speak for a side or operate the daemon; only the daemon's user can read it.
pub(super) fn token(state_dir: &Path) -> Result<String, StartError> {
    let unusable = |source| StartError::StateDir { state_dir: state_dir.to_owned(), source };
    let path = state_dir.join("token");
    let known = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(source) => return Err(unusable(source)),
    };
    let Some(known) = known else {
        let token = make_secret();
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| {
            // An empty one may have been there, with a mode of its own.
            file.set_permissions(Permissions::from_mode(0o600))?;
            writeln!(file, "{token}")
        });
        written.map_err(unusable)?;
        return Ok(token);
    };
    let mode = std::fs::metadata(&path).map_err(unusable)?.permissions().mode();
    if mode & OTHERS != 0 {
        let why = format!("others than its owner can reach it (mode {:04o}): `chmod 600` it", mode & 0o7777);
        return Err(StartError::Token { path, why, code: 77 });
    }
    if known.len() < SHORTEST_TOKEN {
        let why = format!(
            "has {} characters, at least {SHORTEST_TOKEN} are needed: remove the file, and the next start writes a new one",
            known.len()
        );
        return Err(StartError::Token { path, why, code: 78 });
    }
    Ok(known)
}

/// The file `address`, which says where the daemon listens for as long as it runs.
pub(super) struct Address(PathBuf);

impl Address {
    /// Writes it.
    pub(super) fn publish(state_dir: &Path, address: SocketAddr) -> std::io::Result<Self> {
        let path = state_dir.join("address");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        writeln!(file, "http://{}", reachable(address))?;
        Ok(Self(path))
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Who listens everywhere is reached on this machine.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_others_read_or_guess_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = token(folder.path()).expect("a token");
        assert_eq!(token(folder.path()).expect("the same"), made);
        let path = folder.path().join("token");
        let mode = |mode: u32| std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
        mode(0o640);
        assert!(matches!(token(folder.path()), Err(StartError::Token { code: 77, .. })));
        mode(0o600);
        std::fs::write(&path, "secret").expect("a file");
        assert!(matches!(token(folder.path()), Err(StartError::Token { code: 78, .. })));
        std::fs::write(&path, "").expect("a file");
        assert_eq!(token(folder.path()).expect("a new one").len(), 64);
    }

    #[test]
    fn what_is_there_is_tightened_and_the_address_goes_with_the_daemon() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("a/state");
        prepare(&state).expect("a folder");
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&state.join("driftd.sqlite"))), (0o700, 0o600));
        std::fs::set_permissions(state.join("driftd.sqlite"), Permissions::from_mode(0o644)).expect("a mode");
        prepare(&state).expect("a folder");
        assert_eq!(mode(&state.join("driftd.sqlite")), 0o600);
        let address = Address::publish(&state, SocketAddr::from(([0, 0, 0, 0], 8650))).expect("a file");
        assert_eq!(std::fs::read_to_string(state.join("address")).expect("a file"), "http://127.0.0.1:8650\n");
        drop(address);
        assert!(!state.join("address").exists());
    }
}
