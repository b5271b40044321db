//! Answers to notices: a page for people, the same address for programs.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::correspondence;
use crate::model::{Acknowledgement, Answer, EscalationTarget, Reply, Side, YEARS};
use crate::render::clean;
use crate::store::{AnswerOutcome, OpenLetter, StoreError};

use super::app::{App, HandlerError, json};
use super::notice::{Filter, Viewer, notice_page};
use super::pages::{AnswerPage, Ask, Choice};
use super::status::ago;

/// Longest name or note that is recorded, characters.
const LONGEST: usize = 1000;

/// So long after its letter can a link be answered by: longer than any notice that companies promise each other.
const LINK_LIFE: TimeDelta = TimeDelta::days(400);

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AnswerForm {
    #[serde(default)]
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

/// What became of an answer, for a person or a program to read.
#[derive(Debug, Serialize)]
struct AnswerResult {
    /// One word, for programs.
    outcome: &'static str,
    title: String,
    text: String,
    #[serde(skip)]
    status: StatusCode,
    /// When to try again, where that helps.
    #[serde(skip)]
    wait: Option<TimeDelta>,
}

/// Shows the form. Looking changes nothing: mail scanners follow links too.
pub(super) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(filter): Query<Filter>,
    Query(form): Query<AnswerForm>,
) -> Result<Response, HandlerError> {
    match app.shared.store.letter(&token).await? {
        Some(letter) if has_expired(&app, &letter) => to_a_person(&app, &expired(&letter)),
        Some(letter) => page(&app, &token, &letter, &Shown { filter, form, ..Shown::default() }).await,
        None => to_a_person(&app, &unknown()),
    }
}

/// Records an answer. Sending it twice is the same as sending it once. Whoever accepts JSON is told in JSON.
pub(super) async fn take(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(form): Form<AnswerForm>,
) -> Result<Response, HandlerError> {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let is_program = accepts.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("application/json"));
    let letter = app.shared.store.letter(&token).await?;
    let told = match &letter {
        Some(letter) => taken(&app, &token, letter, &form).await?,
        None => unknown(),
    };
    let mut response = match &letter {
        _ if is_program => json(told.status, &told),
        // The form again, with what was wrong.
        Some(letter) if told.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let shown = Shown { form, problem: Some(told.text), ..Shown::default() };
            (told.status, page(&app, &token, letter, &shown).await?).into_response()
        }
        _ => to_a_person(&app, &told)?,
    };
    if let Some(wait) = told.wait {
        // RFC 6585 section 4.
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.num_seconds().max(1)));
    }
    Ok(response)
}

async fn taken(app: &App, token: &str, letter: &OpenLetter, form: &AnswerForm) -> Result<AnswerResult, StoreError> {
    if letter.closed_at.is_some() {
        return Ok(closed());
    }
    if has_expired(app, letter) {
        return Ok(expired(letter));
    }
    if let Some(wait) = app.rates.count(token, &letter.notice, letter.side.name(), app.shared.clock.now()) {
        return Ok(too_many(letter, wait));
    }
    let reply = match read(form, letter, app.shared.clock.now().date_naive()) {
        Ok(reply) => reply,
        Err(problem) => return Ok(refused("invalid", problem)),
    };
    let answered = correspondence::answer(&app.shared, token, &reply).await?;
    tracing::info!(notice = letter.notice, side = letter.side.name(), answer = form.answer, ?answered, "a notice was answered");
    Ok(words(&answered, &reply, &letter.notice))
}

/// What became of an answer, in words.
fn words(answered: &AnswerOutcome, reply: &Reply, notice: &str) -> AnswerResult {
    match answered {
        AnswerOutcome::Unknown => unknown(),
        AnswerOutcome::Closed => closed(),
        AnswerOutcome::NotWatched => result(
            "not-watched",
            StatusCode::GONE,
            "This API is not watched any more",
            format!(
                "The operator of driftd has taken it out of the configuration. Nothing has to be answered for notice {notice}."
            ),
        ),
        AnswerOutcome::NobodyThere => {
            refused("nobody-there", "Nobody holds that role on your side: name another one.".to_owned())
        }
        AnswerOutcome::Decided => {
            refused("decided", "There is no such request of the other side, or it was answered already.".to_owned())
        }
        AnswerOutcome::Outdated => result(
            "outdated",
            StatusCode::CONFLICT,
            "A later letter tells more",
            format!(
                "Notice {notice} was updated after this letter was written. Accept by the link in the newest letter, so that you accept all of it."
            ),
        ),
        AnswerOutcome::Gone => result(
            "gone",
            StatusCode::CONFLICT,
            "There is nothing to accept at the moment",
            format!(
                "What notice {notice} tells of comes and goes, and is gone now. Accept it when it is there again, so that driftd compares with it from then on."
            ),
        ),
        AnswerOutcome::TooOften => AnswerResult {
            wait: Some(TimeDelta::days(1)),
            ..result(
                "too-often",
                StatusCode::TOO_MANY_REQUESTS,
                "Not recorded: the other side was asked three times today",
                format!(
                    "Notice {notice}: what was asked for before stands, and the other side has heard of it. Ask for another day tomorrow."
                ),
            )
        },
        AnswerOutcome::Recorded => result("recorded", StatusCode::OK, "Thank you, it is recorded", recorded(reply, notice)),
        AnswerOutcome::BaselineMoved => result(
            "accepted",
            StatusCode::OK,
            "Thank you, the new description is accepted",
            format!(
                "Notice {notice} is closed: every consumer has accepted, and driftd compares with the new description from now on."
            ),
        ),
    }
}

