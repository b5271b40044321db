//! Answers to notices: a page for people, the same address for programs.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use serde::Deserialize;

use crate::model::{Acknowledgement, Answer, Reply, Rung, Side, YEARS};
use crate::render::clean;
use crate::store::{Answered, OpenLetter, StoreError};
use crate::tasks;

use super::pages::{AnswerPage, Ask, Choice};
use super::router::{App, Problem};
use super::status::ago;

/// Longest name or note that is recorded, characters.
const LONGEST: usize = 1000;

/// So long after its letter can a link be answered by: longer than any notice that companies promise each other.
const LINK_LIFE: TimeDelta = TimeDelta::days(400);

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct AnswerForm {
    owner: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    fix_by: String,
    #[serde(default)]
    ask: String,
    #[serde(default)]
    proposal: String,
    #[serde(default)]
    note: String,
}

/// Shows the form. Looking changes nothing: mail scanners follow links too.
pub(super) async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    match app.shared.store.letter(&token).await? {
        Some(letter) if has_expired(&app, &letter) => expired(&app, &letter),
        Some(letter) => page(&app, &token, &letter, None, StatusCode::OK).await,
        None => unknown(&app),
    }
}

/// Records an answer. Sending it twice is the same as sending it once.
pub(super) async fn take(
    State(app): State<App>,
    Path(token): Path<String>,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Problem> {
    let Some(letter) = app.shared.store.letter(&token).await? else { return unknown(&app) };
    if letter.closed_at.is_some() {
        return said(&app, StatusCode::GONE, "This notice is closed", "Nothing has to be answered any more.");
    }
    if has_expired(&app, &letter) {
        return expired(&app, &letter);
    }
    if let Some(wait) = app.rates.count(&token, &letter.notice, letter.side.name(), app.shared.clock.now()) {
        return too_many(&app, &letter, wait);
    }
    let reply = match read(&form, &letter, app.shared.clock.now().date_naive()) {
        Ok(reply) => reply,
        Err(problem) => return page(&app, &token, &letter, Some(problem), StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let answered = tasks::answer(&app.shared, &token, &reply).await?;
    tracing::info!(notice = letter.notice, side = letter.side.name(), answer = form.answer, "a notice was answered");
    match answered {
        Answered::Unknown => {
            let problem = "Nobody new is on that role, or that was decided already.".to_owned();
            page(&app, &token, &letter, Some(problem), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Answered::Outdated => said(
            &app,
            StatusCode::CONFLICT,
            "A later letter tells more",
            &format!(
                "Notice {} was updated after this letter was written. Accept by the link in the newest letter, so that you accept all of it.",
                letter.notice
            ),
        ),
        Answered::Gone => said(
            &app,
            StatusCode::CONFLICT,
            "There is nothing to accept at the moment",
            &format!(
                "What notice {} tells of comes and goes, and is gone now. Accept it when it is there again, so that driftd compares with it from then on.",
                letter.notice
            ),
        ),
        Answered::TooOften => too_often(&app, &letter),
        Answered::Closed => said(&app, StatusCode::GONE, "This notice is closed", "Nothing has to be answered any more."),
        Answered::Recorded => said(&app, StatusCode::OK, "Thank you, it is recorded", &recorded(&reply, &letter.notice)),
        Answered::BaselineMoved => said(
            &app,
            StatusCode::OK,
            "Thank you, the new description is accepted",
            &format!(
                "Notice {} is closed: every consumer has accepted, and driftd compares with the new description from now on.",
                letter.notice
            ),
        ),
    }
}

fn too_often(app: &App, letter: &OpenLetter) -> Result<Response, Problem> {
    let text = format!(
        "Notice {}: what was asked for before stands, and the other side has heard of it. Ask for another day tomorrow.",
        letter.notice
    );
    not_now(app, ("Not recorded: the other side was asked three times today", &text), TimeDelta::days(1))
}

fn too_many(app: &App, letter: &OpenLetter, wait: TimeDelta) -> Result<Response, Problem> {
    let text = format!(
        "This answer was not recorded: too many came for notice {} in the last hour. Try again in {}; the newest answer that was recorded stands.",
        letter.notice,
        ago(wait)
    );
    not_now(app, ("Too many answers", &text), wait)
}

/// 429 (RFC 6585 section 4).
fn not_now(app: &App, (title, text): (&str, &str), wait: TimeDelta) -> Result<Response, Problem> {
    let page = Html(app.pages.message(title, text)?);
    let seconds = wait.num_seconds().max(1).to_string();
    Ok((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds)], page).into_response())
}

fn has_expired(app: &App, letter: &OpenLetter) -> bool {
    letter.closed_at.is_none() && app.shared.clock.now() - letter.written_at > LINK_LIFE
}

fn expired(app: &App, letter: &OpenLetter) -> Result<Response, Problem> {
    let text = format!(
        "It was sent on {}. Answer notice {} by the link in its newest letter; the operator of driftd can tell who got it.",
        letter.written_at.date_naive(),
        letter.notice
    );
    said(app, StatusCode::GONE, "This link is too old", &text)
}

fn recorded(reply: &Reply, notice: &str) -> String {
    match reply {
        Reply::Acknowledge(answer) => {
            let by = answer.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default();
            format!("Notice {notice}: {} has taken it on{by}. Open the link again to change this.", answer.owner)
        }
        Reply::NotUs { ask, .. } => format!("Notice {notice}: the {} is asked now.", ask.name()),
        Reply::Extend { until, .. } => {
            format!("Notice {notice}: the other side is asked for time until {until}. You hear of its answer by mail.")
        }
        Reply::Decide { agreed, .. } => {
            format!("Notice {notice}: the other side hears that you {}.", if *agreed { "agree" } else { "do not agree" })
        }
    }
}

fn said(app: &App, status: StatusCode, title: &str, text: &str) -> Result<Response, Problem> {
    Ok((status, Html(app.pages.message(title, text)?)).into_response())
}

fn read(form: &AnswerForm, letter: &OpenLetter, today: NaiveDate) -> Result<Reply, String> {
    let owner = clean(form.owner.trim(), LONGEST);
    if owner.is_empty() {
        return Err("Say who answers: a name, or the name of a team.".to_owned());
    }
    let note = clean(form.note.trim(), LONGEST);
    let date = || match form.fix_by.trim() {
        "" => Ok(None),
        text => {
            let date = text.parse::<NaiveDate>().map_err(|_| format!("{text:?} is not a date: write 2026-12-31."))?;
            match () {
                () if date < today => Err(format!("{date} has passed.")),
                () if !YEARS.contains(&date.year()) => Err(format!("{date} is no day that anybody plans for.")),
                () => Ok(Some(date)),
            }
        }
    };
    match form.answer.as_str() {
        "" | "ours" => {
            let fix_by = date()?.ok_or("Say by when it will be done: a plan without a day is none.")?;
            Ok(Reply::Acknowledge(Acknowledgement { owner, answer: Answer::Ours, fix_by: Some(fix_by), note }))
        }
        "accepted" if letter.side == Side::Provider => {
            Err("Only a consumer can accept a change; answer \"ours\" and say by when.".to_owned())
        }
        "accepted" => Ok(Reply::Acknowledge(Acknowledgement { owner, answer: Answer::Accepted, fix_by: None, note })),
        "not-us" => {
            let ask = Rung::named(form.ask.trim()).ok_or("Say who is to be asked: \"deputy\" or a role such as \"on-call\".")?;
            Ok(Reply::NotUs { by: owner, ask })
        }
        "extend" => {
            let until = date()?.ok_or("Say until when you need things to stay as they are.")?;
            Ok(Reply::Extend { by: owner, until, note })
        }
        "agreed" | "refused" => {
            let proposal = form.proposal.trim().parse().map_err(|_| "Say which proposal this answers.".to_owned())?;
            Ok(Reply::Decide { by: owner, proposal, agreed: form.answer == "agreed" })
        }
        other => Err(format!("{other:?} is not an answer: use ours, accepted, not-us, extend, agreed or refused.")),
    }
}

async fn page(
    app: &App,
    token: &str,
    letter: &OpenLetter,
    problem: Option<String>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let live = app.shared.now_live();
    let found = live.find(&letter.key).map(|(integration, _)| integration);
    let party = found.and_then(|integration| integration.party(&letter.party));
    let answered = letter.answered.as_ref().map(|answer| {
        let by = answer.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default();
        format!("{}: {}{by}", answer.owner, answer.answer.name())
    });
    let rungs = found.map(|integration| integration.agreement.ladder.iter().map(|step| step.rung).collect()).unwrap_or_default();
    let choices = party.map(|party| others(letter, party, rungs)).unwrap_or_default();
    let proposals = app.shared.store.proposals(&letter.notice).await?;
    let name = |key: &str| {
        found.and_then(|integration| integration.party(key)).map_or_else(|| key.to_owned(), |party| party.name.clone())
    };
    let asks = proposals
        .iter()
        .filter(|proposal| proposal.side != letter.side && proposal.decided.is_none())
        .map(|proposal| Ask {
            id: proposal.id,
            who: format!("{} ({})", proposal.by, name(&proposal.party)),
            until: proposal.until.to_string(),
            note: proposal.note.clone(),
        })
        .collect();
    let page = AnswerPage {
        token: token.to_owned(),
        notice: letter.notice.clone(),
        subject: letter.subject.clone(),
        name: letter.name.clone(),
        party: party.map_or_else(|| letter.party.clone(), |party| party.name.clone()),
        side: letter.side.name().to_owned(),
        closed: letter.closed_at.is_some(),
        answered,
        problem,
        may_accept: letter.side == Side::Consumer,
        surface: letter.key.surface.name().to_owned(),
        choices,
        asks,
        today: app.shared.clock.now().date_naive().to_string(),
    };
    Ok((status, Html(app.pages.answer(&page)?)).into_response())
}

/// Who else can be named on the reader's side: the roles of the party, and whoever stands in.
fn others(letter: &OpenLetter, party: &crate::model::Party, ladder: Vec<Rung>) -> Vec<Choice> {
    let mut rungs: Vec<Rung> = ladder;
    rungs.extend(party.contacts.keys().map(|role| Rung::Role(*role)));
    let mut choices: Vec<Choice> = Vec::new();
    for rung in rungs {
        if let Some(person) = party.on(letter.side, rung)
            && person.name != letter.name
            && !choices.iter().any(|choice| choice.value == rung.name())
        {
            choices.push(Choice { value: rung.name().to_owned(), label: format!("{} ({})", person.name, rung.name()) });
        }
    }
    choices
}

fn unknown(app: &App) -> Result<Response, Problem> {
    let page = app.pages.message(
        "There is no such letter",
        "The link is incomplete, or the notice is long gone. Use the link exactly as it stands in the letter.",
    )?;
    Ok((StatusCode::NOT_FOUND, Html(page)).into_response())
}

impl From<StoreError> for Problem {
    fn from(problem: StoreError) -> Self {
        Self(problem.to_string())
    }
}

impl From<minijinja::Error> for Problem {
    fn from(problem: minijinja::Error) -> Self {
        Self(format!("{problem:#}"))
    }
}
