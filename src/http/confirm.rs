//! "I am still here": a page, and the button on it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::app::{App, HandlerError};

/// Shows the button. Looking changes nothing: mail scanners follow links too.
pub(super) async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response, HandlerError> {
    match app.shared.store.asked(&token).await? {
        Some(known) => Ok(Html(app.pages.confirm(&known.address, &token)?).into_response()),
        None => unknown(&app),
    }
}

/// Takes it down. Saying it twice is the same as saying it once.
pub(super) async fn take(State(app): State<App>, Path(token): Path<String>) -> Result<Response, HandlerError> {
    if !app.shared.store.confirm(&token, app.shared.clock.now()).await? {
        return unknown(&app);
    }
    tracing::info!("a contact was confirmed");
    Ok(Html(app.pages.message("Thank you", "Notices go on being written to you.")?).into_response())
}

fn unknown(app: &App) -> Result<Response, HandlerError> {
    let page = app.pages.message("There is no such link", "Use the link exactly as it stands in the letter.")?;
    Ok((StatusCode::NOT_FOUND, Html(page)).into_response())
}
