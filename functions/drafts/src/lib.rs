//! `/v1/drafts` and `/v1/emails`.
//!
//! **Job.** Take a request apart, call the use case, show its answer.
//!
//! **Invariants.** Nothing is sent from here: 202 says that it is on its way, and the draft or message says how far.
//!
//! **Must never know.** Lambda, the table, SES, who may approve.

mod drafts;
mod emails;

use std::sync::Arc;

use actionlayer_service::App;
use axum::{
    Router,
    routing::{get, post},
};

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    let routes = Router::new()
        .route("/v1/drafts", get(drafts::list_drafts).post(drafts::submit_draft))
        .route("/v1/drafts/{id}", get(drafts::get_draft).patch(drafts::edit_draft))
        .route("/v1/drafts/{id}/approve", post(drafts::approve_draft))
        .route("/v1/drafts/{id}/reject", post(drafts::reject_draft))
        .route("/v1/drafts/{id}/send", post(drafts::send_draft))
        .route("/v1/drafts/{id}/notify", post(drafts::notify_draft))
        .route("/v1/drafts/{id}/versions", get(drafts::list_draft_versions))
        .route("/v1/emails/send", post(emails::send_email))
        .route("/v1/emails/reply", post(emails::reply_email));
    actionlayer_api::serve(routes, app)
}
