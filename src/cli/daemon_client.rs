//! How the daemon is asked through its endpoint.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::StatusView;
use crate::render::clean;

use super::daemon_address::{DaemonArgs, address, token};
use super::exit::{self, CommandError};

/// Longest text of the daemon that is shown, characters.
const LONGEST: usize = 4000;

/// A client for the daemon, which no proxy stands before.
pub(super) fn client() -> Result<reqwest::Client, CommandError> {
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(15));
    builder.build().map_err(|error| CommandError::new(exit::IO, format!("no HTTP client: {error}")))
}

fn silent(url: &str) -> String {
    format!("no daemon answers at {url}: is it running? `systemctl status driftd`, or name it with --url")
}

/// Asks the daemon for a page.
pub(super) async fn get(at: &DaemonArgs, path: &str) -> Result<String, CommandError> {
    let address = address(at)?;
    let request = client()?.get(format!("{address}{path}"));
    let response = request
        .header("Accept", "application/json")
        .send()
        .await
        .map_err(|_| CommandError::new(exit::UNREACHABLE, silent(&address)))?;
    let status = response.status();
    let text =
        response.text().await.map_err(|error| CommandError::new(exit::UNREACHABLE, format!("{address}{path}: {error}")))?;
    if status.is_success() {
        return Ok(text);
    }
    Err(CommandError::new(
        exit::UNREACHABLE,
        format!("{address}{path} answered {status}: {}", problem_of(&text).unwrap_or_else(|| clean(text.trim(), LONGEST))),
    ))
}

/// Hands the daemon something, with the token.
pub(super) async fn post(at: &DaemonArgs, path: &str, kind: &str, body: Vec<u8>) -> Result<Value, CommandError> {
    let address = address(at)?;
    let request = client()?.post(format!("{address}{path}"));
    let request = request.bearer_auth(token(at)?).header("Content-Type", kind).body(body);
    let response = request.send().await.map_err(|_| CommandError::new(exit::UNREACHABLE, silent(&address)))?;
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    if status.is_success() {
        return parsed(&text);
    }
    let problem = problem_of(&text).unwrap_or_else(|| format!("the daemon answered {status}"));
    let code = if status == reqwest::StatusCode::UNAUTHORIZED { exit::PERMISSION } else { exit::BAD_DATA };
    Err(CommandError::new(code, problem))
}

/// Hands the daemon a JSON document, with the token.
pub(super) async fn post_json(at: &DaemonArgs, path: &str, body: &Value) -> Result<Value, CommandError> {
    post(at, path, "application/json", body.to_string().into_bytes()).await
}

fn problem_of(text: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(text).ok()?;
    answer["problem"].as_str().map(|problem| clean(problem, LONGEST))
}

/// What the daemon tells, with every text in it cleaned: partners' words are shown on a terminal.
pub(super) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, CommandError> {
    let unknown =
        |error| CommandError::new(exit::BAD_DATA, format!("the daemon's answer is not understood (another version?): {error}"));
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

/// What a running daemon knows, with the notices and gaps of every page; none where no daemon answers.
pub(super) async fn running(at: &DaemonArgs) -> Option<StatusView> {
    let page = async |number: usize| parsed::<StatusView>(&get(at, &format!("/status?page={number}")).await.ok()?).ok();
    let mut status = page(1).await?;
    for number in 2..=status.extent.pages {
        let next = page(number).await?;
        status.open.extend(next.open);
        status.gaps.extend(next.gaps);
    }
    Some(status)
}

/// The path of an API, written as INTEGRATION/API, below the endpoint.
pub(super) fn api_path(api: &str) -> Result<String, CommandError> {
    let problem =
        || CommandError::new(exit::USAGE, format!("{api:?} is not an API: write INTEGRATION/API as `driftd status` shows it"));
    let (integration, api) = api.split_once('/').ok_or_else(problem)?;
    let mut url = url::Url::parse("http://x/api/v1/integrations").map_err(|_| problem())?;
    url.path_segments_mut().map_err(|()| problem())?.extend([integration, "apis", api]);
    Ok(url.path().to_owned())
}
