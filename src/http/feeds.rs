//! Feeds: a calendar of the days that concern a party, and what happened to an API as Atom (RFC 4287).

use atom_syndication::{Content, Entry, Feed, FixedDateTime, Link, Person, Text};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;

use crate::correspondence::calendar_token;
use crate::model::{Day, Surface, WatchKey};
use crate::notice::{Impact, impact};
use crate::render::{Appointment, calendar, clean, without_credentials};

use super::app::{App, HandlerError};

/// How far back a feed goes, and how many entries it has at most.
const PAST: TimeDelta = TimeDelta::days(180);
const MOST: u32 = 200;

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "there is no such feed\n").into_response()
}

/// The days that concern a party. The address itself is the secret: calendar programs cannot log in.
pub(super) async fn days(
    State(app): State<App>,
    Path((integration, party, file)): Path<(String, String, String)>,
) -> Result<Response, HandlerError> {
    let active = app.shared.active();
    let is_theirs = file.strip_suffix(".ics") == Some(calendar_token(&app.shared, &integration, &party).as_str());
    let Some(joined) = active.config.integrations.iter().find(|known| known.id == integration).filter(|_| is_theirs) else {
        return Ok(nothing());
    };
    let overview = app.shared.store.overview().await?;
    let mut found: Vec<(WatchKey, String, Day, String)> = Vec::new();
    for row in overview.watches.iter().filter(|row| row.key.integration == integration && row.key.surface == Surface::Ledger) {
        let Some(api) = joined.apis.iter().find(|api| api.id == row.key.api) else { continue };
        for (finding, _) in &row.findings {
            let Some(day) = &finding.day else { continue };
            let concerns = api.provider == party
                || api
                    .consumers
                    .iter()
                    .any(|consumer| consumer.party == party && impact(&finding.used_by, consumer) > Impact::NotUsed);
            if concerns {
                found.push((row.key.clone(), api.name.clone(), day.clone(), finding.message.clone()));
            }
        }
    }
    let appointments: Vec<Appointment<'_>> =
        found.iter().map(|(key, api, day, message)| Appointment { key, api, day, message, is_cancelled: false }).collect();
    let domain = crate::mail::domain_of(&active.config.mail.from);
    let text = calendar(&appointments, &domain, app.shared.clock.now());
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

/// What happened to an API.
pub(super) async fn atom(
    State(app): State<App>,
    Path((integration, file)): Path<(String, String)>,
) -> Result<Response, HandlerError> {
    let active = app.shared.active();
    let Some(api) = file.strip_suffix(".atom") else { return Ok(nothing()) };
    let key = WatchKey { integration, api: api.to_owned(), surface: Surface::Live };
    let Some((joined, watched)) = active.find(&key) else { return Ok(nothing()) };
    let now = app.shared.clock.now();
    let events = app.shared.store.history_of(&key, now - PAST, MOST).await?;
    let address = format!("{}/feeds/{}/{}.atom", app.shared.external_url, key.integration, key.api);
    let entries: Vec<Entry> = events
        .iter()
        .map(|event| {
            let told = without_credentials(&event.text);
            let text = clean(&told, 1000);
            Entry {
                title: Text::plain(clean(&told, 120)),
                id: format!("{address}#{}", event.id),
                updated: FixedDateTime::from(event.at),
                content: Some(Content { value: Some(text), content_type: Some("text".to_owned()), ..Content::default() }),
                ..Entry::default()
            }
        })
        .collect();
    let updated = events.first().map_or(now, |event| event.at);
    let author = Person { name: "driftd".to_owned(), ..Person::default() };
    let mut own = Link::default();
    own.set_href(address.clone());
    own.set_rel("self");
    let feed = Feed {
        title: Text::plain(clean(&format!("{} ({})", watched.name, joined.name), 200)),
        id: address,
        updated: FixedDateTime::from(updated),
        links: vec![own],
        authors: vec![author],
        entries,
        ..Feed::default()
    };
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], feed.to_string()).into_response())
}
