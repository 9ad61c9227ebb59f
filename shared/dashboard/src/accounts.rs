//! Signing up, in and out; users, sessions and workspaces.

mod door;
mod invitation;
mod password;
mod sessions;
mod sign_in;
mod sign_up;
mod start;
mod users;
mod workspaces;

use std::sync::Arc;

use actionlayer_service::App;
use axum::{
    Router,
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use http::header;

use crate::cookies;

/// The routes of the account area. Those that use a link up take it in the form; opening a link only shows a form.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(sign_in::home))
        .route("/start", get(start::show).post(start::post))
        .route("/sign-in", get(sign_in::show).post(sign_in::post))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-up", get(sign_up::show).post(sign_up::post))
        .route("/sign-up/confirm", get(sign_up::show_confirmation).post(sign_up::confirm))
        .route("/reset", get(password::show).post(password::post))
        .route("/reset/password", get(password::show_new).post(password::set_new))
        .route("/verify", get(sessions::show_verification).post(sessions::verify))
        .route("/invitation", get(invitation::show).post(invitation::post))
        .route("/workspaces", get(workspaces::show))
        .route("/workspaces/switch", post(workspaces::switch))
        .route("/workspaces/create", post(workspaces::create))
        .route("/settings/users", get(users::show))
        .route("/settings/users/invite", post(users::invite))
        .route("/settings/users/withdraw", post(users::withdraw))
        .route("/settings/users/role", post(users::change_role))
        .route("/settings/users/remove", post(users::remove))
        .route("/settings/sessions", get(sessions::show))
        .route("/settings/sessions/end", post(sessions::end))
        .route("/settings/sessions/password", post(sessions::change_password))
        .route("/settings/sessions/verify", post(sessions::ask_to_verify))
        .route("/settings/audit", get(users::show_audit))
}

/// Leads on to another page, which says what came of it.
pub(crate) fn told(app: &App, path: &str, notice: &str) -> Response {
    (AppendHeaders([(header::SET_COOKIE, cookies::keep_notice(app, notice))]), Redirect::to(path)).into_response()
}
