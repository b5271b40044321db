//! Where the daemon is, and how it is asked: also by somebody who cannot read its configuration, or has broken it.
//!
//! A running daemon writes its address into its state directory. Where that is, is read from the configuration as far as it
//! can be read: no secret is needed to find a port.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::daemon::reachable;
use crate::render::{clean, clean_lines};

/// Longest text of the daemon that is shown, characters.
const LONGEST: usize = 4000;

/// Where the state is when nobody says anything else.
const USUAL_STATE: &str = "/var/lib/driftd";

/// Where the endpoint listens when the configuration says nothing else.
const USUAL_LISTEN: &str = "127.0.0.1:8650";

/// Where the daemon is.
#[derive(Debug, Args)]
pub(super) struct Where {
    /// Address of the endpoint; without it, the one in the file `address` of the state directory, else `http.listen`.
    #[arg(long, env = "DRIFTD_URL")]
    url: Option<String>,
    /// The daemon's state directory; without it, `state_dir` of the configuration, else $STATE_DIRECTORY, else /var/lib/driftd.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// The configuration file.
    #[arg(short, long, default_value = "/etc/driftd/driftd.toml", env = "DRIFTD_CONFIG")]
    pub(super) config: PathBuf,
}

/// An exit code and what to say.
pub(super) type Failure = (u8, String);

/// What can be read of a configuration, whatever else is wrong with it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hints {
    state_dir: Option<String>,
    listen: Option<String>,
}

impl Hints {
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

/// Everything that is known of where the daemon could be.
struct Traces {
    state_dir: PathBuf,
    listen: Option<SocketAddr>,
    /// What the configuration file says of it, in words.
    said: String,
}

fn traces(at: &Where) -> Traces {
    let text = std::fs::read_to_string(&at.config);
    let hints = text.as_deref().map(Hints::read).unwrap_or_default();
    let folder = at.config.parent().unwrap_or(Path::new("."));
    let from_systemd = || std::env::var("STATE_DIRECTORY").ok().and_then(|list| list.split(':').next().map(PathBuf::from));
    let state_dir = at.state.clone().or_else(|| hints.state_dir.map(|name| folder.join(name))).or_else(from_systemd);
    let listen = text.is_ok().then(|| hints.listen.unwrap_or_else(|| USUAL_LISTEN.to_owned()));
    let listen = listen.and_then(|listen| listen.parse::<SocketAddr>().ok()).filter(|listen| listen.port() != 0);
    // Whoever names a state directory means the daemon that works on it.
    let listen = listen.filter(|_| at.state.is_none());
    let said = match &text {
        Ok(_) => format!("{} names no `http.listen`", at.config.display()),
        Err(error) => format!("{} cannot be read: {error}", at.config.display()),
    };
    Traces { state_dir: state_dir.unwrap_or_else(|| PathBuf::from(USUAL_STATE)), listen, said }
}

/// The address of the endpoint.
pub(super) fn address(at: &Where) -> Result<String, String> {
    if let Some(url) = &at.url {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let traces = traces(at);
    let file = traces.state_dir.join("address");
    let why = match std::fs::read_to_string(&file) {
        Ok(text) if text.starts_with("http://") => return Ok(text.trim().trim_end_matches('/').to_owned()),
        Ok(_) => "is no address".to_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "is not there, so no daemon runs on that state".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    match traces.listen {
        Some(listen) => Ok(format!("http://{}", reachable(listen))),
        None => Err(format!(
            "no running daemon was found: {} {why}, and {}; name the daemon with --url, or its state directory with --state",
            file.display(),
            traces.said
        )),
    }
}

/// The token of the daemon on this machine, or the one in the environment.
fn token(at: &Where) -> Result<String, Failure> {
    if let Ok(token) = std::env::var("DRIFTD_TOKEN") {
        return Ok(token);
    }
    let file = traces(at).state_dir.join("token");
    let read = std::fs::read_to_string(&file).map_err(|error| {
        let file = file.display();
        (77, format!("{file}: {error}; run as the daemon's user, name its state directory with --state, or set DRIFTD_TOKEN"))
    })?;
    Ok(read.trim().to_owned())
}

pub(super) fn client() -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(15));
    builder.build().map_err(|error| format!("no HTTP client: {error}"))
}

fn silent(url: &str) -> String {
    format!("no daemon answers at {url}: is it running? `systemctl status driftd`, or name it with --url")
}

/// Asks the daemon for a page.
pub(super) async fn get(at: &Where, path: &str) -> Result<String, Failure> {
    let address = address(at).map_err(|problem| (69, problem))?;
    let request = client().map_err(|problem| (74, problem))?.get(format!("{address}{path}"));
    let response = request.header("Accept", "application/json").send().await.map_err(|_| (69, silent(&address)))?;
    let status = response.status();
    let text = response.text().await.map_err(|error| (69, format!("{address}{path}: {error}")))?;
    if status.is_success() {
        return Ok(text);
    }
    Err((69, format!("{address}{path} answered {status}: {}", problem_of(&text).unwrap_or_else(|| clean(text.trim(), LONGEST)))))
}

/// Hands the daemon something, with the token.
pub(super) async fn post(at: &Where, path: &str, kind: &str, body: Vec<u8>) -> Result<Value, Failure> {
    let address = address(at).map_err(|problem| (69, problem))?;
    let request = client().map_err(|problem| (74, problem))?.post(format!("{address}{path}"));
    let request = request.bearer_auth(token(at)?).header("Content-Type", kind).body(body);
    let response = request.send().await.map_err(|_| (69, silent(&address)))?;
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    if status.is_success() {
        return parsed(&text).map_err(|problem| (65, problem));
    }
    let problem = problem_of(&text).unwrap_or_else(|| format!("the daemon answered {status}"));
    Err((if status == reqwest::StatusCode::UNAUTHORIZED { 77 } else { 65 }, problem))
}

fn problem_of(text: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(text).ok()?;
    answer["problem"].as_str().map(|problem| clean(problem, LONGEST))
}

/// What the daemon tells, with every text in it cleaned: partners' words are shown on a terminal.
pub(super) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let unknown = |error| format!("the daemon's answer is not understood (another version?): {error}");
    let mut value: Value = serde_json::from_str(text).map_err(unknown)?;
    scrub(&mut value);
    serde_json::from_value(value).map_err(unknown)
}

