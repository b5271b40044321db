//! Feeds: a calendar of the days that concern a party, and what happened to an API as Atom (RFC 4287).

use std::collections::HashMap;

use atom_syndication::{Content, Entry, Feed, FixedDateTime, Link, Person, Text};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;

use crate::correspondence::calendar_token;
use crate::mail::domain_of;
use crate::model::{Day, Surface, WatchKey};
use crate::notice::{Impact, impact};
use crate::render::{Appointment, Publisher, calendar, clean, without_credentials};

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
    let mut found: Vec<(WatchKey, String, Day)> = Vec::new();
    let links = app.shared.store.newest_links(&integration, &party).await?;
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
                found.push((row.key.clone(), api.name.clone(), day.clone()));
            }
        }
    }
    let pages: HashMap<&str, String> =
        links.iter().map(|(api, token)| (api.as_str(), format!("{}/answer/{token}", app.shared.external_url))).collect();
    let appointments: Vec<Appointment<'_>> = found
        .iter()
        .map(|(key, api, day)| {
            let page = pages.get(key.api.as_str()).map(String::as_str);
            Appointment { key, api, day, page, is_cancelled: false }
        })
        .collect();
    let name = format!("{}: days that change", joined.name);
    let from = &active.config.mail.from;
    let publisher = Publisher { address: from, domain: &domain_of(from), feed: Some(&name), at: app.shared.clock.now() };
    let text = calendar(&appointments, &publisher);
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
    // Ids stay what they are when driftd moves to another address (RFC 4287 section 4.2.6, RFC 4151).
    let domain = domain_of(&active.config.mail.from);
    let own_id = format!("tag:{domain},2026:driftd/{}/{}", key.integration, key.api);
    let mut entries: Vec<Entry> = Vec::new();
    for event in &events {
        let told = without_credentials(&event.text);
        let text = clean(&told, 1000);
        let notice = notice_named(&told);
        // One entry for what is said about one change set at one time.
        if let Some(last) = entries
            .last_mut()
            .filter(|last| notice.is_some() && last.updated == FixedDateTime::from(event.at) && links_to(last, notice))
        {
            let content = last.content.get_or_insert_default();
            let more = content.value.take().unwrap_or_default();
            content.value = Some(format!("{more}\n{text}"));
            continue;
        }
        let mut page = Link::default();
        page.set_rel("alternate");
        page.set_href(match notice {
            Some(notice) => format!("{}/notices/{notice}", app.shared.external_url),
            None => format!("{}/status", app.shared.external_url),
        });
        entries.push(Entry {
            title: Text::plain(clean(&told, 120)),
            id: format!("{own_id}/{}", event.id),
            updated: FixedDateTime::from(event.at),
            links: vec![page],
            content: Some(Content { value: Some(text), content_type: Some("text".to_owned()), ..Content::default() }),
            ..Entry::default()
        });
    }
    let updated = events.first().map_or(now, |event| event.at);
    let author = Person { name: "driftd".to_owned(), ..Person::default() };
    let mut own = Link::default();
    own.set_href(address.clone());
    own.set_rel("self");
    let feed = Feed {
        title: Text::plain(clean(&format!("{} ({})", watched.name, joined.name), 200)),
        id: own_id,
        updated: FixedDateTime::from(updated),
        links: vec![own],
        authors: vec![author],
        entries,
        ..Feed::default()
    };
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], feed.to_string()).into_response())
}

/// The notice that a text names.
fn notice_named(text: &str) -> Option<&str> {
    let at = text.find("N-")?;
    let rest = text.get(at..)?;
    let digits = rest.get(2..)?.find(|c: char| !c.is_ascii_hexdigit()).map_or(rest.len(), |end| end + 2);
    rest.get(..digits).filter(|name| name.len() > 2)
}

fn links_to(entry: &Entry, notice: Option<&str>) -> bool {
    notice.is_some_and(|notice| entry.links.iter().any(|link| link.href().ends_with(notice)))
}
