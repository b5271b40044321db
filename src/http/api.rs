//! What programs tell and ask under `/api/v1`: announcements, the ledger they go into, and mail that came back; the rest is
//! in `operate`.
//!
//! Reading is as open as status. Announcing asks for the token that the daemon keeps in its state directory: whoever
//! can read that file may speak for either side.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use chrono::{Datelike as _, NaiveDate};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::correspondence::bounced;
use crate::model::{DateKind, OperationLabel, OperationPattern, Origin, Statement, Surface, WatchKey, YEARS};
use crate::render::clean;
use crate::store::{Announced, Bounced};

use super::app::{App, HandlerError, json};

/// Longest text that is recorded, characters.
const LONGEST: usize = 500;

/// Most operations that one announcement names.
const MOST: usize = 500;

/// What is announced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Announcement {
    /// What it is about: `GET /v1/doors`, `*` for the whole API, or a name for it.
    subject: String,
    /// `sunset` or `change`.
    #[serde(default)]
    mark: Option<DateKind>,
    /// The day.
    #[serde(default)]
    date: Option<NaiveDate>,
    /// Operations it concerns; empty means all.
    #[serde(default)]
    operations: Vec<String>,
    /// The class of change by the agreement.
    #[serde(default)]
    class: String,
    /// The customers it is for.
    #[serde(default)]
    cohort: Option<String>,
    /// What will be different, in a sentence.
    #[serde(default)]
    title: String,
    /// Who says so.
    by: String,
    /// Where more is written.
    #[serde(default)]
    link: Option<String>,
    /// Put off without a new day.
    #[serde(default)]
    paused: bool,
    /// Taken back.
    #[serde(default)]
    withdrawn: bool,
    /// A day that has passed is meant, and not a mistake in typing.
    #[serde(default)]
    past: bool,
}

impl Announcement {
    fn statement(&self, today: NaiveDate) -> Result<Statement, String> {
        let text = |text: &str| clean(text.trim(), LONGEST);
        let (subject, by) = (text(&self.subject), text(&self.by));
        if subject.is_empty() {
            return Err("`subject` is empty: say what ends or changes, for example \"GET /v1/doors\" or \"*\"".to_owned());
        }
        if by.is_empty() {
            return Err("`by` is empty: say who announces this".to_owned());
        }
        let mark = self.mark.unwrap_or(DateKind::Sunset);
        if mark == DateKind::Deprecation {
            return Err("`mark` is \"sunset\" for what ends or \"change\" for what becomes different".to_owned());
        }
        if self.date.is_some_and(|date| !YEARS.contains(&date.year())) {
            return Err("`date` is no day that anybody plans for".to_owned());
        }
        if let Some(date) = self.date.filter(|date| *date < today && !self.past && !self.withdrawn) {
            return Err(format!("`date` {date} has passed; if that is meant, say `--past` (`\"past\": true`)"));
        }
        if self.date.is_none() && !self.paused && !self.withdrawn {
            return Err("`date` is missing: write 2027-01-31, or say `paused` or `withdrawn`".to_owned());
        }
        let own = OperationPattern::parse(&subject).map(|pattern| pattern.label());
        let mut operations = Vec::new();
        for label in self.operations.iter().take(MOST) {
            let pattern = OperationPattern::parse(label);
            let pattern = pattern.ok_or_else(|| format!("{label:?} is not an operation: write \"GET /v1/doors/{{id}}\""))?;
            operations.push(pattern.label());
        }
        if operations.is_empty() {
            operations.extend(own.clone());
        }
        let verbatim = match self.date {
            Some(date) if !self.title.is_empty() => format!("{date}: {}", text(&self.title)),
            Some(date) => date.to_string(),
            None if self.withdrawn => "withdrawn".to_owned(),
            None => "put off, no date".to_owned(),
        };
        Ok(Statement {
            subject: own.map_or(subject, |own| own.to_string()),
            mark,
            date: self.date,
            operations,
            class: text(&self.class),
            cohort: self.cohort.as_deref().map(text).filter(|cohort| !cohort.is_empty()),
            title: text(&self.title),
            origin: Origin::Person,
            place: by,
            verbatim,
            link: self.link.as_deref().map(text),
            odd: None,
            paused: self.paused,
        })
    }
}

