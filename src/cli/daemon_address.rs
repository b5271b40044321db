//! Where the daemon is: also for somebody who cannot read its configuration, or has broken it.
//!
//! A running daemon writes its address into its state directory. Where that is, is read from the configuration as far as it
//! can be read: no secret is needed to find a port.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::Environment;
use crate::daemon::reachable;

use super::configuration::ConfigArgs;
use super::exit::{self, CommandError};

/// Where the state is when nobody says anything else.
const USUAL_STATE: &str = "/var/lib/driftd";

/// Where the endpoint listens when the configuration says nothing else.
const USUAL_LISTEN: &str = "127.0.0.1:8650";

/// Which daemon is asked.
#[derive(Debug, Args)]
pub(super) struct DaemonArgs {
    /// Address of the endpoint; without it, the one in the file `address` of the state directory, else `http.listen`.
    #[arg(long, env = "DRIFTD_URL")]
    url: Option<String>,
    /// The daemon's state directory; without it, `state_dir` of the configuration, else $STATE_DIRECTORY, else /var/lib/driftd.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

/// What can be read of a configuration, whatever else is wrong with it.
#[derive(Debug, Default, PartialEq, Eq)]
struct ConfigHints {
    state_dir: Option<String>,
    listen: Option<String>,
}

impl ConfigHints {
    fn read(text: &str) -> Self {
        if let Ok(table) = text.parse::<toml::Table>() {
            let word = |value: Option<&toml::Value>| value.and_then(toml::Value::as_str).map(str::to_owned);
            return Self {
                state_dir: word(table.get("state_dir")),
                listen: word(table.get("http").and_then(|http| http.get("listen"))),
            };
        }
        // No TOML as a whole: the two lines that matter may still be there.
        let mut hints = Self::default();
        let mut table = "";
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                table = name.trim();
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim().strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(value, _)| value.to_owned());
            match (table, key.trim()) {
                ("", "state_dir") => hints.state_dir = hints.state_dir.or(value),
                ("http", "listen") => hints.listen = hints.listen.or(value),
                _ => {}
            }
        }
        hints
    }
}

/// Where the daemon could be, by all that is known of it.
struct Candidates {
    state_dir: PathBuf,
    listen: Option<SocketAddr>,
    /// What the configuration file says of it, in words.
    said: String,
}

fn candidates(at: &DaemonArgs) -> Candidates {
    let text = std::fs::read_to_string(&at.config.file);
    let hints = text.as_deref().map(ConfigHints::read).unwrap_or_default();
    let folder = at.config.file.parent().unwrap_or(Path::new("."));
    let from_systemd = || Environment::of_process().state_directory();
    let state_dir = at.state.clone().or_else(|| hints.state_dir.map(|name| folder.join(name))).or_else(from_systemd);
    let listen = text.is_ok().then(|| hints.listen.unwrap_or_else(|| USUAL_LISTEN.to_owned()));
    let listen = listen.and_then(|listen| listen.parse::<SocketAddr>().ok()).filter(|listen| listen.port() != 0);
    // Whoever names a state directory means the daemon that works on it.
    let listen = listen.filter(|_| at.state.is_none());
    let said = match &text {
        Ok(_) => format!("{} names no `http.listen`", at.config.file.display()),
        Err(error) => format!("{} cannot be read: {error}", at.config.file.display()),
    };
    Candidates { state_dir: state_dir.unwrap_or_else(|| PathBuf::from(USUAL_STATE)), listen, said }
}

/// The address of the endpoint.
pub(super) fn address(at: &DaemonArgs) -> Result<String, CommandError> {
    if let Some(url) = &at.url {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let candidates = candidates(at);
    let file = candidates.state_dir.join("address");
    let why = match std::fs::read_to_string(&file) {
        Ok(text) if text.starts_with("http://") => return Ok(text.trim().trim_end_matches('/').to_owned()),
        Ok(_) => "is no address".to_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "is not there, so no daemon runs on that state".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    match candidates.listen {
        Some(listen) => Ok(format!("http://{}", reachable(listen))),
        None => {
            let (file, said) = (file.display(), candidates.said);
            let message = format!(
                "no running daemon was found: {file} {why}, and {said}; name the daemon with --url, or its state directory with --state"
            );
            Err(CommandError::new(exit::UNREACHABLE, message))
        }
    }
}

/// The token of the daemon on this machine, or the one in the environment.
pub(super) fn token(at: &DaemonArgs) -> Result<String, CommandError> {
    if let Ok(token) = std::env::var("DRIFTD_TOKEN") {
        return Ok(token);
    }
    let file = candidates(at).state_dir.join("token");
    let read = std::fs::read_to_string(&file).map_err(|error| {
        let file = file.display();
        CommandError::new(
            exit::PERMISSION,
            format!("{file}: {error}; run as the daemon's user, name its state directory with --state, or set DRIFTD_TOKEN"),
        )
    })?;
    Ok(read.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_configuration_still_says_where_the_daemon_is() {
        let known = ConfigHints { state_dir: Some("../state".to_owned()), listen: Some("127.0.0.1:9".to_owned()) };
        let text =
            "state_dir = \"../state\"\n[http]\nlisten = \"127.0.0.1:9\" # here\n[mail]\nlisten = \"x\"\nstate_dir = \"y\"\n";
        assert_eq!(ConfigHints::read(text), known);
        assert_eq!(ConfigHints::read(&format!("{text}= broken [[[\n")), known);
        assert_eq!(ConfigHints::read("state_dir = 7"), ConfigHints::default());
    }

    #[test]
    fn the_state_directory_comes_before_the_configured_port() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("driftd.toml");
        let at = |state: Option<&str>| DaemonArgs {
            url: None,
            state: state.map(|name| folder.path().join(name)),
            config: ConfigArgs { file: config.clone() },
        };
        let found = |at: &DaemonArgs| address(at).map_err(|error| error.message().to_owned());
        std::fs::write(&config, "state_dir = \"state\"\n[http]\nlisten = \"0.0.0.0:9\"\n").expect("a file");
        assert_eq!(found(&at(None)).as_deref(), Ok("http://127.0.0.1:9"));
        std::fs::create_dir(folder.path().join("state")).expect("a folder");
        std::fs::write(folder.path().join("state/address"), "http://127.0.0.1:10\n").expect("a file");
        assert_eq!(found(&at(None)).as_deref(), Ok("http://127.0.0.1:10"));
        let lost = found(&at(Some("elsewhere"))).expect_err("nothing is there");
        assert!(lost.contains("elsewhere/address") && lost.contains("--url"), "{lost}");
        std::fs::write(&config, "[http]\nlisten = \"127.0.0.1:0\"\n").expect("a file");
        assert!(address(&at(Some("state"))).is_ok());
    }
}
