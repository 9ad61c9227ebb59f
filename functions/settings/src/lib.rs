//! `/v1/auth`, `/v1/workspace`, `/v1/api-keys`, `/v1/billing`, `/v1/webhooks`, `/v1/events`, and the answer to every path that no function has.
//!
//! **Job.** Take a request apart, call the use case, show its answer.
//!
//! **Invariants.** A key, and the secret of a webhook, is shown in the answer that made it and in no other.
//!
//! **Must never know.** Lambda, the table, what a step means.

mod api_keys;
mod billing;
mod document;
mod events;
mod reference;
mod webhooks;
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
        .routes(routes!(webhooks::list_webhooks, webhooks::create_webhook))
        .routes(routes!(webhooks::get_webhook, webhooks::update_webhook, webhooks::delete_webhook))
        .routes(routes!(webhooks::rotate_webhook_secret))
        .routes(routes!(webhooks::test_webhook))
        .routes(routes!(webhooks::list_webhook_deliveries))
        .routes(routes!(webhooks::redeliver_webhook_delivery))
        .routes(routes!(events::list_events))
        .routes(routes!(billing::get_subscription))
        .routes(routes!(billing::begin_checkout))
        .routes(routes!(billing::open_portal))
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