fn scrub(value: &mut Value) {
    match value {
        Value::String(text) => *text = clean(text, LONGEST),
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::Object(members) => members.values_mut().for_each(scrub),
        _ => {}
    }
}

/// Says what went wrong, cleaned; returns the exit code.
pub(super) fn ended(done: Result<(), Failure>) -> u8 {
    match done {
        Ok(()) => 0,
        Err((code, problem)) => {
            eprintln!("driftd: {}", clean_lines(&problem, LONGEST));
            code
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_configuration_still_says_where_the_daemon_is() {
        let known = Hints { state_dir: Some("../state".to_owned()), listen: Some("127.0.0.1:9".to_owned()) };
        let text =
            "state_dir = \"../state\"\n[http]\nlisten = \"127.0.0.1:9\" # here\n[mail]\nlisten = \"x\"\nstate_dir = \"y\"\n";
        assert_eq!(Hints::read(text), known);
        assert_eq!(Hints::read(&format!("{text}= broken [[[\n")), known);
        assert_eq!(Hints::read("state_dir = 7"), Hints::default());
    }

    #[test]
    fn the_state_directory_comes_before_the_configured_port() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("driftd.toml");
        let at =
            |state: Option<&str>| Where { url: None, state: state.map(|name| folder.path().join(name)), config: config.clone() };
        std::fs::write(&config, "state_dir = \"state\"\n[http]\nlisten = \"0.0.0.0:9\"\n").expect("a file");
        assert_eq!(address(&at(None)).as_deref(), Ok("http://127.0.0.1:9"));
        std::fs::create_dir(folder.path().join("state")).expect("a folder");
        std::fs::write(folder.path().join("state/address"), "http://127.0.0.1:10\n").expect("a file");
        assert_eq!(address(&at(None)).as_deref(), Ok("http://127.0.0.1:10"));
        let lost = address(&at(Some("elsewhere"))).expect_err("nothing is there");
        assert!(lost.contains("elsewhere/address") && lost.contains("--url"), "{lost}");
        std::fs::write(&config, "[http]\nlisten = \"127.0.0.1:0\"\n").expect("a file");
        assert!(address(&at(Some("state"))).is_ok());
    }
}
