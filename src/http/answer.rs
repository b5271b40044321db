//! Answers to notices: a page for people, the same address for programs.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use chrono::NaiveDate;
use serde::Deserialize;

use crate::model::{Acknowledgement, Answer, Side};
use crate::render::clean;
use crate::store::{Answered, OpenLetter, StoreError};

use super::pages::AnswerPage;
use super::router::{App, Problem};

/// Longest name or note that is taken down, characters.
const LONGEST: usize = 1000;

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct AnswerForm {
    owner: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    fix_by: String,
    #[serde(default)]
    note: String,
}

/// Shows the form. Looking changes nothing: mail scanners follow links too.
pub(super) async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    match app.shared.store.letter(&token).await? {
        Some(letter) => Ok(page(&app, &token, &letter, None, StatusCode::OK)?),
        None => unknown(&app),
    }
}

/// Takes an answer down. Sending it twice is the same as sending it once.
pub(super) async fn take(
    State(app): State<App>,
    Path(token): Path<String>,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Problem> {
    let Some(letter) = app.shared.store.letter(&token).await? else { return unknown(&app) };
    let answer = match read(&form, &letter, app.shared.clock.now().date_naive()) {
        Ok(answer) => answer,
        Err(problem) => return Ok(page(&app, &token, &letter, Some(problem), StatusCode::UNPROCESSABLE_ENTITY)?),
    };
    let answered = app.shared.store.acknowledge(&token, &answer, app.shared.clock.now()).await?;
    tracing::info!(notice = letter.notice, side = letter.side.name(), answer = answer.answer.name(), "a notice was answered");
    let (title, text) = match answered {
        Answered::Unknown => return unknown(&app),
        Answered::Outdated => (
            "A later letter tells more",
            format!(
                "Notice {} was updated after this letter was written. Accept by the link in the newest letter, so that you accept all of it.",
                letter.notice
            ),
        ),
        Answered::Closed => ("This notice is closed", "Nothing has to be answered any more.".to_owned()),
        Answered::Recorded => {
            let by = answer.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default();
            (
                "Thank you, it is taken down",
                format!("Notice {}: {} has taken it on{by}. Open the link again to change this.", letter.notice, answer.owner),
            )
        }
        Answered::BaselineMoved => (
            "Thank you, the new description is accepted",
            format!(
                "Notice {} is closed: every consumer has accepted, and driftd compares with the new description from now on.",
                letter.notice
            ),
        ),
    };
    Ok(Html(app.pages.message(title, &text)?).into_response())
}

fn read(form: &AnswerForm, letter: &OpenLetter, today: NaiveDate) -> Result<Acknowledgement, String> {
    let owner = clean(form.owner.trim(), LONGEST);
    if owner.is_empty() {
        return Err("Say who takes this on: a name, or the name of a team.".to_owned());
    }
    let answer = if form.answer.is_empty() { Some(Answer::Ours) } else { Answer::named(&form.answer) };
    let answer = answer.ok_or_else(|| format!("{:?} is not an answer: use \"ours\" or \"accepted\".", form.answer))?;
    if answer == Answer::Accepted && letter.side == Side::Provider {
        return Err("Only a consumer can accept a change; answer \"ours\" and say by when.".to_owned());
    }
    let fix_by = match form.fix_by.trim() {
        "" => None,
        text => {
            let date = text.parse::<NaiveDate>().map_err(|_| format!("{text:?} is not a date: write 2026-12-31."))?;
            if date < today {
                return Err(format!("{date} has passed."));
            }
            Some(date)
        }
    };
    Ok(Acknowledgement { owner, answer, fix_by, note: clean(form.note.trim(), LONGEST) })
}

fn page(
    app: &App,
    token: &str,
    letter: &OpenLetter,
    problem: Option<String>,
    status: StatusCode,
) -> Result<Response, minijinja::Error> {
    let live = app.shared.now_live();
    let party = live.find(&letter.key).and_then(|(integration, _)| integration.party(&letter.party));
    let answered = letter.answered.as_ref().map(|answer| {
        let by = answer.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default();
        format!("{}: {}{by}", answer.owner, answer.answer.name())
    });
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
        today: app.shared.clock.now().date_naive().to_string(),
    };
    Ok((status, Html(app.pages.answer(&page)?)).into_response())
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
