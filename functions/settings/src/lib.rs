//! `/v1/auth`, `/v1/workspace`, `/v1/api-keys`, and the answer to every path that no function has.
//!
//! **Job.** Take a request apart, call the use case, show its answer.
//!
//! **Invariants.** A key is shown in the answer that made it and in no other.
//!
//! **Must never know.** Lambda, the table, what a step means.

mod api_keys;
mod document;
mod reference;
mod workspace;

use std::sync::Arc;

use actionlayer_service::App;
use axum::Router;
use utoipa_axum::{router::OpenApiRouter, routes};

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(workspace::bootstrap_workspace))
        .routes(routes!(workspace::get_workspace, workspace::update_workspace))
        .routes(routes!(api_keys::list_api_keys, api_keys::create_api_key))
        .routes(routes!(api_keys::revoke_api_key))
        .routes(routes!(document::get_openapi))
        .routes(routes!(document::get_docs))
}

/// The routes, served.
pub fn router(app: Arc<App>) -> Router {
    actionlayer_api::serve(routes().into(), app)
}

/// The routes, described.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}
