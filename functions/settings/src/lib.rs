//! `/v1/auth`, `/v1/workspace`, `/v1/api-keys`, and the answer to every path that no function has.
//!
//! **Job.** Take a request apart, call the use case, show its answer.
//!
//! **Invariants.** A key is shown in the answer that made it and in no other.
//!
//! **Must never know.** Lambda, the table, what a step means.

mod api_keys;
mod workspace;

use std::sync::Arc;

use actionlayer_service::App;
use axum::{
    Router,
    routing::{delete, get, post},
};

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    let routes = Router::new()
        .route("/v1/auth/bootstrap", post(workspace::bootstrap_workspace))
        .route("/v1/workspace", get(workspace::get_workspace).patch(workspace::update_workspace))
        .route("/v1/api-keys", get(api_keys::list_api_keys).post(api_keys::create_api_key))
        .route("/v1/api-keys/{id}", delete(api_keys::revoke_api_key));
    actionlayer_api::serve(routes, app)
}