/// Lets only those pass who hold the token. It is asked for before a byte of the body is read.
pub(super) async fn prove(State(app): State<App>, request: Request, next: Next) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = sent.strip_prefix("Bearer ").unwrap_or_default();
    // Digests are compared, so that how long it takes says nothing of the token.
    if Sha256::digest(token.trim()) == Sha256::digest(&app.shared.api_token) {
        return next.run(request).await;
    }
    let problem = "send `Authorization: Bearer` with the token that stands in the file `token` of the state directory";
    refused(StatusCode::UNAUTHORIZED, problem)
}

/// Takes up a mail that came back. One that is no report about a letter of ours changes nothing.
pub(super) async fn bounce(State(app): State<App>, mail: Bytes) -> Result<Response, HandlerError> {
    let outcome = match bounced(&app.shared, &mail).await? {
        Bounced::NotOurs => "not ours",
        Bounced::Noted => "noted",
        Bounced::Known => "known",
        Bounced::StandInCalled => "stand-in called",
        Bounced::NobodyLeft => "nobody left",
    };
    Ok(json(StatusCode::OK, &json!({ "outcome": outcome })))
}

pub(super) fn refused(status: StatusCode, problem: &str) -> Response {
    json(status, &json!({ "problem": problem }))
}

/// The operations that patterns name, as the live description has them.
fn spelt_out(patterns: &[OperationLabel], known: &[OperationLabel]) -> Result<Vec<OperationLabel>, String> {
    let mut operations: Vec<OperationLabel> = Vec::new();
    for label in patterns {
        let pattern = OperationPattern::parse(label.as_str());
        let matches = |known: &&OperationLabel| pattern.as_ref().is_some_and(|pattern| pattern.matches_label(known));
        let found: Vec<&OperationLabel> = known.iter().filter(matches).collect();
        if found.is_empty() {
            return Err(format!("{:?} matches no operation of the live description", label.as_str()));
        }
        operations.extend(found.into_iter().filter(|found| !operations.contains(found)).cloned().collect::<Vec<_>>());
    }
    Ok(operations)
}

/// Records an announcement. The same one twice is one.
pub(super) async fn announce(
    State(app): State<App>,
    Path((integration, api)): Path<(String, String)>,
    body: Result<Json<Announcement>, JsonRejection>,
) -> Result<Response, HandlerError> {
    let Json(announcement) = match body {
        Ok(body) => body,
        Err(rejection) => return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, &rejection.body_text())),
    };
    let key = WatchKey { integration, api, surface: Surface::Live };
    if app.shared.active().find(&key).is_none() {
        return Ok(refused(StatusCode::NOT_FOUND, &format!("no API {key} is watched here")));
    }
    let mut statement = match announcement.statement(app.shared.clock.now().date_naive()) {
        Ok(statement) => statement,
        Err(problem) => return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, &problem)),
    };
    let (known, _) = app.shared.store.live_operations(&key).await?;
    if let Some(known) = known.filter(|_| !announcement.withdrawn && !statement.operations.is_empty()) {
        statement.operations = match spelt_out(&statement.operations, &known) {
            Ok(operations) => operations,
            Err(problem) => return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, &problem)),
        };
    }
    let now = app.shared.clock.now();
    let outcome = app.shared.store.announce(&key, &statement, announcement.withdrawn, now).await?;
    let words = match outcome {
        Announced::Recorded => "recorded",
        Announced::Known => "known",
        Announced::Withdrawn => "withdrawn",
        Announced::Unknown => {
            let problem = format!("nothing called {:?} is announced as a {}", statement.subject, statement.mark.name());
            return Ok(refused(StatusCode::NOT_FOUND, &problem));
        }
    };
    tracing::info!(api = %key, subject = statement.subject, by = statement.place, outcome = words, "an announcement");
    app.shared.wake_watch.notify_one();
    Ok(json(StatusCode::OK, &json!({ "outcome": words, "statement": statement })))
}

/// Everything that was ever said about an API.
pub(super) async fn ledger(
    State(app): State<App>,
    Path((integration, api)): Path<(String, String)>,
) -> Result<Response, HandlerError> {
    let key = WatchKey { integration, api, surface: Surface::Live };
    if app.shared.active().find(&key).is_none() {
        return Ok(refused(StatusCode::NOT_FOUND, &format!("no API {key} is watched here")));
    }
    let entries = app.shared.store.ledger(&key.integration, &key.api).await?;
    Ok(json(StatusCode::OK, &json!({ "ledger": entries })))
}
