//! What an operator asks of a running daemon: check now, which letters there are, send them again.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::render::{clean, without_credentials};
use crate::store::{LetterRow, Resend};

use super::api::refused;
use super::app::{App, HandlerError, json as answered};

/// What is checked at once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckNow {
    /// `INTEGRATION/API`.
    #[serde(default)]
    api: Option<String>,
    /// Everything that is watched.
    #[serde(default)]
    all: bool,
}

/// Makes descriptions due at once, and says what happens to each.
pub(super) async fn check(State(app): State<App>, body: Result<Json<CheckNow>, JsonRejection>) -> Result<Response, HandlerError> {
    let Json(asked) = match body {
        Ok(body) => body,
        Err(rejection) => return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, &rejection.body_text())),
    };
    let one = match (&asked.api, asked.all) {
        (Some(api), false) => match api.split_once('/') {
            Some((integration, api)) => Some((integration.to_owned(), api.to_owned())),
            None => return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, "`api` is written INTEGRATION/API, as status shows it")),
        },
        (None, true) => None,
        _ => return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, "say which: `api` as INTEGRATION/API, or `all`")),
    };
    let now = app.shared.clock.now();
    let one = one.as_ref().map(|(integration, api)| (integration.as_str(), api.as_str()));
    let made = app.shared.store.check_now(one, now).await?;
    if made.is_empty() {
        let active = app.shared.active();
        let known = active
            .config
            .integrations
            .iter()
            .flat_map(|joined| joined.apis.iter().map(|api| format!("{}/{}", joined.id, api.id)));
        let words = format!("no such API is watched here; watched are {}", known.take(20).collect::<Vec<_>>().join(", "));
        return Ok(refused(StatusCode::NOT_FOUND, &words));
    }
    app.shared.wake_watch.notify_one();
    tracing::info!(count = made.len(), "checks were asked for");
    let rows: Vec<Value> = made
        .iter()
        .map(|(key, is_under_way)| json!({"api": format!("{}/{}", key.integration, key.api), "surface": key.surface.name(), "under_way": is_under_way}))
        .collect();
    Ok(answered(StatusCode::OK, &json!({ "checks": rows })))
}

/// Which letters are asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    /// Only those that could not be delivered.
    #[serde(default)]
    failed: bool,
}

/// The newest letters, with how each fared.
pub(super) async fn letters(State(app): State<App>, Query(which): Query<Which>) -> Result<Response, HandlerError> {
    let (letters, damage) = app.shared.store.letters(which.failed).await?;
    let letters: Vec<Value> = letters.iter().map(view).collect();
    Ok(answered(StatusCode::OK, &json!({ "letters": letters, "damage": damage })))
}

/// Which letters are sent again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    /// A letter by its number.
    #[serde(default)]
    id: Option<i64>,
    /// The letters of an open notice that could not be delivered.
    #[serde(default)]
    notice: Option<String>,
    /// Those of every open notice.
    #[serde(default)]
    all: bool,
}

/// Makes letters due at once, with the same bytes.
pub(super) async fn resend(State(app): State<App>, body: Result<Json<Again>, JsonRejection>) -> Result<Response, HandlerError> {
    let Json(asked) = match body {
        Ok(body) => body,
        Err(rejection) => return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, &rejection.body_text())),
    };
    let which = match (asked.id, asked.notice, asked.all) {
        (Some(id), None, false) => Resend::Letter(id),
        (None, Some(notice), false) => Resend::Notice(notice),
        (None, None, true) => Resend::All,
        _ => return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, "say which: `id`, `notice` or `all`")),
    };
    let letters = app.shared.store.resend(&which, app.shared.clock.now()).await?;
    if letters.is_empty() && which != Resend::All {
        let words = match which {
            Resend::Letter(id) => format!("there is no letter {id}, or it stands by for another; see `driftd letters`"),
            Resend::Notice(notice) => format!("no letter of an open notice {notice} failed; see `driftd letters`"),
            Resend::All => String::new(),
        };
        return Ok(refused(StatusCode::NOT_FOUND, &clean(&words, 300)));
    }
    app.shared.wake_lanes();
    for letter in &letters {
        tracing::info!(
            letter = letter.letter.id,
            notice = letter.notice,
            was = letter.letter.state.name(),
            "a letter is sent again"
        );
    }
    Ok(answered(StatusCode::OK, &json!({ "letters": letters.iter().map(view).collect::<Vec<_>>() })))
}

fn view(row: &LetterRow) -> Value {
    let letter = &row.letter;
    json!({
        "id": letter.id,
        "notice": row.notice,
        "open": row.is_open,
        "kind": letter.kind,
        "side": letter.side,
        "to": format!("{} <{}>", letter.name, letter.recipient),
        "channel": row.channel.as_ref().map(ToString::to_string),
        "state": letter.state.name(),
        "tries": letter.attempts,
        "written_at": letter.created_at,
        "sent_at": letter.sent_at,
        "last_reply": letter.last_reply.as_ref().map(|reply| clean(&without_credentials(reply), 300)),
    })
}