fn result(outcome: &'static str, status: StatusCode, title: &str, text: String) -> AnswerResult {
    AnswerResult { outcome, title: title.to_owned(), text, status, wait: None }
}

fn refused(outcome: &'static str, why: String) -> AnswerResult {
    result(outcome, StatusCode::UNPROCESSABLE_ENTITY, "Not recorded", why)
}

fn closed() -> AnswerResult {
    result("closed", StatusCode::GONE, "This notice is closed", "Nothing has to be answered any more.".to_owned())
}

fn unknown() -> AnswerResult {
    let text = "The link is incomplete, or the notice is long gone. Use the link exactly as it stands in the letter.";
    result("unknown", StatusCode::NOT_FOUND, "There is no such letter", text.to_owned())
}

fn too_many(letter: &OpenLetter, wait: TimeDelta) -> AnswerResult {
    let text = format!(
        "This answer was not recorded: too many came for notice {} in the last hour. Try again in {}; the newest answer that was recorded stands.",
        letter.notice,
        ago(wait)
    );
    AnswerResult { wait: Some(wait), ..result("too-many", StatusCode::TOO_MANY_REQUESTS, "Too many answers", text) }
}

fn expired(letter: &OpenLetter) -> AnswerResult {
    let text = format!(
        "It was sent on {}. Answer notice {} by the link in its newest letter; the operator of driftd can tell who got it.",
        letter.written_at.date_naive(),
        letter.notice
    );
    result("expired", StatusCode::GONE, "This link is too old", text)
}

fn to_a_person(app: &App, told: &AnswerResult) -> Result<Response, HandlerError> {
    Ok((told.status, Html(app.pages.message(&told.title, &told.text)?)).into_response())
}

fn has_expired(app: &App, letter: &OpenLetter) -> bool {
    letter.closed_at.is_none() && app.shared.clock.now() - letter.written_at > LINK_LIFE
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
            let ask = EscalationTarget::named(form.ask.trim())
                .ok_or("Say who is to be asked: \"deputy\" or a role such as \"on-call\".")?;
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

/// What the page shows beside what is known.
#[derive(Debug, Default)]
struct Shown {
    filter: Filter,
    /// What was sent, or what the link asked for: a link in a letter can choose an answer, and sends none.
    form: AnswerForm,
    problem: Option<String>,
}

async fn page(app: &App, token: &str, letter: &OpenLetter, shown: &Shown) -> Result<Response, HandlerError> {
    let Some(file) = app.shared.store.notice_file(&letter.notice).await? else { return to_a_person(app, &unknown()) };
    let reader = Viewer::Party { side: letter.side, party: &letter.party };
    let notice = notice_page(&app.shared, &file, reader, &shown.filter);
    let form = &shown.form;
    let active = app.shared.active();
    let found = active.find(&letter.key).map(|(integration, _)| integration);
    let party = found.and_then(|integration| integration.party(&letter.party));
    let answered = letter.answered.as_ref().map(|answer| {
        let by = answer.fix_by.map(|date| format!(", done by {date}")).unwrap_or_default();
        format!("{}: {}{by}", answer.owner, answer.answer.name())
    });
    let targets =
        found.map(|integration| integration.agreement.ladder.iter().map(|step| step.target).collect()).unwrap_or_default();
    let choices = party.map(|party| others(letter, party, targets)).unwrap_or_default();
    let proposals = app.shared.store.proposals(&letter.notice).await?;
    let name = |key: &str| found.map_or(key, |integration| integration.name_of(key)).to_owned();
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
        party: name(&letter.party),
        side: letter.side.name().to_owned(),
        closed: letter.closed_at.is_some(),
        answered,
        problem: shown.problem.clone(),
        may_accept: letter.side == Side::Consumer,
        chosen: if form.answer.is_empty() { "ours".to_owned() } else { form.answer.clone() },
        owner: clean(if form.owner.is_empty() { &letter.name } else { &form.owner }, LONGEST),
        fix_by: form.fix_by.parse::<NaiveDate>().map_or_else(|_| String::new(), |day| day.to_string()),
        ask: form.ask.clone(),
        note: clean(&form.note, LONGEST),
        surface: letter.key.surface.name().to_owned(),
        choices,
        asks,
        today: app.shared.clock.now().date_naive().to_string(),
    };
    Ok(Html(app.pages.answer(&page, &notice)?).into_response())
}

/// Who else can be named on the reader's side: the roles of the party, and whoever stands in.
fn others(letter: &OpenLetter, party: &crate::model::Party, ladder: Vec<EscalationTarget>) -> Vec<Choice> {
    let mut targets: Vec<EscalationTarget> = ladder;
    targets.extend(party.contacts.keys().map(|role| EscalationTarget::Role(*role)));
    let mut choices: Vec<Choice> = Vec::new();
    for target in targets {
        if let Some(person) = party.on(letter.side, target)
            && person.name != letter.name
            && !choices.iter().any(|choice| choice.value == target.name())
        {
            choices.push(Choice { value: target.name().to_owned(), label: format!("{} ({})", person.name, target.name()) });
        }
    }
    choices
}

impl From<StoreError> for HandlerError {
    fn from(problem: StoreError) -> Self {
        Self(problem.to_string())
    }
}

impl From<minijinja::Error> for HandlerError {
    fn from(problem: minijinja::Error) -> Self {
        Self(format!("{problem:#}"))
    }
}
