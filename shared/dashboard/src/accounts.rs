//! Signing up, in and out; users, sessions and workspaces.

mod sign_in;

use std::sync::Arc;

use actionlayer_service::App;
use axum::{
    Router,
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
    routing::get,
};
use http::header;

use crate::cookies;

/// The routes of the account area.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/", get(sign_in::home)).route("/sign-in", get(sign_in::show))
}

/// Leads on to another page, which says what came of it.
pub(crate) fn told(app: &App, path: &str, notice: &str) -> Response {
    (AppendHeaders([(header::SET_COOKIE, cookies::keep_notice(app, notice))]), Redirect::to(path)).into_response()
}
