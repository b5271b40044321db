//! The page of a notice: what changed, with both sides of each fragment, who owns it at each end, and what happened when.
//!
//! Invariants: with the token of a letter it shows what that letter's party may see and no more; looking changes nothing.

mod fragment;
mod timeline;
mod view;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::app::{App, HandlerError};
pub(super) use view::{Filter, NoticePage, Viewer, notice_page};

/// The page as the operator sees it: both ends whole.
pub(super) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Response, HandlerError> {
    let Some(file) = app.shared.store.notice_file(&id).await? else {
        let text = format!("Notices that are open stand on {}/status; what was closed long ago is deleted.", app.base);
        return Ok((StatusCode::NOT_FOUND, Html(app.pages.message("There is no such notice", &text)?)).into_response());
    };
    let page = notice_page(&app.shared, &file, Viewer::Operator, &filter);
    Ok(Html(app.pages.notice(&page)?).into_response())
}
