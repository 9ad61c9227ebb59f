//! `/v1/threads`, `/v1/messages`, `/v1/contacts`, `/v1/inbound`, `/v1/suppressions`, `/v1/rules`.
//!
//! **Job.** Take a request apart, call the use case, show its answer.
//!
//! **Invariants.** What came by mail is shown as data, marked untrusted; files and raw mail are never served from here,
//! only pointed to.
//!
//! **Must never know.** Lambda, the table, the bucket.

mod contacts;
mod inbound;
mod messages;
mod rules;
mod suppressions;
mod threads;

use std::sync::Arc;

use actionlayer_service::App;
use axum::Router;
use utoipa_axum::{router::OpenApiRouter, routes};

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(threads::list_threads))
        .routes(routes!(threads::get_thread, threads::update_thread))
        .routes(routes!(messages::list_thread_messages))
        .routes(routes!(messages::get_message))
        .routes(routes!(messages::get_raw_message))
        .routes(routes!(messages::get_attachment))
        .routes(routes!(contacts::list_contacts, contacts::create_contact))
        .routes(routes!(contacts::get_contact, contacts::update_contact, contacts::delete_contact))
        .routes(routes!(suppressions::list_suppressions))
        .routes(routes!(suppressions::delete_suppression))
        .routes(routes!(inbound::list_held))
        .routes(routes!(inbound::approve_held))
        .routes(routes!(inbound::block_held))
        .routes(routes!(rules::list_rules, rules::create_rule))
        .routes(routes!(rules::test_rules))
        .routes(routes!(rules::get_rule, rules::update_rule, rules::delete_rule))
}

/// The routes, served.
pub fn router(app: Arc<App>) -> Router {
    actionlayer_api::serve(routes().into(), app)
}

/// The routes, described.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}
