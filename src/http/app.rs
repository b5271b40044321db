//! What every handler has, and the two ways in which each may end beside a page: JSON, or an error of our own.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::lifecycle::Heartbeats;
use crate::render::escaped_json;
use crate::state::AppState;

use super::pages::Pages;
use super::rate::Rates;

/// What every handler has.
#[derive(Clone)]
pub(super) struct App {
    pub(super) shared: Arc<AppState>,
    pub(super) pages: Arc<Pages>,
    pub(super) rates: Arc<Rates>,
    /// The path that `external_url` ends in, and every link of ours begins with; empty where it has none.
    pub(super) base: Arc<str>,
    /// Places in which a large body is held.
    pub(super) large: Arc<Semaphore>,
    /// Which loops beat.
    pub(super) heart: Heartbeats,
}

/// A page that could not be made, and not because of whoever asked.
pub(super) struct HandlerError(pub(super) String);

impl IntoResponse for HandlerError {
    fn into_response(self) -> Response {
        tracing::error!(problem = self.0, "a page could not be made");
        (StatusCode::INTERNAL_SERVER_ERROR, "driftd cannot answer now; its log says why\n").into_response()
    }
}

/// A JSON answer in which nothing is invisible: what a partner wrote stands there in full, escaped.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => (status, [(header::CONTENT_TYPE, "application/json")], escaped_json(&text)).into_response(),
        Err(problem) => HandlerError(problem.to_string()).into_response(),
    }
}
