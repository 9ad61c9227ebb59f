//! The dashboard: the use cases as screens for people, served as HTML.
//!
//! **Job.** Turn a session into a caller, a form into what a use case takes, and its outcome into a screen or a redirect.
//! What a screen looks like is in `pages`; what a step means is in `service`.
//!
//! **Invariants.** A GET changes nothing, whoever sends it. A POST comes from a page of this deployment ([`origin`]). Every
//! answer carries the same headers, set in one place ([`headers`]). A session is a principal of the use cases like an API
//! key: nothing here decides what it may do.
//!
//! **Must never know.** Lambda, the table's layout, what a step means or who may take it.

mod accounts;
mod assets;
mod cookies;
mod headers;
mod origin;
mod posted;
mod problem;
mod screens;
mod signed_in;

pub use posted::Posted;
pub use problem::Refused;
pub use signed_in::{Nobody, SignedIn, Visiting};

pub use axum::Router;

use std::sync::Arc;

use actionlayer_api::{boundary, guard_guesses};
use actionlayer_service::App;
use axum::{
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
};

/// More than a form with the longest draft needs, however it is encoded.
const MAX_FORM_BYTES: usize = 4 * 1024 * 1024;

/// The dashboard as a service.
pub fn router(app: Arc<App>) -> Router {
    let entropy = Arc::clone(&app.ports.entropy);
    let routes = Router::new()
        .merge(assets::routes())
        .merge(accounts::routes())
        .merge(screens::routes())
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(from_fn_with_state(Arc::clone(&app), origin::guard))
        .with_state(Arc::clone(&app));
    boundary(guard_guesses(routes, Arc::clone(&app)), entropy)
        .layer(from_fn(problem::for_people))
        .layer(from_fn_with_state(app, headers::write))
}
