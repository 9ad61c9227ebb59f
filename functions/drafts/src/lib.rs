//! `/v1/drafts`, `/v1/emails` and `/v1/uploads`.
//!
//! **Job.** Take a request apart, call the use case, show its answer.
//!
//! **Invariants.** Nothing is sent from here: 202 says that it is on its way, and the draft or message says how far.
//!
//! **Must never know.** Lambda, the table, SES, who may approve.

mod attachments;
mod drafts;
mod emails;
mod uploads;

use std::sync::Arc;

use actionlayer_service::App;
use axum::Router;
use utoipa_axum::{router::OpenApiRouter, routes};

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(drafts::list_drafts, drafts::submit_draft))
        .routes(routes!(drafts::get_draft, drafts::edit_draft))
        .routes(routes!(drafts::approve_draft))
        .routes(routes!(drafts::reject_draft))
        .routes(routes!(drafts::send_draft))
        .routes(routes!(drafts::notify_draft))
        .routes(routes!(drafts::list_draft_versions))
        .routes(routes!(emails::send_email))
        .routes(routes!(emails::reply_email))
        .routes(routes!(uploads::create_upload))
}

/// The routes, served.
pub fn router(app: Arc<App>) -> Router {
    actionlayer_api::serve(routes().into(), app)
}

/// The routes, described.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}
